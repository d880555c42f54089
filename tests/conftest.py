"""For every test: markers of programs that may be missing, and hypothesis's profiles."""

import os
from pathlib import Path

import hypothesis
import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from tests import programs

# `fixed` draws the same examples each time, so that a failure is the change's and not the day's.
# `explore` looks for new ones: HYPOTHESIS_PROFILE=explore make quick
set_hypothesis_home_dir(Path(__file__).parent.parent / "build" / "hypothesis")
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", max_examples=2_000, deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is missing, or fail it where all are promised."""
    for marker in item.iter_markers():
        if reason := programs.lacking(marker.name):
            if programs.in_ci():
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def other_pythons() -> list[str]:
    """Interpreters of other versions that can import netlab; skips where there is none."""
    found = programs.other_pythons()
    if not found:
        pytest.skip("no other Python version: list their interpreters in NETLAB_PYTHONS")
    return found
