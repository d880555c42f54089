"""What all views have in common: a picture, and the same in plain text."""

from netlab.views.dot import GraphvizMissingError
from netlab.views.svg import escape


class View:
    """A value that Jupyter shows as a picture and a terminal as text."""

    def svg(self) -> str:
        """The picture, as an `<svg>` element that can stand in a page or in a file."""
        raise NotImplementedError

    def text(self) -> str:
        """The same content in plain characters."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # Inline in HTML and not as image/svg+xml: an image can't see the colours of the page.
        text = self.text()
        try:
            picture = f"<div>{self.svg()}</div>"
        except GraphvizMissingError as error:
            picture = f"<div><p>{escape(str(error))}</p><pre>{escape(text)}</pre></div>"
        return {"text/html": picture, "text/plain": text}
