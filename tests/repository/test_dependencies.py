"""Five files say what is installed: pyproject.toml, two locks, environment.yml, and they agree."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-test.lock")

# Packages that conda-forge has under another name; None stands for one that isn't needed there.
CONDA_NAMES = {"graphviz": "python-graphviz", "graphviz-pure": None}


def requirements(*groups: list[str]) -> dict[str, Requirement]:
    """What lists of requirements ask for, by normalized name."""
    found = [Requirement(text) for group in groups for text in group]
    return {canonicalize_name(each.name): each for each in found}


CORE = requirements(PYPROJECT["project"]["dependencies"])
LAB = requirements(PYPROJECT["project"]["optional-dependencies"]["lab"])
BUILD = requirements(PYPROJECT["dependency-groups"]["build"])
TEST = requirements(PYPROJECT["dependency-groups"]["test"])


def pins(lock: str) -> dict[str, list[Requirement]]:
    """The pins of a lock by name: several where versions of Python want several."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, list[Requirement]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            pin = Requirement(line.partition("--hash")[0])
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def version(pin: Requirement) -> str:
    (only,) = pin.specifier
    assert only.operator == "==", f"{pin} is not one exact version"
    return only.version


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", CORE | LAB | BUILD),
        ("requirements-test.lock", CORE | LAB | BUILD | TEST),
    ],
)
def test_a_lock_pins_everything_that_pyproject_asks_for_within_its_range(
    lock: str, wanted: dict[str, Requirement]
) -> None:
    pinned = pins(lock)
    missing = wanted.keys() - pinned.keys()
    assert not missing, f"{lock} lacks {sorted(missing)}: run `make lock`"
    for name, requirement in wanted.items():
        for pin in pinned[name]:
            assert requirement.specifier.contains(version(pin)), (
                f"{lock} has {pin}, pyproject.toml asks for {requirement}: run `make lock`"
            )


def test_both_locks_pin_the_same_versions() -> None:
    lab, test = (pins(lock) for lock in LOCKS)
    for name, pinned in lab.items():
        versions = {version(pin) for pin in test.get(name, ())}
        assert versions == {version(pin) for pin in pinned}, f"{name}: run `make lock`"


def test_a_student_installs_none_of_what_only_tests_need() -> None:
    extra = TEST.keys() - LAB.keys()
    assert "playwright" in extra
    # Two of them come with JupyterLab anyway, and reach a student through that.
    assert pins("requirements.lock").keys() & extra <= {"nbclient", "nbformat"}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) > 50
    for line in lines:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_records_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.findall(r"\S+://\S+|\S+ @ \S+|--\S*index\S*|--find-links|\b\w+\.org\b", text)


def test_the_build_backend_is_pinned_so_that_building_downloads_nothing() -> None:
    assert requirements(PYPROJECT["build-system"]["requires"]) == BUILD


def test_environment_yml_lists_the_same_packages_with_the_same_ranges() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, last = environment["dependencies"]
    listed = requirements(conda)
    expected = {"python": PYPROJECT["project"]["requires-python"], "pip": ""}
    for name, requirement in (CORE | LAB).items():
        if conda_name := CONDA_NAMES.get(name, name):
            expected[conda_name] = str(requirement.specifier)
    assert {name: str(each.specifier) for name, each in listed.items()} == expected
    assert last == {"pip": ["-e ."]}
    assert environment["channels"][0] == "conda-forge"
