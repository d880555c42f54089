"""The filters of tcpdump (`man pcap-filter`) for Ethernet and IPv4: ``"tcp port 80 or arp"``.

libpcap compiles such a text for the kernel's packet filter. Here it becomes a Python function, so
that a filter works wherever netlab does, and as it does there: what asks for a part of the frame
that isn't there refuses the frame, and `and` and `or` bind equally strongly, from left to right.
"""

import operator
import re
from collections.abc import Callable
from typing import TypeVar

from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.network.address import IPv4Address, Prefix
from netlab.sockets.names import Names, service_port

Test = Callable[[bytes], bool]
Number = Callable[[bytes], int]
T = TypeVar("T")

ETHERTYPES = {"ip": 0x0800, "arp": 0x0806, "rarp": 0x8035, "ip6": 0x86DD}
PROTOCOLS = {"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17}
FIELDS = (
    {"tcpflags": 13, "tcp-fin": 1, "tcp-syn": 2, "tcp-rst": 4, "tcp-push": 8, "tcp-ack": 16}
    | {"tcp-urg": 32, "icmptype": 0, "icmpcode": 1, "icmp-echoreply": 0, "icmp-unreach": 3}
    | {"icmp-sourcequench": 4, "icmp-redirect": 5, "icmp-echo": 8, "icmp-timxceed": 11}
    | {"icmp-paramprob": 12, "icmp-tstamp": 13, "icmp-tstampreply": 14}
)
KINDS = ("host", "net", "port", "portrange", "proto")

_TOKEN = re.compile(
    r"(?:[\da-fA-F]{1,2}:){5}[\da-fA-F]{1,2}|\d+(?:\.\d+)+(?:/\d+)?|\d+[-/]\d+"  # addresses, ranges
    r"|0x[\da-fA-F]+|\\?\w(?:[\w.-]*\w)?|&&|\|\||<<|>>|[<>!=]=|\S"
)
_RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPERATORS: list[dict[str, Callable[[int, int], int]]] = [  # those that bind weakest come first
    {"|": operator.or_, "^": operator.xor},
    {"&": operator.and_},
    {"<<": operator.lshift, ">>": operator.rshift},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.floordiv, "%": operator.mod},
]


def compile_filter(text: str, names: Names) -> Test:
    """What tells of a frame whether the filter takes it. `ConfigurationError` for what isn't one."""
    parser = _Parser(text, names)
    if not parser.tokens:
        return lambda frame: True
    test = parser.tests()
    if parser.tokens:
        raise parser.error(f"{parser.tokens[0]!r} can't stand there")

    def accepts(frame: bytes) -> bool:
        try:
            return test(frame)
        except (_Missing, ZeroDivisionError):
            return False

    return accepts


class _Missing(Exception):
    """The frame is shorter than what the filter asks about."""


def _read(frame: bytes, at: int, size: int) -> int:
    if not 0 <= at <= len(frame) - size:
        raise _Missing
    return int.from_bytes(frame[at : at + size], "big")


def _is(name: str) -> Test:
    """Whether a frame carries the protocol of that name."""
    if name in ETHERTYPES:
        ethertype = ETHERTYPES[name]
        return lambda frame: _read(frame, 12, 2) == ethertype
    number = PROTOCOLS[name]
    return lambda frame: _read(frame, 12, 2) == 0x0800 and _read(frame, 23, 1) == number


def _payload(frame: bytes) -> int:
    """Where the payload of an IPv4 packet begins."""
    return 14 + 4 * (_read(frame, 14, 1) & 0xF)


def _is_whole(frame: bytes) -> bool:
    """Whether it is no later fragment, and so has the header of its protocol."""
    return _read(frame, 20, 2) & 0x1FFF == 0


def _any(*tests: Test) -> Test:
    return lambda frame: any(test(frame) for test in tests)


def _all(*tests: Test) -> Test:
    return lambda frame: all(test(frame) for test in tests)


def _either(direction: str, src: Test, dst: Test) -> Test:
    """What a qualifier of direction asks for; without one, the source or the destination."""
    return {"src": src, "dst": dst, "both": _all(src, dst)}.get(direction, _any(src, dst))


def _apply(compute: Callable[[int, int], int], left: Number, right: Number) -> Number:
    """Unsigned numbers of 32 bits, as the kernel's filter has them."""

    def number(frame: bytes) -> int:
        a, b = left(frame), right(frame)
        if compute in (operator.lshift, operator.rshift) and b > 31:
            return 0
        return compute(a, b) & 0xFFFFFFFF

    return number


class _Parser:
    """Takes one token after the other from `tokens`."""

    def __init__(self, text: str, names: Names) -> None:
        self.tokens: list[str] = _TOKEN.findall(text)
        self._text = text
        self._names = names
        self._qualifiers = ("", "", "")  # of the latest value; the next may leave them out

    def error(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"the filter {self._text!r} isn't understood: {why}. Here is the language of tcpdump for"
            " Ethernet and IPv4, such as 'arp', 'tcp port 80', 'icmp[icmptype] = icmp-echo' or"
            " 'host 10.0.0.2 and not udp'; lfilter= takes a Python function for all else"
        )

    def take(self, *wanted: str) -> str:
        """The next token if it is one of these; else ""."""
        if self.tokens and self.tokens[0] in wanted:
            return self.tokens.pop(0)
        return ""

    def next(self) -> str:
        """Whatever token comes next."""
        if not self.tokens:
            raise self.error("it breaks off")
        return self.tokens.pop(0)

    # --- tests ------------------------------------------------------------------------------

    def tests(self) -> Test:
        """Tests that `and` and `or` join."""
        test = self.test()
        while joint := self.take("and", "&&", "or", "||"):
            pair = (test, self.test())
            test = _all(*pair) if joint in ("and", "&&") else _any(*pair)
        return test

    def test(self) -> Test:
        if self.take("not", "!"):
            negated = self.test()
            return lambda frame: not negated(frame)
        relation = self.relation()
        if relation is not None:
            return relation
        if self.take("("):
            test = self.tests()
            if not self.take(")"):
                raise self.error("a bracket isn't closed")
            return test
        return self.primitive()

    def primitive(self) -> Test:
        """``[protocol] [src or dst] [host, net, port, ...] value``, or a part of that."""
        if limit := self.take("less", "greater"):
            size, less = self.integer(), limit == "less"
            return lambda frame: len(frame) <= size if less else len(frame) >= size
        protocol = self.take("ether", *ETHERTYPES, *PROTOCOLS)
        if group := self.take("broadcast", "multicast"):
            return self.sent_to(group, protocol)
        direction = self.take("src", "dst")
        if direction and self.tokens[1:2] in (["src"], ["dst"]):
            direction = "" if self.take("or") else "both" if self.take("and") else direction
            self.take("src", "dst")
        kind = self.take(*KINDS)
        if direction or kind or protocol == "ether":
            self._qualifiers = protocol, direction, kind or "host"
        elif protocol:
            return _is(protocol)
        elif not self._qualifiers[2]:
            raise self.error(f"{self.next()!r} isn't known")
        return self.value(*self._qualifiers)

    def sent_to(self, group: str, protocol: str) -> Test:
        if protocol in ("ether", ""):
            broadcast = group == "broadcast"
            return lambda frame: (
                _read(frame, 0, 6) == MacAddress.BROADCAST
                if broadcast
                else bool(_read(frame, 0, 1) & 1)
            )
        if protocol == "ip" and group == "multicast":
            return _all(_is("ip"), lambda frame: _read(frame, 30, 1) >= 224)
        raise self.error(f"{protocol!r} knows no {group!r}")

    def value(self, protocol: str, direction: str, kind: str) -> Test:
        """The test for the value that comes next."""
        if kind == "proto":
            return self.protocol(protocol, self.next().removeprefix("\\"))
        if kind in ("port", "portrange") and protocol in ("tcp", "udp", ""):
            low, high = self.ports(kind)
            carriers = _any(*(_is(each) for each in ("tcp", "udp") if protocol in (each, "")))

            def port(offset: int) -> Test:
                return lambda frame: low <= _read(frame, _payload(frame) + offset, 2) <= high

            return _all(carriers, _is_whole, _either(direction, port(0), port(2)))
        if kind in ("host", "net") and protocol in ("ip", "arp", "rarp", ""):
            prefix = self.prefix(kind)

            def address(at: int) -> Test:
                return lambda frame: _read(frame, at, 4) & prefix.mask == prefix.network

            places = {"ip": (26, 30), "arp": (28, 38), "rarp": (28, 38)}
            return _any(
                *(
                    _all(_is(name), _either(direction, address(src), address(dst)))
                    for name, (src, dst) in places.items()
                    if protocol in (name, "")
                )
            )
        if kind == "host" and protocol == "ether":
            mac = self.parsed(MacAddress.parse)
            return _either(
                direction,
                lambda frame: _read(frame, 6, 6) == mac,
                lambda frame: _read(frame, 0, 6) == mac,
            )
        raise self.error(f"{protocol!r} has no {kind!r}")

    def protocol(self, carrier: str, name: str) -> Test:
        if carrier == "ether":
            ethertype = ETHERTYPES.get(name) or self.integer(name)
            return lambda frame: _read(frame, 12, 2) == ethertype
        number = PROTOCOLS.get(name) or self.integer(name)
        return _all(_is("ip"), lambda frame: _read(frame, 23, 1) == number)

    # --- values -----------------------------------------------------------------------------

    def ports(self, kind: str) -> tuple[int, int]:
        """The lowest and the highest that is meant."""
        first, _, last = self.next().partition("-")
        try:
            low, high = service_port(first), service_port(last or first)
        except OSError as error:
            raise self.error(str(error)) from None
        if bool(last) != (kind == "portrange"):
            raise self.error("a range of ports is written as in 'portrange 80-89'")
        return min(low, high), max(low, high)

    def prefix(self, kind: str) -> Prefix:
        if kind == "host":
            return Prefix(self.parsed(self._names.resolve), 32)
        if "/" in self.tokens[0]:
            return self.parsed(Prefix.parse)
        octets = self.next().split(".")  # net 10.1 is 10.1.0.0/16
        self.tokens.insert(0, ".".join((octets + ["0"] * 4)[:4]))
        return Prefix(self.parsed(IPv4Address.parse), 8 * len(octets))

    def parsed(self, parse: Callable[[str], T]) -> T:
        token = self.next()
        try:
            return parse(token)
        except (ConfigurationError, OSError) as error:
            raise self.error(str(error)) from None

    def integer(self, token: str | None = None) -> int:
        token = token or self.next()
        try:
            return int(token, 0)
        except ValueError:
            raise self.error(f"a number is expected in the place of {token!r}") from None

    # --- relations between numbers ----------------------------------------------------------

    def relation(self) -> Test | None:
        """``tcp[13] & 2 != 0``; None, and nothing taken, where that isn't what comes next."""
        tokens = list(self.tokens)
        needs: list[Test] = []
        try:
            left = self.number(needs)
            relation = _RELATIONS[self.next()]
        except (ConfigurationError, KeyError):
            self.tokens = tokens
            return None
        right = self.number(needs)
        return _all(*needs, lambda frame: relation(left(frame), right(frame)))

    def number(self, needs: list[Test], level: int = 0) -> Number:
        """A number made of what the frame holds. What must be true of the frame joins `needs`."""
        if level == len(_OPERATORS):
            return self.operand(needs)
        left = self.number(needs, level + 1)
        while sign := self.take(*_OPERATORS[level]):
            left = _apply(_OPERATORS[level][sign], left, self.number(needs, level + 1))
        return left

    def operand(self, needs: list[Test]) -> Number:
        if self.take("("):
            number = self.number(needs)
            if not self.take(")"):
                raise self.error("a bracket isn't closed")
            return number
        if self.take("-"):
            return _apply(operator.sub, lambda frame: 0, self.operand(needs))
        if self.take("len"):
            return len
        if self.tokens[1:2] == ["["]:
            return self.part(needs)
        token = self.next()
        constant = FIELDS[token] if token in FIELDS else self.integer(token)
        return lambda frame: constant

    def part(self, needs: list[Test]) -> Number:
        """``ip[2:2]``: so many bytes of a header, from there on."""
        protocol = self.next()
        self.next()
        offset, size = self.number(needs), 1
        if self.take(":"):
            size = self.integer()
        if not self.take("]") or size not in (1, 2, 4):
            raise self.error("a part of a header is written as in 'ip[2:2]', of 1, 2 or 4 bytes")
        if protocol == "ether":
            return lambda frame: _read(frame, offset(frame), size)
        if protocol in ETHERTYPES:
            needs.append(_is(protocol))
            return lambda frame: _read(frame, 14 + offset(frame), size)
        if protocol in PROTOCOLS:
            needs += (_is(protocol), _is_whole)
            return lambda frame: _read(frame, _payload(frame) + offset(frame), size)
        raise self.error(f"{protocol!r} is no protocol known here")
