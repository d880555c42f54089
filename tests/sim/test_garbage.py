"""The collector while a network runs, and after it."""

import gc
from collections.abc import Iterator

import pytest

from netlab.sim.clock import Clock
from netlab.sim.garbage import THRESHOLD

USUAL = (700, 10, 10)


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*USUAL)
    yield
    gc.set_threshold(*before)


def during(clock: Clock) -> tuple[int, ...]:
    """The thresholds while an event is handled."""
    seen: list[tuple[int, ...]] = []
    clock.call_at(clock.now, lambda _: seen.append(gc.get_threshold()))
    clock.run()
    return seen[0]


def test_collections_are_fewer_while_a_network_runs_and_as_before_then() -> None:
    assert during(Clock()) == (THRESHOLD, *USUAL[1:])
    assert gc.get_threshold() == USUAL


def test_a_run_that_fails_leaves_the_collector_as_it_was() -> None:
    clock = Clock()
    clock.call_at(0, lambda _: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        clock.run()
    assert gc.get_threshold() == USUAL


@pytest.mark.parametrize("chosen", [(0, 10, 10), (50_000, 5, 5)])
def test_who_collects_even_less_keeps_to_that(chosen: tuple[int, int, int]) -> None:
    gc.set_threshold(*chosen)
    assert during(Clock()) == chosen
    assert gc.get_threshold() == chosen


def test_what_is_set_during_a_run_stands() -> None:
    clock = Clock()
    clock.call_at(0, lambda _: gc.set_threshold(123, 4, 5))
    clock.run()
    assert gc.get_threshold() == (123, 4, 5)


def test_a_network_that_runs_inside_another_leaves_it_what_it_set() -> None:
    outer, inner = Clock(), Clock()
    outer.call_at(0, lambda _: during(inner))
    outer.call_at(1, lambda _: seen.append(gc.get_threshold()[0]))
    seen: list[int] = []
    outer.run()
    assert (seen, gc.get_threshold()) == ([THRESHOLD], USUAL)
