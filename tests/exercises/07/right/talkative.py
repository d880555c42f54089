"""A table that is right, and prints and warns whenever it is read."""

import sys
import warnings
from collections import UserDict
from typing import Any

from netlab.transport.tcp.states import TRANSITIONS, State, TcpEvent


class Talkative(UserDict[Any, Any]):
    """Tells of each row that is looked up."""

    def __getitem__(self, key: Any) -> Any:
        warnings.warn(f"{key} is looked up", DeprecationWarning, stacklevel=2)
        print("looking up", key, file=sys.stderr)
        return super().__getitem__(key)


def _take(*keys: tuple[State, TcpEvent]) -> Talkative:
    return Talkative({key: TRANSITIONS[key] for key in keys})


opening = _take((State.CLOSED, TcpEvent.ACTIVE_OPEN), (State.SYN_SENT, TcpEvent.RCV_SYN_ACK))
closing = _take(
    (State.ESTABLISHED, TcpEvent.CLOSE),
    (State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN),
    (State.FIN_WAIT_2, TcpEvent.RCV_FIN),
    (State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL),
)
crossing = _take(
    (State.SYN_SENT, TcpEvent.RCV_SYN),
    (State.FIN_WAIT_1, TcpEvent.RCV_FIN),
    (State.CLOSING, TcpEvent.RCV_ACK_OF_FIN),
)
waiting = _take((State.TIME_WAIT, TcpEvent.RCV_FIN))
