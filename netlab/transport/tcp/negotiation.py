"""What two sides agree on in their SYNs, and what each later segment carries because of it.

An option is used only when both SYNs had it: window scale and timestamps (RFC 7323 sections 2.2
and 3.2), SACK (RFC 2018 section 2), and ECN by its two flags (RFC 3168 section 6.1.1).
"""

from typing import TYPE_CHECKING

from netlab.transport.tcp.options import (
    MAXIMUM_LENGTH,
    SACK_PERMITTED,
    TIMESTAMPS,
    WINDOW_SCALE,
    Options,
    sack_alone,
)
from netlab.transport.tcp.sack import Report
from netlab.transport.tcp.segment import ACK, CWR, ECE, Segment

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection

DEFAULT_MSS = 536
"""What is assumed of a side that announces no MSS (RFC 9293 section 3.7.1, MUST-15)."""
NO_OPTIONS = Options()
TIMESTAMPS_LENGTH = 12
"""Bytes that timestamps take of each segment."""


class Negotiation:
    """The options of one connection; `theirs` are those of the other side's SYN, once that came."""

    __slots__ = ("_connection", "scales", "theirs", "uses_options")

    def __init__(self, connection: "Connection") -> None:
        self.theirs: Options | None = None
        self.scales = False
        """Whether windows are scaled."""
        self.uses_options = False
        """Whether segments behind the SYNs carry any."""
        self._connection = connection

    def syn_options(self) -> bytes:
        """The options of our SYN; of a SYN,ACK those that the SYN had too."""
        connection, theirs = self._connection, self.theirs
        options = Options(mss=connection.segment_size.offered)
        if theirs is None or theirs.window_scale is not None:
            options.window_scale = connection.receiver.wanted_wscale
        options.sack_permitted = theirs is None or theirs.sack_permitted
        if theirs is None or theirs.timestamps is not None:
            stamps = connection.timestamps
            options.timestamps = (stamps.value(connection.clock.now), stamps.ts_recent)
        return options.pack(connection.settings.syn_options)

    def syn_flags(self) -> int:
        """What our SYN, or SYN,ACK, says of ECN."""
        connection = self._connection
        if not connection.settings.ecn:
            return 0
        if self.theirs is None:
            return ECE | CWR
        return ECE if connection.ecn.on else 0

    def note_syn(self, syn: Segment) -> Options:
        """The other side's SYN came, with these options: both sides' wishes are known."""
        connection = self._connection
        wishes = connection.settings.syn_options
        sender, receiver = connection.sender, connection.receiver
        self.theirs = theirs = Options.parse(syn.options)
        receiver.begin(syn.seq)
        if theirs.window_scale is not None and WINDOW_SCALE in wishes:
            self.scales = True
            sender.snd_wscale = theirs.window_scale
            receiver.wscale = receiver.wanted_wscale
        if theirs.sack_permitted and SACK_PERMITTED in wishes:
            sender.recovery.sack = True
            receiver.report = Report()
        overhead = 0
        if theirs.timestamps is not None and TIMESTAMPS in wishes:
            connection.timestamps.begin(theirs.timestamps[0], connection.clock.now)
            overhead = TIMESTAMPS_LENGTH
        if connection.settings.ecn:
            connection.ecn.agree(syn)
        self.uses_options = connection.timestamps.on or receiver.report is not None
        mss = DEFAULT_MSS if theirs.mss is None else theirs.mss
        connection.segment_size.agreed(mss, overhead)
        return theirs

    def read(self, segment: Segment) -> Options:
        """The options of a segment that came, where any were agreed on."""
        return Options.parse(segment.options) if self.uses_options else NO_OPTIONS

    def segment_options(self, flags: int, text: bytes) -> bytes:
        """The options of a segment that is no SYN: timestamps, and SACK where something is missing."""
        connection = self._connection
        stamps, receiver = connection.timestamps, connection.receiver
        options = stamps.option(connection.clock.now) if stamps.on else b""
        report = receiver.report
        if report is not None and flags & ACK and (receiver.reassembler.blocks or report.duplicate):
            room = min(MAXIMUM_LENGTH, connection.mss - len(text)) - len(options)
            options += sack_alone(receiver.sack_blocks(max(0, (room - 4) // 8)))
        return options
