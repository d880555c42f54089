"""TIME_WAIT ends early only for a SYN that is newer than all of the old connection."""

import socket
import time

from netlab import Network
from netlab.host import Host
from netlab.transport.tcp.states import State
from netlab.units import ms


def server(host: Host) -> list[bytes]:
    """Closes first, and so waits in TIME_WAIT."""
    listener = socket.create_server(("0.0.0.0", 80))
    for _ in range(2):
        connection, _ = listener.accept()
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        connection.close()
    return []


def client(host: Host) -> str:
    try:
        for _ in range(2):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("", 5000))
            one.settimeout(10)
            one.connect(("bob", 80))
            one.recv(1)
            one.close()
            time.sleep(1)
    except OSError as error:
        return str(error)
    return "connected twice"


def run(*, reuse: bool) -> tuple[Network, str]:
    net = Network(seed=3)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms)
    bob.tcp.settings.time_wait_reuse = reuse
    bob.tcp.settings.rfc1337 = True  # else the RST of a client who is told the old number ends it
    bob.start(server, daemon=True)
    program = alice.start(client)
    net.run(30_000 * ms)
    return net, program.result


def test_the_same_ports_serve_again_at_once_with_numbers_beyond_the_old_ones() -> None:
    net, result = run(reuse=True)
    assert result == "connected twice"
    reason = "the wait ends early"
    ends = [event for event in net.trace.events_of(kind="state") if reason in event.reason]
    assert [event.host for event in ends] == ["bob"]


def test_without_reuse_the_wait_holds() -> None:
    net, result = run(reuse=False)
    assert result != "connected twice"
    assert [each.state for each in net.hosts["bob"].tcp.connections] == [State.TIME_WAIT]
