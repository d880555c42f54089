"""The server's side of one HTTP/1.1 connection, as a table.

A client sends a request, and the server answers it; where both agree, the connection then carries
the next one (RFC 9112 section 9.3). The framing is the difficult part: where does the content of a
request end, when what follows may be another request? Its head says it, in one of three ways
(section 6.3): there is no content, or it has Content-Length octets, or it comes in chunks, of which
each tells its own size and an empty one is the last.

                              +-------------- no content ---------------+
                              |                                         v
    IDLE --> FIELDS ----------+--> CONTENT -------------------------> ANSWERING --> SENDING
     ^                        |                                         ^              |
     |                        +--> CHUNK_SIZE ---------> TRAILERS ------+              |
     |                              |      ^                                           |
     |                              v      |                                           |
     |                         CHUNK_DATA --> CHUNK_END                                |
     +---------------------------------------------------------------------------------+

What can't be a request is answered too, once; then the connection is CLOSED, for nobody can tell
where the next request would begin. While a response is due, nothing is read: requests that a client
sends without waiting (pipelining) stay in the buffer, and are answered in their order.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """What the connection is about to read or to send."""

    IDLE = "IDLE"
    FIELDS = "FIELDS"
    CONTENT = "CONTENT"
    CHUNK_SIZE = "CHUNK_SIZE"
    CHUNK_DATA = "CHUNK_DATA"
    CHUNK_END = "CHUNK_END"
    TRAILERS = "TRAILERS"
    ANSWERING = "ANSWERING"
    SENDING = "SENDING"
    CLOSED = "CLOSED"


class HttpEvent(StrEnum):
    """What can happen to a connection: what arrives, what the server sends, and silence."""

    RCV_REQUEST_LINE = "rcv request line"
    RCV_FIELD = "rcv field"
    RCV_EMPTY_LINE = "rcv empty line"
    RCV_EMPTY_LINE_LENGTH = "rcv empty line (Content-Length)"
    RCV_EMPTY_LINE_CHUNKED = "rcv empty line (chunked)"
    RCV_CONTENT = "rcv content"
    RCV_LAST_CONTENT = "rcv content to its end"
    RCV_CHUNK_SIZE = "rcv chunk size"
    RCV_LAST_CHUNK = "rcv chunk size 0"
    RCV_CHUNK_END = "rcv CRLF"
    RCV_NONSENSE = "rcv what can't be taken"
    RCV_END = "rcv end of input"
    TIMEOUT = "timeout"
    SND_CONTINUE = "snd 100 Continue"
    SND_HEAD = "snd head"
    SND_CONTENT = "snd content"
    SND_END = "snd end, and keep alive"
    SND_LAST_END = "snd end, the last"
    ABORT = "abort"


class Action(StrEnum):
    """What the connection does when it takes a transition."""

    TELL_REQUEST = "tell server: request"
    TELL_CONTENT = "tell server: content"
    TELL_END = "tell server: complete"
    TELL_REFUSAL = "tell server: refuse"
    FORGET_REQUEST = "forget request"
    CLOSE = "close connection"


class Transition(NamedTuple):
    """One row: what is done, in order; the state that follows; the RFC and section."""

    actions: tuple[Action, ...]
    next: State
    section: str


Table = Mapping[tuple[State, HttpEvent], Transition]


def _rows() -> dict[tuple[State, HttpEvent], Transition]:
    s, e, a = State, HttpEvent, Action
    rows: dict[tuple[State, HttpEvent], Transition] = {}

    def on(
        state: State, event: HttpEvent, actions: tuple[Action, ...], then: State, section: str
    ) -> None:
        rows[state, event] = Transition(actions, then, section)

    # The head of a request. An empty line before it does no harm.
    on(s.IDLE, e.RCV_EMPTY_LINE, (), s.IDLE, "RFC 9112 2.2")
    on(s.IDLE, e.RCV_REQUEST_LINE, (), s.FIELDS, "RFC 9112 3")
    on(s.FIELDS, e.RCV_FIELD, (), s.FIELDS, "RFC 9112 5")
    on(s.FIELDS, e.RCV_EMPTY_LINE, (a.TELL_REQUEST, a.TELL_END), s.ANSWERING, "RFC 9112 6.3")
    on(s.FIELDS, e.RCV_EMPTY_LINE_LENGTH, (a.TELL_REQUEST,), s.CONTENT, "RFC 9112 6.2")
    on(s.FIELDS, e.RCV_EMPTY_LINE_CHUNKED, (a.TELL_REQUEST,), s.CHUNK_SIZE, "RFC 9112 6.1")

    # Its content: by number, or in chunks. A client may wait until it is asked for it.
    on(s.CONTENT, e.RCV_CONTENT, (a.TELL_CONTENT,), s.CONTENT, "RFC 9112 6.2")
    on(s.CONTENT, e.RCV_LAST_CONTENT, (a.TELL_CONTENT, a.TELL_END), s.ANSWERING, "RFC 9112 6.2")
    on(s.CHUNK_SIZE, e.RCV_CHUNK_SIZE, (), s.CHUNK_DATA, "RFC 9112 7.1")
    on(s.CHUNK_DATA, e.RCV_CONTENT, (a.TELL_CONTENT,), s.CHUNK_DATA, "RFC 9112 7.1")
    on(s.CHUNK_DATA, e.RCV_LAST_CONTENT, (a.TELL_CONTENT,), s.CHUNK_END, "RFC 9112 7.1")
    on(s.CHUNK_END, e.RCV_CHUNK_END, (), s.CHUNK_SIZE, "RFC 9112 7.1")
    on(s.CHUNK_SIZE, e.RCV_LAST_CHUNK, (), s.TRAILERS, "RFC 9112 7.1")
    on(s.TRAILERS, e.RCV_FIELD, (), s.TRAILERS, "RFC 9112 7.1.2")
    on(s.TRAILERS, e.RCV_EMPTY_LINE, (a.TELL_END,), s.ANSWERING, "RFC 9112 7.1.2")
    on(s.CONTENT, e.SND_CONTINUE, (), s.CONTENT, "RFC 9110 10.1.1")
    on(s.CHUNK_SIZE, e.SND_CONTINUE, (), s.CHUNK_SIZE, "RFC 9110 10.1.1")

    # The response, and what becomes of the connection after it.
    on(s.ANSWERING, e.SND_HEAD, (), s.SENDING, "RFC 9112 4")
    on(s.SENDING, e.SND_CONTENT, (), s.SENDING, "RFC 9112 6")
    on(s.SENDING, e.SND_END, (a.FORGET_REQUEST,), s.IDLE, "RFC 9112 9.3")
    on(s.SENDING, e.SND_LAST_END, (a.CLOSE,), s.CLOSED, "RFC 9112 9.6")
    on(s.SENDING, e.ABORT, (a.CLOSE,), s.CLOSED, "RFC 9112 8")

    # What isn't a request, or never becomes a whole one.
    for state in (s.IDLE, s.FIELDS, s.CHUNK_SIZE, s.CHUNK_END, s.TRAILERS):
        on(state, e.RCV_NONSENSE, (a.TELL_REFUSAL,), s.ANSWERING, "RFC 9112 2.2")
    for state in (s.FIELDS, s.CONTENT, s.CHUNK_SIZE, s.CHUNK_DATA, s.CHUNK_END, s.TRAILERS):
        on(state, e.RCV_END, (a.TELL_REFUSAL,), s.ANSWERING, "RFC 9112 8")
        on(state, e.TIMEOUT, (a.TELL_REFUSAL,), s.ANSWERING, "RFC 9110 15.5.9")
    on(s.IDLE, e.RCV_END, (a.CLOSE,), s.CLOSED, "RFC 9112 9.6")
    on(s.IDLE, e.TIMEOUT, (a.CLOSE,), s.CLOSED, "RFC 9112 9.5")
    return rows


TRANSITIONS: Table = _rows()
"""The server's side of HTTP/1.1."""
