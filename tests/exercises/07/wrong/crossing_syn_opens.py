"""A SYN that crosses opens the connection."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_crossing"
HINT = "this SYN acknowledges nothing"

rows = {}
rows[State.SYN_SENT, TcpEvent.RCV_SYN] = Transition(
    (Action.SEND_SYN_ACK, Action.REPORT_OPEN), State.ESTABLISHED, ""
)
rows[State.FIN_WAIT_1, TcpEvent.RCV_FIN] = Transition((Action.SEND_ACK,), State.CLOSING, "")
rows[State.CLOSING, TcpEvent.RCV_ACK_OF_FIN] = Transition((Action.START_2MSL,), State.TIME_WAIT, "")
