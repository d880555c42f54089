"""Ctrl-C without damage.

An interrupt that strikes in the middle of the stack would leave a connection half changed. While
the stack works (`depth` above zero) an interrupt is only noted, and raised as soon as the stack is
left: between two events, or at the end of a socket call. In a program's own code, an endless loop
say, it strikes at once.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class InterruptGuard:
    """Holds a KeyboardInterrupt back while the stack is at work."""

    def __init__(self) -> None:
        self.depth = 0
        self.pending = False
        self._installed = False

    def leave(self) -> None:
        """The stack was left once; at the outermost level raise what was held back."""
        self.depth -= 1
        if self.pending and self.depth <= 0:
            self.strike()

    def strike(self) -> None:
        """Raise the interrupt that was held back."""
        self.pending = False
        raise KeyboardInterrupt

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Hold interrupts back while the block runs. Only Python's main thread ever gets any."""
        if self._installed or threading.current_thread() is not threading.main_thread():
            yield
            return
        outer_depth, self.depth = self.depth, 1
        self._installed = True
        previous = signal.signal(signal.SIGINT, self._on_interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)
            self._installed = False
            self.depth = outer_depth
        if self.pending and outer_depth <= 0:
            self.strike()

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.depth <= 0 or self.pending:  # a second Ctrl-C doesn't wait any more
            self.strike()
        self.pending = True
