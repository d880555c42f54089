"""What may be wrong with an event of a script."""

from collections.abc import Sequence

from netlab.packetdrill.compare import Difference


class Wrong(Exception):
    """It didn't go as the script says. `differences` are the fields of a packet that aren't so."""

    def __init__(self, problem: str, differences: Sequence[Difference] = ()) -> None:
        super().__init__(problem)
        self.differences = list(differences)


class Refused(Wrong):
    """It asks for what can't be had here, and why."""


def mismatch(what: str, expected: object, actual: object) -> Wrong:
    """A value that isn't the script's."""
    return Wrong(f"{what}: expected {expected}, but it was {actual}")
