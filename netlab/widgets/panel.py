"""What a bench is made of: panels, each of which shows one thing of the same moment.

A panel is one small Python file here, which says what there is to see, and one small JavaScript
module of the same name in `static/`, which shows it and listens. All panels of a bench share one
session and one selection.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from netlab.link.frame import IN_FLIGHT
from netlab.trace.frame import Frame
from netlab.trace.trace import Trace
from netlab.widgets.session import Session


@dataclass(slots=True)
class Selection:
    """What a person looks at: a frame (its id), a host, and a connection (its label at one end)."""

    frame: int | None = None
    host: str | None = None
    connection: str | None = None


class Scene:
    """One moment of a session with what is selected, for all panels to look at."""

    def __init__(self, session: Session, selection: Selection) -> None:
        self.session = session
        self.selection = selection
        self.net = session.run.net
        self.now = session.now

    @cached_property
    def trace(self) -> Trace:
        """The record up to this moment."""
        return self.session.trace

    @cached_property
    def frame(self) -> Frame | None:
        """The selected frame, once it was sent."""
        chosen = self.selection.frame
        if chosen is None or chosen > self.session.moment.frames:
            return None
        return self.trace.frame(chosen)

    @cached_property
    def in_flight(self) -> list[Frame]:
        """The frames under way now."""
        return [frame for frame in self.trace.frames if frame.fate == IN_FLIGHT]

    @cached_property
    def host(self) -> str:
        """The selected host, or the first; "" where there is none yet."""
        hosts = list(self.net.hosts)
        if self.selection.host in hosts:
            return str(self.selection.host)
        return hosts[0] if hosts else ""

    @cached_property
    def connections(self) -> list[tuple[str, str]]:
        """The connections so far as (host, label), each by the end that changed its state first."""
        seen: dict[str, str] = {}
        for event in self.trace.events_of(kind="state", layer="transport"):
            label = str(event.fields["connection"])
            if label not in seen and other_end(label) not in seen:
                seen[label] = event.host
        return [(host, label) for label, host in seen.items()]

    @cached_property
    def connection(self) -> str:
        """The selected connection, or the latest; "" where there is none yet."""
        labels = [label for _, label in self.connections]
        if self.selection.connection in labels:
            return str(self.selection.connection)
        return labels[-1] if labels else ""

    def label_at(self, host: str) -> str:
        """The selected connection as `host` names it; "" where it has no part in it."""
        labels = self.trace.connections(host)
        return next(
            (it for it in (self.connection, other_end(self.connection)) if it in labels), ""
        )


class Panel:
    """One panel. `name` is also that of its JavaScript module; `title` is for people.

    `place` is where it stands: "top" or "bottom" across the bench, "main" with the most room, "side"
    beside that where there is room; "chosen" is above the side, and as high as it needs to be.
    """

    name = ""
    title = ""
    place = "side"

    def state(self, scene: Scene) -> dict[str, Any]:
        """What there is to see, as plain data for the JavaScript module."""
        raise NotImplementedError

    def text(self, scene: Scene) -> str:
        """The same for a terminal; "" for a panel that only serves to act."""
        return ""


def other_end(label: str) -> str:
    """A connection's label as the other end has it: ``a > b`` is ``b > a`` there."""
    local, _, remote = label.partition(" > ")
    return f"{remote} > {local}"
