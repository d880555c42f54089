"""What is said of each plausible mistake: enough to find it, not the row itself."""

from netlab.checks.handshake.rows import Key
from netlab.transport.tcp.states import TRANSITIONS, Action, State, TcpEvent, Transition

_OPEN = State.CLOSED, TcpEvent.ACTIVE_OPEN
_SYN_ACK = State.SYN_SENT, TcpEvent.RCV_SYN_ACK
_CLOSE = State.ESTABLISHED, TcpEvent.CLOSE
_ACK_OF_FIN = State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN
_FIN = State.FIN_WAIT_2, TcpEvent.RCV_FIN
_OVER = State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL
_SYNS_CROSS = State.SYN_SENT, TcpEvent.RCV_SYN
_FINS_CROSS = State.FIN_WAIT_1, TcpEvent.RCV_FIN
_CLOSING = State.CLOSING, TcpEvent.RCV_ACK_OF_FIN
_FIN_AGAIN = State.TIME_WAIT, TcpEvent.RCV_FIN

EXPECTED: dict[Key, str] = {
    _OPEN: "Bob gets a SYN, and Alice waits for his answer",
    _SYN_ACK: "Bob gets the third segment of the handshake, connect() returns, and it is open",
    _CLOSE: "Bob learns that Alice sends no more, and she waits for word that he knows",
    _ACK_OF_FIN: "Alice is silent, knows that her direction is closed, and waits for Bob's FIN",
    _FIN: "Bob's FIN is answered, and from then on Alice stays for 2 MSL",
    _OVER: "nothing is left of the connection, and nothing more is sent",
    _SYNS_CROSS: "Bob gets what he waits for, and Alice waits for word that he got her SYN",
    _FINS_CROSS: "Bob's FIN is answered, and Alice goes on waiting for the answer to hers",
    _CLOSING: "Alice is silent, and stays for 2 MSL",
    _FIN_AGAIN: "Bob's FIN is answered once more, and from then on Alice stays for 2 MSL",
}
"""What should come of each row, in words: which actions and which state that takes is the exercise."""

MISSING: dict[Key, str] = {
    _OPEN: "The user calls connect() in CLOSED. That is the event active OPEN; what is the first"
    " segment of a handshake, and what does Alice wait for then?",
    _SYN_ACK: "Alice has sent her SYN, and the answer comes: SYN,ACK. Bob waits for the third step.",
    _CLOSE: "The user is done and calls close(). How does Bob learn that no more will come?",
    _ACK_OF_FIN: "Bob has Alice's FIN and says so. One direction is closed now, and the other isn't:"
    " there is a state for just that.",
    _FIN: "Alice's direction is closed, and now Bob closes his. He waits for an answer to his FIN.",
    _OVER: "The two minutes times two have passed, and nobody in the table listens: Alice's"
    " connection stays in TIME_WAIT for ever, and its socket pair is never free again.",
    _SYNS_CROSS: "A SYN without an ACK comes while Alice waits for a SYN,ACK: Bob had the same idea"
    " at the same time, and the two SYNs crossed on the cable.",
    _FINS_CROSS: "A FIN comes while Alice's own FIN isn't acknowledged yet: Bob closed at the same"
    " time. This case has a state of its own.",
    _CLOSING: "In CLOSING Alice has Bob's FIN and waits for one thing only: that hers arrived. Here"
    " it comes.",
    _FIN_AGAIN: "Bob's FIN comes a second time, so he didn't get the ACK of the first. If Alice keeps"
    " silent, Bob waits and repeats until he gives up. This is one of the two reasons for TIME_WAIT.",
}

LEADS: dict[tuple[Key, State], str] = {
    (_OPEN, State.ESTABLISHED): "A connection is established when both sides know both sequence"
    " numbers. After her own SYN Alice knows one of them.",
    (_OPEN, State.SYN_RCVD): "SYN_RCVD is for who has received a SYN. Alice has sent one.",
    (_OPEN, State.LISTEN): "LISTEN is where a passive OPEN leads: a server's. Alice calls first.",
    (_OPEN, State.CLOSED): "Alice has begun something: in CLOSED she would not know the answer.",
    (_SYN_ACK, State.SYN_RCVD): "SYN_RCVD waits for the ACK of one's own SYN. This segment has"
    " brought it already, together with Bob's SYN.",
    (
        _SYN_ACK,
        State.SYN_SENT,
    ): "Both SYNs have arrived, and Alice knows it. What is she waiting for?",
    (
        _CLOSE,
        State.FIN_WAIT_2,
    ): "FIN_WAIT_2 says that Bob has acknowledged the FIN. It has only just"
    " been sent, and may get lost.",
    (
        _CLOSE,
        State.CLOSE_WAIT,
    ): "CLOSE_WAIT is for the side whose partner closed first. Alice closes first.",
    (_CLOSE, State.LAST_ACK): "LAST_ACK is for the side that closes second. Alice closes first: the"
    " other one's FIN has not come.",
    (
        _CLOSE,
        State.CLOSED,
    ): "close() ends Alice's sending, not the connection: the FIN may get lost,"
    " and Bob may still have something to say.",
    (_CLOSE, State.TIME_WAIT): "TIME_WAIT begins when both directions are closed. So far Alice has"
    " asked to close one.",
    (
        _ACK_OF_FIN,
        State.TIME_WAIT,
    ): "An ACK is not a FIN. It closes Alice's direction; Bob's is open"
    " until his own FIN comes. Why else would a close take four segments?",
    (
        _ACK_OF_FIN,
        State.CLOSED,
    ): "Bob's direction is still open: he may send, and his FIN has not come.",
    (
        _ACK_OF_FIN,
        State.CLOSING,
    ): "CLOSING means that Bob's FIN came before the ACK of Alice's. Here"
    " it is the other way round.",
    (
        _ACK_OF_FIN,
        State.FIN_WAIT_1,
    ): "Her FIN is acknowledged now: if the state does not say so, Alice"
    " can't know later whether she must wait for that ACK.",
    (
        _FIN,
        State.CLOSED,
    ): "TIME_WAIT is skipped. If the ACK that Alice sends here gets lost, Bob sends"
    " his FIN again, and nobody is left who knows what it is about: he gets a RST.",
    (
        _FIN,
        State.CLOSING,
    ): "CLOSING waits for the ACK of Alice's FIN. In FIN_WAIT_2 she has had that.",
    (
        _FIN,
        State.LAST_ACK,
    ): "LAST_ACK waits for the ACK of Alice's FIN. In FIN_WAIT_2 she has had that.",
    (_FIN, State.CLOSE_WAIT): "CLOSE_WAIT waits until the own user closes. Alice's has done so.",
    (_FIN, State.FIN_WAIT_2): "FIN_WAIT_2 waits for Bob's FIN. It has just come.",
    (
        _OVER,
        State.TIME_WAIT,
    ): "Alice has waited 2 MSL. From then on nothing of this connection can be"
    " on any cable: waiting again would never end.",
    (_OVER, State.LISTEN): "LISTEN is a server's state. A client that is done is done.",
    (
        _SYNS_CROSS,
        State.ESTABLISHED,
    ): "Alice knows both sequence numbers now, but not whether Bob knows"
    " hers: this SYN acknowledges nothing.",
    (
        _SYNS_CROSS,
        State.SYN_SENT,
    ): "A SYN came. Which state says that both SYNs are known here, and that"
    " the ACK of the own one is still to come?",
    (
        _SYNS_CROSS,
        State.LISTEN,
    ): "Alice isn't a server. She goes on with the connection that she began.",
    (_FINS_CROSS, State.TIME_WAIT): "Directly to TIME_WAIT is too early: Alice's own FIN isn't"
    " acknowledged. If it got lost she must repeat it, and TIME_WAIT repeats nothing.",
    (
        _FINS_CROSS,
        State.CLOSE_WAIT,
    ): "CLOSE_WAIT is for a side that has not closed yet. Alice's FIN is"
    " out already: nothing would ever lead her on from there.",
    (
        _FINS_CROSS,
        State.FIN_WAIT_2,
    ): "FIN_WAIT_2 waits for a FIN. This is the FIN; what is missing is the ACK of Alice's own.",
    (
        _FINS_CROSS,
        State.LAST_ACK,
    ): "From LAST_ACK a connection is closed without TIME_WAIT. That is for"
    " the side that closes second; here nobody did.",
    (
        _FINS_CROSS,
        State.CLOSED,
    ): "Neither is Alice's FIN acknowledged, nor is it sure that Bob gets the ACK of his.",
    (
        _CLOSING,
        State.CLOSED,
    ): "Bob may not have got the ACK of his FIN. In a simultaneous close both"
    " sides are the one that waits.",
    (
        _CLOSING,
        State.FIN_WAIT_2,
    ): "FIN_WAIT_2 waits for Bob's FIN. In CLOSING it has come already, and"
    " there won't be another one.",
    (
        _FIN_AGAIN,
        State.CLOSED,
    ): "The repeated FIN shows that an ACK got lost. The next one may get lost"
    " as well: Alice has to be there then.",
    (
        _FIN_AGAIN,
        State.CLOSING,
    ): "CLOSING waits for the ACK of Alice's FIN; in TIME_WAIT she has had it.",
}

LACKS: dict[tuple[Key, Action], str] = {
    (_OPEN, Action.SEND_SYN): "Nothing goes onto the cable: Bob can't know that anybody wants to"
    " connect, and connect() waits for an answer to a question that was never asked.",
    (
        _SYN_ACK,
        Action.SEND_ACK,
    ): "The third step of the handshake is missing. Bob stays in SYN_RCVD: he"
    " does not know whether Alice got his sequence number, and sends his SYN,ACK again.",
    (
        _SYN_ACK,
        Action.REPORT_OPEN,
    ): "The connection is open, and nobody tells the user: connect() goes on waiting.",
    (
        _CLOSE,
        Action.SEND_FIN,
    ): "Alice changes her own note and says nothing: Bob goes on waiting for more from her.",
    (
        _FIN,
        Action.SEND_ACK,
    ): "A FIN takes a sequence number, so it must be acknowledged. Bob stays in"
    " LAST_ACK and sends his FIN again.",
    (_FIN, Action.START_2MSL): "Nothing wakes Alice from TIME_WAIT: no timer was started.",
    (
        _OVER,
        Action.DELETE_TCB,
    ): "The state is CLOSED, but the control block is still there: the socket"
    " pair is taken for ever.",
    (
        _SYNS_CROSS,
        Action.SEND_SYN_ACK,
    ): "Bob waits for a SYN,ACK just as Alice does. Each of the two has"
    " to send one: it acknowledges the SYN that came, and repeats the own.",
    (
        _FINS_CROSS,
        Action.SEND_ACK,
    ): "Whatever Alice waits for herself, Bob waits for the ACK of his FIN.",
    (
        _CLOSING,
        Action.START_2MSL,
    ): "TIME_WAIT is entered here too, and only a timer leads out of it.",
    (
        _FIN_AGAIN,
        Action.SEND_ACK,
    ): "Bob repeats his FIN because he lacks one thing. Staying in TIME_WAIT"
    " doesn't give it to him.",
    (
        _FIN_AGAIN,
        Action.START_2MSL,
    ): "A new ACK goes out now. From now on it may take one MSL to Bob, and"
    " if it is lost his next FIN one MSL back: the wait has to begin again.",
}

EXCEEDS: dict[tuple[Key, Action], str] = {
    (_OPEN, Action.REPORT_OPEN): "Nobody has answered yet: the user must not hear that it is open.",
    (
        _ACK_OF_FIN,
        Action.SEND_ACK,
    ): "An ACK by itself takes no sequence number, and nobody acknowledges"
    " it: two that acknowledge each other's ACKs would never come to an end.",
    (
        _ACK_OF_FIN,
        Action.START_2MSL,
    ): "The 2 MSL begin in TIME_WAIT. How long Bob takes until he closes is his own affair.",
    (
        _FIN,
        Action.DELETE_TCB,
    ): "Without its control block a connection can't answer a repeated FIN.",
    (
        _OVER,
        Action.SEND_RST,
    ): "TIME_WAIT ends in silence. A RST would say that something went wrong.",
    (
        _FINS_CROSS,
        Action.START_2MSL,
    ): "The 2 MSL begin in TIME_WAIT, and Alice isn't there yet: first her"
    " own FIN must be acknowledged.",
    (
        _FINS_CROSS,
        Action.SEND_FIN,
    ): "Alice's FIN is out already. If it is lost, its timer repeats it.",
    (_CLOSING, Action.SEND_ACK): "What came is an ACK, and nobody acknowledges an ACK.",
}

ORDER: dict[Key, str] = {
    _SYN_ACK: "All that must be done is there, in the wrong order. A user who hears that it is open may"
    " send at once: the ACK that ends the handshake goes first.",
    _FIN: "All that must be done is there, in the wrong order. The 2 MSL count from the last ACK, so it"
    " goes first.",
    _FIN_AGAIN: "All that must be done is there, in the wrong order. As the first time, the 2 MSL count"
    " from the ACK.",
}

_SENDING = {
    Action.SEND_SYN,
    Action.SEND_SYN_ACK,
    Action.SEND_ACK,
    Action.SEND_FIN,
    Action.SEND_RST,
}


def hint_for(key: Key, row: Transition | None) -> str:
    """What to say of `row`, which is not the right one."""
    state, event = key
    right = TRANSITIONS[key]
    if row is None:
        return f"There is no row for {event} in {state}. {MISSING[key]}"
    if row.next is not right.next:
        return LEADS.get(
            (key, row.next),
            f"Look up what {row.next} means, and what Alice still waits for after {event}.",
        )
    for action in right.actions:
        if action not in row.actions:
            return LACKS[key, action]
    for action in row.actions:
        if row.actions.count(action) > right.actions.count(action):
            return EXCEEDS.get((key, action), _too_much(action, event, right))
    return ORDER[key]


def _too_much(action: Action, event: TcpEvent, right: Transition) -> str:
    if action in right.actions:
        return f"Once is enough: '{action}'."
    if action in _SENDING:
        return f"Nobody waits for a segment after {event}: leave out '{action}'."
    return f"What is '{action}' for, and is it time for that?"
