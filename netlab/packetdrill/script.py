"""A script as data: options, and events with their times."""

import re
from dataclasses import dataclass, field

from netlab.packetdrill.packet import Packet


class Any_:
    """`...`: any value, or one that the runner chooses."""

    def __repr__(self) -> str:
        return "..."


ANY = Any_()


class Word(str):
    """A name that is no constant, such as an errno behind a result."""

    __slots__ = ()


class Struct(dict[str, object]):
    """`{name=value, ...}`: one of C's structures."""


@dataclass(slots=True)
class When:
    """The time of an event, in ns: since the script's beginning, or `relative` to the event before.

    `start` is None for `*`, any time; `end` is that of a range, `a~b`.
    """

    start: int | None
    end: int | None = None
    relative: bool = False

    def __str__(self) -> str:
        if self.start is None:
            return "*"
        sign = "+" if self.relative else ""
        text = f"{sign}{seconds(self.start)}"
        return text if self.end is None else f"{text}~{sign}{seconds(self.end)}"


@dataclass(slots=True)
class Call:
    """A system call. `until` is when a call that blocks returns, on the same scale as its start."""

    name: str
    arguments: list[object]
    result: object
    error: str | None = None
    until: int | None = None


@dataclass(slots=True)
class Shell:
    """A command in backticks."""

    command: str


@dataclass(slots=True)
class Code:
    """Python in ``%{ }%``."""

    text: str


@dataclass(slots=True)
class Event:
    """What is to happen at one time. `text` is how the script has it, from line `line` on."""

    line: int
    text: str
    when: When
    action: Packet | Call | Shell | Code


@dataclass(slots=True)
class Script:
    """A whole script. `options` are its ``--name=value`` lines, `clauses` those it says it proves.

    A clause is named in a comment line at the top: ``// RFC 9293 MUST-13, MUST-14; RFC 1337``.
    """

    name: str
    text: str
    options: list[tuple[str, str, int]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def clauses(self) -> list[str]:
        """The clauses of RFCs in the comment at the top, each with its RFC."""
        found: list[str] = []
        for line in self.text.splitlines():
            if not line.startswith("//"):
                break
            if line.startswith("// RFC "):
                for clause in line[3:].split(";"):
                    first, *labels = re.split(r", *(?=[A-Z]+-\d)", clause.strip())
                    rfc = " ".join(first.split()[:2])
                    found += [first, *(f"{rfc} {label}" for label in labels)]
        return found


def seconds(time: int) -> str:
    """A time in ns as a script has it: `0`, `0.1`, `127.000001`."""
    text = f"{time // 1_000_000_000}.{time % 1_000_000_000:09}".rstrip("0")
    return text.removesuffix(".")
