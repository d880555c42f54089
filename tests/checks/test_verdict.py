"""Verdicts as text, in a notebook, and as an error that IPython shows."""

from types import SimpleNamespace

import pytest

from netlab.checks import CheckFailed, Passed
from netlab.checks.verdict import Difference, Step
from netlab.views.view import Picture


class Drawing(Picture):
    def svg(self) -> str:
        return "<svg><!-- the drawing --></svg>"

    def text(self) -> str:
        return "  |-- 1 SYN -->|\n  |<-- 12 RST -|\n  |<-- 2 SYN,ACK --|"


VERDICT = CheckFailed(
    "Task 1: not yet.",
    "Look <again>.",
    steps=[Step("Alice connects."), Step("Bob answers.", "an ACK", "a RST")],
    differences=[Difference("Bob's state", "ESTABLISHED", "CLOSED")],
    section="RFC 9293, section 3.5",
    picture=Drawing(),
    frame=2,
)


def test_the_text_tells_the_story_and_then_shows_the_diagram_with_the_frame_marked() -> None:
    assert (
        str(VERDICT)
        == """\
Task 1: not yet.

  1. Alice connects.
  2. Bob answers.
       should have been: an ACK
       but it was:       a RST

Bob's state
       should have been: ESTABLISHED
       but it was:       CLOSED

Hint: Look <again>.

To read: RFC 9293, section 3.5

The sequence diagram of this run; frame 2 is marked:

    |-- 1 SYN -->|
    |<-- 12 RST -|
>>  |<-- 2 SYN,ACK --|"""
    )


def test_a_verdict_without_a_run_is_two_sentences() -> None:
    assert str(CheckFailed("Not yet.", "Look again.")) == "Not yet.\n\nHint: Look again."


def test_a_failure_is_an_assertion_error_so_that_markers_and_test_runners_know_it() -> None:
    assert isinstance(VERDICT, AssertionError)


def test_in_a_notebook_the_picture_stands_beside_the_same_text() -> None:
    bundle = VERDICT._repr_mimebundle_()
    assert bundle["text/plain"] == str(VERDICT)
    html = bundle["text/html"]
    assert "<!-- the drawing -->" in html
    assert "<li>Bob answers.<br>should have been: <em>an ACK</em>" in html
    assert "Look &lt;again>." in html
    assert html.count("2 SYN,ACK") == 1  # as text, for those who can't see the picture


def test_a_pass_tells_what_was_tried_in_text_and_in_a_notebook() -> None:
    passed = Passed("Right.", ["a good cable", "a <bad> one"], [Drawing()])
    assert repr(passed) == "Right.\n  ✓ a good cable\n  ✓ a <bad> one"
    bundle = passed._repr_mimebundle_()
    assert bundle["text/plain"] == repr(passed)
    assert "✓ a &lt;bad> one" in bundle["text/html"]
    assert "<!-- the drawing -->" in bundle["text/html"]


def test_ipython_in_a_terminal_shows_the_verdict_and_no_code() -> None:
    assert VERDICT._render_traceback_() == [f"CheckFailed: {VERDICT}"]


def test_a_notebook_shows_the_verdict_once_however_often_the_error_is_rendered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: SimpleNamespace(kernel=1))
    monkeypatch.setattr("IPython.display.publish_display_data", shown.append)
    verdict = CheckFailed("Not yet.", "Look again.")
    lines = [verdict._render_traceback_() for _ in range(2)]
    assert lines[0] == lines[1] == ["CheckFailed: Not yet.", "", "Hint: Look again."]
    assert shown == [verdict._repr_mimebundle_()]
