"""Whom a host believes: RFC 826's trust, and what of it each policy leaves."""

import pytest

from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_ARP, EthernetFrame
from netlab.network.arp_packet import REPLY, REQUEST, ArpPacket
from netlab.network.arp_policy import Policy
from netlab.units import minute, ms
from tests.network.material import Pair, address, discarded

MALLORY = MacAddress.parse("02:00:00:00:06:66")
ALICE, BOB, SOMEBODY = address("10.0.0.1"), address("10.0.0.2"), address("10.0.0.77")


def say(
    pair: Pair, operation: int, target: object, sender: object = BOB, mac: int = MALLORY
) -> None:
    """Mallory says to alice, who is on the same cable, that `sender` is at her own address."""
    packet = ArpPacket(operation, MacAddress(mac), sender, MacAddress(0), target)  # type: ignore[arg-type]
    frame = EthernetFrame(pair.alice.interfaces[0].mac, MALLORY, ETHERTYPE_ARP, packet.pack())
    pair.bob.inject(frame.pack())
    pair.net.run()


def refused(pair: Pair) -> list[str]:
    return [event.reason for event in pair.net.trace.events_of(kind="arp refused", host="alice")]


@pytest.fixture
def pair() -> Pair:
    """Alice and bob know each other."""
    pair = Pair()
    pair.alice.ping("bob", count=1)
    pair.net.run()
    return pair


LIES = {
    "an answer that nobody asked for": (REPLY, ALICE),
    "a question to alice": (REQUEST, ALICE),
    "an announcement": (REQUEST, BOB),
    "a question to somebody else": (REQUEST, SOMEBODY),
}


@pytest.mark.rfc("RFC 826")
@pytest.mark.parametrize("lie", LIES)
def test_as_rfc_826_has_it_any_packet_overwrites_what_is_known(pair: Pair, lie: str) -> None:
    say(pair, *LIES[lie])
    assert pair.alice.arp.table[BOB].mac == MALLORY
    assert refused(pair) == []
    last = pair.net.trace.events_of(kind="arp", host="alice")[-1]
    assert last.reason.endswith("until now it was at 02:00:00:00:00:02")


@pytest.mark.parametrize("policy", ["ignore unsolicited", "strict"])
@pytest.mark.parametrize("lie", LIES)
def test_under_a_stricter_policy_lies_are_refused_with_the_reason(
    pair: Pair, lie: str, policy: str
) -> None:
    pair.alice.arp.policy = policy
    say(pair, *LIES[lie])
    believed = policy != "strict" and lie == "a question to alice"
    honest = pair.bob.interfaces[0].mac
    assert pair.alice.arp.table[BOB].mac == (MALLORY if believed else honest)
    assert len(refused(pair)) == (0 if believed else 1)
    if not believed:
        what = (
            "nobody had asked" if LIES[lie][0] == REPLY else "a question doesn't count as an answer"
        )
        assert refused(pair)[0] == (
            f'10.0.0.2 is not believed to be at {MALLORY}: {what}, and the policy is "{policy}"'
        )


@pytest.mark.parametrize("policy", Policy)
def test_two_hosts_of_any_policy_find_each_other_and_ask_again_later(policy: Policy) -> None:
    pair = Pair()
    pair.alice.arp.policy = pair.bob.arp.policy = policy
    for _ in range(3):
        assert pair.alice.ping("bob", count=1).received == 1
        pair.net.run_for(2 * minute)
        assert pair.bob.ping("alice", count=1).received == 1
        pair.net.run_for(20 * minute)


def test_under_the_strict_policy_each_side_asks_for_itself() -> None:
    pair = Pair()
    pair.alice.arp.policy = pair.bob.arp.policy = "strict"
    assert pair.alice.ping("bob", count=1).rtts == [60 * ms]
    asked = [frame.arp.operation for frame in pair.net.trace.frames if frame.arp]
    assert asked == [REQUEST, REPLY] * 2
    assert len(pair.net.trace.events_of(kind="arp refused", host="bob")) == 1


def test_no_policy_believes_a_second_answer_under_the_strict_one(pair: Pair) -> None:
    pair.alice.arp.policy = "strict"
    pair.net.run_for(2 * minute)
    assert pair.alice.ping("bob", count=1).received == 1
    say(pair, REPLY, ALICE)
    assert pair.alice.arp.table[BOB].mac == pair.bob.interfaces[0].mac


def test_what_is_known_already_is_no_reason_for_a_refusal(pair: Pair) -> None:
    pair.alice.arp.policy = "strict"
    say(pair, REPLY, ALICE, mac=pair.bob.interfaces[0].mac)
    assert refused(pair) == []


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize(
    ("sender", "mac", "why"),
    [
        (BOB, MacAddress.BROADCAST, "not the address of one station (RFC 1812 section 3.3.2)"),
        (BOB, MacAddress.parse("01:00:5e:00:00:01"), "not the address of one station"),
        (address("224.0.0.1"), MALLORY, "not the address of one host (RFC 1122 section 3.2.1.3)"),
        (address("255.255.255.255"), MALLORY, "not the address of one host"),
        (address("127.0.0.1"), MALLORY, "not the address of one host"),
        (address("240.0.0.1"), MALLORY, "not the address of one host"),
    ],
)
def test_what_no_single_machine_can_have_is_believed_by_none(
    pair: Pair, policy: Policy, sender: object, mac: MacAddress, why: str
) -> None:
    pair.alice.arp.policy = policy
    say(pair, REPLY, ALICE, sender, mac)
    assert why in refused(pair)[0]
    assert list(pair.alice.arp.table) == [BOB]
    assert pair.alice.arp.table[BOB].mac == pair.bob.interfaces[0].mac


def test_a_neighbour_stays_behind_the_interface_where_it_answered() -> None:
    from netlab import Network

    net = Network()
    router = net.router("r1")
    for number, name in ((1, "alice"), (2, "bob")):
        host = net.host(name, f"10.0.{number}.1/24")
        net.connect(router, host, addresses=(f"10.0.{number}.254/24", None))
    net.hosts["alice"].ping("r1", count=1)
    forged = ArpPacket(REPLY, MALLORY, address("10.0.1.1"), MacAddress(0), address("10.0.2.254"))
    frame = EthernetFrame(router.interfaces[1].mac, MALLORY, ETHERTYPE_ARP, forged.pack())
    net.hosts["bob"].inject(frame.pack())
    net.run()
    assert router.arp.table[address("10.0.1.1")].mac == net.hosts["alice"].interfaces[0].mac
    assert "it is known behind eth0" in net.trace.events_of(kind="arp refused")[0].reason


def test_what_a_host_hears_of_itself_is_dropped(pair: Pair) -> None:
    say(pair, REQUEST, SOMEBODY, ALICE, pair.alice.interfaces[0].mac)
    assert "an ARP packet of this interface itself, which came back" in discarded(
        pair.net, pair.alice
    )
    assert ALICE not in pair.alice.arp.table


@pytest.mark.parametrize("operation", [0, 3, 4, 9, 65_535])
def test_an_operation_that_isnt_arps_is_dropped(pair: Pair, operation: int) -> None:
    say(pair, operation, ALICE, SOMEBODY)
    assert f"ARP operation {operation} isn't known here (RFC 826)" in discarded(
        pair.net, pair.alice
    )
    assert SOMEBODY not in pair.alice.arp.table


def test_a_policy_that_isnt_there_is_refused_with_those_that_are(pair: Pair) -> None:
    with pytest.raises(ConfigurationError, match="one of 'accept', 'ignore unsolicited', 'strict'"):
        pair.alice.arp.policy = "paranoid"
    assert pair.alice.arp.policy is Policy.ACCEPT


def test_why_tells_a_refusal_in_words(pair: Pair) -> None:
    pair.alice.arp.policy = "strict"
    say(pair, REPLY, ALICE)
    event = pair.net.trace.events_of(kind="arp refused")[0]
    told = pair.net.trace.why(event).text()
    assert f"alice did not believe that 10.0.0.2 is at {MALLORY}" in told
    assert "nobody had asked" in told
