"""The receiving half of a connection: what was received, what may still come, and when to say so.

rcv_nxt     the next byte that is expected (RCV.NXT)
rcv_wnd     how many bytes from there on are accepted (RCV.WND): promised, and not used yet
wscale      the window is told divided by 2 to the power of this (Rcv.Wind.Shift, RFC 7323)
buffer      bytes in order that the user hasn't read yet
"""

from typing import TYPE_CHECKING

from netlab.transport.tcp.bytequeue import ByteQueue
from netlab.transport.tcp.options import LARGEST_WINDOW_SCALE
from netlab.transport.tcp.reassembler import Reassembler
from netlab.transport.tcp.sack import Report
from netlab.transport.tcp.segment import FIN, Segment
from netlab.transport.tcp.seq import distance, less_equal, plus
from netlab.transport.tcp.timers import TcpTimer

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection

LARGEST_FIELD = 65_535
"""What the window field holds at most."""


class Receiver:
    """Takes in segments' text, keeps the window, and decides when an acknowledgment is due."""

    def __init__(self, connection: "Connection", capacity: int) -> None:
        self.rcv_nxt = 0
        self.rcv_wnd = 0
        self.irs = 0
        self.last_ack_sent = 0  # Last.ACK.sent of RFC 7323 section 4.3
        self.buffer = ByteQueue()
        self.capacity = capacity
        self.reassembler = Reassembler()
        self.report: Report | None = None  # where SACK is on
        self.wscale = 0
        self.fin_seq: int | None = None
        self.closed_by_user = False
        self._connection = connection
        self._window_is_held = False
        self._unacknowledged = 0  # bytes received and not acknowledged yet
        self._delayed_ack = TcpTimer(connection, "delayed ACK", self._on_delayed_ack)

    def begin(self, irs: int) -> None:
        """The other side's SYN came, with its initial sequence number."""
        self.irs = irs
        self.rcv_nxt = plus(irs, 1)
        self.rcv_wnd = 0

    @property
    def wanted_wscale(self) -> int:
        """The least scale with which the whole buffer can be told (RFC 7323 section 2.3)."""
        return min(LARGEST_WINDOW_SCALE, (self.capacity // (LARGEST_FIELD + 1)).bit_length())

    # --- the window -------------------------------------------------------------------------

    def offer_window(self) -> int:
        """The window to announce now.

        Its right edge never moves back (RFC 9293 section 3.8.6), and moves on only by steps worth
        having (section 3.8.6.2.2).
        """
        free = self.capacity - self.buffer.length
        if free > LARGEST_FIELD << self.wscale:
            free = LARGEST_FIELD << self.wscale
        growth = free - self.rcv_wnd
        if growth > 0 and not self._window_is_held and self._is_worth_telling(growth):
            self.rcv_wnd = free
        return self.rcv_wnd

    def _is_worth_telling(self, growth: int) -> bool:
        """Silly window avoidance: the window grows by a full segment, or half the buffer, or not."""
        return growth >= self._connection.mss or growth >= self.capacity // 2

    def is_acceptable(self, segment: Segment) -> bool:
        """Whether any part of it lies in the window: the four cases of RFC 9293 section 3.10.7.4."""
        window = self.rcv_wnd
        start = distance(self.rcv_nxt, segment.seq)
        if start == 0 and window:
            return True  # nearly all do: what is expected comes
        length = segment.length
        if window == 0:
            return length == 0 and start == 0
        if length == 0:
            return 0 <= start < window
        return 0 <= start < window or 0 <= start + length - 1 < window

    def is_near(self, segment: Segment) -> bool:
        """Whether it comes from not more than a window before the window, or right behind it."""
        start = distance(self.rcv_nxt, segment.seq)
        return -(LARGEST_FIELD << self.wscale) <= start <= self.rcv_wnd

    # --- text and FIN -----------------------------------------------------------------------

    def take(self, segment: Segment) -> None:
        """Take in the text that lies in the window, and a FIN behind it (seventh step of 3.10.7.4)."""
        start = distance(self.rcv_nxt, segment.seq)
        text = segment.payload
        room = self.rcv_wnd - start
        if len(text) > room:
            text = text[: max(0, room)]
        elif segment.flags & FIN and self.fin_seq is None:
            self.fin_seq = plus(segment.seq, len(text))
        if self.fin_seq is not None:
            text = text[: max(0, distance(segment.seq, self.fin_seq))]  # nothing comes behind a FIN
        reassembler = self.reassembler
        filled_hole = bool(reassembler.blocks)
        if self.report is not None and (start or filled_hole):
            self.note_for_report(start, len(text))
        ready = reassembler.insert(reassembler.next + start, text)
        count = len(ready)
        if count:
            self.rcv_nxt = plus(self.rcv_nxt, count)
            self.rcv_wnd -= count
            self.buffer.append(ready)
            self._connection.readable.notify()
        if self.fin_seq is not None and self.fin_reached:
            return  # what the FIN brings about acknowledges the text too
        if count:
            self._acknowledge_soon(count, filled_hole)
        else:
            self._send_duplicate_ack()

    @property
    def fin_reached(self) -> bool:
        """Whether all up to the other side's FIN is here."""
        return self.fin_seq is not None and less_equal(self.fin_seq, self.rcv_nxt)

    def pass_fin(self) -> None:
        """Advance over the FIN, which takes a sequence number of its own."""
        self.rcv_nxt = plus(self.rcv_nxt, 1)
        self._connection.readable.notify()

    def knows(self, segment: Segment) -> bool:
        """Whether all of its text has been here before."""
        return distance(self.rcv_nxt, segment.seq) + len(segment.payload) <= 0

    def has_passed_fin(self, segment: Segment) -> bool:
        """Whether it brings once more the FIN that was taken already."""
        return segment.fin and plus(segment.seq, segment.length) == self.rcv_nxt

    def read(self, count: int, *, keep: bool = False) -> bytes:
        """Up to `count` bytes for the user; opens the window again where that is worth a segment."""
        if keep:
            return self.buffer.peek(0, count)
        data = self.buffer.take(count)
        if data and self.rcv_wnd < self._connection.mss:
            growth = self.capacity - self.buffer.length - self.rcv_wnd
            if self._is_worth_telling(growth):
                self._connection.window_opened()
        return data

    # --- acknowledgments --------------------------------------------------------------------

    def sack_blocks(self, limit: int) -> list[tuple[int, int]]:
        """The blocks to report, by their sequence numbers; at most `limit` (RFC 2018 section 4)."""
        reassembler = self.reassembler
        assert self.report is not None
        first = self.rcv_nxt - reassembler.next
        blocks = self.report.blocks(reassembler.blocks, limit)
        return [(plus(first, start), plus(first, end)) for start, end in blocks]

    def note_for_report(self, start: int, length: int) -> None:
        """Bytes come that begin `start` after `rcv_nxt`: remember what to report of them.

        That is the block which they belong to, and whether they were here before (RFC 2883
        section 4).
        """
        if self.report is None or not length:
            return
        reassembler = self.reassembler
        here = [(0, reassembler.next), *reassembler.blocks]
        start += reassembler.next
        end = start + length
        for block in here:
            if start < block[1] and block[0] < end:
                self.report.arrived_again((max(start, block[0]), min(end, block[1])))
                break
        if start >= reassembler.next:
            self.report.arrived(start)

    def acknowledged(self) -> None:
        """A segment with the present `rcv_nxt` goes out."""
        self.last_ack_sent = self.rcv_nxt
        if self._unacknowledged:
            self._unacknowledged = 0
            self._delayed_ack.cancel()

    def stop(self) -> None:
        """The connection is gone."""
        self._delayed_ack.cancel()

    def _acknowledge_soon(self, count: int, filled_hole: bool) -> None:
        """RFC 9293 section 3.8.6.3: at least each second full segment, and not later than 0.5 s."""
        connection = self._connection
        self._unacknowledged += count
        delay = connection.settings.delayed_ack
        if filled_hole:
            connection.send_ack("a hole was filled: say so at once (RFC 5681 section 4.2)")
        elif self._unacknowledged >= 2 * connection.mss:
            connection.send_ack(
                "two full segments came: acknowledge them (RFC 9293 section 3.8.6.3)"
            )
        elif delay == 0:
            connection.send_ack("data came: acknowledge them")
        elif self._delayed_ack.deadline is None:
            self._delayed_ack.arm(
                delay,
                "data came: the ACK may wait for data of our own to ride on"
                " (RFC 9293 section 3.8.6.3)",
            )

    def _send_duplicate_ack(self) -> None:
        """Tell the sender at once that something is missing (RFC 5681 section 4.2).

        The window stays as it was told: with another one the ACK would be no duplicate (section 2),
        and the sender would learn of the loss one segment later.
        """
        self._window_is_held = True
        self._connection.send_ack(
            "out of order: tell the sender what is expected (RFC 5681 section 4.2)"
        )
        self._window_is_held = False

    def _on_delayed_ack(self) -> None:
        self._connection.send_ack(
            "the delayed ACK has waited long enough (RFC 9293 section 3.8.6.3)"
        )
