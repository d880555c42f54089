"""Timers can be re-armed and cancelled at will, and cost the queue next to nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import DeadlockError
from netlab.sim.clock import Clock
from netlab.sim.program import Signal
from netlab.units import ms, s


def test_a_timer_fires_once_after_its_delay() -> None:
    clock, fired = Clock(), []
    timer = clock.timer(lambda: fired.append(clock.now))
    timer.arm(5 * ms)
    assert (timer.armed, timer.deadline) == (True, 5 * ms)
    clock.run()
    assert (fired, timer.armed, timer.deadline) == ([5 * ms], False, None)


def test_a_cancelled_timer_never_fires_and_doesnt_keep_the_run_going() -> None:
    clock, fired = Clock(), []
    timer = clock.timer(lambda: fired.append(clock.now))
    timer.arm(240 * s)
    timer.cancel()
    timer.cancel()
    clock.run()
    assert (fired, clock.now, clock.next_time) == ([], 0, None)


def test_a_timer_that_is_armed_again_fires_at_the_new_time_only() -> None:
    clock, fired = Clock(), []
    timer = clock.timer(lambda: fired.append(clock.now))
    timer.arm(10)
    timer.arm(30)
    timer.arm(20)
    clock.run()
    assert fired == [20]


def test_a_timer_may_arm_itself_when_it_fires() -> None:
    clock, fired = Clock(), []

    def fire() -> None:
        fired.append(clock.now)
        if len(fired) < 3:
            timer.arm(7)

    timer = clock.timer(fire)
    timer.arm(7)
    clock.run()
    assert fired == [7, 14, 21]


def test_re_arming_a_thousand_times_leaves_one_entry_in_the_queue() -> None:
    clock = Clock()
    timer = clock.timer(lambda: None)
    for _ in range(1_000):
        timer.cancel()
        timer.arm(1 * s)
        clock.run(until=clock.now + 1)
    assert len(clock._queue) == 1


def test_a_timers_event_is_caused_by_what_armed_it_last() -> None:
    clock, causes = Clock(), []
    timer = clock.timer(lambda: causes.append(clock.cause))
    first, second = object(), object()
    clock.cause = first  # type: ignore[assignment]
    timer.arm(10)
    clock.cause = second  # type: ignore[assignment]
    timer.arm(10)
    clock.run()
    assert causes == [second]


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 6)), max_size=40))
def test_a_timer_behaves_as_one_that_is_looked_at_every_nanosecond(
    calls: list[tuple[int, int | None]],
) -> None:
    """Each call comes after a pause; None cancels, a number arms."""
    clock, fired, model_fired = Clock(), [], []
    timer = clock.timer(lambda: fired.append(clock.now))
    model_deadline: int | None = None
    now = 0

    def pass_time(to: int) -> None:
        nonlocal model_deadline
        if model_deadline is not None and model_deadline <= to:
            model_fired.append(model_deadline)
            model_deadline = None
        clock.run(until=to)

    for pause, delay in calls:
        now += pause
        pass_time(now)
        if delay is None:
            timer.cancel()
            model_deadline = None
        else:
            timer.arm(delay)
            model_deadline = now + delay
        assert timer.deadline == model_deadline
    pass_time(now + 100)
    assert fired == model_fired


def test_a_timer_in_the_background_fires_while_time_passes_and_keeps_no_run_going() -> None:
    clock, fired = Clock(), []

    def renew() -> None:
        fired.append(clock.now)
        timer.arm(10)

    timer = clock.timer(renew, background=True)
    timer.arm(10)
    stopped = clock.timer(lambda: None)
    stopped.arm(240 * s)
    stopped.cancel()
    clock.run()
    assert (fired, clock.now, clock.next_time, clock.step()) == ([], 0, None, False)
    clock.run(until=25)
    assert (fired, clock.now) == ([10, 20], 25)
    clock.call_at(45, lambda _: None)
    assert clock.next_time == 30
    clock.run()
    assert (fired, clock.now) == ([10, 20, 30, 40], 45)


def test_a_call_that_waits_for_ever_is_told_so_though_something_goes_on_in_the_background() -> None:
    clock = Clock()
    timer = clock.timer(lambda: timer.arm(10), background=True)
    timer.arm(10)
    with pytest.raises(DeadlockError, match="accept can never return"):
        clock.wait(Signal(clock), lambda: False, None, "accept")
    assert not clock.wait(Signal(clock), lambda: False, 100, "accept")
    assert clock.now == 100
