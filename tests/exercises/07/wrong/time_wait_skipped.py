"""The connection is deleted when the other side's FIN has come."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_close"
HINT = "TIME_WAIT is skipped"

rows = {}
rows[State.ESTABLISHED, TcpEvent.CLOSE] = Transition((Action.SEND_FIN,), State.FIN_WAIT_1, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN] = Transition((), State.FIN_WAIT_2, "")
rows[State.FIN_WAIT_2, TcpEvent.RCV_FIN] = Transition(
    (Action.SEND_ACK, Action.DELETE_TCB), State.CLOSED, ""
)
rows[State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL] = Transition((Action.DELETE_TCB,), State.CLOSED, "")
