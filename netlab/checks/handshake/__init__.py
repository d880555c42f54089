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


def check_open(*parts: object, seeds: Iterable[int] = ()) -> Passed:
    """Task 1: a connection opened actively.

    `parts` are tables of rows, which are put together. Rows of other tasks may be among them; they
    aren't looked at. Each of `seeds` is a further run on a hostile cable. This check and the others
    raise `CheckFailed` with the story of what went wrong.
    """
    return judge(OPEN, parts, seeds, CLIENT.keys)


def check_close(*parts: object, seeds: Iterable[int] = ()) -> Passed:
    """Task 2: a connection closed by the side that closes first."""
    return judge(CLOSE, parts, seeds, CLIENT.keys)


def check_crossing(*parts: object, seeds: Iterable[int] = ()) -> Passed:
    """Task 3: simultaneous open, simultaneous close."""
    return judge(CROSS, parts, seeds, CLIENT.keys)


def check_waiting(*parts: object, seeds: Iterable[int] = ()) -> Passed:
    """Task 4: the FIN comes again in TIME_WAIT."""
    return judge(WAIT, parts, seeds, CLIENT.keys)


def check_client(*parts: object, seeds: Iterable[int] = ()) -> Passed:
    """All rows at once."""
    return judge(CLIENT, parts, seeds, CLIENT.keys)


def complete(*parts: object) -> Rows:
    """A whole table, for ``host.use(transitions=...)``: a client's rows, and the given ones."""
    return GIVEN | read_rows(parts, "Exercise 07")
