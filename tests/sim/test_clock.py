"""Virtual time passes by handling events, in the order (time, sequence number)."""

from typing import Any

import pytest

from netlab.errors import ConfigurationError, DeadlockError
from netlab.sim.clock import PROGRESS_EVERY, Clock
from netlab.sim.program import Signal


def test_events_are_handled_in_the_order_of_their_times() -> None:
    clock, seen = Clock(), []
    for time in (30, 10, 20):
        clock.call_at(time, lambda time: seen.append((time, clock.now)), time)
    clock.run()
    assert seen == [(10, 10), (20, 20), (30, 30)]


def test_events_of_the_same_time_are_handled_in_the_order_of_scheduling() -> None:
    clock, seen = Clock(), []

    def schedule_another(name: str) -> None:
        seen.append(name)
        clock.call_at(10, seen.append, "scheduled last")

    clock.call_at(10, schedule_another, "first")
    for name in ("second", "third"):
        clock.call_at(10, seen.append, name)
    clock.run()
    assert seen == ["first", "second", "third", "scheduled last"]


def test_what_is_scheduled_for_the_past_happens_next_and_time_doesnt_go_back() -> None:
    clock, seen = Clock(), []
    clock.call_at(100, lambda _: clock.call_at(5, lambda _: seen.append(clock.now)))
    clock.run()
    assert seen == [100]


def test_run_until_a_time_handles_what_is_due_and_stands_at_that_time() -> None:
    clock, seen = Clock(), []
    for time in (10, 20, 21):
        clock.call_at(time, seen.append, time)
    clock.run(until=20)
    assert (seen, clock.now) == ([10, 20], 20)
    clock.run(until=1_000)
    assert (seen, clock.now) == ([10, 20, 21], 1_000)


def test_run_until_a_time_that_has_passed_is_refused() -> None:
    clock = Clock()
    clock.run(until=50)
    with pytest.raises(ConfigurationError, match="it is 50 ns already"):
        clock.run(until=49)


def test_run_until_a_condition_stops_right_after_the_event_that_makes_it_true() -> None:
    clock, seen = Clock(), []
    for time in (10, 20, 30):
        clock.call_at(time, seen.append, time)
    clock.run_until(lambda: len(seen) == 2)
    assert (seen, clock.now) == ([10, 20], 20)
    clock.run_until(lambda: True)
    assert seen == [10, 20]


def test_run_until_a_condition_that_never_holds_is_an_error() -> None:
    clock = Clock()
    clock.call_at(10, lambda _: None)
    with pytest.raises(DeadlockError, match="until a condition holds can never return"):
        clock.run_until(lambda: False)


def test_stop_ends_the_run_after_the_present_event_and_the_next_run_goes_on() -> None:
    clock, seen = Clock(), []
    clock.call_at(1, lambda _: clock.stop())
    clock.call_at(1, seen.append, "later")
    clock.run(until=100)
    assert (seen, clock.now) == ([], 1)
    clock.run()
    assert seen == ["later"]


def test_stop_doesnt_end_a_call_that_waits() -> None:
    clock, seen = Clock(), []
    clock.call_at(1, lambda _: clock.stop())
    clock.call_at(2, seen.append, "came")
    assert clock.wait(Signal(clock), lambda: bool(seen), None, "a call")
    assert seen == ["came"]


def test_step_handles_one_event_and_tells_whether_there_was_one() -> None:
    clock, seen = Clock(), []
    clock.call_at(7, seen.append, "a")
    clock.call_at(7, seen.append, "b")
    assert (clock.next_time, clock.step(), seen, clock.now) == (7, True, ["a"], 7)
    assert (clock.step(), clock.step(), seen) == (True, False, ["a", "b"])
    assert clock.next_time is None
    assert clock.steps == 2


def test_a_wait_with_a_deadline_ends_at_the_deadline_exactly() -> None:
    clock = Clock()
    clock.call_at(10, lambda _: None)
    clock.call_at(99, lambda _: None)
    assert clock.wait(Signal(clock), lambda: False, 50, "a call") is False
    assert clock.now == 50


def test_what_happens_at_the_deadline_is_still_in_time() -> None:
    clock, seen = Clock(), []
    clock.call_at(50, seen.append, "just")
    assert clock.wait(Signal(clock), lambda: bool(seen), 50, "a call") is True


def test_blocking_inside_the_handling_of_an_event_is_refused() -> None:
    clock, errors = Clock(), []

    def handler(_: object) -> None:
        for blocking in (lambda: clock.sleep(1), clock.run, clock.step):
            with pytest.raises(ConfigurationError) as caught:
                blocking()
            errors.append(str(caught.value))

    clock.call_at(1, handler)
    clock.run()
    assert "sleep(1 ns) would block inside the handling of an event" in errors[0]
    assert "run() was called from inside an event" in errors[1]
    assert "step() was called while the network was running" in errors[2]


def test_an_error_in_an_event_reaches_who_runs_the_clock_and_the_rest_can_go_on() -> None:
    clock, seen = Clock(), []

    def fail(_: object) -> None:
        raise ZeroDivisionError("in an event")

    clock.call_at(1, fail)
    clock.call_at(2, seen.append, "later")
    with pytest.raises(ZeroDivisionError, match="in an event"):
        clock.run()
    assert clock.cause is None
    clock.run()
    assert seen == ["later"]


def test_progress_is_reported_during_a_long_run_and_once_at_its_end() -> None:
    clock, reports = Clock(), []
    clock.on_progress = lambda clock: reports.append((clock.steps, clock.running))
    left = 2 * PROGRESS_EVERY + 10

    def again(_: object) -> None:
        nonlocal left
        left -= 1
        if left:
            clock.call_at(clock.now + 1, again)

    clock.call_at(0, again)
    clock.run()
    total = 2 * PROGRESS_EVERY + 10
    assert reports == [(PROGRESS_EVERY, True), (2 * PROGRESS_EVERY, True), (total, False)]


def test_a_short_run_reports_no_progress() -> None:
    clock, reports = Clock(), []
    clock.on_progress = reports.append
    for time in range(100):
        clock.call_at(time, lambda _: None)
    clock.run()
    assert reports == []


def test_each_event_is_handled_with_the_cause_that_was_there_when_it_was_scheduled() -> None:
    clock, seen = Clock(), []
    cause: Any = object()
    clock.cause = cause
    clock.call_at(1, lambda _: seen.append(clock.cause))
    clock.cause = None
    clock.call_at(2, lambda _: seen.append(clock.cause))
    clock.run()
    assert seen == [cause, None]
    assert clock.cause is None
