"""ICMP (RFC 792) on one host: echo, and errors about packets that went wrong."""

from collections.abc import Callable
from errno import ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ENETUNREACH, ENOPROTOOPT

from netlab.errors import ParseError
from netlab.network.address import IPv4Address
from netlab.network.icmp_message import (
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    ECHO_REQUEST,
    FRAGMENTATION_NEEDED,
    HOST_UNREACHABLE,
    NET_UNREACHABLE,
    PORT_UNREACHABLE,
    PROTOCOL_UNREACHABLE,
    TIME_EXCEEDED,
    IcmpMessage,
)
from netlab.network.ipv4 import Ipv4
from netlab.network.ipv4_packet import PROTOCOL_ICMP, Ipv4Packet
from netlab.sim.program import Signal
from netlab.sim.simulation import Simulation
from netlab.units import show_time

LARGEST_ERROR = 576
"""An ICMP error quotes as much of the packet as fits in this many bytes (RFC 1812 section 4.3.2.3)."""

_ERRNO = {
    NET_UNREACHABLE: ENETUNREACH,
    HOST_UNREACHABLE: EHOSTUNREACH,
    PROTOCOL_UNREACHABLE: ENOPROTOOPT,
    PORT_UNREACHABLE: ECONNREFUSED,
    FRAGMENTATION_NEEDED: EMSGSIZE,
}


class Icmp:
    """ICMP on one host: answers echo requests, reports errors, and passes those that come on."""

    def __init__(self, sim: Simulation, host: str, ipv4: Ipv4) -> None:
        self._sim = sim
        self._host = host
        self._ipv4 = ipv4
        self._identifier = 0
        self._replies: dict[tuple[int, int], Callable[[Ipv4Packet, IcmpMessage], None]] = {}
        ipv4.protocols[PROTOCOL_ICMP] = self
        ipv4.errors = self

    def echo(
        self, dst: IPv4Address, payload: bytes = b"", *, timeout: int, sequence: int = 1
    ) -> int | None:
        """Send an echo request and wait: the round-trip time in ns, or None after `timeout` ns.

        Raises OSError where no route leads to `dst` (ENETUNREACH), and where the request is larger
        than the first link takes (EMSGSIZE).
        """
        clock = self._sim.clock
        with clock:
            src = self._ipv4.source_for(dst)
            most = self._ipv4.mtu_for(dst) - 28
            if len(payload) > most:
                raise OSError(EMSGSIZE, f"Message too long: {len(payload)} bytes, and {most} fit")
            self._identifier = identifier = (self._identifier + 1) & 0xFFFF
            answered = Signal(clock)
            arrivals: list[int] = []

            def on_reply(packet: Ipv4Packet, message: IcmpMessage) -> None:
                arrivals.append(clock.now)
                answered.notify()

            self._replies[identifier, sequence] = on_reply
            sent_at = clock.now
            request = IcmpMessage.echo_request(identifier, sequence, payload)
            self._ipv4.send(
                dst,
                PROTOCOL_ICMP,
                request.pack(),
                src=src,
                reason="ping: ask for an echo (RFC 792)",
            )
            try:
                clock.wait(
                    answered,
                    lambda: bool(arrivals),
                    sent_at + timeout,
                    f"ping {dst} for up to {show_time(timeout)}",
                )
            finally:
                del self._replies[identifier, sequence]
            return arrivals[0] - sent_at if arrivals else None

    # --- what comes from below --------------------------------------------------------------

    def receive(self, packet: Ipv4Packet) -> None:
        """Take in a message."""
        try:
            message = IcmpMessage.parse(packet.payload)
        except ParseError as error:
            self._discard(str(error))
            return
        if not IcmpMessage.verify(packet.payload):
            self._discard("the ICMP checksum is wrong")
        elif message.type == ECHO_REQUEST:
            self._answer_echo(packet, message)
        elif message.type == ECHO_REPLY:
            on_reply = self._replies.get((message.identifier, message.sequence))
            if on_reply is None:
                self._discard("an echo reply that nobody asked for")
            else:
                on_reply(packet, message)
        elif message.is_error:
            self._pass_on(message)
        else:
            self._discard(f"ICMP {message.type_text} isn't known here (RFC 1122 section 3.2.2)")

    def unreachable(self, packet: Ipv4Packet, error: int, why: str) -> None:
        """An ICMP message of this host didn't arrive. Nobody is told: ping will see no reply."""

    def _answer_echo(self, packet: Ipv4Packet, message: IcmpMessage) -> None:
        if self._ipv4.is_broadcast(packet.dst):
            self._discard("an echo request to all hosts may be ignored (RFC 1122 section 3.2.2.6)")
            return
        reply = IcmpMessage(ECHO_REPLY, 0, message.rest_of_header, message.payload)
        self._ipv4.send(
            packet.src,
            PROTOCOL_ICMP,
            reply.pack(),
            src=packet.dst,
            reason="every host answers an echo request (RFC 1122 section 3.2.2.6)",
        )

    def _pass_on(self, message: IcmpMessage) -> None:
        try:
            quoted = Ipv4Packet.parse(message.payload, quoted=True)
        except ParseError as error:
            self._discard(f"an ICMP error that quotes no packet: {error}")
            return
        error_number = EHOSTUNREACH
        if message.type == DESTINATION_UNREACHABLE:
            error_number = _ERRNO.get(message.code, EHOSTUNREACH)
        elif message.type != TIME_EXCEEDED:
            return
        fields = {"about": f"{quoted.src} > {quoted.dst}", "message": message.type_text}
        self._sim.record(
            self._host,
            "network",
            "icmp error",
            fields,
            "passed to the protocol above (RFC 1122 3.2.2)",
        )
        self._ipv4.report_to_protocol(quoted, error_number, message.type_text)

    # --- errors about others' packets -------------------------------------------------------

    def send_error(
        self, type_: int, code: int, about: Ipv4Packet, reason: str, mtu: int = 0
    ) -> None:
        """Send an error about a packet to its source, unless RFC 1122 section 3.2.2 forbids it."""
        if self._must_stay_silent(about):
            return
        about.checksum = None
        quoted = about.pack()[: LARGEST_ERROR - 28]
        if type_ == DESTINATION_UNREACHABLE:
            message = IcmpMessage.destination_unreachable(code, quoted, mtu)
        else:
            message = IcmpMessage(type_, code, 0, quoted)
        self._ipv4.send(about.src, PROTOCOL_ICMP, message.pack(), reason=reason)

    def _must_stay_silent(self, about: Ipv4Packet) -> bool:
        if about.protocol == PROTOCOL_ICMP:
            try:
                if IcmpMessage.parse(about.payload).is_error:
                    return True
            except ParseError:
                return True
        return (
            about.fragment_offset != 0
            or self._ipv4.is_broadcast(about.dst)
            or about.dst.is_multicast
            or about.src.is_unspecified
            or about.src.is_multicast
            or self._ipv4.is_broadcast(about.src)
        )

    def _discard(self, why: str) -> None:
        self._sim.record(
            self._host, "network", "discarded", {"protocol": PROTOCOL_ICMP, "why": why}
        )
