"""From percent-format Python to notebooks."""

import json
from pathlib import Path

import pytest

from notebooks.source import build

SOURCE = """\
# %% [markdown]
# # A lesson
#
# Words.

# %%
first = 1

# %%
def second():
    return 2


# %% [markdown]
# ## A lesson

# %% nbgrader={"grade_id": "task", "solution": true, "grade": false, "locked": false, "schema_version": 3}
third = 3
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "lesson.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def test_cells_are_named_by_their_section_their_place_and_their_grade(source: Path) -> None:
    cells = json.loads(build.notebook_from(source))["cells"]
    assert [cell["id"] for cell in cells] == [
        "a-lesson",
        "a-lesson-2",
        "a-lesson-3",
        "a-lesson-4",
        "task",
    ]


def test_a_cell_that_is_added_renames_none_in_other_sections(source: Path) -> None:
    two = SOURCE.replace("## A lesson", "## Another")
    source.write_text(two.replace("first = 1", "zero = 0\n\n# %%\nfirst = 1"), encoding="utf-8")
    cells = json.loads(build.notebook_from(source))["cells"]
    assert [cell["id"] for cell in cells] == [
        "a-lesson",
        "a-lesson-2",
        "a-lesson-3",
        "a-lesson-4",
        "another",
        "task",
    ]


def test_a_notebook_holds_no_outputs_and_nothing_of_the_machine(source: Path) -> None:
    notebook = json.loads(build.notebook_from(source))
    assert notebook["metadata"] == build.METADATA
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell["metadata"].keys() <= {"nbgrader"}


def test_check_names_what_differs_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["build.py", "--check"])
    stale = tmp_path / "stale.ipynb"
    stale.write_text("old", encoding="utf-8")
    files = {stale: "new", tmp_path / "missing.ipynb": "new"}
    assert build.write(files, "make notebooks") == 1
    assert capsys.readouterr().out.splitlines() == [
        "stale.ipynb is not what its source makes: run `make notebooks`",
        "missing.ipynb is not what its source makes: run `make notebooks`",
    ]
    assert stale.read_text(encoding="utf-8") == "old"

    monkeypatch.setattr("sys.argv", ["build.py"])
    assert build.write(files, "make notebooks") == 0
    assert {path.read_text(encoding="utf-8") for path in files} == {"new"}

    monkeypatch.setattr("sys.argv", ["build.py", "--check"])
    assert build.write(files, "make notebooks") == 0
