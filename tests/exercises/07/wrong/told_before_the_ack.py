"""The user hears that it is open before the ACK has been sent."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_open"
HINT = "in the wrong order. A user who hears"

rows = {}
rows[State.CLOSED, TcpEvent.ACTIVE_OPEN] = Transition((Action.SEND_SYN,), State.SYN_SENT, "")
rows[State.SYN_SENT, TcpEvent.RCV_SYN_ACK] = Transition(
    (Action.REPORT_OPEN, Action.SEND_ACK), State.ESTABLISHED, ""
)
