"""Time: what has just happened, how far the run has come, and the way forward and back."""

from typing import Any

from netlab.link.link import Link
from netlab.units import show_time
from netlab.widgets.inputs import in_words
from netlab.widgets.news import tell
from netlab.widgets.panel import Panel, Scene
from netlab.widgets.session import Session

MOST_SENTENCES = 3


class Time(Panel):
    """The controls of the run: step, play, back, and a slider over all moments."""

    name = "time"
    title = "Time"
    place = "top"

    def state(self, scene: Scene) -> dict[str, Any]:
        session = scene.session
        moments = session.moments
        by_hand = [
            index
            for index in range(1, len(moments))
            if moments[index].inputs > moments[index - 1].inputs
        ]
        return {
            "name": session.experiment.name,
            "seed": session.seed,
            "now": scene.now,
            "next": next_seen(session),
            "awaited": _awaited(scene),
            "place": session.place,
            "last": len(moments) - 1,
            "whole": moments[-1].time,
            "by_hand": by_hand,
            "in_flight": len(scene.in_flight),
            "flight": max([_flight(link) for link in scene.net.links], default=1_000_000),
            "news": news(scene),
            "deeds": [in_words(given) for given in session.inputs[: session.done]],
            "later": [in_words(given) for given in session.later_inputs],
            "can_undo": session.can_undo,
            "waiting": waiting(scene),
            "stopped_early": session.stopped_early,
        }

    def text(self, scene: Scene) -> str:
        session = scene.session
        lines = [
            f"{session.experiment.name}, seed {session.seed}: moment {session.place} of"
            f" {len(session.moments) - 1}, {show_time(scene.now)}",
            *(f"  {sentence}" for sentence in news(scene)),
        ]
        lines += [f"  {in_words(given)} (at {show_time(given['at'])})" for given in session.inputs]
        if session.at_end:
            lines.append("  Nothing is left to happen.")
            lines += [f"  {sentence}" for sentence in waiting(scene)]
        return "\n".join(lines)


def news(scene: Scene) -> list[str]:
    """What the latest moment brought; of much the last of it, where the frames are."""
    session = scene.session
    sentences = tell(session.latest)
    deeds = session.inputs[session.moments[session.since].inputs : session.done]
    sentences[:0] = [in_words(given) for given in deeds]
    if not sentences:
        sentences = ["The run begins"]
    return sentences[-MOST_SENTENCES:]


def waiting(scene: Scene) -> list[str]:
    """Where nothing is left to happen: who still waits, for what, and since when."""
    session = scene.session
    return [
        f"{program.title} waits in {program.waiting_for} since {show_time(program.waiting_since)}."
        for program in session.waiting
        if session.at_end
    ]


def _flight(link: Link) -> int:
    """How long a full frame is under way on a link."""
    serialization = 12_000 * 1_000_000_000 // link.rate_bps if link.rate_bps else 0
    return max(1_000_000, link.delay_ns + serialization)


def next_seen(session: Session) -> int | None:
    """When something comes next that is put on record, as far as has been looked ahead."""
    if session.place + 1 < len(session.moments):
        return session.moments[session.place + 1].time
    return session.next_time


def _awaited(scene: Scene) -> str:
    """What comes next, as far as it can be told: a deed done before, a frame's arrival, a timer."""
    session = scene.session
    at = next_seen(session)
    if at is None:
        return ""
    ahead = session.moments[session.place + 1 : session.place + 2]
    if ahead and ahead[0].inputs > session.done:
        return in_words(session.inputs[session.done])
    for frame in scene.in_flight:
        if frame.arrival == at:
            return f"frame {frame.id} arrives at {frame.receiver}"
    for event in reversed(scene.trace.events):
        if event.kind == "timer set" and event.fields.get("at") == at:
            return f"{event.host}'s {event.fields.get('timer')} timer fires"
    return "a program goes on"
