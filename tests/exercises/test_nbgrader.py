"""nbgrader's own commands on exercise 07: released, submitted, marked, returned."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NAME = "07-handshake"
POINTS = 12.0

pytestmark = pytest.mark.slow


class Course:
    """A course of its own in a folder of its own, in which nbgrader's commands are run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "solutions", root / "solutions")
        own = {
            name: str(root / "jupyter" / name) for name in ("config", "data", "runtime", "ipython")
        }
        self._environment = {
            **os.environ,
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "PYTHONPATH": str(ROOT),
            "JUPYTER_CONFIG_DIR": own["config"],
            "JUPYTER_DATA_DIR": own["data"],
            "JUPYTER_RUNTIME_DIR": own["runtime"],
            "IPYTHONDIR": own["ipython"],
        }

    def nbgrader(self, *arguments: str) -> str:
        """Run a command where its settings are, and return what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.root / "solutions",
            env=self._environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def released(self) -> Path:
        return self.root / "exercises" / NAME / f"{NAME}.ipynb"

    def submit(self, student: str, write: Callable[[dict[str, Any]], None]) -> None:
        """Hand in the release after `write` has filled in its cells, which it gets by their ids."""
        notebook = nbformat.read(self.released, as_version=4)
        write({cell.id: cell for cell in notebook.cells})
        path = self.root / "submitted" / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)

    def marks(self) -> dict[str, float]:
        """Each student's points, as exported."""
        exported = self.root / "grades.csv"
        self.nbgrader("export", "--to", str(exported))
        with exported.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {float(row["max_score"]) for row in rows} == {POINTS}
        return {row["student_id"]: float(row["score"]) for row in rows}

    def feedback(self, student: str) -> str:
        return (self.root / "feedback" / student / NAME / f"{NAME}.html").read_text("utf-8")


SOLUTION = {
    cell.id: cell.source
    for cell in nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", as_version=4).cells
}


def all_of_it(cells: dict[str, Any]) -> None:
    for name in ("open", "close", "cross", "wait"):
        cells[name].source = SOLUTION[name]


def nothing(cells: dict[str, Any]) -> None:
    del cells


def half(cells: dict[str, Any]) -> None:
    all_of_it(cells)
    cells["close"].source = SOLUTION["close"].replace(
        "(Action.SEND_ACK, Action.START_2MSL), next=State.TIME_WAIT",
        "(Action.SEND_ACK, Action.DELETE_TCB), next=State.CLOSED",
    )
    cells["wait"].source = "waiting = {}"


def right_and_talkative(cells: dict[str, Any]) -> None:
    """Warns while the checks read it; nbgrader takes what is on stderr for a failure."""
    all_of_it(cells)
    answer = ROOT / "tests" / "exercises" / "07" / "right" / "talkative.py"
    cells["wait"].source = answer.read_text(encoding="utf-8")
    cells["check-client"].source = "altered, which does not help"


def altered_checks(cells: dict[str, Any]) -> None:
    for name, cell in cells.items():
        if name.startswith("check-"):
            cell.source = "'passed'"


STUDENTS = {
    "all": (all_of_it, POINTS),
    "nothing": (nothing, 0.0),
    "half": (half, 2.0 + 3.0),
    "talkative": (right_and_talkative, POINTS),
    "altered": (altered_checks, 0.0),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("course"))
    course.nbgrader("generate_assignment", NAME)
    for student, (write, _) in STUDENTS.items():
        course.submit(student, write)
    course.nbgrader("autograde", NAME)
    course.nbgrader("generate_feedback", NAME)
    return course


def test_nbgrader_releases_what_is_committed(course: Course) -> None:
    committed = ROOT / "exercises" / NAME / f"{NAME}.ipynb"
    assert course.released.read_text("utf-8") == committed.read_text("utf-8")


def test_marks_are_full_for_the_solution_none_for_the_stub_and_partial_between(
    course: Course,
) -> None:
    assert course.marks() == {student: points for student, (_, points) in STUDENTS.items()}


def test_feedback_tells_the_story_and_the_hint(course: Course) -> None:
    feedback = course.feedback("half")
    assert "TIME_WAIT is skipped" in feedback
    assert "should have been:" in feedback
    assert "<svg" in feedback


def test_the_solution_is_valid_before_it_is_handed_in(course: Course) -> None:
    said = course.nbgrader("validate", str(course.root / "solutions" / NAME / f"{NAME}.ipynb"))
    assert "Your notebook passes all the tests" in said
