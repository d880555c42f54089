"""CLOSING leads to TIME_WAIT, and no timer is started."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_crossing"
HINT = "TIME_WAIT is entered here too"

rows = {}
rows[State.SYN_SENT, TcpEvent.RCV_SYN] = Transition((Action.SEND_SYN_ACK,), State.SYN_RCVD, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_FIN] = Transition((Action.SEND_ACK,), State.CLOSING, "")
rows[State.CLOSING, TcpEvent.RCV_ACK_OF_FIN] = Transition((), State.TIME_WAIT, "")
