"""One frame as fields and bytes, side by side."""

from netlab.link.frame import DROPPED, IN_FLIGHT
from netlab.trace.frame import Frame
from netlab.views.anatomy import Field, Part, anatomy
from netlab.views.svg import escape
from netlab.views.theme import style
from netlab.views.view import View
from netlab.views.words import clock, count

SHOWN = 256
"""Bytes that are shown; what a longer frame carries is cut."""
_IN_A_LINE = 16
_ON_A_PAGE = 8  # two words of 32 bits, as the RFCs draw them


class PacketView(View):
    """What is in a frame: every field of every layer with its meaning, and the bytes it is made of.

    The bytes are those that were sent; where others arrived, these are named too.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def parts(self) -> list[Part]:
        """The layers with their fields."""
        return anatomy(self.frame)

    def text(self) -> str:
        """Fields by layer, then the bytes, then why the frame was sent."""
        frame = self.frame
        lines = [f"{self._heading()}, {self._fate()}", *self._changes()]
        for part in self.parts():
            lines += ["", f"{part.name}, bytes {part.start} to {part.end - 1}"]
            for field in part.fields:
                row = f"{field.start:>6}  {field.name:<25} {field.value:<18} {field.meaning}"
                lines.append(row.rstrip())
        lines.append("")
        for at in range(0, min(len(frame.bytes), SHOWN), _IN_A_LINE):
            data = frame.bytes[at : at + _IN_A_LINE]
            first, second = data[:8].hex(" "), data[8:].hex(" ")
            lines.append(f"{at:04x}  {first:<23}  {second:<23}  {_printable(data)}")
        if self._rest():
            lines.append(f"      {self._rest()}")
        if frame.reason:
            lines += ["", f"Why: {frame.reason}"]
        return "\n".join(lines)

    def html(self) -> str:
        """Fields and bytes. A field and its bytes have a class in common, and light up together."""
        heading, reason = escape(self._heading()), escape(self.frame.reason)
        rows, numbered = [], list[tuple[str, Part, Field]]()
        for part in self.parts():
            rows.append(_heading_of(part))
            for field in part.fields:
                numbered.append((f"f{len(numbered)}", part, field))
                rows.append(_row(*numbered[-1]))
        lit = ",".join(f".nl-packet:has(.{css}:hover) .{css}" for css, _, _ in numbered)
        changes = "".join(f'<p class="nl-change">{escape(it)}</p>' for it in self._changes())
        why = f'<p class="nl-why"><b>Why it was sent</b>{reason}</p>' if reason else ""
        return (
            f'<div class="nl-view nl-packet" role="group" aria-label="{heading}"><style>'
            f"{style('packet')}{lit and lit + '{background:var(--nl-lit)}'}</style>"
            f'<p class="nl-title">{heading}</p><p class="nl-range">{escape(self._fate())}</p>{changes}'
            f'<div class="nl-halves"><table>{"".join(rows)}</table>'
            f"<pre>{self._bytes(numbered)}</pre></div>{why}</div>"
        )

    def _bytes(self, numbered: list[tuple[str, Part, Field]]) -> str:
        data, received = self.frame.bytes, self.frame.received
        classes = [""] * len(data)
        names: list[dict[str, None]] = [{} for _ in data]  # of the fields that a byte belongs to
        for css, part, field in numbered:
            for at in range(field.start, min(field.end, len(data))):
                classes[at] = f"{classes[at] or f'nl-p-{part.css}'} {css}"
                names[at][field.name.strip()] = None
        lines = []
        for start in range(0, min(len(data), SHOWN), _ON_A_PAGE):
            row = data[start : start + _ON_A_PAGE]
            line = f'<span class="nl-at">{start:>4}</span> '
            for at, byte in enumerate(row, start):
                css, told = classes[at], ", ".join(names[at])
                if received is not None and at < len(received) and received[at] != byte:
                    css += " nl-changed"
                    told += f", arrived as {received[at]:02x}"
                line += " " * (at % _ON_A_PAGE == _ON_A_PAGE // 2)
                line += f'<span class="{css}" title="byte {at}: {escape(told)}">{byte:02x}</span>'
            line += "   " * (_ON_A_PAGE - len(row)) + " " * (len(row) <= _ON_A_PAGE // 2)
            lines.append(f"{line}  {escape(_printable(row))}")
        return "\n".join([*lines, *filter(None, [self._rest()])])

    def _heading(self) -> str:
        """Which frame it is."""
        frame, size = self.frame, count(len(self.frame.bytes), "byte")
        return f"Frame {frame.id}, {frame.sender} to {frame.receiver}, {size}"

    def _fate(self) -> str:
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

    def _changes(self) -> list[str]:
        """The bytes that arrived as others."""
        sent, received = self.frame.bytes, self.frame.received
        return [
            f"Byte {at} was sent as {sent[at]:02x} and arrived as {received[at]:02x}."
            for at in range(min(len(sent), len(received or b"")))
            if received is not None and received[at] != sent[at]
        ]

    def _rest(self) -> str:
        """What there is to say of the bytes that aren't shown."""
        more = len(self.frame.bytes) - SHOWN
        return f"and {count(more, 'more byte')}" if more > 0 else ""


def _heading_of(part: Part) -> str:
    return (
        f'<tr class="nl-layer nl-p-{part.css}"><th colspan="3" scope="rowgroup">{escape(part.name)}'
        f'</th><td class="nl-range">bytes {part.start} to {part.end - 1}</td></tr>'
    )


def _row(css: str, part: Part, field: Field) -> str:
    name, meaning = field.name.strip(), escape(field.meaning)
    sub = "" if name == field.name else ' class="nl-sub"'
    wrong = " nl-wrong" if meaning.startswith("wrong") else ""
    wide = "" if meaning else ' colspan="2"'
    told = f'<td class="nl-meaning{wrong}">{meaning}</td>' if meaning else ""
    return (
        f'<tr class="nl-field nl-p-{part.css} {css}" title="bytes {field.start} to {field.end - 1}">'
        f'<td class="nl-at">{field.start}</td><td{sub}>{escape(name)}</td>'
        f'<td class="nl-value"{wide}>{escape(field.value)}</td>{told}</tr>'
    )


def _printable(data: bytes) -> str:
    """Bytes as ASCII, with a dot for what has no sign of its own."""
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
