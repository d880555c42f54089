"""A FIN in FIN_WAIT_1 leads to FIN_WAIT_2, as if it were the ACK."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_crossing"
HINT = "This is the FIN; what is missing is the"

rows = {}
rows[State.SYN_SENT, TcpEvent.RCV_SYN] = Transition((Action.SEND_SYN_ACK,), State.SYN_RCVD, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_FIN] = Transition((Action.SEND_ACK,), State.FIN_WAIT_2, "")
rows[State.CLOSING, TcpEvent.RCV_ACK_OF_FIN] = Transition((Action.START_2MSL,), State.TIME_WAIT, "")
