"""Every row of the transition table, taken by a connection on the wire."""

from collections.abc import Callable
from errno import ECONNREFUSED, ECONNRESET, ETIMEDOUT

import pytest

from netlab.transport.tcp.states import SYNCHRONIZED, TRANSITIONS, Action, State, TcpEvent
from netlab.units import minute
from tests.transport.tcp.steps import Story

ROWS = list(TRANSITIONS)


def begin(story: Story, state: State, event: TcpEvent) -> None:
    """Bring the story to where the row starts."""
    if state is State.CLOSED:
        return
    if state is State.SYN_RCVD and event is TcpEvent.RCV_RST:  # opened from this side
        story.reach(State.SYN_SENT)
        story.peer("SYN", seq=0, mss=1460)
        story.alice_sends("SYN,ACK", seq=0, ack=1)
    else:
        story.reach(state)


def reset(story: Story) -> None:
    if story.tcb.state is State.SYN_SENT:
        story.peer("RST,ACK", seq=0, ack=1)
    else:
        story.peer("RST", seq=story.peer_next)


HAPPENS: dict[TcpEvent, Callable[[Story], None]] = {
    TcpEvent.PASSIVE_OPEN: lambda story: story.connect(passive=True),
    TcpEvent.SEND: lambda story: story.write(b"hello"),
    TcpEvent.CLOSE: lambda story: story.close(),
    TcpEvent.ABORT: lambda story: story.abort(),
    TcpEvent.RCV_SYN: lambda story: story.peer("SYN", seq=story.peer_next, mss=1460),
    TcpEvent.RCV_SYN_ACK: lambda story: story.peer("SYN,ACK", seq=0, ack=1, mss=1460),
    TcpEvent.RCV_ACK_OF_SYN: lambda story: story.peer("ACK", seq=1, ack=1),
    TcpEvent.RCV_FIN: lambda story: story.peer("FIN,ACK", seq=1, ack=story.alice_una),
    TcpEvent.RCV_ACK_OF_FIN: lambda story: story.peer("ACK", seq=story.peer_next, ack=2),
    TcpEvent.RCV_RST: reset,
    TcpEvent.RCV_RST_PASSIVE: reset,
    TcpEvent.TIMEOUT_2MSL: lambda story: story.silence(4 * minute),
    TcpEvent.USER_TIMEOUT: lambda story: story.tcb.timed_out("the user's patience is at its end"),
}
SENDS = {
    Action.SEND_SYN: "SYN",
    Action.SEND_SYN_ACK: "SYN,ACK",
    Action.SEND_ACK: "ACK",
    Action.SEND_FIN: "FIN,ACK",
    Action.SEND_RST: "RST,ACK",
}
REPORTS = {
    Action.REPORT_REFUSED: ECONNREFUSED,
    Action.REPORT_RESET: ECONNRESET,
    Action.REPORT_TIMEOUT: ETIMEDOUT,
}


def open_actively(story: Story) -> None:
    if story.connection is None:
        story.connect()
    else:  # in LISTEN
        story.tcb.open()


HAPPENS[TcpEvent.ACTIVE_OPEN] = open_actively


@pytest.mark.rfc("RFC 9293 3.3.2", "RFC 9293 3.10")
@pytest.mark.parametrize(("state", "event"), ROWS, ids=lambda value: value.replace(" ", "_"))
def test_every_row_of_the_table_is_taken_by_a_connection(
    story: Story, state: State, event: TcpEvent
) -> None:
    row = TRANSITIONS[state, event]
    begin(story, state, event)

    HAPPENS[event](story)
    change = story.net.trace.events_of(kind="state", host="alice")[-1]
    sent = [frame for frame in story.net.trace.frames if frame.cause is change]
    assert len(sent) == len([action for action in row.actions if action in SENDS])
    for action in row.actions:
        if action in SENDS:
            story.alice_sends(SENDS[action])

    story.alice_is(row.next)
    assert story.tcb.path[-1] == (state, event, row.next)
    for action in row.actions:
        if action in REPORTS:
            story.alice_reports(REPORTS[action])
    if Action.DELETE_TCB in row.actions:
        assert story.tcb not in story.tcp.connections
        story.silence(10 * minute)  # and no timer of it is left
    else:
        assert story.tcb in story.tcp.connections


def test_every_state_but_closed_has_a_way_to_closed() -> None:
    reached = {State.CLOSED}
    while True:
        more = {state for (state, _), row in TRANSITIONS.items() if row.next in reached}
        if more <= reached:
            break
        reached |= more
    assert reached == set(State)


def test_every_state_can_be_reached_from_closed() -> None:
    reached = {State.CLOSED}
    while True:
        more = {row.next for (state, _), row in TRANSITIONS.items() if state in reached}
        if more <= reached:
            break
        reached |= more
    assert reached == set(State)


def test_only_the_way_into_closed_deletes_a_block_that_knows_both_sides() -> None:
    for (state, _), row in TRANSITIONS.items():
        if state in SYNCHRONIZED:
            assert (Action.DELETE_TCB in row.actions) == (row.next is State.CLOSED)
