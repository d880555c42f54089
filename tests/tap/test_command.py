"""`netlab tap`: it says what it did, tells every error, and leaves nothing behind."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netlab.__main__ import main
from netlab.trace.trace import Trace
from tests.machines import Machine
from tests.neighbours import Running
from tests.trace.material import tshark


def there(kernel: Machine, device: str = "tap0") -> bool:
    return kernel.outcome("ip", "link", "show", device).returncode == 0


@pytest.mark.netns
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_nothing_is_left(
    kernel: Machine, tmp_path: Path, ending: signal.Signals
) -> None:
    (tmp_path / "page.html").write_text("<p>hello</p>")
    capture = tmp_path / "run.pcapng"
    running = Running(kernel, "--serve", f"http:{tmp_path}", "--capture", str(capture))
    assert running.said == [
        "tap0 is up: the kernel is 10.79.0.1/24 on it, the simulated host 10.79.0.2/24.\n",
        f"http://10.79.0.2/ shows the files in {tmp_path}\n",
        "Try: ping 10.79.0.2. Ctrl-C ends it, and removes tap0.\n",
    ]
    page = kernel.run("curl", "-si", "http://10.79.0.2/page.html")
    assert "Content-Type: text/html" in page
    assert page.endswith("<p>hello</p>")
    assert 'href="page.html"' in kernel.run("curl", "-s", "http://10.79.0.2/")
    code, output, errors = running.end(ending)
    assert (code, errors) == (0, "")
    frames = Trace.open(capture).frames
    assert f"{len(frames)} frames are in {capture}" in output
    assert any(frame.summary == "GET /page.html HTTP/1.1" for frame in frames)
    assert not there(kernel)


@pytest.mark.netns
def test_even_killed_it_leaves_no_device(kernel: Machine) -> None:
    running = Running(kernel)
    assert there(kernel)
    running.process.kill()
    running.process.wait()
    assert not there(kernel)


@pytest.mark.netns
def test_an_error_is_told_at_once_and_makes_an_exit_code_of_1(kernel: Machine) -> None:
    running = Running(kernel)
    kernel.run("ip", "link", "delete", "tap0")
    time.sleep(1.5)
    code, _, errors = running.end()
    assert code == 1
    assert "BridgeError: " in errors
    assert "tap0 can't be read any more" in errors


@pytest.mark.netns
@pytest.mark.tshark
def test_a_lossy_and_slow_cable_is_what_is_asked_for(kernel: Machine, tmp_path: Path) -> None:
    capture = tmp_path / "run.pcapng"
    own = ("--device", "mytap", "--kernel", "10.81.0.1/16", "--host", "10.81.3.4/16")
    running = Running(kernel, *own, "--delay", "15.5", "--loss", "0.3", "--capture", str(capture))
    kernel.run("ping", "-c1", "-w30", "10.81.3.4")  # until both know each other's MAC address
    ping = kernel.outcome("ping", "-q", "-c30", "-i.01", "-W1", "10.81.3.4").stdout
    lost = float(ping.partition("% packet loss")[0].rpartition(" ")[2])
    assert 20 < lost < 80
    assert float(ping.partition("mdev = ")[2].partition("/")[0]) >= 31
    running.end()
    problems = tshark(capture, "frame.number", options=("-Y", "_ws.malformed"))
    assert problems == []


@pytest.mark.netns
def test_what_it_lacks_is_said_with_an_exit_code_of_2(kernel: Machine) -> None:
    command = [sys.executable, "-m", "netlab", "tap"]
    done = kernel.outcome("setpriv", "--bounding-set=-net_admin", *command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("netlab tap: can't make the TAP device tap0: it takes the right")
    assert not there(kernel)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--serve", "gopher:x"], "protocols: http"),
        (["--serve", "http"], "such as http:FOLDER"),
        (["--serve", "http:/there/is/none"], "there is no folder"),
        (["--kernel", "10.79.0.0/24"], "the address of the network"),
        (["--host", "nonsense"], "nonsense"),
        (["--kernel", "10.80.0.1/24"], "10.80.0.1"),
        (["--loss", "7"], "loss"),
        (["--delay", "-1"], "delay"),
        (["--device", "a/b"], "name"),
        (["--capture", "/there/is/none.pcapng"], "--capture /there/is/none.pcapng: No such file"),
    ],
)
def test_what_can_t_be_is_refused_with_an_exit_code_of_2(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        assert main(["tap", *options]) == 2
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)
    output, errors = capsys.readouterr()
    assert output == ""
    assert words in errors


def test_the_command_is_listed() -> None:
    command = [sys.executable, "-m", "netlab"]
    assert "tap " in subprocess.run([*command, "--help"], capture_output=True, text=True).stdout
    told = subprocess.run([*command, "tap", "--help"], capture_output=True, text=True).stdout
    assert "--serve PROTOCOL:WHAT" in told
