"""A packet as a script writes it, and the text of it: ``> P. 1:1001(1000) ack 1 win 65535``.

Both what a script says and what was really sent are put into these words, and then compared.
"""

import struct
from dataclasses import dataclass, field

from netlab.network.icmp_message import (
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    ECHO_REQUEST,
    PARAMETER_PROBLEM,
    REDIRECT,
    SOURCE_QUENCH,
    TIME_EXCEEDED,
)
from netlab.transport.tcp.options import EOL, MSS, Option
from netlab.transport.tcp.segment import ACK, CWR, ECE, FIN, PSH, RST, SYN, URG
from netlab.transport.tcp.seq import plus

WSCALE, SACK_OK, SACK, TIMESTAMPS, MD5, FAST_OPEN, EXPERIMENT = 3, 4, 5, 8, 19, 34, 254
"""Kinds of TCP options (RFC 7323, 2018, 2385, 7413, 6994)."""
FAST_OPEN_MAGIC = b"\xf9\x89"

FLAGS = {"F": FIN, "S": SYN, "R": RST, "P": PSH, ".": ACK, "U": URG, "E": ECE, "W": CWR, "C": CWR}
"""The letters of a segment's flags. CWR has two; the first is the one that is written."""

_FLAG_ORDER = "SFRPUEW."

ICMP_TYPES = {
    "echo_reply": ECHO_REPLY,
    "unreachable": DESTINATION_UNREACHABLE,
    "source_quench": SOURCE_QUENCH,
    "redirect": REDIRECT,
    "echo_request": ECHO_REQUEST,
    "time_exceeded": TIME_EXCEEDED,
    "parameter_problem": PARAMETER_PROBLEM,
    "timestamp_request": 13,
    "timestamp_reply": 14,
}
ICMP_CODES = {
    DESTINATION_UNREACHABLE: (
        "net_unreachable",
        "host_unreachable",
        "protocol_unreachable",
        "port_unreachable",
        "frag_needed",
        "source_route_failed",
        "net_unknown",
        "host_unknown",
        "source_host_isolated",
        "net_prohibited",
        "host_prohibited",
        "net_unreachable_for_tos",
        "host_unreachable_for_tos",
        "packet_filtered",
        "precedence_violation",
        "precedence_cutoff",
    ),
    TIME_EXCEEDED: ("exceeded_ttl", "exceeded_frag_time"),
}
_ICMP_TYPE_NAMES = {number: name for name, number in ICMP_TYPES.items()}

ECN = {"noecn": 0, "ect1": 1, "ect0": 2, "ce": 3}
"""The two bits of RFC 3168 section 5; a script may also say `ect01`, either of two."""


@dataclass(slots=True)
class Tcp:
    """A segment: `flags` as bits, `length` bytes of text; None where a script doesn't say.

    Sequence numbers count from each side's SYN on, but those of a SYN are as the script has them.
    """

    flags: int
    seq: int
    length: int
    ack: int = 0
    window: int | None = None
    urgent: int = 0
    options: list[Option] | None = field(default_factory=list)
    """None: whatever there is, `<...>` in a script."""
    more: bool = False
    """Whether others may follow these options: `<mss 1460,...>`, which is netlab's own."""

    def __str__(self) -> str:
        text = f"{flags_text(self.flags)} {self.seq}:{plus(self.seq, self.length)}({self.length})"
        if self.flags & ACK or self.ack:
            text += f" ack {self.ack}"
        if self.window is not None:
            text += f" win {self.window}"
        if self.urgent:
            text += f" urg {self.urgent}"
        if self.options is None:
            return f"{text} <...>"
        words = [option_text(option) for option in self.options] + ["..."] * self.more
        return f"{text} <{','.join(words)}>" if words else text


@dataclass(slots=True)
class Udp:
    """A datagram of `length` bytes."""

    length: int

    def __str__(self) -> str:
        return f"udp ({self.length})"


@dataclass(slots=True)
class Icmp:
    """A message. `quoted` is the start of the packet that an error is about: a segment or datagram."""

    type: int
    code: int = 0
    mtu: int | None = None
    identifier: int | None = None
    quoted: Tcp | Udp | None = None
    raw: int | None = None

    def __str__(self) -> str:
        text = f"icmp {_ICMP_TYPE_NAMES.get(self.type, f'type_{self.type}')}"
        names = ICMP_CODES.get(self.type, ())
        if self.code < len(names):
            text += f" {names[self.code]}"
        elif self.code:
            text += f" code_{self.code}"
        if self.mtu is not None:
            text += f" mtu {self.mtu}"
        if self.identifier is not None:
            text += f" id {self.identifier}"
        if isinstance(self.quoted, Udp):
            text += f" [{self.quoted}]"
        elif self.quoted is not None:
            end = plus(self.quoted.seq, self.quoted.length)
            text += f" [{self.quoted.seq}:{end}({self.quoted.length})]"
        elif self.raw is not None:
            text += f" [raw ({self.raw})]"
        return text


@dataclass(slots=True)
class Packet:
    """A packet to (`outbound` false) or from the host under test. What is None isn't said."""

    outbound: bool
    body: Tcp | Udp | Icmp
    ports: tuple[int, int] | None = None
    ecn: str | None = None
    tos: int | None = None
    ttl: int | None = None

    def __str__(self) -> str:
        text = "> " if self.outbound else "< "
        if self.ecn is not None:
            text += f"[{self.ecn}] "
        if self.tos is not None:
            text += f"[tos {self.tos:#x}] "
        if self.ttl is not None:
            text += f"(ttl {self.ttl}) "
        ports = "" if self.ports is None else f"{self.ports[0]} > {self.ports[1]} "
        if isinstance(self.body, Udp):
            return f"{text}udp {ports}({self.body.length})"
        return f"{text}{ports}{self.body}"

    @property
    def protocol(self) -> str:
        """`tcp`, `udp` or `icmp`."""
        return type(self.body).__name__.lower()


# --- the words of TCP's parts -------------------------------------------------------------------


def flags_text(flags: int) -> str:
    """The flags as letters, ACK as a dot; a hyphen for none."""
    return "".join(letter for letter in _FLAG_ORDER if flags & FLAGS[letter]) or "-"


def option_text(option: Option) -> str:
    """One option: ``mss 1460``, ``TS val 100 ecr 0``; ``option 77 0102`` where no word is known."""
    kind, data = option.kind, option.data
    match kind, len(data):
        case ((0 | 1), _):
            return "eol" if kind == EOL else "nop"
        case 2, 2:
            return f"mss {int.from_bytes(data, 'big')}"
        case 3, 1:
            return f"wscale {data[0]}"
        case 4, 0:
            return "sackOK"
        case 5, length if length and length % 8 == 0:
            return "sack " + " ".join(f"{left}:{right}" for left, right in sack_blocks(option))
        case 8, 8:
            return "TS val {} ecr {}".format(*struct.unpack("!II", data))
        case 8, 4:
            return f"TS val ... ecr {int.from_bytes(data, 'big')}"
        case 19, _:
            return f"md5 {data.hex()}"
        case 34, _:
            return f"FO {data.hex()}".rstrip()
        case 254, _ if data.startswith(FAST_OPEN_MAGIC):
            return f"FOEXP {data[2:].hex()}".rstrip()
    return f"option {kind} {data.hex()}".rstrip()


def mss(size: int) -> Option:
    """The largest segment that the sender takes."""
    return Option(MSS, size.to_bytes(2, "big"))


def timestamps(value: int, echo: int) -> Option:
    """RFC 7323 section 3.2."""
    return Option(TIMESTAMPS, struct.pack("!II", value, echo))


def any_timestamp(echo: int) -> Option:
    """Timestamps of which a script knows only the second; no header could hold such a one."""
    return Option(TIMESTAMPS, echo.to_bytes(4, "big"))


def sack(blocks: list[tuple[int, int]]) -> Option:
    """RFC 2018 section 3."""
    return Option(SACK, b"".join(struct.pack("!II", *block) for block in blocks))


def sack_blocks(option: Option) -> list[tuple[int, int]]:
    """The blocks of a SACK option."""
    return list(struct.iter_unpack("!II", option.data))
