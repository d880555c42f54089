"""One conversation's numbers: a script's on one side, the wire's on the other."""

import pytest

from netlab.network.address import IPv4Address
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, Ipv4Packet
from netlab.packetdrill import parse
from netlab.packetdrill.flow import Flow, pattern
from netlab.packetdrill.packet import Packet, Tcp, any_timestamp, sack, timestamps
from netlab.packetdrill.problems import Wrong
from netlab.transport.tcp.options import build_options, parse_options
from netlab.transport.tcp.segment import ACK, SYN, Segment
from netlab.transport.udp_datagram import UdpDatagram

LOCAL, REMOTE = IPv4Address.parse("192.168.0.1"), IPv4Address.parse("192.0.2.1")


@pytest.fixture
def flow() -> Flow:
    return Flow("tcp", (LOCAL, 8080), (REMOTE, 40_001), remote_base=1_000_000)


def script(text: str) -> Packet:
    packet = parse(f"0 {text}\n").events[0].action
    assert isinstance(packet, Packet)
    return packet


def received(flow: Flow, text: str) -> Segment:
    """What the host gets for an inbound packet."""
    ip = Ipv4Packet.parse(flow.to_wire(script(text)))
    assert Ipv4Packet.verify(ip.pack())
    assert Segment.verify(ip.payload, ip.src, ip.dst)
    return Segment.parse(ip.payload)


def shown(flow: Flow, expected: str, seq: int, ack: int, flags: int, options: bytes = b"") -> Tcp:
    """What a segment of the host's is in the script's words."""
    segment = Segment(8080, 40_001, seq, ack, flags, 100, b"", options)
    ip = Ipv4Packet(LOCAL, REMOTE, PROTOCOL_TCP, segment.pack(LOCAL, REMOTE))
    packet, _ = flow.from_wire(ip, script(expected))
    assert isinstance(packet.body, Tcp)
    return packet.body


def test_numbers_count_from_each_side_s_syn(flow: Flow) -> None:
    assert received(flow, "< S 77:77(0) win 9").seq == 1_000_077
    told = shown(flow, "> S. 5:5(0) ack 78", 900, 1_000_078, SYN | ACK)
    assert (told.seq, told.ack) == (5, 78)
    segment = received(flow, "< P. 1:11(10) ack 1 win 9")
    assert (segment.seq, segment.ack, segment.payload) == (1_000_078, 901, pattern(0, 10))
    told = shown(flow, "> . 1:1(0) ack 11", 901, 1_000_088, ACK)
    assert (told.seq, told.ack) == (1, 11)


def test_a_syn_with_another_number_may_open_the_connection_anew(flow: Flow) -> None:
    received(flow, "< S 0:0(0) win 9")
    shown(flow, "> S. 0:0(0) ack 1", 900, 1_000_001, SYN | ACK)
    flow.written += bytes(100)
    received(flow, "< S 5000:5000(0) win 9")
    told = shown(flow, "> S. 0:0(0) ack 5001", 7_000, 1_005_001, SYN | ACK)
    assert (told.seq, told.ack, len(flow.written)) == (0, 5001, 0)
    assert received(flow, "< . 1:1(0) ack 1 win 9").ack == 7_001


def test_or_not_if_the_host_only_challenges_it(flow: Flow) -> None:
    received(flow, "< S 0:0(0) win 9")
    shown(flow, "> S. 0:0(0) ack 1", 900, 1_000_001, SYN | ACK)
    received(flow, "< S 5000:5000(0) win 9")
    told = shown(flow, "> . 1:1(0) ack 1", 901, 1_000_001, ACK)
    assert (told.seq, told.ack) == (1, 1)


def test_sack_blocks_are_in_the_numbers_of_who_sent_the_text(flow: Flow) -> None:
    received(flow, "< S 0:0(0) win 9")
    shown(flow, "> S. 0:0(0) ack 1", 900, 1_000_001, SYN | ACK)
    segment = received(flow, "< . 1:1(0) ack 1 win 9 <nop,nop,sack 11:21>")
    assert parse_options(segment.options)[2] == sack([(911, 921)])
    options = build_options([sack([(1_000_101, 1_000_201)])])
    told = shown(flow, "> . 1:1(0) ack 1", 901, 1_000_001, ACK, options)
    assert told.options is not None
    assert told.options[0] == sack([(101, 201)])


def test_timestamps_are_learnt_from_what_the_host_sends(flow: Flow) -> None:
    received(flow, "< S 0:0(0) win 9 <TS val 50 ecr 0>")
    options = build_options([timestamps(123_456, 50)])
    told = shown(flow, "> S. 0:0(0) ack 1 <TS val 100 ecr 50>", 9, 1_000_001, SYN | ACK, options)
    assert told.options is not None
    assert told.options[0] == timestamps(100, 50)
    options = build_options([timestamps(123_466, 50)])
    told = shown(flow, "> . 1:1(0) ack 1 <TS val 111 ecr 50>", 10, 1_000_001, ACK, options)
    assert told.options is not None
    assert told.options[0] == timestamps(110, 50)  # by the first one's measure
    for echoed, live in ((100, 123_456), (111, 123_466), (130, 123_486)):
        segment = received(flow, f"< . 1:1(0) ack 1 win 9 <nop,nop,TS val 60 ecr {echoed}>")
        assert parse_options(segment.options)[2] == timestamps(60, live)


def test_an_unknown_value_says_nothing_of_the_clock(flow: Flow) -> None:
    options = build_options([timestamps(123_456, 0)])
    told = shown(flow, "> S 0:0(0) <TS val ... ecr 0>", 9, 0, SYN, options)
    assert told.options is not None
    assert told.options[0] == timestamps(123_456, 0)
    assert str(script("> S 0:0(0) <TS val ... ecr 0>").body.options) == str([any_timestamp(0)])


def test_options_behind_the_end_of_the_list_are_counted_one_by_one(flow: Flow) -> None:
    told = shown(flow, "> . 1:1(0) ack 1", 1, 1, ACK, bytes((1, 1, 0, 0)))
    assert str(told).endswith("<nop,nop,eol,eol>")


def test_marks_in_the_ip_header_go_out_as_they_are_written(flow: Flow) -> None:
    def header(text: str) -> Ipv4Packet:
        return Ipv4Packet.parse(flow.to_wire(script(text)))

    assert header("< [ce] . 1:1(0) ack 1").ecn == 3
    assert header("< [ect0] . 1:1(0) ack 1").ecn == 2
    assert header("< [tos 0x2a] . 1:1(0) ack 1").dscp == 10
    assert header("< [tos 0x2a] . 1:1(0) ack 1").ecn == 2
    assert header("< (ttl 3) . 1:1(0) ack 1").ttl == 3


def test_an_icmp_error_quotes_what_the_host_sent(flow: Flow) -> None:
    shown(flow, "> S 0:0(0)", 900, 0, SYN)
    ip = Ipv4Packet.parse(flow.to_wire(script("< icmp unreachable frag_needed mtu 900 [1:11(10)]")))
    message = IcmpMessage.parse(ip.payload)
    assert IcmpMessage.verify(ip.payload)
    quoted = Ipv4Packet.parse(message.payload, quoted=True)
    assert (message.next_hop_mtu, quoted.src, quoted.dst) == (900, LOCAL, REMOTE)
    assert quoted.payload == bytes.fromhex("1f909c4100000385")  # ports, and 901


def test_an_icmp_message_that_is_no_error_quotes_nothing(flow: Flow) -> None:
    for text, size in (("echo_request id 7", 8), ("echo_request id 7 [raw (20)]", 20)):
        ip = Ipv4Packet.parse(flow.to_wire(script(f"< icmp {text}")))
        assert IcmpMessage.parse(ip.payload).identifier == 7
        assert len(ip.payload) == size


def test_only_what_a_script_says_of_an_icmp_message_is_looked_at(flow: Flow) -> None:
    about = Ipv4Packet(
        REMOTE, LOCAL, PROTOCOL_UDP, UdpDatagram(9, 9, bytes(5)).pack(REMOTE, LOCAL)
    ).pack()
    message = IcmpMessage.destination_unreachable(4, about, 900)
    ip = Ipv4Packet(LOCAL, REMOTE, PROTOCOL_ICMP, message.pack())
    for text in ("", " mtu 900", " mtu 900 [udp (5)]"):
        packet, _ = flow.from_wire(ip, script(f"> icmp unreachable frag_needed{text}"))
        assert str(packet) == f"> icmp unreachable frag_needed{text}"
    broken = Ipv4Packet(LOCAL, REMOTE, PROTOCOL_ICMP, IcmpMessage(3, 3, 0, b"abc").pack())
    packet, _ = flow.from_wire(broken, script("> icmp unreachable port_unreachable [udp (5)]"))
    assert str(packet) == "> icmp unreachable port_unreachable"


def test_what_can_t_be_read_is_wrong(flow: Flow) -> None:
    with pytest.raises(Wrong, match="the host sent a packet that can't be read: a TCP header has"):
        flow.from_wire(Ipv4Packet(LOCAL, REMOTE, PROTOCOL_TCP, b"abc"), script("> . 1:1(0) ack 1"))


def test_what_was_written_is_what_must_be_sent(flow: Flow) -> None:
    flow.written += b"hello, world"
    assert flow.expected_bytes(script("> P. 1:6(5) ack 1")) == b"hello"
    assert flow.expected_bytes(script("> P. 8:13(5) ack 1")) == b"world"
    for beyond in ("> P. 8:14(6) ack 1", "> . 0:1(1) ack 1"):  # a probe may hold anything
        assert flow.expected_bytes(script(beyond)) is None
    flow.checks_bytes = False
    assert flow.expected_bytes(script("> P. 1:6(5) ack 1")) is None
