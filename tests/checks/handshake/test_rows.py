"""What a student may write for a row, and what is said of the rest."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.checks import CheckFailed
from netlab.checks.handshake.rows import read_rows
from netlab.transport.tcp.states import TRANSITIONS, Action, State, TcpEvent, Transition

KEY = State.SYN_SENT, TcpEvent.RCV_SYN_ACK
RIGHT = Transition((Action.SEND_ACK, Action.REPORT_OPEN), State.ESTABLISHED, "3.10.7.3")


@pytest.mark.parametrize(
    "rows",
    [
        {KEY: RIGHT},
        {KEY: tuple(RIGHT)},
        {KEY: [list(RIGHT.actions), RIGHT.next]},
        {("SYN_SENT", "RCV_SYN_ACK"): (("SEND_ACK", "REPORT_OPEN"), "ESTABLISHED")},
        {("SYN_SENT", "rcv SYN,ACK"): (("snd ACK", "tell user: connected"), "ESTABLISHED", "?")},
    ],
)
def test_a_row_may_be_written_in_any_way_that_leaves_no_doubt(rows: Any) -> None:
    assert read_rows([rows], "A task") == {KEY: RIGHT}


def test_a_single_action_needs_no_comma() -> None:
    key = State.CLOSED, TcpEvent.ACTIVE_OPEN
    read = read_rows([{key: Transition(Action.SEND_SYN, State.SYN_SENT, "")}], "A task")  # type: ignore[arg-type]
    assert read == {key: TRANSITIONS[key]}


def why_not(rows: object) -> str:
    with pytest.raises(CheckFailed, match="A task: the rows can't be read") as raised:
        read_rows([rows], "A task")
    return raised.value.hint


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (None, "They must be a dictionary, and are None."),
        ([], "They must be a dictionary, and are a thing of type list."),
        ({"SYN_SENT": RIGHT}, "A row is found by a state and an event, not by 'SYN_SENT'."),
        ({(*KEY, 1): RIGHT}, "not by a thing of type tuple."),
        ({("SYN_SEND", KEY[1]): RIGHT}, "A row begins with a state of TCP, not with 'SYN_SEND'."),
        ({(KEY[1], KEY[0]): RIGHT}, "not with a thing of type TcpEvent."),
        ({(KEY[0], "SYN"): RIGHT}, "A row of SYN_SENT waits for 'SYN', which is no event."),
        ({KEY: ...}, "The row for rcv SYN,ACK in SYN_SENT is still empty."),
        ({KEY: State.ESTABLISHED}, "must be a Transition, and is a thing of type State."),
        ({KEY: RIGHT[:1]}, "must be a Transition, and is a thing of type tuple."),
        ({KEY: ((), Action.SEND_ACK, "")}, "leads to a thing of type Action."),
        ({KEY: ((), 3, "")}, "leads to 3."),
        ({KEY: (..., State.ESTABLISHED, "")}, "or () for none; it has Ellipsis."),
        ({KEY: (("x" * 99,), State.CLOSED, "")}, f"does '{'x' * 56}..., which is no action"),
    ],
)
def test_what_can_not_be_read_is_named(rows: object, why: str) -> None:
    hint = why_not(rows)
    assert why in hint
    assert "A row looks like this" in hint


def test_a_text_that_only_claims_to_equal_a_state_is_none() -> None:
    class Liar(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    assert "A row begins with a state" in why_not({(Liar("SYN_SENT"), KEY[1]): RIGHT})
    assert "which is no action" in why_not({KEY: ((Liar("x"),), State.CLOSED, "")})


_anything = st.recursive(
    st.none() | st.integers() | st.text() | st.sampled_from([*State, *TcpEvent, *Action, ...]),
    lambda parts: st.lists(parts) | st.tuples(parts, parts) | st.tuples(parts, parts, parts),
)


@given(st.dictionaries(st.tuples(st.sampled_from(State), st.sampled_from(TcpEvent)), _anything))
def test_whatever_stands_in_a_row_gives_transitions_or_a_reason(rows: dict[Any, Any]) -> None:
    with contextlib.suppress(CheckFailed):
        for row in read_rows([rows], "A task").values():
            assert type(row.next) is State
            assert all(type(action) is Action for action in row.actions)
