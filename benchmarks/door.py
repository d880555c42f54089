"""What the way to the kernel costs: pings by TAP, and the ratio to a responder without any stack.

    sudo python benchmarks/door.py

The kernel's `ping` floods a simulated host, and a loop of 20 lines that turns the same frames round
at the same kind of device. It runs in a network namespace of its own, and so leaves no trace.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

NETLAB = """
import sys
from netlab import Network
net = Network(clock="real", record=100_000)
host = net.host("host", "10.79.0.2/24")
net.connect(host, net.tap("tap0", "10.79.0.1/24"))
print("ready", flush=True)
sys.stdin.read()
"""
BARE = """
import os
import struct
from netlab.bridge.device import TapDevice
from netlab.network.checksum import internet_checksum
device = TapDevice("tap0")
device.set_up("10.79.0.1", "255.255.255.0")
os.set_blocking(device.fileno(), True)
mac = b"\\2\\0\\0\\0\\0\\1"
print("ready", flush=True)
while frame := device.read():
    if frame[12:14] == b"\\x08\\6":
        arp = frame[14:20] + b"\\0\\2" + mac + frame[38:42] + frame[22:28] + frame[28:32]
        device.write(frame[6:12] + mac + frame[12:14] + arp)
    elif frame[12:14] == b"\\x08\\0" and frame[23] == 1 and frame[34] == 8:
        icmp = b"\\0\\0\\0\\0" + frame[38:]
        icmp = icmp[:2] + struct.pack("!H", internet_checksum(icmp)) + icmp[4:]
        addresses = frame[30:34] + frame[26:30]
        device.write(frame[6:12] + mac + frame[12:26] + addresses + icmp)
"""


def measure(code: str, count: int, size: int) -> tuple[float, float, float]:
    """The smallest and the mean round trip (ms), and the part that was lost (%)."""
    responder = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert responder.stdout is not None
        assert responder.stdout.readline() == "ready\n"
        flood = ["ping", "-q", "-f", f"-c{count}", f"-s{size}", "10.79.0.2"]
        output = subprocess.run(flood, capture_output=True, text=True).stdout
        lost = re.search(r"([\d.]+)% packet loss", output)
        times = re.search(r"rtt min/avg/max/mdev = ([\d.]+)/([\d.]+)", output)
        if lost is None or times is None:
            raise SystemExit(output)
        return float(times[1]), float(times[2]), float(lost[1])
    finally:
        responder.terminate()
        responder.communicate()


def main() -> None:
    """Measure both in turn, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5_000, help="pings of each run")
    parser.add_argument("--runs", type=int, default=3, help="runs of each; the best one counts")
    options = parser.parse_args()
    if os.environ.get("NETLAB_DOOR") != "inside":
        command = ["unshare", "--net", sys.executable, *sys.argv]
        os.execvpe("unshare", command, {**os.environ, "NETLAB_DOOR": "inside"})
    for size in (56, 1_400):
        best: dict[str, tuple[float, float, float]] = {}
        for _ in range(options.runs):
            for name, code in (("netlab", NETLAB), ("no stack", BARE)):
                found = measure(code, options.count, size)
                best[name] = min(best.get(name, found), found, key=lambda each: each[1])
        for name, (least, mean, lost) in best.items():
            print(
                f"{size:5} bytes, {name:9} {mean * 1e3:6.0f} us a ping (least {least * 1e3:.0f}),"
                f" {lost:g} % lost, {mean / best['no stack'][1]:5.2f} times the bare responder's"
            )


if __name__ == "__main__":
    main()
