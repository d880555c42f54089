"""One HTTP/1.1 connection as the server sees it, without any I/O: bytes in, events out.

`receive` takes what came, `next_event` tells what it amounts to, `answer` gives the bytes to send.
How the bytes were cut on their way makes no difference. Which step may follow which is not decided
here but in the table of `states.py`; here is what each step reads and writes.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from netlab.application.http.messages import Headers, Refused, Request, Response, parse_field
from netlab.application.http.states import TRANSITIONS, Action, HttpEvent, State, Table
from netlab.errors import LocalProtocolError

_CHUNK_LINE = 256  # bytes: chunk extensions must not run wild (RFC 9112 section 7.1.1)
_is_chunk_size = re.compile(r"([0-9A-Fa-f]{1,16})([ \t]*;[\t\x20-\x7e\x80-\xff]*)?").fullmatch
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"
_NO_BODY = (204, 205, 304)  # RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5


class Limits(NamedTuple):
    """The most that a request may bring: bytes of each part, and a count of header fields."""

    request_line: int = 8_000
    head: int = 65_536
    fields: int = 100
    body: int = 1_048_576


@dataclass(slots=True)
class Content:
    """Some bytes of the request's content, its chunks already taken apart."""

    data: bytes


@dataclass(slots=True)
class End:
    """The request is complete: a response is due."""


@dataclass(slots=True)
class Refusal:
    """What came can't be taken: a response with this status is due, the last one."""

    status: int
    why: str


Event = Request | Content | End | Refusal


class Connection:
    """The server's side of one connection; `state` says where it stands."""

    def __init__(self, limits: Limits | None = None, table: Table = TRANSITIONS) -> None:
        self.state = State.IDLE
        self.keep_alive = True
        self._limits = limits or Limits()
        self._table = table
        self._buffer = bytearray()
        self._ended = False
        self._events: deque[Event] = deque()
        self._refused = Refused(400, "")
        self._forget_request()
        self._readers: dict[State, Callable[[], HttpEvent | None]] = {
            State.IDLE: self._read_request_line,
            State.FIELDS: self._read_field,
            State.CONTENT: self._read_content,
            State.CHUNK_SIZE: self._read_chunk_size,
            State.CHUNK_DATA: self._read_content,
            State.CHUNK_END: self._read_chunk_end,
            State.TRAILERS: self._read_trailer,
        }

    # --- what arrives -----------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Take bytes that came; b"" says that no more will come."""
        self._buffer += data
        self._ended = not data

    def next_event(self) -> Event | None:
        """What the bytes amount to next; None when more are needed, or a response is due."""
        while not self._events and self.state in self._readers:
            try:
                step = self._readers[self.state]()
            except Refused as refused:
                self._refused = refused
                step = HttpEvent.RCV_NONSENSE
            if step is None and self._ended:
                self._refused = Refused(400, "the request breaks off (RFC 9112 section 8)")
                step = HttpEvent.RCV_END
            if step is None:
                break
            self._take(step)
        return self._events.popleft() if self._events else None

    def time_out(self) -> None:
        """Nothing came for too long: refuse a request that has begun, or else close."""
        self._refused = Refused(408, "the request took too long to come (RFC 9110 section 15.5.9)")
        self._take(HttpEvent.TIMEOUT)

    @property
    def wants_continue(self) -> bool:
        """Whether the client holds its content back until it is asked for it (RFC 9110, 10.1.1)."""
        return (
            self.state in (State.CONTENT, State.CHUNK_SIZE)
            and not self._buffer
            and self._request.version >= (1, 1)
            and "100-continue" in self._request.headers.elements("expect")
        )

    # --- what is sent -----------------------------------------------------------------------

    def ask_for_content(self) -> bytes:
        """The bytes that tell a client which `wants_continue` to go on."""
        self._take(HttpEvent.SND_CONTINUE)
        return _CONTINUE

    def answer(self, response: Response) -> Iterator[bytes]:
        """The bytes of the response, piece by piece, none of them empty.

        A body of known length is announced by Content-Length. Of unknown length, it goes out in
        chunks; to HTTP/1.0, which has none, until the connection closes (RFC 9112 section 6.3).

        Raises `LocalProtocolError` when no response is due, or when this one can't be sent.
        """
        length = response.length
        chunked = length is None and self._request.version >= (1, 1)
        if response.status in _NO_BODY and length != 0:
            raise LocalProtocolError(
                f"a response with status {response.status} has no body (RFC 9110 section 6.4.1)"
            )
        if length is None and not chunked:
            self.keep_alive = False
        if "close" in Headers(response.headers.items()).elements("connection"):
            self.keep_alive = False
        head = response.pack_head(self._framing(response.status, length))
        pieces = response.pieces()
        # Ask for the first piece before the head is sent: if that fails, a 500 can still go out.
        first = next(pieces, b"")
        self._take(HttpEvent.SND_HEAD)
        if self._head_only:  # RFC 9110 section 9.3.2
            yield head
        else:
            yield head + self._frame(first, chunked)
            for piece in pieces:
                yield self._frame(piece, chunked)
            if chunked:
                yield _LAST_CHUNK
        self._take(HttpEvent.SND_END if self.keep_alive else HttpEvent.SND_LAST_END)

    def abort(self) -> None:
        """Give up in the middle of a response, so that the client sees that it is incomplete."""
        self._take(HttpEvent.ABORT)

    def _framing(self, status: int, length: int | None) -> dict[str, str]:
        """The fields that say where the body ends, and whether the connection does too."""
        fields: dict[str, str] = {}
        if length is not None and status not in (204, 304):  # RFC 9110 section 8.6
            fields["Content-Length"] = str(length)
        elif length is None and self._request.version >= (1, 1):
            fields["Transfer-Encoding"] = "chunked"
        if not self.keep_alive:
            fields["Connection"] = "close"
        elif self._request.version < (1, 1):
            fields["Connection"] = "keep-alive"
        return fields

    def _frame(self, piece: bytes, chunked: bool) -> bytes:
        """A piece of the body as it goes out. An empty one does not: an empty chunk is the last."""
        if not piece:
            return b""
        self._take(HttpEvent.SND_CONTENT)
        return b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece

    # --- the steps of the table -------------------------------------------------------------

    def _take(self, event: HttpEvent) -> None:
        """Do what the table says for this event in the present state."""
        transition = self._table.get((self.state, event))
        if transition is None:
            possible = ", ".join(event for state, event in self._table if state == self.state)
            raise LocalProtocolError(
                f"{event!s} isn't possible in the state {self.state}; expected one of:"
                f" {possible or 'nothing, the connection is over'}"
            )
        self.state = transition.next
        for action in transition.actions:
            self._perform(action)

    def _perform(self, action: Action) -> None:
        match action:
            case Action.TELL_REQUEST:
                self._events.append(self._request)
            case Action.TELL_CONTENT:
                self._events.append(Content(self._content))
            case Action.TELL_END:
                self._events.append(End())
            case Action.TELL_REFUSAL:
                self.keep_alive = False
                self._events.append(Refusal(self._refused.status, str(self._refused)))
            case Action.FORGET_REQUEST:
                self._forget_request()
            case Action.CLOSE:
                self._buffer.clear()

    def _forget_request(self) -> None:
        """Be ready for the next one."""
        self._request = Request("", "")
        self._head_only = False
        self._content = b""
        self._left = 0  # bytes of content, or of the chunk, that are still to come
        self._total = 0  # bytes of content that the chunks so far announced
        self._head_left = self._limits.head
        self._fields_left = self._limits.fields

    def _read_request_line(self) -> HttpEvent | None:
        line = self._line(self._limits.request_line, 414, "the request line")
        if not line:
            return None if line is None else HttpEvent.RCV_EMPTY_LINE
        self._head_only = line.startswith("HEAD ")
        self._request = Request.parse_line(line)
        return HttpEvent.RCV_REQUEST_LINE

    def _read_field(self) -> HttpEvent | None:
        line = self._field_line()
        if line is None:
            return None
        if line:
            self._request.add_field(line)
            return HttpEvent.RCV_FIELD
        if self._request.version >= (1, 1) and "host" not in self._request.headers:
            raise Refused(400, "a request of HTTP/1.1 must name its Host (RFC 9112 section 3.2)")
        length = self._request.length
        self._allow_body(length or 0)
        self.keep_alive = self._request.persistent
        if length is None:
            return HttpEvent.RCV_EMPTY_LINE_CHUNKED
        self._left = length
        return HttpEvent.RCV_EMPTY_LINE_LENGTH if length else HttpEvent.RCV_EMPTY_LINE

    def _read_content(self) -> HttpEvent | None:
        self._content = bytes(self._buffer[: self._left])
        if not self._content:
            return None
        del self._buffer[: self._left]
        self._left -= len(self._content)
        return HttpEvent.RCV_CONTENT if self._left else HttpEvent.RCV_LAST_CONTENT

    def _read_chunk_size(self) -> HttpEvent | None:
        line = self._line(_CHUNK_LINE, 400, "the line with a chunk's size")
        if line is None:
            return None
        match = _is_chunk_size(line)
        if match is None:
            raise Refused(400, "a chunk begins with its size in hex (RFC 9112 section 7.1)")
        self._left = int(match[1], 16)
        self._total += self._left
        self._allow_body(self._total)
        return HttpEvent.RCV_CHUNK_SIZE if self._left else HttpEvent.RCV_LAST_CHUNK

    def _read_chunk_end(self) -> HttpEvent | None:
        end = bytes(self._buffer[:2])
        if not b"\r\n".startswith(end):
            raise Refused(400, "a chunk is longer than its size says (RFC 9112 section 7.1)")
        if len(end) < 2:
            return None
        del self._buffer[:2]
        return HttpEvent.RCV_CHUNK_END

    def _read_trailer(self) -> HttpEvent | None:
        line = self._field_line()
        if not line:
            return None if line is None else HttpEvent.RCV_EMPTY_LINE
        parse_field(line)  # Well-formed, and of no use to us (RFC 9112 section 7.1.2).
        return HttpEvent.RCV_FIELD

    def _field_line(self) -> str | None:
        """The next line of a header or trailer section, within the limits of both together."""
        line = self._line(self._head_left, 431, "the header")
        if line is None:
            return None
        self._head_left -= len(line) + 2
        self._fields_left -= bool(line)
        if self._fields_left < 0:
            raise Refused(
                431, f"more than {self._limits.fields} header fields (RFC 6585 section 5)"
            )
        return line

    def _line(self, most: int, status: int, what: str) -> str | None:
        """The next line, without its CRLF; None as long as it is incomplete."""
        end = self._buffer.find(b"\n", 0, most)
        if end < 0:
            if len(self._buffer) >= most:
                raise Refused(status, f"{what} is longer than this server takes")
            return None
        # A line feed alone may be read as a line's end (RFC 9112 section 2.2), but who reads it so
        # and who doesn't is what smuggled requests are made of.
        if self._buffer[max(0, end - 1) : end] != b"\r":
            raise Refused(400, "a line must end with CR and LF (RFC 9112 section 2.2)")
        line = self._buffer[: end - 1].decode("latin-1")
        del self._buffer[: end + 1]
        return line

    def _allow_body(self, length: int) -> None:
        if length > self._limits.body:
            raise Refused(
                413,
                f"a body of {length} bytes is more than the {self._limits.body} that this server"
                " takes (RFC 9110 section 15.5.14)",
            )
