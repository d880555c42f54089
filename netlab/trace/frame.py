"""A frame that can be looked into: its layers, parsed when somebody first asks."""

from netlab.link.ethernet import EthernetFrame
from netlab.link.frame import Frame as Transmission
from netlab.link.ppp import PppFrame
from netlab.network.arp_packet import ArpPacket
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import Ipv4Packet
from netlab.trace.layers import Layers, dissect
from netlab.trace.summary import label_of, protocol_of, summary_of
from netlab.transport.tcp.segment import Segment
from netlab.transport.udp_datagram import UdpDatagram


class Frame(Transmission):
    """One transmission over one link, with the layers of what was sent.

    `.ethernet`, `.ppp`, `.arp`, `.ipv4`, `.icmp`, `.udp` and `.tcp` are the headers of those layers, or
    None where the frame has no such layer or it can't be read; `.malformed` then says why. They
    show the bytes as sent. What a fault made of them on the way is in `.received`.
    """

    # Left empty by the constructor, which is the parent's: a frame that nobody looks into costs
    # nothing more. Whoever looks finds the slot empty once, and fills it.
    __slots__ = ("_layers",)

    _layers: Layers

    @property
    def layers(self) -> Layers:
        """All layers at once."""
        try:
            return self._layers
        except AttributeError:
            self._layers = layers = self._dissect()
            return layers

    def _dissect(self) -> Layers:
        return dissect(self.bytes, self.link.linktype)

    @property
    def ethernet(self) -> EthernetFrame | None:
        """The Ethernet header."""
        return self.layers.ethernet

    @property
    def ppp(self) -> PppFrame | None:
        """The header of PPP, on a serial line."""
        return self.layers.ppp

    @property
    def arp(self) -> ArpPacket | None:
        """The ARP packet, RARP too."""
        return self.layers.arp

    @property
    def ipv4(self) -> Ipv4Packet | None:
        """The IPv4 header, of a fragment too."""
        return self.layers.ipv4

    @property
    def icmp(self) -> IcmpMessage | None:
        """The ICMP message."""
        return self.layers.icmp

    @property
    def udp(self) -> UdpDatagram | None:
        """The UDP datagram."""
        return self.layers.udp

    @property
    def tcp(self) -> Segment | None:
        """The TCP segment."""
        return self.layers.tcp

    @property
    def payload(self) -> bytes:
        """What the innermost layer carries."""
        return self.layers.payload

    @property
    def payload_length(self) -> int:
        """Bytes of payload as sent, also where a capture kept only the first of them."""
        return len(self.layers.payload) + self.layers.missing

    @property
    def malformed(self) -> str:
        """What is wrong with the first layer that can't be read; "" where all can."""
        return self.layers.malformed

    @property
    def protocol(self) -> str:
        """The innermost protocol: "Ethernet", "ARP", "IPv4", "ICMP", "UDP", "TCP", "HTTP"."""
        return protocol_of(self.layers)

    @property
    def summary(self) -> str:
        """One line for a packet list: ``49152 → 80 [SYN] Seq=7 Win=64240 Len=0 MSS=1460``."""
        return summary_of(self.layers)

    @property
    def label(self) -> str:
        """What it is in a few words: ``TCP SYN,ACK``."""
        return label_of(self.layers)

    def __repr__(self) -> str:
        return f"<frame {self.id}: {self.sender} > {self.receiver}, {self.label}, {self.fate}>"
