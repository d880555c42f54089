"""Writes solutions/*/*.ipynb from solutions/source/, and exercises/ from those.

The first are nbgrader's source notebooks, the second its release: without solutions and hidden
tests, made by nbgrader itself. With --check nothing is written; what differs is named.
"""

import sys
import tempfile
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from notebooks.source.build import ROOT, notebook_from, write


def release(name: str, solution: str) -> str:
    """What students get of the notebook `solution`, as nbgrader makes it."""
    with tempfile.TemporaryDirectory() as course:
        source = Path(course, "source", name, f"{name}.ipynb")
        source.parent.mkdir(parents=True)
        source.write_text(solution, encoding="utf-8")
        config = Config()
        config.CourseDirectory.root = course
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
        made = NbGraderAPI(config=config).generate_assignment(name)
        if not made["success"]:
            raise SystemExit(f"nbgrader could not release {name}:\n{made['log']}{made['error']}")
        return Path(course, "release", name, f"{name}.ipynb").read_text(encoding="utf-8")


def main() -> int:
    """All exercises."""
    files = {}
    for source in sorted(ROOT.glob("solutions/source/*.py")):
        name = source.stem
        files[ROOT / "solutions" / name / f"{name}.ipynb"] = solution = notebook_from(source)
        files[ROOT / "exercises" / name / f"{name}.ipynb"] = release(name, solution)
    return write(files, "make exercises")


if __name__ == "__main__":
    sys.exit(main())
