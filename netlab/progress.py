"""How far a long run has come, in virtual time: a line under the cell of a notebook.

Elsewhere nothing is shown by itself, for nothing is printed from library code; `Network.on_progress`
takes whatever else should be told.
"""

import sys
from collections.abc import Callable
from typing import Any

from netlab.sim.clock import Clock
from netlab.units import show_time


def notebook_line() -> Callable[[Clock], None] | None:
    """What shows the progress of runs in a Jupyter kernel; None where this isn't one."""
    ipython = sys.modules.get("IPython")  # it is there already, if this is a kernel
    shell = None if ipython is None else ipython.get_ipython()
    return _Line() if hasattr(shell, "kernel") else None


class _Line:
    """A line that is shown while a run goes on, and is empty again when it has ended."""

    def __init__(self) -> None:
        self._shown: Any = None

    def __call__(self, clock: Clock) -> None:
        from IPython import display

        text = ""
        if clock.running:
            text = (
                f"Virtual time {show_time(clock.now)}, {clock.steps:,} events so far."
                " Interrupt the kernel to stop; the network can go on afterwards."
            )
        if self._shown is None:
            self._shown = display.display(  # type: ignore[no-untyped-call]
                {"text/plain": text}, raw=True, display_id=True
            )
        else:
            self._shown.update({"text/plain": text}, raw=True)
        if not clock.running:
            self._shown = None  # the next run is in another cell
