"""The Makefile on machines that lack something, and where an environment is no longer good."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the repository, apart from the make that may run this test."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def a_python_that(does: str, folder: Path) -> Path:
    """A stand-in for an interpreter: a shell script."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return path


def test_where_python_is_too_old_make_says_which_is_needed(tmp_path: Path) -> None:
    old = a_python_that("exit 1", tmp_path)
    made = make(f"{tmp_path}/venv/bin/python", f"VENV={tmp_path}/venv", f"PYTHON={old}")
    assert made.returncode
    assert f"netlab needs Python 3.11 or newer; {old} is not." in made.stderr


def test_where_python_has_no_venv_make_says_what_to_install(tmp_path: Path) -> None:
    bare = a_python_that(
        'case "$*" in *ensurepip*) exit 1;; *--version*) echo Python 3.11.2;; esac', tmp_path
    )
    made = make(f"{tmp_path}/venv/bin/python", f"VENV={tmp_path}/venv", f"PYTHON={bare}")
    assert made.returncode
    assert "Python 3.11.2 is here, but without its modules venv and ensurepip" in made.stderr
    assert "apt install python3-venv" in made.stderr


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """An environment that looks complete to make."""
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / "place").write_text(f"{ROOT}\n")
    for stamp in ("lab", "test"):
        (venv / stamp).touch()
    return venv


@pytest.mark.parametrize("stamp", ["lab", "test"])
def test_a_complete_environment_is_left_alone(built: Path, stamp: str) -> None:
    made = make("--question", f"{built}/{stamp}", f"VENV={built}")
    assert made.returncode == 0, made.stdout + made.stderr


@pytest.mark.parametrize("stamp", ["lab", "test"])
def test_an_environment_older_than_its_lock_is_brought_up_to_date(built: Path, stamp: str) -> None:
    os.utime(built / stamp, (0, 0))
    made = make("--question", f"{built}/{stamp}", f"VENV={built}")
    assert made.returncode == 1, made.stdout + made.stderr


def test_an_environment_whose_folder_was_moved_is_brought_up_to_date(built: Path) -> None:
    (built / "place").write_text("/where/it/was/before\n")
    assert make("--question", f"{built}/lab", f"VENV={built}").returncode == 1
