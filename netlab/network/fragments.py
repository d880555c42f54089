"""Cutting a packet to the size that a link takes (RFC 791 section 3.2)."""

from collections.abc import Iterator
from dataclasses import replace

from netlab.network.ip_options import copied_options
from netlab.network.ipv4_packet import Ipv4Packet

UNIT = 8
"""Bytes: every fragment but the last has a multiple of so many, for offsets count in them."""


def fragments(packet: Ipv4Packet, mtu: int) -> Iterator[Ipv4Packet]:
    """The fragments of a packet that has more than `mtu` bytes (68 at least), first to last.

    The packet may be a fragment itself. All have its identification, by which they find together
    again; the first has all of its options, the others those that say they are to be copied.
    Raises `OptionError` where the options can't be read.
    """
    options = packet.options
    offset, start = packet.fragment_offset, 0
    while start < len(packet.payload):
        piece = replace(packet, options=options, fragment_offset=offset, checksum=None)
        room = (mtu - piece.header_length) // UNIT * UNIT
        if len(packet.payload) - start + piece.header_length > mtu:
            piece.more_fragments = True
        else:
            room = mtu
        piece.payload = packet.payload[start : start + room]
        yield piece
        if start == 0:
            options = copied_options(options)
        start += room
        offset += room // UNIT
