"""A row of the server's half is there as well, and wrong."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_open"
HINT = "The row for rcv SYN in LISTEN is given"

rows = {
    (State.CLOSED, TcpEvent.ACTIVE_OPEN): Transition((Action.SEND_SYN,), State.SYN_SENT, ""),
    (State.SYN_SENT, TcpEvent.RCV_SYN_ACK): Transition(
        (Action.SEND_ACK, Action.REPORT_OPEN), State.ESTABLISHED, ""
    ),
    (State.LISTEN, TcpEvent.RCV_SYN): Transition((Action.SEND_ACK,), State.ESTABLISHED, ""),
}
