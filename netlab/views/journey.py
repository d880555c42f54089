"""A packet's journey: the frames that carried it, hop by hop, and what each hop changed in them."""

from typing import TYPE_CHECKING

from netlab.link.frame import DELIVERED
from netlab.sim.recording import Event
from netlab.trace.frame import Frame
from netlab.views.anatomy import anatomy
from netlab.views.table import Table
from netlab.views.words import clip, clock

if TYPE_CHECKING:
    from netlab.trace.trace import Trace

CHANGED = " *"
"""Stands behind a value that differs from that of the hop before."""
_MOST = 26  # characters of a value


def hops(trace: "Trace", frame: Frame) -> dict[Frame, Frame | None]:
    """The frames that carried the same packet, in the order of sending, each with the one before it.

    A frame carries on what another brought where the one caused the other, at the machine where it
    arrived, and both have the same packet: an IP packet's addresses, protocol and identification
    agree (so the fragments that a router makes belong to it), or the payload where it is no IP.
    """
    first, before = frame, _before(frame)
    while before is not None:
        first, before = before, _before(before)
    found: dict[Frame, Frame | None] = {first: None}
    for later in trace.frames:
        if later.number > first.number and (before := _before(later)) in found:
            found[later] = before
    return found


def journey(trace: "Trace", frame: Frame) -> Table:
    """The fields of the headers, a column for each hop; `*` is behind what that hop changed.

    The rows with such a change are marked. Below is what became of each frame.
    """
    found = hops(trace, frame)
    number = {each: n for n, each in enumerate(found, 1)}
    values = {each: _values(each) for each in found}
    rows: list[list[str]] = [
        ["Frame", *(f"{each.id} on {each.link.name}" for each in found)],
        ["Sent at", *(clock(each.time) for each in found)],
    ]
    marked = []
    for name in dict.fromkeys(name for fields in values.values() for name in fields):
        cells = []
        for each, before in found.items():
            value = values[each].get(name, "")
            # A fragment's transport header is read as data: such a field is blank, not changed.
            changed = before and value and value != values[before].get(name, "")
            cells.append(clip(value, _MOST) + (CHANGED if changed else ""))
        if any(cell.endswith(CHANGED) for cell in cells):
            marked.append(len(rows))
        rows.append([name, *cells])
    rows.append(["What became of it", *map(_fate, found)])
    return Table(
        ["Field", *(f"{n}. {each.sender} → {each.receiver}" for each, n in number.items())],
        rows,
        caption=f"Journey of {frame.label}, frame {frame.id}",
        marked=marked,
        note="* differs from the hop before" if marked else "",
    )


def _before(frame: Frame) -> Frame | None:
    """The frame that brought the packet to the machine that sent this one."""
    cause: Event | None = frame.cause
    while cause is not None and not isinstance(cause, Frame):
        cause = cause.cause
    if cause is None or _packet(cause) != _packet(frame):
        return None
    return cause if cause.receiver == frame.sender or frame.copy_of == cause.id else None


def _packet(frame: Frame) -> object:
    """What stays the same from hop to hop."""
    packet = frame.ipv4
    if packet is not None:
        return packet.src, packet.dst, packet.protocol, packet.identification
    return frame.bytes


def _values(frame: Frame) -> dict[str, str]:
    return {
        f"{part.name}: {field.name}": field.value
        for part in anatomy(frame)
        if part.css != "data"
        for field in part.fields
    }


def _fate(frame: Frame) -> str:
    if frame.fate == DELIVERED and frame.arrival is not None:
        return f"arrived at {clock(frame.arrival)}"
    return f"{frame.fate}: {frame.fault}" if frame.fault else frame.fate
