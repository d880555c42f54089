"""Writes notebooks/*.ipynb from the sources beside this file; with --check only says which differ.

The sources are Python in the percent format, which a diff shows well. What is written is the same
to the byte each time: no outputs, fixed metadata, and cell ids that follow from the headings.
"""

import re
import sys
from itertools import chain, count
from pathlib import Path

import jupytext
import nbformat

ROOT = Path(__file__).parents[2]
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook_from(source: Path) -> str:
    """The notebook that a source describes, as it stands in its file."""
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    name_cells(notebook)
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def name_cells(notebook: nbformat.NotebookNode) -> None:
    """Give each cell an id: its grade id, or its section and its place there."""
    section = "top"
    taken: set[str] = set()
    for cell in notebook.cells:
        cell.metadata.pop("lines_to_next_cell", None)  # tells of the source, not of the notebook
        heading = re.match(r"#+ (.*)", cell.source) if cell.cell_type == "markdown" else None
        if heading:
            section = re.sub(r"[^a-z0-9]+", "-", heading[1].lower()).strip("-")[:48]
        name = cell.metadata.get("nbgrader", {}).get("grade_id", section)
        names = chain([name], (f"{name}-{number}" for number in count(2)))
        cell.id = next(each for each in names if each not in taken)
        taken.add(cell.id)


def write(files: dict[Path, str], remedy: str) -> int:
    """Write the files that differ, or with --check name them; the exit status."""
    stale = [
        path
        for path, text in files.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not what its source makes: run `{remedy}`")
        return bool(stale)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8", newline="\n")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


def main() -> int:
    """All notebooks of the course."""
    sources = sorted(path for path in Path(__file__).parent.glob("*.py") if path.stem != "build")
    files = {ROOT / "notebooks" / f"{path.stem}.ipynb": notebook_from(path) for path in sources}
    return write(files, "make notebooks")


if __name__ == "__main__":
    sys.exit(main())
