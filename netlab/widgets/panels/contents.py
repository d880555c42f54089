"""Contents: what is in the selected frame, as fields and bytes side by side."""

from typing import Any

from netlab.views.packet import PacketView
from netlab.widgets.panel import Panel, Scene


class Contents(Panel):
    """The selected frame's headers and bytes."""

    name = "contents"
    title = "Contents of the frame"
    place = "bottom"

    def state(self, scene: Scene) -> dict[str, Any]:
        frame = scene.frame
        if frame is None:
            return {"frame": None}
        return {"frame": frame.id, "picture": PacketView(frame).html()}

    def text(self, scene: Scene) -> str:
        return PacketView(scene.frame).text() if scene.frame else ""
