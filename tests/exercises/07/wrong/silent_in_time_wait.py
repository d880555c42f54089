"""In TIME_WAIT a repeated FIN is left unanswered."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_waiting"
HINT = "Staying in TIME_WAIT doesn't give it to him"

rows = {}
rows[State.TIME_WAIT, TcpEvent.RCV_FIN] = Transition((Action.START_2MSL,), State.TIME_WAIT, "")
