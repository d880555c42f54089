"""Arithmetic on sequence numbers, modulo 2**32 (RFC 9293 section 3.4).

The numbers wrap around, so "less" means: less by going the shorter way round. It is right as long
as the two are less than 2**31 apart, as all that is under way on one connection is.
"""

MODULO = 1 << 32
MASK = MODULO - 1
_HALF = 1 << 31


def plus(seq: int, count: int) -> int:
    """`seq` moved on by `count` (back, when negative)."""
    return (seq + count) & MASK


def distance(start: int, end: int) -> int:
    """How far it is from `start` to `end`: negative when `end` comes before."""
    return ((end - start + _HALF) & MASK) - _HALF


def less(a: int, b: int) -> bool:
    """a < b."""
    return (a - b) & _HALF != 0


def less_equal(a: int, b: int) -> bool:
    """a =< b."""
    return (b - a) & _HALF == 0


def highest(a: int, b: int) -> int:
    """The later of two numbers."""
    return b if (a - b) & _HALF else a
