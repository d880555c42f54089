"""A frame in one line, as an analyser's packet list would have it, and in a few words."""

import re

from netlab.link.ethernet import ETHERTYPE_RARP
from netlab.network.arp_packet import REPLY, REQUEST, REVERSE_REPLY, REVERSE_REQUEST, ArpPacket
from netlab.network.icmp_message import ECHO_REPLY, ECHO_REQUEST, IcmpMessage
from netlab.network.ipv4_packet import Ipv4Packet
from netlab.trace.layers import ETHERTYPE_IPV6, Layers
from netlab.transport.tcp.options import Options
from netlab.transport.tcp.segment import Segment

_HTTP_PORTS = frozenset({80, 8000, 8008, 8080, 8888})
_HTTP_START = re.compile(rb"(?:[A-Z]{3,10} \S+ HTTP/1\.[01]|HTTP/1\.[01] \d{3}[^\r\n]*)\r?\n")
_UNPRINTABLE = re.compile(r"[^ -~]")
_ARP_WORDS = {
    REQUEST: "ARP request",
    REPLY: "ARP reply",
    REVERSE_REQUEST: "RARP request",
    REVERSE_REPLY: "RARP reply",
}


def protocol_of(layers: Layers) -> str:
    """The name of the innermost protocol that was recognised: "HTTP", "TCP", "ARP", "Ethernet"."""
    if layers.tcp is not None:
        return "HTTP" if _http_line(layers.tcp) else "TCP"
    if layers.udp is not None:
        return "UDP"
    if layers.icmp is not None:
        return "ICMP"
    if layers.ipv4 is not None:
        return "IPv4"
    if layers.arp is not None:
        return "RARP" if layers.ethertype == ETHERTYPE_RARP else "ARP"
    if layers.ethertype == ETHERTYPE_IPV6:
        return "IPv6"
    if layers.ppp is not None:
        return "PPP"
    return "Ethernet" if layers.ethernet is not None else "unknown"


def summary_of(layers: Layers) -> str:
    """One line with the fields that matter: ports, flags, sequence numbers, lengths, addresses."""
    if layers.malformed:
        return f"Malformed: {layers.malformed}"
    if layers.tcp is not None:
        return _http_line(layers.tcp) or _tcp_line(layers.tcp, layers.missing)
    if layers.udp is not None:
        udp = layers.udp
        length = len(udp.payload) + layers.missing
        return f"{udp.source_port} → {udp.destination_port} Len={length}"
    if layers.icmp is not None and layers.ipv4 is not None:
        return _icmp_line(layers.icmp, layers.ipv4)
    if layers.ipv4 is not None:
        return _ipv4_line(layers.ipv4)
    if layers.arp is not None:
        return _arp_line(layers.arp)
    return _unread_line(layers)


def label_of(layers: Layers) -> str:
    """What it is in a few words: "TCP SYN,ACK", "ARP request", "GET / HTTP/1.1"."""
    if layers.tcp is not None:
        line = _http_line(layers.tcp)
        return line or f"TCP {layers.tcp.flags_text or 'without flags'}{_length(layers)}"
    if layers.udp is not None:
        return f"UDP{_length(layers)}"
    if layers.icmp is not None:
        return f"ICMP {layers.icmp.type_text}"
    if layers.ipv4 is not None:
        fragment = " fragment" if layers.ipv4.is_fragment else ""
        return f"IPv4{fragment}, protocol {layers.ipv4.protocol}"
    if layers.arp is not None:
        return _arp_label(layers.arp)
    return f"{protocol_of(layers)}{_length(layers)}"


def _length(layers: Layers) -> str:
    length = len(layers.payload) + layers.missing
    return f", {length} byte{'s' if length != 1 else ''}" if length else ""


def _tcp_line(tcp: Segment, missing: int) -> str:
    flags = tcp.flags_text.replace(",", ", ") or "<None>"
    ack = f" Ack={tcp.ack}" if tcp.has_ack else ""
    line = (
        f"{tcp.source_port} → {tcp.destination_port} [{flags}] Seq={tcp.seq}{ack} Win={tcp.window}"
        f" Len={len(tcp.payload) + missing}"
    )
    mss = Options.parse(tcp.options).mss
    return line if mss is None else f"{line} MSS={mss}"


def _http_line(tcp: Segment) -> str:
    """The first line of a request or response; "" for anything else."""
    if tcp.source_port not in _HTTP_PORTS and tcp.destination_port not in _HTTP_PORTS:
        return ""
    if not _HTTP_START.match(tcp.payload):
        return ""
    line = tcp.payload[:200].split(b"\n", 1)[0].decode("latin-1").rstrip()
    return _UNPRINTABLE.sub(".", line)


def _icmp_line(icmp: IcmpMessage, packet: Ipv4Packet) -> str:
    if icmp.type in (ECHO_REQUEST, ECHO_REPLY):
        kind = "request" if icmp.type == ECHO_REQUEST else "reply"
        return (
            f"Echo (ping) {kind} id=0x{icmp.identifier:04x}, seq={icmp.sequence}, ttl={packet.ttl}"
        )
    return icmp.type_text[:1].upper() + icmp.type_text[1:]


def _ipv4_line(packet: Ipv4Packet) -> str:
    if packet.is_fragment:
        more = ", more follow" if packet.more_fragments else ", the last"
        return (
            f"Fragment of a packet (protocol {packet.protocol}): ID={packet.identification:04x},"
            f" offset {8 * packet.fragment_offset}, {len(packet.payload)} bytes{more}"
        )
    return f"{packet.src} → {packet.dst}, protocol {packet.protocol}, {len(packet.payload)} bytes"


def _arp_label(arp: ArpPacket) -> str:
    if arp.is_probe:
        return "ARP probe"
    if arp.is_announcement:
        return "ARP announcement"
    return _ARP_WORDS.get(arp.operation, f"ARP operation {arp.operation}")


def _arp_line(arp: ArpPacket) -> str:
    if arp.is_probe:
        return f"Who has {arp.target_protocol_address}? (ARP Probe)"
    if arp.is_announcement:
        return f"ARP Announcement for {arp.sender_protocol_address}"
    if arp.operation == REQUEST:
        return f"Who has {arp.target_protocol_address}? Tell {arp.sender_protocol_address}"
    if arp.operation == REPLY:
        return f"{arp.sender_protocol_address} is at {arp.sender_hardware_address}"
    if arp.operation == REVERSE_REQUEST:
        return f"Who is {arp.target_hardware_address}? Tell {arp.sender_hardware_address}"
    if arp.operation == REVERSE_REPLY:
        return f"{arp.target_hardware_address} is at {arp.target_protocol_address}"
    return f"ARP operation {arp.operation}"


def _unread_line(layers: Layers) -> str:
    ethernet = layers.ethernet
    what = (
        f"PPP protocol 0x{layers.ppp.protocol:04x}"
        if layers.ppp is not None
        else "a frame of an unknown kind of link"
        if layers.ethertype is None
        else "IPv6"
        if layers.ethertype == ETHERTYPE_IPV6
        else f"an IEEE 802.3 frame, length field {layers.ethertype}"
        if layers.ethertype <= 1500
        else f"EtherType 0x{layers.ethertype:04x}"
    )
    route = "" if ethernet is None else f"{ethernet.src} → {ethernet.dst}, "
    return f"{route}{what}, {len(layers.payload) + layers.missing} bytes"
