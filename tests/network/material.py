"""Small networks, and Scapy's judgment of what travels there."""

from pathlib import Path
from typing import Any

from scapy.layers.inet import ICMP, IP, TCP, UDP, ICMPerror, IPerror
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw

from netlab import Network
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.cable import Cable
from netlab.link.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, EthernetFrame
from netlab.network.address import IPv4Address
from netlab.network.arp_packet import ArpPacket
from netlab.network.ipv4_packet import PROTOCOL_UDP, Ipv4Packet
from netlab.transport.tcp.options import MSS
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import ms
from tests.trace.material import tshark


class Pair:
    """alice (10.0.0.1) and bob (10.0.0.2) on a cable of 10 ms."""

    def __init__(self, **options: Any) -> None:
        self.net = Network(seed=1)
        self.alice = self.net.host("alice", "10.0.0.1/24", **options)
        self.bob = self.net.host("bob", "10.0.0.2/24", **options)
        self.cable = self.net.connect(self.alice, self.bob, delay=10 * ms)

    def inject(self, packet: Ipv4Packet | ArpPacket, dst: MacAddress | None = None) -> None:
        """Have alice send this to bob (or to `dst`), whatever her own stack thinks of it."""
        inject(self.alice, self.bob.interfaces[0].mac if dst is None else dst, packet)


class Chain:
    """alice (10.0.1.1) - r1 - r2 - carol (10.0.3.1): each cable takes 10 ms."""

    def __init__(self, middle_mtu: int = 1500) -> None:
        self.net = net = Network(seed=1)
        self.alice = net.host("alice", "10.0.1.1/24", gateway="10.0.1.254")
        self.carol = net.host("carol", "10.0.3.1/24", gateway="10.0.3.254")
        self.r1, self.r2 = net.router("r1"), net.router("r2")
        for host in (self.alice, self.carol):
            host.tcp.settings.syn_options = (MSS,)  # so that all of a segment's room is for text
            host.tcp.settings.initial_window = 3
        self.first = net.connect(
            self.alice, self.r1, delay=10 * ms, addresses=(None, "10.0.1.254/24")
        )
        self.middle = net.connect(
            self.r1, self.r2, delay=10 * ms, addresses=("10.0.2.1/24", "10.0.2.2/24")
        )
        self.last = net.connect(
            self.r2, self.carol, delay=10 * ms, addresses=("10.0.3.254/24", None)
        )
        self.r1.add_route("10.0.3.0/24", "10.0.2.2")
        self.r2.add_route("10.0.1.0/24", "10.0.2.1")
        self.r1.interfaces[1].mtu = middle_mtu
        self.r2.interfaces[0].mtu = middle_mtu

    def inject(self, packet: Ipv4Packet, dst: MacAddress | None = None) -> None:
        """Have alice send this to r1 (or to `dst`), whatever her own stack thinks of it."""
        inject(self.alice, self.r1.interfaces[0].mac if dst is None else dst, packet)


def inject(sender: Host, to: MacAddress, packet: Ipv4Packet | ArpPacket) -> None:
    """Put a packet on the link of a host's first interface, in a frame for `to`."""
    kind = ETHERTYPE_ARP if isinstance(packet, ArpPacket) else ETHERTYPE_IPV4
    sender.inject(EthernetFrame(to, sender.interfaces[0].mac, kind, packet.pack()).pack())


def datagram(
    src: str, dst: str, port: int = 9, data: bytes = b"hello", **fields: Any
) -> Ipv4Packet:
    """A packet with a UDP datagram from port 5000."""
    payload = UdpDatagram(5000, port, data).pack(address(src), address(dst))
    return Ipv4Packet(address(src), address(dst), PROTOCOL_UDP, payload, **fields)


def discarded(net: Network, host: Host) -> list[str]:
    """Why things ended at a host."""
    events = net.sim.recorder.events
    return [
        each.fields["why"] for each in events if each.kind == "discarded" and each.host == host.name
    ]


def frames_on(net: Network, cable: Cable) -> list[Packet]:
    """What travelled on a cable, as Scapy reads it."""
    return [Ether(frame.bytes) for frame in net.trace.frames if frame.link is cable]


def address(text: str) -> IPv4Address:
    """Short for tests."""
    return IPv4Address.parse(text)


def assert_scapy_agrees(net: Network) -> None:
    """Scapy reads every frame to its end, and computes the same lengths and checksums."""
    assert net.trace.frames
    for frame in net.trace.frames:
        packet = Ether(frame.bytes)
        assert packet.haslayer(ARP) or packet.haslayer(IP), packet
        assert bytes(_without_computed_fields(packet.copy())) == frame.bytes, packet.show(dump=True)
        if packet.haslayer(IP) and not (packet.haslayer(IPerror) or _is_fragment(packet)):
            assert not packet[IP].payload.haslayer(Raw) or packet.haslayer(
                (TCP, UDP, ICMP)[[6, 17, 1].index(packet[IP].proto)]
            )


def _is_fragment(packet: Packet) -> bool:
    return packet.haslayer(IP) and (packet[IP].flags.MF or packet[IP].frag)


def _without_computed_fields(packet: Packet) -> Packet:
    """So that Scapy computes them anew when it builds. What an ICMP error quotes stays as it is."""
    for layer, names in (
        (IP, ("len", "chksum", "ihl")),
        (UDP, ("len", "chksum")),
        (TCP, ("chksum", "dataofs")),
        (ICMP, ("chksum",)),
    ):
        if layer is not IP and _is_fragment(packet):
            continue  # what is above has its checksum over all fragments
        if packet.haslayer(layer) and type(packet[layer]) is layer:
            for name in names:
                packet[layer].delfieldval(name)
    assert not packet.haslayer(ICMPerror) or packet.haslayer(ICMP)
    return packet


def assert_tshark_agrees(net: Network, folder: Path) -> None:
    """tshark finds nothing malformed, and tells of each ARP, RARP or DHCP frame what we do."""
    path = folder / "run.pcapng"
    net.trace.save(path)
    rows = tshark(path, "_ws.col.Protocol", "_ws.col.Info", "_ws.malformed")
    assert len(rows) == len(net.trace.frames) > 0
    for frame, (protocol, line, malformed) in zip(net.trace.frames, rows, strict=True):
        assert not malformed
        if protocol in ("ARP", "RARP", "DHCP", "BOOTP"):
            assert frame.protocol == protocol
            assert line.startswith(frame.summary), (line, frame.summary)
