"""What a sequence diagram has to tell, before anything has its place on a page or in a terminal."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.errors import ConfigurationError
from netlab.trace.frame import Frame
from netlab.views.fold import fold
from netlab.views.message import Item, messages_of, typical_delay, typical_gap
from netlab.views.reading import Reader, Reading
from netlab.views.sides import Sides, find_sides

if TYPE_CHECKING:
    from netlab.views.sequence import Sequence


@dataclass(slots=True)
class Story:
    """The lifelines, the messages and bands between them, and what stands beside them.

    `unit` is the time (ns) that all others are long or short against: what a frame is under way.
    """

    hosts: list[str]
    addresses: dict[str, str]
    items: list[Item]
    sides: Sides
    unit: int
    title: str


def tell(view: "Sequence") -> Story:
    """The story that `view` asks for."""
    trace, until = view.trace, view.until
    pairs = _chosen(view)
    frames = [frame for frame, _ in pairs]
    # What comes later has its lifeline already, so that nothing moves as time goes on.
    hosts = _hosts(view, frames if until is None else trace.frames)
    lifelines = {host: index for index, host in enumerate(hosts)}
    events = trace.events
    dropped_at = {event.fields["frame"]: event.time for event in events if event.kind == "dropped"}
    delay = typical_delay(frames)
    readings = [reading for _, reading in pairs]
    messages = messages_of(frames, readings, lifelines, dropped_at, delay, until)

    since = frames[0].time if frames and view.first is not None else 0
    end = until
    if end is None and view.last is not None and messages:
        end = max(message.arrives for message in messages)
    sides = find_sides(events, hosts, view.layers, since, end, pending=until is not None)

    items: list[Item] = list(messages)
    if view.fold:
        items = fold(messages, sides.numbers())
    return Story(
        hosts,
        {host: trace.addresses.get(host, "") for host in hosts},
        items,
        sides,
        delay or typical_gap(frames),
        _title(hosts, len(frames)),
    )


def _chosen(view: "Sequence") -> list[tuple[Frame, Reading]]:
    """The frames to show. Those before them are read too, since what a frame means depends on them."""
    frames = view.trace.frames
    _check_range(view, frames)
    if view.until is not None:
        frames = [frame for frame in frames if frame.time <= view.until]
    if view.last is not None:
        frames = [frame for frame in frames if frame.id <= view.last]
    shown = None if view.hosts is None else frozenset(view.hosts)
    chosen = []
    for frame, reading in zip(frames, Reader(view.relative).read(frames), strict=True):
        if view.first is not None and frame.id < view.first:
            continue
        if shown is None or (frame.host in shown and frame.receiver in shown):
            chosen.append((frame, reading))
    return chosen


def _check_range(view: "Sequence", frames: list[Frame]) -> None:
    """Refuse a range without frames. Where nothing was sent yet, there is nothing to be wrong about."""
    first, last = view.first, view.last
    given: dict[str, object] = {"first": first, "last": last}
    for name, value in given.items():
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
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
    known = list(view.trace.hosts)
    if view.hosts is not None:
        for host in view.hosts:
            if host not in known:
                raise ConfigurationError(
                    f"there is no host {host!r} in this trace; it has {', '.join(known) or 'none'}"
                )
        return view.hosts
    return _in_line(known, frames) or known


def _in_line(known: list[str], frames: list[Frame]) -> list[str]:
    """The hosts between which frames went, so that those with a cable in common are neighbours."""
    near: dict[str, dict[str, None]] = {}
    for frame in frames:
        near.setdefault(frame.host, {})[frame.receiver] = None
        near.setdefault(frame.receiver, {})[frame.host] = None
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


def _title(hosts: list[str], frames: int) -> str:
    who = ", ".join(hosts[:-1]) + f" and {hosts[-1]}" if len(hosts) > 1 else "".join(hosts)
    return f"Sequence diagram: {frames} frame{'' if frames == 1 else 's'} between {who}"
