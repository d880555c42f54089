"""The Internet Protocol (RFC 791) on one host: sending, receiving, and delivering to what is above."""

from netlab.errors import ParseError
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_IPV4
from netlab.link.framing import LinkFrame
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address
from netlab.network.arp import Arp
from netlab.network.configuration import Configuration
from netlab.network.dead_gateways import DeadGateways
from netlab.network.forwarding import forward
from netlab.network.fragments import fragments
from netlab.network.handlers import ErrorSender, ProtocolHandler
from netlab.network.icmp_message import (
    ADMINISTRATIVELY_PROHIBITED,
    DESTINATION_UNREACHABLE,
    FRAGMENTATION_NEEDED,
    HOST_UNREACHABLE,
    PARAMETER_PROBLEM,
    PROTOCOL_UNREACHABLE,
    SOURCE_ROUTE_FAILED,
)
from netlab.network.ip_options import OptionError, mark_options, source_route
from netlab.network.ipv4_packet import HEADER_LENGTH, MAXIMUM_LENGTH, Ipv4Packet
from netlab.network.packet_filter import PacketFilter, Rule
from netlab.network.path_mtu import PathMtu
from netlab.network.reassembly import Incomplete, Reassembly
from netlab.network.routing import Route
from netlab.sim.simulation import Simulation
from netlab.units import time_of_day

DEFAULT_TTL = 64
"""Routers that a packet may pass (RFC 1122 section 3.2.1.7 leaves the number to each host)."""


class Ipv4(Configuration):
    """IPv4 on one host. `forwarding` makes it a router."""

    def __init__(self, sim: Simulation, host: str) -> None:
        super().__init__(host)
        self.arp = Arp(sim, host, self._answers_for, self._neighbour_unreachable)
        self.dead_gateways = DeadGateways(sim, host, self.routes)
        self.path_mtu = PathMtu(sim, host)
        self.filter = PacketFilter()
        self.reassembly = Reassembly(sim, host, self)
        self.protocols: dict[int, ProtocolHandler] = {}
        self.errors: ErrorSender | None = None
        self.forwarding = False
        self.ttl = DEFAULT_TTL
        self.heard_by: Interface | None = None
        """The interface by which the broadcast came that is being delivered."""
        self._sim = sim
        self._known_sources = self.addresses.known_sources
        self._identification = 0

    def attach(self, interface: Interface) -> None:
        """Take in the packets of an interface, which needs no address for that.

        Before it has one, a host may send to all and hear what is sent to all, so as to learn its
        address (RFC 1122 section 3.2.1.3 a).
        """
        self.addresses.attach(interface)
        interface.handlers[ETHERTYPE_IPV4] = self._receive
        interface.on_up.append(self.routes.forget)
        interface.on_down.append(self.routes.forget)
        self.arp.attach(interface)

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
        ecn: int = 0,
        options: bytes = b"",
        reason: str = "",
    ) -> None:
        """Send a payload as one packet. What can't be sent is recorded as discarded, with the why.

        `interface` is the one whose link 255.255.255.255 means all hosts of; by default the first.
        `options` are as `pack_options` makes them; this host puts the first mark in them.
        """
        if ttl is None:
            ttl = self.ttl
        self._identification = identification = (self._identification + 1) & 0xFFFF
        route = self.route_for(dst, interface)
        if src is None:
            src = route.source if route is not None else IPv4Address.UNSPECIFIED
            if self.is_mine(dst):
                src = dst
        packet = Ipv4Packet(
            src,
            dst,
            protocol,
            payload,
            ttl,
            identification,
            dont_fragment,
            False,
            0,
            dscp,
            ecn,
            options,
        )
        if options and not self.marks_options(packet, src):
            return
        if dst in self._own or dst.is_loopback:
            self._sim.clock.call_at(self._sim.clock.now, self._deliver, packet)
        elif route is None:
            self.discard(packet, f"no route leads to {dst}")
        elif not ttl:
            self.discard(packet, "nothing is sent without time to live (RFC 1122 section 3.2.1.7)")
        elif src.is_loopback:
            self.discard(packet, f"{src} never leaves a host (RFC 1122 section 3.2.1.3 g)")
        else:
            self.transmit(route, packet, reason)

    def transmit(self, route: Route, packet: Ipv4Packet, reason: str) -> None:
        """Put a packet on the link to which `route` leads, in fragments where it is too large."""
        interface, dst = route.interface, packet.dst
        size = HEADER_LENGTH + len(packet.options) + len(packet.payload)
        if size > interface.mtu:
            self._transmit_in_fragments(route, packet, size, reason)
            return
        cause = self._sim.clock.cause
        if dst in self._many or not interface.resolves:
            interface.send(MacAddress.BROADCAST, ETHERTYPE_IPV4, packet.pack(), reason, cause)
            return
        self.arp.send(interface, route.source, route.next_hop(dst), packet.pack(), reason, cause)

    def _transmit_in_fragments(
        self, route: Route, packet: Ipv4Packet, size: int, reason: str
    ) -> None:
        mtu = route.interface.mtu
        larger = f"{size} bytes are more than the MTU of {route.interface.title}, {mtu}"
        if packet.dont_fragment:
            # Who sends it on this host hears of it as if a router had said so.
            self.send_error(DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED, packet, larger, mtu)
            return
        if size > MAXIMUM_LENGTH:
            self.discard(packet, larger)
            return
        pieces = list(fragments(packet, mtu))
        clock = self._sim.clock
        before = clock.cause
        fields = {
            "src": str(packet.src),
            "dst": str(packet.dst),
            "identification": packet.identification,
            "fragments": len(pieces),
        }
        reason = f"{larger}: cut it (RFC 791 section 3.2); {reason}"
        self._sim.record_cause(self._host, "network", "fragmented", fields, reason)
        for piece in pieces:
            self.transmit(route, piece, reason)
        clock.cause = before

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
        problem = self._known_sources.get(src)
        if problem is None:
            problem = self.addresses.source_problem(src)
        if problem:
            interface.discard(problem)
        elif self.filter.rules and (rule := self.filter.rule_against(packet)):
            self._refuse(packet, rule)
        elif dst in self._many:
            if interface in self._many[dst]:
                self.heard_by = interface
                self._deliver(packet)
            else:
                interface.discard(
                    f"for all hosts of another network: {dst} goes no further (RFC 2644 section 2)"
                )
        elif frame.is_broadcast:
            interface.discard(
                f"for the host {dst} alone, but sent to all: ignore it (RFC 1122 section 3.3.6)"
            )
        elif dst in self._own:
            self._deliver(packet)
        elif self.forwarding:
            forward(self, interface, packet)
        else:
            interface.discard(
                f"for {dst}, which isn't an address of this host (RFC 1122 section 3.2.1.3)"
            )

    def _refuse(self, packet: Ipv4Packet, rule: Rule) -> None:
        why = f"refused by the filter {rule.name} (RFC 1812 section 5.3.9)"
        if rule.answer:
            self.send_error(DESTINATION_UNREACHABLE, ADMINISTRATIVELY_PROHIBITED, packet, why)
        else:
            self.discard(packet, why)

    def _deliver(self, packet: Ipv4Packet) -> None:
        if packet.more_fragments or packet.fragment_offset:
            whole = self.reassembly.add(packet)
            if whole is None:
                return
            packet = whole
        if packet.options and not self._takes_options(packet):
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

    @property
    def reassembling(self) -> list[Incomplete]:
        """The datagrams of which parts have come, oldest first."""
        return list(self.reassembly.table.values())

    # --- options ----------------------------------------------------------------------------

    def _takes_options(self, packet: Ipv4Packet) -> bool:
        """Heed the options of a packet that has arrived. False where that can't be: its sender is told."""
        if packet.dst in self._many:
            return True  # nobody may be told, and which host would have left its mark?
        return not self.refuses_source_route(packet, here=True) and self.marks_options(
            packet, packet.dst
        )

    def refuses_source_route(self, packet: Ipv4Packet, *, here: bool) -> bool:
        """Whether a packet has a route that its sender chose; one that is at its end may come `here`.

        Then its sender is told.
        """
        route = source_route(packet.options)
        if route is None or (here and route[1]):
            return False
        why = f"{route[0]}: who sends a packet isn't let choose its way (RFC 7126 section 4.3)"
        self.send_error(DESTINATION_UNREACHABLE, SOURCE_ROUTE_FAILED, packet, why)
        return True

    def marks_options(self, packet: Ipv4Packet, address: IPv4Address) -> bool:
        """Put `address` and the time where options ask for them. False: they are wrong, and it is told."""
        time = time_of_day(self._sim.clock.date)
        try:
            packet.options = mark_options(packet.options, address, self._own, time)
            packet.checksum = None
        except OptionError as error:
            why = f"{error}: tell its sender (RFC 1122 section 3.2.2.5)"
            self.send_error(PARAMETER_PROBLEM, 0, packet, why, error.pointer << 24)
            return False
        return True

    # --- trouble ----------------------------------------------------------------------------

    def send_error(
        self, type_: int, code: int, about: Ipv4Packet, reason: str, rest: int = 0
    ) -> None:
        """Tell a packet's sender, by ICMP, what became of it; and the record."""
        self.discard(about, reason)
        if self.errors is not None:
            self.errors.send_error(type_, code, about, reason, rest)

    def _neighbour_unreachable(self, data: bytes) -> None:
        packet = Ipv4Packet.parse(data)
        other = self.dead_gateways.way_round(packet.dst)
        if other is not None:
            self.transmit(other, packet, "the gateway before didn't answer: by the next one")
            return
        self.send_error(
            DESTINATION_UNREACHABLE,
            HOST_UNREACHABLE,
            packet,
            f"nobody on the link answers for {packet.dst} or its gateway (RFC 1812 section 3.3.2)",
        )

    def _answers_for(self, interface: Interface, address: IPv4Address) -> bool:
        mine = self._own.get(address)
        return mine is not None and mine[0] is interface

    def discard(self, packet: Ipv4Packet, why: str) -> None:
        """Record that a packet ends here, and why."""
        fields = {
            "src": str(packet.src),
            "dst": str(packet.dst),
            "protocol": packet.protocol,
            "why": why,
        }
        self._sim.record(self._host, "network", "discarded", fields)
