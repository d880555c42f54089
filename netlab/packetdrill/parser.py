"""Reads a script: google/packetdrill's grammar, and what FreeBSD's scripts write otherwise.

Its forms for other protocols (IPv6, GRE, MPLS, SCTP, MPTCP) are told apart and refused.
"""

import re
from collections.abc import Mapping

from netlab.packetdrill.constants import CONSTANTS
from netlab.packetdrill.lexer import Token, tokens_of
from netlab.packetdrill.packet import Packet
from netlab.packetdrill.packets import PacketReader
from netlab.packetdrill.script import ANY, Call, Code, Event, Script, Shell, Struct, When, Word
from netlab.units import s

_HERE = When(0, None, True)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"0": b"\0"}


def parse(text: str, name: str = "script", defines: Mapping[str, str] | None = None) -> Script:
    """The script that `text` is. `defines` are symbols and the words that stand for them.

    Raises `ScriptError`, which names the line and what was expected there.
    """
    return _Parser(name, text, dict(defines or {})).script()


class _Parser(PacketReader):
    def __init__(self, name: str, text: str, defines: dict[str, str]) -> None:
        super().__init__(name, tokens_of(name, text))
        self._script = Script(name, text)
        self._defines = defines

    # --- the script ---------------------------------------------------------------------------

    def script(self) -> Script:
        while self.at("option"):
            self._option()
        while not self.at("end"):
            self._script.events.append(self._event())
        if not self._script.events:
            self.fail("expected an event, such as: 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3")
        return self._script

    def _option(self) -> None:
        token = self.take("option")
        name, _, value = token.text[2:].partition("=")
        if name == "define":
            symbol, _, value = value.partition("=")
            self._defines[symbol] = value
        else:
            self._script.options.append((name, value.strip('"'), token.line))

    def _event(self) -> Event:
        first = self.token
        until = None
        if self.at("shell"):  # before the first event, or behind the last
            when = _HERE
        else:
            when = self._when()
            if self.skip("dots"):
                until = self._time()
        action = self._action()
        if isinstance(action, Call):
            action.until = until
        elif until is not None:
            self.fail("only a system call can last: expected one behind t...t", first)
        exact = when.start is not None and when.end is None
        if not exact and not (isinstance(action, Packet) and action.outbound):
            self.fail("a time of * or a~b is for outbound packets alone", first)
        text = self._script.text[first.start : self.last.end]
        return Event(first.line, text, when, action)

    def _when(self) -> When:
        if self.skip("*"):
            return When(None)
        relative = self.skip("+")
        when = When(self._time(), None, relative)
        if self.skip("~"):
            self.skip("+")
            when.end = self._time()
            if when.end < (when.start or 0):
                self.fail("the time range is backwards")
        return when

    def _time(self) -> int:
        if not self.at("int") and not self.at("float"):
            self.fail(f"expected a time, such as 0, +0.1, 0.2~0.3 or *; got {self.token.text!r}")
        token = self.next()
        if token.text.startswith("-"):
            self.fail("a time can't be negative", token)
        whole, _, part = token.text.partition(".")
        return int(whole or 0) * s + int(part[:9].ljust(9, "0"))

    def _action(self) -> Packet | Call | Shell | Code:
        if self.at("<") or self.at(">"):
            return self.packet()
        if self.at("shell"):
            return Shell(self.next().text[1:-1].strip())
        if self.at("code"):
            return Code(self.next().text[2:-2].strip())
        if self.at("word"):
            return self._call()
        self.fail(
            f"expected a packet (< or >), a system call, `a command` or %{{ Python }}%;"
            f" got {self.token.text!r}"
        )

    # --- system calls -------------------------------------------------------------------------

    def _call(self) -> Call:
        name = self.take("word").text
        self.take("(", f"behind {name}, which is taken for a system call")
        arguments = self._values(")")
        self.take("=", f"and the result of {name}()")
        call = Call(name, arguments, self._value())
        if self.at("word"):
            call.error = self.next().text
            if call.error not in CONSTANTS:
                self.fail(f"{call.error} isn't the name of an error", self.last)
        if self.skip("("):  # a note, which is only for people
            while not self.skip(")"):
                if self.at("end"):
                    self.fail("expected ) behind the note")
                self.next()
        return call

    def _values(self, end: str) -> list[object]:
        values: list[object] = []
        while not self.skip(end):
            if values:
                self.take(",", f"or {end}")
            values.append(self._value())
        return values

    def _value(self) -> object:
        value = self._term()
        while self.at("|"):
            place = self.next()
            right = self._term()
            if not isinstance(value, int) or not isinstance(right, int):
                self.fail("both sides of | must be numbers or constants", place)
            value |= right
        return value

    def _term(self) -> object:
        token = self.next()
        match token.kind:
            case "int":
                return int(token.text)
            case "hex":
                return int(token.text, 16)
            case "dots":
                return ANY
            case "string":
                text = _text_of(token)
                while self.at("string"):
                    text += _text_of(self.next())
                self.skip("dots")  # "abc"...: a string of which only this is shown
                return text
            case "[":
                return self._values("]")
            case "{":
                return self._struct()
            case "address":
                return Word(token.text)
            case "word":
                return self._word(token)
        self.fail(
            f"expected a value, such as 3, SOCK_STREAM, [1] or ...; got {token.text!r}", token
        )

    def _word(self, token: Token) -> object:
        name = token.text
        if name in self._defines:
            return _Parser(self.name, self._defines[name], {})._value()
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in ("htons", "htonl", "inet_addr") and self.skip("("):
            (value,) = self._values(")")  # as people write it: the order of bytes is the runner's
            return Word(value.decode()) if isinstance(value, bytes) else value
        if name == "NULL":
            return 0
        self.fail(f"{name} isn't a constant that netlab knows", token)

    def _struct(self) -> object:
        """`{a=1, b=2}` is a structure; `{..., 1000}` a list. `a(1)=2` counts what a has."""
        struct = Struct()
        values: list[object] = []
        while not self.skip("}"):
            if struct or values:
                self.take(",", "or }")
            if self.at("word") and self.peek().kind in ("=", "("):
                name = self.next().text
                if self.skip("("):
                    self._values(")")
                self.take("=")
                struct[name] = self._value()
            else:
                values.append(self._value())
        if struct and values:
            self.fail("a structure names all of its fields, or none", self.last)
        return struct or values


def _text_of(token: Token) -> bytes:
    def plain(match: re.Match[bytes]) -> bytes:
        code = match[1]
        if code[:1] == b"x":
            return bytes((int(code[1:], 16),))
        if code[:1].isdigit():
            return bytes((int(code, 8) & 0xFF,))
        return _ESCAPED.get(code, code)

    return _ESCAPE.sub(plain, token.text[1:-1].encode())
