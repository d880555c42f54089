"""An HTTP server: pages by path, on a host's sockets, one program for each client."""

import time
from collections.abc import Callable, Iterator, Mapping
from socket import SHUT_WR, SO_REUSEADDR, SOL_SOCKET, socket
from typing import Any, Protocol

from netlab.application.http.connection import Connection, Content, End, Limits, Refusal
from netlab.application.http.messages import PHRASES, Request, Response
from netlab.application.http.states import State
from netlab.errors import ConfigurationError
from netlab.units import count, s

Page = bytes | str | Response
Handler = Callable[[Request], Page | Iterator[bytes | str]]
Routes = Mapping[str, Page | Handler]

METHODS = ("GET", "HEAD", "POST")
_BUFFER = 65_536  # bytes taken from a socket at once
_LINGER = 300  # seconds for a client to finish what it sends and close


class Machine(Protocol):
    """What the server asks of the host that it runs on."""

    def socket(self) -> Any:
        """A TCP socket, with the methods of the standard library's."""

    def start(self, function: Callable[..., Any], /, *args: Any, daemon: bool, name: str) -> Any:
        """Run `function(host, *args)` as a program of its own."""


class HttpServer:
    """Pages by path. Every page answers GET and HEAD; one made by a function answers POST too.

        HttpServer({"/": "<h1>Hello</h1>", "/you": lambda request: f"You sent {request.body!r}"})

    A function takes the `Request` and returns a `Response`, or just its body: str, bytes, or an
    iterator of them. One that raises makes a 500, and the exception is kept in `errors`.

    Only the paths in `routes` exist; `routes` may change while the server runs. A client that is
    silent for `idle_ns` (None: for ever) is let go.
    """

    def __init__(
        self,
        routes: Routes,
        port: int = 80,
        *,
        idle_ns: int | None = 15 * s,
        limits: Limits | None = None,
    ) -> None:
        if not isinstance(routes, Mapping):
            raise ConfigurationError(
                f'a server takes pages by path, such as {{"/": "<h1>Hello</h1>"}}; got {routes!r}'
            )
        for path, page in routes.items():
            if not str(path).startswith("/"):
                raise ConfigurationError(f"a page's path begins with /, as '/a' does: got {path!r}")
            if not (isinstance(page, bytes | str | Response) or callable(page)):
                raise ConfigurationError(
                    f"the page {path} is {page!r}: expected str, bytes, a Response, or a function"
                    " of the request"
                )
        self.routes = routes
        self.port = port
        self.errors: list[Exception] = []
        self._idle = None if idle_ns is None else count(idle_ns, "idle_ns") / s
        self._limits = limits

    def listen(self, host: Machine) -> socket:
        """A listening socket on the server's port. Raises `OSError` when the port is taken."""
        listener: socket = host.socket()
        listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        listener.bind(("", self.port))
        listener.listen()
        return listener

    def run(self, host: Machine, listener: socket | None = None) -> None:
        """Serve for ever: a program for the host that is to be the server."""
        listener = listener or self.listen(host)
        while True:
            client, peer = listener.accept()
            host.start(self.converse, client, daemon=True, name=f"http with {peer[0]}:{peer[1]}")

    def converse(self, _host: Machine, client: socket) -> None:
        """Answer all requests of one client, and close its connection."""
        connection = Connection(self._limits)
        request = Request("", "")
        body = bytearray()
        try:
            client.settimeout(self._idle)
            while connection.state is not State.CLOSED:
                match connection.next_event():
                    case Request() as request:
                        body.clear()
                        if connection.wants_continue:
                            client.sendall(connection.ask_for_content())
                    case Content(data):
                        body += data
                    case End():
                        request.body = bytes(body)
                        self._answer(connection, client, self.respond(request))
                    case Refusal(status, why):
                        self._answer(connection, client, _notice(status, why))
                    case None:
                        _read(connection, client)
            # Closing at once would reset the connection if the client is still sending, and the
            # reset could overtake the response. Close our half and wait for theirs (RFC 9112, 9.6).
            client.shutdown(SHUT_WR)
            end = _seconds() + _LINGER
            while client.recv(_BUFFER) and _seconds() < end:
                pass
        except OSError:
            pass  # The client has gone, or does not read what it asked for.
        finally:
            client.close()

    def respond(self, request: Request) -> Response:
        """The response to one whole request."""
        if request.method not in METHODS:  # RFC 9110 section 9.1
            return _notice(501, f"this server knows {', '.join(METHODS)}, not {request.method}")
        page = self.routes.get(request.path)
        if page is None:
            return _notice(404, f"there is no page {request.path}")
        methods = METHODS if callable(page) else METHODS[:2]
        if request.method not in methods:
            response = _notice(405, f"{request.path} does not take {request.method}")
            response.headers["Allow"] = ", ".join(methods)  # RFC 9110 section 15.5.6
            return response
        try:
            return _as_response(page(request) if callable(page) else page)
        except Exception as error:
            error.add_note(f"Raised by the page {request.path}, asked for with {request.method}.")
            return self._failure(error)

    def _answer(self, connection: Connection, client: socket, response: Response) -> None:
        pieces = connection.answer(response)
        while True:
            try:
                piece = next(pieces, None)
            except Exception as error:
                failure = self._failure(error)
                if connection.state is not State.ANSWERING:
                    connection.abort()
                    return
                pieces = connection.answer(failure)
                continue
            if piece is None:
                return
            client.sendall(piece)

    def _failure(self, error: Exception) -> Response:
        """Keep the error for who wrote the page; a client learns only that there was one."""
        self.errors.append(error)
        return _notice(500, "the page could not be made; the server's `errors` tell why")


def serve(host: Machine, routes: Routes, port: int = 80, **options: Any) -> HttpServer:
    """Start a server on `host` that serves `routes` for ever; `options` are those of `HttpServer`.

    Raises `OSError` when the port is taken.
    """
    if not (hasattr(host, "socket") and hasattr(host, "start")):
        raise ConfigurationError(f"serve() takes the host that is to be the server; got {host!r}")
    server = HttpServer(routes, port, **options)
    host.start(server.run, server.listen(host), daemon=True, name=f"http server on port {port}")
    return server


def _read(connection: Connection, client: socket) -> None:
    try:
        connection.receive(client.recv(_BUFFER))
    except TimeoutError:
        connection.time_out()


def _seconds() -> float:
    """The time of the host on which the server is a program: virtual in a simulation."""
    return time.perf_counter()  # noqa: TID251


def _as_response(made: Page | Iterator[bytes | str]) -> Response:
    """What a page made, as a response of its own."""
    if isinstance(made, Response):
        response = Response(made.status, made.body, dict(made.headers))
    elif isinstance(made, bytes | str | Iterator):
        response = Response(200, made)
    else:
        raise TypeError(
            f"a page returns a Response, str, bytes or an iterator of them; got {made!r}"
        )
    if response.body and not any(name.lower() == "content-type" for name in response.headers):
        text = isinstance(response.body, str)
        response.headers["Content-Type"] = (
            "text/html; charset=utf-8" if text else "application/octet-stream"
        )
    return response


def _notice(status: int, why: str) -> Response:
    """A short text for a client whose request had no page as its answer."""
    text = f"{status} {PHRASES[status]}\n\n{why[0].upper()}{why[1:]}.\n"
    return Response(status, text, {"Content-Type": "text/plain; charset=utf-8"})
