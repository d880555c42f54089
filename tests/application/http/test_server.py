"""The HTTP server on sockets, with the standard library's clients and with rude ones."""

import contextlib
import http.client
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab import Network, on
from netlab.application.http import HttpServer, Request, Response, serve
from netlab.application.http.connection import Limits
from netlab.errors import ConfigurationError
from netlab.units import ms, s
from tests.application.http.loopback import served
from tests.application.http.stories import almost_requests

Start = Callable[..., tuple[HttpServer, str]]


def echo(request: Request) -> Response:
    return Response(200, request.body, {"X-Method": request.method, "X-Query": request.query})


def count_to_three(request: Request) -> Iterator[str]:
    yield from ("one, ", "two, ", "three")


def fail(request: Request) -> str:
    raise RuntimeError("the page is out of order")


def fail_at_once(request: Request) -> Iterator[str]:
    raise OSError("no first piece")
    yield ""


def fail_half_way(request: Request) -> Iterator[str]:
    yield "the first half"
    raise TimeoutError("no second half")


ROUTES = {
    "/": "<h1>Hello</h1>",
    "/grüße": "grün",
    "/bytes": b"\0\1\2",
    "/gone": Response(404, "gone", {"Content-Type": "text/plain"}),
    "/echo": echo,
    "/count": count_to_three,
    "/fail": fail,
    "/fail-at-once": fail_at_once,
    "/fail-half-way": fail_half_way,
    "/nothing": lambda request: None,
    "/split": lambda request: Response(200, "x", {"X": "y\r\nSet-Cookie: z"}),
    "/empty": lambda request: Response(204),
}


@pytest.fixture
def client(serving: Start) -> Iterator[http.client.HTTPConnection]:
    _, address = serving(ROUTES)
    connection = http.client.HTTPConnection(address, timeout=30)
    yield connection
    connection.close()


def fetch(
    client: http.client.HTTPConnection, method: str, path: str, *args, **more
) -> tuple[int, bytes]:
    client.request(method, path, *args, **more)
    response = client.getresponse()
    return response.status, response.read()


def conversation(address: str, sent: bytes) -> bytes:
    """All that comes back for these bytes, until the server closes."""
    name, port = address.split(":")
    with socket.create_connection((name, int(port)), timeout=30) as connection:
        connection.sendall(sent)
        received = b""
        while data := connection.recv(65_536):
            received += data
    return received


# --- urllib ---------------------------------------------------------------------------------


def test_urllib_fetches_a_page(serving: Start) -> None:
    server, address = serving(ROUTES)
    with urllib.request.urlopen(f"http://{address}/") as response:
        assert response.status == 200
        assert response.read() == b"<h1>Hello</h1>"
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert response.headers["Date"] is None
    with urllib.request.urlopen(f"http://{address}/bytes") as response:
        assert response.headers["Content-Type"] == "application/octet-stream"
    assert server.errors == []


def test_urllib_finds_a_page_whose_name_is_not_ascii(serving: Start) -> None:
    _, address = serving(ROUTES)
    with urllib.request.urlopen(f"http://{address}/{urllib.parse.quote('grüße')}") as response:
        assert response.read().decode() == "grün"


def test_urllib_posts_a_form(serving: Start) -> None:
    _, address = serving(ROUTES)
    with urllib.request.urlopen(f"http://{address}/echo?a=b&c", b"name=Alice") as response:
        assert response.read() == b"name=Alice"
        assert response.headers["X-Method"] == "POST"
        assert response.headers["X-Query"] == "a=b&c"


@pytest.mark.parametrize(("path", "status"), [("/none", 404), ("/gone", 404), ("/fail", 500)])
def test_urllib_raises_the_status_that_was_meant(serving: Start, path: str, status: int) -> None:
    _, address = serving(ROUTES)
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"http://{address}{path}")
    with raised.value as error:
        assert error.code == status


# --- http.client ----------------------------------------------------------------------------


def test_one_connection_carries_many_requests(client: http.client.HTTPConnection) -> None:
    client.connect()
    first = client.sock
    for _ in range(3):
        assert fetch(client, "GET", "/") == (200, b"<h1>Hello</h1>")
        assert fetch(client, "HEAD", "/") == (200, b"")
        assert fetch(client, "POST", "/echo", b"hello") == (200, b"hello")
        assert fetch(client, "GET", "/count") == (200, b"one, two, three")
        assert fetch(client, "HEAD", "/count") == (200, b"")
        assert fetch(client, "GET", "/bytes") == (200, b"\0\1\2")
        assert fetch(client, "GET", "/empty") == (204, b"")
        assert fetch(client, "GET", "/none")[0] == 404
        assert fetch(client, "GET", "/fail")[0] == 500
        assert fetch(client, "GET", "/fail-at-once")[0] == 500
        assert fetch(client, "DELETE", "/")[0] == 501
    assert client.sock is first


def test_close_in_a_request_ends_the_connection(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/", headers={"Connection": "close"})
    response = client.getresponse()
    assert response.getheader("Connection") == "close"
    assert response.read() == b"<h1>Hello</h1>"
    assert client.sock is None


def test_http_client_posts_in_chunks(client: http.client.HTTPConnection) -> None:
    pieces = [b"hello ", b"wide ", b"world"]
    assert fetch(client, "POST", "/echo", iter(pieces), encode_chunked=True) == (
        200,
        b"hello wide world",
    )
    assert fetch(client, "GET", "/")[0] == 200


def test_a_body_of_unknown_length_comes_in_chunks(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/count")
    response = client.getresponse()
    assert response.getheader("Transfer-Encoding") == "chunked"
    assert response.read(4) == b"one,"
    assert response.read() == b" two, three"


def test_a_megabyte_goes_up_and_comes_down(client: http.client.HTTPConnection) -> None:
    body = bytes(range(256)) * 4_096
    assert fetch(client, "POST", "/echo", body) == (200, body)


@pytest.mark.rfc("RFC 9110 15.5.14")
def test_a_body_that_is_too_large_gets_413_even_while_it_is_still_being_sent(
    client: http.client.HTTPConnection,
) -> None:
    assert fetch(client, "POST", "/echo", bytes(1_500_000))[0] == 413
    pieces = [bytes(100_000)] * 15
    assert fetch(client, "POST", "/echo", iter(pieces), encode_chunked=True)[0] == 413


@pytest.mark.rfc("RFC 9110 15.5.6")
def test_a_method_that_a_page_does_not_take_gets_405_with_those_it_takes(
    client: http.client.HTTPConnection,
) -> None:
    client.request("POST", "/", b"x")
    response = client.getresponse()
    assert response.status == 405
    assert response.getheader("Allow") == "GET, HEAD"
    response.read()
    assert fetch(client, "GET", "/")[0] == 200


@pytest.mark.rfc("RFC 9112 8")
def test_a_page_that_fails_half_way_is_seen_to_be_incomplete(serving: Start) -> None:
    server, address = serving(ROUTES)
    client = http.client.HTTPConnection(address, timeout=30)
    client.request("GET", "/fail-half-way")
    with pytest.raises(http.client.IncompleteRead):
        client.getresponse().read()
    client.close()
    assert [str(error) for error in server.errors] == ["no second half"]


# --- rude clients ---------------------------------------------------------------------------


GET = b"GET %b HTTP/1.1\r\nHost: bob\r\n\r\n"
LAST = b"GET %b HTTP/1.1\r\nHost: bob\r\nConnection: close\r\n\r\n"


def test_pipelined_requests_are_answered_in_order(serving: Start) -> None:
    _, address = serving(ROUTES)
    received = conversation(address, GET % b"/bytes" + GET % b"/count" + LAST % b"/")
    order = [received.index(part) for part in (b"\0\1\2", b"three", b"Hello")]
    assert order == sorted(order)
    assert received.count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello?\r\n", b"400"),
        (b"GET / HTTP/1.1\n\n", b"400"),
        (b"POST /echo HTTP/1.1\r\nHost: bob\r\n\r\n", b"411"),
        (b"GET /" + b"x" * 9_000, b"414"),
        (b"GET / HTTP/1.1\r\nHost: bob\r\nX: " + b"x" * 70_000, b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 101, b"431"),
        (b"GET / HTTP/1.1\r\nHost: b\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", b"413"),
        (b"\x16\x03\x01\x02\x00\x01\x00\n", b"400"),
        (b"PRI * HTTP/2.0\r\n\r\n", b"505"),
        (LAST.replace(b"GET", b"BREW") % b"/", b"501"),
        (LAST % b"/../../etc/passwd", b"400"),
        (LAST % b"/etc/passwd", b"404"),
        (LAST % b"/\xc3\xbc", b"400"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong_and_the_connection_closed(
    serving: Start, sent: bytes, status: bytes
) -> None:
    server, address = serving(ROUTES)
    received = conversation(address, sent)
    assert received.startswith(b"HTTP/1.1 " + status + b" ")
    assert b"\r\nConnection: close\r\n" in received
    assert received.endswith(b".\n")
    assert conversation(address, LAST % b"/").endswith(b"Hello</h1>"), "the server lives"
    assert server.errors == []


def test_http_1_0_is_answered_until_the_connection_closes(serving: Start) -> None:
    _, address = serving(ROUTES)
    received = conversation(address, b"GET /count HTTP/1.0\r\n\r\n")
    assert received.endswith(b"\r\n\r\none, two, three")
    assert b"Transfer-Encoding" not in received


@pytest.mark.rfc("RFC 9110 10.1.1")
def test_a_client_that_waits_for_100_continue_gets_it(serving: Start) -> None:
    _, address = serving(ROUTES)
    name, port = address.split(":")
    with socket.create_connection((name, int(port)), timeout=30) as connection:
        reader = connection.makefile("rb")
        connection.sendall(
            b"POST /echo HTTP/1.1\r\nHost: bob\r\nExpect: 100-continue\r\n"
            b"Connection: close\r\nContent-Length: 5\r\n\r\n"
        )
        assert reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert reader.readline() == b"\r\n"
        connection.sendall(b"hello")
        assert reader.read().endswith(b"\r\n\r\nhello")
        reader.close()


@pytest.mark.rfc("RFC 9112 9.5")
def test_a_silent_client_is_let_go(serving: Start) -> None:
    _, address = serving(ROUTES, idle_ns=50 * ms)
    assert conversation(address, b"") == b""
    assert conversation(address, GET % b"/bytes").endswith(b"\0\1\2")
    assert conversation(address, b"GET / HTTP/1.1\r\n").startswith(b"HTTP/1.1 408 ")


def test_a_client_that_goes_away_harms_nobody(serving: Start) -> None:
    server, address = serving(ROUTES)
    name, port = address.split(":")
    for sent in (b"", b"GET", GET % b"/count", b"POST /echo HTTP/1.1\r\n"):
        with socket.create_connection((name, int(port)), timeout=30) as connection:
            connection.sendall(sent)
    assert conversation(address, LAST % b"/").endswith(b"Hello</h1>")
    assert server.errors == []


def test_many_clients_are_served_at_once(serving: Start) -> None:
    _, address = serving(ROUTES)
    clients = [http.client.HTTPConnection(address, timeout=30) for _ in range(10)]
    for number, client in enumerate(clients):
        client.putrequest("POST", "/echo")
        client.putheader("Content-Length", "6")
        client.endheaders(f"{number}--".encode())
    for client in reversed(clients):
        client.send(b"end")
    for number, client in enumerate(clients):
        assert client.getresponse().read() == f"{number}--end".encode()
        client.close()


class Scripted:
    """A socket on which these bytes come, and then silence or the end; what is sent is kept."""

    def __init__(self, pieces: list[bytes], silent: bool) -> None:
        self.pieces = pieces
        self.silent = silent
        self.sent = b""
        self.closed = False

    def recv(self, size: int) -> bytes:
        if self.pieces:
            return self.pieces.pop(0)
        if self.silent:
            raise TimeoutError
        return b""

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def settimeout(self, seconds: float) -> None:
        assert seconds == 15.0

    def shutdown(self, how: int) -> None:
        assert how == socket.SHUT_WR

    def close(self) -> None:
        self.closed = True


@given(almost_requests() | st.binary(), st.integers(1, 300), st.booleans())
def test_hostile_bytes_get_whole_responses_and_then_the_end(
    sent: bytes, cut: int, silent: bool
) -> None:
    server = HttpServer({"/": count_to_three, "/form": echo})
    client = Scripted([piece for piece in (sent[:cut], sent[cut:]) if piece], silent)
    server.converse(None, client)
    assert client.closed
    assert server.errors == []
    rest = client.sent
    while rest:
        reader = h11.Connection(h11.CLIENT)
        reader.send(h11.Request(method="GET", target="/", headers=[("Host", "bob")]))
        reader.send(h11.EndOfMessage())
        reader.receive_data(rest)
        reader.receive_data(b"")
        while not isinstance(reader.next_event(), h11.EndOfMessage):
            pass
        rest = reader.trailing_data[0]


def test_a_server_that_is_started_again_gets_its_port_though_old_connections_linger() -> None:
    port = 0
    for _ in range(2):
        with served(ROUTES, port) as (_, port):
            assert conversation(f"127.0.0.1:{port}", LAST % b"/").endswith(b"Hello</h1>")


# --- pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "error", "told"),
    [
        ("/fail", RuntimeError, "out of order"),
        ("/fail-at-once", OSError, "no first piece"),
        ("/nothing", TypeError, "returns a Response, str, bytes or an iterator of them; got None"),
        ("/split", Exception, "can't be a header field"),
    ],
)
def test_a_page_that_fails_is_a_500_and_its_error_is_kept(
    serving: Start, path: str, error: type, told: str
) -> None:
    server, address = serving(ROUTES)
    client = http.client.HTTPConnection(address, timeout=30)
    status, body = fetch(client, "GET", path)
    assert status == 500
    assert told.encode() not in body
    assert fetch(client, "GET", "/")[0] == 200
    client.close()
    [kept] = server.errors
    assert isinstance(kept, error)
    assert told in str(kept)
    assert kept.__traceback__ is not None


def test_the_error_of_a_page_says_which_page_it_was() -> None:
    server = HttpServer(ROUTES)
    assert server.respond(Request("GET", "/fail", path="/fail")).status == 500
    assert server.errors[0].__notes__ == ["Raised by the page /fail, asked for with GET."]


def test_pages_may_come_and_go_while_the_server_runs() -> None:
    routes: dict[str, str] = {}
    server = HttpServer(routes)
    assert server.respond(Request("GET", "/new", path="/new")).status == 404
    routes["/new"] = "here"
    assert server.respond(Request("GET", "/new", path="/new")).body == "here"


def test_a_response_that_is_sent_twice_is_the_same_twice() -> None:
    page = Response(200, "x")
    server = HttpServer({"/": page})
    first = server.respond(Request("GET", "/", path="/"))
    assert first.headers == {"Content-Type": "text/html; charset=utf-8"}
    assert page.headers == {}
    assert server.respond(Request("GET", "/", path="/")) == first


@pytest.mark.parametrize(
    ("routes", "options", "told"),
    [
        ({"hello": "x"}, {}, "begins with /"),
        ({"/": None}, {}, "expected str, bytes, a Response, or a function"),
        ({"/": 5}, {}, "the page / is 5"),
        ({}, {"idle_ns": 0}, "idle_ns must be a whole number of 1 or more"),
        ({}, {"idle_ns": 0.5}, "idle_ns must be a whole number"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(routes, options, told) -> None:
    with pytest.raises(ConfigurationError, match=told):
        HttpServer(routes, **options)


def test_limits_are_the_callers_choice(serving: Start) -> None:
    _, address = serving(ROUTES, limits=Limits(body=3))
    client = http.client.HTTPConnection(address, timeout=30)
    assert fetch(client, "POST", "/echo", b"abc") == (200, b"abc")
    assert fetch(client, "POST", "/echo", b"abcd")[0] == 413
    client.close()


@pytest.mark.parametrize("routes", [None, 5, "x", {5: "x"}])
def test_routes_that_are_none_are_refused(routes: Any) -> None:
    with pytest.raises(ConfigurationError, match="path"):
        HttpServer(routes)


@pytest.mark.parametrize("host", ["bob", None, 5])
def test_pages_are_served_by_a_host_and_nothing_else(host: Any) -> None:
    with pytest.raises(ConfigurationError, match="takes the host"):
        serve(host, {"/": "x"})


def test_a_client_on_a_simulated_host_that_sends_twenty_megabytes_gets_its_413() -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob)
    serve(bob, {"/": lambda request: "x"})
    with on(alice), pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen("http://bob/", data=bytes(20_000_000))
    assert error.value.code == 413
    error.value.close()


def test_a_client_that_sends_for_ever_is_let_go_at_last() -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob)
    serve(bob, {"/": "x"})
    with on(alice), socket.create_connection(("bob", 80)) as client:
        client.sendall(b"nonsense\r\n\r\n")
        with contextlib.suppress(OSError):
            while net.now < 400 * s:
                time.sleep(1)
                client.sendall(b"more")
        assert 290 * s < net.now < 310 * s
