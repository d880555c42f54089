"""Exercise 07: the client's rows of TCP's transition table.

A student writes ``rows[state, event] = Transition(actions, next, section)``. Alice runs on these
rows, Bob on the reference, and what Alice does is read event by event.
"""

from collections.abc import Iterable

from netlab.checks.handshake.judge import Task, judge
from netlab.checks.handshake.rows import Rows, read_rows
from netlab.checks.handshake.scenarios import CLOSING, CROSSING, OPENING, WAITING
from netlab.checks.verdict import Passed
from netlab.transport.tcp.states import TRANSITIONS, State, TcpEvent

OPEN = Task(
    "Exercise 07, task 1, opening",
    ((State.CLOSED, TcpEvent.ACTIVE_OPEN), (State.SYN_SENT, TcpEvent.RCV_SYN_ACK)),
    OPENING,
)
CLOSE = Task(
    "Exercise 07, task 2, closing",
    (
        (State.ESTABLISHED, TcpEvent.CLOSE),
        (State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN),
        (State.FIN_WAIT_2, TcpEvent.RCV_FIN),
        (State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL),
    ),
    CLOSING,
)
CROSS = Task(
    "Exercise 07, task 3, both at once",
    (
        (State.SYN_SENT, TcpEvent.RCV_SYN),
        (State.FIN_WAIT_1, TcpEvent.RCV_FIN),
        (State.CLOSING, TcpEvent.RCV_ACK_OF_FIN),
    ),
    CROSSING,
)
WAIT = Task(
    "Exercise 07, task 4, the last ACK",
    ((State.TIME_WAIT, TcpEvent.RCV_FIN),),
    WAITING,
)
CLIENT = Task(
    "Exercise 07, the whole client",
    OPEN.keys + CLOSE.keys + CROSS.keys + WAIT.keys,
    (*OPENING, *CLOSING, *CROSSING, *WAITING),
)
GIVEN: Rows = {key: row for key, row in TRANSITIONS.items() if key not in CLIENT.keys}
"""The other rows: the server's half, and the ends by force."""


def check_open(rows: object, *, seeds: Iterable[int] = ()) -> Passed:
    """Task 1: a connection opened actively. Each of `seeds` is a further run on a hostile cable.

    This check and the others raise `CheckFailed` with the story of what went wrong. Rows of other
    tasks may be there; they aren't looked at.
    """
    return judge(OPEN, rows, seeds, CLIENT.keys)


def check_close(rows: object, *, seeds: Iterable[int] = ()) -> Passed:
    """Task 2: a connection closed by who closes first."""
    return judge(CLOSE, rows, seeds, CLIENT.keys)


def check_crossing(rows: object, *, seeds: Iterable[int] = ()) -> Passed:
    """Task 3: simultaneous open, simultaneous close."""
    return judge(CROSS, rows, seeds, CLIENT.keys)


def check_waiting(rows: object, *, seeds: Iterable[int] = ()) -> Passed:
    """Task 4: the FIN comes again in TIME_WAIT."""
    return judge(WAIT, rows, seeds, CLIENT.keys)


def check_client(rows: object, *, seeds: Iterable[int] = ()) -> Passed:
    """All rows at once."""
    return judge(CLIENT, rows, seeds, CLIENT.keys)


def complete(rows: object) -> Rows:
    """A whole transition table of a client's rows and the given ones, for ``host.use(transitions=...)``."""
    return GIVEN | read_rows(rows, "Exercise 07")
