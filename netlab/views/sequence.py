"""The sequence diagram: who sent what to whom, when, in which state, and what became of it."""

from collections.abc import Sequence as Several
from dataclasses import dataclass

from netlab.trace.trace import Trace
from netlab.views.view import Picture


@dataclass(eq=False, repr=False)
class Sequence(Picture):
    """A trace as lifelines with arrows between them; time runs down.

    `hosts` are the lifelines from left to right, or their names (None: all that sent anything).
    `first` and `last` are the ids of the first and last frame to show. `until` (ns) shows the world
    as it was then, with frames still in flight. `relative` counts sequence numbers from the first
    of each direction, `fold` hides the middle of long runs of similar frames, and `selected` is the
    id of a frame to highlight. `layers` says what stands beside the lifelines: "transport" the
    states and timers, "sockets" the calls of programs.

    Showing it raises `ConfigurationError` for a host that isn't in the trace, and for a range
    without frames.
    """

    trace: Trace
    hosts: Several[object] | None = None
    first: int | None = None
    last: int | None = None
    until: int | None = None
    relative: bool = True
    fold: bool = True
    selected: int | None = None
    layers: Several[str] = ("transport",)

    def svg(self) -> str:
        """The picture. A frame is a group with `data-frame`, a band one with `data-frames`."""
        from netlab.views.sequence_svg import draw

        return draw(self)

    def text(self) -> str:
        """The same as a ladder in plain characters."""
        from netlab.views.ladder import write

        return write(self)
