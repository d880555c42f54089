"""What git holds: sources, and what a reader opens; nothing that a machine left behind."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Locks that record addresses, and what editors, systems and packagers leave.
UNWANTED = {"uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock", ".DS_Store", "Thumbs.db"}


def git(*arguments: str) -> list[str]:
    """The file names that git answers with."""
    answer = subprocess.run(
        ["git", "-C", str(ROOT), *arguments, "-z"], capture_output=True, text=True, check=True
    )
    return [name for name in answer.stdout.split("\0") if name]


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """The files of the repository, as far as they stand in the tree."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git repository: nothing is committed here")
    return [name for name in git("ls-files") if (ROOT / name).exists()]


def test_nothing_that_git_ignores_is_committed(tracked: list[str]) -> None:
    assert tracked
    assert git("ls-files", "--cached", "--ignored", "--exclude-standard") == []


def test_no_unwanted_file_is_committed(tracked: list[str]) -> None:
    assert [name for name in tracked if Path(name).name in UNWANTED] == []


def test_committed_notebooks_hold_no_results(tracked: list[str]) -> None:
    for name in tracked:
        if name.endswith(".ipynb"):
            notebook = json.loads((ROOT / name).read_text(encoding="utf-8"))
            for cell in notebook["cells"]:
                assert not cell.get("outputs"), f"{name}, cell {cell['id']}: has outputs"
                assert not cell.get("execution_count"), f"{name}, cell {cell['id']}: was executed"


def test_the_package_ships_every_file_of_its_folder(tracked: list[str], tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("netlab/")}
    sources = {name for name in tracked if name.startswith("netlab/")}
    assert sources <= shipped
