"""One machine: programs, injected frames, and state that can be read while it runs."""

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.link.ethernet import EthernetFrame
from netlab.network.address import parse_interface
from netlab.transport.tcp.congestion import Reno
from netlab.units import ms


@pytest.fixture
def net() -> Network:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms)
    return net


def test_a_program_gets_its_host_and_its_arguments(net: Network) -> None:
    bob = net.hosts["bob"]

    def add(host: Host, a: int, b: int) -> tuple[Host, int]:
        return host, a + b

    assert bob.start(add, 1, 2).result == (bob, 3)
    assert bob.start(add, 1, 2, name="adder").name == "adder"


def test_a_scapy_packet_can_be_injected_and_is_answered(net: Network) -> None:
    alice, bob = net.hosts.values()
    alice.ping("bob", count=1)
    macs = [str(host.interfaces[0].mac) for host in (alice, bob)]
    packet = (
        Ether(src=macs[0], dst=macs[1]) / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(id=5, seq=6)
    )
    alice.inject(packet / b"hello")
    net.run()
    sent, answer = net.trace.frames[-2:]
    assert sent.bytes == bytes(packet / b"hello").ljust(60, b"\0")
    assert sent.reason == "injected by hand"
    assert answer.icmp is not None
    assert (answer.icmp.type, answer.icmp.identifier, answer.icmp.payload) == (0, 5, b"hello")
    assert len(answer.bytes) == 60


@pytest.mark.parametrize(
    "data",
    [b"\x00", bytes(13), bytes(14), b"\xff" * 60, bytes(9_000)],
    ids=["one byte", "a broken header", "nothing in it", "ones", "a jumbo"],
)
def test_a_malformed_frame_is_dropped_where_it_arrives_and_the_network_goes_on(
    net: Network, data: bytes
) -> None:
    alice, bob = net.hosts.values()
    alice.inject(data)
    net.run()
    assert [event.host for event in net.trace.events_of(kind="discarded")] == ["bob"]
    assert alice.ping(bob.name, count=1).received == 1


@pytest.mark.parametrize(
    ("inject", "message"),
    [
        (lambda host: host.inject(b""), "the frame is empty"),
        (lambda host: host.inject("text"), "'text'"),
        (lambda host: host.inject(None), "None"),
        (
            lambda host: host.inject(b"x", interface=1),
            "alice has 1 interfaces, counted from 0; there is no 1",
        ),
    ],
)
def test_what_is_no_frame_cant_be_injected(
    net: Network, inject: Callable[[Host], None], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        inject(net.hosts["alice"])
    assert net.trace.events == []


def test_without_a_cable_nothing_can_be_injected() -> None:
    host = Network().host("alice", "10.0.0.1/24")
    with pytest.raises(ConfigurationError, match=r"alice:eth0 is on no cable: net.connect\(\) it"):
        host.inject(bytes(60))


def test_a_frame_of_our_own_class_can_be_injected(net: Network) -> None:
    alice, bob = net.hosts.values()
    frame = EthernetFrame(bob.interfaces[0].mac, alice.interfaces[0].mac, 0x88B5, b"x")
    alice.inject(frame.pack())
    net.run()
    assert "nobody here takes EtherType 0x88b5" in net.trace.events[-1].fields["why"]


def test_the_state_of_every_layer_can_be_read_while_it_runs(net: Network) -> None:
    alice, bob = net.hosts.values()
    listener = bob.socket()
    listener.bind(("", 80))
    listener.listen()
    datagrams = bob.socket(socket.SOCK_DGRAM)
    datagrams.bind(("", 53))
    alice.socket().connect(("bob", 80))
    assert str(bob.address) == "10.0.0.2"
    assert [entry.state for entry in alice.arp.table.values()] == ["REACHABLE"]
    assert str(next(iter(alice.ipv4.routes))) == "10.0.0.0/24 dev eth0 src 10.0.0.1"
    assert [port.local[1] for port in bob.udp.ports] == [53]
    assert [str(each.state) for each in alice.tcp.connections] == ["ESTABLISHED"]
    assert [each.local[1] for each in bob.tcp.listeners] == [80]


def test_a_host_without_an_address_says_so() -> None:
    with pytest.raises(ConfigurationError, match="r1 has no IPv4 address yet"):
        _ = Network().router("r1").address


def test_a_part_that_isnt_there_cant_be_replaced(net: Network) -> None:
    with pytest.raises(ConfigurationError, match="alice has no part 'rot'; there is transitions"):
        net.hosts["alice"].use(rot=None)


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"rto": 5}, "rto must be a class, of which each connection gets one; got 5"),
        ({"congestion": "reno"}, "congestion must be a class, .*; got 'reno'"),
        ({"congestion": None, "rto": object}, r"rto: object\(.*\) raised TypeError"),
        ({"transitions": {1: 2}}, r"transitions has rows that are none: \[1\] is 2"),
        ({"transitions": None}, r"transitions must be a table, .*; got None"),
    ],
)
def test_what_cant_be_a_part_is_refused_at_once_and_nothing_is_replaced(
    net: Network, parts: dict[str, object], problem: str
) -> None:
    host = net.hosts["alice"]
    before = replace(host.tcp.parts)
    with pytest.raises(ConfigurationError, match=problem):
        host.use(**{"congestion": Reno} | parts)
    assert host.tcp.parts == before


def test_ports_that_nobody_can_guess(net: Network) -> None:
    alice = net.hosts["alice"]

    def ports(host: Host) -> list[int]:
        found = []
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM) * 4:
            one = socket.socket(socket.AF_INET, kind)
            one.bind(("", 0))
            found.append(one.getsockname()[1])
        return found

    assert alice.start(ports).result == [49152 + n // 2 for n in range(8)]
    alice.random_ports = True
    first = alice.start(ports).result
    assert len(set(first)) == 8
    assert max(first) - min(first) > 1000
    alice.power_cycle()
    again = alice.start(ports).result
    assert alice.random_ports
    assert not set(first) & set(again)
    alice.random_ports = False
    following = alice.start(ports).result
    assert following[2] == following[0] + 1


# --- power ----------------------------------------------------------------------------------


def echo(host: Host) -> None:
    listener = host.socket()
    listener.bind(("", 7))
    listener.listen()
    connection, _ = listener.accept()
    try:
        while data := connection.recv(4096):
            connection.sendall(data)
    finally:
        connection.close()


def test_a_power_cut_takes_all_that_was_in_memory_and_tells_nobody(net: Network) -> None:
    alice, bob = net.hosts.values()
    server = bob.start(echo)
    waiting = bob.start(lambda host: host.socket(socket.SOCK_DGRAM).recv(1), name="late")
    sock = alice.socket()
    sock.connect(("bob", 7))
    net.run(until=lambda: bool(server.waiting_for))
    bob.arp.policy = "strict"
    bob.add_address(bob.interfaces[0], *parse_interface("10.9.0.1/16"))
    layers = (bob.ipv4, bob.tcp, bob.udp, bob.icmp)
    frames = len(net.trace.frames)
    bob.power_cycle()
    net.run()
    assert (server.done, waiting.done, net.programs) == (True, True, [])
    assert (bob.tcp.connections, bob.tcp.listeners, bob.udp.ports) == ([], [], [])
    assert [bob.arp.table, bob.arp.policy] == [{}, "accept"]
    assert [str(each) for each in bob.ipv4.addresses] == ["10.0.0.2"]
    assert not set(layers) & {bob.ipv4, bob.tcp, bob.udp, bob.icmp}
    assert len(net.trace.frames) == frames
    assert [event.host for event in net.trace.events_of(kind="power cut")] == ["bob"]
    assert alice.tcp.connections[0].state == "ESTABLISHED"


def test_who_writes_to_a_host_after_its_power_cut_is_told_by_a_reset(net: Network) -> None:
    alice, bob = net.hosts.values()
    bob.start(echo)
    sock = alice.socket()
    sock.connect(("bob", 7))
    bob.power_cycle()
    sock.sendall(b"are you there?")
    with pytest.raises(ConnectionResetError):
        sock.recv(10)


def test_what_a_person_had_open_there_is_gone_as_well(net: Network) -> None:
    alice, bob = net.hosts.values()
    alice.start(echo)
    sock = bob.socket()
    sock.connect(("alice", 7))
    bob.power_cycle()
    with pytest.raises(ConnectionResetError):
        sock.sendall(b"hello")
    assert bob.tcp.connections == []
    assert [frame.tcp.flags_text for frame in net.trace.frames if frame.tcp][-1] == "ACK"


def test_what_is_on_disk_outlasts_a_power_cut(net: Network) -> None:
    alice, bob = net.hosts.values()
    bob.add_route("10.5.0.0/16", "10.0.0.1")
    bob.use(congestion=None)
    bob.tcp.settings.nodelay = True
    router = net.router("r1")
    routes = [str(route) for route in bob.ipv4.routes]
    for host in (bob, router):
        host.power_cycle()
    assert [str(route) for route in bob.ipv4.routes] == routes
    assert (bob.tcp.settings.nodelay, router.ipv4.forwarding) == (True, True)
    assert alice.ping("bob", count=1).received == 1


def test_a_host_boots_when_it_is_made_and_after_each_power_cut(net: Network) -> None:
    booted: list[int] = []

    def boot(host: Host) -> None:
        booted.append(net.now)

    carol = net.host("carol", boot=boot)
    assert booted == []
    net.run()
    net.run_for(1 * ms)
    carol.power_cycle()
    net.run()
    assert booted == [0, 1 * ms]


def test_frames_under_way_are_lost_with_the_link_when_the_power_fails(net: Network) -> None:
    alice, bob = net.hosts.values()
    alice.inject(bytes(60))
    bob.on_power_off.append(lambda: alice.inject(bytes(60)))
    bob.power_cycle()
    bob.power_cycle()
    net.run()
    assert [frame.fate for frame in net.trace.frames] == ["dropped"]


def test_power_cant_be_cut_by_a_program_of_the_host_or_on_the_real_clock(net: Network) -> None:
    bob = net.hosts["bob"]
    suicide = bob.start(lambda host: host.power_cycle())
    with pytest.raises(ConfigurationError, match="a program of bob can't cut its own power"):
        _ = suicide.result
    net.hosts["alice"].start(lambda host: bob.power_cycle())
    net.run()
    with Network(clock="real") as real, pytest.raises(ConfigurationError, match="leave clock out"):
        real.host("alice", "10.0.0.1/24").power_cycle()
