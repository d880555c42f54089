"""The ARP packet for IPv4 over Ethernet (RFC 826), which RARP uses as well (RFC 903)."""

import struct
from dataclasses import dataclass
from typing import Self

from netlab.errors import ConfigurationError, ParseError
from netlab.fields import misfit
from netlab.link.address import MacAddress
from netlab.network.address import IPv4Address

REQUEST = 1
"""Who has this protocol address?"""
REPLY = 2
"""I have it, and this is my hardware address."""
REVERSE_REQUEST = 3
"""Which protocol address belongs to this hardware address (RFC 903)?"""
REVERSE_REPLY = 4
"""This one does."""

PACKET_LENGTH = 28

_HARDWARE_ETHERNET = 1
_PROTOCOL_IPV4 = 0x0800
_KINDS_AND_LENGTHS = (_HARDWARE_ETHERNET, _PROTOCOL_IPV4, 6, 4)

_PACKET = struct.Struct("!HHBBH6sI6sI")


@dataclass(slots=True)
class ArpPacket:
    """A question for an address, or its answer: 28 bytes in an Ethernet frame of its own.

    | field                   | bits | meaning |
    |-------------------------|------|---------|
    | operation               | 16   | `REQUEST`, `REPLY`, `REVERSE_REQUEST` or `REVERSE_REPLY` |
    | sender_hardware_address | 48   | the Ethernet address of who sends this |
    | sender_protocol_address | 32   | its IPv4 address |
    | target_hardware_address | 48   | the Ethernet address asked for; means nothing in a request |
    | target_protocol_address | 32   | the IPv4 address that a request wants resolved |

    Before them stand the kinds of both addresses and their lengths in bytes, which never differ
    here.
    """

    operation: int
    sender_hardware_address: MacAddress
    sender_protocol_address: IPv4Address
    target_hardware_address: MacAddress
    target_protocol_address: IPv4Address

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a packet of any operation; what follows its 28 bytes is the link's padding.

        Raises `ParseError` for less than 28 bytes, and for other addresses than Ethernet's and
        IPv4's.
        """
        try:
            hardware, protocol, hardware_length, protocol_length, operation, sha, spa, tha, tpa = (
                _PACKET.unpack_from(data)
            )
        except struct.error:
            raise ParseError(
                f"an ARP packet has {PACKET_LENGTH} bytes, got {len(data)} bytes (RFC 826)"
            ) from None
        if (hardware, protocol, hardware_length, protocol_length) != _KINDS_AND_LENGTHS:
            raise ParseError(
                "not ARP for IPv4 over Ethernet: expected hardware type 1 of 6 bytes and protocol"
                f" type 0x0800 of 4 bytes, got {hardware} of {hardware_length} and"
                f" {protocol:#06x} of {protocol_length} (RFC 826)"
            )
        return cls(
            operation,
            MacAddress.from_bytes(sha),
            IPv4Address.from_int(spa),
            MacAddress.from_bytes(tha),
            IPv4Address.from_int(tpa),
        )

    def pack(self) -> bytes:
        """The 28 bytes. Raises `ConfigurationError` for a field that doesn't fit its bits."""
        try:
            return _PACKET.pack(
                *_KINDS_AND_LENGTHS,
                self.operation,
                self.sender_hardware_address.to_bytes(6, "big"),
                self.sender_protocol_address,
                self.target_hardware_address.to_bytes(6, "big"),
                self.target_protocol_address,
            )
        except (struct.error, TypeError, OverflowError, AttributeError):
            raise self._misfit() from None

    @property
    def is_probe(self) -> bool:
        """Whether somebody asks, as nobody, if an address is free (RFC 5227 section 1.1)."""
        return self.operation == REQUEST and self.sender_protocol_address.is_unspecified

    @property
    def is_announcement(self) -> bool:
        """Whether somebody says where it is by a request that asks nothing (RFC 5227 section 1.1)."""
        return (
            self.operation == REQUEST
            and self.sender_protocol_address == self.target_protocol_address
        )

    def _misfit(self) -> ConfigurationError:
        return misfit(
            self,
            {
                "operation": 16,
                "sender_hardware_address": 48,
                "sender_protocol_address": 32,
                "target_hardware_address": 48,
                "target_protocol_address": 32,
            },
            {},
        )
