"""The list of frames: one line each, as an analyser shows it."""

from dataclasses import dataclass

from netlab.link.frame import DROPPED, IN_FLIGHT
from netlab.trace.trace import Trace
from netlab.views.message import CSS_OF_MARK, Mark, Message
from netlab.views.reading import Reader
from netlab.views.table import Table
from netlab.views.view import View
from netlab.views.words import clock, count

LIMIT = 500
"""How many frames are listed unless more are asked for."""
COLUMNS = ("No.", "Time", "From", "To", "Protocol", "Length", "Info", "Fate")
# It arrived, it was lost, it is still under way.
_SIGNS = "+x~"
_SIGNS_ON_A_PAGE = "\N{CHECK MARK}\N{MULTIPLICATION X}\N{HORIZONTAL ELLIPSIS}"


@dataclass(eq=False, repr=False)
class PacketList(View):
    """A trace's frames in the order of sending.

    `first` and `last` are the ids of the first and last frame to list, of at most `limit`.
    `relative` counts sequence numbers from the first of each direction, and `selected` is the id of
    a frame to highlight.
    """

    trace: Trace
    first: int | None = None
    last: int | None = None
    relative: bool = True
    selected: int | None = None
    limit: int = LIMIT

    def text(self) -> str:
        """The list as aligned columns."""
        return self._table(_SIGNS).text()

    def html(self) -> str:
        """The list as a table. Each frame is a row with `data-frame`."""
        return self._table(_SIGNS_ON_A_PAGE).html()

    def _table(self, signs: str) -> Table:
        wanted = [
            message
            for message in Reader(self.relative).read(self.trace.frames)
            if (self.first is None or message.frame.id >= self.first)
            and (self.last is None or message.frame.id <= self.last)
        ]
        shown = wanted[: self.limit]
        more = len(wanted) - len(shown)
        return Table(
            COLUMNS,
            [_cells(message, signs) for message in shown],
            right=("No.", "Time", "Length"),
            most={"From": 16, "To": 16, "Info": 58, "Fate": 100},
            marked=[n for n, message in enumerate(shown) if message.frame.id == self.selected],
            note=f"... and {count(more, 'more frame')}: first={shown[-1].frame.id + 1}"
            if more
            else "",
            attributes=[_attributes(message) for message in shown],
            css=["packets"],
        )


def _cells(message: Message, signs: str) -> tuple[object, ...]:
    """One frame's line; what became of it begins with a sign."""
    frame = message.frame
    notes = [words for mark, words in message.marks.items() if mark != Mark.LOST]
    if frame.fate == DROPPED:
        sign, fate = signs[1], message.marks.get(Mark.LOST, "lost")
    elif frame.fate == IN_FLIGHT:
        sign, fate = signs[2], "in flight"
    else:
        sign, fate = signs[0], clock(frame.time if frame.arrival is None else frame.arrival)
    return (
        frame.id,
        clock(frame.time),
        frame.sender,
        frame.receiver,
        frame.protocol,
        len(frame.bytes),
        message.rest if message.head == frame.protocol else message.words,
        f"{sign} {', '.join([*notes, fate])}",
    )


def _attributes(message: Message) -> str:
    css = ["nl-row", f"nl-{message.protocol.lower()}"]
    css += [f"nl-{CSS_OF_MARK[mark]}" for mark in message.marks]
    if message.marks:
        css.append("nl-strange")
    return f' class="{" ".join(css)}" data-frame="{message.frame.id}"'
