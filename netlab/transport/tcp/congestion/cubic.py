"""CUBIC (RFC 9438): the window grows by a cubic function of the time since the last loss.

First fast, back towards the window at which the loss occurred (`w_max`), where it stays nearly
level for a while; then ever faster, to find what room there is beyond. Growth depends on time and
not on round trips, so connections over long ways don't lose out to those over short ones.

All sums are in integers (bytes and milliseconds), so that they come out the same on every machine.
HyStart++ (section 4.10), a gentler end of the first slow start, is left out.
"""

from netlab.transport.tcp.congestion.newreno import NewReno
from netlab.units import ms


class Cubic(NewReno):
    """The names are the RFC's, in lower case; windows are in bytes. C is 0.4, beta_cubic 0.7."""

    name = "cubic"

    def __init__(self, mss: int) -> None:
        super().__init__(mss)
        self.w_max = 0
        self.k_ms = 0
        self._cwnd_prior = 0
        self._w_est = 0
        self._epoch: int | None = None  # when the present congestion avoidance began (ns)
        self._after_timeout = False
        self._credit = 0  # of cwnd's growth, what isn't a whole byte yet (times cwnd)
        self._credit_est = 0

    def w_cubic(self, elapsed_ms: int) -> int:
        """W_cubic(t), equation (1): C * (t - K)^3 + W_max, in segments and seconds."""
        return self.w_max + 4 * self.mss * (elapsed_ms - self.k_ms) ** 3 // 10_000_000_000

    def avoid_congestion(self, count: int) -> None:
        if self._epoch is None:
            self._begin_epoch()
        assert self._epoch is not None
        elapsed = (self.now - self._epoch) // ms
        self._grow_estimate(count)
        if self.w_cubic(elapsed) < self._w_est:
            self.cwnd = max(self.cwnd, self._w_est)  # the Reno-friendly region (section 4.3)
            return
        # The concave and convex regions (sections 4.4, 4.5), the target bounded by section 4.2.
        target = self.w_cubic(elapsed + self.srtt // ms)
        target = max(self.cwnd, min(target, self.cwnd * 3 // 2))
        step, self._credit = divmod(self._credit + (target - self.cwnd) * count, self.cwnd)
        self.cwnd += step

    def threshold(self, flight: int) -> int:
        return max(flight * 7 // 10, 2 * self.mss)  # beta_cubic (section 4.6)

    def loss_detected(self, flight: int) -> None:
        # Fast convergence (section 4.7): a window that didn't get back to where it was leaves
        # room for whoever came meanwhile.
        self.w_max = self.cwnd * 17 // 20 if self.cwnd < self.w_max else self.cwnd
        self._cwnd_prior = self.cwnd
        self._epoch = None
        self._after_timeout = False
        super().loss_detected(flight)

    def timed_out(self, flight: int) -> None:
        self._cwnd_prior = self.cwnd
        self._epoch = None
        self._after_timeout = True
        super().timed_out(flight)

    def idle(self) -> None:
        self._epoch = None  # time in which nothing was sent makes no window grow (section 4.2)
        super().idle()

    def _begin_epoch(self) -> None:
        self._epoch = self.now
        self._w_est = self.cwnd
        self._credit = self._credit_est = 0
        if self._after_timeout or self.w_max < self.cwnd:  # section 4.8; or there was no loss yet
            self.w_max = self.cwnd
            self._after_timeout = False
        # K, equation (2): the cubic root of (W_max - cwnd_epoch) / C, in segments and seconds.
        self.k_ms = _cube_root((self.w_max - self.cwnd) * 10_000_000_000 // (4 * self.mss))

    def _grow_estimate(self, count: int) -> None:
        """W_est, equation (4): what Reno's window would be by now."""
        # alpha_cubic is 3 * (1 - 0.7) / (1 + 0.7) until the window of before the loss is back.
        numerator, denominator = (9, 17) if self._w_est < self._cwnd_prior else (1, 1)
        step, self._credit_est = divmod(
            self._credit_est + numerator * self.mss * count, denominator * self.cwnd
        )
        self._w_est += step


def _cube_root(value: int) -> int:
    """The largest integer whose cube isn't above `value`, by Newton's method."""
    if value <= 0:
        return 0
    root = 1 << -(-value.bit_length() // 3)
    while True:
        better = (2 * root + value // (root * root)) // 3
        if better >= root:
            return root
        root = better
