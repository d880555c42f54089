"""A host made of the machine's own loopback sockets and threads: the server can't tell."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from netlab.application.http import HttpServer, serve
from netlab.application.http.server import Routes


class LoopbackSocket(socket.socket):
    """Binds to 127.0.0.1, whatever it is asked for."""

    def bind(self, address: Any) -> None:
        super().bind(("127.0.0.1", address[1]))


class LoopbackHost:
    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []
        self.threads: list[threading.Thread] = []

    def socket(self) -> socket.socket:
        self.sockets.append(LoopbackSocket())
        return self.sockets[-1]

    def start(self, function: Callable[..., Any], *args: Any, daemon: bool, name: str) -> None:
        def body() -> None:
            with contextlib.suppress(OSError):  # what accept raises when the listener goes
                function(self, *args)

        self.threads.append(threading.Thread(target=body, daemon=daemon, name=name))
        self.threads[-1].start()

    def close(self) -> None:
        for listener in self.sockets:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive(), f"{thread.name} did not end"


@contextlib.contextmanager
def served(routes: Routes, port: int = 0, **options: Any):  # type: ignore[no-untyped-def]
    """The server, and the port on which it can be reached at 127.0.0.1."""
    host = LoopbackHost()
    server: HttpServer = serve(host, routes, port, **options)
    try:
        yield server, host.sockets[0].getsockname()[1]
    finally:
        host.close()
