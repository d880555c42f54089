"""A state machine's table as the arrows of a diagram.

A diagram has one arrow from a state to another, whatever events lead along it. Events that lead
from nearly everywhere to one and the same state (ABORT, a reset) would hide all others under their
arrows: they are told in words, and drawn only where they happened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FROM_EVERYWHERE = 4
"""An event that leads from so many states to the same one is told in words."""

Table = Mapping[tuple[Any, Any], Any]
"""(state, event) -> what has `actions`, `next` and `section`, such as `Transition`."""
Step = tuple[Any, Any, Any]
"""A transition that was taken: state, event, next state."""
Pair = tuple[str, str]


@dataclass(slots=True)
class Arrow:
    """All transitions from one state to another.

    `rows` are their events and actions, `steps` the numbers of the steps of the path that took it.
    """

    tail: str
    head: str
    rows: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    def events(self) -> str:
        """The events without what stands in parentheses: `rcv RST, rcv SYN`."""
        return ", ".join(dict.fromkeys(event.partition(" (")[0] for event, _ in self.rows))

    def actions(self) -> list[str]:
        """What is done, a line each; what the user is told is left to the text."""
        done = dict.fromkeys(action for _, actions in self.rows for action in actions)
        return [action for action in done if not action.startswith("tell ")]


@dataclass(slots=True)
class Machine:
    """The arrows of a table: those drawn always, those drawn because they were taken, and the rest.

    `words` tells of the rest: each event with the states that it leads from, and the one it leads to.
    """

    states: list[str]
    arrows: dict[Pair, Arrow]
    aside: dict[Pair, Arrow]
    words: list[str]
    visited: list[str]


def machine_of(table: Table, path: Sequence[Step]) -> Machine:
    """What there is to draw of `table`, with `path` taken."""
    crowds = _crowds(table)
    arrows: dict[Pair, Arrow] = {}
    for (state, event), transition in table.items():
        if str(event) in crowds:
            continue
        pair = (str(state), str(transition.next))
        arrow = arrows.setdefault(pair, Arrow(*pair))
        arrow.rows.append((str(event), tuple(str(action) for action in transition.actions)))
    aside: dict[Pair, Arrow] = {}
    visited: list[str] = []
    for number, (state, event, then) in enumerate(path, 1):
        pair = (str(state), str(then))
        if not visited:
            visited.append(pair[0])
        visited.append(pair[1])
        if pair in arrows and str(event) not in crowds:
            arrows[pair].steps.append(number)
            continue
        extra = aside.setdefault(pair, Arrow(*pair))
        if all(known != str(event) for known, _ in extra.rows):
            extra.rows.append((str(event), ()))
        extra.steps.append(number)
    known = _states(table, path)
    words = [
        f"{event}: from {_which(states, known, target)} to {target}"
        for event, (states, target) in crowds.items()
    ]
    return Machine(known, arrows, aside, words, visited)


def _states(table: Table, path: Iterable[Step]) -> list[str]:
    """All states, in the order in which the table names them."""
    states = dict.fromkeys(str(state) for state, _ in table)
    for transition in table.values():
        states.setdefault(str(transition.next))
    for state, _, then in path:
        states.setdefault(str(state))
        states.setdefault(str(then))
    return list(states)


def _crowds(table: Table) -> dict[str, tuple[list[str], str]]:
    """The events that lead from nearly everywhere to one state: from which states, and to which."""
    found: dict[str, tuple[list[str], set[str]]] = {}
    for (state, event), transition in table.items():
        states, targets = found.setdefault(str(event), ([], set()))
        states.append(str(state))
        targets.add(str(transition.next))
    return {
        event: (states, min(targets))
        for event, (states, targets) in found.items()
        if len(targets) == 1 and len(states) >= FROM_EVERYWHERE
    }


def _which(states: Sequence[str], known: Sequence[str], target: str) -> str:
    """These states in words, by those that are missing where they are few."""
    missing = [state for state in known if state not in states and state != target]
    if not missing:
        return "every other state"
    return _and(states) if len(missing) > len(states) else f"every other state but {_and(missing)}"


def _and(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else words[0]
