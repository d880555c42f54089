"""Virtual runs never look at the machine's clock: it raises while they go on."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from netlab.units import s
from tests.recorded_run import run

CLOCKS = (
    "time",
    "time_ns",
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
    "sleep",
)


@pytest.fixture
def no_clock() -> Iterator[None]:
    """The functions of `time` that tell it or pass it raise."""

    def refuse(name: str) -> Any:
        def call(*_: object) -> None:
            raise AssertionError(f"time.{name}() of the machine was called in a virtual run")

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in CLOCKS:
            patch.setattr(time, name, refuse(name))
        yield


@pytest.mark.usefixtures("no_clock")
def test_a_run_with_everything_in_it_does_without_the_machines_clock() -> None:
    """Every layer, the standard library's HTTP client among them, and `time` inside of programs."""
    with pytest.raises(AssertionError, match="of the machine was called"):
        time.time()
    net = run(4)
    assert net.now > 200 * s
    assert str(net.trace.why(net.trace.frames[-1]))
    with pytest.raises(AssertionError, match="of the machine was called"):
        time.sleep(0)
