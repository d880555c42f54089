"""The IPv4 packet (RFC 791 section 3.1)."""

import struct
from dataclasses import dataclass
from typing import Self

from netlab.errors import ConfigurationError, ParseError
from netlab.fields import misfit
from netlab.network.address import IPv4Address
from netlab.network.checksum import checksum_ok, internet_checksum

PROTOCOL_ICMP = 1
PROTOCOL_TCP = 6
PROTOCOL_UDP = 17

HEADER_LENGTH = 20
"""Bytes, without options."""
MAXIMUM_HEADER_LENGTH = 60
"""Bytes: the header length field counts up to fifteen words of four bytes."""
MAXIMUM_LENGTH = 65_535
"""Bytes of a packet, with its header: the total length field has 16 bits."""

_RESERVED = 0x8000
_DONT_FRAGMENT = 0x4000
_MORE_FRAGMENTS = 0x2000

_HEADER = struct.Struct("!BBHHHBBHII")
_unpack_header = _HEADER.unpack_from
_address = IPv4Address.from_int
_new = object.__new__


@dataclass(slots=True)
class Ipv4Packet:
    """One packet, or one fragment of one: 20 to 60 bytes of header, then the payload.

    | field           | bits   | meaning |
    |-----------------|--------|---------|
    | src, dst        | 32     | the hosts that sent it and that it is for |
    | protocol        | 8      | what the payload is: `PROTOCOL_TCP`, ... |
    | ttl             | 8      | each router takes one off, and drops the packet at 0 |
    | identification  | 16     | the same in all fragments of one packet, and in no other's |
    | dont_fragment   | 1      | a router that would have to cut it sends an error back |
    | more_fragments  | 1      | this isn't the last fragment |
    | fragment_offset | 13     | where the payload belongs in the whole one, in units of 8 bytes |
    | dscp            | 6      | the treatment it asks for (RFC 2474 section 3) |
    | ecn             | 2      | congestion notification (RFC 3168 section 5) |
    | options         | 40 x 8 | as on the wire; filled up with zeros to whole words of 4 bytes |
    | checksum        | 16     | over the header; None is computed, a number goes out as it is |
    | reserved        | 1      | the first flag, 0; one who passes it on leaves it (RFC 1812 4.2.2.3) |

    Version, header length and total length follow from the rest. Whoever changes a packet that was
    parsed, as a router does with `ttl`, sets its `checksum` to None.
    """

    src: IPv4Address
    dst: IPv4Address
    protocol: int
    payload: bytes
    ttl: int = 64
    identification: int = 0
    dont_fragment: bool = False
    more_fragments: bool = False
    fragment_offset: int = 0
    dscp: int = 0
    ecn: int = 0
    options: bytes = b""
    checksum: int | None = None
    reserved: bool = False

    @classmethod
    def parse(cls, data: bytes, *, quoted: bool = False) -> Self:
        """Read a packet. What follows its total length is the link's padding, and is left out.

        An ICMP error quotes only the first bytes of a packet: with `quoted` the payload may break
        off. The checksum is kept and not judged (see `verify`).

        Raises `ParseError` for another version, a header length below 5 words or beyond the total
        length, and a total length beyond the data.
        """
        try:
            (
                version_ihl,
                traffic_class,
                total_length,
                identification,
                fragment,
                ttl,
                protocol,
                checksum,
                src,
                dst,
            ) = _unpack_header(data)
        except struct.error:
            raise ParseError(
                f"an IPv4 header has at least {HEADER_LENGTH} bytes, got {len(data)} (RFC 791 3.1)"
            ) from None
        header_length = (version_ihl & 0x0F) << 2
        if (
            version_ihl >> 4 != 4
            or not HEADER_LENGTH <= header_length <= total_length
            or (total_length if not quoted else header_length) > len(data)
        ):
            raise _not_ipv4(version_ihl >> 4, header_length, total_length, len(data))
        packet = _new(cls)  # one by one: a call of the class with all of them takes twice the time
        packet.src = _address(src)
        packet.dst = _address(dst)
        packet.protocol = protocol
        packet.payload = data[header_length:total_length]
        packet.ttl = ttl
        packet.identification = identification
        packet.dont_fragment = fragment & _DONT_FRAGMENT != 0
        packet.more_fragments = fragment & _MORE_FRAGMENTS != 0
        packet.fragment_offset = fragment & 0x1FFF
        packet.dscp = traffic_class >> 2
        packet.ecn = traffic_class & 0b11
        packet.options = data[HEADER_LENGTH:header_length]
        packet.checksum = checksum
        packet.reserved = fragment & _RESERVED != 0
        return packet

    @staticmethod
    def verify(data: bytes) -> bool:
        """Whether the header at the start of `data` agrees with its checksum."""
        return len(data) >= HEADER_LENGTH and checksum_ok(data[: (data[0] & 0x0F) << 2])

    def pack(self) -> bytes:
        """The bytes of the packet; raises `ConfigurationError` if a field doesn't fit its bits."""
        try:
            options, header_length = self.options, HEADER_LENGTH
            if options:
                options += bytes(-len(options) & 3)
                header_length += len(options)
            fragment = self.fragment_offset
            if header_length > MAXIMUM_HEADER_LENGTH or self.ecn >> 2 or fragment >> 13:
                raise self._misfit()  # struct sees these only as parts of a byte or word
            version_ihl = 0x40 | header_length >> 2
            traffic_class = self.dscp << 2 | self.ecn
            total_length = header_length + len(self.payload)
            if self.dont_fragment:
                fragment |= _DONT_FRAGMENT
            if self.more_fragments:
                fragment |= _MORE_FRAGMENTS
            if self.reserved:
                fragment |= _RESERVED
            checksum = self.checksum
            if checksum is None:
                # The words of the header are summed from their fields: packing it first would
                # cost more.
                checksum = internet_checksum(
                    options,
                    (version_ihl << 8)
                    + traffic_class
                    + total_length
                    + self.identification
                    + fragment
                    + (self.ttl << 8)
                    + self.protocol
                    + self.src
                    + self.dst,
                )
            header = _HEADER.pack(
                version_ihl,
                traffic_class,
                total_length,
                self.identification,
                fragment,
                self.ttl,
                self.protocol,
                checksum,
                self.src,
                self.dst,
            )
            return header + options + self.payload
        except (struct.error, TypeError):
            raise self._misfit() from None

    @property
    def header_length(self) -> int:
        """Bytes before the payload: 20, and the options filled up to whole words of 4."""
        return HEADER_LENGTH + len(self.options) + (-len(self.options) & 3)

    @property
    def is_fragment(self) -> bool:
        """Whether this is a part of a packet: not the last one, or not the first."""
        return self.more_fragments or self.fragment_offset != 0

    def _misfit(self) -> ConfigurationError:
        return misfit(
            self,
            {
                "src": 32,
                "dst": 32,
                "protocol": 8,
                "ttl": 8,
                "identification": 16,
                "fragment_offset": 13,
                "dscp": 6,
                "ecn": 2,
                "checksum": 16,
            },
            {"options": 40, "payload": MAXIMUM_LENGTH - HEADER_LENGTH},
            "header and payload have more than 65535 bytes together",
        )


def _not_ipv4(version: int, header_length: int, total_length: int, available: int) -> ParseError:
    """The first thing that is wrong with these lengths, in the order of the header."""
    if version != 4:
        problem = f"the version must be 4, got {version}"
    elif header_length < HEADER_LENGTH:
        problem = f"the header length must be at least 5 words, got {header_length // 4}"
    elif header_length > total_length:
        problem = f"the header has {header_length} bytes, but the whole packet only {total_length}"
    else:
        problem = f"the total length is {total_length} bytes, but only {available} came"
    return ParseError(f"not an IPv4 packet: {problem} (RFC 791 section 3.1)")
