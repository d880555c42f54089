"""TCP on one host: ports, and which connection a segment is for (RFC 9293 section 3.10.7)."""

from collections import deque
from errno import EADDRNOTAVAIL, ENETUNREACH

from netlab.errors import ParseError
from netlab.network.address import IPv4Address
from netlab.network.ipv4 import Ipv4
from netlab.network.ipv4_packet import PROTOCOL_TCP, Ipv4Packet
from netlab.sim.program import Signal
from netlab.sim.simulation import Simulation
from netlab.transport.ports import Binding, Ports
from netlab.transport.tcp.connection import Connection, SocketAddress
from netlab.transport.tcp.parts import TcpParts
from netlab.transport.tcp.segment import ACK, RST, SYN, Segment
from netlab.transport.tcp.segment_size import HEADERS
from netlab.transport.tcp.seq import less, less_equal, plus
from netlab.transport.tcp.settings import TcpSettings
from netlab.transport.tcp.states import State, TcpEvent
from netlab.transport.tcp.time_wait import may_reopen


class Listener:
    """A port in LISTEN: connections being opened (`opening`), and those that wait for `accept`."""

    def __init__(self, tcp: "Tcp", local: SocketAddress, backlog: int) -> None:
        self.local = local
        self.backlog = max(1, backlog)
        self.opening: list[Connection] = []
        self.accepted: deque[Connection] = deque()
        self.acceptable = Signal(tcp.clock)
        self.closed = False

    def on_open(self, connection: Connection) -> None:
        """A handshake is complete."""
        if connection in self.opening:  # a table of somebody's own may have deleted it before
            self.opening.remove(connection)
            self.accepted.append(connection)
            self.acceptable.notify()

    @property
    def full(self) -> bool:
        """Whether no more connections may wait."""
        return len(self.accepted) + len(self.opening) >= self.backlog + 1


class Tcp:
    """TCP on one host. `connections` are those that exist, TIME_WAIT included."""

    def __init__(self, sim: Simulation, host: str, ipv4: Ipv4) -> None:
        self.sim = sim
        self.clock = sim.clock
        self.host = host
        self.settings = TcpSettings()
        self.parts = TcpParts()
        self.isn_secret = sim.seed_for(f"secret of {host} for initial sequence numbers")
        self._ipv4 = ipv4
        self._connections: dict[tuple[int, int, int, int], Connection] = {}
        self._listeners: dict[tuple[int, int], Listener] = {}
        self.port_numbers = Ports(self._is_held_by_connection)
        ipv4.protocols[PROTOCOL_TCP] = self
        ipv4.path_mtu.listeners.append(self._path_changed)

    @property
    def connections(self) -> list[Connection]:
        """All connections, the oldest first."""
        return list(self._connections.values())

    @property
    def listeners(self) -> list[Listener]:
        """All ports in LISTEN."""
        return list(self._listeners.values())

    # --- opening ----------------------------------------------------------------------------

    def bind(self, address: IPv4Address, port: int, *, reuse: bool = False) -> Binding:
        """Hold a local port (0: any that is free). OSError (EADDRINUSE).

        A port of which connections are left, in TIME_WAIT say, can be had only with `reuse`.
        """
        return self.port_numbers.bind(address, port, reuse=reuse)

    def release(self, binding: Binding) -> None:
        """Let go of a local port."""
        self.port_numbers.release(binding)

    def connect(
        self,
        binding: Binding,
        remote: SocketAddress,
        *,
        passive: bool = False,
        ttl: int | None = None,
    ) -> Connection:
        """Begin to open a connection from a local port; `passive` waits for this one peer's SYN.

        Its segments have this `ttl`; None is IP's own. OSError: ENETUNREACH without a route or for
        an address of many (RFC 9293 section 3.9.2.3), EADDRNOTAVAIL while the socket pair is in use.
        """
        if self._is_many(remote[0]):
            raise OSError(ENETUNREACH, f"Network is unreachable: {remote[0]} isn't one host")
        address = binding.address
        if address.is_unspecified:
            address = self._ipv4.source_for(remote[0])
        key = (address, binding.port, remote[0], remote[1])
        if key in self._connections:
            raise OSError(
                EADDRNOTAVAIL,
                f"Cannot assign requested address: {self._connections[key]!r} has this socket pair",
            )
        connection = Connection(self, (address, binding.port), remote, ttl=ttl)
        self._connections[key] = connection
        connection.open(passive=passive)
        return connection

    def listen(self, binding: Binding, backlog: int) -> Listener:
        """Wait for connections to a local port. OSError (EADDRINUSE)."""
        self.port_numbers.listen(binding)
        local = (binding.address, binding.port)
        listener = self._listeners[local] = Listener(self, local, backlog)
        return listener

    def stop_listening(self, listener: Listener) -> None:
        """End a listener: connections that nobody accepted are reset."""
        self._listeners.pop(listener.local, None)
        listener.closed = True
        for connection in [*listener.opening, *listener.accepted]:
            connection.abort("the listener was closed before anybody accepted")
        listener.acceptable.notify()

    def forget(self, connection: Connection) -> None:
        """The connection's TCB is deleted."""
        key = (*connection.local, *connection.remote)
        if self._connections.get(key) is connection:
            del self._connections[key]
        listener = connection.listener
        if listener is not None and connection in listener.opening:
            listener.opening.remove(connection)

    def largest_segment(self, remote: IPv4Address) -> int:
        """The MSS to announce: what fits the first link, without the headers (RFC 9293 section 3.7.1)."""
        return self._ipv4.mtu_for(remote) - HEADERS

    def path_mtu_to(self, remote: IPv4Address) -> int:
        """The largest packet, in bytes, that is known to pass the whole way (RFC 1191)."""
        return self._ipv4.path_mtu_to(remote)

    def _path_changed(self, remote: IPv4Address) -> None:
        for connection in self.connections:
            if connection.remote[0] == remote:
                connection.segment_size.path_changed()

    # --- segments ---------------------------------------------------------------------------

    def transmit(
        self,
        segment: Segment,
        src: IPv4Address,
        dst: IPv4Address,
        why: str,
        ttl: int | None = None,
        ecn: int = 0,
    ) -> None:
        """Hand a segment to IP, with this ECN codepoint."""
        self._ipv4.send(
            dst,
            PROTOCOL_TCP,
            segment.pack(src, dst),
            src=src,
            ttl=ttl,
            ecn=ecn,
            dont_fragment=True,
            reason=why,
        )

    def receive(self, packet: Ipv4Packet) -> None:
        """A packet with a segment came: check it, and find whose it is."""
        data = packet.payload
        src, dst = packet.src, packet.dst
        try:
            segment = Segment.parse(data)
        except ParseError as error:
            self._discard(packet, str(error))
            return
        if not Segment.verify(data, src, dst):
            self._discard(packet, "the TCP checksum is wrong: drop it silently (RFC 9293 3.1)")
            return
        key = (dst, segment.destination_port, src, segment.source_port)
        connection = self._connections.get(key)
        if connection is None:
            self._for_no_connection(packet, segment)
        elif connection.state is State.TIME_WAIT and self._reopens(connection, segment):
            above = connection.sender.snd_max
            connection.happens(
                TcpEvent.TIMEOUT_2MSL,
                "the wait ends early, for a SYN newer than all of this connection (RFC 6191 section 2)",
            )
            self._for_no_connection(packet, segment, above)
        else:
            if connection.ecn.on:
                connection.ecn.codepoint = packet.ecn
            connection.arrive(segment)

    def _reopens(self, connection: Connection, segment: Segment) -> bool:
        listener = self._listener_for(connection.local)
        return listener is not None and not listener.full and may_reopen(connection, segment)

    def has_sent(self, packet: Ipv4Packet) -> bool:
        """Whether a segment that begins like this is under way (RFC 5927 section 4.1)."""
        connection = self._sender(packet)
        if connection is None or len(packet.payload) < 8:
            return False
        sender = connection.sender
        seq = int.from_bytes(packet.payload[4:8], "big")
        return less_equal(sender.snd_una, seq) and less(seq, sender.snd_max)

    def unreachable(self, packet: Ipv4Packet, error: int, why: str) -> None:
        """A segment of ours didn't arrive: tell its connection."""
        connection = self._sender(packet)
        if connection is not None:
            connection.unreachable(error, why)

    def _sender(self, packet: Ipv4Packet) -> Connection | None:
        """The connection whose ports and addresses a packet bears that it may have sent."""
        local_port = int.from_bytes(packet.payload[:2], "big")
        remote_port = int.from_bytes(packet.payload[2:4], "big")
        return self._connections.get((packet.src, local_port, packet.dst, remote_port))

    def _for_no_connection(
        self, packet: Ipv4Packet, segment: Segment, above: int | None = None
    ) -> None:
        local = (packet.dst, segment.destination_port)
        if self._is_many(packet.dst) or self._is_many(packet.src):
            self._discard(packet, "TCP is between two: drop it silently (RFC 9293 3.9.2.3)")
            return
        listener = self._listener_for(local)
        if listener is None:
            self._reset(
                packet, segment, f"nobody is at port {local[1]} (RFC 9293 section 3.10.7.1)"
            )
        elif listener.full and segment.flags & (SYN | ACK | RST) == SYN:
            self._discard(packet, f"the backlog of port {local[1]} is full: {listener.backlog}")
        else:
            remote = (packet.src, segment.source_port)
            connection = Connection(self, local, remote, listener)
            connection.isn_above = above
            listener.opening.append(connection)
            self._connections[(*local, *remote)] = connection
            connection.arrive(segment)
            if connection.state is State.LISTEN:
                self.forget(connection)

    def _reset(self, packet: Ipv4Packet, segment: Segment, why: str) -> None:
        """A RST for a segment that no connection takes (RFC 9293 section 3.10.7.1)."""
        if segment.rst:
            return
        if segment.has_ack:
            seq, ack, flags = segment.ack, 0, RST
        else:
            seq, ack, flags = 0, plus(segment.seq, segment.length), RST | ACK
        answer = Segment(segment.destination_port, segment.source_port, seq, ack, flags, 0)
        self.transmit(answer, packet.dst, packet.src, why)

    def _is_many(self, address: IPv4Address) -> bool:
        return address.is_multicast or self._ipv4.is_broadcast(address)

    def _listener_for(self, local: SocketAddress) -> Listener | None:
        exact = self._listeners.get(local)
        return exact or self._listeners.get((IPv4Address.UNSPECIFIED, local[1]))

    def _is_held_by_connection(self, binding: Binding) -> bool:
        return not binding.reuse and any(
            connection.local[1] == binding.port
            and binding.address in (connection.local[0], IPv4Address.UNSPECIFIED)
            for connection in self._connections.values()
        )

    def _discard(self, packet: Ipv4Packet, why: str) -> None:
        fields = {"src": str(packet.src), "dst": str(packet.dst), "why": why}
        self.sim.record(self.host, "transport", "discarded", fields)
