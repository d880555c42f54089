"""The 2 MSL begin before the last ACK is sent."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_close"
HINT = "The 2 MSL count from the last ACK"

rows = {}
rows[State.ESTABLISHED, TcpEvent.CLOSE] = Transition((Action.SEND_FIN,), State.FIN_WAIT_1, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN] = Transition((), State.FIN_WAIT_2, "")
rows[State.FIN_WAIT_2, TcpEvent.RCV_FIN] = Transition(
    (Action.START_2MSL, Action.SEND_ACK), State.TIME_WAIT, ""
)
rows[State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL] = Transition((Action.DELETE_TCB,), State.CLOSED, "")
