"""The client goes to SYN_RCVD, as the server does."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_open"
HINT = "SYN_RCVD waits for the ACK of one's own SYN"

rows = {}
rows[State.CLOSED, TcpEvent.ACTIVE_OPEN] = Transition((Action.SEND_SYN,), State.SYN_SENT, "")
rows[State.SYN_SENT, TcpEvent.RCV_SYN_ACK] = Transition((Action.SEND_ACK,), State.SYN_RCVD, "")
