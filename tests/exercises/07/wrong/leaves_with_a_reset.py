"""After 2 MSL a RST is sent."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_close"
HINT = "TIME_WAIT ends in silence"

rows = {}
rows[State.ESTABLISHED, TcpEvent.CLOSE] = Transition((Action.SEND_FIN,), State.FIN_WAIT_1, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN] = Transition((), State.FIN_WAIT_2, "")
rows[State.FIN_WAIT_2, TcpEvent.RCV_FIN] = Transition(
    (Action.SEND_ACK, Action.START_2MSL), State.TIME_WAIT, ""
)
rows[State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL] = Transition(
    (Action.SEND_RST, Action.DELETE_TCB), State.CLOSED, ""
)
