"""ICMP: echo, and errors about other packets, sent and heard of (RFC 792, RFC 1122 3.2.2)."""

import errno
import socket
from errno import ECONNREFUSED, EHOSTUNREACH, ENETUNREACH

import pytest
from scapy.layers.inet import ICMP, IP, UDPerror

from netlab import Network
from netlab.link.address import MacAddress
from netlab.network.icmp_message import (
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    PORT_UNREACHABLE,
    IcmpMessage,
)
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_UDP, Ipv4Packet
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import ms, s
from tests.network.material import Pair, address, assert_scapy_agrees, discarded, frames_on


def udp(src: str = "10.0.0.1", dst: str = "10.0.0.2", **fields: object) -> Ipv4Packet:
    payload = UdpDatagram(5000, 9, b"hello").pack(address(src), address(dst))
    return Ipv4Packet(address(src), address(dst), PROTOCOL_UDP, payload, **fields)  # type: ignore[arg-type]


def icmps(pair: Pair) -> list[IP]:
    return [p[IP] for p in frames_on(pair.net, pair.cable) if p.haslayer(ICMP)]


@pytest.mark.rfc(
    "RFC 1122 3.2.2.6",
    "RFC 1122 3.2.2.6/source",
    "RFC 1122 3.2.2.6/data",
    "RFC 1812 4.3.3.6/data",
    "RFC 1812 4.3.3.6/source",
)
def test_an_echo_request_is_answered_with_the_same_data_from_the_address_that_was_asked() -> None:
    pair = Pair()
    assert pair.alice.ping("bob", count=1, size=300).rtts == [40 * ms]
    request, reply = icmps(pair)
    assert (request.src, request.dst, request[ICMP].type) == ("10.0.0.1", "10.0.0.2", 8)
    assert (reply.src, reply.dst, reply[ICMP].type) == ("10.0.0.2", "10.0.0.1", 0)
    assert (reply[ICMP].id, reply[ICMP].seq) == (request[ICMP].id, request[ICMP].seq)
    assert len(request[ICMP].payload) == 300
    assert bytes(reply[ICMP].payload) == bytes(request[ICMP].payload)
    assert_scapy_agrees(pair.net)


def test_ping_gives_the_round_trip_time_and_none_after_its_timeout() -> None:
    pair = Pair()
    pair.alice.ping("bob", count=1)
    assert pair.alice.ping("bob", count=1).rtts == [20 * ms]
    began = pair.net.now
    pair.cable.drop()
    assert pair.alice.ping("bob", count=1, timeout=3 * s).received == 0
    assert pair.net.now == began + 3 * s


def test_a_reply_that_comes_too_late_is_on_record_as_asked_for_by_nobody() -> None:
    pair = Pair()
    assert pair.alice.ping("bob", count=1, timeout=30 * ms).received == 0
    assert pair.alice.ping("bob", count=1, timeout=30 * ms).rtts == [20 * ms]
    assert discarded(pair.net, pair.alice) == ["a reply that nobody asked for: ICMP echo reply"]


def test_programs_may_ping_at_the_same_time() -> None:
    pair = Pair()
    pings = [pair.alice.start(lambda host: host.ping("bob", count=1)) for _ in range(5)]
    assert [ping.result.rtts for ping in pings] == [[40 * ms]] * 5
    assert pair.net.now == 40 * ms


@pytest.mark.parametrize("timeout", ["1s", -1, 0.5])
def test_an_impossible_timeout_is_refused(timeout: int) -> None:
    with pytest.raises(ValueError, match="timeout must be a whole number of nanoseconds"):
        Pair().alice.ping("bob", count=1, timeout=timeout)


def test_a_name_that_nobody_has_is_refused_by_name() -> None:
    with pytest.raises(socket.gaierror, match=r"'carol' \(the hosts here: alice, bob\)"):
        Pair().alice.ping("carol", count=1)


@pytest.mark.rfc("RFC 1122 3.2.2.6", "RFC 1122 3.2.2.8")
@pytest.mark.parametrize(
    "request_", [IcmpMessage.echo_request(1, 1), IcmpMessage.timestamp_request(1, 1, 0)]
)
def test_a_request_to_all_is_not_answered(request_: IcmpMessage) -> None:
    pair = Pair()
    src, dst = address("10.0.0.1"), address("10.0.0.255")
    pair.inject(Ipv4Packet(src, dst, PROTOCOL_ICMP, request_.pack()), MacAddress.BROADCAST)
    pair.net.run()
    assert "a request to many may be ignored" in discarded(pair.net, pair.bob)[0]
    assert len(pair.net.trace.frames) == 1


def test_wrong_checksums_and_short_messages_are_dropped() -> None:
    pair = Pair()
    bad = IcmpMessage.echo_request(1, 1)
    bad.checksum = 0x1234
    for payload in (bad.pack(), b"\x08\x00\x00"):
        pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, payload))
    pair.net.run()
    wrong, short = discarded(pair.net, pair.bob)
    assert wrong == "the ICMP checksum is wrong"
    assert "an ICMP message has at least 8 bytes, got 3" in short
    assert len(pair.net.trace.frames) == 2


@pytest.mark.rfc(
    "RFC 6633 3", "RFC 6918 2", "RFC 1122 3.2.2.3", "RFC 1122 3.2.2.7", "RFC 1122 3.2.2.9"
)
@pytest.mark.parametrize("type_", [4, 6, 15, 16, 17, 18])
def test_an_obsolete_type_is_dropped_silently(type_: int) -> None:
    pair = Pair()
    message = IcmpMessage(type_, 0, 0, udp(src="10.0.0.2", dst="10.0.0.1").pack()).pack()
    pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, message))
    pair.net.run()
    assert len(pair.net.trace.frames) == 1
    assert "is obsolete (RFC 6" in discarded(pair.net, pair.bob)[0]


@pytest.mark.rfc(
    "RFC 792",
    "RFC 1122 3.2.2.8",
    "RFC 1122 3.2.2.8/source",
    "RFC 1122 3.2.2.8/standard",
    "RFC 1122 3.2.2.8/pass",
)
def test_a_timestamp_request_is_answered_with_the_milliseconds_since_midnight() -> None:
    pair = Pair()
    pair.net.run(until=25 * 3600 * s + 1_234_999_999)
    request = IcmpMessage.timestamp_request(7, 8, 99)
    pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, request.pack()))
    pair.net.run()
    reply = pair.net.trace.frames[-1].icmp
    assert reply is not None
    assert (reply.type, reply.code, reply.identifier, reply.sequence) == (14, 0, 7, 8)
    assert reply.timestamps == (99, 3_601_244, 3_601_244)
    assert_scapy_agrees(pair.net)


def test_a_timestamp_request_that_breaks_off_is_dropped() -> None:
    pair = Pair()
    request = IcmpMessage(13, 0, 0, bytes(11)).pack()
    pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, request))
    pair.net.run()
    assert "three times of 4 bytes, got 11" in discarded(pair.net, pair.bob)[0]


@pytest.mark.rfc("RFC 1122 3.2.2", "RFC 1122 3.2.2/unknown", "RFC 1812 4.3.2.1/unknown")
def test_an_unknown_type_is_dropped_silently() -> None:
    pair = Pair()
    message = IcmpMessage(42, 0, 0, b"?").pack()
    pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, message))
    pair.net.run()
    assert len(pair.net.trace.frames) == 1
    assert "isn't known here" in discarded(pair.net, pair.bob)[0]


# --- errors sent ----------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 4.1.3.1", "RFC 1122 3.4/icmp")
def test_a_datagram_for_a_closed_port_is_answered_with_port_unreachable() -> None:
    pair = Pair()
    pair.inject(udp())
    pair.net.run()
    (error,) = icmps(pair)
    assert (error.src, error.dst, error[ICMP].type, error[ICMP].code) == (
        "10.0.0.2",
        "10.0.0.1",
        3,
        3,
    )
    assert (error[UDPerror].sport, error[UDPerror].dport) == (5000, 9)
    assert bytes(error[ICMP].payload) == udp().pack()


@pytest.mark.rfc("RFC 1122 3.2.2", "RFC 1122 3.2.2/about-error")
def test_no_error_is_sent_about_an_icmp_error() -> None:
    pair = Pair()
    about = IcmpMessage.destination_unreachable(PORT_UNREACHABLE, udp(dst="10.0.9.9").pack())
    # Bob is made a router without a route to where the error goes: he would have to complain.
    pair.bob.ipv4.forwarding = True
    pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.9.9"), PROTOCOL_ICMP, about.pack()))
    pair.net.run()
    assert len(pair.net.trace.frames) == 1
    pair.inject(
        Ipv4Packet(
            address("10.0.0.1"),
            address("10.0.9.9"),
            PROTOCOL_ICMP,
            IcmpMessage.echo_request(1, 1).pack(),
        )
    )
    pair.net.run()
    assert [message[ICMP].type for message in icmps(pair)] == [3, 8, 3]


@pytest.mark.rfc("RFC 1122 3.2.2")
@pytest.mark.parametrize(
    ("packet", "to"),
    [
        (udp(dst="10.0.0.255"), MacAddress.BROADCAST),
        (udp(dst="255.255.255.255"), MacAddress.BROADCAST),
        (udp(dst="10.0.0.2"), MacAddress.BROADCAST),
        (udp(src="0.0.0.0"), None),
        (udp(src="127.0.0.1"), None),
        (udp(src="224.0.0.9"), None),
    ],
    ids=["subnet broadcast", "broadcast", "link broadcast", "no source", "loopback", "multicast"],
)
def test_no_error_is_sent_about_what_went_to_all_or_came_from_no_single_host(
    packet: Ipv4Packet, to: MacAddress | None
) -> None:
    pair = Pair()
    pair.inject(packet, to)
    pair.net.run()
    assert len(pair.net.trace.frames) == 1


@pytest.mark.rfc("RFC 1122 3.2.2")
def test_no_error_is_sent_about_a_later_fragment() -> None:
    pair = Pair()
    pair.bob.ipv4.forwarding = True
    pair.inject(udp(dst="192.0.2.1", fragment_offset=10))
    pair.net.run()
    assert len(pair.net.trace.frames) == 1
    pair.inject(udp(dst="192.0.2.1", more_fragments=True))
    pair.net.run()
    assert len(icmps(pair)) == 1


# --- errors heard of ------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 4.1.3.3", "RFC 1122 3.2.2/demux", "RFC 1122 3.2.2.1/pass")
def test_a_connected_udp_socket_hears_that_its_port_is_unreachable() -> None:
    pair = Pair()
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    sock.connect(("bob", 9))
    sock.send(b"hello")
    with pytest.raises(ConnectionRefusedError) as error:
        sock.recv(10)
    assert error.value.errno == ECONNREFUSED
    sock.settimeout(1)
    with pytest.raises(TimeoutError):
        sock.recv(10)  # once


@pytest.mark.rfc("RFC 1122 4.1.3.3", "RFC 1122 3.2.2.1", "RFC 1122 3.2.2.4", "RFC 1122 3.2.2.5")
@pytest.mark.parametrize(
    ("type_", "code", "number"),
    [
        (3, 0, errno.ENETUNREACH),
        (3, 1, errno.EHOSTUNREACH),
        (3, 2, errno.ENOPROTOOPT),
        (3, 3, errno.ECONNREFUSED),
        (3, 4, errno.EMSGSIZE),
        (3, 5, errno.EOPNOTSUPP),
        (3, 6, errno.ENETUNREACH),
        (3, 7, errno.EHOSTDOWN),
        (3, 8, errno.ENONET),
        (3, 9, errno.ENETUNREACH),
        (3, 13, errno.EHOSTUNREACH),
        (3, 255, errno.EHOSTUNREACH),
        (11, 0, errno.EHOSTUNREACH),
        (11, 1, errno.EHOSTUNREACH),
        (12, 0, errno.EPROTO),
    ],
)
def test_a_connected_udp_socket_hears_of_every_error_once_and_goes_on(
    type_: int, code: int, number: int
) -> None:
    pair = Pair()
    peer = pair.bob.socket(socket.SOCK_DGRAM)
    peer.bind(("", 9))
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    sock.connect(("bob", 9))
    sock.send(b"hello")
    pair.net.run()
    about = pair.net.trace.frames[-1].ipv4
    assert about is not None
    pair.bob.icmp.errors.send_error(type_, code, about, "a test")
    with pytest.raises(OSError, match=r"10\.0\.0\.2 says") as error:
        sock.recv(10)
    assert error.value.errno == number
    peer.sendto(b"hello", sock.getsockname())
    assert sock.recv(10) == b"hello"


def test_an_unconnected_udp_socket_hears_nothing() -> None:
    pair = Pair()
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    sock.settimeout(1)
    sock.sendto(b"hello", ("bob", 9))
    with pytest.raises(TimeoutError):
        sock.recv(10)


def test_an_error_about_a_datagram_that_was_never_sent_moves_nobody() -> None:
    pair = Pair()
    sock = pair.bob.socket(socket.SOCK_DGRAM)
    sock.bind(("", 5001))
    sock.connect(("alice", 9))
    sock.settimeout(1)
    forged = IcmpMessage.destination_unreachable(
        PORT_UNREACHABLE, udp(src="10.0.0.2", dst="10.0.0.1").pack()
    )
    pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, forged.pack()))
    with pytest.raises(TimeoutError):
        sock.recv(10)


def test_an_error_that_quotes_nothing_readable_is_dropped() -> None:
    pair = Pair()
    for quoted in (b"", bytes(19), bytes(40), udp().pack()[:20]):
        message = IcmpMessage(DESTINATION_UNREACHABLE, 0, 0, quoted).pack()
        pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, message))
    pair.net.run()
    assert pair.alice.ping("bob", count=1).received == 1
    assert len(discarded(pair.net, pair.bob)) == 4


@pytest.mark.rfc("RFC 1122 4.2.3.9")
@pytest.mark.parametrize(
    ("code", "errno"), [(0, ENETUNREACH), (1, EHOSTUNREACH), (3, ECONNREFUSED)]
)
def test_a_connection_that_is_being_opened_ends_with_the_error_that_icmp_tells(
    code: int, errno: int
) -> None:
    pair = Pair()

    def answer_by_icmp(frame: object) -> bool:
        packet = frame.ipv4  # type: ignore[attr-defined]
        if packet is None or packet.protocol != 6:
            return False
        quoted = IcmpMessage.destination_unreachable(code, packet.pack()[:28])
        pair.bob.ipv4.send(packet.src, PROTOCOL_ICMP, quoted.pack(), reason="a test")
        return True

    pair.alice.ping("bob", count=1)
    pair.cable.drop(answer_by_icmp, times=1)
    sock = pair.alice.socket()
    assert sock.connect_ex(("bob", 80)) == errno


def test_each_error_that_is_heard_of_is_on_record() -> None:
    pair = Pair()
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    sock.connect(("bob", 9))
    sock.send(b"hello")
    pair.net.run()
    (event,) = pair.net.trace.events_of(kind="icmp error")
    assert event.host == "alice"
    assert event.fields["message"] == "destination unreachable: port unreachable"
    assert event.fields["about"] == "10.0.0.1 > 10.0.0.2"


def test_each_who_listens_has_an_identifier_of_its_own_and_hears_everything() -> None:
    pair = Pair()
    heard: list[tuple[str, int]] = []
    icmp = pair.alice.icmp
    with (
        icmp.listening(lambda packet, message, _: heard.append(("one", message.type))) as one,
        icmp.listening(lambda packet, message, _: heard.append(("two", message.type))) as two,
    ):
        assert one != two
        request = IcmpMessage.echo_request(one, 7).pack()
        pair.alice.ipv4.send(address("10.0.0.2"), PROTOCOL_ICMP, request, reason="a test")
        pair.net.run()
        pair.bob.ping("alice", count=1)
    assert heard == [("one", 0), ("two", 0), ("one", 8), ("two", 8)]
    icmp._identifier = 0xFFFF
    icmp._listeners[0] = lambda *_: None
    with icmp.listening(lambda *_: None) as identifier:
        assert identifier == 1  # 0 is taken


@pytest.mark.rfc("RFC 5927 4")
@pytest.mark.parametrize("size", [0, 4, 6, 7])
def test_an_error_about_a_request_of_which_too_little_is_quoted_is_not_believed(size: int) -> None:
    pair = Pair()
    with pair.alice.icmp.listening(lambda *_: None) as identifier:
        request = IcmpMessage.echo_request(identifier, 1).pack()[:size]
        quoted = Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, request)
        error = IcmpMessage.destination_unreachable(PORT_UNREACHABLE, quoted.pack())
        pair.bob.ipv4.send(address("10.0.0.1"), PROTOCOL_ICMP, error.pack(), reason="a test")
        pair.net.run()
    assert "nothing like what it quotes is under way" in discarded(pair.net, pair.alice)[0]


def test_an_echo_reply_without_a_question_is_dropped() -> None:
    pair = Pair()
    reply = IcmpMessage(ECHO_REPLY, 0, 0x00010001, b"").pack()
    pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), PROTOCOL_ICMP, reply))
    pair.net.run()
    assert discarded(pair.net, pair.bob) == ["a reply that nobody asked for: ICMP echo reply"]


def test_a_host_without_a_cable_pings_in_vain() -> None:
    net = Network()
    host = net.host("alice", "10.0.0.1/24")
    assert host.ping("10.0.0.2", count=1).received == 0
    assert "no cable is plugged in" in discarded(net, host)
