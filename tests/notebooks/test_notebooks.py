"""Every notebook runs from top to bottom, and is what its source makes."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from notebooks.source import build

ROOT = Path(__file__).parents[2]
LESSONS = sorted(
    path for path in (ROOT / "notebooks" / "source").glob("*.py") if path.stem != "build"
)
NOTEBOOKS = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")])


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=short)
def test_a_notebook_runs_from_top_to_bottom_without_an_error_or_a_warning(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", f"{cell.id}: {output['text']}"


@pytest.mark.parametrize("source", LESSONS, ids=short)
def test_a_lesson_is_what_its_source_makes(source: Path) -> None:
    made = build.notebook_from(source)
    assert made == build.notebook_from(source)
    committed = ROOT / "notebooks" / f"{source.stem}.ipynb"
    assert committed.read_text(encoding="utf-8") == made, "run `make notebooks`"


def test_every_notebook_has_a_source() -> None:
    sources = {path.stem for path in ROOT.glob("*/source/*.py")}
    assert {path.stem for path in NOTEBOOKS} <= sources
    assert "07-handshake" in sources


@pytest.mark.parametrize("path", NOTEBOOKS, ids=short)
def test_cell_ids_are_unique(path: Path) -> None:
    ids = [cell["id"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    assert len(set(ids)) == len(ids)
