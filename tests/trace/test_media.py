"""Captures of every medium: what tshark reads is what the frames say, and nothing is malformed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from netlab import Network
from netlab.trace.trace import Trace
from netlab.units import ms, us
from tests.recorded_run import media
from tests.trace.material import tshark


def serial(net: Network) -> None:
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, medium="serial", delay=1 * ms)


def raw(net: Network) -> None:
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, medium="raw", delay=1 * ms)


def hub(net: Network) -> None:
    h1 = net.hub("h1")
    for n, name in enumerate(("alice", "bob", "carol"), 1):
        net.connect(net.host(name, f"10.0.0.{n}/24"), h1, delay=2 * us)


def switch(net: Network) -> None:
    s1 = net.switch("s1")
    for n, name in enumerate(("alice", "bob", "carol"), 1):
        net.connect(net.host(name, f"10.0.0.{n}/24"), s1, delay=1 * ms)


@pytest.mark.tshark
@pytest.mark.parametrize("build", [serial, raw, hub, switch])
def test_tshark_reads_a_capture_of_each_medium_clean(
    tmp_path: Path, build: Callable[[Network], None]
) -> None:
    net = Network(seed=1)
    build(net)
    assert net.hosts["alice"].ping("bob", count=2).received == 2
    net.run()
    for at in (None, "bob"):
        file = tmp_path / f"{at}.pcapng"
        net.trace.save(file, at=at)
        rows = tshark(file, "frame.protocols", "frame.len", "icmp.checksum.status", "_ws.malformed")
        frames = [f for f in net.trace.frames if at in (None, f.sender, f.receiver)]
        assert len(rows) == len(frames)
        expected = {"serial": "ppp:ip", "raw": "raw:ip"}.get(build.__name__, "eth:ethertype")
        assert all(protocols.startswith(expected) for protocols, *_ in rows)
        assert sorted(int(length) for _, length, *_ in rows) == sorted(len(f.bytes) for f in frames)
        assert {status for *_, status, _ in rows} <= {"1", ""}
        assert not any(malformed for *_, malformed in rows)


@pytest.mark.tshark
def test_a_capture_of_several_media_keeps_them_apart(tmp_path: Path) -> None:
    trace = media(1).trace
    trace.save(tmp_path / "all.pcapng")
    rows = tshark(tmp_path / "all.pcapng", "frame.protocols", "_ws.malformed")
    assert {protocols.split(":")[0] for protocols, _ in rows} == {"eth", "ppp", "raw"}
    assert not any(malformed for _, malformed in rows)
    again = Trace.open(tmp_path / "all.pcapng")
    assert len(again.frames) == len(trace.frames)
    assert {frame.malformed for frame in again.frames} == {""}
