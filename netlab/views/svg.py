"""The little that drawing SVG takes: text made safe, and an element around the whole.

A picture is a list of strings that is joined once; nothing else is fast enough for long traces.
"""

from netlab.views.theme import style


def escape(text: str) -> str:
    """`text` for use between tags and in double quotes."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if '"' in text:
        text = text.replace('"', "&quot;")
    return text


def label(x: float, y: float, words: str, css: str = "", anchor: str = "") -> str:
    """A line of text whose baseline begins at `x` and `y`; or is there its "middle" or "end"."""
    style = f' class="{css}"' if css else ""
    if anchor:
        style += f' style="text-anchor:{anchor}"'
    return f'<text{style} x="{x}" y="{y}">{escape(words)}</text>'


def document(
    parts: list[str], width: int, height: int, kind: str, title: str, css: str = ""
) -> str:
    """The whole picture. It shrinks with the page; `title` is what a screen reader says of it.

    `kind` names its style sheet, and after a blank further classes; `css` is what it adds.
    """
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nl-view nl-{kind}" role="group"'
        f' aria-label="{escape(title)}" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}"><style>{style(kind.partition(" ")[0])}{css}</style>'
    )
    return "".join([head, *parts, "</svg>"])
