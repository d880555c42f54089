"""What came of a script."""

from dataclasses import dataclass

from netlab.packetdrill.problems import Refused, Wrong
from netlab.packetdrill.script import Event, Script
from netlab.trace.trace import Trace


class Failure:
    """The first event that didn't go as the script says.

    `place` is script:line, `problem` says what is wrong, `differences` are the fields of a packet
    that aren't as expected. `refused` tells that the script asks for what can't be had here.
    """

    def __init__(self, script: Script, event: Event, problem: Wrong) -> None:
        self.place = f"{script.name}:{event.line}"
        self.line = event.line
        self.problem = str(problem)
        self.differences = problem.differences
        self.refused = isinstance(problem, Refused)
        self._event = event

    def __str__(self) -> str:
        lines = [f"{self.place}: {self.problem}"]
        lines += [f"    {difference}" for difference in self.differences]
        lines.append(f"  in: {' '.join(self._event.text.split())}")
        return "\n".join(lines)


@dataclass(slots=True)
class Result:
    """`passed`, or the `failure`; in both cases the `trace` of what happened."""

    script: Script
    trace: Trace
    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        """Whether everything went as the script says."""
        return self.failure is None

    def __repr__(self) -> str:
        return f"<{self.script.name}: {'passed' if self.passed else self.failure}>"

    def __str__(self) -> str:
        """What went wrong, and what happened up to there as a ladder."""
        if self.failure is None:
            return f"{self.script.name}: passed"
        ladder = self.trace.sequence(layers=("transport", "sockets")).text()
        return f"{self.failure}\n\n{ladder}"
