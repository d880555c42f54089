"""The options of a TCP header (RFC 9293 sections 3.1 and 3.2; RFC 2018, RFC 7323).

An option is one byte for its kind, one for its length, which counts both, and then its data. The
two oldest kinds are a single byte: EOL ends the list, NOP fills a place so that the next option
is aligned.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netlab.errors import ConfigurationError
from netlab.fields import misfit

EOL = 0
"""End of the option list: the rest is padding."""
NOP = 1
"""No operation."""
MSS = 2
"""Maximum segment size: bytes of payload that the sender takes in one segment; in a SYN."""
WINDOW_SCALE = 3
"""Windows are to be multiplied by 2 to the power of this; in a SYN (RFC 7323 section 2)."""
SACK_PERMITTED = 4
"""The sender understands SACK; in a SYN (RFC 2018 section 2)."""
SACK = 5
"""Blocks beyond the acknowledgment that are here (RFC 2018 section 3)."""
TIMESTAMPS = 8
"""TSval, the sender's clock, and TSecr, the one of the other side's that it saw last (RFC 7323
section 3)."""

MAXIMUM_LENGTH = 40
"""Bytes of all options together."""

USUAL_ORDER = (MSS, SACK_PERMITTED, TIMESTAMPS, WINDOW_SCALE, SACK)
LARGEST_WINDOW_SCALE = 14
"""RFC 7323 section 2.3: a larger one counts as this."""

_NAMES = {
    EOL: "EOL",
    NOP: "NOP",
    MSS: "MSS",
    WINDOW_SCALE: "window scale",
    SACK_PERMITTED: "SACK permitted",
    SACK: "SACK",
    TIMESTAMPS: "timestamps",
}


@dataclass(slots=True)
class Option:
    """One option: its `kind`, 0 to 255, and the `data` after kind and length."""

    kind: int
    data: bytes = b""

    @property
    def name(self) -> str:
        """`MSS`, or `option 77` where the kind isn't known here."""
        return _NAMES.get(self.kind, f"option {self.kind}")

    def pack(self) -> bytes:
        """The bytes of the option. Raises `ConfigurationError` for what no header can hold."""
        if self.kind in (EOL, NOP):
            if self.data:
                raise ConfigurationError(
                    f"the TCP option {self.name} is a single byte, but has the data {self.data!r}"
                )
            return bytes((self.kind,))
        try:
            return bytes((self.kind, 2 + len(self.data))) + self.data
        except (TypeError, ValueError):
            raise misfit(self, {"kind": 8}, {"data": MAXIMUM_LENGTH - 2}) from None


def parse_options(data: bytes) -> list[Option]:
    """The options in the option bytes of a segment, unknown ones too, up to EOL.

    A peer may send anything: an option with an impossible length ends the list without an error,
    since nobody can tell where the next one starts (RFC 9293 MUST-7).
    """
    options = []
    at = 0
    while at < len(data):
        kind = data[at]
        if kind in (EOL, NOP):
            options.append(Option(kind))
            if kind == EOL:
                break
            at += 1
            continue
        length = data[at + 1] if at + 1 < len(data) else 0
        if not 2 <= length <= len(data) - at:
            break
        options.append(Option(kind, data[at + 2 : at + length]))
        at += length
    return options


def build_options(options: Iterable[Option]) -> bytes:
    """The bytes of these options, in order, filled up with zeros to whole words of 4 bytes.

    Raises `ConfigurationError` for more than 40 bytes, and for an option that no header can hold.
    """
    return check_length(b"".join(option.pack() for option in options))


def check_length(packed: bytes) -> bytes:
    """These option bytes, filled up to whole words; `ConfigurationError` if they are too many."""
    if len(packed) > MAXIMUM_LENGTH:
        raise ConfigurationError(
            f"these TCP options take {len(packed)} bytes: expected {MAXIMUM_LENGTH} at most"
        )
    return packed + bytes(-len(packed) & 3)


_TIMESTAMPS_START = bytes((NOP, NOP, TIMESTAMPS, 10))
_TWO_NUMBERS = struct.Struct("!II")
_SACK_START = {16 + 8 * n: bytes((NOP, NOP, SACK, 2 + 8 * n)) for n in (1, 2, 3)}


@dataclass(slots=True)
class Options:
    """The options that this TCP understands, of one segment; None or empty where it has none.

    `timestamps` are TSval and TSecr; `sack` holds the blocks, each by its two sequence numbers.
    """

    mss: int | None = None
    window_scale: int | None = None
    sack_permitted: bool = False
    sack: tuple[tuple[int, int], ...] = ()
    timestamps: tuple[int, int] | None = None

    @classmethod
    def parse(cls, data: bytes) -> "Options":
        """Read option bytes. One of a wrong length is ignored, as is a second of the same kind."""
        size = len(data)
        if size >= 12 and data[:4] == _TIMESTAMPS_START:
            # As nearly all segments have it: timestamps alone, or with SACK behind them.
            found = cls(None, None, False, (), _TWO_NUMBERS.unpack_from(data, 4))
            if size == 12:
                return found
            if data[12:16] == _SACK_START.get(size):
                _read_sack(found, data[16:])
                return found
        found = cls()
        seen = set()
        for option in parse_options(data):
            read = _READERS.get((option.kind, len(option.data)))
            if read is not None and option.kind not in seen:
                seen.add(option.kind)
                read(found, option.data)
        return found

    def pack(self, order: Sequence[int] = USUAL_ORDER) -> bytes:
        """The bytes, in the `order` of these kinds, each aligned by NOPs in front of it.

        Raises `ConfigurationError` for more than 40 bytes, and for a number that doesn't fit.
        """
        packed = b""
        for kind in order:
            data = self._data(kind)
            if data is not None:
                # It ends with a whole word, so that the next is aligned (RFC 7323 appendix A);
                # SACK permitted and timestamps fill three words together.
                if not (kind == SACK_PERMITTED and self.timestamps):
                    packed += bytes((NOP,)) * (-(len(packed) + 2 + len(data)) & 3)
                packed += Option(kind, data).pack()
        return check_length(packed)

    def _data(self, kind: int) -> bytes | None:
        if kind == MSS and self.mss is not None:
            return _number(self.mss, 2, "a maximum segment size")
        if kind == WINDOW_SCALE and self.window_scale is not None:
            return _number(self.window_scale, 1, "a window scale")
        if kind == SACK_PERMITTED and self.sack_permitted:
            return b""
        if kind == TIMESTAMPS and self.timestamps is not None:
            return b"".join(_number(each, 4, "a timestamp") for each in self.timestamps)
        if kind == SACK and self.sack:
            edges = (edge for block in self.sack for edge in block)
            return b"".join(_number(edge, 4, "an edge of a block") for edge in edges)
        return None


def timestamps_alone(value: int, echo: int) -> bytes:
    """The option bytes of a segment that has timestamps and nothing else."""
    return _TIMESTAMPS_START + _TWO_NUMBERS.pack(value, echo)


def sack_alone(blocks: Sequence[tuple[int, int]]) -> bytes:
    """The option bytes of these blocks; none where there are none."""
    if not blocks:
        return b""
    edges = b"".join([_TWO_NUMBERS.pack(start, end) for start, end in blocks])
    return bytes((NOP, NOP, SACK, 2 + len(edges))) + edges


def _read_mss(found: Options, data: bytes) -> None:
    found.mss = int.from_bytes(data, "big")


def _read_window_scale(found: Options, data: bytes) -> None:
    found.window_scale = min(data[0], LARGEST_WINDOW_SCALE)


def _read_sack_permitted(found: Options, data: bytes) -> None:
    found.sack_permitted = True


def _read_timestamps(found: Options, data: bytes) -> None:
    found.timestamps = (int.from_bytes(data[:4], "big"), int.from_bytes(data[4:], "big"))


def _read_sack(found: Options, data: bytes) -> None:
    edges = struct.unpack(f"!{len(data) // 4}I", data)
    found.sack = tuple(zip(edges[::2], edges[1::2], strict=True))


_READERS = {
    (MSS, 2): _read_mss,
    (WINDOW_SCALE, 1): _read_window_scale,
    (SACK_PERMITTED, 0): _read_sack_permitted,
    (TIMESTAMPS, 8): _read_timestamps,
    **{(SACK, 8 * blocks): _read_sack for blocks in range(1, 5)},
}


def _number(value: int, size: int, what: str) -> bytes:
    if not 0 <= value < 1 << 8 * size:
        raise ConfigurationError(
            f"{what} has {8 * size} bits: expected 0 to {(1 << 8 * size) - 1}, got {value}"
        )
    return value.to_bytes(size, "big")
