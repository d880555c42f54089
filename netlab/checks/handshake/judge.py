"""Judging rows by what comes of them.

The rows of a task take their places in the reference table, so that a mistake in one task costs
nothing in the next. Both tables run the same scenario with the same seed; until the first row that
differs the two runs are the same, so that row is where the student's went wrong.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from netlab.checks.handshake.hints import EXPECTED, hint_for
from netlab.checks.handshake.play import Played, Taken
from netlab.checks.handshake.rows import Key, Rows, read_rows
from netlab.checks.handshake.scenarios import HOSTILE, Scenario
from netlab.checks.verdict import CheckFailed, Difference, Passed, Step
from netlab.transport.tcp.states import TRANSITIONS, Table, Transition
from netlab.views.sequence import Sequence as SequenceDiagram
from netlab.views.states import StateDiagram
from netlab.views.words import clock

SEED = 7
_AROUND = 8  # frames shown before the one that matters, where a run is long; twice as many after it


@dataclass(frozen=True)
class Task:
    """A part of the exercise: which rows are the student's, and where they are tried."""

    title: str
    keys: tuple[Key, ...]
    scenarios: Sequence[Scenario]


def judge(
    task: Task, parts: Iterable[object], seeds: Iterable[int], others: Collection[Key]
) -> Passed:
    """Play every scenario of `task`, and hostile ones with `seeds`. Raises `CheckFailed`.

    `others` are rows that may stand beside those of the task without being looked at.
    """
    mine = read_rows(parts, task.title)
    for key, row in mine.items():
        if key not in task.keys and key not in others:
            _refuse_foreign(task, key, row)
    table = {key: row for key, row in TRANSITIONS.items() if key not in task.keys}
    table |= {key: row for key, row in mine.items() if key in task.keys}
    runs = [_try(task, scenario, table, SEED) for scenario in task.scenarios]
    seeds = tuple(seeds)
    for seed in seeds:
        for scenario in HOSTILE:
            _try(task, scenario, table, seed)
    tried = [scenario.title for scenario in task.scenarios]
    if seeds:
        tried += [f"{scenario.title}, {len(seeds)} times" for scenario in HOSTILE]
    return Passed(f"{task.title}: right.", tried, _pictures(mine, runs[0]))


def _try(task: Task, scenario: Scenario, table: Table, seed: int) -> Played:
    played = Played(scenario, table, seed)
    taken = played.taken()
    for number, each in enumerate(taken):
        if not _agree(each.row, TRANSITIONS.get((each.state, each.event))):
            raise _failure(task, played, taken[: number + 1], seed)
    return played


def _agree(row: Transition | None, right: Transition | None) -> bool:
    if row is None or right is None:
        return row is right
    return row.actions == right.actions and row.next is right.next


def _failure(task: Task, played: Played, taken: list[Taken], seed: int) -> CheckFailed:
    wrong = taken[-1]
    right = TRANSITIONS[wrong.state, wrong.event]
    steps = [Step(each) for each in played.scenario.given]
    steps += [Step(_when(each) + _does(task, each)) for each in taken[:-1]]
    steps.append(Step(_when(wrong), EXPECTED[wrong.state, wrong.event], _says(wrong.row)))
    should, was = Played(played.scenario, TRANSITIONS, seed).ending(), played.ending()
    frame = _frame_of(played, wrong)
    return CheckFailed(
        f"{task.title}: not yet. What was tried: {played.scenario.title} (seed {seed}).",
        hint_for((wrong.state, wrong.event), wrong.row),
        steps=steps,
        differences=[
            Difference(f"{what} in the end", should[what], was[what])
            for what in should
            if should[what] != was[what]
        ],
        section=f"RFC 9293, section {right.section}",
        picture=_ladder(played, frame),
        frame=frame,
    )


def _when(taken: Taken) -> str:
    frame = taken.trigger
    brought = f" (frame {frame.id})" if frame else ""
    return f"At {clock(taken.record.time)} Alice is in {taken.state}: {taken.event}{brought}."


def _does(task: Task, taken: Taken) -> str:
    """What Alice does; not so for rows that the student may still have to write."""
    mine = (taken.state, taken.event) in task.keys
    return f" She does: {_says(taken.row)}." if mine else ""


def _says(row: Transition | None) -> str:
    if row is None:
        return "nothing, for there is no row; the state stays"
    return f"{', then '.join(row.actions) or 'nothing'}; then {row.next}"


def _frame_of(played: Played, wrong: Taken) -> int | None:
    """The frame to mark: what was sent and should not have been, else what was answered wrongly."""
    sent = played.frames_of(wrong)
    right = TRANSITIONS[wrong.state, wrong.event]
    if len(sent) > sum(1 for action in right.actions if action.startswith("snd")):
        return sent[-1].id
    if wrong.trigger is not None:
        return wrong.trigger.id
    return sent[0].id if sent else None


def _ladder(played: Played, frame: int | None) -> SequenceDiagram | None:
    if not played.trace.frames:
        return None
    first = 1 if frame is None or frame <= 2 * _AROUND else frame - _AROUND
    return played.trace.sequence(first=first, last=first + 3 * _AROUND, selected=frame)


def _pictures(mine: Rows, played: Played) -> tuple[StateDiagram, SequenceDiagram]:
    """The machine that the student's rows make, with the path taken; and the run itself."""
    path = [
        (each.state, each.event, each.row.next)
        for each in played.taken()
        if each.row is not None and (each.state, each.event) in mine
    ]
    return StateDiagram(mine, path, "your rows"), played.trace.sequence()


def _refuse_foreign(task: Task, key: Key, row: Transition) -> None:
    state, event = key
    right = TRANSITIONS.get(key)
    if right is None:
        raise CheckFailed(
            f"{task.title}: there is a row too many.",
            f"RFC 9293 has no transition for {event} in {state}. Take that row out.",
        )
    if not _agree(row, right):
        raise CheckFailed(
            f"{task.title}: there is a row that isn't yours to write.",
            f"The row for {event} in {state} is given, and yours differs from it. Take it out.",
            section=f"RFC 9293, section {right.section}",
        )
