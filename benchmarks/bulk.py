"""One bulk transfer: 10 MB over 10 Mbit/s, 50 ms round trip, 1 % loss of data; netlab against ns.py.

netlab carries real bytes and verifies the checksums of every segment at both layers; ns.py moves
sizes only. Printed: CPU per data segment that was delivered (bytes / MSS), and the ratio. ns.py's
Reno sends far more than that after losses, and may not come to an end: it is stopped after
`PATIENCE` of its own time.

    python benchmarks/bulk.py [--runs 5] [--megabytes 10]
"""

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable

from netlab import Network
from netlab.host import Host
from netlab.units import MB, Mbps, ms

MSS = 1460
LOSS = 0.01
PATIENCE = 120.0  # simulated seconds


def netlab_transfer(size: int, seed: int, record: bool) -> tuple[float, int]:
    """CPU seconds of one transfer through netlab, and the bytes delivered."""
    payload = random.Random(seed).randbytes(size)
    net = Network(seed, record=record)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    cable = net.connect(alice, bob, delay=25 * ms, rate=10 * Mbps)
    cable.drop(probability=LOSS, sender=alice)

    received: list[bytes] = []

    def sink(host: Host) -> None:
        listener = host.socket()
        listener.bind(("", 9))
        listener.listen()
        connection, _ = listener.accept()
        while data := connection.recv(65_536):
            received.append(data)
        connection.close()

    def source(host: Host) -> None:
        connection = host.socket()
        connection.connect(("bob", 9))
        connection.sendall(payload)
        connection.close()

    began = time.process_time()
    bob.start(sink)
    alice.start(source)
    net.run()
    spent = time.process_time() - began
    if b"".join(received) != payload:
        raise AssertionError("what arrived isn't what was sent")
    return spent, size


def ns_py_transfer(size: int, seed: int, record: bool) -> tuple[float, int]:
    """The same of one through ns.py, which is built on SimPy."""
    import simpy
    from ns.flow.cc import TCPReno
    from ns.flow.flow import Flow
    from ns.packet.tcp_generator import TCPPacketGenerator
    from ns.packet.tcp_sink import TCPSink
    from ns.port.port import Port
    from ns.port.wire import Wire

    random.seed(seed)  # ns.py's own losses come from the global stream
    size = -(-size // MSS) * MSS  # a last segment that isn't full is never sent by it
    env = simpy.Environment()
    flow = Flow(fid=0, src="alice", dst="bob", size=size, start_time=0.0, finish_time=10.0**9)
    sender = TCPPacketGenerator(
        env, flow=flow, cc=TCPReno(mss=MSS, cwnd=3 * MSS), element_id="alice"
    )
    sender.mss = MSS
    queue = Port(env, rate=10e6, qlimit=100)
    there = Wire(env, lambda: 0.025, loss_dist=lambda packet_id: LOSS)
    sink = TCPSink(env, rec_arrivals=False, rec_waits=False)
    back = Wire(env, lambda: 0.025)
    sender.out, queue.out, there.out, sink.out, back.out = queue, there, sink, back, sender

    began = time.process_time()
    while sender.last_ack < size and env.now < PATIENCE:
        env.step()
    return time.process_time() - began, sender.last_ack


def main() -> None:
    """Interleave the runs, and print medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--megabytes", type=float, default=10)
    chosen = options.parse_args()
    size = int(chosen.megabytes * MB)
    contenders: list[tuple[str, Callable[[int, int, bool], tuple[float, int]], bool]] = [
        ("netlab, recording on", netlab_transfer, True),
        ("netlab, recording off", netlab_transfer, False),
        ("ns.py (no bytes, no checksums)", ns_py_transfer, False),
    ]
    costs: dict[str, list[float]] = {name: [] for name, _, _ in contenders}
    shares: dict[str, list[float]] = {name: [] for name, _, _ in contenders}
    for seed in range(1, chosen.runs + 1):
        for name, transfer, record in contenders:
            gc.collect()  # what the one before left behind isn't this one's to clear away
            spent, delivered = transfer(size, seed, record)
            costs[name].append(spent / (delivered / MSS) * 1e6)
            shares[name].append(delivered / size)
    reference = statistics.median(costs["netlab, recording on"])
    print(
        f"{size:,} bytes, 10 Mbit/s, 50 ms, 1 % loss; medians of {chosen.runs} interleaved runs, CPU time"
    )
    for name, each in costs.items():
        median = statistics.median(each)
        print(
            f"{name:32} {median:7.1f} us a data segment  {median / reference:6.2f} x recording on"
            f"  delivered {statistics.median(shares[name]):.0%}"
        )


if __name__ == "__main__":
    main()
