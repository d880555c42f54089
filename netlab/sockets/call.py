"""One call on a socket: it holds the clock, and its entry and return are on record."""

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from netlab.sim.recording import Event

if TYPE_CHECKING:
    from netlab.sockets.socket import Socket


class Words(str):
    """An argument as the record tells of it: ``sendall(5000 bytes)``."""

    __slots__ = ()
    __repr__ = str.__str__


class Call:
    """``with Call(socket, "recv", (4096,)) as call:``; what is put in `call.result` is recorded.

    A call that returned at once explains nothing of what its program does next, so its causes are
    left as they were. One that had to wait does: the program goes on because of what it waited for.
    """

    __slots__ = ("_args", "_cause", "_socket", "_steps", "name", "result")

    def __init__(self, socket: "Socket", name: str, args: tuple[object, ...]) -> None:
        self.name = name
        self.result: Any = None
        self._args = args
        self._socket = socket
        self._cause: Event | None = None
        self._steps = 0

    def __enter__(self) -> Self:
        clock = self._socket.host.sim.clock
        clock.__enter__()
        self._cause = clock.cause
        self._steps = clock.steps
        self._record("call", {"call": self.name, "arguments": self._args})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        clock = self._socket.host.sim.clock
        if error is not None:
            self._record("return", {"call": self.name, "error": f"{type(error).__name__}: {error}"})
        else:
            self._record("return", {"call": self.name, "value": self.result})
        if clock.steps == self._steps:
            clock.cause = self._cause
        clock.__exit__(kind, error, trace)

    def _record(self, kind: str, fields: dict[str, Any]) -> None:
        host = self._socket.host
        fields["socket"] = self._socket.number
        host.sim.record_cause(host.name, "sockets", kind, fields)
