"""A row for something that can't happen."""

from netlab.transport.tcp.states import TRANSITIONS, Action, State, TcpEvent, Transition

CHECK = "check_waiting"
HINT = "RFC 9293 has no transition for rcv SYN,ACK in TIME_WAIT"

rows = {
    (State.TIME_WAIT, TcpEvent.RCV_FIN): TRANSITIONS[State.TIME_WAIT, TcpEvent.RCV_FIN],
    (State.TIME_WAIT, TcpEvent.RCV_SYN_ACK): Transition((Action.SEND_ACK,), State.TIME_WAIT, ""),
}
