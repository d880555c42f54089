"""Datagrams in parts at a host: what is kept for how long, what is refused, and what a part may do wrong."""

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, IPerror

from netlab import Network
from netlab.errors import ConfigurationError, PartError
from netlab.network.fragments import fragments
from netlab.network.ipv4_packet import PROTOCOL_TCP, Ipv4Packet
from netlab.network.reassembler import INFINITY, Reassembler
from netlab.network.reassembly import MOST_BYTES, MOST_DATAGRAMS
from netlab.sim.recording import Event
from netlab.units import Mbps, ms, s
from tests.network.material import (
    Chain,
    Pair,
    address,
    assert_scapy_agrees,
    datagram,
    discarded,
    frames_on,
)


@pytest.fixture
def pair() -> Pair:
    pair = Pair()
    pair.bob.udp.bind(address("0.0.0.0"), 9)
    return pair


def received(pair: Pair) -> list[bytes]:
    return [data for data, _ in pair.bob.udp.ports[0].queue]


def pieces(size: int = 3_000, **fields: object) -> list[Ipv4Packet]:
    """A datagram from alice to bob, in fragments of a link with an MTU of 1,500."""
    data = bytes(number & 0xFF for number in range(size))
    return list(fragments(datagram("10.0.0.1", "10.0.0.2", data=data, **fields), 1_500))  # type: ignore[arg-type]


def inject(pair: Pair, *packets: Ipv4Packet, until: int | None = None) -> None:
    for packet in packets:
        pair.inject(packet)
    pair.net.run(until=until)


def events(pair: Pair, kind: str) -> list[Event]:
    return list(pair.net.trace.events_of(kind=kind, host="bob"))


def errors(pair: Pair) -> list[tuple[int, int]]:
    found = [p[ICMP] for p in frames_on(pair.net, pair.cable) if p.haslayer(IPerror)]
    return [(error.type, error.code) for error in found]


# --- from end to end ------------------------------------------------------------------------


@pytest.mark.rfc(
    "RFC 1122 3.3.2",
    "RFC 1122 3.3.3",
    "RFC 791 3.2",
    "RFC 1122 3.2.1.4/reassembly",
    "RFC 1122 3.3.2/reassemble",
    "RFC 1122 3.3.2/576",
)
@pytest.mark.parametrize("size", [1_473, 9_000, 65_507])
def test_a_datagram_larger_than_the_link_takes_is_cut_and_put_together(size: int) -> None:
    pair = Pair()
    server, client = pair.bob.socket(socket.SOCK_DGRAM), pair.alice.socket(socket.SOCK_DGRAM)
    server.bind(("", 9))
    data = bytes(number % 251 for number in range(size))
    client.sendto(data, ("bob", 9))
    pair.net.run()
    assert server.recv(70_000) == data
    assert_scapy_agrees(pair.net)
    (cut,) = pair.net.trace.events_of(kind="fragmented")
    frames = [frame for frame in pair.net.trace.frames if frame.ipv4]
    assert [frame.cause for frame in frames] == [cut] * len(frames)
    assert cut.fields["fragments"] == len(frames) == -(-(size + 8) // 1_480)
    assert pair.bob.ipv4.reassembling == []


@pytest.mark.rfc(
    "RFC 1812 4.2.2.7", "RFC 1812 5.2.1.2", "RFC 1812 4.2.2.7/fragment", "RFC 1812 5.2.6/reassemble"
)
def test_a_router_cuts_what_is_too_large_for_the_next_link_and_the_host_mends_it() -> None:
    chain = Chain(middle_mtu=600)
    ping = chain.alice.ping("carol", count=1, size=4_000)
    assert ping.received == 1
    assert max(f.ipv4.fragment_offset for f in chain.net.trace.frames if f.ipv4) > 0
    assert all(
        len(frame.bytes) <= 614 for frame in chain.net.trace.frames if frame.link is chain.middle
    )
    assert len(chain.net.trace.events_of(kind="fragmented", host="r1")) == 3
    assert_scapy_agrees(chain.net)


def test_ping_and_its_reply_may_have_65507_bytes() -> None:
    assert Pair().alice.ping("bob", count=1, size=65_507).received == 1


@pytest.mark.rfc("RFC 791 3.2", "RFC 1122 3.2.1.5")
def test_packets_of_one_host_have_different_identifications() -> None:
    pair = Pair()
    pair.alice.ping("bob", count=1, size=4_000)
    seen = {(f.ipv4.src, f.ipv4.identification) for f in pair.net.trace.frames if f.ipv4}
    assert len(seen) == 2


def test_a_sender_doesnt_cut_what_must_not_be_cut(pair: Pair) -> None:
    pair.alice.ipv4.send(address("10.0.0.2"), 253, bytes(2_000), dont_fragment=True)
    pair.net.run()
    why = "2020 bytes are more than the MTU of alice:eth0, 1500"
    assert discarded(pair.net, pair.alice)[0] == why


def test_nothing_longer_than_a_packet_can_be_is_sent(pair: Pair) -> None:
    pair.alice.ipv4.send(address("10.0.0.2"), 253, bytes(65_516))
    pair.net.run()
    assert "65536 bytes are more" in discarded(pair.net, pair.alice)[0]


# --- as it comes ----------------------------------------------------------------------------


@pytest.mark.rfc("RFC 791 3.2")
@pytest.mark.parametrize(
    "other",
    [{"identification": 2}, {"protocol": 18}, {"src": "10.0.0.7"}, {"dst": "10.0.0.3"}],
    ids=str,
)
def test_only_what_agrees_in_all_four_belongs_together(
    pair: Pair, other: dict[str, object]
) -> None:
    pair.bob.ipv4.add_address(
        pair.bob.interfaces[0],
        address("10.0.0.3"),
        pair.bob.ipv4.routes.lookup(address("10.0.0.1")).prefix,
    )
    whole, stray = pieces(identification=1), pieces(identification=1)[1]
    for name, value in other.items():
        setattr(stray, name, address(value) if isinstance(value, str) else value)
    stray.payload = b"?" * len(stray.payload)
    inject(pair, whole[2], stray, whole[0], until=1 * s)
    assert len(pair.bob.ipv4.reassembling) == 2
    inject(pair, whole[1], until=2 * s)
    assert received(pair) == [bytes(number & 0xFF for number in range(3_000))]


def test_what_is_here_of_a_datagram_can_be_read_and_is_on_record(pair: Pair) -> None:
    first, middle, last = pieces(identification=0xABC)
    inject(pair, last, first, last, until=1 * s)
    (entry,) = pair.bob.ipv4.reassembling
    assert (entry.fragments, entry.received) == (3, 1_480 + 48)
    assert entry.holes == [(1_480, 2_959)]
    assert entry.timer.deadline == 60 * s + 10 * ms
    assert repr(entry) == (
        "<10.0.0.1 > 10.0.0.2, protocol 17, id 0x0abc: 3 fragments, missing bytes 1480 to 2959>"
    )
    inject(pair, middle)
    told = [
        (e.fields["first"], e.fields["last"], e.fields["holes"]) for e in events(pair, "fragment")
    ]
    assert told == [
        (2_960, 3_007, [(0, 2_959)]),
        (0, 1_479, [(1_480, 2_959)]),
        (2_960, 3_007, [(1_480, 2_959)]),
        (1_480, 2_959, []),
    ]
    assert "what came first stays" in events(pair, "fragment")[2].reason
    (whole,) = events(pair, "reassembled")
    assert whole.cause is events(pair, "fragment")[-1]
    assert repr(Reassembler().holes) == f"[(0, {INFINITY})]"


@pytest.mark.rfc("RFC 791 3.2")
def test_the_whole_has_the_header_of_its_first_fragment() -> None:
    pair = Pair()
    parts = pieces(ttl=9)
    parts[1].ttl, parts[1].dscp = 77, 5
    came: list[Ipv4Packet] = []
    pair.bob.udp.receive = came.append  # type: ignore[method-assign]
    inject(pair, *reversed(parts))
    assert [(packet.ttl, packet.dscp, packet.is_fragment) for packet in came] == [(9, 0, False)]


@pytest.mark.rfc("RFC 3168 5.3")
def test_congestion_that_one_fragment_met_the_whole_has_met() -> None:
    pair = Pair()
    parts = pieces(ecn=2)
    parts[1].ecn = 3
    came: list[Ipv4Packet] = []
    pair.bob.udp.receive = came.append  # type: ignore[method-assign]
    inject(pair, *parts)
    assert [packet.ecn for packet in came] == [3]


@pytest.mark.rfc("RFC 1812 4.2.2.8", "RFC 1812 4.2.2.8/reassemble", "RFC 1812 5.2.6/reassemble")
def test_a_router_puts_together_what_is_for_itself_only() -> None:
    chain = Chain()
    assert chain.alice.ping("10.0.1.254", count=1, size=4_000).received == 1
    assert chain.alice.ping("carol", count=1, size=4_000).received == 1
    assert {event.fields["dst"] for event in chain.net.trace.events_of(kind="reassembled")} == {
        *("10.0.1.254", "10.0.1.1", "10.0.3.1")
    }


# --- the end of patience --------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 3.3.2", "RFC 1122 3.2.2.4", "RFC 792", "RFC 1122 3.3.2/timeout")
def test_what_isnt_whole_after_a_minute_is_given_up_and_its_sender_told(pair: Pair) -> None:
    first, _, last = pieces()
    inject(pair, last, until=30 * s)
    inject(pair, first)
    assert errors(pair) == [(11, 1)]
    error = next(p for p in frames_on(pair.net, pair.cable) if p.haslayer(IPerror))
    assert (error[IPerror].frag, error[IPerror].flags.MF) == (0, True)
    (ended,) = events(pair, "reassembly given up")
    assert ended.time == 60 * s + 10 * ms  # counted from the first that came
    assert pair.bob.ipv4.reassembling == []


@pytest.mark.rfc("RFC 1122 3.2.2.4", "RFC 792")
def test_without_its_first_fragment_nobody_is_told(pair: Pair) -> None:
    inject(pair, *pieces()[1:])
    assert errors(pair) == []
    assert len(events(pair, "reassembly given up")) == 1


def test_a_datagram_that_is_whole_leaves_no_timer(pair: Pair) -> None:
    inject(pair, *pieces())
    assert pair.net.now < 1 * s
    assert len(received(pair)) == 1


# --- malice ---------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 791 3.1")
def test_a_fragment_that_ends_beyond_the_largest_datagram_is_refused(pair: Pair) -> None:
    """The ping of death."""
    parts = pieces()
    parts[-1].fragment_offset = 8_189
    inject(pair, *parts, until=1 * s)
    assert "ends at byte 65560: no datagram is so long" in discarded(pair.net, pair.bob)[0]
    assert len(pair.bob.ipv4.reassembling) == 1


@pytest.mark.rfc("RFC 791 3.2")
@pytest.mark.parametrize("size", [0, 7, 1_479])
def test_a_fragment_that_isnt_the_last_has_a_multiple_of_8_bytes(pair: Pair, size: int) -> None:
    inject(
        pair,
        Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), 253, bytes(size), more_fragments=True),
    )
    assert f"a fragment of {size} bytes" in discarded(pair.net, pair.bob)[0]
    assert pair.bob.ipv4.reassembling == []


@pytest.mark.rfc("RFC 1858 3", "RFC 3128")
@pytest.mark.parametrize(("offset", "size"), [(1, 64), (0, 8)])
def test_a_tcp_header_in_two_fragments_is_refused(pair: Pair, offset: int, size: int) -> None:
    tiny = Ipv4Packet(
        *(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_TCP, bytes(size)),
        more_fragments=True,
        fragment_offset=offset,
    )
    inject(pair, tiny)
    assert "divides a TCP header" in discarded(pair.net, pair.bob)[0]


@pytest.mark.rfc("RFC 791 3.2", "RFC 815 3")
def test_a_teardrop_does_no_harm(pair: Pair) -> None:
    """A fragment that lies within another: some stacks computed a negative length from it."""
    first = Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), 17, bytes(40), more_fragments=True)
    within = Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), 17, bytes(4), fragment_offset=3)
    inject(pair, first, within)
    assert pair.alice.ping("bob", count=1).received == 1


@pytest.mark.rfc("RFC 1858 4")
def test_bytes_that_came_first_cant_be_overwritten(pair: Pair) -> None:
    parts = pieces()
    forged = pieces()[0]
    forged.payload = bytes(len(forged.payload))
    inject(pair, parts[0], forged, *parts[1:])
    assert received(pair) == [bytes(number & 0xFF for number in range(3_000))]


@pytest.mark.rfc("RFC 1122 3.3.2")
def test_a_flood_of_parts_costs_bounded_memory_and_the_oldest_goes(pair: Pair) -> None:
    pair.net.sim.recorder.enabled = False
    for number in range(1_000):
        part = pieces(identification=number)[0]
        part.fragment_offset = number % 7
        pair.inject(part)
    pair.net.run(until=1 * s)
    kept = [entry.identification for entry in pair.bob.ipv4.reassembling]
    assert kept == list(range(1_000 - MOST_DATAGRAMS, 1_000))
    assert pair.alice.ping("bob", count=1, size=9_000).received == 1


def test_a_flood_of_large_parts_or_of_one_part_costs_bounded_bytes(pair: Pair) -> None:
    first, second, *_ = pieces(60_000)
    for number in range(2 * MOST_BYTES // 1_500):
        first.identification = number % 20
        pair.inject(first if number % 2 else second)
    pair.net.run(until=1 * s)
    assert sum(entry.size for entry in pair.bob.ipv4.reassembling) <= MOST_BYTES
    assert events(pair, "reassembly given up")[0].reason.startswith("the oldest one makes room")
    assert errors(pair) == []
    pair.net.run()
    assert pair.bob.ipv4.reassembling == []


@settings(max_examples=30)
@given(st.data())
def test_whatever_fragments_come_a_host_keeps_its_bounds_and_answers(data: st.DataObject) -> None:
    pair = Pair()
    number = st.integers(0, 8_191)
    for _ in range(30):
        pair.inject(
            Ipv4Packet(
                *(
                    address("10.0.0.1"),
                    address("10.0.0.2"),
                    data.draw(st.sampled_from([1, 6, 17, 99])),
                ),
                bytes(data.draw(st.integers(0, 40)) * data.draw(st.sampled_from([1, 8]))),
                identification=data.draw(st.integers(0, 2)),
                more_fragments=data.draw(st.booleans()),
                fragment_offset=data.draw(st.sampled_from([0, 1, 2, 5, 8_190, data.draw(number)])),
            )
        )
    pair.net.run()
    assert pair.bob.ipv4.reassembling == []
    assert pair.alice.ping("bob", count=1, size=3_000).received == 1


def test_on_a_lossy_link_a_large_datagram_comes_whole_or_not_at_all() -> None:
    net = Network(seed=5)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, loss=0.05, rate=100 * Mbps)
    there = bob.udp.bind(address("0.0.0.0"), 9)
    here = alice.udp.bind(address("0.0.0.0"), 0)
    for number in range(40):
        alice.udp.send(here, bytes([number]) * 9_000, (address("10.0.0.2"), 9))
        net.run_for(1 * s)
        while there.queue:
            data, _ = there.take(peek=False)
            assert data == bytes([data[0]]) * 9_000
    given_up = net.trace.events_of(kind="reassembly given up")
    net.run()
    assert 0 < len(net.trace.events_of(kind="reassembled", host="bob")) < 40
    assert given_up == []


# --- a part of one's own --------------------------------------------------------------------


class LastCopyStays:
    """What RFC 791 section 3.2 does with overlaps."""

    def __init__(self) -> None:
        self.bytes: dict[int, int] = {}
        self.end: int | None = None

    def add(self, fragment: Ipv4Packet) -> bytes | None:
        first = 8 * fragment.fragment_offset
        self.bytes.update(enumerate(fragment.payload, first))
        if not fragment.more_fragments:
            self.end = first + len(fragment.payload)
        if self.end is None or len(self.bytes) < self.end:
            return None
        return bytes(self.bytes[at] for at in range(self.end))


def test_a_students_own_reassembler_works_beside_the_hosts_bounds_and_timers(pair: Pair) -> None:
    pair.bob.use(reassembler=LastCopyStays)
    assert pair.alice.ping("bob", count=1, size=9_000).received == 1
    inject(pair, *pieces()[1:], until=30 * s)
    (entry,) = pair.bob.ipv4.reassembling
    assert (entry.holes, entry.received) == ([], 0)
    assert "missing bytes ?" in repr(entry)
    pair.net.run()
    assert pair.bob.ipv4.reassembling == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (lambda self, fragment: 1 // 0, r"bytes 0 to 1479 raised ZeroDivisionError"),
        (lambda self, fragment: "whole", r"bytes 0 to 1479 returned 'whole': expected"),
    ],
)
def test_what_a_part_does_wrong_is_told_as_its_fault_and_the_network_goes_on(
    pair: Pair, body: object, message: str
) -> None:
    pair.bob.use(reassembler=type("Mine", (), {"add": body}))
    pair.inject(pieces()[0])
    with pytest.raises(PartError, match=rf"bob's reassembler: add\(\) of {message}"):
        pair.net.run()
    assert len(events(pair, "part failed")) == 1
    assert pair.bob.ipv4.reassembling == []
    assert pair.alice.ping("bob", count=1).received == 1


def test_a_part_that_calls_a_datagram_whole_without_its_start_is_at_fault(pair: Pair) -> None:
    pair.bob.use(reassembler=type("Mine", (), {"add": lambda self, fragment: b""}))
    pair.inject(pieces()[1])
    with pytest.raises(PartError, match="though its start isn't here"):
        pair.net.run()


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Reassembler(), "must be a class"),
        (lambda: 1 // 0, r"<lambda>\(\) raised ZeroDivisionError"),
        (object, r"object lacks add\(fragment\)"),
    ],
)
def test_what_cant_be_a_reassembler_is_refused(pair: Pair, part: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        pair.bob.use(reassembler=part)
    assert pair.bob.ipv4.reassembly.part is Reassembler


def test_a_power_cut_takes_the_parts_and_leaves_the_reassembler(pair: Pair) -> None:
    pair.bob.use(reassembler=LastCopyStays)
    inject(pair, pieces()[0], until=1 * s)
    pair.bob.power_cycle()
    assert pair.bob.ipv4.reassembling == []
    assert pair.bob.ipv4.reassembly.part is LastCopyStays
    pair.net.run()
    assert errors(pair) == []
    assert IP in frames_on(pair.net, pair.cable)[0]
