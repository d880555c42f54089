"""IPv4 on a host: sending, receiving, and what must be dropped (RFC 791, RFC 1122)."""

import socket
from errno import ENETUNREACH

import pytest
from scapy.layers.inet import ICMP, IP, IPerror

from netlab import Network
from netlab.link.address import MacAddress
from netlab.network.ipv4_packet import Ipv4Packet
from tests.network.material import (
    Pair,
    address,
    assert_scapy_agrees,
    datagram,
    discarded,
    frames_on,
)


def received_by_bob(pair: Pair) -> list[bytes]:
    return [data for port in pair.bob.udp.ports for data, _ in port.queue]


@pytest.fixture
def pair() -> Pair:
    pair = Pair()
    pair.bob.socket(socket.SOCK_DGRAM).bind(("", 9))
    return pair


# --- sending --------------------------------------------------------------------------------


def test_packets_carry_addresses_ttl_64_and_an_identification_of_their_own(pair: Pair) -> None:
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    for _ in range(3):
        sock.sendto(b"hello", ("bob", 9))
    pair.net.run()
    packets = [packet[IP] for packet in frames_on(pair.net, pair.cable) if packet.haslayer(IP)]
    assert {(packet.src, packet.dst, packet.ttl) for packet in packets} == {
        ("10.0.0.1", "10.0.0.2", 64)
    }
    assert len({packet.id for packet in packets}) == 3
    assert_scapy_agrees(pair.net)


def test_without_a_route_a_socket_gets_network_unreachable(pair: Pair) -> None:
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    with pytest.raises(OSError, match="Network is unreachable: alice has no route to 192") as error:
        sock.sendto(b"x", ("192.0.2.1", 9))
    assert error.value.errno == ENETUNREACH
    with pytest.raises(OSError, match="no route") as error:
        pair.alice.ping("192.0.2.1", count=1)
    assert error.value.errno == ENETUNREACH


def test_a_host_reaches_itself_without_a_cable() -> None:
    net = Network()
    host = net.host("alice", "10.0.0.1/24")
    server = host.socket(socket.SOCK_DGRAM)
    server.bind(("", 9))
    client = host.socket(socket.SOCK_DGRAM)
    for name in ("127.0.0.1", "localhost", "10.0.0.1", "alice", "127.9.9.9"):
        client.sendto(name.encode(), (name, 9))
        net.run()
        assert server.recv(99) == name.encode()
    assert host.ping("localhost", count=1).rtts == [0]
    assert net.trace.frames == []


# --- broadcast ------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 3.3.6")
@pytest.mark.parametrize("to", ["10.0.0.255", "255.255.255.255", "<broadcast>"])
def test_a_broadcast_reaches_the_neighbours_without_arp(pair: Pair, to: str) -> None:
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.sendto(b"all", (to, 9))
    pair.net.run()
    assert received_by_bob(pair) == [b"all"]
    (packet,) = frames_on(pair.net, pair.cable)
    assert packet.dst == "ff:ff:ff:ff:ff:ff"


@pytest.mark.rfc("RFC 1122 3.3.6")
def test_a_packet_for_one_host_that_was_sent_to_all_is_ignored(pair: Pair) -> None:
    pair.inject(datagram("10.0.0.1", "10.0.0.2"), MacAddress.BROADCAST)
    pair.inject(datagram("10.0.0.1", "10.0.0.2", port=10), MacAddress.BROADCAST)
    pair.net.run()
    assert received_by_bob(pair) == []
    assert len(pair.net.trace.frames) == 2  # and no ICMP about it
    assert "sent to all: ignore it" in discarded(pair.net, pair.bob)[0]


# --- receiving ------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 3.2.1.3")
@pytest.mark.parametrize(
    ("src", "what"),
    [
        ("127.0.0.1", "by it every host means itself"),
        ("224.0.0.1", "it means many hosts"),
        ("255.255.255.255", "it means many hosts"),
        ("10.0.0.255", "it means many hosts"),
        ("10.0.0.0", "it means many hosts"),
        ("10.0.0.2", "it is this host's own"),
        ("240.0.0.1", "it is reserved"),
        ("0.0.0.7", "its network is 0, which means this one"),
    ],
)
def test_a_source_that_cant_be_is_not_believed(pair: Pair, src: str, what: str) -> None:
    pair.inject(datagram(src, "10.0.0.2"))
    pair.net.run()
    assert received_by_bob(pair) == []
    assert discarded(pair.net, pair.bob) == [
        f"{src} can't be a packet's source: {what} (RFC 1122 section 3.2.1.3)"
    ]


@pytest.mark.rfc("RFC 1122 3.2.1.3")
def test_a_packet_for_somebody_else_is_dropped_by_a_host(pair: Pair) -> None:
    pair.inject(datagram("10.0.0.1", "10.0.0.77"))
    pair.net.run()
    assert "10.0.0.77, which isn't an address of this host" in discarded(pair.net, pair.bob)[0]
    assert len(pair.net.trace.frames) == 1


@pytest.mark.rfc("RFC 1122 3.2.1.2")
def test_a_wrong_header_checksum_is_dropped_silently(pair: Pair) -> None:
    pair.inject(datagram("10.0.0.1", "10.0.0.2", checksum=0x1234))
    pair.net.run()
    assert received_by_bob(pair) == []
    assert "checksum is wrong" in discarded(pair.net, pair.bob)[0]
    assert len(pair.net.trace.frames) == 1


@pytest.mark.rfc("RFC 1122 3.2.1.7")
@pytest.mark.parametrize("ttl", [0, 1])
def test_a_packet_that_has_arrived_is_taken_however_short_its_time_to_live(
    pair: Pair, ttl: int
) -> None:
    pair.inject(datagram("10.0.0.1", "10.0.0.2", ttl=ttl))
    pair.net.run()
    assert received_by_bob(pair) == [b"hello"]


def test_every_single_wrong_bit_of_a_frame_is_survived(pair: Pair) -> None:
    """None but the ones in the Ethernet header's source, which nothing covers, gets through."""
    pair.alice.ping("bob", count=1)
    frame = pair.alice.interfaces[0]
    good = datagram("10.0.0.1", "10.0.0.2").pack()
    header = pair.bob.interfaces[0].mac.packed + frame.mac.packed + b"\x08\x00"
    for bit in range(8 * len(header + good)):
        damaged = bytearray(header + good)
        damaged[bit // 8] ^= 0x80 >> bit % 8
        pair.alice.inject(bytes(damaged))
    pair.net.run()
    assert received_by_bob(pair) == [b"hello"] * 48
    assert pair.alice.ping("bob", count=1).received == 1


def test_protocols_that_nobody_takes_are_answered_with_protocol_unreachable(pair: Pair) -> None:
    pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), 132, bytes(20)))
    pair.net.run()
    (error,) = (p for p in frames_on(pair.net, pair.cable) if p.haslayer(IPerror))
    assert (error[ICMP].type, error[ICMP].code, error[IPerror].proto) == (3, 2, 132)
