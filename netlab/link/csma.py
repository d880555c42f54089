"""How a station takes its turn on a medium that all share: CSMA/CD (IEEE 802.3 clause 4).

It listens before it sends (carrier sense), and while it sends: when it hears another, both have
begun before they could know of each other. Then all who collide stop, and each waits by chance,
longer and longer after each further collision of the same frame.
"""

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.link.ethernet import FCS_LENGTH
from netlab.link.frame import IN_FLIGHT, Frame
from netlab.link.interface import Interface
from netlab.sim.recording import Event
from netlab.units import show_time

if TYPE_CHECKING:
    from netlab.link.hub import HubCable

# IEEE 802.3 table 4-2, in bit times.
SLOT = 512
"""The unit of waiting: longer than a signal needs to the farthest station and back."""
INTERFRAME_GAP = 96
JAM = 32
"""Who notices a collision sends so much more, so that all notice."""
ATTEMPT_LIMIT = 16
BACKOFF_LIMIT = 10
"""The range of waiting times doubles with each attempt, so many times."""


@dataclass(slots=True)
class _Waiting:
    """A frame that waits for its turn, with the account of why it is sent."""

    data: bytes
    reason: str
    cause: Event | None
    queued: int


class Station:
    """One interface's access to a hub: its queue, and what it hears."""

    def __init__(self, cable: "HubCable", interface: Interface, queue_limit: int) -> None:
        self.queue: deque[_Waiting] = deque()
        self.attempts = 0
        self.queue_limit = queue_limit
        self._cable = cable
        self._interface = interface
        self._sim = cable.sim
        self._chance = cable.stream(f"backoff of {interface.title}")
        self._timer = self._sim.clock.timer(self._start)
        self._sending: Frame | None = None
        self._collided = False
        self._started = 0
        self._ends = 0
        self._carrier = False
        self._idle_since = -cable.bits(INTERFRAME_GAP)
        self._backed_off_until = 0

    def enqueue(self, data: bytes, reason: str, cause: Event | None) -> None:
        """Send a frame, when its turn has come."""
        if len(self.queue) > self.queue_limit:
            self._interface.tx.dropped += 1
            self._cable.drop_unsent(
                self._interface,
                data,
                reason,
                cause,
                f"the queue of {self._cable.name} was full ({self.queue_limit} frames)",
            )
            return
        waiting = max(len(self.queue) - 1, 0)  # the first of them is being sent
        self.queue.append(_Waiting(data, reason, cause, waiting))
        if len(self.queue) == 1:
            self._defer()

    def reset(self) -> None:
        """The cable has gone down: nothing is heard any more, and nothing waits."""
        if self.queue:
            self._interface.tx.dropped += len(self.queue)
            self._interface.discard(f"{len(self.queue)} frames waited for their turn: lost")
        self.queue.clear()
        self.attempts = 0
        self._timer.cancel()
        self._sending = None
        self._carrier = False

    # --- what is heard ----------------------------------------------------------------------

    def signal_begins(self, frame: Frame | None) -> None:
        """Another's signal comes in: `frame`, or None for noise of collisions."""
        self._carrier = True
        if self._sending is not None:
            if frame is not None:
                spoil(frame, f"collision at {self._interface.host}")
            self._collide()
        elif self._timer.armed and not self._in_last_third_of_gap():
            self._timer.cancel()

    def signal_ends(self, frame: Frame | None) -> None:
        """It is quiet again; what came is taken in if it came whole."""
        self._carrier = False
        self._idle_since = self._sim.clock.now
        if frame is not None:
            self._cable.arrive(frame)
        self._defer()

    def _in_last_third_of_gap(self) -> bool:
        """Then a station begins whatever it hears, or the nearest would always win (4.2.3.2.1)."""
        begins, gap = self._timer.deadline, self._cable.bits(INTERFRAME_GAP)
        into = self._sim.clock.now - self._idle_since
        return begins == self._idle_since + gap and into >= gap * 2 // 3

    # --- sending ----------------------------------------------------------------------------

    def _defer(self) -> None:
        """Begin as soon as the medium is idle, the gap behind the last frame over, and the backoff."""
        if self.queue and self._sending is None and not self._carrier:
            now = self._sim.clock.now
            gap_ends = self._idle_since + self._cable.bits(INTERFRAME_GAP)
            self._timer.arm(max(gap_ends, self._backed_off_until, now) - now)

    def _start(self) -> None:
        waiting = self.queue[0]
        self.attempts += 1
        reason = waiting.reason
        if self.attempts > 1:
            reason = f"{reason}; attempt {self.attempts} of {ATTEMPT_LIMIT}"
        cable, now = self._cable, self._sim.clock.now
        self._collided = False
        self._started = now
        self._ends = now + cable.bits(8 * len(waiting.data) + 8 * FCS_LENGTH)
        frame = cable.begin(self._interface, waiting.data, self._ends, reason, waiting.cause)
        frame.queued = waiting.queued
        self._sending = frame
        self._sim.clock.call_at(self._ends, self._end, frame)
        if self._carrier:
            self._collide()

    def _collide(self) -> None:
        """Both signals are lost. Jam for a moment, so that the other notices too (4.2.3.2.4)."""
        frame = self._sending
        if self._collided or frame is None:
            return
        self._collided = True
        cable, clock = self._cable, self._sim.clock
        self._interface.tx.collsns += 1
        late = clock.now - self._started > cable.bits(SLOT)
        spoil(frame, f"{'late ' if late else ''}collision at {self._interface.host}")
        clock.cause = frame
        reason = "another is heard while sending: stop, and jam (IEEE 802.3 section 4.2.3.2.4)"
        if late:
            reason = (
                "another is heard after more than the slot time of 512 bits: the cables are too"
                " long for this rate (IEEE 802.3 section 4.2.3.2)"
            )
        fields = {"frame": frame.id, "attempt": self.attempts, "late": late}
        event = self._sim.record(self._interface.host, "link", "collision", fields, reason)
        clock.cause = event or clock.cause
        self._ends = clock.now + cable.bits(JAM)
        clock.call_at(self._ends, self._end, frame)

    def _end(self, frame: Frame) -> None:
        """The last bit has left, of the frame or of the jam."""
        now = self._sim.clock.now
        if frame is not self._sending or now < self._ends:
            return
        self._sending = None
        self._idle_since = now
        self._cable.end(self._interface)
        if not self._collided:
            self._done()
            self._interface.tx.packets += 1
            self._interface.tx.bytes += len(frame.bytes)
        elif self.attempts < ATTEMPT_LIMIT:
            self._back_off()
        else:
            self._interface.tx.errors += 1
            self._record(
                "excessive collisions",
                {"frame": frame.id, "attempts": self.attempts},
                f"{ATTEMPT_LIMIT} attempts, {ATTEMPT_LIMIT} collisions: the frame is given up"
                " (IEEE 802.3 section 4.2.3.2.5)",
            )
            self._done()
        self._defer()

    def _done(self) -> None:
        self.queue.popleft()
        self.attempts = 0

    def _back_off(self) -> None:
        """Truncated binary exponential backoff: 0 to 2**k - 1 slots, by chance (4.2.3.2.5)."""
        highest = 2 ** min(self.attempts, BACKOFF_LIMIT)
        slots = int(self._chance.random() * highest)
        wait = slots * self._cable.bits(SLOT)
        self._backed_off_until = self._sim.clock.now + wait
        event = self._record(
            "backoff",
            {"attempt": self.attempts, "slots": slots, "until": self._backed_off_until},
            f"chance says {slots} out of 0 to {highest - 1} slots after collision number"
            f" {self.attempts}: wait {show_time(wait)} (IEEE 802.3 section 4.2.3.2.5)",
        )
        self.queue[0].cause = event or self.queue[0].cause

    def _record(self, kind: str, fields: dict[str, object], reason: str) -> Event | None:
        event = self._sim.record(self._interface.host, "link", kind, fields, reason)
        self._sim.clock.cause = event or self._sim.clock.cause
        return event


def spoil(frame: Frame, by: str) -> None:
    """Lose a frame whose signal met another, unless it is lost already."""
    if frame.fate == IN_FLIGHT:
        frame.link.lose(frame, by)
