"""A state machine's table as the arrows of a diagram.

A diagram has one arrow from a state to another, whatever events lead along it. Events that lead
from nearly everywhere to one and the same state (ABORT, a reset) would hide all others under their
arrows: they are told in words, and drawn only where they happened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FROM_EVERYWHERE = 4
"""An event that leads from so many states to the same one is told in words."""

Transitions = Mapping[tuple[Any, Any], Any]
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
    """The arrows of a table, and those that were taken though they aren't drawn always: `aside`.

    `words` tells of the rest: each event with the states that it leads from, and the one it leads
    to. `visited` are the states of the path.
    """

    states: list[str]
    arrows: dict[Pair, Arrow]
    aside: dict[Pair, Arrow]
    words: list[str]
    visited: set[str]


def machine_of(table: Transitions, path: Sequence[Step]) -> Machine:
    """What there is to draw of `table`, with `path` taken."""
    rows = [
        (str(state), str(event), str(row.next), tuple(str(action) for action in row.actions))
        for (state, event), row in table.items()
    ]
    steps = [(str(state), str(event), str(then)) for state, event, then in path]
    taken = [state for tail, _, head in steps for state in (tail, head)]
    known = list(dict.fromkeys([*(r[0] for r in rows), *(r[2] for r in rows), *taken]))
    # The events that lead from nearly everywhere to one state: from which states, and to which.
    leads: dict[str, list[Pair]] = {}
    for tail, event, head, _ in rows:
        leads.setdefault(event, []).append((tail, head))
    crowds = {
        event: ([tail for tail, _ in pairs], pairs[0][1])
        for event, pairs in leads.items()
        if len(pairs) >= FROM_EVERYWHERE and len({head for _, head in pairs}) == 1
    }
    arrows: dict[Pair, Arrow] = {}
    for tail, event, head, actions in rows:
        if event not in crowds:
            arrows.setdefault((tail, head), Arrow(tail, head)).rows.append((event, actions))
    aside: dict[Pair, Arrow] = {}
    for number, (tail, event, head) in enumerate(steps, 1):
        arrow = arrows.get((tail, head))
        if arrow is None or event in crowds:
            arrow = aside.setdefault((tail, head), Arrow(tail, head))
            if event not in [told for told, _ in arrow.rows]:
                arrow.rows.append((event, ()))
        arrow.steps.append(number)
    words = [
        f"{event}: from {_which(tails, known, head)} to {head}"
        for event, (tails, head) in crowds.items()
    ]
    return Machine(known, arrows, aside, words, set(taken))


def _which(states: Sequence[str], known: Sequence[str], target: str) -> str:
    """These states in words, by those that are missing where they are few."""
    missing = [state for state in known if state not in states and state != target]
    if not missing:
        return "every other state"
    return _and(states) if len(missing) > len(states) else f"every other state but {_and(missing)}"


def _and(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else words[0]
