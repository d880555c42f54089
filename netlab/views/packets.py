"""The list of frames: one line each, as an analyser shows it."""

from typing import TYPE_CHECKING

from netlab.link.frame import DROPPED, IN_FLIGHT
from netlab.trace.frame import Frame
from netlab.views.reading import LOST, Reader, Reading
from netlab.views.view import View
from netlab.views.words import clip, clock, count

if TYPE_CHECKING:
    from netlab.trace.trace import Trace

LIMIT = 500
"""How many frames are listed unless more are asked for."""
COLUMNS = ("No.", "Time", "From", "To", "Protocol", "Length", "Info", "Fate")
_MOST = (6, 14, 16, 16, 8, 7, 58, 100)  # characters of each column
_RIGHT = (0, 1, 5)  # the columns of numbers


class PacketList(View):
    """A trace's frames in the order of sending.

    `first` and `last` are the ids of the first and last frame to list, of at most `limit`.
    `relative` counts sequence numbers from the first of each direction, and `selected` is the id of
    a frame to highlight.
    """

    def __init__(
        self,
        trace: "Trace",
        first: int | None = None,
        last: int | None = None,
        relative: bool = True,
        selected: int | None = None,
        limit: int = LIMIT,
    ) -> None:
        self.trace = trace
        self.first = first
        self.last = last
        self.relative = relative
        self.selected = selected
        self.limit = limit

    def rows(self) -> tuple[list[tuple[Frame, Reading]], int]:
        """The frames to list, each with what it says; and how many more there are."""
        frames = self.trace.frames
        readings = Reader(self.relative).read(frames)
        wanted = [
            (frame, reading)
            for frame, reading in zip(frames, readings, strict=True)
            if (self.first is None or frame.id >= self.first)
            and (self.last is None or frame.id <= self.last)
        ]
        return wanted[: self.limit], max(0, len(wanted) - self.limit)

    def svg(self) -> str:
        """The picture. Each frame is a group with `data-frame`."""
        from netlab.views.packets_svg import draw

        return draw(self)

    def text(self) -> str:
        """The list as aligned columns."""
        rows, more = self.rows()
        table = [COLUMNS, *(cells(frame, reading) for frame, reading in rows)]
        widths = [
            min(most, max(len(row[column]) for row in table)) for column, most in enumerate(_MOST)
        ]
        lines = [
            "  ".join(
                f"{clip(cell, width):{'>' if column in _RIGHT else '<'}{width}}"
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
        if more:
            lines.append(more_words(rows[-1][0], more))
        return "\n".join(lines)


def cells(frame: Frame, reading: Reading) -> tuple[str, ...]:
    """One frame's line."""
    info = reading.rest if reading.head == frame.protocol else reading.label
    return (
        str(frame.id),
        clock(frame.time),
        frame.sender,
        frame.receiver,
        frame.protocol,
        str(len(frame.bytes)),
        info,
        fate(frame, reading),
    )


def fate(frame: Frame, reading: Reading) -> str:
    """What became of it, and everything remarkable.

    It begins with a sign: + for what arrived, x for what was lost, ~ for what is still under way.
    """
    notes = ", ".join(words for mark, words in reading.marks.items() if mark != LOST)
    if frame.fate == DROPPED:
        sign, text = "x", reading.marks.get(LOST, "lost")
    elif frame.fate == IN_FLIGHT:
        sign, text = "~", "in flight"
    else:
        sign, text = "+", clock(frame.time if frame.arrival is None else frame.arrival)
    return f"{sign} {notes}, {text}" if notes else f"{sign} {text}"


def more_words(last: Frame, more: int) -> str:
    """How to see the rest."""
    return f"... and {count(more, 'more frame')}: first={last.id + 1}"
