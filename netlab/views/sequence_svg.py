"""The sequence diagram as SVG."""

from math import atan, degrees, hypot
from typing import TYPE_CHECKING

from netlab.views.labels import CHARACTER, NOTE_CHARACTER, STUB, place, reach_of, width_of
from netlab.views.message import Band, Message
from netlab.views.reading import DUPLICATE, LOST
from netlab.views.scale import BAND_LINE, BREAK, Chart, height_of, lay_out
from netlab.views.sequence_style import CSS_OF_MARK, STYLE
from netlab.views.sides_svg import draw_sides, widths_of
from netlab.views.story import Story, tell
from netlab.views.svg import document, escape
from netlab.views.theme import BASE
from netlab.views.words import clip, clock

if TYPE_CHECKING:
    from netlab.views.sequence import Sequence

_TIME_COLUMN = 100
_EDGE = 70  # half of a host's box
_NARROWEST, _WIDEST = 340, 620
_BESIDE_LABEL = 70  # what a label leaves free of its arrow
_SURE_TO_FIT = int((_NARROWEST - _BESIDE_LABEL) / CHARACTER)  # characters
_TWO = 480  # the least distance of two lifelines that are alone
_MOST_ADDRESSES = 3  # of one host
_TALL = 900  # from here on the names stand at the bottom too
_MOST_REASONS = 300  # above that, a page would be mostly text that nobody sees
_ROOM = 126  # in all, for labels that find no place otherwise, which get it bit by bit
_MORE_ROOM = 14
_MOST_CAREFUL = 500  # messages; in longer pictures nobody would see the difference
_TICK_ROOM = 14  # above the time that is now
_DOTS = "\N{MIDLINE HORIZONTAL ELLIPSIS}"


def draw(view: "Sequence") -> str:
    """The picture of what `view` shows."""
    story = tell(view)
    if not story.hosts:
        words = "Nothing has happened yet."
        text = f'<text class="nl-soft" x="8" y="24">{words}</text>'
        return document([text], 300, 40, BASE + STYLE, "sequence", words)
    return _Drawing(story, view).document()


class _Drawing:
    def __init__(self, story: Story, view: "Sequence") -> None:
        self._story = story
        self._view = view
        self._parts: list[str] = []
        self._texts: list[str] = []
        self._slopes: dict[tuple[int, int], _Slope] = {}
        self._selected = view.selected
        messages = [item for item in story.items if isinstance(item, Message)]
        self._with_reasons = len(messages) <= _MOST_REASONS
        self._xs, self._width = _columns(story, messages, view.until)
        for message in messages:
            if len(message.label) > _SURE_TO_FIT:
                between = abs(self._xs[message.a] - self._xs[message.b]) or _WIDEST
                room = between - _BESIDE_LABEL
                message.label = clip(message.label, int(room / CHARACTER))
        self._head = 34 + 16 * max((len(self._addresses(host)) for host in story.hosts), default=0)
        top = self._head + 42
        self._chart = lay_out(story, top, view.until)
        crowded = place(messages, self._xs)
        room = _ROOM if len(messages) <= _MOST_CAREFUL else 0
        while crowded and room >= len(crowded) * _MORE_ROOM:
            room -= len(crowded) * _MORE_ROOM
            for message in crowded:
                message.extra += _MORE_ROOM
            self._chart = lay_out(story, top, view.until)
            crowded = place(messages, self._xs)

    def document(self) -> str:
        chart = self._chart
        bottom = chart.bottom
        height = bottom + 14
        if bottom > _TALL:
            height += 50
        self._ticks(chart)
        self._lifelines(bottom)
        now = bottom if chart.now is None else chart.now
        until = self._view.until
        for x, host in zip(self._xs, self._story.hosts, strict=True):
            tags, _ = widths_of(self._story.sides, host, until)
            side = 1 if x == self._xs[-1] and len(self._xs) > 1 else -1
            self._parts.append(draw_sides(self._story.sides, host, x, side, tags, now, until))
        for cut in chart.breaks:
            self._break(cut.y, cut.words)
        if chart.now is not None:
            self._now(chart.now)
        add = self._parts.append
        for item in self._story.items:
            add(self._band(item) if isinstance(item, Band) else self._message(item))
        # All text stands above all arrows. It is said again in each frame's title.
        add(f'<g class="nl-texts" aria-hidden="true">{"".join(self._texts)}</g>')
        return document(
            self._parts, self._width, height, BASE + STYLE, "sequence", self._story.title
        )

    # --- the frame of it all --------------------------------------------------------------------

    def _lifelines(self, bottom: int) -> None:
        add = self._parts.append
        for x, host in zip(self._xs, self._story.hosts, strict=True):
            addresses = "".join(
                f'<text class="nl-address" x="{x}" y="{42 + 16 * row}">{escape(clip(line, 18))}</text>'
                for row, line in enumerate(self._addresses(host))
            )
            add(
                f'<line class="nl-life" x1="{x}" y1="{self._head}" x2="{x}" y2="{bottom}"/>'
                f'<g class="nl-host" data-host="{escape(host)}">'
                f'<rect x="{x - _EDGE}" y="4" width="{2 * _EDGE}" height="{self._head - 4}" rx="7"/>'
                f'<text class="nl-name" x="{x}" y="24">{escape(clip(host, 16))}</text>'
                f"{addresses}</g>"
            )
            if bottom > _TALL:
                add(
                    f'<g class="nl-host"><rect x="{x - _EDGE}" y="{bottom}" width="{2 * _EDGE}"'
                    f' height="32" rx="7"/><text class="nl-name" x="{x}" y="{bottom + 21}">'
                    f"{escape(clip(host, 16))}</text></g>"
                )

    def _addresses(self, host: str) -> list[str]:
        """A host's addresses, a line each; of many the first ones."""
        lines = self._story.addresses[host].split(", ") if self._story.addresses[host] else []
        return lines if len(lines) <= _MOST_ADDRESSES else [*lines[: _MOST_ADDRESSES - 1], "..."]

    def _ticks(self, chart: Chart) -> None:
        x, left, right = _TIME_COLUMN - 14, self._xs[0], self._xs[-1]
        ticks = [
            tick for tick in chart.ticks if chart.now is None or tick[0] < chart.now - _TICK_ROOM
        ]
        levels = "".join([f"M{left} {y}H{right}" for y, _ in ticks])
        self._parts.append(f'<path class="nl-level" d="{levels}"/>')
        self._parts.extend(
            [f'<text class="nl-tick" x="{x}" y="{y + 4}">{clock(time)}</text>' for y, time in ticks]
        )

    def _now(self, y: int) -> None:
        until = self._view.until
        assert until is not None
        self._parts.append(
            f'<line class="nl-now" x1="{_TIME_COLUMN - 8}" y1="{y}" x2="{self._xs[-1]}" y2="{y}"/>'
            f'<text class="nl-now-words" x="{_TIME_COLUMN - 14}" y="{y + 4}">'
            f"now {clock(until)}</text>"
        )

    def _break(self, y: int, words: str) -> None:
        add = self._parts.append
        for x in self._xs:
            add(
                f'<rect class="nl-gap" x="{x - 9}" y="{y + 6}" width="18" height="{BREAK - 12}"/>'
                f'<path class="nl-wave" d="M{x - 11} {y + 6}q5.5 -7 11 0t11 0'
                f'M{x - 11} {y + BREAK - 6}q5.5 -7 11 0t11 0"/>'
            )
        middle = (self._xs[0] + self._xs[-1]) // 2
        add(
            f'<text class="nl-break-words" x="{middle}" y="{y + BREAK // 2 + 4}">'
            f"{_DOTS} {escape(words)} {_DOTS}</text>"
        )

    def _band(self, band: Band) -> str:
        messages = band.messages
        ends = [end for message in messages for end in (message.a, message.b)]
        left, right = self._xs[min(ends)] + 14, self._xs[max(ends)] - 14
        middle = (left + right) // 2
        height = height_of(band)
        styles = [""] * (len(band.lines) - 1) + [' class="nl-soft"']
        lines = "".join(
            f'<text x="{middle}" y="{band.y + 20 + BAND_LINE * row}"{style}>'
            f"{escape(line.replace('->', chr(0x2192)))}</text>"
            for row, (line, style) in enumerate(zip(band.lines, styles, strict=True))
        )
        ids = " ".join([str(message.frame.id) for message in messages])
        title = escape("Folded: " + "; ".join(band.lines) + ".")
        chosen = any(message.frame.id == self._selected for message in messages)
        css = "nl-band nl-selected" if chosen else "nl-band"
        return (
            f'<g class="{css}" data-frames="{ids}" role="img" aria-label="{title}">'
            f'<rect x="{left}" y="{band.y}" width="{right - left}" height="{height}" rx="8"/>'
            f"{lines}</g>"
        )

    # --- arrows -----------------------------------------------------------------------------------

    def _message(self, message: Message) -> str:
        frame, reading = message.frame, message.reading
        xa, xb = self._ends(message)
        ya, yb = message.ya, message.yb
        reach = message.reach
        slope = self._slope(xb - xa, yb - ya)
        xe, ye = xb, yb
        if reach < 1.0:
            xe, ye = round(xa + reach * (xb - xa)), round(ya + reach * (yb - ya))
        line = f"M{xa} {ya}L{xe} {ye}"
        css, core = f"nl-frame nl-{reading.protocol.lower()}", ""
        for mark in reading.marks:
            css += f" nl-{CSS_OF_MARK[mark]}"
            if mark == DUPLICATE:
                core = f'<path class="nl-core" d="{line}"/>'
        if frame.id == self._selected:
            css += " nl-selected"
        if message.in_flight:
            css += " nl-in-flight"
            end = (
                f'<path class="nl-rest" d="M{xe} {ye}L{xb} {yb}"/>'
                f'<circle class="nl-dot" cx="{xe}" cy="{ye}" r="5"/>'
            )
        elif reach < 1.0:
            end = f'<path class="nl-cross" d="M{xe - 6} {ye - 6}l12 12m0 -12l-12 12"/>'
        else:
            end = f'<path class="nl-head" d="M{xe} {ye}{slope.head}"/>'
        self._label(message, xa, xb - xa, slope)
        if reading.marks:
            self._notes(message, css, xa, xb - xa, slope)
        return (
            f'<g class="{css}" data-frame="{frame.id}" role="img">'
            f"<title>{self._sentence(message)}</title>"
            f'<path class="nl-hit" d="{line}"/><path class="nl-line" d="{line}"/>{core}{end}</g>'
        )

    def _ends(self, message: Message) -> tuple[int, int]:
        """Where the arrow begins and ends: beside the lifelines, which may be as wide as a bar."""
        xa, xb = self._xs[message.a], self._xs[message.b]
        if message.a == message.b:
            return xa + 5, xa + STUB  # a host that sends to itself
        return (xa + 5, xb - 5) if xa < xb else (xa - 5, xb + 5)

    def _slope(self, dx: int, dy: int) -> "_Slope":
        slope = self._slopes.get((dx, dy))
        if slope is None:
            slope = self._slopes[dx, dy] = _Slope(dx, dy)
        return slope

    def _label(self, message: Message, xa: int, dx: int, slope: "_Slope") -> None:
        """The text along an arrow: it follows the slope, and never stands on its head."""
        x = round(message.middle)
        alone = message.a == message.b  # the label of one that goes nowhere stands behind it
        y = message.ya + (10 if alone else round(slope.per_step * (x - xa)))
        turn = "" if alone else slope.turn
        number = str(message.frame.id)
        words = message.label[len(number) + 1 :]
        cut = len(message.reading.head)
        self._texts.append(
            f'<text class="nl-label" y="-6" transform="translate({x} {y}){turn}">'
            f'<tspan class="nl-number">{number}</tspan> <tspan class="nl-flags">'
            f"{escape(words[:cut])}</tspan>{escape(words[cut:])}</text>"
        )

    def _notes(self, message: Message, css: str, xa: int, dx: int, slope: "_Slope") -> None:
        if message.a == message.b:
            slope = self._slope(dx, 0)
        for words, x, anchor in _notes(message, xa, dx):
            y = message.ya + slope.per_step * (x - xa)
            self._texts.append(
                f'<text class="nl-note {css[9:]}" style="text-anchor:{anchor}" y="16"'
                f' transform="translate({x:.0f} {y:.1f}){slope.turn}">{escape(words)}</text>'
            )

    def _sentence(self, message: Message) -> str:
        """What a frame is and what became of it, for a tooltip and a screen reader."""
        frame, reading = message.frame, message.reading
        if message.in_flight:
            fate = "still in flight"
        elif LOST in reading.marks:
            fate = "never arrived"
        else:
            fate = f"arrived at {clock(message.arrives)}"
        text = (
            f"Frame {frame.id}, {frame.host} to {frame.receiver}: {reading.protocol}"
            f" {reading.label}. Sent at {clock(frame.time)}, {fate}."
        )
        if message.note:
            text += f" {message.note[0].upper()}{message.note[1:]}."
        if frame.reason and self._with_reasons:
            text += f" {frame.reason}"
        return escape(text)


def _columns(story: Story, messages: list[Message], until: int | None) -> tuple[list[int], int]:
    """Where the lifelines stand, and how wide the whole picture is."""
    hosts, sides = story.hosts, story.sides

    def margin(host: str) -> int:
        return max(_EDGE + 6, 14 + sum(widths_of(sides, host, until)))

    longest = [0.0] * (len(hosts) - 1)
    edge = margin(hosts[-1])
    for message in messages:
        a, b = message.a, message.b
        if a == b:
            reach = min(_WIDEST, int(reach_of(message))) + 14
            if a == len(hosts) - 1:
                edge = max(edge, reach)
            else:
                longest[a] = max(longest[a], reach)
            continue
        gap = a if b - a == 1 else b
        if abs(b - a) == 1 and (message.note or len(message.label) * CHARACTER > longest[gap]):
            longest[gap] = max(longest[gap], width_of(message))
    least = _TWO if len(hosts) == 2 else _NARROWEST
    gaps = [max(least, min(_WIDEST, int(width) + _BESIDE_LABEL + 6)) for width in longest]
    xs = [_TIME_COLUMN + margin(hosts[0])]
    for gap in gaps:
        xs.append(xs[-1] + gap)
    return xs, xs[-1] + edge


def _notes(message: Message, xa: int, dx: int) -> list[tuple[str, float, str]]:
    """What is written below an arrow: the words, where, and which end of them stands there."""
    words = list(message.reading.marks.values())
    if message.a == message.b:
        return [(clip(message.note, int(_WIDEST / NOTE_CHARACTER)), message.middle, "middle")]
    if LOST not in message.reading.marks:
        return [(clip(", ".join(words), int(abs(dx) / NOTE_CHARACTER)), message.middle, "middle")]
    # How it was lost stands beside the cross, where the arrow would have gone on.
    lost = clip(words.pop(), int(abs(dx) / NOTE_CHARACTER))
    ahead = 1 if dx > 0 else -1
    cross = xa + message.reach * dx
    if len(lost) * NOTE_CHARACTER < abs(xa + dx - cross) - 10:
        notes = [(lost, cross + 10 * ahead, "start" if dx > 0 else "end")]
    else:
        notes = [(lost, xa + dx, "end" if dx > 0 else "start")]
    if words:
        before = clip(", ".join(words), int(abs(cross - xa) / NOTE_CHARACTER))
        notes.append((before, (xa + cross) / 2, "middle"))
    return notes


class _Slope:
    """What depends on an arrow's slope alone; most arrows of a picture have one in common."""

    __slots__ = ("head", "per_step", "turn")

    def __init__(self, dx: int, dy: int) -> None:
        length = hypot(dx, dy) or 1.0
        ux, uy = dx / length, dy / length
        self.per_step = dy / dx
        self.turn = f" rotate({degrees(atan(self.per_step)):.1f})" if dy else ""
        self.head = (
            f"l{-11 * ux - 4.5 * uy:.1f} {-11 * uy + 4.5 * ux:.1f}l{9 * uy:.1f} {-9 * ux:.1f}z"
        )
