"""The words of packetdrill's language: the text of a script as tokens, each with its place."""

import re
from typing import NamedTuple, NoReturn

from netlab.errors import ConfigurationError


class ScriptError(ConfigurationError):
    """A script that can't be read, or can't be run here: `name`:`line`, and what was expected."""

    def __init__(self, name: str, line: int, problem: str) -> None:
        super().__init__(f"{name}:{line}: {problem}")
        self.name = name
        self.line = line
        self.problem = problem


class Token(NamedTuple):
    """A word of a script. `kind` is a name in the pattern below, or for a sign the sign itself."""

    kind: str
    text: str
    line: int
    start: int
    end: int


_TOKEN = re.compile(
    r"""
    (?P<space>   [ \t\r\n\f\v]+ )
  | (?P<comment> //[^\n]* | /\*.*?\*/ | \#[^\n]* )
  | (?P<code>    %\{.*?\}% )
  | (?P<shell>   `(?:\\.|[^`\\])*` )
  | (?P<string>  "(?:\\.|[^"\\])*" )
  | (?P<option>  --\w+(?:=(?:"[^"]*"|`[^`]*`|[^\s"`])*)? )
  | (?P<address> \d+\.\d+\.\d+\.\d+(?:/\d+)? )
  | (?P<dots>    \.\.\. )
  | (?P<hex>     0[xX][0-9a-fA-F]+\b )
  | (?P<float>   -?\d*\.\d+ )
  | (?P<word>    \w*[A-Za-z_]\w* )
  | (?P<int>     -?\d+ )
  | (?P<sign>    . )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)

_UNCLOSED = {'"': "a string", "`": "a shell command", "/*": "a comment", "%{": "a piece of Python"}


def tokens_of(name: str, text: str) -> list[Token]:
    """All tokens of a script, comments left out, and one of kind "end" behind them.

    Raises `ScriptError` for a string, a command, a comment or Python that isn't closed.
    """
    tokens = []
    line = 1
    for match in _TOKEN.finditer(text):
        kind, word = str(match.lastgroup), match.group()
        if kind == "sign":
            start = match.start()
            for opening, what in _UNCLOSED.items():
                if text.startswith(opening, start):
                    _fail(name, line, f"{what} begins here with {opening} and isn't closed")
            kind = word
        if kind not in ("space", "comment"):
            tokens.append(Token(kind, word, line, match.start(), match.end()))
        line += word.count("\n")
    tokens.append(Token("end", "the end of the script", line, len(text), len(text)))
    return tokens


def _fail(name: str, line: int, problem: str) -> NoReturn:
    raise ScriptError(name, line, problem)
