"""The ICMP message (RFC 792): errors about packets, echo, and the time of day."""

import struct
from dataclasses import dataclass
from typing import Self

from netlab.errors import ConfigurationError, ParseError
from netlab.fields import misfit
from netlab.network.address import IPv4Address
from netlab.network.checksum import checksum_ok, internet_checksum

ECHO_REPLY = 0
DESTINATION_UNREACHABLE = 3
SOURCE_QUENCH = 4
REDIRECT = 5
ECHO_REQUEST = 8
TIME_EXCEEDED = 11
PARAMETER_PROBLEM = 12
TIMESTAMP_REQUEST = 13
TIMESTAMP_REPLY = 14

NET_UNREACHABLE = 0
"""The first of the codes of `DESTINATION_UNREACHABLE` (RFC 792, RFC 1812 section 5.2.7.1)."""
HOST_UNREACHABLE = 1
PROTOCOL_UNREACHABLE = 2
PORT_UNREACHABLE = 3
FRAGMENTATION_NEEDED = 4
"""The packet is too big for the next link and has `dont_fragment` set."""
SOURCE_ROUTE_FAILED = 5
ADMINISTRATIVELY_PROHIBITED = 13
"""A filter on the way doesn't let it pass."""

NETWORK_REDIRECT = 0
"""The first of the codes of `REDIRECT`; never sent, and read as the next (RFC 1812 5.2.7.2)."""
HOST_REDIRECT = 1

TTL_EXCEEDED = 0
"""The first of the codes of `TIME_EXCEEDED`."""
REASSEMBLY_TIME_EXCEEDED = 1

OBSOLETE = {
    SOURCE_QUENCH: "RFC 6633 section 3",
    6: "RFC 6918 section 2.1",
    15: "RFC 6918 section 2.2",
    16: "RFC 6918 section 2.3",
    17: "RFC 6918 section 2.4",
    18: "RFC 6918 section 2.5",
}
"""Types that are never sent, and ignored on receipt, with what did away with each."""

QUERIES = frozenset(
    {ECHO_REPLY, ECHO_REQUEST, 9, 10, TIMESTAMP_REQUEST, TIMESTAMP_REPLY, 15, 16, 17, 18}
)
"""Types that are surely no errors (9 and 10 find routers, RFC 1256)."""

HEADER_LENGTH = 8

_ERRORS = frozenset(
    {DESTINATION_UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM}
)

_TYPE_TEXTS = {
    ECHO_REPLY: "echo reply",
    DESTINATION_UNREACHABLE: "destination unreachable",
    SOURCE_QUENCH: "source quench",
    REDIRECT: "redirect",
    6: "alternate host address",
    ECHO_REQUEST: "echo request",
    TIME_EXCEEDED: "time exceeded",
    PARAMETER_PROBLEM: "parameter problem",
    TIMESTAMP_REQUEST: "timestamp request",
    TIMESTAMP_REPLY: "timestamp reply",
    15: "information request",
    16: "information reply",
    17: "address mask request",
    18: "address mask reply",
}
_CODE_TEXTS = {
    DESTINATION_UNREACHABLE: (
        "network unreachable",
        "host unreachable",
        "protocol unreachable",
        "port unreachable",
        "fragmentation needed",
        "source route failed",
        "network unknown",
        "host unknown",
        "source host isolated",
        "network prohibited",
        "host prohibited",
        "network unreachable for this type of service",
        "host unreachable for this type of service",
        "communication administratively prohibited",
        "host precedence violation",
        "precedence cutoff",
    ),
    REDIRECT: (
        "for the network",
        "for the host",
        "for the network and type of service",
        "for the host and type of service",
    ),
    TIME_EXCEEDED: ("time to live exceeded in transit", "time for reassembly exceeded"),
}

_HEADER = struct.Struct("!BBHI")
_TIMESTAMPS = struct.Struct("!III")


@dataclass(slots=True)
class IcmpMessage:
    """One message: 8 bytes of header, then the payload.

    | field          | bits | meaning |
    |----------------|------|---------|
    | type           | 8    | `ECHO_REQUEST`, `DESTINATION_UNREACHABLE`, ... |
    | code           | 8    | the closer reason, such as `PORT_UNREACHABLE`; 0 for echo |
    | rest_of_header | 32   | what the type makes of it: `identifier`, `next_hop_mtu`, `gateway`, ... |
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
    def parameter_problem(cls, pointer: int, quoted: bytes) -> Self:
        """Say that a header can't be understood, from its byte number `pointer` on."""
        return cls(PARAMETER_PROBLEM, 0, pointer << 24, quoted)

    @classmethod
    def redirect(cls, code: int, gateway: IPv4Address, quoted: bytes) -> Self:
        """Say that packets like this one are better sent to `gateway`."""
        return cls(REDIRECT, code, gateway, quoted)

    @classmethod
    def timestamp_request(cls, identifier: int, sequence: int, originate: int) -> Self:
        """Ask for the time of day. All times are ms since midnight, universal time."""
        times = _TIMESTAMPS.pack(originate, 0, 0)
        return cls(TIMESTAMP_REQUEST, 0, _halves(identifier, sequence), times)

    @classmethod
    def timestamp_reply(cls, request: "IcmpMessage", now: int) -> Self:
        """Answer a request for the time; raises `ParseError` for one that is too short."""
        times = _TIMESTAMPS.pack(request.timestamps[0], now, now)
        return cls(TIMESTAMP_REPLY, 0, request.rest_of_header, times)

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
    def gateway(self) -> IPv4Address:
        """Of a redirect: the better next hop."""
        return IPv4Address.from_int(self.rest_of_header)

    @property
    def pointer(self) -> int:
        """Of a parameter problem: the number of the byte where it lies, in the quoted packet."""
        return self.rest_of_header >> 24

    @property
    def timestamps(self) -> tuple[int, int, int]:
        """Of a timestamp: when it was asked, when that came, when the answer left (ms since midnight).

        Raises `ParseError` where they aren't all there.
        """
        try:
            originate, receive, transmit = _TIMESTAMPS.unpack_from(self.payload)
        except struct.error:
            raise ParseError(
                f"an ICMP timestamp has three times of 4 bytes, got {len(self.payload)} bytes"
                " (RFC 792)"
            ) from None
        return originate, receive, transmit

    @property
    def is_error(self) -> bool:
        """Whether it is about another packet. None is ever sent about one (RFC 1122 3.2.2)."""
        return self.type in _ERRORS

    @property
    def type_text(self) -> str:
        """Type and code in words, such as `destination unreachable: port unreachable`."""
        kind = _TYPE_TEXTS.get(self.type, f"type {self.type}")
        codes = _CODE_TEXTS.get(self.type, ())
        code = f"code {self.code}" if self.code else ""
        if self.code < len(codes):
            code = codes[self.code]
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
