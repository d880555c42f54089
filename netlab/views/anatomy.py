"""A frame's bytes as fields: what each is called in its RFC, where it stands, what it says.

Everything is read from the bytes themselves, so that a frame that is wrong shows what is wrong with
it: a checksum that doesn't agree, a header that breaks off.
"""

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from netlab.link.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_RARP
from netlab.network import icmp_message as icmp
from netlab.network import ip_options
from netlab.network.checksum import checksum_ok, internet_checksum, pseudo_header_sum
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP
from netlab.trace.frame import Frame
from netlab.transport.tcp import options
from netlab.views.words import count


@dataclass(slots=True)
class Field:
    """One field, from byte `start` up to `end` of the frame: its name, value, and what that means."""

    name: str
    start: int
    end: int
    value: str
    meaning: str = ""


@dataclass(slots=True)
class Part:
    """One layer's part of a frame, from byte `start` on. `css` names its colour."""

    name: str
    css: str
    start: int
    fields: list[Field] = field(default_factory=list)

    @property
    def end(self) -> int:
        """After its last byte."""
        return max((f.end for f in self.fields), default=self.start)


# --- headers as tables ------------------------------------------------------------------------


_SHOW: dict[str, Callable[[bytes], str]] = {
    "number": lambda raw: str(int.from_bytes(raw, "big")),
    "hex": lambda raw: f"0x{raw.hex()}",
    "bytes": lambda raw: raw.hex(" "),
    "hardware": lambda raw: raw.hex(":"),
    "address": lambda raw: ".".join(map(str, raw)),
    "3 bits": lambda raw: f"{raw[0]:03b}",
    "8 bits": lambda raw: f"{raw[0]:08b}",
}


class Row(NamedTuple):
    """A field of a header: `size` bytes from byte `at` of it, and how its value is shown.

    Of less than whole bytes, `bits` are how many there are below it, and how many it has. `meaning`
    is what the value means: always the same, by its number, or worked out.
    """

    name: str
    at: int
    size: int
    show: str = "number"
    meaning: str | Mapping[int, str] | Callable[[int], str] = ""
    bits: tuple[int, int] = (0, 64)


_ETHERTYPES = {ETHERTYPE_IPV4: "IPv4", ETHERTYPE_ARP: "ARP", ETHERTYPE_RARP: "RARP", 0x86DD: "IPv6"}
_PROTOCOLS = {PROTOCOL_ICMP: "ICMP", PROTOCOL_TCP: "TCP", PROTOCOL_UDP: "UDP"}
_OPERATIONS = {1: "request", 2: "reply", 3: "reverse request", 4: "reverse reply"}
_SERVICES = {7: "echo", 21: "FTP", 25: "SMTP", 53: "DNS", 67: "DHCP", 80: "HTTP", 110: "POP3"}
_SERVICES |= {119: "NNTP", 443: "HTTPS", 8080: "HTTP"}


def _port(port: int) -> str:
    return _SERVICES.get(port, "taken for this connection" if port >= 49_152 else "")


_ETHERNET = (
    Row("Destination", 0, 6, "hardware", {0xFFFF_FFFF_FFFF: "everybody"}),
    Row("Source", 6, 6, "hardware"),
)
_VLAN_TAG = Row("VLAN tag", 0, 4, "hex", lambda tag: f"VLAN {tag & 0xFFF}")
_ETHERTYPE = Row(
    "EtherType", 0, 2, "hex", lambda it: _ETHERTYPES.get(it, "a length" if it <= 1500 else "")
)
_ARP = (
    Row("Hardware Type", 0, 2, meaning={1: "Ethernet"}),
    Row("Protocol Type", 2, 2, "hex", _ETHERTYPES),
    Row("Hardware Length", 4, 1, meaning="bytes"),
    Row("Protocol Length", 5, 1, meaning="bytes"),
    Row("Operation", 6, 2, meaning=_OPERATIONS),
    Row("Sender Hardware Address", 8, 6, "hardware"),
    Row("Sender Protocol Address", 14, 4, "address"),
    Row("Target Hardware Address", 18, 6, "hardware"),
    Row("Target Protocol Address", 24, 4, "address"),
)
_IP_FLAGS = {1: "more fragments follow", 2: "don't fragment"}
_IP_FLAGS[3] = f"{_IP_FLAGS[2]}, {_IP_FLAGS[1]}"
_IPV4 = (
    Row("Version", 0, 1, bits=(4, 4)),
    Row("IHL", 0, 1, meaning=lambda words: f"header of {4 * words} bytes", bits=(0, 4)),
    Row("DSCP", 1, 1, bits=(2, 6)),
    Row("ECN", 1, 1, bits=(0, 2)),
    Row("Total Length", 2, 2, meaning="bytes, with this header"),
    Row("Identification", 4, 2, "hex"),
    Row("Flags", 6, 1, "3 bits", lambda it: _IP_FLAGS.get(it & 3, ""), (5, 3)),
    Row("Fragment Offset", 6, 2, meaning=lambda it: f"byte {8 * it}" if it else "", bits=(0, 13)),
    Row("Time to Live", 8, 1, meaning="routers it may still pass"),
    Row("Protocol", 9, 1, meaning=_PROTOCOLS),
    Row("Header Checksum", 10, 2, "hex"),
    Row("Source Address", 12, 4, "address"),
    Row("Destination Address", 16, 4, "address"),
)
_ICMP = (Row("Type", 0, 1), Row("Code", 1, 1), Row("Checksum", 2, 2, "hex"))
_ASKED = (Row("Identifier", 4, 2, meaning="who asks"), Row("Sequence Number", 6, 2))
_TIMES = tuple(
    Row(f"{name} Timestamp", at, 4, meaning="ms since midnight, universal time")
    for name, at in (("Originate", 8), ("Receive", 12), ("Transmit", 16))
)
_ICMP_REST: Mapping[tuple[int, int | None], Sequence[Row]] = {
    (icmp.ECHO_REQUEST, None): _ASKED,
    (icmp.ECHO_REPLY, None): _ASKED,
    (icmp.TIMESTAMP_REQUEST, None): (*_ASKED, *_TIMES),
    (icmp.TIMESTAMP_REPLY, None): (*_ASKED, *_TIMES),
    (icmp.REDIRECT, None): (Row("Gateway Address", 4, 4, "address", "the better next hop"),),
    (icmp.PARAMETER_PROBLEM, None): (
        Row("Pointer", 4, 1, meaning="the byte of the packet where the problem is"),
        Row("Unused", 5, 3, "bytes"),
    ),
    (icmp.DESTINATION_UNREACHABLE, icmp.FRAGMENTATION_NEEDED): (
        Row("Unused", 4, 2, "bytes"),
        Row("Next-Hop MTU", 6, 2, meaning="bytes that would have passed"),
    ),
}
_ICMP_UNUSED = (Row("Rest of Header", 4, 4, "hex"),)
_PORTS = (
    Row("Source Port", 0, 2, meaning=_port),
    Row("Destination Port", 2, 2, meaning=_port),
)
_UDP = (
    *_PORTS,
    Row("Length", 4, 2, meaning="bytes, with this header"),
    Row("Checksum", 6, 2, "hex"),
)
_TCP = (
    *_PORTS,
    Row("Sequence Number", 4, 4),
    Row("Acknowledgment Number", 8, 4),
    Row("Data Offset", 12, 1, meaning=lambda words: f"header of {4 * words} bytes", bits=(4, 4)),
    Row("Control Bits", 13, 1, "8 bits"),
    Row("  CWR", 13, 1, meaning="the sender has heard of congestion, and sends less", bits=(7, 1)),
    Row("  ECE", 13, 1, meaning="the other side's packets met congestion", bits=(6, 1)),
    Row("  URG", 13, 1, meaning="the urgent pointer counts", bits=(5, 1)),
    Row("  ACK", 13, 1, meaning="the acknowledgment number counts", bits=(4, 1)),
    Row("  PSH", 13, 1, meaning="hand the data to the program at once", bits=(3, 1)),
    Row("  RST", 13, 1, meaning="there is no such connection, or it ends here", bits=(2, 1)),
    Row("  SYN", 13, 1, meaning="the sequence number is the initial one", bits=(1, 1)),
    Row("  FIN", 13, 1, meaning="the sender has no more data", bits=(0, 1)),
    Row("Window", 14, 2, meaning="bytes that the sender takes"),
    Row("Checksum", 16, 2, "hex"),
    Row("Urgent Pointer", 18, 2),
)
_TCP_OPTIONS = {
    options.MSS: "Maximum Segment Size",
    options.WINDOW_SCALE: "Window Scale",
    options.SACK_PERMITTED: "SACK Permitted",
    options.SACK: "SACK",
    options.TIMESTAMPS: "Timestamps",
}


def _ip_options(data: bytes) -> str:
    """The options of an IP header in words, but for what fills it up."""
    try:
        return ", ".join(
            str(option) for option in ip_options.parse_options(data) if option.type > 1
        )
    except ip_options.OptionError as error:
        return str(error)


def _tcp_option(option: options.Option) -> tuple[str, str]:
    """The value of an option and what it means; its bytes where it isn't as its RFC has it."""
    match option.kind, len(option.data):
        case (options.MSS, 2):
            return str(int.from_bytes(option.data, "big")), "bytes of data"
        case (options.WINDOW_SCALE, 1):
            return str(option.data[0]), f"windows count in {2 ** min(option.data[0], 14):,} bytes"
        case (options.TIMESTAMPS, 8):
            value, echo = struct.unpack("!II", option.data)
            return f"{value}, {echo}", "TSval, TSecr"
        case (options.SACK, size) if size and size % 8 == 0:
            edges = struct.unpack(f"!{size // 4}I", option.data)
            blocks = (f"{a}-{b}" for a, b in zip(edges[::2], edges[1::2], strict=True))
            return ", ".join(blocks), "arrived, beyond a hole"
    return option.data.hex(" "), ""


# --- reading ----------------------------------------------------------------------------------

_MOST_LINES = 12  # of a text that a segment carries
_TEXT = re.compile(rb"[\t\r\n -~]+")
_LINE = re.compile(rb"[^\n]+\n?|\n")


def anatomy(frame: Frame) -> list[Part]:
    """The parts of a frame, in the order of its bytes. Any bytes will do; nothing raises."""
    return list(_Reader(frame).parts())


def fields_of(rows: Iterable[Row], data: bytes, at: int, **meanings: str) -> Iterator[Field]:
    """The fields of the header at byte `at`; `meanings` are of those that are known better."""
    for name, start, size, show, meaning, (below, width) in rows:
        start += at
        number = int.from_bytes(data[start : start + size], "big") >> below & (1 << width) - 1
        if width == 1 and not number:
            continue  # a flag is there when it is raised
        if callable(meaning):
            meaning = meaning(number)
        elif not isinstance(meaning, str):
            meaning = meaning.get(number, "")
        value = _SHOW[show](number.to_bytes(size, "big"))
        yield Field(name, start, start + size, value, meanings.get(name.split()[-1], meaning))


class _Reader:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._data = frame.bytes
        self._ends = (0, 0)  # source and destination of an IP packet

    def _number(self, at: int, size: int) -> int:
        return int.from_bytes(self._data[at : at + size], "big")

    def _read(self, rows: Iterable[Row], at: int, **meanings: str) -> list[Field]:
        return list(fields_of(rows, self._data, at, **meanings))

    def parts(self) -> Iterator[Part]:
        data, layers = self._data, self._frame.layers
        at, ethertype = 0, layers.ethertype
        if layers.ethernet is not None:
            link = self._ethernet()
            yield link
            at = link.end
        elif layers.ipv4 is not None:
            # What stands before the network layer where the link isn't Ethernet.
            at = max(0, data.find(0x45, 0, 21))
            if at:
                yield Part("Link", "link", 0, [Field("Header", 0, at, count(at, "byte"))])
        if ethertype == ETHERTYPE_IPV4 and len(data) - at >= 20:
            yield from self._ipv4(at)
        elif ethertype in (ETHERTYPE_ARP, ETHERTYPE_RARP) and len(data) - at >= 28:
            open_yet = "not known yet" if self._number(at + 6, 2) == 1 else ""
            fields = self._read(_ARP, at)
            fields[7].meaning = open_yet
            yield Part(self._frame.protocol, "arp", at, fields)
            yield from self._padding(at + 28)
        else:
            yield from self._payload(at, len(data))

    def _ethernet(self) -> Part:
        part = Part("Ethernet II", "link", 0, self._read(_ETHERNET, 0))
        at = 12
        while self._number(at, 2) in (0x8100, 0x88A8, 0x9100) and at + 6 <= len(self._data):
            part.fields += self._read([_VLAN_TAG], at)
            at += 4
        part.fields += self._read([_ETHERTYPE], at)
        return part

    def _ipv4(self, at: int) -> Iterator[Part]:
        data = self._data
        length, total = (data[at] & 15) * 4, self._number(at + 2, 2)
        end = min(len(data), at + total) if total else len(data)
        if data[at] >> 4 != 4 or not 20 <= length <= end - at:
            yield from self._payload(at, len(data))
            return
        body = at + length
        fields = self._read(_IPV4, at, Checksum=self._judge(at, at + 10, body))
        if body > at + 20:
            said = _ip_options(data[at + 20 : body])
            fields.append(Field("Options", at + 20, body, data[at + 20 : body].hex(" "), said))
        yield Part("IPv4", "ipv4", at, fields)
        protocol, fragment = data[at + 9], self._number(at + 6, 2) & 0x3FFF
        self._ends = self._number(at + 12, 4), self._number(at + 16, 4)
        if not fragment and protocol == PROTOCOL_TCP and end - body >= 20:
            yield from self._tcp(body, end)
        elif not fragment and protocol == PROTOCOL_UDP and end - body >= 8:
            yield from self._udp(body, end)
        elif not fragment and protocol == PROTOCOL_ICMP and end - body >= 8:
            yield from self._icmp(body, end)
        else:
            yield from self._payload(body, end)
        yield from self._padding(end)

    def _judge(self, start: int, at: int, end: int, initial: int = 0) -> str:
        """Whether the checksum at `at` over all from `start` to `end` is right."""
        data = self._data
        if checksum_ok(data[start:end], initial):
            return "correct"
        zeroed = data[start:at] + b"\0\0" + data[at + 2 : end]
        return f"wrong, should be 0x{internet_checksum(zeroed, initial):04x}"

    def _judge_transport(self, protocol: int, start: int, at: int, end: int) -> str:
        if self._frame.layers.missing:
            return "not checked: the capture is cut"
        return self._judge(start, at, end, pseudo_header_sum(*self._ends, protocol, end - start))

    def _icmp(self, at: int, end: int) -> Iterator[Part]:
        message = icmp.IcmpMessage(self._data[at], self._data[at + 1])
        kind, code = message.type, message.code
        judged = self._judge(at, at + 2, end)
        fields = self._read(_ICMP, at, Type=message.type_text, Checksum=judged)
        rest = _ICMP_REST.get((kind, code)) or _ICMP_REST.get((kind, None), _ICMP_UNUSED)
        fields += self._read([row for row in rest if row.at < 8 or end - at >= 20], at)
        if message.is_error and end - at >= 28:
            route = " > ".join(_SHOW["address"](self._data[at + n : at + n + 4]) for n in (20, 24))
            protocol = _PROTOCOLS.get(self._data[at + 17], str(self._data[at + 17]))
            fields.append(Field("About", at + 8, end, route, f"start of a {protocol} packet"))
        part = Part("ICMP", "icmp", at, fields)
        yield part
        yield from self._payload(part.end, end)

    def _udp(self, at: int, end: int) -> Iterator[Part]:
        length = self._number(at + 4, 2)
        after = min(end, at + length) if length >= 8 else end
        judged = "none was made"
        if self._number(at + 6, 2):
            judged = self._judge_transport(PROTOCOL_UDP, at, at + 6, after)
        yield Part("UDP", "udp", at, self._read(_UDP, at, Checksum=judged))
        if self._frame.dhcp is not None:
            from netlab.views.anatomy_dhcp import dhcp_part  # which few frames need

            yield dhcp_part(self._frame.dhcp, self._data, at + 8, after)
        else:
            yield from self._payload(at + 8, after)
        yield from self._payload(after, end)

    def _tcp(self, at: int, end: int) -> Iterator[Part]:
        body = at + (self._data[at + 12] >> 4) * 4
        if not at + 20 <= body <= end:
            yield from self._payload(at, end)
            return
        judged = self._judge_transport(PROTOCOL_TCP, at, at + 16, end)
        fields = self._read(_TCP, at, Checksum=judged)
        fields += self._tcp_options(at + 20, body)
        yield Part("TCP", "tcp", at, fields)
        yield from self._payload(body, end)

    def _tcp_options(self, at: int, end: int) -> Iterator[Field]:
        for option in options.parse_options(self._data[at:end]):
            size = 1 if option.kind in (options.EOL, options.NOP) else 2 + len(option.data)
            name = _TCP_OPTIONS.get(option.kind, option.name)
            yield Field(f"  {name}", at, at + size, *_tcp_option(option))
            at += size
        if at < end:
            yield Field("  Padding", at, end, self._data[at:end].hex(" "))

    # --- what is carried ----------------------------------------------------------------------

    def _payload(self, at: int, end: int) -> Iterator[Part]:
        if at >= end:
            return
        data = self._data[at:end]
        fields = [Field(count(len(data), "byte"), at, end, data[:14].hex(" "))]
        if _TEXT.fullmatch(data):
            fields = list(self._lines(at, _LINE.findall(data)))
        yield Part("HTTP" if self._frame.protocol == "HTTP" else "Data", "data", at, fields)

    def _lines(self, at: int, lines: Sequence[bytes]) -> Iterator[Field]:
        for number, line in enumerate(lines[:_MOST_LINES], 1):
            yield Field(f"line {number}", at, at + len(line), repr(line.decode("ascii"))[1:-1])
            at += len(line)
        rest = sum(len(line) for line in lines[_MOST_LINES:])
        if rest:
            yield Field("further lines", at, at + rest, count(rest, "byte"))

    def _padding(self, at: int) -> Iterator[Part]:
        end = len(self._data)
        if at < end:
            yield Part("Ethernet", "link", at, [Field("Padding", at, end, count(end - at, "byte"))])
