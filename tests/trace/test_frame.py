"""Frames that can be looked into."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab import Network
from netlab.link.frame import Frame as Transmission
from netlab.network.arp_packet import REPLY, REVERSE_REPLY, REVERSE_REQUEST
from netlab.network.icmp_message import PORT_UNREACHABLE, TTL_EXCEEDED, IcmpMessage
from netlab.trace.frame import Frame
from netlab.trace.layers import (
    LINKTYPE_LINUX_SLL,
    LINKTYPE_LINUX_SLL2,
    LINKTYPE_LOOP,
    LINKTYPE_NULL,
    LINKTYPE_RAW,
    dissect,
)
from netlab.transport.tcp.options import Options
from netlab.transport.tcp.segment import ACK, FIN, PSH, RST, SYN
from netlab.units import ms
from tests.trace import material
from tests.trace.material import (
    Wire,
    arp_frame,
    ethernet,
    frame_of,
    ip,
    ping_packet,
    tcp_packet,
    udp_packet,
)

SYN_PACKET = tcp_packet(SYN, 7, options=Options(mss=1460).pack())
LAYERS = {"ethernet", "arp", "ipv4", "icmp", "udp", "tcp"}


def test_a_frame_is_made_by_the_link_and_costs_nothing_more_than_a_plain_one() -> None:
    assert Frame.__init__ is Transmission.__init__
    assert Frame.__new__ is Transmission.__new__
    assert not hasattr(frame_of(b""), "__dict__")


def test_layers_are_read_once_when_first_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(data: bytes, linktype: int) -> object:
        asked.append(data)
        return dissect(data, linktype)

    monkeypatch.setattr("netlab.trace.frame.dissect", counted)
    frame = frame_of(ethernet(SYN_PACKET))
    assert asked == []
    assert frame.tcp is not None
    assert frame.ipv4 is not None
    assert frame.tcp is frame.tcp
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("data", "present", "protocol", "label"),
    [
        (ethernet(SYN_PACKET), {"ethernet", "ipv4", "tcp"}, "TCP", "TCP SYN"),
        (ethernet(tcp_packet(0)), {"ethernet", "ipv4", "tcp"}, "TCP", "TCP without flags"),
        (ethernet(udp_packet(b"x")), {"ethernet", "ipv4", "udp"}, "UDP", "UDP, 1 byte"),
        (ethernet(ping_packet()), {"ethernet", "ipv4", "icmp"}, "ICMP", "ICMP echo request"),
        (arp_frame(), {"ethernet", "arp"}, "ARP", "ARP request"),
        (arp_frame(REPLY), {"ethernet", "arp"}, "ARP", "ARP reply"),
        (ethernet(arp_frame()[14:], 0x8035), {"ethernet", "arp"}, "RARP", "ARP request"),
        (ethernet(ip(b"abc")), {"ethernet", "ipv4"}, "IPv4", "IPv4, protocol 253"),
        (ethernet(b"abc", 0x88B5), {"ethernet"}, "Ethernet", "Ethernet, 3 bytes"),
        (ethernet(bytes(40), 0x86DD), {"ethernet"}, "IPv6", "IPv6, 40 bytes"),
        (
            ethernet(tcp_packet(PSH | ACK, payload=b"GET /a HTTP/1.1\r\nHost: b\r\n\r\n")),
            {"ethernet", "ipv4", "tcp"},
            "HTTP",
            "GET /a HTTP/1.1",
        ),
        (
            ethernet(tcp_packet(ACK, payload=b"GET /a HTTP/1.1\r\n", ports=(7, 9))),
            {"ethernet", "ipv4", "tcp"},
            "TCP",
            "TCP ACK, 17 bytes",
        ),
        (b"", set(), "unknown", "unknown"),
    ],
)
def test_layers_are_there_or_none(
    data: bytes, present: set[str], protocol: str, label: str
) -> None:
    frame = frame_of(data)
    assert {layer for layer in LAYERS if getattr(frame, layer) is not None} == present
    assert (frame.protocol, frame.label) == (protocol, label)
    assert label in repr(frame)


def test_the_payload_is_what_the_innermost_layer_carries() -> None:
    assert frame_of(ethernet(tcp_packet(ACK, payload=b"hello"))).payload == b"hello"
    assert frame_of(ethernet(udp_packet(b"hello"))).payload == b"hello"
    assert frame_of(ethernet(ip(b"hello"))).payload == b"hello"
    assert frame_of(ethernet(b"hello", 0x88B5)).payload == b"hello"
    assert frame_of(arp_frame()).payload == b""


@pytest.mark.parametrize(
    ("data", "present", "said"),
    [
        (b"\x02\x00", set(), "14 bytes, got 2"),
        (ethernet(b"\x65" + bytes(30)), {"ethernet"}, "version must be 4, got 6"),
        (ethernet(SYN_PACKET[:30]), {"ethernet"}, "total length is 44 bytes, but only 30"),
        (ethernet(ip(bytes(12), 6)), {"ethernet", "ipv4"}, "TCP header has at least 20 bytes"),
        (ethernet(ip(bytes(3), 17)), {"ethernet", "ipv4"}, "UDP header has 8 bytes"),
        (ethernet(ip(bytes(3), 1)), {"ethernet", "ipv4"}, "ICMP message has at least 8"),
        (ethernet(bytes(28), 0x0806), {"ethernet"}, "not ARP for IPv4 over Ethernet"),
    ],
)
def test_of_a_malformed_frame_the_layers_before_the_fault_are_shown(
    data: bytes, present: set[str], said: str
) -> None:
    frame = frame_of(data)
    assert {layer for layer in LAYERS if getattr(frame, layer) is not None} == present
    assert said in frame.malformed
    assert frame.malformed in frame.summary


@given(
    st.binary(max_size=120),
    st.sampled_from([0, 1, 101, 108, 113, 147, 228, 276]),
    st.integers(0, 99),
)
def test_no_bytes_make_reading_a_frame_raise(data: bytes, linktype: int, cut: int) -> None:
    dissect(data, linktype, cut)
    frame = frame_of(data)
    assert isinstance(f"{frame.summary}{frame.label}{frame.protocol}{frame!r}", str)


@given(
    st.sampled_from([ethernet(SYN_PACKET), ethernet(udp_packet(b"x" * 9)), arp_frame()]),
    st.data(),
)
def test_no_damage_makes_reading_a_frame_raise(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for at in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=6)):
        damaged[at] = draw.draw(st.integers(0, 255))
    frame = frame_of(bytes(damaged[: draw.draw(st.integers(0, len(data)))]))
    assert isinstance(f"{frame.summary}{frame.label}{frame.protocol}{frame!r}", str)


def test_layers_show_what_was_sent_also_when_something_else_arrived() -> None:
    wire = Wire()
    wire.cable.corrupt(bit=8 * 14 + 2)
    frame = wire.send(ethernet(SYN_PACKET))
    wire.run()
    assert frame.corrupted
    assert frame.tcp is not None
    assert dissect(frame.received or b"").tcp is None


def test_a_fault_can_ask_for_layers() -> None:
    net = material.conversation(lambda cable: cable.drop(lambda f: f.tcp and f.tcp.fin, times=1))
    lost = [frame for frame in net.trace.frames if frame.fate == "dropped"]
    assert [frame.label for frame in lost] == ["TCP FIN,ACK"]


# --- on other links, in other wrappings -----------------------------------------------------


@pytest.mark.parametrize(
    ("linktype", "header"),
    [
        (LINKTYPE_RAW, ""),
        (228, ""),
        (LINKTYPE_NULL, "02000000"),
        (LINKTYPE_NULL, "00000002"),
        (LINKTYPE_LOOP, "00000002"),
        (LINKTYPE_LINUX_SLL, "0000 0001 0006 0200000000010000 0800"),
        (LINKTYPE_LINUX_SLL2, "0800 0000 00000003 0001 00 06 0200000000010000"),
        (LINKTYPE_LINUX_SLL, "0000 0001 0006 0200000000010000 8100 0005 0800"),
        (1, "020000000002 020000000001 8100 0005 0800"),
        (1, "020000000002 020000000001 88a8 0005 8100 0006 0800"),
    ],
)
def test_ip_is_found_behind_any_link_header(linktype: int, header: str) -> None:
    layers = dissect(bytes.fromhex(header) + SYN_PACKET, linktype)
    assert layers.malformed == ""
    assert layers.ipv4 is not None
    assert layers.ipv4.src == material.ALICE
    assert layers.tcp is not None
    assert layers.tcp.seq == 7


@pytest.mark.parametrize(
    ("linktype", "said"),
    [
        (LINKTYPE_NULL, "a loopback header has 4 bytes, got 3"),
        (LINKTYPE_LINUX_SLL, "a Linux cooked header has 16 bytes, got 3"),
        (LINKTYPE_LINUX_SLL2, "a Linux cooked header of version 2 has 20 bytes, got 3"),
    ],
)
def test_a_link_header_that_breaks_off_is_malformed(linktype: int, said: str) -> None:
    assert said in dissect(b"abc", linktype).malformed


def test_a_fragment_has_no_layer_above_ipv4() -> None:
    first = frame_of(ethernet(ip(SYN_PACKET[20:], 6, more_fragments=True, identification=0xAB)))
    second = frame_of(ethernet(ip(bytes(8), 17, fragment_offset=185)))
    for frame in (first, second):
        assert frame.protocol == "IPv4"
        assert frame.label.startswith("IPv4 fragment")
        assert frame.malformed == ""
    assert "ID=00ab, offset 0, 24 bytes, more follow" in first.summary
    assert "offset 1480, 8 bytes, the last" in second.summary


def test_of_a_packet_that_a_capture_cut_what_is_there_is_shown() -> None:
    whole = ethernet(tcp_packet(ACK, 5, 6, b"x" * 100))
    layers = dissect(whole[:64], cut=len(whole) - 64)
    assert layers.tcp is not None
    assert (layers.tcp.seq, layers.payload, layers.missing) == (5, b"x" * 10, 90)
    whole = ethernet(udp_packet(b"y" * 50))
    layers = dissect(whole[:52], cut=len(whole) - 52)
    assert layers.udp is not None
    assert (layers.udp.destination_port, layers.payload, layers.missing) == (53, b"y" * 10, 40)
    layers = dissect(whole[:40], cut=len(whole) - 40)
    assert layers.ipv4 is not None
    assert layers.udp is None
    assert "the capture kept only 40 of 92 bytes" in layers.malformed


def test_what_a_card_has_yet_to_cut_into_packets_has_no_length_and_is_read_all_the_same() -> None:
    packet = bytearray(tcp_packet(ACK, payload=b"x" * 3000))
    packet[2:4] = b"\0\0"
    layers = dissect(ethernet(bytes(packet)))
    assert layers.payload == b"x" * 3000


# --- the summary, against tshark's ----------------------------------------------------------

LINES = [
    (SYN_PACKET, "49152 → 80 [SYN] Seq=7 Win=65535 Len=0 MSS=1460"),
    (tcp_packet(SYN | ACK, 1, 8), "49152 → 80 [SYN, ACK] Seq=1 Ack=8 Win=65535 Len=0"),
    (
        tcp_packet(PSH | ACK, 8, 2, b"hello", ports=(49153, 5555)),
        "49153 → 5555 [PSH, ACK] Seq=8 Ack=2 Win=65535 Len=5",
    ),
    (tcp_packet(FIN | ACK, 9, 2), "49152 → 80 [FIN, ACK] Seq=9 Ack=2 Win=65535 Len=0"),
    (tcp_packet(RST, 9), "49152 → 80 [RST] Seq=9 Win=65535 Len=0"),
    (tcp_packet(0, 9), "49152 → 80 [<None>] Seq=9 Win=65535 Len=0"),
    (tcp_packet(ACK, 9, 1, b"GET / HTTP/1.1\r\n\r\n"), "GET / HTTP/1.1 "),
    (
        tcp_packet(ACK, 9, 1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ports=(80, 1)),
        "HTTP/1.1 200 OK ",
    ),
    (udp_packet(b"x" * 20, (4000, 5555)), "4000 → 5555 Len=20"),
    (ping_packet(), "Echo (ping) request  id=0x0001, seq=7/1792, ttl=64"),
    (
        ip(IcmpMessage.time_exceeded(TTL_EXCEEDED, SYN_PACKET[:28]).pack(), 1),
        "Time-to-live exceeded",
    ),
    (
        ip(IcmpMessage.destination_unreachable(PORT_UNREACHABLE, SYN_PACKET[:28]).pack(), 1),
        "Destination unreachable (Port unreachable)",
    ),
]


@pytest.mark.tshark
def test_the_summary_of_tcp_and_udp_is_what_tshark_says(tmp_path: Path) -> None:
    wire = Wire()
    frames = [wire.send(ethernet(packet)) for packet, _ in LINES]
    wire.run()
    wire.trace.save(tmp_path / "lines.pcapng")
    plain = (
        "-o",
        "tcp.relative_sequence_numbers:FALSE",
        "-o",
        "tcp.analyze_sequence_numbers:FALSE",
    )
    theirs = material.tshark(tmp_path / "lines.pcapng", "_ws.col.Info", options=plain)
    for frame, (_, expected), [line] in zip(frames, LINES, theirs, strict=True):
        assert line.startswith(expected)
        if frame.protocol != "ICMP":
            assert frame.summary == line.strip()


@pytest.mark.parametrize(
    ("data", "summary"),
    [
        (arp_frame(), "Who has 10.0.0.2? Tell 10.0.0.1"),
        (arp_frame(REPLY), "10.0.0.1 is at 02:00:00:00:00:01"),
        (arp_frame(REVERSE_REQUEST), "Who is 02:00:00:00:00:02? Tell 02:00:00:00:00:01"),
        (arp_frame(REVERSE_REPLY), "02:00:00:00:00:02 is at 10.0.0.2"),
        (arp_frame(9), "ARP operation 9"),
        (
            ethernet(arp_frame()[14:28] + bytes(4) + arp_frame()[32:42], 0x0806),
            "Who has 10.0.0.2? (ARP Probe)",
        ),
        (
            ethernet(arp_frame()[14:38] + arp_frame()[28:32], 0x0806),
            "ARP Announcement for 10.0.0.1",
        ),
        (ethernet(ping_packet()), "Echo (ping) request id=0x0001, seq=7, ttl=64"),
        (ethernet(LINES[-1][0]), "Destination unreachable: port unreachable"),
        (ethernet(ip(b"abc")), "10.0.0.1 → 10.0.0.2, protocol 253, 3 bytes"),
        (
            ethernet(b"abc", 0x88B5),
            "02:00:00:00:00:01 → 02:00:00:00:00:02, EtherType 0x88b5, 3 bytes",
        ),
        (
            ethernet(b"abc", 3),
            "02:00:00:00:00:01 → 02:00:00:00:00:02, an IEEE 802.3 frame, length field 3, 3 bytes",
        ),
    ],
)
def test_the_summary_says_what_matters(data: bytes, summary: str) -> None:
    assert frame_of(data).summary == summary


def test_a_summary_is_one_line_whatever_is_in_the_packet() -> None:
    evil = b"GET /\x1b[31m\x00\xff HTTP/1.1\r\n\r\n"
    frame = frame_of(ethernet(tcp_packet(ACK, payload=evil)))
    assert frame.summary.isprintable()


def test_a_network_makes_frames_that_can_be_looked_into() -> None:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=1 * ms)
    assert alice.ping("bob", count=1).rtts == [4 * ms]
    assert [frame.protocol for frame in net.trace.frames] == ["ARP", "ARP", "ICMP", "ICMP"]
