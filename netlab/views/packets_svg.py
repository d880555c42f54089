"""The packet list as SVG."""

from typing import TYPE_CHECKING

from netlab.views.packets import COLUMNS, cells, more_words
from netlab.views.sequence_style import CSS_OF_MARK
from netlab.views.svg import document, escape
from netlab.views.theme import BASE
from netlab.views.words import clip, count

if TYPE_CHECKING:
    from netlab.views.packets import PacketList

_WIDTH = 1080
_ROW = 24
# Where each column begins, how many characters it takes, and whether it is set to its right.
_PLACES = (
    (44, 6, True),
    (146, 14, True),
    (164, 11, False),
    (254, 11, False),
    (344, 8, False),
    (470, 7, True),
    (490, 46, False),
    (858, 30, False),
)
SIGNS = {"+": "\N{CHECK MARK}", "x": "\N{MULTIPLICATION X}", "~": "\N{HORIZONTAL ELLIPSIS}"}
"""The signs of the text, as a font has them."""

STYLE = (
    ".nl-packets .nl-row rect{fill:transparent}.nl-packets .nl-row:nth-child(even) rect{"
    "fill:var(--nl-wash)}.nl-packets .nl-row:hover rect{fill:currentColor;fill-opacity:.12}"
    ".nl-row{color:var(--nl-blue)}.nl-packets .nl-arp{color:var(--nl-grey)}"
    ".nl-packets .nl-icmp{color:var(--nl-green)}.nl-packets .nl-udp{color:var(--nl-purple)}"
    ".nl-row text{font-size:13px;white-space:pre}.nl-row .nl-mono{font:12.5px var(--nl-mono)}"
    ".nl-view .nl-row .nl-protocol{fill:currentColor;font-weight:600}"
    ".nl-view .nl-row .nl-fate{fill:var(--nl-grey)}"
    ".nl-packets .nl-strange .nl-fate{font-weight:600}"
    ".nl-view .nl-again .nl-fate,.nl-view .nl-corrupted .nl-fate{fill:var(--nl-orange)}"
    ".nl-view .nl-late .nl-fate,.nl-view .nl-duplicate .nl-fate{fill:var(--nl-pink)}"
    ".nl-view .nl-lost .nl-fate{fill:var(--nl-red)}"
    ".nl-view .nl-column{font-size:12.5px;font-weight:600;fill:var(--nl-grey)}"
    ".nl-packets .nl-selected rect{fill:currentColor;fill-opacity:.2;stroke:currentColor}"
    ".nl-rule{stroke:var(--nl-rule)}"
)


def draw(view: "PacketList") -> str:
    """The picture of `view`'s list."""
    rows, more = view.rows()
    parts = [_line(list(COLUMNS), 18, ["nl-column"] * len(COLUMNS))]
    parts.append(f'<line class="nl-rule" x1="0" y1="27" x2="{_WIDTH}" y2="27"/><g role="table">')
    y = 30
    styles = ["nl-soft", "nl-soft", "", "", "nl-protocol", "nl-soft", "nl-mono", "nl-fate"]
    for frame, reading in rows:
        css = f"nl-row nl-{reading.protocol.lower()}"
        for mark in reading.marks:
            css += f" nl-{CSS_OF_MARK[mark]}"
        if reading.marks:
            css += " nl-strange"
        if frame.id == view.selected:
            css += " nl-selected"
        line = list(cells(frame, reading))
        line[-1] = SIGNS[line[-1][0]] + line[-1][1:]
        parts.append(
            f'<g class="{css}" data-frame="{frame.id}" role="row">'
            f"<title>{escape(f'{line[-2]}. {line[-1]}')}</title>"
            f'<rect x="0" y="{y}" width="{_WIDTH}" height="{_ROW}"/>'
            f"{_line(line, y + 17, styles)}</g>"
        )
        y += _ROW
    parts.append("</g>")
    if more:
        words = escape(more_words(rows[-1][0], more))
        parts.append(f'<text class="nl-soft" x="{_PLACES[2][0]}" y="{y + 20}">{words}</text>')
        y += 30
    title = f"Packet list: {count(len(rows), 'frame')}"
    return document(parts, _WIDTH, y + 6, BASE + STYLE, "packets", title)


def _line(texts: list[str], y: int, styles: list[str]) -> str:
    out = []
    for text, style, (x, room, right) in zip(texts, styles, _PLACES, strict=True):
        anchor = ' style="text-anchor:end"' if right else ""
        css = f' class="{style}"' if style else ""
        out.append(
            f'<text{css} role="cell" x="{x}" y="{y}"{anchor}>{escape(clip(text, room))}</text>'
        )
    return "".join(out)
