"""The timers of one connection, each with its name and its place in the record."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from netlab.sim.timer import Timer

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection


class TcpTimer(Timer):
    """A named timer: setting it, its firing, and stopping it are events, with the reason."""

    __slots__ = ("_connection", "_expired", "name")

    def __init__(self, connection: "Connection", name: str, expired: Callable[[], None]) -> None:
        super().__init__(connection.clock, self._on_fire)
        self.name = name
        self._connection = connection
        self._expired = expired

    def arm(self, delay: int, reason: str = "") -> None:
        """Start or restart it: it fires in `delay` ns."""
        Timer.arm(self, delay)  # `super()` would double what this costs
        fields = {"timer": self.name, "at": self.deadline}
        event = self._connection.record("timer set", fields, reason)
        if event is not None:
            self.cause = event

    def cancel(self) -> None:
        """Stop it."""
        if self.deadline is not None:
            self.deadline = None
            self._connection.record("timer cancelled", {"timer": self.name})

    def _on_fire(self) -> None:
        event = self._connection.record("timer fired", {"timer": self.name})
        if event is not None:
            self._connection.clock.cause = event
        self._expired()
