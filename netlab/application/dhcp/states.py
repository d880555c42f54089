"""The DHCP client's state machine as a table (RFC 2131 section 4.4, figure 5).

The client executes it, and it is what is drawn. What a client ignores in a state isn't here.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """The states of figure 5."""

    INIT = "INIT"
    INIT_REBOOT = "INIT-REBOOT"
    SELECTING = "SELECTING"
    REQUESTING = "REQUESTING"
    REBOOTING = "REBOOTING"
    BOUND = "BOUND"
    RENEWING = "RENEWING"
    REBINDING = "REBINDING"


class ClientEvent(StrEnum):
    """What can happen to a client."""

    BEGIN = "begin"
    RCV_OFFER = "rcv OFFER"
    RCV_ACK = "rcv ACK"
    RCV_NAK = "rcv NAK"
    ADDRESS_FREE = "address is free"
    ADDRESS_TAKEN = "address is taken"
    RETRY = "retry timer"
    NO_ANSWER = "no answer"
    T1 = "T1"
    T2 = "T2"
    EXPIRED = "lease expired"
    RELEASE = "user releases"


class Action(StrEnum):
    """What the client does when it takes a transition."""

    SEND_DISCOVER = "snd DISCOVER"
    SEND_REQUEST = "snd REQUEST"
    SEND_DECLINE = "snd DECLINE"
    SEND_RELEASE = "snd RELEASE"
    CHECK_ADDRESS = "check address by ARP"
    TAKE_ADDRESS = "take the address"
    LEASE_GOES_ON = "the lease goes on"
    DROP_ADDRESS = "drop the address"
    TELL_FAILURE = "tell user: no lease"
    BEGIN_AGAIN = "begin again later"


class Transition(NamedTuple):
    """One row: what is done, in order; the state that follows; the section of RFC 2131."""

    actions: tuple[Action, ...]
    next: State
    section: str


def _rows() -> dict[tuple[State, ClientEvent], Transition]:
    s, e, a = State, ClientEvent, Action
    rows: dict[tuple[State, ClientEvent], Transition] = {}

    def on(
        state: State, event: ClientEvent, actions: tuple[Action, ...], then: State, section: str
    ) -> None:
        rows[state, event] = Transition(actions, then, section)

    # An address from nothing, or the one from before.
    on(s.INIT, e.BEGIN, (a.SEND_DISCOVER,), s.SELECTING, "4.4.1")
    on(s.SELECTING, e.RETRY, (a.SEND_DISCOVER,), s.SELECTING, "4.1")
    on(s.SELECTING, e.RCV_OFFER, (a.SEND_REQUEST,), s.REQUESTING, "4.4.1")
    on(s.SELECTING, e.NO_ANSWER, (a.TELL_FAILURE, a.BEGIN_AGAIN), s.INIT, "4.4.1")
    on(s.INIT_REBOOT, e.BEGIN, (a.SEND_REQUEST,), s.REBOOTING, "4.4.2")
    for state, section in ((s.REQUESTING, "4.4.1"), (s.REBOOTING, "4.4.2")):
        on(state, e.RETRY, (a.SEND_REQUEST,), state, "4.1")
        on(state, e.RCV_ACK, (a.CHECK_ADDRESS,), state, section)
        on(state, e.ADDRESS_FREE, (a.TAKE_ADDRESS,), s.BOUND, section)
        on(state, e.ADDRESS_TAKEN, (a.SEND_DECLINE, a.BEGIN_AGAIN), s.INIT, "3.1 step 5")
        on(state, e.RCV_NAK, (a.BEGIN_AGAIN,), s.INIT, section)
        on(state, e.NO_ANSWER, (a.BEGIN_AGAIN,), s.INIT, "3.1 step 5")

    # Longer than it was leased for at first.
    on(s.BOUND, e.T1, (a.SEND_REQUEST,), s.RENEWING, "4.4.5")
    on(s.RENEWING, e.T2, (a.SEND_REQUEST,), s.REBINDING, "4.4.5")
    on(s.REBINDING, e.EXPIRED, (a.DROP_ADDRESS, a.BEGIN_AGAIN), s.INIT, "4.4.5")
    for state in (s.RENEWING, s.REBINDING):
        on(state, e.RETRY, (a.SEND_REQUEST,), state, "4.4.5")
        on(state, e.RCV_ACK, (a.LEASE_GOES_ON,), s.BOUND, "4.4.5")
        on(state, e.RCV_NAK, (a.DROP_ADDRESS, a.BEGIN_AGAIN), s.INIT, "4.4.5")

    # The end before its time.
    for state in (s.BOUND, s.RENEWING, s.REBINDING):
        on(state, e.RELEASE, (a.SEND_RELEASE, a.DROP_ADDRESS), s.INIT, "4.4.6")
        taken = (a.DROP_ADDRESS, a.SEND_DECLINE, a.BEGIN_AGAIN)
        on(state, e.ADDRESS_TAKEN, taken, s.INIT, "4.4.1")
    return rows


TRANSITIONS: Mapping[tuple[State, ClientEvent], Transition] = _rows()
"""RFC 2131's state machine."""
