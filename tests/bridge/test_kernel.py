"""The kernel of Linux and its programs, with a simulated host as their neighbour."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.machines import Machine
from tests.neighbours import BODY, HOST

pytestmark = pytest.mark.netns


def lost(output: str) -> float:
    found = re.search(r"([\d.]+)% packet loss", output)
    assert found, output
    return float(found[1])


@pytest.mark.parametrize(
    "options",
    [
        ["-c20", "-i.01"],
        ["-f", "-c1000"],
        ["-c5", "-i.01", "-s0"],
        ["-c5", "-i.01", "-s1472", "-M", "do"],
    ],
    ids=" ".join,
)
def test_ping_loses_nothing(host: Machine, options: list[str]) -> None:
    assert lost(host.run("ping", "-q", *options, HOST)) == 0


def test_arping_is_answered(host: Machine, need: Callable[[str], None]) -> None:
    need("arping")
    output = host.run("arping", "-c3", "-w5", "-I", "tap0", HOST)
    assert "Received 3 response" in output
    assert len(set(re.findall(r"\[(.*?)\]", output))) == 1


def test_fping_loses_nothing(host: Machine, need: Callable[[str], None]) -> None:
    need("fping")
    # Left alone, fping takes what comes later than the next question (1 ms) for lost.
    done = host.outcome("fping", "-q", "-c200", "-p1", "-t500", HOST)
    assert done.returncode == 0
    assert "200/200/0%" in done.stderr


@pytest.mark.parametrize("options", [[], ["-I"], ["-T", "-p80"]], ids=["UDP", "ICMP", "TCP"])
def test_traceroute_finds_it_one_hop_away(
    host: Machine, need: Callable[[str], None], options: list[str]
) -> None:
    need("traceroute")
    # By itself it waits for further answers only a few times as long as the first one took.
    lines = host.run("traceroute", "-n", "-w5,0,0", *options, HOST).splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r" 1  10\.79\.0\.2(  [\d.]+ ms){3}", lines[1])


def test_curl_gets_the_very_bytes(host: Machine, need: Callable[[str], None], folder: Path) -> None:
    need("curl")
    copy = folder.parent / "copy.bin"
    host.run("curl", "-sf", "-o", str(copy), f"http://{HOST}/large.bin")
    assert copy.read_bytes() == BODY
    assert host.run("curl", "-sf", f"http://{HOST}/small.txt") == "hello\n"
    assert host.outcome("curl", "-sf", f"http://{HOST}/missing").returncode == 22
    assert host.outcome("curl", "-sf", f"http://{HOST}/../../etc/passwd").returncode == 22
