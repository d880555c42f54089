"""One full TCP segment through three layers of headers, by netlab, dpkt and Scapy.

Each builds the same frame of 1514 bytes (Ethernet, IPv4, TCP with 1460 bytes of payload) from its
fields, and reads it back: parses the three headers, looks at the fields that a stack needs, and
verifies both checksums. The frames must be identical. Runs are interleaved, times are CPU time, and
the figure is the median, since a machine that does other things too makes single runs wander.

    python benchmarks/headers.py
"""

import statistics
import sys
import time
from collections.abc import Callable

import dpkt
import scapy.utils
from scapy.layers.inet import IP, TCP, in4_chksum
from scapy.layers.l2 import Ether

from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_IPV4, EthernetFrame
from netlab.network.address import IPv4Address
from netlab.network.ipv4_packet import PROTOCOL_TCP, Ipv4Packet
from netlab.transport.tcp.segment import ACK, PSH, Segment

ROUNDS = 25
PAYLOAD = bytes(n * 7 % 251 for n in range(1460))
SEQ, ACK_NUMBER, WINDOW = 3_000_000_001, 1_234_567_890, 64_240
SEEN = (49152, 80, SEQ, ACK_NUMBER, PSH | ACK, WINDOW, len(PAYLOAD))

alice_mac = MacAddress.parse("02:00:00:00:00:01")
bob_mac = MacAddress.parse("02:00:00:00:00:02")
alice = IPv4Address.parse("10.0.0.1")
bob = IPv4Address.parse("10.0.0.2")


def netlab_build() -> bytes:
    segment = Segment(49152, 80, SEQ, ACK_NUMBER, PSH | ACK, WINDOW, PAYLOAD)
    packet = Ipv4Packet(alice, bob, PROTOCOL_TCP, segment.pack(alice, bob), identification=1)
    return EthernetFrame(bob_mac, alice_mac, ETHERTYPE_IPV4, packet.pack()).pack()


def netlab_read(data: bytes) -> tuple[int, ...]:
    frame = EthernetFrame.parse(data)
    assert frame.ethertype == ETHERTYPE_IPV4
    packet = Ipv4Packet.parse(frame.payload)
    assert Ipv4Packet.verify(frame.payload)
    assert packet.protocol == PROTOCOL_TCP
    segment = Segment.parse(packet.payload)
    assert Segment.verify(packet.payload, packet.src, packet.dst)
    return (
        segment.source_port,
        segment.destination_port,
        segment.seq,
        segment.ack,
        segment.flags,
        segment.window,
        len(segment.payload),
    )


def dpkt_build() -> bytes:
    segment = dpkt.tcp.TCP(
        sport=49152,
        dport=80,
        seq=SEQ,
        ack=ACK_NUMBER,
        flags=PSH | ACK,
        win=WINDOW,
        data=PAYLOAD,
    )
    packet = dpkt.ip.IP(
        src=b"\x0a\x00\x00\x01", dst=b"\x0a\x00\x00\x02", p=PROTOCOL_TCP, id=1, data=segment
    )
    packet.len = len(packet)
    frame = dpkt.ethernet.Ethernet(
        dst=b"\x02\x00\x00\x00\x00\x02",
        src=b"\x02\x00\x00\x00\x00\x01",
        type=ETHERTYPE_IPV4,
        data=packet,
    )
    return bytes(frame)


def dpkt_read(data: bytes) -> tuple[int, ...]:
    frame = dpkt.ethernet.Ethernet(data)
    packet = frame.data
    assert isinstance(packet, dpkt.ip.IP)
    assert dpkt.in_cksum(data[14:34]) == 0
    segment = packet.data
    assert isinstance(segment, dpkt.tcp.TCP)
    raw = data[34:]
    pseudo_header = dpkt.struct.pack("!4s4sBBH", packet.src, packet.dst, 0, packet.p, len(raw))
    assert dpkt.in_cksum(pseudo_header + raw) == 0
    return (
        segment.sport,
        segment.dport,
        segment.seq,
        segment.ack,
        segment.flags,
        segment.win,
        len(segment.data),
    )


def scapy_build() -> bytes:
    return bytes(
        Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
        / IP(src="10.0.0.1", dst="10.0.0.2")
        / TCP(sport=49152, dport=80, seq=SEQ, ack=ACK_NUMBER, flags="PA", window=WINDOW)
        / PAYLOAD
    )


def scapy_read(data: bytes) -> tuple[int, ...]:
    frame = Ether(data)
    packet = frame[IP]
    assert scapy.utils.checksum(data[14:34]) == 0
    segment = frame[TCP]
    assert in4_chksum(PROTOCOL_TCP, packet, data[34:]) == 0
    return (
        segment.sport,
        segment.dport,
        segment.seq,
        segment.ack,
        int(segment.flags),
        segment.window,
        len(segment.payload),
    )


PEERS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], tuple[int, ...]], int]] = {
    "netlab": (netlab_build, netlab_read, 2000),
    "dpkt": (dpkt_build, dpkt_read, 500),
    "scapy": (scapy_build, scapy_read, 50),
}


def cpu_us(action: Callable[[], object], times: int) -> float:
    start = time.process_time_ns()
    for _ in range(times):
        action()
    return (time.process_time_ns() - start) / times / 1000


def main() -> None:
    frame = netlab_build()
    for name, (build, read, _) in PEERS.items():
        if build() != frame:
            sys.exit(f"{name} builds another frame than netlab")
        if read(frame) != SEEN:
            sys.exit(f"{name} reads {read(frame)}, expected {SEEN}")

    building: dict[str, list[float]] = {name: [] for name in PEERS}
    reading: dict[str, list[float]] = {name: [] for name in PEERS}
    for _ in range(ROUNDS):
        for name, (build, read, times) in PEERS.items():
            building[name].append(cpu_us(build, times))
            reading[name].append(cpu_us(lambda read=read: read(frame), times))

    print(f"one frame of {len(frame)} bytes, CPU us, median of {ROUNDS} interleaved runs")
    print(f"{'':8}{'build':>8}{'parse + verify':>16}{'together':>10}{'/ netlab':>10}")
    total = {}
    for name in PEERS:
        build_us = statistics.median(building[name])
        read_us = statistics.median(reading[name])
        total[name] = build_us + read_us
        ratio = total[name] / total["netlab"]
        print(f"{name:8}{build_us:8.2f}{read_us:16.2f}{total[name]:10.2f}{ratio:10.1f}")
    print("aims: scapy 40 times netlab, dpkt 3 times")


if __name__ == "__main__":
    main()
