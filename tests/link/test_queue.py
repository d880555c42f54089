"""A queue: its length on record and to be read, and marks before it comes to drops."""

import pytest

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.link.queue import EcnQueue
from netlab.network.address import IPv4Address
from netlab.network.ecn import mark
from netlab.network.ipv4_packet import Ipv4Packet
from netlab.units import Mbps, kbps, us
from tests.link.material import Bench


def test_each_frame_tells_how_many_waited_when_it_came() -> None:
    bench = Bench(rate=8 * Mbps, queue=3)
    frames = bench.send_all("abcdef")
    assert [frame.queued for frame in frames] == [0, 0, 1, 2, 3, 3]
    assert [frame.fate for frame in frames] == ["in flight"] * 4 + ["dropped"] * 2
    bench.run(until=40 * us)  # of 19 us each, two have left
    assert bench.send("g").queued == 1


def test_a_queue_can_be_read_while_it_runs() -> None:
    bench = Bench(rate=8 * Mbps)
    bench.send_all("abcd")
    bench.send("x", back=True)
    assert bench.cable.queue_lengths == {"a": 3, "b": 0}
    bench.run(until=20 * us)
    assert bench.cable.queue_lengths == {"a": 2, "b": 0}
    bench.run()
    assert bench.cable.queue_lengths == {"a": 0, "b": 0}


def test_without_a_rate_nothing_ever_waits() -> None:
    bench = Bench()
    assert [frame.queued for frame in bench.send_all("abc")] == [0, 0, 0]
    assert bench.cable.queue_lengths == {"a": 0, "b": 0}


@pytest.mark.rfc("RFC 3168 5")
@pytest.mark.parametrize("medium", ["ethernet", "serial", "raw"])
@pytest.mark.parametrize("ecn", [0b00, 0b01, 0b10, 0b11])
def test_packets_whose_transport_understands_are_marked_while_the_queue_is_long(
    medium: str, ecn: int
) -> None:
    net = Network(seed=1)
    alice, bob = net.probe("alice"), net.probe("bob")
    net.connect(alice, bob, medium=medium, rate=100 * kbps, queue=EcnQueue(limit=8, threshold=5))
    src, dst = IPv4Address.parse("10.0.0.1"), IPv4Address.parse("10.0.0.2")
    framing = alice.interface.framing
    for n in range(12):
        packet = bytearray(Ipv4Packet(src, dst, 253, bytes([n]) * 40, identification=n).pack())
        packet[1] |= ecn
        packet[10:12] = bytes(2)
        packet[10:12] = _checksum(packet)
        alice.interface.send(bob.interface.mac, 0x0800, bytes(packet), "a test", None)
    net.run()
    assert framing.name == medium
    assert len(bob.received) == 9  # the one being sent, and eight that waited
    queued = [frame.queued for frame in bob.received]
    marks = [frame.bytes[framing.packet_at(frame.bytes) or 0 :][1] & 3 for frame in bob.received]
    assert marks == [3 if length >= 5 and ecn else ecn for length in queued]
    for frame in bob.received:
        assert frame.ipv4 is not None
        assert Ipv4Packet.verify(frame.bytes[framing.packet_at(frame.bytes) or 0 :])
        assert ("marked with CE, as" in frame.reason) == (frame.queued >= 5 and ecn != 0)


def _checksum(header: bytes) -> bytes:
    total = sum(header[n] << 8 | header[n + 1] for n in range(0, 20, 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (total ^ 0xFFFF).to_bytes(2, "big")


def test_what_is_no_ipv4_passes_unmarked() -> None:
    bench = Bench(rate=8 * Mbps, queue=EcnQueue(10, 1), mark=mark)
    frames = bench.send_all("abcd")
    assert all("CE" not in frame.reason for frame in frames)
    assert bench.run() == "abcd"


@pytest.mark.parametrize(
    ("queue", "message"),
    [
        (0, "queue must be"),
        (EcnQueue(0, 1), "limit must be"),
        (EcnQueue(5, 0), "threshold must be"),
        (EcnQueue(5, 2.5), "threshold must be"),  # type: ignore[arg-type]
        ((5, 2), "queue must be"),
    ],
)
def test_impossible_queues_are_refused(queue: int, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Bench(queue=queue)
