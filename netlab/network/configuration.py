"""What an IPv4 host is told by who runs it: its addresses and its routes, given and taken at any time."""

from errno import ENETUNREACH

from netlab.errors import ConfigurationError
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address, Prefix
from netlab.network.addresses import Addresses
from netlab.network.routing import Route, RoutingTable


class Configuration:
    """Addresses and routes of one host, and what follows from both. `Ipv4` builds on it."""

    def __init__(self, host: str) -> None:
        self.addresses = Addresses(host)
        self.routes = RoutingTable()
        self.is_mine = self.addresses.is_mine
        self._host = host
        self._own = self.addresses.own
        self._many = self.addresses.many

    def add_address(self, interface: Interface, address: IPv4Address, prefix: Prefix) -> None:
        """Give an interface an address, perhaps beside others, and so a route to all of `prefix`."""
        self.addresses.add(interface, address, prefix)
        self.routes.add(Route(prefix, interface, address))

    def remove_address(self, address: IPv4Address) -> None:
        """Take an address away, and every route that has it as its source.

        A gateway that is a neighbour of another address too stays, with that one as the source.
        """
        self.addresses.remove(address)
        routes = [route for route in self.routes if route.source == address]
        for route in routes:
            self.routes.remove(route)
        for route in routes:
            direct = None if route.gateway is None else self.routes.lookup(route.gateway)
            if direct is not None and direct.gateway is None:
                route.interface, route.source = direct.interface, direct.source
                self.routes.add(route)

    def add_route(
        self,
        prefix: Prefix,
        gateway: IPv4Address | None = None,
        interface: Interface | None = None,
    ) -> None:
        """Send packets for `prefix` to `gateway`, a neighbour; without one, they are neighbours all.

        `interface` is the one behind which the neighbours are, whatever networks it has. It can be
        left out for a gateway on one of this host's own networks.
        """
        if gateway is not None and self.is_mine(gateway):
            raise ConfigurationError(
                f"{self._host} can't be its own gateway: {gateway} is an address of its own;"
                " a gateway is a router next to it"
            )
        if interface is not None:
            addresses = [own for own, _ in self.addresses.of(interface)] or list(self.addresses)
            if not addresses:
                raise ConfigurationError(f"{self._host} has no address from which to send there")
            self.routes.add(Route(prefix, interface, addresses[0], gateway))
            return
        direct = None if gateway is None else self.routes.lookup(gateway)
        if direct is None or direct.gateway is not None:
            networks = ", ".join(str(prefix) for _, prefix in self._own.values())
            raise ConfigurationError(
                f"{self._host}: the gateway {gateway} is on none of its networks"
                f" ({networks or 'it has none'})"
            )
        self.routes.add(Route(prefix, direct.interface, direct.source, gateway))

    def remove_route(self, prefix: Prefix, gateway: IPv4Address | None = None) -> None:
        """Take out what leads to `prefix` by `gateway` (None: by any). ConfigurationError if nothing does."""
        doomed = [
            route
            for route in self.routes
            if route.prefix == prefix and gateway in (None, route.gateway)
        ]
        if not doomed:
            raise ConfigurationError(
                f"{self._host} has no route to {prefix}; it has\n{self.routes}"
            )
        for route in doomed:
            self.routes.remove(route)

    def is_broadcast(self, address: IPv4Address) -> bool:
        """Whether `address` means all hosts of a network of this host (RFC 1122 section 3.3.6)."""
        return address in self._many

    def source_for(self, dst: IPv4Address, interface: Interface | None = None) -> IPv4Address:
        """The address that packets for `dst` are sent from. OSError (ENETUNREACH) without a route.

        `interface` is for the limited broadcast, as with `send`.
        """
        if self.is_mine(dst):
            return dst
        route = self.route_for(dst, interface)
        if route is None:
            raise OSError(
                ENETUNREACH, f"Network is unreachable: {self._host} has no route to {dst}"
            )
        return route.source

    def mtu_for(self, dst: IPv4Address) -> int:
        """The largest packet, in bytes, that the first link towards `dst` takes."""
        route = None if self.is_mine(dst) else self.route_for(dst)
        return 65535 if route is None else route.interface.mtu

    def route_for(self, dst: IPv4Address, interface: Interface | None = None) -> Route | None:
        """The route that packets of this host for `dst` take; `interface` as with `source_for`."""
        route = self.routes.lookup(dst)
        if (route is None or route.gateway is not None) and dst.is_limited_broadcast:
            return self._route_to_all(interface)
        return route

    def _route_to_all(self, interface: Interface | None) -> Route | None:
        """All hosts of which network? RFC 1122 section 3.3.6 leaves it open: by default the first."""
        for route in self.routes:
            if route.gateway is None and interface in (None, route.interface):
                return route
        interfaces = self.addresses.interfaces
        if interface is None and interfaces:
            interface = interfaces[0]
        if interface is None:
            return None
        return Route(Prefix(IPv4Address.BROADCAST, 32), interface, IPv4Address.UNSPECIFIED)
