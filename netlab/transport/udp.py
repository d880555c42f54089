"""The User Datagram Protocol (RFC 768) on one host: ports, and nothing else.

What is sent may be lost, doubled or overtaken; what arrives is whole.
"""

from collections import deque
from collections.abc import Callable
from errno import EMSGSIZE

from netlab.errors import ParseError
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address
from netlab.network.icmp_message import DESTINATION_UNREACHABLE, PORT_UNREACHABLE
from netlab.network.ipv4 import Ipv4
from netlab.network.ipv4_packet import PROTOCOL_UDP, Ipv4Packet
from netlab.sim.program import Signal
from netlab.sim.simulation import Simulation
from netlab.transport.ports import Binding, Ports
from netlab.transport.udp_datagram import HEADER_LENGTH, UdpDatagram

RECEIVE_BUFFER = 65_536
"""Bytes that wait in one port's queue, headers counted; what comes when it is full is dropped."""
LARGEST_PAYLOAD = 65_535 - 20 - HEADER_LENGTH

Address = tuple[IPv4Address, int]


class UdpPort:
    """A port that a program holds, with the datagrams that wait there.

    `remote` limits it to one peer, and lets it hear that this one is unreachable (`error`).
    `dont_fragment` sends no more than what is known to pass the whole way uncut (RFC 1191).
    `interface` limits its broadcasts, those sent and those heard, to one link. A `taker` is called
    with each datagram and its sender, as soon as it comes, instead of keeping it.
    """

    def __init__(self, udp: "Udp", binding: Binding) -> None:
        self.binding = binding
        self.remote: Address | None = None
        self.interface: Interface | None = None
        self.taker: Callable[[bytes, Address], None] | None = None
        self.queue: deque[tuple[bytes, Address]] = deque()
        self.queued = 0
        self.error: OSError | None = None
        self.dont_fragment = False
        self.readable = Signal(udp.clock)

    @property
    def local(self) -> Address:
        """The address and port that it is bound to."""
        return self.binding.address, self.binding.port

    def accepts(self, local: Address, remote: Address) -> bool:
        """Whether a datagram that came from `remote` to `local` is for this port."""
        address, port = self.local
        return (
            port == local[1]
            and (address == local[0] or address.is_unspecified)
            and (self.remote == remote or self.remote is None)
        )

    @property
    def precision(self) -> int:
        """Of several ports that accept a datagram, the one that says most precisely whose gets it."""
        return 2 * (self.remote is not None) + (not self.binding.address.is_unspecified)

    @property
    def is_full(self) -> bool:
        """Whether the queue takes no more."""
        return self.queued >= RECEIVE_BUFFER

    def put(self, data: bytes, sender: Address) -> None:
        """Take a datagram, or add it to the queue."""
        if self.taker is not None:
            self.taker(data, sender)
            return
        self.queue.append((data, sender))
        self.queued += HEADER_LENGTH + len(data)
        self.readable.notify()

    def take(self, peek: bool) -> tuple[bytes, Address]:
        """The first datagram and its sender."""
        data, sender = self.queue[0]
        if not peek:
            self.queue.popleft()
            self.queued -= HEADER_LENGTH + len(data)
        return data, sender


class Udp:
    """UDP on one host. `ports` are those that programs hold."""

    def __init__(self, sim: Simulation, host: str, ipv4: Ipv4) -> None:
        self.clock = sim.clock
        self.ports: list[UdpPort] = []
        self._sim = sim
        self._host = host
        self._ipv4 = ipv4
        self.port_numbers = Ports()
        ipv4.protocols[PROTOCOL_UDP] = self

    def bind(self, address: IPv4Address, port: int, *, reuse: bool = False) -> UdpPort:
        """Hold a port (0: any). OSError (EADDRINUSE)."""
        held = UdpPort(self, self.port_numbers.bind(address, port, reuse=reuse))
        self.ports.append(held)
        return held

    def release(self, port: UdpPort) -> None:
        """Let go of a port."""
        self.port_numbers.release(port.binding)
        if port in self.ports:
            self.ports.remove(port)
        port.readable.notify()

    def send(
        self,
        port: UdpPort,
        data: bytes,
        remote: Address,
        *,
        ttl: int | None = None,
        reason: str = "the user sends a datagram: UDP sends it at once (RFC 768)",
    ) -> None:
        """Send one datagram. OSError: EMSGSIZE when it is too large, ENETUNREACH without a route."""
        src = port.binding.address
        if src.is_unspecified or self._ipv4.is_broadcast(src):
            src = self._ipv4.source_for(remote[0], port.interface)
        largest = LARGEST_PAYLOAD
        if port.dont_fragment:
            largest = min(largest, self._ipv4.path_mtu_to(remote[0]) - 20 - HEADER_LENGTH)
        if len(data) > largest:
            raise OSError(EMSGSIZE, f"Message too long: {len(data)} bytes, and {largest} fit")
        datagram = UdpDatagram(port.binding.port, remote[1], data)
        self._ipv4.send(
            remote[0],
            PROTOCOL_UDP,
            datagram.pack(src, remote[0]),
            src=src,
            ttl=ttl,
            dont_fragment=port.dont_fragment,
            interface=port.interface,
            reason=reason,
        )

    def receive(self, packet: Ipv4Packet) -> None:
        """A packet with a datagram came: check it, and queue it at its port."""
        try:
            datagram = UdpDatagram.parse(packet.payload)
        except ParseError as error:
            self._discard(packet, str(error))
            return
        if not UdpDatagram.verify(packet.payload, packet.src, packet.dst):
            self._discard(packet, "the UDP checksum is wrong: drop it silently (RFC 1122 4.1.3.4)")
            return
        local = (packet.dst, datagram.destination_port)
        remote = (packet.src, datagram.source_port)
        takers = [port for port in self.ports if port.accepts(local, remote)]
        if not takers:
            self._ipv4.send_error(
                DESTINATION_UNREACHABLE,
                PORT_UNREACHABLE,
                packet,
                f"nobody is at UDP port {local[1]} (RFC 1122 section 4.1.3.1)",
            )
        elif self._ipv4.is_broadcast(packet.dst):
            links = (None, self._ipv4.heard_by)
            takers = [port for port in takers if port.interface in links]
        else:
            takers = [max(takers, key=lambda port: port.precision)]  # of equals the first
        for port in takers:
            if port.is_full:
                self._discard(packet, f"the queue of port {local[1]} is full")
            else:
                port.put(datagram.payload, remote)

    def has_sent(self, packet: Ipv4Packet) -> bool:
        """Whether a datagram that begins like this may be under way from one of the ports."""
        return any(self._senders(packet))

    def unreachable(self, packet: Ipv4Packet, error: int, why: str) -> None:
        """A datagram of ours didn't arrive: a connected port hears of it (RFC 1122 section 4.1.3.3)."""
        for port in self._senders(packet):
            if port.remote is not None:
                port.error = OSError(error, why)
                port.readable.notify()

    def _senders(self, packet: Ipv4Packet) -> list[UdpPort]:
        """The ports that may have sent the datagram that begins this packet."""
        start = packet.payload
        if len(start) < HEADER_LENGTH:
            return []
        local = (packet.src, int.from_bytes(start[:2], "big"))
        remote = (packet.dst, int.from_bytes(start[2:4], "big"))
        return [port for port in self.ports if port.accepts(local, remote)]

    def _discard(self, packet: Ipv4Packet, why: str) -> None:
        fields = {"src": str(packet.src), "dst": str(packet.dst), "why": why}
        self._sim.record(self._host, "transport", "discarded", fields)
