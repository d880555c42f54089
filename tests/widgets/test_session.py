"""A session goes back by running again, so what it shows of the past must be the past itself."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab import Network, experiment
from netlab.errors import ConfigurationError, FaultError
from netlab.experiment import Experiment
from netlab.link.frame import DROPPED, IN_FLIGHT
from netlab.units import ms, s
from netlab.widgets import session as module
from netlab.widgets.moment import NotRepeatableError
from netlab.widgets.session import Session
from tests.widgets.scenes import (
    bare,
    control_blocks,
    endless,
    fetch,
    handshake,
    in_two_parts,
    lonely,
    served,
    two_hosts,
)


def at_end(experiment: Experiment, *args: Any) -> Session:
    session = Session(experiment, *args)
    session.run_to_end()
    return session


def seen(session: Session) -> tuple[Any, ...]:
    """What must be the same for two sessions that stand at the same place."""
    return (
        session.trace.digest(),
        session.now,
        session.clock.steps,
        control_blocks(session.run),
        session.hands.received,
        [repr(program) for program in session.clock.programs],
    )


# --- forward --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", [handshake, fetch, in_two_parts])
def test_stepping_to_the_end_gives_the_trace_of_a_run_at_once(scenario: Experiment) -> None:
    session = Session(scenario, 7)
    while not session.at_end:
        session.step()
    run = scenario(seed=7)
    assert session.trace.digest() == run.trace.digest()


@pytest.mark.parametrize("slice_ns", [1 * ms, 7 * ms + 1, 400 * ms, 300 * s])
def test_letting_time_pass_in_slices_changes_nothing(slice_ns: int) -> None:
    session = Session(handshake, 7)
    while not session.at_end and session.now < 1 * s:
        session.play_to(session.now + slice_ns)
    session.run_to_end()
    assert session.trace.digest() == at_end(handshake, 7).trace.digest()


def test_time_stands_where_it_was_played_to_and_frames_are_under_way() -> None:
    session = Session(handshake, 7)
    session.play_to(5 * ms)
    assert session.now == 5 * ms
    assert [frame.id for frame in session.trace.frames if frame.fate == IN_FLIGHT] == [1]


def test_each_step_puts_something_on_record() -> None:
    session = Session(fetch, 7)
    while not session.at_end:
        before = len(session.trace.events)
        session.step()
        assert len(session.trace.events) > before or session.at_end


def test_a_step_to_the_next_frame_stops_as_soon_as_one_is_sent() -> None:
    session = Session(handshake, 7)
    for expected in range(1, 12):
        session.step_to_next_frame()
        assert len(session.trace.frames) == expected
        assert session.trace.frames[-1].time == session.now
    session.step_to_next_frame()
    assert session.at_end


def test_a_run_without_an_end_stops_early_and_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_AT_ONCE", 50)
    session = Session(endless)
    session.run_to_end()
    assert session.stopped_early
    assert not session.at_end
    steps = session.clock.steps
    session.run_to_end()
    assert session.clock.steps == steps + 50
    session.step()
    assert not session.stopped_early


def test_a_scenario_that_lets_everything_happen_goes_on_afterwards() -> None:
    session = at_end(in_two_parts)
    assert len([frame for frame in session.trace.frames if frame.tcp and frame.tcp.fin]) == 4


def test_where_nothing_is_left_the_programs_that_wait_are_named_and_none_is_ended() -> None:
    session = at_end(lonely)
    assert session.at_end
    assert {program.name for program in session.waiting} == {"lonely", "once"}
    assert session.failed == []
    session.do("connect", host="alice", to="bob", port=7)
    session.run_to_end()
    assert session.run.result == "10.0.0.1"


# --- back -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", [handshake, fetch, in_two_parts])
def test_what_is_seen_after_going_back_is_what_a_fresh_run_shows_there(
    scenario: Experiment,
) -> None:
    fresh = Session(scenario, 7)
    expected = [seen(fresh)]
    while not fresh.at_end:
        fresh.step()
        expected.append(seen(fresh))
    session = at_end(scenario, 7)
    for place in reversed(range(len(session.moments))):
        session.go_to(place)
        assert seen(session)[:4] == expected[place][:4]


def test_going_back_shows_states_buffers_and_timers_of_then() -> None:
    session = at_end(handshake, 7)
    session.go_to_time(35 * ms)  # the SYN,ACK is under way
    (alice,) = session.run.net.hosts["alice"].tcp.connections
    (bob,) = session.run.net.hosts["bob"].tcp.connections
    assert (alice.state, bob.state) == ("SYN_SENT", "SYN_RCVD")
    session.go_to_time(55 * ms)  # the echo is under way
    (bob,) = session.run.net.hosts["bob"].tcp.connections
    assert bytes(bob.sender.buffer) == b"hello"
    assert session.trace.frames[-1].fate == IN_FLIGHT


def test_back_takes_one_step_back() -> None:
    session = Session(handshake, 7)
    for _ in range(6):
        session.step()
    before = seen(session)
    session.step()
    session.back()
    assert seen(session) == before


def test_back_after_time_has_passed_goes_to_the_moment_itself() -> None:
    session = Session(handshake, 7)
    session.step_to_next_frame()
    place = session.place
    session.play_to(5 * ms)
    session.back()
    assert (session.place, session.now) == (place, 0)


def test_back_to_frame_stops_where_a_frame_was_sent() -> None:
    session = at_end(handshake, 7)
    sent = []
    while session.place:
        session.back_to_frame()
        sent.append(len(session.trace.frames))
    assert sent == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


def test_at_the_start_there_is_nothing_before() -> None:
    session = Session(handshake, 7)
    session.back()
    session.back_to_frame()
    assert (session.place, session.now) == (0, 0)


def test_what_is_ahead_stays_known_after_going_back() -> None:
    session = at_end(handshake, 7)
    moments = list(session.moments)
    session.go_to(3)
    assert session.moments == moments
    session.go_to(len(moments) - 1)
    assert session.at_end


def test_looking_ahead_shows_all_moments_and_moves_nothing() -> None:
    session = Session(handshake, 7)
    session.play_to(25 * ms)
    before = seen(session), session.latest[0].number
    session.look_ahead()
    assert (seen(session), session.latest[0].number) == before
    assert session.moments == at_end(handshake, 7).moments


def test_a_frame_knows_the_moment_at_which_it_was_sent() -> None:
    session = at_end(handshake, 7)
    for frame in list(session.trace.frames):
        session.go_to(session.moment_of(frame))
        assert session.trace.frame(frame.id).fate == IN_FLIGHT


def test_a_moment_that_has_not_been_seen_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="moment 5 hasn't been seen: there are 0 to 0"):
        Session(handshake).go_to(5)


def test_playing_to_the_past_is_refused() -> None:
    session = at_end(handshake)
    with pytest.raises(ConfigurationError, match="go_to_time"):
        session.play_to(5 * ms)


def test_an_experiment_that_does_otherwise_each_time_is_found_out() -> None:
    runs: list[int] = []

    @experiment
    def moody(net: Network) -> None:
        alice, _ = two_hosts(net)
        runs.append(len(runs))
        for _ in range(runs[-1] + 1):
            alice.start(lambda host: host.ping("bob", count=1))

    session = at_end(moody)
    with pytest.raises(NotRepeatableError, match=r"moody did otherwise .* with the same seed"):
        session.go_to(len(session.moments) - 2)


def test_an_experiment_changed_from_outside_is_found_out() -> None:
    session = Session(handshake, 7)
    session.run.net.links[0].drop(frame=3)
    session.run_to_end()
    with pytest.raises(NotRepeatableError, match=r"must go by Session.do\(\)"):
        session.go_to(6)


# --- by hand --------------------------------------------------------------------------------------


def test_a_frame_dropped_by_hand_is_sent_again_later() -> None:
    session = Session(handshake, 7)
    for _ in range(3):
        session.step_to_next_frame()
    session.do("drop", frame=3)
    assert session.trace.frame(3).fate == DROPPED
    session.step_to_next_frame()
    again = session.trace.frame(4)
    assert again.tcp is not None
    assert again.tcp.syn
    assert "retransmission" in again.reason
    assert again.time == 1 * s


def test_inputs_are_done_again_at_the_same_moment_after_going_back() -> None:
    session = Session(handshake, 7)
    session.play_to(25 * ms)
    session.do("delay", frame=3, by=30 * ms)
    session.play_to(65 * ms)
    session.do("duplicate", frame=4)
    session.run_to_end()
    digest = session.trace.digest()
    session.go_to(0)
    assert session.trace.frames == []
    session.run_to_end()
    assert session.trace.digest() == digest
    assert at_end(handshake, 7, session.inputs).trace.digest() == digest


def test_a_deed_after_going_back_cuts_off_what_was_done_later() -> None:
    session = Session(handshake, 7)
    for _ in range(3):
        session.step_to_next_frame()
    session.do("drop", frame=3)
    session.run_to_end()
    session.go_to_time(5 * ms)
    assert [given["do"] for given in session.later_inputs] == ["drop"]
    session.do("duplicate", frame=1)
    assert session.later_inputs == []
    assert [given["do"] for given in session.inputs] == ["duplicate"]
    session.run_to_end()
    assert not [frame for frame in session.trace.frames if frame.fate == DROPPED]


def test_undo_brings_back_what_a_deed_has_cut_off() -> None:
    session = Session(handshake, 7)
    for _ in range(3):
        session.step_to_next_frame()
    session.do("drop", frame=3)
    session.run_to_end()
    digest, moments = session.trace.digest(), list(session.moments)
    session.go_to(2)
    session.do("drop", frame=1)
    session.undo()
    assert session.place == 2
    assert session.moments == moments
    session.run_to_end()
    assert session.trace.digest() == digest
    session.undo()
    assert session.inputs == []
    assert session.trace.frame(3).fate == IN_FLIGHT
    with pytest.raises(ConfigurationError, match="nothing was done by hand"):
        session.undo()


def test_a_deed_is_a_moment_of_its_own_to_go_back_over() -> None:
    session = Session(handshake, 7)
    for _ in range(3):
        session.step_to_next_frame()
    session.do("delay", frame=3, by=5 * ms)  # nothing of this is put on record
    session.back()
    assert session.done == 0
    session.step()
    assert session.done == 1
    session.run_to_end()
    assert session.trace.frame(3).fault


def test_a_deed_that_is_not_possible_changes_nothing() -> None:
    session = Session(handshake, 7)
    for _ in range(3):
        session.step_to_next_frame()
    with pytest.raises(
        ConfigurationError, match="can't drop frame 1: it is not in flight any more"
    ):
        session.do("drop", frame=1)
    with pytest.raises(ConfigurationError, match="there is no frame 9 on record"):
        session.do("duplicate", frame=9)
    assert session.inputs == []
    assert not session.can_undo
    session.do("drop", frame=3)
    session.run_to_end()
    digest = session.trace.digest()
    session.go_to(0)
    session.run_to_end()
    assert session.trace.digest() == digest


def test_connect_send_receive_and_close_by_hand_do_what_a_program_does() -> None:
    session = Session(served, 7)
    session.do("connect", host="alice", to="bob", port=7)
    assert session.trace.frames[-1].arp is not None  # the call has begun: something is under way
    session.run_to_end()
    (connection,) = session.run.net.hosts["alice"].tcp.connections
    session.do("send", host="alice", connection=connection.label, text="hello\r\n")
    session.run_to_end()
    session.do("receive", host="alice", connection=connection.label)
    assert session.hands.received == {("alice", connection.label): b"hello\r\n"}
    session.do("close", host="alice", connection=connection.label)
    session.run_to_end()
    assert session.run.net.hosts["alice"].tcp.connections == []
    assert not [frame for frame in session.trace.frames if frame.tcp and frame.tcp.rst]
    assert [given["do"] for given in session.inputs] == ["connect", "send", "receive", "close"]


def test_two_hosts_without_programs_can_be_driven_wholly_by_hand() -> None:
    session = Session(bare, 7)
    session.do("listen", host="bob", port=80)
    session.do("connect", host="alice", to="10.0.0.2", port=80)
    session.run_to_end()
    (connection,) = session.run.net.hosts["bob"].tcp.connections
    session.do("send", host="bob", connection=connection.label, text="220 ready")
    session.run_to_end()
    (connection,) = session.run.net.hosts["alice"].tcp.connections
    session.do("receive", host="alice", connection=connection.label)
    assert session.hands.received["alice", connection.label] == b"220 ready"
    assert [program.host for program in session.waiting] == ["bob"]


def test_a_program_s_connection_can_be_closed_by_hand_too() -> None:
    session = Session(handshake, 7)
    session.go_to_time(52 * ms)
    (connection,) = session.run.net.hosts["bob"].tcp.connections
    session.do("close", host="bob", connection=connection.label)
    assert connection.state == "FIN_WAIT_1"
    session.run_to_end()
    assert session.failed == []


def test_receiving_by_hand_waits_without_stopping_the_run() -> None:
    session = Session(served, 7)
    session.do("connect", host="alice", to="bob", port=7)
    session.run_to_end()
    (connection,) = session.run.net.hosts["alice"].tcp.connections
    session.do("receive", host="alice", connection=connection.label)
    assert "receive (by hand)" in {program.name for program in session.waiting}
    session.do("send", host="alice", connection=connection.label, text="hi")
    session.run_to_end()
    assert session.hands.received["alice", connection.label] == b"hi"


def test_a_refused_connection_is_a_program_that_failed_and_going_back_forgets_it() -> None:
    session = Session(bare, 7)
    session.do("connect", host="alice", to="bob", port=81)
    session.run_to_end()
    (program,) = session.failed
    assert program.name == "connect (by hand)"
    assert isinstance(program.error, ConnectionRefusedError)
    session.go_to(0)
    assert session.failed == []


def test_an_error_of_an_event_is_raised_when_it_is_met_and_the_run_goes_on() -> None:
    @experiment
    def flawed(net: Network) -> None:
        handshake.scenario(net)
        net.links[0].drop(lambda frame: frame.tcp.syn)  # an ARP frame has no .tcp

    session = Session(flawed, 7)
    with pytest.raises(FaultError, match=r"write f\.tcp and f\.tcp\.fin"):
        session.run_to_end()
    assert session.at_end
    assert len(session.errors) == 1
    digest = session.trace.digest()
    session.go_to(len(session.moments) // 2)
    session.run_to_end()
    assert session.trace.digest() == digest


def test_an_error_ahead_is_not_met_by_looking_there() -> None:
    @experiment
    def flawed(net: Network) -> None:
        handshake.scenario(net)
        net.links[0].drop(lambda frame: frame.tcp.syn)

    session = Session(flawed, 7)
    session.look_ahead()
    assert session.errors == {}
    assert (session.now, session.place) == (0, 0)
    assert session.moments[-1].time > 0


def test_listeners_hear_of_each_move_once() -> None:
    session = Session(handshake, 7)
    moves: list[int] = []
    session.listeners.append(lambda: moves.append(session.place))
    session.step()
    session.step_to_next_frame()
    session.do("drop", frame=1)
    session.look_ahead()
    session.back()
    session.undo()
    session.run_to_end()
    assert len(moves) == 6


def test_what_has_just_happened_is_known_after_each_move() -> None:
    session = Session(handshake, 7)
    session.play_to(25 * ms)
    assert [event.kind for event in session.latest].count("sent") == 3
    session.back()
    session.back()
    assert {event.time for event in session.latest} == {session.now}


# --- as a file ------------------------------------------------------------------------------------


@pytest.mark.parametrize("time", [0, 5 * ms, 20_102_400, 25 * ms, 2 * s, 300 * s])
def test_a_saved_session_stands_where_it_stood(time: int) -> None:
    session = Session(handshake, 7)
    session.play_to(3 * ms)
    session.do("drop", frame=1)
    session.do("connect", host="bob", to="alice", port=9)
    session.go_to_time(time)
    again = Session.from_json(handshake, session.to_json())
    assert seen(again) == seen(session)
    assert again.inputs == session.inputs
    for each in (again, session):
        each.run_to_end()
    assert again.trace.digest() == session.trace.digest()


def test_a_saved_session_is_plain_json() -> None:
    session = Session(handshake, 7)
    session.play_to(5 * ms)
    session.do("drop", frame=1)
    content = json.loads(session.to_json())
    assert content["inputs"] == [{"at": 5 * ms, "step": 3, "do": "drop", "frame": 1}]
    assert (content["experiment"], content["seed"], content["time"]) == ("handshake", 7, 5 * ms)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this isn't a saved session"),
        ("[]", "has no list of inputs"),
        ('{"inputs": [], "experiment": "fetch"}', "one of the experiment 'fetch'; got 'handshake'"),
        ('{"inputs": [], "experiment": "handshake", "seed": "x"}', "seed must be an int"),
        ('{"inputs": [], "experiment": "handshake", "step": -1}', "step must be a whole number"),
        ('{"inputs": [7], "experiment": "handshake"}', "an input is a dict such as"),
    ],
)
def test_what_is_no_saved_session_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Session.from_json(handshake, text)


def test_inputs_of_another_run_are_refused() -> None:
    given = {"at": 5, "step": 9_999, "do": "drop", "frame": 1}
    session = Session(handshake, 7, [given])
    with pytest.raises(NotRepeatableError, match=r"ended after \d+ events, and an input was made"):
        session.run_to_end()


# --- whatever is done -----------------------------------------------------------------------------

MOVES = st.one_of(
    st.sampled_from(["step", "step_to_next_frame", "back", "back_to_frame", "undo", "look_ahead"]),
    st.tuples(st.just("play"), st.integers(0, 40 * ms)),
    st.tuples(st.sampled_from(["drop", "delay", "duplicate"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["connect", "send", "receive", "close"]), st.integers(0, 1)),
)


def act(session: Session, move: Any) -> None:
    """Do one of `MOVES`, where it is possible."""
    if isinstance(move, str):
        if move != "undo" or session.can_undo:
            getattr(session, move)()
        return
    do, value = move
    host = session.run.net.hosts[["alice", "bob"][value % 2]]
    under_way = [frame.id for frame in session.trace.frames if frame.fate == IN_FLIGHT]
    if do == "play":
        session.play_to(session.now + value)
    elif do == "connect":
        session.do("connect", host=host.name, to="bob", port=7)
    elif do in ("send", "receive", "close"):
        if host.tcp.connections:
            text = {"text": "hi"} if do == "send" else {}
            label = host.tcp.connections[0].label
            session.do(do, host=host.name, connection=label, **text)
    elif under_way:
        by = {"by": 15 * ms} if do == "delay" else {}
        session.do(do, frame=under_way[value % len(under_way)], **by)


@settings(max_examples=40)
@given(moves=st.lists(MOVES, max_size=14))
def test_whatever_is_done_a_fresh_session_with_the_same_inputs_shows_the_same(
    moves: list[Any],
) -> None:
    session = Session(handshake, 7)
    for move in moves:
        act(session, move)
    again = Session.from_json(handshake, session.to_json())
    assert seen(again) == seen(session)
    for each in (again, session):
        each.run_to_end()
    assert seen(again) == seen(session)
