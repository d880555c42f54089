"""Ctrl-C without damage.

An interrupt that strikes in the middle of the stack would leave a connection half changed, or end a
program that has nothing to do with it. So while the network is at work an interrupt is only noted;
it is passed on to whoever handled interrupts before (Python itself, which raises
`KeyboardInterrupt`, or an event loop) as soon as the stack is left: between two events, or at the
end of a call.

What doesn't come to such a place within half a second of the machine's time, an endless loop in a
program say, is interrupted where it stands.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

PATIENCE = 0.5
"""Seconds of the machine's time after which an interrupt that was noted doesn't wait any more."""


class InterruptGuard:
    """Holds interrupts back between `enter()` and `leave()`, which may be nested.

    `pending` is true while one waits.
    """

    def __init__(self) -> None:
        self.pending = False
        self._depth = 0
        self._previous: Callable[[int, FrameType | None], Any] = signal.default_int_handler
        self._installed = False
        self._patience: threading.Timer | None = None
        self._out_of_patience = False

    def enter(self) -> None:
        """The stack begins to work."""
        # The handler comes first: an interrupt before that leaves nothing behind.
        if self._depth == 0:
            self.pending = False  # it may have been overtaken by another on the last way out
            self._install()
        self._depth += 1
        if self._depth == 1 and self.pending:
            self._be_patient()

    def leave(self) -> None:
        """It has done; at the outermost level what was held back is passed on."""
        if self._depth != 1:
            self._depth -= 1
            return
        # The handler goes last: all is put in order before an interrupt can strike again.
        self._depth = 0
        self._end_patience()
        if self._installed:
            self._installed = False
            if signal.getsignal(signal.SIGINT) == self._on_interrupt:  # not replaced meanwhile
                signal.signal(signal.SIGINT, self._previous)
            if self.pending:
                self.strike()

    def strike(self) -> None:
        """Pass on the interrupt that was held back."""
        self.pending = False
        self._end_patience()
        self._previous(signal.SIGINT, None)

    def _end_patience(self) -> None:
        self._out_of_patience = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _install(self) -> None:
        """Only Python's main thread ever gets interrupts; one who ignores them shall go on to."""
        if threading.current_thread() is threading.main_thread():
            previous = signal.getsignal(signal.SIGINT)
            if callable(previous):
                self._previous = previous
                signal.signal(signal.SIGINT, self._on_interrupt)
                self._installed = True

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._out_of_patience:
            self.strike()
        elif not self.pending:
            self.pending = True
            if self._depth > 0:
                self._be_patient()

    def _be_patient(self) -> None:
        self._patience = threading.Timer(PATIENCE, self._lose_patience)
        self._patience.daemon = True
        self._patience.start()

    def _lose_patience(self) -> None:
        if self.pending:
            self._out_of_patience = True
            if hasattr(signal, "pthread_kill"):  # a system call that blocks ends, too
                signal.pthread_kill(_MAIN, signal.SIGINT)
            else:
                signal.raise_signal(signal.SIGINT)


_MAIN = threading.main_thread().ident or 0
