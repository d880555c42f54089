"""Requests and responses of HTTP/1.1: their lines and fields, as RFC 9112 writes them.

Strict on purpose. Two programs that read the same bytes differently, one in front of the other,
let an attacker smuggle a request past the first (RFC 9112 section 11.2): what can be read in two
ways is refused, never guessed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from netlab.errors import LocalProtocolError, ParseError

Body = bytes | str | Iterable[bytes | str]
"""Content whose length is known, or comes piece by piece."""

PHRASES = {
    200: "OK",
    201: "Created",
    204: "No Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}
"""Status codes in words (RFC 9110 section 15, RFC 6585). The words change nothing for a client."""

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 section 5.6.2
_is_token = re.compile(_TOKEN).fullmatch
_is_request_line = re.compile(rf"({_TOKEN}) ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])").fullmatch
_is_absolute = re.compile(r"http://([^/?#]+)([^#]*)", re.IGNORECASE).fullmatch
_is_host = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(:[0-9]*)?", re.ASCII).fullmatch
_is_value = re.compile(r"[\t\x20-\x7e\x80-\xff]*").fullmatch  # RFC 9110 section 5.5
_octet_of_path = re.compile(rb"%([0-9A-Fa-f]{2})?")


class Refused(ParseError):
    """A request that can't be taken, with the status code that tells its client so."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Headers(Mapping[str, str]):
    """Header fields by name. The case of a name doesn't matter (RFC 9110 section 5.1)."""

    __slots__ = ("_values",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, str] = {}
        for name, value in fields:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Add one field. Values of one name are joined to a list (RFC 9110 section 5.3)."""
        name = name.lower()
        self._values[name] = f"{self._values[name]}, {value}" if name in self else value

    def elements(self, name: str) -> list[str]:
        """The elements of a value that is a list, in lower case (RFC 9110 section 5.6.1)."""
        return [element.strip(" \t").lower() for element in self.get(name, "").split(",")]

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({list(self._values.items())})"


@dataclass(slots=True)
class Request:
    """One request: the fields of its request line (RFC 9112 section 3), its headers, its body.

    `path` is the target's path with its percent-encoding undone. `query` is what follows its "?",
    as it came; `urllib.parse.parse_qs` takes it apart.
    """

    method: str
    target: str
    version: tuple[int, int] = (1, 1)
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    path: str = ""
    query: str = ""

    @classmethod
    def parse_line(cls, line: str) -> Self:
        """The request that begins with this line, given without its CRLF.

        Raises `Refused`, 400 for what isn't a request line, 505 for another HTTP than 1.x.
        """
        match = _is_request_line(line)
        if match is None:
            raise Refused(
                400,
                "a request begins with METHOD, target and HTTP/1.1, with one space between them;"
                f" got {_quote(line)} (RFC 9112 section 3)",
            )
        method, target, major, minor = match.groups()
        if major != "1":
            raise Refused(
                505, f"this server speaks HTTP/1.1, not HTTP/{major}.{minor} (RFC 9112 section 2.3)"
            )
        # A later minor version is read as the latest that we know (RFC 9110 section 2.5).
        request = cls(method, target, (1, min(int(minor), 1)))
        request._split_target()
        return request

    def add_field(self, line: str) -> None:
        """Add the header field of this line, given without its CRLF. Raises `Refused`."""
        name, value = parse_field(line)
        if name.lower() == "host" and not ("host" not in self.headers and _is_host(value)):
            raise Refused(
                400, "Host must be given once, as name or name:port (RFC 9112 section 3.2)"
            )
        self.headers.add(name, value)

    @property
    def length(self) -> int | None:
        """How many bytes of body follow the head; None when they come in chunks.

        Raises `Refused` for what RFC 9112 section 6.3 calls an unrecoverable error, where nobody
        could say for certain at which byte the next request begins.
        """
        if "transfer-encoding" not in self.headers:
            return self._content_length()
        if "content-length" in self.headers:
            raise Refused(
                400,
                "Content-Length beside Transfer-Encoding: which one is it? (RFC 9112 section 6.3)",
            )
        if self.version < (1, 1):
            raise Refused(400, "HTTP/1.0 has no Transfer-Encoding (RFC 9112 section 6.1)")
        codings = self.headers.elements("transfer-encoding")
        if codings[-1] != "chunked" or codings.count("chunked") > 1:
            raise Refused(
                400,
                "chunked must be the last transfer coding, and only once (RFC 9112 section 6.3)",
            )
        if len(codings) > 1:
            raise Refused(501, "of transfer codings, only chunked is known (RFC 9112 section 6.1)")
        return None

    @property
    def persistent(self) -> bool:
        """Whether the client lets the connection carry another request (RFC 9112 section 9.3)."""
        options = self.headers.elements("connection")
        return "close" not in options and (self.version >= (1, 1) or "keep-alive" in options)

    def _content_length(self) -> int:
        if "content-length" not in self.headers:
            if self.method == "POST":
                raise Refused(411, "how long is the content? (RFC 9110 sections 8.6 and 15.5.12)")
            return 0
        first, *others = self.headers.elements("content-length")
        if not (first.isascii() and first.isdigit()) or any(other != first for other in others):
            raise Refused(
                400,
                "Content-Length must be one decimal number, got"
                f" {_quote(self.headers['content-length'])} (RFC 9112 section 6.3)",
            )
        if len(first) > 18:
            raise Refused(413, "Content-Length is beyond all bounds (RFC 9110 section 15.5.14)")
        return int(first)

    def _split_target(self) -> None:
        """Find path and query in the target's four forms (RFC 9112 section 3.2)."""
        target = self.target
        if self.method == "CONNECT" or (self.method == "OPTIONS" and target == "*"):
            self.path = target
            return
        if not target.startswith("/"):
            match = _is_absolute(target)
            if match is None or not _is_host(match[1]):
                raise Refused(
                    400,
                    f"the target must be a path from / on, or an http:// URI, got {_quote(target)}"
                    " (RFC 9112 section 3.2)",
                )
            target = match[2] if match[2].startswith("/") else f"/{match[2]}"
        path, _, self.query = target.partition("?")
        self.path = _decode(path)


def parse_field(line: str) -> tuple[str, str]:
    """Name and value of a field line, given without its CRLF. Raises `Refused` (400)."""
    name, colon, value = line.partition(":")
    value = value.strip(" \t")
    if line.startswith((" ", "\t")):
        why = "a field must not be folded onto a second line (RFC 9112 section 5.2)"
    elif name.endswith((" ", "\t")) and colon:
        why = "no space may stand between a field's name and its colon (RFC 9112 section 5.1)"
    elif not colon or not _is_token(name):
        why = f"a field is name: value, got {_quote(line)} (RFC 9112 section 5)"
    elif not _is_value(value):
        why = f"the value of {name} has control characters in it (RFC 9110 section 5.5)"
    else:
        return name, value
    raise Refused(400, why)


@dataclass(slots=True)
class Response:
    """One response: the status code, what is sent, and header fields beyond the usual.

    A `body` of str goes out in UTF-8. One that is an iterator is sent piece by piece. The fields
    that frame the body (Content-Length, Transfer-Encoding) are the connection's affair.
    """

    status: int = 200
    body: Body = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def length(self) -> int | None:
        """The bytes of body; None when only sending it will tell."""
        body = self.body.encode() if isinstance(self.body, str) else self.body
        return len(body) if isinstance(body, bytes) else None

    def pieces(self) -> Iterator[bytes]:
        """The body as it is made, in pieces of which none is empty."""
        for piece in (self.body,) if isinstance(self.body, bytes | str) else self.body:
            if piece:
                yield piece.encode() if isinstance(piece, str) else piece

    def pack_head(self, framing: Mapping[str, str]) -> bytes:
        """The bytes from the status line to the empty line (RFC 9112 sections 4 and 5).

        `framing` are the fields that the connection adds, with its own word on Connection. There is
        no Date: a server without a clock must not send one (RFC 9110 section 6.6.1), and virtual
        time has no date.

        Raises `LocalProtocolError` for what no client could read.
        """
        if not 200 <= self.status <= 599:
            raise LocalProtocolError(
                f"a response's status is from 200 to 599, got {self.status} (RFC 9110 section 15)"
            )
        lines = [f"HTTP/1.1 {self.status} {PHRASES.get(self.status, '')}"]
        for name, value in self.headers.items():
            if not _is_token(name) or not _is_value(f"{value}"):
                raise LocalProtocolError(
                    f"{name!r}: {value!r} can't be a header field: a name has letters, digits and"
                    " hyphens, a value no line ends and no character beyond Latin-1"
                    " (RFC 9110 section 5.5)"
                )
            if name.lower() in ("content-length", "transfer-encoding"):
                raise LocalProtocolError(
                    f"leave {name} out: the connection knows how the body is sent"
                    " (RFC 9112 section 6)"
                )
            if name.lower() != "connection":
                lines.append(f"{name}: {value}")
        lines += [f"{name}: {value}" for name, value in framing.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _decode(path: str) -> str:
    """Undo percent-encoding (RFC 3986 section 2.1), and refuse a path that climbs."""

    def octet(match: re.Match[bytes]) -> bytes:
        if match[1] is None:
            raise Refused(400, "a % in a path must have two hex digits (RFC 3986 section 2.1)")
        return bytes.fromhex(match[1].decode())

    try:
        decoded = _octet_of_path.sub(octet, path.encode()).decode()
    except UnicodeDecodeError:
        raise Refused(400, "a path must be UTF-8 under its percent-encoding") from None
    if any(segment in (".", "..") for segment in decoded.split("/")):
        raise Refused(
            400, "a client takes . and .. out of a path before it asks (RFC 3986 section 5.2.4)"
        )
    return decoded


def _quote(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:60] + "...")
