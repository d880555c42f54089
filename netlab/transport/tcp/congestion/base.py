"""The interface of congestion control; by itself, a sender that knows no restraint."""


class CongestionControl:
    """Keeps `cwnd`, the congestion window in bytes. The sender tells it what happens.

    `ssthresh` is the slow start threshold in bytes, `mss` the largest segment's payload. Before
    each call the sender sets `now`, the time, and `srtt`, the smoothed round-trip time (both in ns,
    0 before the first measurement). As it stands here the window never limits: only the receiver's
    does ("none").
    """

    name = "none"
    fast_recovery = True
    """Whether a loss that duplicate ACKs tell of is mended while new data go on (RFC 5681 section
    3.2). Otherwise all that is under way is sent again in slow start, as after a timeout."""
    one_loss_a_recovery = False
    """Whether a recovery without SACK ends with the first ACK of new data, though more may be lost."""

    def __init__(self, mss: int) -> None:
        self.mss = mss
        self.cwnd = 1 << 30
        self.ssthresh = 1 << 30
        self.now = 0
        self.srtt = 0

    def syn_lost(self) -> None:
        """The SYN had to be sent again before the connection opened."""

    def mss_changed(self, mss: int) -> None:
        """The path MTU was found to be another; one segment must always be allowed."""
        self.mss = mss
        self.cwnd = max(self.cwnd, mss)

    def acknowledged(self, count: int) -> None:
        """`count` bytes were acknowledged for the first time, outside of a recovery."""

    def loss_detected(self, flight: int) -> None:
        """A segment is lost, and `flight` bytes are unacknowledged. Recovery begins."""

    def duplicate_ack(self) -> None:
        """A duplicate ACK of a recovery without SACK, the first three included: a segment has left."""

    def partial_ack(self, count: int) -> None:
        """`count` bytes were acknowledged in a recovery without SACK, which goes on."""

    def recovered(self) -> None:
        """All that was under way when the recovery began was acknowledged: it ends."""

    def timed_out(self, flight: int) -> None:
        """The retransmission timer expired with `flight` bytes unacknowledged."""

    def congestion_marked(self, flight: int) -> None:
        """Routers told of congestion: react as to a loss, and repeat nothing (RFC 3168 section 6.1.2)."""
        self.loss_detected(flight)
        self.recovered()

    def idle(self) -> None:
        """Nothing was sent for longer than a timeout: what the window knows is old."""

    @property
    def phase(self) -> str:
        """What it is doing, in the words of RFC 5681."""
        return "slow start" if self.cwnd < self.ssthresh else "congestion avoidance"
