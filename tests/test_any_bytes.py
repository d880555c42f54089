"""Whatever bytes come by a link: no exception, no growth, and host and router still answer a ping.

A probe sends frames of every degree of truth: any bytes at all, true headers with any bytes behind
them, and frames of real conversations with some of their bytes changed, so that the checksums are
right again.
"""

import gc
import random
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from netlab import Network, on
from netlab.host import Host
from netlab.link.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_RARP
from netlab.network.arp_table import LIMIT as ARP_LIMIT
from netlab.network.checksum import internet_checksum, pseudo_header_sum
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ip_options import TIMES_AND_ADDRESSES, Option, pack_options
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP
from netlab.units import minute
from tests.network.material import address

ALICE, BOB, ROUTER, CAROL = "10.0.0.1", "10.0.0.2", "10.0.0.254", "10.0.1.1"
PORT = 7


class World:
    """alice, bob, a router and a probe on one switch; carol behind the router. bob and carol serve."""

    def __init__(self, *, record: bool = False) -> None:
        self.net = net = Network(seed=1, record=record)
        self.alice = net.host("alice", f"{ALICE}/24", gateway=ROUTER)
        self.bob = net.host("bob", f"{BOB}/24", gateway=ROUTER)
        self.carol = net.host("carol", f"{CAROL}/24", gateway="10.0.1.254")
        self.router, self.switch = net.router("router"), net.switch("switch")
        self.probe = net.probe("probe")
        for host in (self.alice, self.bob, self.probe):
            net.connect(host, self.switch)
        net.connect(self.router, self.switch, addresses=(f"{ROUTER}/24", None))
        net.connect(self.router, self.carol, addresses=("10.0.1.254/24", None))
        for host in (self.bob, self.carol):
            host.start(echo_datagrams, daemon=True)
            host.start(echo_streams, daemon=True)
        net.run()

    @property
    def hosts(self) -> tuple[Host, ...]:
        return self.alice, self.bob, self.router, self.carol

    def take(self, frames: Iterable[bytes]) -> None:
        """Let the probe send all these, one a millisecond, and then an hour pass."""
        for frame in frames:
            self.probe.send(frame)
            self.net.run_for(1_000_000)
        self.net.run_for(60 * minute)
        self.probe.received.clear()

    def check(self) -> None:
        """That nothing is left of it all, and that everybody still answers."""
        for host in self.hosts:
            assert host.ipv4.reassembling == []
            assert host.tcp.connections == []
            assert len(host.arp.table) <= ARP_LIMIT
            assert len(host.ipv4.addresses.known_sources) <= 4_096
            assert list(host.ipv4.path_mtu.table) == []
            assert list(host.icmp.redirects.table) == []
        for name in (BOB, ROUTER, CAROL, "10.0.1.254"):
            assert self.alice.ping(name, count=1, size=2_000).received == 1, name
        with on(self.alice), socket.create_connection((CAROL, PORT), timeout=10) as sock:
            sock.sendall(b"still there?")
            assert sock.recv(100) == b"still there?"
        self.net.run_for(10 * minute)


def echo_datagrams(host: Host) -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", PORT))
    while True:
        with suppress(OSError):
            data, peer = sock.recvfrom(65_535)
            sock.sendto(data, peer)


def echo_streams(host: Host) -> None:
    listener = socket.create_server(("", PORT))
    while True:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.settimeout(60)
            while data := connection.recv(4_096):
                connection.sendall(data)


@cache
def conversations() -> list[bytes]:
    """Frames of true conversations in the same world, each sent by somebody to bob or to the router."""
    world = World(record=True)
    alice, net = world.alice, world.net
    for name in (BOB, ROUTER, CAROL):
        alice.ping(name, count=1, size=100)
    alice.ping(CAROL, count=1, size=4_000)
    alice.ping(CAROL, count=1, ttl=1)
    alice.ping("192.0.2.1", count=1)
    options = [Option.record_route(4), Option.timestamp(TIMES_AND_ADDRESSES, 2)]
    request = IcmpMessage.echo_request(7, 7).pack()
    alice.ipv4.send(address(CAROL), PROTOCOL_ICMP, request, options=pack_options(options))
    with on(alice):
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for goal in ((BOB, PORT), (CAROL, PORT), (BOB, 9)):
            datagrams.sendto(b"hello" * 20, goal)
        for goal in (BOB, CAROL):
            with socket.create_connection((goal, PORT), timeout=10) as stream:
                stream.sendall(bytes(3_000))
                while len(stream.recv(4_096)) == 4_096:
                    pass
    net.run()
    stations = {host.interfaces[0].mac.packed for host in (world.bob, world.router)}
    frames = [frame.bytes for frame in net.trace.frames if frame.link is not net.links[-1]]
    chosen = [frame for frame in frames if frame[:6] in stations or frame[0] == 0xFF]
    return list(dict.fromkeys(chosen))


# --- frames ---------------------------------------------------------------------------------

Draw = Callable[[int], int]
"""A number from 0 to below the one given: hypothesis's, or chance's."""


def mended(frame: bytes) -> bytes:
    """With checksums made right, and IP's length no larger than what is there."""
    data = bytearray(frame)
    header = 14 + (data[14] & 0x0F) * 4 if len(data) > 34 else 0
    if data[12:14] != b"\x08\x00" or not 34 <= header <= len(data):
        return frame
    length = min(int.from_bytes(data[16:18], "big"), len(data) - 14)
    data[16:18] = length.to_bytes(2, "big")
    data[24:26] = bytes(2)
    data[24:26] = internet_checksum(bytes(data[14:header])).to_bytes(2, "big")
    end = 14 + length
    place = {PROTOCOL_ICMP: 2, PROTOCOL_TCP: 16, PROTOCOL_UDP: 6}.get(data[23])
    if place is None or data[20] & 0x3F or data[21] or not header + place + 2 <= end <= len(data):
        return bytes(data)
    at = header + place
    pseudo = 0
    if data[23] != PROTOCOL_ICMP:
        src, dst = int.from_bytes(data[26:30], "big"), int.from_bytes(data[30:34], "big")
        pseudo = pseudo_header_sum(src, dst, data[23], end - header)
    data[at : at + 2] = bytes(2)
    data[at : at + 2] = internet_checksum(bytes(data[header:end]), pseudo).to_bytes(2, "big")
    return bytes(data)


def mutated(draw: Draw) -> bytes:
    """A frame of a true conversation, with something changed."""
    frames = conversations()
    frame = bytearray(frames[draw(len(frames))])
    for _ in range(1 + draw(4)):
        kind, at = draw(6), draw(len(frame))
        if kind == 0:
            frame[at] ^= 1 << draw(8)
        elif kind == 1:
            frame[at] = (0, 1, 0x7F, 0x80, 0xFF)[draw(5)]
        elif kind == 2:
            frame[at] = draw(256)
        elif kind == 3 and len(frame) > 40:
            del frame[max(at, 34) :]
        elif kind == 4:
            other = frames[draw(len(frames))]
            frame[at:] = other[min(at, len(other) - 1) :]
        else:
            frame[min(14 + draw(40), len(frame) - 1)] = draw(256)
    return mended(bytes(frame)) if draw(8) else bytes(frame)


def below_a_header(draw: Draw, data: bytes) -> bytes:
    """Any bytes behind headers that are true."""
    frames = conversations()
    frame = frames[draw(len(frames))]
    stations = frame[:12]
    depth = draw(4)
    if depth == 0:
        return stations + data
    ethertype = (ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_RARP, 0x86DD)[draw(4)]
    if depth == 1:
        return stations + ethertype.to_bytes(2, "big") + data
    packet = bytearray(frame[14:34])
    packet[0] = 0x45
    packet[2:4] = (20 + len(data)).to_bytes(2, "big")
    packet[9] = (1, 6, 17, draw(256))[draw(4)]
    if depth == 2:
        packet[6:8] = bytes([draw(64), draw(4)])
    return mended(stations + b"\x08\x00" + bytes(packet) + data)


def hypothesis_draw(data: st.DataObject) -> Draw:
    return lambda limit: data.draw(st.integers(0, limit - 1))


def drawn(data: st.DataObject, count: int) -> list[bytes]:
    frames = []
    for _ in range(count):
        kind = data.draw(st.integers(0, 4))
        if kind == 0:
            frames.append(data.draw(st.binary(min_size=1, max_size=100)))
        elif kind == 1:
            content = data.draw(st.binary(max_size=80))
            frames.append(below_a_header(hypothesis_draw(data), content))
        else:
            frames.append(mutated(hypothesis_draw(data)))
    return frames


# --- the proofs -----------------------------------------------------------------------------


def some_frames_do_no_harm(data: st.DataObject) -> None:
    world = World()
    world.take(drawn(data, 15))
    world.check()


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_bytes_from_a_link_do_harm(data: st.DataObject) -> None:
    some_frames_do_no_harm(data)


@pytest.mark.slow
@settings(max_examples=1_000, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_bytes_from_a_link_do_harm_whatever_hypothesis_thinks_of(data: st.DataObject) -> None:
    some_frames_do_no_harm(data)


def chosen(chance: random.Random) -> bytes:
    def draw(limit: int) -> int:
        return chance.randrange(limit)

    kind = chance.randrange(5)
    if kind == 0:
        return chance.randbytes(chance.randrange(1, 200))
    if kind == 1:
        return below_a_header(draw, chance.randbytes(chance.randrange(100)))
    return mutated(draw)


def flood(count: int, batches: int) -> None:
    """A world takes in `batches` of `count` frames, and is no larger after the last than after the second."""
    world, chance, sizes = World(), random.Random(9), []
    for _ in range(batches):
        world.take(chosen(chance) for _ in range(count))
        world.check()
        gc.collect()
        sizes.append((len(gc.get_objects()), len(world.net.sim.clock._queue)))  # type: ignore[attr-defined]
    objects = [size for size, _ in sizes]
    assert max(objects[1:]) < objects[1] * 1.05, sizes
    assert max(queued for _, queued in sizes) < 200, sizes


def test_a_flood_of_bad_frames_leaves_nothing_behind() -> None:
    flood(500, batches=4)


@pytest.mark.slow
def test_a_hundred_thousand_bad_frames_leave_nothing_behind() -> None:
    flood(20_000, batches=5)


def test_the_frames_that_are_changed_are_of_every_kind_and_their_checksums_can_be_mended() -> None:
    frames = [Ether(frame) for frame in conversations()]
    assert len(frames) >= 30
    assert {frame.type for frame in frames} >= {ETHERTYPE_IPV4, ETHERTYPE_ARP}
    packets = [frame[IP] for frame in frames if frame.haslayer(IP)]
    assert {packet.proto for packet in packets} == {1, 6, 17}
    assert any(packet.frag for packet in packets)
    assert any(packet.options for packet in packets)
    assert {str(packet[TCP].flags) for packet in packets if packet.haslayer(TCP)} >= {
        "S",
        "A",
        "FA",
    }
    for frame in conversations():
        damaged = bytearray(frame)
        if frame[12:14] == b"\x08\x00":
            damaged[24] ^= 0xFF
        assert mended(bytes(damaged)) == frame
