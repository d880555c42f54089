"""The ICMP errors that a host sends: their form, and when there are none (RFC 1812 section 4.3.2)."""

import pytest
from scapy.layers.inet import ICMP, IP, IPerror

from netlab.link.ethernet import ETHERTYPE_IPV4, EthernetFrame
from netlab.network.icmp_message import (
    DESTINATION_UNREACHABLE,
    PARAMETER_PROBLEM,
    REDIRECT,
    IcmpMessage,
)
from netlab.network.ip_options import Option, pack_options
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_UDP, Ipv4Packet
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import s
from tests.network.material import Chain, Pair, address, frames_on


def datagram(src: str, dst: str, size: int = 5, **fields: object) -> Ipv4Packet:
    payload = UdpDatagram(5000, 9, bytes(size)).pack(address(src), address(dst))
    return Ipv4Packet(address(src), address(dst), PROTOCOL_UDP, payload, **fields)  # type: ignore[arg-type]


def errors_on(pair: Pair) -> list[IP]:
    packets = [frame[IP] for frame in frames_on(pair.net, pair.cable) if frame.haslayer(ICMP)]
    return [packet for packet in packets if packet[ICMP].type in (3, 5, 11, 12)]


def withheld(pair: Pair) -> list[str]:
    return [event.fields["why"] for event in pair.net.trace.events_of(kind="icmp withheld")]


@pytest.mark.rfc(
    "RFC 792", "RFC 1812 4.3.2.3", "RFC 1122 3.2.2", "RFC 1122 3.2.2/same", "RFC 1812 4.3.2.3/same"
)
@pytest.mark.parametrize("size", [0, 5, 519, 520, 521, 1_400])
@pytest.mark.parametrize("options", [b"", b"\x01\x01\x01\x00", b"\x01" * 39 + b"\x00"])
def test_the_packet_is_quoted_byte_for_byte_as_it_came_up_to_576_bytes(
    size: int, options: bytes
) -> None:
    pair = Pair()
    packet = datagram("10.0.0.1", "10.0.0.2", size, ttl=7, identification=99, options=options)
    pair.inject(packet)
    pair.net.run()
    error = pair.net.trace.frames[-1]
    assert error.icmp is not None
    assert error.icmp.payload == packet.pack()[:548]
    assert len(error.bytes) <= 14 + 576


@pytest.mark.rfc("RFC 1812 4.3.2.3", "RFC 1812 4.2.2.3")
def test_the_reserved_flag_is_quoted_and_passed_on_as_it_came() -> None:
    pair = Pair()
    packet = datagram("10.0.0.1", "10.0.0.2", reserved=True)
    pair.inject(packet)
    pair.net.run()
    assert errors_on(pair)[0][IPerror].flags.evil
    chain = Chain()
    chain.alice.ping("carol", count=1)
    packet = datagram("10.0.1.1", "10.0.3.1", reserved=True)
    frame = chain.net.trace.frames[2]
    assert frame.ethernet is not None
    chain.alice.inject(
        EthernetFrame(frame.ethernet.dst, frame.ethernet.src, ETHERTYPE_IPV4, packet.pack()).pack()
    )
    chain.net.run()
    assert [f.ipv4.reserved for f in chain.net.trace.frames if f.udp and f.ipv4] == [True] * 3


@pytest.mark.rfc("RFC 1812 4.3.2.3")
def test_a_quoted_header_with_marks_in_its_options_agrees_with_its_checksum() -> None:
    chain = Chain()
    options = pack_options([Option.record_route()])
    chain.alice.ipv4.send(
        address("10.0.3.1"), PROTOCOL_UDP, bytes(8), options=options, reason="a test"
    )
    chain.alice.ipv4.send(address("10.0.3.1"), 253, b"?", options=options, reason="a test")
    chain.net.run()
    message = next(f.icmp for f in chain.net.trace.frames if f.icmp)
    assert Ipv4Packet.verify(message.payload)


@pytest.mark.rfc("RFC 1812 4.3.2.3", "RFC 1812 4.3.2.3/same")
def test_a_router_quotes_the_time_to_live_with_which_it_got_the_packet() -> None:
    chain = Chain()
    chain.alice.ping("carol", count=1, ttl=1)
    message = next(
        frame.icmp for frame in chain.net.trace.frames if frame.icmp and frame.icmp.is_error
    )
    quoted = Ipv4Packet.parse(message.payload, quoted=True)
    assert quoted.ttl == 1
    assert Ipv4Packet.verify(message.payload)


@pytest.mark.rfc("RFC 1122 3.3.4.2", "RFC 1812 4.3.2.4", "RFC 1812 4.3.2.4/source")
def test_a_host_answers_from_the_address_asked_and_a_router_from_the_side_of_the_asker() -> None:
    chain = Chain()
    assert "From 10.0.1.254 icmp_seq=1" in chain.alice.ping("10.0.3.1", count=1, ttl=1).text()
    sock = chain.alice.socket(2)
    sock.sendto(b"?", ("10.0.2.1", 9))  # the far side of r1
    chain.net.run()
    error = chain.net.trace.frames[-1]
    assert error.ipv4 is not None
    assert str(error.ipv4.src) == "10.0.2.1"


@pytest.mark.rfc("RFC 1812 4.3.2.5")
def test_errors_have_precedence_6_and_the_default_type_of_service() -> None:
    pair = Pair()
    pair.inject(datagram("10.0.0.1", "10.0.0.2", dscp=0b001_010))
    pair.net.run()
    assert errors_on(pair)[0].tos == 0b110_000_00


@pytest.mark.rfc("RFC 1349 5.1", "RFC 1812 4.3.2.5/precedence")
def test_a_reply_asks_for_the_same_service_as_the_request() -> None:
    pair = Pair()
    request = IcmpMessage.echo_request(1, 1).pack()
    packet = Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, request, dscp=10)
    pair.inject(packet)
    pair.net.run()
    assert frames_on(pair.net, pair.cable)[-1].tos == 10 << 2


@pytest.mark.rfc(
    "RFC 1122 3.2.2",
    "RFC 1812 4.3.2.7",
    "RFC 1122 3.2.2/about-many",
    "RFC 1122 3.2.2/about-fragment",
    "RFC 1122 3.2.2/about-source",
    "RFC 1812 4.3.2.7/about-many",
    "RFC 1812 4.3.2.7/about-source",
    "RFC 1812 4.3.2.7/about-fragment",
)
@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (datagram("10.0.0.1", "10.0.0.255"), "about what was sent to many, 10.0.0.255"),
        (datagram("10.0.0.1", "224.0.0.5"), "about what was sent to many, 224.0.0.5"),
        (datagram("0.0.0.0", "10.0.0.2"), "to 0.0.0.0, which isn't one host"),
        (datagram("240.0.0.1", "10.0.0.2"), "to 240.0.0.1, which isn't one host"),
        (datagram("239.0.0.1", "10.0.0.2"), "to 239.0.0.1, which isn't one host"),
        (datagram("10.0.0.255", "10.0.0.2"), "to 10.0.0.255, which isn't one host"),
        (datagram("10.0.0.1", "10.0.0.2", fragment_offset=3), "about a later fragment"),
    ],
)
def test_no_error_is_sent_about_what_it_must_not_be_about(packet: Ipv4Packet, why: str) -> None:
    pair = Pair()
    pair.bob.icmp.errors.send_error(PARAMETER_PROBLEM, 0, packet, "a test", 20 << 24)
    pair.net.run()
    assert errors_on(pair) == []
    assert withheld(pair) == [why]


@pytest.mark.rfc(
    "RFC 1122 3.2.2",
    "RFC 1812 4.3.2.7",
    "RFC 1122 3.2.2/about-error",
    "RFC 1812 4.3.2.7/about-error",
)
@pytest.mark.parametrize("type_", range(0, 256, 1))
def test_an_error_is_sent_about_queries_and_about_no_other_icmp_message(type_: int) -> None:
    pair = Pair()
    packet = Ipv4Packet(
        address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, IcmpMessage(type_).pack()
    )
    pair.bob.icmp.errors.send_error(DESTINATION_UNREACHABLE, 1, packet, "a test")
    pair.net.run()
    assert len(errors_on(pair)) == (type_ in (0, 8, 9, 10, 13, 14, 15, 16, 17, 18))


def test_none_is_sent_about_an_icmp_message_that_breaks_off() -> None:
    pair = Pair()
    packet = Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, b"\x08\0\0\0")
    pair.bob.icmp.errors.send_error(DESTINATION_UNREACHABLE, 1, packet, "a test")
    pair.net.run()
    assert withheld(pair) == ["about an ICMP message that can't be read"]


# --- how many -------------------------------------------------------------------------------


def flood(pair: Pair, count: int) -> int:
    """So many datagrams at once for a port where nobody is; how many were answered."""
    before = len(errors_on(pair))
    for _ in range(count):
        pair.inject(datagram("10.0.0.1", "10.0.0.2"))
    pair.net.run()
    return len(errors_on(pair)) - before


@pytest.mark.rfc("RFC 1812 4.3.2.8")
def test_a_burst_passes_and_then_no_more_than_the_rate() -> None:
    pair = Pair()
    pair.alice.ping("bob", count=1)  # so that no error waits for ARP
    assert flood(pair, 60) == 50
    assert withheld(pair) == ["more than 50 at once or 1000 a second (RFC 1812 4.3.2.8)"] * 10
    assert flood(pair, 60) == 20  # the 20 ms of a round trip later
    pair.net.run_for(1 * s)
    assert flood(pair, 60) == 50


@pytest.mark.rfc("RFC 1812 4.3.2.8")
def test_the_limit_can_be_set_and_switched_off() -> None:
    pair = Pair()
    pair.alice.ping("bob", count=1)  # so that no error waits for ARP
    pair.bob.icmp.errors.rate, pair.bob.icmp.errors.burst = 1, 6
    assert flood(pair, 60) == 6
    pair.bob.icmp.errors.rate = None
    assert flood(pair, 60) == 60


@pytest.mark.rfc("RFC 1191 3")
def test_what_path_mtu_discovery_lives_by_costs_no_token() -> None:
    pair = Pair()
    pair.bob.icmp.errors.burst = 1
    for _ in range(5):
        pair.bob.icmp.errors.send_error(
            DESTINATION_UNREACHABLE, 4, datagram("10.0.0.1", "10.0.0.2"), "a test", 600
        )
    pair.net.run()
    assert len(errors_on(pair)) == 5


def test_what_stays_in_the_host_costs_no_token() -> None:
    pair = Pair()
    pair.alice.icmp.errors.burst = 1
    ping = pair.alice.ping("10.0.0.9", count=3)
    assert ping.errors == 3


@pytest.mark.rfc("RFC 792")
def test_the_rest_of_the_header_is_as_the_type_has_it() -> None:
    pair = Pair()
    packet = datagram("10.0.0.1", "10.0.0.2")
    errors = pair.bob.icmp.errors
    errors.send_error(PARAMETER_PROBLEM, 0, packet, "a test", 22 << 24)
    errors.send_error(REDIRECT, 1, packet, "a test", address("10.0.0.3"))
    pair.net.run()
    problem, redirect = errors_on(pair)
    assert (problem[ICMP].type, problem[ICMP].ptr) == (12, 22)
    assert (redirect[ICMP].type, redirect[ICMP].code, redirect[ICMP].gw) == (5, 1, "10.0.0.3")
