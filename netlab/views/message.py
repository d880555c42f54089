"""One frame as an arrow from lifeline to lifeline: how far it got, and when it got there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from netlab.link.frame import DROPPED, IN_FLIGHT
from netlab.trace.frame import Frame
from netlab.views.reading import DUPLICATE, DUPLICATE_ACK, RETRANSMISSION, Reading

_KNOWN_WHEN_SENT = frozenset({RETRANSMISSION, DUPLICATE, DUPLICATE_ACK})
_NEVER_ON_THE_WIRE = 0.06
_LOST_HALFWAY = 0.5


@dataclass(slots=True)
class Message:
    """One frame to be drawn, from lifeline `a` to lifeline `b`.

    `reach` is how far it got, from 0 to 1; `ends` is when it got there (ns), and `arrives` when it
    reaches the other lifeline or would have. `label` stands on the arrow, `note` below it. The rest
    says where: `scale` and `labels` fill it in; `extra` is room above it that its label asked for.
    """

    frame: Frame
    reading: Reading
    a: int
    b: int
    ends: int
    arrives: int
    label: str
    note: str = ""
    reach: float = 1.0
    in_flight: bool = False
    ya: int = 0
    yb: int = 0
    middle: float = 0.0
    extra: int = 0


@dataclass(slots=True)
class Band:
    """Messages that are folded away, and what to say of them."""

    messages: list[Message]
    lines: list[str]
    y: int = 0


Item = Message | Band


def messages_of(
    read: Iterable[tuple[Frame, Reading]],
    lifelines: Mapping[str, int],
    dropped_at: Mapping[int, int],
    delay: int,
    until: int | None,
) -> list[Message]:
    """The frames as messages, as the world is at `until` (ns); None is the end of the record.

    `dropped_at` tells when each lost frame was struck: at once, or later while it was under way.
    `delay` is the typical delay, in ns.
    """
    messages = []
    for frame, reading in read:
        sent, arrives = frame.time, frame.arrival
        lost = frame.fate == DROPPED
        if arrives is None:
            arrives = sent + delay if lost else sent
        label = f"{frame.id} {reading.label}"
        a, b = lifelines[frame.host], lifelines[frame.receiver]
        message = Message(frame, reading, a, b, arrives, arrives, label)
        if reading.marks:
            message.note = reading.note
        if lost:
            struck = dropped_at.get(frame.id, sent)
            if frame.arrival is None and delay:
                message.reach = _NEVER_ON_THE_WIRE
            elif sent < struck < arrives:
                message.reach = (struck - sent) / (arrives - sent)
            else:
                message.reach = _LOST_HALFWAY
            message.ends = sent + round(message.reach * (arrives - sent))
        if until is not None and message.ends > until:
            _stop(message, until)
        elif until is None and frame.fate == IN_FLIGHT:
            _stop(message, (sent + arrives) // 2)
        messages.append(message)
    return messages


def _stop(message: Message, now: int) -> None:
    """Still under way `now`: what will become of it is not known yet."""
    sent = message.frame.time
    message.in_flight = True
    message.ends = now
    message.reach = (now - sent) / max(1, message.arrives - sent)
    message.reading = message.reading.only(_KNOWN_WHEN_SENT)
    message.note = message.reading.note


def typical_time(frames: Sequence[Frame]) -> tuple[int, int]:
    """The scale of a picture: how long frames are under way, about the median; and what counts as such.

    A capture knows one time of each frame, so that none is under way at all: then a long time between
    two of them counts. Both are in ns, with one significant digit, so that a picture keeps its scale
    while frames are added.
    """
    delays = sorted([f.arrival - f.time for f in frames if f.arrival and f.arrival > f.time])
    if delays:
        delay = _roughly(delays[len(delays) // 2])
        return delay, delay
    gaps = sorted([b.time - a.time for a, b in pairwise(frames) if b.time > a.time])
    return 0, _roughly(gaps[3 * len(gaps) // 4]) if gaps else 1_000_000


def _roughly(number: int) -> int:
    return int(float(f"{number:.0e}"))
