"""The link between the host under test and the script, which plays the rest of the world.

IP packets travel on it as they are, without any framing or address resolution, and take no time.
"""

from dataclasses import dataclass

from netlab.errors import ParseError
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.cable import Cable
from netlab.link.ethernet import ETHERTYPE_IPV4
from netlab.link.framing import LinkFrame
from netlab.link.interface import Interface
from netlab.link.raw import RawIp
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, Ipv4Packet
from netlab.sim.simulation import Simulation
from netlab.trace.frame import Frame

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
    """`sent` holds what the host has sent and no event has asked for yet; each packet stops the clock."""

    def __init__(self, sim: Simulation, host: Host) -> None:
        self.sent: list[Sent] = []
        self._clock = sim.clock
        mtu = 65_535  # packets larger than the host's MTU may come in
        self._end = Interface(sim, "script", "tun0", MacAddress(0), mtu)
        self._end.handlers[ETHERTYPE_IPV4] = self._receive
        Cable(sim, host.interfaces[0], self._end, name="wire", framing=RawIp, frame_type=Frame)

    def send(self, packet: bytes, reason: str) -> None:
        """Let a packet reach the host."""
        self._end.send_frame(packet, reason, None)

    def _receive(self, interface: Interface, frame: LinkFrame) -> None:
        try:
            packet = Ipv4Packet.parse(frame.payload)
        except ParseError as error:
            interface.discard(str(error))
        else:
            self.sent.append(Sent(self._clock.now, packet))
            self._clock.stop()
