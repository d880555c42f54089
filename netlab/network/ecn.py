"""Explicit congestion notification in the IPv4 header (RFC 3168): a router marks instead of dropping.

bits 6 and 7 of the second byte   00  the transport doesn't understand marks
01  10  it does (ECT)
11  congestion was experienced (CE)
"""

_CE = 0b11


def mark(packet: bytes) -> bytes | None:
    """The packet with CE set, or None where its sender doesn't understand (or it isn't IPv4).

    The checksum is not computed anew but updated by the difference (RFC 1624 section 3), so that one
    that was wrong stays wrong.
    """
    if len(packet) < 20 or packet[0] >> 4 != 4 or packet[1] & _CE == 0:
        return None
    before = packet[0] << 8 | packet[1]
    after = before | _CE
    checksum = packet[10] << 8 | packet[11]
    total = (checksum ^ 0xFFFF) + (before ^ 0xFFFF) + after
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return b"".join((after.to_bytes(2), packet[2:10], (total ^ 0xFFFF).to_bytes(2), packet[12:]))
