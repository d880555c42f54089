"""The ACK of the FIN is acknowledged."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_close"
HINT = "An ACK by itself takes no sequence number"

rows = {}
rows[State.ESTABLISHED, TcpEvent.CLOSE] = Transition((Action.SEND_FIN,), State.FIN_WAIT_1, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN] = Transition(
    (Action.SEND_ACK,), State.FIN_WAIT_2, ""
)
rows[State.FIN_WAIT_2, TcpEvent.RCV_FIN] = Transition(
    (Action.SEND_ACK, Action.START_2MSL), State.TIME_WAIT, ""
)
rows[State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL] = Transition((Action.DELETE_TCB,), State.CLOSED, "")
