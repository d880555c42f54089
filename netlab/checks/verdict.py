"""The two ends that a check can come to. Both are rich in Jupyter and plain text elsewhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill, indent

from netlab.views.svg import escape
from netlab.views.view import View

WIDTH = 96


@dataclass(frozen=True)
class Step:
    """One step of a story; where it went wrong, also what should have come of it and what came."""

    happened: str
    should: str = ""
    was: str = ""


@dataclass(frozen=True)
class Difference:
    """One thing that came out otherwise in the end."""

    what: str
    should: str
    was: str


class CheckFailed(AssertionError):
    """The student's part does not do what it must.

    `headline` names the task and what was tried, `steps` is the story up to where it went wrong,
    `differences` what came of it, `hint` says where to look, and `section` where it is written.
    `picture` is the sequence diagram, `frame` the id of the frame in it that all this is about.
    """

    def __init__(
        self,
        headline: str,
        hint: str,
        *,
        steps: Sequence[Step] = (),
        differences: Sequence[Difference] = (),
        section: str = "",
        picture: View | None = None,
        frame: int | None = None,
    ) -> None:
        super().__init__(headline, hint)
        self.headline = headline
        self.hint = hint
        self.steps = tuple(steps)
        self.differences = tuple(differences)
        self.section = section
        self.picture = picture
        self.frame = frame
        self._published = False

    def __str__(self) -> str:
        parts = [self.headline, *self._story(), fill(f"Hint: {self.hint}", WIDTH)]
        if self.section:
            parts.append(f"To read: {self.section}")
        if self.picture is not None:
            parts += [f"{self._caption}:", self._ladder()]
        return "\n\n".join(parts)

    def _story(self) -> list[str]:
        story = [
            fill(step.happened, WIDTH, initial_indent=f"{number:>3}. ", subsequent_indent="     ")
            + _should_but_was(step)
            for number, step in enumerate(self.steps, 1)
        ]
        outcome = [each.what + _should_but_was(each) for each in self.differences]
        return ["\n".join(story)] * bool(story) + ["\n".join(outcome)] * bool(outcome)

    @property
    def _caption(self) -> str:
        marked = "" if self.frame is None else f"; frame {self.frame} is marked"
        return f"The sequence diagram of this run{marked}"

    def _ladder(self) -> str:
        assert self.picture is not None
        arrow = re.compile(rf"[-=~#*] {self.frame} \S")
        lines = self.picture.text().splitlines()
        return "\n".join((">>" if arrow.search(line) else "  ") + line for line in lines)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        html = f"<p><strong>{escape(self.headline)}</strong></p>"
        steps = "".join(
            f"<li>{escape(step.happened)}{_should_but_was_in_html(step)}</li>"
            for step in self.steps
        )
        if steps:
            html += f"<ol>{steps}</ol>"
        for each in self.differences:
            html += f"<p>{escape(each.what)}{_should_but_was_in_html(each)}</p>"
        html += f"<p><strong>Hint:</strong> {escape(self.hint)}</p>"
        if self.section:
            html += f"<p>To read: {escape(self.section)}</p>"
        if self.picture is not None:
            html += f"<p>{self._caption}:</p>{self.picture._repr_mimebundle_()['text/html']}"
            ladder = f"<pre>{escape(self._ladder())}</pre>"
            html += f"<details><summary>The same as text</summary>{ladder}</details>"
        return {"text/html": html, "text/plain": str(self)}

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of this error: no lines of the check's own code."""
        from IPython.core.getipython import get_ipython
        from IPython.display import publish_display_data

        if not hasattr(get_ipython(), "kernel"):
            return [f"CheckFailed: {self}"]
        if not self._published:  # it is rendered more than once
            self._published = True
            publish_display_data(self._repr_mimebundle_())  # type: ignore[no-untyped-call]
        return [f"CheckFailed: {self.headline}", "", fill(f"Hint: {self.hint}", WIDTH)]


class Passed:
    """The student's part does what it must.

    `headline` names the task, `tried` is all that was tried, and `pictures` show the first of it.
    """

    def __init__(self, headline: str, tried: Sequence[str], pictures: Sequence[View] = ()) -> None:
        self.headline = headline
        self.tried = tuple(tried)
        self.pictures = tuple(pictures)

    def __repr__(self) -> str:
        return "\n".join([self.headline, *(f"  ✓ {each}" for each in self.tried)])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        tried = "".join(f"<li>✓ {escape(each)}</li>" for each in self.tried)
        pictures = "".join(
            f"<div>{picture._repr_mimebundle_()['text/html']}</div>" for picture in self.pictures
        )
        html = (
            f"<p><strong>{escape(self.headline)}</strong></p><ul>{tried}</ul>"
            f"<div style='display:flex;flex-wrap:wrap;gap:2em;align-items:start'>{pictures}</div>"
        )
        return {"text/html": html, "text/plain": repr(self)}


def _should_but_was_in_html(each: Step | Difference) -> str:
    if not each.was:
        return ""
    should, was = escape(each.should), escape(each.was)
    return f"<br>should have been: <em>{should}</em><br>but it was: <em>{was}</em>"


def _should_but_was(each: Step | Difference) -> str:
    if not each.was:
        return ""
    return indent(f"\nshould have been: {each.should}\nbut it was:       {each.was}", "       ")
