"""A host without an address, and addresses that come and go while it runs (RFC 1122 section 3.2.1.3)."""

import socket
from errno import ENETUNREACH

import pytest
from scapy.layers.inet import IP
from scapy.layers.l2 import Ether

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.network.address import Prefix
from netlab.units import ms
from tests.network.material import Pair, address, assert_scapy_agrees


def shout(host: Host, to: str = "255.255.255.255") -> None:
    sock = host.socket(socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.sendto(b"hello", (to, 9))


@pytest.fixture
def net() -> Network:
    net = Network(seed=1)
    net.connect(net.host("diskless"), net.host("bob", "10.0.0.2/24"), delay=10 * ms)
    return net


@pytest.mark.rfc("RFC 1122 section 3.2.1.3")
def test_a_host_without_an_address_sends_to_all_from_nobody(net: Network) -> None:
    diskless, bob = net.hosts.values()
    taker = bob.socket(socket.SOCK_DGRAM)
    taker.bind(("", 9))
    shout(diskless)
    data, sender = taker.recvfrom(10)
    assert (data, sender is not None and sender[0]) == (b"hello", "0.0.0.0")
    frame = Ether(net.trace.frames[0].bytes)
    assert (frame.dst, frame[IP].src, frame[IP].dst) == (
        "ff:ff:ff:ff:ff:ff",
        "0.0.0.0",
        "255.255.255.255",
    )
    assert_scapy_agrees(net)


@pytest.mark.rfc("RFC 1122 section 3.2.1.3")
def test_a_host_without_an_address_hears_what_is_sent_to_all(net: Network) -> None:
    diskless, bob = net.hosts.values()
    taker = diskless.socket(socket.SOCK_DGRAM)
    taker.bind(("", 9))
    shout(bob)
    assert taker.recvfrom(10)[0] == b"hello"


def test_a_host_without_an_address_can_send_to_nobody_in_particular(net: Network) -> None:
    diskless, bob = net.hosts.values()
    for to in ("10.0.0.2", "10.0.0.255"):
        with pytest.raises(OSError, match="has no route") as error:
            shout(diskless, to)
        assert error.value.errno == ENETUNREACH
    assert bob.ping("10.0.0.1", count=1, timeout=1).received == 0
    with pytest.raises(socket.gaierror):
        bob.ping("diskless", count=1)


def test_an_address_given_while_it_runs_can_be_used_at_once_and_by_name(net: Network) -> None:
    diskless, bob = net.hosts.values()
    diskless.add_address(diskless.interfaces[0], address("10.0.0.9"), Prefix.parse("10.0.0.0/24"))
    assert bob.ping("diskless", count=1).rtts == [40 * ms]
    assert diskless.ping("bob", count=1).rtts == [20 * ms]


def test_of_an_address_that_is_taken_away_nothing_is_left() -> None:
    pair = Pair()
    bob = pair.bob
    bob.add_address(
        bob.interfaces[0], address("10.9.0.1"), Prefix.parse("10.9.0.0/16"), address("10.9.0.2")
    )
    assert len(bob.ipv4.routes) == 3
    assert bob.ipv4.is_broadcast(address("10.9.255.255"))
    bob.remove_address(address("10.9.0.1"))
    assert [str(each) for each in bob.ipv4.addresses] == ["10.0.0.2"]
    assert [str(route) for route in bob.ipv4.routes] == ["10.0.0.0/24 dev eth0 src 10.0.0.2"]
    assert not bob.ipv4.is_broadcast(address("10.9.255.255"))
    assert bob.ipv4.is_broadcast(address("10.0.0.255"))
    assert pair.alice.ping("bob", count=1).rtts == [40 * ms]
    bob.remove_address(address("10.0.0.2"))
    assert pair.alice.ping("10.0.0.2", count=1, timeout=100 * ms).received == 0
    with pytest.raises(socket.gaierror):
        pair.alice.ping("bob", count=1)


def test_addresses_that_cant_be_added_or_removed_are_refused() -> None:
    bob = Pair().bob
    with pytest.raises(ConfigurationError, match=r"bob has the address 10\.0\.0\.2 already"):
        bob.add_address(bob.interfaces[0], address("10.0.0.2"), Prefix.parse("10.0.0.0/8"))
    with pytest.raises(ConfigurationError, match=r"bob has no address 10\.0\.0\.3; it has 10"):
        bob.remove_address(address("10.0.0.3"))


def test_a_broadcast_without_a_link_goes_nowhere() -> None:
    with pytest.raises(OSError, match="r1 has no route to 255"):
        shout(Network().router("r1"))
