"""Shows the parts of a machine that keep tables as such in a notebook: ``alice.arp``, ``s1``.

Those parts are in layers below, which know of no views. So IPython is told by name who draws what,
and a view is loaded when it is looked at first.
"""

from collections.abc import Callable
from typing import Any

SHOWN = {
    ("netlab.network.arp", "Arp"): "arp_cache",
    ("netlab.network.routing", "RoutingTable"): "routes",
    ("netlab.network.reassembly", "Reassembly"): "reassembly",
    ("netlab.link.switch", "Switch"): "mac_table",
}
"""Which function of `netlab.views.tables` shows which class."""


def register(shell: Any) -> None:
    """Have an IPython `shell` show them so; None, where none runs, is fine."""
    if shell is not None:
        formatter = shell.display_formatter.mimebundle_formatter
        for (module, name), function in SHOWN.items():
            formatter.for_type_by_name(module, name, _shown_by(function))


def _shown_by(function: str) -> Callable[[Any], dict[str, str]]:
    def show(part: Any) -> dict[str, str]:
        from netlab.views import tables

        bundle: dict[str, str] = getattr(tables, function)(part)._repr_mimebundle_()
        return bundle

    return show
