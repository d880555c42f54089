"""Reno: slow start, congestion avoidance, fast retransmit and fast recovery (RFC 5681 section 3)."""

from netlab.transport.tcp.congestion.base import CongestionControl


def initial_window(mss: int) -> int:
    """IW: the upper bound for the first flight, in bytes (RFC 6928 section 2)."""
    return min(10 * mss, max(2 * mss, 14_600))


class Reno(CongestionControl):
    """Double the window each round trip up to `ssthresh`, then add a segment; halve it on loss."""

    name = "reno"
    one_loss_a_recovery = True

    def __init__(self, mss: int) -> None:
        super().__init__(mss)
        self.cwnd = initial_window(mss)
        self._acknowledged = 0  # bytes towards the next step of congestion avoidance
        self._recovering = False

    def syn_lost(self) -> None:
        self.cwnd = self.mss  # begin with one segment (section 3.1)

    def acknowledged(self, count: int) -> None:
        if self.cwnd < self.ssthresh:
            self.cwnd += min(count, self.mss)  # slow start, equation (2)
        else:
            self.avoid_congestion(count)

    def avoid_congestion(self, count: int) -> None:
        """`count` bytes more were acknowledged: one segment a round trip (section 3.1)."""
        self._acknowledged += count
        if self._acknowledged >= self.cwnd:
            self._acknowledged -= self.cwnd
            self.cwnd += self.mss

    def threshold(self, flight: int) -> int:
        """The slow start threshold after a loss: half of what was under way, equation (4)."""
        return max(flight // 2, 2 * self.mss)

    def loss_detected(self, flight: int) -> None:
        self.cwnd = self.ssthresh = self.threshold(flight)
        self._recovering = True

    def duplicate_ack(self) -> None:
        self.cwnd += self.mss  # "inflate" the window (section 3.2, steps 3 and 4)

    def recovered(self) -> None:
        self.cwnd = self.ssthresh  # "deflate" the window (section 3.2, step 6)
        self._recovering = False

    def timed_out(self, flight: int) -> None:
        self.ssthresh = self.threshold(flight)
        self.cwnd = self.mss  # the loss window, LW
        self._acknowledged = 0
        self._recovering = False

    def idle(self) -> None:
        self.cwnd = min(self.cwnd, initial_window(self.mss))  # the restart window (section 4.1)

    @property
    def phase(self) -> str:
        return "fast recovery" if self._recovering else super().phase
