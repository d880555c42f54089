"""Graphviz, which lays out state machines and topologies.

A system's own `dot` is used where it works; else the one that comes as a wheel (`graphviz-pure`).
Where there is neither, `GraphvizMissingError` says what to install, and a view shows its text.
"""

import functools
import os
import shutil
import sysconfig

from netlab.errors import NetlabError


class GraphvizMissingError(NetlabError):
    """Nothing here can lay out a graph. The text says what to install."""


def svg(source: str, engine: str = "dot") -> str:
    """The graph that `source` describes in the DOT language, as an `<svg>` element for a page.

    `engine` is the way of laying it out: `dot` for layers from top to bottom, `neato` for springs,
    `neato` and its like also for nodes whose places are given.

    Raises `GraphvizMissingError` where no Graphviz works, and `subprocess.CalledProcessError` with
    Graphviz's own words where `source` is not a graph.
    """
    find()
    import graphviz

    drawing: str = graphviz.pipe_string(engine, "svg", source, encoding="utf-8")
    return drawing[drawing.index("<svg") :].rstrip()


@functools.cache
def find() -> str:
    """The `dot` program that works here, which the `graphviz` package uses from now on.

    Raises `GraphvizMissingError`; that isn't remembered, so that installing one helps at once.
    """
    try:
        from graphviz.backend import dot_command
    except ImportError:
        raise GraphvizMissingError(_what_to_install("the Python package graphviz")) from None
    usual = dot_command.DOT_BINARY
    for program in filter(None, (shutil.which("dot"), _from_wheel())):
        dot_command.DOT_BINARY = program
        if _draws():
            return program
    dot_command.DOT_BINARY = usual
    raise GraphvizMissingError(_what_to_install("the program dot"))


def _from_wheel() -> str | None:
    """Where the wheel put its program: beside this Python, which need not be on the PATH."""
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))
    return shutil.which("graphviz-pure", path=path)


def _draws() -> bool:
    """Whether the program that is set draws: one may start and yet lack the parts that do."""
    import graphviz

    try:
        return b"<svg" in graphviz.pipe("dot", "svg", b"digraph { a -> b }", quiet=True)
    except (OSError, RuntimeError, graphviz.CalledProcessError):
        return False


def _what_to_install(missing: str) -> str:
    return (
        f"This picture is laid out by Graphviz, and {missing} is not here or does not work."
        " Install both with: pip install graphviz graphviz-pure"
        " (or Graphviz alone with: apt install graphviz, brew install graphviz)."
        " Until then the same content is shown as text."
    )
