"""A timer that is cheap to re-arm.

A TCP connection restarts its retransmission timer with every acknowledgment, and nearly always the
timer is stopped before it fires. So re-arming only moves a deadline; the one entry that waits in
the clock's queue looks at the deadline when its turn comes and, if that moved on, waits again.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netlab.sim.clock import Clock
    from netlab.sim.recording import Event


class Timer:
    """Calls `action` once, `delay` nanoseconds after the last `arm`, unless cancelled before.

    One in the `background` fires as any other while time passes, but nobody waits for it: a run
    ends when nothing else is left. The renewal of a lease, say, comes round for ever.
    """

    __slots__ = ("_clock", "_queued", "action", "background", "cause", "deadline")

    def __init__(
        self, clock: "Clock", action: Callable[[], None], *, background: bool = False
    ) -> None:
        self.background = background
        self._clock = clock
        self._queued: int | None = None  # the time of this timer's entry in the clock's queue
        self.action = action
        self.deadline: int | None = None
        self.cause: Event | None = None

    @property
    def armed(self) -> bool:
        """Whether the timer is running."""
        return self.deadline is not None

    def arm(self, delay: int) -> None:
        """Start or restart: fire in `delay` nanoseconds from now."""
        clock = self._clock
        self.cause = clock.cause
        self.deadline = deadline = clock.now + delay
        if self._queued is None or deadline < self._queued:
            self._queued = deadline
            clock.queue_timer(deadline, self)

    def cancel(self) -> None:
        """Stop. Cancelling a timer that isn't running does nothing."""
        self.deadline = None

    def reconsider(self, time: int) -> None:
        """Called by the clock: the entry queued for `time` came up, but that isn't the deadline."""
        if time != self._queued:
            return  # an earlier deadline was queued meanwhile, and that entry rules
        self._queued = self.deadline
        if self.deadline is not None:
            self._clock.queue_timer(self.deadline, self)

    def fire(self) -> None:
        """Called by the clock: the deadline has come."""
        if self._queued == self.deadline:
            self._queued = None
        self.deadline = None
        self._clock.cause = self.cause
        self.action()
