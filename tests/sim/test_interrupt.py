"""A real SIGINT, wherever it strikes, leaves a network that goes on to a correct end."""

import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from netlab import Network, on
from netlab.sim import interrupt as interrupt_module
from netlab.sim.clock import Clock
from netlab.sim.program import Program
from netlab.units import Mbps, ms

TEXT = bytes(range(256)) * 4_000


@pytest.fixture(autouse=True)
def the_handler_is_restored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) is before


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def a_transfer() -> tuple[Network, Program]:
    """Bob sends a megabyte to alice, whose program returns what came."""
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=5 * ms, rate=10 * Mbps)

    def serve(host: Any) -> None:
        listener = host.socket()
        listener.bind(("", 80))
        listener.listen()
        conn, _ = listener.accept()
        conn.sendall(TEXT)
        conn.close()

    def fetch(host: Any) -> bytes:
        sock = socket.create_connection(("bob", 80))
        with sock, sock.makefile("rb") as file:
            return bytes(file.read())

    bob.start(serve)
    return net, alice.start(fetch)


def test_an_interrupt_in_an_event_is_raised_between_two_events() -> None:
    clock, seen = Clock(), []

    def strike(_: object) -> None:
        interrupt()
        seen.append("the event was handled to its end")

    clock.call_at(1, strike)
    clock.call_at(1, seen.append, "next")
    with pytest.raises(KeyboardInterrupt):
        clock.run()
    assert seen == ["the event was handled to its end"]
    clock.run()
    assert seen[1:] == ["next"]


def test_an_interrupt_at_any_event_of_a_transfer_leaves_it_whole() -> None:
    net, fetched = a_transfer()
    for time_ns in range(20 * ms, 900 * ms, 37 * ms):
        net.sim.clock.call_at(time_ns, lambda _: interrupt())
    interrupts = 0
    while True:
        try:
            net.run()
            break
        except KeyboardInterrupt:
            interrupts += 1
    assert interrupts == 24
    assert fetched.result == TEXT


def test_an_interrupt_of_a_long_run_from_outside_leaves_it_whole() -> None:
    net, fetched = a_transfer()
    interrupts = 0
    while not fetched.done:
        timer = threading.Timer(0.005, interrupt_the_main_thread)
        try:
            timer.start()
            net.run()
            timer.cancel()
            timer.join()
        except KeyboardInterrupt:
            interrupts += 1
    assert interrupts >= 1
    assert fetched.result == TEXT


def interrupt_the_main_thread() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_an_interrupt_while_a_program_computes_doesnt_end_the_program() -> None:
    net = Network()
    host = net.host("alice", "10.0.0.1/24")

    def compute(host: Any) -> str:
        interrupt()
        time.sleep(1)
        return "done"

    program = host.start(compute)
    with pytest.raises(KeyboardInterrupt):
        net.run()
    net.run()
    assert program.result == "done"


def test_an_interrupt_ends_a_programs_endless_loop_and_the_others_go_on() -> None:
    net, fetched = a_transfer()

    def spin(host: Any) -> None:
        interrupt()
        while True:
            pass

    spinner = net.hosts["bob"].start(spin)
    with pytest.raises(KeyboardInterrupt):
        net.run()
    assert fetched.result == TEXT
    with pytest.raises(KeyboardInterrupt):
        _ = spinner.result


def test_an_interrupt_ends_an_endless_loop_inside_of_an_event() -> None:
    clock, seen = Clock(), []

    def spin(_: object) -> None:
        interrupt()
        while True:
            pass

    clock.call_at(1, spin)
    clock.call_at(2, seen.append, "next")
    with pytest.raises(KeyboardInterrupt):
        clock.run()
    clock.run()
    assert seen == ["next"]


def test_an_interrupt_of_a_blocking_call_leaves_the_socket_usable() -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=5 * ms)

    def answer_late(host: Any) -> None:
        listener = host.socket()
        listener.bind(("", 7))
        listener.listen()
        conn, _ = listener.accept()
        time.sleep(3)
        conn.sendall(b"late")
        conn.close()

    bob.start(answer_late)
    net.sim.clock.call_at(1_000 * ms, lambda _: interrupt())
    with on(alice):
        sock = socket.create_connection(("bob", 7))
        with pytest.raises(KeyboardInterrupt):
            sock.recv(10)
        assert net.now == 1_000 * ms
        assert sock.recv(10) == b"late"
        sock.close()
    net.run()


def test_an_interrupt_in_the_middle_of_a_call_is_raised_when_the_call_has_done_its_work() -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    cable = net.connect(alice, bob)
    bob.start(lambda host: host.socket(socket.SOCK_DGRAM).bind(("", 9)))
    net.run()
    assert alice.ping("bob", count=1).rtts == [0]
    cable.drop(lambda frame: interrupt(), frame=None)  # a condition that is never true
    sock = alice.socket(socket.SOCK_DGRAM)
    with pytest.raises(KeyboardInterrupt):
        sock.sendto(b"hello", ("bob", 9))
    cable.faults.clear()
    net.run()
    assert [data for data, _ in bob.udp.ports[0].queue] == [b"hello"]


def test_an_interrupt_goes_to_whoever_handled_interrupts_before() -> None:
    caught: list[int] = []

    def handler(number: int, frame: FrameType | None) -> None:
        caught.append(number)

    before = signal.signal(signal.SIGINT, handler)
    try:
        clock, seen = Clock(), []
        clock.call_at(1, lambda _: interrupt())
        clock.call_at(2, seen.append, "next")
        clock.run()
        assert (caught, seen) == ([signal.SIGINT], ["next"])
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_network_in_another_thread_leaves_interrupts_alone() -> None:
    clock, seen = Clock(), []
    before = signal.getsignal(signal.SIGINT)
    clock.call_at(1, lambda _: seen.append(signal.getsignal(signal.SIGINT)))
    thread = threading.Thread(target=clock.run)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize("work", ["enter", "leave"])
def test_an_interrupt_at_any_instruction_of_entering_or_leaving_leaves_the_guard_whole(
    work: str,
) -> None:
    raised = 0
    for instruction in range(400):
        guard = Clock().guard
        if work == "leave":
            guard.enter()
        left = instruction

        def count_down(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal left
            if frame.f_code.co_filename != interrupt_module.__file__:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                left -= 1
                if left == -1:
                    interrupt()
            return count_down

        before = sys.gettrace()
        try:
            sys.settrace(count_down)
            getattr(guard, work)()
            sys.settrace(before)
            if work == "enter":
                guard.leave()
        except KeyboardInterrupt:
            raised += 1
        finally:
            sys.settrace(before)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, instruction
        guard.enter()
        assert signal.getsignal(signal.SIGINT) == guard._on_interrupt
        guard.leave()
        assert not guard.pending
        assert guard._patience is None
        if left >= 0:
            break
    assert raised == instruction > 20
