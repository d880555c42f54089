"""A hub: one medium for all, carrier sense, collisions, backoff; the times of bits on their cables."""

from collections import Counter
from typing import Any

import pytest

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.csma import ATTEMPT_LIMIT, INTERFRAME_GAP, JAM, SLOT
from netlab.link.ethernet import EthernetFrame
from netlab.probe import Probe
from netlab.sim.recording import Event
from netlab.units import Mbps, ms, us

BIT = 100  # ns, at 10 Mbit/s
MINIMUM = 64 * 8 * BIT  # what the shortest frame takes


class Segment:
    """Probes p1, p2, ... on hub h1, with a cable of so many ns each."""

    def __init__(self, *delays: int, seed: int = 1, **options: Any) -> None:
        self.net = Network(seed=seed)
        self.hub = self.net.hub("h1")
        self.probes = [self.net.probe(f"p{n + 1}") for n in range(len(delays))]
        self.links = [
            self.net.connect(probe, self.hub, delay=delay, **options)
            for probe, delay in zip(self.probes, delays, strict=True)
        ]

    def send(self, number: int, size: int = 60, at: int | None = None) -> None:
        """Let a probe (counted from 1) send a frame for all, of so many bytes, now or at a time."""
        probe = self.probes[number - 1]
        frame = EthernetFrame(
            MacAddress.BROADCAST, probe.interface.mac, 0x88B5, bytes([number]) * (size - 14)
        )
        self.net.sim.clock.call_at(at or 0, lambda _: probe.send(frame.pack()))

    def events(self, kind: str, host: str | None = None) -> list[Event]:
        return self.net.trace.events_of(kind=kind, host=host)

    def arrivals(self, number: int) -> list[int]:
        return [frame.arrival or 0 for frame in self.probes[number - 1].received]


# --- one at a time --------------------------------------------------------------------------


def test_a_frame_is_repeated_bit_by_bit_to_all_other_ports() -> None:
    segment = Segment(1 * us, 2 * us, 5 * us)
    segment.send(1)
    segment.net.run()
    facts = [(f.sender, f.receiver, f.time, f.arrival, f.fate) for f in segment.net.trace.frames]
    assert facts == [
        ("p1", "h1", 0, 1 * us + MINIMUM, "delivered"),
        ("h1", "p2", 1 * us, 3 * us + MINIMUM, "delivered"),
        ("h1", "p3", 1 * us, 6 * us + MINIMUM, "delivered"),
    ]
    first, *repeated = segment.net.trace.frames
    assert all(frame.cause is first for frame in repeated)
    assert [len(probe.received) for probe in segment.probes] == [0, 1, 1]


def test_frames_of_one_station_follow_each_other_after_the_gap() -> None:
    segment = Segment(0, 0)
    for _ in range(3):
        segment.send(1)
    segment.net.run()
    gap = INTERFRAME_GAP * BIT
    assert segment.arrivals(2) == [n * (MINIMUM + gap) - gap for n in (1, 2, 3)]
    assert [f.queued for f in segment.net.trace.frames if f.sender == "p1"] == [0, 0, 1]


def test_who_hears_another_waits_until_it_is_quiet_and_the_gap_over() -> None:
    segment = Segment(1 * us, 3 * us, 0)
    segment.send(1)
    segment.send(2, at=4 * us)  # just when the first bit is there
    segment.net.run()
    assert segment.events("collision") == []
    sent = [frame.time for frame in segment.net.trace.frames if frame.sender == "p2"]
    assert sent == [4 * us + MINIMUM + INTERFRAME_GAP * BIT]


def test_a_station_begins_in_the_last_third_of_the_gap_whatever_it_hears() -> None:
    for late, collisions in ((59, 0), (65, 3)):  # in bit times after the medium has fallen silent
        segment = Segment(0, 0, 0)
        segment.send(1)
        segment.send(2, at=10 * us)  # waits for the gap behind it
        quiet = MINIMUM
        segment.probes[2].interface.link._far[segment.hub.ports[2]]._idle_since = -(10**9)  # type: ignore[union-attr]
        segment.net.run(until=quiet)
        segment.net.sim.clock.call_at(quiet + late * BIT, _begin_at_once, segment.probes[2])
        segment.net.run()
        assert len(segment.events("collision")) == collisions, late


def _begin_at_once(probe: Probe) -> None:
    """As a station does that keeps no gap."""
    link = probe.interface.link
    station = next(each for each in link._far.values() if each._interface is probe.interface)  # type: ignore[union-attr]
    station._idle_since = -(10**9)
    probe.send(EthernetFrame(MacAddress.BROADCAST, probe.interface.mac, 0x88B5, b"rude"))


# --- collisions -----------------------------------------------------------------------------


def test_who_begins_before_the_others_signal_is_there_collides_and_both_try_again() -> None:
    segment = Segment(2 * us, 2 * us, 1 * us)
    segment.send(1)
    segment.send(2, at=3 * us)  # the first bit of p1 is there after 4 us
    segment.net.run()
    assert sorted(frame.payload[0] for frame in segment.probes[2].received) == [1, 2]
    assert len(segment.probes[0].received) == len(segment.probes[1].received) == 1
    first, second = [f for f in segment.net.trace.frames if f.receiver == "h1"][:2]
    assert (first.fault, second.fault) == ("lost: collision at h1", "lost: collision at p2")
    at_p2, at_p1 = segment.events("collision", "p2")[0], segment.events("collision", "p1")[0]
    assert (at_p2.time, at_p1.time) == (4 * us, 7 * us)  # p2's own signal gets to p1 3 + 4 us
    assert at_p1.fields == {"frame": first.id, "attempt": 1, "late": False}
    assert "4.2.3.2.4" in at_p1.reason
    (at_hub,) = segment.events("collision", "h1")[:1]
    assert (at_hub.time, at_hub.fields) == (5 * us, {"ports": ["port1", "port2"]})
    assert [probe.interface.tx.collsns for probe in segment.probes] == [2, 2, 0]
    backoffs = segment.events("backoff", "p1")
    assert backoffs[0].time == 7 * us + JAM * BIT
    assert backoffs[0].cause is at_p1


def test_a_retry_tells_why_it_comes_so_late() -> None:
    segment = Segment(1 * us, 1 * us, seed=3)
    segment.send(1)
    segment.send(2)
    segment.net.run()
    last = segment.net.trace.frames[-1]
    why = str(segment.net.trace.why(last))
    assert "why: injected by hand; attempt 2 of 16" in why
    assert "because p1 backed off for 1 slots after attempt 1 at 5.2 us" in why
    assert "because p1 heard a collision of frame 1, attempt 1 at 2 us" in why


def test_backoff_takes_whole_slots_out_of_a_range_that_doubles_ten_times() -> None:
    seen: dict[int, set[int]] = {}
    for seed in range(40):
        segment = Segment(*[1 * us] * 8, seed=seed)
        for number in range(1, 9):
            for _ in range(3):
                segment.send(number)
        segment.net.run()
        for event in segment.events("backoff"):
            fields = event.fields
            assert fields["until"] == event.time + fields["slots"] * SLOT * BIT
            seen.setdefault(fields["attempt"], set()).add(fields["slots"])
    for attempt, slots in seen.items():
        assert max(slots) < 2 ** min(attempt, 10)
    assert seen[1] == {0, 1}
    assert seen[2] == {0, 1, 2, 3}
    assert seen[3] == set(range(8))


def test_after_sixteen_collisions_a_frame_is_given_up_and_the_next_one_sent() -> None:
    segment = Segment(1 * us, 1 * us)
    for link in segment.links:
        for station in link._far.values():  # type: ignore[attr-defined]
            if hasattr(station, "_chance"):
                station._chance.random = lambda: 0.0  # neither ever waits longer than the other
    segment.send(1)
    segment.send(2)
    segment.net.run()
    given_up = segment.events("excessive collisions")
    assert {event.host for event in given_up} == {"p1", "p2"}
    assert {event.fields["attempts"] for event in given_up} == {ATTEMPT_LIMIT}
    tx = segment.probes[0].interface.tx
    assert (tx.errors, tx.collsns, tx.packets) == (1, ATTEMPT_LIMIT, 0)
    segment.send(1, at=10 * ms)
    segment.net.run()
    assert len(segment.probes[1].received) == 1


def test_a_collision_after_the_slot_time_is_late_and_says_that_the_cables_are_too_long() -> None:
    segment = Segment(20 * us, 20 * us)
    segment.send(1, size=1_514)
    segment.send(2, at=39 * us, size=1_514)
    segment.net.run()
    late = segment.events("collision", "p1")[0]
    assert (late.time, late.fields["late"]) == (79 * us, True)
    assert "too long" in late.reason
    assert [len(probe.received) for probe in segment.probes] == [1, 1]


def test_a_short_frame_on_long_cables_is_lost_without_its_sender_ever_noticing() -> None:
    segment = Segment(40 * us, 40 * us, 0)
    segment.send(1)
    segment.send(2, at=45 * us)
    segment.net.run()
    tx = segment.probes[0].interface.tx
    assert (tx.packets, tx.collsns) == (1, 0)
    assert [frame.payload[0] for frame in segment.probes[2].received] == [2]
    assert segment.net.trace.frames[0].fault == "lost: collision at h1"


# --- throughput -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stations", "size", "frames", "least"),
    [(2, 1_514, 400, 0.94), (5, 1_514, 200, 0.92), (10, 1_514, 100, 0.91), (5, 60, 800, 0.60)],
)
def test_saturated_stations_all_get_through_and_lose_little_of_the_rate(
    stations: int, size: int, frames: int, least: float
) -> None:
    """The one who wins a round often wins the next ("capture"), and a few frames are given up."""
    segment = Segment(*[1 * us] * stations, 0, seed=5, queue=frames)
    for _ in range(frames):
        for number in range(1, stations + 1):
            segment.send(number, size)
    segment.net.run()
    got = segment.probes[-1].received
    counts = Counter(frame.payload[0] for frame in got)
    given_up = Counter(event.host for event in segment.events("excessive collisions"))
    assert counts == {n: frames - given_up[f"p{n}"] for n in range(1, stations + 1)}
    assert given_up.total() < 0.05 * frames * stations
    wire = 8 * (size + 4)
    efficiency = len(got) * wire * BIT / (got[-1].arrival or 1)
    assert least < efficiency < wire / (wire + INTERFRAME_GAP)


def test_stations_far_apart_collide_more() -> None:
    def collisions(delay: int) -> int:
        segment = Segment(delay, delay, seed=2)
        chance = segment.net.sim.stream("when")
        for n in range(400):
            for number in (1, 2):
                segment.send(number, at=int((n + chance.random()) * 400 * us))
        segment.net.run()
        return len(segment.events("collision", "p1"))

    near, middle, far = (collisions(delay) for delay in (500, 3 * us, 12 * us))
    assert 0 < near < middle / 2
    assert middle < far / 2


def test_the_same_seed_gives_the_same_collisions() -> None:
    def digest(seed: int) -> str:
        segment = Segment(1 * us, 2 * us, 3 * us, seed=seed)
        for number in (1, 2, 3):
            segment.send(number)
        segment.net.run()
        return segment.net.trace.digest()

    assert digest(4) == digest(4)
    assert digest(4) != digest(5)


# --- more than one hub, faults, up and down --------------------------------------------------


def test_hubs_in_a_row_are_one_medium() -> None:
    net = Network(seed=1)
    h1, h2, a, b, c = net.hub("h1"), net.hub("h2"), net.probe("a"), net.probe("b"), net.probe("c")
    net.connect(h1, h2, delay=2 * us)
    for probe, hub in ((a, h1), (b, h2), (c, h1)):
        net.connect(probe, hub, delay=1 * us)
    for probe in (a, b):
        probe.send(EthernetFrame(MacAddress.BROADCAST, probe.interface.mac, 0x88B5, b"x"))
    net.run()
    assert len(c.received) == 2
    assert len(b.received) == len(a.received) == 1
    assert b.received[0].arrival == (b.received[0].time + 1 * us + MINIMUM)
    assert {event.host for event in net.trace.events_of(kind="collision")} >= {"a", "b"}
    assert [hub.name for hub in h2.segment()] == ["h2", "h1"]


def test_a_switch_parts_two_media_and_hosts_talk_over_all_of_it() -> None:
    net = Network(seed=1)
    h1, h2, s1 = net.hub("h1"), net.hub("h2"), net.switch("s1")
    hosts = [net.host(f"a{n}", f"10.0.0.{n}/24") for n in range(1, 5)]
    for n, host in enumerate(hosts):
        net.connect(host, (h1, h2)[n % 2], delay=1 * us)
    net.connect(h1, s1)
    net.connect(s1, h2)
    assert hosts[0].ping("a2", count=3).received == 3
    assert hosts[0].ping("a3", count=3).received == 3
    assert sum(f.receiver == "a4" and f.icmp is not None for f in net.trace.frames) == 6


def test_what_is_lost_or_damaged_on_its_way_to_the_hub_is_so_for_all() -> None:
    segment = Segment(1 * us, 1 * us, 1 * us)
    segment.links[0].drop(times=1)
    segment.send(1)
    segment.net.run()
    assert [f.fate for f in segment.net.trace.frames] == ["dropped"]
    segment.links[0].corrupt(times=1)
    segment.send(1, at=1 * ms)
    segment.net.run()
    assert [probe.interface.rx.crc_errors for probe in segment.probes] == [0, 1, 1]
    segment.links[1].corrupt(times=1)
    segment.send(1, at=2 * ms)
    segment.net.run()
    assert [len(probe.received) for probe in segment.probes] == [0, 0, 1]


@pytest.mark.parametrize("verb", ["delay", "reorder", "duplicate"])
def test_a_hub_cant_delay_or_repeat_what_it_doesnt_store(verb: str) -> None:
    segment = Segment(0, 0)
    with pytest.raises(ConfigurationError, match="p1-h1 leads to a hub"):
        getattr(segment.links[0], verb)()
    assert segment.links[0].faults == []


def test_a_cable_that_is_taken_out_silences_what_came_by_it() -> None:
    segment = Segment(1 * us, 1 * us, 1 * us)
    for _ in range(3):
        segment.send(1, size=1_514)
    segment.net.run(until=100 * us)
    segment.links[0].down()
    segment.send(2, at=100 * us)
    segment.net.run()
    assert [f.payload[0] for f in segment.probes[2].received] == [2]
    faults = [frame.fault for frame in segment.net.trace.frames[:3]]
    assert faults == ["lost: p1-h1 went down", *["lost: frame 1 broke off on its way to h1"] * 2]
    assert segment.probes[0].interface.tx.dropped == 3
    segment.links[0].up()
    segment.send(1, at=5 * ms)
    segment.net.run()
    assert segment.probes[2].received[-1].payload[0] == 1


def test_who_is_plugged_in_while_another_sends_hears_that_and_waits() -> None:
    segment = Segment(1 * us, 1 * us, 0)
    segment.links[1].down()
    segment.send(1, size=1_514)
    segment.net.run(until=100 * us)
    segment.links[1].up()
    segment.send(2, at=200 * us)
    segment.net.run()
    assert segment.events("collision") == []
    assert [f.payload[0] for f in segment.probes[2].received] == [1, 2]
    assert segment.probes[1].received == []


def test_a_delay_may_change_while_signals_are_on_their_way_and_a_rate_may_not() -> None:
    segment = Segment(5 * us, 5 * us, 0)
    for delay in (1 * us, 20 * us, 0, 5 * us):
        segment.send(1, at=segment.net.now)
        segment.net.run(until=segment.net.now + 10 * us)
        segment.links[0].delay_ns = delay
        segment.net.run()
        segment.send(2, at=segment.net.now)
        segment.net.run()
    assert [frame.payload[0] for frame in segment.probes[2].received] == [1, 2] * 4
    with pytest.raises(ConfigurationError, match="runs at the rate of its hub"):
        segment.links[0].rate_bps = None


def test_the_queue_of_a_station_is_finite() -> None:
    segment = Segment(0, 0, queue=2)
    for _ in range(5):
        segment.send(1)
    segment.net.run()
    lost = [f for f in segment.net.trace.frames if f.fate == "dropped"]
    assert [f.fault for f in lost] == ["lost: the queue of p1-h1 was full (2 frames)"] * 2
    assert segment.probes[0].interface.tx.dropped == 2
    assert len(segment.probes[1].received) == 3


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda net, hub: net.hub("h2", rate=0), "rate must be"),
        (lambda net, hub: net.connect(net.probe("p"), hub, rate=5 * Mbps), "runs at its rate"),
        (lambda net, hub: net.connect(net.hub("h2", rate=1 * Mbps), hub), "runs at its rate"),
        (lambda net, hub: net.connect(net.probe("p"), hub, jitter=1 * ms), "there is no jitter"),
        (lambda net, hub: net.connect(net.probe("p"), hub, medium="raw"), "Ethernet alone"),
        (lambda net, hub: net.connect(net.probe("p"), hub, queue=0), "queue must be"),
        (lambda net, hub: net.connect(hub, hub), "both ends of the cable are on h1"),
        (
            lambda net, hub: net.connect(hub, net.probe("p"), addresses=("10.0.0.1/24", None)),
            "h1 is a hub, which has no IPv4 address",
        ),
        (lambda net, hub: _triangle(net, hub), "in a loop of hubs each signal would go round"),
    ],
)
def test_a_hub_that_cant_be_is_refused_and_keeps_its_ports(build: Any, message: str) -> None:
    net = Network()
    hub = net.hub("h1")
    with pytest.raises(ConfigurationError, match=message):
        build(net, hub)
    assert len(hub.ports) in (0, 2)
    assert len(net.links) in (0, 2)


def _triangle(net: Network, h1: Any) -> None:
    h2, h3 = net.hub("h2"), net.hub("h3")
    net.connect(h1, h2)
    net.connect(h1, h3)
    net.connect(h2, h3)
