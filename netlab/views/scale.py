"""Where on the page each moment is: time runs down, but not evenly.

A handshake takes milliseconds, the wait before a retransmission a second, TIME_WAIT four minutes.
So a picture to an even scale would be empty paper with specks of ink. Here later is always lower,
short times are to scale, longer ones grow with their logarithm, and a long time in which nothing
happens is cut out, visibly. Moments at one lifeline keep the distance that their labels need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import log

from netlab.sim.recording import Event
from netlab.views.message import Band, Message
from netlab.views.sides import Bracket, Note, Sides
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

_ARRIVE, _SEND, _NOTE, _SET, _FIRED = range(5)
_Moment = tuple[int, int, float, int, int, int, Message | Note | Bracket]
# (scene, time, rank at that time, running number, kind, lifeline, what)


@dataclass(slots=True)
class Break:
    """A time in which nothing happened, from `y` to `y + BREAK`, and what to say about it."""

    y: int
    words: str
    passed: int
    timer_fires: bool


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


def lay_out(story: Story, top: int, until: int | None) -> Chart:
    """Give every message, band, note and bracket its place, from `top` down."""
    layout = _Layout(len(story.hosts), story.unit, top)
    return layout.run(story, until)


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
        moments, bands = _moments(story)
        to_come = []
        if until is not None:
            to_come = [moment for moment in moments if moment[1] > until]
            moments = [moment for moment in moments if moment[1] <= until]
        scene = 0
        for moment in moments:
            while scene < moment[0]:
                self._band(bands[scene])
                scene += 1
            if moment[1] != self._time:
                self._advance(moment[1], moment[6] if moment[4] == _FIRED else None)
            self._place(moment)
        for band in bands[scene:]:
            self._band(band)
        if until is not None:
            self._stop(until, story.sides, to_come)
        self._chart.bottom = self._lowest + 16
        return self._chart

    def _stop(self, until: int, sides: Sides, to_come: Sequence[_Moment]) -> None:
        """Find the place of `until`; what is in flight then is drawn as if nothing else came."""
        pending = [b for brackets in sides.brackets.values() for b in brackets if b.fired is None]
        if until != self._time:
            self._advance(until, min(pending, key=_due, default=None))
        now = max(self._lowest, self._start)
        for moment in to_come:
            if moment[1] != self._time:
                self._advance(moment[1], None)
            self._place(moment)
            message = moment[6]
            assert isinstance(message, Message)
            now = max(now, round(message.ya + message.reach * (message.yb - message.ya)))
        self._lowest = max(self._lowest, now)
        self._chart.now = now

    # --- the flow of time -----------------------------------------------------------------------

    def _fall(self, time_ns: int) -> int:
        """How far down `time_ns` is."""
        ratio = time_ns / self._unit
        return round(STEP * (ratio if ratio <= 1 else 1 + log(ratio)))

    def _advance(self, time: int, awaited: object) -> None:
        if self._time is not None and time > self._time:
            passed = time - self._time
            if passed > QUIET * self._unit and not self._under_way:
                self._cut(passed, awaited)
            else:
                self._start = self._lowest + self._fall(passed)
        else:
            self._start = self._lowest
        self._time = time

    def _cut(self, passed: int, awaited: object) -> None:
        how_long = clock(passed)
        words, fires = f"{how_long} in which nothing happens", False
        if isinstance(awaited, Bracket):
            fires = awaited.fired is not None
            timer = f"{awaited.set.host}'s {awaited.name} timer"
            words = f"{how_long} {f'until {timer} fires' if fires else f'while {timer} runs'}"
        y = self._lowest + 14
        self._chart.breaks.append(Break(y, words, passed, fires))
        self._start = self._lowest = y + BREAK + 14

    def _place(self, moment: _Moment) -> None:
        _, time, _, _, kind, index, what = moment
        line = self._lines[index]
        seen = kind != _SET
        if isinstance(what, Message):
            if kind == _SEND:
                y = self._send(what, line)
            else:
                y = self._arrive(what, line)
                seen = what.reach == 1.0
        elif isinstance(what, Note):
            y = what.y = line.tag = max(self._start, line.tag + TAG_ROW, line.last)
            line.waiting = what if what.is_state and not what.held else None
        elif kind == _SET:
            y = what.y_set = max(self._start, line.last)
        else:
            y = what.y_fired = max(self._start, line.last)
        line.last = y
        if y > self._lowest:
            self._lowest = y
        if seen and time > self._ticked and y >= self._next_tick:
            self._chart.ticks.append((y, time))
            self._ticked, self._next_tick = time, y + TAG_ROW

    def _send(self, message: Message, line: _Lifeline) -> int:
        sent = message.frame.time
        side = 1 if message.b > message.a else 0
        reply = REPLY if message.arrives > sent else ROW  # level arrows need room for their text
        y = max(self._start, line.received[side] + reply, line.sent[side] + ROW) + message.extra
        state = line.waiting
        if state is not None and state.time == sent:
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


def _moments(story: Story) -> tuple[list[_Moment], list[Band]]:
    """All moments in order. A band ends one scene and begins the next; times start anew there."""
    moments: list[_Moment] = []
    bands: list[Band] = []
    number = 0
    for item in story.items:
        if isinstance(item, Band):
            bands.append(item)
            continue
        scene, event, sent = len(bands), item.frame.number, item.frame.time
        moments.append((scene, sent, event, number, _SEND, item.a, item))
        # What arrives comes before what is sent in answer, at the same instant.
        rank = -1.0 if item.arrives > sent else event + 0.5
        moments.append((scene, item.arrives, rank, number + 1, _ARRIVE, item.b, item))
        number += 2
    moments.extend(_beside(story, [band.messages[0].frame.number for band in bands], number))
    moments.sort()  # no two have the same number, so what happened is never compared
    return moments, bands


def _beside(story: Story, band_starts: Sequence[int], number: int) -> Iterator[_Moment]:
    """The moments of what stands beside the lifelines."""
    for index, host in enumerate(story.hosts):
        found: list[tuple[int, Event, int, Note | Bracket]] = [
            (note.time, note.event, _NOTE, note) for note in story.sides.notes[host]
        ]
        for bracket in story.sides.brackets[host]:
            found.append((bracket.set.time, bracket.set, _SET, bracket))
            if bracket.fired is not None:
                found.append((bracket.fired.time, bracket.fired, _FIRED, bracket))
        for time, event, kind, what in found:
            held = isinstance(what, Note) and what.held
            scene = 0 if held else sum(start < event.number for start in band_starts)
            yield (scene, time, -1 if held else event.number, number, kind, index, what)
            number += 1


def _due(bracket: Bracket) -> int:
    return bracket.due
