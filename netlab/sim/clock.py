"""The virtual clock: integer nanoseconds, and a queue of what is still to happen.

Time passes only by handling the next event, so two minutes of TIME_WAIT take no longer than one
microsecond on a cable. Events are handled in the order (time, sequence number): what is scheduled
first for a moment happens first, on every machine and in every run.

Each entry of the queue remembers the event that was being handled when it was scheduled. That is
how every recorded event knows its cause without anybody passing it along.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from heapq import heappop, heappush
from types import TracebackType
from typing import Any

from netlab.errors import ConfigurationError, DeadlockError
from netlab.sim.garbage import fewer_collections
from netlab.sim.interrupt import InterruptGuard
from netlab.sim.program import Program, Signal, report, warn_whoever_runs
from netlab.sim.recording import Event
from netlab.sim.timer import Timer
from netlab.units import show_time

Action = Callable[..., object]
_Entry = tuple[int, int, Action | None, Any, Event | None]

PROGRESS_EVERY = 20_000
"""How many events are handled between two calls of `Clock.on_progress`."""
RUN = "run()"
"""What a program that called `Clock.run` waits for: that nothing is left to happen."""


class Clock:
    """Virtual time, the queue of events, and the programs that wait on them.

    Code that a person calls from outside runs between events; it holds the clock with
    `with clock:`, which keeps a Ctrl-C from cutting an operation of the stack in half. `around` is
    entered wherever programs may run: it makes the world in which they find themselves. `current`
    is the program whose code is running now; None when a person's code runs, or the stack's.
    `warnings` are given to whoever runs it, when that run ends.
    """

    real = False
    """Whether it keeps the machine's time."""
    epoch = 0
    """The date of time 0, in ns since 1970."""

    def __init__(self) -> None:
        self.now = 0
        self.steps = 0
        self.cause: Event | None = None
        self.programs: list[Program] = []
        self.current: Program | None = None
        self.failed: list[Program] = []
        self.warnings: list[str] = []
        self.idle = Signal(self)
        self.running = False
        self.on_progress: Callable[[Clock], None] | None = None
        self.guard = InterruptGuard()
        self.around: Callable[[], AbstractContextManager[None]] = nullcontext
        self._queue: list[_Entry] = []
        self._sequence = 0
        self._stopped = False
        self._idle_moments = 0

    # --- scheduling -------------------------------------------------------------------------

    def call_at(self, time: int, action: Action, argument: Any = None) -> None:
        """Call `action(argument)` at `time`, or at once (as the next event) if that has passed."""
        self._sequence = sequence = self._sequence + 1
        now = self.now
        heappush(self._queue, (time if time > now else now, sequence, action, argument, self.cause))

    def queue_timer(self, time: int, timer: Timer) -> None:
        """Used by `Timer`: look at `timer` at `time`."""
        self._sequence = sequence = self._sequence + 1
        heappush(self._queue, (time, sequence, None, timer, None))

    def timer(self, action: Callable[[], None], *, background: bool = False) -> Timer:
        """A new timer, not yet running. One in the `background` keeps no run going."""
        return Timer(self, action, background=background)

    def wake(self, waiting: list[Program]) -> None:
        """Used by `Signal`: let these programs look whether they can go on, and forget them."""
        for program in waiting:
            self.call_at(self.now, program.wake)
        waiting.clear()

    # --- running ----------------------------------------------------------------------------

    def run(self, until: int | None = None) -> None:
        """Handle events until none is left, or until the time `until`, or until `stop()`.

        With `until` the clock then stands at exactly that time. Without it, a program that still
        waits when nothing is left to happen is an error (`DeadlockError`), unless it was started
        as a daemon. Called from inside a program, it lets the others go on and returns then.
        Timers in the background keep nothing going: they fire while time passes for something else.
        """
        if until is not None and until < self.now:
            raise ConfigurationError(
                f"can't run until {show_time(until)}: it is {show_time(self.now)} already"
            )
        if self.current is not None:
            self._run_from_program(until)
            return
        try:
            self._run(None, until)
            if not self._stopped:
                if until is None:
                    self._complain_about_waiting()
                else:
                    self.now = max(self.now, until)
        finally:
            self.cause = None
        warn_whoever_runs(self)

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Handle events until `condition()` is true; it is asked after each of them.

        Raises `DeadlockError` when nothing is left to happen and it still isn't.
        """
        if self.current is not None:
            raise ConfigurationError(
                "run() until a condition can't be called by a program, which is resumed only by"
                " what it waits for; let it sleep, or wait for another program's .result"
            )
        self.wait(Signal(self), condition, None, "run() until a condition holds")
        self.cause = None

    def step(self) -> bool:
        """Handle one event. False when nothing is left to happen."""
        if self.running:
            raise ConfigurationError("step() was called while the network was running")
        with self, self.around():
            self.running = True
            try:
                return self._handle_next(None)
            finally:
                self.running = False
                self.cause = None

    def stop(self) -> None:
        """Make the present `run()` return after the event that is being handled."""
        self._stopped = True

    @property
    def date(self) -> int:
        """The date, in ns since 1970; virtual time begins there."""
        return self.epoch + self.now

    @property
    def next_time(self) -> int | None:
        """When the next event happens; None when nothing is left to happen."""
        entry = self._peek()
        return entry[0] if entry is not None and self._something_is_left() else None

    def sleep(self, delay: int) -> None:
        """Let `delay` nanoseconds pass for the caller, and everybody else go on meanwhile."""
        self.wait(Signal(self), lambda: False, self.now + delay, f"sleep({show_time(delay)})")

    def wait(
        self, signal: Signal, ready: Callable[[], bool], deadline: int | None, what: object
    ) -> bool:
        """Block the caller until `ready()` is true; False if the time `deadline` came first.

        A program is suspended until somebody notifies `signal`; any other caller drives the clock
        meanwhile. ``str(what)``, of which a report is made when one is wanted, names the blocked
        call, such as ``"accept() on 0.0.0.0:80"``. Raises `DeadlockError` when nothing is left that
        could make it true.
        """
        program = self.current
        if program is not None:
            return program.wait(signal, ready, deadline, what)
        if ready():
            return True
        if self.running:
            raise ConfigurationError(f"{what} would block inside the handling of an event")
        cause = self.cause
        self._run(ready, deadline)
        warn_whoever_runs(self)
        if ready():
            return True
        self.cause = cause  # it was none of the events since then that ended the wait
        if deadline is None:
            raise DeadlockError(report(self, f"{what} can never return"))
        self.now = max(self.now, deadline)
        return False

    def start(self, program: Program) -> None:
        """Begin a program: its first step is the next event."""
        self.programs.append(program)
        self.call_at(self.now, program.begin)

    def close(self) -> None:
        """End all programs and forget everything that was still to happen."""
        with self.around():
            for program in list(self.programs):
                if program is not self.current:
                    program.kill()
        self.programs.clear()
        self._queue.clear()

    def __enter__(self) -> "Clock":
        # A program stops and goes on in the middle of calls, all within the hold of who runs it.
        if self.current is None:
            self.guard.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.current is None:
            self.guard.leave()

    # --- the loop ---------------------------------------------------------------------------

    def _run(self, ready: Callable[[], bool] | None, until: int | None) -> None:
        if self.running:
            raise ConfigurationError(
                "the network is running already: run() was called from inside an event"
            )
        self.running = True
        self._stopped = False
        guard = self.guard
        first_report = report_at = self.steps + PROGRESS_EVERY
        try:
            with self, self.around(), fewer_collections():
                while self._handle_next(until):
                    if self._stopped if ready is None else ready():
                        return
                    if guard.pending:
                        guard.strike()
                    if self.steps >= report_at:
                        report_at += PROGRESS_EVERY
                        if self.on_progress is not None:
                            self.on_progress(self)
        finally:
            self.running = False
            if report_at > first_report and self.on_progress is not None:
                self.on_progress(self)

    def _handle_next(self, until: int | None) -> bool:
        queue = self._queue
        # The short way is for most events; a timer at the front may be one that was stopped.
        if (not queue or queue[0][2] is None) and not self._something_is_left():
            self._nothing_is_left(for_good=until is None)
            if self._peek() is None or (until is None and not self._something_is_left()):
                return False
        if until is not None and queue[0][0] > until:
            return False
        self.now, _, action, argument, cause = heappop(queue)
        self.steps += 1
        if action is None:
            argument.fire()
        else:
            self.cause = cause
            action(argument)
        return True

    def _peek(self) -> _Entry | None:
        """The next entry that will really happen: passed-over timers are taken off the queue."""
        queue = self._queue
        while queue:
            entry = queue[0]
            if entry[2] is not None:
                return entry
            timer: Timer = entry[3]
            if timer.deadline == entry[0]:
                return entry
            heappop(queue)
            timer.reconsider(entry[0])
        return None

    # --- when nothing is left to happen -----------------------------------------------------

    def _something_is_left(self) -> bool:
        """Whether anything is still to happen, but for timers in the background."""
        entry = self._peek()
        if entry is None or entry[2] is not None or not entry[3].background:
            return entry is not None
        return any(
            action is not None or (timer.deadline is not None and not timer.background)
            for _, _, action, timer, _ in self._queue
        )

    def _nothing_is_left(self, *, for_good: bool) -> None:
        """Let those go on who wait for just this; `for_good`: tell whose calls can't return."""
        self.cause = None  # it is by nobody's doing that nothing is left
        if self.idle.waiting:
            self._idle_moments += 1
            self.idle.notify()
            return
        for program in self.programs:
            if for_good and program.foreground and program.waiting_for:
                program.give_up(
                    DeadlockError(report(self, f"{program.waiting_for} can never return"))
                )

    def _complain_about_waiting(self) -> None:
        if any(
            program.waiting_for not in ("", RUN) and not program.daemon for program in self.programs
        ):
            raise DeadlockError(report(self, "Nothing is left to happen, and somebody still waits"))

    def _run_from_program(self, until: int | None) -> None:
        if until is not None:
            self.sleep(until - self.now)
            return
        before = self._idle_moments
        self.wait(self.idle, lambda: self._idle_moments > before, None, RUN)
        self._complain_about_waiting()
