"""A frame in one line, as an analyser's packet list would have it, and in a few words."""

import re
from typing import TYPE_CHECKING, NamedTuple

from netlab.link.ethernet import ETHERTYPE_RARP
from netlab.network.arp_packet import REPLY, REQUEST, REVERSE_REPLY, REVERSE_REQUEST, ArpPacket
from netlab.network.icmp_message import ECHO_REPLY, ECHO_REQUEST
from netlab.trace.layers import ETHERTYPE_IPV6, Layers
from netlab.transport.tcp.options import Options
from netlab.transport.tcp.segment import Segment

if TYPE_CHECKING:
    from netlab.application.dhcp.message import DhcpMessage

_HTTP_PORTS = frozenset({80, 8000, 8008, 8080, 8888})
_HTTP_START = re.compile(rb"(?:[A-Z]{3,10} \S+ HTTP/1\.[01]|HTTP/1\.[01] \d{3}[^\r\n]*)\r?\n")
_UNPRINTABLE = re.compile(r"[^ -~]")
_ECHO = {ECHO_REQUEST: "request", ECHO_REPLY: "reply"}
_ARP = {
    "probe": ("ARP probe", "Who has {0.target_protocol_address}? (ARP Probe)"),
    "announcement": ("ARP announcement", "ARP Announcement for {0.sender_protocol_address}"),
    REQUEST: (
        "ARP request",
        "Who has {0.target_protocol_address}? Tell {0.sender_protocol_address}",
    ),
    REPLY: ("ARP reply", "{0.sender_protocol_address} is at {0.sender_hardware_address}"),
    REVERSE_REQUEST: (
        "RARP request",
        "Who is {0.target_hardware_address}? Tell {0.sender_hardware_address}",
    ),
    REVERSE_REPLY: (
        "RARP reply",
        "{0.target_hardware_address} is at {0.target_protocol_address}",
    ),
}


class Words(NamedTuple):
    """What to say of a frame.

    `protocol` is the innermost that was recognised: "HTTP", "TCP", "ARP", "Ethernet". `label` is a
    few words: "TCP SYN,ACK", "ARP request", "GET / HTTP/1.1". `summary` is a line with the fields
    that matter: ports, flags, sequence numbers, lengths, addresses.
    """

    protocol: str
    label: str
    summary: str


def words_of(layers: Layers) -> Words:
    """What to say of a frame with these layers."""
    size = len(layers.payload) + layers.missing
    carried = f", {size} byte{'s' if size != 1 else ''}" if size else ""
    tcp, udp, icmp, packet, arp = layers.tcp, layers.udp, layers.icmp, layers.ipv4, layers.arp
    if tcp is not None:
        line = _http_line(tcp)
        words = Words("HTTP", line, line) if line else _tcp(tcp, size, carried)
    elif layers.dhcp is not None:
        words = _dhcp(layers.dhcp)
    elif udp is not None:
        ports = f"{udp.source_port} → {udp.destination_port}"
        words = Words("UDP", f"UDP{carried}", f"{ports} Len={size}")
    elif icmp is not None and packet is not None:
        line = icmp.type_text[:1].upper() + icmp.type_text[1:]
        if icmp.type in _ECHO:
            line = (
                f"Echo (ping) {_ECHO[icmp.type]} id=0x{icmp.identifier:04x}, seq={icmp.sequence},"
                f" ttl={packet.ttl}"
            )
        words = Words("ICMP", f"ICMP {icmp.type_text}", line)
    elif packet is not None and packet.is_fragment:
        line = (
            f"Fragment of a packet (protocol {packet.protocol}): ID={packet.identification:04x},"
            f" offset {8 * packet.fragment_offset}, {len(packet.payload)} bytes,"
            f" {'more follow' if packet.more_fragments else 'the last'}"
        )
        words = Words("IPv4", f"IPv4 fragment, protocol {packet.protocol}", line)
    elif packet is not None:
        what = f"protocol {packet.protocol}"
        line = f"{packet.src} → {packet.dst}, {what}, {len(packet.payload)} bytes"
        words = Words("IPv4", f"IPv4, {what}", line)
    elif arp is not None:
        words = _arp(arp, "RARP" if layers.ethertype == ETHERTYPE_RARP else "ARP")
    else:
        words = _unread(layers, size, carried)
    return words._replace(summary=f"Malformed: {layers.malformed}") if layers.malformed else words


def _tcp(tcp: Segment, size: int, carried: str) -> Words:
    flags = tcp.flags_text.replace(",", ", ") or "<None>"
    ack = f" Ack={tcp.ack}" if tcp.has_ack else ""
    mss = Options.parse(tcp.options).mss
    line = (
        f"{tcp.source_port} → {tcp.destination_port} [{flags}] Seq={tcp.seq}{ack} Win={tcp.window}"
        f" Len={size}{'' if mss is None else f' MSS={mss}'}"
    )
    return Words("TCP", f"TCP {tcp.flags_text or 'without flags'}{carried}", line)


def _http_line(tcp: Segment) -> str:
    """The first line of a request or response; "" for anything else."""
    if tcp.source_port not in _HTTP_PORTS and tcp.destination_port not in _HTTP_PORTS:
        return ""
    if not _HTTP_START.match(tcp.payload):
        return ""
    line = tcp.payload[:200].split(b"\n", 1)[0].decode("latin-1").rstrip()
    return _UNPRINTABLE.sub(".", line)


def _dhcp(dhcp: "DhcpMessage") -> Words:
    kind = dhcp.type_text
    if dhcp.message_type is None:
        asker = f" from {dhcp.chaddr}" if dhcp.op == 1 else ""
        return Words("BOOTP", f"BOOTP {kind}", kind + asker)
    return Words("DHCP", f"DHCP {kind}", f"DHCP {kind:<8} - Transaction ID 0x{dhcp.xid:x}")


def _arp(arp: ArpPacket, protocol: str) -> Words:
    kind = "probe" if arp.is_probe else "announcement" if arp.is_announcement else arp.operation
    label, line = _ARP.get(kind, ("ARP operation {0.operation}",) * 2)
    return Words(protocol, label.format(arp), line.format(arp))


def _unread(layers: Layers, size: int, carried: str) -> Words:
    ethernet, ethertype = layers.ethernet, layers.ethertype
    protocol = "unknown" if ethernet is None else "Ethernet"
    if layers.ppp is not None:
        protocol, what = "PPP", f"PPP protocol 0x{layers.ppp.protocol:04x}"
    elif ethertype is None:
        what = "a frame of an unknown kind of link"
    elif ethertype <= 1500:
        what = f"an IEEE 802.3 frame, length field {ethertype}"
    else:
        what = f"EtherType 0x{ethertype:04x}"
    if ethertype == ETHERTYPE_IPV6:
        protocol = what = "IPv6"
    route = "" if ethernet is None else f"{ethernet.src} → {ethernet.dst}, "
    return Words(protocol, f"{protocol}{carried}", f"{route}{what}, {size} bytes")
