"""Nothing is said of the SYN,ACK."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_open"
HINT = "Alice has sent her SYN, and the answer comes"

rows = {}
rows[State.CLOSED, TcpEvent.ACTIVE_OPEN] = Transition((Action.SEND_SYN,), State.SYN_SENT, "")
