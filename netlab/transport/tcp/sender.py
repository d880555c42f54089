"""The sending half of a connection: what the other side has, what is under way, what waits.

    1         2          3          4
----------|----------|----------|----------
       snd_una    snd_nxt    snd_una + window

1 acknowledged, 2 sent and not acknowledged, 3 may be sent now, 4 must wait (RFC 9293 figure 3).
After a timeout `snd_nxt` goes back to `snd_una`; `snd_max` remembers how far it had been.
"""

from typing import TYPE_CHECKING

from netlab.transport.tcp.bytequeue import ByteQueue
from netlab.transport.tcp.congestion import CongestionControl
from netlab.transport.tcp.persist import Persist
from netlab.transport.tcp.recovery import LossRecovery
from netlab.transport.tcp.rto import RtoEstimator
from netlab.transport.tcp.segment import ACK, FIN, PSH, SYN, Segment
from netlab.transport.tcp.seq import MASK, distance, highest, less, plus
from netlab.transport.tcp.timers import TcpTimer
from netlab.units import s, show_time

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection

RTO_AFTER_SYN_LOSS = 3 * s
"""The timeout to begin with when the SYN had to be repeated (RFC 6298 section 5, 5.7)."""


class Sender:
    """Cuts the user's bytes into segments, sends what both windows allow, repeats what got lost."""

    def __init__(
        self,
        connection: "Connection",
        rto: RtoEstimator,
        congestion: CongestionControl,
        capacity: int,
    ) -> None:
        self.iss = 0
        self.snd_una = 0
        self.snd_nxt = 0
        self.snd_max = 0
        self.snd_wnd = 0
        self.snd_wscale = 0
        self.snd_wl1 = 0
        self.snd_wl2 = 0
        self.max_snd_wnd = 0
        self.buffer = ByteQueue()  # from snd_una on (behind the SYN, while that is under way)
        self.capacity = capacity
        self.rto = rto
        self.congestion = congestion
        self.nodelay = connection.settings.nodelay
        self.syn_under_way = False
        self.fin_wanted = False
        self.fin_seq: int | None = None  # set when the FIN is first sent
        self.credit = 0  # bytes that may be under way beyond cwnd: limited transmit
        self.recovery = LossRecovery(connection, self)
        self._connection = connection
        self._last_sent: int | None = None
        self._timed: tuple[int, int] | None = None  # (sequence number, when it was sent)
        self._unanswered_since: int | None = None
        self._retransmission = TcpTimer(
            connection, "retransmission", self._on_retransmission_timeout
        )
        self.persist = Persist(connection, self)
        self._syn_repeated = False

    # --- what is where ----------------------------------------------------------------------

    @property
    def flight(self) -> int:
        """Sequence numbers that are sent and not acknowledged."""
        return distance(self.snd_una, self.snd_nxt)

    @property
    def ack_seq(self) -> int:
        """The number of a segment without text: behind all that was sent, and not beyond the window.

        Numbers that went back for a retransmission, or out of the window for a probe, would make
        the other side refuse a segment whose ACK it needs.
        """
        if distance(self.snd_una, self.snd_max) <= self.snd_wnd or self.syn_under_way:
            return self.snd_max
        return plus(self.snd_una, self.snd_wnd)

    @property
    def free(self) -> int:
        """Bytes that the user may still hand over."""
        return max(0, self.capacity - self.buffer.length)

    @property
    def has_more(self) -> bool:
        """Whether anything is still to be sent, or to be acknowledged."""
        return self.buffer.length > 0 or (self.fin_wanted and not self.fin_acknowledged)

    @property
    def fin_acknowledged(self) -> bool:
        """Whether the other side has our FIN."""
        return self.fin_seq is not None and less(self.fin_seq, self.snd_una)

    # --- the handshake ----------------------------------------------------------------------

    def begin(self, iss: int) -> None:
        """Choose the initial sequence number; the SYN will take it."""
        self.iss = self.snd_una = self.snd_nxt = self.snd_max = iss

    def syn_sent(self) -> None:
        """The SYN goes out (again): it takes one sequence number and is guarded by the timer."""
        self._timed = None if self.syn_under_way else (self.iss, self._connection.clock.now)
        self.syn_under_way = True
        self.snd_nxt = plus(self.iss, 1)
        self.snd_max = highest(self.snd_max, self.snd_nxt)
        self._guard()

    def update_window(self, segment: Segment) -> None:
        """SND.WND from a segment's window field (fifth step of RFC 9293 section 3.10.7.4)."""
        window = segment.window if segment.flags & SYN else segment.window << self.snd_wscale
        if window != self.snd_wnd:
            self._connection.record("window", {"snd_wnd": window})
            self.snd_wnd = window
            self.max_snd_wnd = max(self.max_snd_wnd, window)
        self.snd_wl1 = segment.seq
        self.snd_wl2 = segment.ack
        if self.persist.delay:  # somebody is there and answers the probes
            self._unanswered_since = None
            self.persist.answered(window)

    # --- sending ----------------------------------------------------------------------------

    def send_what_fits(self, why: str) -> None:
        """Send as many segments as the windows, Nagle and silly window avoidance allow."""
        if not self.buffer.length and not self.fin_wanted:
            return
        recovery = self.recovery
        if recovery.recovering and recovery.sack:
            recovery.send_by_pipe()
            return
        if self.snd_nxt == self.snd_una:
            self._look_at_idleness()
        while self.send_one(self.congestion.cwnd + self.credit, why):
            pass
        if self.snd_nxt == self.snd_una and self.has_more:
            self._retransmission.cancel()
            self.persist.begin()

    def send_one(self, limit: int, why: str) -> bool:
        """Send the next segment, if it may go while at most `limit` bytes are under way."""
        if self.snd_nxt != self.snd_max and self.recovery.scoreboard.sacked:
            self.snd_nxt = self.recovery.skip(self.snd_nxt)
        flight = (self.snd_nxt - self.snd_una) & MASK
        unsent = self.buffer.length + self.syn_under_way - flight
        fin_due = self.fin_wanted and unsent >= 0 and not self.fin_acknowledged
        if unsent <= 0 and not fin_due:
            return False
        mss = self._connection.mss
        usable = (limit if limit < self.snd_wnd else self.snd_wnd) - flight
        size = mss if mss <= unsent and mss <= usable else min(unsent, usable)
        with_fin = fin_due and size == unsent and usable > size
        if size < mss and not with_fin and not self._worth_sending(size, unsent):
            return False
        self._send_segment(self.snd_nxt, size, with_fin, why)
        return True

    def _look_at_idleness(self) -> None:
        """What the window knows is old when nothing was sent for an RTO (RFC 5681 section 4.1)."""
        last = self._last_sent
        if last is not None and self._connection.clock.now - last > self.rto.rto:
            self._last_sent = None
            before = self.congestion.cwnd
            self.control().idle()
            if self.congestion.cwnd != before:
                self.record_congestion("nothing was sent for an RTO (RFC 5681 section 4.1)")

    def _worth_sending(self, size: int, unsent: int) -> bool:
        """Whether less than a full segment may go now.

        Nagle's algorithm (RFC 9293 section 3.7.4) and silly window avoidance (section 3.8.6.2.1).
        """
        if size <= 0:
            return False
        if self.snd_nxt != self.snd_una and not self.nodelay:
            return False  # Nagle: a small segment waits until nothing is under way
        return size >= unsent or 2 * size >= self.max_snd_wnd

    def _send_segment(self, seq: int, size: int, with_fin: bool, why: str) -> None:
        start = ((seq - self.snd_una) & MASK) - self.syn_under_way
        text = self.buffer.peek(start, size)
        flags = ACK
        if with_fin:
            flags |= FIN
            self.fin_seq = plus(seq, size)
        if text and start + size == self.buffer.length:
            flags |= PSH  # the last of what the user has handed over (RFC 9293 section 3.9.1.2)
        end = plus(seq, size + with_fin)
        now = self._connection.clock.now
        repeated = seq != self.snd_max
        if repeated:  # Karn: what is sent twice measures nothing (RFC 6298 section 3)
            self.snd_max = highest(self.snd_max, end)
            self._timed = None
        else:
            self.snd_max = end
            if self._timed is None:
                self._timed = (seq, now)
        self._last_sent = now
        if seq == self.snd_nxt:
            self.snd_nxt = end
        if self._retransmission.deadline is None:
            self._guard()
        self._connection.emit(seq, flags, text, why, repeated)

    def retransmit_first(self, why: str) -> int:
        """Send again what is unacknowledged for longest, at most one segment: how much that was."""
        self._retransmission.cancel()
        return self.resend(0, self.recovery.first_hole(), why)

    def resend(self, offset: int, size: int, why: str) -> int:
        """Send again up to `size` numbers from `offset` behind `snd_una`; how many it were."""
        text = max(0, min(size, self._connection.mss, self.buffer.length - offset))
        with_fin = self.fin_seq is not None and text < size and offset + text == self.buffer.length
        why = f"retransmission: {why}"
        self._send_segment(plus(self.snd_una, offset), text, with_fin, why)
        return text + with_fin

    def _guard(self) -> None:
        """Start the retransmission timer (RFC 6298 section 5, 5.1)."""
        now = self._connection.clock.now
        if self._unanswered_since is None:
            self._unanswered_since = now
        self.persist.cancel()
        self._retransmission.arm(
            self.rto.rto, "a segment is under way: wait for its ACK (RFC 6298 section 5, 5.1)"
        )

    # --- acknowledgments --------------------------------------------------------------------

    def is_news(self, ack: int) -> bool:
        """Whether `ack` acknowledges, for the first time, something that was sent."""
        return 0 < ((ack - self.snd_una) & MASK) <= ((self.snd_max - self.snd_una) & MASK)

    def acknowledged(self, ack: int, echo: int | None) -> None:
        """Everything before `ack` has arrived, and some of that is news. `echo` is the ACK's TSecr."""
        connection = self._connection
        moved = (ack - self.snd_una) & MASK
        text = moved - self.syn_under_way
        if text > self.buffer.length:
            text = self.buffer.length  # and the FIN behind it
        self._measure(ack, echo)
        if self.syn_under_way:
            self._syn_acknowledged()
        self.snd_una = ack
        if less(self.snd_nxt, ack):
            self.snd_nxt = ack
        if text:
            self.buffer.drop(text)
        self._unanswered_since = None
        if text and not self.recovery.recovering:
            congestion = self.control()
            before = congestion.cwnd
            congestion.acknowledged(text)
            if congestion.cwnd != before:
                self.record_congestion("new data were acknowledged (RFC 5681 section 3.1)")
        if ack == self.snd_max:
            self._retransmission.cancel()  # RFC 6298 section 5, 5.2
        else:
            self._unanswered_since = connection.clock.now
            self._retransmission.arm(
                self.rto.rto,
                "new data were acknowledged: restart the timer (RFC 6298 section 5, 5.3)",
            )
        self.recovery.acknowledged(moved, text)
        if text and 3 * self.buffer.length <= 2 * self.capacity:  # a third of it is free again
            connection.writable.notify()

    def _syn_acknowledged(self) -> None:
        self.syn_under_way = False
        if self._syn_repeated:
            self.rto.restart(RTO_AFTER_SYN_LOSS)
            self.congestion.syn_lost()
            self._record_rto(
                "the SYN had to be repeated: begin carefully (RFC 6298 section 5, 5.7)"
            )

    def _measure(self, ack: int, echo: int | None) -> None:
        """Measure the round trip of the segment that is timed, or by the timestamp that came back.

        A timestamp tells also which of two transmissions was answered (RFC 7323 section 4.1).
        """
        now = self._connection.clock.now
        if self._timed is None:
            rtt = -1 if echo is None else self._connection.timestamps.round_trip(echo, now)
        else:
            rtt = now - self._timed[1] if less(self._timed[0], ack) else -1
        if rtt >= 0:
            self._timed = None
            self.rto.measured(rtt)
            self._record_rto("a round trip was measured (RFC 6298 section 2)")

    def congestion_marked(self) -> None:
        """The other side's ACK has ECE: slow down, once a window of data (RFC 3168 section 6.1.2)."""
        if self._connection.ecn.may_reduce(self.snd_una, self.snd_max):
            self.control().congestion_marked(distance(self.snd_una, self.snd_max))
            self.record_congestion("a router marked a packet (ECN): slow down (RFC 3168 6.1.2)")

    def control(self) -> CongestionControl:
        """The congestion control, which knows what time it is."""
        congestion = self.congestion
        congestion.now, congestion.srtt = self._connection.clock.now, self.rto.srtt or 0
        return congestion

    # --- timeouts ---------------------------------------------------------------------------

    def stop(self) -> None:
        """The connection is gone."""
        self._retransmission.cancel()
        self.persist.cancel()

    def _on_retransmission_timeout(self) -> None:
        if self.snd_wnd == 0 and not self.syn_under_way:
            self._window_was_taken_back()
            return
        connection = self._connection
        settings = connection.settings
        patience = settings.give_up_syn_after if self.syn_under_way else settings.give_up_after
        waited = self.waited()
        if waited >= patience:
            connection.timed_out(f"no answer for {show_time(waited)} (RFC 9293 section 3.8.3)")
            return
        self.rto.back_off()
        self._record_rto("the timer expired: back off (RFC 6298 section 5, 5.5)")
        why = (
            f"no ACK within the retransmission timeout, {show_time(waited)} since the first time"
            " (RFC 6298 section 5, 5.4)"
        )
        if self.syn_under_way:
            self._syn_repeated = True
            connection.repeat_syn(why)
            return
        self.control().timed_out(distance(self.snd_una, self.snd_max))
        self.record_congestion("the retransmission timer expired (RFC 5681 section 3.1)")
        self.start_over(why)

    def start_over(self, why: str) -> None:
        """Nothing of what is under way will arrive: send the first of it again, the rest after its ACK."""
        self.recovery.timed_out()
        self.snd_nxt = self.snd_una
        self.retransmit_first(why)

    def waited(self) -> int:
        """How long nothing that is under way has been acknowledged, or no probe answered."""
        now = self._connection.clock.now
        if self._unanswered_since is None:
            self._unanswered_since = now
        return now - self._unanswered_since

    # --- the closed window ------------------------------------------------------------------

    def send_probe(self) -> None:
        """One byte beyond the window, or the FIN: on no account until it is acknowledged."""
        text = self.buffer.peek(0, 1)
        if not text:
            self.fin_seq = self.snd_una
        self.snd_max = highest(self.snd_max, plus(self.snd_una, 1))
        self._connection.emit(
            self.snd_una,
            ACK | (PSH if text else FIN),
            text,
            "zero-window probe: has the window opened? (RFC 9293 section 3.8.6.1)",
        )

    def use_small_window(self) -> None:
        """The window has been small for so long that even this much is better than nothing."""
        size = min(self.buffer.length, self.snd_wnd, self._connection.mss)
        why = "it has waited long enough for a larger window (RFC 9293 section 3.8.6.2.1)"
        self._send_segment(self.snd_una, size, not self.buffer, why)

    def _window_was_taken_back(self) -> None:
        """Nothing of what is under way may be repeated: the other side has shrunk its window to 0.

        It shouldn't have, but this is no reason to end the connection (RFC 9293 section 3.8.6).
        """
        self.snd_nxt = self.snd_una
        self._timed = None
        self.persist.begin()

    # --- the record -------------------------------------------------------------------------

    def record_congestion(self, reason: str) -> None:
        control = self.congestion
        self._connection.record(
            "cwnd",
            {"cwnd": control.cwnd, "ssthresh": control.ssthresh, "phase": control.phase},
            reason,
        )

    def _record_rto(self, reason: str) -> None:
        rto = self.rto
        self._connection.record(
            "rto", {"srtt": rto.srtt, "rttvar": rto.rttvar, "rto": rto.rto}, reason
        )
