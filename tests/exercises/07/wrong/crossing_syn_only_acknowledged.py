"""A SYN that crosses is answered by a bare ACK."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_crossing"
HINT = "Bob waits for a SYN,ACK just as Alice does"

rows = {}
rows[State.SYN_SENT, TcpEvent.RCV_SYN] = Transition((Action.SEND_ACK,), State.SYN_RCVD, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_FIN] = Transition((Action.SEND_ACK,), State.CLOSING, "")
rows[State.CLOSING, TcpEvent.RCV_ACK_OF_FIN] = Transition((Action.START_2MSL,), State.TIME_WAIT, "")
