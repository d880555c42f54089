"""A run with something of everything in it, for other interpreters to repeat: prints its digests.

    python tests/recorded_run.py SEED...

Hosts, routers, ARP, ICMP, UDP and TCP, over cables that lose, double, damage and delay; and Python's
own HTTP client. Then all kinds of links and machines. It wants nothing but netlab.
"""

import http.client
import socket
import sys
import time

from netlab import Network, on
from netlab.host import Host
from netlab.link.chance import Exponential, GilbertElliott, Normal, Pareto
from netlab.link.queue import EcnQueue
from netlab.units import Mbps, kB, kbps, ms, s, us

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


def media(seed: int) -> Network:
    """A hub where frames collide, a switch, a serial line and a tunnel, with every model of chance."""
    net = Network(seed)
    hub, switch = net.hub("h1"), net.switch("s1", ageing=2 * s)
    hosts = [net.host(f"a{n}", f"10.0.1.{n}/24", gateway="10.0.1.254") for n in range(1, 5)]
    for host in hosts:
        net.connect(host, hub, delay=2 * us, loss=0.01)
    net.connect(hub, switch)
    r1, r2, far = net.router("r1"), net.router("r2"), net.host("far", "10.0.3.1/24")
    net.connect(switch, r1, jitter=Normal(50 * us), addresses=(None, "10.0.1.254/24"))
    serial = net.connect(
        *(r1, r2),
        medium="serial",
        rate=256 * kbps,
        loss=GilbertElliott(0.05, 0.3),
        jitter=Exponential(1 * ms),
        queue=EcnQueue(20, 3),
        addresses=("10.0.2.1/24", "10.0.2.2/24"),
    )
    serial.corrupt(probability=0.1)
    net.connect(
        *(r2, far), medium="raw", jitter=Pareto(100 * us), addresses=("10.0.3.254/24", None)
    )
    r1.add_route("10.0.3.0/24", "10.0.2.2")
    r2.add_route("10.0.1.0/24", "10.0.2.1")
    far.add_route("0.0.0.0/0", "10.0.3.254")

    def speak(host: Host) -> None:
        sock = socket.socket(type=socket.SOCK_DGRAM)
        for n in range(30):
            sock.sendto(bytes(40 * n), ("10.0.3.1", 9))
            time.sleep(0.003)
        sock.close()

    for host in hosts:
        host.start(speak)
    net.run()
    net.run_for(5 * s)
    return net


if __name__ == "__main__":
    for seed in sys.argv[1:]:
        print(run(int(seed)).trace.digest(), media(int(seed)).trace.digest())
