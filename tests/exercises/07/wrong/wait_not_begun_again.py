"""A repeated FIN is answered, and the 2 MSL run on."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_waiting"
HINT = "the wait has to begin again"

rows = {}
rows[State.TIME_WAIT, TcpEvent.RCV_FIN] = Transition((Action.SEND_ACK,), State.TIME_WAIT, "")
