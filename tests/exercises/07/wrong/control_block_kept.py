"""The state is CLOSED, and the control block stays."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_close"
HINT = "the socket pair is taken for ever"

rows = {}
rows[State.ESTABLISHED, TcpEvent.CLOSE] = Transition((Action.SEND_FIN,), State.FIN_WAIT_1, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN] = Transition((), State.FIN_WAIT_2, "")
rows[State.FIN_WAIT_2, TcpEvent.RCV_FIN] = Transition(
    (Action.SEND_ACK, Action.START_2MSL), State.TIME_WAIT, ""
)
rows[State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL] = Transition((), State.CLOSED, "")
