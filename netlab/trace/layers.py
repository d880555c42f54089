"""One frame's bytes taken apart, layer by layer, as far as they can be read.

The stack reads a frame to act on it, and refuses what is wrong. Here the same bytes are read for
somebody who looks: each layer that can be read is shown, and why the first that can't is not.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab.errors import ParseError
from netlab.link.ethernet import (
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ETHERTYPE_RARP,
    LINKTYPE_ETHERNET,
    EthernetFrame,
)
from netlab.link.ppp import LINKTYPE_PPP_HDLC, PROTOCOL_IPV4, PppFrame
from netlab.link.raw import LINKTYPE_RAW
from netlab.network.arp_packet import ArpPacket
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, Ipv4Packet
from netlab.transport.tcp.segment import HEADER_LENGTH as TCP_HEADER_LENGTH
from netlab.transport.tcp.segment import Segment
from netlab.transport.udp_datagram import HEADER_LENGTH as UDP_HEADER_LENGTH
from netlab.transport.udp_datagram import UdpDatagram

if TYPE_CHECKING:
    from netlab.application.dhcp.message import DhcpMessage

# What a frame starts with, by the numbers that capture files use for it.
LINKTYPE_NULL = 0
"""BSD's loopback: an address family of four bytes, in the byte order of the machine."""
LINKTYPE_LOOP = 108
"""OpenBSD's loopback: an address family of four bytes, highest first."""
LINKTYPE_LINUX_SLL = 113
"""Linux's "any" interface: a header of 16 bytes that stands for that of the real link."""
LINKTYPE_IPV4 = 228
LINKTYPE_LINUX_SLL2 = 276
"""The same, of 20 bytes."""

ETHERTYPE_IPV6 = 0x86DD
_RAW_IP = (LINKTYPE_RAW, LINKTYPE_IPV4, 12, 14)  # the last two: what some systems write for 101
_DHCP_PORTS = (67, 68)
_VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
_PPP_PROTOCOLS = {PROTOCOL_IPV4: ETHERTYPE_IPV4, 0x0057: ETHERTYPE_IPV6}
_FAMILIES = {2: ETHERTYPE_IPV4, 24: ETHERTYPE_IPV6, 28: ETHERTYPE_IPV6, 30: ETHERTYPE_IPV6}
# How long other headers are, what they are called, and where the type stands of what follows.
_HEADERS: dict[int, tuple[int, str, int | None]] = {
    LINKTYPE_NULL: (4, "a loopback header", None),
    LINKTYPE_LOOP: (4, "a loopback header", None),
    LINKTYPE_LINUX_SLL: (16, "a Linux cooked header", 14),
    LINKTYPE_LINUX_SLL2: (20, "a Linux cooked header of version 2", 0),
}


@dataclass(slots=True)
class Layers:
    """What was found in a frame: each layer, or None where there is none or it can't be read.

    `ethertype` says what the link carries (None where that isn't known), `payload` is what the
    innermost layer carries, `missing` how many bytes of it a capture left out, and `malformed` what
    was wrong with the first layer that couldn't be read ("" when all could).
    """

    ethernet: EthernetFrame | None = None
    ppp: PppFrame | None = None
    arp: ArpPacket | None = None
    ipv4: Ipv4Packet | None = None
    icmp: IcmpMessage | None = None
    udp: UdpDatagram | None = None
    tcp: Segment | None = None
    dhcp: "DhcpMessage | None" = None
    ethertype: int | None = None
    payload: bytes = b""
    missing: int = 0
    malformed: str = ""


def dissect(data: bytes, linktype: int = LINKTYPE_ETHERNET, cut: int = 0) -> Layers:
    """Take a frame apart. `cut` is how many bytes a capture left out at its end. Never raises."""
    layers = Layers(payload=data, missing=cut)
    try:
        _read_link(layers, data, linktype)
        if layers.ethertype == ETHERTYPE_IPV4:
            _read_ipv4(layers, layers.payload, cut)
        elif layers.ethertype in (ETHERTYPE_ARP, ETHERTYPE_RARP):
            layers.arp = ArpPacket.parse(layers.payload)
            layers.payload = b""
    except ParseError as error:
        layers.malformed = str(error)
        if cut:
            layers.malformed += f"; the capture kept only {len(data)} of {len(data) + cut} bytes"
    return layers


def _read_link(layers: Layers, data: bytes, linktype: int) -> None:
    if linktype == LINKTYPE_ETHERNET:
        layers.ethernet = ethernet = EthernetFrame.parse(data)
        layers.ethertype, layers.payload = _without_tags(ethernet.ethertype, ethernet.payload)
    elif linktype == LINKTYPE_PPP_HDLC:
        layers.ppp = ppp = PppFrame.parse(data)
        layers.payload = ppp.payload
        layers.ethertype = _PPP_PROTOCOLS.get(ppp.protocol)
    elif linktype in _RAW_IP:
        version = data[0] >> 4 if data else 0
        layers.ethertype = ETHERTYPE_IPV6 if version == 6 else ETHERTYPE_IPV4
    elif linktype in _HEADERS:
        length, what, at = _HEADERS[linktype]
        if len(data) < length:
            raise ParseError(f"{what} has {length} bytes, got {len(data)}")
        layers.payload = data[length:]
        if at is None:
            # Families are small numbers: whichever end isn't zero tells the byte order.
            family = int.from_bytes(data[:4], "big" if data[0] == 0 else "little")
            layers.ethertype = _FAMILIES.get(family)
        else:
            ethertype = int.from_bytes(data[at : at + 2], "big")
            layers.ethertype, layers.payload = _without_tags(ethertype, layers.payload)


def _without_tags(ethertype: int, payload: bytes) -> tuple[int, bytes]:
    """What is inside of tags that name a virtual LAN (IEEE 802.1Q): four bytes each."""
    while ethertype in _VLAN_TAGS and len(payload) >= 4:
        ethertype, payload = int.from_bytes(payload[2:4], "big"), payload[4:]
    return ethertype, payload


def _read_ipv4(layers: Layers, data: bytes, cut: int) -> None:
    if data[2:4] == b"\0\0" and 20 <= len(data) + cut < 65_536:
        # Captured before the network card cut it into packets and filled in their lengths.
        data = data[:2] + (len(data) + cut).to_bytes(2, "big") + data[4:]
    layers.ipv4 = packet = Ipv4Packet.parse(data, quoted=cut > 0)
    layers.payload = payload = packet.payload
    if cut:
        whole = int.from_bytes(data[2:4], "big") - packet.header_length
        layers.missing = max(0, whole - len(payload))
    if packet.is_fragment:
        return  # a header of the layer above may be in another fragment
    if packet.protocol == PROTOCOL_TCP:
        layers.tcp = _read_tcp(layers, payload)
        layers.payload = layers.tcp.payload
    elif packet.protocol == PROTOCOL_UDP:
        layers.udp = _read_udp(payload, layers.missing)
        layers.payload = layers.udp.payload
        if layers.udp.destination_port in _DHCP_PORTS and not layers.missing:
            from netlab.application.dhcp.message import DhcpMessage  # which few frames need

            layers.dhcp = DhcpMessage.parse(layers.payload)
    elif packet.protocol == PROTOCOL_ICMP:
        layers.icmp = IcmpMessage.parse(payload)
        layers.payload = layers.icmp.payload


def _read_tcp(layers: Layers, data: bytes) -> Segment:
    header_length = data[12] >> 4 << 2 if len(data) > 12 else 0
    lacking = header_length - len(data)
    if 0 < lacking <= layers.missing and len(data) >= TCP_HEADER_LENGTH:
        # The capture ends within the options: they are shown up to there, and no payload.
        data = data[: len(data) & ~3]
        data = data[:12] + bytes((len(data) << 2 | data[12] & 0x0F,)) + data[13:]
        layers.missing -= lacking
    return Segment.parse(data)


def _read_udp(data: bytes, missing: int) -> UdpDatagram:
    if missing and len(data) >= UDP_HEADER_LENGTH:
        # Its length counts what isn't there; the rest of the header can be read as it is.
        data = data[:4] + len(data).to_bytes(2, "big") + data[6:]
    return UdpDatagram.parse(data)
