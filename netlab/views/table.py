"""Tables: one description gives the columns of a terminal and the table of a page."""

from collections.abc import Collection, Mapping, Sequence

from netlab.views.svg import escape
from netlab.views.theme import style
from netlab.views.view import View
from netlab.views.words import clip


class Table(View):
    """Rows of values under the names of their `columns`, with a `caption` above and a `note` below.

    A value is shown as `str` has it, None as nothing. The columns named in `right` are set to the
    right. `most` limits, in text, how many characters a column takes. The rows whose positions are
    in `marked` stand out. `attributes` are those of each row on a page, ready to stand in its tag;
    `css` names the style sheet that they want beside the common ones.
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        caption: str = "",
        right: Collection[str] = (),
        most: Mapping[str, int] | None = None,
        marked: Collection[int] = (),
        note: str = "",
        attributes: Sequence[str] = (),
        css: Collection[str] = (),
    ) -> None:
        self.columns = list(columns)
        self.rows = [["" if cell is None else str(cell) for cell in row] for row in rows]
        self.caption = caption
        self.right = frozenset(right)
        self.most = most or {}
        self.marked = frozenset(marked)
        self.note = note
        self.attributes = attributes
        self.css = css

    def text(self) -> str:
        """The caption, then a line for each row; the marked ones begin with `>`."""
        lines = [self.columns, *self.rows]
        aligned = []
        for name, column in zip(self.columns, zip(*lines, strict=True), strict=True):
            width = min(max(map(len, column)), self.most.get(name, 1000))
            side = ">" if name in self.right else "<"
            aligned.append([f"{clip(cell, width):{side}{width}}" for cell in column])
        text = ["  ".join(cells).rstrip() for cells in zip(*aligned, strict=True)]
        if self.marked:
            text = [("> " if n - 1 in self.marked else "  ") + line for n, line in enumerate(text)]
        return "\n".join([*filter(None, [self.caption]), *text, *filter(None, [self.note])])

    def html(self) -> str:
        """A `<table>` in a `<div>` with its style."""
        css = [' class="nl-right"' if name in self.right else "" for name in self.columns]
        head = "".join(
            f'<th scope="col"{style}>{escape(name)}</th>'
            for name, style in zip(self.columns, css, strict=True)
        )
        body = []
        for number, row in enumerate(self.rows):
            attributes = self.attributes[number] if self.attributes else ""
            if number in self.marked:
                attributes += ' aria-current="true"'
            body.append(f"<tr{attributes}>")
            body += [
                f"<td{style}>{escape(cell)}</td>" for cell, style in zip(row, css, strict=True)
            ]
            body.append("</tr>")
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return (
            f'<div class="nl-view nl-table"><style>{style("table", *self.css)}</style><table>{caption}'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>{note}</div>"
        )
