"""What `import netlab` costs: the time above a bare interpreter, and the ratio to its peers.

    python benchmarks/startup.py

Each is started many times, in turn; the smallest time of each counts, for the machine only ever
adds to it. The aim is below 60 ms.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

HOME = Path(__file__).parents[1]
RIVALS = {
    "netlab": "import netlab",
    "asyncio": "import asyncio",
    "urllib.request": "import urllib.request",
    "Scapy's IP layers": "from scapy.layers.inet import IP",
}


def seconds(code: str) -> float:
    """One start of an interpreter that runs `code`."""
    # Modules are compiled once, as they are for anybody, whatever this shell says.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    began = perf_counter()
    subprocess.run(command, cwd=HOME, env=environment, check=True, capture_output=True)
    return perf_counter() - began


def main() -> None:
    """Measure, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="starts of each (default: 20)")
    runs = parser.parse_args().runs
    codes = {"a bare interpreter": "pass", **RIVALS}
    best = {name: min(seconds(code) for _ in range(2)) for name, code in codes.items()}
    for _ in range(runs - 2):
        for name, code in codes.items():
            best[name] = min(best[name], seconds(code))
    bare = best.pop("a bare interpreter")
    ours = best["netlab"] - bare
    print(f"a bare interpreter    {bare * 1e3:6.1f} ms")
    for name, time in best.items():
        above = time - bare
        print(f"{name:20}  {above * 1e3:6.1f} ms above it, {above / ours:5.2f} times netlab's")


if __name__ == "__main__":
    main()
