"""Packet: the selected frame, why it was sent, and what can still be done to it."""

from typing import Any

from netlab.link.frame import IN_FLIGHT
from netlab.trace.frame import Frame
from netlab.units import show_time
from netlab.widgets.panel import Panel, Scene


class PacketPanel(Panel):
    """One frame: its fate, the chain of causes that led to it, and the faults."""

    name = "packet"
    title = "Frame"
    place = "chosen"

    def state(self, scene: Scene) -> dict[str, Any]:
        frame = scene.frame
        if frame is None:
            return {"frame": None}
        return {
            "frame": frame.id,
            "label": frame.label,
            "from": frame.sender,
            "to": frame.receiver,
            "fate": fate_of(frame, scene.now),
            "in_flight": frame.fate == IN_FLIGHT,
            "sent_at": scene.session.moment_of(frame),
            "why": scene.trace.why(frame).html(),
        }

    def text(self, scene: Scene) -> str:
        frame = scene.frame
        if frame is None:
            return ""
        return scene.trace.why(frame).text()


def fate_of(frame: Frame, now: int) -> str:
    """What became of it, as far as is known now."""
    fault = f" ({frame.fault})" if frame.fault else ""
    if frame.fate == IN_FLIGHT:
        left = show_time((frame.arrival or now) - now)
        return f"sent at {show_time(frame.time)}, in flight, arrives in {left}{fault}"
    if frame.arrival is not None and not frame.fault.startswith("lost"):
        return f"sent at {show_time(frame.time)}, {frame.fate} at {show_time(frame.arrival)}{fault}"
    return f"sent at {show_time(frame.time)}, {frame.fate}{fault}"
