"""What stands beside the lifelines: the states each end goes through, its timers, its calls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from netlab.sim.recording import Event

_NO_STATE = "CLOSED"


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
class Side:
    """What stands beside one lifeline."""

    notes: list[Note] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)


def find_sides(
    events: Iterable[Event], hosts: Sequence[str], since: int, pending: bool
) -> dict[str, Side]:
    """What of these events stands beside each of `hosts`, from `since` on (ns).

    A timer that was stopped before it fired is left out; one that still runs is there if `pending`.
    """
    sides = {host: Side() for host in hosts}
    tracks = {host: _Tracks(since) for host in hosts}
    running: dict[tuple[object, ...], Event] = {}
    for event in events:
        side = sides.get(event.host)
        if side is None:
            continue
        kind, fields = event.kind, event.fields
        timer = (event.host, fields.get("connection"), fields.get("timer"))
        if kind == "state":
            side.notes += tracks[event.host].take(event)
        elif kind == "call":
            if event.time >= since:
                side.notes.append(Note(event, f"{fields.get('call', '')}()", False, event.time))
        elif kind == "timer set":
            running[timer] = event
        else:
            running.pop(timer, None)
            cause = event.cause
            if (
                kind == "timer fired"
                and cause
                and cause.kind == "timer set"
                and event.time >= since
            ):
                side.brackets.append(Bracket(str(timer[2]), cause, event, event.time))
    for (host, _, name), started in running.items() if pending else ():
        due = int(started.fields.get("at", started.time))
        sides[str(host)].brackets.append(Bracket(str(name), started, None, due))
    for host, side in sides.items():
        side.notes[:0] = tracks[host].held(side.notes)
    return sides


class _Tracks:
    """The states of one host's connections; those that are open at the same time go side by side."""

    def __init__(self, since: int) -> None:
        self._since = since
        self._held: dict[int, Note] = {}  # track -> the state that it is in as the picture begins
        self._tracks: list[str | None] = []  # the connection on each track; None: free again
        self._listened = False

    def take(self, event: Event) -> list[Note]:
        """The state that a connection goes to, where that is in the picture."""
        tracks, fields = self._tracks, event.fields
        connection, new = str(fields.get("connection", "")), str(fields["to"])
        if connection not in tracks:
            if None in tracks:
                tracks[tracks.index(None)] = connection
            else:
                tracks.append(connection)
            old = str(fields.get("from", _NO_STATE))
            if old != _NO_STATE and not self._listened:
                # It listened, or was open, before the record begins.
                self._listened = True
                self._hold(event, old, tracks.index(connection))
        track = tracks.index(connection)
        if new == _NO_STATE:
            tracks[track] = None
        if event.time >= self._since:
            return [Note(event, new, True, event.time, track)]
        self._hold(event, new, track)
        return []

    def held(self, notes: Sequence[Note]) -> list[Note]:
        """The states in which the picture, with `notes`, begins."""
        at_once = {note.track for note in notes if note.is_state and note.time == self._since}
        return [
            note
            for note in self._held.values()
            if note.text != _NO_STATE and note.track not in at_once
        ]

    def _hold(self, event: Event, state: str, track: int) -> None:
        self._held[track] = Note(event, state, True, self._since, track, held=True)
