"""Reading a student's rows: whatever can be understood without doubt becomes a `Transition`.

Nothing of the student's own runs after this. What comes out holds the members of TCP's enums and
nothing else, so an object that equals everything, or raises, can't bend the verdict.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar

from netlab.checks.quiet import quietly
from netlab.checks.verdict import CheckFailed
from netlab.transport.tcp.states import TRANSITIONS, Action, State, TcpEvent, Transition

Key = tuple[State, TcpEvent]
Rows = dict[Key, Transition]
_Member = TypeVar("_Member", bound=StrEnum)

MOST = 500
"""More rows than a table of eleven states can have: a mapping may go on for ever."""
_EXAMPLE = (
    "A row looks like this: rows[State.LISTEN, TcpEvent.RCV_SYN] ="
    ' Transition((Action.SEND_SYN_ACK,), State.SYN_RCVD, "3.10.7.2")'
)


class _UnreadableError(Exception):
    """The rows are no table; the text says why."""


def read_rows(parts: Iterable[object], headline: str) -> Rows:
    """The rows of a student's tables. Raises `CheckFailed` for what is no table."""
    rows: Rows = {}
    try:
        with quietly():
            for part in parts:
                rows |= _read(part)
        return rows
    except _UnreadableError as error:
        why = str(error)
    except Exception as error:
        why = f"Reading them raised {type(error).__name__}."
    raise CheckFailed(f"{headline}: the rows can't be read.", f"{why} {_EXAMPLE}")


def _read(rows: object) -> Rows:
    if not isinstance(rows, Mapping):
        raise _UnreadableError(f"They must be a dictionary, and are {_shown(rows)}.")
    keys = list(islice(rows, MOST + 1))
    if len(keys) > MOST:
        raise _UnreadableError(f"There are more than {MOST} of them.")
    return dict(_row(key, rows[key]) for key in keys)


def _row(key: Any, value: Any) -> tuple[Key, Transition]:
    if not isinstance(key, tuple) or len(key) != 2:
        raise _UnreadableError(f"A row is found by a state and an event, not by {_shown(key)}.")
    state, event = _member(State, key[0]), _member(TcpEvent, key[1])
    if state is None:
        raise _UnreadableError(f"A row begins with a state of TCP, not with {_shown(key[0])}.")
    if event is None:
        raise _UnreadableError(f"A row of {state} waits for {_shown(key[1])}, which is no event.")
    where = f"The row for {event} in {state}"
    if value is ... or value is None:
        raise _UnreadableError(f"{where} is still empty.")
    if not isinstance(value, tuple | list) or not 2 <= len(value) <= 3:
        raise _UnreadableError(f"{where} must be a Transition, and is {_shown(value)}.")
    then = _member(State, value[1])
    if then is None:
        raise _UnreadableError(f"{where} must lead to a state, and leads to {_shown(value[1])}.")
    reference = TRANSITIONS.get((state, event))
    section = "" if reference is None else reference.section
    return (state, event), Transition(_actions(value[0], where), then, section)


def _actions(value: Any, where: str) -> tuple[Action, ...]:
    alone = _member(Action, value)
    if alone is not None:  # one action without the comma that makes it a tuple
        return (alone,)
    if not isinstance(value, tuple | list):
        raise _UnreadableError(
            f"{where} must do a tuple of actions, in their order, or () for none;"
            f" it has {_shown(value)}."
        )
    actions = []
    for each in value:
        action = _member(Action, each)
        if action is None:
            raise _UnreadableError(f"{where} does {_shown(each)}, which is no action of TCP.")
        actions.append(action)
    return tuple(actions)


def _member(kind: type[_Member], value: Any) -> _Member | None:
    """The member that `value` is, or whose name or text it is; None for anything else."""
    if type(value) is kind:
        return value
    if type(value) is str:
        return next((each for each in kind if value in (each.name, each.value)), None)
    return None


def _shown(value: object) -> str:
    """What a thing is, in a few words; in its own only where those can be trusted."""
    if value is ... or type(value) in (str, int, float, bool, type(None)):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    return f"a thing of type {type(value).__name__}"
