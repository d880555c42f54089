"""Which conversation an event is about. A script mostly doesn't say, and means the latest one."""

from netlab.network.address import IPv4Address
from netlab.packetdrill.calls import Descriptor
from netlab.packetdrill.constants import CONSTANTS
from netlab.packetdrill.flow import Flow
from netlab.packetdrill.options import Options
from netlab.packetdrill.packet import Icmp, Packet, Tcp
from netlab.packetdrill.wire import Sent
from netlab.transport.tcp.segment import ACK, SYN

FIRST_REMOTE_PORT = 40_000


class Flows:
    """All conversations of one run. `descriptor` is the socket that came about last."""

    def __init__(self, options: Options, remote_isn: int) -> None:
        self.descriptor: Descriptor | None = None
        self._options = options
        self._remote_isn = remote_isn
        self._all: list[Flow] = []
        self._latest: Flow | None = None
        self._listening = True  # a segment that comes now begins a conversation
        self._next_port = FIRST_REMOTE_PORT

    # --- from calls ---------------------------------------------------------------------------

    def changed(self, descriptor: Descriptor, what: str) -> None:
        """A socket came about or changed its role: what follows in the script is about it."""
        if what == "accept":
            port = descriptor.socket.getpeername()[1]
            flows = [flow for flow in self._all if flow.remote[1] == port]
            descriptor.flow = flows[-1] if flows else None
        self.descriptor = descriptor
        if what in ("socket", "listen"):
            self._listening = True

    def begun_by(self, descriptor: Descriptor) -> Flow:
        """The conversation of a socket that connects, or sends its first datagram."""
        protocol = "tcp" if descriptor.socket.type == CONSTANTS["SOCK_STREAM"] else "udp"
        port = descriptor.socket.getsockname()[1]
        flow = self._begin(protocol, port, self._options.connect_port)
        flow.connecting = port == 0
        return flow

    def _begin(self, protocol: str, local_port: int, remote_port: int) -> Flow:
        options = self._options
        self._latest = Flow(
            protocol,
            (IPv4Address.parse(options.local_ip), local_port),
            (IPv4Address.parse(options.remote_ip), remote_port),
            self._remote_isn,
        )
        self._listening = False
        self._all.append(self._latest)
        return self._latest

    # --- packets --------------------------------------------------------------------------------

    def inbound(self, packet: Packet) -> Flow:
        """Whose numbers an inbound packet is in: its ports tell, or it is for the latest flow."""
        kind, latest = packet.protocol, self._latest
        if packet.ports is not None:
            for flow in self._all:
                if (flow.remote[1], flow.local[1]) == packet.ports and flow.protocol == kind:
                    return flow
            if isinstance(packet.body, Tcp) and packet.body.flags & (SYN | ACK) == SYN:
                return self._begin(kind, packet.ports[1], packet.ports[0])
        if latest is None or (kind != "icmp" and (latest.protocol != kind or self._listening)):
            self._next_port += 1
            return self._begin(kind, self._options.bind_port, self._next_port)
        return latest

    def of(self, sent: Sent) -> Flow:
        """The conversation of a packet of the host's."""
        for flow in self._all:
            if sent.ports == (flow.local[1], flow.remote[1]) and flow.protocol == sent.protocol:
                return flow
        return self._latest or self._begin(sent.protocol, *sent.ports)

    def expected(self, packet: Packet, sent: list[Sent], *, in_part: bool) -> list[Sent]:
        """Of what the host has sent, the first packet of the conversation that an event is about.

        Text that a script expects in one piece may come in several segments: then all of them, as
        soon as they are there, or (`in_part`) the first.
        """
        found = [each for each in sent if self._is_for(packet, each)]
        wanted = packet.body.length if isinstance(packet.body, Tcp) else 0
        if not wanted or self._options.strict_segments:
            return found[:1]
        size = 0
        for count, each in enumerate(found, 1):
            size += each.text_length
            if size == wanted:
                return found[:count]
            if size > wanted or not each.text_length:
                return found[:1]
        return found[:1] if in_part else []

    def _is_for(self, packet: Packet, sent: Sent) -> bool:
        if sent.protocol != packet.protocol:
            return False
        if isinstance(packet.body, Icmp):
            return True
        if packet.ports is not None:
            return packet.ports == sent.ports
        flow = self._latest
        if flow is None:
            return False
        if (
            flow.connecting and sent.ports[1] == flow.remote[1]
        ):  # its own isn't known before the SYN
            flow.local = (flow.local[0], sent.ports[0])
            flow.connecting = False
        return sent.ports == (flow.local[1], flow.remote[1])
