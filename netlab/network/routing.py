"""The routing table: which interface, and which neighbour, a packet goes to next.

The longest prefix that holds the destination wins (RFC 1812 section 5.2.4.3).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from netlab.link.interface import Interface
from netlab.network.address import IPv4Address, Prefix


@dataclass(slots=True)
class Route:
    """Packets for `prefix` leave by `interface`: to `gateway`, or straight to the host where that is None.

    `source` is the address that packets of this host get when they take the route. It reads as in
    the output of `ip route`.
    """

    prefix: Prefix
    interface: Interface
    source: IPv4Address
    gateway: IPv4Address | None = None
    _reason: str = field(default="", init=False, repr=False, compare=False)

    @property
    def reason(self) -> str:
        """Why a router sends a packet this way. The text is made once: many packets share it."""
        if not self._reason:
            self._reason = (
                f"on its way by {self}: the longest prefix that fits (RFC 1812 section 5.2.4.3);"
                " one less to live"
            )
        return self._reason

    def next_hop(self, dst: IPv4Address) -> IPv4Address:
        """The neighbour that takes a packet for `dst`."""
        return dst if self.gateway is None else self.gateway

    def __str__(self) -> str:
        where = str(self.prefix) if self.prefix.length else "default"
        via = f"via {self.gateway} " if self.gateway is not None else ""
        return f"{where} {via}dev {self.interface.name} src {self.source}"


class RoutingTable:
    """The routes of one host. Look-ups are remembered until something changes.

    `dead` are the gateways by which no route leads while there is another.
    """

    def __init__(self) -> None:
        self.dead: set[IPv4Address] = set()
        self._routes: list[Route] = []
        self._found: dict[int, Route | None] = {}

    def add(self, route: Route) -> None:
        """Add a route. Of two with the same prefix the first one stands."""
        self._routes.append(route)
        self._routes.sort(
            key=lambda each: -each.prefix.length
        )  # stable: the first of equals stays first
        self.forget()

    def remove(self, route: Route) -> None:
        """Take a route out; one that isn't there is a ValueError."""
        self._routes.remove(route)
        self.forget()

    def forget(self) -> None:
        """Look everything up anew: a route, an interface or what is known of a gateway has changed."""
        self._found.clear()

    def lookup(self, dst: IPv4Address) -> Route | None:
        """The route with the longest prefix that holds `dst`, or None.

        One that leads by an interface that is down (RFC 1812 section 5.3.12.4), or by a dead gateway
        (RFC 1122 section 3.3.1.5), stands back for any other.
        """
        try:
            return self._found[dst]
        except KeyError:
            if len(self._found) >= 4096:
                self._found.clear()
            found = self._found[dst] = self._find(dst)
            return found

    def usable(self, dst: IPv4Address) -> Iterator[Route]:
        """All routes by which a packet for `dst` can leave now, the best first."""
        return (
            route
            for route in self._routes
            if dst in route.prefix
            and route.interface.is_up
            and route.gateway not in self.dead
            and not dst.is_multicast  # which no route to single hosts serves
        )

    def _find(self, dst: IPv4Address) -> Route | None:
        fitting = (route for route in self._routes if dst in route.prefix)
        return next(self.usable(dst), None if dst.is_multicast else next(fitting, None))

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def __len__(self) -> int:
        return len(self._routes)

    def __repr__(self) -> str:
        return "\n".join(str(route) for route in self._routes) or "no routes"
