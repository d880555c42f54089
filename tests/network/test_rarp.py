"""RARP: a machine without a disk learns its address from a server's table (RFC 903)."""

from functools import partial
from pathlib import Path

import pytest
from scapy.layers.l2 import ARP, Ether

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_RARP, EthernetFrame
from netlab.network import rarp
from netlab.network.arp_packet import REVERSE_REPLY, REVERSE_REQUEST, ArpPacket
from netlab.sim.program import Program
from netlab.units import ms, s
from tests.network.material import address, assert_tshark_agrees, discarded

MAC = MacAddress.parse("02:00:00:00:00:02")


class World:
    """bob (10.0.0.2), a server, and a machine without a disk, on a cable of 10 ms."""

    def __init__(self, table: dict[str, str] | None = None, **options: object) -> None:
        self.net = net = Network(seed=1)
        self.bob = net.host("bob", "10.0.0.2/8")
        self.diskless = net.host("diskless", boot=partial(rarp.boot, **options))  # type: ignore[arg-type]
        net.connect(self.bob, self.diskless, delay=10 * ms)
        self.server = rarp.serve(self.bob, {str(MAC): "10.0.0.9"} if table is None else table)

    @property
    def program(self) -> Program:
        """The one that boots."""
        return self.net.programs[0]

    def answer(self, operation: int = REVERSE_REPLY, mac: int = MAC, to: str = "10.0.0.7") -> None:
        """Have bob send this, whatever his table says."""
        card = self.bob.interfaces[0].mac
        packet = ArpPacket(operation, card, self.bob.address, MacAddress(mac), address(to))
        self.bob.inject(EthernetFrame(MAC, card, ETHERTYPE_RARP, packet.pack()).pack())


def addresses(host: Host) -> list[str]:
    return [str(each) for each in host.ipv4.addresses]


@pytest.mark.rfc("RFC 903")
def test_a_machine_asks_all_for_its_address_and_the_server_answers_it_alone() -> None:
    world = World()
    world.net.run()
    asked, told = (Ether(frame.bytes) for frame in world.net.trace.frames)
    mac, server = str(MAC), str(world.bob.interfaces[0].mac)
    assert [each.type for each in (asked, told)] == [0x8035, 0x8035]
    assert (asked.dst, asked.src, told.dst, told.src) == ("ff:ff:ff:ff:ff:ff", mac, mac, server)
    question, answer = (ARP(each.load) for each in (asked, told))  # Scapy knows no RARP of its own
    assert (question.op, question.hwsrc, question.hwdst) == (3, mac, mac)
    assert (answer.op, answer.hwsrc, answer.psrc) == (4, server, "10.0.0.2")
    assert (answer.hwdst, answer.pdst) == (mac, "10.0.0.9")
    assert world.net.now == 20 * ms


@pytest.mark.rfc("RFC 903")
def test_the_machine_then_uses_its_address_as_any_other_host() -> None:
    world = World()
    world.net.run()
    assert addresses(world.diskless) == ["10.0.0.9"]
    assert world.bob.ping("diskless", count=1).received == 1
    assert world.diskless.ping("bob", count=1).received == 1


@pytest.mark.parametrize(
    ("given", "length", "prefix"),
    [
        ("10.0.0.9", None, "10.0.0.0/8"),
        ("172.16.0.9", None, "172.16.0.0/16"),
        ("192.168.1.9", None, "192.168.1.0/24"),
        ("10.0.0.9", 24, "10.0.0.0/24"),
    ],
)
def test_rarp_tells_no_mask_so_the_class_of_the_address_decides(
    given: str, length: int | None, prefix: str
) -> None:
    world = World({str(MAC): given}, length=length)
    world.net.run()
    [route] = world.diskless.ipv4.routes
    assert (str(route.prefix), str(route.source), route.gateway) == (prefix, given, None)


@pytest.mark.rfc("RFC 903")
def test_after_a_power_cut_the_machine_knows_nothing_and_must_ask_again() -> None:
    world = World()
    world.net.run()
    world.bob.ping("diskless", count=1)
    world.diskless.power_cycle()
    assert (addresses(world.diskless), world.diskless.arp.table) == ([], {})
    assert world.bob.ping("10.0.0.9", count=1, timeout=10 * ms).received == 0
    world.net.run()
    assert addresses(world.diskless) == ["10.0.0.9"]
    assert [frame.label for frame in world.net.trace.frames].count("RARP request") == 2
    world.bob.interfaces[0].down()
    world.diskless.power_cycle()
    with pytest.warns(RuntimeWarning, match="no RARP server answered diskless"):
        world.net.run()
    assert addresses(world.diskless) == []


def test_it_asks_again_after_ever_longer_times_and_then_gives_up() -> None:
    world = World({})
    booting = world.program
    with pytest.raises(TimeoutError, match=r"within 63 s: .* is 02:00:00:00:00:02 in its table"):
        _ = booting.result
    asked = [frame.time for frame in world.net.trace.frames]
    assert asked == [0, 1 * s, 3 * s, 7 * s, 15 * s, 31 * s]
    assert world.net.now == 63 * s
    assert "question 1: ask again" in world.net.trace.frames[1].reason
    assert discarded(world.net, world.bob)[0] == (
        "02:00:00:00:00:02 isn't in this server's table: others may know it (RFC 903)"
    )


def test_a_lost_question_or_answer_costs_a_second() -> None:
    for lost in (1, 2):
        world = World()
        world.net.links[0].drop(frame=lost)
        world.net.run()
        assert (world.net.now, addresses(world.diskless)) == (1 * s + 20 * ms, ["10.0.0.9"])


def test_a_server_that_learns_of_the_machine_later_serves_it_then() -> None:
    world = World({})
    world.net.run(until=2 * s)
    world.server.add(str(MAC), "10.0.0.8")
    world.net.run()
    assert (world.net.now, addresses(world.diskless)) == (3 * s + 20 * ms, ["10.0.0.8"])


@pytest.mark.rfc("RFC 903")
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"operation": REVERSE_REQUEST}, "RARP operation 3 is for others"),
        ({"operation": 2}, "RARP operation 2 is for others"),
        ({"mac": 0x020000000099}, "an answer for 02:00:00:00:00:99, not for this machine"),
        ({"to": "0.0.0.0"}, "0.0.0.0 is not the address of one host"),
        ({"to": "255.255.255.255"}, "255.255.255.255 is not the address of one host"),
        ({"to": "224.0.0.1"}, "224.0.0.1 is not the address of one host"),
        ({"to": "127.0.0.1"}, "127.0.0.1 is not the address of one host"),
    ],
)
def test_wrong_answers_are_ignored_with_the_why(wrong: dict, why: str) -> None:
    world = World({})
    world.net.run(until=100 * ms)
    world.answer(**wrong)
    world.net.run(until=200 * ms)
    assert (addresses(world.diskless), world.program.done) == ([], False)
    assert why in discarded(world.net, world.diskless)[0]
    world.answer()
    world.net.run()
    assert addresses(world.diskless) == ["10.0.0.7"]


def test_of_several_answers_the_first_counts() -> None:
    world = World({})
    world.net.run(until=100 * ms)
    for to in ("10.0.0.7", "10.0.0.8"):
        world.answer(to=to)
    world.net.run()
    assert addresses(world.diskless) == ["10.0.0.7"]
    assert discarded(world.net, world.diskless) == ["another server's answer came first (RFC 903)"]


@pytest.mark.rfc("RFC 903")
def test_a_machine_may_ask_for_anothers_address_and_gets_the_answer_itself() -> None:
    world = World({"02:00:00:00:00:55": "10.0.0.55"})
    card, other = world.diskless.interfaces[0].mac, MacAddress.parse("02:00:00:00:00:55")
    question = ArpPacket(REVERSE_REQUEST, card, address("0.0.0.0"), other, address("0.0.0.0"))
    frame = EthernetFrame(MacAddress.BROADCAST, card, ETHERTYPE_RARP, question.pack())
    world.net.run(until=100 * ms)
    world.diskless.inject(frame.pack())
    world.net.run(until=200 * ms)
    answer = world.net.trace.frames[-1]
    assert answer.receiver == "diskless"
    assert answer.arp == ArpPacket(
        REVERSE_REPLY, world.bob.interfaces[0].mac, world.bob.address, other, address("10.0.0.55")
    )


def test_a_server_without_an_address_keeps_silent() -> None:
    world = World()
    world.bob.remove_address(world.bob.address)
    world.net.run(until=100 * ms)
    assert len(world.net.trace.frames) == 1
    assert "a server without an address can't answer" in discarded(world.net, world.bob)[0]


def test_what_isnt_rarp_is_dropped_by_server_and_machine() -> None:
    world = World({})
    for sender, receiver in ((world.diskless, world.bob), (world.bob, world.diskless)):
        world.net.run_for(100 * ms)
        card = sender.interfaces[0].mac
        sender.inject(EthernetFrame(MacAddress.BROADCAST, card, ETHERTYPE_RARP, b"\0\1").pack())
        world.net.run_for(100 * ms)
        assert any("ARP" in why for why in discarded(world.net, receiver))


def test_what_cant_be_is_refused() -> None:
    net = Network()
    bob, alice = net.host("bob", "10.0.0.2/8"), net.host("alice")
    with pytest.raises(ConfigurationError, match="'me' is not an Ethernet address"):
        rarp.serve(bob, {"me": "10.0.0.1"})
    with pytest.raises(ConfigurationError, match="'you' is not an IPv4 address"):
        rarp.serve(bob, {"02:00:00:00:00:01": "you"})
    with pytest.raises(ConfigurationError, match="r1 has no Ethernet interface"):
        rarp.boot(net.router("r1"))
    net.connect(alice, bob, medium="raw")
    with pytest.raises(ConfigurationError, match="alice has no Ethernet interface"):
        rarp.boot(alice)


def test_why_tells_the_whole_story() -> None:
    world = World()
    world.net.run()
    told = world.net.trace.why(world.net.trace.frames[1]).text()
    assert "RARP reply" in told
    assert "the table says that 10.0.0.9 belongs to 02:00:00:00:00:02" in told
    assert "this machine knows its Ethernet address only" in told
    event = world.net.trace.events_of(kind="rarp")[0]
    assert event.fields == {
        "mac": "02:00:00:00:00:02",
        "address": "10.0.0.9/8",
        "server": "10.0.0.2",
    }
    assert "diskless learned from 10.0.0.2 that its address is 10.0.0.9/8" in (
        world.net.trace.why(event).text()
    )


@pytest.mark.tshark
def test_tshark_reads_question_and_answer_as_we_do(tmp_path: Path) -> None:
    world = World()
    world.net.run()
    world.bob.ping("diskless", count=1)
    assert_tshark_agrees(world.net, tmp_path)
    assert [frame.protocol for frame in world.net.trace.frames[:3]] == ["RARP", "RARP", "ARP"]


def test_of_several_servers_on_a_switch_each_answers_for_its_own_and_the_first_counts() -> None:
    net = Network(seed=1)
    switch = net.switch("s1")
    servers = [net.host(f"rarp{number}", f"10.0.0.{number}/8") for number in (1, 2, 3)]
    machines = [net.host(f"pc{number}", boot=rarp.boot) for number in (1, 2)]
    for number, node in enumerate([*servers, *machines]):
        net.connect(node, switch, delay=(number + 1) * ms)
    first, second = (str(machine.interfaces[0].mac) for machine in machines)
    rarp.serve(servers[0], {first: "10.0.0.11"})
    rarp.serve(servers[1], {first: "10.0.0.11", second: "10.0.0.12"})
    rarp.serve(servers[2], {})
    net.run()
    assert [addresses(machine) for machine in machines] == [["10.0.0.11"], ["10.0.0.12"]]
    assert discarded(net, machines[0])[-1] == "another server's answer came first (RFC 903)"
    assert machines[0].ping("pc2", count=1).received == 1
