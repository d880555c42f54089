"""Redirects: a router tells a host of a better first hop, and the host believes it (for a while).

A host may know one gateway only. Where that gateway has to pass a packet on to another router on
the very link it came from, it tells the sender to go there directly (RFC 792; RFC 1122 section
3.2.2.2, RFC 1812 section 5.2.7.2).
"""

from dataclasses import dataclass

from netlab.network.address import IPv4Address, Prefix
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4 import Ipv4
from netlab.network.routing import Route
from netlab.sim.simulation import Simulation
from netlab.sim.timer import Timer
from netlab.units import minute, show_time

LIFETIME = 10 * minute
"""How long a redirect is followed; the RFCs leave it open. A redirect that is still right comes again."""


@dataclass(slots=True)
class Redirect:
    """What was learned for one destination: a `route` to that host alone, until `timer` fires."""

    route: Route
    timer: Timer


class Redirects:
    """What one host has learned: `table` has an entry for each destination. `lifetime` is in ns."""

    def __init__(self, sim: Simulation, host: str, ipv4: Ipv4) -> None:
        self.table: dict[IPv4Address, Redirect] = {}
        self.lifetime = LIFETIME
        self._sim = sim
        self._host = host
        self._ipv4 = ipv4

    def take(self, sender: IPv4Address, message: IcmpMessage, dst: IPv4Address) -> str:
        """Follow a redirect for packets to `dst`. Why not, if it isn't to be believed.

        One for a whole network is read as one for the host: its mask isn't told (RFC 1122 3.3.1.2).
        """
        routes, gateway = self._ipv4.routes, message.gateway
        route, direct = routes.lookup(dst), routes.lookup(gateway)
        if self._ipv4.forwarding:
            return "a router finds its routes by itself (RFC 1812 section 5.2.7.2)"
        if message.code > 3:
            return f"there is no such redirect, {message.type_text}"
        if route is None or route.gateway != sender:
            return f"{sender} isn't the gateway for {dst} (RFC 1122 section 3.2.2.2)"
        if (
            direct is None
            or direct.gateway is not None
            or direct.interface is not route.interface
            or self._ipv4.is_mine(gateway)
            or self._ipv4.is_broadcast(gateway)
        ):
            return f"{gateway} isn't a neighbour on that link (RFC 1122 section 3.2.2.2)"
        self._forget(dst, "a new redirect takes its place")
        better = Route(Prefix(dst, 32), route.interface, route.source, gateway)
        routes.add(better)
        timer = self._sim.clock.timer(
            lambda: self._forget(dst, f"the redirect is {show_time(self.lifetime)} old"),
            background=True,
        )
        timer.arm(self.lifetime)
        self.table[dst] = Redirect(better, timer)
        self._record("route added", better, f"{sender}, its gateway, says so (RFC 1122 3.2.2.2)")
        return ""

    def _forget(self, dst: IPv4Address, why: str) -> None:
        redirect = self.table.pop(dst, None)
        if redirect is not None and redirect.route in self._ipv4.routes:
            redirect.timer.cancel()
            self._ipv4.routes.remove(redirect.route)
            self._record("route removed", redirect.route, why)

    def _record(self, kind: str, route: Route, reason: str) -> None:
        self._sim.record(self._host, "network", kind, {"route": str(route)}, reason)
