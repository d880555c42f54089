"""The retransmission timeout, from measured round-trip times (RFC 6298).

Karn's rule, that a segment which was sent twice measures nothing, is kept by the sender: it starts
no measurement for a retransmission and abandons the one that is running (section 3).
"""

from netlab.units import ms

GRANULARITY = 1 * ms
"""G, the clock's granularity as the formula sees it (section 2, 2.3)."""
_K = 4


class RtoEstimator:
    """SRTT, RTTVAR and RTO of one connection, all in ns; SRTT is None before the first measurement."""

    __slots__ = ("maximum", "minimum", "rto", "rttvar", "srtt")

    def __init__(self, initial: int, minimum: int, maximum: int) -> None:
        self.srtt: int | None = None
        self.rttvar = 0
        self.rto = initial
        self.minimum = minimum
        self.maximum = maximum

    def measured(self, rtt: int) -> None:
        """A segment that was sent once was acknowledged after `rtt` ns (section 2, 2.2 and 2.3)."""
        if self.srtt is None:
            self.srtt = rtt
            self.rttvar = rtt // 2
        else:
            self.rttvar = (3 * self.rttvar + abs(self.srtt - rtt)) // 4
            self.srtt = (7 * self.srtt + rtt) // 8
        self.rto = self._bounded(self.srtt + max(GRANULARITY, _K * self.rttvar))

    def back_off(self) -> None:
        """The timer expired: double the timeout (section 5, 5.5)."""
        self.rto = self._bounded(2 * self.rto)

    def restart(self, rto: int) -> None:
        """Go on with `rto`, whatever came before (section 5, 5.7)."""
        self.rto = rto

    def _bounded(self, rto: int) -> int:
        return max(self.minimum, min(self.maximum, rto))
