"""A probe sends what it is given, sees all that comes, and never answers."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.layers.ppp import HDLC, PPP

from netlab import Network
from netlab.errors import ConfigurationError, DeadlockError
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.ethernet import EthernetFrame
from netlab.probe import Probe
from netlab.units import ms, s

ME = "02:00:00:00:00:99"


@pytest.fixture
def scene() -> tuple[Network, Host, Probe]:
    net = Network(seed=1)
    bob, mallory = net.host("bob", "10.0.0.2/24"), net.probe("mallory")
    net.connect(bob, mallory, delay=10 * ms)
    return net, bob, mallory


def ask(bob: Host, dst: str = "10.0.0.2") -> Ether:
    return Ether(src=ME, dst="ff:ff:ff:ff:ff:ff") / ARP(
        op=1, hwsrc=ME, psrc="10.0.0.9", hwdst="00:00:00:00:00:00", pdst=dst
    )


def test_what_comes_is_kept_with_its_layers_and_can_be_waited_for(scene) -> None:
    net, bob, mallory = scene
    mallory.send(ask(bob))
    answer = mallory.receive(timeout=1 * s)
    assert answer.arp.sender_hardware_address == bob.interfaces[0].mac
    assert (answer.sender, answer.receiver, net.now) == ("bob", "mallory", 20 * ms)
    assert mallory.received == [answer]
    assert mallory.receive(timeout=5 * ms) is None
    assert net.now == 25 * ms
    with pytest.raises(DeadlockError, match=r"receive\(\) on mallory can never return"):
        mallory.receive()


def test_frames_that_came_meanwhile_are_given_in_their_order(scene) -> None:
    net, bob, mallory = scene
    for n in range(3):
        bob.inject(EthernetFrame(MacAddress(0xAB), MacAddress(1), 0x88B5, bytes([n]) * 50))
    net.run()
    assert [mallory.receive().payload[0] for _ in range(3)] == [0, 1, 2]  # whomever they are for
    assert repr(mallory) == "<probe mallory on bob-mallory: 3 frames>"


def test_a_program_may_wait_for_it(scene) -> None:
    net, bob, mallory = scene
    seen = bob.start(lambda host: mallory.receive(timeout=1 * s))
    net.run(until=5 * ms)
    bob.inject(b"\xff" * 60)
    assert seen.result.bytes == b"\xff" * 60


def test_nothing_is_answered_by_itself(scene) -> None:
    net, bob, mallory = scene
    assert bob.ping("10.0.0.9", count=1).received == 0
    bob.inject(
        Ether(src=str(bob.interfaces[0].mac), dst=ME)
        / IP(src="10.0.0.2", dst="10.0.0.9")
        / TCP(sport=5, dport=80)
    )
    net.run()
    assert {frame.sender for frame in net.trace.frames} == {"bob"}
    assert mallory.received[-1].tcp.syn


def test_a_handshake_can_be_done_by_hand(scene) -> None:
    net, bob, mallory = scene
    listener = bob.socket()
    listener.bind(("", 80))
    listener.listen()
    ether = Ether(src=ME, dst=str(bob.interfaces[0].mac))
    mallory.send(ask(bob))
    mallory.receive(timeout=1 * s)
    ip = IP(src="10.0.0.9", dst="10.0.0.2")
    mallory.send(ether / ip / TCP(sport=4000, dport=80, flags="S", seq=100))
    answer = mallory.receive(timeout=1 * s)
    assert (answer.tcp.flags_text, answer.tcp.ack) == ("SYN,ACK", 101)
    mallory.send(ether / ip / TCP(sport=4000, dport=80, flags="A", seq=101, ack=answer.tcp.seq + 1))
    net.run(until=net.now + 15 * ms)
    assert [str(each.state) for each in bob.tcp.connections] == ["ESTABLISHED"]


def test_bytes_and_frames_are_sent_as_they_are_but_for_the_padding(scene) -> None:
    net, _, mallory = scene
    mallory.send(b"\x01" * 70)
    mallory.send(EthernetFrame(MacAddress(2), MacAddress(1), 0x88B5, b"short"))
    sent = [frame.bytes for frame in net.trace.frames]
    assert sent[0] == b"\x01" * 70
    assert len(sent[1]) == 60
    assert net.trace.frames[0].reason == "injected by hand"


def test_frames_are_also_kept_where_nothing_is_on_record() -> None:
    net = Network(seed=1, record=False)
    bob, mallory = net.host("bob", "10.0.0.2/24"), net.probe("mallory")
    net.connect(bob, mallory)
    mallory.send(ask(bob))
    assert mallory.receive(timeout=1 * s).label == "ARP reply"
    assert net.trace.frames == []


def test_what_hardware_finds_damaged_isnt_received(scene) -> None:
    net, bob, mallory = scene
    net.links[0].corrupt()
    bob.inject(bytes(60))
    net.run()
    assert mallory.received == []
    assert mallory.interface.rx.crc_errors == 1


@pytest.mark.parametrize(
    ("medium", "packet"),
    [
        ("serial", HDLC() / PPP(proto=0x21) / IP(src="10.0.0.9", dst="10.0.0.2") / ICMP()),
        ("raw", IP(src="10.0.0.9", dst="10.0.0.2") / ICMP()),
    ],
)
def test_it_speaks_whatever_the_medium(medium: str, packet: Ether) -> None:
    net = Network(seed=1)
    bob, mallory = net.host("bob", "10.0.0.2/24"), net.probe("mallory")
    net.connect(mallory, bob, medium=medium)
    mallory.send(packet)
    assert mallory.receive(timeout=1 * s).label == "ICMP echo reply"
    with pytest.raises(ConfigurationError, match=r"begins with \w+: put .* in front"):
        mallory.send(Ether() / packet)


def test_it_also_sits_on_a_router_a_switch_and_a_hub() -> None:
    net = Network(seed=1)
    r1, probes = net.router("r1"), [net.probe(f"p{n}") for n in range(3)]
    net.connect(probes[0], r1, addresses=(None, "10.0.0.254/24"))
    net.connect(probes[1], net.switch("s1"))
    net.connect(probes[2], net.hub("h1"))
    for probe in probes:
        probe.send(ask(r1, "10.0.0.254"))
    net.run()
    assert [len(probe.received) for probe in probes] == [1, 0, 0]
    assert list(net.probes) == ["p0", "p1", "p2"]
    assert net.probes["p0"] is probes[0]


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda net: net.probe("x").send(b"x"), "x:eth0 is on no cable: net.connect"),
        (lambda net: net.probes["mallory"].send(b""), "the frame is empty"),
        (lambda net: net.probes["mallory"].send(None), "expected a whole Ethernet frame"),
        (lambda net: net.probes["mallory"].send(IP() / UDP()), "begins with Ether"),
        (lambda net: net.probes["mallory"].receive(timeout=-1), "timeout must be"),
        (lambda net: net.probe("mallory"), "there is a probe 'mallory' already"),
        (
            lambda net: net.connect(net.probes["mallory"], net.switch("s1")),
            "mallory:eth0 is plugged into bob-mallory already",
        ),
        (
            lambda net: net.connect(
                net.probe("x"), net.switch("s1"), addresses=("10.0.0.7/24", None)
            ),
            "x is a probe, which has no IPv4 address",
        ),
    ],
)
def test_what_cant_be_is_told_of(scene, mistake, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        mistake(scene[0])
