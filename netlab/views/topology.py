"""A network as a map: machines with their addresses, the cables between them, frames on their way."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from netlab.cabling import Node, kind_of
from netlab.host import Host
from netlab.link.link import Link
from netlab.trace.frame import Frame
from netlab.units import duration
from netlab.views.message import Message
from netlab.views.reading import Reader
from netlab.views.state_layout import Layout, Point, arrange, border, inches, unknown
from netlab.views.svg import document, escape, label
from netlab.views.table import Table
from netlab.views.view import Picture
from netlab.views.words import clip, clock, count

if TYPE_CHECKING:
    from netlab.topology import Network

_CHARACTER = 7.6
"""About the width of a character in a machine's box."""
_LINE = 17
_NAMED = 3
"""So many frames on a cable are named beside it; the others are counted."""
_DRAWN = 60
"""So many frames on a cable are drawn."""
_ROOM = 176  # the least width of what is said of a cable
_TITLE = 32
_STEPS = 100  # a frame on a cable is drawn at one of so many places


@dataclass(slots=True)
class _Moving:
    """A frame under way: how far it is from end 0 of its cable to end 1, from 0 to 1."""

    message: Message
    place: float
    waits: bool

    @property
    def words(self) -> str:
        frame = self.message.frame
        return f"{frame.id} {_words(self.message)}"


class Topology(Picture):
    """The machines and cables of a network as they are now, with the frames in flight at a time.

    `at` is that time in ns, now by default; frames of the past are those on record. Graphviz lays
    the machines out; where there is none, a page shows the text and what to install. Raises
    `ConfigurationError` where `at` is no time.
    """

    def __init__(self, net: "Network", at: int | None = None) -> None:
        self.net = net
        self.at = net.now if at is None else duration(at, "at")

    # --- as text ----------------------------------------------------------------------------

    def text(self) -> str:
        """The machines, the cables, and the frames on them, as three tables."""
        machines = Table(
            ("Machine", "Kind", "Addresses"),
            [
                (name, kind_of(node).lower(), ", ".join(_addresses(node)))
                for name, node in self.net.nodes.items()
            ],
        )
        cables = Table(
            ("Cable", "From", "To", "Medium", "State"),
            [
                (link.name, link.ends[0].title, link.ends[1].title, _medium(link), _state(link))
                for link in self.net.links
            ],
        )
        moving = self._moving()
        rows = [
            (
                one.message.frame.id,
                one.message.frame.host,
                one.message.frame.receiver,
                "waiting" if one.waits else f"{100 * _share(one, link):.0f} %",
                _words(one.message),
            )
            for link in self.net.links
            for one in moving.get(link, ())
        ]
        frames = Table(("Frame", "From", "To", "On its way", "Carries"), rows, right=("Frame",))
        heard = frames.text() if rows else "no frame is in flight"
        return f"{machines.text()}\n\n{cables.text()}\n\nat {clock(self.at)}:\n{heard}"

    # --- as a picture -----------------------------------------------------------------------

    def svg(self) -> str:
        """The map. Each machine is a group with `data-host`, each cable `data-link`, each frame `data-frame`.

        Raises `GraphvizMissingError` where nothing can lay it out.
        """
        moving = self._moving()
        depth = self._depths()
        layout = self._layout(depth)
        title = f"The network at {clock(self.at)}"
        parts: list[str] = []
        between: dict[frozenset[str], int] = {}
        left, right = 0.0, layout.width
        for link in self.net.links:
            a, b = (end.host for end in link.ends)
            pair = frozenset((a, b))
            number = between[pair] = between.get(pair, 0) + 1
            way = _way(layout, a, b, number, depth[a] != depth[b])
            middle, half = _along(way, 0.5)[0], _said(link) / 2
            left = min(left, middle - half, *(x - 12 for x, _ in way))
            right = max(right, middle + half, *(x + 12 for x, _ in way))
            parts += _cable(link, way, moving.get(link, []))
        parts += [_box(layout, name, node) for name, node in self.net.nodes.items()]
        top = label(12, 21, title, "nl-title")
        parts = [f'{top}<g transform="translate({-left:g} {_TITLE})">', *parts, "</g>"]
        flying = sum(map(len, moving.values()))
        title += (
            f": {count(len(self.net.nodes), 'machine')}, {count(len(self.net.links), 'cable')},"
        )
        title += f" {count(flying, 'frame')} in flight"
        width, height = max(260, round(right - left)), round(layout.height + _TITLE)
        return document(parts, width, height, "topology", title)

    def _layout(self, depth: dict[str, int]) -> Layout:
        """From left to right, by the cables between a machine and the first one."""
        names = {name: f"n{number}" for number, name in enumerate(self.net.nodes)}
        lines = [
            'graph{rankdir=LR;nodesep=0.35;ranksep=0.3;node[shape=box,fixedsize=true,label=""];'
        ]
        for name, node in self.net.nodes.items():
            width, height = _size(name, node)
            lines.append(f"{names[name]}[width={inches(width)},height={inches(height)}];")
        for link in self.net.links:
            a, b = sorted((end.host for end in link.ends), key=lambda name: depth[name])
            # A table of one empty cell is how DOT reserves a space of a given size for a label.
            width = max(_ROOM, _said(link))
            space = f'<<table border="0" width="{width}" height="64"><tr><td></td></tr></table>>'
            beside = "" if depth[a] != depth[b] else ",constraint=false"
            lines.append(f"{names[a]}--{names[b]}[label={space}{beside}];")
        return arrange("".join(lines) + "}", {short: name for name, short in names.items()})

    def _depths(self) -> dict[str, int]:
        """How many cables each machine is away from the first, or from the first of its own part."""
        neighbours: dict[str, list[str]] = {name: [] for name in self.net.nodes}
        for link in self.net.links:
            a, b = (end.host for end in link.ends)
            neighbours[a].append(b)
            neighbours[b].append(a)
        depth: dict[str, int] = {}
        for first in neighbours:
            if first in depth:
                continue
            depth[first] = 0
            waiting = deque([first])
            while waiting:
                name = waiting.popleft()
                for other in neighbours[name]:
                    if other not in depth:
                        depth[other] = depth[name] + 1
                        waiting.append(other)
        return depth

    def _moving(self) -> dict[Link, list[_Moving]]:
        """The frames that were under way at the time, by their cable."""
        found: dict[Link, list[_Moving]] = {}
        for message in Reader(True).read(self.net.trace.frames):
            frame = message.frame
            if frame.arrival is None or not frame.time <= self.at < frame.arrival:
                continue
            left = frame.arrival - self.at
            travel = _travel(frame)
            share = max(0.0, 1 - left / travel) if travel else 0.5
            place = share if frame.host == frame.link.ends[0].host else 1 - share
            found.setdefault(frame.link, []).append(_Moving(message, place, left > travel))
        return found


def _words(message: Message) -> str:
    """`TCP SYN, seq 0`; a protocol's name that begins the words anyway isn't said twice."""
    words, protocol = message.words, message.protocol
    return words if words.startswith(protocol) else f"{protocol} {words}"


def _travel(frame: Frame) -> int:
    """How long a frame is under way from its first bit to its last (ns), without waiting."""
    link = frame.link
    sending = (
        len(link.framing.wire(frame.bytes)) * 8 * 10**9 // link.rate_bps if link.rate_bps else 0
    )
    return link.delay_ns + sending


def _share(moving: _Moving, link: Link) -> float:
    return moving.place if moving.message.frame.host == link.ends[0].host else 1 - moving.place


def _addresses(node: Node) -> list[str]:
    """Each address with the length of its prefix, as `ip address` has it."""
    if not isinstance(node, Host):
        return []
    of = node.ipv4.addresses.of
    return [f"{own}/{prefix.length}" for port in node.interfaces for own, prefix in of(port)]


def _medium(link: Link) -> str:
    """`ethernet, 10 Mbit/s, 20 ms`."""
    words = [link.framing.name]
    if link.rate_bps is not None:
        words.append(_rate(link.rate_bps))
    if link.delay_ns:
        words.append(clock(link.delay_ns))
    return ", ".join(words)


def _said(link: Link) -> int:
    """How wide it is what is said of a cable."""
    return round(6.6 * len(_medium(link))) + 16


def _rate(bps: int) -> str:
    for unit, name in ((10**9, "Gbit/s"), (10**6, "Mbit/s"), (10**3, "kbit/s")):
        if bps >= unit:
            return f"{bps / unit:.4g} {name}"
    return f"{bps} bit/s"


def _state(link: Link) -> str:
    return "up" if link.is_up else "down"


# --- drawing ----------------------------------------------------------------------------------


def _size(name: str, node: Node) -> tuple[int, int]:
    lines = [name, kind_of(node), *_addresses(node)]
    return max(84, round(_CHARACTER * max(map(len, lines))) + 24), _LINE * len(lines) + 14


def _box(layout: Layout, name: str, node: Node) -> str:
    x, y = layout.places[name]
    width, height = layout.size[name]
    left, top = x - width / 2, y - height / 2
    kind = kind_of(node).lower()
    lines = [label(x, top + 20, name, "nl-name"), label(x, top + 20 + _LINE, kind, "nl-kind")]
    lines += [
        label(x, top + 20 + _LINE * number, address, "nl-address")
        for number, address in enumerate(_addresses(node), 2)
    ]
    corner = 4 if kind in ("switch", "hub") else 12
    return (
        f'<g class="nl-machine nl-{kind}" data-host="{escape(name)}"><rect x="{left:.1f}"'
        f' y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{corner}"/>{"".join(lines)}</g>'
    )


def _way(layout: Layout, a: str, b: str, number: int, beside: bool) -> list[Point]:
    """The cable from `a` to `b` as points along it, in equal steps.

    It is straight, but for the second one between the same two, and between machines that stand
    one above the other, with others perhaps between them.
    """
    arc = unknown(layout, a, b).points
    bend = 0 if beside and number == 1 else 1 if number < 3 else -1
    (xa, ya), (xb, yb) = layout.places[a], layout.places[b]
    if not bend:
        start, end = border(layout, a, (xb, yb)), border(layout, b, (xa, ya))
        return [_between(start, end, step / _STEPS) for step in range(_STEPS + 1)]
    if bend < 0:  # mirrored at the straight line
        middle = ((xa + xb) / 2, (ya + yb) / 2)
        arc = [(2 * middle[0] - x, 2 * middle[1] - y) for x, y in reversed(arc)]
    return [_on_curve(arc, step / _STEPS) for step in range(_STEPS + 1)]


def _between(a: Point, b: Point, share: float) -> Point:
    return round(a[0] + (b[0] - a[0]) * share, 1), round(a[1] + (b[1] - a[1]) * share, 1)


def _on_curve(points: Sequence[Point], t: float) -> Point:
    """The place on a cubic curve, by de Casteljau's construction."""
    while len(points) > 1:
        points = [_between(one, two, t) for one, two in pairwise(points)]
    return points[0]


def _along(way: list[Point], share: float) -> Point:
    return way[round(share * _STEPS)]


def _cable(link: Link, way: list[Point], moving: list[_Moving]) -> Iterator[str]:
    css = "nl-cable" if link.is_up else "nl-cable nl-down"
    a, b = link.ends
    line = "L".join(f"{x:g} {y:g}" for x, y in way)
    said = f"{link.name}: {a.title} to {b.title}, {_medium(link)}, {_state(link)}"
    yield f'<g class="{css}" data-link="{escape(link.name)}"><title>{escape(said)}</title>'
    yield f'<path d="M{line}"/>'
    x, y = _along(way, 0.5)
    yield label(x, y - 12, _medium(link), "nl-words", "middle")
    if not link.is_up:
        yield f'<path class="nl-cross" d="M{x - 7} {y - 7}l14 14m0 -14l-14 14"/>'
        yield label(x, y + 22, "down", "nl-words", "middle")
    for one in moving[:_DRAWN]:
        # Not under the boxes at the ends: a frame that waits stands before its machine.
        fx, fy = _along(way, 0.06 + 0.88 * one.place)
        frame = one.message.frame
        lost = f"; {frame.fault}" if frame.fault else ""
        yield (
            f'<g class="nl-frame{" nl-struck" if frame.fault else ""}" data-frame="{frame.id}">'
            f"<title>{escape(one.words + lost)}</title>"
            f'<rect x="{fx - 8}" y="{fy - 6}" width="16" height="12" rx="2"/>'
            f'<path d="M{fx - 8} {fy - 5}l8 6l8 -6"/></g>'
        )
    lines = []
    for one in moving[:_NAMED]:
        words = clip(one.words, 24)
        lines.append(
            f"\N{LEFTWARDS ARROW} {words}"
            if _goes_left(one, link, way)
            else f"{words} \N{RIGHTWARDS ARROW}"
        )
    if len(moving) > _NAMED:
        lines[_NAMED - 1 :] = [f"and {count(len(moving) - _NAMED + 1, 'more frame')}"]
    for number, line in enumerate(lines):
        yield label(x, y + 24 + 14 * number, line, "nl-carries", "middle")
    yield "</g>"


def _goes_left(one: _Moving, link: Link, way: list[Point]) -> bool:
    """Whether a frame moves to the left on the picture."""
    forwards = one.message.frame.host == link.ends[0].host
    return (way[-1][0] < way[0][0]) == forwards
