"""A learning switch: what it learns, forwards, floods, filters and forgets; and a loop of switches."""

from typing import Any

import pytest

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.ethernet import EthernetFrame
from netlab.link.switch import STORM_FLOODS
from netlab.probe import Probe
from netlab.units import Mbps, ms, s, us

NOBODY = MacAddress(0x0200000000EE)
GROUP = MacAddress(0x01005E000001)


class Star:
    """Probes p1, p2, ... on the ports of s1, each by a cable of 1 ms."""

    def __init__(self, probes: int = 3, **options: Any) -> None:
        self.net = Network(seed=1)
        self.switch = self.net.switch("s1", **options)
        self.probes = [self.net.probe(f"p{n + 1}") for n in range(probes)]
        self.links = [self.net.connect(probe, self.switch, delay=1 * ms) for probe in self.probes]

    def mac(self, number: int) -> MacAddress:
        """Of the probe with this number, counted from 1."""
        return self.probes[number - 1].interface.mac

    def send(self, number: int, dst: MacAddress, src: MacAddress | None = None) -> list[str]:
        """Let a probe send; who got it."""
        before = {probe.name: len(probe.received) for probe in self.probes}
        src = self.mac(number) if src is None else src
        self.probes[number - 1].send(EthernetFrame(dst, src, 0x88B5, b"hello"))
        self.net.run()
        return [each.name for each in self.probes if len(each.received) > before[each.name]]

    def table(self) -> dict[str, str]:
        return {str(mac): entry.port.name for mac, entry in self.switch.table.items()}

    def events(self) -> list[tuple[str, str, str]]:
        found = self.net.trace.events_of(kind="mac")
        return [
            (each.fields["address"], each.fields["port"], each.fields["state"]) for each in found
        ]


def test_it_learns_by_which_port_each_station_sends_and_forwards_to_there_alone() -> None:
    star = Star()
    assert star.send(1, NOBODY) == ["p2", "p3"]  # nobody knows where that is
    assert star.table() == {str(star.mac(1)): "port1"}
    assert star.send(2, star.mac(1)) == ["p1"]
    assert star.send(1, star.mac(2)) == ["p2"]
    assert star.send(3, star.mac(2)) == ["p2"]
    assert star.events() == [(str(star.mac(n)), f"port{n}", "LEARNED") for n in (1, 2, 3)]
    frame = star.probes[1].received[-1]
    assert frame.sender == "s1"
    assert frame.reason == (
        f"{star.mac(2)} was heard by port2: to there alone (IEEE 802.1D section 7.7)"
    )


@pytest.mark.parametrize("dst", [MacAddress.BROADCAST, GROUP, NOBODY])
def test_what_is_for_all_or_a_group_or_a_stranger_goes_to_all_other_ports(dst: MacAddress) -> None:
    star = Star()
    assert star.send(2, dst) == ["p1", "p3"]
    reasons = {frame.reason.partition(":")[0] for frame in star.probes[0].received}
    assert reasons == {
        {
            MacAddress.BROADCAST: "for all stations",
            GROUP: "for a group of stations",
            NOBODY: "nothing was heard of its station yet",
        }[dst]
    }
    assert star.probes[0].received[0].time == 1 * ms  # stored, and then forwarded


def test_what_is_for_the_side_that_it_came_from_is_filtered() -> None:
    star = Star()
    other = MacAddress(0x0200000000AA)  # behind p1, as behind a hub
    star.send(1, NOBODY, src=other)
    assert star.send(1, other) == []
    (event,) = star.net.trace.events_of(kind="discarded", host="s1")
    assert event.fields["why"].endswith("filtered (IEEE 802.1D section 7.7.1)")


def test_a_station_that_moves_is_found_again_as_soon_as_it_sends() -> None:
    star = Star()
    star.send(1, NOBODY)
    assert star.send(3, NOBODY, src=star.mac(1)) == ["p1", "p2"]
    assert star.table() == {str(star.mac(1)): "port3"}
    assert star.events()[-1] == (str(star.mac(1)), "port3", "MOVED")
    assert "no longer by port1" in star.net.trace.events_of(kind="mac")[-1].reason
    assert star.send(2, star.mac(1)) == ["p3"]


def test_who_is_silent_for_five_minutes_is_forgotten_and_each_frame_counts_anew() -> None:
    star = Star()
    star.send(1, NOBODY)
    star.net.run(until=200 * s)
    star.send(1, NOBODY)
    star.send(2, NOBODY)
    star.net.run(until=500 * s)
    assert sorted(star.table().values()) == ["port1", "port2"]
    star.net.run(until=500 * s + 1 * ms)
    assert list(star.table().values()) == ["port2"]
    star.net.run(until=501 * s)
    assert star.table() == {}
    assert [state for *_, state in star.events()] == ["LEARNED", "LEARNED", "AGED", "AGED"]
    assert star.send(2, star.mac(1)) == ["p1", "p3"]


def test_ageing_keeps_no_run_going_and_can_be_set() -> None:
    star = Star(ageing=10 * s)
    star.send(1, NOBODY)
    assert star.net.now < 1 * s
    star.net.run(until=10 * s + 1 * ms)
    assert star.table() == {}


def test_a_full_table_learns_nobody_more_until_somebody_is_forgotten() -> None:
    star = Star(capacity=2, ageing=10 * s)
    star.send(1, NOBODY, src=MacAddress(0x0200000000A1))
    star.send(1, NOBODY, src=MacAddress(0x0200000000A2))
    star.send(2, NOBODY)
    assert len(star.table()) == 2
    assert star.send(3, star.mac(2)) == ["p1", "p2"]
    star.net.run(until=20 * s)
    star.send(2, NOBODY)
    assert star.table() == {str(star.mac(2)): "port2"}


def test_stations_behind_a_port_that_goes_down_are_forgotten_and_nothing_is_sent_there() -> None:
    star = Star()
    star.send(1, NOBODY)
    star.send(2, NOBODY)
    star.links[0].down()
    assert star.table() == {str(star.mac(2)): "port2"}
    assert star.send(2, star.mac(1)) == ["p3"]
    star.links[0].up()
    assert star.send(2, star.mac(1)) == ["p1", "p3"]


def test_a_group_is_never_learned_as_a_sender() -> None:
    star = Star()
    star.send(1, NOBODY, src=GROUP)
    assert star.table() == {}


def test_what_is_for_bridges_alone_goes_no_further() -> None:
    star = Star()
    assert star.send(1, MacAddress(0x0180C2000000)) == []
    assert star.send(1, MacAddress(0x0180C200000F)) == []
    assert star.send(1, MacAddress(0x0180C2000010)) == ["p2", "p3"]


def test_a_damaged_frame_is_not_passed_on() -> None:
    star = Star()
    star.links[0].corrupt(times=1)
    assert star.send(1, NOBODY) == []
    assert star.table() == {}
    assert star.switch.ports[0].rx.crc_errors == 1


def test_a_frame_larger_than_a_ports_mtu_is_dropped_for_a_switch_doesnt_cut() -> None:
    net = Network(seed=1)
    s1, a, b = net.switch("s1"), net.probe("a"), net.probe("b")
    net.connect(a, s1, mtu=9_000)
    net.connect(b, s1)
    for size in (1_500, 1_501):
        a.send(EthernetFrame(MacAddress.BROADCAST, a.interface.mac, 0x88B5, bytes(size)))
    net.run()
    assert [len(frame.bytes) for frame in b.received] == [1_514]
    assert s1.ports[1].tx.dropped == 1


def test_each_port_has_a_rate_and_a_queue_of_its_own() -> None:
    net = Network(seed=1)
    s1, fast, slow = net.switch("s1"), net.probe("fast"), net.probe("slow")
    net.connect(fast, s1)
    link = net.connect(slow, s1, rate=1 * Mbps, queue=2)
    for n in range(5):
        fast.send(EthernetFrame(slow.interface.mac, fast.interface.mac, 0x88B5, bytes([n]) * 107))
    net.run()
    assert [frame.arrival for frame in slow.received] == [n * 1_000 * us for n in (1, 2, 3)]
    lost = [frame for frame in net.trace.frames if frame.fate == "dropped"]
    assert [(frame.link, frame.queued) for frame in lost] == [(link, 2)] * 2


def test_hosts_talk_through_it_and_others_hear_only_the_question() -> None:
    net = Network(seed=1)
    s1 = net.switch("s1")
    hosts = [net.host(name, f"10.0.0.{n}/24") for n, name in enumerate("abc", 1)]
    for host in hosts:
        net.connect(host, s1, delay=1 * ms)
    assert hosts[0].ping("b", count=1).received == 1
    assert {f.label for f in net.trace.frames if f.receiver == "c"} == {"ARP request"}
    assert repr(s1) == "<switch s1, 3 ports, 2 stations known>"
    assert net.trace.hosts == ["s1", "a", "b", "c"]


# --- loops ----------------------------------------------------------------------------------


def ring(switches: int, cables: int = 1, delay: int = 0) -> tuple[Network, list[Probe]]:
    """Switches in a ring (two of them: side by side on so many cables), with a probe on each."""
    net = Network(seed=1)
    nodes = [net.switch(f"s{n + 1}") for n in range(switches)]
    probes = [net.probe(f"p{n + 1}") for n in range(switches)]
    for probe, switch in zip(probes, nodes, strict=True):
        net.connect(probe, switch, delay=delay)
    for n, switch in enumerate(nodes):
        if switches > 2 or n == 0:
            for _ in range(cables):
                net.connect(switch, nodes[(n + 1) % switches], delay=delay)
    return net, probes


def shout(probe: Probe) -> None:
    probe.send(EthernetFrame(MacAddress.BROADCAST, probe.interface.mac, 0x88B5, b"hello"))


@pytest.mark.parametrize("delay", [0, 1 * ms])
@pytest.mark.parametrize(("switches", "cables"), [(2, 2), (2, 3), (3, 1), (5, 1), (3, 2)])
def test_a_loop_makes_a_storm_that_is_seen_and_stopped(
    switches: int, cables: int, delay: int
) -> None:
    net, probes = ring(switches, cables, delay)
    shout(probes[0])
    with pytest.warns(RuntimeWarning, match="form a loop.*take one cable out") as caught:
        net.run()
    names = [f"s{n + 1}" for n in range(switches)]
    assert all(name in str(caught[0].message) for name in (names if cables == 1 else names[:2]))
    assert 100 < len(net.trace.frames) < 40 * STORM_FLOODS * switches
    assert len(probes[1].received) >= STORM_FLOODS // 2  # the storm reaches everybody
    disabled = [port for s1 in net.switches.values() for port in s1.ports if not port.enabled]
    assert len(disabled) == len(caught)
    assert len(net.trace.events_of(kind="storm")) == len(caught)
    if switches > 2 and cables > 1:
        return  # so many loops at once that no way at all may be left, as with real switches
    received = [len(probe.received) for probe in probes]
    net.run_for(1 * s)
    shout(probes[1])  # and afterwards all still hear each other, once
    net.run()
    heard = [len(p.received) - before for p, before in zip(probes, received, strict=True)]
    assert heard == [1, 0, *[1] * (switches - 2)]


def test_a_port_that_was_disabled_works_again_when_the_loop_is_gone() -> None:
    net, probes = ring(2, 2)
    shout(probes[0])
    with pytest.warns(RuntimeWarning, match=r"set the port up again: (s\d).ports\[(\d)\].up\(\)"):
        net.run()
    net.links[-1].down()
    net.run_for(1 * s)
    for switch in net.switches.values():
        for port in switch.ports:
            port.up()
    before = len(probes[1].received)
    shout(probes[0])
    net.run()
    assert len(probes[1].received) == before + 1


def test_a_frame_that_somebody_repeats_without_a_loop_is_a_storm_too() -> None:
    star = Star()
    for _ in range(STORM_FLOODS + 5):
        shout(star.probes[0])
    with pytest.warns(RuntimeWarning, match="somebody behind it sends one frame over and over"):
        star.net.run()
    assert len(star.probes[1].received) == STORM_FLOODS
    assert [port.enabled for port in star.switch.ports] == [False, True, True]


def test_the_same_question_once_a_second_is_no_storm() -> None:
    star = Star()
    for _ in range(2 * STORM_FLOODS):
        shout(star.probes[0])
        star.net.run_for(1 * s)
    assert len(star.probes[1].received) == 2 * STORM_FLOODS
    assert len(star.switch._flooded) == 1


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda net: net.switch("s1", ageing=-1), "ageing must be"),
        (lambda net: net.switch("s1", capacity=0), "capacity must be"),
        (
            lambda net: net.connect(net.switch("s1"), net.probe("p"), medium="serial"),
            "Ethernet alone",
        ),
        (
            lambda net: net.connect(
                net.switch("s1"), net.probe("p"), addresses=("10.0.0.1/24", None)
            ),
            "s1 is a switch, which has no IPv4 address",
        ),
        (
            lambda net: [s1 := net.switch("s1"), net.connect(s1, s1)],
            "both ends of the cable are on s1",
        ),
        (lambda net: [net.switch("s1"), net.host("S1", "10.0.0.1/24")], "there is a switch 's1'"),
    ],
)
def test_a_switch_that_cant_be_is_refused(build: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        build(Network())
