"""A frame's bytes as fields: what each is called in its RFC, where it stands, what it says.

Everything is read from the bytes themselves, so that a frame that is wrong shows what is wrong with
it: a checksum that doesn't agree, a header that breaks off.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from netlab.link.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_RARP
from netlab.network import icmp_message
from netlab.network.checksum import checksum_ok, internet_checksum, pseudo_header_sum
from netlab.network.icmp_message import TIMESTAMP_REPLY, TIMESTAMP_REQUEST, IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP
from netlab.trace.frame import Frame
from netlab.transport.tcp.options import EOL, MSS, NOP, parse_options
from netlab.views.words import count

_MOST_LINES = 12  # of a text that a segment carries
_TEXT = re.compile(rb"[\t\r\n -~]+")
_LINE = re.compile(rb"[^\n]*\n?")
_ETHERTYPES = {ETHERTYPE_IPV4: "IPv4", ETHERTYPE_ARP: "ARP", ETHERTYPE_RARP: "RARP", 0x86DD: "IPv6"}
_PROTOCOLS = {PROTOCOL_ICMP: "ICMP", PROTOCOL_TCP: "TCP", PROTOCOL_UDP: "UDP"}
_OPERATIONS = {1: "request", 2: "reply", 3: "reverse request", 4: "reverse reply"}
_SERVICES = {7: "echo", 21: "FTP", 25: "SMTP", 53: "DNS", 67: "DHCP", 80: "HTTP", 110: "POP3"}
_SERVICES |= {119: "NNTP", 443: "HTTPS", 8080: "HTTP"}
_FLAGS = (
    ("CWR", "the sender has heard of congestion, and sends less"),
    ("ECE", "the other side's packets met congestion"),
    ("URG", "the urgent pointer counts"),
    ("ACK", "the acknowledgment number counts"),
    ("PSH", "hand the data to the program at once"),
    ("RST", "there is no such connection, or it ends here"),
    ("SYN", "the sequence number is the initial one"),
    ("FIN", "the sender has no more data"),
)
_OPTIONS = {3: "Window Scale", 4: "SACK Permitted", 5: "SACK", 8: "Timestamps"}


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


def anatomy(frame: Frame) -> list[Part]:
    """The parts of a frame, in the order of its bytes. Any bytes will do; nothing raises."""
    return list(_Reader(frame).parts())


class _Reader:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._data = frame.bytes
        self._src = self._dst = 0

    def parts(self) -> Iterator[Part]:
        data, layers = self._data, self._frame.layers
        at, ethertype = 0, layers.ethertype
        if layers.ethernet is not None:
            link = self._ethernet()
            yield link
            at = link.end
        elif ethertype is not None and len(data) > len(layers.payload):
            at = self._link_header_length()
            if at:
                yield Part("Link", "link", 0, [Field("Header", 0, at, count(at, "byte"))])
        if ethertype == ETHERTYPE_IPV4 and len(data) - at >= 20:
            yield from self._ipv4(at)
        elif ethertype in (ETHERTYPE_ARP, ETHERTYPE_RARP) and len(data) - at >= 28:
            arp = self._arp(at)
            yield arp
            yield from self._padding(arp.end)
        else:
            yield from self._payload(at, len(data))

    # --- reading ------------------------------------------------------------------------------

    def _number(self, at: int, size: int) -> int:
        return int.from_bytes(self._data[at : at + size], "big")

    def _address(self, at: int) -> str:
        return ".".join(str(byte) for byte in self._data[at : at + 4])

    def _hardware(self, at: int) -> str:
        return self._data[at : at + 6].hex(":")

    # --- the link -----------------------------------------------------------------------------

    def _ethernet(self) -> Part:
        part = Part("Ethernet II", "link", 0)
        add = part.fields.append
        dst = self._hardware(0)
        add(Field("Destination", 0, 6, dst, "everybody" if dst == "ff:ff:ff:ff:ff:ff" else ""))
        add(Field("Source", 6, 12, self._hardware(6)))
        at = 12
        while self._number(at, 2) in (0x8100, 0x88A8, 0x9100) and at + 6 <= len(self._data):
            tag = self._number(at + 2, 2) & 0x0FFF
            add(Field("VLAN tag", at, at + 4, f"0x{self._number(at, 2):04x}", f"VLAN {tag}"))
            at += 4
        ethertype = self._number(at, 2)
        meaning = _ETHERTYPES.get(ethertype, "a length" if ethertype <= 1500 else "")
        add(Field("EtherType", at, at + 2, f"0x{ethertype:04x}", meaning))
        return part

    def _link_header_length(self) -> int:
        """What stands before the network layer where the link isn't Ethernet."""
        if self._frame.layers.ipv4 is None:
            return 0
        first = self._data.find(0x45)
        return first if 0 <= first <= 20 else 0

    def _arp(self, at: int) -> Part:
        part = Part(self._frame.protocol, "arp", at)
        operation = self._number(at + 6, 2)
        kind = self._number(at, 2)
        protocol = self._number(at + 2, 2)
        part.fields += [
            Field("Hardware Type", at, at + 2, str(kind), "Ethernet" if kind == 1 else ""),
            Field(
                "Protocol Type", at + 2, at + 4, f"0x{protocol:04x}", _ETHERTYPES.get(protocol, "")
            ),
            Field("Hardware Length", at + 4, at + 5, str(self._data[at + 4]), "bytes"),
            Field("Protocol Length", at + 5, at + 6, str(self._data[at + 5]), "bytes"),
            Field("Operation", at + 6, at + 8, str(operation), _OPERATIONS.get(operation, "")),
            Field("Sender Hardware Address", at + 8, at + 14, self._hardware(at + 8)),
            Field("Sender Protocol Address", at + 14, at + 18, self._address(at + 14)),
            Field(
                "Target Hardware Address",
                at + 18,
                at + 24,
                self._hardware(at + 18),
                "not known yet" if operation == 1 else "",
            ),
            Field("Target Protocol Address", at + 24, at + 28, self._address(at + 24)),
        ]
        return part

    # --- the network --------------------------------------------------------------------------

    def _ipv4(self, at: int) -> Iterator[Part]:
        data = self._data
        length = (data[at] & 15) * 4
        total = self._number(at + 2, 2)
        end = min(len(data), at + total) if total else len(data)
        if data[at] >> 4 != 4 or not 20 <= length <= end - at:
            yield from self._payload(at, len(data))
            return
        part = Part("IPv4", "ipv4", at)
        part.fields += self._ipv4_fields(at, length, total)
        yield part
        body = at + length
        protocol, fragment = data[at + 9], self._number(at + 6, 2) & 0x3FFF
        self._src, self._dst = self._number(at + 12, 4), self._number(at + 16, 4)
        if fragment:
            yield from self._payload(body, end)
        elif protocol == PROTOCOL_TCP and end - body >= 20:
            yield from self._tcp(body, end)
        elif protocol == PROTOCOL_UDP and end - body >= 8:
            yield from self._udp(body, end)
        elif protocol == PROTOCOL_ICMP and end - body >= 8:
            yield from self._icmp(body, end)
        else:
            yield from self._payload(body, end)
        yield from self._padding(end)

    def _ipv4_fields(self, at: int, length: int, total: int) -> Iterator[Field]:
        data = self._data
        flags = self._number(at + 6, 2)
        protocol = data[at + 9]
        meanings = ((14, "don't fragment"), (13, "more fragments follow"))
        raised = [meaning for bit, meaning in meanings if flags >> bit & 1]
        yield Field("Version", at, at + 1, str(data[at] >> 4))
        yield Field("IHL", at, at + 1, str(data[at] & 15), f"header of {length} bytes")
        yield Field("DSCP", at + 1, at + 2, str(data[at + 1] >> 2))
        yield Field("ECN", at + 1, at + 2, str(data[at + 1] & 3))
        yield Field("Total Length", at + 2, at + 4, str(total), "bytes, with this header")
        yield Field("Identification", at + 4, at + 6, f"0x{self._number(at + 4, 2):04x}")
        yield Field("Flags", at + 6, at + 7, f"{flags >> 13:03b}", ", ".join(raised))
        offset = flags & 0x1FFF
        yield Field(
            "Fragment Offset", at + 6, at + 8, str(offset), f"byte {8 * offset}" if offset else ""
        )
        yield Field("Time to Live", at + 8, at + 9, str(data[at + 8]), "routers it may still pass")
        yield Field("Protocol", at + 9, at + 10, str(protocol), _PROTOCOLS.get(protocol, ""))
        yield self._checksum("Header Checksum", at, at + 10, at + length, 0)
        yield Field("Source Address", at + 12, at + 16, self._address(at + 12))
        yield Field("Destination Address", at + 16, at + 20, self._address(at + 16))
        if length > 20:
            yield Field("Options", at + 20, at + length, data[at + 20 : at + length].hex(" "))

    def _checksum(self, name: str, start: int, at: int, end: int, initial: int) -> Field:
        """The checksum at `at` over all from `start` to `end`, and whether it is right."""
        data = self._data
        found = self._number(at, 2)
        if checksum_ok(data[start:end], initial):
            meaning = "correct"
        else:
            zeroed = data[start:at] + b"\0\0" + data[at + 2 : end]
            meaning = f"wrong, should be 0x{internet_checksum(zeroed, initial):04x}"
        return Field(name, at, at + 2, f"0x{found:04x}", meaning)

    def _transport_checksum(self, protocol: int, start: int, at: int, end: int) -> Field:
        if self._frame.layers.missing:
            value = f"0x{self._number(at, 2):04x}"
            return Field("Checksum", at, at + 2, value, "not checked: the capture is cut")
        pseudo = pseudo_header_sum(self._src, self._dst, protocol, end - start)
        return self._checksum("Checksum", start, at, end, pseudo)

    def _icmp(self, at: int, end: int) -> Iterator[Part]:
        data = self._data
        part = Part("ICMP", "icmp", at)
        add = part.fields.append
        kind = data[at]
        message = IcmpMessage(kind, data[at + 1])
        add(Field("Type", at, at + 1, str(kind), message.type_text))
        add(Field("Code", at + 1, at + 2, str(data[at + 1])))
        add(self._checksum("Checksum", at, at + 2, end, 0))
        part.fields += self._icmp_rest(message, at)
        if message.is_error and end - at >= 28:
            route = f"{self._address(at + 20)} > {self._address(at + 24)}"
            protocol = _PROTOCOLS.get(data[at + 17], str(data[at + 17]))
            add(Field("About", at + 8, end, route, f"start of a {protocol} packet"))
            yield part
            return
        at += 8
        if kind in (TIMESTAMP_REQUEST, TIMESTAMP_REPLY) and end - at >= 12:
            for name in ("Originate Timestamp", "Receive Timestamp", "Transmit Timestamp"):
                time = str(self._number(at, 4))
                add(Field(name, at, at + 4, time, "ms since midnight, universal time"))
                at += 4
        yield part
        yield from self._payload(at, end)

    def _icmp_rest(self, message: IcmpMessage, at: int) -> Iterator[Field]:
        """The last four bytes of the header, which each type uses in its own way."""
        match message.type, message.code:
            case (
                icmp_message.ECHO_REQUEST
                | icmp_message.ECHO_REPLY
                | icmp_message.TIMESTAMP_REQUEST
                | icmp_message.TIMESTAMP_REPLY,
                _,
            ):
                identifier, sequence = self._number(at + 4, 2), self._number(at + 6, 2)
                yield Field("Identifier", at + 4, at + 6, str(identifier), "who asks")
                yield Field("Sequence Number", at + 6, at + 8, str(sequence))
            case icmp_message.REDIRECT, _:
                gateway = self._address(at + 4)
                yield Field("Gateway Address", at + 4, at + 8, gateway, "the better next hop")
            case icmp_message.PARAMETER_PROBLEM, _:
                where = "the byte of the packet where the problem is"
                yield Field("Pointer", at + 4, at + 5, str(self._data[at + 4]), where)
                yield Field("Unused", at + 5, at + 8, self._data[at + 5 : at + 8].hex(" "))
            case icmp_message.DESTINATION_UNREACHABLE, icmp_message.FRAGMENTATION_NEEDED:
                mtu = str(self._number(at + 6, 2))
                yield Field("Unused", at + 4, at + 6, self._data[at + 4 : at + 6].hex(" "))
                yield Field("Next-Hop MTU", at + 6, at + 8, mtu, "bytes that would have passed")
            case _:
                rest = f"0x{self._number(at + 4, 4):08x}"
                yield Field("Rest of Header", at + 4, at + 8, rest)

    # --- transport ----------------------------------------------------------------------------

    def _port(self, name: str, at: int) -> Field:
        port = self._number(at, 2)
        meaning = _SERVICES.get(port, "taken for this connection" if port >= 49_152 else "")
        return Field(name, at, at + 2, str(port), meaning)

    def _udp(self, at: int, end: int) -> Iterator[Part]:
        length = self._number(at + 4, 2)
        after = min(end, at + length) if length >= 8 else end
        part = Part("UDP", "udp", at)
        part.fields += [
            self._port("Source Port", at),
            self._port("Destination Port", at + 2),
            Field("Length", at + 4, at + 6, str(length), "bytes, with this header"),
        ]
        if self._number(at + 6, 2):
            part.fields.append(self._transport_checksum(PROTOCOL_UDP, at, at + 6, after))
        else:
            part.fields.append(Field("Checksum", at + 6, at + 8, "0x0000", "none was made"))
        yield part
        if self._frame.dhcp is not None:
            from netlab.views.anatomy_dhcp import dhcp_part  # which few frames need

            yield dhcp_part(self._frame.dhcp, self._data, at + 8, after)
        else:
            yield from self._payload(at + 8, after)
        yield from self._payload(after, end)

    def _tcp(self, at: int, end: int) -> Iterator[Part]:
        data = self._data
        offset = (data[at + 12] >> 4) * 4
        if not 20 <= offset <= end - at:
            yield from self._payload(at, end)
            return
        part = Part("TCP", "tcp", at)
        part.fields += self._tcp_fields(at, offset, end)
        yield part
        yield from self._payload(at + offset, end)

    def _tcp_fields(self, at: int, offset: int, end: int) -> Iterator[Field]:
        data = self._data
        flags = data[at + 13]
        yield self._port("Source Port", at)
        yield self._port("Destination Port", at + 2)
        yield Field("Sequence Number", at + 4, at + 8, str(self._number(at + 4, 4)))
        yield Field("Acknowledgment Number", at + 8, at + 12, str(self._number(at + 8, 4)))
        yield Field(
            "Data Offset", at + 12, at + 13, str(data[at + 12] >> 4), f"header of {offset} bytes"
        )
        yield Field("Control Bits", at + 13, at + 14, f"{flags:08b}")
        for bit, (name, meaning) in enumerate(_FLAGS):
            if flags >> (7 - bit) & 1:
                yield Field(f"  {name}", at + 13, at + 14, "1", meaning)
        window = self._number(at + 14, 2)
        yield Field("Window", at + 14, at + 16, str(window), "bytes that the sender takes")
        yield self._transport_checksum(PROTOCOL_TCP, at, at + 16, end)
        yield Field("Urgent Pointer", at + 18, at + 20, str(self._number(at + 18, 2)))
        yield from self._tcp_options(at + 20, at + offset)

    def _tcp_options(self, at: int, end: int) -> Iterator[Field]:
        for option in parse_options(self._data[at:end]):
            size = 1 if option.kind in (EOL, NOP) else 2 + len(option.data)
            name = _OPTIONS.get(option.kind, option.name)
            value, meaning = option.data.hex(" "), ""
            if option.kind == MSS and len(option.data) == 2:
                name = "Maximum Segment Size"
                value, meaning = str(int.from_bytes(option.data, "big")), "bytes of data"
            yield Field(f"  {name}", at, at + size, value, meaning)
            at += size
        if at < end:
            yield Field("  Padding", at, end, self._data[at:end].hex(" "))

    # --- what is carried ----------------------------------------------------------------------

    def _payload(self, at: int, end: int) -> Iterator[Part]:
        if at >= end:
            return
        data = self._data[at:end]
        name = self._frame.protocol if self._frame.protocol == "HTTP" else "Data"
        part = Part(name, "data", at)
        if _TEXT.fullmatch(data):
            part.fields += self._lines(at, data)
        else:
            part.fields.append(Field(count(len(data), "byte"), at, end, data[:14].hex(" ")))
        yield part

    def _lines(self, at: int, data: bytes) -> Iterator[Field]:
        found = [line for line in _LINE.findall(data) if line]
        for number, line in enumerate(found[:_MOST_LINES], 1):
            yield Field(f"line {number}", at, at + len(line), repr(line.decode("ascii"))[1:-1])
            at += len(line)
        rest = sum(len(line) for line in found[_MOST_LINES:])
        if rest:
            yield Field("further lines", at, at + rest, count(rest, "byte"))

    def _padding(self, at: int) -> Iterator[Part]:
        end = len(self._data)
        if at < end:
            padding = Field("Padding", at, end, count(end - at, "byte"))
            yield Part("Ethernet", "link", at, [padding])
