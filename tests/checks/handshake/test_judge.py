"""How exercise 07 is judged: the scenarios do what they say, and every mistake is found and told."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.checks import CheckFailed, Passed, handshake
from netlab.checks.handshake.judge import SEED, Task, judge
from netlab.checks.handshake.play import LONGEST, MOST_EVENTS, Played
from netlab.checks.handshake.scenarios import HOSTILE, Scenario
from netlab.transport.tcp.states import TRANSITIONS, Action, State, TcpEvent, Transition

TASKS: dict[Task, Callable[..., Passed]] = {
    handshake.OPEN: handshake.check_open,
    handshake.CLOSE: handshake.check_close,
    handshake.CROSS: handshake.check_crossing,
    handshake.WAIT: handshake.check_waiting,
}
TIME_WAIT_FIN = State.TIME_WAIT, TcpEvent.RCV_FIN
SYN_ACK = State.SYN_SENT, TcpEvent.RCV_SYN_ACK


def with_row(key: tuple[State, TcpEvent], actions: Iterable[Action], then: State) -> dict:
    return {**TRANSITIONS, key: Transition(tuple(actions), then, "")}


def failure(check: Callable[..., Passed], rows: object) -> CheckFailed:
    with pytest.raises(CheckFailed) as raised:
        check(rows)
    return raised.value


# --- the scenarios ----------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.title)
def test_the_scenarios_of_a_task_come_to_each_of_its_rows(task: Task) -> None:
    taken = {
        (each.state, each.event)
        for scenario in task.scenarios
        for each in Played(scenario, TRANSITIONS, SEED).taken()
    }
    assert set(task.keys) <= taken


def test_the_tasks_have_all_rows_of_a_client_and_none_twice() -> None:
    keys = [key for task in TASKS for key in task.keys]
    assert sorted(keys) == sorted(handshake.CLIENT.keys)
    assert len(set(keys)) == len(keys)
    assert not set(keys) & handshake.GIVEN.keys()


@pytest.mark.parametrize(
    "scenario", handshake.CLIENT.scenarios, ids=lambda scenario: scenario.title
)
def test_each_scenario_spoils_what_its_title_says(scenario: Scenario) -> None:
    frames = Played(scenario, TRANSITIONS, SEED).trace.frames
    lost = sum(frame.fate == "dropped" for frame in frames)
    assert lost == scenario.title.count("lost") + scenario.title.count("twice") * (lost > 0)
    assert any(frame.copy_of for frame in frames) == ("arrives twice" in scenario.title)
    assert any("held back" in frame.fault for frame in frames) == ("overtakes" in scenario.title)


@pytest.mark.parametrize("scenario", HOSTILE, ids=lambda scenario: scenario.title)
def test_on_a_hostile_cable_the_reference_opens_and_closes(scenario: Scenario) -> None:
    for seed in range(20):
        ending = Played(scenario, TRANSITIONS, seed).ending()
        assert ending["Alice's program"] == ending["Bob's program"] == "came to its end"
        assert ending["Alice's connection"].startswith("CLOSED since")
        assert ending["The network"] == "came to rest"


# --- verdicts ---------------------------------------------------------------------------------


@given(
    st.sampled_from([(task, key) for task in TASKS for key in task.keys]),
    st.lists(st.sampled_from(Action), max_size=3),
    st.sampled_from(State),
)
def test_no_row_but_the_right_one_passes_and_none_breaks_the_check(
    place: tuple[Task, tuple[State, TcpEvent]], actions: list[Action], then: State
) -> None:
    task, key = place
    right = TRANSITIONS[key]
    rows = with_row(key, actions, then)
    if (tuple(actions), then) == (right.actions, right.next):
        assert TASKS[task](rows)
    else:
        verdict = failure(TASKS[task], rows)
        assert verdict.hint
        assert verdict.section == f"RFC 9293, section {right.section}"
        assert "but it was:" in str(verdict)


@pytest.mark.parametrize(("task", "key"), [(task, key) for task in TASKS for key in task.keys])
def test_each_missing_row_has_a_hint_of_its_own(task: Task, key: tuple[State, TcpEvent]) -> None:
    rows = {each: row for each, row in TRANSITIONS.items() if each != key}
    assert failure(TASKS[task], rows).hint.startswith(f"There is no row for {key[1]} in {key[0]}.")


def test_a_table_that_never_comes_to_rest_is_stopped() -> None:
    key = State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL
    table = with_row(key, [Action.START_2MSL], State.TIME_WAIT)
    played = Played(handshake.CLOSE.scenarios[0], table, SEED)
    assert played.ending()["The network"] == "never came to rest"
    assert played.trace.duration <= 2 * LONGEST
    assert len(played.trace.events) < 10 * MOST_EVENTS


def test_the_same_answer_gets_the_same_words_each_time() -> None:
    rows = with_row(TIME_WAIT_FIN, [Action.SEND_ACK], State.TIME_WAIT)
    first, second = (str(failure(handshake.check_waiting, rows)) for _ in range(2))
    assert first == second


def test_further_seeds_are_tried_on_a_hostile_cable() -> None:
    tried = handshake.check_open(TRANSITIONS, seeds=range(2)).tried
    assert "a hostile cable, 2 times" in tried
    assert "a hostile cable, 2 times" not in handshake.check_open(TRANSITIONS).tried


def test_a_mistake_that_only_a_hostile_cable_brings_out_is_told_with_its_seed() -> None:
    rows = {key: row for key, row in TRANSITIONS.items() if key != TIME_WAIT_FIN}
    task = Task("a task", (TIME_WAIT_FIN,), handshake.CLOSE.scenarios[:1])
    with pytest.raises(CheckFailed, match=r"a hostile cable \(seed \d+\)") as raised:
        judge(task, [rows], range(20), TRANSITIONS)
    assert raised.value.frame is not None


# --- the story --------------------------------------------------------------------------------


def test_the_story_ends_where_the_first_wrong_row_was_taken() -> None:
    verdict = failure(
        handshake.check_open, with_row(SYN_ACK, [Action.REPORT_OPEN], State.ESTABLISHED)
    )
    *before, last = verdict.steps
    assert last.happened == "At 40 ms Alice is in SYN_SENT: rcv SYN,ACK (frame 4)."
    assert last.was == "tell user: connected; then ESTABLISHED"
    assert not any(step.was for step in before)
    assert before[-1].happened.endswith("She does: snd SYN; then SYN_SENT.")


def test_the_frame_that_was_answered_wrongly_is_marked() -> None:
    verdict = failure(
        handshake.check_open, with_row(SYN_ACK, [Action.REPORT_OPEN], State.ESTABLISHED)
    )
    assert verdict.frame == 4
    marked = [line for line in str(verdict).splitlines() if line.startswith(">>")]
    assert len(marked) == 1
    assert "4 SYN,ACK" in marked[0]


def test_a_frame_that_should_not_have_been_sent_is_marked_itself() -> None:
    key = State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN
    verdict = failure(handshake.check_close, with_row(key, [Action.SEND_ACK], State.FIN_WAIT_2))
    (marked,) = [line for line in str(verdict).splitlines() if line.startswith(">>")]
    assert "FIN_WAIT_2 |-- 11 ACK" in marked


def test_what_came_of_it_is_told_beside_what_should_have() -> None:
    verdict = failure(handshake.check_open, with_row(SYN_ACK, [Action.SEND_ACK], State.ESTABLISHED))
    (program,) = [each for each in verdict.differences if each.what.startswith("Alice's program")]
    assert program.should == "came to its end"
    assert program.was == "waits for ever in connect()"


def test_a_story_does_not_tell_the_actions_of_another_task() -> None:
    text = str(failure(handshake.check_waiting, {}))
    assert "She does" not in text
    assert Action.START_2MSL not in text


def test_where_nothing_was_sent_there_is_no_diagram() -> None:
    verdict = failure(handshake.check_open, {})
    assert verdict.picture is None
    assert "sequence diagram" not in str(verdict)


def test_a_program_that_a_mistake_in_the_table_ends_is_told_of_in_plain_words() -> None:
    told = str(failure(handshake.check_open, {}))
    assert "was broken off by a mistake in the table" in told
    assert "PartError" not in told
