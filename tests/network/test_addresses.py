"""The addresses of a host: several of them, given and taken while it runs, and those of many."""

import socket

import pytest

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.network.address import IPv4Address, Prefix, parse_interface
from netlab.units import s
from tests.network.material import Pair, address, datagram, discarded, frames_on


def give(pair: Pair, text: str) -> None:
    pair.bob.ipv4.add_address(pair.bob.interfaces[0], *parse_interface(text))


# --- several --------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 3.3.4.1", "RFC 1122 3.2.2.9/static", "RFC 1122 3.3.1.6/manual")
def test_an_interface_may_have_several_addresses_and_answers_at_each() -> None:
    pair = Pair()
    give(pair, "10.0.0.3/24")
    give(pair, "192.168.7.1/24")
    assert pair.alice.ping("10.0.0.3", count=1).received == 1
    assert repr(pair.bob.ipv4.addresses) == (
        "lo 127.0.0.1/8\neth0 10.0.0.2/24 10.0.0.3/24 192.168.7.1/24"
    )
    assert list(pair.bob.ipv4.addresses) == [
        address("10.0.0.2"),
        address("10.0.0.3"),
        address("192.168.7.1"),
    ]


@pytest.mark.rfc("RFC 1122 3.3.4.3", "RFC 1122 3.2.1.3/own", "RFC 1122 3.3.1.1/mask")
def test_a_packet_is_sent_from_the_address_that_is_on_the_way() -> None:
    pair = Pair()
    give(pair, "192.168.7.1/24")
    pair.bob.add_route("172.16.0.0/16", "192.168.7.9")
    source = pair.bob.ipv4.source_for
    assert source(address("192.168.7.77")) == address("192.168.7.1")
    assert source(address("172.16.1.1")) == address("192.168.7.1")
    assert source(address("10.0.0.1")) == address("10.0.0.2")


@pytest.mark.rfc("RFC 1122 3.3.4.2")
def test_an_answer_comes_from_the_address_that_was_asked() -> None:
    pair = Pair()
    give(pair, "10.0.0.3/24")
    pair.alice.ping("10.0.0.3", count=1)
    pair.inject(datagram("10.0.0.1", "10.0.0.3", port=77))
    pair.net.run()
    answers = [frame.ipv4.src for frame in pair.net.trace.frames if frame.ipv4 and frame.icmp]
    assert set(answers) == {address("10.0.0.1"), address("10.0.0.3")}


@pytest.mark.rfc("RFC 1122 3.3.4.2", "RFC 1812 5.2.3/own")
def test_an_address_of_another_interface_is_answered_too() -> None:
    """The weak end system model; ARP for that address is another matter."""
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.router("bob")
    carol = net.host("carol", "10.0.9.1/24")
    net.connect(alice, bob, addresses=(None, "10.0.0.2/24"))
    net.connect(bob, carol, addresses=("10.0.9.2/24", None))
    bob.ipv4.forwarding = False
    alice.add_route("10.0.9.0/24", "10.0.0.2")
    assert alice.ping("10.0.9.2", count=1).received == 1
    assert alice.ping("10.0.9.1", count=1).received == 0  # bob isn't a router any more


def test_an_address_that_is_taken_away_is_answered_no_more_and_its_routes_go() -> None:
    pair = Pair()
    pair.bob.add_route("0.0.0.0/0", "10.0.0.1")
    pair.bob.ipv4.remove_address(address("10.0.0.2"))
    assert list(pair.bob.ipv4.addresses) == []
    assert repr(pair.bob.ipv4.routes) == "no routes"
    assert pair.alice.ping("10.0.0.2", count=1, timeout=1 * s).received == 0


def test_routes_by_a_gateway_outlast_an_address_where_another_has_that_neighbour() -> None:
    pair = Pair()
    give(pair, "10.0.0.3/24")
    pair.bob.add_route("0.0.0.0/0", "10.0.0.1")
    pair.bob.ipv4.remove_address(address("10.0.0.2"))
    assert repr(pair.bob.ipv4.routes) == (
        "10.0.0.0/24 dev eth0 src 10.0.0.3\ndefault via 10.0.0.1 dev eth0 src 10.0.0.3"
    )
    assert pair.bob.ping("10.0.0.1", count=1).received == 1


# --- networks of two and of one -------------------------------------------------------------


@pytest.mark.rfc("RFC 3021 2.1", "RFC 1122 3.2.1.3/subnets", "RFC 1812 4.2.2.11/prefixes")
def test_both_addresses_of_a_network_of_two_are_hosts() -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.0/31"), net.host("bob", "10.0.0.1/31")
    net.connect(alice, bob)
    assert alice.ping("bob", count=1).received == 1
    assert bob.ping("alice", count=1).received == 1
    assert not alice.ipv4.is_broadcast(address("10.0.0.1"))


def test_a_host_that_is_a_network_by_itself_gets_its_neighbours_by_routes() -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/32"), net.host("bob", "10.9.9.9/32")
    net.connect(alice, bob)
    alice.ipv4.add_route(Prefix.parse("10.9.9.9/32"), interface=alice.interfaces[0])
    bob.ipv4.add_route(Prefix.parse("0.0.0.0/0"), interface=bob.interfaces[0])
    assert alice.ping("bob", count=1).received == 1
    alice.ipv4.add_route(Prefix.parse("0.0.0.0/0"), address("10.9.9.9"))
    assert str(alice.ipv4.routes.lookup(address("8.8.8.8"))) == (
        "default via 10.9.9.9 dev eth0 src 10.0.0.1"
    )


# --- routes ---------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 3.3.1.6/manual")
def test_a_route_is_replaced_by_taking_the_old_one_out() -> None:
    pair = Pair()
    routes = pair.bob.ipv4
    routes.add_route(Prefix.parse("0.0.0.0/0"), address("10.0.0.1"))
    routes.add_route(Prefix.parse("0.0.0.0/0"), address("10.0.0.77"))
    assert routes.routes.lookup(address("8.8.8.8")).gateway == address("10.0.0.1")
    routes.remove_route(Prefix.parse("0.0.0.0/0"), address("10.0.0.1"))
    assert routes.routes.lookup(address("8.8.8.8")).gateway == address("10.0.0.77")
    routes.remove_route(Prefix.parse("0.0.0.0/0"))
    assert routes.routes.lookup(address("8.8.8.8")) is None
    with pytest.raises(ConfigurationError, match=r"no route to 0\.0\.0\.0/0; it has\n10\.0\.0\.0"):
        routes.remove_route(Prefix.parse("0.0.0.0/0"))


def test_a_gateway_or_an_interface_is_needed_and_an_address_to_send_from() -> None:
    net = Network()
    host = net.host("alice")
    with pytest.raises(ConfigurationError, match="is on none of its networks"):
        host.ipv4.add_route(Prefix.parse("0.0.0.0/0"))
    with pytest.raises(ConfigurationError, match="no address from which to send"):
        host.ipv4.add_route(Prefix.parse("0.0.0.0/0"), interface=host.interfaces[0])


# --- many -----------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 3.3.6", "RFC 1122 3.3.6/recognize")
@pytest.mark.parametrize("dst", ["10.0.0.255", "255.255.255.255", "10.0.0.0", "0.0.0.0"])
def test_every_form_of_broadcast_is_heard(dst: str) -> None:
    pair = Pair()
    sock = pair.bob.socket(socket.SOCK_DGRAM)
    sock.bind(("", 9))
    pair.inject(datagram("10.0.0.1", dst))
    pair.net.run()
    assert sock.recv(99) == b"hello"


@pytest.mark.rfc("RFC 1122 3.2.1.3", "RFC 2644 2")
def test_a_broadcast_of_a_network_is_heard_only_from_that_network() -> None:
    pair = Pair()
    other = pair.net.router("other")
    pair.bob.ipv4.forwarding = True  # so that it gets a second interface
    pair.net.connect(pair.bob, other, addresses=("10.0.9.1/24", "10.0.9.2/24"))
    pair.inject(datagram("10.0.0.1", "10.0.9.255"))
    pair.net.run()
    assert discarded(pair.net, pair.bob) == [
        "for all hosts of another network: 10.0.9.255 goes no further (RFC 2644 section 2)"
    ]


# --- 127.0.0.0/8 ----------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 3.2.1.3", "RFC 1122 3.2.1.3/loopback")
def test_what_has_a_loopback_address_never_leaves_the_host() -> None:
    pair = Pair()
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 5))
    sock.sendto(b"x", ("10.0.0.2", 9))
    pair.net.run()
    assert frames_on(pair.net, pair.cable) == []
    assert discarded(pair.net, pair.alice) == [
        "127.0.0.1 never leaves a host (RFC 1122 section 3.2.1.3 g)"
    ]


@pytest.mark.rfc("RFC 1122 3.2.1.3", "RFC 1122 3.2.1.3/loopback")
def test_what_comes_for_a_loopback_address_is_dropped() -> None:
    pair = Pair()
    pair.inject(datagram("10.0.0.1", "127.0.0.1"))
    pair.net.run()
    assert "127.0.0.1, which isn't an address of this host" in discarded(pair.net, pair.bob)[0]


# --- memory ---------------------------------------------------------------------------------


def test_what_a_host_remembers_of_addresses_is_bounded() -> None:
    pair = Pair()
    addresses = pair.bob.ipv4.addresses
    for number in range(10_000):
        src = IPv4Address(address("10.1.0.0") + number)
        assert addresses.source_problem(src) == ""
    assert len(addresses.known_sources) <= 4096
