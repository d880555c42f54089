"""A router's work: what it sends on, by which way, and what it refuses (RFC 1812 section 5)."""

import socket
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, IPerror

from netlab import Network, on
from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.ethernet import EthernetFrame
from netlab.network.address import Prefix
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_UDP, Ipv4Packet
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import ms
from tests.network.material import (
    Chain,
    address,
    assert_scapy_agrees,
    datagram,
    discarded,
    frames_on,
)


@pytest.mark.rfc("RFC 1122 3.3.1.2/default")
def test_packets_pass_two_routers_by_their_gateways_and_names() -> None:
    chain = Chain()
    assert chain.alice.ping("carol", count=1).rtts == [
        6 * 10 * ms + 6 * 10 * ms
    ]  # and ARP on each cable
    assert chain.alice.ping("carol", count=1).rtts == [6 * 10 * ms]
    assert chain.carol.ping("alice", count=1).rtts == [6 * 10 * ms]
    assert_scapy_agrees(chain.net)


@pytest.mark.rfc("RFC 1812 5.3.1", "RFC 1812 5.3.1/decrement", "RFC 1812 4.2.2.9/check")
def test_each_router_takes_one_off_the_time_to_live_and_mends_the_checksum() -> None:
    chain = Chain()
    chain.alice.ping("carol", count=1)
    ttls = [
        packet[IP].ttl
        for cable in (chain.first, chain.middle, chain.last)
        for packet in frames_on(chain.net, cable)
        if packet.haslayer(ICMP) and packet[IP].src == "10.0.1.1"
    ]
    assert ttls == [64, 63, 62]


def test_tcp_and_the_standard_library_work_across_routers() -> None:
    chain = Chain()

    def serve(host: object) -> bytes:
        with socket.create_server(("", 7)) as listener:
            conn, _ = listener.accept()
            with conn:
                data = conn.recv(100)
                conn.sendall(data.upper())
                return data

    server = chain.carol.start(serve)
    with on(chain.alice), socket.create_connection(("carol", 7)) as sock:
        sock.sendall(b"over two routers")
        assert sock.recv(100) == b"OVER TWO ROUTERS"
    assert server.result == b"over two routers"
    chain.net.run()
    assert_scapy_agrees(chain.net)


@pytest.mark.rfc(
    "RFC 1812 5.2.7.3",
    "RFC 1812 4.3.3.4/exceeded",
    "RFC 1812 5.2.7.3/exceeded",
    "RFC 1812 5.3.1/drop",
)
@pytest.mark.parametrize(("ttl", "router"), [(1, "10.0.1.254"), (2, "10.0.2.2")])
def test_a_router_where_the_time_runs_out_says_so(ttl: int, router: str) -> None:
    chain = Chain()
    chain.alice.ipv4.ttl = ttl
    assert chain.alice.ping("carol", count=1).received == 0
    (error,) = (p for p in frames_on(chain.net, chain.first) if p.haslayer(IPerror))
    assert (error[IP].src, error[ICMP].type, error[ICMP].code) == (router, 11, 0)
    assert (error[IPerror].src, error[IPerror].dst) == ("10.0.1.1", "10.0.3.1")
    assert error[IPerror].ttl == 1
    assert_scapy_agrees(chain.net)


@pytest.mark.rfc("RFC 1812 5.2.7.1", "RFC 1812 5.2.7.1/net", "RFC 1812 4.3.3.1/unreachable")
def test_a_router_without_a_route_says_network_unreachable() -> None:
    chain = Chain()
    chain.alice.ping("192.0.2.1", count=1)
    (error,) = (p for p in frames_on(chain.net, chain.first) if p.haslayer(IPerror))
    assert (error[IP].src, error[ICMP].type, error[ICMP].code) == ("10.0.1.254", 3, 0)


@pytest.mark.rfc("RFC 1812 5.2.7.1", "RFC 1812 5.2.7.1/host")
def test_the_last_router_says_host_unreachable_when_arp_gets_no_answer() -> None:
    chain = Chain()
    with on(chain.alice), pytest.raises(OSError, match="host unreachable") as error:
        socket.create_connection(("10.0.3.99", 80))
    assert error.value.errno == 113
    message, *_ = (p for p in frames_on(chain.net, chain.first) if p.haslayer(IPerror))
    assert (message[IP].src, message[ICMP].type, message[ICMP].code) == ("10.0.2.2", 3, 1)


@pytest.mark.rfc("RFC 1191 4", "RFC 1812 4.2.3.3/mtu", "RFC 1812 5.2.7.1/fragmentation")
def test_a_packet_that_must_not_be_cut_is_answered_with_the_size_that_fits() -> None:
    chain = Chain(middle_mtu=600)
    payload = UdpDatagram(5000, 9, bytes(1_000)).pack(address("10.0.1.1"), address("10.0.3.1"))
    chain.alice.ipv4.send(
        address("10.0.3.1"), PROTOCOL_UDP, payload, dont_fragment=True, reason="a test"
    )
    chain.net.run()
    (error,) = (p for p in frames_on(chain.net, chain.first) if p.haslayer(IPerror))
    assert (error[ICMP].type, error[ICMP].code, error[ICMP].nexthopmtu) == (3, 4, 600)
    assert error[IP].len == 576
    assert_scapy_agrees(chain.net)


@pytest.mark.rfc("RFC 1812 5.3.7", "RFC 1812 4.2.2.11/loopback")
@pytest.mark.parametrize("dst", ["224.0.0.5", "240.0.0.1", "127.0.0.1", "0.0.0.9"])
def test_a_router_doesnt_forward_to_what_is_no_host(dst: str) -> None:
    chain = Chain()
    chain.alice.ping("carol", count=1)
    before = len(chain.net.trace.frames)
    chain.inject(datagram("10.0.1.1", dst))
    chain.net.run()
    assert len(chain.net.trace.frames) == before + 1
    assert f"{dst} isn't an address to forward to" in discarded(chain.net, chain.r1)[0]


@pytest.mark.rfc("RFC 3927 7", "RFC 1812 5.3.7")
@pytest.mark.parametrize(
    ("src", "dst"),
    [("10.0.1.1", "169.254.1.1"), ("169.254.1.1", "10.0.3.1"), ("0.0.0.0", "10.0.3.1")],
)
def test_a_router_keeps_what_is_known_on_one_link_only_to_that_link(src: str, dst: str) -> None:
    chain = Chain()
    chain.r1.add_route("0.0.0.0/0", "10.0.2.2")
    chain.inject(datagram(src, dst))
    chain.net.run()
    assert len(chain.net.trace.frames) == 1
    assert "on its own link only" in discarded(chain.net, chain.r1)[0]


@pytest.mark.rfc("RFC 1812 5.3.5.2", "RFC 2644 2", "RFC 1812 5.3.5.2/directed")
@pytest.mark.parametrize("dst", ["10.0.3.255", "10.0.3.0"])
def test_a_broadcast_on_another_network_gets_as_far_as_the_router_there(dst: str) -> None:
    chain = Chain()
    chain.inject(datagram("10.0.1.1", dst))
    chain.net.run()
    frames = [f for f in chain.net.trace.frames if f.ipv4]
    assert [frame.link for frame in frames] == [chain.first, chain.middle]
    assert discarded(chain.net, chain.r2) == [
        f"for all hosts of another network: {dst} goes no further (RFC 2644 section 2)"
    ]


@pytest.mark.rfc("RFC 1812 5.3.4", "RFC 1812 5.3.4/frame", "RFC 1812 4.3.2.7/about-broadcast")
def test_a_router_doesnt_forward_what_was_sent_to_all_stations() -> None:
    chain = Chain()
    chain.inject(datagram("10.0.1.1", "10.0.3.1"), MacAddress.BROADCAST)
    chain.net.run()
    assert len(chain.net.trace.frames) == 1


@pytest.mark.rfc("RFC 1812 5.2.7.1", "RFC 1812 5.3.12.4/tell")
@pytest.mark.parametrize(("dst", "code"), [("10.0.3.1", 0), ("10.0.2.2", 1)])
def test_behind_an_interface_that_is_down_all_is_unreachable(dst: str, code: int) -> None:
    chain = Chain()
    chain.alice.ping("carol", count=1)
    chain.middle.down()
    chain.inject(datagram("10.0.1.1", dst))
    chain.net.run()
    (error,) = (p for p in frames_on(chain.net, chain.first) if p.haslayer(IPerror))
    assert (error[IP].src, error[ICMP].type, error[ICMP].code) == ("10.0.1.254", 3, code)
    assert "r1:eth1, by which the route" in discarded(chain.net, chain.r1)[-1]


@pytest.mark.rfc(
    "RFC 1812 5.3.12.4",
    "RFC 1812 5.3.12.5",
    "RFC 1122 3.3.1.5",
    "RFC 1812 5.3.12.4/disable",
    "RFC 1812 5.3.12.5/enable",
)
def test_a_route_by_an_interface_that_is_down_stands_back_for_another() -> None:
    net = Network()
    alice = net.host("alice", "10.0.1.1/24", gateway="10.0.1.254")
    near, far = net.router("near"), net.router("far")
    net.connect(alice, near, addresses=(None, "10.0.1.254/24"))
    fast = net.connect(near, far, addresses=("10.0.2.1/30", "10.0.2.2/30"))
    slow = net.connect(near, far, addresses=("10.0.3.1/30", "10.0.3.2/30"))
    near.add_route("192.0.2.0/24", "10.0.2.2")
    near.add_route("0.0.0.0/0", "10.0.3.2")
    far.add_route("0.0.0.0/0", "10.0.3.1")
    far.ipv4.add_address(far.interfaces[0], address("192.0.2.1"), Prefix.parse("192.0.2.1/32"))

    def way() -> object:
        before = len(net.trace.frames)
        assert alice.ping("192.0.2.1", count=1).received == 1
        sent = net.trace.frames[before:]
        return next(f.link for f in sent if f.ipv4 and f.sender == "near" and f.receiver == "far")

    assert way() is fast
    fast.down()
    assert way() is slow
    fast.up()
    assert way() is fast


@pytest.mark.rfc(
    "RFC 1812 4.2.2.3",
    "RFC 1812 4.2.2.4",
    "RFC 1812 5.3.2",
    "RFC 1812 5.3.3",
    "RFC 1812 4.2.2.3/unused",
    "RFC 1812 4.2.2.4/tos",
    "RFC 1812 5.2.5/unused",
    "RFC 1812 5.3.2/tos",
    "RFC 1812 5.3.3/precedence",
)
def test_what_a_router_doesnt_understand_or_need_goes_on_as_it_came() -> None:
    chain = Chain(middle_mtu=600)
    chain.carol.udp.bind(address("0.0.0.0"), 9)
    sent = datagram(
        *("10.0.1.1", "10.0.3.1"), data=bytes(1_000), dscp=0b101_110, ecn=2, reserved=True
    )
    chain.inject(sent)
    chain.net.run()
    came = [f.ipv4 for f in chain.net.trace.frames if f.ipv4 and f.link is chain.last]
    assert [(each.dscp, each.ecn, each.reserved) for each in came] == [(0b101_110, 2, True)] * 2


def test_a_router_says_by_which_route_it_sends_a_packet_on() -> None:
    chain = Chain()
    chain.alice.ping("carol", count=1)
    frame = next(f for f in chain.net.trace.frames if f.link is chain.middle and f.ipv4)
    assert frame.reason.startswith("on its way by 10.0.3.0/24 via 10.0.2.2 dev eth1 src 10.0.2.1:")


@pytest.mark.rfc("RFC 1812 5.3.5.1", "RFC 1812 5.3.5.1/limited")
def test_a_router_keeps_a_broadcast_to_its_network() -> None:
    chain = Chain()
    sock = chain.alice.socket(socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.sendto(b"x", ("255.255.255.255", 9))
    chain.net.run()
    assert len(chain.net.trace.frames) == 1


@pytest.mark.rfc("RFC 1812 5.2.3/own")
def test_a_routers_other_addresses_answer_as_well() -> None:
    chain = Chain()
    for text in ("10.0.1.254", "10.0.2.1", "10.0.2.2", "10.0.3.254"):
        assert chain.alice.ping(text, count=1).received == 1


def test_a_gateway_must_be_a_neighbour() -> None:
    chain = Chain()
    with pytest.raises(ConfigurationError, match=r"r1: the gateway .* is on none of its networks"):
        chain.r1.add_route("192.0.2.0/24", "10.0.9.9")


# --- what is no packet ----------------------------------------------------------------------


@pytest.mark.rfc(
    "RFC 1122 3.2.1.1/version",
    "RFC 1812 4.3.2.7/about-header",
    "RFC 1812 5.2.2/length",
    "RFC 1812 5.2.2/version",
    "RFC 1812 5.2.2/header",
    "RFC 1812 5.2.2/total",
    "RFC 1812 5.2.2/truncated",
)
@pytest.mark.parametrize("dst", ["10.0.3.1", "10.0.1.254"])
@pytest.mark.parametrize(
    ("at", "octets", "what"),
    [
        (0, "65", "the version must be 4, got 6"),
        (0, "44", "the header length must be at least 5 words, got 4"),
        (2, "0013", "the header has 20 bytes, but the whole packet only 19"),
        (2, "1000", "the total length is 4096 bytes, but only 46 came"),
        (16, None, "at least 20 bytes, got 16"),
    ],
)
def test_what_has_no_valid_header_is_dropped_silently(
    dst: str, at: int, octets: str | None, what: str
) -> None:
    chain = Chain()
    data = bytearray(datagram("10.0.1.1", dst).pack())
    if octets is None:
        del data[at:]
        chain.first.ends[1].receive(  # without the zeros that would fill the frame up
            EthernetFrame(chain.r1.interfaces[0].mac, MacAddress(9), 0x0800, bytes(data)).pack()
        )
    else:
        data[at : at + len(octets) // 2] = bytes.fromhex(octets)
        header = EthernetFrame(chain.r1.interfaces[0].mac, MacAddress(9), 0x0800, b"").pack()
        chain.alice.inject(header + bytes(data))
    chain.net.run()
    assert what in discarded(chain.net, chain.r1)[0]
    assert [f for f in chain.net.trace.frames if f.sender == "r1"] == []


@pytest.mark.rfc("RFC 1812 4.2.2.5/checksum", "RFC 1812 5.2.2/checksum")
def test_what_has_a_wrong_checksum_is_not_forwarded() -> None:
    chain = Chain()
    chain.inject(datagram("10.0.1.1", "10.0.3.1", checksum=0x1234))
    chain.net.run()
    assert [f for f in chain.net.trace.frames if f.sender == "r1"] == []


# --- the order of the steps -----------------------------------------------------------------


@pytest.mark.rfc("RFC 1812 5.2.1/order")
@pytest.mark.parametrize(
    ("packet", "error"),
    [
        ({"dst": "192.0.2.1", "ttl": 1}, (3, 0)),  # the route comes before the time to live
        ({"dst": "10.0.3.1", "ttl": 1, "dont_fragment": True}, (11, 0)),  # and this before the size
        ({"dst": "10.0.3.1", "ttl": 1, "options": b"\x07\x02\x00\x00"}, (11, 0)),  # or an option
        ({"dst": "10.0.3.1", "options": b"\x07\x02\x00\x00", "dont_fragment": True}, (12, 0)),
        ({"dst": "10.0.3.1", "dont_fragment": True}, (3, 4)),
        ({"dst": "224.0.0.9", "ttl": 1, "options": b"\x83\x03\x04\x00"}, None),
    ],
)
def test_of_several_things_that_are_wrong_the_first_in_the_order_of_forwarding_is_told(
    packet: dict[str, Any], error: tuple[int, int] | None
) -> None:
    chain = Chain(middle_mtu=600)
    chain.inject(datagram("10.0.1.1", data=bytes(1_000), **packet))
    chain.net.run()
    found = [p[ICMP] for p in frames_on(chain.net, chain.first) if p.haslayer(IPerror)]
    assert [(each.type, each.code) for each in found] == ([] if error is None else [error])


@pytest.mark.rfc("RFC 1812 4.3.2.2/ttl")
def test_an_error_has_a_time_to_live_of_its_own() -> None:
    chain = Chain()
    chain.inject(datagram("10.0.1.1", "10.0.3.1", ttl=1))
    chain.net.run()
    (error,) = (p for p in frames_on(chain.net, chain.first) if p.haslayer(IPerror))
    assert error[IP].ttl == 64


@pytest.mark.rfc("RFC 1812 4.2.2.9/check", "RFC 1812 4.2.2.9/arrived")
@pytest.mark.parametrize("ttl", [0, 1])
def test_a_router_takes_what_is_for_itself_however_short_its_time_to_live(ttl: int) -> None:
    chain = Chain()
    request = IcmpMessage.echo_request(7, 7).pack()
    chain.inject(
        Ipv4Packet(address("10.0.1.1"), address("10.0.1.254"), PROTOCOL_ICMP, request, ttl)
    )
    chain.net.run()
    assert [f.icmp.type for f in chain.net.trace.frames if f.icmp and f.sender == "r1"] == [0]


@pytest.mark.rfc("RFC 1812 5.2.3/limited", "RFC 1812 4.2.3.1/broadcast")
@pytest.mark.parametrize("dst", ["255.255.255.255", "10.0.1.255"])
def test_a_router_takes_broadcasts_of_its_own_networks(dst: str) -> None:
    chain = Chain()
    port = chain.r1.udp.bind(address("0.0.0.0"), 9)
    chain.inject(datagram("10.0.1.1", dst), MacAddress.BROADCAST)
    chain.net.run()
    assert len(port.queue) == 1
    assert len(chain.net.trace.frames) == 1
