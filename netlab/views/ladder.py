"""The sequence diagram in plain characters, for a terminal, a screen reader, a test.

One row is one frame, in the order of sending. The strokes of its arrow tell what became of it:

    ----->  arrived       =====>  a retransmission     ~~~~~>  late, or delayed
    --X     lost          ##### > a duplicate          ****>   corrupted           --o..  in flight
"""

import textwrap
from typing import TYPE_CHECKING

from netlab.sim.recording import Event
from netlab.views.message import Band, Mark, Message
from netlab.views.scale import Break, lay_out
from netlab.views.sides import Bracket, Note
from netlab.views.story import Story, tell
from netlab.views.words import clip, clock

if TYPE_CHECKING:
    from netlab.views.sequence import Sequence

WIDTH = 100
_TIME = 14
_SIDE = 13
_EDGE = 10  # where nothing stands beside the last lifeline: half of its name
_NARROWEST, _WIDEST = 22, 60
_ALONE = 64  # right of a lifeline that is the only one
_STROKES = {
    Mark.RETRANSMISSION: "=",
    Mark.DUPLICATE: "#",
    Mark.LATE: "~",
    Mark.DELAYED: "~",
    Mark.CORRUPTED: "*",
}

_Thing = Message | Band | Break | Note | Bracket


def write(view: "Sequence") -> str:
    """What `view` shows, as lines of text."""
    story = tell(view)
    chart = lay_out(story, 0, view.until)
    if not story.hosts:
        return "Nothing has happened yet."
    rows: list[tuple[int, int, _Thing]] = [(cut.y, 0, cut) for cut in chart.breaks]
    rows += [(it.y, 0, it) if isinstance(it, Band) else (it.ya, 3, it) for it in story.items]
    for side in story.sides.values():
        rows += [(note.y, 2, note) for note in side.notes]
        rows += [(bracket.y_fired, 1, bracket) for bracket in side.brackets if bracket.fired]
    ladder = _Ladder(story)
    for _, _, what in sorted(rows, key=lambda row: row[:2]):
        ladder.add(what)
    ladder.end(view.until)
    return "\n".join(line.rstrip() for line in ladder.lines)


class _Ladder:
    """Writes row by row. What stands beside a lifeline waits for a row of the same time."""

    def __init__(self, story: Story) -> None:
        self._story = story
        hosts = story.hosts
        left = _SIDE if story.sides[hosts[0]].notes else 2
        right = _SIDE if story.sides[hosts[-1]].notes else _EDGE
        lanes = max(1, len(hosts) - 1)
        lane = max(_NARROWEST, min(_WIDEST, (WIDTH - _TIME - left - right) // lanes))
        self._columns = [_TIME + left + lane * index for index in range(len(hosts))]
        self._lane = lane
        self._edge = self._columns[-1] + right
        self._span = (self._columns[0], self._columns[-1] + (_ALONE if len(hosts) == 1 else 0))
        self.lines: list[str] = []
        self._beside: dict[int, str] = {}  # lifeline -> what waits to be written beside it
        self._words = ""  # what waits to be written between them
        self._time: int | None = None  # since when they wait
        self._written: int | None = None  # the last time that was written
        self._head()

    def add(self, what: _Thing) -> None:
        if isinstance(what, Message):
            self._message(what)
        elif isinstance(what, Note):
            self._note(what)
        elif isinstance(what, Bracket):
            if what.fired is not None:
                self._fired(what, what.fired)
        elif isinstance(what, Band):
            self._flush()
            self._between(what.lines, ":", "[]")
        else:
            self._flush()
            self._between([f"... {what.in_short} ..."], ":")

    def end(self, until: int | None) -> None:
        self._flush()
        if until is None:
            return
        self._row(until, "now")
        for side in self._story.sides.values():
            for bracket in side.brackets:
                if bracket.fired is None:
                    left = clock(bracket.due - until)
                    self._row(until, f"({bracket.set.host}'s {bracket.name} timer: {left} left)")

    # --- kinds of rows ----------------------------------------------------------------------------

    def _head(self) -> None:
        for texts in (self._story.hosts, [self._story.addresses[h] for h in self._story.hosts]):
            line = [" "] * self._edge
            for column, text in zip(self._columns, texts, strict=True):
                text = clip(text, min(self._lane - 2, 2 * min(column, self._edge - column) - 1))
                start = column - len(text) // 2
                line[start : start + len(text)] = text
            self.lines.append("".join(line))

    def _note(self, note: Note) -> None:
        index = self._story.hosts.index(note.event.host)
        if self._time != note.time or index in self._beside:
            self._flush()
        self._time = note.time
        self._beside[index] = note.text

    def _fired(self, bracket: Bracket, fired: Event) -> None:
        self._flush()
        self._time = fired.time
        after = clock(fired.time - bracket.set.time)
        self._words = f"({fired.host}'s {bracket.name} timer fires after {after})"

    def _message(self, message: Message) -> None:
        frame = message.frame
        if self._time != frame.time or self._words:
            self._flush()
        beside, self._beside = self._beside, {}
        line = self._line(frame.time, beside)
        left, right = sorted((self._columns[message.a], self._columns[message.b]))
        if left == right:  # a host that sends to itself
            right = left + (_ALONE if len(self._columns) == 1 else self._lane)
        notes = [words for mark, words in message.marks.items() if mark != Mark.LOST]
        if not message.in_flight and {Mark.LATE, Mark.DELAYED} & message.marks.keys():
            notes.append(f"arrives at {clock(message.arrives)}")
        arrow, lost = _arrow(message, right - left - 1)
        line[left + 1 : right] = arrow
        self._write(line)
        notes.extend(lost)
        room = right - left - 3
        lines = [line for note in notes for line in textwrap.wrap(f"({note})", room)]
        self._between(lines, "|", span=(left, right))

    # --- writing ----------------------------------------------------------------------------------

    def _write(self, line: list[str]) -> None:
        self.lines.append("".join(line))

    def _flush(self) -> None:
        if (self._beside or self._words) and self._time is not None:
            self._row(self._time, self._words)

    def _row(self, time: int, words: str) -> None:
        line = self._line(time, self._beside)
        self._centre(line, words, self._span)
        self._beside, self._words = {}, ""
        self._write(line)

    def _line(self, time: int | None, beside: dict[int, str], life: str = "|") -> list[str]:
        """A row with the time, the lifelines, and what stands beside them."""
        line = [" "] * (max(WIDTH, self._columns[-1]) + 2 * _SIDE)
        if time is not None and time != self._written:
            line[:_TIME] = f"{clock(time):>{_TIME - 1}} "
            self._written = time
        for column in self._columns:
            line[column] = life
        for index, text in beside.items():
            column = self._columns[index]
            if index == 0:
                line[column - len(text) - 1 : column - 1] = text
            else:
                line[column + 2 : column + 2 + len(text)] = text
        return line

    def _between(
        self, lines: list[str], life: str, edges: str = "", span: tuple[int, int] | None = None
    ) -> None:
        """Rows with words in the middle, between `edges`; the lifelines are made of `life`."""
        left, right = span or self._span
        room = right - left - 3 - len(edges)
        for words in lines:
            words = clip(words, room)
            if edges:
                words = f"{edges[0]}{words:^{room}}{edges[1]}"
            line = self._line(None, {}, life)
            self._centre(line, words, (left, right))
            self._write(line)

    def _centre(self, line: list[str], words: str, span: tuple[int, int]) -> None:
        left, right = span
        words = clip(words, right - left - 3)
        start = left + 1 + (right - left - 1 - len(words)) // 2
        line[start : start + len(words)] = words


def _arrow(message: Message, room: int) -> tuple[str, list[str]]:
    """The arrow in `room` characters, and what found no place beside its cross."""
    marks = message.marks
    stroke = next((_STROKES[mark] for mark in marks if mark in _STROKES), "-")
    label = clip(message.label, room - 8)
    lost = marks.get(Mark.LOST, "")
    overflow = [lost] if lost else []
    head = "o" if message.in_flight else "X" if lost else ">"
    if message.a == message.b:
        return f"{stroke * 2}{head} {label}".ljust(room), overflow
    strokes, rest = stroke * 2, ""
    if message.in_flight:
        rest = "." * (room - len(label) - 8)
    elif not lost:
        strokes = stroke * (room - len(label) - 5)
    elif len(label) + 8 + len(lost) < room:
        rest, overflow = lost, []
    if message.a < message.b:
        return f"{stroke * 2} {label} {strokes}{head} {rest}".rstrip().ljust(room), overflow
    # From right to left the strokes are turned around, the words are not.
    head = head.replace(">", "<")
    return f"{rest} {head}{strokes} {label} {stroke * 2}".lstrip().rjust(room), overflow
