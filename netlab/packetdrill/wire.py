"""The link between the host under test and the script, which plays the rest of the world.

IP packets travel on it as they are, without any framing or address resolution, and take no time.
"""

from dataclasses import dataclass

from netlab.host import Host
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, Ipv4Packet
from netlab.packetdrill.problems import Wrong
from netlab.topology import Network

_PROTOCOLS = {PROTOCOL_TCP: "tcp", PROTOCOL_UDP: "udp", PROTOCOL_ICMP: "icmp"}


@dataclass(slots=True)
class Sent:
    """A packet that the host sent at `time` (ns)."""

    time: int
    packet: Ipv4Packet

    @property
    def protocol(self) -> str:
        """`tcp`, `udp` or `icmp`, as scripts call them."""
        return _PROTOCOLS.get(self.packet.protocol, f"protocol {self.packet.protocol}")

    @property
    def text_length(self) -> int:
        """Bytes of text in a segment."""
        data = self.packet.payload
        return max(0, len(data) - (data[12] >> 4) * 4) if len(data) > 12 else 0

    @property
    def ports(self) -> tuple[int, int]:
        """The host's port and the other side's."""
        header = self.packet.payload[:4].ljust(4, b"\0")
        return int.from_bytes(header[:2], "big"), int.from_bytes(header[2:], "big")


class Wire:
    """`sent` holds what the host has sent and no event has asked for yet."""

    def __init__(self, net: Network, host: Host) -> None:
        self.sent: list[Sent] = []
        self._clock = net.sim.clock
        self._probe = net.probe("script")
        net.connect(host, self._probe, medium="raw")

    def send(self, packet: bytes, reason: str) -> None:
        """Let a packet reach the host."""
        self._probe.interface.send_frame(packet, reason, None)

    def wait(self, until: int) -> bool:
        """Let time pass up to `until` (ns), or to the next packet of the host's; whether one came."""
        frame = self._probe.receive(until - self._clock.now)
        if frame is None:
            return False
        if frame.ipv4 is None:
            raise Wrong(f"the host sent a packet that can't be read: {frame.malformed}")
        self.sent.append(Sent(frame.time, frame.ipv4))
        return True
