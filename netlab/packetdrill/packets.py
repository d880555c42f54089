"""Reads the packets of a script: from `<` or `>` to the end of their options."""

import re
from collections.abc import Sequence
from typing import NoReturn

from netlab.packetdrill.lexer import ScriptError, Token
from netlab.packetdrill.packet import (
    ECN,
    EXPERIMENT,
    FAST_OPEN,
    FAST_OPEN_MAGIC,
    FLAGS,
    ICMP_CODES,
    ICMP_TYPES,
    MD5,
    SACK_OK,
    WSCALE,
    Icmp,
    Packet,
    Tcp,
    Udp,
    any_timestamp,
    mss,
    sack,
    timestamps,
)
from netlab.transport.tcp.options import EOL, MAXIMUM_LENGTH, NOP, Option
from netlab.transport.tcp.segment import ACK

_OTHERS = {"ipv4", "ipv6", "gre", "GREv0", "mpls", "sctp", "udplite"}


class Reader:
    """Takes tokens one by one."""

    def __init__(self, name: str, tokens: Sequence[Token]) -> None:
        self.name = name
        self._tokens = tokens
        self._at = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self._at]

    @property
    def last(self) -> Token:
        """The token before."""
        return self._tokens[self._at - 1]

    def peek(self) -> Token:
        """The token behind the next one."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def next(self) -> Token:
        """Take a token, whatever it is."""
        token = self.token
        if token.kind != "end":
            self._at += 1
        return token

    def at(self, kind: str) -> bool:
        """Whether the next token is of this kind."""
        return self.token.kind == kind

    def at_word(self, text: str) -> bool:
        """Whether the next token is this word."""
        return self.token.kind == "word" and self.token.text == text

    def skip(self, kind: str) -> bool:
        """Take the next token if it is of this kind; whether it was."""
        found = self.token.kind == kind
        if found:
            self._at += 1
        return found

    def skip_word(self, text: str) -> bool:
        """Take the next token if it is this word; whether it was."""
        found = self.at_word(text)
        if found:
            self._at += 1
        return found

    def take(self, kind: str, more: str = "") -> Token:
        """The next token, which must be of this kind."""
        if self.token.kind != kind:
            more = f" {more}" if more else ""
            self.fail(f"expected {_KINDS.get(kind, kind)}{more}; got {self.token.text!r}")
        return self.next()

    def number(self, what: str, bits: int) -> int:
        """The next token, which must be a number of so many bits."""
        token = self.token
        if token.kind not in ("int", "hex"):
            self.fail(f"expected {what}, a number; got {token.text!r}")
        self.next()
        number = int(token.text, 16 if token.kind == "hex" else 10)
        if number < 0 or number >> bits:
            self.fail(
                f"{what} has {bits} bits: expected 0 to {(1 << bits) - 1}, got {number}", token
            )
        return number

    def fail(self, problem: str, token: Token | None = None) -> NoReturn:
        """Tell what is wrong at a token (the next one)."""
        raise ScriptError(self.name, (token or self.token).line, problem)


_KINDS = {"int": "a number", "word": "a word"}


class PacketReader(Reader):
    """Reads packets."""

    def packet(self) -> Packet:
        """A packet, from its `<` or `>` on."""
        packet = Packet(self.next().kind == ">", Udp(0))
        quoted = None
        while self.at("[") or self.at("("):
            if self.at("[") and (self.peek().kind == "int" or self.peek().text in ("udp", "raw")):
                quoted = self._quoted()  # FreeBSD's scripts quote before the message
            else:
                self._about_ip(packet)
        if self.at("word") and self.token.text in _OTHERS:
            self.fail(f"netlab sends TCP, UDP and ICMP over IPv4; got {self.token.text!r}")
        if self.skip_word("icmp"):
            packet.body = self._icmp(quoted)
            return packet
        if self.skip_word("udp"):
            packet.ports = self._ports()
            self.take("(", "and the size of the datagram")
            packet.body = Udp(self.number("the size of a datagram", 16))
            self.take(")")
            return packet
        packet.ports = self._ports()
        packet.body = self._tcp(packet.outbound)
        if self.at("{"):
            self.fail("netlab doesn't mutate packets at random: {...} isn't read")
        return packet

    def _about_ip(self, packet: Packet) -> None:
        """`[ect0]`, `(ttl 64)`, `[tos 0x28]`: what the IP header says."""
        closing = {"[": "]", "(": ")"}[self.next().kind]
        while not self.skip(closing):
            self.skip(",")
            word = self.take("word", f"about the IP header: {', '.join(ECN)}, ect01, tos or ttl")
            if word.text == "ttl":
                packet.ttl = self.number("a TTL", 8)
            elif word.text == "tos":
                packet.tos = self.number("a TOS", 8)
            elif word.text in ECN or (word.text == "ect01" and packet.outbound):
                packet.ecn = word.text
            else:
                self.fail(f"{word.text!r} isn't known of an IPv4 header of this direction", word)

    def _ports(self) -> tuple[int, int] | None:
        if not (self.at("int") and self.peek().kind == ">"):
            return None
        source = self.number("a port", 16)
        self.next()
        return source, self.number("a port", 16)

    # --- TCP ----------------------------------------------------------------------------------

    def _tcp(self, outbound: bool) -> Tcp:
        flags = self._flags()
        tcp = Tcp(flags, *self._range())
        while self.at("word"):
            if self.skip_word("ack"):
                tcp.ack = self.number("an acknowledgment number", 32)
            elif self.skip_word("win"):
                tcp.window = self.number("a window", 16)
            elif self.skip_word("urg"):
                tcp.urgent = self.number("an urgent pointer", 16)
            else:
                self.fail(f"expected ack, win, urg or <options>; got {self.token.text!r}")
        if self.skip("<"):
            tcp.options, tcp.more = self._options(outbound)
        return tcp

    def _flags(self) -> int:
        token = self.next()
        letters = token.text if token.kind in ("word", ".") else ""
        if token.kind == "word" and self.skip("."):
            letters += "."
        if self.at("float") or token.kind == "float" or "A" in letters:
            self.fail("netlab doesn't speak Accurate ECN, whose counter this is", token)
        if not letters and token.kind != "-":
            self.fail(
                f"expected flags ({' '.join(FLAGS)}, or - for none); got {token.text!r}", token
            )
        unknown = [letter for letter in letters if letter not in FLAGS]
        if unknown:
            known = " ".join(FLAGS)
            self.fail(f"{unknown[0]!r} in {letters!r} isn't a flag; there is {known}, and -", token)
        return sum({FLAGS[letter] for letter in letters})

    def _range(self) -> tuple[int, int]:
        """`first:last(length)`."""
        start = self.token
        first = self.number("a sequence number", 32)
        self.take(":", "in a segment's first:last(length)")
        last = self.number("a sequence number", 32)
        self.take("(", "in a segment's first:last(length)")
        length = self.number("the length of a segment", 16)
        self.take(")", "in a segment's first:last(length)")
        if last != (first + length) & 0xFFFFFFFF:
            self.fail(
                f"{first}:{last}({length}) doesn't add up: {first} + {length} != {last}", start
            )
        return first, length

    def _options(self, outbound: bool) -> tuple[list[Option] | None, bool]:
        """`<mss 1460,nop>`: the options, and whether more may follow (`...`)."""
        start = self.token
        options: list[Option] = []
        more = False
        while not self.skip(">"):
            if options:
                self.take(",", "or > behind an option")
            if self.skip("dots"):
                self.take(">", "behind ...")
                more = True
                break
            options.append(self._one_option())
        if more and not outbound:
            self.fail("<...> is for outbound packets: say which options come in", start)
        size = sum(len(option.pack()) for option in options)
        if size > MAXIMUM_LENGTH:
            self.fail(
                f"these options take {size} bytes; a header has room for {MAXIMUM_LENGTH}", start
            )
        return (None, False) if more and not options else (options, more)

    def _one_option(self) -> Option:
        word = self.take("word", "for an option")
        match word.text:
            case "eol":
                return Option(EOL)
            case "nop":
                return Option(NOP)
            case "mss":
                return mss(self.number("an MSS", 16))
            case "wscale":
                return Option(WSCALE, bytes((self.number("a window scale", 8),)))
            case "sackOK":
                return Option(SACK_OK)
            case "sack":
                return sack(self._sack_blocks())
            case "TS":
                return self._timestamps()
            case "FO":
                return Option(FAST_OPEN, self._bytes())
            case "FOEXP":
                return Option(EXPERIMENT, FAST_OPEN_MAGIC + self._bytes())
            case "md5":
                return Option(MD5, self._bytes())
            case "option":  # netlab's own: one that has no word
                return Option(self.number("an option's kind", 8), self._bytes())
        self.fail(
            f"{word.text!r} isn't an option; there is mss, wscale, sackOK, sack, TS, nop, eol, FO,"
            " FOEXP, md5, and option KIND HEX",
            word,
        )

    def _sack_blocks(self) -> list[tuple[int, int]]:
        blocks = []
        while self.at("int"):
            left = self.number("the left edge of a SACK block", 32)
            self.take(":", "between the edges of a SACK block")
            blocks.append((left, self.number("the right edge of a SACK block", 32)))
        if not blocks:
            self.fail("expected a SACK block, such as 1001:2001")
        return blocks

    def _timestamps(self) -> Option:
        """`TS val 100 ecr 0`; with `val ...` only what it echoes is looked at."""
        if not self.skip_word("val"):
            self.fail("expected val and ecr behind TS, as in TS val 100 ecr 0")
        value = None if self.skip("dots") else self.number("a timestamp", 32)
        if not self.skip_word("ecr"):
            self.fail("expected ecr behind the value of TS")
        echo = self.number("an echoed timestamp", 32)
        return any_timestamp(echo) if value is None else timestamps(value, echo)

    def _bytes(self) -> bytes:
        """Hexadecimal digits, or nothing."""
        if not self.at("word") and not self.at("int"):
            return b""
        token = self.next()
        if len(token.text) % 2 or not re.fullmatch(r"[0-9a-fA-F]+", token.text):
            self.fail(f"expected pairs of hexadecimal digits; got {token.text!r}", token)
        return bytes.fromhex(token.text)

    # --- ICMP ---------------------------------------------------------------------------------

    def _icmp(self, quoted: "Tcp | Udp | int | None") -> Icmp:
        message = Icmp(self._code_of("type", ICMP_TYPES))
        names = {name: code for code, name in enumerate(ICMP_CODES.get(message.type, ()))}
        if self.at("word") and self.token.text not in ("mtu", "id"):
            message.code = self._code_of("code", names)
        if self.skip_word("mtu"):
            message.mtu = self.number("an MTU", 16)
        if self.skip_word("id"):
            message.identifier = self.number("an identifier", 16)
        if self.at("["):
            quoted = self._quoted()
        if isinstance(quoted, int):
            message.raw = quoted
        else:
            message.quoted = quoted
        return message

    def _code_of(self, what: str, names: dict[str, int]) -> int:
        """A name, or `type_17`."""
        token = self.take("word", f"for the {what} of an ICMP message")
        plain = re.fullmatch(rf"{what}_(\d+)", token.text)
        if plain:
            return int(plain[1]) & 0xFF
        if token.text not in names:
            known = ", ".join(names) or f"{what}_N"
            self.fail(
                f"{token.text!r} isn't an ICMP {what} that netlab knows; there is {known}", token
            )
        return names[token.text]

    def _quoted(self) -> "Tcp | Udp | int":
        """`[1:1001(1000)]`, `[udp (10)]` or `[raw (100)]`."""
        self.take("[")
        quoted: Tcp | Udp | int
        if self.at("int"):
            quoted = Tcp(ACK, *self._range())
        else:
            word = self.take("word", "or a segment's first:last(length)")
            self.take("(")
            size = self.number("a size", 16)
            self.take(")")
            quoted = Udp(size) if word.text == "udp" else size
        self.take("]")
        return quoted
