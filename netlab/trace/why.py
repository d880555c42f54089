"""Why something happened: the chain of events that led to it, told from its end to its start."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from netlab.link.frame import DELIVERED, DROPPED
from netlab.sim.recording import Event
from netlab.trace.frame import Frame
from netlab.trace.words import alarm, arrival, describe
from netlab.units import count, show_time

DEPTH = 12
"""How many steps of a chain are told; of a longer one the middle is left out."""
WIDTH = 96
"""Longer lines of text are wrapped."""
_CAPTURED = "A capture shows what was sent, and nothing of what the hosts thought."


@dataclass(slots=True)
class Step:
    """One link of the chain: what happened, in words, and the reason on record ("" for none).

    `events` are those that it tells of, the last one first: a frame's arrival and its sending are
    one step, as are the setting and the firing of a timer.
    """

    text: str
    reason: str
    events: list[Event]


@dataclass(slots=True)
class Why:
    """The chain of causes of `event`, as a value: `text()`, `html()`, and shown so in a notebook.

    `steps` lead from the nearest cause to the first one. When the chain was too long, `gap` tells
    what was left out after the first `gap_after` of them. `note` says how the chain ends.
    """

    event: Event
    heading: str
    reason: str
    steps: list[Step] = field(default_factory=list)
    gap: str = ""
    gap_after: int = 0
    note: str = ""

    @property
    def frames(self) -> list[int]:
        """The ids of the frames that are told of, the nearest first, with the one asked about."""
        events = [self.event, *(event for step in self.steps for event in step.events)]
        return [event.id for event in events if isinstance(event, Frame)]

    def text(self) -> str:
        """One line for each step, and one below it for its reason."""
        lines = [self.heading, f"  why: {self.reason}" if self.reason else ""]
        for step in self.steps:
            lines.append(f"  because {step.text}")
            lines.append(f"    why: {step.reason}" if step.reason else "")
        if self.gap:
            lines.insert(2 + 2 * self.gap_after, f"  ... {self.gap} ...")
        lines.append(f"  {self.note}" if self.note else "")
        return "\n".join(_wrapped(line) for line in lines if line)

    def html(self) -> str:
        """The same as a heading and an ordered list."""
        from html import escape

        def told(before: str, words: str, after: str) -> str:
            return f"{before}{escape(words, quote=False)}{after}" if words else ""

        items = [
            f"{told('<li>because ', step.text, '')}{told('<br><small>why: ', step.reason, '</small>')}"
            "</li>"
            for step in self.steps
        ]
        if self.gap:
            items.insert(self.gap_after, told("<li><em>", self.gap, "</em></li>"))
        return (
            f'<div class="netlab-why">{told("<p><strong>", self.heading, "</strong></p>")}'
            f"{told('<p>why: ', self.reason, '</p>')}{'<ol>' if items else ''}{''.join(items)}"
            f"{'</ol>' if items else ''}{told('<p>', self.note, '</p>')}</div>"
        )

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}


def explain(
    event: Event, *, depth: int = DEPTH, first_kept: int = 0, captured: bool = False
) -> Why:
    """The chain of causes of `event`, told in at most `depth` steps.

    `first_kept` is the number of the first event that is still on record; `captured` says that the
    events come from a capture. Raises `ConfigurationError` for a `depth` below 2.
    """
    depth = count(depth, "depth", least=2)
    groups = list(_groups(event))
    own, rest = groups[0], groups[1:]
    if isinstance(event, Frame):
        heading, reason = _frame_heading(event), event.reason
    else:
        heading, reason = _tell(own), _reason(own)
    note = _CAPTURED if captured else _ending(groups[-1][-1], first_kept)
    why = Why(event, heading, reason, note=note)
    if len(rest) > depth:
        at_the_start = max(1, depth // 3)
        why.gap_after = depth - at_the_start
        why.gap = _gap(rest[why.gap_after : -at_the_start])
        rest = rest[: why.gap_after] + rest[-at_the_start:]
    last = own
    for group in rest:
        told = _reason(group) == _reason(last) and group[-1].host == last[-1].host
        why.steps.append(Step(_tell(group), "" if told else _reason(group), group))
        last = group
    return why


def _wrapped(line: str) -> str:
    """`line` in lines of at most `WIDTH`, the further ones four more to the right."""
    if len(line) <= WIDTH:
        return line
    from textwrap import fill

    text = line.lstrip()
    margin = " " * (len(line) - len(text))
    return fill(text, WIDTH, initial_indent=margin, subsequent_indent=margin + " " * 4)


def _groups(event: Event) -> Iterator[list[Event]]:
    """The events from `event` back to the first cause, with those together that tell one thing."""
    current: Event | None = event
    while current is not None:
        group = [current]
        before = current.cause
        if before is not None and (
            (current.kind == "delivered" and isinstance(before, Frame))
            or (current.kind == "timer fired" and before.kind == "timer set")
        ):
            group.append(before)
            before = before.cause
        yield group
        current = before


def _tell(group: list[Event]) -> str:
    last, first = group[0], group[-1]
    if last is first:
        return describe(last)
    return arrival(first, last) if isinstance(first, Frame) else alarm(last, first)


def _reason(group: list[Event]) -> str:
    return group[0].reason or group[-1].reason


def _frame_heading(frame: Frame) -> str:
    heading = (
        f"Frame {frame.id}  {frame.sender} > {frame.receiver}  {frame.label}"
        f"  at {show_time(frame.time)}"
    )
    if frame.fault:
        return f"{heading}  ({frame.fault})"
    return heading if frame.fate in (DELIVERED, DROPPED) else f"{heading}  ({frame.fate})"


def _gap(left_out: list[list[Event]]) -> str:
    """What a chain's middle was, in one line: how much, of what, and when."""
    sent = Counter(group[-1].host for group in left_out if isinstance(group[-1], Frame))
    frames = " and ".join(f"{number} from {host}" for host, number in sent.items())
    earliest, latest = left_out[-1][-1].time, left_out[0][0].time
    return (
        f"{len(left_out)} steps more{', with frames: ' if frames else ''}{frames}"
        f", between {show_time(earliest)} and {show_time(latest)}"
    )


def _ending(root: Event, first_kept: int) -> str:
    if root.number < first_kept:
        return "What led to this is no longer on record: the recorder keeps only the latest events."
    if root.kind in ("call", "program started"):
        return ""
    return "It was done by hand."
