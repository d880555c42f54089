"""The connection counts as open when the SYN is sent."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_open"
HINT = "After her own SYN Alice knows one of them"

rows = {}
rows[State.CLOSED, TcpEvent.ACTIVE_OPEN] = Transition(
    (Action.SEND_SYN, Action.REPORT_OPEN), State.ESTABLISHED, ""
)
rows[State.SYN_SENT, TcpEvent.RCV_SYN_ACK] = Transition(
    (Action.SEND_ACK, Action.REPORT_OPEN), State.ESTABLISHED, ""
)
