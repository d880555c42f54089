"""A FIN in FIN_WAIT_1 leads to CLOSE_WAIT, as in ESTABLISHED."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_crossing"
HINT = "CLOSE_WAIT is for a side that has not closed yet"

rows = {}
rows[State.SYN_SENT, TcpEvent.RCV_SYN] = Transition((Action.SEND_SYN_ACK,), State.SYN_RCVD, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_FIN] = Transition((Action.SEND_ACK,), State.CLOSE_WAIT, "")
rows[State.CLOSING, TcpEvent.RCV_ACK_OF_FIN] = Transition((Action.START_2MSL,), State.TIME_WAIT, "")
