"""connect() changes the state and sends nothing."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_open"
HINT = "Nothing goes onto the cable"

rows = {}
rows[State.CLOSED, TcpEvent.ACTIVE_OPEN] = Transition((), State.SYN_SENT, "")
rows[State.SYN_SENT, TcpEvent.RCV_SYN_ACK] = Transition(
    (Action.SEND_ACK, Action.REPORT_OPEN), State.ESTABLISHED, ""
)
