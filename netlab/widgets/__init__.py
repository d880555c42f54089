"""The bench: controls on a running network, and views that follow.

`Session` is the run behind a bench, for a terminal or a test; it knows nothing of Jupyter. Only who
asks for `Bench` imports the widgets.
"""

from typing import TYPE_CHECKING, Any

from netlab.widgets.session import Session

if TYPE_CHECKING:
    from netlab.widgets.bench import Bench

__all__ = ["Bench", "Session"]


def __getattr__(name: str) -> Any:
    if name == "Bench":
        from netlab.widgets.bench import Bench

        return Bench
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
