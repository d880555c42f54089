"""Experiments: a scenario that can be run again, with one thing changed."""

import socket
import warnings
from typing import Any

import pytest

from netlab import Network, experiment
from netlab.errors import ConfigurationError, DeadlockError
from netlab.experiment import Experiment
from netlab.host import Host
from netlab.units import ms, s


def echo(host: Host) -> None:
    with socket.create_server(("", 7)) as listener:
        conn, _ = listener.accept()
        with conn:
            while data := conn.recv(4096):
                conn.sendall(data)


@experiment
def one_echo(net: Network, text: bytes = b"hello") -> bytes:
    """One echo."""
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, loss=0.05)
    bob.start(echo)
    received = b""
    with on_alice(net), socket.create_connection(("bob", 7)) as sock:
        sock.sendall(text)
        while len(received) < len(text):
            received += sock.recv(4096)
    return received


def on_alice(net: Network) -> Any:
    from netlab import on

    return on(net.hosts["alice"])


def test_an_experiment_is_run_to_where_nothing_is_left_to_happen() -> None:
    run = one_echo(seed=7)
    assert run.result == b"hello"
    assert run.net.step() is False
    assert run.seed == 7
    assert run.trace is run.net.trace
    assert repr(run).startswith("<run of one_echo, seed 7, ended, ")


def test_an_experiment_keeps_its_functions_name_and_text() -> None:
    assert isinstance(one_echo, Experiment)
    assert (one_echo.name, one_echo.__doc__) == ("one_echo", "One echo.")
    assert repr(one_echo) == "<experiment one_echo>"


def test_further_arguments_go_to_the_scenario() -> None:
    assert one_echo(1, b"what").result == b"what"
    run = one_echo(1, text=b"else")
    assert run.result == b"else"
    assert run.what_if(lambda net: None).result == b"else"


def test_run_again_it_is_the_same() -> None:
    assert one_echo(3).trace.digest() == one_echo(3).trace.digest()
    assert one_echo(3).trace.digest() != one_echo(4).trace.digest()


def test_a_run_may_be_begun_and_stepped_through() -> None:
    whole = one_echo(3)
    run = one_echo.begin(3)
    assert (run.net.now, run.net.hosts) == (0, {})
    while run.net.step():
        pass
    run.finish()
    assert run.trace.digest() == whole.trace.digest()


def test_what_if_nothing_is_changed_gives_the_same_run() -> None:
    run = one_echo(3)
    assert run.what_if(lambda net: None).trace.digest() == run.trace.digest()


def test_what_if_changes_one_thing_before_the_first_frame() -> None:
    run = one_echo(0, text=b"x" * 5_000)
    syn = next(frame for frame in run.trace.frames if frame.tcp and frame.tcp.syn)
    other = run.what_if(lambda net: net.links[0].drop(frame=syn.id))
    assert other.trace.frame(syn.id).bytes == run.trace.frame(syn.id).bytes
    assert other.trace.frame(syn.id).fault == "lost: rule 1 (drop)"
    assert other.result == run.result
    before = [frame.bytes for frame in run.trace.frames if frame.id < syn.id]
    assert [frame.bytes for frame in other.trace.frames if frame.id < syn.id] == before
    assert other.trace.digest() != run.trace.digest()


def test_what_if_changes_one_thing_at_a_time() -> None:
    run = one_echo(0)
    seen = []
    run.what_if(lambda net: seen.append((net.now, len(net.trace.frames))), at=15 * ms)
    assert seen == [(15 * ms, len([f for f in run.trace.frames if f.time < 15 * ms]))]


def test_runs_can_be_compared() -> None:
    run = one_echo(0)
    text = str(run.compare(run.what_if(lambda net: net.links[0].drop(frame=3))))
    assert text


@experiment
def silent(net: Network) -> None:
    net.host("alice", "10.0.0.1/24")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: silent().what_if(lambda net: None), "nothing was changed: no frame was sent"),
        (lambda: silent().what_if(3), r"what_if\(\) takes a function of the network.*got 3"),
        (lambda: silent().what_if(lambda net: None, at=-1), "at must be a whole number"),
        (lambda: silent(seed="x"), "seed must be an int"),
        (lambda: experiment(5), "an experiment is a function of a network; got 5"),
    ],
)
def test_what_cant_be_asked(ask: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ask()


@experiment
def broken(net: Network) -> None:
    bob = net.host("bob", "10.0.0.2/24")
    bob.start(echo)  # waits for ever, because of what follows
    raise LookupError("in the scenario")


def test_a_scenarios_own_exception_is_raised_and_not_what_follows_from_it() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(LookupError, match="in the scenario"):
            broken()


@experiment
def deaf(net: Network) -> None:
    alice = net.host("alice", "10.0.0.1/24")
    sock = alice.socket(socket.SOCK_DGRAM)
    sock.bind(("", 9))
    sock.recv(1)


def test_a_scenario_that_waits_in_vain_is_told_in_the_call_that_waits() -> None:
    with pytest.raises(DeadlockError, match=r"recv\(\) on UDP 0\.0\.0\.0:9 can never return"):
        deaf()


@experiment
def patient(net: Network) -> str:
    """Calls `net.run()` itself, in the middle."""
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms)
    server = bob.start(echo)
    sock = alice.socket()
    sock.connect(("bob", 7))
    sock.close()
    net.run()
    return f"{server.done} {net.now > 240 * s}"


def test_a_scenario_may_run_its_network() -> None:
    assert patient().result == "True True"


def test_an_interrupted_run_can_be_finished() -> None:
    import signal

    run = one_echo.begin(3)
    run.net.sim.clock.call_at(25 * ms, lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        run.finish()
    assert not run.program.done
    run.finish()
    assert run.result == b"hello"


def test_a_trace_outlives_its_network_unchanged() -> None:
    @experiment
    def waits(net: Network) -> None:
        bob = net.host("bob", "10.0.0.2/24")

        def serve(host: Host) -> None:
            listener = host.socket()
            listener.bind(("", 80))
            listener.listen()
            listener.accept()

        bob.start(serve, daemon=True)

    kept = waits(seed=1)
    assert waits(seed=1).trace.digest() == kept.trace.digest()
