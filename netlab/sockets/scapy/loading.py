"""Scapy may be imported while `on(host)` is in force: it then meets the real machine.

While it is imported, Scapy looks for the interfaces and routes of the machine it runs on, with
sockets of kinds that no simulated host has. `netlab` itself never imports it before that.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


class ScapyImports:
    """Stands in `sys.meta_path`: Scapy's modules run inside `around`, and `loaded` is called after.

    `around()` gives True at the outermost of imports that bring about each other.
    """

    def __init__(
        self, around: Callable[[], AbstractContextManager[bool]], loaded: Callable[[], None]
    ) -> None:
        self._around = around
        self._loaded = loaded

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """What the other finders find, with a loader of ours around theirs."""
        if name.partition(".")[0] != "scapy":
            return None
        others = (each for each in tuple(sys.meta_path) if each is not self)
        found = (each.find_spec(name, path, target) for each in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._execute)  # type: ignore[assignment]
        return spec

    def _execute(self, run: Callable[[], None]) -> None:
        with self._around() as outermost:
            run()
        if outermost:
            self._loaded()


class _Loader:
    """Loads as `real` does, which takes its place again in the module."""

    def __init__(self, real: Any, execute: Callable[[Callable[[], None]], None]) -> None:
        self._real = real
        self._execute = execute

    def create_module(self, spec: Any) -> Any:
        return self._real.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__loader__ = module.__spec__.loader = self._real
        self._execute(lambda: self._real.exec_module(module))
