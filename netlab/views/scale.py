"""Where on the page each moment is: time runs down, but not evenly.

A handshake takes milliseconds, the wait before a retransmission a second, TIME_WAIT four minutes.
So a picture to an even scale would be empty paper with specks of ink. Here later is always lower,
short times are to scale, longer ones grow with their logarithm, and a long time in which nothing
happens is cut out, visibly. Moments at one lifeline keep the distance that their labels need.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any

from netlab.views.message import Band, Message
from netlab.views.sides import Bracket, Note
from netlab.views.story import Story
from netlab.views.words import clock

STEP = 32
"""How far an arrow falls that is under way for the typical time."""
ROW = 25
"""From one arrow to the next in the same direction: a line of text fits between them."""
LEAST_FALL = 12
"""Of an arrow that takes any time."""
IN_ROW = 22
"""From one arrival to the next: so arrows stay nearly parallel, and the text between them fits."""
NOTE_ROW = 15
"""What a note under an arrow takes."""
TAG_ROW = 17
"""From one state's name to the next."""
REPLY = 16
"""From the arrival of a frame to the sending of the next."""
BREAK = 34
"""The height of a cut in time."""
BAND_LINE = 19
QUIET = 8
"""Nothing for longer than this many typical delays is cut out."""


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

    ticks: list[tuple[int, int]] = field(default_factory=list)  # y, time in ns
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
_Moment = tuple[int, int, float, int, _Placing, _Lifeline, Any, bool]
# (scene, time, rank at that time, running number, what gives it its place, where, what, ticked)


def lay_out(story: Story, top: int, until: int | None) -> Chart:
    """Give every message, band, note and bracket its place, from `top` down."""
    return _Layout(len(story.hosts), story.unit, top).run(story, until)


class _Layout:
    def __init__(self, lifelines: int, unit: int, top: int) -> None:
        self._unit = unit
        self._chart = Chart()
        self._start = self._lowest = top  # of this instant; of all
        self._time: int | None = None
        self._under_way = 0
        self._ticked, self._next_tick = -1, 0  # the time of the last tick; where the next may be
        self._lines = [_Lifeline(top) for _ in range(lifelines)]

    def run(self, story: Story, until: int | None) -> Chart:
        moments = self._moments(story)
        bands = [item for item in story.items if isinstance(item, Band)]
        to_come = []
        if until is not None:
            to_come = [moment for moment in moments if moment[1] > until]
            moments = [moment for moment in moments if moment[1] <= until]
        scene = 0
        for moment in moments:
            while scene < moment[0]:
                self._band(bands[scene])
                scene += 1
            self._place(moment, moment[6])
        for band in bands[scene:]:
            self._band(band)
        if until is not None:
            self._stop(until, story, to_come)
        self._chart.bottom = self._lowest + 16
        return self._chart

    def _moments(self, story: Story) -> list[_Moment]:
        """All moments in order. A band ends one scene and begins the next; times start anew there."""
        moments: list[_Moment] = []
        starts: list[int] = []  # the events with which bands begin
        lines, send, arrive = self._lines, self._send, self._arrive
        for item in story.items:
            if isinstance(item, Band):
                starts.append(item.messages[0].frame.number)
                continue
            scene, event, sent = len(starts), item.frame.number, item.frame.time
            number = len(moments)
            moments.append((scene, sent, event, number, send, lines[item.a], item, True))
            # What arrives comes before what is sent in answer, at the same instant.
            rank = -1.0 if item.arrives > sent else event + 0.5
            seen, line = item.reach == 1.0, lines[item.b]
            number += 1
            moments.append((scene, item.arrives, rank, number, arrive, line, item, seen))

        def add(event: int, time: int, place: _Placing, line: _Lifeline, what: object) -> None:
            scene = sum(start < event for start in starts)
            ticked = place != self._set
            moments.append((scene, time, event, len(moments), place, line, what, ticked))

        for host, line in zip(story.hosts, lines, strict=True):
            for note in story.sides[host].notes:
                add(-1 if note.held else note.event.number, note.time, self._note, line, note)
            for bracket in story.sides[host].brackets:
                add(bracket.set.number, bracket.set.time, self._set, line, bracket)
                if bracket.fired is not None:
                    add(bracket.fired.number, bracket.fired.time, self._fired, line, bracket)
        moments.sort()  # no two have the same number, so what happened is never compared
        return moments

    def _stop(self, until: int, story: Story, to_come: Sequence[_Moment]) -> None:
        """Find the place of `until`; what is in flight then is drawn as if nothing else came."""
        brackets = [b for side in story.sides.values() for b in side.brackets if b.fired is None]
        if until != self._time:
            self._advance(until, min(brackets, key=lambda bracket: bracket.due, default=None))
        now = max(self._lowest, self._start)
        for moment in to_come:
            self._place(moment, None)
            message = moment[6]
            now = max(now, round(message.ya + message.reach * (message.yb - message.ya)))
        self._lowest = max(self._lowest, now)
        self._chart.now = now

    # --- the flow of time -----------------------------------------------------------------------

    def _place(self, moment: _Moment, awaited: object) -> None:
        _, time, _, _, place, line, what, seen = moment
        if time != self._time:
            self._advance(time, awaited)
        y = place(what, line)
        line.last = y
        if y > self._lowest:
            self._lowest = y
        if seen and time > self._ticked and y >= self._next_tick:
            self._chart.ticks.append((y, time))
            self._ticked, self._next_tick = time, y + TAG_ROW

    def _advance(self, time: int, awaited: object) -> None:
        before, self._time = self._time, time
        self._start = self._lowest
        if before is None or time <= before:
            return
        passed = time - before
        ratio = passed / self._unit
        if ratio > QUIET and not self._under_way:
            self._cut(time, passed, awaited)
        else:
            self._start += round(STEP * (ratio if ratio <= 1 else 1 + log(ratio)))

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
        side = 1 if message.b > message.a else 0
        reply = REPLY if message.arrives > sent else ROW  # level arrows need room for their text
        y = max(self._start, line.received[side] + reply, line.sent[side] + ROW) + message.extra
        state = line.waiting
        if state is not None:
            if state.time == sent:
                y = state.y = line.tag = max(y, state.y)
            line.waiting = None
        message.ya = y
        line.sent[side] = y + NOTE_ROW if message.note else y
        self._under_way += 1
        return y

    def _arrive(self, message: Message, line: _Lifeline) -> int:
        side = 1 if message.a > message.b else 0
        least = LEAST_FALL if message.arrives > message.frame.time else 0
        y = max(self._start, message.ya + least, line.received[side] + IN_ROW, line.sent[side] + 6)
        message.yb = y
        line.received[side] = y + NOTE_ROW if message.note else y
        self._under_way -= 1
        return y

    def _note(self, note: Note, line: _Lifeline) -> int:
        note.y = line.tag = max(self._start, line.tag + TAG_ROW, line.last)
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


def height_of(band: Band) -> int:
    """How much a band takes."""
    return BAND_LINE * len(band.lines) + 14
