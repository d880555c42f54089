"""The sequence diagram as SVG."""

from math import atan, degrees, hypot
from typing import TYPE_CHECKING

from netlab.views.labels import BEHIND, CHARACTER, NOTE_CHARACTER, STUB, place, width_of
from netlab.views.message import CSS_OF_MARK, Band, Mark, Message
from netlab.views.scale import BAND_LINE, BREAK, height_of, lay_out
from netlab.views.sides_svg import draw_side, widths_of
from netlab.views.story import Story, tell
from netlab.views.svg import document, escape, label
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
        return document([label(8, 24, words, "nl-soft")], 300, 40, "sequence", words)
    return _Drawing(story, view).document()


class _Drawing:
    def __init__(self, story: Story, view: "Sequence") -> None:
        self._story = story
        self._view = view
        self._texts: list[str] = []
        self._ways: dict[tuple[int, int, int], _Way] = {}
        messages = [item for item in story.items if isinstance(item, Message)]
        self._with_reasons = len(messages) <= _MOST_REASONS
        self._xs, self._width = _columns(story, messages, view.until)
        for message in [it for it in messages if len(it.label) > _SURE_TO_FIT]:
            between = abs(self._xs[message.a] - self._xs[message.b]) or _WIDEST
            message.label = clip(message.label, int((between - _BESIDE_LABEL) / CHARACTER))
        self._head = 34 + 16 * max(len(self._addresses(host)) for host in story.hosts)
        self._chart = lay_out(story, self._head + 42, view.until)
        crowded = place(messages, self._xs)
        room = _ROOM if len(messages) <= _MOST_CAREFUL else 0
        while crowded and room >= len(crowded) * _MORE_ROOM:
            room -= len(crowded) * _MORE_ROOM
            for message in crowded:
                message.extra += _MORE_ROOM
            self._chart = lay_out(story, self._head + 42, view.until)
            crowded = place(messages, self._xs)

    def document(self) -> str:
        story, chart, until = self._story, self._chart, self._view.until
        parts = [*self._ticks(), *self._lifelines()]
        now = chart.bottom if chart.now is None else chart.now
        for x, host in zip(self._xs, story.hosts, strict=True):
            side = 1 if x == self._xs[-1] and len(self._xs) > 1 else -1
            parts.append(draw_side(story.sides[host], x, side, now, until))
        parts += [self._break(cut.y, cut.words) for cut in chart.breaks]
        if chart.now is not None and until is not None:
            y = chart.now
            parts.append(
                f'<line class="nl-now" x1="{_TIME_COLUMN - 8}" y1="{y}" x2="{self._xs[-1]}" y2="{y}"/>'
            )
            parts.append(label(_TIME_COLUMN - 14, y + 4, f"now {clock(until)}", "nl-now-words"))
        message, band = self._message, self._band
        parts += [band(it) if isinstance(it, Band) else message(it) for it in story.items]
        # All text stands above all arrows. It is said again in each frame's title.
        parts += ['<g class="nl-texts" aria-hidden="true">', *self._texts, "</g>"]
        height = chart.bottom + (64 if chart.bottom > _TALL else 14)
        return document(parts, self._width, height, "sequence", story.title)

    # --- the frame of it all --------------------------------------------------------------------

    def _lifelines(self) -> list[str]:
        parts = []
        bottom, left, width = self._chart.bottom, -_EDGE, 2 * _EDGE
        for x, host in zip(self._xs, self._story.hosts, strict=True):
            name = clip(host, 16)
            parts.append(
                f'<line class="nl-life" x1="{x}" y1="{self._head}" x2="{x}" y2="{bottom}"/>'
                f'<g class="nl-host" data-host="{escape(host)}"><rect x="{x + left}" y="4"'
                f' width="{width}" height="{self._head - 4}" rx="7"/>{label(x, 24, name, "nl-name")}'
            )
            for row, address in enumerate(self._addresses(host)):
                parts.append(label(x, 42 + 16 * row, clip(address, 18), "nl-address"))
            parts.append("</g>")
            if bottom > _TALL:
                parts.append(
                    f'<g class="nl-host"><rect x="{x + left}" y="{bottom}" width="{width}"'
                    f' height="32" rx="7"/>{label(x, bottom + 21, name, "nl-name")}</g>'
                )
        return parts

    def _addresses(self, host: str) -> list[str]:
        """A host's addresses, a line each; of many the first ones."""
        lines = self._story.addresses[host].split(", ") if self._story.addresses[host] else []
        return lines if len(lines) <= _MOST_ADDRESSES else [*lines[: _MOST_ADDRESSES - 1], "..."]

    def _ticks(self) -> list[str]:
        x, left, right = _TIME_COLUMN - 14, self._xs[0], self._xs[-1]
        ticks, now = self._chart.ticks, self._chart.now
        if now is not None:
            ticks = {y: time for y, time in ticks.items() if y < now - _TICK_ROOM}
        levels = "".join([f"M{left} {y}H{right}" for y in ticks])
        return [
            f'<path class="nl-level" d="{levels}"/>',
            *[
                f'<text class="nl-tick" x="{x}" y="{y + 4}">{clock(at)}</text>'
                for y, at in ticks.items()
            ],
        ]

    def _break(self, y: int, words: str) -> str:
        cuts = "".join(
            f'<rect class="nl-gap" x="{x - 9}" y="{y + 6}" width="18" height="{BREAK - 12}"/>'
            f'<path class="nl-wave" d="M{x - 11} {y + 6}q5.5 -7 11 0t11 0'
            f'M{x - 11} {y + BREAK - 6}q5.5 -7 11 0t11 0"/>'
            for x in self._xs
        )
        middle = (self._xs[0] + self._xs[-1]) // 2
        words = f"{_DOTS} {words} {_DOTS}"
        return cuts + label(middle, y + BREAK // 2 + 4, words, "nl-break-words")

    def _band(self, band: Band) -> str:
        ends = [end for message in band.messages for end in (message.a, message.b)]
        left, right = self._xs[min(ends)] + 14, self._xs[max(ends)] - 14
        ids = [message.frame.id for message in band.messages]
        css = "nl-band nl-selected" if self._view.selected in ids else "nl-band"
        lines = "".join(
            label(
                (left + right) // 2,
                band.y + 20 + BAND_LINE * row,
                line.replace("->", "\N{RIGHTWARDS ARROW}"),
                "nl-soft" if row == len(band.lines) - 1 else "",
            )
            for row, line in enumerate(band.lines)
        )
        return (
            f'<g class="{css}" data-frames="{" ".join(map(str, ids))}" role="img"'
            f' aria-label="Folded: {escape("; ".join(band.lines))}.">'
            f'<rect x="{left}" y="{band.y}" width="{right - left}" height="{height_of(band)}"'
            f' rx="8"/>{lines}</g>'
        )

    # --- arrows -----------------------------------------------------------------------------------

    def _message(self, message: Message) -> str:
        frame = message.frame
        ya, yb = message.ya, message.yb
        way = self._ways.get((message.a, message.b, yb - ya)) or self._way(message)
        xa, xe, ye = way.xa, way.xb, yb
        css, core = f"nl-frame nl-{message.protocol.lower()}", ""
        if message.reach == 1.0:
            end = f'<path class="nl-head" d="M{xe} {ye}{way.head}"/>'
        else:
            xe, ye = round(xa + message.reach * (xe - xa)), round(ya + message.reach * (yb - ya))
            end = f'<path class="nl-cross" d="M{xe - 6} {ye - 6}l12 12m0 -12l-12 12"/>'
        line = f"M{xa} {ya}L{xe} {ye}"
        for mark in message.marks:
            css += f" nl-{CSS_OF_MARK[mark]}"
            if mark == Mark.DUPLICATE:
                core = f'<path class="nl-core" d="{line}"/>'
        if frame.id == self._view.selected:
            css += " nl-selected"
        if message.in_flight:
            css += " nl-in-flight"
            end = (
                f'<path class="nl-rest" d="M{xe} {ye}L{way.xb} {yb}"/>'
                f'<circle class="nl-dot" cx="{xe}" cy="{ye}" r="5"/>'
            )
        # The label follows the slope, and never stands on its head.
        x = round(message.middle)
        y = ya + (way.beside or round(way.per_step * (x - xa)))
        number, _, words = escape(message.label).partition(" ")
        cut = len(message.head)  # which holds nothing to be escaped
        self._texts.append(
            f'<text class="nl-label" y="-6" transform="translate({x} {y}){way.turn}">'
            f'<tspan class="nl-number">{number}</tspan> <tspan class="nl-flags">'
            f"{words[:cut]}</tspan>{words[cut:]}</text>"
        )
        if message.marks:
            self._notes(message, css, way)
        return (
            f'<g class="{css}" data-frame="{number}" role="img">'
            f"<title>{self._sentence(message)}</title>"
            f'<path class="nl-hit" d="{line}"/><path class="nl-line" d="{line}"/>{core}{end}</g>'
        )

    def _way(self, message: Message) -> "_Way":
        key = (message.a, message.b, message.yb - message.ya)
        way = self._ways[key] = _Way(self._xs[message.a], self._xs[message.b], key[2])
        return way

    def _notes(self, message: Message, css: str, way: "_Way") -> None:
        for words, x, anchor in _notes(message, way.xa, way.xb - way.xa):
            y = message.ya + (0 if way.beside else way.per_step * (x - way.xa))
            self._texts.append(
                f'<text class="nl-note {css[9:]}" style="text-anchor:{anchor}" y="16"'
                f' transform="translate({x:.0f} {y:.1f}){way.turn}">{escape(words)}</text>'
            )

    def _sentence(self, message: Message) -> str:
        """What a frame is and what became of it, for a tooltip and a screen reader."""
        frame = message.frame
        if message.reach == 1.0:
            fate = f"arrived at {clock(message.arrives)}"
        else:
            fate = "still in flight" if message.in_flight else "never arrived"
        note = f" {message.note[0].upper()}{message.note[1:]}." if message.note else ""
        why = f" {frame.reason}" if self._with_reasons and frame.reason else ""
        return escape(
            f"Frame {frame.id}, {frame.host} to {frame.receiver}: {message.protocol} {message.head}"
            f"{message.rest and ' '}{message.rest}. Sent at {clock(frame.time)}, {fate}.{note}{why}"
        )


def _columns(story: Story, messages: list[Message], until: int | None) -> tuple[list[int], int]:
    """Where the lifelines stand, and how wide the whole picture is."""
    hosts = story.hosts
    left, right = (
        max(_EDGE + 6, 14 + sum(widths_of(story.sides[host], until)))
        for host in (hosts[0], hosts[-1])
    )
    longest = [0.0] * len(hosts)  # of the labels right of each lifeline
    for a, b, width in {(it.a, it.b, width_of(it)) for it in messages}:
        gap = min(a, b)
        if a == b:
            longest[gap] = max(longest[gap], min(_WIDEST, int(BEHIND + width)) + 14)
        elif abs(b - a) == 1:
            longest[gap] = max(longest[gap], width)
    least = _TWO if len(hosts) == 2 else _NARROWEST
    xs = [_TIME_COLUMN + left]
    for width in longest[:-1]:
        xs.append(xs[-1] + max(least, min(_WIDEST, int(width) + _BESIDE_LABEL + 6)))
    return xs, xs[-1] + max(right, int(longest[-1]))


def _notes(message: Message, xa: int, dx: int) -> list[tuple[str, float, str]]:
    """What is written below an arrow: the words, where, and which end of them stands there."""
    marks = message.marks
    if message.a == message.b:
        return [(clip(message.note, int(_WIDEST / NOTE_CHARACTER)), message.middle, "middle")]
    if Mark.LOST not in marks:
        return [(clip(message.note, int(abs(dx) / NOTE_CHARACTER)), message.middle, "middle")]
    # How it was lost stands beside the cross, where the arrow would have gone on.
    lost = clip(marks[Mark.LOST], int(abs(dx) / NOTE_CHARACTER))
    ahead = 1 if dx > 0 else -1
    cross = xa + message.reach * dx
    near, far = ("start", "end") if dx > 0 else ("end", "start")
    if len(lost) * NOTE_CHARACTER < abs(xa + dx - cross) - 10:
        notes = [(lost, cross + 10 * ahead, near)]
    else:
        notes = [(lost, xa + dx, far)]
    others = ", ".join(words for mark, words in marks.items() if mark != Mark.LOST)
    if others:
        room = int(abs(cross - xa) / NOTE_CHARACTER)
        notes.append((clip(others, room), (xa + cross) / 2, "middle"))
    return notes


class _Way:
    """What arrows from one lifeline to another have in common that fall equally far, as most do.

    It begins and ends beside the lifelines, which may be as wide as a bar.
    """

    __slots__ = ("beside", "head", "per_step", "turn", "xa", "xb")

    def __init__(self, xa: int, xb: int, fall: int) -> None:
        if xa == xb:  # a host that sends to itself: the label stands behind the arrow
            self.xa, self.xb, self.beside = xa + 5, xa + STUB, 10
        else:
            ahead = 5 if xa < xb else -5
            self.xa, self.xb, self.beside = xa + ahead, xb - ahead, 0
        dx = self.xb - self.xa
        length = hypot(dx, fall)
        ux, uy = dx / length, fall / length
        self.per_step = fall / dx
        turned = fall and not self.beside
        self.turn = f" rotate({degrees(atan(self.per_step)):.1f})" if turned else ""
        self.head = (
            f"l{-11 * ux - 4.5 * uy:.1f} {-11 * uy + 4.5 * ux:.1f}l{9 * uy:.1f} {-9 * ux:.1f}z"
        )
