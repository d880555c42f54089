"""The connection opens, and connect() is not told."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_open"
HINT = "nobody tells the user"

rows = {}
rows[State.CLOSED, TcpEvent.ACTIVE_OPEN] = Transition((Action.SEND_SYN,), State.SYN_SENT, "")
rows[State.SYN_SENT, TcpEvent.RCV_SYN_ACK] = Transition((Action.SEND_ACK,), State.ESTABLISHED, "")
