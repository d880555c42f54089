"""The same few lines of socket code in two worlds: this machine's kernel, and a simulated host.

A scenario is a function of a `World`. What it returns must be the same in both. It is ordinary code
of one thread, which is possible because a kernel completes handshakes by itself.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from netlab import Network, on
from netlab.units import ms


class World:
    """Where a scenario plays. `here` is the address that both ends are at."""

    here = "127.0.0.1"

    def __init__(self, simulated: bool) -> None:
        self.simulated = simulated
        self.opened: list[Any] = []

    def tcp(self) -> Any:
        """A TCP socket. It is closed when the scenario has ended."""
        return self._kept(socket.socket(socket.AF_INET, socket.SOCK_STREAM))

    def udp(self) -> Any:
        """A UDP socket."""
        return self._kept(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    def listener(self, backlog: int = 5) -> Any:
        """A TCP socket that listens on some port."""
        listener = self.tcp()
        listener.bind((self.here, 0))
        listener.listen(backlog)
        return listener

    def pair(self) -> tuple[Any, Any]:
        """Both ends of a connection: the one that connected, the one that accepted."""
        listener = self.listener()
        client = self.tcp()
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        listener.close()
        return client, self._kept(server)

    def udp_pair(self) -> tuple[Any, Any]:
        """Two bound UDP sockets."""
        sockets = self.udp(), self.udp()
        for each in sockets:
            each.bind((self.here, 0))
        return sockets

    def free_port(self) -> int:
        """A port that nobody listens on."""
        with contextlib.closing(self.tcp()) as sock:
            sock.bind((self.here, 0))
            return int(sock.getsockname()[1])

    def settle(self) -> None:
        """Let what is under way arrive."""
        time.sleep(0.02)

    def _kept(self, sock: Any) -> Any:
        self.opened.append(sock)
        return sock


def outcome(call: Callable[[], Any]) -> Any:
    """What a call returns; or the class and errno of the OSError, or the class of what it raises."""
    try:
        return call()
    except OSError as error:
        return type(error).__name__, error.errno
    except Exception as error:
        return type(error).__name__


@contextlib.contextmanager
def kernel() -> Iterator[World]:
    """This machine's own sockets, on loopback."""
    world = World(simulated=False)
    try:
        yield world
    finally:
        for each in world.opened:
            each.close()


@contextlib.contextmanager
def simulated() -> Iterator[World]:
    """A host of a network, on its loopback."""
    net = Network(seed=1)
    world = World(simulated=True)
    with on(net.host("alice", "10.0.0.1/24")):
        yield world
    net.close()


@contextlib.contextmanager
def over_a_cable() -> Iterator[World]:
    """Two hosts: what listens or is bound is on bob, what connects is on alice."""
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=2 * ms)
    world = _TwoHosts(bob)
    with on(alice):
        yield world
    net.close()


class _TwoHosts(World):
    here = "10.0.0.2"

    def __init__(self, bob: Any) -> None:
        super().__init__(simulated=True)
        self._bob = bob

    def listener(self, backlog: int = 5) -> Any:
        with on(self._bob):
            return super().listener(backlog)

    def udp_pair(self) -> tuple[Any, Any]:
        with on(self._bob):
            server = self.udp()
            server.bind((self.here, 0))
        client = self.udp()
        client.bind(("10.0.0.1", 0))
        return client, server

    def free_port(self) -> int:
        with on(self._bob):
            return super().free_port()
