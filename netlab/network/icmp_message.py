"""The ICMP message (RFC 792): errors about packets, and echo."""

import struct
from dataclasses import dataclass
from typing import Self

from netlab.errors import ConfigurationError, ParseError
from netlab.fields import misfit
from netlab.network.checksum import checksum_ok, internet_checksum

ECHO_REPLY = 0
DESTINATION_UNREACHABLE = 3
SOURCE_QUENCH = 4
"""Deprecated: never sent, ignored on receipt (RFC 6633)."""
REDIRECT = 5
ECHO_REQUEST = 8
TIME_EXCEEDED = 11
PARAMETER_PROBLEM = 12

NET_UNREACHABLE = 0
"""The first of the codes of `DESTINATION_UNREACHABLE`."""
HOST_UNREACHABLE = 1
PROTOCOL_UNREACHABLE = 2
PORT_UNREACHABLE = 3
FRAGMENTATION_NEEDED = 4
"""The packet is too big for the next link and has `dont_fragment` set."""

TTL_EXCEEDED = 0
"""The first of the codes of `TIME_EXCEEDED`."""
REASSEMBLY_TIME_EXCEEDED = 1

HEADER_LENGTH = 8

_ERRORS = frozenset(
    {DESTINATION_UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM}
)

_TYPE_TEXTS = {
    ECHO_REPLY: "echo reply",
    DESTINATION_UNREACHABLE: "destination unreachable",
    SOURCE_QUENCH: "source quench",
    REDIRECT: "redirect",
    ECHO_REQUEST: "echo request",
    TIME_EXCEEDED: "time exceeded",
    PARAMETER_PROBLEM: "parameter problem",
}
_CODE_TEXTS = {
    (DESTINATION_UNREACHABLE, NET_UNREACHABLE): "network unreachable",
    (DESTINATION_UNREACHABLE, HOST_UNREACHABLE): "host unreachable",
    (DESTINATION_UNREACHABLE, PROTOCOL_UNREACHABLE): "protocol unreachable",
    (DESTINATION_UNREACHABLE, PORT_UNREACHABLE): "port unreachable",
    (DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED): "fragmentation needed",
    (TIME_EXCEEDED, TTL_EXCEEDED): "time to live exceeded in transit",
    (TIME_EXCEEDED, REASSEMBLY_TIME_EXCEEDED): "time for reassembly exceeded",
}

_HEADER = struct.Struct("!BBHI")


@dataclass(slots=True)
class IcmpMessage:
    """One message: 8 bytes of header, then the payload.

    | field          | bits | meaning |
    |----------------|------|---------|
    | type           | 8    | `ECHO_REQUEST`, `DESTINATION_UNREACHABLE`, ... |
    | code           | 8    | the closer reason, such as `PORT_UNREACHABLE`; 0 for echo |
    | rest_of_header | 32   | what the type makes of it: `identifier`, `sequence`, `next_hop_mtu` |
    | checksum       | 16   | over the whole message; None is computed, a number goes out as it is |

    The payload of an error is the start of the packet that it is about: the IP header and at
    least 8 bytes more, where the ports are (RFC 792), or as much as fits in 576 bytes (RFC 1812
    section 4.3.2.3).
    """

    type: int
    code: int = 0
    rest_of_header: int = 0
    payload: bytes = b""
    checksum: int | None = None

    @classmethod
    def echo_request(cls, identifier: int, sequence: int, payload: bytes = b"") -> Self:
        """Ask a host to send `payload` back.

        `identifier` tells one who pings from another, `sequence` one request from the next; both
        have 16 bits. Raises `ConfigurationError` when they don't.
        """
        return cls(ECHO_REQUEST, 0, _halves(identifier, sequence), payload)

    @classmethod
    def echo_reply(cls, identifier: int, sequence: int, payload: bytes = b"") -> Self:
        """Answer an echo request with its own identifier, sequence and payload."""
        return cls(ECHO_REPLY, 0, _halves(identifier, sequence), payload)

    @classmethod
    def destination_unreachable(cls, code: int, quoted: bytes, next_hop_mtu: int = 0) -> Self:
        """Say why a packet can't be delivered; `quoted` is its start.

        With `FRAGMENTATION_NEEDED`, `next_hop_mtu` is the size in bytes that would have passed
        (RFC 1191 section 4).
        """
        return cls(DESTINATION_UNREACHABLE, code, _halves(0, next_hop_mtu), quoted)

    @classmethod
    def time_exceeded(cls, code: int, quoted: bytes) -> Self:
        """Say that the time of a packet, to live or to be reassembled, ran out."""
        return cls(TIME_EXCEEDED, code, 0, quoted)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a message of any type and code; the checksum is kept and not judged (see `verify`).

        Raises `ParseError` for less than 8 bytes.
        """
        try:
            type_, code, checksum, rest_of_header = _HEADER.unpack_from(data)
        except struct.error:
            raise ParseError(
                f"an ICMP message has at least {HEADER_LENGTH} bytes, got {len(data)} (RFC 792)"
            ) from None
        return cls(type_, code, rest_of_header, data[HEADER_LENGTH:], checksum)

    @staticmethod
    def verify(data: bytes) -> bool:
        """Whether the message that is `data` agrees with its checksum."""
        return len(data) >= HEADER_LENGTH and checksum_ok(data)

    def pack(self) -> bytes:
        """The bytes of the message; raises `ConfigurationError` if a field doesn't fit its bits."""
        try:
            checksum = self.checksum
            if checksum is None:
                fields = (self.type << 8) + self.code + self.rest_of_header
                checksum = internet_checksum(self.payload, fields)
            return _HEADER.pack(self.type, self.code, checksum, self.rest_of_header) + self.payload
        except (struct.error, TypeError):
            raise self._misfit() from None

    @property
    def identifier(self) -> int:
        """Of an echo: whose it is."""
        return self.rest_of_header >> 16

    @property
    def sequence(self) -> int:
        """Of an echo: which one of its sender's."""
        return self.rest_of_header & 0xFFFF

    @property
    def next_hop_mtu(self) -> int:
        """Of `FRAGMENTATION_NEEDED`: bytes that fit the next link; 0 is unknown (RFC 1191)."""
        return self.rest_of_header & 0xFFFF

    @property
    def is_error(self) -> bool:
        """Whether it is about another packet. None is ever sent about one (RFC 1122 3.2.2)."""
        return self.type in _ERRORS

    @property
    def type_text(self) -> str:
        """Type and code in words, such as `destination unreachable: port unreachable`."""
        kind = _TYPE_TEXTS.get(self.type, f"type {self.type}")
        code = _CODE_TEXTS.get((self.type, self.code), f"code {self.code}" if self.code else "")
        return f"{kind}: {code}" if code else kind

    def _misfit(self) -> ConfigurationError:
        return misfit(
            self,
            {"type": 8, "code": 8, "rest_of_header": 32, "checksum": 16},
            {"payload": 65_535 - 20 - HEADER_LENGTH},
        )


def _halves(high: int, low: int) -> int:
    """Two numbers of 16 bits as the rest of the header."""
    if high >> 16 or low >> 16:
        raise ConfigurationError(
            f"an identifier, a sequence number and an MTU have 16 bits each: expected 0 to 65535,"
            f" got {high if high >> 16 else low}"
        )
    return high << 16 | low
