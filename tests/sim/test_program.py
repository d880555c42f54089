"""Programs: ordinary blocking functions, scheduled by the clock."""

import asyncio
import gc
import threading
import time
import traceback
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from netlab import Network
from netlab.errors import ConfigurationError, DeadlockError
from netlab.sim.clock import Clock
from netlab.sim.program import Program, Signal
from netlab.units import ms, s


def start(clock: Clock, function: Callable[[], Any], name: str = "", **options: Any) -> Program:
    program = Program(clock, name or function.__name__, "bob", function, **options)
    clock.start(program)
    return program


def wait_for_ever(clock: Clock) -> None:
    clock.wait(Signal(clock), lambda: False, None, "accept() on port 7")


def test_a_program_begins_with_the_next_event_and_gives_its_result() -> None:
    clock = Clock()
    program = start(clock, lambda: clock.sleep(3 * s) or "done", "sleeper")
    assert (program.done, program.waiting_for) == (False, "")
    assert repr(program) == "<program sleeper on bob, not yet begun>"
    clock.run(until=1 * s)
    assert (program.done, program.waiting_for) == (False, "sleep(3 s)")
    assert program.result == "done"
    assert (program.done, program.failed, clock.now) == (True, False, 3 * s)


def test_programs_take_turns_as_their_waits_end() -> None:
    clock, seen = Clock(), []

    def ticker(name: str, period: int) -> Callable[[], None]:
        def run() -> None:
            for _ in range(3):
                clock.sleep(period)
                seen.append((name, clock.now))

        return run

    start(clock, ticker("a", 2))
    start(clock, ticker("b", 3))
    clock.run()
    assert seen == [("a", 2), ("b", 3), ("a", 4), ("b", 6), ("a", 6), ("b", 9)]


def test_all_who_wait_on_a_signal_are_woken_in_the_order_in_which_they_came() -> None:
    clock, seen, ready = Clock(), [], []
    signal = Signal(clock)

    def waiter(name: str) -> Callable[[], None]:
        def run() -> None:
            clock.wait(signal, lambda: bool(ready), None, name)
            seen.append(name)

        return run

    for name in "abc":
        start(clock, waiter(name))
    clock.call_at(5, lambda _: (ready.append(1), signal.notify()))
    clock.run()
    assert seen == ["a", "b", "c"]


def test_a_program_that_is_woken_for_nothing_goes_on_waiting() -> None:
    clock = Clock()
    signal = Signal(clock)
    program = start(clock, lambda: clock.wait(signal, lambda: False, 100, "a call"))
    for moment in (10, 20, 100):
        clock.call_at(moment, lambda _: signal.notify())
    assert program.result is False
    assert clock.now == 100
    assert signal.waiting == []


def test_deadlock_names_each_program_its_host_its_call_and_since_when() -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob)

    def serve(host: Any) -> None:
        host.sim.clock.sleep(5 * ms)
        listener = host.socket()
        listener.bind(("", 7))
        listener.listen()
        listener.accept()

    def watch(host: Any) -> None:
        wait_for_ever(host.sim.clock)

    bob.start(serve)
    alice.start(watch, daemon=True)
    with pytest.raises(DeadlockError) as caught:
        net.run()
    text = str(caught.value)
    assert "serve on bob waits in accept() on TCP port 7, LISTEN since 5 ms\n" in text
    assert "watch on alice waits in accept() on port 7 since 0 s (a daemon: it may)" in text
    assert "virtual time 5 ms" in text


def test_daemons_may_wait_for_ever() -> None:
    clock = Clock()
    start(clock, lambda: wait_for_ever(clock), daemon=True)
    clock.run()


def test_a_person_whose_call_can_never_return_is_told_who_waits() -> None:
    clock = Clock()
    start(clock, lambda: wait_for_ever(clock), "serve")
    with pytest.raises(DeadlockError, match=r"recv\(\) can never return(.|\n)*serve on bob waits"):
        clock.wait(Signal(clock), lambda: False, None, "recv()")


def test_a_call_that_fails_for_ever_says_that_nobody_else_is_there() -> None:
    clock = Clock()
    with pytest.raises(DeadlockError, match="No other program is running"):
        clock.wait(Signal(clock), lambda: False, None, "recv()")


def test_a_foreground_program_gets_the_deadlock_in_the_call_that_waits() -> None:
    clock = Clock()

    def scenario() -> str:
        try:
            wait_for_ever(clock)
        except DeadlockError as error:
            return str(error)
        return ""

    program = start(clock, scenario, foreground=True)
    clock.run(until=1 * s)
    assert program.waiting_for  # a person may still act at that time
    clock.run()
    assert "accept() on port 7 can never return" in program.result


def failing() -> None:
    raise LookupError("no such page")


def test_a_programs_exception_reaches_who_asks_for_its_result_with_its_traceback() -> None:
    clock = Clock()
    program = start(clock, failing)
    for _ in range(2):
        with pytest.raises(LookupError, match="no such page") as caught:
            _ = program.result
        frames = traceback.extract_tb(caught.value.__traceback__)
        assert frames[-1].name == "failing"
        assert [frame.name for frame in frames].count("failing") == 1
    assert program.failed
    assert "failed: LookupError: no such page" in repr(program)


def test_a_failure_that_nobody_asked_for_is_warned_of_once_where_the_network_is_run() -> None:
    net = Network()
    host = net.host("bob", "10.0.0.1/24")
    host.start(lambda host: failing(), name="server")
    with pytest.warns(RuntimeWarning, match="program server on bob, failed: LookupError") as caught:
        net.run()
    assert caught[0].filename == __file__
    net.run()


def test_a_failure_is_warned_of_as_well_where_a_call_drove_the_network() -> None:
    clock = Clock()
    start(clock, failing)
    with pytest.warns(RuntimeWarning, match="failing on bob, failed"):
        clock.sleep(5)


def test_a_failure_that_was_asked_for_is_not_warned_of() -> None:
    clock = Clock()
    program = start(clock, failing)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(LookupError):
            _ = program.result
        clock.run()


def test_a_program_that_failed_is_named_where_others_wait_in_vain() -> None:
    clock = Clock()
    start(clock, failing)
    with (
        pytest.warns(RuntimeWarning),
        pytest.raises(DeadlockError, match="failing on bob, failed: LookupError: no such page"),
    ):
        clock.wait(Signal(clock), lambda: False, None, "recv()")


def test_programs_may_start_programs_and_wait_for_their_results() -> None:
    clock = Clock()

    def child() -> int:
        clock.sleep(2 * s)
        return 21

    def parent() -> int:
        children = [start(clock, child), start(clock, child)]
        return sum(each.result for each in children)

    assert start(clock, parent).result == 42
    assert clock.now == 2 * s


def test_run_inside_a_program_returns_when_nothing_else_is_left_to_happen() -> None:
    clock, seen = Clock(), []

    def child() -> None:
        clock.sleep(9)
        seen.append("child")

    def parent() -> None:
        start(clock, child)
        clock.run()
        seen.append(f"parent at {clock.now}")
        clock.run(until=20)
        seen.append(f"parent at {clock.now}")

    start(clock, parent)
    clock.run()
    assert seen == ["child", "parent at 9", "parent at 20"]


def test_two_programs_may_both_run_the_network() -> None:
    clock, seen = Clock(), []
    for name in "ab":
        start(clock, lambda name=name: (clock.run(), seen.append(name)), name)
    clock.run()
    assert seen == ["a", "b"]


def test_run_inside_a_program_complains_of_the_others_that_wait() -> None:
    clock = Clock()
    start(clock, lambda: wait_for_ever(clock), "serve", daemon=False)
    parent = start(clock, clock.run, "parent")
    with pytest.raises(DeadlockError, match="serve on bob waits in"):
        _ = parent.result


def test_run_until_a_condition_is_refused_inside_a_program() -> None:
    clock = Clock()
    program = start(clock, lambda: clock.run_until(lambda: True))
    with pytest.raises(ConfigurationError, match="can't be called by a program"):
        _ = program.result


def test_an_abandoned_programs_finally_runs_when_the_network_is_closed() -> None:
    clock, seen = Clock(), []

    def serve() -> None:
        try:
            wait_for_ever(clock)
        finally:
            seen.append("cleaned up")

    start(clock, serve, daemon=True)
    clock.run()
    clock.close()
    assert seen == ["cleaned up"]
    assert clock.programs == []
    clock.close()


def test_a_program_that_waits_while_it_is_cleaned_up_is_left_where_it_is() -> None:
    clock, seen = Clock(), []

    def stubborn() -> None:
        while True:
            try:
                wait_for_ever(clock)
            except BaseException as error:
                seen.append(type(error).__name__)

    start(clock, stubborn, daemon=True)
    clock.run()
    clock.close()
    assert 1 <= len(seen) <= 100
    assert set(seen) == {"GreenletExit"}


def test_a_program_may_close_the_network_that_it_runs_in() -> None:
    clock, seen = Clock(), []

    def serve() -> None:
        try:
            wait_for_ever(clock)
        finally:
            seen.append("server cleaned up")

    def closer() -> None:
        clock.close()
        seen.append("closer goes on")

    start(clock, serve, daemon=True)
    start(clock, closer)
    clock.run()
    assert seen == ["server cleaned up", "closer goes on"]


def test_a_network_that_nobody_holds_ends_its_programs_at_once() -> None:
    seen = []

    def serve(host: Any) -> None:
        listener = host.socket()
        listener.bind(("", 80))
        listener.listen()
        try:
            listener.accept()
        finally:
            seen.append("server cleaned up")

    net = Network()
    net.host("bob", "10.0.0.1/24").start(serve, daemon=True)
    net.run()
    gone = weakref.ref(net)
    gc.disable()
    try:
        del net
        assert gone() is None
        assert seen == ["server cleaned up"]
    finally:
        gc.enable()


def test_close_ends_the_programs_of_a_network_and_so_does_leaving_its_block() -> None:
    seen = []

    def serve(host: Any) -> None:
        try:
            wait_for_ever(host.sim.clock)
        finally:
            seen.append(host.name)

    with Network() as net:
        net.host("bob", "10.0.0.1/24").start(serve, daemon=True)
        net.run()
        assert [program.name for program in net.programs] == ["serve"]
    assert seen == ["bob"]
    assert net.programs == []


def test_the_start_and_end_of_a_program_are_on_record_and_cause_what_it_does() -> None:
    net = Network()
    host = net.host("bob", "10.0.0.1/24")
    host.start(lambda host: host.socket().close(), name="worker")
    host.start(lambda host: failing(), name="loser")
    with pytest.warns(RuntimeWarning):
        net.run()
    events = [(each.kind, each.fields.get("program")) for each in net.sim.recorder.events]
    assert events == [
        ("program started", "worker"),
        ("call", None),
        ("return", None),
        ("program ended", "worker"),
        ("program started", "loser"),
        ("program failed", "loser"),
    ]
    assert net.sim.recorder.events[1].cause is net.sim.recorder.events[0]
    assert net.sim.recorder.events[-1].reason == "LookupError: no such page"


def test_a_network_may_be_built_in_one_thread_and_run_in_another() -> None:
    clock = Clock()
    program = start(clock, lambda: clock.sleep(5) or "done", "sleeper")
    thread = threading.Thread(target=clock.run)
    thread.start()
    thread.join()
    assert program.result == "done"


def test_a_program_that_one_thread_began_cant_go_on_in_another() -> None:
    clock = Clock()
    start(clock, lambda: clock.sleep(5), "sleeper")
    errors: list[BaseException] = []

    def run_on() -> None:
        try:
            clock.run()
        except ConfigurationError as error:
            errors.append(error)
        clock.close()

    clock.run(until=1)
    thread = threading.Thread(target=run_on)
    thread.start()
    thread.join()
    assert "begun in one thread and can't go on in another" in str(errors[0])


def test_what_is_no_function_cant_be_started() -> None:
    host = Network().host("bob", "10.0.0.1/24")
    with pytest.raises(ConfigurationError, match=r"start\(\) takes a function.*got 'serve'"):
        host.start("serve")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["virtual", "real"])
@pytest.mark.parametrize(
    "error", [asyncio.CancelledError, GeneratorExit, SystemExit, BaseException]
)
def test_any_exception_that_ends_a_program_is_its_result_and_nobody_elses(
    error: type[BaseException], kind: str
) -> None:
    def fail(_: Any) -> None:
        time.sleep(0.001)
        raise error("mine")

    with Network(clock=kind) as net:
        program = net.host("alice", "10.0.0.1/24").start(fail)
        with pytest.warns(RuntimeWarning, match=error.__name__):
            net.run()
        with pytest.raises(error, match="mine"):
            _ = program.result
        assert program.failed
        assert program.error is not None
