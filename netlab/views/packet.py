"""One frame as fields and bytes, side by side."""

from netlab.link.frame import DROPPED, IN_FLIGHT
from netlab.trace.frame import Frame
from netlab.views.anatomy import Part, anatomy
from netlab.views.view import Picture
from netlab.views.words import clock, count

SHOWN = 256
"""Bytes that are shown; what a longer frame carries is cut."""
_ROW = 16


class PacketView(Picture):
    """What is in a frame: every field of every layer with its meaning, and the bytes it is made of.

    The bytes are those that were sent; where others arrived, these are named too.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def parts(self) -> list[Part]:
        """The layers with their fields."""
        return anatomy(self.frame)

    def svg(self) -> str:
        """The picture. A field and its bytes have a class in common, and light up together."""
        from netlab.views.packet_svg import draw

        return draw(self)

    def text(self) -> str:
        """Fields by layer, then the bytes, then why the frame was sent."""
        lines = [f"{self.heading()}, {self.fate()}", *self.changes()]
        for part in self.parts():
            lines += ["", f"{part.name}, bytes {part.start} to {part.end - 1}"]
            for field in part.fields:
                row = f"{field.start:>6}  {field.name:<25} {field.value:<18} {field.meaning}"
                lines.append(row.rstrip())
        lines += ["", *self._dump()]
        if self.frame.reason:
            lines += ["", f"Why: {self.frame.reason}"]
        return "\n".join(lines)

    def heading(self) -> str:
        """Which frame it is."""
        frame = self.frame
        return f"Frame {frame.id}, {frame.sender} to {frame.receiver}, {count(len(frame.bytes), 'byte')}"

    def fate(self) -> str:
        """What became of it."""
        frame = self.frame
        if frame.fate == DROPPED:
            fate = frame.fault or "lost"
        elif frame.fate == IN_FLIGHT:
            fate = "in flight"
        else:
            fate = f"arrived at {clock(frame.time if frame.arrival is None else frame.arrival)}"
            fate += f" ({frame.fault})" if frame.fault else ""
        return f"sent at {clock(frame.time)}, {fate}"

    def changes(self) -> list[str]:
        """The bytes that arrived as others."""
        frame = self.frame
        if frame.received is None or not frame.corrupted:
            return []
        pairs = zip(frame.bytes, frame.received, strict=False)
        return [
            f"Byte {at} was sent as {sent:02x} and arrived as {arrived:02x}."
            for at, (sent, arrived) in enumerate(pairs)
            if sent != arrived
        ]

    def _dump(self) -> list[str]:
        data = self.frame.bytes
        lines = []
        for at in range(0, min(len(data), SHOWN), _ROW):
            row = data[at : at + _ROW]
            first, second = row[:8].hex(" "), row[8:].hex(" ")
            lines.append(f"{at:04x}  {first:<23}  {second:<23}  {printable(row)}")
        if len(data) > SHOWN:
            lines.append(f"      and {count(len(data) - SHOWN, 'more byte')}")
        return lines


def printable(data: bytes) -> str:
    """Bytes as ASCII, with a dot for what has no sign of its own."""
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
