"""The estimator against RFC 6298 section 2, written down as it stands there, in exact fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.transport.tcp.rto import RtoEstimator
from netlab.units import ms, s, us


class Literal:
    """Section 2, line by line; times in ns."""

    G = 1 * ms
    K = 4

    def __init__(self) -> None:
        self.RTO = Fraction(1 * s)  # (2.1)
        self.SRTT: Fraction | None = None
        self.RTTVAR = Fraction(0)

    def measured(self, R: int) -> None:
        alpha, beta = Fraction(1, 8), Fraction(1, 4)
        if self.SRTT is None:  # (2.2)
            self.SRTT = Fraction(R)
            self.RTTVAR = Fraction(R, 2)
        else:  # (2.3), in this order
            self.RTTVAR = (1 - beta) * self.RTTVAR + beta * abs(self.SRTT - R)
            self.SRTT = (1 - alpha) * self.SRTT + alpha * R
        self.RTO = self.SRTT + max(self.G, self.K * self.RTTVAR)
        self.RTO = min(max(self.RTO, 1 * s), 60 * s)  # (2.4), (2.5)

    def back_off(self) -> None:  # (5.5)
        self.RTO = min(2 * self.RTO, 60 * s)


STEPS = st.lists(st.one_of(st.none(), st.integers(0, 70 * s)), max_size=30)


@pytest.mark.rfc("RFC 6298 2", "RFC 6298 5.5")
@given(STEPS)
def test_the_estimator_follows_the_formulas(steps: list[int | None]) -> None:
    estimator, literal = RtoEstimator(1 * s, 1 * s, 60 * s), Literal()
    assert estimator.rto == literal.RTO
    for rtt in steps:
        for each in (estimator, literal):
            if rtt is None:
                each.back_off()
            else:
                each.measured(rtt)
        # Whole nanoseconds lose less than one in each step, and the next steps shrink that.
        assert abs(estimator.rto - literal.RTO) < 50
        if literal.SRTT is None:
            assert estimator.srtt is None
        else:
            assert estimator.srtt is not None
            assert abs(estimator.srtt - literal.SRTT) < 10
            assert abs(estimator.rttvar - literal.RTTVAR) < 10


@pytest.mark.rfc("RFC 6298 2.3")
def test_the_granularity_is_the_least_margin() -> None:
    estimator = RtoEstimator(1 * s, 0, 60 * s)
    for _ in range(100):
        estimator.measured(100 * ms)
    assert estimator.rttvar < 10 * us
    assert estimator.rto == 100 * ms + 1 * ms


@pytest.mark.rfc("RFC 6298 2.4", "RFC 6298 2.5")
def test_the_timeout_stays_between_the_bounds() -> None:
    estimator = RtoEstimator(1 * s, 1 * s, 60 * s)
    estimator.measured(1)
    assert estimator.rto == 1 * s
    for _ in range(10):
        estimator.back_off()
    assert estimator.rto == 60 * s
