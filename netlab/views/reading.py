"""What each frame says in a few words, and what is remarkable about it.

A frame alone doesn't tell whether its segment was sent before, nor how far its sequence numbers are
from the first. So frames are read in the order of sending, and what each direction of each
connection has sent so far is remembered.
"""

import re
from collections.abc import Hashable, Sequence

from netlab.link.frame import DROPPED
from netlab.network.icmp_message import ECHO_REPLY, ECHO_REQUEST
from netlab.trace.frame import Frame
from netlab.trace.layers import Layers
from netlab.transport.tcp.segment import ACK, PSH, RST, SYN, Segment
from netlab.views.message import Mark, Message
from netlab.views.words import clip

_NOTHING: dict[Mark, str] = {}
_LONGEST_LINE = 200  # bytes
_LONGEST_QUOTE = 34
_TEXT = re.compile(rb"[ -~]{3,}")
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
_FLAGS_TEXT = tuple(
    ",".join(name for bit, name in enumerate(_FLAGS) if flags >> bit & 1) or "no flags"
    for flags in range(256)
)


class _Flow:
    """One direction of one connection over one link: what was sent so far.

    `back` is the other direction, `base` the sequence number that counts as 0.
    """

    __slots__ = (
        "ack", "back", "base", "duplicates", "family", "highest", "ports", "sent", "window",
    )  # fmt: skip
    back: "_Flow"

    def __init__(self, family: Hashable, ports: str) -> None:
        self.family = family
        self.ports = ports
        self.begin()

    def begin(self) -> None:
        """Forget what was sent: a new connection between the same ports begins."""
        self.base: int | None = None
        self.highest: int | None = None  # the sequence number after the last one sent
        self.sent: dict[int, int] = {}  # sequence number -> id of the frame that sent it first
        self.ack: int | None = None
        self.window = 0
        self.duplicates = 0

    def shown(self, number: int) -> int:
        """A sequence number, counted from the first."""
        base = self.base
        if base is None:
            base = self.base = number - 1  # the connection was open before the record begins
        return (number - base + 0x80000000 & 0xFFFFFFFF) - 0x80000000

    def lacks(self, ack: int) -> bool:
        """Whether more was sent than `ack` acknowledges."""
        return self.highest is not None and 0 < (self.highest - ack & 0xFFFFFFFF) < 0x80000000


class Reader:
    """Reads frames in the order of sending.

    With `relative`, the sequence numbers of each direction start at 0.
    """

    def __init__(self, relative: bool = True) -> None:
        self._relative = relative
        self._flows: dict[tuple[str, str, int, int, int, int], _Flow] = {}

    def read(self, frames: Sequence[Frame]) -> list[Message]:
        """What each frame says; where its arrow goes is left open."""
        overtaken = _overtaken(frames)
        ports = {
            (tcp.source_port, tcp.destination_port)
            for frame in frames
            if (tcp := frame.layers.tcp) is not None
        }
        with_ports = len({min(pair, pair[::-1]) for pair in ports}) > 1
        messages = []
        for frame in frames:
            layers = frame.layers
            if layers.tcp is not None:
                message = self._read_tcp(frame, layers, layers.tcp, with_ports)
            else:
                message = _read_other(frame, layers)
            by = overtaken.get(frame.id)
            if frame.fault or frame.fate == DROPPED or frame.copy_of is not None or by is not None:
                message.marks = message.marks | _struck(frame, by)
            messages.append(message)
        return messages

    def _read_tcp(self, frame: Frame, layers: Layers, tcp: Segment, with_ports: bool) -> Message:
        flags, seq, ack, payload = tcp.flags, tcp.seq, tcp.ack, tcp.payload
        size = len(payload) + layers.missing
        flow = self._flow(frame, layers, tcp)
        if flags & SYN:
            if frame.copy_of is None and flow.sent and flow.sent.keys() != {seq}:
                # More than this SYN was sent already, so it belongs to another connection.
                flow.begin()
                if not flags & ACK:
                    flow.back.begin()
            flow.base = seq
        relative = self._relative
        rest = f"seq={flow.shown(seq) if relative else seq}"
        if flags & ACK:
            rest += f" ack={flow.back.shown(ack) if relative else ack}"
        if size:
            rest += f" len={size}"
        if tcp.window == 0 and not flags & RST:
            rest += " win=0"
        if with_ports:
            rest += flow.ports
        if payload:
            rest += _quote(payload)
        marks = _NOTHING
        length = size + (flags >> 1 & 1) + (flags & 1)
        if length:
            # A SYN that is sent again because the other's SYN crossed it is now a SYN,ACK: new.
            crossed = flags & (SYN | ACK) == SYN | ACK and flow.ack is None
            if flow.highest is None or crossed or not (seq - flow.highest) & 0x80000000:
                flow.highest = seq + length & 0xFFFFFFFF
                flow.sent[seq] = frame.id
            elif frame.copy_of is None:
                fast = "fast " if flow.back.duplicates >= 3 else ""
                original = f" of {flow.sent[seq]}" if seq in flow.sent else ""
                marks = {Mark.RETRANSMISSION: f"{fast}retransmission{original}"}
        elif flags == ACK:
            if ack != flow.ack or tcp.window != flow.window:
                flow.duplicates = 0
            elif frame.copy_of is None and flow.back.lacks(ack):
                flow.duplicates += 1
                marks = {Mark.DUPLICATE_ACK: f"duplicate ACK {flow.duplicates}"}
        if flags & ACK:
            flow.ack = ack
        flow.window = tcp.window
        family = None if flags & ~(ACK | PSH) else flow.family
        return Message(frame, "TCP", _FLAGS_TEXT[flags], rest, marks, family, size)

    def _flow(self, frame: Frame, layers: Layers, tcp: Segment) -> _Flow:
        packet = layers.ipv4
        assert packet is not None  # or there were no TCP
        src, dst, sport, dport = packet.src, packet.dst, tcp.source_port, tcp.destination_port
        key = (frame.host, frame.receiver, src, sport, dst, dport)
        flow = self._flows.get(key)
        if flow is None:
            family = tuple(sorted([(src, sport), (dst, dport)]))
            flow = self._flows[key] = _Flow(family, f" {sport}>{dport}")
            other = _Flow(family, f" {dport}>{sport}")
            self._flows[frame.receiver, frame.host, dst, dport, src, sport] = other
            flow.back, other.back = other, flow
        return flow


def _read_other(frame: Frame, layers: Layers) -> Message:
    family: Hashable = None
    head, rest, size = frame.protocol, "", len(layers.payload) + layers.missing
    if layers.malformed:
        head, rest = "malformed", layers.malformed
    elif layers.dhcp is not None:
        dhcp = layers.dhcp
        family = ("DHCP", dhcp.xid)
        rest = f"{dhcp.type_text} {dhcp.about}" if dhcp.about else dhcp.type_text
    elif layers.udp is not None:
        udp = layers.udp
        family = ("UDP", *sorted((udp.source_port, udp.destination_port)))
        rest = f"{udp.source_port} > {udp.destination_port} len={size}{_quote(udp.payload)}"
    elif layers.icmp is not None:
        icmp = layers.icmp
        rest = icmp.type_text
        if icmp.type in (ECHO_REQUEST, ECHO_REPLY):
            rest += f" id={icmp.identifier} seq={icmp.sequence}"
            family = ("echo", icmp.identifier)
    elif layers.arp is not None:
        rest = frame.summary.lower().removeprefix("arp ")
    elif layers.ipv4 is not None:
        packet = layers.ipv4
        head = "fragment" if packet.is_fragment else "IPv4"
        where = f" offset={8 * packet.fragment_offset}" if packet.is_fragment else ""
        rest = f"id={packet.identification} protocol={packet.protocol}{where} len={size}"
    else:
        head = frame.summary
    return Message(frame, frame.protocol, head, rest, _NOTHING, family, size)


def _quote(payload: bytes) -> str:
    """The first line, in quotes, where it is text; nothing where it isn't, or has no end in sight."""
    found = _TEXT.match(payload, 0, _LONGEST_LINE)
    if found is None or not (found.end() == len(payload) or payload[found.end()] in b"\r\n"):
        return ""
    return f' "{clip(found[0].decode("ascii"), _LONGEST_QUOTE)}"'


def _struck(frame: Frame, overtaken_by: int | None) -> dict[Mark, str]:
    """What happened to it on the way."""
    marks = {}
    if frame.copy_of is not None:
        marks[Mark.DUPLICATE] = f"duplicate of {frame.copy_of}"
    if frame.fate == DROPPED:
        marks[Mark.LOST] = frame.fault or "lost"
    elif frame.corrupted:
        marks[Mark.CORRUPTED] = f"corrupted: {frame.fault}"
    elif overtaken_by and frame.copy_of is None:
        marks[Mark.LATE] = f"late: overtaken by {overtaken_by}"
    elif frame.fault and frame.copy_of is None:
        marks[Mark.DELAYED] = frame.fault
    return marks


def _overtaken(frames: Sequence[Frame]) -> dict[int, int]:
    """The frames that arrive after one sent later over the same link, and which one that is."""
    first: dict[tuple[str, str], tuple[int, int]] = {}  # of later ones: earliest arrival, whose
    late: dict[int, int] = {}
    arrivals = [frame.arrival for frame in frames if frame.arrival is not None]
    if arrivals == sorted(arrivals):
        return late  # as mostly: none overtook any
    for frame in reversed(frames):
        arrival = frame.arrival
        if arrival is None or frame.fate == DROPPED:
            continue
        way = (frame.host, frame.receiver)
        earliest = first.get(way)
        if earliest is not None and earliest[0] < arrival:
            late[frame.id] = earliest[1]
        else:
            first[way] = (arrival, frame.id)
    return late
