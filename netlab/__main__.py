"""`netlab COMMAND ...`, or `python -m netlab`: what can be done from a shell."""

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "packetdrill": ("netlab.packetdrill.command", "run scripts in packetdrill's language"),
    "tap": ("netlab.tap.command", "put a simulated host next to the kernel of this machine"),
}
"""Each command's module, which is loaded when it is asked for and has a `main`, and what it does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command: its exit code, 2 where there is no such."""
    name, *rest = (sys.argv[1:] if arguments is None else list(arguments)) or [""]
    if name not in COMMANDS:
        output = sys.stdout if name in ("-h", "--help") else sys.stderr
        output.write("usage: netlab COMMAND ...; netlab COMMAND --help tells more\n\n")
        for command, (_, does) in COMMANDS.items():
            output.write(f"  {command:<14}{does}\n")
        return 0 if output is sys.stdout else 2
    return int(import_module(COMMANDS[name][0]).main(rest))


if __name__ == "__main__":
    sys.exit(main())
