"""Explicit congestion notification (RFC 3168 section 6.1): routers mark packets instead of losing them.

A router whose queue grows marks a packet as CE. Its receiver says so in every ACK (ECE), until it
hears that the sender has slowed down (CWR).
"""

from netlab.transport.tcp.segment import ACK, CWR, ECE, SYN, Segment
from netlab.transport.tcp.seq import less

NOT_ECT = 0
ECT_0 = 2
"""The packet's ends understand ECN (RFC 3168 section 5)."""
CE = 3
"""The packet met congestion."""


class Ecn:
    """ECN on one connection. `on` when both sides agreed to it."""

    __slots__ = ("_echo", "_must_tell", "_reduced_at", "codepoint", "on")

    def __init__(self) -> None:
        self.on = False
        self.codepoint = NOT_ECT  # of the packet that came last
        self._echo = False  # ECE goes out until CWR comes
        self._must_tell = False  # CWR goes out with the next new data
        self._reduced_at: int | None = None  # what had been sent when the window was last reduced

    # --- the handshake (section 6.1.1) ------------------------------------------------------

    def agree(self, syn: Segment) -> None:
        """The other side's SYN, or SYN,ACK, came, and this side wants ECN."""
        wanted = ECE if syn.flags & ACK else ECE | CWR
        self.on = syn.flags & (ECE | CWR) == wanted

    # --- receiving --------------------------------------------------------------------------

    def arrived(self, segment: Segment) -> bool:
        """Look at a segment that came; whether the sender must reduce its window."""
        if segment.flags & CWR:
            self._echo = False
        if self.codepoint == CE:
            self._echo = True
        return segment.flags & (ECE | SYN) == ECE

    def may_reduce(self, snd_una: int, snd_max: int) -> bool:
        """Whether this ECE is the first for its window of data (section 6.1.2)."""
        if self._reduced_at is not None and less(snd_una, self._reduced_at):
            return False
        self._reduced_at = snd_max
        self._must_tell = True
        return True

    # --- sending ----------------------------------------------------------------------------

    def flags(self, *, new_text: bool) -> int:
        """What a segment has to carry of ECE and CWR."""
        flags = ECE if self._echo else 0
        if new_text and self._must_tell:
            self._must_tell = False
            flags |= CWR
        return flags
