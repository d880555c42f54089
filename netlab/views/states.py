"""The state diagram, drawn from the table that runs, with the path that was taken."""

from collections.abc import Sequence

from netlab.transport.tcp.states import TRANSITIONS
from netlab.views.arrows import Machine, Step, Transitions, machine_of
from netlab.views.table import Table
from netlab.views.view import Picture

_COLUMNS = ("step", "state", "event", "what is done", "next", "section")
_MOST = 34  # characters of a column


class StateDiagram(Picture):
    """A state machine as boxes and arrows.

    `table` maps (state, event) to what has `actions`, `next` and `section`, as TCP's `TRANSITIONS`
    does. `path` is what was done with it: (state, event, next state), in order; its states and
    arrows are lit and numbered, and the last state stands out. `title` says whose path it is.

    `svg` raises `GraphvizMissingError` for a machine other than TCP's where there is no Graphviz.
    """

    def __init__(
        self, table: Transitions = TRANSITIONS, path: Sequence[Step] = (), title: str = ""
    ) -> None:
        self.table = table
        self.path = list(path)
        self.title = title

    def machine(self) -> Machine:
        """The states and arrows to be drawn."""
        return machine_of(self.table, self.path)

    @property
    def now(self) -> str:
        """The state in which the path ends; "" without a path."""
        return str(self.path[-1][2]) if self.path else ""

    def svg(self) -> str:
        """The picture. Each state is a group with `data-state`, each arrow one with `data-arrow`."""
        from netlab.views.states_svg import draw

        return draw(self)

    def text(self) -> str:
        """The table, a row for each transition, with the numbers of the steps that took it."""
        steps: dict[tuple[str, str, str], list[str]] = {}
        for number, (state, event, then) in enumerate(self.path, 1):
            steps.setdefault((str(state), str(event), str(then)), []).append(str(number))
        rows = []
        for (state, event), transition in self.table.items():
            key = (str(state), str(event), str(transition.next))
            done = ", ".join(str(action) for action in transition.actions) or "-"
            rows.append((",".join(steps.pop(key, [])), *key[:2], done, key[2], transition.section))
        for (state, event, then), numbers in steps.items():
            rows.append((",".join(numbers), state, event, "not in the table", then, ""))
        table = Table(_COLUMNS, rows, right=["step"], most=dict.fromkeys(_COLUMNS, _MOST)).text()
        went = [self.path[0][0], *(then for _, _, then in self.path)] if self.path else []
        head = ": ".join(filter(None, [self.title, " > ".join(map(str, went))]))
        return "\n".join([*filter(None, [head]), *[""] * bool(went), table])
