"""`netlab packetdrill FILES...`: a line for each script, and a total."""

import subprocess
import sys
from pathlib import Path

import pytest

from netlab.__main__ import main

GOOD = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = FD\n+0 close(FD) = 0\n"
BAD = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 close(4) = 0\n"
REFUSED = "0 `reboot`\n"
UNREAD = "0 socket(\n"


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("good", GOOD), ("bad", BAD), ("refused", REFUSED), ("unread", UNREAD)):
        (tmp_path / f"{name}.pkt").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_scripts_that_pass_make_an_exit_code_of_0(
    scripts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["packetdrill", "-D", "FD=3", "good.pkt", "good.pkt"]) == 0
    assert capsys.readouterr().out == "passed   good.pkt\npassed   good.pkt\n2 of 2 passed\n"


def test_each_that_doesn_t_is_told_and_the_others_run(
    scripts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["bad.pkt", "refused.pkt", "unread.pkt", "missing.pkt", "good.pkt"]
    assert main(["packetdrill", "--quiet", "--define", "FD=3", *files]) == 1
    assert capsys.readouterr().out == (
        "FAILED   bad.pkt\n"
        "    bad.pkt:2: close() should return 0, but it returned -1 EBADF\n"
        "      in: +0 close(4) = 0\n"
        "refused  refused.pkt\n"
        "    refused.pkt:1: a script here can't run programs: `reboot`;"
        " only settings can be changed\n"
        "      in: 0 `reboot`\n"
        "unread   unread.pkt\n"
        "    unread.pkt:2: expected a value, such as 3, SOCK_STREAM, [1] or ...;"
        " got 'the end of the script'\n"
        "unread   missing.pkt\n"
        "    No such file or directory\n"
        "passed   good.pkt\n"
        "1 of 5 passed\n"
    )


def test_a_fault_of_netlab_s_own_stops_no_other_script(
    scripts: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("netlab.packetdrill.runner.Runner._finish", fault)
    assert main(["packetdrill", "-D", "FD=3", "good.pkt", "bad.pkt"]) == 1
    out = capsys.readouterr().out
    assert "CRASHED  good.pkt\n    Traceback" in out
    assert "RuntimeError: a fault" in out
    assert "FAILED   bad.pkt" in out


def test_a_failure_brings_the_ladder_with_it(
    scripts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scripts / "syn.pkt").write_text("0 < S 0:0(0) win 9\n+0 > . 0:0(0) ack 1\n")
    assert main(["packetdrill", "syn.pkt"]) == 1
    out = capsys.readouterr().out
    assert "flags: expected ., but it was R." in out
    assert "-- 2 RST,ACK" in out


def test_a_script_may_be_held_to_every_packet(
    scripts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scripts / "syn.pkt").write_text("0 < S 0:0(0) win 9\n")
    assert main(["packetdrill", "syn.pkt"]) == 0
    assert main(["packetdrill", "--strict", "syn.pkt"]) == 1
    assert "the host sent > R. 0:0(0) ack 1" in capsys.readouterr().out


def test_a_wrong_use_tells_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "packetdrill" in capsys.readouterr().err
    assert main(["nonsense"]) == 2
    assert main(["--help"]) == 0
    assert "packetdrill" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["packetdrill"])


def test_it_is_there_as_a_program(scripts: Path) -> None:
    command = [sys.executable, "-m", "netlab", "packetdrill", "-D", "FD=5", "good.pkt"]
    run = subprocess.run(command, cwd=scripts, capture_output=True, text=True, check=True)
    assert run.stdout.endswith("1 of 1 passed\n")
