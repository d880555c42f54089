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

    _cause: Event | None
    _steps: int

    def __init__(self, socket: "Socket", name: str, args: tuple[object, ...]) -> None:
        self.name = name
        self.result: Any = None
        self._args = args
        self._socket = socket

    def __str__(self) -> str:
        return f"{self.name}() on {self._socket.describe()}"

    def __enter__(self) -> Self:
        socket = self._socket
        sim = socket.host.sim
        clock = sim.clock
        clock.__enter__()
        self._cause = clock.cause
        self._steps = clock.steps
        fields = {"call": self.name, "arguments": self._args, "socket": socket.number}
        sim.record_cause(socket.host.name, "sockets", "call", fields)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        socket = self._socket
        sim = socket.host.sim
        clock = sim.clock
        fields: dict[str, Any] = {"call": self.name, "value": self.result, "socket": socket.number}
        if error is not None:
            came = f"{type(error).__name__}: {error}"
            fields = {"call": self.name, "error": came, "socket": socket.number}
        sim.record_cause(socket.host.name, "sockets", "return", fields)
        if clock.steps == self._steps:
            clock.cause = self._cause
        clock.__exit__(kind, error, trace)
