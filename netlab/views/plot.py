"""Quantities over time: congestion window, timeout, whatever the events of a record tell of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log10

from netlab.errors import ConfigurationError
from netlab.trace.trace import Trace, name_of
from netlab.views.svg import document, escape, label
from netlab.views.table import Table
from netlab.views.view import Picture
from netlab.views.words import clock, count

ROWS = 40
"""How many changes the text lists."""
_FIELDS = {"window": "snd_wnd"}  # where the record has another name for it
_TIMES = frozenset({"rto", "srtt", "rttvar"})
_SIZES = frozenset({"cwnd", "ssthresh", "snd_wnd"})
_NO_LIMIT = 1 << 30  # so many bytes stand for none: what congestion control begins with
_LEVELS = " ▁▂▃▄▅▆▇█"  # none yet, then low to high
_SLICES = 60  # characters of a line in the text
_MOST_DOTS = 300  # above that, a page would be mostly reasons that nobody sees
_WIDTH, _HEIGHT = 760, 240
_LEFT, _RIGHT = 84, 24
_LEGEND = 20  # the height of a line of the legend


@dataclass(slots=True)
class Line:
    """One quantity at one place: when it changed (ns), to which value, and why."""

    label: str
    points: list[tuple[int, float, str]] = field(default_factory=list)


class Plot(Picture):
    """Quantities that events tell of, over time, in steps: a value holds until the next is told.

    `names` are "cwnd", "ssthresh", "window" (what the other side takes), "rto", "srtt", "rttvar",
    or the name of any field of events that holds numbers; times and sizes don't go together. Each
    connection has a line of its own; `host` (or its name) and `connection` (its label at that host)
    pick from them.

    Raises `ConfigurationError` for quantities that don't go together, and when it is shown for one
    that no event tells of.
    """

    def __init__(
        self,
        trace: Trace,
        names: Sequence[str],
        host: object = None,
        connection: str | None = None,
    ) -> None:
        self.trace = trace
        self.names = tuple(names)
        self.host = None if host is None else name_of(host)
        self.connection = connection
        fields = {_FIELDS.get(name, name) for name in self.names}
        self._times = fields <= _TIMES
        if not fields or (fields & _TIMES and not self._times):
            raise ConfigurationError(
                "expected the names of quantities to plot, all of them times or none; got"
                f" {', '.join(self.names) or 'nothing'}"
            )
        self.title = ", ".join(self.names) + (" in bytes" if fields <= _SIZES else "")

    def lines(self) -> list[Line]:
        """What there is to draw. A value that is told again is no change."""
        found: dict[tuple[str, str, str], Line] = {}
        there: set[str] = set()
        for event in self.trace.events:
            fields = event.fields
            place = (event.host, str(fields.get("connection", "")))
            if self.host not in (None, place[0]) or self.connection not in (None, place[1]):
                continue
            there.update(name for name, value in fields.items() if isinstance(value, int | float))
            for name in self.names:
                value = fields.get(_FIELDS.get(name, name))
                if isinstance(value, int | float) and (self._times or value < _NO_LIMIT):
                    points = found.setdefault((*place, name), Line("")).points
                    if not points or points[-1][1] != value:
                        points.append((event.time, value, event.reason))
        if not found:
            raise ConfigurationError(
                f"nothing {f'at {self.host} ' if self.host else ''}on record tells of"
                f" {' or '.join(self.names)}; there is {', '.join(sorted(there)) or 'nothing yet'}"
            )
        hosts = [host for host, _ in {key[:2]: None for key in found}]
        for (host, connection, name), line in found.items():
            words = [host, name] if len(self.names) > 1 else [host]
            line.label = " ".join([*words, f"({connection})"] if hosts.count(host) > 1 else words)
        return list(found.values())

    def svg(self) -> str:
        """The picture. Each change has a dot, which tells its reason, as long as they are few."""
        lines = self.lines()
        start, end, top = self._span(lines)
        head = 34 + _LEGEND * len(lines)
        foot, right = head + _HEIGHT, _WIDTH - _RIGHT
        across, down = (right - _LEFT) / (end - start), _HEIGHT / (1.06 * top)
        parts = [label(8, 22, self.title, "nl-title")]
        for level in _ticks(0, top, 5):
            y = round(foot - level * down, 1)
            parts.append(f'<path class="nl-grid" d="M{_LEFT} {y}H{right}"/>')
            parts.append(label(_LEFT - 8, y + 4, self._show(level), "nl-tick", "end"))
        for time in _ticks(start, end, 7):
            x = round(_LEFT + (time - start) * across, 1)
            parts.append(f'<path class="nl-axis" d="M{x} {foot}v5"/>')
            parts.append(label(x, foot + 20, clock(time), "nl-tick", "middle"))
        parts.append(f'<path class="nl-axis" d="M{_LEFT} {foot}H{right}"/>')
        with_dots = sum(len(line.points) for line in lines) <= _MOST_DOTS
        for number, line in enumerate(lines):
            key = 40 + _LEGEND * number
            path, dots = "", []
            for at, value, why in line.points:
                x, y = round(_LEFT + (at - start) * across, 1), round(foot - value * down, 1)
                path += f"H{x}V{y}" if path else f"M{x} {y}"
                told = escape(f"{line.label} at {clock(at)}: {self._show(value)}. {why}".rstrip())
                dots.append(f'<circle cx="{x}" cy="{y}" r="3"><title>{told}</title></circle>')
            changes = count(len(line.points) - 1, "change")
            parts.append(
                f'<g class="nl-curve nl-curve-{number % 6}" role="img">'
                f"<title>{escape(line.label)}: {self._range(line)}, {changes}</title>"
                f'<path d="M{_LEFT} {key}h28"/>{label(_LEFT + 36, key + 4, line.label, "nl-key")}'
                f'<path d="{path}H{right}"/>{"".join(dots) if with_dots else ""}</g>'
            )
        return document(parts, _WIDTH, foot + 32, "plot", f"Plot of {self.title}")

    def text(self) -> str:
        """Blocks as high as the greatest value in each slice of time, then the changes one by one."""
        lines = self.lines()
        start, end, top = self._span(lines)
        width = max(len(line.label) for line in lines)
        told = [f"{self.title}, {clock(start)} to {clock(end)}"]
        for line in lines:
            levels = [
                0 if v is None else 1 + min(7, int(8 * v / top)) for v in _sliced(line, start, end)
            ]
            blocks = "".join(_LEVELS[level] for level in levels)
            told.append(f"{line.label:<{width}}  {blocks}  {self._range(line)}")
        changes = sorted(
            [
                (time, n, value, why)
                for n, line in enumerate(lines)
                for time, value, why in line.points
            ]
        )
        more = len(changes) - ROWS
        table = Table(
            ("Time", "Where", "Value", "Why"),
            [
                (clock(time), lines[n].label, self._show(value), why)
                for time, n, value, why in changes[:ROWS]
            ],
            right=("Time", "Value"),
            note=f"... and {count(more, 'more change')}" if more > 0 else "",
        )
        return "\n".join([*told, "", table.text()])

    def _show(self, value: float) -> str:
        return clock(round(value)) if self._times else f"{value:,}"

    def _range(self, line: Line) -> str:
        values = [value for _, value, _ in line.points]
        return f"{self._show(min(values))} to {self._show(max(values))}"

    def _span(self, lines: list[Line]) -> tuple[int, int, float]:
        """From the first value to the last, or the last frame where that was later; the greatest."""
        start = min(line.points[0][0] for line in lines)
        last = [frame.arrival or frame.time for frame in self.trace.frames[-1:]]
        end = max([start + 1, *last, *(line.points[-1][0] for line in lines)])
        return start, end, max(value for line in lines for _, value, _ in line.points) or 1


def _ticks(start: float, end: float, most: int) -> range:
    """Round numbers from `start` to `end`, about `most` of them or fewer."""
    raw = max(1, (end - start) / most)
    power = 10 ** int(log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    return range(-(-int(start) // step) * step, int(end) + 1, step)


def _sliced(line: Line, start: int, end: int) -> list[float | None]:
    """The greatest value in each slice of the time; None before the first one."""
    values: list[float | None] = [None] * _SLICES
    for (time, value, _), (until, _, _) in pairwise([*line.points, (end, 0, "")]):
        first, last = (
            min(_SLICES - 1, (at - start) * _SLICES // (end - start)) for at in (time, until)
        )
        for at in range(first, last + 1):
            values[at] = max(value, values[at] or 0)
    return values
