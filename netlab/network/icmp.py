"""ICMP (RFC 792) on one host: what it answers, and what it makes of errors about its own packets."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import (
    ECONNREFUSED,
    EHOSTUNREACH,
    EMSGSIZE,
    ENETUNREACH,
    ENOPROTOOPT,
    EOPNOTSUPP,
    EPROTO,
)
from itertools import count

from netlab.errors import ParseError
from netlab.network import icmp_message
from netlab.network.icmp_errors import IcmpErrors
from netlab.network.icmp_message import (
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    FRAGMENTATION_NEEDED,
    HEADER_LENGTH,
    OBSOLETE,
    PARAMETER_PROBLEM,
    REDIRECT,
    IcmpMessage,
)
from netlab.network.ipv4 import Ipv4
from netlab.network.ipv4_packet import PROTOCOL_ICMP, Ipv4Packet
from netlab.network.redirects import Redirects
from netlab.sim.simulation import Simulation
from netlab.units import time_of_day

Listener = Callable[[Ipv4Packet, IcmpMessage, Ipv4Packet | None], None]
"""Called with the packet that a message came in, the message, and what it quotes if it is an error."""

# What a socket is told, by the code of DESTINATION_UNREACHABLE, as the Linux kernel has it. Some
# systems lack two of the numbers.
_UNREACHABLE = (
    ENETUNREACH,
    EHOSTUNREACH,
    ENOPROTOOPT,
    ECONNREFUSED,
    EMSGSIZE,
    EOPNOTSUPP,
    ENETUNREACH,
    getattr(errno, "EHOSTDOWN", EHOSTUNREACH),
    getattr(errno, "ENONET", EHOSTUNREACH),
    ENETUNREACH,
    EHOSTUNREACH,
    ENETUNREACH,
)
_TEXTS = {
    ENETUNREACH: "Network is unreachable",
    EHOSTUNREACH: "No route to host",
    ENOPROTOOPT: "Protocol not available",
    ECONNREFUSED: "Connection refused",
    EMSGSIZE: "Message too long",
    EOPNOTSUPP: "Operation not supported",
    EPROTO: "Protocol error",
}


def errno_of(message: IcmpMessage) -> int:
    """What a socket is told when this error is about a packet of its."""
    if message.type == PARAMETER_PROBLEM:
        return EPROTO
    if message.type == DESTINATION_UNREACHABLE and message.code < len(_UNREACHABLE):
        return _UNREACHABLE[message.code]
    return EHOSTUNREACH


class Icmp:
    """ICMP on one host: answers requests, sends `errors`, follows `redirects`, passes on the rest."""

    def __init__(self, sim: Simulation, host: str, ipv4: Ipv4) -> None:
        self.errors = ipv4.errors = IcmpErrors(sim, host, ipv4)
        self.redirects = Redirects(sim, host, ipv4)
        self._sim = sim
        self._host = host
        self._ipv4 = ipv4
        self._identifier = 0
        self._listeners: dict[int, Listener] = {}
        ipv4.protocols[PROTOCOL_ICMP] = self

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[int]:
        """Have `listener` called with each good message that comes during the block, for whomever.

        The block gets an identifier of its own, for its requests to bear.
        """
        free = (number & 0xFFFF for number in count(self._identifier + 1))
        self._identifier = identifier = next(each for each in free if each not in self._listeners)
        self._listeners[identifier] = listener
        try:
            yield identifier
        finally:
            del self._listeners[identifier]

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
        elif message.type in OBSOLETE:
            self._discard(f"ICMP {message.type_text} is obsolete ({OBSOLETE[message.type]})")
        elif message.is_error:
            self._take_error(packet, message)
        else:
            self._tell(packet, message, None)
            match message.type:
                case icmp_message.ECHO_REQUEST:
                    self._answer_echo(packet, message)
                case icmp_message.TIMESTAMP_REQUEST:
                    self._answer_timestamp(packet, message)
                case icmp_message.ECHO_REPLY | icmp_message.TIMESTAMP_REPLY:
                    if message.identifier not in self._listeners:
                        self._discard(f"a reply that nobody asked for: ICMP {message.type_text}")
                case _:
                    self._discard(
                        f"ICMP {message.type_text} isn't known here (RFC 1122 section 3.2.2)"
                    )

    def _tell(self, packet: Ipv4Packet, message: IcmpMessage, quoted: Ipv4Packet | None) -> None:
        for listener in list(self._listeners.values()):
            listener(packet, message, quoted)

    # --- requests ---------------------------------------------------------------------------

    def _answer_echo(self, packet: Ipv4Packet, message: IcmpMessage) -> None:
        # Of the request only the type is changed (RFC 792): its code is nobody's affair.
        reply = IcmpMessage(ECHO_REPLY, message.code, message.rest_of_header, message.payload)
        self._answer(packet, reply, "every host answers an echo request (RFC 1122 section 3.2.2.6)")

    def _answer_timestamp(self, packet: Ipv4Packet, message: IcmpMessage) -> None:
        try:
            reply = IcmpMessage.timestamp_reply(message, time_of_day(self._sim.clock.date))
        except ParseError as error:
            self._discard(str(error))
            return
        self._answer(packet, reply, "somebody asks for the time of day (RFC 1122 section 3.2.2.8)")

    def _answer(self, packet: Ipv4Packet, reply: IcmpMessage, reason: str) -> None:
        if self._ipv4.is_broadcast(packet.dst) or packet.dst.is_multicast:
            self._discard("a request to many may be ignored (RFC 1122 3.2.2.6 and 3.2.2.8)")
            return
        self._ipv4.send(
            packet.src,
            PROTOCOL_ICMP,
            reply.pack(),
            src=packet.dst,
            # It goes back with the route and the times so far (section 3.2.2.6).
            options=packet.options,
            dscp=packet.dscp,  # the reply asks for the same service (RFC 1349 section 5.1)
            reason=reason,
        )

    # --- errors about this host's packets ---------------------------------------------------

    def has_sent(self, packet: Ipv4Packet) -> bool:
        """Whether a request of somebody who listens begins like this."""
        identifier = int.from_bytes(packet.payload[4:6], "big")
        return len(packet.payload) >= HEADER_LENGTH and identifier in self._listeners

    def unreachable(self, packet: Ipv4Packet, error: int, why: str) -> None:
        """A message of this host's didn't arrive: who listens has heard so already."""

    def _take_error(self, packet: Ipv4Packet, message: IcmpMessage) -> None:
        try:
            quoted = Ipv4Packet.parse(message.payload, quoted=True)
        except ParseError as error:
            self._discard(f"an ICMP error that quotes no packet: {error}")
            return
        self._tell(packet, message, quoted)
        handler = self._ipv4.protocols.get(quoted.protocol)
        if (
            handler is None
            or quoted.fragment_offset
            or not self._ipv4.is_mine(quoted.src)
            or not handler.has_sent(quoted)
        ):
            self._discard(
                f"ICMP {message.type_text} about {quoted.src} > {quoted.dst}: nothing like what it"
                " quotes is under way from here (RFC 5927 section 4)"
            )
            return
        fields = {
            "about": f"{quoted.src} > {quoted.dst}",
            "message": message.type_text,
            "from": str(packet.src),
        }
        reason = "passed to the protocol whose packet it quotes (RFC 1122 section 3.2.2)"
        self._sim.record_cause(self._host, "network", "icmp error", fields, reason)
        if message.type == REDIRECT:
            unbelieved = self.redirects.take(packet.src, message, quoted.dst)
            if unbelieved:
                self._discard(unbelieved)
            return
        if message.type == DESTINATION_UNREACHABLE and message.code == FRAGMENTATION_NEEDED:
            size = int.from_bytes(message.payload[2:4], "big")
            self._ipv4.path_mtu.too_big(quoted.dst, size, message.next_hop_mtu)
        number = errno_of(message)
        text = _TEXTS.get(number, "Host is down or cut off")
        handler.unreachable(quoted, number, f"{text}: {packet.src} says {message.type_text}")

    def _discard(self, why: str) -> None:
        self._sim.record(
            self._host, "network", "discarded", {"protocol": PROTOCOL_ICMP, "why": why}
        )
