"""The handshake ends after two segments: the SYN,ACK is not acknowledged."""

from netlab.transport.tcp.states import Action, State, TcpEvent, Transition

CHECK = "check_open"
HINT = "The third step of the handshake is missing"

rows = {}
rows[State.CLOSED, TcpEvent.ACTIVE_OPEN] = Transition((Action.SEND_SYN,), State.SYN_SENT, "")
rows[State.SYN_SENT, TcpEvent.RCV_SYN_ACK] = Transition(
    (Action.REPORT_OPEN,), State.ESTABLISHED, ""
)
