"""One TCP connection: it ties the parts together and holds no mechanism of its own.

The state changes only by the transition table (`happens`); what a transition does is a list of
actions there, each of which is one method here.
"""

import warnings
from collections.abc import Callable
from errno import (
    ECONNABORTED,
    ECONNREFUSED,
    ECONNRESET,
    EMSGSIZE,
    ENOPROTOOPT,
    EPIPE,
    ETIMEDOUT,
)
from typing import TYPE_CHECKING, Any, NoReturn

from netlab.errors import PartError
from netlab.network.address import IPv4Address
from netlab.sim.program import Signal
from netlab.sim.recording import Event
from netlab.transport.tcp.arrives import segment_arrives
from netlab.transport.tcp.ecn import ECT_0, Ecn
from netlab.transport.tcp.isn import initial_sequence_number, number_of_pair
from netlab.transport.tcp.negotiation import Negotiation
from netlab.transport.tcp.receiver import LARGEST_FIELD, Receiver
from netlab.transport.tcp.segment import ACK, RST, SYN, Segment
from netlab.transport.tcp.segment_size import SegmentSize
from netlab.transport.tcp.sender import Sender
from netlab.transport.tcp.seq import less, plus
from netlab.transport.tcp.states import Action, State, TcpEvent
from netlab.transport.tcp.timers import TcpTimer
from netlab.transport.tcp.timestamps import Timestamps
from netlab.units import show_time

if TYPE_CHECKING:
    from netlab.transport.tcp.endpoint import Listener, Tcp

SocketAddress = tuple[IPv4Address, int]

_SENDING = frozenset({State.SYN_SENT, State.SYN_RCVD, State.ESTABLISHED, State.CLOSE_WAIT})
_RECEIVING = frozenset(
    {State.SYN_SENT, State.SYN_RCVD, State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2}
)
"""Where something may still come from the other side."""
_LOSING_DATA = frozenset({State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT})
"""Where a user who goes away with data unread loses them, and the other side must know."""
_HARD_ERRORS = frozenset({ENOPROTOOPT, ECONNREFUSED})
"""Of ICMP: nothing there speaks TCP, or nobody is at the port (RFC 1122 section 4.2.3.9)."""


class Connection:
    """The control block (TCB) of one connection, with the user's calls of RFC 9293 section 3.9.1.

    `error` is what ended it, if not a close. `readable` and `writable` are notified when a user who
    waits for either may go on.
    """

    def __init__(
        self,
        tcp: "Tcp",
        local: SocketAddress,
        remote: SocketAddress,
        listener: "Listener | None" = None,
        *,
        ttl: int | None = None,
    ) -> None:
        self.tcp = tcp
        self.clock = tcp.clock
        self.settings = tcp.settings
        self.local = local
        self.remote = remote
        self.ttl = ttl
        self.label = f"{local[0]}:{local[1]} > {remote[0]}:{remote[1]}"
        self.listener = listener
        self.state = State.CLOSED if listener is None else State.LISTEN  # it takes over from there
        self.passive = listener is not None
        self.error: OSError | None = None
        self.segment_size = SegmentSize(self)
        self._soft_error = (-1, OSError())  # the last one, and when it came
        self.isn_above: int | None = None  # what an earlier one between these ports has used
        self.next_stray_answer = 0  # from when on a stray segment without text is answered
        self.readable = Signal(self.clock)
        self.writable = Signal(self.clock)
        self.path: list[tuple[State, TcpEvent, State]] = []
        self._close_when_open = False
        self._begin_anew()
        self._time_wait = TcpTimer(self, "TIME_WAIT (2 MSL)", self._on_time_wait_over)
        self._actions: dict[Action, Callable[[str], None]] = {
            Action.SEND_SYN: self._send_syn,
            Action.SEND_SYN_ACK: self._send_syn_ack,
            Action.SEND_ACK: self.send_ack,
            Action.SEND_FIN: self._send_fin,
            Action.SEND_RST: self._send_rst,
            Action.START_2MSL: self._start_time_wait,
            Action.REPORT_OPEN: self._report_open,
            Action.REPORT_REFUSED: lambda why: self._fail(ECONNREFUSED, "Connection refused"),
            Action.REPORT_RESET: lambda why: self._fail(ECONNRESET, "Connection reset by peer"),
            Action.REPORT_TIMEOUT: self._report_timeout,
            Action.DELETE_TCB: self._delete,
        }

    def _begin_anew(self) -> None:
        settings, parts = self.settings, self.tcp.parts
        self.mss = self.segment_size.that_fits()
        self.sender = Sender(
            self,
            parts.new_rto(settings, self.blame),
            parts.new_congestion(settings, self.mss, self.blame),
            settings.send_buffer,
        )
        self.receiver = Receiver(self, settings.receive_buffer)
        self.timestamps = Timestamps(
            number_of_pair(self.local, self.remote, self.tcp.isn_secret, b"timestamps")
        )
        self.ecn = Ecn()
        self.negotiation = Negotiation(self)

    def __repr__(self) -> str:
        return f"<TCP connection {self.label}, {self.state}>"

    # --- the state machine ------------------------------------------------------------------

    def happens(self, event: TcpEvent, why: str) -> None:
        """Take the transition for `event`. Where the table has none, nothing changes but for a warning."""
        problem = self._take(event, why)
        if problem:
            warnings.warn(f"{problem}; it was ignored ({why})", RuntimeWarning, stacklevel=2)

    def _called(self, event: TcpEvent, why: str) -> None:
        """Take the transition for a call of the user. PartError where the table has none."""
        problem = self._take(event, why)
        if problem:
            raise PartError(f"{problem}, so {why} in vain")

    def _take(self, event: TcpEvent, why: str) -> str:
        """Take the transition for `event`: record it, do its actions. What is wrong, if it has none."""
        state = self.state
        row = self.tcp.parts.transitions.get((state, event))
        if row is None:
            self.record("no transition", {"state": str(state), "on": str(event)}, why)
            return f"{self.tcp.host}'s transition table has no row for {event!r} in {state!r}"
        try:
            names, then, section = row
            actions = [self._actions[name] for name in names]
            then = State(then)
        except (TypeError, ValueError, KeyError) as error:
            self.blame("transition table", f"has {row!r} for {event!r} in {state!r}", error)
        reason = f"{why} (RFC 9293 section {section})"
        self.state = then
        self.path.append((state, event, then))
        done = self.record("state", {"from": str(state), "to": str(then), "on": str(event)}, reason)
        if done is not None:
            self.clock.cause = done
        for action in actions:
            action(reason)
        return ""

    arrive = segment_arrives

    # --- the user's calls (RFC 9293 section 3.9.1) ------------------------------------------

    def open(self, *, passive: bool = False) -> None:
        """OPEN: wait for somebody, or (active) send a SYN."""
        self.passive = passive
        if not passive:
            self.sender.begin(self.choose_isn())
        self._called(
            TcpEvent.PASSIVE_OPEN if passive else TcpEvent.ACTIVE_OPEN,
            "the user listens" if passive else "the user connects",
        )

    def send(self, data: bytes) -> int:
        """SEND: queue as much of `data` as there is room for; how much that was. OSError (EPIPE)."""
        if self.state is State.LISTEN:
            self.passive = False
            self.sender.begin(self.choose_isn())
            self._called(TcpEvent.SEND, "the user sends, and no longer waits for the other side")
        sender = self.sender
        if self.state not in _SENDING or sender.fin_wanted or self._close_when_open:
            raise OSError(EPIPE, f"Broken pipe: {self!r} takes no more data")
        taken = data[: sender.free]
        sender.buffer.append(taken)
        if self.state in (State.ESTABLISHED, State.CLOSE_WAIT):
            sender.send_what_fits("the user sends (RFC 9293 section 3.10.2)")
        return len(taken)

    def receive(self, count: int, *, peek: bool = False) -> bytes:
        """RECEIVE: up to `count` bytes that are there; b"" when none are."""
        return self.receiver.read(count, keep=peek)

    def close(self) -> None:
        """CLOSE: no more will be sent. Receiving goes on."""
        if self.state is State.SYN_RCVD and self.sender.buffer.length:
            self._close_when_open = True  # what was to be sent before goes first (section 3.10.4)
        elif not self.sender.fin_wanted and self.state not in (State.CLOSED, State.TIME_WAIT):
            self._called(TcpEvent.CLOSE, "the user closes")

    def close_both_ways(self) -> None:
        """CLOSE by a user who won't read any more either, as `close()` on a socket means it."""
        self.receiver.closed_by_user = True
        if self.receiver.buffer.length and self.state in _LOSING_DATA:
            self.abort("the user closes with data unread: they are lost (RFC 9293 section 3.6.1)")
        else:
            self.close()

    def abort(self, why: str = "the user aborts") -> None:
        """ABORT: end at once, and tell the other side by a RST."""
        if self.state is not State.CLOSED:
            self._called(TcpEvent.ABORT, why)
            self._fail(ECONNRESET, "Connection aborted")

    @property
    def at_end(self) -> bool:
        """Whether all that the other side sent has been read: its FIN came, or the connection ended."""
        return not self.receiver.buffer.length and self.state not in _RECEIVING

    # --- sending ----------------------------------------------------------------------------

    def emit(self, seq: int, flags: int, text: bytes, why: str, repeated: bool = False) -> None:
        """Send a segment with the present acknowledgment, window and options.

        `repeated` says that its text was sent before.
        """
        receiver = self.receiver
        window = receiver.offer_window()
        ack = 0
        if flags & ACK:
            ack = receiver.rcv_nxt
            receiver.acknowledged()
        ecn = 0
        if flags & SYN:
            window = min(window, LARGEST_FIELD)  # never scaled (RFC 7323 section 2.2)
            flags |= self.negotiation.syn_flags()
            options = self.negotiation.syn_options()
        else:
            window >>= receiver.wscale
            options = b""
            if self.negotiation.uses_options:
                options = self.negotiation.segment_options(flags, text)
            if self.ecn.on:
                flags |= self.ecn.flags(new_text=bool(text) and not repeated)
                ecn = ECT_0 if text and not repeated else 0
        segment = Segment(self.local[1], self.remote[1], seq, ack, flags, window, text, options)
        self.tcp.transmit(segment, self.local[0], self.remote[0], why, self.ttl, ecn)

    def emit_bare(self, seq: int, flags: int, why: str) -> None:
        """Send a RST that acknowledges nothing."""
        segment = Segment(self.local[1], self.remote[1], seq, 0, flags, 0)
        self.tcp.transmit(segment, self.local[0], self.remote[0], why, self.ttl)

    def send_ack(self, why: str) -> None:
        """Send an acknowledgment by itself."""
        self.emit(self.sender.ack_seq, ACK, b"", why)

    def window_opened(self) -> None:
        """The user has read so much that the other side should hear of it."""
        if self.state in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2):
            self.send_ack("the user has read: the window opens again (RFC 9293 section 3.8.6.2.2)")

    def repeat_syn(self, why: str) -> None:
        """The SYN, or the SYN,ACK, got no answer: send it again."""
        why = f"retransmission: {why}"
        if self.state is State.SYN_SENT:
            self._send_syn(why)
        else:
            self._send_syn_ack(why)

    # --- what the parts need ----------------------------------------------------------------

    def record(self, kind: str, fields: dict[str, Any], reason: str = "") -> Event | None:
        """Record an event of this connection."""
        fields["connection"] = self.label
        return self.tcp.sim.record(self.tcp.host, "transport", kind, fields, reason)

    def choose_isn(self) -> int:
        """The initial sequence number for this connection, were it opened now."""
        if self.settings.isn is not None:
            return self.settings.isn
        isn = initial_sequence_number(self.clock.now, self.local, self.remote, self.tcp.isn_secret)
        # What a fast connection has used may be ahead of the clock (RFC 1122 section 4.2.2.13).
        above = self.isn_above
        return isn if above is None or less(above, isn) else plus(above, 1)

    def timed_out(self, why: str) -> None:
        """Nothing was heard for too long."""
        self.happens(TcpEvent.USER_TIMEOUT, why)

    def unreachable(self, error: int, why: str) -> None:
        """ICMP says that a segment didn't arrive.

        It ends the connection where that is for good, or where it isn't open yet (RFC 9293 section
        3.9.2.2, RFC 5461 section 4.1).
        """
        if error == EMSGSIZE:
            self.segment_size.too_big()
        elif error in _HARD_ERRORS or (
            self.state in (State.SYN_SENT, State.SYN_RCVD) and self.settings.soft_errors_end_opening
        ):
            self._fail(error, why)
            self.happens(TcpEvent.ABORT, why)
        else:
            self._soft_error = (self.clock.now, OSError(error, why))
            self.record(
                "soft error", {"errno": error}, f"{why}: not a reason to give up (RFC 9293 3.9.2.2)"
            )

    def _report_timeout(self, why: str) -> None:
        """Tell what the network has complained of meanwhile, if it has (RFC 1122 section 4.2.3.9)."""
        came, error = self._soft_error
        if self.error is None and came >= self.clock.now - self.sender.waited():
            self.error = error
        self._fail(ETIMEDOUT, "Connection timed out")

    def blame(self, part: str, problem: str, error: Exception | None = None) -> NoReturn:
        """A part that isn't TCP's own made a mistake: end this connection, and say whose fault it is."""
        text = f"{self.tcp.host}'s {part} {problem}"
        self.record("part failed", {"part": part}, text)
        if self.state not in (State.CLOSED, State.LISTEN):
            self._fail(ECONNABORTED, f"Software caused connection abort: {text}")
            if self.state is not State.SYN_SENT:
                self._send_rst(text)
            changed = {"from": str(self.state), "to": "CLOSED", "on": str(TcpEvent.ABORT)}
            self.record("state", changed, text)
            self.state = State.CLOSED
            self._delete(text)
        self.tcp.forget(self)
        raise PartError(
            f"{text}. The connection {self.label} ends; the network can go on"
        ) from error

    # --- the actions of the table -----------------------------------------------------------

    def _send_syn(self, why: str) -> None:
        self.sender.syn_sent()
        self.emit(self.sender.iss, SYN, b"", why)

    def _send_syn_ack(self, why: str) -> None:
        self.sender.syn_sent()
        self.emit(self.sender.iss, SYN | ACK, b"", why)

    def _send_fin(self, why: str) -> None:
        self.sender.fin_wanted = True
        self.sender.send_what_fits(why)

    def _send_rst(self, why: str) -> None:
        self.emit(self.sender.ack_seq, RST | ACK, b"", why)

    def _start_time_wait(self, why: str) -> None:
        self.sender.stop()
        settings = self.settings
        if not settings.time_wait:
            self._on_time_wait_over()
            return
        self._time_wait.arm(
            2 * settings.msl,
            f"wait 2 MSL, {show_time(2 * settings.msl)}: the last ACK may be lost, and old segments"
            " may still be under way (RFC 9293 section 3.6.1)",
        )

    def _on_time_wait_over(self) -> None:
        self.happens(TcpEvent.TIMEOUT_2MSL, "2 MSL have passed: nothing of this connection is left")

    def _report_open(self, why: str) -> None:
        self.writable.notify()
        if self.listener is not None:
            self.listener.on_open(self)
        if self._close_when_open:
            self.close()

    def _fail(self, number: int, text: str) -> None:
        if self.error is None:
            self.error = OSError(number, text)

    def _delete(self, why: str) -> None:
        self.sender.stop()
        self.receiver.stop()
        self._time_wait.cancel()
        if self.state is State.LISTEN and self.listener is None:
            self._begin_anew()  # a passive OPEN for this peer alone waits for its next SYN
            return
        self.tcp.forget(self)
        self.readable.notify()
        self.writable.notify()
