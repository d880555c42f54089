"""The real-time clock: the same interface as `Clock`, on the machine's own time.

A background thread handles each event when its time has come. Everything that touches the network,
from whatever thread, first takes the clock's lock with `with clock:`; a call that blocks waits on
the same lock and is woken when something changed. Programs are threads here.
"""

import threading
from collections.abc import Callable
from time import monotonic_ns  # this very one, whatever stands in the module later
from types import TracebackType
from typing import Any

from netlab.errors import ConfigurationError, NetlabError
from netlab.sim.clock import Action, Clock
from netlab.sim.program import Program, Signal, warn_of_failures
from netlab.sim.timer import Timer


class RealTimeClock(Clock):
    """Wall-clock time since the clock was made, in nanoseconds."""

    def __init__(self) -> None:
        self._began = monotonic_ns()
        self._changed = threading.Condition(threading.RLock())
        self._depth = 0
        self._onlookers = 0  # who ask for their condition after each event
        self._closed = False
        self._failure: BaseException | None = None
        super().__init__()
        self._driver = threading.Thread(target=self._drive, name="netlab clock", daemon=True)
        self._driver.start()

    @property
    def now(self) -> int:
        """Nanoseconds of the machine's monotonic clock since this clock was made."""
        return monotonic_ns() - self._began

    @now.setter
    def now(self, value: int) -> None:
        """Real time can't be set; the base class's own bookkeeping of `now` has no effect here."""

    def call_at(self, time: int, action: Action, argument: Any = None) -> None:
        """As `Clock.call_at`, from any thread."""
        with self._changed:
            super().call_at(time, action, argument)
            self._changed.notify_all()

    def queue_timer(self, time: int, timer: Timer) -> None:
        """As `Clock.queue_timer`, from any thread."""
        with self._changed:
            super().queue_timer(time, timer)
            self._changed.notify_all()

    def wake(self, waiting: list[Any]) -> None:
        """Let all blocked threads look whether they can go on, whatever each waits for."""
        with self._changed:
            waiting.clear()
            self._changed.notify_all()

    def run(self, until: int | None = None) -> None:
        """Wait until nothing is left to happen and all programs have ended, or until `until`.

        TIME_WAIT is something that is left to happen, and takes its four minutes here.
        """
        with self._changed:
            self._stopped = False
            while not self._stopped and not self._closed:
                self._raise_failure()
                if until is None:
                    if not self._something_is_left() and all(each.daemon for each in self.programs):
                        break
                    self._changed.wait()
                elif self.now < until:
                    self._changed.wait((until - self.now) / 1e9)
                else:
                    break
        warn_of_failures(self.failed)

    def run_until(self, condition: Callable[[], bool]) -> None:
        """As `Clock.run_until`, but nobody can tell whether the condition will ever hold."""
        with self._changed:
            self._onlookers += 1
            try:
                self.wait(Signal(self), condition, None, "run() until a condition holds")
            finally:
                self._onlookers -= 1

    def stop(self) -> None:
        """Make all threads return that are in `run()` now."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def step(self) -> bool:
        """Real time can't be stepped: raises `ConfigurationError`."""
        raise ConfigurationError('a network with clock="real" can\'t be stepped: leave clock out')

    def wait(
        self, signal: Signal, ready: Callable[[], bool], deadline: int | None, what: str
    ) -> bool:
        """Block the calling thread until `ready()`, or until `deadline`; the truth of `ready()`."""
        if threading.current_thread() is self._driver:
            raise ConfigurationError(f"{what} would block inside the handling of an event")
        with self._changed:
            while not ready():
                self._raise_failure()
                if self._closed:
                    raise NetlabError(f"{what} waits in vain: the network was closed")
                remaining = None if deadline is None else deadline - self.now
                if remaining is not None and remaining <= 0:
                    return False
                signal.waiting = [threading.current_thread()]  # somebody: see `wake`
                depth, self._depth = self._depth, 0  # as the lock is let go of, however deep
                self._changed.wait(None if remaining is None else remaining / 1e9)
                self._depth = depth
            return True

    def start(self, program: Program) -> None:
        """Begin a program on a thread of its own."""
        with self._changed:
            self.programs.append(program)

        def run_to_end() -> None:
            with self.around():
                program.run_to_end()
            with self._changed:
                self._changed.notify_all()

        threading.Thread(target=run_to_end, name=program.title, daemon=True).start()

    def close(self) -> None:
        """Stop the background thread; calls that are blocked raise."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            self._changed.notify_all()

    def __enter__(self) -> "RealTimeClock":
        self._changed.acquire()
        self._depth += 1
        if self._depth == 1:
            self.cause = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._depth -= 1
        self._changed.release()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _drive(self) -> None:
        with self._changed:
            while not self._closed:
                if not self._something_is_left():
                    self._changed.notify_all()
                entry = self._peek()
                if entry is None:
                    self._changed.wait()
                    continue
                remaining = entry[0] - self.now
                if remaining > 0:
                    self._changed.wait(remaining / 1e9)
                    continue
                try:
                    self._handle_next(entry[0])
                    if self._onlookers:
                        self._changed.notify_all()
                except Exception as failure:  # it reaches whoever waits on the network next
                    self._failure = failure
                    self._changed.notify_all()
