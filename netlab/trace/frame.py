"""A frame that can be looked into: its layers, parsed when somebody first asks."""

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from netlab.link.ethernet import EthernetFrame
from netlab.link.frame import Frame as Transmission
from netlab.link.ppp import PppFrame
from netlab.network.arp_packet import ArpPacket
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import Ipv4Packet
from netlab.trace.layers import Layers, dissect
from netlab.trace.summary import Words, words_of
from netlab.transport.tcp.segment import Segment
from netlab.transport.udp_datagram import UdpDatagram

if TYPE_CHECKING:
    from netlab.application.dhcp.message import DhcpMessage


def _of(path: str) -> Any:
    """A property that is found there."""
    return property(attrgetter(path))


class Frame(Transmission):
    """One transmission over one link, with the layers of what was sent.

    `.ethernet`, `.ppp`, `.arp` (RARP's too), `.ipv4` (a fragment's too), `.icmp`, `.udp`, `.tcp`
    and `.dhcp` (BOOTP's too) are the headers of those layers, or None where the frame has no such
    layer or it can't be read; `.malformed` then says what is wrong with the first that can't, ""
    where all can. `.payload` is what the innermost of them but DHCP carries. All show the bytes as
    sent. What a fault made of them on the way is in `.received`.

    `.protocol` is the innermost protocol, `.label` a few words, `.summary` the line of a packet list:
    "TCP", "TCP SYN", "49152 → 80 [SYN] Seq=7 Win=64240 Len=0 MSS=1460".
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

    ethernet: EthernetFrame | None = _of("layers.ethernet")
    ppp: PppFrame | None = _of("layers.ppp")
    arp: ArpPacket | None = _of("layers.arp")
    ipv4: Ipv4Packet | None = _of("layers.ipv4")
    icmp: IcmpMessage | None = _of("layers.icmp")
    udp: UdpDatagram | None = _of("layers.udp")
    tcp: Segment | None = _of("layers.tcp")
    dhcp: "DhcpMessage | None" = _of("layers.dhcp")
    payload: bytes = _of("layers.payload")
    malformed: str = _of("layers.malformed")

    @property
    def payload_length(self) -> int:
        """Bytes of payload as sent, also where a capture kept only the first of them."""
        return len(self.layers.payload) + self.layers.missing

    @property
    def _words(self) -> Words:
        return words_of(self.layers)

    protocol: str = _of("_words.protocol")
    label: str = _of("_words.label")
    summary: str = _of("_words.summary")

    def __repr__(self) -> str:
        return f"<frame {self.id}: {self.sender} > {self.receiver}, {self.label}, {self.fate}>"
