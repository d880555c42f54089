"""Timestamps (RFC 7323): they measure round trips of repeated segments too, and tell old from new.

Each segment carries the sender's clock, TSval, and echoes the latest of the other side's, TSecr.
A segment whose TSval is older than one seen before is a late duplicate, perhaps from before the
sequence numbers wrapped around: it is refused (PAWS, section 5).
"""

from netlab.transport.tcp.options import timestamps_alone
from netlab.transport.tcp.seq import MASK, less
from netlab.units import minute, ms

TICK = 1 * ms
"""One step of TSval (section 5.4: 1 ms to 1 s)."""
OUTDATED = 24 * 24 * 60 * minute
"""After so long without a segment `ts_recent` says nothing any more (section 5.5)."""


class Timestamps:
    """The timestamps of one connection. `on` says whether both sides' SYNs had them.

    `ts_recent` is the TSval to be echoed (TS.Recent); it follows the segments that hold the byte
    which was acknowledged last (section 4.3).
    """

    __slots__ = ("_offset", "_recent_since", "on", "ts_recent")

    def __init__(self, offset: int) -> None:
        self.on = False
        self.ts_recent = 0
        self._recent_since = 0
        self._offset = offset  # each connection counts from elsewhere: uptime is nobody's business

    def value(self, now: int) -> int:
        """TSval at the time `now` (ns)."""
        return (now // TICK + self._offset) & MASK

    def option(self, now: int) -> bytes:
        """The option bytes of a segment that is sent now."""
        return timestamps_alone(self.value(now), self.ts_recent)

    def begin(self, value: int, now: int) -> None:
        """The other side's SYN has timestamps, and ours has them as well."""
        self.on = True
        self.ts_recent = value
        self._recent_since = now

    def accepts(self, value: int, now: int, at_edge: bool) -> bool:
        """The test of PAWS: false for a segment with this TSval that comes too late (section 5.3, R1).

        `at_edge`: it reaches over the byte which was acknowledged last, and so TS.Recent follows it
        (section 4.3, 2).
        """
        if less(value, self.ts_recent) and now - self._recent_since < OUTDATED:
            return False
        if at_edge:
            self.ts_recent = value
            self._recent_since = now
        return True

    def round_trip(self, echo: int, now: int) -> int:
        """How long it is since TSval was `echo` (ns), to the tick; negative for one that never was."""
        ticks = (self.value(now) - echo) & MASK
        return ticks * TICK if ticks < 1 << 31 else -1
