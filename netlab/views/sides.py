"""What stands beside the lifelines: the states each end goes through, its timers, its calls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from netlab.sim.recording import Event

_NO_STATE = "CLOSED"
_KINDS = frozenset({"state", "call", "timer set", "timer cancelled", "timer fired"})


@dataclass(slots=True)
class Note:
    """One line of text beside a lifeline: the state from `time` (ns) on, or a call.

    `event` is what tells of it. Connections of one host that are open at the same time differ in
    `track`: 0 is nearest to the lifeline. A state that is `held` was there before the picture
    begins.
    """

    event: Event
    text: str
    is_state: bool
    time: int
    track: int = 0
    held: bool = False
    y: int = 0


@dataclass(slots=True)
class Bracket:
    """A timer, from where it was set to where it fired; `fired` is None while it still runs.

    `due` is when it fires or would, in ns.
    """

    name: str
    set: Event
    fired: Event | None
    due: int
    y_set: int = 0
    y_fired: int = 0


@dataclass(slots=True)
class Sides:
    """All of that, by host."""

    notes: dict[str, list[Note]] = field(default_factory=dict)
    brackets: dict[str, list[Bracket]] = field(default_factory=dict)

    def numbers(self) -> list[int]:
        """The numbers of all events shown here, in ascending order."""
        found = [note.event.number for notes in self.notes.values() for note in notes]
        for brackets in self.brackets.values():
            found.extend(bracket.fired.number for bracket in brackets if bracket.fired is not None)
        return sorted(found)


def find_sides(
    events: Iterable[Event],
    hosts: Sequence[str],
    layers: Sequence[str],
    since: int,
    until: int | None,
    pending: bool,
) -> Sides:
    """What happened on `hosts` in `layers` from `since` to `until` (ns; None: to the end).

    "transport" gives states and timers, "sockets" the calls of programs. A timer that was stopped
    before it fired is left out; one that still runs at the end is there if `pending`.
    """
    gatherers = {host: _Gatherer(since) for host in hosts}
    for event in events:
        if event.kind not in _KINDS:
            continue
        if until is not None and event.time > until:
            break
        if event.layer in layers and event.host in gatherers:
            gatherers[event.host].take(event)
    return Sides(
        {host: gatherer.notes() for host, gatherer in gatherers.items()},
        {host: gatherer.brackets(pending) for host, gatherer in gatherers.items()},
    )


class _Gatherer:
    """Gathers what stands beside one lifeline."""

    def __init__(self, since: int) -> None:
        self._since = since
        self._held: dict[int, Note] = {}  # track -> the state that it is in as the picture begins
        self._notes: list[Note] = []
        self._tracks: list[str | None] = []  # the connection on each track; None: free again
        self._listened = False
        self._running: dict[tuple[object, object], Event] = {}
        self._fired: list[Bracket] = []

    def take(self, event: Event) -> None:
        kind, fields = event.kind, event.fields
        if kind == "timer set":
            self._running[fields.get("connection"), fields.get("timer")] = event
        elif kind == "state":
            self._state(event, str(fields.get("connection", "")), str(fields["to"]))
        elif kind == "call":
            if event.time >= self._since:
                call = f"{fields.get('call', '')}()"
                self._notes.append(Note(event, call, False, event.time))
        else:
            self._stopped(event)

    def notes(self) -> list[Note]:
        at_once = {note.track for note in self._notes if note.is_state and note.time == self._since}
        held = [
            note
            for note in self._held.values()
            if note.text != _NO_STATE and note.track not in at_once
        ]
        return held + self._notes

    def brackets(self, pending: bool) -> list[Bracket]:
        still = [
            Bracket(str(name), started, None, int(started.fields.get("at", started.time)))
            for (_, name), started in self._running.items()
            if pending
        ]
        return self._fired + still

    def _state(self, event: Event, connection: str, new: str) -> None:
        tracks = self._tracks
        if connection not in tracks:
            if None in tracks:
                tracks[tracks.index(None)] = connection
            else:
                tracks.append(connection)
            old = str(event.fields.get("from", _NO_STATE))
            if old != _NO_STATE and not self._listened:
                # It listened, or was open, before the record begins.
                self._listened = True
                track = tracks.index(connection)
                self._held[track] = Note(event, old, True, self._since, track, held=True)
        track = tracks.index(connection)
        if event.time < self._since:
            self._held[track] = Note(event, new, True, self._since, track, held=True)
        else:
            self._notes.append(Note(event, new, True, event.time, track))
        if new == _NO_STATE:
            tracks[track] = None

    def _stopped(self, event: Event) -> None:
        """A timer fired, or was cancelled."""
        name = event.fields.get("timer")
        started = self._running.pop((event.fields.get("connection"), name), None)
        if event.kind == "timer fired" and started is not None and event.time >= self._since:
            self._fired.append(Bracket(str(name), started, event, event.time))
