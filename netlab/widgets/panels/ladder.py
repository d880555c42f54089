"""Ladder: the sequence diagram, which grows as time passes."""

from typing import Any

from netlab.views.sequence import Sequence
from netlab.widgets.panel import Panel, Scene


class Ladder(Panel):
    """The sequence diagram up to now, with the selected frame marked."""

    name = "ladder"
    title = "Sequence"
    place = "main"

    def state(self, scene: Scene) -> dict[str, Any]:
        return {
            "svg": self._view(scene).svg() if scene.net.hosts else "",
            "now": scene.now,
            "frame": scene.frame.id if scene.frame else None,
            "flights": {str(frame.id): [frame.time, frame.arrival] for frame in scene.in_flight},
        }

    def text(self, scene: Scene) -> str:
        return self._view(scene).text() if scene.net.hosts else ""

    def _view(self, scene: Scene) -> Sequence:
        return Sequence(
            scene.trace, until=scene.now, selected=scene.frame.id if scene.frame else None
        )
