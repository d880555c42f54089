"""Long runs of similar frames, folded into one band that says what it holds.

A bulk transfer is thousands of segments that tell nothing new. What is kept is the beginning and
the end of each such run, everything remarkable, and every change of state or timer that fires.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Sequence

from netlab.views.message import Band, Item, Mark, Message
from netlab.views.words import clock, count

EDGE = 3
"""How many frames of a run stay visible at each end."""
SHORTEST = 10
"""How many frames a band holds at least."""
LIMIT = 160
"""When more than this many arrows and bands are left, the middle of all folds into one band."""
_LIMIT_EDGES = (60, 40)  # how many of them then stay at the beginning and at the end
_ADJECTIVES = (Mark.LOST, Mark.CORRUPTED, Mark.LATE, Mark.DELAYED)
_ORDINARY = {Mark.DUPLICATE_ACK}  # the marks that a message may have and yet fold away


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
        here = None
        if (
            message.family is not None
            and not message.in_flight
            and message.marks.keys() <= _ORDINARY
        ):
            here = (message.family, bisect_right(separators, message.frame.number))
        if here is not None and here == previous:
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
    """A band that tells what it holds: in each direction, what was remarkable, how long it took."""
    ways: dict[tuple[int, int], list[Message]] = {}
    for message in messages:
        ways.setdefault((message.a, message.b), []).append(message)
    lines = []
    for _, way in sorted(ways.items()):
        size = sum(message.size for message in way)
        what = "segment" if size else "acknowledgment"
        if not {message.protocol for message in way} <= {"TCP", "HTTP"}:
            what = "frame"
        frame, carried = way[0].frame, f", {count(size, 'byte')}" if size else ""
        lines.append(f"{frame.sender} -> {frame.receiver}: {count(len(way), what)}{carried}")
    marks = Counter(mark for message in messages for mark in message.marks)
    told = [f"{n} {mark}" if mark in _ADJECTIVES else count(n, mark) for mark, n in marks.items()]
    if told:
        lines.append(f"of these {', '.join(told)}")
    first, last = messages[0].frame, messages[-1].frame
    took = clock(max(message.frame.time for message in messages) - first.time)
    lines.append(f"frames {first.id} to {last.id}, sent in {took}")
    return Band(messages, lines)
