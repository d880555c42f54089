"""What all views have in common: something to look at, and the same in plain text."""

from netlab.views.dot import GraphvizMissingError
from netlab.views.svg import escape


class View:
    """A value that Jupyter shows on a page, and a terminal as text."""

    def html(self) -> str:
        """What a page shows."""
        raise NotImplementedError

    def text(self) -> str:
        """The same content in plain characters."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}


class Picture(View):
    """A view that is drawn."""

    def svg(self) -> str:
        """The picture, as an `<svg>` element that can stand in a page or in a file."""
        raise NotImplementedError

    def html(self) -> str:
        """The picture; where no Graphviz can lay it out, the text and what to install."""
        # Inline and not as an image, which can't see the colours of the page.
        try:
            return f"<div>{self.svg()}</div>"
        except GraphvizMissingError as error:
            return f"<div><p>{escape(str(error))}</p><pre>{escape(self.text())}</pre></div>"
