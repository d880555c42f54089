"""Every script of this folder, each by its own name; the RFC's clauses that it proves are in its head."""

from pathlib import Path

import pytest

from netlab import packetdrill
from netlab.packetdrill import parse

FOLDER = Path(__file__).parent
SCRIPTS = sorted(FOLDER.glob("*.pkt"))
AHEAD = 0xFFFF_FF00
"""Added to the peer's numbers, so that they wrap around within the first 256."""


def cases() -> list[object]:
    marked = []
    for path in SCRIPTS:
        clauses = parse(path.read_text(encoding="utf-8"), path.name).clauses
        marked.append(pytest.param(path, id=path.stem, marks=pytest.mark.rfc(*clauses)))
    return marked


@pytest.mark.parametrize("path", cases())
def test_the_script_passes(path: Path) -> None:
    result = packetdrill.run(path, strict=True)
    assert result.passed, f"\n{result}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_it_passes_when_both_sides_numbers_wrap_around(path: Path) -> None:
    result = packetdrill.run(path, strict=True, remote_isn=AHEAD, tcp={"isn": AHEAD + 0x80})
    assert result.passed, f"\n{result}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_its_head_says_what_is_demanded_and_by_which_clause(path: Path) -> None:
    script = parse(path.read_text(encoding="utf-8"), path.name)
    assert script.clauses, "expected a line such as: // RFC 9293 MUST-13"
    head = script.text.split("\n\n")[0].splitlines()
    sentences = [line for line in head if not line.startswith("// RFC ")]
    assert sentences, "expected a sentence about what is demanded"
    assert sentences[-1].endswith((".", ":", "?"))


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "coming").glob("*.pkt")), ids=lambda path: path.stem
)
def test_a_script_of_what_is_to_come_can_be_read(path: Path) -> None:
    assert parse(path.read_text(encoding="utf-8"), path.name).clauses
