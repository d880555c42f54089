"""CLOSING is entered, and nothing leads out of it."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_crossing"
HINT = "waits for one thing only"

rows = {}
rows[State.SYN_SENT, TcpEvent.RCV_SYN] = Transition((Action.SEND_SYN_ACK,), State.SYN_RCVD, "")
rows[State.FIN_WAIT_1, TcpEvent.RCV_FIN] = Transition((Action.SEND_ACK,), State.CLOSING, "")
