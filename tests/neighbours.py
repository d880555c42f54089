"""The kernel of this machine and a simulated host, side by side in a network namespace."""

import itertools
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netlab.bridge.device import DEVICE
from tests import programs
from tests.machines import Machine
from tests.trace.material import tshark

HOME = Path(__file__).parents[1]
KERNEL, HOST = "10.79.0.1", "10.79.0.2"
BAD = (
    "eth.src == 02:00:00:00:00:01 and !icmp.type == 3 and (_ws.malformed or"
    " ip.checksum.status == 0 or tcp.checksum.status == 0 or udp.checksum.status == 0 or"
    " icmp.checksum.status == 0)"
)
"""What the simulated host must never send; ICMP errors quote what others did."""
BODY = bytes(range(256)) * 10_547  # 2.7 MB


@pytest.fixture(scope="session")
def kernel() -> Iterator[Machine]:
    if not Path(DEVICE).exists():
        _give_up(f"no {DEVICE}: load the driver (modprobe tun)")
    machine = Machine()
    yield machine
    machine.end()


def _give_up(reason: str) -> None:
    """Skip; in continuous integration it is a failure."""
    pytest.fail(reason, pytrace=False) if programs.in_ci() else pytest.skip(reason)


class Running:
    """`netlab tap`, at work in a namespace."""

    def __init__(self, kernel: Machine, *options: str) -> None:
        self.process = kernel.start(sys.executable, "-m", "netlab", "tap", *options)
        self.said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if "Ctrl-C" in line:
                return
        raise AssertionError(self.end())

    def end(self, ending: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Its exit code, and what it wrote on its way out."""
        self.process.send_signal(ending)
        output, errors = self.process.communicate(timeout=60)
        return self.process.returncode, output, errors


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    (folder / "large.bin").write_bytes(BODY)
    (folder / "small.txt").write_text("hello\n")
    return folder


@pytest.fixture(scope="module")
def host(kernel: Machine, folder: Path) -> Iterator[Machine]:
    """A machine whose kernel is a neighbour of the simulated host. No error, no bad frame."""
    capture = folder / "run.pcapng"
    running = Running(kernel, "--serve", f"http:{folder}", "--capture", str(capture))
    yield kernel
    code, output, errors = running.end()
    assert (code, errors) == (0, ""), errors
    assert re.search(r"\d+ frames are in", output)
    if programs.lacking("tshark") is None:
        check = [("-o", f"{protocol}.check_checksum:TRUE") for protocol in ("ip", "tcp", "udp")]
        options = ("-Y", BAD, *itertools.chain(*check))
        assert tshark(capture, "frame.number", "_ws.col.Info", options=options) == []


@pytest.fixture
def need() -> Callable[[str], None]:
    """Skip a test whose program is missing; in continuous integration it fails then."""

    def need(program: str) -> None:
        if reason := programs.lacking_program(program):
            _give_up(reason)

    return need
