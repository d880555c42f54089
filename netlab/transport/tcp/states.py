"""The TCP state machine as a table (RFC 9293, section 3.3.2 and figure 5).

A connection is in one of eleven states. What the user calls, what arrives, and what times out are
its events; for each state and event the table says what TCP does, which state comes next, and which
clause of RFC 9293 demands it. This one table is executed by every connection, drawn as the state
diagram, and completed by students: `TRANSITIONS[state, event]`.

What changes no state (data, acknowledgments of data, segments out of the window) isn't here; the
path that each segment takes before it comes to the table is in `arrives.py`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """The states of RFC 9293, section 3.3.2, in the spelling of programs."""

    CLOSED = "CLOSED"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN_SENT"
    SYN_RCVD = "SYN_RCVD"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN_WAIT_1"
    FIN_WAIT_2 = "FIN_WAIT_2"
    CLOSE_WAIT = "CLOSE_WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST_ACK"
    TIME_WAIT = "TIME_WAIT"


class TcpEvent(StrEnum):
    """What can happen to a connection: the user's calls, arriving segments, timeouts."""

    PASSIVE_OPEN = "passive OPEN"
    ACTIVE_OPEN = "active OPEN"
    SEND = "SEND"
    CLOSE = "CLOSE"
    ABORT = "ABORT"
    RCV_SYN = "rcv SYN"
    RCV_SYN_ACK = "rcv SYN,ACK"
    RCV_ACK_OF_SYN = "rcv ACK of SYN"
    RCV_FIN = "rcv FIN"
    RCV_ACK_OF_FIN = "rcv ACK of FIN"
    RCV_RST = "rcv RST"
    RCV_RST_PASSIVE = "rcv RST (after a passive OPEN)"
    TIMEOUT_2MSL = "timeout 2MSL"
    USER_TIMEOUT = "user timeout"


class Action(StrEnum):
    """What TCP does when it takes a transition."""

    SEND_SYN = "snd SYN"
    SEND_SYN_ACK = "snd SYN,ACK"
    SEND_ACK = "snd ACK"
    SEND_FIN = "snd FIN"
    SEND_RST = "snd RST"
    START_2MSL = "start 2MSL timer"
    REPORT_OPEN = "tell user: connected"
    REPORT_REFUSED = "tell user: refused"
    REPORT_RESET = "tell user: reset"
    REPORT_TIMEOUT = "tell user: timed out"
    DELETE_TCB = "delete TCB"


class Transition(NamedTuple):
    """One row: what is done, in order; the state that follows; the section of RFC 9293."""

    actions: tuple[Action, ...]
    next: State
    section: str


Table = Mapping[tuple[State, TcpEvent], Transition]


def _rows() -> dict[tuple[State, TcpEvent], Transition]:
    s, e, a = State, TcpEvent, Action
    rows: dict[tuple[State, TcpEvent], Transition] = {}

    def on(
        state: State, event: TcpEvent, actions: tuple[Action, ...], then: State, section: str
    ) -> None:
        rows[state, event] = Transition(actions, then, section)

    # Opening: the three-way handshake, from either side or from both at once.
    on(s.CLOSED, e.PASSIVE_OPEN, (), s.LISTEN, "3.10.1")
    on(s.CLOSED, e.ACTIVE_OPEN, (a.SEND_SYN,), s.SYN_SENT, "3.10.1")
    on(s.LISTEN, e.ACTIVE_OPEN, (a.SEND_SYN,), s.SYN_SENT, "3.10.1")
    on(s.LISTEN, e.SEND, (a.SEND_SYN,), s.SYN_SENT, "3.10.2")
    on(s.LISTEN, e.RCV_SYN, (a.SEND_SYN_ACK,), s.SYN_RCVD, "3.10.7.2")
    on(s.SYN_SENT, e.RCV_SYN_ACK, (a.SEND_ACK, a.REPORT_OPEN), s.ESTABLISHED, "3.10.7.3")
    on(s.SYN_SENT, e.RCV_SYN, (a.SEND_SYN_ACK,), s.SYN_RCVD, "3.10.7.3")
    on(s.SYN_RCVD, e.RCV_ACK_OF_SYN, (a.REPORT_OPEN,), s.ESTABLISHED, "3.10.7.4")

    # An opening that doesn't come about.
    on(s.LISTEN, e.CLOSE, (a.DELETE_TCB,), s.CLOSED, "3.10.4")
    on(s.SYN_SENT, e.CLOSE, (a.DELETE_TCB,), s.CLOSED, "3.10.4")
    on(s.SYN_SENT, e.RCV_RST, (a.REPORT_REFUSED, a.DELETE_TCB), s.CLOSED, "3.10.7.3")
    on(s.SYN_RCVD, e.RCV_RST, (a.REPORT_REFUSED, a.DELETE_TCB), s.CLOSED, "3.10.7.4")
    # After a passive OPEN the listener still stands: the block made for this SYN goes.
    on(s.SYN_RCVD, e.RCV_RST_PASSIVE, (a.DELETE_TCB,), s.LISTEN, "3.10.7.4")
    on(s.SYN_RCVD, e.RCV_SYN, (a.DELETE_TCB,), s.LISTEN, "3.10.7.4")

    # Closing: the four-way close, from either side or from both at once.
    on(s.SYN_RCVD, e.CLOSE, (a.SEND_FIN,), s.FIN_WAIT_1, "3.10.4")
    on(s.ESTABLISHED, e.CLOSE, (a.SEND_FIN,), s.FIN_WAIT_1, "3.10.4")
    on(s.ESTABLISHED, e.RCV_FIN, (a.SEND_ACK,), s.CLOSE_WAIT, "3.10.7.4")
    on(s.CLOSE_WAIT, e.CLOSE, (a.SEND_FIN,), s.LAST_ACK, "3.10.4")
    on(s.FIN_WAIT_1, e.RCV_ACK_OF_FIN, (), s.FIN_WAIT_2, "3.10.7.4")
    on(s.FIN_WAIT_1, e.RCV_FIN, (a.SEND_ACK,), s.CLOSING, "3.10.7.4")
    on(s.FIN_WAIT_2, e.RCV_FIN, (a.SEND_ACK, a.START_2MSL), s.TIME_WAIT, "3.10.7.4")
    on(s.CLOSING, e.RCV_ACK_OF_FIN, (a.START_2MSL,), s.TIME_WAIT, "3.10.7.4")
    on(s.LAST_ACK, e.RCV_ACK_OF_FIN, (a.DELETE_TCB,), s.CLOSED, "3.10.7.4")
    on(s.TIME_WAIT, e.RCV_FIN, (a.SEND_ACK, a.START_2MSL), s.TIME_WAIT, "3.10.7.4")
    on(s.TIME_WAIT, e.TIMEOUT_2MSL, (a.DELETE_TCB,), s.CLOSED, "3.10.8")

    # The ends by force: ABORT here, RST from there, or a time-out.
    on(s.LISTEN, e.ABORT, (a.DELETE_TCB,), s.CLOSED, "3.10.5")
    on(s.SYN_SENT, e.ABORT, (a.DELETE_TCB,), s.CLOSED, "3.10.5")
    for state in (s.SYN_RCVD, s.ESTABLISHED, s.FIN_WAIT_1, s.FIN_WAIT_2, s.CLOSE_WAIT):
        on(state, e.ABORT, (a.SEND_RST, a.DELETE_TCB), s.CLOSED, "3.10.5")
    for state in (s.CLOSING, s.LAST_ACK, s.TIME_WAIT):
        on(state, e.ABORT, (a.DELETE_TCB,), s.CLOSED, "3.10.5")
    for state in (s.ESTABLISHED, s.FIN_WAIT_1, s.FIN_WAIT_2, s.CLOSE_WAIT):
        on(state, e.RCV_RST, (a.REPORT_RESET, a.DELETE_TCB), s.CLOSED, "3.10.7.4")
    for state in (s.CLOSING, s.LAST_ACK, s.TIME_WAIT):
        on(state, e.RCV_RST, (a.DELETE_TCB,), s.CLOSED, "3.10.7.4")
    for state in s:
        if state not in (s.CLOSED, s.LISTEN, s.TIME_WAIT):
            on(state, e.USER_TIMEOUT, (a.REPORT_TIMEOUT, a.DELETE_TCB), s.CLOSED, "3.10.8")
    return rows


TRANSITIONS: Table = _rows()
"""RFC 9293's state machine."""

SYNCHRONIZED = frozenset(State) - {State.CLOSED, State.LISTEN, State.SYN_SENT, State.SYN_RCVD}
"""The states in which both sides know both sequence numbers (RFC 9293, section 3.5.2)."""
