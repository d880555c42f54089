"""Single actions without a comma, and no sections: what is meant is clear all the same."""

from netlab.transport.tcp.states import Action, State, TcpEvent

opening = {
    (State.CLOSED, TcpEvent.ACTIVE_OPEN): ((Action.SEND_SYN), State.SYN_SENT),
    (State.SYN_SENT, TcpEvent.RCV_SYN_ACK): (
        (Action.SEND_ACK, Action.REPORT_OPEN),
        State.ESTABLISHED,
    ),
}
closing = {
    (State.ESTABLISHED, TcpEvent.CLOSE): ((Action.SEND_FIN), State.FIN_WAIT_1),
    (State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN): ((), State.FIN_WAIT_2),
    (State.FIN_WAIT_2, TcpEvent.RCV_FIN): ((Action.SEND_ACK, Action.START_2MSL), State.TIME_WAIT),
    (State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL): ((Action.DELETE_TCB), State.CLOSED),
}
crossing = {
    (State.SYN_SENT, TcpEvent.RCV_SYN): ((Action.SEND_SYN_ACK), State.SYN_RCVD),
    (State.FIN_WAIT_1, TcpEvent.RCV_FIN): ((Action.SEND_ACK), State.CLOSING),
    (State.CLOSING, TcpEvent.RCV_ACK_OF_FIN): ((Action.START_2MSL), State.TIME_WAIT),
}
waiting = {
    (State.TIME_WAIT, TcpEvent.RCV_FIN): ((Action.SEND_ACK, Action.START_2MSL), State.TIME_WAIT)
}
