"""UDP on a host: RFC 768, and what RFC 1122 section 4.1 asks of it."""

from collections.abc import Callable
from errno import EADDRINUSE, ECONNREFUSED, EMSGSIZE, ENETUNREACH

import pytest

from netlab import Network
from netlab.host import Host
from netlab.link.cable import Cable
from netlab.network.address import IPv4Address
from netlab.network.icmp_message import PORT_UNREACHABLE
from netlab.network.ipv4_packet import PROTOCOL_UDP, Ipv4Packet
from netlab.sim.program import Program
from netlab.transport.udp import LARGEST_PAYLOAD, RECEIVE_BUFFER, UdpPort
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import ms, s

ANY = IPv4Address.UNSPECIFIED
ALICE, BOB = IPv4Address.parse("10.0.0.1"), IPv4Address.parse("10.0.0.2")
EVERYBODY = IPv4Address.parse("10.0.0.255")


@pytest.fixture
def net() -> Network:
    net = Network(seed=1)
    net.connect(net.host("alice", f"{ALICE}/24"), net.host("bob", f"{BOB}/24"), delay=1 * ms)
    return net


@pytest.fixture
def alice(net: Network) -> Host:
    return net.hosts["alice"]


@pytest.fixture
def bob(net: Network) -> Host:
    return net.hosts["bob"]


@pytest.fixture
def cable(net: Network) -> Cable:
    return net.links[0]


def received(port: UdpPort) -> list[bytes]:
    return [data for data, _ in port.queue]


def waits(host: Host, port: UdpPort, ready: Callable[[], bool]) -> Program:
    """A program that waits for news of a port."""
    return host.start(lambda _: host.sim.clock.wait(port.readable, ready, None, "news"))


def test_who_waits_for_a_datagram_hears_of_it(net, alice, bob) -> None:
    there = bob.udp.bind(ANY, 7)
    waiting = waits(bob, there, lambda: bool(there.queue))
    net.run(until=1 * s)
    assert not waiting.done
    alice.udp.send(alice.udp.bind(ANY, 0), b"hello", (BOB, 7))
    net.run()
    assert waiting.done


def test_who_waits_at_a_port_hears_that_it_was_released(net, bob) -> None:
    there = bob.udp.bind(ANY, 7)
    waiting = waits(bob, there, lambda: there not in bob.udp.ports)
    net.run(until=1 * s)
    bob.udp.release(there)
    net.run()
    assert waiting.done


@pytest.mark.rfc("RFC 768")
def test_a_datagram_arrives_whole_with_the_address_to_answer_to(net, alice, bob) -> None:
    there = bob.udp.bind(ANY, 7)
    here = alice.udp.bind(ANY, 0)
    alice.udp.send(here, b"hello", (BOB, 7))
    alice.udp.send(here, b"", (BOB, 7))
    net.run()
    assert there.take(peek=True) == (b"hello", (ALICE, 49152))
    assert there.take(peek=False) == (b"hello", (ALICE, 49152))
    assert there.take(peek=False) == (b"", (ALICE, 49152))
    assert not there.queue
    assert there.queued == 0


@pytest.mark.rfc("RFC 768")
def test_udp_neither_repeats_what_is_lost_nor_hides_what_comes_twice(
    net, alice, bob, cable
) -> None:
    there = bob.udp.bind(ANY, 7)
    here = alice.udp.bind(ANY, 0)
    alice.udp.send(here, b"first", (BOB, 7))  # behind ARP
    net.run()
    cable.drop(times=1)
    alice.udp.send(here, b"lost", (BOB, 7))
    cable.duplicate(times=1)
    alice.udp.send(here, b"twice", (BOB, 7))
    cable.reorder(times=1)
    alice.udp.send(here, b"late", (BOB, 7))
    alice.udp.send(here, b"early", (BOB, 7))
    net.run()
    assert received(there) == [b"first", b"twice", b"twice", b"early", b"late"]


@pytest.mark.rfc("RFC 1122 4.1.3.4")
def test_a_datagram_with_a_wrong_checksum_is_dropped_silently(net, alice, bob, cable) -> None:
    there = bob.udp.bind(ANY, 7)
    here = alice.udp.bind(ANY, 0)
    alice.udp.send(here, b"first", (BOB, 7))
    net.run()
    cable.corrupt(bit=8 * 44, times=1, in_device=True)
    alice.udp.send(here, b"damaged", (BOB, 7))
    net.run()
    assert received(there) == [b"first"]
    assert "checksum" in net.trace.events_of(kind="discarded", layer="transport")[0].fields["why"]
    assert len(net.trace.frames) == 4  # ARP's two, and the datagrams: nothing answers


def arrive(host: Host, payload: bytes) -> None:
    host.udp.receive(Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, payload))


@pytest.mark.parametrize("size", [0, 7])
def test_a_datagram_shorter_than_its_header_is_dropped(net, bob, size: int) -> None:
    arrive(bob, bytes(size))
    net.run()
    assert len(net.trace.events_of(kind="discarded")) == 1
    assert not net.trace.frames


@pytest.mark.rfc("RFC 768", "RFC 1122 4.1.3.4")
def test_a_datagram_without_checksum_is_taken(net, bob) -> None:
    there = bob.udp.bind(ANY, 7)
    arrive(bob, UdpDatagram(5, 7, b"unchecked", checksum=0).pack(ALICE, BOB))
    assert received(there) == [b"unchecked"]


# --- ports ----------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1122 4.1.3.1", "RFC 792")
def test_a_port_where_nobody_is_answers_by_icmp(net, alice, bob) -> None:
    here = alice.udp.bind(ANY, 5000)
    alice.udp.send(here, b"hello?", (BOB, 7))
    net.run()
    assert [frame.icmp.code for frame in net.trace.frames if frame.icmp] == [PORT_UNREACHABLE]
    assert here.error is None  # it isn't connected, so nobody knows whom the error is about


@pytest.mark.rfc("RFC 1122 4.1.3.3")
def test_a_connected_port_hears_that_its_peer_is_unreachable(net, alice, bob) -> None:
    ports = [alice.udp.bind(ANY, 5000 + at) for at in range(3)]
    ports[0].remote = (BOB, 777)
    ports[1].remote = (BOB, 777)
    ports[2].remote = (BOB, 778)
    waiting = waits(alice, ports[0], lambda: ports[0].error is not None)
    alice.udp.send(ports[0], b"hello?", (BOB, 777))
    net.run()
    assert waiting.done
    assert ports[0].error is not None
    assert ports[0].error.errno == ECONNREFUSED
    assert ports[1].error is None
    assert ports[2].error is None


def test_an_error_that_quotes_too_little_is_ignored(alice) -> None:
    alice.udp.unreachable(Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, b"abc"), ECONNREFUSED, "short")


def test_a_port_can_be_held_once_unless_both_agree(alice) -> None:
    held = alice.udp.bind(ANY, 7)
    with pytest.raises(OSError, match="Address already in use") as raised:
        alice.udp.bind(ANY, 7)
    assert raised.value.errno == EADDRINUSE
    alice.udp.release(held)
    alice.udp.release(held)
    first = alice.udp.bind(ANY, 7, reuse=True)
    second = alice.udp.bind(ANY, 7, reuse=True)
    assert alice.udp.ports == [first, second]


def test_the_most_precise_port_gets_the_datagram(net, alice, bob) -> None:
    anyone = bob.udp.bind(ANY, 7, reuse=True)
    here = bob.udp.bind(BOB, 7, reuse=True)
    connected = bob.udp.bind(ANY, 7, reuse=True)
    connected.remote = (ALICE, 5000)
    both = bob.udp.bind(BOB, 7, reuse=True)
    both.remote = (ALICE, 5001)
    for port in (5000, 5001, 5002):
        alice.udp.send(alice.udp.bind(ANY, port), str(port).encode(), (BOB, 7))
    net.run()
    bob.udp.release(here)
    alice.udp.send(alice.udp.bind(ANY, 5003), b"5003", (BOB, 7))
    net.run()
    assert [received(port) for port in (anyone, here, connected, both)] == [
        [b"5003"],
        [b"5002"],
        [b"5000"],
        [b"5001"],
    ]


def test_a_connected_port_hears_nobody_else(net, alice, bob) -> None:
    there = bob.udp.bind(ANY, 7)
    there.remote = (ALICE, 5000)
    alice.udp.send(alice.udp.bind(ANY, 5001), b"not you", (BOB, 7))
    net.run()
    assert received(there) == []
    assert [frame.icmp.code for frame in net.trace.frames if frame.icmp] == [PORT_UNREACHABLE]


@pytest.mark.rfc("RFC 1122 3.3.6")
def test_a_datagram_to_everybody_reaches_each_who_listens_and_nobody_complains(
    net, alice, bob
) -> None:
    one = bob.udp.bind(ANY, 7, reuse=True)
    two = bob.udp.bind(ANY, 7, reuse=True)
    there = bob.udp.bind(EVERYBODY, 7, reuse=True)
    not_this = bob.udp.bind(BOB, 7, reuse=True)
    here = alice.udp.bind(ANY, 5000)
    alice.udp.send(here, b"all", (EVERYBODY, 7))
    alice.udp.send(here, b"nobody", (EVERYBODY, 8))
    net.run()
    assert [received(port) for port in (one, two, there, not_this)] == [[b"all"]] * 3 + [[]]
    assert not [frame for frame in net.trace.frames if frame.icmp]


def test_a_port_bound_to_the_address_of_all_sends_from_its_own(net, alice, bob) -> None:
    there = bob.udp.bind(ANY, 7)
    alice.udp.send(alice.udp.bind(EVERYBODY, 5000), b"me", (BOB, 7))
    net.run()
    assert there.queue[0] == (b"me", (ALICE, 5000))


# --- sizes ----------------------------------------------------------------------------------


def test_a_datagram_too_large_for_the_link_is_an_error_where_it_must_not_be_cut(
    net, alice, bob
) -> None:
    there = bob.udp.bind(ANY, 7)
    here = alice.udp.bind(ANY, 0)
    here.dont_fragment = True
    alice.udp.send(here, bytes(1472), (BOB, 7))
    with pytest.raises(OSError, match="1473 bytes, and 1472 fit") as raised:
        alice.udp.send(here, bytes(1473), (BOB, 7))
    assert raised.value.errno == EMSGSIZE
    net.run()
    assert received(there) == [bytes(1472)]


def test_the_largest_datagram_of_all_has_65507_bytes(net, alice) -> None:
    there = alice.udp.bind(ANY, 7)
    here = alice.udp.bind(ANY, 0)
    alice.udp.send(here, bytes(LARGEST_PAYLOAD), (ALICE, 7))
    with pytest.raises(OSError, match="65508 bytes, and 65507 fit"):
        alice.udp.send(here, bytes(LARGEST_PAYLOAD + 1), (ALICE, 7))
    net.run()
    assert received(there) == [bytes(65507)]


def test_without_a_route_sending_fails_at_once(alice) -> None:
    with pytest.raises(OSError, match="Network is unreachable") as raised:
        alice.udp.send(alice.udp.bind(ANY, 0), b"", (IPv4Address.parse("192.0.2.1"), 7))
    assert raised.value.errno == ENETUNREACH


@pytest.mark.parametrize("size", [0, 1000])
def test_a_queue_that_nobody_reads_is_bounded(net, alice, bob, size: int) -> None:
    there = bob.udp.bind(ANY, 7)
    here = alice.udp.bind(ANY, 0)
    alice.udp.send(here, bytes(size), (BOB, 7))
    net.run()
    fits = -(-RECEIVE_BUFFER // (8 + size))
    for _ in range(fits + 20):
        alice.udp.send(here, bytes(size), (BOB, 7))
        net.run_for(2 * ms)
    assert len(there.queue) == fits
    assert len(net.trace.events_of(kind="discarded", layer="transport")) == 21
    there.take(peek=False)
    alice.udp.send(here, b"again", (BOB, 7))
    net.run_for(1 * s)
    assert received(there)[-1] == b"again"


# --- for what a host's own programs do ------------------------------------------------------


def test_a_taker_is_called_with_each_datagram_as_soon_as_it_comes(net, alice, bob) -> None:
    taken = []
    port = bob.udp.bind(ANY, 7)
    port.taker = lambda data, sender: taken.append((net.now, data, sender[0]))
    alice.udp.send(alice.udp.bind(ANY, 0), b"hello", (BOB, 7))
    net.run()
    assert taken == [(3 * ms, b"hello", ALICE)]
    assert not port.queue


def test_a_port_of_one_interface_broadcasts_and_hears_broadcasts_on_its_link_alone(net) -> None:
    router = net.router("r1")
    ends = [net.host(name, f"10.0.{number}.1/24") for number, name in ((1, "carol"), (2, "dave"))]
    for number, end in enumerate(ends, 1):
        net.connect(router, end, addresses=(f"10.0.{number}.254/24", None))
    ports = [router.udp.bind(ANY, 67, reuse=True) for _ in ends]
    heard = [end.udp.bind(ANY, 68) for end in ends]
    for port, interface in zip(ports, router.interfaces, strict=True):
        port.interface = interface
    everywhere = IPv4Address.BROADCAST
    for end, port, name in zip(ends, heard, (b"carol", b"dave"), strict=True):
        end.udp.send(port, name, (everywhere, 67))
    for port, name in zip(ports, (b"to carol", b"to dave"), strict=True):
        router.udp.send(port, name, (everywhere, 68))
    net.run()
    assert [received(port) for port in ports] == [[b"carol"], [b"dave"]]
    assert [port.queue[0] for port in heard] == [
        (b"to carol", (IPv4Address.parse("10.0.1.254"), 67)),
        (b"to dave", (IPv4Address.parse("10.0.2.254"), 67)),
    ]
