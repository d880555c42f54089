"""A repeated FIN ends the wait."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_waiting"
HINT = "Alice has to be there then"

rows = {}
rows[State.TIME_WAIT, TcpEvent.RCV_FIN] = Transition(
    (Action.SEND_ACK, Action.DELETE_TCB), State.CLOSED, ""
)
