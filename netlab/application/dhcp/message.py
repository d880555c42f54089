"""The DHCP message (RFC 2131 section 2): BOOTP's fields (RFC 951), then options (RFC 2132)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from netlab.errors import ConfigurationError, ParseError
from netlab.fields import misfit
from netlab.link.address import MacAddress
from netlab.network.address import IPv4Address

SERVER_PORT = 67
CLIENT_PORT = 68

REQUEST = 1
"""`op` of what a client sends."""
REPLY = 2
"""`op` of what a server sends."""
BROADCAST = 0x8000
"""The flag by which a client without an address asks for answers to all (RFC 2131 section 4.1)."""
INFINITE = 0xFFFFFFFF
"""A lease time without an end (RFC 2131 section 3.3)."""

FIXED_LENGTH = 236
SHORTEST = 300
"""Bytes: old relays and servers drop what is shorter (RFC 1542 section 2.1)."""


class MessageType(IntEnum):
    """What a message is, as option 53 tells (RFC 2132 section 9.6)."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8


class Option(IntEnum):
    """The options that are used here (RFC 2132)."""

    SUBNET_MASK = 1
    ROUTER = 3
    HOST_NAME = 12
    REQUESTED_ADDRESS = 50
    LEASE_TIME = 51
    OVERLOAD = 52
    MESSAGE_TYPE = 53
    SERVER_IDENTIFIER = 54
    PARAMETERS = 55
    MESSAGE = 56
    RENEWAL_TIME = 58
    REBINDING_TIME = 59
    CLIENT_IDENTIFIER = 61


_PAD, _END = 0, 255
_COOKIE = b"\x63\x82\x53\x63"
_ETHERNET = (1, 6)
_NUMBERS = struct.Struct("!BBBBIHHIIII")
_TEXTS = struct.Struct("!6s10x64s128s")
_LENGTHS = {
    Option.SUBNET_MASK: 4,
    Option.REQUESTED_ADDRESS: 4,
    Option.LEASE_TIME: 4,
    Option.MESSAGE_TYPE: 1,
    Option.SERVER_IDENTIFIER: 4,
    Option.RENEWAL_TIME: 4,
    Option.REBINDING_TIME: 4,
}


@dataclass(slots=True)
class DhcpMessage:
    """One message between a client and a server, for Ethernet.

    | field   | bits | meaning |
    |---------|------|---------|
    | op      | 8    | `REQUEST` from a client, `REPLY` from a server |
    | xid     | 32   | chosen by the client; answers bear the same |
    | chaddr  | 48   | the client's Ethernet address |
    | options |      | values by number, see `Option`; empty in a BOOTP message without any |
    | secs    | 16   | seconds since the client began |
    | flags   | 16   | `BROADCAST`, or 0 |
    | ciaddr  | 32   | the client's address, if it has one that it may use |
    | yiaddr  | 32   | the address that the server gives to the client |
    | siaddr  | 32   | the server from which to load a program next |
    | giaddr  | 32   | the relay by which the message came |
    | hops    | 8    | relays that it has passed |
    | sname   |      | the name of that server, 64 bytes at most |
    | file    |      | the name of that program, 128 bytes at most |
    """

    op: int
    xid: int
    chaddr: MacAddress
    options: dict[int, bytes] = field(default_factory=dict)
    secs: int = 0
    flags: int = 0
    ciaddr: IPv4Address = IPv4Address.UNSPECIFIED
    yiaddr: IPv4Address = IPv4Address.UNSPECIFIED
    siaddr: IPv4Address = IPv4Address.UNSPECIFIED
    giaddr: IPv4Address = IPv4Address.UNSPECIFIED
    hops: int = 0
    sname: bytes = b""
    file: bytes = b""

    # --- what the options say ---------------------------------------------------------------

    @property
    def message_type(self) -> int | None:
        """A `MessageType`, or a number that is none; None in a BOOTP message."""
        value = self._number(Option.MESSAGE_TYPE)
        return value if value is None or not 1 <= value <= 8 else MessageType(value)

    @property
    def server_identifier(self) -> IPv4Address | None:
        """The address of the server that sends this, or is meant."""
        return self._address(Option.SERVER_IDENTIFIER)

    @property
    def requested_address(self) -> IPv4Address | None:
        """The address that the client asks for."""
        return self._address(Option.REQUESTED_ADDRESS)

    @property
    def subnet_mask(self) -> IPv4Address | None:
        """The mask of the client's network."""
        return self._address(Option.SUBNET_MASK)

    @property
    def routers(self) -> list[IPv4Address]:
        """The routers of that network, the best first."""
        value = self.options.get(Option.ROUTER, b"")
        return [IPv4Address.from_bytes(value[at : at + 4]) for at in range(0, len(value), 4)]

    @property
    def lease_time(self) -> int | None:
        """How long the address may be used, in seconds, or `INFINITE`."""
        return self._number(Option.LEASE_TIME)

    @property
    def renewal_time(self) -> int | None:
        """T1 in seconds: when to ask the server for more time."""
        return self._number(Option.RENEWAL_TIME)

    @property
    def rebinding_time(self) -> int | None:
        """T2 in seconds: when to ask any server."""
        return self._number(Option.REBINDING_TIME)

    @property
    def type_text(self) -> str:
        """What it is in a word: "Discover", "ACK", "Boot Request"."""
        kind = self.message_type
        if kind is None:
            return "Boot Request" if self.op == REQUEST else "Boot Reply"
        if not isinstance(kind, MessageType):
            return f"message type {kind}"
        return kind.name if kind in (MessageType.ACK, MessageType.NAK) else kind.name.capitalize()

    @property
    def about(self) -> IPv4Address:
        """The address that is given, asked for, or used; 0.0.0.0 while it is about none."""
        return self.yiaddr or self.requested_address or self.ciaddr

    def _number(self, option: Option) -> int | None:
        value = self.options.get(option)
        return None if value is None else int.from_bytes(value, "big")

    def _address(self, option: Option) -> IPv4Address | None:
        value = self.options.get(option)
        return None if value is None else IPv4Address.from_bytes(value)

    # --- bytes ------------------------------------------------------------------------------

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a message. Options that spill over into `file` and `sname` are put with the others.

        Raises `ParseError` for less than BOOTP's fields, for another hardware than Ethernet, for
        options that break off, and for known ones of a wrong length.
        """
        try:
            (op, htype, hlen, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr) = (
                _NUMBERS.unpack_from(data)
            )
            chaddr, sname, file = _TEXTS.unpack_from(data, _NUMBERS.size)
        except struct.error:
            raise ParseError(
                f"a BOOTP message has {FIXED_LENGTH} bytes at least, got {len(data)} (RFC 951)"
            ) from None
        if (htype, hlen) != _ETHERNET:
            raise ParseError(
                f"not BOOTP for Ethernet: expected hardware type 1 of 6 bytes, got {htype} of {hlen}"
            )
        options: dict[int, bytes] = {}
        if data[FIXED_LENGTH : FIXED_LENGTH + 4] == _COOKIE:
            _read_options(options, data[FIXED_LENGTH + 4 :])
            overload = int.from_bytes(options.pop(Option.OVERLOAD, b""), "big")
            if overload & 1:
                _read_options(options, file)
                file = b""
            if overload & 2:
                _read_options(options, sname)
                sname = b""
            _check_lengths(options)
        return cls(
            op,
            xid,
            MacAddress.from_bytes(chaddr),
            options,
            secs,
            flags,
            IPv4Address.from_int(ciaddr),
            IPv4Address.from_int(yiaddr),
            IPv4Address.from_int(siaddr),
            IPv4Address.from_int(giaddr),
            hops,
            sname.rstrip(b"\0"),
            file.rstrip(b"\0"),
        )

    def pack(self) -> bytes:
        """The bytes, filled up to 300. Raises `ConfigurationError` for a field that doesn't fit."""
        try:
            fixed = _NUMBERS.pack(
                self.op,
                *_ETHERNET,
                self.hops,
                self.xid,
                self.secs,
                self.flags,
                self.ciaddr,
                self.yiaddr,
                self.siaddr,
                self.giaddr,
            )
            fixed += _TEXTS.pack(self.chaddr.to_bytes(6, "big"), self.sname, self.file)
            if len(self.sname) > 64 or len(self.file) > 128:
                raise self._misfit()
            rest = _COOKIE + _pack_options(self.options) + bytes([_END]) if self.options else b""
        except (struct.error, TypeError, OverflowError, AttributeError):
            raise self._misfit() from None
        return (fixed + rest).ljust(SHORTEST, b"\0")

    def _misfit(self) -> ConfigurationError:
        addresses = dict.fromkeys(("ciaddr", "yiaddr", "siaddr", "giaddr"), 32)
        bits = {"op": 8, "hops": 8, "xid": 32, "secs": 16, "flags": 16, "chaddr": 48, **addresses}
        return misfit(
            self,
            bits,
            {"sname": 64, "file": 128},
            f"expected options as bytes by their numbers, 1 to 254, got {self.options!r}",
        )


def _read_options(options: dict[int, bytes], data: bytes) -> None:
    """Read up to the end mark. What comes in several parts is joined (RFC 3396 section 7)."""
    at = 0
    while at < len(data) and data[at] != _END:
        code = data[at]
        if code == _PAD:
            at += 1
            continue
        end = at + 2 + (data[at + 1] if at + 1 < len(data) else 0)
        if end > len(data) or at + 1 == len(data):
            raise ParseError(f"DHCP option {code} breaks off (RFC 2132 section 2)")
        options[code] = options.get(code, b"") + data[at + 2 : end]
        at = end


def _check_lengths(options: Mapping[int, bytes]) -> None:
    for option, length in _LENGTHS.items():
        if option in options and len(options[option]) != length:
            raise ParseError(
                f"DHCP option {int(option)} has {length} bytes, got {len(options[option])}"
                " (RFC 2132)"
            )
    routers = len(options.get(Option.ROUTER, bytes(4)))
    if routers % 4 or not routers:
        raise ParseError(
            f"DHCP option 3 has 4 bytes a router, got {routers} (RFC 2132 section 3.5)"
        )


def _pack_options(options: Mapping[int, bytes]) -> bytes:
    """Code, length and value of each, a long value in several parts (RFC 3396 section 5)."""
    packed = bytearray()
    for code, value in options.items():
        if not _PAD < code < _END:
            raise TypeError(code)
        for at in range(0, len(value) or 1, 255):
            part = value[at : at + 255]
            packed += bytes([code, len(part)]) + part
    return bytes(packed)
