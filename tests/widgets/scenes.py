"""Experiments to be driven by hand."""

import urllib.request
from typing import Any

from netlab import Network, experiment, on
from netlab.application.http import serve
from netlab.experiment import Run
from netlab.host import Host
from netlab.units import Mbps, ms, s
from netlab.widgets.panels.connection import buffers_of, timers_of, values_of


def two_hosts(net: Network) -> tuple[Host, Host]:
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    return alice, bob


def echo(host: Host) -> None:
    listener = host.socket()
    listener.bind(("", 7))
    listener.listen()
    while True:
        connection, _ = listener.accept()
        while data := connection.recv(4096):
            connection.sendall(data)
        connection.close()


def hello(host: Host) -> bytes:
    socket = host.socket()
    socket.connect(("bob", 7))
    socket.sendall(b"hello")
    answer = socket.recv(5)
    socket.close()
    return answer


@experiment
def handshake(net: Network) -> None:
    """alice greets bob's echo server; both are programs."""
    alice, bob = two_hosts(net)
    bob.start(echo, daemon=True)
    alice.start(hello)


@experiment
def fetch(net: Network) -> bytes:
    """The scenario itself fetches a page: it blocks, and begins with a frame under way."""
    alice, bob = two_hosts(net)
    serve(bob, {"/": "x" * 4_000})
    with on(alice), urllib.request.urlopen("http://bob/") as answer:
        body: bytes = answer.read()
        return body


@experiment
def bare(net: Network) -> None:
    """Two hosts without any program."""
    two_hosts(net)


@experiment
def served(net: Network) -> None:
    """Only a server: all else is done by hand."""
    bob = two_hosts(net)[1]
    bob.start(echo, daemon=True)


@experiment
def lonely(net: Network) -> Any:
    """The scenario waits for a server's end, which nobody brings about."""
    bob = two_hosts(net)[1]

    def once(host: Host) -> str:
        listener = host.socket()
        listener.bind(("", 7))
        listener.listen()
        peer: str = listener.accept()[1][0]
        return peer

    return bob.start(once).result


@experiment
def in_two_parts(net: Network) -> None:
    """The scenario lets everything happen, and then goes on."""
    alice, bob = two_hosts(net)
    bob.start(echo, daemon=True)
    alice.start(hello)
    net.run()
    alice.start(hello, name="hello again")


@experiment
def endless(net: Network) -> None:
    """A ping each second, for ever."""
    alice, _ = two_hosts(net)

    def ping(host: Host) -> None:
        while True:
            host.ping("bob", count=1)
            host.sim.clock.sleep(1 * s)

    alice.start(ping, daemon=True)


def control_blocks(run: Run) -> dict[str, Any]:
    """All that can be seen of every connection on every host."""
    return {
        f"{name}: {connection.label}": [
            str(connection.state),
            values_of(connection),
            buffers_of(connection),
            timers_of(connection),
        ]
        for name, host in run.net.hosts.items()
        for connection in host.tcp.connections
    }
