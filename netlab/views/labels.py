"""Where along its arrow each label goes, so that it meets neither another arrow nor another label.

A label stands on its arrow, in the middle where nothing is in the way. Arrows that cross take away
the part of the arrow where they would run through the text; what is left is searched for the place
nearest to the middle. Where there is no room at all, the label stands at the sender.
"""

from collections.abc import Sequence

from netlab.views.message import Message

CHARACTER = 7.9
"""The width of a character of a label."""
NOTE_CHARACTER = 6.3
HEIGHT = 19
"""From the arrow to the top of its label, and a little air."""
NOTE_HEIGHT = 17
STUB = 60
"""How long the arrow is of a host that sends to itself; its label stands behind it."""
_AIR = 4
_MOST_NEIGHBOURS = 16  # of one arrow; more than that can't be avoided anyway

_Span = tuple[float, float]


class _Arrow:
    """A message with its ends in order from left to right, and what is in the way of its label.

    It is at height `y` at its left end, and `end` at its right one; `foot` is what its note takes.
    """

    __slots__ = ("blocked", "end", "foot", "half", "left", "message", "near", "right", "y")

    def __init__(self, message: Message, xs: Sequence[int]) -> None:
        self.message = message
        xa, xb = xs[message.a], xs[message.b]
        if message.a <= message.b:
            self.left, self.right, self.y, self.end = xa, xb, message.ya, message.yb
        else:
            self.left, self.right, self.y, self.end = xb, xa, message.yb, message.ya
        self.foot = NOTE_HEIGHT if message.note else 0
        self.half = width_of(message) / 2
        self.blocked: list[_Span] = []
        self.near: list[_Arrow] = []

    def at(self, x: float) -> float:
        return self.y + (self.end - self.y) * (x - self.left) / (self.right - self.left or 1)


def width_of(message: Message) -> float:
    """How wide a message's label is, or its note where that is wider."""
    width = len(message.label) * CHARACTER
    return max(width, len(message.note) * NOTE_CHARACTER) if message.note else width


def reach_of(message: Message) -> float:
    """How far right of its lifeline a message reaches that a host sends to itself."""
    return STUB + 2 * _AIR + width_of(message)


def place(messages: Sequence[Message], xs: Sequence[int]) -> list[Message]:
    """Set the `middle` of each label; returns those that found no room.

    The messages come in the order of sending, `xs` are the places of the lifelines.
    """
    crowded = []
    for message in messages:
        if message.a == message.b:
            message.middle = xs[message.a] + reach_of(message) - width_of(message) / 2
    between = [message for message in messages if message.a != message.b]
    for group in _groups(between, xs):
        arrows = [_Arrow(message, xs) for message in group]
        active: list[_Arrow] = []
        for arrow in arrows:
            reach = arrow.message.ya - HEIGHT - NOTE_HEIGHT
            active = [other for other in active if other.message.yb > reach][-_MOST_NEIGHBOURS:]
            for other in active:
                if other.left < arrow.right and arrow.left < other.right:
                    _meet(other, arrow)
            active.append(arrow)
        for arrow in arrows:
            found = _best(arrow)
            if found is None:
                # At the sender at least, where arrows of one direction are well apart.
                half = min(arrow.half + _AIR, (arrow.right - arrow.left) / 2)
                rightward = arrow.message.a < arrow.message.b
                found = arrow.left + half if rightward else arrow.right - half
                crowded.append(arrow.message)
            arrow.message.middle = found
    return crowded


def _groups(messages: Sequence[Message], xs: Sequence[int]) -> list[list[Message]]:
    """The messages that may be in each other's way; all labels begin in the middle.

    Mostly an arrow starts where the last one ended: then the two are apart by a wedge, and all
    there is to see is that it is open wide enough where the labels are.
    """
    groups: list[list[Message]] = []
    group: list[Message] = []
    lowest = -1000
    previous: Message | None = None
    for message in messages:
        ya, yb, xa, xb = message.ya, message.yb, xs[message.a], xs[message.b]
        message.middle = (xa + xb) / 2
        room = ya - lowest
        if room < HEIGHT + NOTE_HEIGHT and previous is not None:
            apart = False
            if previous.b == message.a and previous.a == message.b and ya >= lowest:
                wide = abs(xb - xa)
                share = max(0.0, 0.5 - width_of(message) / 2 / wide)
                wedge = room + share * (yb - ya + previous.yb - previous.ya)
                apart = wedge >= HEIGHT + (NOTE_HEIGHT if previous.note else 0)
            if not apart:
                if not group:
                    group.append(previous)
                    groups.append(group)
                group.append(message)
            else:
                group = []
        else:
            group = []
        lowest = max(lowest, yb)
        previous = message
    return groups


def _meet(a: _Arrow, b: _Arrow) -> None:
    """Note where `a` and `b` are in the way of each other's labels."""
    left, right = a.left, a.right
    if left == b.left and right == b.right:
        at_left, at_right = float(b.y - a.y), float(b.end - a.end)  # how far b is below a
    else:
        left, right = max(left, b.left), min(right, b.right)
        at_left, at_right = b.at(left) - a.at(left), b.at(right) - a.at(right)
    apart = HEIGHT + a.foot
    if at_left >= apart and at_right >= apart:
        return
    span = _between(left, right, at_left, at_right, -HEIGHT, a.foot or _AIR)
    if span:
        a.blocked.append(span)
    span = _between(left, right, -at_left, -at_right, -HEIGHT, b.foot or _AIR)
    if span:
        b.blocked.append(span)
    b.near.append(a)


def _between(
    left: float, right: float, at_left: float, at_right: float, low: float, high: float
) -> _Span | None:
    """Where between `left` and `right` a straight line is between `low` and `high`."""
    if at_left == at_right:
        return (left, right) if low < at_left < high else None
    per = (right - left) / (at_right - at_left)
    start, end = left + (low - at_left) * per, left + (high - at_left) * per
    if per < 0:
        start, end = end, start
    if start < left:
        start = left
    if end > right:
        end = right
    return (start, end) if start < end else None


def _best(arrow: _Arrow) -> float | None:
    """The place for an arrow's label that is free and nearest to the middle."""
    middle = (arrow.left + arrow.right) / 2
    blocked = arrow.blocked + _labels_near(arrow)
    if not blocked:
        return middle
    need = arrow.half + _AIR
    best: float | None = None
    free_from = float(arrow.left)
    for start, end in [*sorted(blocked), (float(arrow.right), float(arrow.right))]:
        if start - free_from >= 2 * need:
            here = min(max(middle, free_from + need), start - need)
            if best is None or abs(here - middle) < abs(best - middle):
                best = here
        free_from = max(free_from, end)
    return best


def _labels_near(arrow: _Arrow) -> list[_Span]:
    """Where labels that have their place already are in the way."""
    spans = []
    for other in arrow.near:
        left = max(other.message.middle - other.half, arrow.left)
        right = min(other.message.middle + other.half, arrow.right)
        if left < right:
            # Two labels meet where one's arrow is less than a line of text from the other's.
            span = _between(
                left,
                right,
                other.at(left) - arrow.at(left),
                other.at(right) - arrow.at(right),
                -HEIGHT - other.foot,
                HEIGHT + arrow.foot,
            )
            if span:
                spans.append(span)
    return spans
