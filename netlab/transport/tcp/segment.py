"""The TCP segment (RFC 9293 section 3.1)."""

import struct
from dataclasses import dataclass
from typing import Self

from netlab.errors import ConfigurationError, ParseError
from netlab.fields import misfit
from netlab.network.checksum import checksum_ok, internet_checksum, pseudo_header_sum
from netlab.network.ipv4_packet import PROTOCOL_TCP

FIN = 1
"""The sender has no more data."""
SYN = 2
"""`seq` is the initial sequence number; the data begin one after it."""
RST = 4
"""There is no such connection, or it ends here."""
PSH = 8
"""Hand the data to the program without waiting for more."""
ACK = 16
"""`ack` means something: in every segment but the first SYN and some RSTs."""
URG = 32
"""`urgent_pointer` means something."""
ECE = 64
"""The other side's packets met congestion (RFC 3168 section 6.1)."""
CWR = 128
"""The sender has heard of it, and sends less (RFC 3168 section 6.1)."""

HEADER_LENGTH = 20
"""Bytes, without options."""
MAXIMUM_HEADER_LENGTH = 60
"""Bytes: the data offset counts up to fifteen words of four bytes."""

_FLAG_NAMES = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")

_HEADER = struct.Struct("!HHIIBBHHH")
_unpack_header = _HEADER.unpack_from
_new = object.__new__


@dataclass(slots=True)
class Segment:
    """One segment: 20 to 60 bytes of header, then a piece of the byte stream.

    | field            | bits   | meaning |
    |------------------|--------|---------|
    | source_port      | 16     | the sender's port |
    | destination_port | 16     | the receiver's |
    | seq              | 32     | SEG.SEQ: the number of the SYN, else of the first byte |
    | ack              | 32     | SEG.ACK: the number that the sender expects next, under `ACK` |
    | flags            | 8      | the sum of `SYN`, `ACK`, ...; also as `.syn`, `.has_ack`, ... |
    | window           | 16     | SEG.WND: bytes from `ack` on that the sender takes, not scaled |
    | options          | 40 x 8 | as on the wire; filled up with zeros to whole words of 4 bytes |
    | urgent_pointer   | 16     | bytes from `seq` to the end of the urgent data, under `URG` |
    | checksum         | 16     | None is computed, a number goes out as it is |

    The data offset, the header's length in words of 4 bytes, follows from the options.
    """

    source_port: int
    destination_port: int
    seq: int
    ack: int
    flags: int
    window: int
    payload: bytes = b""
    options: bytes = b""
    urgent_pointer: int = 0
    checksum: int | None = None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a segment that is all of `data`; its checksum is kept and not judged (see `verify`).

        The four reserved bits are ignored. Raises `ParseError` for less than 20 bytes, and for a
        data offset below 5 words or beyond the data.
        """
        try:
            (
                source_port,
                destination_port,
                seq,
                ack,
                offset_reserved,
                flags,
                window,
                checksum,
                urgent_pointer,
            ) = _unpack_header(data)
        except struct.error:
            raise ParseError(
                f"a TCP header has at least {HEADER_LENGTH} bytes, got {len(data)} (RFC 9293 3.1)"
            ) from None
        header_length = offset_reserved >> 4 << 2
        if not HEADER_LENGTH <= header_length <= len(data):
            raise ParseError(
                "a TCP data offset is at least 5 words and ends within the segment: got"
                f" {offset_reserved >> 4} words in {len(data)} bytes (RFC 9293 section 3.1)"
            )
        segment = _new(cls)  # one by one: a call of the class with all of them takes twice the time
        segment.source_port = source_port
        segment.destination_port = destination_port
        segment.seq = seq
        segment.ack = ack
        segment.flags = flags
        segment.window = window
        segment.payload = data[header_length:]
        segment.options = data[HEADER_LENGTH:header_length]
        segment.urgent_pointer = urgent_pointer
        segment.checksum = checksum
        return segment

    @staticmethod
    def verify(data: bytes, src: int, dst: int) -> bool:
        """Whether `data`, a segment from address `src` to `dst`, agrees with its checksum."""
        return len(data) >= HEADER_LENGTH and checksum_ok(
            data, pseudo_header_sum(src, dst, PROTOCOL_TCP, len(data))
        )

    def pack(self, src: int, dst: int) -> bytes:
        """The bytes of the segment from address `src` to `dst`, which the checksum covers too.

        Raises `ConfigurationError` for a field that doesn't fit its bits.
        """
        try:
            options = self.options
            header_length = HEADER_LENGTH
            if options:
                options += bytes(-len(options) & 3)
                header_length += len(options)
            data_offset = header_length << 2  # in words, in the upper half of its byte
            checksum = self.checksum
            if checksum is None:
                # The words of the header are summed from their fields: packing it first would
                # cost more.
                checksum = internet_checksum(
                    options + self.payload,
                    self.source_port
                    + self.destination_port
                    + self.seq
                    + self.ack
                    + (data_offset << 8)
                    + self.flags
                    + self.window
                    + self.urgent_pointer
                    + pseudo_header_sum(src, dst, PROTOCOL_TCP, header_length + len(self.payload)),
                )
            header = _HEADER.pack(
                self.source_port,
                self.destination_port,
                self.seq,
                self.ack,
                data_offset,
                self.flags,
                self.window,
                checksum,
                self.urgent_pointer,
            )
            return header + options + self.payload
        except (struct.error, TypeError):
            raise self._misfit() from None

    @property
    def fin(self) -> bool:
        """Whether the FIN flag is set."""
        return self.flags & FIN != 0

    @property
    def syn(self) -> bool:
        """Whether the SYN flag is set."""
        return self.flags & SYN != 0

    @property
    def rst(self) -> bool:
        """Whether the RST flag is set."""
        return self.flags & RST != 0

    @property
    def psh(self) -> bool:
        """Whether the PSH flag is set."""
        return self.flags & PSH != 0

    @property
    def has_ack(self) -> bool:
        """Whether the ACK flag is set, and `ack` means something."""
        return self.flags & ACK != 0

    @property
    def urg(self) -> bool:
        """Whether the URG flag is set."""
        return self.flags & URG != 0

    @property
    def ece(self) -> bool:
        """Whether the ECE flag is set."""
        return self.flags & ECE != 0

    @property
    def cwr(self) -> bool:
        """Whether the CWR flag is set."""
        return self.flags & CWR != 0

    @property
    def length(self) -> int:
        """SEG.LEN: the sequence numbers it takes, one for each byte, for SYN and for FIN."""
        return len(self.payload) + (self.flags >> 1 & 1) + (self.flags & 1)

    @property
    def flags_text(self) -> str:
        """The flags that are set, lowest first: `SYN,ACK`; the empty text when none is."""
        return ",".join(name for bit, name in enumerate(_FLAG_NAMES) if self.flags >> bit & 1)

    def _misfit(self) -> ConfigurationError:
        return misfit(
            self,
            {
                "source_port": 16,
                "destination_port": 16,
                "seq": 32,
                "ack": 32,
                "flags": 8,
                "window": 16,
                "urgent_pointer": 16,
                "checksum": 16,
            },
            {"options": 40, "payload": 65_535 - 20 - HEADER_LENGTH},
            "pack() takes the two addresses as IPv4Address, such as IPv4Address.parse('10.0.0.1')",
        )
