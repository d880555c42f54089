"""The ICMP errors that a host sends: about which packets, what they quote, and how many."""

from netlab.errors import ParseError
from netlab.network.icmp_message import (
    DESTINATION_UNREACHABLE,
    FRAGMENTATION_NEEDED,
    HEADER_LENGTH,
    QUERIES,
    IcmpMessage,
)
from netlab.network.ipv4 import Ipv4
from netlab.network.ipv4_packet import HEADER_LENGTH as IP_HEADER_LENGTH
from netlab.network.ipv4_packet import PROTOCOL_ICMP, Ipv4Packet
from netlab.sim.simulation import Simulation
from netlab.units import s

LARGEST_ERROR = 576
"""An ICMP error quotes as much of the packet as fits in this many bytes (RFC 1812 section 4.3.2.3)."""
DEFAULT_RATE = 1000
"""Errors a second, when the burst is used up (RFC 1812 section 4.3.2.8 asks for some limit)."""
DEFAULT_BURST = 50
INTERNETWORK_CONTROL = 0b110_000
"""Precedence 6 and the default type of service, as a `dscp` (RFC 1812 section 4.3.2.5)."""


class IcmpErrors:
    """Sends the errors of one host.

    A bucket of `burst` tokens, into which `rate` of them drop a second, pays for them; a `rate` of
    None is no limit. One that may not be sent is on record as withheld, with the reason.
    """

    def __init__(self, sim: Simulation, host: str, ipv4: Ipv4) -> None:
        self.rate: int | None = DEFAULT_RATE
        self.burst = DEFAULT_BURST
        self._sim = sim
        self._host = host
        self._ipv4 = ipv4
        self._full_at = 0  # when the bucket will be full again (ns)

    def send_error(
        self, type_: int, code: int, about: Ipv4Packet, reason: str, rest: int = 0
    ) -> None:
        """Send an error about a packet to its source, unless RFC 1122 section 3.2.2 forbids it.

        `about` is the packet as it was received, or as forwarding has left it (RFC 1812 section
        4.3.2.3). `rest` is the rest of the header: an MTU, a gateway, a pointer (`<< 24`).
        """
        message = IcmpMessage(type_, code, rest)
        withheld = self._forbidden(about)
        if not withheld and not self._is_free(type_, code, about):
            withheld = self._too_many()
        if withheld:
            fields = {"message": message.type_text, "to": str(about.src), "why": withheld}
            self._sim.record(self._host, "network", "icmp withheld", fields, reason)
            return
        message.payload = about.pack()[: LARGEST_ERROR - IP_HEADER_LENGTH - HEADER_LENGTH]
        self._ipv4.send(
            about.src,
            PROTOCOL_ICMP,
            message.pack(),
            # A host answers from the address that was asked (RFC 1122 section 3.3.4.2), a router
            # from that of the interface by which the error leaves (RFC 1812 section 4.3.2.4).
            src=about.dst if self._ipv4.is_mine(about.dst) else None,
            dscp=INTERNETWORK_CONTROL,
            reason=reason,
        )

    def _forbidden(self, about: Ipv4Packet) -> str:
        """Why there may be no error about this packet (RFC 1122 section 3.2.2, RFC 1812 4.3.2.7)."""
        src, dst = about.src, about.dst
        if about.fragment_offset:
            return "about a later fragment"
        if self._ipv4.is_broadcast(dst) or dst.is_multicast:
            return f"about what was sent to many, {dst}"
        if (
            src.is_unspecified
            or src.is_multicast
            or src.is_reserved
            or self._ipv4.is_broadcast(src)
        ):
            return f"to {src}, which isn't one host"
        if about.protocol == PROTOCOL_ICMP:
            try:
                message = IcmpMessage.parse(about.payload)
            except ParseError:
                return "about an ICMP message that can't be read"
            if message.type not in QUERIES:
                return f"about an ICMP error, {message.type_text}"
        return ""

    def _is_free(self, type_: int, code: int, about: Ipv4Packet) -> bool:
        """What costs no token: what doesn't leave this host, and what path MTU discovery lives by."""
        return self._ipv4.is_mine(about.src) or (
            (type_, code) == (DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED)
        )

    def _too_many(self) -> str:
        if self.rate is None:
            return ""
        now = self._sim.clock.now
        cost = s // self.rate
        full_at = max(self._full_at, now) + cost
        if full_at - now > self.burst * cost:
            return f"more than {self.burst} at once or {self.rate} a second (RFC 1812 4.3.2.8)"
        self._full_at = full_at
        return ""
