"""Reno: slow start, congestion avoidance, fast retransmit and fast recovery (RFC 5681 section 3)."""

from netlab.transport.tcp.congestion.base import CongestionControl


def initial_window(mss: int) -> int:
    """IW: the upper bound for the first flight (RFC 5681 section 3.1)."""
    if mss > 2190:
        return 2 * mss
    if mss > 1095:
        return 3 * mss
    return 4 * mss


class Reno(CongestionControl):
    """Double the window each round trip up to `ssthresh`, then add a segment; halve it on loss."""

    name = "reno"

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
            return
        self._acknowledged += count  # congestion avoidance: one segment a round trip
        if self._acknowledged >= self.cwnd:
            self._acknowledged -= self.cwnd
            self.cwnd += self.mss

    def loss_detected(self, flight: int) -> None:
        self.ssthresh = max(flight // 2, 2 * self.mss)  # equation (4)
        self.cwnd = self.ssthresh + 3 * self.mss  # the three segments that made the duplicates
        self._recovering = True

    def duplicate_ack(self) -> None:
        self.cwnd += self.mss

    def recovered(self) -> None:
        self.cwnd = self.ssthresh  # "deflate" the window
        self._recovering = False

    def timed_out(self, flight: int) -> None:
        self.ssthresh = max(flight // 2, 2 * self.mss)
        self.cwnd = self.mss  # the loss window, LW
        self._acknowledged = 0
        self._recovering = False

    @property
    def phase(self) -> str:
        return "fast recovery" if self._recovering else super().phase
