"""What students get: generated, without a trace of the solution, and the same to the byte each time."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXERCISES = sorted(path.stem for path in (ROOT / "solutions" / "source").glob("*.py"))


def cells(folder: str, name: str) -> list[dict[str, Any]]:
    path = ROOT / folder / name / f"{name}.ipynb"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def test_there_are_exercises() -> None:
    assert "07-handshake" in EXERCISES


@pytest.mark.slow
def test_solutions_and_releases_are_what_their_sources_make() -> None:
    built = subprocess.run(
        [sys.executable, "solutions/build.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "1"},
    )
    assert built.returncode == 0, built.stdout + built.stderr


@pytest.mark.parametrize("name", EXERCISES)
def test_no_line_of_a_solution_or_of_a_hidden_test_is_released(name: str) -> None:
    secret = set()
    for cell in cells("solutions", name):
        hidden = False
        for line in map(str.strip, cell["source"]):
            if line.startswith("### BEGIN"):
                hidden = True
            elif line.startswith("### END"):
                hidden = False
            elif hidden and len(line) > 3:
                secret.add(line)
    assert len(secret) > 10
    released = [line.strip() for cell in cells("exercises", name) for line in cell["source"]]
    assert not secret & set(released)
    assert not any("BEGIN" in line or "END " in line for line in released)


@pytest.mark.parametrize("name", EXERCISES)
def test_an_assignment_folder_holds_its_notebook_and_nothing_else(name: str) -> None:
    """nbgrader hands every other file of an assignment's folder to the students."""
    for folder in ("solutions", "exercises"):
        files = [path.name for path in (ROOT / folder / name).iterdir() if path.suffix != ".pyc"]
        assert [each for each in files if not each.startswith(".")] == [f"{name}.ipynb"]


@pytest.mark.parametrize("name", EXERCISES)
def test_each_cell_to_fill_in_holds_a_stub_and_each_check_is_locked(name: str) -> None:
    graded = [cell for cell in cells("exercises", name) if "nbgrader" in cell["metadata"]]
    assert graded
    for cell in graded:
        facts = cell["metadata"]["nbgrader"]
        assert facts["checksum"]
        assert facts["grade_id"] == cell["id"]
        if facts["solution"]:
            assert cell["source"][-1] == "raise NotImplementedError()"
            assert len(cell["source"]) < 10
        else:
            assert facts["grade"]
            assert facts["locked"]
            assert facts["points"] > 0
            assert cell["metadata"]["editable"] is False
