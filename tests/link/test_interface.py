"""An interface passes up what is for its host, and records why it doesn't pass up the rest."""

import pytest

from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.counters import Received, Sent
from netlab.link.ethernet import EthernetFrame
from netlab.link.interface import Interface
from netlab.sim.simulation import Simulation
from netlab.units import Mbps
from tests.link.material import ETHERTYPE, Bench


def discarded(bench: Bench) -> list[str]:
    return [event.fields["why"] for event in bench.events if event.kind == "discarded"]


def test_frames_for_this_interface_and_for_everybody_are_passed_up() -> None:
    bench = Bench()
    for dst in (bench.b.mac, MacAddress.BROADCAST):
        bench.a.send(dst, ETHERTYPE, b"x", "a test", None)
    assert bench.run().rstrip("\0").split("\0" * 45) == ["x", "x"]
    assert discarded(bench) == []


def test_a_frame_for_somebody_else_is_discarded() -> None:
    bench = Bench()
    bench.a.send(MacAddress(0x020000000099), ETHERTYPE, b"x", "a test", None)
    assert bench.run() == ""
    assert discarded(bench) == ["for 02:00:00:00:00:99, not for this interface"]


def test_a_frame_of_a_type_that_nobody_takes_is_discarded() -> None:
    bench = Bench()
    bench.a.send(bench.b.mac, 0x86DD, b"x", "a test", None)
    assert bench.run() == ""
    assert discarded(bench) == ["nobody here takes EtherType 0x86dd"]


@pytest.mark.parametrize("size", [0, 1, 13])
def test_a_frame_that_is_too_short_is_discarded(size: int) -> None:
    bench = Bench()
    bench.cable.transmit(bench.a, bytes(size), "a test", None)
    bench.run()
    assert bench.b.rx.errors == 1
    assert discarded(bench) == ["shorter than an Ethernet header (14 bytes)"]


def test_without_a_cable_nothing_is_sent_and_the_record_says_so() -> None:
    sim = Simulation()
    interface = Interface(sim, "a", "eth0", MacAddress(1))
    interface.send(MacAddress.BROADCAST, ETHERTYPE, b"x", "a test", None)
    (event,) = sim.recorder.events
    assert (event.host, event.layer, event.kind) == ("a", "link", "discarded")
    assert event.fields == {"interface": "eth0", "why": "no cable is plugged in"}
    assert interface.tx.carrier == 1
    assert repr(interface) == "<interface a:eth0, 00:00:00:00:00:01, on no link>"


def test_what_is_sent_is_an_ethernet_frame_from_this_interface() -> None:
    bench = Bench()
    bench.a.send(bench.b.mac, ETHERTYPE, b"hello", "a test", None)
    frame = EthernetFrame.parse(bench.events[0].bytes)  # type: ignore[attr-defined]
    assert (frame.src, frame.dst, frame.ethertype) == (bench.a.mac, bench.b.mac, ETHERTYPE)


@pytest.mark.rfc("RFC 791 3.2")
@pytest.mark.parametrize("mtu", [0, 67, 65_536, "1500", 99.5])
def test_an_impossible_mtu_is_refused(mtu: int) -> None:
    with pytest.raises(ConfigurationError):
        Interface(Simulation(), "a", "eth0", MacAddress(1), mtu)


@pytest.mark.rfc("RFC 894")
@pytest.mark.parametrize(("size", "length"), [(0, 60), (1, 60), (45, 60), (46, 60), (47, 61)])
def test_a_short_frame_is_filled_up_with_zeros_whoever_made_it(size: int, length: int) -> None:
    bench = Bench()
    bench.a.send(bench.b.mac, ETHERTYPE, b"x" * size, "a test", None)
    packed = EthernetFrame(bench.b.mac, bench.a.mac, ETHERTYPE, b"x" * size).pack()
    bench.a.send_frame(packed, "a test", None)
    bench.run()
    for frame in bench.frames:
        assert len(frame.bytes) == length
        assert frame.bytes == packed + bytes(length - 14 - size)


def test_counters_count_frames_without_their_fcs() -> None:
    bench = Bench(queue=1, rate=1 * Mbps)
    for _ in range(3):
        bench.a.send(bench.b.mac, ETHERTYPE, bytes(100), "a test", None)
    bench.a.send_frame(bytes.fromhex("01005e000001") + bytes(60), "a test", None)
    bench.run()
    bench.a.send_frame(bytes.fromhex("01005e000001") + bytes(60), "a test", None)
    bench.a.send(bench.b.mac, 0x86DD, bytes(100), "nobody takes this", None)
    bench.run()
    assert bench.a.tx == Sent(bytes=2 * 114 + 66 + 114, packets=4, dropped=2)
    assert bench.b.rx == Received(bytes=2 * 114 + 66 + 114, packets=4, dropped=1, mcast=1)
    assert bench.b.tx == Sent()


def test_statistics_look_as_ip_prints_them() -> None:
    bench = Bench()
    bench.a.send(bench.b.mac, ETHERTYPE, bytes(1_000), "a test", None)
    bench.run()
    bench.b.rx.bytes = 123_456_789
    assert bench.b.statistics == (
        "eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP\n"
        "    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff\n"
        "    RX:      bytes packets errors dropped  missed   mcast\n"
        "         123456789       1      0       0       0       0\n"
        "    TX:      bytes packets errors dropped carrier collsns\n"
        "                 0       0      0       0       0       0"
    )
    bench.b.down()
    assert bench.b.statistics.startswith(
        "eth0: <NO-CARRIER,BROADCAST,MULTICAST> mtu 1500 state DOWN"
    )
    assert bench.a.statistics.startswith(
        "eth0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 state DOWN"
    )
