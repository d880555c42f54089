"""What IPv4 hands packets to: the protocols above it, and ICMP for what goes wrong."""

from typing import Protocol

from netlab.network.ipv4_packet import Ipv4Packet


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
