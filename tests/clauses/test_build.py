"""The table of clauses: what it is made of, and what it doesn't let pass."""

from pathlib import Path

import pytest

from tests.clauses import build

LIST = """\
RFC 9: a protocol

1.1/alone   MUST      do it alone
1.1/twice   MUST NOT  do it twice
    no test: it can't be
MUST-5      MUST      be labelled
2/perhaps   SHOULD    be left open
"""
TEST = """\
import pytest

@pytest.mark.rfc("RFC 9 section 1.1/alone", "RFC 8 3")
@pytest.mark.parametrize("a", [1])
def test_it_is_alone(a): ...
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "clauses").mkdir()
    (tmp_path / "clauses" / "rfc9.txt").write_text(LIST, encoding="utf-8")
    (tmp_path / "test_a.py").write_text(TEST, encoding="utf-8")
    (tmp_path / "rfc9-must-5-is-labelled.pkt").write_text("", encoding="utf-8")
    return tmp_path


def page(place: Path) -> str:
    return build.page(place / "clauses", place)


def test_tests_and_scripts_stand_beside_what_they_prove(place: Path) -> None:
    assert page(place).splitlines()[5:] == [
        "## RFC 9: a protocol",
        "",
        "Of 3 that are a MUST, 2 are proved by tests; the others say why not.",
        "",
        "| clause | | what | proved by, or why not |",
        "|---|---|---|---|",
        "| 1.1/alone | MUST | do it alone | [it is alone](../test_a.py) |",
        "| 1.1/twice | MUST NOT | do it twice | no test: it can't be |",
        "| MUST-5 | MUST | be labelled | [is labelled](../rfc9-must-5-is-labelled.pkt) |",
        "| 2/perhaps | SHOULD | be left open |  |",
    ]


def test_a_must_without_test_or_reason_is_refused(place: Path) -> None:
    (place / "test_a.py").unlink()
    with pytest.raises(SystemExit, match=r"RFC 9 1\.1/alone is a MUST without a test"):
        page(place)


def test_a_test_of_a_clause_that_isnt_there_is_refused(place: Path) -> None:
    (place / "test_a.py").write_text(TEST.replace("alone", "lonely"), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"there is no clause 1\.1/lonely in rfc9\.txt"):
        page(place)


def test_a_line_that_is_no_clause_is_refused(place: Path) -> None:
    (place / "clauses" / "rfc9.txt").write_text("RFC 9\n\n1.1 do it\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"this is no clause: 1\.1 do it"):
        page(place)
