"""The bench: a running network in a notebook, driven by hand.

    from netlab.widgets import Bench
    Bench(handshake, seed=7)

What crosses between the page and Python is small, and one message each way for every action:

    page to Python   {"do": "step"}             a control; see `_ACTIONS` for all of them
                     {"do": "play", "to": ns}   let time pass up to there
                     {"do": "hand", "input": {"do": "drop", "frame": 3}}
    Python to page   one update of those traits that have changed. `panel_NAME` is what a panel
                     shows, `problem` an error to be shown; `shown` counts the updates, `answered`
                     the actions that have been carried out.

While the run plays, the page moves the frames by itself up to the time of the next event, then asks
Python for it, and waits for the answer. So Python never waits for the page, nor the page's
animation for Python.
"""

import asyncio
import threading
import traceback
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

import anywidget
from traitlets import Dict, Int, Unicode

from netlab.experiment import Experiment, Run, Scenario
from netlab.views.theme import style
from netlab.widgets.panel import Panel, Scene, Selection
from netlab.widgets.panels import PANELS
from netlab.widgets.session import Session

_STATIC = resources.files("netlab.widgets") / "static"


class Bench(anywidget.AnyWidget):
    """Controls on a running network, and views that follow. Show it as the last value of a cell.

    `what` is an experiment, or a `Session` of one; `panels` are the kinds of panels, all by default.
    The session can be moved from other cells as well: ``bench.session.run_to_end()``.
    """

    _esm = (_STATIC / "bench.js").read_text("utf-8")
    _css = style() + "".join(
        (_STATIC / name).read_text("utf-8") for name in ("bench.css", "panels.css")
    )

    modules = Dict().tag(sync=True)
    answered = Int(0).tag(sync=True)
    shown = Int(0).tag(sync=True)
    problem = Unicode("").tag(sync=True)

    def __init__(
        self,
        what: Experiment | Scenario | Session,
        seed: int = 0,
        *,
        panels: Sequence[type[Panel]] = PANELS,
    ) -> None:
        self.session = what if isinstance(what, Session) else Session(what, seed)
        self.selection = Selection()
        self._panels = [panel() for panel in panels]
        self.add_traits(**{_trait(panel): Dict().tag(sync=True) for panel in self._panels})
        super().__init__(modules={panel.name: _module(panel) for panel in self._panels})
        self._handling = False
        self._thread = threading.get_ident()
        self._loop = _running_loop()
        self.session.look_ahead()
        self.session.listeners.append(self._on_session)
        self.on_msg(self._on_message)
        self._show()

    # --- for other cells, and terminals ---------------------------------------------------------

    @property
    def run(self) -> Run:
        """The run as it stands: `.net`, `.trace`."""
        return self.session.run

    def text(self) -> str:
        """The bench in plain characters, for a terminal or a screen reader."""
        scene = Scene(self.session, self.selection)
        return "\n\n".join(filter(None, (panel.text(scene) for panel in self._panels)))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<bench: {self.session!r}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = self.text()
        return bundle

    # --- showing --------------------------------------------------------------------------------

    def _show(self, problem: str = "") -> None:
        """Bring all panels up to date: one message, with what has changed."""
        scene = Scene(self.session, self.selection)
        with self.hold_sync():
            for panel in self._panels:
                try:
                    state = panel.state(scene)
                except Exception:
                    state = {"broken": traceback.format_exc()}
                self.set_trait(_trait(panel), state)
            self.problem = problem or self._failures()
            self.shown += 1

    def _on_session(self) -> None:
        """The session was moved from outside of the bench."""
        if not self._handling:
            self._show()

    # --- acting ---------------------------------------------------------------------------------

    def _on_message(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        """A message came, perhaps in a thread of its own: JupyterLab has one for widgets.

        A program can be resumed only in the thread in which it began, so all is done in that one.
        """
        if self._loop is None or threading.get_ident() == self._thread:
            self._act(message)
        else:
            self._loop.call_soon_threadsafe(self._act, message)

    def _act(self, message: dict[str, Any]) -> None:
        """One action of a person's: carry it out, show what came of it, and say that it's done."""
        problem = ""
        self._handling = True
        with self.hold_sync():
            try:
                act = _ACTIONS.get(message.get("do", ""))
                if act is None:
                    raise ValueError(f"the bench knows no {message!r}")
                act(self, message)
            except (Exception, KeyboardInterrupt) as error:
                problem = f"{str(error) or type(error).__name__}\n{traceback.format_exc()}"
            finally:
                self._handling = False
            if (self.selection.frame or 0) > self.session.moment.frames:
                self.selection.frame = None  # it hasn't been sent yet, where one has gone back to
            self._show(problem)
            self.answered += 1

    def _failures(self) -> str:
        """What ended programs, so far in this run, the latest first: only its first line is shown."""
        return "\n".join(
            f"{program.title} failed: {type(program.error).__name__}: {program.error}\n"
            + "".join(traceback.format_exception(program.error))
            for program in reversed(self.session.failed)
        )

    def _do_by_hand(self, message: dict[str, Any]) -> None:
        self.session.do(**message["input"])
        self.session.look_ahead()

    def _undo(self, message: dict[str, Any]) -> None:
        self.session.undo()

    def _select(self, message: dict[str, Any]) -> None:
        for name in ("frame", "host", "connection"):
            if name in message:
                setattr(self.selection, name, message[name])


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of a kernel; None where there is none, in a script say."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _trait(panel: Panel) -> str:
    return f"panel_{panel.name}"


def _module(panel: Panel) -> dict[str, str]:
    source = (_STATIC / f"{panel.name}.js").read_text("utf-8")
    return {"source": source, "title": panel.title, "place": panel.place}


_ACTIONS: dict[str, Callable[[Bench, dict[str, Any]], None]] = {
    "step": lambda bench, message: bench.session.step(),
    "step frame": lambda bench, message: bench.session.step_to_next_frame(),
    "back": lambda bench, message: bench.session.back(),
    "back frame": lambda bench, message: bench.session.back_to_frame(),
    "start": lambda bench, message: bench.session.go_to(0),
    "end": lambda bench, message: bench.session.run_to_end(),
    "moment": lambda bench, message: bench.session.go_to(message["place"]),
    "play": lambda bench, message: bench.session.play_to(max(bench.session.now, message["to"])),
    "hand": Bench._do_by_hand,
    "undo": Bench._undo,
    "select": Bench._select,
}
