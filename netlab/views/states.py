"""The state diagram, drawn from the table that runs, with the path that was taken."""

from collections.abc import Sequence

from netlab.transport.tcp.states import TRANSITIONS
from netlab.views.arrows import Machine, Step, Table, machine_of
from netlab.views.view import Picture
from netlab.views.words import clip

_MOST = 34  # characters of a column


class StateDiagram(Picture):
    """A state machine as boxes and arrows.

    `table` maps (state, event) to what has `actions`, `next` and `section`, as TCP's `TRANSITIONS`
    does. `path` is what was done with it: (state, event, next state), in order; its states and
    arrows are lit and numbered, and the last state stands out. `title` says whose path it is.

    `svg` raises `GraphvizMissingError` for a machine other than TCP's where there is no Graphviz.
    """

    def __init__(
        self, table: Table = TRANSITIONS, path: Sequence[Step] = (), title: str = ""
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
        rows = [("step", "state", "event", "what is done", "next", "section")]
        for (state, event), transition in self.table.items():
            key = (str(state), str(event), str(transition.next))
            done = ", ".join(str(action) for action in transition.actions) or "-"
            rows.append((",".join(steps.pop(key, [])), *key[:2], done, key[2], transition.section))
        for (state, event, then), numbers in steps.items():
            rows.append((",".join(numbers), state, event, "not in the table", then, ""))
        widths = [min(_MOST, max(len(row[i]) for row in rows)) for i in range(len(rows[0]))]
        lines = [
            "  ".join(
                f"{clip(cell, width):{'>' if column == 0 else '<'}{width}}"
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([*self._head(), *lines])

    def _head(self) -> list[str]:
        if not self.path:
            return [self.title] if self.title else []
        went = " > ".join([str(self.path[0][0]), *(str(then) for _, _, then in self.path)])
        return [f"{self.title}: {went}" if self.title else went, ""]
