"""What can go wrong on a link: frames dropped, delayed, duplicated, corrupted, reordered.

A fault is a rule that sits on a link. Neither the stack above nor the link itself needs to know
what the rule looks for: it is asked about each frame, and acts on those that match.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypedDict, Unpack

from netlab.errors import ConfigurationError, FaultError
from netlab.link.frame import IN_FLIGHT, Frame
from netlab.sim.simulation import Simulation
from netlab.units import count, duration, ms, probability, show_time

Match = Callable[[Any], object]
Act = Callable[[Frame, "Fault"], None]
DEFAULT_EXTRA_DELAY = 20 * ms


class Selection(TypedDict, total=False):
    """Which frames a fault is about; what is left out doesn't limit.

    `times`: end after so many frames. `frame`: the one with this id, also when it is in flight
    already. `sender`: only what this host sends (the host or its name). `probability`: let chance
    decide, by the network's seed. `name`: what the record calls the rule, instead of its number.
    """

    times: int | None
    frame: int | None
    sender: object
    probability: float | None
    name: str


class Fault:
    """One rule on one link. `hits` counts the frames it struck; `remove()` takes it off again."""

    def __init__(
        self,
        link: "Faults",
        number: int,
        verb: str,
        act: Act,
        match: Match | None,
        selection: Selection,
    ) -> None:
        if match is not None and not callable(match):
            raise ConfigurationError(
                f"{verb}() takes a function that is asked about each frame, such as"
                f" lambda f: f.tcp and f.tcp.syn; got {match!r} (one frame is meant by frame=3)"
            )
        times = selection.pop("times", None)
        frame = selection.pop("frame", None)
        chance = selection.pop("probability", None)
        sender = selection.pop("sender", None)
        name = selection.pop("name", f"rule {number} ({verb})")
        if selection:
            raise TypeError(
                f"{verb}() got an unexpected keyword argument {next(iter(selection))!r}"
            )
        self.name = name
        self.verb = verb
        self.hits = 0
        self.stream = link.stream(f"{verb} {number}")
        self._link = link
        self._act = act
        self._match = match
        self._times = 1 if frame is not None else None if times is None else count(times, "times")
        self._frame = None if frame is None else count(frame, "frame")
        self._chance = None if chance is None else probability(chance, "probability")
        self._sender = None if sender is None else link.check_sender(sender)

    def __repr__(self) -> str:
        left = "" if self._times is None else f", {self._times - self.hits} to go"
        return f"<{self.name} on {self._link.name}: {self.hits} frames{left}>"

    def remove(self) -> None:
        """Take the rule off its link."""
        if self in self._link.faults:
            self._link.faults.remove(self)

    def consider(self, frame: Frame) -> None:
        """Act on `frame` if it is one that this rule is about.

        Raises `FaultError` where the rule's own condition raises; the rule is removed then.
        """
        if self._frame is not None and frame.id != self._frame:
            return
        if self._sender is not None and frame.host != self._sender:
            return
        if self._match is not None and not self._matches(frame, self._match):
            return
        if self._chance is not None and self.stream.random() >= self._chance:
            return
        self.hits += 1
        if self._times is not None and self.hits >= self._times:
            self.remove()
        self._act(frame, self)

    def _matches(self, frame: Frame, match: Match) -> bool:
        try:
            return bool(match(frame))
        except Exception as error:
            self.remove()
            lacking = isinstance(error, AttributeError) and error.obj is None
            advice = " A layer that a frame lacks is None: write f.tcp and f.tcp.fin"
            raise FaultError(
                f"the condition of {self.name} on {self._link.name} raised"
                f" {type(error).__name__}: {error}, when asked about {frame!r}. The rule was"
                f" removed.{advice if lacking else ''}"
            ) from error


class Faults(ABC):
    """The part of a link that holds its faults. See `Selection` for what all methods take.

    `match` is called with each frame and answers whether that frame is meant. Where it raises, the
    rule is removed, and who runs the network gets a `FaultError`.
    """

    def __init__(self, sim: Simulation, name: str, senders: tuple[str, ...]) -> None:
        self.name = name
        self.faults: list[Fault] = []
        self._sim = sim
        self._senders = senders
        self._in_flight: dict[int, Frame] = {}
        self._faults_made = 0

    def drop(self, match: Match | None = None, **selection: Unpack[Selection]) -> Fault:
        """Lose frames: ``cable.drop(lambda f: f.tcp and f.tcp.fin, times=1)``."""
        return self._add(
            "drop", lambda frame, fault: self.lose(frame, fault.name), match, selection
        )

    def delay(
        self,
        match: Match | None = None,
        *,
        by: int = DEFAULT_EXTRA_DELAY,
        **selection: Unpack[Selection],
    ) -> Fault:
        """Let frames arrive `by` nanoseconds later, so that others may overtake them."""
        extra = duration(by, "by")

        def act(frame: Frame, fault: Fault) -> None:
            frame.note_fault(f"delayed by {show_time(extra)}, by {fault.name}")
            self.postpone(frame, extra)

        return self._add("delay", act, match, selection)

    def reorder(
        self,
        match: Match | None = None,
        *,
        by: int = DEFAULT_EXTRA_DELAY,
        **selection: Unpack[Selection],
    ) -> Fault:
        """Hold frames back until the next one from the same sender has overtaken them.

        One that nobody overtakes arrives `by` nanoseconds late.
        """
        longest = duration(by, "by")

        def act(frame: Frame, fault: Fault) -> None:
            frame.note_fault(f"held back by {fault.name}")
            self.postpone(frame, longest, until_overtaken=True)

        return self._add("reorder", act, match, selection)

    def duplicate(self, match: Match | None = None, **selection: Unpack[Selection]) -> Fault:
        """Let frames arrive twice; the copy follows the original."""
        return self._add(
            "duplicate", lambda frame, fault: self.copy(frame, fault.name), match, selection
        )

    def corrupt(
        self,
        match: Match | None = None,
        *,
        bit: int | None = None,
        in_device: bool = False,
        **selection: Unpack[Selection],
    ) -> Fault:
        """Flip one bit on the wire: number `bit` (0 is the first one sent), or one by chance.

        The bits of a frame check sequence count too, and the interface that receives drops the
        frame for it. With `in_device` the bit flips in the memory of a device, which computes a right
        check sequence of what it then sends: only IP, UDP and TCP can notice.
        """
        wanted = None if bit is None else count(bit, "bit", 0)

        def act(frame: Frame, fault: Fault) -> None:
            size = 8 * len(self.octets(frame, in_device=in_device))
            chosen = int(fault.stream.random() * size) if wanted is None else wanted
            if chosen >= size:
                fault.remove()
                raise FaultError(f"{fault.name} was removed: there is no bit {chosen} in {frame!r}")
            self.flip(frame, chosen, in_device=in_device)
            where = ", in a device" if in_device else ""
            frame.note_fault(f"bit {chosen} (in byte {chosen // 8}) flipped by {fault.name}{where}")

        return self._add("corrupt", act, match, selection)

    def stream(self, purpose: str) -> Any:
        """The random numbers for one purpose on this link."""
        return self._sim.stream(f"{purpose} on {self.name}")

    def check_sender(self, sender: object) -> str:
        """The name of a host on this link, given by itself or by its name."""
        name = str(getattr(sender, "name", sender))
        if name not in self._senders:
            raise ConfigurationError(
                f"nobody on {self.name} is called {name!r}: sender is one of"
                f" {', '.join(self._senders)}"
            )
        return name

    # --- what a link can do to a frame in flight --------------------------------------------

    @abstractmethod
    def lose(self, frame: Frame, by: str) -> None:
        """Let it never arrive; `by` says what took it."""

    @abstractmethod
    def postpone(self, frame: Frame, extra: int, *, until_overtaken: bool = False) -> None:
        """Let it arrive `extra` ns later, or right behind the next frame where that is earlier."""

    @abstractmethod
    def octets(self, frame: Frame, *, in_device: bool) -> bytes:
        """What of a frame in flight can be damaged on the wire, or in a device."""

    @abstractmethod
    def flip(self, frame: Frame, bit: int, *, in_device: bool) -> None:
        """Flip a bit of that."""

    @abstractmethod
    def copy(self, frame: Frame, by: str) -> None:
        """Send it once more."""

    # --- inside -----------------------------------------------------------------------------

    def _add(self, verb: str, act: Act, match: Match | None, selection: Selection) -> Fault:
        wanted = selection.get("frame")
        fault = Fault(self, self._faults_made + 1, verb, act, match, selection)
        in_flight = None if wanted is None else self._in_flight.get(wanted)
        if in_flight is None and wanted is not None and wanted <= self._sim.recorder.frames_sent:
            raise ConfigurationError(
                f"can't {verb} frame {wanted}: it is not in flight on {self.name} (any more)"
            )
        self._faults_made += 1
        if in_flight is None:
            self.faults.append(fault)
        else:
            fault.consider(in_flight)
        return fault

    def _strike(self, frame: Frame) -> None:
        """Ask all rules about a frame that is being sent."""
        for fault in tuple(self.faults):
            if frame.copy_of is not None and fault.verb == "duplicate":
                continue  # or copies would be made of copies without end
            try:
                fault.consider(frame)
            except FaultError as error:
                # Not the fault of whoever is sending: it is raised as an event of its own.
                self._sim.clock.call_at(self._sim.clock.now, _complain, error)
            if frame.fate != IN_FLIGHT:
                return


def _complain(error: FaultError) -> None:
    raise error
