"""What each frame says in a few words, and what is remarkable about it.

A frame alone doesn't tell whether its segment was sent before, nor how far its sequence numbers are
from the first. So frames are read in the order of sending, and what each direction of each
connection has sent so far is remembered.
"""

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from netlab.link.frame import DROPPED
from netlab.network.arp_packet import REPLY, REQUEST, REVERSE_REPLY, REVERSE_REQUEST, ArpPacket
from netlab.network.icmp_message import ECHO_REPLY, ECHO_REQUEST
from netlab.network.ipv4_packet import Ipv4Packet
from netlab.trace.frame import Frame
from netlab.transport.tcp.segment import ACK, PSH, RST, SYN, Segment
from netlab.views.words import clip

LOST = "lost"
CORRUPTED = "corrupted"
DUPLICATE = "duplicate"
RETRANSMISSION = "retransmission"
LATE = "late"
DELAYED = "delayed"
DUPLICATE_ACK = "duplicate ACK"

_NOTHING: dict[str, str] = {}
_LONGEST_LINE = 200  # bytes
_LONGEST_QUOTE = 34
_TEXT = re.compile(rb"[ -~]{3,}")
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
_FLAGS_TEXT = tuple(
    ",".join(name for bit, name in enumerate(_FLAGS) if flags >> bit & 1) or "no flags"
    for flags in range(256)
)


@dataclass(slots=True)
class Reading:
    """One frame, read.

    `protocol` is "TCP", "ARP", ...; `head` the word that says most (the flags), `rest` the numbers.
    `marks` says what is remarkable about it and in which words: `{LOST: "lost: rule 1 (drop)"}`.
    Frames with the same `family` may fold together (None: never); `size` is the bytes of payload.
    """

    protocol: str
    head: str
    rest: str
    marks: dict[str, str]
    family: Hashable
    size: int

    @property
    def label(self) -> str:
        """Head and rest in one line."""
        return f"{self.head} {self.rest}" if self.rest else self.head

    @property
    def note(self) -> str:
        """The words of all marks."""
        return ", ".join(self.marks.values()) if self.marks else ""

    def only(self, marks: frozenset[str]) -> "Reading":
        """This reading without other marks than these."""
        kept = {mark: words for mark, words in self.marks.items() if mark in marks}
        return replace(self, marks=kept)


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


class Reader:
    """Reads frames in the order of sending.

    With `relative`, the sequence numbers of each direction start at 0.
    """

    def __init__(self, relative: bool = True) -> None:
        self._relative = relative
        self._flows: dict[tuple[str, str, int, int, int, int], _Flow] = {}

    def read(self, frames: Iterable[Frame]) -> list[Reading]:
        """One reading for each frame."""
        frames = list(frames)
        overtaken = _overtaken(frames)
        several = _connections(frames) > 1
        return [self._read(frame, overtaken.get(frame.id), several) for frame in frames]

    def _read(self, frame: Frame, overtaken_by: int | None, several: bool) -> Reading:
        layers = frame.layers
        if layers.tcp is not None and layers.ipv4 is not None:
            size = len(layers.tcp.payload) + layers.missing
            reading = self._read_tcp(frame, layers.ipv4, layers.tcp, size, several)
        else:
            reading = _read_other(frame)
        lost = frame.fate == DROPPED
        if frame.fault or overtaken_by or lost or frame.copy_of is not None:
            reading.marks = reading.marks | _struck(frame, lost, overtaken_by)
        return reading

    # --- TCP ----------------------------------------------------------------------------------

    def _read_tcp(
        self, frame: Frame, packet: Ipv4Packet, tcp: Segment, size: int, several: bool
    ) -> Reading:
        flags, seq, ack = tcp.flags, tcp.seq, tcp.ack
        flow = self._flow(frame, packet, tcp)
        if flags & SYN:
            if frame.copy_of is None and flow.sent and flow.sent.keys() != {seq}:
                # More than this SYN was sent already, so it belongs to another connection.
                flow.begin()
                if not flags & ACK:
                    flow.back.begin()
            flow.base = seq
        rest = f"seq={self._count(seq, flow)}"
        if flags & ACK:
            rest += f" ack={self._count(ack, flow.back)}"
        if size:
            rest += f" len={size}"
        if tcp.window == 0 and not flags & RST:
            rest += " win=0"
        if several:
            rest += flow.ports
        if size:
            rest += _quote(tcp.payload)
        marks = _NOTHING
        length = size + (flags >> 1 & 1) + (flags & 1)
        if length:
            # A SYN that is sent again because the other's SYN crossed it is now a SYN,ACK: new.
            crossed = flags & (SYN | ACK) == SYN | ACK and flow.ack is None
            highest = flow.highest
            if highest is None or crossed or (seq - highest) & 0x80000000 == 0:
                flow.highest = seq + length & 0xFFFFFFFF
                flow.sent[seq] = frame.id
            elif frame.copy_of is None:
                marks = {RETRANSMISSION: _again(flow, seq)}
        elif flags == ACK:
            if ack != flow.ack or tcp.window != flow.window:
                flow.duplicates = 0
            elif frame.copy_of is None and _outstanding(flow.back, ack):
                flow.duplicates += 1
                marks = {DUPLICATE_ACK: f"duplicate ACK {flow.duplicates}"}
        if flags & ACK:
            flow.ack = ack
        flow.window = tcp.window
        family = None if flags & ~(ACK | PSH) else flow.family
        return Reading("TCP", _FLAGS_TEXT[flags], rest, marks, family, size)

    def _flow(self, frame: Frame, packet: Ipv4Packet, tcp: Segment) -> _Flow:
        src, dst, sport, dport = packet.src, packet.dst, tcp.source_port, tcp.destination_port
        key = (frame.host, frame.receiver, src, sport, dst, dport)
        flow = self._flows.get(key)
        if flow is None:
            there, back = (src, sport), (dst, dport)
            family = (*there, *back) if there < back else (*back, *there)
            flow = self._flows[key] = _Flow(family, f" {sport}>{dport}")
            other = _Flow(family, f" {dport}>{sport}")
            self._flows[frame.receiver, frame.host, dst, dport, src, sport] = other
            flow.back, other.back = other, flow
        return flow

    def _count(self, number: int, flow: _Flow) -> int:
        """A sequence number of `flow`, as it is shown."""
        if not self._relative:
            return number
        base = flow.base
        if base is None:
            base = flow.base = number - 1  # the connection was open before the record begins
        return (number - base + 0x80000000 & 0xFFFFFFFF) - 0x80000000


def _again(flow: _Flow, seq: int) -> str:
    fast = "fast " if flow.back.duplicates >= 3 else ""
    original = flow.sent.get(seq)
    return f"{fast}retransmission" + ("" if original is None else f" of {original}")


def _outstanding(flow: _Flow, ack: int) -> bool:
    """Whether `flow` has sent more than `ack` acknowledges."""
    highest = flow.highest
    return highest is not None and 0 < (highest - ack & 0xFFFFFFFF) < 0x80000000


def _struck(frame: Frame, lost: bool, overtaken_by: int | None) -> dict[str, str]:
    """What happened to it on the way."""
    marks = {}
    if frame.copy_of is not None:
        marks[DUPLICATE] = f"duplicate of {frame.copy_of}"
    if lost:
        marks[LOST] = frame.fault or "lost"
    elif frame.corrupted:
        marks[CORRUPTED] = f"corrupted: {frame.fault}"
    elif overtaken_by and frame.copy_of is None:
        marks[LATE] = f"late: overtaken by {overtaken_by}"
    elif frame.fault and frame.copy_of is None:
        marks[DELAYED] = frame.fault
    return marks


def _quote(payload: bytes) -> str:
    """The first line, in quotes, where it is text; nothing where it isn't, or has no end in sight."""
    found = _TEXT.match(payload[:_LONGEST_LINE])
    if found is None or not (found.end() == len(payload) or payload[found.end()] in b"\r\n"):
        return ""
    return f' "{clip(found[0].decode("ascii"), _LONGEST_QUOTE)}"'


def _overtaken(frames: list[Frame]) -> dict[int, int]:
    """The frames that arrive after one sent later over the same link, and which one that is."""
    first: dict[tuple[str, str], tuple[int, int]] = {}  # of later ones: earliest arrival, whose
    late: dict[int, int] = {}
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


def _connections(frames: list[Frame]) -> int:
    """How many connections there are; more than two aren't counted."""
    seen: set[tuple[int, int]] = set()
    for frame in frames:
        tcp = frame.layers.tcp
        if tcp is not None:
            a, b = tcp.source_port, tcp.destination_port
            seen.add((a, b) if a < b else (b, a))
            if len(seen) > 1:
                break
    return len(seen)


# --- everything but TCP -----------------------------------------------------------------------


def _read_other(frame: Frame) -> Reading:
    layers = frame.layers
    family: Hashable = None
    head, rest, size = "", "", frame.payload_length
    if layers.malformed:
        head, rest = "malformed", layers.malformed
    elif layers.udp is not None:
        udp = layers.udp
        family = ("UDP", *sorted((udp.source_port, udp.destination_port)))
        head = "UDP"
        rest = f"{udp.source_port} > {udp.destination_port} len={size}{_quote(udp.payload)}"
    elif layers.icmp is not None:
        icmp = layers.icmp
        head, rest = "ICMP", icmp.type_text
        if icmp.type in (ECHO_REQUEST, ECHO_REPLY):
            rest += f" id={icmp.identifier} seq={icmp.sequence}"
            family = ("echo", icmp.identifier)
    elif layers.arp is not None:
        head, rest = frame.protocol, _arp(layers.arp)
    elif layers.ipv4 is not None:
        packet = layers.ipv4
        head = "fragment" if packet.is_fragment else "IPv4"
        where = f" offset={8 * packet.fragment_offset}" if packet.is_fragment else ""
        rest = f"id={packet.identification} protocol={packet.protocol}{where} len={size}"
    else:
        head, rest = frame.summary, ""
    return Reading(frame.protocol, head, rest, _NOTHING, family, size)


def _arp(arp: ArpPacket) -> str:
    if arp.operation == REQUEST:
        return f"who has {arp.target_protocol_address}? tell {arp.sender_protocol_address}"
    if arp.operation == REPLY:
        return f"{arp.sender_protocol_address} is at {arp.sender_hardware_address}"
    if arp.operation == REVERSE_REQUEST:
        return f"who is {arp.target_hardware_address}?"
    if arp.operation == REVERSE_REPLY:
        return f"{arp.target_hardware_address} is {arp.target_protocol_address}"
    return f"operation {arp.operation}"
