"""TIME_WAIT is entered without a timer that ends it."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_close"
HINT = "no timer was started"

rows = {}
rows[State.ESTABLISHED, TcpEvent.CLOSE] = Transition((Action.SEND_FIN,), State.FIN_WAIT_1, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN] = Transition((), State.FIN_WAIT_2, "")
rows[State.FIN_WAIT_2, TcpEvent.RCV_FIN] = Transition((Action.SEND_ACK,), State.TIME_WAIT, "")
rows[State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL] = Transition((Action.DELETE_TCB,), State.CLOSED, "")
