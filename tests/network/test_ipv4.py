"""IPv4 on a host: sending, receiving, and what must be dropped (RFC 791, RFC 1122)."""

import socket
from errno import EADDRNOTAVAIL, ENETUNREACH

import pytest
from scapy.layers.inet import ICMP, IP, IPerror

from netlab import Network
from netlab.link.address import MacAddress
from netlab.network.address import parse_interface
from netlab.network.ip_options import Option, pack_options, parse_options
from netlab.network.ipv4_packet import HEADER_LENGTH, MAXIMUM_LENGTH, Ipv4Packet
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


@pytest.mark.rfc("RFC 1122 3.3.1.1/none")
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


@pytest.mark.rfc("RFC 1122 3.3.6", "RFC 1122 3.3.6/link")
@pytest.mark.parametrize("to", ["10.0.0.255", "255.255.255.255", "<broadcast>"])
def test_a_broadcast_reaches_the_neighbours_without_arp(pair: Pair, to: str) -> None:
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.sendto(b"all", (to, 9))
    pair.net.run()
    assert received_by_bob(pair) == [b"all"]
    (packet,) = frames_on(pair.net, pair.cable)
    assert packet.dst == "ff:ff:ff:ff:ff:ff"


@pytest.mark.rfc("RFC 1122 3.3.6", "RFC 1122 2.4/broadcast", "RFC 1122 3.2.2/about-broadcast")
def test_a_packet_for_one_host_that_was_sent_to_all_is_ignored(pair: Pair) -> None:
    pair.inject(datagram("10.0.0.1", "10.0.0.2"), MacAddress.BROADCAST)
    pair.inject(datagram("10.0.0.1", "10.0.0.2", port=10), MacAddress.BROADCAST)
    pair.net.run()
    assert received_by_bob(pair) == []
    assert len(pair.net.trace.frames) == 2  # and no ICMP about it
    assert "sent to all: ignore it" in discarded(pair.net, pair.bob)[0]


# --- receiving ------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 3.2.1.3", "RFC 1122 3.2.1.3/source")
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


@pytest.mark.rfc("RFC 1122 3.2.1.3", "RFC 1122 3.2.1.3/destination")
def test_a_packet_for_somebody_else_is_dropped_by_a_host(pair: Pair) -> None:
    pair.inject(datagram("10.0.0.1", "10.0.0.77"))
    pair.net.run()
    assert "10.0.0.77, which isn't an address of this host" in discarded(pair.net, pair.bob)[0]
    assert len(pair.net.trace.frames) == 1


@pytest.mark.rfc("RFC 1122 3.2.1.2", "RFC 1122 3.2.1.2/checksum")
def test_a_wrong_header_checksum_is_dropped_silently(pair: Pair) -> None:
    pair.inject(datagram("10.0.0.1", "10.0.0.2", checksum=0x1234))
    pair.net.run()
    assert received_by_bob(pair) == []
    assert "checksum is wrong" in discarded(pair.net, pair.bob)[0]
    assert len(pair.net.trace.frames) == 1


@pytest.mark.rfc("RFC 1122 3.2.1.7", "RFC 1122 3.2.1.7/arrived")
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


@pytest.mark.rfc("RFC 1122 3.3.8/return", "RFC 1812 4.3.3.1/unreachable")
def test_protocols_that_nobody_takes_are_answered_with_protocol_unreachable(pair: Pair) -> None:
    pair.inject(Ipv4Packet(address("10.0.0.1"), address("10.0.0.2"), 132, bytes(20)))
    pair.net.run()
    (error,) = (p for p in frames_on(pair.net, pair.cable) if p.haslayer(IPerror))
    assert (error[ICMP].type, error[ICMP].code, error[IPerror].proto) == (3, 2, 132)


# --- between the layers ---------------------------------------------------------------------


class Catcher:
    """What takes packets of protocol 253 at bob."""

    def __init__(self, pair: Pair) -> None:
        self.packets: list[Ipv4Packet] = []
        pair.bob.ipv4.protocols[253] = self

    def receive(self, packet: Ipv4Packet) -> None:
        self.packets.append(packet)

    def has_sent(self, packet: Ipv4Packet) -> bool:
        return False

    def unreachable(self, packet: Ipv4Packet, error: int, why: str) -> None:
        pass


@pytest.mark.rfc(
    "RFC 1122 3.2.1.6/set",
    "RFC 1122 3.2.1.7/set",
    "RFC 1122 3.2.1.8/send",
    "RFC 1122 3.2.1.8/receive",
    "RFC 1122 3.2.1.8c/originate",
    "RFC 1122 3.4/mechanisms",
    "RFC 1812 4.2.2.9/set",
)
def test_the_layer_above_has_the_say_in_what_a_packet_asks_for_and_gets_what_it_brings(
    pair: Pair,
) -> None:
    catcher = Catcher(pair)
    options = [Option(131, bytes([8]) + address("10.0.0.9").packed), Option(0x9E, b"??")]
    pair.alice.ipv4.send(
        *(address("10.0.0.2"), 253, b"x"),
        ttl=7,
        dscp=46,
        dont_fragment=True,
        options=pack_options(options),
    )
    pair.net.run()
    (packet,) = catcher.packets
    assert (packet.ttl, packet.dscp, packet.dont_fragment) == (7, 46, True)
    assert parse_options(packet.options) == options


@pytest.mark.rfc("RFC 1122 3.2.1.7/fixed", "RFC 1812 4.2.2.9/fixed")
def test_the_time_to_live_that_packets_get_by_default_can_be_set(pair: Pair) -> None:
    catcher = Catcher(pair)
    pair.alice.ipv4.ttl = 9
    pair.alice.ipv4.send(address("10.0.0.2"), 253, b"x")
    pair.net.run()
    assert [packet.ttl for packet in catcher.packets] == [9]


@pytest.mark.rfc("RFC 1122 3.2.1.7/zero", "RFC 1812 4.2.2.9/zero")
def test_nothing_is_sent_without_time_to_live(pair: Pair) -> None:
    pair.alice.ipv4.send(address("10.0.0.2"), 253, b"x", ttl=0)
    pair.net.run()
    assert frames_on(pair.net, pair.cable) == []
    assert "without time to live" in discarded(pair.net, pair.alice)[0]


@pytest.mark.rfc("RFC 1122 3.3.2/576", "RFC 1122 3.3.2/mms", "RFC 1122 3.3.3/mms")
def test_the_layer_above_can_learn_how_large_a_message_may_be(pair: Pair) -> None:
    catcher = Catcher(pair)
    assert pair.alice.ipv4.mtu_for(address("10.0.0.2")) == 1_500
    assert pair.alice.ipv4.path_mtu_to(address("10.0.0.2")) == 1_500
    assert pair.alice.ipv4.mtu_for(address("127.0.0.1")) == MAXIMUM_LENGTH
    largest = bytes(MAXIMUM_LENGTH - HEADER_LENGTH)  # and so much can be received
    pair.alice.ipv4.send(address("10.0.0.2"), 253, largest)
    pair.net.run()
    assert [packet.payload for packet in catcher.packets] == [largest]


@pytest.mark.rfc("RFC 1122 3.4/interface")
def test_the_layer_above_learns_for_which_address_a_packet_came_and_how_one_for_all(
    pair: Pair,
) -> None:
    catcher = Catcher(pair)
    for dst in ("10.0.0.2", "10.0.0.255"):
        pair.inject(Ipv4Packet(address("10.0.0.1"), address(dst), 253, b"x"))
    pair.net.run()
    assert [str(packet.dst) for packet in catcher.packets] == ["10.0.0.2", "10.0.0.255"]
    assert pair.bob.ipv4.heard_by is pair.bob.interfaces[0]


@pytest.mark.rfc("RFC 1122 3.3.4.2/choose", "RFC 1122 3.2.1.3/own")
def test_an_application_may_choose_among_the_hosts_own_addresses_only(pair: Pair) -> None:
    pair.alice.ipv4.add_address(pair.alice.interfaces[0], *parse_interface("10.0.0.3/24"))
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    sock.bind(("10.0.0.3", 0))
    sock.sendto(b"hello", ("bob", 9))
    pair.net.run()
    assert frames_on(pair.net, pair.cable)[-1][IP].src == "10.0.0.3"
    with pytest.raises(OSError, match="Cannot assign requested address") as error:
        pair.alice.socket(socket.SOCK_DGRAM).bind(("192.0.2.1", 0))
    assert error.value.errno == EADDRNOTAVAIL


# --- hosts are no routers -------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 3.1/switch", "RFC 1122 3.1/default", "RFC 1122 3.1/interfaces")
def test_a_host_with_two_interfaces_forwards_only_when_told_to() -> None:
    net = Network()
    alice = net.host("alice", "10.0.1.1/24", gateway="10.0.1.2")
    between = net.host("between", "10.0.1.2/24")
    carol = net.host("carol", "10.0.2.1/24", gateway="10.0.2.2")
    net.connect(alice, between)
    net.connect(between, carol, addresses=("10.0.2.2/24", None))
    assert alice.ping("10.0.2.2", count=1).received == 1
    assert alice.ping("carol", count=1).received == 0
    between.ipv4.forwarding = True
    assert alice.ping("carol", count=1).received == 1
    between.ipv4.forwarding = False
    assert alice.ping("carol", count=1).received == 0
