"""A link goes down and up: what is on its way is lost, and both ends notice."""

import zlib
from pathlib import Path

import pytest

from netlab.trace.capture import CaptureInterface, Packet
from netlab.trace.pcapng import write
from netlab.units import Mbps, ms
from tests.link.material import ETHERTYPE, Bench
from tests.trace.material import tshark


def carriers(bench: Bench) -> list[tuple[int, str, str, str]]:
    return [
        (event.time, event.host, event.fields["state"], event.reason)
        for event in bench.events
        if event.kind == "carrier"
    ]


def test_frames_in_flight_and_in_the_queue_are_lost_when_a_cable_is_taken_out() -> None:
    bench = Bench(delay=10 * ms, rate=1 * Mbps)
    frames = bench.send_all("abc")
    bench.send("d", back=True)
    bench.run(until=1 * ms)
    bench.cable.down()
    assert {frame.fault for frame in frames} == {"lost: a-b went down"}
    assert bench.run() == ""
    assert not bench.cable.is_up
    assert carriers(bench) == [
        (1 * ms, host, "DOWN", "the cable was taken out") for host in ("a", "b")
    ]


def test_what_is_sent_meanwhile_goes_nowhere_and_afterwards_all_is_as_before() -> None:
    bench = Bench(rate=1 * Mbps)
    bench.send_all("abc")
    bench.cable.down()
    bench.cable.down()
    bench.a.send(bench.b.mac, ETHERTYPE, b"lost", "a test", None)
    assert bench.events[-1].fields["why"] == "a-b is down"
    assert bench.a.tx.carrier == 1
    bench.cable.up()
    bench.cable.up()
    assert [state for _, _, state, _ in carriers(bench)] == ["DOWN", "DOWN", "UP", "UP"]
    bench.send("d")  # before the queue that there was would have been sent
    assert bench.run() == "d"
    assert bench.times == [19 * 8_000]


def test_an_interface_that_is_set_down_takes_the_link_down_for_both() -> None:
    bench = Bench(delay=5 * ms)
    bench.send("x")
    bench.b.down()
    assert [bench.cable.is_up, bench.a.is_up, bench.b.is_up] == [False] * 3
    assert carriers(bench)[0] == (0, "a", "DOWN", "b:eth0: it was set down by hand")
    bench.cable.up()  # the cable is not what is missing
    assert not bench.a.is_up
    bench.a.down()
    bench.b.up()
    assert not bench.a.is_up
    bench.a.up()
    assert bench.a.is_up
    bench.send("y")
    assert bench.run() == "y"


def test_the_fcs_is_the_crc_of_ieee_802_3_in_the_order_of_the_wire() -> None:
    bench = Bench()
    frame = bench.send(bytes(46))
    assert frame.fcs == zlib.crc32(frame.bytes).to_bytes(4, "little")
    assert frame.wire == frame.bytes + frame.fcs
    assert zlib.crc32(frame.wire) == 0x2144DF1C  # what any frame leaves whose FCS is right


@pytest.mark.tshark
def test_tshark_finds_the_fcs_right(tmp_path: Path) -> None:
    bench = Bench()
    file = tmp_path / "fcs.pcapng"
    packets = []
    for size in (46, 47, 1_000):
        frame = bench.send(bytes(n % 251 for n in range(size)))
        packets.append(Packet(0, frame.wire, len(frame.wire), CaptureInterface()))
    file.write_bytes(write(packets, {}, simulated=False))
    options = ("-o", "eth.fcs:Always", "-o", "eth.check_fcs:TRUE")
    assert tshark(file, "eth.fcs.status", options=options) == [["1"], ["1"], ["1"]]
