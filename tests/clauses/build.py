"""Writes tests/clauses/README.md: which clause of an RFC is proved by which tests, or why by none.

With --check it only says whether that is up to date. The clauses stand in rfc*.txt beside this
file, one a line: an id, what RFC 2119 makes of it, and a paraphrase. The id is the RFC's own label
where it has such (MUST-5), else the section, a slash and a word. A test names what it proves:
``@pytest.mark.rfc("RFC 1122 3.2.1.1/version")``; a packetdrill script by its file's name. Where a
clause has no test, the indented line below it says why. A MUST with neither is an error.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent
OUTPUT = HERE / "README.md"

MARK = re.compile(r"RFC (\d+)(?: section)? (\S+)")
SCRIPT = re.compile(r"rfc(\d+)-((?:must|shld|may|rec)-\d+|[\d.]+)-(.+)\.pkt")
CLAUSE = re.compile(r"(\S+)\s+((?:MUST|SHOULD|MAY)(?: NOT)?)\s+(.+)")

HEADING = """\
# What RFCs demand, and which tests prove it

Written by `make clauses` from the lists beside this file and from the marks of the tests. The words
are ours, not the RFCs'.
"""


@dataclass
class Clause:
    """One demand, with the tests that prove it, or the reason why none does."""

    id: str
    level: str
    text: str
    note: str = ""
    tests: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it is a MUST of which nobody knows how it stands."""
        return self.level.startswith("MUST") and not self.tests and not self.note

    def row(self) -> str:
        """Its line of the table."""
        proof = "; ".join(self.tests)
        cells = [self.id, self.level, self.text, "; ".join(filter(None, [proof, self.note]))]
        return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def read(path: Path) -> tuple[str, dict[str, Clause]]:
    """The title and the clauses of one list."""
    title, *lines = path.read_text(encoding="utf-8").splitlines()
    clauses: list[Clause] = []
    for line in filter(str.strip, lines):
        if line[0] == " ":
            clauses[-1].note = f"{clauses[-1].note} {line.strip()}".strip()
        elif found := CLAUSE.fullmatch(line):
            clauses.append(Clause(*found.groups()))
        else:
            sys.exit(f"{path.name}: this is no clause: {line}")
    return title, {clause.id: clause for clause in clauses}


def marks(path: Path) -> Iterator[tuple[str, str]]:
    """Each test of a file with each text that marks it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for call in (each for top in node.decorator_list for each in ast.walk(top)):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.rfc":
                    for argument in call.args:
                        yield node.name, ast.literal_eval(argument)


def proofs(tests: Path) -> Iterator[tuple[str, str, str]]:
    """RFC, clause, and a link to the test, of all tests and scripts."""
    for path in sorted(tests.rglob("test_*.py")):
        link = f"../{path.relative_to(tests).as_posix()}"
        for name, text in marks(path):
            if found := MARK.match(text):
                words = name.removeprefix("test_").replace("_", " ")
                yield found[1], found[2], f"[{words}]({link})"
    for path in sorted(tests.rglob("*.pkt")):
        if found := SCRIPT.fullmatch(path.name):
            link = f"../{path.relative_to(tests).as_posix()}"
            yield found[1], found[2].upper(), f"[{found[3].replace('-', ' ')}]({link})"


def table(title: str, clauses: dict[str, Clause]) -> str:
    """One RFC's part of the page."""
    musts = [clause for clause in clauses.values() if clause.level.startswith("MUST")]
    tested = sum(bool(clause.tests) for clause in musts)
    lines = [
        f"## {title}",
        "",
        f"Of {len(musts)} that are a MUST, {tested} are proved by tests; the others say why not.",
        "",
        "| clause | | what | proved by, or why not |",
        "|---|---|---|---|",
        *(clause.row() for clause in clauses.values()),
    ]
    return "\n".join(lines) + "\n"


def page(here: Path, tests: Path) -> str:
    """All of it. Exits with a message where a clause is open, or a test names none that there is."""
    lists = {path.stem.removeprefix("rfc"): read(path) for path in sorted(here.glob("rfc*.txt"))}
    problems = []
    for rfc, clause, test in proofs(tests):
        if rfc in lists:
            known = lists[rfc][1].get(clause)
            if known is not None and test not in known.tests:
                known.tests.append(test)
            elif known is None and re.search(r"/|[A-Z]", clause):
                problems.append(f"there is no clause {clause} in rfc{rfc}.txt: {test}")
    for rfc, (_, clauses) in lists.items():
        problems += [
            f"RFC {rfc} {clause.id} is a MUST without a test and without a reason: {clause.text}"
            for clause in clauses.values()
            if clause.is_open
        ]
    if problems:
        sys.exit("\n".join(problems))
    return "\n".join([HEADING, *(table(*each) for each in lists.values())])


def main() -> int:
    """Write the page, or with --check say that it is stale; the exit status."""
    text = page(HERE, TESTS)
    if OUTPUT.exists() and OUTPUT.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{OUTPUT.relative_to(TESTS.parent)} is not up to date: run `make clauses`")
        return 1
    OUTPUT.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
