"""A link without framing: IP packets travel as they are, and nobody is asked for an address."""

import pytest
from scapy.layers.inet import ICMP, IP

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.ethernet import EthernetFrame
from netlab.units import ms


@pytest.fixture
def pair() -> tuple[Network, Host, Host]:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, medium="raw", delay=1 * ms)
    return net, alice, bob


def test_ip_runs_over_it_without_arp_and_the_frame_is_the_packet(pair) -> None:
    net, alice, _ = pair
    assert alice.ping("bob", count=1).rtts == [2 * ms]
    assert [frame.label for frame in net.trace.frames] == [
        "ICMP echo request",
        "ICMP echo reply",
    ]
    assert alice.arp.table == {}
    frame = net.trace.frames[0]
    assert (frame.ethernet, frame.ipv4.ttl) == (None, 64)
    assert bytes(IP(frame.bytes)) == frame.bytes
    assert IP(frame.bytes).haslayer(ICMP)


def test_its_interface_is_called_after_it_and_has_no_address_to_find(pair) -> None:
    _, alice, _ = pair
    assert repr(alice.interfaces[0]) == "<interface alice:tun0, on alice-bob>"
    assert not alice.interfaces[0].resolves


def test_what_is_no_ipv4_packet_is_dropped_where_it_arrives(pair) -> None:
    net, alice, bob = pair
    for data in (b"\x60" + bytes(39), b"\x00"):
        alice.inject(data)
    net.run()
    assert [event.fields["why"] for event in net.trace.events_of(kind="discarded", host=bob)] == [
        "not an IPv4 packet: its version isn't 4 (RFC 791 section 3.1)"
    ] * 2


def test_a_packet_larger_than_the_mtu_is_taken_in(pair) -> None:
    net, alice, _ = pair
    alice.inject(IP(src="10.0.0.1", dst="10.0.0.2") / ICMP() / bytes(3_000))
    net.run()
    assert len(net.trace.events_of(kind="reassembled", host="alice")) == 1  # bob's reply


def test_scapy_packets_for_it_begin_with_ip(pair) -> None:
    _, alice, _ = pair
    frame = EthernetFrame(MacAddress.BROADCAST, MacAddress(1), 0x0800, b"")
    with pytest.raises(
        ConfigurationError, match="expected a whole IP packet as bytes or as a Scapy packet"
    ):
        alice.inject(frame)  # type: ignore[arg-type]


def test_a_capture_of_it_says_raw_ip(pair, tmp_path) -> None:
    net, alice, _ = pair
    alice.ping("bob", count=1)
    net.trace.save(tmp_path / "run.pcapng")
    from netlab.trace.trace import Trace

    frames = Trace.open(tmp_path / "run.pcapng").frames
    assert [frame.link.linktype for frame in frames] == [101, 101]
    assert [type(packet).__name__ for packet in net.trace.scapy()] == ["IP", "IP"]
