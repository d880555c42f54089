"""A program is missing: a person's machine skips the test, continuous integration fails it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

A_TEST = """
import pytest

@pytest.mark.{marker}
def test_that_wants_a_program():
    pass
"""


@pytest.mark.parametrize("marker", ["browser", "tshark", "netns"])
@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_a_missing_program_skips_a_test_but_fails_it_in_ci(
    marker: str, ci: str, outcome: str, tmp_path: Path
) -> None:
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_it.py").write_text(A_TEST.format(marker=marker))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "tests.conftest", str(tmp_path)],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PATH": str(tmp_path), "CHROMIUM": "", "CI": ci},
        capture_output=True,
        text=True,
    )
    assert outcome in run.stdout
    assert "install" in run.stdout
