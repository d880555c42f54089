"""The life of an ARP entry: ageing, asking again, entries set by hand, and a table that is full."""

import socket
from collections.abc import Callable
from itertools import pairwise

import pytest
from scapy.layers.l2 import ARP, Ether

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.ethernet import EthernetFrame
from netlab.network.arp_packet import REPLY, REQUEST, ArpPacket
from netlab.network.arp_table import LIMIT, ArpEntry
from netlab.units import minute, ms, s
from tests.network.material import Pair, address, discarded, frames_on

BOB = address("10.0.0.2")


def send(host: Host, to: str = "10.0.0.2", data: bytes = b"x") -> None:
    host.socket(socket.SOCK_DGRAM).sendto(data, (to, 9))


def entry_of_bob(pair: Pair) -> ArpEntry:
    return pair.alice.arp.table[BOB]


def sent_by_alice(pair: Pair) -> list[str]:
    """What alice's frames were, and to whom."""
    alice = str(pair.alice.interfaces[0].mac)
    to = {"ff:ff:ff:ff:ff:ff": "all", str(pair.bob.interfaces[0].mac): "bob"}
    return [
        f"{('', 'question', 'answer')[packet[ARP].op] if ARP in packet else 'packet'} to {to.get(packet.dst)}"
        for packet in frames_on(pair.net, pair.cable)
        if packet.src == alice
    ]


@pytest.fixture
def pair() -> Pair:
    """Both know each other since 20 ms at the latest, and bob takes datagrams on port 9."""
    pair = Pair()
    pair.bob.socket(socket.SOCK_DGRAM).bind(("", 9))
    send(pair.alice)
    pair.net.run()
    return pair


@pytest.mark.rfc("RFC 1122 section 2.3.2.1", "RFC 1122 3.3.1.4/continuously")
def test_an_answer_grows_old_without_anything_happening(pair: Pair) -> None:
    entry = entry_of_bob(pair)
    steps = pair.net.sim.clock.steps
    assert (entry.state, entry.updated, entry.expires) == ("REACHABLE", 20 * ms, 60 * s + 20 * ms)
    assert repr(entry) == "10.0.0.2 02:00:00:00:00:02 dev eth0 REACHABLE for 59.99 s"
    pair.net.run(until=entry.expires - 1)
    assert entry.state == "REACHABLE"
    pair.net.run(until=entry.expires)
    assert (entry.state, entry.age) == ("STALE", 60 * s)
    assert repr(pair.alice.arp) == "10.0.0.2 02:00:00:00:00:02 dev eth0 STALE"
    pair.net.run(until=entry.expires + 10 * minute - 1)
    assert entry_of_bob(pair) is entry
    pair.net.run(until=entry.expires + 10 * minute)
    assert pair.alice.arp.table == {}
    assert repr(pair.alice.arp) == "nothing known of any neighbour"
    assert pair.net.sim.clock.steps == steps


@pytest.mark.rfc("RFC 1122 section 2.3.2.1", "RFC 1122 3.3.1.4/traffic")
def test_an_old_answer_is_used_and_the_neighbour_alone_asked_whether_it_holds(pair: Pair) -> None:
    pair.net.run_for(2 * minute)
    send(pair.alice)
    send(pair.alice)
    assert entry_of_bob(pair).state == "PROBE"
    began = pair.net.now
    pair.net.run()
    assert sent_by_alice(pair)[2:] == ["packet to bob", "question to bob", "packet to bob"]
    assert (entry_of_bob(pair).state, entry_of_bob(pair).updated) == ("REACHABLE", began + 20 * ms)
    assert pair.net.now == began + 20 * ms
    question = pair.net.trace.frames[4]
    assert "10.0.0.2 answered 120.01 s ago" in question.reason
    assert "ask it alone" in question.reason


@pytest.mark.rfc("RFC 1122 section 2.3.2.1", "RFC 1122 2.3.2.1/flush")
def test_an_old_answer_that_isnt_confirmed_is_given_up_after_three_questions(pair: Pair) -> None:
    pair.net.run_for(2 * minute)
    pair.cable.drop(lambda frame: frame.sender == "bob")
    send(pair.alice)
    began = pair.net.now
    pair.net.run()
    assert sent_by_alice(pair)[2:] == ["packet to bob"] + ["question to bob"] * 3
    assert (entry_of_bob(pair).state, pair.net.now) == ("FAILED", began + 3 * s)
    send(pair.alice)
    pair.net.run()
    assert sent_by_alice(pair)[6:] == ["question to all"] * 3
    states = [event.fields["state"] for event in pair.net.trace.events_of(kind="arp", host="alice")]
    assert states[2:] == ["PROBE"] * 3 + ["FAILED"] + ["INCOMPLETE"] * 3 + ["FAILED"]


def test_a_neighbour_with_a_new_card_is_found_by_asking_all_once_the_old_answer_fails(
    pair: Pair,
) -> None:
    pair.net.run_for(2 * minute)
    pair.bob.interfaces[0].mac = MacAddress(0x02AABBCCDDEE)
    send(pair.alice)
    pair.net.run()
    send(pair.alice, data=b"again")
    pair.net.run()
    assert pair.bob.udp.ports[0].queue[-1][0] == b"again"
    assert str(entry_of_bob(pair).mac) == "02:aa:bb:cc:dd:ee"


def test_that_a_neighbour_failed_can_be_seen_for_a_while() -> None:
    pair = Pair()
    send(pair.alice, "10.0.0.9")
    pair.net.run()
    entry = pair.alice.arp.table[address("10.0.0.9")]
    assert (repr(entry), entry.waiting) == (
        "10.0.0.9 unknown dev eth0 FAILED",
        type(entry.waiting)(),
    )
    pair.net.run_for(20 * s - 1)
    assert address("10.0.0.9") in pair.alice.arp.table
    pair.net.run_for(1)
    assert pair.alice.arp.table == {}


@pytest.mark.rfc("RFC 1122 section 2.3.2.1", "RFC 1122 2.3.2.1/flood")
def test_however_many_packets_there_are_a_neighbour_is_asked_once_a_second() -> None:
    pair = Pair()
    for _ in range(95):
        send(pair.alice, "10.0.0.9")
        pair.net.run_for(100 * ms)
    times = [frame.time for frame in pair.net.trace.frames]
    assert len(times) == 10
    assert all(later - earlier >= 1 * s for earlier, later in pairwise(times))


def test_what_waits_can_be_seen_with_its_account() -> None:
    pair = Pair()
    send(pair.alice)
    pair.net.run_for(5 * ms)
    entry = entry_of_bob(pair)
    assert (entry.state, entry.mac, entry.tries, entry.age) == ("INCOMPLETE", None, 1, 5 * ms)
    assert entry.ask_again == 1 * s
    assert [(len(each.packet), each.since) for each in entry.waiting] == [(29, 0)]
    assert entry.interface is pair.alice.interfaces[0]


def test_each_question_is_caused_by_the_one_before() -> None:
    pair = Pair()
    send(pair.alice, "10.0.0.8")
    send(pair.alice, "10.0.0.9")
    pair.net.run()
    for name in ("10.0.0.8", "10.0.0.9"):
        asked = [
            event
            for event in pair.net.trace.events_of(kind="arp")
            if event.fields["address"] == name
        ]
        assert [event.cause for event in asked[1:]] == asked[:-1]
    assert "has not answered yet" in pair.net.trace.why(pair.net.trace.frames[3]).text()


def test_of_an_address_that_was_taken_away_no_more_is_said_and_what_waits_still_goes() -> None:
    pair = Pair()
    pair.cable.drop(lambda frame: frame.arp, times=1)
    received = pair.bob.socket(socket.SOCK_DGRAM)
    received.bind(("", 9))
    pair.alice.arp.policy = "strict"
    send(pair.alice)
    pair.alice.remove_address(pair.alice.address)
    pair.net.run()
    first, again = (frame.arp for frame in pair.net.trace.frames[:2])
    assert [str(each.sender_protocol_address) for each in (first, again) if each] == [
        "10.0.0.1",
        "0.0.0.0",
    ]
    assert received.recvfrom(10) == (b"x", ("10.0.0.1", 49152))


# --- by hand --------------------------------------------------------------------------------


def test_an_entry_set_by_hand_is_used_at_once_for_ever_and_whatever_packets_say() -> None:
    pair = Pair()
    pair.bob.socket(socket.SOCK_DGRAM).bind(("", 9))
    pair.alice.arp.add("10.0.0.2", str(pair.bob.interfaces[0].mac))
    assert repr(entry_of_bob(pair)) == "10.0.0.2 02:00:00:00:00:02 dev eth0 PERMANENT"
    pair.net.run_for(1000 * minute)
    send(pair.alice)
    forged = ArpPacket(REQUEST, MacAddress(0x02AABBCCDDEE), BOB, MacAddress(0), pair.alice.address)
    pair.net.hosts["bob"].inject(
        Ether(src="02:aa:bb:cc:dd:ee", dst="ff:ff:ff:ff:ff:ff", type=0x0806) / forged.pack()
    )
    pair.net.run()
    assert sent_by_alice(pair)[0] == "packet to bob"
    assert entry_of_bob(pair).mac == pair.bob.interfaces[0].mac
    refused = pair.net.trace.events_of(kind="arp refused", host="alice")[0]
    assert refused.fields == {"address": "10.0.0.2", "mac": "02:aa:bb:cc:dd:ee"}
    assert refused.reason.endswith("its entry was set by hand")


def test_packets_that_wait_go_as_soon_as_an_entry_is_set_by_hand() -> None:
    pair = Pair()
    pair.bob.interfaces[0].handlers.pop(0x0806)
    received = pair.bob.socket(socket.SOCK_DGRAM)
    received.bind(("", 9))
    send(pair.alice)
    pair.net.run_for(100 * ms)
    pair.alice.arp.add(BOB, pair.bob.interfaces[0].mac)
    pair.net.run()
    assert received.recv(10) == b"x"
    assert pair.net.now == 110 * ms


def test_an_entry_can_be_taken_out_and_all_that_was_learned_be_forgotten(pair: Pair) -> None:
    pair.alice.arp.add("10.0.0.3", "02:00:00:00:00:03")
    send(pair.alice, "10.0.0.9")
    pair.alice.arp.delete("10.0.0.9")
    assert discarded(pair.net, pair.alice) == [
        "a packet waited for 10.0.0.9, and its entry was taken out of the ARP table"
    ]
    pair.alice.arp.flush(pair.alice.interfaces[0])
    assert [entry.state for entry in pair.alice.arp.table.values()] == ["PERMANENT"]
    pair.alice.arp.delete("10.0.0.3")
    assert pair.alice.arp.table == {}
    before = pair.net.now
    pair.net.run()
    assert pair.net.now == before + 10 * ms, "nobody is asked any more"


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda arp: arp.delete("10.0.0.9"), "alice has no ARP entry for 10.0.0.9"),
        (lambda arp: arp.add("10.0.0", "02:00:00:00:00:01"), "'10.0.0' is not an IPv4 address"),
        (lambda arp: arp.add("10.0.0.9", "nobody"), "'nobody' is not an Ethernet address"),
        (
            lambda arp: [arp.add(f"10.9.{i // 250}.{i % 250}", MacAddress(i)) for i in range(600)],
            "alice: 512 ARP entries are set by hand already",
        ),
    ],
)
def test_what_cant_be_set_by_hand_is_refused(do: Callable[..., object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        do(Pair().alice.arp)


def test_with_several_interfaces_an_entry_set_by_hand_names_its_own() -> None:
    net = Network()
    router = net.router("r1")
    for number, name in ((1, "alice"), (2, "bob")):
        host = net.host(name, f"10.0.{number}.1/24")
        net.connect(router, host, addresses=(f"10.0.{number}.254/24", None))
    with pytest.raises(ConfigurationError, match="r1 has 2 interfaces: say behind which one"):
        router.arp.add("10.0.1.1", "02:00:00:00:00:01")
    router.arp.add("10.0.2.1", "02:00:00:00:00:99", router.interfaces[1])
    assert router.arp.table[address("10.0.2.1")].interface is router.interfaces[1]


# --- a full table ---------------------------------------------------------------------------


@pytest.mark.parametrize("addresses", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_scan_of_many_addresses_drives_out_nothing_but_itself(addresses: int) -> None:
    net = Network(record=10_000)
    alice, bob = net.host("alice", "10.0.0.1/8"), net.host("bob", "10.0.0.2/8")
    net.connect(alice, bob)
    alice.ping("bob", count=1)
    ports = bob.udp.bind(address("0.0.0.0"), 9)
    sock = alice.socket(socket.SOCK_DGRAM)
    first = address("10.1.0.0")
    for number in range(addresses):
        alice.ipv4.send(type(first)(first + number), 17, b"")
        if number % 1_000 == 0:
            net.run_for(1 * ms)
            assert len(alice.arp.table) <= LIMIT
            assert len(net.sim.clock._queue) < 5_000
    net.run_for(1 * ms)
    assert (len(alice.arp.table), len(net.sim.clock._queue)) == (LIMIT, 1)
    assert alice.arp.table[BOB].state == "REACHABLE"
    sock.sendto(b"still there", ("bob", 9))
    net.run()
    assert ports.queue[0][0] == b"still there"
    assert {each.state for each in alice.arp.table.values()} == {"REACHABLE", "FAILED"}
    alice.ipv4.send(address("10.99.0.0"), 17, b"")
    assert alice.arp.table[BOB].state == "REACHABLE"


def test_of_what_had_to_make_room_the_packets_are_dropped_with_the_why() -> None:
    pair = Pair()
    for number in range(LIMIT + 1):
        pair.alice.arp.send(
            pair.alice.interfaces[0],
            pair.alice.address,
            type(BOB)(BOB + 1 + number),
            b"packet",
            "a scan",
            None,
        )
    assert discarded(pair.net, pair.alice) == [
        "a packet waited for 10.0.0.3, and its entry had to make room in the ARP table"
    ]


def test_a_flood_of_forged_senders_leaves_the_table_bounded_and_what_was_set_by_hand() -> None:
    net = Network(record=False)
    bob = net.host("bob", "10.0.0.2/8")
    interface = bob.interfaces[0]
    net.connect(net.host("alice", "10.0.0.1/8"), bob)
    bob.arp.add("10.0.0.1", "02:00:00:00:00:01")
    first = address("10.1.0.0")
    for number in range(3 * LIMIT):
        sender = type(first)(first + number)
        answer = ArpPacket(REPLY, MacAddress(number + 99), sender, interface.mac, bob.address)
        bob.arp.receive(
            interface, EthernetFrame(interface.mac, MacAddress(1), 0x0806, answer.pack())
        )
    assert len(bob.arp.table) == LIMIT
    assert bob.arp.table[address("10.0.0.1")].state == "PERMANENT"
    assert type(first)(first + 3 * LIMIT - 1) in bob.arp.table
