"""The interface of congestion control; by itself, a sender that knows no restraint."""


class CongestionControl:
    """Keeps `cwnd`, the congestion window in bytes. The sender tells it what happens.

    `ssthresh` is the slow start threshold in bytes. `mss` is the largest segment's payload. As it
    stands here the window never limits: only the receiver's does ("none").
    """

    name = "none"

    def __init__(self, mss: int) -> None:
        self.mss = mss
        self.cwnd = 1 << 30
        self.ssthresh = 1 << 30

    def syn_lost(self) -> None:
        """The SYN had to be sent again before the connection opened."""

    def mss_changed(self, mss: int) -> None:
        """The path MTU was found to be another; one segment must always be allowed."""
        self.mss = mss
        self.cwnd = max(self.cwnd, mss)

    def acknowledged(self, count: int) -> None:
        """`count` bytes were acknowledged for the first time, outside of a recovery."""

    def loss_detected(self, flight: int) -> None:
        """Three duplicate acknowledgments came; `flight` bytes are unacknowledged. Recovery begins."""

    def duplicate_ack(self) -> None:
        """One more duplicate acknowledgment during a recovery: a segment has left the network."""

    def recovered(self) -> None:
        """New data were acknowledged: the recovery ends."""

    def timed_out(self, flight: int) -> None:
        """The retransmission timer expired with `flight` bytes unacknowledged."""

    @property
    def phase(self) -> str:
        """What it is doing, in the words of RFC 5681."""
        return "slow start" if self.cwnd < self.ssthresh else "congestion avoidance"
