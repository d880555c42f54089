"""The knobs of TCP on one host, and what their values rest on."""

from dataclasses import dataclass

from netlab.transport.tcp.options import MSS, SACK_PERMITTED, TIMESTAMPS, WINDOW_SCALE
from netlab.units import KiB, minute, ms, s


@dataclass(slots=True)
class TcpSettings:
    """Times in ns, sizes in bytes. Change a host's with ``host.tcp.settings.msl = 30 * s``."""

    msl: int = 2 * minute
    """Maximum segment lifetime (RFC 9293 section 3.4.2)."""
    time_wait: bool = True
    """Whether TIME_WAIT lasts its 2 MSL. Off is wrong, and shows why it is there."""
    rfc1337: bool = False
    """Whether TIME_WAIT ignores a RST, which could end it early (RFC 1337 section 4, fix F1)."""
    time_wait_reuse: bool = True
    """Whether a SYN that can't be an old one opens a new connection in TIME_WAIT (RFC 6191 section 2,
    RFC 1122 section 4.2.2.13)."""
    initial_rto: int = 1 * s
    """The retransmission timeout before the first measurement (RFC 6298 section 2, 2.1)."""
    minimum_rto: int = 1 * s
    """RFC 6298 section 2, 2.4."""
    maximum_rto: int = 60 * s
    """RFC 6298 section 2, 2.5: at least 60 seconds."""
    give_up_after: int = 5 * minute
    """How long unacknowledged data are repeated: the user timeout of RFC 9293 section 3.9.1.1, and
    so R2 of section 3.8.3, at least 100 s."""
    give_up_syn_after: int = 3 * minute
    """R2 for a SYN (RFC 9293 section 3.8.3, MUST-23): at least 3 minutes."""
    give_up_closed_window_after: int = 60 * minute
    """How long the other side may keep its window shut while it answers probes. RFC 9293 section
    3.8.6.1 (MUST-37) sets TCP no end, RFC 6429 leaves one to the host: two programs that only send
    and never read would go on for ever."""
    delayed_ack: int = 200 * ms
    """How long an acknowledgment may wait for company: below 0.5 s (RFC 9293 section 3.8.6.3).
    0 acknowledges each segment at once."""
    stray_answer_interval: int = 500 * ms
    """Segments without text that are out of place are answered no more often than this, lest two
    ends that disagree acknowledge each other for ever (RFC 5961 section 7)."""
    soft_errors_end_opening: bool = True
    """Whether a connection that isn't open yet ends when ICMP tells of trouble that may pass, such as
    host unreachable. RFC 1122 section 4.2.3.9 would go on until `give_up_syn_after`; Linux and others
    don't keep the user waiting (RFC 5461 section 4.1)."""
    nodelay: bool = False
    """Whether new sockets start without Nagle's algorithm (RFC 9293 section 3.7.4)."""
    receive_buffer: int = 65_535
    send_buffer: int = 128 * KiB
    syn_options: tuple[int, ...] = (MSS, SACK_PERMITTED, TIMESTAMPS, WINDOW_SCALE)
    """The kinds of the options that a SYN has, in their order. What isn't among them is never
    used: SACK (RFC 2018), timestamps and window scale (RFC 7323)."""
    limited_transmit: bool = True
    """Whether the first two duplicate ACKs let new segments go (RFC 3042)."""
    ecn: bool = False
    """Whether to ask for explicit congestion notification, and to agree to it (RFC 3168)."""
    initial_window: int | None = None
    """Segments of the first flight; None: as RFC 6928 section 2 has it."""
    isn: int | None = None
    """Every connection's initial sequence number; None: by RFC 6528. A fixed one shows what for."""
    congestion: str = "newreno"
    """The name of the congestion control."""
