"""How often Python looks for garbage while a network runs.

Counting references frees nearly all that a run makes as soon as nobody holds it; only what goes round
in circles waits for the collector. What is recorded stays. So looking through the record again and
again, each time a few hundred events more are on it, finds nothing and takes a tenth of a long run.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLD = 20_000
"""So many new objects, and Python looks for garbage among them (its own default: 700 to 2000)."""


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Let the collector wait for `THRESHOLD` objects, unless it was told to wait longer, or for ever."""
    usual = gc.get_threshold()
    if not 0 < usual[0] < THRESHOLD:
        yield
        return
    gc.set_threshold(THRESHOLD, *usual[1:])
    try:
        yield
    finally:
        if gc.get_threshold()[0] == THRESHOLD:  # nobody has set another one meanwhile
            gc.set_threshold(*usual)
