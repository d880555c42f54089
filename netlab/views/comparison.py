"""Two runs of one story side by side, and the place where they part."""

import re
from textwrap import fill

from netlab.errors import ConfigurationError
from netlab.link.frame import DROPPED
from netlab.trace.frame import Frame
from netlab.trace.trace import Trace
from netlab.views.sequence import Sequence
from netlab.views.svg import escape
from netlab.views.view import View
from netlab.views.words import clock

BEFORE = 3
"""So many frames before the parting are shown as text."""
WIDTH = 96
"""Longer lines of text are wrapped."""


class Comparison(View):
    """The sequence diagrams of two traces, with the first frame in which they differ marked.

    `parting` is the position of that frame (0 for the first), None when the traces are the same;
    `explanation` says in words what happened there. Raises `ConfigurationError` for what isn't a
    trace.
    """

    def __init__(self, before: Trace, after: Trace) -> None:
        for trace in (before, after):
            if not hasattr(trace, "frames"):
                raise ConfigurationError(
                    f"expected two traces to compare, got {trace!r}; a run has one: run.trace"
                )
        self.traces = (before, after)
        self.parting = _first_difference(before.frames, after.frames)
        self.explanation = _explain(before.frames, after.frames, self.parting)

    def html(self) -> str:
        """Both pictures, beside each other where there is room."""
        before, after = _equally_wide([picture.svg() for picture in self._pictures()])
        side = '<div style="flex:1 1 26em;min-width:0"><strong>'
        return (
            f'<div class="nl-comparison"><p>{escape(self.explanation)}</p>'
            f'<div style="display:flex;flex-wrap:wrap;gap:1em">{side}before</strong>{before}</div>'
            f"{side}after</strong>{after}</div></div></div>"
        )

    def text(self) -> str:
        """The explanation, and both ladders from shortly before the parting on."""
        parts = [fill(self.explanation, WIDTH)]
        if self.parting is not None:
            before, after = self._pictures(max(0, self.parting - BEFORE))
            parts += ["", "before:", before.text(), "", "after:", after.text()]
        return "\n".join(parts)

    def _pictures(self, start: int = 0) -> list[Sequence]:
        pictures = []
        for trace in self.traces:
            ids = [frame.id for frame in trace.frames]
            first = ids[start] if start < len(ids) else None
            parted = ids[self.parting] if self.parting and self.parting < len(ids) else None
            pictures.append(Sequence(trace, first=first, selected=parted))
        return pictures


def _first_difference(before: list[Frame], after: list[Frame]) -> int | None:
    for position, (one, other) in enumerate(zip(before, after, strict=False)):
        if _essence(one) != _essence(other):
            return position
    return None if len(before) == len(after) else min(len(before), len(after))


def _equally_wide(pictures: list[str]) -> list[str]:
    """The pictures in the scale of the widest, so that what is the same looks the same."""
    frame = re.compile(r'width="(\d+)" height="(\d+)" viewBox="0 0 \d+ \d+"')
    widest = max(int(match[1]) for match in map(frame.search, pictures) if match)
    return [
        frame.sub(rf'width="{widest}" height="\2" viewBox="0 0 {widest} \2"', picture, count=1)
        for picture in pictures
    ]


def _essence(frame: Frame) -> tuple[object, ...]:
    return frame.time, frame.sender, frame.bytes, frame.received, frame.fate, frame.arrival


def _explain(before: list[Frame], after: list[Frame], parting: int | None) -> str:
    if parting is None:
        return "Both runs are the same, frame by frame."
    if parting == 0:
        same = "The runs differ from the first frame on."
    else:
        last = after[parting - 1] if parting <= len(after) else before[parting - 1]
        same = f"The runs are the same up to frame {last.id}, sent at {clock(last.time)}."
    if parting >= len(after):
        return f"{same} Then the second ends; the first goes on: {_tell(before[parting])}."
    if parting >= len(before):
        return f"{same} Then the first ends; the second goes on: {_tell(after[parting])}."
    one, other = before[parting], after[parting]
    if one.bytes == other.bytes and one.time == other.time:
        return f"{same} Then {_tell(other)} {_fate(one)} before, and {_fate(other)} after."
    return f"{same} Then came {_tell(one)} before, and {_tell(other)} after."


def _tell(frame: Frame) -> str:
    return f"frame {frame.id} ({frame.label}) from {frame.sender} at {clock(frame.time)}"


def _fate(frame: Frame) -> str:
    fault = frame.fault
    if frame.fate == DROPPED:
        return f"was {fault}" if fault.startswith("lost") else f"was lost ({fault})"
    arrived = "was still in flight"
    if frame.arrival is not None:
        arrived = f"arrived at {clock(frame.arrival)}"
    return f"{arrived} ({fault})" if fault else arrived
