"""One frame, as it is told: what it says, and its arrow from lifeline to lifeline."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from netlab.link.frame import DROPPED, IN_FLIGHT
from netlab.trace.frame import Frame

_NEVER_ON_THE_WIRE = 0.06
_LOST_HALFWAY = 0.5


class Mark(StrEnum):
    """What is remarkable about a frame."""

    LOST = "lost"
    CORRUPTED = "corrupted"
    DUPLICATE = "duplicate"
    RETRANSMISSION = "retransmission"
    LATE = "late"
    DELAYED = "delayed"
    DUPLICATE_ACK = "duplicate ACK"


CSS_OF_MARK = {
    Mark.LOST: "lost",
    Mark.CORRUPTED: "corrupted",
    Mark.DUPLICATE: "duplicate",
    Mark.RETRANSMISSION: "again",
    Mark.LATE: "late",
    Mark.DELAYED: "late",
    Mark.DUPLICATE_ACK: "dupack",
}
_KNOWN_WHEN_SENT = (Mark.RETRANSMISSION, Mark.DUPLICATE, Mark.DUPLICATE_ACK)


@dataclass(slots=True, repr=False)
class Message:
    """One frame, read, and where its arrow goes.

    `protocol` is "TCP", "ARP", ...; `head` the word that says most (the flags), `rest` the numbers.
    `marks` says what is remarkable about it and in which words: `{Mark.LOST: "lost: rule 1 (drop)"}`.
    Frames with the same `family` may fold together (None: never); `size` is the bytes of payload.

    `aim` gives it an arrow from lifeline `a` to lifeline `b`, which it reaches when it `arrives` (ns)
    or would have; `reach` is how far it got, from 0 to 1. `label` stands on it, `note` below it. The
    rest says where: `scale` and `labels` fill it in; `extra` is room that its label asked for.
    """

    frame: Frame
    protocol: str
    head: str
    rest: str
    marks: dict[Mark, str]
    family: Hashable
    size: int
    a: int = field(init=False)
    b: int = field(init=False)
    arrives: int = field(init=False)
    reach: float = 1.0
    in_flight: bool = False
    label: str = field(init=False)
    note: str = ""
    ya: int = field(init=False)
    yb: int = field(init=False)
    middle: float = field(init=False)
    extra: int = 0

    @property
    def words(self) -> str:
        """Head and rest in one line."""
        return f"{self.head} {self.rest}" if self.rest else self.head


@dataclass(slots=True)
class Band:
    """Messages that are folded away, and what to say of them."""

    messages: list[Message]
    lines: list[str]
    y: int = 0


Item = Message | Band


def aim(
    messages: Iterable[Message],
    lifelines: Mapping[str, int],
    dropped_at: Mapping[int, int],
    delay: int,
    until: int | None,
) -> None:
    """Give the messages their arrows, as the world is at `until` (ns); None is the end of the record.

    `dropped_at` tells when each lost frame was struck: at once, or later while it was under way.
    `delay` is the typical delay, in ns.
    """
    for message in messages:
        frame = message.frame
        sent, arrives, lost = frame.time, frame.arrival, frame.fate == DROPPED
        if arrives is None:
            arrives = sent + delay if lost else sent
        message.a, message.b = lifelines[frame.host], lifelines[frame.receiver]
        message.arrives = ends = arrives
        if lost:
            struck = dropped_at.get(frame.id, sent)
            if frame.arrival is None and delay:
                message.reach = _NEVER_ON_THE_WIRE
            elif sent < struck < arrives:
                message.reach = (struck - sent) / (arrives - sent)
            else:
                message.reach = _LOST_HALFWAY
            ends = sent + round(message.reach * (arrives - sent))
        now = until
        if now is None and frame.fate == IN_FLIGHT:
            now = (sent + arrives) // 2
        elif now is not None and ends <= now:
            now = None
        if now is not None:  # still under way: what will become of it is not known yet
            message.in_flight = True
            message.reach = (now - sent) / max(1, arrives - sent)
            marks = message.marks
            message.marks = {mark: marks[mark] for mark in marks if mark in _KNOWN_WHEN_SENT}
        message.label = f"{frame.id} {message.words}"
        if message.marks:
            message.note = ", ".join(message.marks.values())


def typical_time(frames: Sequence[Frame]) -> tuple[int, int]:
    """How long a frame is under way (0 where none is), and the time that others are long against.

    Both are in ns: about the median, with one significant digit, so that a picture keeps its scale
    while frames are added. A capture knows one time of each frame; there, a long time between two
    of them is what others are long against.
    """
    delays = sorted(
        [f.arrival - f.time for f in frames if f.arrival is not None and f.arrival > f.time]
    )
    if delays:
        delay = _roughly(delays[len(delays) // 2])
        return delay, delay
    gaps = sorted([b.time - a.time for a, b in pairwise(frames) if b.time > a.time])
    return 0, _roughly(gaps[3 * len(gaps) // 4]) if gaps else 1_000_000


def _roughly(number: int) -> int:
    return int(float(f"{number:.0e}"))
