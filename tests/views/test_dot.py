"""Finding Graphviz: the system's, the wheel's, or a clear word about what to install."""

import subprocess
import sys
import xml.etree.ElementTree
from collections.abc import Iterator
from pathlib import Path

import graphviz
import pytest
from graphviz.backend import dot_command

from netlab.views import dot


@pytest.fixture(autouse=True)
def nothing_found_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(dot_command, "DOT_BINARY", Path("dot"))
    dot.find.cache_clear()
    yield
    dot.find.cache_clear()


@pytest.fixture
def empty_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is the whole PATH, with nothing in it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder: Path, name: str, script: str) -> str:
    """An executable in `folder` that runs a line of shell."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_graph_is_drawn_as_an_svg_element() -> None:
    drawing = dot.svg('digraph { CLOSED -> SYN_SENT [label="é → ok"] }')
    root = xml.etree.ElementTree.fromstring(drawing)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"CLOSED", "SYN_SENT", "é → ok"} <= texts


def test_nodes_can_be_placed_by_another_engine() -> None:
    assert "<svg" in dot.svg('graph { a [pos="0,0!"]; b [pos="3,0!"]; a -- b }', engine="neato")


def test_the_wheels_program_is_found_beside_python_when_nothing_is_on_the_path(
    empty_path: Path,
) -> None:
    found = dot.find()
    assert Path(found).stem == "graphviz-pure"
    assert Path(found).parent == Path(sys.executable).parent


@pytest.mark.usefixtures("empty_path")
def test_the_graphviz_package_uses_what_was_found() -> None:
    dot.find()
    assert "<svg" in graphviz.Source("digraph { a }").pipe(format="svg", encoding="utf-8")


def test_a_systems_own_dot_comes_first(empty_path: Path) -> None:
    own = program(empty_path, "dot", "echo '<svg>the system drew this</svg>'")
    assert dot.find() == own
    assert dot.svg("digraph {}") == "<svg>the system drew this</svg>"


def test_a_dot_that_starts_but_can_not_draw_is_passed_over(empty_path: Path) -> None:
    program(empty_path, "dot", "echo There is no layout engine support for dot >&2; exit 1")
    assert Path(dot.find()).stem == "graphviz-pure"


def test_without_any_the_error_says_what_to_install(
    empty_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dot, "_from_wheel", lambda: None)
    with pytest.raises(dot.GraphvizMissingError, match="pip install graphviz graphviz-pure"):
        dot.svg("digraph {}")
    assert dot_command.DOT_BINARY == Path("dot")


def test_installing_one_helps_at_once(empty_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dot, "_from_wheel", lambda: None)
    with pytest.raises(dot.GraphvizMissingError):
        dot.find()
    own = program(empty_path, "dot", "echo '<svg/>'")
    assert dot.find() == own


def test_without_the_python_package_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "graphviz.backend", None)
    with pytest.raises(dot.GraphvizMissingError, match="Python package graphviz"):
        dot.find()


def test_what_is_no_graph_is_answered_in_graphviz_own_words() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        dot.svg("digraph {")
    assert "syntax error" in str(caught.value.stderr).lower()


def test_importing_the_module_does_not_import_graphviz() -> None:
    code = "import sys, netlab.views.dot; sys.exit('graphviz' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
