"""A conversation between the sockets of two kernels' network stacks, captured, opened and drawn.

Two network namespaces are made, with a cable of the kernel's between them, so that tcpdump sees
real Ethernet, ARP and TCP. They go with the processes that hold them.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netlab.trace.trace import Trace
from tests.machines import Machine
from tests.trace.material import tshark

pytestmark = [pytest.mark.netns, pytest.mark.tshark]

CLIENT, SERVER = "10.79.0.1", "10.79.0.2"
PORT = 8000
BODY = 30_000

SERVE = f"""
import http.server
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * {BODY})
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("", {PORT}), Page)
print("ready", flush=True)
server.handle_request()
"""
FETCH = f"""
import urllib.request
with urllib.request.urlopen("http://{{address}}:{PORT}/page") as response:
    assert len(response.read()) == {BODY}  # up to the end, so that the server closes first
"""
THE_END = b"this is the end"
SAY_IT = f"""
import socket
socket.socket(type=socket.SOCK_DGRAM).sendto({THE_END!r}, ("{{address}}", 9))
"""


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[Machine, Machine]]:
    client, server = Machine(), Machine()
    try:
        link = ["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0"]
        client.run(*link, "netns", str(server.holder.pid))
        for machine, address in ((client, CLIENT), (server, SERVER)):
            machine.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
            machine.run("ip", "link", "set", "eth0", "up")
        yield client, server
    finally:
        server.end()
        client.end()


def fetch(client: Machine, server: Machine, address: str, options: list[str], path: Path) -> None:
    """Fetch a page while tcpdump captures on the server's machine."""
    # Handed over at once, a packet takes a slot of the largest size: -B makes room for many.
    command = ["tcpdump", "-U", "--immediate-mode", "-B", "32768", "-Z", "root", "-p", *options]
    tcpdump = server.start(*command, "-w", str(path))
    assert tcpdump.stderr is not None
    for line in tcpdump.stderr:
        if "listening on" in line:
            break
    web = server.start(sys.executable, "-c", SERVE)
    assert web.stdout is not None
    assert web.stdout.readline() == "ready\n"
    client.run(sys.executable, "-c", FETCH.format(address=address))
    web.wait(timeout=30)
    client.run(sys.executable, "-c", SAY_IT.format(address=address))
    deadline = time.monotonic() + 60
    while THE_END not in path.read_bytes():  # all that came before is written then, too
        assert time.monotonic() < deadline
        time.sleep(0.02)
    tcpdump.terminate()
    assert tcpdump.wait(timeout=30) == 0


def agrees(trace: Trace, path: Path) -> None:
    rows = tshark(
        path,
        *("frame.number", "frame.time_epoch", "ip.src", "tcp.seq_raw", "tcp.ack_raw", "tcp.len"),
        *("tcp.flags", "arp.opcode"),
    )
    frames = sorted(trace.frames, key=lambda frame: frame.id)
    assert len(rows) == len(frames) > 8
    for frame, (number, seconds, src, seq, ack, length, flags, operation) in zip(
        frames, rows, strict=True
    ):
        assert str(frame.id) == number
        assert str(frame.time + trace.start) == seconds.replace(".", "")
        if frame.tcp is not None and frame.ipv4 is not None:
            assert str(frame.ipv4.src) == src
            assert (frame.tcp.seq, frame.tcp.ack) == (int(seq), int(ack))
            assert (frame.payload_length, frame.tcp.flags) == (int(length), int(flags, 16))
        else:
            assert seq == ""
        assert (str(frame.arp.operation) if frame.arp else "") == operation


# In HTTP/1.0 the server ends the connection, and so it is the server who waits for 2 MSL.
SERVERS_PATH = [
    "CLOSED",
    "LISTEN",
    "SYN_RCVD",
    "ESTABLISHED",
    "FIN_WAIT_1",
    "FIN_WAIT_2",
    "TIME_WAIT",
]
CLIENTS_PATH = ["CLOSED", "SYN_SENT", "ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "CLOSED"]


def states(trace: Trace, host: str) -> list[str]:
    changes = trace.events_of(kind="state", host=host)
    assert all(change.reason.startswith("inferred from frame ") for change in changes)
    assert all(change.cause is not None for change in changes)
    return [change.fields["from"] for change in changes] + [changes[-1].fields["to"]]


@pytest.mark.parametrize(
    "options", [[], ["--time-stamp-precision=nano"], ["-s", "96"]], ids=["us", "ns", "cut"]
)
def test_a_page_fetched_over_a_cable_between_two_kernels(
    machines: tuple[Machine, Machine], tmp_path: Path, options: list[str]
) -> None:
    path = tmp_path / "real.pcap"
    fetch(*machines, SERVER, ["-i", "eth0", *options], path)
    trace = Trace.open(path)
    agrees(trace, path)
    assert {CLIENT, SERVER} <= set(trace.hosts)
    assert states(trace, CLIENT) == CLIENTS_PATH
    assert states(trace, SERVER) == SERVERS_PATH
    requests = [frame.summary for frame in trace.frames if frame.protocol == "HTTP"]
    if "-s" not in options:
        assert requests[0] == "GET /page HTTP/1.1"
        assert requests[1].startswith("HTTP/1.0 200 OK")
    drawn = trace.sequence(hosts=[CLIENT, SERVER]).text()
    for word in (CLIENT, SERVER, "SYN,ACK", "ESTABLISHED", "FIN", "TIME_WAIT"):
        assert word in drawn
    trace.save(tmp_path / "again.pcapng")
    agrees(Trace.open(tmp_path / "again.pcapng"), tmp_path / "again.pcapng")


@pytest.mark.parametrize(
    "options",
    [["-i", "lo"], ["-i", "any"], ["-i", "any", "-y", "LINUX_SLL"]],
    ids=["lo", "any", "sll"],
)
def test_a_page_that_a_kernel_fetches_from_itself(
    machines: tuple[Machine, Machine], tmp_path: Path, options: list[str]
) -> None:
    _, server = machines
    path = tmp_path / "real.pcap"
    fetch(server, server, "127.0.0.1", options, path)
    trace = Trace.open(path)
    agrees(trace, path)
    here = f"127.0.0.1:{PORT}"
    there = next(frame.sender for frame in trace.frames if frame.tcp)
    assert states(trace, there) == CLIENTS_PATH
    assert states(trace, here) == SERVERS_PATH
    assert "SYN,ACK" in trace.sequence(hosts=[there, here]).text()


def test_a_capture_that_was_ended_in_the_midst_is_read_up_to_there(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    path = tmp_path / "real.pcap"
    fetch(*machines, SERVER, ["-i", "eth0"], path)
    whole = len(Trace.open(path).frames)
    path.write_bytes(path.read_bytes()[:-5])
    trace = Trace.open(path, partial=True)
    assert len(trace.frames) == whole - 1
    assert trace.problem
