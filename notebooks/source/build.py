"""Writes notebooks/*.ipynb from the sources beside this file, and the picture that the README shows.

With --check it only says which differ.

The sources are Python in the percent format, which a diff shows well. What is written is the same
to the byte each time: no outputs, fixed metadata, and cell ids that follow from the headings.
"""

import re
import sys
import urllib.request
from itertools import chain, count
from pathlib import Path

import jupytext
import nbformat

from netlab import Network, on
from netlab.application.http import serve
from netlab.units import Mbps, ms

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


def first_page() -> str:
    """The sequence diagram of the README's example, to stand by itself on white paper."""
    net = Network(seed=7)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    serve(bob, {"/": "<h1>Hello from bob</h1>"})
    with on(alice):
        urllib.request.urlopen("http://bob/").read()
    net.run()
    picture = net.trace.sequence().svg()
    return picture.replace("<svg ", '<svg style="background:#fff;color-scheme:light" ', 1) + "\n"


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
    """All notebooks of the course, and the picture."""
    sources = sorted(path for path in Path(__file__).parent.glob("*.py") if path.stem != "build")
    files = {ROOT / "notebooks" / f"{path.stem}.ipynb": notebook_from(path) for path in sources}
    files[ROOT / "notebooks" / "pictures" / "first-page.svg"] = first_page()
    return write(files, "make notebooks")


if __name__ == "__main__":
    sys.exit(main())
