"""The record of a run: every event, with the event that caused it and the reason it happened.

Recording is on by default and costs little: one small object is appended for each event, and
nothing is formatted until somebody looks.
"""

from collections.abc import Callable
from typing import Any


class Event:
    """One thing that happened.

    `number` is its position in the recording, `time` is in nanoseconds, `host` names the machine,
    `layer` is one of sim, link, network, transport, sockets, application. `kind` says what happened
    and `fields` with which values. `cause` is the event that was being handled when this one was
    recorded (None for what a person did by hand), `reason` a sentence with its RFC and section.
    """

    __slots__ = ("cause", "fields", "host", "kind", "layer", "number", "reason", "time")

    def __init__(
        self,
        number: int,
        time: int,
        host: str,
        layer: str,
        kind: str,
        fields: dict[str, Any],
        cause: "Event | None",
        reason: str,
    ) -> None:
        self.number = number
        self.time = time
        self.host = host
        self.layer = layer
        self.kind = kind
        self.fields = fields
        self.cause = cause
        self.reason = reason

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.fields.items())
        return f"<{self.kind} on {self.host or 'the network'} at {self.time} ns: {values}>"


class Recorder:
    """Keeps the events of one run, in the order in which they happened.

    `limit` bounds how many are kept (the oldest go first), for runs without an end; None keeps all.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.events: list[Event] = []
        self.enabled = True
        self.limit = limit
        self.dropped = 0
        self.frames_sent = 0
        self.before_first_frame: Callable[[], None] | None = None
        self.next_number = 0

    def next_frame_id(self) -> int:
        """The id for the next frame: 1, 2, 3, ... over all links, in the order of sending."""
        if self.before_first_frame is not None:
            prepare, self.before_first_frame = self.before_first_frame, None
            prepare()
        self.frames_sent += 1
        return self.frames_sent

    def keep(self, event: Event) -> None:
        """Append an event. It must bear `next_number`, which moves on."""
        self.next_number += 1
        self.events.append(event)
        if self.limit is not None:
            self._keep_to(self.limit)

    def _keep_to(self, limit: int) -> None:
        count = len(self.events) - limit
        if count <= limit:
            return  # a batch of them goes at a time
        for event in self.events[:count]:
            event.cause = None  # or the newest event would keep the whole past alive
        del self.events[:count]
        self.dropped += count
