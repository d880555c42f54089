"""Finding a way round a gateway that is dead (RFC 1122 sections 3.3.1.4 and 3.3.1.5).

That a gateway is dead is noticed by ARP: it asks the neighbours that packets are sent to, and only
those, from time to time whether they are still there.
"""

from netlab.network.address import IPv4Address
from netlab.network.routing import Route, RoutingTable
from netlab.sim.simulation import Simulation
from netlab.units import minute

REST = 1 * minute
"""How long a dead gateway is left alone."""


class DeadGateways:
    """Keeps routes from leading by gateways that are dead, as long as there are others."""

    def __init__(self, sim: Simulation, host: str, routes: RoutingTable) -> None:
        self._sim = sim
        self._host = host
        self._routes = routes

    def way_round(self, dst: IPv4Address) -> Route | None:
        """The next hop for `dst` doesn't answer: the best route by another gateway, if there is one.

        All that goes by the dead gateway goes by others then, until that is tried again.
        """
        route = self._routes.lookup(dst)
        if route is None or route.gateway is None:
            return None
        gateway = route.gateway
        for other in self._routes.usable(dst):
            if other.gateway != gateway:
                self._give_up(gateway)
                return other
        return None

    def _give_up(self, gateway: IPv4Address) -> None:
        self._routes.dead.add(gateway)
        self._routes.forget()
        self._record(gateway, "DEAD", "it doesn't answer to ARP (RFC 1122 section 3.3.1.4)")
        again = self._sim.clock.timer(lambda: self._try_again(gateway), background=True)
        again.arm(REST)

    def _try_again(self, gateway: IPv4Address) -> None:
        self._routes.dead.discard(gateway)
        self._routes.forget()
        self._record(gateway, "UNKNOWN", "perhaps it answers now: try it again")

    def _record(self, gateway: IPv4Address, state: str, reason: str) -> None:
        fields = {"gateway": str(gateway), "state": state}
        self._sim.record_cause(self._host, "network", "gateway", fields, reason)
