"""The real-time clock: the same network on the machine's own time, from any thread."""

import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from netlab import Network, on
from netlab.errors import ConfigurationError, NetlabError
from netlab.host import Host
from netlab.sim.realtime import AT_ONCE, RealTimeClock
from netlab.sim.recording import Event
from netlab.trace.trace import Trace
from netlab.units import ms, s

LONG = 20.0
"""Seconds: more than any of this can take, on whatever machine."""


@pytest.fixture
def net() -> Iterator[Network]:
    network = Network(clock="real")
    alice, bob = network.host("alice", "10.0.0.1/24"), network.host("bob", "10.0.0.2/24")
    network.connect(alice, bob, delay=1 * ms)
    yield network
    network.close()


def in_thread(function: Callable[[], Any]) -> Callable[[], Any]:
    """Run it in a thread; what is returned waits for its result, or raises its exception."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((function(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result() -> Any:
        thread.join(LONG)
        assert not thread.is_alive(), "the thread hangs"
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    return result


def listener_of(host: Host, port: int) -> Any:
    listener = host.socket()
    listener.bind(("", port))
    listener.listen()
    return listener


def test_an_echo_between_threads_of_the_machine(net: Network) -> None:
    alice, bob = net.hosts.values()
    listener = listener_of(bob, 7)

    def serve() -> int:
        conn, _ = listener.accept()
        with conn:
            total = 0
            while data := conn.recv(4096):
                conn.sendall(data)
                total += len(data)
            return total

    def ask() -> bytes:
        with alice.socket() as sock:
            sock.connect(("bob", 7))
            sock.sendall(b"x" * 50_000)
            sock.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: sock.recv(4096), b""))

    served, asked = in_thread(serve), in_thread(ask)
    assert asked() == b"x" * 50_000
    assert served() == 50_000


def test_programs_are_threads_and_give_their_results(net: Network) -> None:
    alice, bob = net.hosts.values()
    listener = listener_of(bob, 7)
    names = []

    def serve(host: Host) -> bytes:
        names.append(threading.current_thread().name)
        conn, _ = listener.accept()
        return bytes(conn.recv(100))

    def ask(host: Host) -> None:
        socket.create_connection(("bob", 7)).sendall(b"hello")

    server = bob.start(serve)
    alice.start(ask)
    assert server.result == b"hello"
    assert names == ["serve on bob"]


def test_a_programs_exception_reaches_who_asks_for_its_result(net: Network) -> None:
    program = net.hosts["bob"].start(lambda host: {}["page"])
    with pytest.raises(KeyError, match="page"):
        _ = program.result


def test_a_timeout_is_in_seconds_of_the_machine(net: Network) -> None:
    sock = net.hosts["alice"].socket(socket.SOCK_DGRAM)
    sock.bind(("", 5))
    sock.settimeout(0.05)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        sock.recv(10)
    assert 0.05 <= time.monotonic() - began < LONG


def test_the_date_is_the_machine_s_and_a_capture_has_it(net: Network, tmp_path: Path) -> None:
    alice = net.hosts["alice"]
    before = time.time_ns()
    alice.ping("bob", count=1)
    with on(alice):
        told = time.time_ns(), time.time() * s
    after = time.time_ns()
    assert all(before - ms <= date <= after + ms for date in told)
    net.trace.save(tmp_path / "real.pcapng")
    opened = Trace.open(tmp_path / "real.pcapng")
    assert before - ms <= opened.start <= after
    assert [frame.reason for frame in opened.frames] == [f.reason for f in net.trace.frames]
    assert opened.frames[0].time == 0


def test_run_until_takes_as_long_as_it_says(net: Network) -> None:
    began, at = time.monotonic_ns(), net.now
    net.run(until=at + 30 * ms)
    assert 30 * ms <= time.monotonic_ns() - began < LONG * s
    assert net.now >= at + 30 * ms


def test_run_until_a_condition_waits_for_what_others_do(net: Network) -> None:
    alice, bob = net.hosts.values()
    listener = listener_of(bob, 7)
    connected = in_thread(lambda: alice.socket().connect(("bob", 7)))
    net.run(until=lambda: bool(bob.tcp.connections))
    connected()
    listener.close()


def test_run_waits_for_the_programs_and_stop_ends_it(net: Network) -> None:
    seen = []

    def work(host: Host) -> None:
        host.sim.clock.sleep(20 * ms)
        seen.append("done")

    net.hosts["bob"].start(work)
    net.run()
    assert seen == ["done"]

    net.hosts["bob"].start(lambda host: host.sim.clock.sleep(3_600 * s), daemon=False)
    threading.Timer(0.05, net.stop).start()
    net.run()


def test_run_waits_for_no_timer_in_the_background_which_fires_all_the_same(net: Network) -> None:
    fired = threading.Event()
    timer = net.sim.clock.timer(fired.set, background=True)
    timer.arm(50 * ms)
    net.hosts["alice"].ping("bob", count=1)
    net.run()
    assert timer.armed
    assert fired.wait(LONG)


def test_each_thing_has_its_cause_whichever_thread_lets_it_happen(net: Network) -> None:
    alice = net.hosts["alice"]
    alice.ping("bob", count=1)
    in_thread(lambda: alice.ping("bob", count=1))()
    frames = net.trace.frames
    replies = [frame for frame in frames if frame.sender == "bob"]
    assert len(replies) >= 3  # to ARP, and to either ping
    for reply in replies:
        assert any(event in frames for event in causes(reply))


def causes(event: Event) -> list[Event]:
    return [] if event.cause is None else [event.cause, *causes(event.cause)]


def test_a_thread_handles_what_it_brings_about_and_the_main_thread_leaves_it_to_another(
    net: Network,
) -> None:
    clock, handlers = net.sim.clock, []

    def act(_: object) -> None:
        handlers.append(threading.current_thread())
        if len(handlers) < 3:
            clock.call_at(clock.now, act)

    def begin() -> threading.Thread:
        handlers.clear()
        with clock:
            clock.call_at(0, act)
            assert handlers == []
        return threading.current_thread()

    thread = in_thread(begin)()
    assert handlers == [thread] * 3
    begin()
    net.run()
    assert len(handlers) == 3
    assert threading.main_thread() not in handlers


def test_a_thread_that_has_handled_much_leaves_the_rest_to_others(net: Network) -> None:
    clock, handlers = net.sim.clock, []

    def act(_: object) -> None:
        handlers.append(threading.get_ident())
        if len(handlers) < AT_ONCE + 50:
            clock.call_at(0, act)

    in_thread(lambda: clock.call_at(0, act))()
    net.run()
    assert len(handlers) == AT_ONCE + 50
    assert len(set(handlers)) == 2


def test_run_returns_when_another_thread_has_handled_what_was_left(net: Network) -> None:
    def later() -> None:
        time.sleep(0.05)
        net.sim.clock.call_at(0, lambda _: None)

    timer = net.sim.clock.timer(lambda: None)
    timer.arm(60 * s)
    done = in_thread(lambda: net.run())
    in_thread(later)()
    timer.cancel()
    in_thread(later)()
    done()


def test_every_exception_reaches_somebody_who_waits(net: Network) -> None:
    def fail(number: int) -> None:
        raise ZeroDivisionError(str(number))

    for number in range(3):
        net.sim.clock.call_at(0, fail, number)
    for number in range(3):
        with pytest.raises(ZeroDivisionError, match=str(number)):
            net.run()
    net.run()


def test_blocked_calls_are_woken_when_the_socket_is_closed(net: Network) -> None:
    listener = listener_of(net.hosts["bob"], 7)
    accepted = in_thread(listener.accept)
    net.run(until=net.now + 20 * ms)
    listener.close()
    with pytest.raises(OSError):
        accepted()


def test_blocked_calls_are_woken_when_the_network_is_closed(net: Network) -> None:
    listener = listener_of(net.hosts["bob"], 7)
    accepted = in_thread(listener.accept)
    net.run(until=net.now + 20 * ms)
    net.close()
    with pytest.raises(NetlabError, match=r"accept\(\).* waits in vain: the network was closed"):
        accepted()


def test_an_error_in_an_event_reaches_who_waits(net: Network) -> None:
    clock = net.sim.clock
    bob = net.hosts["bob"]
    listener = listener_of(bob, 7)
    accepted = in_thread(listener.accept)

    def fail(_: object) -> None:
        raise ZeroDivisionError("in an event")

    clock.call_at(net.now + 20 * ms, fail)
    with pytest.raises(ZeroDivisionError, match="in an event"):
        accepted()
    assert net.hosts["alice"].ping("bob", count=1, timeout=int(LONG * s)).received == 1


def test_blocking_inside_the_handling_of_an_event_is_refused(net: Network) -> None:
    clock = net.sim.clock
    clock.call_at(0, lambda _: clock.sleep(5))
    with pytest.raises(ConfigurationError, match="inside the handling of an event"):
        net.run(until=net.now + int(LONG * s))


def test_real_time_cant_be_stepped(net: Network) -> None:
    with pytest.raises(ConfigurationError, match="can't be stepped"):
        net.step()


@pytest.mark.parametrize("way", ["close", "let go"])
def test_the_thread_ends_with_the_network(way: str) -> None:
    network = Network(clock="real")
    clock = network.sim.clock
    assert isinstance(clock, RealTimeClock)
    driver = clock._driver
    assert driver.is_alive()
    if way == "close":
        network.close()
    del network
    gc.collect()
    driver.join(LONG)
    assert not driver.is_alive()
