"""The classic capture format, pcap: a header for the file, then one before each packet.

| file header  | bytes | |
|--------------|-------|-|
| magic        | 4     | a1b2c3d4, or a1b23c4d for times in ns; it also tells the byte order |
| version      | 2 + 2 | 2.4 |
| reserved     | 8     | |
| snap length  | 4     | at most so many bytes of each packet were kept |
| link type    | 4     | what each packet begins with |

| packet header   | bytes | |
|-----------------|-------|-|
| seconds         | 4     | since 1970 |
| fraction        | 4     | microseconds or nanoseconds |
| captured length | 4     | bytes that follow |
| original length | 4     | bytes that the packet had |
"""

import struct

from netlab.trace.capture import Capture, CaptureInterface, Packet, broken

_FORMATS = {
    bytes.fromhex("d4c3b2a1"): ("<", 1000),
    bytes.fromhex("a1b2c3d4"): (">", 1000),
    bytes.fromhex("4d3cb2a1"): ("<", 1),
    bytes.fromhex("a1b23c4d"): (">", 1),
}
MAGICS = tuple(_FORMATS)
"""The four bytes that a file may begin with."""

_FILE_HEADER_LENGTH = 24
_PACKET_HEADER_LENGTH = 16


def read(data: bytes, capture: Capture) -> None:
    """Add the packets of the file that is `data`, which begins with one of `MAGICS`, to `capture`.

    Raises `CaptureError` where it breaks off; the packets up to there have been added.
    """
    order, fraction_ns = _FORMATS[data[:4]]
    if len(data) < _FILE_HEADER_LENGTH:
        raise broken(len(data), f"the file ends within its header of {_FILE_HEADER_LENGTH} bytes")
    major, minor, linktype = struct.unpack_from(f"{order}HH12xI", data, 4)
    if major != 2:
        raise broken(4, f"expected version 2 of the pcap format, found {major}.{minor}")
    interface = CaptureInterface(linktype=linktype & 0xFFFF)  # above: the check sequence's length
    header = struct.Struct(f"{order}IIII")
    at = _FILE_HEADER_LENGTH
    while at < len(data):
        left = len(data) - at - _PACKET_HEADER_LENGTH
        if left < 0:
            raise broken(
                at,
                f"expected the {_PACKET_HEADER_LENGTH} bytes of a packet's header,"
                f" but the file ends after {len(data) - at}",
            )
        seconds, fraction, length, original_length = header.unpack_from(data, at)
        if length > left:
            raise broken(at, f"expected a packet of {length} bytes, but only {left} are left")
        start = at + _PACKET_HEADER_LENGTH
        at = start + length
        time = seconds * 1_000_000_000 + fraction * fraction_ns
        packet = Packet(time, data[start:at], max(original_length, length), interface)
        capture.packets.append(packet)
