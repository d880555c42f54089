"""Parts that a student has written, each behind a guard that TCP talks to instead.

What the part raises, and what it says that can't be, is told as its fault. What it says with a
fraction is rounded down: formulas are divisions, and the stack counts in whole bytes and ns.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, Protocol

from netlab.transport.tcp.congestion import CongestionControl
from netlab.transport.tcp.rto import GRANULARITY, RtoEstimator

_MOST = 1 << 62


class Blame(Protocol):
    """Tells of the fault of a part: ends the connection and raises `PartError`."""

    def __call__(self, part: str, problem: str, error: Exception | None = None) -> NoReturn:
        """`part` and `problem` make a sentence; `error` is what the part raised."""


def cannot_be_made(make: object, arguments: tuple[int, ...], error: Exception) -> str:
    """What to say when `make(*arguments)` raised `error`."""
    name = getattr(make, "__name__", repr(make))
    return f"{name}({', '.join(map(str, arguments))}) raised {type(error).__name__}: {error}"


class _Guard:
    """Calls one part, and reads numbers from it."""

    def __init__(
        self, what: str, make: Callable[..., Any], arguments: tuple[int, ...], blame: Blame
    ) -> None:
        self._what = what
        self._blame = blame
        self._last = "__init__()"
        try:
            self.part = make(*arguments)
        except Exception as error:
            blame(what, cannot_be_made(make, arguments, error), error)

    def call(self, method: str, *arguments: int) -> None:
        self._last = f"{method}({', '.join(map(str, arguments))})"
        try:
            getattr(self.part, method)(*arguments)
        except Exception as error:
            self._blame(self._what, f"{self._last} raised {type(error).__name__}: {error}", error)

    def number(self, name: str, least: int) -> int:
        """The attribute `name`, an int of at least `least`; infinity is a large one."""
        try:
            value = getattr(self.part, name)
            number = _MOST if value > _MOST else int(value)
        except Exception as error:
            problem = f"has no {name} that is a number after {self._last}: {error}"
            self._blame(self._what, problem, error)
        if number < least:
            self._blame(
                self._what, f"has {name} = {value!r} after {self._last}: expected {least} or more"
            )
        return number


class WatchedCongestion(CongestionControl):
    """A student's congestion control."""

    METHODS = ("acknowledged", "loss_detected", "duplicate_ack", "recovered", "timed_out")

    def __init__(self, make: Callable[[int], CongestionControl], mss: int, blame: Blame) -> None:
        super().__init__(mss)
        self._guard = _Guard("congestion control", make, (mss,), blame)
        part = self._guard.part
        self.name = str(getattr(part, "name", type(part).__name__))
        self.fast_recovery = bool(getattr(part, "fast_recovery", True))
        self.one_loss_a_recovery = bool(getattr(part, "one_loss_a_recovery", False))
        self._look()

    def syn_lost(self) -> None:
        self._tell_if_it_listens("syn_lost")

    def partial_ack(self, count: int) -> None:
        self._tell_if_it_listens("partial_ack", count)

    def idle(self) -> None:
        self._tell_if_it_listens("idle")

    def congestion_marked(self, flight: int) -> None:
        if hasattr(self._guard.part, "congestion_marked"):
            self._tell("congestion_marked", flight)
        else:
            super().congestion_marked(flight)

    def mss_changed(self, mss: int) -> None:
        self.mss = mss
        if hasattr(self._guard.part, "mss_changed"):
            self._tell("mss_changed", mss)

    def acknowledged(self, count: int) -> None:
        self._tell("acknowledged", count)

    def loss_detected(self, flight: int) -> None:
        self._tell("loss_detected", flight)

    def duplicate_ack(self) -> None:
        self._tell("duplicate_ack")

    def recovered(self) -> None:
        self._tell("recovered")

    def timed_out(self, flight: int) -> None:
        self._tell("timed_out", flight)

    @property
    def phase(self) -> str:
        """In the part's own words, if it has any."""
        words = getattr(self._guard.part, "phase", None)
        return words if isinstance(words, str) else super().phase

    def _tell(self, method: str, *arguments: int) -> None:
        with suppress(AttributeError):  # a part with slots of its own, and no place for time
            self._guard.part.now, self._guard.part.srtt = self.now, self.srtt
        self._guard.call(method, *arguments)
        self._look()

    def _tell_if_it_listens(self, method: str, *arguments: int) -> None:
        if hasattr(self._guard.part, method):
            self._tell(method, *arguments)

    def _look(self) -> None:
        self.cwnd = self._guard.number("cwnd", 1)
        self.ssthresh = self._guard.number("ssthresh", 0)


class WatchedRto(RtoEstimator):
    """A student's estimator of the retransmission timeout."""

    __slots__ = ("_guard",)
    METHODS = ("measured", "back_off")

    def __init__(
        self,
        make: Callable[[int, int, int], RtoEstimator],
        bounds: tuple[int, int, int],
        blame: Blame,
    ) -> None:
        super().__init__(*bounds)
        self._guard = _Guard("RTO estimator", make, bounds, blame)
        self._look()

    def measured(self, rtt: int) -> None:
        self._guard.call("measured", rtt)
        self._look()

    def back_off(self) -> None:
        self._guard.call("back_off")
        self._look()

    def restart(self, rto: int) -> None:
        self._guard.part.rto = self.rto = rto

    def _look(self) -> None:
        self.rto = self._guard.number("rto", GRANULARITY)
        self.srtt = getattr(self._guard.part, "srtt", None)
        self.rttvar = getattr(self._guard.part, "rttvar", 0)
