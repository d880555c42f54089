"""ARP: the question, the answer, the cache, and packets that wait for it (RFC 826, RFC 1122 2.3.2)."""

import socket
from errno import EHOSTUNREACH

import pytest
from scapy.layers.l2 import ARP, Ether

from netlab import Network, on
from netlab.link.address import MacAddress
from netlab.link.ethernet import EthernetFrame
from netlab.network.arp_packet import REPLY, REQUEST, ArpPacket
from netlab.units import ms, s
from tests.network.material import Pair, address, assert_scapy_agrees, discarded, frames_on


def arps(pair: Pair) -> list[ARP]:
    return [packet[ARP] for packet in frames_on(pair.net, pair.cable) if packet.haslayer(ARP)]


@pytest.mark.rfc("RFC 826", "RFC 1122 2.3.3/arp", "RFC 1122 2.3.3/ethernet", "RFC 1122 3.3.6/link")
def test_a_host_asks_all_and_the_one_who_has_the_address_answers_the_asker_alone() -> None:
    pair = Pair()
    assert pair.alice.ping("bob", count=1).rtts == [40 * ms]
    request, reply = arps(pair)
    alice, bob = pair.alice.interfaces[0].mac, pair.bob.interfaces[0].mac
    assert (request.op, request.hwsrc, request.psrc) == (1, str(alice), "10.0.0.1")
    assert (request.hwdst, request.pdst) == ("00:00:00:00:00:00", "10.0.0.2")
    assert (reply.op, reply.hwsrc, reply.psrc) == (2, str(bob), "10.0.0.2")
    assert (reply.hwdst, reply.pdst) == (str(alice), "10.0.0.1")
    first, second = (Ether(frame.bytes) for frame in pair.net.trace.frames[:2])
    assert (first.dst, second.dst) == ("ff:ff:ff:ff:ff:ff", str(alice))
    assert_scapy_agrees(pair.net)


@pytest.mark.rfc("RFC 826")
def test_both_sides_know_each_other_after_one_question() -> None:
    pair = Pair()
    pair.alice.ping("bob", count=1)
    for host, other in ((pair.alice, pair.bob), (pair.bob, pair.alice)):
        entry = host.arp.table[other.address]
        assert (entry.mac, entry.state) == (other.interfaces[0].mac, "REACHABLE")


@pytest.mark.rfc("RFC 1122 section 2.3.2.1", "RFC 1122 2.3.2.1/flush")
@pytest.mark.parametrize(("later", "questions"), [(60 * s - 1, 1), (60 * s, 2)])
def test_an_answer_is_believed_for_a_minute(later: int, questions: int) -> None:
    pair = Pair()
    pair.bob.socket(socket.SOCK_DGRAM).bind(("", 9))
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    sock.sendto(b"first", ("bob", 9))
    answered_at = 20 * ms
    pair.net.run(until=answered_at + later)
    sock.sendto(b"second", ("bob", 9))
    pair.net.run()
    assert [packet.op for packet in arps(pair)] == [1, 2] * questions


@pytest.mark.rfc("RFC 1122 section 2.3.2.1", "RFC 1122 2.3.2.1/flood")
def test_a_question_without_an_answer_is_asked_three_times_a_second_apart() -> None:
    pair = Pair()
    assert pair.alice.ping("10.0.0.9", count=1, timeout=10 * s).received == 0
    asked = [frame.time for frame in pair.net.trace.frames]
    assert asked == [0, 1 * s, 2 * s]
    assert pair.alice.arp.table[address("10.0.0.9")].state == "FAILED"
    states = [event.fields["state"] for event in pair.net.trace.events_of(kind="arp", host="alice")]
    assert states == ["INCOMPLETE", "INCOMPLETE", "INCOMPLETE", "FAILED"]


def test_a_socket_learns_that_nobody_answers_as_no_route_to_host() -> None:
    pair = Pair()
    with on(pair.alice), pytest.raises(OSError, match="No route to host") as caught:
        socket.create_connection(("10.0.0.9", 80))
    assert caught.value.errno == EHOSTUNREACH
    assert pair.net.now == 3 * s
    assert pair.alice.tcp.connections == []


def test_a_later_packet_asks_anew() -> None:
    pair = Pair()
    pair.alice.ping("10.0.0.9", count=1, timeout=10 * s)
    pair.alice.ping("10.0.0.9", count=1, timeout=10 * s)
    assert len(arps(pair)) == 6


def test_a_lost_answer_costs_a_second() -> None:
    pair = Pair()
    pair.cable.drop(lambda frame: frame.arp and frame.arp.operation == REPLY, times=1)
    assert pair.alice.ping("bob", count=1, timeout=5 * s).rtts == [1 * s + 40 * ms]


@pytest.mark.rfc("RFC 1122 section 2.3.2.2", "RFC 1122 2.4/unreachable")
def test_packets_that_wait_for_one_answer_are_all_sent_in_their_order() -> None:
    pair = Pair()
    received = pair.bob.socket(socket.SOCK_DGRAM)
    received.bind(("", 9))
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    for number in range(10):
        sock.sendto(bytes([number]), ("bob", 9))
    pair.net.run()
    assert [received.recv(10)[0] for _ in range(10)] == list(range(10))
    assert len(arps(pair)) == 2
    waited = pair.net.trace.frames[2]
    assert "it waited 20 ms for the answer to ARP" in waited.reason


@pytest.mark.rfc("RFC 1122 section 2.3.2.2")
def test_of_too_many_packets_that_wait_the_latest_are_kept_and_the_record_tells() -> None:
    pair = Pair()
    received = pair.bob.socket(socket.SOCK_DGRAM)
    received.bind(("", 9))
    sock = pair.alice.socket(socket.SOCK_DGRAM)
    for number in range(68):
        sock.sendto(bytes([number]), ("bob", 9))
    pair.net.run()
    assert [received.recv(10)[0] for _ in range(64)] == list(range(4, 68))
    assert (
        discarded(pair.net, pair.alice)
        == ["64 packets wait for 10.0.0.2 already: the oldest goes"] * 4
    )


@pytest.mark.rfc("RFC 826")
def test_a_question_about_somebody_else_is_not_answered() -> None:
    pair = Pair()
    alice = pair.alice.interfaces[0].mac
    question = ArpPacket(REQUEST, alice, address("10.0.0.1"), MacAddress(0), address("10.0.0.77"))
    pair.inject(question, MacAddress.BROADCAST)
    pair.net.run()
    assert len(pair.net.trace.frames) == 1
    assert pair.bob.arp.table == {}


@pytest.mark.rfc("RFC 826")
def test_a_packet_for_somebody_else_updates_an_entry_that_is_there() -> None:
    """The merge flag: whoever is in the table already is updated, whatever the target."""
    pair = Pair()
    pair.alice.ping("bob", count=1)
    new = MacAddress(0x02AABBCCDDEE)
    gratuitous = ArpPacket(REQUEST, new, address("10.0.0.1"), MacAddress(0), address("10.0.0.1"))
    pair.inject(gratuitous, MacAddress.BROADCAST)
    pair.net.run()
    assert pair.bob.arp.table[address("10.0.0.1")].mac == new


@pytest.mark.rfc("RFC 826")
@pytest.mark.parametrize("operation", [REQUEST, REPLY])
def test_whoever_asks_or_answers_me_is_learned(operation: int) -> None:
    pair = Pair()
    alice = pair.alice.interfaces[0].mac
    pair.inject(
        ArpPacket(operation, alice, address("10.0.0.1"), MacAddress(0), address("10.0.0.2"))
    )
    pair.net.run()
    assert pair.bob.arp.table[address("10.0.0.1")].mac == alice
    assert len(arps(pair)) == (2 if operation == REQUEST else 1)


@pytest.mark.rfc("RFC 5227 section 1.1")
def test_a_probe_from_nobody_is_answered_but_not_learned() -> None:
    pair = Pair()
    alice = pair.alice.interfaces[0].mac
    pair.inject(ArpPacket(REQUEST, alice, address("0.0.0.0"), MacAddress(0), address("10.0.0.2")))
    pair.net.run()
    assert [packet.op for packet in arps(pair)] == [1, 2]
    assert pair.bob.arp.table == {}


def test_a_malformed_packet_is_discarded_and_the_network_goes_on() -> None:
    pair = Pair()
    alice, bob = pair.alice.interfaces[0].mac, pair.bob.interfaces[0].mac
    pair.alice.inject(EthernetFrame(bob, alice, 0x0806, b"\0\1\x08").pack())
    pair.net.run()
    assert "ARP" in discarded(pair.net, pair.bob)[0]
    assert pair.alice.ping("bob", count=1).rtts == [40 * ms]


def test_each_step_of_the_cache_is_on_record() -> None:
    pair = Pair()
    pair.alice.ping("bob", count=1)
    first, second = pair.net.trace.events_of(kind="arp", host="alice")
    assert first.fields == {"address": "10.0.0.2", "mac": None, "state": "INCOMPLETE"}
    assert second.fields == {
        "address": "10.0.0.2",
        "mac": "02:00:00:00:00:02",
        "state": "REACHABLE",
    }
    assert second.cause is not None
    assert second.cause.kind == "delivered"


def test_a_router_answers_only_for_the_interface_that_is_asked() -> None:
    net = Network()
    alice = net.host("alice", "10.0.1.1/24")
    router = net.router("r1")
    bob = net.host("bob", "10.0.2.1/24")
    net.connect(alice, router, addresses=(None, "10.0.1.254/24"))
    net.connect(router, bob, addresses=("10.0.2.254/24", None))
    question = ArpPacket(
        REQUEST, alice.interfaces[0].mac, alice.address, MacAddress(0), address("10.0.2.254")
    )
    frame = EthernetFrame(MacAddress.BROADCAST, alice.interfaces[0].mac, 0x0806, question.pack())
    alice.inject(frame.pack())
    net.run()
    assert len(net.trace.frames) == 1
