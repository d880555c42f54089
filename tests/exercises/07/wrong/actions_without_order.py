"""The actions are a set, which has no order."""

from netlab.transport.tcp.states import Action, State, TcpEvent

CHECK = "check_waiting"
HINT = "must do a tuple of actions"

rows = {
    (State.TIME_WAIT, TcpEvent.RCV_FIN): (
        {Action.SEND_ACK, Action.START_2MSL},
        State.TIME_WAIT,
        "",
    )
}
