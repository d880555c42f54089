"""A run with something of everything in it, for other interpreters to repeat: prints its digests.

    python tests/recorded_run.py SEED...

Hosts, routers, ARP, ICMP, UDP and TCP, over cables that lose, double, damage and delay; and Python's
own HTTP client. It wants nothing but netlab.
"""

import http.client
import socket
import sys
import time

from netlab import Network, on
from netlab.host import Host
from netlab.units import Mbps, kB, ms, s

SIZE = 60 * kB


def serve(host: Host) -> None:
    """A page of `SIZE` bytes, over and over; the server knows one line of HTTP."""
    with socket.create_server(("", 80)) as listener:
        while True:
            conn, _ = listener.accept()
            with conn, conn.makefile("rb") as lines:
                while lines.readline().strip():
                    pass
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\nConnection: close\r\n\r\n"
                conn.sendall(head.encode() + bytes(n * 7 % 251 for n in range(SIZE)))


def fetch(host: Host) -> int:
    """Fetch it, and tell how many virtual nanoseconds that took."""
    began = time.perf_counter_ns()
    connection = http.client.HTTPConnection("carol", timeout=600)
    connection.request("GET", "/")
    assert len(connection.getresponse().read()) == SIZE
    connection.close()
    return time.perf_counter_ns() - began


def chatter(host: Host) -> None:
    """Datagrams to a port where nobody is."""
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.connect(("carol", 9))
    for _ in range(20):
        try:
            sock.send(b"is there anybody")
        except ConnectionRefusedError:
            pass
        time.sleep(0.05)
    sock.close()


def run(seed: int) -> Network:
    """The whole of it."""
    net = Network(seed)
    alice = net.host("alice", "10.0.1.1/24", gateway="10.0.1.254")
    bob = net.host("bob", "10.0.1.2/24")
    carol = net.host("carol", "10.0.2.1/24", gateway="10.0.2.254")
    router = net.router("r1")
    first = net.connect(
        alice, router, delay=3 * ms, rate=10 * Mbps, loss=0.02, addresses=(None, "10.0.1.254/24")
    )
    last = net.connect(
        router, carol, delay=5 * ms, jitter=3 * ms, addresses=("10.0.2.254/24", None)
    )
    first.duplicate(probability=0.03)
    first.reorder(probability=0.03)
    first.corrupt(probability=0.02)
    last.corrupt(probability=0.03, in_device=True)
    last.delay(probability=0.03, by=40 * ms)
    carol.start(serve, daemon=True)
    fetched = alice.start(fetch)
    alice.start(chatter)
    alice.ping("carol", count=1, timeout=5 * s)
    bob.ping("alice", count=1)  # who is on another cable: nobody answers
    with on(alice):
        time.sleep(1)
    assert fetched.result > 0
    net.run()
    return net


if __name__ == "__main__":
    for seed in sys.argv[1:]:
        print(run(int(seed)).trace.digest())
