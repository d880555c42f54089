"""`netlab tap`: a simulated host next to the kernel of this machine, until Ctrl-C."""

import argparse
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netlab.errors import BridgeError, ConfigurationError
from netlab.sim.clock import Clock
from netlab.tap import servers
from netlab.topology import Network
from netlab.units import ms, s

KEPT = 100_000
"""Events that are kept of a run without a capture, so that it may last."""
_EPILOG = (
    "The exit code is 0 when all went well, 1 when something failed meanwhile, 2 when this machine"
    " lacks what it takes, or something that is asked for can't be."
)


def main(arguments: Sequence[str]) -> int:
    """Run until Ctrl-C, or a signal to end."""
    options = _parser().parse_args(arguments)
    for ending in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, ending):
            signal.signal(getattr(signal, ending), signal.default_int_handler)
    try:
        if options.capture:
            _check_writable(options.capture)
        return _run(options)
    except (BridgeError, ConfigurationError) as error:
        text = error.strerror if isinstance(error, BridgeError) else str(error)
        sys.stderr.write(f"netlab tap: {text}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "netlab tap",
        description="Make a TAP device, with the kernel at one end and a simulated host at the"
        " other, until Ctrl-C. All that was made is gone then.",
        epilog=_EPILOG,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--device", default="tap0", metavar="NAME", help="the TAP device")
    add("--kernel", default="10.79.0.1/24", metavar="ADDRESS/LENGTH", help="the kernel's address")
    add("--host", default="10.79.0.2/24", metavar="ADDRESS/LENGTH", help="the host's address")
    serve = "run a server on the host, such as http:FOLDER; may be given again"
    add("--serve", action="append", default=[], metavar="PROTOCOL:WHAT", help=serve)
    add("--capture", type=Path, metavar="FILE", help="write all frames to a file, pcapng, at last")
    add("--delay", type=float, default=0.0, metavar="MS", help="how long a frame is under way")
    add("--loss", type=float, default=0.0, metavar="P", help="probability that a frame is lost")
    return parser


def _check_writable(capture: Path) -> None:
    """Better known before than after."""
    try:
        capture.touch()
    except OSError as error:
        raise ConfigurationError(f"--capture {capture}: {error.strerror}") from None


def _run(options: argparse.Namespace) -> int:
    failed = False
    net = Network(clock="real", record=bool(options.capture) or KEPT)
    try:
        with net:
            errors = _set_up(net, options)
            while True:
                failed |= _wait_and_tell(net.sim.clock, errors)
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    finally:
        if options.capture:
            written = net.trace.save(options.capture)
            sys.stdout.write(f"{written} frames are in {options.capture}.\n")
    sys.stdout.write(f"{options.device} is closed; if it was made for this, it is gone.\n")
    return int(failed)


def _set_up(net: Network, options: argparse.Namespace) -> list[list[Exception]]:
    """Build it, and say what was done. Gives the lists in which the servers will note errors."""
    gateway = options.kernel.partition("/")[0]
    host = net.host("netlab", options.host, gateway=gateway)
    started = [servers.start(host, wanted) for wanted in options.serve]
    tap = net.tap(options.device, options.kernel)
    net.connect(host, tap, delay=round(options.delay * ms), loss=options.loss)
    lines = [
        f"{tap.name} is up: the kernel is {options.kernel} on it, the simulated host {options.host}.",
        *(line for line, _ in started),
        f"Try: ping {host.address}. Ctrl-C ends it, and removes {tap.name}.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    return [errors for _, errors in started]


def _wait_and_tell(clock: Clock, errors: list[list[Exception]]) -> bool:
    """Let a second pass, and tell of all that has failed. Whether anything has."""
    failures: list[BaseException] = []
    try:
        clock.sleep(1 * s)
    except Exception as error:
        failures.append(error)
    for program in _taken(clock.failed):
        program.error.add_note(f"It ended {program.title}.")
        failures.append(program.error)
    for noted in errors:
        failures += _taken(noted)
    for failure in failures:
        traceback.print_exception(failure)
    return bool(failures)


def _taken(noted: list[Any]) -> list[Any]:
    taken = noted[:]
    del noted[: len(taken)]
    return taken
