"""A conversation with one TCP, step by step, as a story.

One netlab host, `alice`, is at one end of a cable; at the other is a bare peer that has no stack and
says only what the test tells it to. Each step is one line: what the user of alice's connection calls,
what the peer sends, what alice must send then, and how much time passes. Sequence numbers count from
each side's SYN, which is 0. The cable takes no time, so an answer comes at the moment of the question.

Everything that alice sends must be expected by some step: a segment too many fails as well as one too
few. A failing step prints the story up to there, and the ladder diagram.
"""

from typing import NoReturn

from netlab import Network
from netlab.link.address import MacAddress
from netlab.link.cable import Cable
from netlab.link.ethernet import ETHERTYPE_IPV4, EthernetFrame
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address
from netlab.network.ipv4_packet import PROTOCOL_TCP, Ipv4Packet
from netlab.trace.frame import Frame
from netlab.transport.tcp.connection import Connection
from netlab.transport.tcp.endpoint import Listener
from netlab.transport.tcp.options import Options
from netlab.transport.tcp.segment import ACK, CWR, ECE, FIN, PSH, RST, SYN, URG, Segment
from netlab.transport.tcp.states import State
from netlab.units import show_time

ALICE = IPv4Address.parse("10.0.0.1")
PEER = IPv4Address.parse("10.0.0.2")
PEER_MAC = MacAddress.parse("02:00:00:00:00:fe")
ALICE_ISN = 1_000
PEER_ISN = 5_000_000
LISTENING_PORT = 80
PEER_PORT = 40_000

FLAGS = {
    "FIN": FIN,
    "SYN": SYN,
    "RST": RST,
    "PSH": PSH,
    "ACK": ACK,
    "URG": URG,
    "ECE": ECE,
    "CWR": CWR,
}


class Story:
    """Steps, and what came of them so far. Settings of alice's TCP go in by name: `Story(msl=30 * s)`."""

    def __init__(
        self, *, isn: int = ALICE_ISN, peer_isn: int = PEER_ISN, mtu: int = 1500, **settings: object
    ) -> None:
        self.net = Network(seed=1)
        self.alice = self.net.host("alice", f"{ALICE}/24", mtu=mtu)
        self.tcp = self.alice.tcp
        self.tcp.settings.isn = isn
        self.tcp.settings.initial_window = 4  # few, so that a story can tell of each
        for name, value in settings.items():
            setattr(self.tcp.settings, name, value)
        self.isn = isn
        self.peer_isn = peer_isn
        self.connection: Connection | None = None
        self.listener: Listener | None = None
        self.alice_port = LISTENING_PORT
        self.peer_port = PEER_PORT
        self._sent: list[tuple[int, Segment]] = []
        self._told: list[str] = []
        self._interface = Interface(self.net.sim, "peer", "eth0", PEER_MAC, mtu)
        self._interface.handlers[ETHERTYPE_IPV4] = self._hear
        Cable(self.net.sim, self.alice.interfaces[0], self._interface, frame_type=Frame)
        self.alice.arp.add(PEER, PEER_MAC)

    # --- what the user of alice's TCP does --------------------------------------------------

    @property
    def tcb(self) -> Connection:
        """Alice's connection."""
        assert self.connection is not None, "no connection yet: connect(), or accept()"
        return self.connection

    def connect(self, *, passive: bool = False) -> None:
        """Active OPEN to the peer's port 80; or a passive one, for this peer alone."""
        self._tell("alice's user listens for the peer" if passive else "alice's user connects")
        self.peer_port = LISTENING_PORT
        self.binding = self.tcp.bind(IPv4Address.UNSPECIFIED, 0)
        self.alice_port = self.binding.port
        self.connection = self.tcp.connect(self.binding, (PEER, self.peer_port), passive=passive)

    def connect_again(self) -> None:
        """Active OPEN with the same socket pair as before."""
        self._tell("alice's user lets go of the port, and connects from it again")
        self.tcp.release(self.binding)
        self.binding = self.tcp.bind(ALICE, self.alice_port, reuse=True)
        self.connection = self.tcp.connect(self.binding, (PEER, self.peer_port))

    def listen(self, backlog: int = 5) -> None:
        """Passive OPEN of port 80, for anybody."""
        self._tell(f"alice's user listens, backlog {backlog}")
        self.alice_port, self.peer_port = LISTENING_PORT, PEER_PORT
        binding = self.tcp.bind(IPv4Address.UNSPECIFIED, LISTENING_PORT)
        self.listener = self.tcp.listen(binding, backlog)

    def accept(self) -> None:
        """Take the connection that the listener has."""
        assert self.listener is not None
        self._tell("alice's user accepts")
        self._settle()
        if not self.listener.accepted:
            self._fail("no connection waits to be accepted")
        self.connection = self.listener.accepted.popleft()

    def find(self) -> None:
        """The connection that isn't open yet, or that nobody accepted."""
        self._settle()
        self.connection = self.tcp.connections[-1]

    def write(self, data: bytes) -> None:
        """SEND."""
        self._tell(f"alice's user sends {_text(data)}")
        taken = self.tcb.send(data)
        if taken != len(data):
            self._fail(f"TCP took {taken} bytes of {len(data)}")

    def read(self, expected: bytes, count: int | None = None) -> None:
        """RECEIVE: the user must get these bytes when asking for `count` (None: for so many)."""
        self._tell(f"alice's user receives {_text(expected)}")
        self._settle()
        got = self.tcb.receive(len(expected) if count is None else count)
        if got != expected:
            self._fail(f"the user should have got {_text(expected)}, but it was {_text(got)}")

    def close(self) -> None:
        """CLOSE: end sending; `shutdown(SHUT_WR)` on a socket."""
        self._tell("alice's user closes")
        self.tcb.close()

    def close_both_ways(self) -> None:
        """CLOSE, and read no more: `close()` on a socket."""
        self._tell("alice's user closes both ways")
        self.tcb.close_both_ways()

    def abort(self) -> None:
        """ABORT."""
        self._tell("alice's user aborts")
        self.tcb.abort()

    # --- what the peer does -----------------------------------------------------------------

    def peer(
        self,
        flags: str,
        *,
        seq: int = 0,
        ack: int = 0,
        text: bytes = b"",
        window: int = 65_535,
        mss: int | None = None,
        options: bytes = b"",
        from_port: int | None = None,
        to_port: int | None = None,
    ) -> None:
        """The peer sends a segment: `flags` as "SYN,ACK" (or "" for none), numbers from each SYN on."""
        bits = _bits(flags)
        self._tell(f"the peer sends {_describe(flags, seq, ack if bits & ACK else None, text)}")
        if mss is not None:
            options = Options(mss=mss).pack()
        segment = Segment(
            self.peer_port if from_port is None else from_port,
            self.alice_port if to_port is None else to_port,
            (self.peer_isn + seq) & 0xFFFFFFFF,
            (self.isn + ack) & 0xFFFFFFFF,
            bits,
            window,
            text,
            options,
        )
        self.peer_sends_packet(
            Ipv4Packet(PEER, ALICE, PROTOCOL_TCP, segment.pack(PEER, ALICE)),
        )

    def peer_sends_packet(self, packet: Ipv4Packet) -> None:
        """The peer sends any IPv4 packet."""
        frame = EthernetFrame(self.alice.interfaces[0].mac, PEER_MAC, ETHERTYPE_IPV4, packet.pack())
        self._interface.send_frame(frame.pack(), "the story says so", None)
        self._settle()

    # --- what alice must do -----------------------------------------------------------------

    def alice_sends(
        self,
        flags: str,
        *,
        seq: int | None = None,
        ack: int | None = None,
        text: bytes | None = None,
        size: int | None = None,
        window: int | None = None,
        mss: int | None = None,
        push: bool | None = None,
        after: int = 0,
    ) -> Segment:
        """Alice sends this next: exactly `after` ns from now, and nothing before.

        What is None isn't looked at, but for the text: `text` or `size` is expected, or none. PSH
        counts only where `push` says so.
        """
        expected = _describe(flags, seq, ack, text, size)
        when = self.net.now + after
        self._told.append(f"{show_time(when):>12}  alice sends {expected}")
        self.net.run(until=when)
        if not self._sent:
            self._fail(f"alice should have sent {expected}, but she sent nothing")
        time, segment = self._sent.pop(0)
        was = self._show(segment)
        if time != when:
            self._fail(f"this should have come at {show_time(when)}: at {show_time(time)}, {was}")
        wanted = _bits(flags)
        same = (
            segment.flags & ~PSH == wanted & ~PSH
            and (seq is None or segment.seq == (self.isn + seq) & 0xFFFFFFFF)
            and (ack is None or segment.ack == (self.peer_isn + ack) & 0xFFFFFFFF)
            and (text is None or segment.payload == text)
            and (text is not None or len(segment.payload) == (size or 0))
            and (window is None or segment.window == window)
            and (mss is None or Options.parse(segment.options).mss == mss)
            and (push is None or segment.psh == push)
        )
        if not same:
            details = "".join(
                f", {name} {value}"
                for name, value in (("window", window), ("MSS", mss), ("PSH", push))
                if value is not None
            )
            self._fail(f"alice should have sent {expected}{details}, but it was {was}")
        return segment

    def silence(self, time: int = 0) -> None:
        """Alice sends nothing for `time` ns."""
        self._told.append(f"{show_time(self.net.now):>12}  silence for {show_time(time)}")
        self.net.run(until=self.net.now + time)
        self._expect_nothing()

    def alice_is(self, state: State) -> None:
        """Alice's connection is in this state."""
        self._told.append(f"{show_time(self.net.now):>12}  alice is in {state}")
        self._settle()
        if self.tcb.state is not state:
            self._fail(f"alice should be in {state}, but she is in {self.tcb.state}")

    def alice_forgets(self) -> None:
        """The TCB is deleted, and no timer of it will fire."""
        self.alice_is(State.CLOSED)
        if self.tcb in self.tcp.connections:
            self._fail("the connection is CLOSED, but its TCB is still there")
        self._expect_nothing()
        self.net.run()
        self._expect_nothing()

    def alice_reports(self, number: int) -> None:
        """The user learns that this error (an errno) ended the connection."""
        error = self.tcb.error
        if error is None or error.errno != number:
            self._fail(f"the user should have got errno {number}, but it was {error!r}")

    def settle(self) -> None:
        """Let everything happen that happens now; nothing may be sent."""
        self._settle()
        self._expect_nothing()

    # --- stretches that many stories share --------------------------------------------------

    def opened(self, *, window: int = 65_535, mss: int | None = 1460) -> "Story":
        """The three-way handshake, begun by alice. Both sides stand at sequence number 1 then."""
        self.connect()
        self.alice_sends("SYN", seq=0)
        self.peer("SYN,ACK", seq=0, ack=1, window=window, mss=mss)
        self.alice_sends("ACK", seq=1, ack=1)
        return self

    def accepted(self, *, window: int = 65_535, mss: int | None = 1460) -> "Story":
        """The three-way handshake, begun by the peer."""
        self.listen()
        self.peer("SYN", seq=0, window=window, mss=mss)
        self.alice_sends("SYN,ACK", seq=0, ack=1)
        self.peer("ACK", seq=1, ack=1, window=window)
        self.accept()
        return self

    def reach(self, state: State) -> "Story":
        """From the beginning to `state`, with nothing left to send or to acknowledge there.

        Numbers then: alice's next is 1, and 2 behind her FIN; the peer's likewise.
        """
        match state:
            case State.LISTEN:
                self.connect(passive=True)
            case State.SYN_SENT:
                self.connect()
                self.alice_sends("SYN", seq=0)
            case State.SYN_RCVD:
                self.listen()
                self.peer("SYN", seq=0, mss=1460)
                self.alice_sends("SYN,ACK", seq=0, ack=1)
                self.find()
            case State.ESTABLISHED:
                self.opened()
            case State.FIN_WAIT_1:
                self.opened()
                self.close()
                self.alice_sends("FIN,ACK", seq=1, ack=1)
            case State.FIN_WAIT_2:
                self.reach(State.FIN_WAIT_1)
                self.peer("ACK", seq=1, ack=2)
            case State.CLOSE_WAIT:
                self.opened()
                self.peer("FIN,ACK", seq=1, ack=1)
                self.alice_sends("ACK", seq=1, ack=2)
            case State.CLOSING:
                self.reach(State.FIN_WAIT_1)
                self.peer("FIN,ACK", seq=1, ack=1)
                self.alice_sends("ACK", seq=2, ack=2)
            case State.LAST_ACK:
                self.reach(State.CLOSE_WAIT)
                self.close()
                self.alice_sends("FIN,ACK", seq=1, ack=2)
            case State.TIME_WAIT:
                self.reach(State.FIN_WAIT_2)
                self.peer("FIN,ACK", seq=1, ack=2)
                self.alice_sends("ACK", seq=2, ack=2)
        self.alice_is(state)
        return self

    @property
    def peer_next(self) -> int:
        """The sequence number that alice expects from the peer."""
        return (self.tcb.receiver.rcv_nxt - self.peer_isn) & 0xFFFFFFFF

    @property
    def alice_next(self) -> int:
        """The sequence number of the next thing that alice sends."""
        return (self.tcb.sender.snd_max - self.isn) & 0xFFFFFFFF

    @property
    def alice_una(self) -> int:
        """The first sequence number of alice's that the peer hasn't acknowledged."""
        return (self.tcb.sender.snd_una - self.isn) & 0xFFFFFFFF

    # --- inside -----------------------------------------------------------------------------

    def _hear(self, interface: Interface, frame: EthernetFrame) -> None:
        packet = Ipv4Packet.parse(frame.payload)
        if packet.protocol == PROTOCOL_TCP:
            assert Segment.verify(packet.payload, packet.src, packet.dst)
            self._sent.append((self.net.now, Segment.parse(packet.payload)))

    def _settle(self) -> None:
        self.net.run(until=self.net.now)

    def _tell(self, line: str) -> None:
        self._expect_nothing()
        self._told.append(f"{show_time(self.net.now):>12}  {line}")

    def _expect_nothing(self) -> None:
        self._settle()
        if self._sent:
            time, segment = self._sent[0]
            self._fail(
                f"alice should have sent nothing more, but at {show_time(time)} she sent"
                f" {self._show(segment)}"
            )

    def _show(self, segment: Segment) -> str:
        text = _describe(
            segment.flags_text,
            (segment.seq - self.isn) & 0xFFFFFFFF,
            (segment.ack - self.peer_isn) & 0xFFFFFFFF if segment.has_ack else None,
            segment.payload,
        )
        return f"{text}, window {segment.window}"

    def _fail(self, what: str) -> NoReturn:
        steps = "\n".join(f"{at:>3}. {line}" for at, line in enumerate(self._told, 1))
        ladder = self.net.trace.sequence().text()
        raise AssertionError(f"{what}\n\nThe story so far:\n{steps}\n\n{ladder}")


def _bits(flags: str) -> int:
    return sum(FLAGS[name] for name in flags.split(",") if name)


def _describe(
    flags: str, seq: int | None, ack: int | None, text: bytes | None, size: int | None = None
) -> str:
    parts = [flags or "a segment without flags"]
    if seq is not None:
        parts.append(f"seq {seq}")
    if ack is not None:
        parts.append(f"ack {ack}")
    if text:
        parts.append(_text(text))
    elif size:
        parts.append(f"{size} bytes")
    return ", ".join(parts)


def _text(data: bytes) -> str:
    return repr(data) if len(data) <= 20 else f"{len(data)} bytes {data[:8]!r}..."
