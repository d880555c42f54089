"""What a client may send, and what a connection must make of it: for several tests."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hypothesis import strategies as st

from netlab.application.http.connection import Connection, Content, End, Limits, Refusal
from netlab.application.http.messages import Request, Response
from netlab.application.http.states import TRANSITIONS, HttpEvent, State, Transition

LIMITS = Limits(request_line=100, head=300, fields=5, body=50)


class Story(NamedTuple):
    """Bytes in; out come "METHOD path", "body ...", "end", or a status; and then the state."""

    name: str
    sent: bytes
    events: list[str]
    state: State = State.IDLE
    rfc: str = ""


def request(*fields: str, line: str = "GET / HTTP/1.1", body: bytes = b"") -> bytes:
    """A request with a Host and these fields."""
    head = "".join(f"{text}\r\n" for text in (line, "Host: bob", *fields, ""))
    return head.encode("latin-1") + body


def post(*fields: str, body: bytes = b"") -> bytes:
    return request(*fields, line="POST /form HTTP/1.1", body=body)


def chunked(body: bytes) -> bytes:
    return post("Transfer-Encoding: chunked", body=body)


def refused(
    name: str, sent: bytes, rfc: str = "", status: int = 400, before: Iterable[str] = ()
) -> Story:
    return Story(name, sent, [*before, str(status)], State.CLOSED, rfc)


GET = ["GET /", "end"]
POST = ["POST /form"]
CLOSED = State.CLOSED

STORIES = [
    Story("a GET has no content", request(), GET, rfc="RFC 9112 6.3"),
    Story("HTTP/1.1 keeps the connection", request() * 3, GET * 3, rfc="RFC 9112 9.3"),
    Story("close ends it", request("Connection: close") * 2, GET, CLOSED, "RFC 9112 9.6"),
    Story("close in a list", request("Connection: x, Close") * 2, GET, CLOSED, "RFC 9112 9.6"),
    Story("HTTP/1.0 closes", b"GET / HTTP/1.0\r\n\r\n", GET, CLOSED, "RFC 9112 9.3"),
    Story("HTTP/1.0 may keep", b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2, GET * 2),
    Story("empty lines may come first", b"\r\n\r\n" + request(), GET, rfc="RFC 9112 2.2"),
    Story("a later minor version", request(line="GET / HTTP/1.7"), GET, rfc="RFC 9110 2.5"),
    Story("an absolute target", request(line="GET http://bob/ HTTP/1.1"), GET),
    Story("an absolute target, no path", request(line="GET HTTP://bob:80 HTTP/1.1"), GET),
    Story("an unknown method", request(line="BREW / HTTP/1.1"), ["BREW /", "end"]),
    Story("CONNECT", request(line="CONNECT b:1 HTTP/1.1"), ["CONNECT b:1", "end"]),
    Story("OPTIONS *", request(line="OPTIONS * HTTP/1.1"), ["OPTIONS *", "end"]),
    Story("percent-encoding", request(line="GET /%7ea%20b HTTP/1.1"), ["GET /~a b", "end"]),
    Story("a query", request(line="GET /a?b/../c%zz HTTP/1.1"), ["GET /a", "end"]),
    Story("an empty Host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", GET, rfc="RFC 9112 3.2"),
    Story("an IPv6 Host", b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", GET),
    #
    # Content.
    Story("a length", post("Content-Length: 2", body=b"hi"), [*POST, "body hi", "end"]),
    Story("length 0", post("Content-Length: 0"), [*POST, "end"]),
    Story("a length twice", post("Content-Length: 2, 2", body=b"hi"), [*POST, "body hi", "end"]),
    Story(
        "a GET may have content",
        request("Content-Length: 2", body=b"hi") + request(),
        ["GET /", "body hi", "end", *GET],
    ),
    Story(
        "content in chunks",
        chunked(b'3\r\nabc\r\n00A;x="y" ; z\r\n0123456789\r\n0\r\n\r\n') + request(),
        [*POST, "body abc0123456789", "end", *GET],
        rfc="RFC 9112 7.1",
    ),
    Story("trailers", chunked(b"1\r\na\r\n0\r\nX: y\r\nZ: w\r\n\r\n"), [*POST, "body a", "end"]),
    Story("nothing in chunks", chunked(b"0\r\n\r\n"), [*POST, "end"]),
    Story("any case", post("transfer-ENCODING: Chunked", body=b"0\r\n\r\n"), [*POST, "end"]),
    #
    # Framing that could be read in two ways.
    refused(
        "length and chunks",
        post("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        "RFC 9112 6.3",
    ),
    refused(
        "differing lengths",
        post("Content-Length: 5", "Content-Length: 6", body=b"hello!"),
        "RFC 9112 6.3",
    ),
    *(
        refused(f"Content-Length {bad!r}", post(f"Content-Length: {bad}", body=b"hello!"))
        for bad in ("", "-1", "+5", "5.0", "0x5", "5 5", "5;", "²", "1_0", "5, 6", "5,")
    ),
    refused("a length beyond numbers", post("Content-Length: " + "9" * 50), status=413),
    *(
        refused(f"coding {bad!r}", post(f"Transfer-Encoding: {bad}", body=b"0\r\n\r\n"), section)
        for bad, section in (
            ("chunked, gzip", "RFC 9112 6.3"),
            ("chunked, chunked", "RFC 9112 6.1"),
            ("gzip", "RFC 9112 6.3"),
            ("xchunked", ""),
            ("chunked;q=1", ""),
            ("chunked,", ""),
            ("identity", ""),
            ("", ""),
        )
    ),
    refused("an unknown coding", post("Transfer-Encoding: gzip, chunked"), "RFC 9112 6.1", 501),
    refused(
        "chunks in HTTP/1.0",
        request("Transfer-Encoding: chunked", line="POST / HTTP/1.0"),
        "RFC 9112 6.1",
    ),
    refused("a POST that tells no length", post(), "RFC 9110 15.5.12", 411),
    *(
        refused(
            f"chunk size {bad!r}",
            chunked(bad + b"\r\nab\r\n0\r\n\r\n"),
            "RFC 9112 7.1",
            before=POST,
        )
        for bad in (
            *(b"", b"x", b"-2", b"+2", b"0x2", b"2 ", b" 2", b"2 2", b"2\t", b"2_0"),
            *(b"0" * 17, b"2;\x00", b"2;\r", b"2\r", b"2\n"),
        )
    ),
    *(
        refused(f"chunk {bad!r}", chunked(bad), "RFC 9112 7.1", before=[*POST, "body abc"])
        for bad in (b"3\r\nabcd\r\n", b"3\r\nabc\n0\r\n", b"3\r\nabc\rx", b"3\r\nabc0\r\n\r\n")
    ),
    refused("a bad trailer", chunked(b"0\r\nX : y\r\n\r\n"), before=POST),
    refused("a long chunk line", chunked(b"1;" + b"x" * 300), "RFC 9112 7.1.1", before=POST),
    #
    # Lines.
    refused("LF after the request line", b"GET / HTTP/1.1\nHost: bob\n\n", "RFC 9112 2.2"),
    refused("LF after a field", b"GET / HTTP/1.1\r\nHost: bob\n\r\n", "RFC 9112 2.2"),
    refused("LF first", b"\n" + request()),
    refused("CR in the request line", b"GET / HTTP/1.1\rX\r\n", "RFC 9112 2.2"),
    refused("CR in a field", request("A: b\rContent-Length: 5"), "RFC 9112 2.2"),
    refused("NUL in a field", request("A: b\0c"), "RFC 9110 5.5"),
    refused("a folded field", request("A: b", " c"), "RFC 9112 5.2"),
    refused("space before a field", b"GET / HTTP/1.1\r\n Host: bob\r\n\r\n", "RFC 9112 2.2"),
    refused("space before the colon", request("Content-Length : 5"), "RFC 9112 5.1"),
    refused("tab before the colon", request("Content-Length\t: 5"), "RFC 9112 5.1"),
    refused("no colon", request("Content-Length")),
    refused("no name", request(": 5")),
    refused("a name that is no token", request("Content Length: 5")),
    refused("no Host", b"GET / HTTP/1.1\r\n\r\n", "RFC 9112 3.2"),
    refused("two Hosts", request("Host: bob"), "RFC 9112 3.2"),
    *(
        refused(f"Host {bad!r}", b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % bad, "RFC 9112 3.2")
        for bad in (b"a b", b"me@bob", b"bob:x", b"bob/", b"[bob]", b"a, b", b"\xe4")
    ),
    *(
        refused(f"request line {bad!r}", request(line=bad), "RFC 9112 3")
        for bad in (
            *("GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1"),
            *("GET / http/1.1", "GET\t/\tHTTP/1.1", "GET / HTTP/1", "GET / HTTP/1.10"),
            *("GET / HTTP/1.1\x0b", "G(T / HTTP/1.1", "GET /\x7f HTTP/1.1", "GET /ä HTTP/1.1"),
            *("GET / a HTTP/1.1", "GET / FTP/1.1", "GET HTTP/1.1", "\xff", "\0"),
        )
    ),
    *(
        refused(f"target {bad!r}", request(line=f"GET {bad} HTTP/1.1"), "RFC 9112 3.2")
        for bad in (
            *("*", "page", "bob:80", "https://bob/", "http://", "http:///a", "http://me@bob/"),
            *("?a", "/%", "/%4", "/%zz", "/%ff", "/..", "/../etc/passwd", "/a/../../b"),
            *("/%2e%2E/b", "/a%2f..%2fb", "/./a", "http://bob/.."),
        )
    ),
    refused("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "RFC 9110 15.6.6", 505),
    refused("HTTP/0.9 by name", request(line="GET / HTTP/0.9"), status=505),
    #
    # Limits.
    Story(
        "the longest request line",
        request(line=f"GET /{'a' * 84} HTTP/1.1"),
        ["GET /" + "a" * 84, "end"],
    ),
    refused("a longer one", request(line=f"GET /{'a' * 85} HTTP/1.1"), "RFC 9112 3", 414),
    refused("one without end", b"x" * 1000, "RFC 9112 3", 414),
    Story("the most fields", request("A: b", "A: b", "A: b", "A: b"), GET),
    refused("one more", request("A: b", "A: b", "A: b", "A: b", "A: b"), "RFC 6585 5", 431),
    Story("the longest header", request("A: " + "b" * 282), GET),
    refused("a longer header", request("A: " + "b" * 283), "RFC 6585 5", 431),
    refused("a header without end", b"GET / HTTP/1.1\r\nA: " + b"b" * 300, status=431),
    refused(
        "more fields in trailers",
        chunked(b"0\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n\r\n"),
        status=431,
        before=POST,
    ),
    Story(
        "the longest body",
        post("Content-Length: 50", body=b"x" * 50),
        [*POST, "body " + "x" * 50, "end"],
    ),
    refused("a longer body", post("Content-Length: 51"), "RFC 9110 15.5.14", 413),
    refused(
        "a longer body in chunks",
        chunked(b"32\r\n" + b"x" * 50 + b"\r\n1\r\n"),
        "RFC 9110 15.5.14",
        413,
        before=[*POST, "body " + "x" * 50],
    ),
    refused("a chunk beyond numbers", chunked(b"F" * 16 + b"\r\n"), status=413, before=POST),
    refused("a bad request after a good one", request() + b"\0\r\n", before=GET),
]


class Recording(dict[tuple[State, HttpEvent], Transition]):
    """The table of transitions, and which of its rows were taken."""

    def __init__(self) -> None:
        super().__init__(TRANSITIONS)
        self.taken: list[tuple[State, HttpEvent]] = []

    def get(self, key, default=None):  # type: ignore[no-untyped-def]
        self.taken.append(key)
        return super().get(key, default)


def told(
    connection: Connection, pieces: Iterable[bytes], response: Response | None = None
) -> Iterator[str]:
    """What the connection tells of these bytes when each request is answered at once."""
    body = b""
    for piece in pieces:
        connection.receive(piece)
        while event := connection.next_event():
            match event:
                case Request(method=method, path=path):
                    yield f"{method} {path}"
                case Content(data):
                    assert data, "content without a byte in it was told"
                    body += data
                    continue
                case End():
                    if body:
                        yield f"body {body.decode('latin-1')}"
                    yield "end"
                case Refusal(status):
                    if body:
                        yield f"body {body.decode('latin-1')}"
                    yield str(status)
            if isinstance(event, End | Refusal):
                body = b""
                for _ in connection.answer(response or Response(200, "ok")):
                    pass


MORSELS = [b"\r", b"\n", b"\r\n", b" ", b"\t", b":", b"0", b"5", b"a", b",", b";", b"\0", b"\xff"]


@st.composite
def almost_requests(draw: st.DrawFn, stories: list[Story] = STORIES) -> bytes:
    """One or two of the stories' requests with a few bytes taken out, put in or exchanged."""
    requests = st.sampled_from([story.sent for story in stories])
    sent = b"".join(draw(st.lists(requests, min_size=1, max_size=2)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(sent)))
        sent = (
            sent[:at]
            + draw(st.sampled_from([b"", *MORSELS]))
            + sent[at + draw(st.integers(0, 2)) :]
        )
    return sent
