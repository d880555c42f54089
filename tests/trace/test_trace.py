"""A trace, to be asked about."""

import subprocess
import sys
from typing import Any

import pytest

from netlab.errors import ConfigurationError
from netlab.sim.recording import Event, Recorder
from netlab.trace.frame import Frame
from netlab.trace.trace import Trace
from netlab.units import s
from tests.trace.material import Wire, arp_frame, conversation, ethernet, udp_packet


def test_a_trace_grows_with_the_run() -> None:
    wire = Wire()
    trace = wire.trace
    assert trace.events == trace.frames == []
    first = wire.send(arp_frame())
    assert trace.frames == [first]
    second = wire.send(arp_frame())
    wire.run()
    assert trace.frames == [first, second]
    assert trace.events is wire.sim.recorder.events
    assert [event.kind for event in trace.events if event.layer == "link"][:2] == ["sent", "sent"]
    assert len(trace.events_of(kind="delivered")) == 2


def test_frames_are_found_by_their_ids() -> None:
    trace = conversation().trace
    for frame in trace.frames:
        assert trace.frame(frame.id) is frame
    assert [frame.id for frame in trace.frames] == list(range(1, len(trace.frames) + 1))


def test_a_recorder_with_a_limit_forgets_the_oldest_frames() -> None:
    wire = Wire()
    wire.sim.recorder.limit = 10
    trace = wire.trace
    for _ in range(100):
        wire.send(arp_frame())
        wire.run()
        assert trace.frames == [event for event in trace.events if isinstance(event, Frame)]
        assert len(trace.events) <= 20
    assert trace.frames[-1].id == 100
    with pytest.raises(
        ConfigurationError, match=r"no frame 1 on record; there are frames 9\d to 100"
    ):
        trace.frame(1)


def test_events_are_selected_by_kind_host_and_layer() -> None:
    net = conversation()
    trace = net.trace
    assert trace.events_of() == trace.events
    states = trace.events_of(kind="state", host="bob")
    assert states
    assert {(event.kind, event.host) for event in states} == {("state", "bob")}
    assert trace.events_of(kind="state", host=net.hosts["bob"]) == states
    assert {event.layer for event in trace.events_of(layer="network")} == {"network"}
    assert trace.events_of(kind="state", layer="link") == []


def test_connections_are_named_from_the_end_that_is_asked_about() -> None:
    trace = conversation().trace
    assert trace.connections("alice") == ["10.0.0.1:49152 > 10.0.0.2:7"]
    assert trace.connections("bob") == ["10.0.0.2:7 > 10.0.0.1:49152"]
    assert len(trace.connections()) == 2
    assert trace.connections("carol") == []


def test_the_path_of_a_connection_is_what_the_state_diagram_shows() -> None:
    net = conversation()
    for host in ("alice", net.hosts["alice"]):
        path = [tuple(map(str, step)) for step in net.trace.states(host).path]
        assert [step[0] for step in path] == [
            *("CLOSED", "SYN_SENT", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT"),
        ]
        assert path[0] == ("CLOSED", "active OPEN", "SYN_SENT")
        assert path[-1] == ("TIME_WAIT", "timeout 2MSL", "CLOSED")


def test_the_states_of_a_connection_that_is_not_there_are_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"bob has no connection 'x' on record; it has 10\.0\.0\.2"
    ):
        conversation().trace.states("bob", "x")


def test_hosts_are_those_of_the_network_and_whoever_else_sent_or_received() -> None:
    wire = Wire()
    wire.send(arp_frame())
    assert Trace(wire.sim.recorder).hosts == ["alice", "bob"]
    assert Trace(wire.sim.recorder, hosts=["carol", "bob"]).hosts == ["carol", "bob", "alice"]


def test_views_are_made_from_the_trace() -> None:
    trace = conversation().trace
    assert "SYN" in trace.sequence().text()
    assert "SYN_SENT" in trace.states("alice").text()
    assert "ARP" in trace.packets().text()
    assert trace.packet(1).text() == trace.packet(trace.frames[0]).text()


def test_the_duration_is_the_time_of_the_last_event() -> None:
    assert Trace(Recorder()).duration == 0
    assert conversation().trace.duration > 240 * s


# --- the digest -----------------------------------------------------------------------------


def test_equal_runs_have_equal_digests() -> None:
    assert conversation().trace.digest() == conversation().trace.digest()


def test_another_seed_makes_another_digest() -> None:
    assert conversation(seed=7).trace.digest() != conversation(seed=8).trace.digest()


@pytest.mark.parametrize("seed_of_hashes", ["0", "1", "12345"])
def test_the_digest_does_not_depend_on_the_hashes_of_a_process(seed_of_hashes: str) -> None:
    program = "from tests.trace.material import conversation; print(conversation().trace.digest())"
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": seed_of_hashes, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == conversation().trace.digest()


def recorded() -> tuple[Trace, Event, Frame]:
    wire = Wire()
    frame = wire.send(ethernet(udp_packet(b"hello")), "because")
    wire.run()
    event = wire.sim.record("bob", "transport", "state", {"to": "OPEN"}, "it is so")
    assert event is not None
    return wire.trace, event, frame


@pytest.mark.parametrize(
    ("of", "name", "value"),
    [
        ("event", "number", 9),
        ("event", "time", 9),
        ("event", "host", "carol"),
        ("event", "layer", "sim"),
        ("event", "kind", "other"),
        ("event", "fields", {"to": "SHUT"}),
        ("event", "fields", {"from": "OPEN"}),
        ("event", "cause", None),
        ("event", "reason", "it isn't"),
        ("frame", "id", 9),
        ("frame", "receiver", "carol"),
        ("frame", "bytes", b"other"),
        ("frame", "received", b"other"),
        ("frame", "fate", "dropped"),
        ("frame", "arrival", 9),
        ("frame", "fault", "damaged"),
        ("frame", "copy_of", 9),
    ],
)
def test_whatever_differs_makes_another_digest(of: str, name: str, value: Any) -> None:
    before, event, frame = recorded()
    assert before.digest() == recorded()[0].digest()
    event.cause = frame
    digest = before.digest()
    setattr({"event": event, "frame": frame}[of], name, value)
    assert before.digest() != digest
