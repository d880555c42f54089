"""A simulated host speaks to programs on the kernel's side, and through the kernel to others."""

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.machines import Machine
from tests.neighbours import HOME

pytestmark = pytest.mark.netns

# In a process of its own, for a namespace is a process's: alice is 10.82.0.2, the kernel 10.82.0.1.
BUILD = f"""
import socket, subprocess, sys, urllib.request
from pathlib import Path
sys.path.insert(0, {str(HOME)!r})
from netlab import Network, on
from netlab.units import ms, s

net = Network(clock="real")
alice = net.host("alice", "10.82.0.2/24", gateway="10.82.0.1")
tap = net.tap("tap8", "10.82.0.1/24")
cable = net.connect(alice, tap)
"""
SERVE = """
import http.server, sys
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        open("uploaded", "wb").write(body)
Quiet.protocol_version = "HTTP/1.1"
server = http.server.ThreadingHTTPServer(("", 8000), Quiet)
print("ready", flush=True)
server.serve_forever()
"""


def python(kernel: Machine, code: str, *arguments: str) -> str:
    program = BUILD + textwrap.dedent(code)
    return kernel.run(sys.executable, "-W", "error", "-c", program, *arguments)


def web_server(machine: Machine, folder: Path) -> None:
    server = machine.start("env", "-C", str(folder), sys.executable, "-c", SERVE)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"


@pytest.fixture(scope="module")
def kernel_that_serves(kernel: Machine, folder: Path) -> Machine:
    web_server(kernel, folder)
    return kernel


def test_urllib_fetches_from_python_s_own_server(kernel_that_serves: Machine, folder: Path) -> None:
    python(
        kernel_that_serves,
        """
        with on(alice):
            with urllib.request.urlopen("http://10.82.0.1:8000/large.bin") as response:
                body = response.read()
            with urllib.request.urlopen("http://tap8:8000/small.txt") as response:
                assert response.read() == b"hello\\n"
        assert body == Path(sys.argv[1]).read_bytes()
        assert {frame.sender for frame in net.trace.frames} == {"alice", "tap8"}
        """,
        str(folder / "large.bin"),
    )


def test_urllib_sends_to_python_s_own_server(kernel_that_serves: Machine, folder: Path) -> None:
    python(
        kernel_that_serves,
        """
        body = bytes(range(256)) * 4000
        with on(alice):
            request = urllib.request.Request("http://10.82.0.1:8000/", body, method="PUT")
            urllib.request.urlopen(request).close()
        """,
    )
    assert (folder / "uploaded").read_bytes() == bytes(range(256)) * 4000


@pytest.mark.rfc("RFC 791 section 3.2", "RFC 1122 section 3.3.2")
def test_datagrams_larger_than_the_mtu_come_and_go_in_fragments(kernel: Machine) -> None:
    python(
        kernel,
        """
        def echo(host):
            sock = host.socket(socket.SOCK_DGRAM)
            sock.bind(("", 7))
            while True:
                data, sender = sock.recvfrom(65_535)
                sock.sendto(data[::-1], sender)
        alice.start(echo, daemon=True)
        real = socket.socket(type=socket.SOCK_DGRAM)  # the kernel's
        real.settimeout(10)
        for size in (1472, 1473, 8000, 65_507):
            data = bytes(number * 7 % 251 for number in range(size))
            real.sendto(data, ("10.82.0.2", 7))
            assert real.recv(65_535) == data[::-1], size
        later = [f for f in net.trace.frames if f.ipv4 and f.ipv4.fragment_offset]
        assert len(later) == 2 * (1 + 5 + 44)
        """,
    )


@pytest.mark.rfc("RFC 1122 section 3.2.2.1")
def test_errors_reach_the_socket_on_either_side(kernel: Machine) -> None:
    python(
        kernel,
        """
        def refused(call):
            try:
                call()
            except ConnectionRefusedError:
                return True
        with on(alice):
            assert refused(lambda: socket.create_connection(("10.82.0.1", 4)))
            sock = socket.socket(type=socket.SOCK_DGRAM)
            sock.connect(("10.82.0.1", 4))
            sock.send(b"?")
            sock.settimeout(10)
            assert refused(lambda: sock.recv(1))
        assert refused(lambda: socket.create_connection(("10.82.0.2", 4)))
        real = socket.socket(type=socket.SOCK_DGRAM)
        real.connect(("10.82.0.2", 4))
        real.settimeout(10)
        real.send(b"?")
        assert refused(lambda: real.recv(1))
        """,
    )


@pytest.fixture(scope="module")
def beyond(kernel: Machine, folder: Path) -> Iterator[Machine]:
    """A machine behind the kernel, by a link that takes 1,000 bytes: 10.83.0.2, with a web server.

    The machine knows that, but says in its SYN that it takes segments as large as ever.
    """
    other = Machine()
    link = ["ip", "link", "add", "veth8", "mtu", "1000", "type", "veth", "peer", "eth0"]
    kernel.run(*link, "netns", str(other.holder.pid))
    for machine, device, address in ((kernel, "veth8", "10.83.0.1"), (other, "eth0", "10.83.0.2")):
        machine.run("ip", "address", "add", f"{address}/24", "dev", device)
        machine.run("ip", "link", "set", device, "up")
    sizes = ["mtu", "1000", "advmss", "1460"]
    other.run("ip", "route", "add", "default", "via", "10.83.0.1", *sizes)
    kernel.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    web_server(other, folder)
    yield other
    other.end()


@pytest.mark.rfc("RFC 1191 section 3")
def test_a_host_finds_the_path_mtu_that_the_kernel_as_a_router_tells(
    kernel: Machine, beyond: Machine, folder: Path
) -> None:
    python(
        kernel,
        """
        body = bytes(range(256)) * 800
        with on(alice):
            request = urllib.request.Request("http://10.83.0.2:8000/", body, method="PUT")
            urllib.request.urlopen(request).close()
            with urllib.request.urlopen("http://10.83.0.2:8000/large.bin") as response:
                assert response.read() == Path(sys.argv[1]).read_bytes()
        told = [f for f in net.trace.frames if f.icmp and (f.icmp.type, f.icmp.code) == (3, 4)]
        assert told and told[0].icmp.next_hop_mtu == 1000, told
        late = [f for f in net.trace.frames if f.tcp and f.time > told[-1].arrival]
        assert max(len(f.bytes) for f in late if f.sender == "alice") == 14 + 1000
        """,
        str(folder / "large.bin"),
    )
    assert (folder / "uploaded").read_bytes() == bytes(range(256)) * 800


@pytest.mark.rfc("RFC 1191 section 4", "RFC 1812 section 4.3.2.3")
def test_the_kernel_finds_the_path_mtu_that_a_simulated_router_tells(
    kernel: Machine, need: Callable[[str], None]
) -> None:
    python(
        kernel,
        """
        from netlab.application.http import serve
        router = net.router("r")
        bob = net.host("bob", "10.84.0.2/24", gateway="10.84.0.1", mtu=900)
        tap9 = net.tap("tap9", "10.85.0.1/24")
        net.connect(router, tap9, addresses=("10.85.0.2/24", None))
        net.connect(router, bob, addresses=("10.84.0.1/24", None), mtu=900)
        subprocess.run("ip route add 10.84.0.0/24 via 10.85.0.2".split(), check=True)
        received = []
        serve(bob, {"/": lambda request: received.append(request.body) or "thanks"})
        def run(command):
            return subprocess.run(command.split(), capture_output=True, text=True).stdout
        output = run("ping -c2 -i.1 -M do -s 1400 10.84.0.2")
        assert "Frag needed and DF set (mtu = 900)" in output, output
        assert " 0% packet loss" in run("ping -c2 -i.1 -M do -s 872 10.84.0.2")
        assert " 0% packet loss" in run("ping -c2 -i.1 -M dont -s 4000 10.84.0.2")
        assert "mtu 900" in run("ip route get 10.84.0.2")
        body = bytes(range(256)) * 800
        assert urllib.request.urlopen("http://10.84.0.2/", body).read() == b"thanks"
        assert received == [body]
        """,
    )
