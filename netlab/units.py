"""Units as plain integers: times in nanoseconds, rates in bits per second, sizes in bytes.

delay = 10 * ms      # 10_000_000 ns
rate = 10 * Mbps     # 10_000_000 bit/s
size = 64 * KiB      # 65_536 bytes
"""

from netlab.errors import ConfigurationError

ns = 1
us = 1_000 * ns
ms = 1_000 * us
s = 1_000 * ms
minute = 60 * s

bps = 1
kbps = 1_000 * bps
Mbps = 1_000 * kbps
Gbps = 1_000 * Mbps

B = 1
kB = 1_000 * B
MB = 1_000 * kB
KiB = 1_024 * B
MiB = 1_024 * KiB


def duration(value: object, what: str) -> int:
    """`value` as integer nanoseconds of at least 0; `what` names it in the error.

    Raises `ConfigurationError` for anything else, most often seconds given as a fraction.
    """
    number = _whole(value)
    if number is None or number < 0:
        raise ConfigurationError(
            f"{what} must be a whole number of nanoseconds, 0 or more, such as 10 * ms; got {value!r}"
        )
    return number


def rate(value: object, what: str) -> int:
    """`value` as an integer number of bits per second, above 0; `what` names it in the error."""
    number = _whole(value)
    if number is None or number <= 0:
        raise ConfigurationError(
            f"{what} must be a whole number of bits per second above 0, such as 10 * Mbps; got {value!r}"
        )
    return number


def probability(value: object, what: str) -> float:
    """`value` as a probability from 0 to 1; `what` names it in the error."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ConfigurationError(f"{what} must be a probability from 0.0 to 1.0; got {value!r}")
    return float(value)


def count(value: object, what: str, least: int = 1) -> int:
    """`value` as a whole number of at least `least`; `what` names it in the error."""
    number = _whole(value)
    if number is None or number < least:
        raise ConfigurationError(f"{what} must be a whole number of {least} or more; got {value!r}")
    return number


def show_time(time_ns: int) -> str:
    """A time for people to read: `0`, `350 ns`, `12.5 us`, `20.001 ms`, `1.5 s`."""
    for name, unit in (("s", s), ("ms", ms), ("us", us)):
        if abs(time_ns) >= unit:
            return f"{time_ns / unit:.6f}".rstrip("0").rstrip(".") + f" {name}"
    return f"{time_ns} ns" if time_ns else "0 s"


def time_of_day(date_ns: int) -> int:
    """Milliseconds since midnight, universal time, as packets tell it, of a date in ns since 1970."""
    return date_ns // ms % 86_400_000


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None
