"""What a queue does when it grows: drop the next frame, or mark packets before it comes to that."""

from collections.abc import Callable
from typing import NamedTuple

from netlab.units import count

DEFAULT_QUEUE = 100
"""How many frames wait at each end before the next is dropped."""

Mark = Callable[[bytes], bytes | None]
"""Gives an IP packet with the mark of congestion, or None for one that can't have it."""


class EcnQueue(NamedTuple):
    """A queue of `limit` frames that marks packets while `threshold` or more wait (RFC 3168).

    Both ends of a connection must have agreed on such marks; packets that can't be marked are only
    dropped when the queue is full.
    """

    limit: int = DEFAULT_QUEUE
    threshold: int = 20


def limits(queue: int | EcnQueue) -> tuple[int, int | None]:
    """When a queue drops, and from where on it marks (None: never)."""
    if isinstance(queue, EcnQueue):
        return count(queue.limit, "limit"), count(queue.threshold, "threshold")
    return count(queue, "queue"), None
