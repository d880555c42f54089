"""Scapy is loaded only by who uses it, also inside `on(host)`, and the machine is left alone."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HOME = Path(__file__).parents[3]
NETWORK = """
import sys
from netlab import Network, on
net = Network(seed=5)
alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
net.connect(alice, bob)
"""


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", NETWORK + textwrap.dedent(code)],
        cwd=HOME,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_block_on_a_host_loads_no_scapy_and_a_run_neither() -> None:
    run("""
        with on(alice):
            alice.ping("bob")
        net.run()
        assert not any(name.partition(".")[0] == "scapy" for name in sys.modules)
        assert "netlab.sockets.scapy.seams" not in sys.modules
    """)


@pytest.mark.parametrize(
    "code",
    [
        "from scapy.all import *",
        "from scapy.sendrecv import sr1, send\n    from scapy.layers.inet import IP, ICMP",
        "from scapy.layers.inet import IP, ICMP\n    from scapy.all import sr1, send, conf",
    ],
    ids=["all", "parts", "layers first"],
)
def test_it_may_be_loaded_inside_the_block(code: str) -> None:
    run(f"""
with on(alice):
    {code}
    assert sr1(IP(dst="bob") / ICMP(), timeout=1, verbose=0).src == "10.0.0.2"
from scapy.config import conf
from scapy.interfaces import NetworkInterface
import scapy.sendrecv, inspect, importlib.util, threading
assert type(conf).__module__ == "scapy.config"
assert "10.0.0.1" not in [each.ip for each in conf.ifaces.values()]
assert scapy.sendrecv.Thread is threading.Thread
assert "def sr1" in inspect.getsource(scapy.sendrecv)  # its own loader is in its place
assert not any("netlab" in type(finder).__module__ for finder in sys.meta_path)
with on(bob):
    assert sr1(IP(dst="alice") / ICMP(), timeout=1, verbose=0).src == "10.0.0.1"
""")


def test_one_who_loads_it_in_another_thread_meanwhile_gets_the_real_one() -> None:
    run("""
        import threading
        def load():
            import scapy.all
        with on(alice):
            thread = threading.Thread(target=load)
            thread.start()
            thread.join()
            from scapy.all import sr1, IP, ICMP
            assert sr1(IP(dst="bob") / ICMP(), timeout=1, verbose=0).src == "10.0.0.2"
    """)


def test_where_there_is_no_scapy_importing_it_fails_as_ever() -> None:
    run("""
        import importlib.machinery
        find = importlib.machinery.PathFinder.find_spec
        class Nothing:
            @staticmethod
            def find_spec(name, path=None, target=None):
                if name.startswith("scapy"):
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        sys.meta_path.insert(0, Nothing)
        with on(alice):
            try:
                import scapy.all
            except ModuleNotFoundError as error:
                assert error.name == "scapy"
            else:
                raise AssertionError
            alice.ping("bob")
    """)


def test_nothing_is_asked_of_the_machine_once_scapy_is_loaded() -> None:
    run("""
        from scapy.all import *
        conf.verb = 0
        touched = []
        def hook(event, arguments):
            if event.partition(".")[0] in ("socket", "fcntl", "subprocess", "_thread"):
                touched.append((event, arguments))
        sys.addaudithook(hook)
        with on(alice):
            sr1(IP(dst="bob") / ICMP(), timeout=1)
            srp(Ether() / IP(dst="bob") / ICMP(), timeout=1)
            traceroute("bob", maxttl=2)
            arping("10.0.0.0/29")
            sniff(timeout=3, filter="arp")
            sniffer = AsyncSniffer()
            sniffer.start()
            send(IP(dst="10.0.0.9") / UDP(), count=2, inter=1)
            sniffer.stop()
        assert not touched, touched
    """)


def test_the_same_seed_gives_the_same_trace_in_every_process() -> None:
    code = """
        with on(alice):
            from scapy.all import *
            conf.verb = 0
            traceroute(["bob", "10.0.0.7"], maxttl=3)
            arping("10.0.0.0/28")
            sr(IP(dst="bob", id=RandShort()) / TCP(sport=RandShort(), dport=[1, 2, 3]), timeout=1)
            send(fuzz(IP(dst="bob", src="10.0.0.1") / UDP()), count=5)
        net.run()
        print(net.trace.digest())
    """
    found = {run(code, PYTHONHASHSEED=seed) for seed in ("0", "1", "random")}
    assert len(found) == 1
