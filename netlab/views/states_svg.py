"""The state diagram as SVG."""

from collections.abc import Sequence
from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING

from netlab.views.arrows import Arrow, Machine
from netlab.views.state_layout import LINE, Layout, Point, Route, layout_of, unknown
from netlab.views.svg import document, escape, label

if TYPE_CHECKING:
    from netlab.views.states import StateDiagram

_CORNER = 12  # the radius of an arrow's bends
_HEAD = 11  # the length of its head
_TITLE = 34  # the height of the title above
_WORDS = 20  # the height of a line of words below


def draw(view: "StateDiagram") -> str:
    """The picture of `view`'s machine."""
    machine = view.machine()
    layout = layout_of(machine)
    top = _TITLE if view.title else 0
    parts = [label(12, 22, view.title, "nl-title")] if view.title else []
    parts.append(f'<g transform="translate(0 {top})">')
    parts += [
        f'<g class="nl-region"><rect x="{it.x}" y="{it.y}" width="{it.width}" height="{it.height}"'
        f' rx="12"/>{label(*it.label, it.words, "", it.anchor)}</g>'
        for it in layout.regions
    ]
    steps = []
    for arrows, aside in ((machine.arrows, False), (machine.aside, True)):
        for pair, arrow in arrows.items():
            route = layout.routes.get(pair)
            if route is None or aside:
                route = unknown(layout, *pair)
            parts.append(_arrow(arrow, route, aside))
            if arrow.steps:
                steps.append(_badge(arrow, route, aside))
    parts += [_box(layout, state, machine, view.now) for state in machine.states]
    parts += [*steps, "</g>"]
    y = top + layout.height
    for words in machine.words:
        parts.append(label(12, round(y + 12), words, "nl-words"))
        y += _WORDS
    kind = "states nl-has-path" if view.path else "states"
    title = f"State diagram{': ' + view.title if view.title else ''}"
    if view.now:
        title += f", now in {view.now}"
    return document(parts, round(layout.width), round(y + 8), kind, title)


def _box(layout: Layout, state: str, machine: Machine, now: str) -> str:
    x, y = layout.places[state]
    width, height = layout.size[state]
    left, top = x - width / 2, y - height / 2
    css, ring = "nl-box", ""
    if state in machine.visited:
        css += " nl-visited"
    if state == now:
        css += " nl-now-in"
        ring = (
            f'<rect class="nl-ring" x="{left - 5:g}" y="{top - 5:g}" width="{width + 10:g}"'
            f' height="{height + 10:g}" rx="14"/>'
        )
    return (
        f'<g class="{css}" data-state="{escape(state)}">{ring}<rect x="{left:g}" y="{top:g}"'
        f' width="{width:g}" height="{height:g}" rx="10"/>'
        f'<text x="{x:g}" y="{y + 5:g}">{escape(state)}</text></g>'
    )


# --- arrows -------------------------------------------------------------------------------------


def _arrow(arrow: Arrow, route: Route, aside: bool) -> str:
    css = f"nl-arrow{' nl-taken' if arrow.steps else ''}{' nl-aside' if aside else ''}"
    told = "; ".join(
        f"{event}: {', '.join(actions)}" if actions else event for event, actions in arrow.rows
    )
    line, tip = _line(route)
    return (
        f'<g class="{css}" data-arrow="{escape(f"{arrow.tail} {arrow.head}")}" role="img">'
        f"<title>{escape(f'{arrow.tail} to {arrow.head}. {told}')}</title>"
        f'<path d="{line}"/><path class="nl-tip" d="{tip}"/>'
        f"{'' if aside else _labels(arrow, route)}</g>"
    )


def _labels(arrow: Arrow, route: Route) -> str:
    """The event, and below it what is done."""
    x, y = route.label
    lines = [arrow.events(), *arrow.actions()]
    anchor, first, gap = route.anchor, y + 4, 0
    if anchor == "astride":
        anchor, first, gap = "middle", y - 7, 24 - LINE
    elif anchor == "middle":
        first -= LINE * (len(lines) - 1) / 2
    return "".join(
        label(x, first + LINE * row + gap * bool(row), words, "nl-action" if row else "", anchor)
        for row, words in enumerate(lines)
    )


def _badge(arrow: Arrow, route: Route, aside: bool) -> str:
    """The numbers of the steps that took an arrow, on its first part."""
    x, y = _along(route)
    if arrow.tail == arrow.head:
        y -= 14
    words = ",".join(str(step) for step in arrow.steps)
    width = max(22, 8 * len(words) + 10)
    css, told = "nl-arrow nl-taken", ""
    if aside:  # its way crosses others: what it was is said where it begins
        css += " nl-aside"
        told = f'<text x="{x + 16:.1f}" y="{y + 5:.1f}">{escape(arrow.events())}</text>'
    return (
        f'<g class="{css}"><g class="nl-step"><rect x="{x - width / 2:.1f}" y="{y - 11:.1f}"'
        f' width="{width}" height="22" rx="11"/><text x="{x:.1f}" y="{y + 4.5:.1f}">{words}</text>'
        f"</g>{told}</g>"
    )


def _line(route: Route) -> tuple[str, str]:
    """The arrow's line, which ends inside of its head, and the head."""
    points = list(route.points)
    (px, py), (x, y) = points[-2], points[-1]
    length = hypot(x - px, y - py) or 1.0
    ux, uy = (x - px) / length, (y - py) / length
    back = (x - _HEAD * ux, y - _HEAD * uy)
    tip = (
        f"M{x:.1f} {y:.1f}L{back[0] - 5 * uy:.1f} {back[1] + 5 * ux:.1f}"
        f"L{back[0] + 5 * uy:.1f} {back[1] - 5 * ux:.1f}Z"
    )
    end = (x - 6 * ux, y - 6 * uy)
    if route.curved:
        text = " ".join(f"{a:.1f} {b:.1f}" for a, b in [*points[1:-1], end])
        return f"M{points[0][0]:.1f} {points[0][1]:.1f}C{text}", tip
    line = f"M{points[0][0]:g} {points[0][1]:g}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        a, b = _towards(corner, before, _CORNER), _towards(corner, after, _CORNER)
        line += f"L{a[0]:g} {a[1]:g}Q{corner[0]:g} {corner[1]:g} {b[0]:g} {b[1]:g}"
    return f"{line}L{end[0]:.1f} {end[1]:.1f}", tip


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    share = min(0.5, distance / length)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _along(route: Route) -> Point:
    """A point near the beginning of the way, so that a number there goes with the state before.

    A spline is followed roughly, from control point to control point.
    """
    points: Sequence[Point] = route.points
    lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    left = 20.0 if route.anchor == "astride" else min(0.3 * sum(lengths), 60.0)
    for (a, b), length in zip(pairwise(points), lengths, strict=True):
        if left <= length and length:
            return a[0] + (b[0] - a[0]) * left / length, a[1] + (b[1] - a[1]) * left / length
        left -= length
    return points[-1]
