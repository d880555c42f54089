"""`import netlab` takes what it needs and no more; the time it takes is in benchmarks/startup.py."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]

HEAVY = (
    "scapy",
    "ipywidgets",
    "IPython",
    "anywidget",
    "traitlets",
    "graphviz",
    "nbgrader",
    "asyncio",
    "concurrent",
    "email",
    "html",
    "http",
    "ipaddress",
    "json",
    "logging",
    "multiprocessing",
    "ssl",
    "subprocess",
    "tempfile",
    "unittest",
    "urllib",
    "xml",
)


def modules_after(code: str) -> set[str]:
    """What a fresh interpreter has loaded then, beyond what it has without."""
    show = "import sys; names = sorted(sys.modules); import json; print(json.dumps(names))"

    def loaded(code: str) -> set[str]:
        command = [sys.executable, "-c", f"{code}\n{show}"]
        run = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=True)
        return set(json.loads(run.stdout))

    return loaded(code) - loaded("")


@pytest.mark.parametrize(
    "code",
    [
        "import netlab",
        "from netlab import Network, Trace, experiment, on\nfrom netlab.units import ms",
        """
from netlab import Network, on
import socket
net = Network()
alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
net.connect(alice, bob)
assert alice.ping("bob", count=1).rtts == [0]
listener = bob.socket()
listener.bind(("", 7))
listener.listen()
with on(alice):
    socket.create_connection(("bob", 7)).sendall(b"hello")
assert listener.accept()[0].recv(10) == b"hello"
net.run(until=net.now + 10)
""",
    ],
    ids=["import", "names", "a whole connection"],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    loaded = {name.partition(".")[0] for name in modules_after(code)}
    assert "netlab" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)


def test_the_views_and_widgets_are_loaded_only_when_asked_for() -> None:
    loaded = modules_after("import netlab")
    for room in ("views", "widgets", "application", "checks", "sim.realtime", "trace.pcapng"):
        assert not any(name.startswith(f"netlab.{room}") for name in loaded), room


def test_nothing_is_printed_and_no_warning_is_given() -> None:
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", "import netlab"]
    run = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "")
