"""Where on the page each moment is: time runs down, but not evenly.

A handshake takes milliseconds, the wait before a retransmission a second, TIME_WAIT four minutes.
So a picture to an even scale would be empty paper with specks of ink. Here later is always lower,
short times are to scale, longer ones grow with their logarithm, and a long time in which nothing
happens is cut out, visibly. Moments at one lifeline keep the distance that their labels need.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf, log
from operator import attrgetter
from typing import Any

from netlab.views.message import Band, Item, Message
from netlab.views.sides import Bracket, Note
from netlab.views.story import Story
from netlab.views.words import clock

BREAK = 34
"""The height of a cut in time."""
BAND_LINE = 19
"""From one line of a band to the next."""
_STEP = 32  # how far an arrow falls that is under way for the typical time
_ROW = 25  # from one arrow to the next in the same direction: a line of text fits between them
_LEAST_FALL = 12  # of an arrow that takes any time
_IN_ROW = 22  # from one arrival to the next: so arrows stay nearly parallel, and text fits between
_NOTE_ROW = 15  # what a note under an arrow takes
_TAG_ROW = 17  # from one state's name to the next
_REPLY = 16  # from the arrival of a frame to the sending of the next
_QUIET = 8  # nothing for longer than this many typical delays is cut out


@dataclass(slots=True)
class Break:
    """A time in which nothing happened, from `y` to `y + BREAK`, and what to say about it.

    `in_short` is what to say where a line of its own tells of the timer that fires then.
    """

    y: int
    words: str
    in_short: str


@dataclass(slots=True)
class Chart:
    """The time axis: where which time is, what was cut out, where it all ends."""

    ticks: dict[int, int] = field(default_factory=dict)  # y -> time in ns
    breaks: list[Break] = field(default_factory=list)
    bottom: int = 0
    now: int | None = None


class _Lifeline:
    """The last places taken at one lifeline. Index 0 is its left side, 1 its right."""

    __slots__ = ("last", "received", "sent", "tag", "waiting")

    def __init__(self, top: int) -> None:
        self.waiting: Note | None = None  # a state that what is sent next, at once, belongs to
        self.last = top
        self.sent = [-1000, -1000]
        self.received = [-1000, -1000]
        self.tag = -1000


_Placing = Callable[[Any, _Lifeline], int]
"""Gives something its place at a lifeline, and tells how far down that is."""
_Beside = tuple[int, int, _Placing, _Lifeline, Any, bool]
# (time, event, what gives it its place, where, what, whether its time is told)
_arrival = attrgetter("arrives")


def lay_out(story: Story, top: int, until: int | None) -> Chart:
    """Give every message, band, note and bracket its place, from `top` down."""
    return _Layout(story, top, until).run(story.items)


class _Layout:
    def __init__(self, story: Story, top: int, until: int | None) -> None:
        self._unit = story.unit
        self._until = until
        self._chart = Chart()
        self._start = self._lowest = top  # of this instant; of all
        self._time: int | None = None
        self._under_way = 0
        self._ticked, self._next_tick = -1, 0  # the time of the last tick; where the next may be
        self._lines = [_Lifeline(top) for _ in story.hosts]
        self._beside = self._all_beside(story)  # what is left of it, the last first
        self._pending = [b for it in story.sides.values() for b in it.brackets if b.fired is None]

    def run(self, items: Sequence[Item]) -> Chart:
        """Between two bands is a scene. Times start anew there, and what is under way has arrived."""
        scene: list[Message] = []
        still: list[Message] = []  # under way as the picture ends
        for item in items:
            if isinstance(item, Band):
                still += self._scene(scene, item.messages[0].frame.number)
                self._band(item)
                scene = []
            else:
                scene.append(item)
        still += self._scene(scene, inf)
        if self._until is not None:
            self._stop(self._until, still)
        self._chart.bottom = self._lowest + 16
        return self._chart

    def _all_beside(self, story: Story) -> list[_Beside]:
        found: list[_Beside] = []
        for host, line in zip(story.hosts, self._lines, strict=True):
            for note in story.sides[host].notes:
                event = -1 if note.held else note.event.number
                found.append((note.time, event, self._note, line, note, True))
            for bracket in story.sides[host].brackets:
                start, end = bracket.set, bracket.fired
                found.append((start.time, start.number, self._set, line, bracket, False))
                if end is not None:
                    found.append((end.time, end.number, self._fired, line, bracket, True))
        found.reverse()
        return sorted(found, key=lambda it: it[:2], reverse=True)

    # --- the flow of time -----------------------------------------------------------------------

    def _scene(self, messages: Sequence[Message], before: float) -> list[Message]:
        """Go through messages, and through what stands beside them up to the event `before`.

        Returns those that are still under way as the picture ends.
        """
        until = inf if self._until is None else self._until
        coming = sorted([it for it in messages if it.arrives > it.frame.time], key=_arrival)
        coming.reverse()  # what comes next is the last
        for message in messages:
            frame = message.frame
            self._catch_up(coming, frame.time, frame.number)
            self._place(frame.time, self._send, self._lines[message.a], message)
            if message.arrives <= frame.time:
                self._receive(message)
        self._catch_up(coming, until, before)
        return coming[::-1]

    def _catch_up(self, coming: list[Message], time: float, event: float) -> None:
        """Place what arrives up to a time, and what stands beside the lifelines before an event."""
        beside = self._beside
        while True:
            if beside and beside[-1][1] < event and beside[-1][0] <= time:
                if not coming or coming[-1].arrives > beside[-1][0]:
                    at, _, *what = beside.pop()
                    self._place(at, *what)
                    continue
            elif not coming or coming[-1].arrives > time:
                return
            self._receive(coming.pop())

    def _receive(self, message: Message) -> None:
        seen = message.reach == 1.0
        self._place(message.arrives, self._arrive, self._lines[message.b], message, seen)

    def _place(
        self, time: int, put: _Placing, line: _Lifeline, what: Any, seen: bool = True
    ) -> None:
        if time != self._time:
            self._advance(time, what)
        y = line.last = put(what, line)
        if y > self._lowest:
            self._lowest = y
        if seen and y >= self._next_tick and time > self._ticked:
            self._chart.ticks[y] = time
            self._ticked, self._next_tick = time, y + _TAG_ROW

    def _stop(self, until: int, still: Sequence[Message]) -> None:
        """Find the place of `until`; what is in flight then is drawn as if nothing else came."""
        if until != self._time:
            self._advance(until, min(self._pending, key=lambda timer: timer.due, default=None))
        now = max(self._lowest, self._start)
        for message in sorted(still, key=_arrival):
            self._receive(message)
            now = max(now, round(message.ya + message.reach * (message.yb - message.ya)))
        self._lowest = max(self._lowest, now)
        self._chart.now = now

    def _advance(self, time: int, awaited: object) -> None:
        before, self._time = self._time, time
        self._start = self._lowest
        if before is None or time <= before:
            return
        passed = time - before
        if passed > _QUIET * self._unit and not self._under_way:
            self._cut(time, passed, awaited)
        else:
            self._start += _fall(passed / self._unit)

    def _cut(self, time: int, passed: int, awaited: object) -> None:
        in_short = clock(passed)
        words = f"{in_short} in which nothing happens"
        fires = False
        if isinstance(awaited, Bracket) and awaited.set.time < time:
            fires = awaited.fired is not None
            timer = f"{awaited.set.host}'s {awaited.name} timer"
            words = f"{in_short} {f'until {timer} fires' if fires else f'while {timer} runs'}"
        y = self._lowest + 14
        self._chart.breaks.append(Break(y, words, in_short if fires else words))
        self._start = self._lowest = y + BREAK + 14

    # --- the place of each thing ------------------------------------------------------------------

    def _send(self, message: Message, line: _Lifeline) -> int:
        sent = message.frame.time
        side = message.b > message.a
        reply = _REPLY if message.arrives > sent else _ROW  # level arrows need room for their text
        y = max(self._start, line.received[side] + reply, line.sent[side] + _ROW) + message.extra
        state = line.waiting
        if state is not None:
            line.waiting = None
            if state.time == sent:
                y = state.y = line.tag = max(y, state.y)
        message.ya = y
        line.sent[side] = y + _NOTE_ROW if message.note else y
        self._under_way += 1
        return y

    def _arrive(self, message: Message, line: _Lifeline) -> int:
        side = message.a > message.b
        least = _LEAST_FALL if message.arrives > message.frame.time else 0
        y = max(self._start, message.ya + least, line.received[side] + _IN_ROW, line.sent[side] + 6)
        message.yb = y
        line.received[side] = y + _NOTE_ROW if message.note else y
        self._under_way -= 1
        return y

    def _note(self, note: Note, line: _Lifeline) -> int:
        note.y = line.tag = max(self._start, line.tag + _TAG_ROW, line.last)
        line.waiting = note if note.is_state and not note.held else None
        return note.y

    def _set(self, bracket: Bracket, line: _Lifeline) -> int:
        bracket.y_set = max(self._start, line.last)
        return bracket.y_set

    def _fired(self, bracket: Bracket, line: _Lifeline) -> int:
        bracket.y_fired = max(self._start, line.last)
        return bracket.y_fired

    def _band(self, band: Band) -> None:
        band.y = self._lowest + 16
        self._start = self._lowest = band.y + height_of(band) + 8
        self._time = None
        self._ticked = -1
        self._under_way = 0
        for line in self._lines:
            line.last = self._lowest
            line.sent = [self._lowest, self._lowest]


@lru_cache  # many frames take the same time
def _fall(units: float) -> int:
    """How far down a time is: to scale up to 1 unit, then with its logarithm."""
    return round(_STEP * (units if units <= 1 else 1 + log(units)))


def height_of(band: Band) -> int:
    """How much a band takes."""
    return BAND_LINE * len(band.lines) + 14
