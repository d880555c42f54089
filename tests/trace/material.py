"""Frames, conversations and captures for several tests, and tshark's reading of captures."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from netlab import Network
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.cable import Cable
from netlab.link.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, EthernetFrame
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address
from netlab.network.arp_packet import REQUEST, ArpPacket
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, Ipv4Packet
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation
from netlab.trace.frame import Frame
from netlab.trace.trace import Trace
from netlab.transport.tcp.segment import Segment
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import Mbps, ms

ALICE, BOB = IPv4Address.parse("10.0.0.1"), IPv4Address.parse("10.0.0.2")
ALICE_MAC, BOB_MAC = MacAddress.parse("02:00:00:00:00:01"), MacAddress.parse("02:00:00:00:00:02")


def ethernet(payload: bytes, ethertype: int = ETHERTYPE_IPV4) -> bytes:
    return EthernetFrame(BOB_MAC, ALICE_MAC, ethertype, payload).pack()


def ip(payload: bytes, protocol: int = 253, src: IPv4Address = ALICE, **fields: object) -> bytes:
    dst = ALICE if src is BOB else BOB
    return Ipv4Packet(src, dst, protocol, payload, **fields).pack()  # type: ignore[arg-type]


def tcp_packet(
    flags: int,
    seq: int = 0,
    ack: int = 0,
    payload: bytes = b"",
    *,
    ports: tuple[int, int] = (49152, 80),
    src: IPv4Address = ALICE,
    options: bytes = b"",
) -> bytes:
    dst = ALICE if src is BOB else BOB
    segment = Segment(*ports, seq, ack, flags, 65535, payload, options)
    return ip(segment.pack(src, dst), PROTOCOL_TCP, src)


def udp_packet(payload: bytes, ports: tuple[int, int] = (4000, 53)) -> bytes:
    return ip(UdpDatagram(*ports, payload).pack(ALICE, BOB), PROTOCOL_UDP)


def ping_packet() -> bytes:
    return ip(IcmpMessage.echo_request(1, 7, b"abcd").pack(), PROTOCOL_ICMP)


def arp_frame(operation: int = REQUEST) -> bytes:
    packet = ArpPacket(operation, ALICE_MAC, ALICE, BOB_MAC, BOB)
    return ethernet(packet.pack(), ETHERTYPE_ARP)


class Wire:
    """Two interfaces without a stack, and the cable between them."""

    def __init__(self, delay: int = 10 * ms) -> None:
        self.sim = Simulation(seed=1)
        self.alice = Interface(self.sim, "alice", "eth0", ALICE_MAC)
        self.bob = Interface(self.sim, "bob", "eth0", BOB_MAC)
        self.cable = Cable(
            self.sim, self.alice, self.bob, delay=delay, rate=10 * Mbps, frame_type=Frame
        )

    def send(self, data: bytes, reason: str = "", cause: Event | None = None) -> Frame:
        """From alice to bob."""
        frame = self.cable.transmit(self.alice, data, reason, cause)
        assert isinstance(frame, Frame)
        return frame

    def run(self) -> None:
        self.sim.clock.run()

    @property
    def trace(self) -> Trace:
        addresses = {"alice": str(ALICE), "bob": str(BOB)}
        return Trace(self.sim.recorder, hosts=["alice", "bob"], addresses=addresses)


def frame_of(data: bytes) -> Frame:
    """A frame with these bytes, just sent."""
    return Wire().send(data)


def echo(host: Host) -> None:
    listener = host.socket()
    listener.bind(("", 7))
    listener.listen()
    connection, _ = listener.accept()
    while data := connection.recv(4096):
        connection.sendall(data)
    connection.close()
    listener.close()


def conversation(
    prepare: Callable[[Cable], object] | None = None, size: int = 5000, seed: int = 7
) -> Network:
    """Let alice send `size` bytes to bob's echo service, read them, and close, to the end."""
    net = Network(seed=seed)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    cable = net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    if prepare is not None:
        prepare(cable)
    bob.start(echo)

    def ask(host: Host) -> None:
        client = host.socket()
        client.connect(("bob", 7))
        client.sendall(bytes(size))
        left = size
        while left:
            left -= len(client.recv(left))
        client.close()

    alice.start(ask)
    net.run()
    return net


def tshark(path: Path, *fields: str, options: tuple[str, ...] = ()) -> list[list[str]]:
    """The values of these fields in each packet; several of one field are joined by `|`."""
    command = ["tshark", "-r", str(path), "-n", "-T", "fields", "-E", "aggregator=|", *options]
    for field in fields:
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    complaints = [line for line in run.stderr.splitlines() if "Running as user" not in line]
    assert not complaints
    return [line.split("\t") for line in run.stdout.splitlines()]
