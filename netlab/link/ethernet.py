"""The Ethernet II frame, as IPv4 and ARP use it (RFC 894)."""

import struct
from dataclasses import dataclass
from typing import Self
from zlib import crc32

from netlab.errors import ConfigurationError, ParseError
from netlab.fields import misfit
from netlab.link.address import MacAddress
from netlab.link.framing import Framing

ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_ARP = 0x0806
ETHERTYPE_RARP = 0x8035
LINKTYPE_ETHERNET = 1

HEADER_LENGTH = 14
MINIMUM_LENGTH = 60
"""Bytes, without the check sequence. A shorter frame is filled up with zeros (RFC 894)."""
FCS_LENGTH = 4

_HEADER = struct.Struct("!6s6sH")
_pack_header = _HEADER.pack
_unpack_header = _HEADER.unpack_from
_mac_address = MacAddress.from_bytes
_BROADCAST = MacAddress.BROADCAST
_new = object.__new__


@dataclass(slots=True)
class EthernetFrame:
    """One frame: 14 bytes of header, then what it carries.

    | field     | bits | meaning |
    |-----------|------|---------|
    | dst       | 48   | the station, or group of stations, that is meant |
    | src       | 48   | the station that sends |
    | ethertype | 16   | what the payload is: `ETHERTYPE_IPV4`, `ETHERTYPE_ARP`, ... |

    The preamble before the frame and the check sequence after it belong to the hardware; captures
    don't show them, and neither does this class. Nor does it fill up a frame that is short. An
    `ethertype` of 1500 or less is really the length of an IEEE 802.3 frame, whose payload isn't
    IPv4 or ARP directly (RFC 1042).
    """

    dst: MacAddress
    src: MacAddress
    ethertype: int
    payload: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a frame. Padding is left to the payload's parser, which knows its length.

        Raises `ParseError` when there are less than 14 bytes.
        """
        try:
            dst, src, ethertype = _unpack_header(data)
        except struct.error:
            raise ParseError(
                f"an Ethernet header has {HEADER_LENGTH} bytes, got {len(data)} (RFC 894)"
            ) from None
        frame = _new(cls)  # one by one: a call of the class with all of them takes twice the time
        frame.dst = _mac_address(dst)
        frame.src = _mac_address(src)
        frame.ethertype = ethertype
        frame.payload = data[HEADER_LENGTH:]
        return frame

    def pack(self) -> bytes:
        """The bytes, without padding; raises `ConfigurationError` if a field doesn't fit."""
        try:
            dst = self.dst.to_bytes(6, "big")
            src = self.src.to_bytes(6, "big")
            return _pack_header(dst, src, self.ethertype) + self.payload
        except (struct.error, TypeError, OverflowError, AttributeError):
            raise self._misfit() from None

    @property
    def is_broadcast(self) -> bool:
        """Whether it was sent to all stations on the link."""
        return self.dst == _BROADCAST

    def _misfit(self) -> ConfigurationError:
        return misfit(self, {"dst": 48, "src": 48, "ethertype": 16}, {"payload": 65_535})


class Ethernet(Framing):
    """Stations with addresses: each takes what is for it, or for everybody."""

    name = "ethernet"
    linktype = LINKTYPE_ETHERNET
    prefix = "eth"
    hardware = "ether"
    resolves = True
    trailer = FCS_LENGTH

    def pack(self, dst: MacAddress, ethertype: int, payload: bytes) -> bytes:
        src = self._interface.mac
        try:  # without making an object of it first
            data = _pack_header(dst.to_bytes(6, "big"), src.to_bytes(6, "big"), ethertype) + payload
        except (struct.error, TypeError, OverflowError, AttributeError):
            return EthernetFrame(dst, src, ethertype, payload).pack()  # it says what doesn't fit
        return data if len(data) >= MINIMUM_LENGTH else data.ljust(MINIMUM_LENGTH, b"\0")

    def complete(self, data: bytes) -> bytes:
        return data.ljust(MINIMUM_LENGTH, b"\0")

    @classmethod
    def packet_at(cls, data: bytes) -> int | None:
        return HEADER_LENGTH if data[12:14] == b"\x08\x00" else None

    @classmethod
    def fcs(cls, data: bytes) -> bytes:
        return crc32(data).to_bytes(4, "little")  # IEEE 802.3 section 3.2.9: the same polynomial

    def receive(self, data: bytes) -> None:
        interface = self._interface
        if len(data) < HEADER_LENGTH:
            interface.rx.errors += 1
            interface.discard(f"shorter than an Ethernet header ({HEADER_LENGTH} bytes)")
            return
        frame = EthernetFrame.parse(data)
        dst = frame.dst
        if dst != interface.mac and dst != _BROADCAST:
            interface.rx.mcast += dst.is_multicast
            interface.discard(f"for {dst}, not for this interface")
            return
        self._hand_up(frame)
