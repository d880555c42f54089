"""Long runs of similar frames, folded into one band that says what it holds.

A bulk transfer is thousands of segments that tell nothing new. What is kept is the beginning and
the end of each such run, everything remarkable, and every change of state or timer that fires.
"""

from bisect import bisect_right
from collections.abc import Hashable, Sequence

from netlab.views.message import Band, Item, Message
from netlab.views.reading import CORRUPTED, DELAYED, DUPLICATE_ACK, LATE, LOST
from netlab.views.words import clock, count

EDGE = 3
"""How many frames of a run stay visible at each end."""
SHORTEST = 10
"""How many frames a band holds at least."""
LIMIT = 160
"""When more than this many arrows and bands are left, the middle of all folds into one band."""
_LIMIT_EDGES = (60, 40)  # how many of them then stay at the beginning and at the end
_ADJECTIVES = (LOST, CORRUPTED, LATE, DELAYED)


def fold(messages: Sequence[Message], separators: Sequence[int]) -> list[Item]:
    """The messages, with long runs replaced by bands.

    `separators` are the numbers of the events that no run may span, in ascending order.
    """
    items: list[Item] = []
    latest = 0  # when the last of what is drawn so far arrives
    for run in _runs(messages, separators):
        middle = len(run) - EDGE
        if len(run) >= SHORTEST + 2 * EDGE:
            latest = max(latest, *(message.arrives for message in run[:EDGE]))
            # The arrows above the band must end above it.
            while middle < len(run) and run[middle].frame.time < latest:
                middle += 1
            if middle < len(run):
                items.extend(run[:EDGE])
                items.append(_band(run[EDGE:middle]))
                run = run[middle:]
        items.extend(run)
        latest = max(latest, *(message.arrives for message in run))
    return _limited(items)


def _runs(messages: Sequence[Message], separators: Sequence[int]) -> list[list[Message]]:
    """The messages cut into runs: of one family, unremarkable, nothing in between."""
    runs: list[list[Message]] = []
    previous: tuple[Hashable, int] | None = None
    for message in messages:
        reading = message.reading
        ordinary = reading.family is not None and set(reading.marks) <= {DUPLICATE_ACK}
        if not ordinary or message.in_flight:
            runs.append([message])
            previous = None
            continue
        here = (reading.family, bisect_right(separators, message.frame.number))
        if here == previous:
            runs[-1].append(message)
        else:
            runs.append([message])
        previous = here
    return runs


def _limited(items: list[Item]) -> list[Item]:
    if len(items) <= LIMIT:
        return items
    first, last = _LIMIT_EDGES
    hidden: list[Message] = []
    for item in items[first : len(items) - last]:
        hidden.extend(item.messages if isinstance(item, Band) else [item])
    return [*items[:first], _band(hidden), *items[len(items) - last :]]


def _band(messages: list[Message]) -> Band:
    return Band(messages, lines=_describe(messages))


def _describe(messages: list[Message]) -> list[str]:
    """What a band holds: a line for each direction, what was remarkable, how long it took."""
    ways: dict[tuple[int, int], list[Message]] = {}
    marks: dict[str, int] = {}
    for message in messages:
        ways.setdefault((message.a, message.b), []).append(message)
        for mark in message.reading.marks:
            marks[mark] = marks.get(mark, 0) + 1
    lines = []
    for _, way in sorted(ways.items()):
        readings = [message.reading for message in way]
        sender, receiver = way[0].frame.sender, way[0].frame.receiver
        size = sum(reading.size for reading in readings)
        protocols = {reading.protocol for reading in readings}
        if not protocols <= {"TCP", "HTTP"}:
            what = count(len(readings), "frame")
        elif size:
            what = count(len(readings), "segment")
        else:
            what = count(len(readings), "acknowledgment")
        carried = f", {count(size, 'byte')}" if size else ""
        lines.append(f"{sender} -> {receiver}: {what}{carried}")
    if marks:
        told = [
            f"{number} {mark}" if mark in _ADJECTIVES else count(number, mark)
            for mark, number in marks.items()
        ]
        lines.append(f"of these {', '.join(told)}")
    first, last = messages[0].frame, max(m.frame.time for m in messages)
    lines.append(
        f"frames {first.id} to {messages[-1].frame.id}, sent in {clock(last - first.time)}"
    )
    return lines
