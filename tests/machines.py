"""Network namespaces: machines of the kernel's own, for tests that want a real network stack."""

import subprocess
import time
from pathlib import Path


class Machine:
    """A network namespace, held by a process that sleeps. What is started in it ends with it."""

    def __init__(self) -> None:
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        self.started: list[subprocess.Popen[str]] = []
        own = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{self.holder.pid}/ns/net").readlink() == own:
            time.sleep(0.01)
        self.run("ip", "link", "set", "lo", "up")

    def command(self, *command: str) -> list[str]:
        """The command that runs `command` there."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *command]

    def run(self, *command: str, timeout: float = 60) -> str:
        """What a program prints. AssertionError, with all that it said, when it fails."""
        done = self.outcome(*command, timeout=timeout)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def outcome(self, *command: str, timeout: float = 60) -> "subprocess.CompletedProcess[str]":
        """What came of a program."""
        return subprocess.run(
            self.command(*command), capture_output=True, text=True, timeout=timeout
        )

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a program and go on."""
        process = subprocess.Popen(
            self.command(*command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """End all that runs there, and the namespace with it."""
        for process in (*reversed(self.started), self.holder):
            process.terminate()
            process.wait(timeout=30)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
