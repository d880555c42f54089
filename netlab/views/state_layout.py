"""Where the states of a diagram stand and which way its arrows go: known, or found by Graphviz."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netlab.views import dot
from netlab.views.arrows import Arrow, Machine, Pair

Point = tuple[float, float]
CHARACTER = 7.2
"""About the width of a character of an arrow's label."""
LINE = 16
"""The height of a line of it."""
_DOTS_PER_INCH = 72
_MARGIN = 10


@dataclass(slots=True)
class Route:
    """The way of one arrow: a line through `points` with round corners, or, if `curved`, a spline.

    Its label stands at `label`, to the right of it ("start"), to its left ("end"), centred on it
    ("middle"), or with the event above and the action below ("astride").
    """

    points: Sequence[Point]
    label: Point
    anchor: str = "middle"
    curved: bool = False


@dataclass(slots=True)
class Region:
    """A frame around states that belong together, and what it says, at `label`."""

    x: int
    y: int
    width: int
    height: int
    words: str
    label: tuple[int, int]
    anchor: str


@dataclass(slots=True)
class Layout:
    """The whole picture: the middle and size of each state's box, and the route of each arrow."""

    width: float
    height: float
    places: Mapping[str, Point]
    size: Mapping[str, tuple[float, float]]
    routes: Mapping[Pair, Route]
    regions: Sequence[Region] = ()


def layout_of(machine: Machine) -> Layout:
    """The places for `machine`. TCP's states have theirs; any others are laid out by Graphviz.

    Raises `GraphvizMissingError` where they aren't TCP's and no Graphviz works.
    """
    from netlab.views.tcp_layout import LAYOUT

    if machine.states and set(machine.states) <= LAYOUT.places.keys():
        return LAYOUT
    return _by_graphviz(machine)


def unknown(layout: Layout, tail: str, head: str) -> Route:
    """A route for an arrow that the layout doesn't know: an arc, so that it passes boxes between."""
    (xa, ya), (xb, yb) = layout.places[tail], layout.places[head]
    if tail == head:
        width, height = layout.size[tail]
        x, y = xa + width / 2, ya - height / 4
        points = [(x, y), (x + 26, y), (x + 26, y + height / 2), (x, y + height / 2)]
        return Route(points, (x + 32, ya), "start")
    dx, dy = xb - xa, yb - ya
    bulge = 0.36 if abs(dx) < abs(dy) / 4 or abs(dy) < abs(dx) / 4 else 0.12
    across = (-bulge * dy, bulge * dx)
    one = (xa + dx * 0.25 + across[0], ya + dy * 0.25 + across[1])
    two = (xa + dx * 0.75 + across[0], ya + dy * 0.75 + across[1])
    points = [border(layout, tail, one), one, two, border(layout, head, two)]
    label = ((xa + xb) / 2 + 0.75 * across[0] + 8, (ya + yb) / 2 + 0.75 * across[1])
    return Route(points, label, "start", curved=True)


def border(layout: Layout, state: str, towards: Point) -> Point:
    """Where the line from the middle of a state's box towards a point leaves the box."""
    x, y = layout.places[state]
    width, height = layout.size[state]
    dx, dy = towards[0] - x, towards[1] - y
    share = min(
        width / 2 / abs(dx) if dx else float("inf"), height / 2 / abs(dy) if dy else float("inf")
    )
    return x + dx * share, y + dy * share


# --- by Graphviz --------------------------------------------------------------------------------


def _by_graphviz(machine: Machine) -> Layout:
    names = {state: f"s{number}" for number, state in enumerate(machine.states)}
    return arrange(_source(machine, names), {name: state for state, name in names.items()})


def arrange(source: str, names: Mapping[str, str]) -> Layout:
    """Where Graphviz puts the nodes and edges of a graph in the DOT language; `names` are theirs here.

    Raises `GraphvizMissingError` where no Graphviz works.
    """
    dot.find()
    import graphviz

    return _read_plain(graphviz.pipe_string("dot", "plain", source, encoding="utf-8"), names)


def _source(machine: Machine, names: dict[str, str]) -> str:
    """The graph in the DOT language. States and labels are boxes of the size that they take here."""
    lines = [
        "digraph{nodesep=0.5;ranksep=0.45;edge[arrowhead=none];"
        'node[shape=box,fixedsize=true,label=""];'
    ]
    for state, name in names.items():
        lines.append(f"{name}[width={inches(max(110, 10 * len(state) + 30))},height={inches(38)}];")
    for arrow in machine.arrows.values():
        width, height = label_size(arrow)
        # A table of one empty cell is how DOT reserves a space of a given size for a label.
        label = f'<<table border="0" width="{width}" height="{height}"><tr><td></td></tr></table>>'
        lines.append(f"{names[arrow.tail]}->{names[arrow.head]}[label={label}];")
    return "".join(lines) + "}"


def label_size(arrow: Arrow) -> tuple[int, int]:
    """The width and height of an arrow's label."""
    lines = [arrow.events(), *arrow.actions()]
    return round(max(len(line) for line in lines) * CHARACTER) + 10, LINE * len(lines) + 4


def inches(pixels: float) -> str:
    """A length as the DOT language has it."""
    return f"{pixels / _DOTS_PER_INCH:.3f}"


def _read_plain(text: str, states: Mapping[str, str]) -> Layout:
    """Read what `dot -Tplain` says, with y upwards and all in inches."""
    rows = [line.split() for line in text.splitlines()]
    graph = next(row for row in rows if row[0] == "graph")
    width, height = (_pixels(inches) + 2 * _MARGIN for inches in graph[2:4])

    def point(x: str, y: str) -> Point:
        return round(_pixels(x) + _MARGIN, 1), round(height - _MARGIN - _pixels(y), 1)

    places, size, routes = {}, {}, {}
    for row in rows:
        if row[0] == "node":
            state = states[row[1]]
            places[state] = point(row[2], row[3])
            size[state] = _pixels(row[4]), _pixels(row[5])
        elif row[0] == "edge":
            # Tail, head, how many points, the points, then the label and its place, style, colour.
            end = 4 + 2 * int(row[3])
            points = [point(x, y) for x, y in zip(row[4:end:2], row[5:end:2], strict=True)]
            label = point(row[-4], row[-3])
            routes[states[row[1]], states[row[2]]] = Route(points, label, "middle", curved=True)
    return Layout(width, height, places, size, routes)


def _pixels(inches: str) -> float:
    return float(inches) * _DOTS_PER_INCH
