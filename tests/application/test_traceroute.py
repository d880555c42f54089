"""`traceroute`, and what it prints."""

import socket
from errno import EMSGSIZE, ENETUNREACH

import pytest

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP
from netlab.units import ms, s
from tests.network.material import Chain, address, assert_scapy_agrees

KINDS = ("udp", "icmp", "tcp")
PROTOCOLS = {"udp": PROTOCOL_UDP, "icmp": PROTOCOL_ICMP, "tcp": PROTOCOL_TCP}


@pytest.mark.rfc("RFC 1812 5.3.1", "RFC 792")
@pytest.mark.parametrize(("kind", "size"), [("udp", 60), ("icmp", 60), ("tcp", 44)])
def test_it_prints_what_people_know(kind: str, size: int) -> None:
    chain = Chain()
    traceroute = chain.alice.traceroute("carol", probe=kind)
    assert str(traceroute) == repr(traceroute) == traceroute.text()
    assert traceroute.text().splitlines() == [
        f"traceroute to carol (10.0.3.1), 30 hops max, {size} byte packets",
        " 1  r1 (10.0.1.254)  40.000 ms  20.000 ms  20.000 ms",
        " 2  r2 (10.0.2.2)  60.000 ms  40.000 ms  40.000 ms",
        " 3  carol (10.0.3.1)  80.000 ms  60.000 ms  60.000 ms",
    ]
    assert_scapy_agrees(chain.net)


def test_it_is_a_value_with_what_happened_in_numbers() -> None:
    traceroute = Chain().alice.traceroute("10.0.3.1", queries=1)
    assert traceroute.addresses == [
        address(text) for text in ("10.0.1.254", "10.0.2.2", "10.0.3.1")
    ]
    assert traceroute.reached
    first, _, last = (hop[0] for hop in traceroute.hops)
    assert first is not None
    assert last is not None
    assert (first.rtt, first.note, first.final) == (40 * ms, "", False)
    assert (last.rtt, last.note, last.final) == (80 * ms, "", True)


@pytest.mark.parametrize("kind", KINDS)
def test_each_probe_is_of_its_kind_and_may_pass_one_router_more_than_the_last_hop(
    kind: str,
) -> None:
    chain = Chain()
    chain.alice.traceroute("carol", probe=kind, queries=2)
    probes = [
        frame.ipv4
        for frame in chain.net.trace.frames
        if frame.sender == "alice" and frame.ipv4 and not (frame.tcp and frame.tcp.rst)
    ]
    assert {packet.protocol for packet in probes} == {PROTOCOLS[kind]}
    assert [packet.ttl for packet in probes] == [1, 1, 2, 2, 3, 3]
    assert {packet.dont_fragment for packet in probes} == {kind == "tcp"}
    assert {len(packet.pack()) for packet in probes} == {44 if kind == "tcp" else 60}


def test_each_datagram_goes_to_the_next_port() -> None:
    chain = Chain()
    chain.alice.traceroute("carol", queries=1)
    chain.alice.traceroute("carol", queries=1, port=5000)
    ports = [
        frame.udp.destination_port
        for frame in chain.net.trace.frames
        if frame.udp and frame.sender == "alice"
    ]
    assert ports == [33434, 33435, 33436, 5000, 5001, 5002]


def test_by_tcp_it_arrives_at_a_listener_too_and_resets_what_it_opened() -> None:
    chain = Chain()
    listener = chain.carol.socket()
    listener.bind(("", 25))
    listener.listen()
    traceroute = chain.alice.traceroute("carol", probe="tcp", port=25, queries=1)
    assert traceroute.reached
    chain.net.run()
    assert chain.alice.tcp.connections == chain.carol.tcp.connections == []
    resets = [frame for frame in chain.net.trace.frames if frame.tcp and frame.tcp.rst]
    assert resets[0].sender == "alice"


def test_it_leaves_no_port_and_no_connection_behind() -> None:
    chain = Chain()
    for kind in KINDS:
        chain.alice.traceroute("carol", probe=kind)
        chain.alice.traceroute("10.0.3.9", probe=kind)
    chain.net.run()
    assert chain.alice.udp.ports == []
    assert chain.alice.tcp.connections == []
    assert chain.alice.icmp._listeners == {}
    for port in range(49_152, 49_170):
        chain.alice.tcp.bind(address("10.0.1.1"), port)


# --- where the way ends early ---------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("target", "last"),
    [
        ("10.0.3.9", " 3  r2 (10.0.2.2)  3040.000 ms !H  3040.000 ms !H"),
        ("10.0.1.9", " 1  alice (10.0.1.1)  3000.000 ms !H  3000.000 ms !H"),
        ("192.0.2.1", " 1  r1 (10.0.1.254)  40.000 ms !N  20.000 ms !N"),
    ],
    ids=["no such host", "no such neighbour", "no route"],
)
def test_a_host_or_network_that_is_not_there_is_told(kind: str, target: str, last: str) -> None:
    traceroute = Chain().alice.traceroute(target, probe=kind, queries=2)
    assert traceroute.lines[-1] == last
    assert not traceroute.reached


def test_a_router_that_stays_silent_is_a_star() -> None:
    chain = Chain()
    chain.r1.icmp.errors.burst = 0
    traceroute = chain.alice.traceroute("carol", timeout=2 * s)
    assert traceroute.lines[1] == " 1  * * *"
    assert traceroute.lines[3] == " 3  carol (10.0.3.1)  80.000 ms  60.000 ms  60.000 ms"
    assert traceroute.addresses[0] is None


def test_a_probe_that_gets_lost_is_one_star() -> None:
    chain = Chain()
    chain.middle.drop(lambda f: f.udp and f.udp.destination_port == 33438)
    traceroute = chain.alice.traceroute("carol")
    assert traceroute.lines[2] == " 2  r2 (10.0.2.2)  60.000 ms *  40.000 ms"


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_ones() -> None:
    chain = Chain()
    chain.first.delay(lambda f: f.icmp, by=1500 * ms, times=1)
    traceroute = chain.alice.traceroute("carol", timeout=1 * s)
    assert traceroute.lines[1] == " 1  * r1 (10.0.1.254)  20.000 ms  20.000 ms"


def test_a_filter_that_answers_is_told() -> None:
    chain = Chain()
    chain.r2.ipv4.filter.refuse(lambda packet: packet.protocol == PROTOCOL_UDP, answer=True)
    traceroute = chain.alice.traceroute("carol")
    assert traceroute.lines[2] == " 2  r2 (10.0.2.2)  60.000 ms !X  40.000 ms !X  40.000 ms !X"
    assert chain.alice.traceroute("carol", probe="icmp").reached


def test_a_filter_that_does_not_answer_swallows_everything() -> None:
    chain = Chain()
    chain.r2.ipv4.filter.refuse(lambda packet: packet.protocol == PROTOCOL_UDP)
    began = chain.net.now
    traceroute = chain.alice.traceroute("carol", max_hops=4, queries=2)
    assert 30 * s < chain.net.now - began < 31 * s
    assert traceroute.lines[2:] == [" 2  * *", " 3  * *", " 4  * *"]
    assert not traceroute.reached


def test_other_errors_are_told_by_number() -> None:
    chain = Chain()
    notes = []
    for type_, code in ((3, 2), (3, 5), (3, 9), (3, 15), (3, 16), (12, 0)):
        rule = chain.r1.ipv4.filter.refuse(
            lambda packet, type_=type_, code=code: (
                not chain.r1.icmp.errors.send_error(type_, code, packet, "a test")
            )
        )
        traceroute = chain.alice.traceroute("carol", queries=1)
        assert len(traceroute.hops) == 1
        assert not traceroute.reached
        notes.append(traceroute.lines[1].rpartition(" ")[2])
        rule.remove()
    assert notes == ["!P", "!S", "!X", "!C", "!<3-16>", "!<12-0>"]


def test_a_redirect_is_no_answer() -> None:
    chain = Chain()
    chain.r1.add_route("10.0.9.0/24", "10.0.1.253")
    traceroute = chain.alice.traceroute("10.0.9.1", queries=1, max_hops=2)
    assert traceroute.lines[1:] == [
        " 1  r1 (10.0.1.254)  40.000 ms",
        " 2  r1 (10.0.1.254)  3020.000 ms !H",
    ]


@pytest.mark.parametrize("size", [28, 65_535])
def test_probes_may_be_as_small_and_as_large_as_packets_can_be(size: int) -> None:
    assert Chain().alice.traceroute("carol", size=size, queries=1).reached


def test_a_narrow_link_tells_its_mtu_to_probes_that_must_not_be_cut() -> None:
    chain = Chain(middle_mtu=600)
    for _ in range(2):  # what was learned by the first changes nothing
        traceroute = chain.alice.traceroute("carol", size=1_000, dont_fragment=True, queries=2)
        assert traceroute.lines[-1].count("!F-600") == 2
    with pytest.raises(OSError, match="1501 bytes, and 1500 fit") as error:
        chain.alice.traceroute("carol", size=1_501, dont_fragment=True)
    assert error.value.errno == EMSGSIZE


# --- where it runs --------------------------------------------------------------------------


def test_it_is_an_ordinary_program_beside_others() -> None:
    chain = Chain()
    programs = [
        chain.alice.start(lambda host, k: host.traceroute("carol", probe=k), kind) for kind in KINDS
    ]
    ping = chain.alice.start(lambda host: host.ping("carol", count=10, interval=30 * ms))
    again = chain.alice.start(lambda host: host.traceroute("carol", probe="icmp"))
    chain.net.run()
    assert chain.net.now < 1 * s  # none waited for longer than it had to
    for program in [*programs, again]:
        (_, *first), (_, *second), (_, *third) = program.result.hops
        assert {each.rtt for each in (*first, *second, *third)} == {20 * ms, 40 * ms, 60 * ms}
        assert program.result.reached
    assert ping.result.received == 10


@pytest.mark.parametrize("kind", KINDS)
def test_it_runs_on_the_wall_clock(kind: str) -> None:
    with Network(clock="real") as net:
        alice = net.host("alice", "10.0.1.1/24", gateway="10.0.1.254")
        bob = net.host("bob", "10.0.2.1/24", gateway="10.0.2.254")
        router = net.router("r1")
        net.connect(alice, router, addresses=(None, "10.0.1.254/24"))
        net.connect(router, bob, addresses=("10.0.2.254/24", None))
        traceroute = alice.traceroute("bob", probe=kind, queries=2)
        assert [str(each) for each in traceroute.addresses] == ["10.0.1.254", "10.0.2.1"]


def test_a_host_traces_the_way_to_itself() -> None:
    assert Chain().alice.traceroute("localhost", queries=1).lines[1:] == [
        " 1  127.0.0.1 (127.0.0.1)  0.000 ms"
    ]


def test_its_probes_are_told_to_be_its_doing() -> None:
    chain = Chain()
    chain.alice.traceroute("carol", queries=1)
    probe = next(frame for frame in chain.net.trace.frames if frame.udp)
    assert "alice called traceroute('carol')" in chain.net.trace.why(probe).text()


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"probe": "sctp"}, "probe must be one of udp, icmp, tcp; got 'sctp'"),
        ({"queries": 0}, "queries must be a whole number of 1 or more"),
        ({"max_hops": 256}, "max_hops must be from 1 to 255; got 256"),
        ({"size": 27}, "a probe has from 28 to 65535 bytes; got 27"),
        ({"timeout": 0.5}, "timeout must be a whole number of nanoseconds"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        Chain().alice.traceroute("carol", **options)


def test_without_a_route_or_a_name_it_fails_at_once() -> None:
    chain = Chain()
    with pytest.raises(socket.gaierror):
        chain.alice.traceroute("dave")
    with pytest.raises(OSError, match="Network is unreachable") as error:
        chain.r1.traceroute("192.0.2.1")
    assert error.value.errno == ENETUNREACH
