"""The Internet Protocol (RFC 791) on one host: sending, receiving, and forwarding on a router."""

from errno import ENETUNREACH
from typing import Protocol

from netlab.errors import ConfigurationError, ParseError
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_IPV4
from netlab.link.framing import LinkFrame
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address, Prefix
from netlab.network.arp import Arp
from netlab.network.icmp_message import (
    ADMINISTRATIVELY_PROHIBITED,
    DESTINATION_UNREACHABLE,
    FRAGMENTATION_NEEDED,
    HOST_REDIRECT,
    HOST_UNREACHABLE,
    NET_UNREACHABLE,
    PROTOCOL_UNREACHABLE,
    REDIRECT,
    TIME_EXCEEDED,
    TTL_EXCEEDED,
)
from netlab.network.ipv4_packet import HEADER_LENGTH, Ipv4Packet
from netlab.network.packet_filter import PacketFilter, Rule
from netlab.network.path_mtu import PathMtu
from netlab.network.routing import Route, RoutingTable
from netlab.sim.simulation import Simulation

DEFAULT_TTL = 64
"""Routers that a packet may pass (RFC 1122 section 3.2.1.7 leaves the number to each host)."""


class ProtocolHandler(Protocol):
    """What sits above IPv4: TCP, UDP, ICMP."""

    def receive(self, packet: Ipv4Packet) -> None:
        """Take in a packet that is for this host."""

    def has_sent(self, packet: Ipv4Packet) -> bool:
        """Whether this packet, of which perhaps only the start is here, may be under way from here.

        Anybody can send an ICMP error that quotes anything (RFC 5927 section 4).
        """

    def unreachable(self, packet: Ipv4Packet, error: int, why: str) -> None:
        """Hear that a packet sent earlier, of which perhaps only the start is here, didn't arrive.

        `error` is an errno.
        """


class ErrorSender(Protocol):
    """What tells a packet's sender about trouble: ICMP."""

    def send_error(
        self, type_: int, code: int, about: Ipv4Packet, reason: str, rest: int = 0
    ) -> None:
        """Send an ICMP error about a packet to where it came from; `rest` is as its type has it."""


class Ipv4:
    """IPv4 on one host. `forwarding` makes it a router; `routes` is its routing table."""

    def __init__(self, sim: Simulation, host: str) -> None:
        self.routes = RoutingTable()
        self.arp = Arp(sim, host, self._answers_for, self._neighbour_unreachable)
        self.path_mtu = PathMtu(sim, host)
        self.filter = PacketFilter()
        self.protocols: dict[int, ProtocolHandler] = {}
        self.errors: ErrorSender | None = None
        self.forwarding = False
        self.ttl = DEFAULT_TTL
        self._sim = sim
        self._host = host
        self._interfaces: list[Interface] = []
        self._addresses: dict[IPv4Address, tuple[Interface, Prefix]] = {}
        self._broadcasts: set[IPv4Address] = {IPv4Address.BROADCAST}
        self._sources: set[IPv4Address] = set()  # seen already, and found possible
        self.heard_by: Interface | None = None
        """The interface by which the broadcast came that is being delivered."""
        self._identification = 0

    # --- addresses and routes ---------------------------------------------------------------

    @property
    def addresses(self) -> list[IPv4Address]:
        """The addresses of this host, in the order in which it got them."""
        return list(self._addresses)

    def attach(self, interface: Interface) -> None:
        """Take in the packets of an interface, which needs no address for that.

        Before it has one, a host may send to all and hear what is sent to all, so as to learn its
        address (RFC 1122 section 3.2.1.3 a).
        """
        self._interfaces.append(interface)
        interface.handlers[ETHERTYPE_IPV4] = self._receive
        self.arp.attach(interface)

    def add_address(self, interface: Interface, address: IPv4Address, prefix: Prefix) -> None:
        """Give an interface an address, and so a route to all of `prefix`."""
        if address in self._addresses:
            raise ConfigurationError(f"{self._host} has the address {address} already")
        self._addresses[address] = (interface, prefix)
        self._addresses_changed()
        self.routes.add(Route(prefix, interface, address))

    def remove_address(self, address: IPv4Address) -> None:
        """Take an address away, and every route that has it as its source."""
        if address not in self._addresses:
            raise ConfigurationError(
                f"{self._host} has no address {address}; it has {self.addresses or 'none'}"
            )
        interface, _ = self._addresses.pop(address)
        self._addresses_changed()
        self.arp.flush(interface)
        for route in [each for each in self.routes if each.source == address]:
            self.routes.remove(route)

    def _addresses_changed(self) -> None:
        prefixes = [prefix for _, prefix in self._addresses.values()]
        self._broadcasts = {each.broadcast for each in prefixes if each.broadcast is not None}
        self._broadcasts.add(IPv4Address.BROADCAST)
        self._sources.clear()

    def add_route(self, prefix: Prefix, gateway: IPv4Address) -> None:
        """Send packets for `prefix` to `gateway`, which must be a neighbour."""
        if self.is_mine(gateway):
            raise ConfigurationError(
                f"{self._host} can't be its own gateway: {gateway} is an address of its own;"
                " a gateway is a router next to it"
            )
        direct = self.routes.lookup(gateway)
        if direct is None or direct.gateway is not None:
            raise ConfigurationError(
                f"{self._host}: the gateway {gateway} is on none of its networks"
                f" ({', '.join(str(prefix) for _, prefix in self._addresses.values()) or 'it has none'})"
            )
        self.routes.add(Route(prefix, direct.interface, direct.source, gateway))

    def is_mine(self, address: IPv4Address) -> bool:
        """Whether packets for `address` are for this host itself."""
        return address in self._addresses or address.is_loopback

    def is_broadcast(self, address: IPv4Address) -> bool:
        """Whether `address` means all hosts of a network of this host (RFC 1122 section 3.3.6)."""
        return address in self._broadcasts

    def source_for(self, dst: IPv4Address, interface: Interface | None = None) -> IPv4Address:
        """The address that packets for `dst` are sent from. OSError (ENETUNREACH) without a route.

        `interface` is for the limited broadcast, as with `send`.
        """
        if self.is_mine(dst):
            return dst
        route = self._route(dst, interface)
        if route is None:
            raise OSError(
                ENETUNREACH, f"Network is unreachable: {self._host} has no route to {dst}"
            )
        return route.source

    def mtu_for(self, dst: IPv4Address) -> int:
        """The largest packet, in bytes, that the first link towards `dst` takes."""
        route = None if self.is_mine(dst) else self._route(dst)
        return 65535 if route is None else route.interface.mtu

    def path_mtu_to(self, dst: IPv4Address) -> int:
        """The largest packet, in bytes, that is known to pass the whole way to `dst` (RFC 1191)."""
        return min(self.mtu_for(dst), self.path_mtu.limit(dst))

    # --- sending ----------------------------------------------------------------------------

    def send(
        self,
        dst: IPv4Address,
        protocol: int,
        payload: bytes,
        *,
        src: IPv4Address | None = None,
        ttl: int | None = None,
        dont_fragment: bool = False,
        interface: Interface | None = None,
        dscp: int = 0,
        reason: str = "",
    ) -> None:
        """Send a payload as one packet. What can't be sent is recorded as discarded, with the why.

        `interface` is the one whose link 255.255.255.255 means all hosts of; by default the first.
        """
        self._identification = identification = (self._identification + 1) & 0xFFFF
        route = self._route(dst, interface)
        if src is None:
            src = route.source if route is not None else IPv4Address.UNSPECIFIED
            if self.is_mine(dst):
                src = dst
        packet = Ipv4Packet(
            src,
            dst,
            protocol,
            payload,
            self.ttl if ttl is None else ttl,
            identification,
            dont_fragment,
            dscp=dscp,
        )
        if dst in self._addresses or dst.is_loopback:
            self._sim.clock.call_at(self._sim.clock.now, self._deliver, packet)
        elif route is None:
            self._discard(packet, f"no route leads to {dst}")
        elif HEADER_LENGTH + len(payload) > route.interface.mtu:
            self._discard(
                packet,
                f"larger than the MTU of {route.interface.title}, {route.interface.mtu} bytes",
            )
        else:
            self._transmit(route, packet, reason)

    def _route(self, dst: IPv4Address, interface: Interface | None = None) -> Route | None:
        route = self.routes.lookup(dst)
        if (route is None or route.gateway is not None) and dst.is_limited_broadcast:
            return self._route_to_all(interface)
        return route

    def _route_to_all(self, interface: Interface | None) -> Route | None:
        """All hosts of which network? RFC 1122 section 3.3.6 leaves it open: by default the first."""
        for route in self.routes:
            if route.gateway is None and interface in (None, route.interface):
                return route
        if interface is None and self._interfaces:
            interface = self._interfaces[0]
        if interface is None:
            return None
        return Route(Prefix(IPv4Address.BROADCAST, 32), interface, IPv4Address.UNSPECIFIED)

    def _transmit(self, route: Route, packet: Ipv4Packet, reason: str) -> None:
        cause = self._sim.clock.cause
        if packet.dst in self._broadcasts or not route.interface.resolves:
            route.interface.send(MacAddress.BROADCAST, ETHERTYPE_IPV4, packet.pack(), reason, cause)
            return
        neighbour = packet.dst if route.gateway is None else route.gateway
        self.arp.send(route.interface, route.source, neighbour, packet.pack(), reason, cause)

    # --- receiving --------------------------------------------------------------------------

    def _receive(self, interface: Interface, frame: LinkFrame) -> None:
        data = frame.payload
        try:
            packet = Ipv4Packet.parse(data)
        except ParseError as error:
            interface.discard(str(error))
            return
        if not Ipv4Packet.verify(data):
            interface.discard(
                "the IPv4 header's checksum is wrong: drop it silently (RFC 1122 section 3.2.1.2)"
            )
            return
        src, dst = packet.src, packet.dst
        if src not in self._sources and not self._is_source(src):
            interface.discard(f"{src} can't be a packet's source (RFC 1122 section 3.2.1.3)")
        elif self.filter.rules and (rule := self.filter.rule_against(packet)):
            self._refuse(packet, rule)
        elif dst in self._broadcasts:
            self.heard_by = interface
            self._deliver(packet)
        elif frame.is_broadcast:
            interface.discard(
                f"for the host {dst} alone, but sent to all: ignore it (RFC 1122 section 3.3.6)"
            )
        elif dst in self._addresses:
            self._deliver(packet)
        elif self.forwarding:
            self._forward(interface, packet)
        else:
            interface.discard(
                f"for {dst}, which isn't an address of this host (RFC 1122 section 3.2.1.3)"
            )

    def _refuse(self, packet: Ipv4Packet, rule: Rule) -> None:
        why = f"refused by the filter {rule.name} (RFC 1812 section 5.3.9)"
        if rule.answer:
            self.send_error(DESTINATION_UNREACHABLE, ADMINISTRATIVELY_PROHIBITED, packet, why)
        else:
            self._discard(packet, why)

    def _is_source(self, src: IPv4Address) -> bool:
        """Whether a packet from the link may come from there. What may is remembered."""
        if self.is_mine(src) or self.is_broadcast(src) or src.is_multicast or src.is_reserved:
            return False
        if len(self._sources) < 4096:
            self._sources.add(src)
        return True

    def _deliver(self, packet: Ipv4Packet) -> None:
        if packet.more_fragments or packet.fragment_offset:
            self._discard(packet, "a fragment: this host doesn't reassemble")
            return
        handler = self.protocols.get(packet.protocol)
        if handler is not None:
            handler.receive(packet)
        else:
            self.send_error(
                DESTINATION_UNREACHABLE,
                PROTOCOL_UNREACHABLE,
                packet,
                f"nothing here takes IP protocol {packet.protocol} (RFC 1122 section 3.2.2.1)",
            )

    def _forward(self, interface: Interface, packet: Ipv4Packet) -> None:
        """RFC 1812 section 5.2: one less to live, and on by the routing table."""
        dst = packet.dst
        if dst.is_multicast or dst.is_reserved or dst.is_loopback:
            self._discard(packet, f"{dst} isn't an address to forward to (RFC 1812 section 5.3.7)")
            return
        if packet.ttl <= 1:
            self.send_error(
                TIME_EXCEEDED,
                TTL_EXCEEDED,
                packet,
                "its time to live is used up (RFC 1812 section 5.3.1)",
            )
            return
        route = self.routes.lookup(dst)
        if route is None:
            self.send_error(
                DESTINATION_UNREACHABLE,
                NET_UNREACHABLE,
                packet,
                f"no route to {dst} (RFC 1812 section 5.2.7.1)",
            )
            return
        if packet.header_length + len(packet.payload) > route.interface.mtu:
            if packet.dont_fragment:
                self.send_error(
                    DESTINATION_UNREACHABLE,
                    FRAGMENTATION_NEEDED,
                    packet,
                    "too big for the next link, and it must not be cut (RFC 1812 section 5.2.7.1)",
                    route.interface.mtu,
                )
            else:
                self._discard(packet, "too big for the next link: this router doesn't fragment")
            return
        if route.interface is interface:
            self._redirect(packet, route)
        packet.ttl -= 1
        packet.checksum = None
        reason = (
            f"on its way to {dst}: forward by the route {route}, one less to live"
            " (RFC 1812 section 5.2)"
        )
        self._transmit(route, packet, reason)

    def _redirect(self, packet: Ipv4Packet, route: Route) -> None:
        """It goes back to the link it came from: perhaps its sender could do without this router."""
        hop = packet.dst if route.gateway is None else route.gateway
        networks = [prefix for at, prefix in self._addresses.values() if at is route.interface]
        if self.errors and any(packet.src in each and hop in each for each in networks):
            reason = f"the next hop, {hop}, is on the sender's own network (RFC 1812 5.2.7.2)"
            self.errors.send_error(REDIRECT, HOST_REDIRECT, packet, reason, hop)

    # --- trouble ----------------------------------------------------------------------------

    def send_error(
        self, type_: int, code: int, about: Ipv4Packet, reason: str, rest: int = 0
    ) -> None:
        """Tell a packet's sender, by ICMP, what became of it; and the record."""
        self._discard(about, reason)
        if self.errors is not None:
            self.errors.send_error(type_, code, about, reason, rest)

    def _neighbour_unreachable(self, data: bytes) -> None:
        packet = Ipv4Packet.parse(data)
        self.send_error(
            DESTINATION_UNREACHABLE,
            HOST_UNREACHABLE,
            packet,
            f"nobody on the link answers for {packet.dst} or its gateway (RFC 1812 section 3.3.2)",
        )

    def _answers_for(self, interface: Interface, address: IPv4Address) -> bool:
        mine = self._addresses.get(address)
        return mine is not None and mine[0] is interface

    def _discard(self, packet: Ipv4Packet, why: str) -> None:
        fields = {
            "src": str(packet.src),
            "dst": str(packet.dst),
            "protocol": packet.protocol,
            "why": why,
        }
        self._sim.record(self._host, "network", "discarded", fields)
