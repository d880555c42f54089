"""The UDP datagram (RFC 768)."""

import struct
from dataclasses import dataclass
from typing import Self

from netlab.errors import ConfigurationError, ParseError
from netlab.fields import misfit
from netlab.network.checksum import checksum_ok, internet_checksum, pseudo_header_sum
from netlab.network.ipv4_packet import PROTOCOL_UDP

HEADER_LENGTH = 8

_HEADER = struct.Struct("!HHHH")


@dataclass(slots=True)
class UdpDatagram:
    """One datagram: 8 bytes of header, then the payload.

    | field            | bits | meaning |
    |------------------|------|---------|
    | source_port      | 16   | where an answer would go; 0 when none is expected |
    | destination_port | 16   | which program of the receiver this is for |
    | checksum         | 16   | None is computed, a number goes out as it is; 0 stands for none |

    The length in bytes of header and payload follows from the payload.
    """

    source_port: int
    destination_port: int
    payload: bytes
    checksum: int | None = None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a datagram; what follows its length is left out.

        The checksum is kept and not judged (see `verify`).
        Raises `ParseError` for less than 8 bytes, and for a length below 8 or beyond the data.
        """
        try:
            source_port, destination_port, length, checksum = _HEADER.unpack_from(data)
        except struct.error:
            raise ParseError(
                f"a UDP header has {HEADER_LENGTH} bytes, got {len(data)} bytes (RFC 768)"
            ) from None
        if not HEADER_LENGTH <= length <= len(data):
            raise ParseError(
                f"a UDP length counts the {HEADER_LENGTH} bytes of the header and the payload:"
                f" got {length} with {len(data)} bytes of data (RFC 768)"
            )
        return cls(source_port, destination_port, data[HEADER_LENGTH:length], checksum)

    @staticmethod
    def verify(data: bytes, src: int, dst: int) -> bool:
        """Whether `data`, a datagram from address `src` to `dst`, agrees with its checksum.

        A checksum of 0 says that the sender made none, and so agrees (RFC 768).
        """
        if len(data) < HEADER_LENGTH:
            return False
        _, _, length, checksum = _HEADER.unpack_from(data)
        return checksum == 0 or checksum_ok(
            data[:length], pseudo_header_sum(src, dst, PROTOCOL_UDP, length)
        )

    def pack(self, src: int, dst: int) -> bytes:
        """The bytes of the datagram from address `src` to `dst`, which the checksum covers too.

        Raises `ConfigurationError` for a field that doesn't fit its bits.
        """
        try:
            length = HEADER_LENGTH + len(self.payload)
            checksum = self.checksum
            if checksum is None:
                fields = self.source_port + self.destination_port + length
                pseudo_header = pseudo_header_sum(src, dst, PROTOCOL_UDP, length)
                # A computed 0 goes out as 0xffff, the other zero, since 0 means none (RFC 768).
                checksum = internet_checksum(self.payload, fields + pseudo_header) or 0xFFFF
            return (
                _HEADER.pack(self.source_port, self.destination_port, length, checksum)
                + self.payload
            )
        except (struct.error, TypeError):
            raise self._misfit() from None

    def _misfit(self) -> ConfigurationError:
        return misfit(
            self,
            {"source_port": 16, "destination_port": 16, "checksum": 16},
            {"payload": 65_535 - HEADER_LENGTH},
            "pack() takes the two addresses as IPv4Address, such as IPv4Address.parse('10.0.0.1')",
        )
