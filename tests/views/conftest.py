"""Traces made by hand: what a view must show can then be read off the test."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, EthernetFrame
from netlab.link.frame import DELIVERED, DROPPED, IN_FLIGHT
from netlab.network.address import IPv4Address
from netlab.network.arp_packet import REPLY, REQUEST, ArpPacket
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, Ipv4Packet
from netlab.sim.recording import Event
from netlab.trace.frame import Frame
from netlab.transport.tcp.options import build_options, mss_option
from netlab.transport.tcp.segment import ACK, FIN, PSH, RST, SYN, Segment
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import ms

FLAGS = {"FIN": FIN, "SYN": SYN, "RST": RST, "PSH": PSH, "ACK": ACK}
ISN = {"alice": 1_000_000, "bob": 4_294_967_000}  # bob's wraps soon
PORTS = {"alice": 49_152, "bob": 80}


@dataclass
class Link:
    name: str


@dataclass
class Story:
    """A trace that grows as it is told: it has what the views ask of a `netlab.trace.trace.Trace`."""

    hosts: list[str] = field(default_factory=lambda: ["alice", "bob"])
    addresses: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    delay: int = 10 * ms
    ports: dict[str, int] = field(default_factory=lambda: dict(PORTS))

    def __post_init__(self) -> None:
        for number, host in enumerate(self.hosts, 1):
            self.addresses.setdefault(host, f"10.0.0.{number}")

    @property
    def frames(self) -> list[Frame]:
        return [event for event in self.events if isinstance(event, Frame)]

    def frame(self, number: int) -> Frame:
        return self.frames[number - 1]

    # --- telling ---

    def event(self, time: int, host: str, layer: str, kind: str, reason: str = "", **fields: Any) -> Event:
        event = Event(len(self.events), time, host, layer, kind, fields, None, reason)
        self.events.append(event)
        return event

    def state(self, time: int, host: str, old: str, new: str, on: str = "") -> None:
        peer = next(h for h in self.hosts if h != host)
        label = f"{self.addresses[host]}:{self.ports.get(host, 0)} > {self.addresses[peer]}:{self.ports.get(peer, 0)}"
        self.event(time, host, "transport", "state", connection=label, on=on, **{"from": old, "to": new})

    def timer(self, start: int, end: int | None, host: str, name: str, due: int | None = None) -> None:
        """A timer that was set at `start`, and fires at `end` unless that is None."""
        at = end if due is None else due
        self.event(start, host, "transport", "timer set", timer=name, connection="c", at=at)
        if end is not None:
            self.event(end, host, "transport", "timer fired", timer=name, connection="c", at=end)

    def put(
        self,
        time: int,
        sender: str,
        receiver: str,
        data: bytes,
        *,
        arrives: int | None = None,
        lost: str = "",
        struck: int | None = None,
        fault: str = "",
        copy_of: int | None = None,
        received: bytes | None = None,
        in_flight: bool = False,
        queued: bool = True,
        reason: str = "",
    ) -> Frame:
        frame = Frame(
            len(self.frames) + 1,
            len(self.events),
            time,
            sender,
            receiver,
            Link(f"{sender}-{receiver}"),  # type: ignore[arg-type]
            data,
            None,
            reason,
        )
        if queued:
            frame.arrival = time + self.delay if arrives is None else arrives
        frame.received = data if received is None else received
        frame.fate = IN_FLIGHT if in_flight else DELIVERED
        frame.fault, frame.copy_of = fault, copy_of
        self.events.append(frame)
        if lost:
            frame.fate = DROPPED
            frame.note_fault(f"lost: {lost}")
            self.event(struck or time, sender, "link", "dropped", frame=frame.id, by=lost)
        return frame

    def ip(self, sender: str, receiver: str, protocol: int, payload: bytes, ends: tuple[str, str] | None = None, **fields: Any) -> bytes:
        src, dst = (IPv4Address.parse(self.addresses[h].partition("/")[0]) for h in ends or (sender, receiver))
        packet = Ipv4Packet(src, dst, protocol, payload, **fields).pack()
        return EthernetFrame(mac(self, receiver), mac(self, sender), ETHERTYPE_IPV4, packet).pack()

    def tcp(self, time: int, sender: str, receiver: str, flags: str, seq: int = 0, ack: int | None = None, payload: bytes = b"", window: int = 64_240, ends: tuple[str, str] | None = None, ports: tuple[int, int] | None = None, **fate: Any) -> Frame:
        """`seq` and `ack` count from the initial sequence numbers."""
        a, b = ends or (sender, receiver)
        bits = sum(FLAGS[name] for name in flags.split(",") if name)
        src, dst = (IPv4Address.parse(self.addresses[h].partition("/")[0]) for h in (a, b))
        segment = Segment(
            ports[0] if ports else self.ports.get(a, 1),
            ports[1] if ports else self.ports.get(b, 2),
            (ISN.get(a, 0) + seq) % 2**32,
            0 if ack is None else (ISN.get(b, 0) + ack) % 2**32,
            bits,
            window,
            payload,
            build_options([mss_option(1460)]) if bits & SYN else b"",
        )
        data = self.ip(sender, receiver, PROTOCOL_TCP, segment.pack(src, dst), (a, b), dont_fragment=True, identification=len(self.events))
        return self.put(time, sender, receiver, data, **fate)

    def udp(self, time: int, sender: str, receiver: str, payload: bytes, **fate: Any) -> Frame:
        src, dst = (IPv4Address.parse(self.addresses[h]) for h in (sender, receiver))
        datagram = UdpDatagram(53_000, 7, payload).pack(src, dst)
        return self.put(time, sender, receiver, self.ip(sender, receiver, PROTOCOL_UDP, datagram), **fate)

    def ping(self, time: int, sender: str, receiver: str, sequence: int, *, reply: bool = False, ends: tuple[str, str] | None = None, **fate: Any) -> Frame:
        make = IcmpMessage.echo_reply if reply else IcmpMessage.echo_request
        message = make(7, sequence, bytes(range(48))).pack()
        return self.put(time, sender, receiver, self.ip(sender, receiver, PROTOCOL_ICMP, message, ends), **fate)

    def arp(self, time: int, sender: str, receiver: str, *, reply: bool = False, **fate: Any) -> Frame:
        mine, theirs = (IPv4Address.parse(self.addresses[h]) for h in (sender, receiver))
        target = mac(self, receiver) if reply else MacAddress(0)
        packet = ArpPacket(REPLY if reply else REQUEST, mac(self, sender), mine, target, theirs).pack()
        dst = target if reply else MacAddress.BROADCAST
        data = EthernetFrame(dst, mac(self, sender), ETHERTYPE_ARP, packet).pack()
        return self.put(time, sender, receiver, data, **fate)


def mac(story: Story, host: str) -> MacAddress:
    return MacAddress(0x020000000001 + story.hosts.index(host))


def handshake(story: Story, start: int = 0) -> int:
    """alice opens to bob; returns when she is ESTABLISHED."""
    d = story.delay
    story.state(start, "bob", "CLOSED", "LISTEN", "passive OPEN")
    story.state(start, "alice", "CLOSED", "SYN_SENT", "active OPEN")
    story.tcp(start, "alice", "bob", "SYN")
    story.state(start + d, "bob", "LISTEN", "SYN_RCVD", "rcv SYN")
    story.tcp(start + d, "bob", "alice", "SYN,ACK", 0, 1)
    story.state(start + 2 * d, "alice", "SYN_SENT", "ESTABLISHED", "rcv SYN,ACK")
    story.tcp(start + 2 * d, "alice", "bob", "ACK", 1, 1)
    return start + 2 * d


@pytest.fixture
def story() -> type[Story]:
    return Story
