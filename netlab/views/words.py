"""Times, sizes and numbers as people read them."""

from functools import lru_cache

from netlab.units import minute, ms, s, us


@lru_cache(maxsize=16_384)  # a picture says each time more than once
def clock(time_ns: int) -> str:
    """A time with three decimals at most: `12.5 us`, `20.091 ms`, `1.05 s`, `4 min 0.05 s`."""
    if time_ns < 0:
        return f"-{clock(-time_ns)}"
    if time_ns < us:
        return f"{time_ns} ns" if time_ns else "0 ms"
    if time_ns < ms:
        return f"{_decimal(time_ns / us)} us"
    if time_ns < s:
        return f"{_decimal(time_ns / ms)} ms"
    if time_ns < minute:
        return f"{_decimal(time_ns / s)} s"
    minutes, rest = divmod(time_ns, minute)
    return f"{minutes} min {_decimal(rest / s)} s" if rest >= ms else f"{minutes} min"


def count(number: int, what: str) -> str:
    """`1 segment`, `1,460 bytes`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def clip(text: str, most: int) -> str:
    """`text` in at most `most` characters."""
    return text if len(text) <= most else text[: max(0, most - 3)].rstrip() + "..."


def _decimal(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")
