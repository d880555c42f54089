"""`netlab packetdrill FILES...`: a line for each script, what went wrong, and a total."""

import argparse
import sys
import traceback
from collections.abc import Sequence

from netlab.packetdrill import ScriptError, run

_EPILOG = "The exit code is 0 when all passed, 1 when some failed, 2 for a wrong use."


def main(arguments: Sequence[str]) -> int:
    """Run the scripts that are named."""
    asked = _parser().parse_args(arguments)
    defines = dict(_define(text) for text in asked.define)
    write = sys.stdout.write
    passed = 0
    for file in asked.files:
        try:
            result = run(file, defines=defines, strict=asked.strict)
        except ScriptError as error:
            write(f"unread   {file}\n")
            problem = str(error)
        except OSError as error:
            write(f"unread   {file}\n")
            problem = error.strerror or str(error)
        except Exception:  # a fault of netlab's own: the other scripts shall run all the same
            write(f"CRASHED  {file}\n")
            problem = traceback.format_exc()
        else:
            passed += result.passed
            failure = result.failure
            word = "passed" if failure is None else "refused" if failure.refused else "FAILED"
            write(f"{word:<8} {file}\n")
            if failure is None:
                continue
            problem = str(failure if failure.refused or asked.quiet else result)
        write("".join(f"    {line}\n" for line in problem.splitlines()))
    write(f"{passed} of {len(asked.files)} passed\n")
    return 0 if passed == len(asked.files) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("netlab packetdrill", description=__doc__, epilog=_EPILOG)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="a script")
    add(
        "-D", "--define", action="append", default=[], metavar="NAME=VALUE", help="a symbol's value"
    )
    add("--strict", action="store_true", help="let no packet go out that the script doesn't expect")
    add("-q", "--quiet", action="store_true", help="tell of a failure without the ladder diagram")
    return parser


def _define(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value
