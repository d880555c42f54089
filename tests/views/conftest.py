"""Traces made by hand: what a view must show can then be read off the test."""

from collections.abc import Callable
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
from netlab.transport.tcp.options import Options
from netlab.transport.tcp.segment import ACK, FIN, PSH, RST, SYN, Segment
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import minute, ms, s, us

FLAGS = {"FIN": FIN, "SYN": SYN, "RST": RST, "PSH": PSH, "ACK": ACK}
ISN = {"alice": 1_000_000, "bob": 4_294_967_000}  # bob's wraps soon
PORTS = {"alice": 49_152, "bob": 80}
GET = b"GET / HTTP/1.1\r\nHost: bob\r\nAccept-Encoding: identity\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nHello, world!\n"


Ends = tuple[str, str] | None


@dataclass
class Link:
    name: str
    linktype: int = 1


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

    def event(
        self, time: int, host: str, layer: str, kind: str, reason: str = "", **fields: Any
    ) -> Event:
        cause = None
        if kind == "timer fired":  # what set it has made it fire
            names = [fields[name] for name in ("timer", "connection")]
            cause = next(
                event
                for event in reversed(self.events)
                if event.kind == "timer set"
                and event.host == host
                and [event.fields[name] for name in ("timer", "connection")] == names
            )
        event = Event(len(self.events), time, host, layer, kind, fields, cause, reason)
        self.events.append(event)
        return event

    def state(self, time: int, host: str, old: str, new: str, on: str = "") -> None:
        peer = next(h for h in self.hosts if h != host)
        label = " > ".join(f"{self.addresses[h]}:{self.ports.get(h, 0)}" for h in (host, peer))
        fields = {"connection": label, "from": old, "to": new, "on": on}
        self.event(time, host, "transport", "state", **fields)

    def timer(
        self, start: int, end: int | None, host: str, name: str, due: int | None = None
    ) -> None:
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

    def ip(
        self,
        sender: str,
        receiver: str,
        protocol: int,
        payload: bytes,
        ends: Ends = None,
        **fields: Any,
    ) -> bytes:
        src, dst = (
            IPv4Address.parse(self.addresses[h].partition("/")[0])
            for h in ends or (sender, receiver)
        )
        packet = Ipv4Packet(src, dst, protocol, payload, **fields).pack()
        return EthernetFrame(mac(self, receiver), mac(self, sender), ETHERTYPE_IPV4, packet).pack()

    def tcp(
        self,
        time: int,
        sender: str,
        receiver: str,
        flags: str,
        seq: int = 0,
        ack: int | None = None,
        payload: bytes = b"",
        window: int = 64_240,
        ends: Ends = None,
        ports: tuple[int, int] | None = None,
        **fate: Any,
    ) -> Frame:
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
            Options(mss=1460).pack() if bits & SYN else b"",
        )
        data = self.ip(
            sender,
            receiver,
            PROTOCOL_TCP,
            segment.pack(src, dst),
            (a, b),
            dont_fragment=True,
            identification=len(self.events),
        )
        return self.put(time, sender, receiver, data, **fate)

    def udp(self, time: int, sender: str, receiver: str, payload: bytes, **fate: Any) -> Frame:
        src, dst = (IPv4Address.parse(self.addresses[h]) for h in (sender, receiver))
        datagram = UdpDatagram(53_000, 7, payload).pack(src, dst)
        return self.put(
            time, sender, receiver, self.ip(sender, receiver, PROTOCOL_UDP, datagram), **fate
        )

    def ping(
        self,
        time: int,
        sender: str,
        receiver: str,
        sequence: int,
        *,
        reply: bool = False,
        ends: Ends = None,
        **fate: Any,
    ) -> Frame:
        make = IcmpMessage.echo_reply if reply else IcmpMessage.echo_request
        message = make(7, sequence, bytes(range(48))).pack()
        return self.put(
            time, sender, receiver, self.ip(sender, receiver, PROTOCOL_ICMP, message, ends), **fate
        )

    def arp(
        self, time: int, sender: str, receiver: str, *, reply: bool = False, **fate: Any
    ) -> Frame:
        mine, theirs = (IPv4Address.parse(self.addresses[h]) for h in (sender, receiver))
        target = mac(self, receiver) if reply else MacAddress(0)
        packet = ArpPacket(
            REPLY if reply else REQUEST, mac(self, sender), mine, target, theirs
        ).pack()
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


def web(story: Story) -> None:
    """ARP, a page fetched, the connection closed by bob."""
    d = story.delay
    story.arp(0, "alice", "bob")
    story.arp(d, "bob", "alice", reply=True)
    now = handshake(story, 2 * d)
    got, sent = 1 + len(GET), 1 + len(OK)
    story.tcp(now, "alice", "bob", "PSH,ACK", 1, 1, GET, reason="The program sent it (RFC 9293).")
    now += d
    story.state(now, "bob", "SYN_RCVD", "ESTABLISHED", "rcv ACK of SYN")
    story.tcp(now, "bob", "alice", "PSH,ACK", 1, got, OK)
    story.state(now, "bob", "ESTABLISHED", "FIN_WAIT_1", "CLOSE")
    story.tcp(now, "bob", "alice", "FIN,ACK", sent, got)
    now += d
    story.tcp(now, "alice", "bob", "ACK", got, sent)
    story.state(now, "alice", "ESTABLISHED", "CLOSE_WAIT", "rcv FIN")
    story.tcp(now, "alice", "bob", "ACK", got, sent + 1)
    story.state(now + 2 * ms, "alice", "CLOSE_WAIT", "LAST_ACK", "CLOSE")
    story.tcp(now + 2 * ms, "alice", "bob", "FIN,ACK", got, sent + 1)
    story.state(now + d, "bob", "FIN_WAIT_1", "FIN_WAIT_2", "rcv ACK of FIN")
    now += 2 * ms + d
    story.state(now, "bob", "FIN_WAIT_2", "TIME_WAIT", "rcv FIN")
    story.tcp(now, "bob", "alice", "ACK", sent + 1, got + 1)
    story.state(now + d, "alice", "LAST_ACK", "CLOSED", "rcv ACK of FIN")
    story.timer(now, now + 4 * minute, "bob", "2MSL")
    story.state(now + 4 * minute, "bob", "TIME_WAIT", "CLOSED", "timeout 2MSL")


def lost_segment(story: Story) -> None:
    """A lost segment that is sent again when the timer fires."""
    now, d = handshake(story), story.delay
    story.event(
        now, "alice", "transport", "timer set", timer="retransmission", connection="c", at=now + s
    )
    story.tcp(now, "alice", "bob", "PSH,ACK", 1, 1, GET, lost="rule 1 (drop)")
    now += s
    story.event(now, "alice", "transport", "timer fired", timer="retransmission", connection="c")
    story.tcp(now, "alice", "bob", "PSH,ACK", 1, 1, GET)
    story.tcp(now + d, "bob", "alice", "PSH,ACK", 1, 1 + len(GET), OK)
    story.tcp(now + 2 * d, "alice", "bob", "ACK", 1 + len(GET), 1 + len(OK))


def lost_fin(story: Story) -> None:
    """A FIN that is lost twice, once by a rule and once by chance."""
    now, d = handshake(story) + 30 * ms, story.delay
    story.state(now, "alice", "ESTABLISHED", "FIN_WAIT_1", "CLOSE")
    for wait, by in ((1, "rule 1 (drop)"), (2, "random loss (probability 0.01)")):
        label = {"timer": "retransmission", "connection": "c"}
        story.event(now, "alice", "transport", "timer set", at=now + wait * s, **label)
        story.tcp(now, "alice", "bob", "FIN,ACK", 1, 1, lost=by)
        now += wait * s
        story.event(now, "alice", "transport", "timer fired", at=now, **label)
    story.tcp(now, "alice", "bob", "FIN,ACK", 1, 1)
    now += d
    story.state(now, "bob", "ESTABLISHED", "CLOSE_WAIT", "rcv FIN")
    story.tcp(now, "bob", "alice", "ACK", 1, 2)
    story.state(now, "bob", "CLOSE_WAIT", "LAST_ACK", "CLOSE")
    story.tcp(now, "bob", "alice", "FIN,ACK", 1, 2)
    story.state(now + d, "alice", "FIN_WAIT_1", "FIN_WAIT_2", "rcv ACK of FIN")
    story.state(now + d, "alice", "FIN_WAIT_2", "TIME_WAIT", "rcv FIN")
    story.tcp(now + d, "alice", "bob", "ACK", 2, 2)


def lost_among_others(story: Story) -> None:
    """The other side's FIN comes, and the own one is lost just before the answer to it."""
    now, d = handshake(story), story.delay
    story.tcp(now + d, "bob", "alice", "FIN,ACK", 1, 1)
    now += 2 * d
    by = "random loss (probability 0.01)"
    story.tcp(now - 50 * us, "alice", "bob", "PSH,ACK", 1, 1, GET, lost=by)
    story.tcp(now, "alice", "bob", "PSH,ACK", 1 + len(GET), 2, b"One more line of text.")


def simultaneous_open(story: Story) -> None:
    d = story.delay
    both = (("alice", "bob"), ("bob", "alice"))
    for host, other in both:
        story.state(0, host, "CLOSED", "SYN_SENT", "active OPEN")
        story.tcp(0, host, other, "SYN")
    for host, other in both:
        story.state(d, host, "SYN_SENT", "SYN_RCVD", "rcv SYN")
        story.tcp(d, host, other, "SYN,ACK", 0, 1)
    for host, _ in both:
        story.state(2 * d, host, "SYN_RCVD", "ESTABLISHED", "rcv ACK of SYN")


def faults(story: Story) -> None:
    """One of each: overtaken, duplicated, corrupted, delayed, and a duplicate acknowledgment."""
    now, d, gap = handshake(story), story.delay, 1200 * us
    for number in range(4):
        fate = {}
        if number == 1:
            fate = {"fault": "held back by rule 1 (reorder)", "arrives": now + d + 4 * gap}
        story.tcp(
            now + number * gap, "alice", "bob", "ACK", 1 + 1000 * number, 1, bytes(1000), **fate
        )
    copy = {"copy_of": 7, "fault": "a copy of frame 7, made by rule 2 (duplicate)"}
    arrives = now + d + 5 * gap
    story.tcp(now + 3 * gap, "alice", "bob", "ACK", 3001, 1, bytes(1000), arrives=arrives, **copy)
    now += d
    story.tcp(now, "bob", "alice", "ACK", 1, 1001)
    story.tcp(now + 2 * gap, "bob", "alice", "ACK", 1, 1001)
    story.tcp(now + 4 * gap, "bob", "alice", "ACK", 1, 4001)
    now += 40 * ms
    frame = story.tcp(now, "alice", "bob", "PSH,ACK", 4001, 1, b"hello again")
    damaged = bytearray(frame.bytes)
    damaged[60] ^= 4
    frame.received = bytes(damaged)
    frame.fault = "bit 485 (in byte 60) flipped by rule 3 (corrupt)"
    fault = "delayed by 40 ms, by rule 4 (delay)"
    later = now + 70 * ms
    story.tcp(
        now + 20 * ms, "alice", "bob", "PSH,ACK", 4012, 1, b"late", fault=fault, arrives=later
    )


def routed_ping(story: Story) -> None:
    """A ping through a router, with ARP on both sides."""
    story.__init__(
        ["alice", "r1", "bob"], {"alice": "10.0.1.1", "r1": "10.0.1.254", "bob": "10.0.2.1"}
    )
    d, there, back = story.delay, ("alice", "bob"), ("bob", "alice")
    story.arp(0, "alice", "r1")
    story.arp(d, "r1", "alice", reply=True)
    story.ping(2 * d, "alice", "r1", 1, ends=there)
    story.arp(3 * d, "r1", "bob")
    story.arp(4 * d, "bob", "r1", reply=True)
    story.ping(5 * d, "r1", "bob", 1, ends=there)
    story.ping(6 * d, "bob", "r1", 1, reply=True, ends=back)
    story.ping(7 * d, "r1", "alice", 1, reply=True, ends=back)


def bulk(story: Story, segments: int = 60) -> None:
    """Many full segments, every second one acknowledged, and a close at the end."""
    now, d, gap = handshake(story), story.delay, 1_211_200
    moments = [(now + n * gap, 0, n) for n in range(segments)]
    moments += [(now + (n + 1) * gap + d, 1, n) for n in range(1, segments, 2)]
    for time, is_ack, n in sorted(moments):
        if is_ack:
            story.tcp(time, "bob", "alice", "ACK", 1, 1 + 1460 * (n + 1))
        else:
            story.tcp(time, "alice", "bob", "ACK", 1 + 1460 * n, 1, bytes(1460))
    now = moments[-1][0] + d
    story.state(now, "alice", "ESTABLISHED", "FIN_WAIT_1", "CLOSE")
    story.tcp(now, "alice", "bob", "FIN,ACK", 1 + 1460 * segments, 1)


def burst(story: Story) -> None:
    """Six segments at once, over a cable without a limit of its rate."""
    now, d = handshake(story), story.delay
    for number in range(6):
        story.tcp(now, "alice", "bob", "ACK", 1 + 1460 * number, 1, bytes(1460))
    for number in (2, 4, 6):
        story.tcp(now + d, "bob", "alice", "ACK", 1, 1 + 1460 * number)


SCENES: dict[str, Callable[[Story], None]] = {
    tell.__name__: tell
    for tell in (
        web, lost_segment, lost_fin, lost_among_others, simultaneous_open, faults, routed_ping,
        bulk, burst,
    )
}  # fmt: skip


@pytest.fixture
def story() -> Story:
    """A trace in which nothing has happened yet."""
    return Story()


@pytest.fixture(params=SCENES)
def any_scene(request: pytest.FixtureRequest) -> Story:
    """Each of the scenes in turn."""
    story = Story()
    SCENES[request.param](story)
    return story


@pytest.fixture
def scene() -> Callable[[str], Story]:
    """The scene with the name given."""

    def tell(name: str) -> Story:
        story = Story()
        SCENES[name](story)
        return story

    return tell
