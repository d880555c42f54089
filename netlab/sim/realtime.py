"""The real-time clock: the same interface as `Clock`, on the machine's own time.

Everything that touches the network, from whatever thread, first takes the clock's lock with
`with clock:`; a call that blocks waits on the same lock and is woken when something changed.
Programs are threads here.

A background thread, the driver, handles each event when its time has come. What a thread brings
about that is due at once it handles itself, before it lets go of the lock, for to wake another
takes longer than to handle most events. Python's main thread leaves all to the driver: it is the
one that a Ctrl-C may cut off anywhere.
"""

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic_ns, time_ns  # these very ones, whatever stands in the module later
from types import TracebackType
from typing import Any

from netlab.errors import ConfigurationError, NetlabError
from netlab.sim.clock import Action, Clock
from netlab.sim.program import Program, Signal, warn_whoever_runs
from netlab.sim.timer import Timer

AT_ONCE = 1_000
"""So many events a thread handles at most before it gives others a turn."""


class RealTimeClock(Clock):
    """Wall-clock time since the clock was made, in nanoseconds."""

    real = True

    def __init__(self) -> None:
        self._began = monotonic_ns()
        self.epoch = time_ns()
        self._lock = lock = threading.RLock()
        self._next = threading.Condition(lock)  # the driver waits here, until `_driver_wakes`
        self._driver_wakes: int | None = 0
        self._changed = threading.Condition(lock)  # and those who are in run()
        self._idlers = 0  # of them, who wait until nothing is left to happen
        self._blocked: list[threading.Condition] = []  # those who wait for a signal, one each
        self._onlookers: list[Signal] = []  # of those who ask for their condition after each event
        self._depth = 0
        self._closed = False
        self._handling = 0  # the thread that is handling an event
        self._failures: deque[Exception] = deque(maxlen=100)  # that nobody was told yet
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
        with self:
            super().call_at(time, action, argument)

    def queue_timer(self, time: int, timer: Timer) -> None:
        """As `Clock.queue_timer`, from any thread."""
        with self:
            super().queue_timer(time, timer)

    def wake(self, waiting: list[Any]) -> None:
        """Let the threads that are blocked on a signal look whether they can go on."""
        with self._changed:
            for condition in waiting:
                condition.notify()
            waiting.clear()

    def run(self, until: int | None = None) -> None:
        """Wait until nothing is left to happen and all programs have ended, or until `until`.

        TIME_WAIT is something that is left to happen, and takes its four minutes here.
        """
        with self:
            self._stopped = False
            self._idlers += 1
            try:
                while not self._stopped and not self._closed:
                    self._raise_failure()
                    if until is None:
                        if not self._something_is_left() and all(
                            each.daemon for each in self.programs
                        ):
                            break
                        self._sleep(self._changed, None)
                    elif self.now < until:
                        self._sleep(self._changed, until - self.now)
                    else:
                        break
            finally:
                self._idlers -= 1
        warn_whoever_runs(self)

    def run_until(self, condition: Callable[[], bool]) -> None:
        """As `Clock.run_until`, but nobody can tell whether the condition will ever hold."""
        each_event = Signal(self)
        with self._changed:
            self._onlookers.append(each_event)
            try:
                self.wait(each_event, condition, None, "run() until a condition holds")
            finally:
                self._onlookers.remove(each_event)

    def stop(self) -> None:
        """Make all threads return that are in `run()` now."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def step(self) -> bool:
        """Real time can't be stepped: raises `ConfigurationError`."""
        raise ConfigurationError('a network with clock="real" can\'t be stepped: leave clock out')

    def wait(
        self, signal: Signal, ready: Callable[[], bool], deadline: int | None, what: object
    ) -> bool:
        """Block the calling thread until `ready()`, or until `deadline`; the truth of `ready()`."""
        if threading.get_ident() == self._handling:
            raise ConfigurationError(f"{what} would block inside the handling of an event")
        mine = threading.Condition(self._lock)
        with self:
            self._blocked.append(mine)
            try:
                while not ready():
                    self._raise_failure()
                    if self._closed:
                        raise NetlabError(f"{what} waits in vain: the network was closed")
                    remaining = None if deadline is None else deadline - self.now
                    if remaining is not None and remaining <= 0:
                        return False
                    self._settle()
                    if not ready():
                        signal.waiting.append(mine)
                        self._sleep(mine, remaining)
                        if mine in signal.waiting:
                            signal.waiting.remove(mine)
                return True
            finally:
                self._blocked.remove(mine)

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
            self._next.notify()
            self._wake_all()

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
        if self._depth == 1:
            self._settle()
        self._depth -= 1
        self._changed.release()

    def _raise_failure(self) -> None:
        if self._failures:
            raise self._failures.popleft()

    def _settle(self) -> None:
        """Let happen what is due, and the driver wake in time for what comes next."""
        if threading.current_thread() is not threading.main_thread():
            self._handle_what_is_due()
        entry = self._peek()
        if entry is not None and (self._driver_wakes is None or entry[0] < self._driver_wakes):
            self._driver_wakes = entry[0]
            self._next.notify()

    def _handle_what_is_due(self) -> None:
        if self._handling:
            return
        self._handling = threading.get_ident()
        try:
            for _ in range(AT_ONCE):
                entry = self._peek()
                if entry is None or entry[0] > self.now:
                    return
                self._handle_next(entry[0])
                for signal in self._onlookers:
                    signal.notify()
        except Exception as failure:  # it reaches whoever waits on the network next
            self._failures.append(failure)
            self._wake_all()
        finally:
            self._handling = 0
            if self._idlers and not self._something_is_left():
                self._changed.notify_all()

    def _wake_all(self) -> None:
        for condition in (self._changed, *self._blocked):
            condition.notify_all()

    def _drive(self) -> None:
        with self:
            while not self._closed:
                self._handle_what_is_due()
                entry = self._peek()
                self._driver_wakes = None if entry is None else entry[0]
                self._sleep(self._next, None if entry is None else max(0, entry[0] - self.now))
                self._driver_wakes = 0

    def _sleep(self, condition: threading.Condition, time: int | None) -> None:
        """Let go of the lock, however deep it is held, until `condition` or for `time` ns."""
        depth, self._depth = self._depth, 0
        try:
            condition.wait(None if time is None else time / 1e9)
        finally:  # a Ctrl-C may end it
            self._depth = depth
