"""One conversation of the host under test: from a script's numbers to those on the wire, and back.

A script counts sequence numbers from each side's SYN, as tcpdump does: numbers in a segment with SYN
are absolute, all others relative. It knows neither the host's initial sequence number nor its clock
for timestamps, so these are learnt from what the host sends.
"""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import replace

from netlab.errors import ParseError
from netlab.network.address import IPv4Address
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, Ipv4Packet
from netlab.packetdrill.packet import (
    SACK,
    TIMESTAMPS,
    Icmp,
    Packet,
    Tcp,
    Udp,
    sack,
    sack_blocks,
    timestamps,
)
from netlab.packetdrill.problems import Wrong
from netlab.transport.tcp.options import EOL, Option, build_options, parse_options
from netlab.transport.tcp.segment import ACK, SYN, Segment
from netlab.transport.tcp.seq import MASK, plus
from netlab.transport.udp_datagram import UdpDatagram

PATTERN = hashlib.shake_128(b"the bytes of a script's streams").digest(65_521)
"""What both streams carry where a script says `...`, over and over: a byte out of its place is seen."""


def pattern(start: int, length: int) -> bytes:
    """`length` bytes of a stream from the byte `start` on."""
    at = start % len(PATTERN)
    return (PATTERN * ((at + length) // len(PATTERN) + 1))[at : at + length]


class Flow:
    """A conversation between `local` and `remote` (address, port) by one protocol.

    `connecting` is true from connect() to the SYN, `written` what the program has sent, `read` how
    many bytes of the other side's it has got.
    """

    def __init__(
        self,
        protocol: str,
        local: tuple[IPv4Address, int],
        remote: tuple[IPv4Address, int],
        remote_base: int = 0,
    ) -> None:
        self.protocol = protocol
        self.local = local
        self.remote = remote
        self.connecting = False
        self.written = bytearray()
        self.datagrams: list[bytes] = []
        self.read = 0
        self.checks_bytes = True
        self._remote_base = remote_base  # what the wire's numbers of the other side are ahead by
        self._remote_isn: int | None = None  # as the script has it
        self._local_isn: int | None = None
        self._local_base = 0  # the host's initial number on the wire, less the script's
        self._reopening: int | None = None  # the number of a SYN that may open it anew
        self._sent_timestamps: dict[int, int] = {}
        self._first_timestamp: tuple[int, int] | None = None

    # --- to the host --------------------------------------------------------------------------

    def to_wire(self, packet: Packet) -> bytes:
        """The bytes of an inbound packet."""
        ports = packet.ports or (self.remote[1], self.local[1])
        src, dst = self.remote[0], self.local[0]
        body = packet.body
        if isinstance(body, Tcp):
            protocol, payload = PROTOCOL_TCP, self._segment(body, ports).pack(src, dst)
        elif isinstance(body, Udp):
            protocol = PROTOCOL_UDP
            payload = UdpDatagram(*ports, pattern(0, body.length)).pack(src, dst)
        else:
            protocol, payload = PROTOCOL_ICMP, self._message(body).pack()
        tos = packet.tos or 0
        ecn = {"ect0": 2, "ect1": 1, "ce": 3}.get(packet.ecn or "", tos & 3)
        return Ipv4Packet(
            src, dst, protocol, payload, packet.ttl or 255, dscp=tos >> 2, ecn=ecn
        ).pack()

    def _segment(self, tcp: Tcp, ports: tuple[int, int]) -> Segment:
        syn = tcp.flags & SYN
        if tcp.urgent:
            self.checks_bytes = False  # who reads such text finds a byte missing
        if syn:
            if self._remote_isn is None:
                self._remote_isn = tcp.seq
            elif not tcp.flags & ACK and tcp.seq != self._remote_isn:
                self._reopening = tcp.seq
        text = pattern(tcp.seq - (tcp.seq if syn else 1), tcp.length)
        options = [self._option_to_wire(option, tcp.flags) for option in tcp.options or []]
        return Segment(
            *ports,
            plus(tcp.seq, self._remote_base + (0 if syn else self._remote_isn or 0)),
            self._ack_to_wire(tcp.ack, syn) if tcp.flags & ACK else tcp.ack,
            tcp.flags,
            0 if tcp.window is None else tcp.window,
            text,
            build_options(options),
            tcp.urgent,
        )

    def _ack_to_wire(self, ack: int, syn: int) -> int:
        return plus(ack, self._local_base + (0 if syn else self._local_isn or 0))

    def _option_to_wire(self, option: Option, flags: int) -> Option:
        if option.kind == SACK:
            return _moved(option, lambda edge: self._ack_to_wire(edge, flags & SYN))
        if option.kind == TIMESTAMPS and flags & ACK and len(option.data) == 8:
            value, echo = struct.unpack("!II", option.data)
            if echo in self._sent_timestamps:
                return timestamps(value, self._sent_timestamps[echo])
            if self._first_timestamp is not None:
                ours, theirs = self._first_timestamp
                return timestamps(value, plus(theirs, echo - ours))
        return option

    def _message(self, icmp: Icmp) -> IcmpMessage:
        rest = icmp.mtu or (icmp.identifier or 0) << 16
        if icmp.raw is not None:
            return IcmpMessage(icmp.type, icmp.code, rest, bytes(max(0, icmp.raw - 8)))
        if not IcmpMessage(icmp.type).is_error:
            return IcmpMessage(icmp.type, icmp.code, rest)
        src, dst = self.local[0], self.remote[0]
        if isinstance(icmp.quoted, Udp) or self.protocol == "udp":
            size = icmp.quoted.length if isinstance(icmp.quoted, Udp) else 0
            datagram = UdpDatagram(self.local[1], self.remote[1], bytes(size))
            quoted = Ipv4Packet(src, dst, PROTOCOL_UDP, datagram.pack(src, dst))
        else:
            tcp = icmp.quoted or Tcp(ACK, 0, 0)
            seq = self._ack_to_wire(tcp.seq, 0)
            segment = Segment(self.local[1], self.remote[1], seq, 0, ACK, 0, bytes(tcp.length))
            quoted = Ipv4Packet(src, dst, PROTOCOL_TCP, segment.pack(src, dst), dont_fragment=True)
        return IcmpMessage(icmp.type, icmp.code, rest, quoted.pack()[:28])

    # --- from the host ------------------------------------------------------------------------

    def from_wire(self, ip: Ipv4Packet, expected: Packet) -> tuple[Packet, bytes]:
        """What the host sent, in the script's numbers, and its payload. `Wrong` if it can't be read."""
        try:
            return self._from_wire(ip, expected)
        except ParseError as error:
            raise Wrong(f"the host sent a packet that can't be read: {error}") from None

    def _from_wire(self, ip: Ipv4Packet, expected: Packet) -> tuple[Packet, bytes]:
        if ip.protocol == PROTOCOL_TCP:
            segment = Segment.parse(ip.payload)
            wanted = expected.body if isinstance(expected.body, Tcp) else None
            body: Tcp | Udp | Icmp = self._segment_from_wire(segment, wanted)
            ports, payload = (segment.source_port, segment.destination_port), segment.payload
        elif ip.protocol == PROTOCOL_UDP:
            datagram = UdpDatagram.parse(ip.payload)
            body, payload = Udp(len(datagram.payload)), datagram.payload
            ports = datagram.source_port, datagram.destination_port
        else:
            body, payload = self._message_from_wire(IcmpMessage.parse(ip.payload), expected), b""
            return Packet(True, body, None, *_of_ip(ip, expected)), payload
        return Packet(True, body, expected.ports and ports, *_of_ip(ip, expected)), payload

    def _segment_from_wire(self, segment: Segment, wanted: Tcp | None) -> Tcp:
        syn = segment.flags & SYN
        if syn and (self._local_isn is None or (self._reopening is not None and segment.has_ack)):
            self._begin(segment.seq, wanted.seq if wanted else 0)
        self._reopening = None
        options = [
            self._option_from_wire(option, segment.flags, wanted)
            for option in _all_options(segment.options)
        ]
        ack = self._remote_from_wire(segment.ack, syn) if segment.has_ack else segment.ack
        return Tcp(
            segment.flags,
            plus(segment.seq, -self._local_base - (0 if syn else self._local_isn or 0)),
            len(segment.payload),
            ack,
            segment.window,
            segment.urgent_pointer,
            options,
        )

    def _begin(self, number: int, script: int) -> None:
        """The host's SYN shows its initial number; the script calls it `script`."""
        if self._reopening is not None:
            self._remote_isn = self._reopening
            self.written.clear()
            self.read = 0
        self._local_isn = script
        self._local_base = plus(number, -script)

    def _remote_from_wire(self, ack: int, syn: int) -> int:
        return plus(ack, -self._remote_base - (0 if syn else self._remote_isn or 0))

    def _option_from_wire(self, option: Option, flags: int, wanted: Tcp | None) -> Option:
        if option.kind == SACK:
            return _moved(option, lambda edge: self._remote_from_wire(edge, flags & SYN))
        if option.kind == TIMESTAMPS and len(option.data) == 8:
            value, echo = struct.unpack("!II", option.data)
            for script in (wanted and wanted.options) or []:
                if script.kind == TIMESTAMPS and len(script.data) == 8:
                    named = struct.unpack("!II", script.data)[0]
                    self._sent_timestamps[named] = value
                    self._first_timestamp = self._first_timestamp or (named, value)
            if self._first_timestamp is not None:
                ours, theirs = self._first_timestamp
                value = (ours + value - theirs) & MASK
            return timestamps(value, echo)
        return option

    def _message_from_wire(self, message: IcmpMessage, expected: Packet) -> Icmp:
        icmp = Icmp(message.type, message.code)
        if message.next_hop_mtu and message.is_error:
            icmp.mtu = message.next_hop_mtu
        wanted = expected.body
        if isinstance(wanted, Icmp):  # what it doesn't tell isn't looked at
            icmp = replace(icmp, identifier=wanted.identifier, raw=wanted.raw)
            if wanted.identifier is not None:
                icmp.identifier = message.identifier
            if wanted.mtu is None:
                icmp.mtu = None
            if wanted.quoted is not None and message.is_error:
                icmp.quoted = self._quoted_from_wire(message.payload)
        return icmp

    def _quoted_from_wire(self, data: bytes) -> Tcp | Udp | None:
        """What the host quotes is a packet of the other side's."""
        try:
            ip = Ipv4Packet.parse(data, quoted=True)
        except ParseError:
            return None
        if len(ip.payload) < 8:
            return None
        if ip.protocol == PROTOCOL_UDP:
            return Udp(int.from_bytes(ip.payload[4:6], "big") - 8)
        return Tcp(ACK, self._remote_from_wire(int.from_bytes(ip.payload[4:8], "big"), 0), 0)

    def expected_bytes(self, packet: Packet) -> bytes | None:
        """What an outbound packet must carry; None where that can't be told."""
        if isinstance(packet.body, Udp):
            return self.datagrams.pop(0) if self.datagrams else None
        if not isinstance(packet.body, Tcp) or not self.checks_bytes:
            return None
        start = packet.body.seq - (packet.body.seq if packet.body.flags & SYN else 1)
        if start < 0 or start + packet.body.length > len(self.written):
            return None  # a probe of the window, or of a peer that is silent
        return bytes(self.written[start : start + packet.body.length])


def _moved(option: Option, move: Callable[[int], int]) -> Option:
    """A SACK option in other numbers; one that is malformed as it is."""
    if not option.data or len(option.data) % 8:
        return option
    return sack([(move(left), move(right)) for left, right in sack_blocks(option)])


def _all_options(data: bytes) -> list[Option]:
    """The options, with each byte behind the end of the list as an EOL of its own."""
    options = parse_options(data)
    read = sum(len(option.pack()) for option in options)
    return options + [Option(EOL)] * (len(data) - read)


def _of_ip(ip: Ipv4Packet, expected: Packet) -> tuple[str | None, int | None, int | None]:
    """ECN, TOS and TTL, as far as the script names them."""
    names = ("noecn", "ect1", "ect0", "ce")
    ecn = None if expected.ecn is None else names[ip.ecn]
    if expected.ecn == "ect01" and ecn in ("ect0", "ect1"):
        ecn = "ect01"
    tos = None if expected.tos is None else ip.dscp << 2 | ip.ecn
    return ecn, tos, None if expected.ttl is None else ip.ttl
