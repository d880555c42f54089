"""One call on a socket: it holds the clock, and its entry and return are on record."""

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from netlab.sockets.socket import Socket


class Call:
    """``with Call(socket, "recv", (4096,)) as call:``; what is put in `call.result` is recorded."""

    __slots__ = ("_args", "_socket", "name", "result")

    def __init__(self, socket: "Socket", name: str, args: tuple[object, ...]) -> None:
        self.name = name
        self.result: Any = None
        self._args = args
        self._socket = socket

    def __enter__(self) -> Self:
        sim = self._socket.host.sim
        sim.clock.__enter__()
        self._record("call", {"call": self.name, "arguments": self._args})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._record("return", {"call": self.name, "error": f"{type(error).__name__}: {error}"})
        else:
            self._record("return", {"call": self.name, "value": self.result})
        self._socket.host.sim.clock.__exit__(kind, error, trace)

    def _record(self, kind: str, fields: dict[str, Any]) -> None:
        host = self._socket.host
        fields["socket"] = self._socket.fileno()
        host.sim.record_cause(host.name, "sockets", kind, fields)
