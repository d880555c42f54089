"""Scapy's threads, events and clocks, on a simulated host.

`sr` and its kin send in one thread and receive in another, and an `AsyncSniffer` is a thread. Here
those are programs of the host, which wait in the time of its network.
"""

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from netlab.sim.program import Signal
from netlab.sockets.door import asking
from netlab.units import s

if TYPE_CHECKING:
    from netlab.host import Host
    from netlab.sim.clock import Clock


class News:
    """What those wait for who read a host's frames: one came, or a thread of theirs has ended."""

    def __init__(self, host: "Host") -> None:
        self._clock = host.sim.clock
        self._told = Signal(self._clock)
        self._count = 0

    def tell(self) -> None:
        """There is some."""
        self._count += 1
        self._told.notify()

    def wait(self, timeout: float | None, what: str) -> None:
        """Until there is some, or until `timeout` seconds have passed."""
        with self._clock as clock:
            before = self._count
            clock.wait(self._told, lambda: self._count != before, _deadline(clock, timeout), what)


def news(host: "Host") -> News:
    """That of one host."""
    if "news" not in host.lent:
        host.lent["news"] = News(host)
    found: News = host.lent["news"]
    return found


class HostEvent:
    """`threading.Event`, for programs of a host and for those who run its network."""

    def __init__(self, host: "Host", what: str = "an event of Scapy's") -> None:
        self._clock = host.sim.clock
        self._changed = Signal(self._clock)
        self._what = what
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        with self._clock:
            self._set = True
            self._changed.notify()

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is set, or until `timeout` seconds have passed; whether it is set."""
        with self._clock as clock:
            return clock.wait(self._changed, self.is_set, _deadline(clock, timeout), self._what)


class HostThread:
    """`threading.Thread`: a program of the host, which may wait for ever."""

    def __init__(
        self,
        host: "Host",
        target: Callable[..., object],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        self.name = name or target.__name__.strip("_")
        self.daemon = True
        self._host = host
        self._run: Callable[[], object] = lambda: target(*args, **(kwargs or {}))
        self._begun = HostEvent(host, f"the beginning of Scapy's {self.name}")
        self._ended = HostEvent(host, f"the end of Scapy's {self.name}")

    def start(self) -> None:
        """Begin; the thread has come to where it first waits, or has ended, when this returns."""
        self._host.start(self._body, daemon=True, name=f"Scapy's {self.name}")
        self._begun.wait()

    def join(self, timeout: float | None = None) -> None:
        news(self._host).tell()
        self._ended.wait(timeout)

    def is_alive(self) -> bool:
        return self._begun.is_set() and not self._ended.is_set()

    def _body(self, _: "Host") -> None:
        self._begun.set()
        try:
            self._run()
        finally:
            self._ended.set()
            news(self._host).tell()


class Seconds(float):
    """Seconds that add up to the nanosecond: who waits for the rest of a timeout has waited it out."""

    def __add__(self, other: float) -> "Seconds":
        return Seconds(round(float(self) + other, 9))

    def __sub__(self, other: float) -> "Seconds":
        return Seconds(round(float(self) - other, 9))


class TimeDoor:
    """The module `time`; its monotonic clock, too, is the virtual one for who runs on a host."""

    def __getattr__(self, name: str) -> Any:
        host = asking()
        if name == "monotonic" and host is not None:
            return lambda: Seconds(host.sim.clock.now / s)
        return getattr(time, name)


class RandomDoor:
    """The module `random`; who runs on a host draws from a stream of its network's seed."""

    def Random(self, seed: Any = None) -> random.Random:
        """A generator of its own."""
        if seed is None and asking() is not None:
            seed = self.getrandbits(64)
        return random.Random(seed)

    def __getattr__(self, name: str) -> Any:
        host = asking()
        if host is None:
            return getattr(random, name)
        purpose = f"Scapy on {host.name}"
        if purpose not in host.lent:
            host.lent[purpose] = host.sim.stream(purpose)
        return getattr(host.lent[purpose], name)


def _deadline(clock: "Clock", timeout: float | None) -> int | None:
    return None if timeout is None else clock.now + round(timeout * s)
