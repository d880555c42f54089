"""An address is made one's own by asking first, and let go when somebody else uses it (RFC 5227)."""

import socket
from itertools import pairwise
from pathlib import Path

import pytest
from scapy.layers.l2 import ARP, Ether

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_ARP, EthernetFrame
from netlab.network.arp_claim import TRANSITIONS, Claim, State
from netlab.network.arp_packet import REPLY, REQUEST, ArpPacket
from netlab.units import ms, s
from tests.network.material import address, assert_scapy_agrees, assert_tshark_agrees

ALICE, NOBODY = address("10.0.0.1"), address("0.0.0.0")
OTHER = MacAddress.parse("02:00:00:00:06:66")


def world(seed: int = 1, bob: str | None = "10.0.0.2/24") -> tuple[Network, Host, Host]:
    """alice, who makes sure of 10.0.0.1, and bob, on a cable of 1 ms."""
    net = Network(seed)
    alice = net.host("alice", "10.0.0.1/24", conflict_detection=True)
    other = net.host("bob", bob)
    net.connect(alice, other, delay=1 * ms)
    return net, alice, other


def say(net: Network, operation: int, sender: object, target: object) -> None:
    """Another machine, beside bob, sends this to alice."""
    packet = ArpPacket(operation, OTHER, sender, MacAddress(0), target)  # type: ignore[arg-type]
    frame = EthernetFrame(MacAddress.BROADCAST, OTHER, ETHERTYPE_ARP, packet.pack())
    net.hosts["bob"].inject(frame.pack())
    net.run_for(10 * ms)


def claim_of(host: Host) -> Claim:
    return host.arp.claims[0]


def path(net: Network) -> list[str]:
    return [event.fields["on"] for event in net.trace.events_of(kind="claim", host="alice")]


def addresses(host: Host) -> list[str]:
    return [str(each) for each in host.ipv4.addresses]


# --- nobody else has it ---------------------------------------------------------------------


@pytest.mark.rfc("RFC 5227 section 2.1.1", "RFC 5227 section 2.3")
def test_three_probes_from_nobody_and_two_announcements_come_before_it_is_settled() -> None:
    net, alice, _ = world()
    net.run()
    frames = [Ether(frame.bytes) for frame in net.trace.frames]
    assert [(arp.op, arp.psrc, arp.pdst, arp.hwdst) for arp in (each[ARP] for each in frames)] == [
        *[(1, "0.0.0.0", "10.0.0.1", "00:00:00:00:00:00")] * 3,
        *[(1, "10.0.0.1", "10.0.0.1", "00:00:00:00:00:00")] * 2,
    ]
    assert {each.dst for each in frames} == {"ff:ff:ff:ff:ff:ff"}
    assert repr(claim_of(alice)) == "<claim of 10.0.0.1 by alice:eth0, IN_USE>"
    assert_scapy_agrees(net)


@pytest.mark.rfc("RFC 5227 section 2.1.1", "RFC 5227 section 2.3")
@pytest.mark.parametrize("seed", range(20))
def test_the_times_between_them_are_the_rfcs(seed: int) -> None:
    net, _, _ = world(seed)
    net.run()
    first, *rest = [frame.time for frame in net.trace.frames]
    gaps = [later - earlier for earlier, later in pairwise([first, *rest])]
    assert 0 <= first <= 1 * s
    assert all(1 * s <= gap <= 2 * s for gap in gaps[:2])
    assert gaps[2:] == [2 * s, 2 * s]


def test_chance_decides_the_times_and_each_host_has_its_own() -> None:
    net = Network(1)
    hosts = [
        net.host(name, f"10.0.0.{i}/24", conflict_detection=True) for i, name in enumerate("ab", 1)
    ]
    net.connect(*hosts)
    net.run()
    firsts = [next(frame.time for frame in net.trace.frames if frame.sender == n) for n in "ab"]
    assert firsts[0] != firsts[1]


def test_until_then_the_host_has_no_address_and_answers_for_none() -> None:
    net, alice, bob = world()
    assert addresses(alice) == []
    with pytest.raises(socket.gaierror):
        bob.ping("alice", count=1)
    net.run(until=lambda: claim_of(alice).state is State.ANNOUNCING)
    assert addresses(alice) == ["10.0.0.1"]
    assert alice.ping("bob", count=1).received == 1
    assert net.now < 8 * s


def test_the_claim_begins_when_the_interface_is_plugged_in() -> None:
    net = Network()
    alice = net.host("alice", "10.0.0.1/24", gateway="10.0.0.9", conflict_detection=True)
    net.run_for(60 * s)
    assert claim_of(alice).state is State.PROBING
    net.connect(alice, net.host("bob", "10.0.0.2/24"))
    net.run()
    assert [str(route) for route in alice.ipv4.routes] == [
        "10.0.0.0/24 dev eth0 src 10.0.0.1",
        "default via 10.0.0.9 dev eth0 src 10.0.0.1",
    ]


def test_on_a_link_without_arp_the_address_is_taken_at_once() -> None:
    net = Network()
    alice = net.host("alice", "10.0.0.1/24", conflict_detection=True)
    net.connect(alice, net.host("bob", "10.0.0.2/24"), medium="raw")
    assert addresses(alice) == ["10.0.0.1"]
    net.run()
    assert (net.trace.frames, claim_of(alice).state) == ([], State.IN_USE)


def test_a_claim_can_be_given_up_by_ones_own_will_at_any_time() -> None:
    for until in (0, 2 * s, 5 * s, 20 * s):
        net, alice, _ = world()
        net.run(until=until)
        claim = claim_of(alice)
        claim.release()
        claim.release()
        frames = len(net.trace.frames)
        net.run()
        assert (claim.state, alice.arp.claims, len(net.trace.frames)) == (
            State.GIVEN_UP,
            [],
            frames,
        )
    net = Network()
    alice = net.host("alice", "10.0.0.1/24", conflict_detection=True)
    claim_of(alice).release()
    net.connect(alice, net.host("bob", "10.0.0.2/24"))
    net.run()
    assert net.trace.frames == []


# --- somebody has it, or wants it -----------------------------------------------------------


@pytest.mark.rfc("RFC 5227 section 2.1.1")
def test_an_address_that_somebody_has_is_not_taken() -> None:
    net, alice, bob = world(bob="10.0.0.1/24")
    net.run()
    assert (addresses(alice), addresses(bob)) == ([], ["10.0.0.1"])
    assert path(net) == ["probe due", "conflict"]
    event = net.trace.events_of(kind="claim")[-1]
    assert event.reason == "02:00:00:00:00:02 uses 10.0.0.1 (RFC 5227 section 2.1.1)"
    assert [frame.arp.operation for frame in net.trace.frames if frame.arp] == [REQUEST, REPLY]
    assert "let the address go" in str(TRANSITIONS[State.PROBING, event.fields["on"]].actions[0])


@pytest.mark.rfc("RFC 5227 section 2.1.1")
def test_of_two_who_probe_for_the_same_address_at_once_one_gets_it_at_most() -> None:
    for seed in range(10):
        net = Network(seed)
        hosts = [net.host(name, "10.0.0.1/24", conflict_detection=True) for name in "ab"]
        net.connect(*hosts)
        net.run()
        assert len([host for host in hosts if host.ipv4.addresses]) <= 1


@pytest.mark.rfc("RFC 5227 section 2.1.1")
@pytest.mark.parametrize(
    ("operation", "sender", "target", "conflict"),
    [
        (REQUEST, ALICE, address("10.0.0.9"), True),
        (REPLY, ALICE, address("10.0.0.9"), True),
        (REQUEST, ALICE, ALICE, True),
        (REPLY, ALICE, ALICE, True),
        (REQUEST, NOBODY, ALICE, True),
        (REPLY, NOBODY, ALICE, False),
        (REQUEST, NOBODY, address("10.0.0.9"), False),
        (REQUEST, address("10.0.0.9"), ALICE, False),
        (REPLY, address("10.0.0.9"), ALICE, False),
    ],
)
def test_while_probing_a_conflict_is_any_use_of_the_address_and_any_probe_for_it(
    operation: int, sender: object, target: object, conflict: bool
) -> None:
    net, alice, _ = world()
    net.run_for(1 * s)
    claim = claim_of(alice)
    say(net, operation, sender, target)
    assert (claim.state is State.GIVEN_UP) is conflict
    net.run()
    assert (addresses(alice) == []) is conflict


@pytest.mark.rfc("RFC 5227 section 2.1.1")
def test_an_answer_two_seconds_after_the_last_probe_is_in_time() -> None:
    net, alice, _ = world()
    net.run(until=lambda: len(net.trace.frames) == 3)
    net.run_for(2 * s - 10 * ms)
    say(net, REPLY, ALICE, NOBODY)
    net.run()
    assert addresses(alice) == []


# --- somebody uses it later -----------------------------------------------------------------


@pytest.mark.rfc("RFC 5227 section 2.4")
def test_an_address_in_use_is_defended_once_and_let_go_when_the_conflict_goes_on() -> None:
    net, alice, _ = world()
    net.run_for(20 * s)
    before = len(net.trace.frames)
    say(net, REQUEST, ALICE, address("10.0.0.9"))
    defence = net.trace.frames[before + 1]
    assert defence.arp == ArpPacket(REQUEST, alice.interfaces[0].mac, ALICE, MacAddress(0), ALICE)
    assert defence.reason == f"{OTHER} uses 10.0.0.1 (RFC 5227 section 2.4 (b))"
    assert addresses(alice) == ["10.0.0.1"]
    net.run_for(9 * s)
    say(net, REQUEST, ALICE, address("10.0.0.9"))
    assert addresses(alice) == []
    assert len(net.trace.frames) == before + 3
    assert path(net)[-2:] == ["conflict", "conflict again"]
    assert "again, 9.01 s after the last time" in net.trace.events_of(kind="claim")[-1].reason
    assert net.trace.events_of(kind="arp conflict", host="alice")


@pytest.mark.rfc("RFC 5227 section 2.4")
def test_conflicts_more_than_ten_seconds_apart_are_each_answered() -> None:
    net, alice, _ = world()
    net.run_for(20 * s)
    for _ in range(3):
        say(net, REPLY, ALICE, address("10.0.0.9"))
        net.run_for(10 * s)
    assert addresses(alice) == ["10.0.0.1"]
    assert path(net)[-3:] == ["conflict"] * 3


@pytest.mark.rfc("RFC 5227 section 2.4")
def test_who_keeps_its_address_defends_it_every_ten_seconds_and_never_lets_go() -> None:
    net, alice, _ = world()
    claim_of(alice).keep = True
    net.run_for(20 * s)
    before = len(net.trace.frames)
    for _ in range(30):
        say(net, REPLY, ALICE, address("10.0.0.9"))
        net.run_for(1 * s)
    assert addresses(alice) == ["10.0.0.1"]
    assert len([frame for frame in net.trace.frames[before:] if frame.sender == "alice"]) == 1


def test_a_host_that_doesnt_look_for_conflicts_records_them_all_the_same() -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob")
    net.connect(alice, bob)
    say(net, REQUEST, ALICE, address("10.0.0.9"))
    event = net.trace.events_of(kind="arp conflict", host="alice")[0]
    assert event.fields == {"address": "10.0.0.1", "mac": str(OTHER)}
    assert addresses(alice) == ["10.0.0.1"]
    assert "uses 10.0.0.1" in net.trace.why(event).text()


def test_an_address_is_announced_by_hand_and_whoever_knew_it_is_brought_up_to_date() -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob)
    alice.ping("bob", count=1)
    alice.interfaces[0].mac = OTHER
    alice.arp.announce(alice.interfaces[0], alice.address)
    net.run()
    assert bob.arp.table[ALICE].mac == OTHER
    assert "announce that 10.0.0.1 is here" in net.trace.frames[-1].reason


# --- making such hosts ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"address": "10.0.0.1"}, "such as 10.0.0.1/24"),
        ({"address": "10.0.0.1/24", "gateway": "10.0.9.1"}, "10.0.9.1 is on none of its networks"),
        ({"gateway": "10.0.9.1"}, "from which to send to 10.0.9.1"),
    ],
)
def test_what_cant_be_is_refused_before_anything_is_probed(options: dict, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Network().host("alice", conflict_detection=True, **options)


def test_why_tells_a_claim_in_words() -> None:
    net, _, _ = world()
    net.run()
    told = net.trace.why(net.trace.frames[-1]).text()
    assert "Frame 5  alice > bob  ARP announcement" in told
    assert "alice's claim of 10.0.0.1 went from ANNOUNCING to IN_USE (announcement due)" in told


@pytest.mark.tshark
def test_tshark_reads_probes_and_announcements_as_we_do(tmp_path: Path) -> None:
    net, alice, _ = world()
    net.run()
    say(net, REPLY, ALICE, address("10.0.0.9"))
    alice.ping("bob", count=1)
    assert_tshark_agrees(net, tmp_path)
    assert {frame.protocol for frame in net.trace.frames} == {"ARP", "ICMP"}
