"""The same seed gives the same trace, byte for byte: in every process, on every Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recorded_run import media, run

HOME = Path(__file__).parents[1]
SEEDS = (1, 2)


def digests(python: str, hash_seed: str = "0") -> list[str]:
    """What another process finds, two digests a seed."""
    command = [python, str(HOME / "tests" / "recorded_run.py"), *map(str, SEEDS)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(HOME)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def ours() -> list[str]:
    """What this process finds."""
    return [build(seed).trace.digest() for seed in SEEDS for build in (run, media)]


def test_the_run_has_something_of_everything_in_it() -> None:
    trace = run(1).trace
    protocols = {frame.protocol for frame in trace.frames}
    assert {"ARP", "ICMP", "UDP", "TCP", "HTTP"} <= protocols
    assert {frame.fate for frame in trace.frames} == {"delivered", "dropped"}
    for fault in ("random loss", "a copy of", "held back", "flipped", "delayed"):
        assert any(fault in frame.fault for frame in trace.frames), fault
    kinds = {event.kind for seed in SEEDS for event in run(seed).trace.events}
    assert {"state", "rto", "cwnd", "timer set", "timer fired", "arp", "icmp error"} <= kinds


def test_so_has_that_of_all_media() -> None:
    trace = media(1).trace
    assert {frame.link.framing.name for frame in trace.frames} == {"ethernet", "serial", "raw"}
    faults = {frame.fault.partition(":")[2].strip() for frame in trace.frames}
    assert {"collision at h1", "a burst of losses"} <= faults
    kinds = {event.kind for event in trace.events}
    assert {"collision", "backoff", "mac", "discarded"} <= kinds


def test_another_run_in_the_same_process_is_the_same(ours: list[str]) -> None:
    assert [each(seed).trace.digest() for seed in SEEDS for each in (run, media)] == ours


def test_another_seed_gives_another_trace(ours: list[str]) -> None:
    assert len(set(ours)) == 2 * len(SEEDS)


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295", "random"])
def test_another_process_with_another_hash_seed_gives_the_same(
    ours: list[str], hash_seed: str
) -> None:
    assert digests(sys.executable, hash_seed) == ours


def test_another_python_gives_the_same(ours: list[str], other_pythons: list[str]) -> None:
    for python in other_pythons:
        assert digests(python, "random") == ours, python
