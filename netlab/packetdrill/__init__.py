"""Scripts in packetdrill's language, run against netlab in virtual time.

A script is a list of events with their times: packets that come in (`<`), packets that must go out
(`>`), system calls and their results. Ten lines are a test, an exercise or a bug report.

    from netlab import packetdrill

    result = packetdrill.run("tests/packetdrill/rfc9293-3.5-handshake.pkt")
    assert result.passed, result
"""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from netlab.packetdrill.lexer import ScriptError
from netlab.packetdrill.parser import parse
from netlab.packetdrill.result import Failure, Result
from netlab.packetdrill.runner import Runner

__all__ = ["Failure", "Result", "ScriptError", "parse", "run"]


def run(
    script: str | PathLike[str],
    *,
    defines: Mapping[str, str] | None = None,
    tcp: Mapping[str, Any] | None = None,
    strict: bool = False,
    remote_isn: int = 0,
) -> Result:
    """Run a script: the path of a file, or (with a line break in it) its text.

    `defines` are symbols and the words that stand for them, `tcp` knobs of the host's `TcpSettings`
    by name. With `strict`, packets that no event expected make it fail; packetdrill lets those
    behind the last event pass. `remote_isn` is added to the other side's sequence numbers.

    Raises `ScriptError` for a script that can't be read.
    """
    if isinstance(script, str) and "\n" in script:
        name, text = "script", script
    else:
        path = Path(script)
        name, text = path.name, path.read_text(encoding="utf-8")
    parsed = parse(text, name, defines)
    return Runner(parsed, tcp or {}, strict=strict, remote_isn=remote_isn).run()
