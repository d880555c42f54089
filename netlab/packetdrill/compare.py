"""What a script expects against what the host sent, field by field."""

import struct
from typing import NamedTuple

from netlab.packetdrill.packet import TIMESTAMPS, Packet, Tcp, flags_text, option_text
from netlab.transport.tcp.options import Option


class Difference(NamedTuple):
    """A field that isn't as the script says."""

    field: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.field}: expected {self.expected}, but it was {self.actual}"


def differences(
    expected: Packet, actual: Packet, *, tick: int = 0, tolerance: int = 0
) -> list[Difference]:
    """All fields that differ. What the script leaves out isn't compared.

    Timestamps are compared only where it says how long their `tick` is (ns): their values may then
    be off by `tolerance` (ns), and what they echo must be right.
    """
    found: list[Difference] = []

    def compare(field: str, wanted: object, got: object) -> None:
        if wanted != got:
            found.append(Difference(field, str(wanted), str(got)))

    compare("protocol", expected.protocol, actual.protocol)
    if found:
        return found
    for name in ("ports", "ecn", "tos", "ttl"):
        if getattr(expected, name) is not None:
            compare(name, getattr(expected, name), getattr(actual, name))
    if isinstance(expected.body, Tcp) and isinstance(actual.body, Tcp):
        found += _tcp(expected.body, actual.body, tick, tolerance)
    else:
        for name in expected.body.__slots__:  # what a message leaves out came back as it was
            compare(name, getattr(expected.body, name), getattr(actual.body, name))
    return found


def _tcp(expected: Tcp, actual: Tcp, tick: int, tolerance: int) -> list[Difference]:
    found = []
    if expected.flags != actual.flags:
        found.append(Difference("flags", flags_text(expected.flags), flags_text(actual.flags)))
    for name in ("seq", "length", "ack", "window", "urgent"):
        wanted, got = getattr(expected, name), getattr(actual, name)
        if wanted is not None and wanted != got:
            found.append(Difference(name, str(wanted), str(got)))
    if expected.options is None:
        return found
    got_options = actual.options or []
    if expected.more:
        got_options = got_options[: len(expected.options)]
    count = max(len(expected.options), len(got_options))
    for at in range(count):
        want = expected.options[at] if at < len(expected.options) else None
        have = got_options[at] if at < len(got_options) else None
        if not _same_option(want, have, tick, tolerance):
            found.append(Difference(f"option {at + 1}", _or_none(want), _or_none(have)))
    return found


def _same_option(want: Option | None, have: Option | None, tick: int, tolerance: int) -> bool:
    if want is None or have is None or want.kind != have.kind:
        return False
    if want.kind != TIMESTAMPS or len(have.data) != 8:
        return want.data == have.data
    got_value, got_echo = struct.unpack("!II", have.data)
    if len(want.data) == 4:
        return bool(want.data == have.data[4:])
    if not tick or len(want.data) != 8:
        return len(want.data) == 8
    value, echo = struct.unpack("!II", want.data)
    off = (value - got_value + 0x80000000) % 0x100000000 - 0x80000000
    return bool(abs(off) * tick <= tolerance and echo == got_echo)


def _or_none(option: Option | None) -> str:
    return "none" if option is None else option_text(option)
