"""The rows are there, with nothing in them."""

from netlab.transport.tcp.states import State, TcpEvent

CHECK = "check_waiting"
HINT = "is still empty"

rows = {(State.TIME_WAIT, TcpEvent.RCV_FIN): ...}
