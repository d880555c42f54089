"""The record: every event, with what caused it and why."""

import socket
from collections.abc import Iterator

import pytest

from netlab import Network, on
from netlab.sim.recording import Event, Recorder
from netlab.sim.simulation import Simulation
from netlab.units import Mbps, ms
from tests.recorded_run import run


def test_an_event_has_its_place_time_host_layer_and_fields() -> None:
    sim = Simulation()
    sim.clock.run(until=5)
    event = sim.record("alice", "network", "arp", {"address": "10.0.0.1"}, "because (RFC 826)")
    assert event is not None
    assert sim.recorder.events == [event]
    assert (event.number, event.time, event.host) == (0, 5, "alice")
    assert (event.layer, event.kind, event.reason) == ("network", "arp", "because (RFC 826)")
    assert repr(event) == "<arp on alice at 5 ns: address=10.0.0.1>"


def test_the_cause_is_the_event_that_is_being_handled() -> None:
    sim = Simulation()
    seen: list[Event | None] = []

    def handle(_: object) -> None:
        first = sim.record_cause("alice", "link", "first", {})
        second = sim.record("alice", "link", "second", {})
        assert first is not None
        assert second is not None
        assert second.cause is first
        sim.clock.call_at(10, lambda _: seen.append(sim.record("alice", "link", "third", {})))

    by_hand = sim.record("alice", "link", "by hand", {})
    assert by_hand is not None
    assert by_hand.cause is None
    sim.clock.call_at(5, handle)
    sim.clock.run()
    assert [event.cause and event.cause.kind for event in seen if event] == ["first"]


def test_while_recording_is_off_nothing_is_kept() -> None:
    sim = Simulation()
    sim.recorder.enabled = False
    assert sim.record("alice", "link", "kind", {}) is None
    assert sim.record_cause("alice", "link", "kind", {}) is None
    assert sim.clock.cause is None
    assert sim.recorder.events == []


@pytest.mark.parametrize("limit", [1, 10, 100])
def test_a_recorder_with_a_limit_keeps_the_newest_and_their_numbers(limit: int) -> None:
    sim = Simulation(recorder=Recorder(limit))
    for _ in range(1_000):
        sim.record_cause("alice", "link", "kind", {})
    events = sim.recorder.events
    assert limit <= len(events) <= 2 * limit
    assert [event.number for event in events] == list(range(1_000 - len(events), 1_000))
    assert sim.recorder.dropped == 1_000 - len(events)


def test_a_recorder_with_a_limit_doesnt_keep_the_past_alive_by_its_causes() -> None:
    sim = Simulation(recorder=Recorder(10))
    for _ in range(1_000):
        sim.record_cause("alice", "link", "kind", {})
    event: Event | None = sim.recorder.events[-1]
    length = 0
    while event is not None:
        event, length = event.cause, length + 1
    assert length <= 21


def causes(event: Event) -> Iterator[Event]:
    """The chain, from the event back to what began it."""
    step: Event | None = event
    while step is not None:
        yield step
        step = step.cause


def test_every_event_of_a_run_leads_back_to_what_a_person_or_a_program_did() -> None:
    trace = run(1).trace
    roots = {list(causes(event))[-1].kind for event in trace.events}
    assert roots <= {"call", "program started", "sent", "arp"}  # the last two: pings by hand
    for event in trace.events:
        chain = [each.number for each in causes(event)]
        assert chain == sorted(chain, reverse=True)
        assert event.cause is None or event.cause.time <= event.time


def test_every_frame_and_every_change_of_state_has_its_reason() -> None:
    trace = run(1).trace
    for event in trace.events:
        if event.kind in ("sent", "state", "timer set", "arp", "icmp error", "rto", "cwnd"):
            assert event.reason, event
        if event.kind in ("state", "rto", "arp"):
            assert "RFC" in event.reason or "unanswered" in event.reason, event.reason


def test_times_and_numbers_never_go_back() -> None:
    events = run(2).trace.events
    assert [event.number for event in events] == list(range(len(events)))
    assert [event.time for event in events] == sorted(event.time for event in events)


def test_the_record_tells_what_the_network_did_and_not_more() -> None:
    """A handshake on a cable, event by event: who caused whom."""
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    alice.ping("bob", count=1)
    listener = bob.socket()
    listener.bind(("", 7))
    listener.listen()
    before = len(net.trace.events)
    with on(alice):
        socket.create_connection(("bob", 7))
    story = [
        (event.host, event.kind, event.cause.number - before if event.cause else None)
        for event in net.trace.events[before:]
        if event.kind in ("call", "return", "state", "sent", "delivered")
    ]
    assert [(host, kind) for host, kind, _ in story] == [
        ("alice", "call"),
        ("alice", "state"),  # SYN_SENT
        ("alice", "sent"),
        ("bob", "delivered"),
        ("bob", "state"),  # SYN_RCVD
        ("bob", "sent"),
        ("alice", "delivered"),
        ("alice", "state"),  # ESTABLISHED
        ("alice", "sent"),
        ("alice", "return"),
    ]
