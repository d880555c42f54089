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
"""How long the arrow is of a host that sends to itself."""
_AIR = 4
BEHIND = STUB + 2 * _AIR
"""Where its label begins."""
_MOST_NEIGHBOURS = 16  # of one arrow; more than that can't be avoided anyway


def width_of(message: Message) -> float:
    """How wide a message's label is, or its note where that is wider."""
    width = len(message.label) * CHARACTER
    return max(width, len(message.note) * NOTE_CHARACTER) if message.note else width


def place(messages: Sequence[Message], xs: Sequence[int]) -> list[Message]:
    """Set the `middle` of each label; returns those that found no room.

    The messages come in the order of sending, `xs` are the places of the lifelines.
    """
    crowded = []
    for group in _groups(messages, xs):
        arrows = [_Arrow(message, xs) for message in group]
        active: list[_Arrow] = []
        for arrow in arrows:
            reach = arrow.message.ya - HEIGHT - NOTE_HEIGHT
            active = [other for other in active if other.message.yb > reach][-_MOST_NEIGHBOURS:]
            for other in active:
                other.meet(arrow)
            active.append(arrow)
        crowded += [arrow.message for arrow in arrows if not arrow.place_label()]
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
        a, b = message.a, message.b
        if a == b:
            message.middle = xs[a] + BEHIND + width_of(message) / 2
            continue
        message.middle = (xs[a] + xs[b]) / 2
        room = message.ya - lowest
        if previous is None or room >= HEIGHT + NOTE_HEIGHT or _apart(previous, message, room, xs):
            group = []
        else:
            if not group:
                group = [previous]
                groups.append(group)
            group.append(message)
        if message.yb > lowest:
            lowest = message.yb
        previous = message
    return groups


def _apart(above: Message, below: Message, room: int, xs: Sequence[int]) -> bool:
    """Whether an arrow that starts where the last one ended leaves room for its own label."""
    if above.b != below.a or above.a != below.b or room < 0:
        return False
    share = max(0.0, 0.5 - width_of(below) / 2 / abs(xs[below.b] - xs[below.a]))
    wedge = room + share * (below.yb - below.ya + above.yb - above.ya)
    return wedge >= HEIGHT + (NOTE_HEIGHT if above.note else 0)


class _Arrow:
    """A message with its ends in order from left to right, and what is in the way of its label.

    It is at height `y` at its left end, and `end` at its right one; `foot` is what its note takes.
    """

    __slots__ = ("blocked", "end", "foot", "half", "left", "message", "near", "right", "y")

    def __init__(self, message: Message, xs: Sequence[int]) -> None:
        self.message = message
        (self.left, self.y), (self.right, self.end) = sorted(
            [(xs[message.a], message.ya), (xs[message.b], message.yb)]
        )
        self.foot = NOTE_HEIGHT if message.note else 0
        self.half = width_of(message) / 2
        self.blocked: list[tuple[float, float]] = []
        self.near: list[_Arrow] = []  # of those before it

    def at(self, x: float) -> float:
        return self.y + (self.end - self.y) * (x - self.left) / (self.right - self.left)

    def meet(self, later: "_Arrow") -> None:
        """Note where this arrow and a later one are in the way of each other's labels."""
        left, right = self.left, self.right
        if left == later.left and right == later.right:
            at_left, at_right = float(later.y - self.y), float(later.end - self.end)
        else:
            left, right = max(left, later.left), min(right, later.right)
            if left >= right:
                return
            at_left, at_right = later.at(left) - self.at(left), later.at(right) - self.at(right)
        if at_left < HEIGHT + self.foot or at_right < HEIGHT + self.foot:
            self.block(left, right, at_left, at_right, -HEIGHT, self.foot or _AIR)
            later.block(left, right, -at_left, -at_right, -HEIGHT, later.foot or _AIR)
            later.near.append(self)

    def block(
        self, left: float, right: float, at_left: float, at_right: float, low: float, high: float
    ) -> None:
        """No label may be where, from `left` to `right`, something is `low` to `high` below."""
        start, end = left, right
        if at_left != at_right:
            per = (right - left) / (at_right - at_left)
            start, end = left + (low - at_left) * per, left + (high - at_left) * per
            if per < 0:
                start, end = end, start
            start, end = max(start, left), min(end, right)
        elif not low < at_left < high:
            return
        if start < end:
            self.blocked.append((start, end))

    def place_label(self) -> bool:
        """Find the free place that is nearest to the middle; whether there is any."""
        for other in self.near:
            left = max(other.message.middle - other.half, self.left)
            right = min(other.message.middle + other.half, self.right)
            if left < right:
                # Two labels meet where one's arrow is less than a line of text from the other's.
                at_left, at_right = other.at(left) - self.at(left), other.at(right) - self.at(right)
                low, high = -HEIGHT - other.foot, HEIGHT + self.foot
                self.block(left, right, at_left, at_right, low, high)
        middle, need = self.message.middle, self.half + _AIR
        places = [] if self.blocked else [middle]
        free_from = float(self.left)
        for start, end in [*sorted(self.blocked), (self.right, self.right)]:
            if start - free_from >= 2 * need:
                places.append(min(max(middle, free_from + need), start - need))
            free_from = max(free_from, end)
        if places:
            self.message.middle = min(places, key=lambda x: abs(x - middle))
            return True
        # At the sender at least, where arrows of one direction are well apart.
        need = min(need, (self.right - self.left) / 2)
        rightward = self.message.a < self.message.b
        self.message.middle = self.left + need if rightward else self.right - need
        return False
