"""The rows are a list."""

from netlab.transport.tcp.states import Action, State, TcpEvent

CHECK = "check_open"
HINT = "They must be a dictionary, and are a thing of type list"

rows = [
    (State.CLOSED, TcpEvent.ACTIVE_OPEN, Action.SEND_SYN, State.SYN_SENT),
    (State.SYN_SENT, TcpEvent.RCV_SYN_ACK, Action.SEND_ACK, State.ESTABLISHED),
]
