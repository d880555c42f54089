"""States: TCP's state machine, with the path that the selected host's connection has taken."""

from typing import Any

from netlab.views.states import StateDiagram
from netlab.widgets.panel import Panel, Scene
from netlab.widgets.panels.topology import state_of


class States(Panel):
    """The transition table that the host's connections execute, as a picture."""

    name = "states"
    title = "State machine"

    def state(self, scene: Scene) -> dict[str, Any]:
        if not scene.host:
            return {"host": "", "hosts": [], "picture": ""}
        return {
            "host": scene.host,
            "hosts": list(scene.net.hosts),
            "now": state_of(scene, scene.host),
            "picture": self._diagram(scene).html(),
        }

    def text(self, scene: Scene) -> str:
        if not scene.host or not scene.label_at(scene.host):
            return ""
        changes = [
            event
            for event in scene.trace.events_of(kind="state", host=scene.host)
            if event.fields["connection"] == scene.label_at(scene.host)
        ]
        path = [str(changes[0].fields["from"]), *(str(event.fields["to"]) for event in changes)]
        return f"{scene.host}: {' > '.join(path)}"

    def _diagram(self, scene: Scene) -> StateDiagram:
        label = scene.label_at(scene.host)
        if label:
            return scene.trace.states(scene.host, label)
        return StateDiagram(title=scene.host)
