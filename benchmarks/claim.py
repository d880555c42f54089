"""From plugging in to the first reply to a ping, with address-conflict detection (RFC 5227) and without.

PyTCP 3.0.9, which probes as well, was measured to take 24.5 s of the machine's time for it.
Here the probing passes in virtual time: printed are both, over runs with different chance.

    python benchmarks/claim.py [--runs 100]
"""

import argparse
import statistics
import time

from netlab import Network
from netlab.units import ms, s

PYTCP = 24.5  # seconds


def first_reply(seed: int, detect: bool) -> tuple[float, float]:
    """Seconds of virtual time, and of the machine's, from plugging in until the reply is there."""
    began = time.perf_counter()
    net = Network(seed)
    alice = net.host("alice", "10.0.0.1/24", conflict_detection=detect)
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=1 * ms)
    net.run(until=lambda: bool(alice.ipv4.addresses)) if detect else None
    assert alice.ping("bob", count=1).received == 1
    return net.now / s, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    print(f"from plugging in to the first reply; medians of {runs} runs")
    print(f"{'PyTCP, as measured':28} {PYTCP:8.3f} s of the machine's time")
    for detect, name in ((True, "with conflict detection"), (False, "without")):
        virtual, real = zip(*(first_reply(seed, detect) for seed in range(runs)), strict=True)
        middle = statistics.median(real)
        print(
            f"{name:28} {middle:8.6f} s of the machine's time, {PYTCP / middle:,.0f} times less;"
            f" {statistics.median(virtual):.3f} s of virtual time ({min(virtual):.3f} to"
            f" {max(virtual):.3f})"
        )


if __name__ == "__main__":
    main()
