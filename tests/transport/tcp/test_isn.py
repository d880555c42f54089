"""RFC 6528: initial sequence numbers that move on with time and can't be guessed."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab import Network, on
from netlab.host import Host
from netlab.transport.tcp.isn import initial_sequence_number
from netlab.units import ms, s, us

ALICE = (0x0A000001, 49152)
BOB = (0x0A000002, 80)
SECRET = 1 << 100


@pytest.mark.rfc("RFC 6528 3", "RFC 9293 3.4.1")
@given(st.integers(0, 10**15), st.integers(0, 10**12))
def test_the_clock_ticks_every_four_microseconds(now: int, later: int) -> None:
    first = initial_sequence_number(now, ALICE, BOB, SECRET)
    second = initial_sequence_number(now + later, ALICE, BOB, SECRET)
    ticks = (now + later) // (4 * us) - now // (4 * us)
    assert (second - first) % 2**32 == ticks % 2**32


@pytest.mark.rfc("RFC 6528 3")
def test_each_part_of_the_socket_pair_and_the_secret_change_the_number() -> None:
    other = (0x0A000003, 49153)
    numbers = {
        initial_sequence_number(0, local, remote, secret)
        for local in (ALICE, (ALICE[0], other[1]), (other[0], ALICE[1]))
        for remote in (BOB, (BOB[0], other[1]), (other[0], BOB[1]))
        for secret in (SECRET, SECRET + 1)
    }
    assert len(numbers) == 18
    assert all(0 <= number < 2**32 for number in numbers)


def syn_numbers(seed: int) -> list[int]:
    """The sequence numbers of all SYNs of two connections, one second apart."""
    net = Network(seed=seed)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=1 * ms)

    def serve(host: Host) -> None:
        listener = host.socket()
        listener.bind(("", 80))
        listener.listen()
        while True:
            listener.accept()[0].close()

    bob.start(serve, daemon=True)
    for _ in range(2):
        with on(alice):
            socket.create_connection(("bob", 80)).close()
        net.run_for(1 * s)
    return [frame.tcp.seq for frame in net.trace.frames if frame.tcp and frame.tcp.syn]


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    assert syn_numbers(7) == syn_numbers(7)
    assert not set(syn_numbers(7)) & set(syn_numbers(8))


def test_both_sides_and_each_connection_have_numbers_of_their_own() -> None:
    assert len(set(syn_numbers(7))) == 4
