"""What has just happened, in sentences: for the line under the controls, and a screen reader."""

from collections.abc import Iterable

from netlab.link.frame import DROPPED
from netlab.sim.recording import Event
from netlab.trace.frame import Frame
from netlab.trace.words import describe
from netlab.units import show_time

WORTH_TELLING = ("sent", "delivered", "dropped", "discarded", "state", "timer fired")
"""The kinds of events that are told of first; the others only where there is none of these."""


def tell(events: Iterable[Event]) -> list[str]:
    """A sentence for each event worth telling of, in the order in which they happened."""
    events = list(events)
    frames = {event.id: event for event in events if isinstance(event, Frame)}
    chosen = [event for event in events if event.kind in WORTH_TELLING] or events[-1:]
    # What is lost at once was sent and lost: one sentence tells of both.
    return [
        sentence(event)
        for event in chosen
        if not (event.kind == "dropped" and event.fields.get("frame") in frames)
    ]


def sentence(event: Event) -> str:
    """One event, such as "Frame 3: TCP SYN from alice to bob was sent"."""
    if isinstance(event, Frame):
        what = f"Frame {event.id}: {event.label} from {event.sender} to {event.receiver}"
        lost = f", and {event.fault}" if event.fate == DROPPED else ""
        return f"{what} was sent{lost}"
    words = describe(event).removesuffix(f" at {show_time(event.time)}")
    named = event.kind == "return" or words.startswith(event.host)  # a name stays as it is written
    return words if named else words[:1].upper() + words[1:]
