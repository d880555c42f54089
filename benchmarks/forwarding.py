"""What a hop costs: datagrams through a switch and through ten routers, against a direct cable.

The same datagrams from the same host to the same host each time, both ends included, recording on.
Printed: frames a second of CPU from end to end, the ratio to the direct cable, and what one hop adds.

    python benchmarks/forwarding.py [--runs 5] [--datagrams 5000]
"""

import argparse
import itertools
import socket
import statistics
import time

from netlab import Network, on
from netlab.host import Host

PAYLOAD = bytes(1_000)
WINDOW = 50
"""So many are sent before the network runs again, or the first queue would drop some."""


def direct(net: Network) -> tuple[Host, Host]:
    """alice - bob."""
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob)
    return alice, bob


def switched(net: Network) -> tuple[Host, Host]:
    """alice - switch - bob."""
    alice, bob, switch = (
        net.host("alice", "10.0.0.1/24"),
        net.host("bob", "10.0.0.2/24"),
        net.switch("s1"),
    )
    net.connect(alice, switch)
    net.connect(switch, bob)
    return alice, bob


def routed(net: Network, hops: int = 10) -> tuple[Host, Host]:
    """alice - router - ... - router - bob."""
    alice = net.host("alice", "10.0.0.1/24", gateway="10.0.0.254")
    bob = net.host("bob", f"10.0.{hops}.1/24", gateway=f"10.0.{hops}.254")
    routers = [net.router(f"r{n}") for n in range(hops)]
    net.connect(alice, routers[0], addresses=(None, "10.0.0.254/24"))
    for n, (left, right) in enumerate(itertools.pairwise(routers), 1):
        net.connect(left, right, addresses=(f"10.0.{n}.1/24", f"10.0.{n}.2/24"))
        left.add_route(f"10.0.{hops}.0/24", f"10.0.{n}.2")
        right.add_route("10.0.0.0/24", f"10.0.{n}.1")
    net.connect(routers[-1], bob, addresses=(f"10.0.{hops}.254/24", None))
    return alice, bob


def seconds(build: object, datagrams: int) -> float:
    """CPU seconds for so many datagrams, once ARP is done."""
    net = Network(seed=1)
    alice, bob = build(net)  # type: ignore[operator]
    receiver = bob.socket(socket.SOCK_DGRAM)
    receiver.bind(("", 9))
    arrived = 0
    with on(alice), socket.socket(type=socket.SOCK_DGRAM) as sender:
        alice.ping(str(bob.address), count=1)
        began = time.process_time()
        while arrived < datagrams:
            for _ in range(WINDOW):
                sender.sendto(PAYLOAD, (str(bob.address), 9))
            net.run()
            for _ in range(WINDOW):
                arrived += receiver.recv(2_000) == PAYLOAD
        return time.process_time() - began


def main() -> None:
    """Interleave the runs, and print medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--datagrams", type=int, default=5_000)
    chosen = options.parse_args()
    ways = {"a direct cable": (direct, 0), "a switch": (switched, 1), "ten routers": (routed, 10)}
    costs: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(chosen.runs):
        for name, (build, _) in ways.items():
            costs[name].append(seconds(build, chosen.datagrams) / chosen.datagrams * 1e6)
    reference = statistics.median(costs["a direct cable"])
    print(
        f"{chosen.datagrams:,} datagrams of {len(PAYLOAD)} bytes; medians of {chosen.runs} runs, CPU"
    )
    for name, (_, hops) in ways.items():
        cost = statistics.median(costs[name])
        added = f"  {(cost - reference) / hops:5.1f} us a hop" if hops else ""
        print(
            f"{name:16} {1e6 / cost:9,.0f} frames/s  {reference / cost:5.2f} x a direct cable's{added}"
        )


if __name__ == "__main__":
    main()
