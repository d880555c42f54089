"""What a sequence diagram has to tell, before anything has its place on a page or in a terminal."""

from collections.abc import Sequence as Several
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.errors import ConfigurationError
from netlab.trace.frame import Frame
from netlab.trace.trace import name_of
from netlab.views.fold import fold
from netlab.views.message import Item, Message, aim, typical_time
from netlab.views.reading import Reader
from netlab.views.sides import Side, find_sides
from netlab.views.words import count

if TYPE_CHECKING:
    from netlab.views.sequence import Sequence

_KINDS = {"transport": ("state", "timer fired"), "sockets": ("call",)}
_FOR_TIMERS_THAT_RUN = {"timer set", "timer cancelled"}


@dataclass(slots=True)
class Story:
    """The lifelines, the messages and bands between them, and what stands beside each lifeline.

    `unit` is the time (ns) that all others are long or short against: what a frame is under way.
    """

    hosts: list[str]
    addresses: dict[str, str]
    items: list[Item]
    sides: dict[str, Side]
    unit: int
    title: str


def tell(view: "Sequence") -> Story:
    """The story that `view` asks for."""
    trace, until = view.trace, view.until
    messages = _chosen(view)
    frames = [message.frame for message in messages]
    # What comes later has its lifeline already, so that nothing moves as time goes on.
    hosts = _hosts(view, frames if until is None else trace.frames)
    kinds = {"dropped"}.union(*(_KINDS.get(layer, ()) for layer in view.layers))
    if until is not None:
        kinds |= _FOR_TIMERS_THAT_RUN
    events = [event for event in trace.events if event.kind in kinds]
    dropped_at = {event.fields["frame"]: event.time for event in events if event.kind == "dropped"}
    delay, unit = typical_time(frames)
    lifelines = {host: index for index, host in enumerate(hosts)}
    aim(messages, lifelines, dropped_at, delay, until)

    since = frames[0].time if frames and view.first is not None else 0
    end = until
    if end is None and view.last is not None and messages:
        end = max(message.arrives for message in messages)
    beside = [e for e in events if e.layer in view.layers and (end is None or e.time <= end)]
    sides = find_sides(beside, hosts, since, pending=until is not None)

    items: list[Item] = list(messages)
    if view.fold:
        shown = [note.event for side in sides.values() for note in side.notes]
        shown += [b.fired for side in sides.values() for b in side.brackets if b.fired is not None]
        items = fold(messages, sorted(event.number for event in shown))
    who = ", ".join(hosts[:-1]) + f" and {hosts[-1]}" if len(hosts) > 1 else "".join(hosts)
    return Story(
        hosts,
        {host: trace.addresses.get(host, "") for host in hosts},
        items,
        sides,
        unit,
        f"Sequence diagram: {count(len(frames), 'frame')} between {who}",
    )


def _chosen(view: "Sequence") -> list[Message]:
    """The frames to show. Those before them are read too, since what a frame means depends on them."""
    frames, first, last = view.trace.frames, view.first, view.last
    _check_range(first, last, frames)
    if view.until is not None:
        frames = [frame for frame in frames if frame.time <= view.until]
    if last is not None:
        frames = [frame for frame in frames if frame.id <= last]
    messages = Reader(view.relative).read(frames)
    if first is not None:
        messages = [it for it in messages if it.frame.id >= first]
    if view.hosts is not None:
        shown = {name_of(host) for host in view.hosts}
        messages = [it for it in messages if it.frame.host in shown and it.frame.receiver in shown]
    return messages


def _check_range(first: int | None, last: int | None, frames: list[Frame]) -> None:
    """Refuse a range without frames. Where nothing was sent yet, there is nothing to be wrong about."""
    for name, value in (("first", first), ("last", last)):
        if value is not None and type(value) is not int:
            raise ConfigurationError(f"{name} is the id of a frame, a whole number; got {value!r}")
    if not frames:
        return
    lowest, highest = frames[0].id, frames[-1].id
    there = f"there are frames {lowest} to {highest}"
    if first is not None and first > highest:
        raise ConfigurationError(f"there is no frame from first={first} on; {there}")
    if last is not None and last < lowest:
        raise ConfigurationError(f"there is no frame up to last={last}; {there}")
    if first is not None and last is not None and first > last:
        raise ConfigurationError(f"first={first} comes after last={last}; {there}")


def _hosts(view: "Sequence", frames: list[Frame]) -> list[str]:
    known = view.trace.hosts
    if view.hosts is None:
        return _in_line(known, frames) or known
    hosts = [name_of(host) for host in view.hosts]
    for host in hosts:
        if host not in known:
            raise ConfigurationError(
                f"there is no host {host!r} in this trace; it has {', '.join(known) or 'none'}"
            )
    return hosts


def _in_line(known: Several[str], frames: Several[Frame]) -> list[str]:
    """The hosts between which frames went, so that those with a cable in common are neighbours."""
    near: dict[str, dict[str, None]] = {}
    for one, other in {(frame.host, frame.receiver): None for frame in frames}:
        near.setdefault(one, {})[other] = None
        near.setdefault(other, {})[one] = None
    hosts = [host for host in known if host in near]
    placed: dict[str, None] = {}
    # From one end of the line to the other; what branches off is followed before going on.
    ahead = sorted(hosts, key=lambda host: len(near[host]) > 1)
    while ahead:
        host = ahead.pop(0)
        if host not in placed:
            placed[host] = None
            ahead[:0] = [other for other in hosts if other in near[host]]
    return list(placed)
