"""The capture format of today, pcapng: a row of blocks, each with its kind and its length.

A section begins with a block that tells its byte order; blocks that describe interfaces follow, and
then those with packets, which name an interface by its number. Each block may end with options:
comments, names, the unit of time. A reader passes over the blocks and options that it doesn't know.

    kind    4 bytes
    length  4 bytes   of the whole block, a multiple of 4
    ...               what the kind asks for, then options: code, length, value, fill to 4 bytes
    length  4 bytes   again, so that a file can be read backwards
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping

from netlab.trace.capture import INBOUND, OUTBOUND, Capture, CaptureInterface, Packet, broken

MAGIC = bytes.fromhex("0a0d0d0a")
"""What a file begins with: the kind of the section header, the same in both byte orders."""

_SECTION_HEADER = 0x0A0D0D0A
_INTERFACE_DESCRIPTION = 1
_OBSOLETE_PACKET = 2
_SIMPLE_PACKET = 3
_NAME_RESOLUTION = 4
_ENHANCED_PACKET = 6

_BYTE_ORDER_MAGIC = 0x1A2B3C4D
_ORDERS = {bytes.fromhex("4d3c2b1a"): "<", bytes.fromhex("1a2b3c4d"): ">"}

_END_OF_OPTIONS = 0
_COMMENT = 1
_SECTION_HARDWARE, _SECTION_OS, _SECTION_APPLICATION = 2, 3, 4
_INTERFACE_NAME, _INTERFACE_MAC, _INTERFACE_SPEED = 2, 6, 8
_TIME_RESOLUTION, _TIME_OFFSET = 9, 14
_PACKET_FLAGS = 2
_SIMULATED = b"netlab"
_RECORD_IPV4 = 1

_DIRECTIONS = {1: INBOUND, 2: OUTBOUND}
_FLAGS = {direction: bits for bits, direction in _DIRECTIONS.items()}
_LONGEST_OPTION = 0xFFFF
_LATEST = (1 << 64) - 1

# --- writing --------------------------------------------------------------------------------


def write(packets: Iterable[Packet], names: Mapping[str, str], *, simulated: bool) -> bytes:
    """A file of one section with these packets, in this order, their times in nanoseconds.

    `names` maps IPv4 addresses to the names of their hosts, which an analyser may show instead.
    `simulated` says that the packets are of a run of netlab's own, with comments in its manner.
    """
    packets = list(packets)
    numbers: dict[CaptureInterface, int] = {}
    for packet in packets:
        numbers.setdefault(packet.interface, len(numbers))
    header = struct.pack("<IHHq", _BYTE_ORDER_MAGIC, 1, 0, -1) + _build_options(
        (_SECTION_HARDWARE, b"a simulated network" if simulated else b""),
        (_SECTION_OS, b"netlab" if simulated else b""),
        (_SECTION_APPLICATION, _SIMULATED if simulated else b"netlab, from another capture"),
    )
    blocks = [_build_block(_SECTION_HEADER, header)]
    blocks += [_build_interface(interface) for interface in numbers]
    if names:
        blocks.append(_build_names(names))
    blocks += [_build_packet(packet, numbers[packet.interface]) for packet in packets]
    return b"".join(blocks)


def _build_block(kind: int, body: bytes) -> bytes:
    length = 12 + len(body)
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _build_options(*options: tuple[int, bytes]) -> bytes:
    """The options that have a value, and the mark of their end."""
    parts = []
    for code, value in options:
        if value:
            parts += [struct.pack("<HH", code, len(value)), _filled(value)]
    return b"".join((*parts, bytes(4)))


def _build_interface(interface: CaptureInterface) -> bytes:
    speed = b"" if interface.rate is None else struct.pack("<Q", interface.rate)
    return _build_block(
        _INTERFACE_DESCRIPTION,
        struct.pack("<HHI", interface.linktype, 0, 0)
        + _build_options(
            (_INTERFACE_NAME, _encode(interface.name)),
            (_INTERFACE_MAC, interface.mac),
            (_INTERFACE_SPEED, speed),
            (_TIME_RESOLUTION, bytes((9,))),  # 10 to the power of -9 seconds
        ),
    )


def _build_names(names: Mapping[str, str]) -> bytes:
    records = []
    for address, name in names.items():
        value = bytes(map(int, address.split("."))) + _encode(name) + b"\0"
        records += [struct.pack("<HH", _RECORD_IPV4, len(value)), _filled(value)]
    return _build_block(_NAME_RESOLUTION, b"".join((*records, bytes(4))))


def _build_packet(packet: Packet, interface: int) -> bytes:
    time = min(max(packet.time or 0, 0), _LATEST)
    length = len(packet.data)
    comments = ((_COMMENT, _encode(comment)) for comment in packet.comments)
    flags = _FLAGS.get(packet.direction, 0)
    return _build_block(
        _ENHANCED_PACKET,
        struct.pack(
            "<IIIII", interface, time >> 32, time & 0xFFFFFFFF, length, packet.original_length
        )
        + _filled(packet.data)
        + _build_options(*comments, (_PACKET_FLAGS, struct.pack("<I", flags) if flags else b"")),
    )


def _encode(text: str) -> bytes:
    """UTF-8, cut between two characters where it is too long for an option."""
    packed = text.encode(errors="replace")
    if len(packed) < _LONGEST_OPTION - 4:
        return packed
    return packed[: _LONGEST_OPTION - 4].decode(errors="ignore").encode()


def _filled(data: bytes) -> bytes:
    """With zeros up to a multiple of 4 bytes."""
    return data + bytes(-len(data) & 3)


# --- reading --------------------------------------------------------------------------------


def read(data: bytes, capture: Capture) -> None:
    """Add what the file that is `data`, which begins with `MAGIC`, holds to `capture`.

    Raises `CaptureError` where it breaks off; the packets up to there have been added.
    """
    at = 0
    section = _Section(data, at, capture)
    while at < len(data):
        if at and data.startswith(MAGIC, at):
            section = _Section(data, at, capture)
        at = section.read_block(at)


class _ReadInterface(CaptureInterface):
    """An interface with what is needed to understand the times and lengths of its packets."""

    __slots__ = ("offset_ns", "snap_length", "ticks_per_second")

    def __init__(self, linktype: int, snap_length: int) -> None:
        super().__init__(linktype=linktype)
        self.snap_length = snap_length
        self.ticks_per_second = 1_000_000
        self.offset_ns = 0


class _Section:
    """One section: its byte order, and the interfaces that were described so far."""

    def __init__(self, data: bytes, at: int, capture: Capture) -> None:
        order = _ORDERS.get(data[at + 8 : at + 12])
        if order is None:
            raise broken(
                at + 8,
                f"expected the byte order magic 1a2b3c4d or 4d3c2b1a of a section,"
                f" found {data[at + 8 : at + 12].hex() or 'the end of the file'}",
            )
        self._data = data
        self._capture = capture
        self._order = order
        self._interfaces: list[_ReadInterface] = []
        self._readers: dict[int, Callable[[int, int], None]] = {
            _SECTION_HEADER: self._read_section,
            _INTERFACE_DESCRIPTION: self._read_interface,
            _OBSOLETE_PACKET: lambda at, end: self._read_packet("HHIIII", at, end),
            _SIMPLE_PACKET: self._read_simple_packet,
            _NAME_RESOLUTION: self._read_names,
            _ENHANCED_PACKET: lambda at, end: self._read_packet("IIIII", at, end),
        }

    def read_block(self, at: int) -> int:
        """Read the block at byte `at`, and tell where the next one begins."""
        left = len(self._data) - at
        if left < 12:
            raise broken(at, f"expected a block of at least 12 bytes, but only {left} are left")
        kind, length = self._unpack("II", at)
        if length < 12:
            raise broken(at + 4, f"expected a block's length of at least 12, found {length}")
        padded = length + (-length & 3)  # some writers forget to count what fills it up
        if padded > left:
            raise broken(at, f"expected a block of {length} bytes, but only {left} are left")
        end = at + padded - 4
        (again,) = self._unpack("I", end)
        if again != length:
            raise broken(end, f"expected the block's length once more, {length}, found {again}")
        if kind in self._readers:
            self._readers[kind](at + 8, end)
        return end + 4

    # Each of these reads the inside of one kind of block, from byte `at` to before `end`.

    def _read_section(self, at: int, end: int) -> None:
        _, major, minor, _ = self._fields("IHHq", at, end)
        if major != 1:
            raise broken(at + 4, f"expected version 1 of the pcapng format, found {major}.{minor}")
        for code, value in self._options(at + 16, end):
            if code == _SECTION_APPLICATION:
                self._capture.simulated = value == _SIMULATED

    def _read_interface(self, at: int, end: int) -> None:
        linktype, _, snap_length = self._fields("HHI", at, end)
        interface = _ReadInterface(linktype, snap_length)
        for code, value in self._options(at + 8, end):
            if code == _INTERFACE_NAME:
                interface.name = _decode(value)
            elif code == _INTERFACE_MAC:
                interface.mac = value[:6]
            elif code == _INTERFACE_SPEED and len(value) == 8:
                (interface.rate,) = struct.unpack(f"{self._order}Q", value)
            elif code == _TIME_RESOLUTION and value:
                # The highest bit tells whether the rest is a negative power of 2 or of 10.
                base, power = (2, value[0] & 0x7F) if value[0] & 0x80 else (10, value[0])
                interface.ticks_per_second = base**power
            elif code == _TIME_OFFSET and len(value) == 8:
                (seconds,) = struct.unpack(f"{self._order}q", value)
                interface.offset_ns = seconds * 1_000_000_000
        self._interfaces.append(interface)

    def _read_names(self, at: int, end: int) -> None:
        for kind, value in self._options(at, end):
            if kind == _RECORD_IPV4 and len(value) > 4:
                address = ".".join(str(number) for number in value[:4])
                self._capture.names[address] = _decode(value[4:].split(b"\0", 1)[0])

    def _read_packet(self, layout: str, at: int, end: int) -> None:
        number, *_, high, low, length, original_length = self._fields(layout, at, end)
        packet, after = self._packet(at, at + 20, end, number, length, original_length)
        interface = self._interfaces[number]
        ticks = (high << 32 | low) * 1_000_000_000 // interface.ticks_per_second
        packet.time = ticks + interface.offset_ns
        for code, value in self._options(after, end):
            if code == _COMMENT:
                packet.comments.append(_decode(value))
            elif code == _PACKET_FLAGS and len(value) == 4:
                (flags,) = struct.unpack(f"{self._order}I", value)
                packet.direction = _DIRECTIONS.get(flags & 3, "")
        self._capture.packets.append(packet)

    def _read_simple_packet(self, at: int, end: int) -> None:
        """It has neither a time nor options, and is of the first interface."""
        (original_length,) = self._fields("I", at, end)
        snap_length = self._interfaces[0].snap_length if self._interfaces else 0
        length = min(original_length, snap_length or original_length)
        packet, _ = self._packet(at, at + 4, end, 0, length, original_length)
        self._capture.packets.append(packet)

    def _packet(
        self, at: int, start: int, end: int, number: int, length: int, original_length: int
    ) -> tuple[Packet, int]:
        """The packet whose bytes begin at `start`, and where its options do."""
        if number >= len(self._interfaces):
            raise broken(
                at,
                f"a packet of interface {number}, but the section has described only"
                f" {len(self._interfaces)} so far (they count from 0)",
            )
        if length > end - start:
            raise broken(
                at, f"expected a packet of {length} bytes, but its block has room for {end - start}"
            )
        data = self._data[start : start + length]
        packet = Packet(None, data, max(original_length, length), self._interfaces[number])
        return packet, start + length + (-length & 3)

    # --- inside of blocks ---------------------------------------------------------------------

    def _options(self, at: int, end: int) -> Iterator[tuple[int, bytes]]:
        while end - at >= 4:
            code, length = self._unpack("HH", at)
            if code == _END_OF_OPTIONS:
                return
            start = at + 4
            if length > end - start:
                raise broken(
                    at,
                    f"expected an option of {length} bytes, but its block has room for"
                    f" {end - start}",
                )
            yield code, self._data[start : start + length]
            at = start + length + (-length & 3)

    def _fields(self, layout: str, at: int, end: int) -> tuple[int, ...]:
        needed = struct.calcsize(f"{self._order}{layout}")
        if needed > end - at:
            raise broken(
                at,
                f"expected the {needed} bytes that a block of this kind begins with,"
                f" but it has room for {end - at}",
            )
        return self._unpack(layout, at)

    def _unpack(self, layout: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(f"{self._order}{layout}", self._data, at)


def _decode(value: bytes) -> str:
    return value.decode(errors="replace").rstrip("\0")
