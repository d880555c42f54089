"""The options of a TCP header (RFC 9293 sections 3.1 and 3.2).

An option is one byte for its kind, one for its length, which counts both, and then its data. The
two oldest kinds are a single byte: EOL ends the list, NOP fills a place so that the next option
is aligned.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from netlab.errors import ConfigurationError
from netlab.fields import misfit

EOL = 0
"""End of the option list: the rest is padding."""
NOP = 1
"""No operation."""
MSS = 2
"""Maximum segment size: bytes of payload that the sender takes in one segment; in a SYN."""

MAXIMUM_LENGTH = 40
"""Bytes of all options together."""

_NAMES = {EOL: "EOL", NOP: "NOP", MSS: "MSS"}


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
    packed = b"".join(option.pack() for option in options)
    if len(packed) > MAXIMUM_LENGTH:
        raise ConfigurationError(
            f"these TCP options take {len(packed)} bytes: expected {MAXIMUM_LENGTH} at most"
        )
    return packed + bytes(-len(packed) & 3)


def mss_option(mss: int) -> Option:
    """The option that announces `mss` bytes; raises `ConfigurationError` above 65535."""
    if mss >> 16:
        raise ConfigurationError(
            f"a maximum segment size has 16 bits: expected 0 to 65535, got {mss}"
        )
    return Option(MSS, mss.to_bytes(2, "big"))


def maximum_segment_size(data: bytes) -> int | None:
    """The MSS that the option bytes of a segment announce, in bytes; None when they don't.

    One whose length isn't 4 is ignored, as is a second one.
    """
    for option in parse_options(data):
        if option.kind == MSS and len(option.data) == 2:
            return int.from_bytes(option.data, "big")
    return None
