"""A helper that makes rows, small tables that are put together, and views of them instead of dicts."""

from collections import ChainMap
from types import MappingProxyType

from netlab.transport.tcp.states import Action as A
from netlab.transport.tcp.states import State as S
from netlab.transport.tcp.states import TcpEvent as E
from netlab.transport.tcp.states import Transition


def row(state: S, event: E, *actions: A, to: S) -> dict[tuple[S, E], Transition]:
    """One row as a table."""
    return {(state, event): Transition(actions=actions, next=to, section="RFC 9293, 3.10")}


_last_ack = (A.SEND_ACK, A.START_2MSL)

opening = ChainMap(
    row(S.CLOSED, E.ACTIVE_OPEN, A.SEND_SYN, to=S.SYN_SENT),
    row(S.SYN_SENT, E.RCV_SYN_ACK, A.SEND_ACK, A.REPORT_OPEN, to=S.ESTABLISHED),
)
closing = MappingProxyType(
    row(S.ESTABLISHED, E.CLOSE, A.SEND_FIN, to=S.FIN_WAIT_1)
    | row(S.FIN_WAIT_1, E.RCV_ACK_OF_FIN, to=S.FIN_WAIT_2)
    | row(S.FIN_WAIT_2, E.RCV_FIN, *_last_ack, to=S.TIME_WAIT)
    | row(S.TIME_WAIT, E.TIMEOUT_2MSL, A.DELETE_TCB, to=S.CLOSED)
)
crossing = {
    **row(S.SYN_SENT, E.RCV_SYN, A.SEND_SYN_ACK, to=S.SYN_RCVD),
    **row(S.FIN_WAIT_1, E.RCV_FIN, A.SEND_ACK, to=S.CLOSING),
    **row(S.CLOSING, E.RCV_ACK_OF_FIN, A.START_2MSL, to=S.TIME_WAIT),
}
waiting = row(S.TIME_WAIT, E.RCV_FIN, *_last_ack, to=S.TIME_WAIT)
