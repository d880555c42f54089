"""The checks of exercise 07 are tried on right answers and wrong ones, which are files in 07/."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from netlab.checks import CheckFailed, Passed, handshake
from netlab.transport.tcp.states import TRANSITIONS

HERE = Path(__file__).parent / "07"
RIGHT = sorted(HERE.glob("right/*.py"))
WRONG = sorted(HERE.glob("wrong/*.py"))
SOURCE = HERE.parents[2] / "solutions" / "source" / "07-handshake.py"
TASKS = {
    "opening": handshake.check_open,
    "closing": handshake.check_close,
    "crossing": handshake.check_crossing,
    "waiting": handshake.check_waiting,
}


def run(path: Path) -> dict[str, Any]:
    return runpy.run_path(str(path))


def reference() -> dict[str, Any]:
    """What the solution cells of the notebook's source define."""
    source = SOURCE.read_text(encoding="utf-8")
    cells = re.findall(r"^(\w+) = \{\}\n+### BEGIN SOLUTION\n(.*?)### END", source, re.M | re.S)
    names = run(HERE / "right" / "one_text_table.py")
    return {name: _rows(name, code, names) for name, code in cells}


def _rows(name: str, code: str, names: dict[str, Any]) -> dict[Any, Any]:
    space: dict[str, Any] = {**names, name: {}}
    exec(code, space)
    rows: dict[Any, Any] = space[name]
    return rows


@pytest.fixture(params=[*RIGHT, SOURCE], ids=lambda path: path.stem)
def right(request: pytest.FixtureRequest) -> dict[str, Any]:
    return reference() if request.param == SOURCE else run(request.param)


@pytest.mark.parametrize("task", TASKS)
def test_each_right_answer_passes(right: dict[str, Any], task: str) -> None:
    passed = TASKS[task](right[task], seeds=range(3))
    assert isinstance(passed, Passed)
    assert "right" in repr(passed)


def test_the_parts_of_each_right_answer_pass_together(right: dict[str, Any]) -> None:
    parts = [right[task] for task in TASKS]
    assert handshake.check_client(*parts, seeds=range(3))
    assert handshake.complete(*parts) == TRANSITIONS


def test_what_a_right_answer_prints_and_warns_of_is_not_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = run(HERE / "right" / "talkative.py")
    handshake.check_close(answer["closing"])  # a warning would be an error here
    assert capsys.readouterr() == ("", "")


def failure(path: Path) -> CheckFailed:
    answer = run(path)
    with pytest.raises(CheckFailed) as raised:
        getattr(handshake, answer["CHECK"])(answer["rows"])
    return raised.value


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_each_wrong_answer_fails_with_the_hint_that_is_meant_for_it(path: Path) -> None:
    assert run(path)["HINT"] in failure(path).hint


def test_no_two_wrong_answers_get_the_same_hint() -> None:
    hints = [failure(path).hint for path in WRONG]
    assert len(set(hints)) == len(hints) >= 8


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_part_fails_the_whole_client_too(path: Path) -> None:
    rows = run(path)["rows"]
    client = {**reference_client(), **rows} if type(rows) is dict else rows
    if path.stem in ("nothing_written", "syn_ack_without_row", "no_way_out_of_closing"):
        own = set(getattr(handshake, _task_of(path)).keys)
        client = {key: row for key, row in client.items() if key not in own or key in rows}
    with pytest.raises(CheckFailed):
        handshake.check_client(client)


def reference_client() -> dict[Any, Any]:
    return {key: row for rows in reference().values() for key, row in rows.items()}


def _task_of(path: Path) -> str:
    return {"check_open": "OPEN", "check_crossing": "CROSS"}[run(path)["CHECK"]]


@pytest.mark.parametrize("task", TASKS)
def test_the_untouched_stub_fails(task: str) -> None:
    with pytest.raises(CheckFailed, match="There is no row for"):
        TASKS[task]({})


def test_a_mistake_in_one_task_costs_nothing_in_another() -> None:
    client = reference_client()
    client.update(run(HERE / "wrong" / "no_third_step.py")["rows"])
    with pytest.raises(CheckFailed):
        handshake.check_open(client)
    assert handshake.check_close(client)
    assert handshake.check_crossing(client)
    assert handshake.check_waiting(client)
