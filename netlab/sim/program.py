"""Programs: ordinary blocking Python functions that run on a host, in virtual time.

A program runs until it calls something that has to wait (`accept`, `recv`, `sleep`); it is then
suspended, the clock goes on with the next event, and the program is resumed when what it waits for
has come. So code on many hosts reads as if each had the machine for itself.
"""

import sys
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from netlab.sim.switch import KILLED, Switch
from netlab.units import show_time

if TYPE_CHECKING:
    from netlab.sim.clock import Clock


class Signal:
    """What programs wait on. `notify()` wakes all of them; each then looks whether it can go on."""

    __slots__ = ("_clock", "waiting")

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self.waiting: list[Any] = []  # programs, or what the threads of a real-time clock wait on

    def notify(self) -> None:
        """Wake everybody who waits here, in the order in which they came."""
        if self.waiting:
            self._clock.wake(self.waiting)


class Program:
    """One function at work on one host.

    `daemon` programs may wait for ever without that being an error, as servers do. A `foreground`
    program stands for the person at the keyboard: where its call could never return, it is raised
    in that call.
    """

    def __init__(
        self,
        clock: "Clock",
        name: str,
        host: str,
        function: Callable[[], Any],
        *,
        daemon: bool = False,
        foreground: bool = False,
        observer: Callable[["Program", str, str], None] | None = None,
    ) -> None:
        self.name = name
        self.host = host
        self.daemon = daemon
        self.foreground = foreground
        self.done = False
        self.waiting_since = 0
        self.error: BaseException | None = None
        self._clock = clock
        self._function = function
        self._observer = observer
        self._value: Any = None
        self._traceback: TracebackType | None = None
        self.asked_for = foreground  # the person gets it raised in their call
        self._switch = Switch(self.run_to_end)
        self._waits_in: object = None
        self._wait_error: Exception | None = None
        self._ended = Signal(clock)
        self._alarm = clock.timer(self._on_alarm)

    @property
    def result(self) -> Any:
        """What the function returned, once it has ended; waits for that where needed.

        An exception that ended the program is raised here, with the program's own traceback.
        """
        self.asked_for = True
        self._clock.wait(self._ended, lambda: self.done, None, f"the result of {self.title}")
        if self.error is not None:
            raise self.error.with_traceback(self._traceback)
        return self._value

    @property
    def waiting_for(self) -> str:
        """The call that it waits in, such as ``accept() on TCP port 80, LISTEN``; "" for none."""
        return "" if self._waits_in is None else str(self._waits_in)

    @property
    def failed(self) -> bool:
        """Whether an exception ended it."""
        return self.error is not None

    @property
    def title(self) -> str:
        """Name and place, such as ``echo on bob``."""
        return f"{self.name} on {self.host}" if self.host else self.name

    def __repr__(self) -> str:
        if self.failed:
            state = f"failed: {type(self.error).__name__}: {self.error}"
        elif self.done:
            state = "done"
        elif self.waiting_for:
            state = f"waiting: {self.waiting_for}, since {show_time(self.waiting_since)}"
        else:
            state = "not yet begun"
        return f"<program {self.title}, {state}>"

    # --- used by the clock ------------------------------------------------------------------

    def begin(self, _: object = None) -> None:
        """Run the first stretch."""
        if not self.done:
            self._run(self._switch.resume)

    def wake(self, _: object = None) -> None:
        """What it waits for may have come: let it look."""
        if self._waits_in is not None:
            self._run(self._switch.resume)

    def wait(
        self, signal: Signal, ready: Callable[[], bool], deadline: int | None, what: object
    ) -> bool:
        """Suspend until `ready()`, or until `deadline` has come; the truth of `ready()`."""
        if ready():
            return True
        clock = self._clock
        self.waiting_since = clock.now
        if deadline is not None:
            self._alarm.arm(max(0, deadline - clock.now))
        try:
            while deadline is None or clock.now < deadline:
                signal.waiting.append(self)
                self._waits_in = what
                self._switch.suspend()
                if self in signal.waiting:
                    signal.waiting.remove(self)
                if self._wait_error is not None:
                    error, self._wait_error = self._wait_error, None
                    raise error
                if ready():
                    return True
            return False
        finally:
            self._waits_in = None
            if deadline is not None:
                self._alarm.cancel()

    def give_up(self, error: Exception) -> None:
        """What it waits for can never come: raise `error` in the call that waits."""
        self._wait_error = error
        self._clock.call_at(self._clock.now, self.wake)

    def kill(self) -> None:
        """End it where it stands: its `finally` clauses run, but nothing in them can wait."""
        if not self.done:
            self._observer = None
            self._run(self._switch.kill)
            self.done = True

    def run_to_end(self) -> None:
        """The whole of it; suspends where it has to wait."""
        self._tell("program started", "")
        try:
            self._value = self._function()
        except KeyboardInterrupt as error:
            self.error = error
            self._traceback = error.__traceback__
            self.asked_for = True
            self._clock.guard.pending = True  # whoever runs the network is interrupted too
        except KILLED:
            raise
        except BaseException as error:  # SystemExit, asyncio.CancelledError, ...: all are its own
            self.error = error
            self._traceback = error.__traceback__
            self._clock.failed.append(self)
            self._tell("program failed", f"{type(error).__name__}: {error}")
        else:
            self._tell("program ended", "")
        finally:
            self.done = True
            self._function = _nothing
            if self in self._clock.programs:
                self._clock.programs.remove(self)
            self._ended.notify()

    # --- inside -----------------------------------------------------------------------------

    def _run(self, switch: Callable[[], None]) -> None:
        """Let the program's own code run until it waits again or ends."""
        clock = self._clock
        outer, clock.current = clock.current, self
        try:
            switch()
        finally:
            clock.current = outer

    def _on_alarm(self) -> None:
        self.wake()

    def _tell(self, kind: str, reason: str) -> None:
        if self._observer is not None:
            self._observer(self, kind, reason)


def report(clock: "Clock", headline: str) -> str:
    """`headline`, and every program that waits: for what, on which host, and since when."""
    lines = [f"{headline} (virtual time {show_time(clock.now)})."]
    for program in clock.programs:
        if program.waiting_for:
            kind = " (a daemon: it may)" if program.daemon else ""
            lines.append(
                f"  {program.title} waits in {program.waiting_for}"
                f" since {show_time(program.waiting_since)}{kind}"
            )
    if len(lines) == 1:
        lines.append("  No other program is running: nobody is there to answer.")
    lines += [f"  {program!r}" for program in clock.failed]
    lines.append(
        "Look at net.trace for what happened last; start a server that is meant to wait for ever"
        " with daemon=True."
    )
    return "\n".join(lines)


def warn_whoever_runs(clock: "Clock") -> None:
    """Warn of each program that failed and nobody asked for, once; and of what else is to be told."""
    for program in clock.failed:
        if not program.asked_for:
            program.asked_for = True
            clock.warnings.append(f"{program!r}; its .result has the traceback")
    if not clock.warnings:
        return
    texts, clock.warnings = clock.warnings, []
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("netlab."):
        level, frame = level + 1, frame.f_back
    for text in texts:
        warnings.warn(text, RuntimeWarning, stacklevel=level)


def _nothing() -> None:
    return None
