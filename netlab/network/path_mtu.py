"""Path MTU discovery (RFC 1191): how large a packet passes the whole way to a destination uncut.

Packets are sent with "don't fragment". A router for whose next link one is too big says so by
ICMP, with the size that fits. What was learned so is forgotten after a while, and a larger packet
tried again: the path may have changed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from netlab.network.address import IPv4Address
from netlab.sim.simulation import Simulation
from netlab.sim.timer import Timer
from netlab.units import minute, show_time

LIFETIME = 10 * minute
"""How long a lower estimate is believed (RFC 1191 section 6.3)."""
LEAST = 68
"""Every link carries packets of this size; no estimate goes below it (RFC 1191 section 3)."""
PLATEAUS = (65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, LEAST)
"""MTUs that are common, for routers that don't tell theirs (RFC 1191 section 7.1)."""


@dataclass(slots=True)
class PathMtuEntry:
    """The estimate for one destination: `mtu` in bytes, until `timer` fires."""

    mtu: int
    timer: Timer


class PathMtu:
    """What one host has learned about paths: `table` has an entry for each that was found narrow.

    `lifetime` is in ns. `listeners` are called with the destination whose estimate has changed.
    """

    def __init__(self, sim: Simulation, host: str) -> None:
        self.table: dict[IPv4Address, PathMtuEntry] = {}
        self.lifetime = LIFETIME
        self.listeners: list[Callable[[IPv4Address], None]] = []
        self._sim = sim
        self._host = host

    def limit(self, dst: IPv4Address) -> int:
        """The largest packet, in bytes, as far as is known; 65535 where nothing is."""
        entry = self.table.get(dst)
        return PLATEAUS[0] if entry is None else entry.mtu

    def too_big(self, dst: IPv4Address, size: int, next_hop_mtu: int) -> None:
        """A packet of `size` bytes was too big for a link with `next_hop_mtu` (0: not told)."""
        known = self.limit(dst)
        mtu = max(LEAST, next_hop_mtu)
        reason = f"a router has a link of {next_hop_mtu} bytes next (RFC 1191 section 4)"
        if not next_hop_mtu:
            largest = min(size, known)
            mtu = next((plateau for plateau in PLATEAUS if plateau < largest), LEAST)
            reason = (
                f"a router that doesn't tell its MTU found {size} bytes too big: try the next"
                " common size (RFC 1191 section 7.1)"
            )
        if mtu > known or mtu >= PLATEAUS[0]:
            return  # an old message, or a false one: no estimate ever grows by one (section 3)
        entry = self.table.get(dst)
        if entry is None:
            forget = self._sim.clock.timer(lambda: self._forget(dst), background=True)
            entry = self.table[dst] = PathMtuEntry(known, forget)
        if mtu < known:
            entry.mtu = mtu
            self._change(dst, mtu, reason)
        entry.timer.arm(self.lifetime)  # larger ones wait from the latest message on (section 3)

    def flush(self) -> None:
        """Forget everything at once, as a host does whose power is cut. Nobody is told."""
        for entry in self.table.values():
            entry.timer.cancel()
        self.table.clear()

    def _forget(self, dst: IPv4Address) -> None:
        del self.table[dst]
        age = show_time(self.lifetime)
        reason = f"the estimate is {age} old: try a larger packet again (RFC 1191 section 6.3)"
        self._change(dst, None, reason)

    def _change(self, dst: IPv4Address, mtu: int | None, reason: str) -> None:
        fields = {"dst": str(dst), "mtu": mtu}
        self._sim.record_cause(self._host, "network", "path mtu", fields, reason)
        for listener in self.listeners:
            listener(dst)
