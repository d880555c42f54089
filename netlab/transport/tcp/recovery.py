"""Loss recovery: what duplicate ACKs and SACK tell of losses, and what is sent again, and when.

Three duplicate ACKs mean a loss: fast retransmit (RFC 5681 section 3.2). What follows until all
that was under way is acknowledged is the recovery, in one of two ways:

- without SACK, each duplicate ACK tells that a segment has left the network, and each partial ACK
  where the next hole is (RFC 6582);
- with SACK, the scoreboard knows the holes, and `pipe` says how much is under way (RFC 6675).

The first two duplicate ACKs already let a new segment each go out (limited transmit, RFC 3042).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from netlab.transport.tcp.sack import DUP_THRESH, Block, Scoreboard
from netlab.transport.tcp.segment import Segment
from netlab.transport.tcp.seq import distance, less, plus

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection
    from netlab.transport.tcp.sender import Sender

NO_LIMIT = 1 << 40
"""More bytes than can ever be under way."""


class LossRecovery:
    """The recovery of one sender. `sack` is set when both sides permitted it.

    `recover` is the sequence number behind all that was under way when a recovery, or a timeout,
    came up; None when all of that is acknowledged.
    """

    def __init__(self, connection: "Connection", sender: "Sender") -> None:
        self.sack = False
        self.scoreboard = Scoreboard()
        self.duplicates = 0
        self.recovering = False
        self.recover: int | None = None
        self._high_rxt = 0  # the position behind what this recovery has sent again
        self._rescued = False
        self._flight = 0  # bytes under way when the first duplicate ACK came
        self._una = 0  # the position of snd_una: bytes from the SYN on
        self._connection = connection
        self._sender = sender

    @property
    def pipe(self) -> int:
        """Bytes that are under way, as far as can be told (RFC 6675 section 4, SetPipe)."""
        repeated = self._high_rxt if self.recovering else 0
        return self.scoreboard.pipe(self._una, self._sent, repeated)

    @property
    def _sent(self) -> int:
        """The position behind the last byte that was sent."""
        return self._una + distance(self._sender.snd_una, self._sender.snd_max)

    # --- acknowledgments --------------------------------------------------------------------

    def note_blocks(self, blocks: Iterable[Block]) -> bool:
        """Take in the SACK blocks of a segment; whether they tell of anything new."""
        first = self._una, self._sender.snd_una
        told = [
            (first[0] + distance(first[1], start), first[0] + distance(first[1], end))
            for start, end in blocks
        ]
        return self.scoreboard.update(told, self._una, self._sent, self._connection.mss)

    def first_hole(self) -> int:
        """How much from `snd_una` on isn't known to have arrived."""
        sacked = self.scoreboard.sacked
        return (sacked[0][0] if sacked else self._sent) - self._una

    def skip(self, seq: int) -> int:
        """`seq`, or where what SACK knows to have arrived from there on ends."""
        position = self._una + distance(self._sender.snd_una, seq)
        return plus(seq, self.scoreboard.skip(position) - position)

    def is_duplicate(self, segment: Segment, news: bool) -> bool:
        """Whether an ACK without news of `snd_una` is a duplicate.

        With SACK it is one if its blocks were news (RFC 6675 section 2), else if it is as RFC 5681
        section 2 has it.
        """
        sender = self._sender
        if segment.ack != sender.snd_una or sender.snd_una == sender.snd_nxt:
            return False
        if self.sack:
            return news
        return segment.length == 0 and segment.window << sender.snd_wscale == sender.snd_wnd

    def duplicate_ack(self) -> None:
        """A duplicate ACK came."""
        sender = self._sender
        if self.recovering:
            if not self.sack:
                sender.control().duplicate_ack()
                sender.record_congestion("another duplicate ACK: a segment has left the network")
            sender.send_what_fits(
                "a duplicate ACK in fast recovery makes room (RFC 5681 section 3.2)"
            )
            return
        if self.recover is not None:
            # What had arrived is sent again along with what hadn't: the duplicate ACKs which that
            # brings tell of no loss (RFC 6582 section 3.2, step 1; RFC 6675 section 5.1).
            return
        if self.duplicates == 0:
            self._flight = distance(sender.snd_una, sender.snd_max)
        self.duplicates += 1
        if self.duplicates >= DUP_THRESH or self.scoreboard.lost_below > self._una:
            self._begin()
        elif self._connection.settings.limited_transmit:
            sender.credit = self.duplicates * self._connection.mss
            sender.send_what_fits("a duplicate ACK: a segment has left the network (RFC 3042)")

    def acknowledged(self, moved: int, count: int) -> None:
        """`snd_una` moved on by `moved`, of which `count` bytes are text."""
        sender = self._sender
        self._una += moved
        self.duplicates = sender.credit = 0
        if self.scoreboard.sacked:
            self.scoreboard.update((), self._una, self._sent, self._connection.mss)
        if self.recover is None:
            return
        if not self.recovering:
            if less(self.recover, sender.snd_una):
                self.recover = None
        elif not less(sender.snd_una, self.recover) or (
            not self.sack and sender.congestion.one_loss_a_recovery
        ):
            self._end()
        elif not self.sack:
            sender.control().partial_ack(count)
            sender.record_congestion("a partial ACK: more is lost (RFC 6582 section 3.2, step 3)")
            sender.retransmit_first(
                "a partial ACK: it shows the next hole (RFC 6582 section 3.2, step 3)"
            )

    def timed_out(self) -> None:
        """Everything is sent anew; what SACK told may not be true any more (RFC 2018 section 8)."""
        self.scoreboard.clear()
        self.recovering = False
        self.recover = self._sender.snd_max
        self.duplicates = self._sender.credit = 0

    # --- the recovery -----------------------------------------------------------------------

    def _begin(self) -> None:
        sender = self._sender
        congestion = sender.control()
        self.recover = sender.snd_max
        sender.credit = 0
        # What limited transmit sent doesn't count (RFC 5681 section 3.2, step 2).
        congestion.loss_detected(self._flight)
        why = "three duplicate ACKs: a segment is lost (RFC 5681 section 3.2)"
        if not congestion.fast_recovery:
            sender.record_congestion(why)
            sender.start_over("three duplicate ACKs: begin anew from here")
            return
        self.recovering = True
        self._high_rxt = self._una
        self._rescued = False
        if not self.sack:
            for _ in range(DUP_THRESH):
                congestion.duplicate_ack()
        sender.record_congestion(why)
        size = sender.retransmit_first(
            "three duplicate ACKs: fast retransmit (RFC 5681 section 3.2)"
        )
        self._high_rxt += size
        if self.sack:
            sender.send_what_fits(
                "the recovery sends what `pipe` has room for (RFC 6675 section 5)"
            )

    def _end(self) -> None:
        sender = self._sender
        self.recovering = False
        self.recover = None
        sender.control().recovered()
        sender.record_congestion(
            "all that was under way is acknowledged: fast recovery ends (RFC 5681 section 3.2)"
        )

    def send_by_pipe(self) -> None:
        """Send while less than `cwnd` is under way: first what is lost, then new data.

        RFC 6675 section 5, step C; the order is NextSeg()'s of section 4.
        """
        sender, scoreboard, mss = self._sender, self.scoreboard, self._connection.mss
        while sender.congestion.cwnd - self.pipe >= mss:
            repeated = max(self._una, self._high_rxt)
            hole = scoreboard.next_hole(repeated, lost=True)
            if hole is not None:
                self._resend(
                    hole, "its hole is lost, by what SACK tells (RFC 6675 section 4, rule 1)"
                )
            elif sender.send_one(NO_LIMIT, "in recovery: new data (RFC 6675 section 4, rule 2)"):
                continue
            elif hole := scoreboard.next_hole(repeated, lost=False):
                self._resend(hole, "nothing else is to be sent (RFC 6675 section 4, rule 3)")
            elif not self._rescued and (holes := scoreboard.holes(repeated, self._sent)):
                # Nothing above the last hole would ever tell that it is lost. One that was
                # repeated already is left to the timer.
                self._rescued = True
                start, end = holes[-1]
                self._resend(
                    (max(start, end - mss), end), "the rescue (RFC 6675 section 4, rule 4)"
                )
            else:
                return

    def _resend(self, hole: Block, why: str) -> None:
        sender = self._sender
        start, end = hole
        size = min(end - start, self._connection.mss)
        sender.resend(start - self._una, size, why)
        self._high_rxt = max(self._high_rxt, start + size)
