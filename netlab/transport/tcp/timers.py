"""The timers of one connection, each with its name and its place in the record."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection


class TcpTimer:
    """A named timer: setting it and its firing are events, with the reason."""

    __slots__ = ("_connection", "_expired", "_timer", "name")

    def __init__(self, connection: "Connection", name: str, expired: Callable[[], None]) -> None:
        self.name = name
        self._connection = connection
        self._expired = expired
        self._timer = connection.clock.timer(self._on_fire)

    @property
    def armed(self) -> bool:
        """Whether it is running."""
        return self._timer.deadline is not None

    @property
    def deadline(self) -> int | None:
        """When it fires (ns); None when it isn't running."""
        return self._timer.deadline

    def arm(self, delay: int, reason: str) -> None:
        """Start or restart it: it fires in `delay` ns."""
        timer = self._timer
        timer.arm(delay)
        event = self._connection.record(
            "timer set", {"timer": self.name, "at": timer.deadline}, reason
        )
        if event is not None:
            timer.cause = event

    def cancel(self) -> None:
        """Stop it."""
        if self._timer.deadline is not None:
            self._timer.deadline = None
            self._connection.record("timer cancelled", {"timer": self.name})

    def _on_fire(self) -> None:
        event = self._connection.record("timer fired", {"timer": self.name})
        if event is not None:
            self._connection.clock.cause = event
        self._expired()
