"""The packet view as SVG: fields on the left, bytes on the right."""

import textwrap
from typing import TYPE_CHECKING

from netlab.views.anatomy import Part
from netlab.views.packet import SHOWN, printable
from netlab.views.svg import document, escape
from netlab.views.words import clip, count

if TYPE_CHECKING:
    from netlab.views.packet import PacketView

_WIDTH = 980
_FIELDS = 600  # the width of the left half
_ROW = 21
_PART = 30  # the height of a layer's name
_BYTES = 8  # in a row: two words of 32 bits, as the RFCs draw them
_OFFSETS, _HEX, _TEXT = 624, 658, 900
_CELL = 28
_HEX_ROW = 24
_REASON = 122  # characters in a line


def draw(view: "PacketView") -> str:
    """The picture of `view`'s frame."""
    parts: list[str] = [
        f'<text class="nl-title" x="8" y="24">{escape(view.heading())}</text>'
        f'<text class="nl-soft" x="8" y="46">{escape(clip(view.fate(), 120))}</text>'
    ]
    top = 64
    for change in view.changes():
        parts.append(f'<text class="nl-change" x="8" y="{top + 4}">{escape(change)}</text>')
        top += _ROW
    anatomy = view.parts()
    bottom = max(_fields(parts, anatomy, top), _bytes(parts, view, anatomy, top))
    bottom = _reason(parts, view.frame.reason, bottom + 14)
    numbers = range(sum(len(part.fields) for part in anatomy))
    # A field and its bytes share a class; whichever the pointer is on, both light up.
    lit = ",".join(f".nl-packet:has(.f{n}:hover) .f{n} rect" for n in numbers)
    hover = f"{lit}{{fill:currentColor;fill-opacity:.38}}" if lit else ""
    return document(parts, _WIDTH, bottom, "packet", view.heading(), hover)


def _fields(out: list[str], anatomy: list[Part], y: int) -> int:
    number = 0
    for part in anatomy:
        out.append(
            f'<g class="nl-part nl-p-{part.css}"><rect x="8" y="{y + 4}" width="5"'
            f' height="{_PART - 8 + _ROW * len(part.fields)}" rx="2"/>'
            f'<text class="nl-layer" x="22" y="{y + 20}">{escape(part.name)}</text>'
            f'<text class="nl-range" x="{_FIELDS - 12}" y="{y + 20}" style="text-anchor:end">'
            f"bytes {part.start} to {part.end - 1}</text></g>"
        )
        y += _PART
        for field in part.fields:
            wrong = " nl-wrong" if field.meaning.startswith("wrong") else ""
            room = 24 if field.meaning else 44
            out.append(
                f'<g class="nl-field nl-p-{part.css} f{number}">'
                f"<title>{escape(f'{field.name.strip()}: {field.value} {field.meaning}'.rstrip())}"
                f', bytes {field.start} to {field.end - 1}</title><rect x="18" y="{y - 4}"'
                f' width="{_FIELDS - 26}" height="{_ROW}" rx="3"/>'
                f'<text class="nl-at" x="44" y="{y + 11}">{field.start}</text>'
                f'<text x="{66 if field.name.startswith(" ") else 54}" y="{y + 11}">'
                f"{escape(field.name.strip())}</text>"
                f'<text class="nl-value" x="238" y="{y + 11}">{escape(clip(field.value, room))}</text>'
                f'<text class="nl-meaning{wrong}" x="{max(338, 250 + 8 * len(field.value))}"'
                f' y="{y + 11}">{escape(field.meaning)}</text></g>'
            )
            y += _ROW
            number += 1
        y += 4
    return y


def _bytes(out: list[str], view: "PacketView", anatomy: list[Part], y: int) -> int:
    data, received = view.frame.bytes, view.frame.received
    owners = _owners(anatomy, len(data))
    for at in range(min(len(data), SHOWN)):
        row, column = divmod(at, _BYTES)
        top = y + 4 + row * _HEX_ROW
        if not column:
            out.append(f'<text class="nl-offset" x="{_OFFSETS + 18}" y="{top + 16}">{at}</text>')
        x = _HEX + column * _CELL + (8 if column >= _BYTES // 2 else 0)
        css, told = owners[at]
        if received is not None and at < len(received) and received[at] != data[at]:
            css += " nl-changed"
            told += f", arrived as {received[at]:02x}"
        out.append(
            f'<g class="nl-byte {css}"><title>byte {at}: {escape(told)}</title>'
            f'<rect x="{x}" y="{top}" width="{_CELL}" height="{_HEX_ROW - 2}"/>'
            f'<text x="{x + _CELL // 2}" y="{top + 16}">{data[at]:02x}</text>'
            f'<text class="nl-char" x="{_TEXT + 9 * column}" y="{top + 16}">'
            f"{escape(printable(data[at : at + 1]))}</text></g>"
        )
    rows = -(-min(len(data), SHOWN) // _BYTES)
    bottom = y + 4 + rows * _HEX_ROW
    if len(data) > SHOWN:
        more = count(len(data) - SHOWN, "more byte")
        out.append(f'<text class="nl-soft" x="{_HEX}" y="{bottom + 18}">and {more}</text>')
        bottom += 26
    return bottom


def _owners(anatomy: list[Part], size: int) -> list[tuple[str, str]]:
    """For each byte: the classes of the fields that it belongs to, and their names."""
    classes = [""] * size
    names: list[list[str]] = [[] for _ in range(size)]
    number = 0
    for part in anatomy:
        for field in part.fields:
            for at in range(field.start, min(field.end, size)):
                classes[at] = classes[at] or f"nl-p-{part.css}"
                classes[at] += f" f{number}"
                names[at].append(field.name.strip())
            number += 1
    return [(css, ", ".join(dict.fromkeys(told))) for css, told in zip(classes, names, strict=True)]


def _reason(out: list[str], reason: str, y: int) -> int:
    if not reason:
        return y
    lines = textwrap.wrap(reason, _REASON)
    height = 20 * len(lines) + 36
    out.append(
        f'<rect class="nl-why" x="8" y="{y}" width="{_WIDTH - 16}" height="{height}" rx="8"/>'
        f'<text class="nl-soft" x="22" y="{y + 22}">Why it was sent</text>'
    )
    for row, line in enumerate(lines):
        out.append(f'<text class="nl-reason" x="22" y="{y + 43 + 20 * row}">{escape(line)}</text>')
    return y + height + 6
