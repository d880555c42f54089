"""A man in the middle by forged ARP replies, on a switch; and what each defence makes of him."""

import socket
from collections.abc import Callable

import pytest

from netlab import Network
from netlab.host import Host
from netlab.link.ethernet import ETHERTYPE_ARP, EthernetFrame
from netlab.network.arp_packet import REPLY, ArpPacket
from netlab.probe import Probe
from netlab.units import minute, ms, s
from tests.network.material import address, assert_scapy_agrees

BOB = address("10.0.0.2")


class Office:
    """alice, bob and mallory, who has no stack, on one switch. Alice and bob know each other."""

    def __init__(self) -> None:
        self.net = net = Network(seed=1)
        switch = net.switch("s1")
        self.alice, self.bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
        self.mallory: Probe = net.probe("mallory")
        for node in (self.alice, self.bob, self.mallory):
            net.connect(node, switch, delay=1 * ms)
        self.inbox = self.bob.socket(socket.SOCK_DGRAM)
        self.inbox.bind(("", 9))
        self.bob.ping("alice", count=1)
        net.run()

    def forge(self) -> None:
        """Mallory tells alice that she is bob."""
        mac, alice = self.mallory.interface.mac, self.alice.interfaces[0].mac
        lie = ArpPacket(REPLY, mac, BOB, alice, self.alice.address)
        self.mallory.send(EthernetFrame(alice, mac, ETHERTYPE_ARP, lie.pack()))
        self.net.run()

    def deliver(self) -> tuple[int, int]:
        """Alice writes to bob: how many of such letters came to bob, and to mallory, in all."""
        self.alice.socket(socket.SOCK_DGRAM).sendto(b"secret", ("bob", 9))
        self.net.run()
        read = [frame for frame in self.mallory.received if frame.udp and frame.udp.payload]
        return len(self.bob.udp.ports[0].queue), len(read)


def test_under_rfc_826s_trust_alices_letters_go_to_mallory() -> None:
    office = Office()
    assert office.deliver() == (1, 0)
    office.forge()
    assert office.deliver() == (1, 1)
    stolen = office.mallory.received[-1]
    assert (stolen.udp.payload, stolen.ipv4.dst) == (b"secret", BOB)
    changed = office.net.trace.events_of(kind="arp", host="alice")[-1]
    assert changed.fields["mac"] == str(office.mallory.interface.mac)
    assert "until now it was at" in changed.reason
    assert_scapy_agrees(office.net)


def test_the_theft_ends_when_the_forged_answer_has_grown_old_and_bob_is_asked() -> None:
    office = Office()
    office.forge()
    office.net.run_for(2 * minute)
    assert office.deliver() == (0, 1), "the old answer is used once more, while it is checked"
    office.net.run()
    assert office.alice.arp.table[BOB].state == "FAILED", "mallory doesn't answer"
    assert office.deliver() == (1, 1)


def strict(office: Office) -> None:
    office.alice.arp.policy = "strict"


def ignoring(office: Office) -> None:
    office.alice.arp.policy = "ignore unsolicited"


def by_hand(office: Office) -> None:
    office.alice.arp.add("10.0.0.2", str(office.bob.interfaces[0].mac))


@pytest.mark.parametrize("defend", [strict, ignoring, by_hand])
def test_each_defence_refuses_the_forged_reply_with_the_reason(
    defend: Callable[[Office], None],
) -> None:
    office = Office()
    defend(office)
    office.forge()
    assert office.deliver() == (1, 0)
    [event] = office.net.trace.events_of(kind="arp refused", host="alice")
    assert event.fields == {"address": "10.0.0.2", "mac": str(office.mallory.interface.mac)}
    assert "is not believed to be at" in event.reason


def test_bob_defends_nothing_by_a_reply_that_he_never_sees_but_an_announcement_alarms_him() -> None:
    office = Office()
    office.forge()
    assert office.net.trace.events_of(kind="arp conflict", host="bob") == []
    mac = office.mallory.interface.mac
    lie = ArpPacket(1, mac, BOB, type(mac)(0), BOB)
    office.mallory.send(EthernetFrame(type(mac).BROADCAST, mac, ETHERTYPE_ARP, lie.pack()))
    office.net.run()
    assert len(office.net.trace.events_of(kind="arp conflict", host="bob")) == 1


def test_even_the_strict_policy_believes_the_faster_of_two_answers() -> None:
    """Why entries set by hand, or switches that know who is where, are the better defence."""
    office = Office()
    strict(office)
    office.alice.arp.flush()
    office.net.links[1].delay_ns = 50 * ms
    office.alice.socket(socket.SOCK_DGRAM).sendto(b"secret", ("bob", 9))
    office.net.run_for(5 * ms)
    office.forge()
    assert office.alice.arp.table[BOB].mac == office.mallory.interface.mac
    refused = office.net.trace.events_of(kind="arp refused", host="alice")
    assert refused[0].fields["mac"] == str(office.bob.interfaces[0].mac), "bob comes too late"


def test_an_answer_is_forgotten_when_the_link_was_down_for_another_may_be_there() -> None:
    office = Office()
    office.alice.arp.add("10.0.0.9", "02:00:00:00:00:99")
    office.net.links[0].down()
    assert len(office.alice.arp.table) == 2
    office.net.links[0].up()
    assert [str(each) for each in office.alice.arp.table] == ["10.0.0.9"]
    assert office.deliver() == (1, 0)


def test_all_sockets_whose_packets_waited_hear_that_nobody_answers() -> None:
    office = Office()
    errors: list[int | None] = []

    def write(host: Host) -> None:
        sock = host.socket(socket.SOCK_DGRAM)
        sock.connect(("10.0.0.77", 9))
        sock.send(b"is anybody there?")
        try:
            sock.recv(10)
        except OSError as error:
            errors.append(error.errno)

    for _ in range(3):
        office.alice.start(write)
    office.net.run()
    assert errors == [113] * 3  # EHOSTUNREACH
    assert office.net.now < 4 * s
