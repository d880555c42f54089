"""RFC 9438: the window against the RFC's formulas, in floating point."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.transport.tcp.congestion import Cubic
from netlab.transport.tcp.congestion.cubic import _cube_root
from netlab.units import ms, s

MSS = 1460
C = 0.4
BETA = 0.7


def after_loss(window: int, srtt: int = 100 * ms) -> Cubic:
    """In congestion avoidance, just after a loss at this many segments."""
    cubic = Cubic(MSS)
    cubic.cwnd = window * MSS
    cubic.srtt = srtt
    cubic.now = 10 * s
    cubic.loss_detected(window * MSS)
    cubic.recovered()
    return cubic


@given(st.integers(0, 1 << 120))
def test_the_cube_root_is_exact(value: int) -> None:
    root = _cube_root(value)
    assert root**3 <= value < (root + 1) ** 3


@pytest.mark.rfc("RFC 9438 4.6")
def test_a_loss_leaves_seven_tenths_of_the_window() -> None:
    cubic = after_loss(100)
    assert cubic.cwnd == cubic.ssthresh == 70 * MSS
    assert cubic.w_max == 100 * MSS


@pytest.mark.rfc("RFC 9438 4.7")
def test_a_loss_before_the_old_window_is_back_leaves_room_for_others() -> None:
    cubic = after_loss(100)
    cubic.loss_detected(70 * MSS)
    assert cubic.w_max == 70 * MSS * 17 // 20
    assert cubic.cwnd == 49 * MSS


@pytest.mark.rfc("RFC 9438 4.2", "RFC 9438 4.4", "RFC 9438 4.5")
@pytest.mark.parametrize("window", [200, 1000])
def test_the_window_follows_the_cubic_function_from_loss_to_beyond_the_old_window(
    window: int,
) -> None:
    cubic = after_loss(window)
    k = ((window - BETA * window) / C) ** (1 / 3)
    began = cubic.now
    srtt = cubic.srtt
    while cubic.now < began + int(2 * k * s):
        for _ in range(cubic.cwnd // MSS):  # a round trip: each segment is acknowledged
            cubic.acknowledged(MSS)
        cubic.now += srtt
        elapsed = (cubic.now - began) / s
        expected = C * (elapsed - k) ** 3 + window
        assert cubic.cwnd / MSS == pytest.approx(expected, rel=0.02)


@pytest.mark.rfc("RFC 9438 4.3")
def test_over_a_short_way_it_grows_no_slower_than_reno() -> None:
    cubic = after_loss(20, srtt=1 * ms)
    for _ in range(40):
        for _ in range(cubic.cwnd // MSS):
            cubic.acknowledged(MSS)
        cubic.now += 1 * ms
    # alpha_cubic a round trip until the window of the loss is back
    assert (
        cubic.cwnd / MSS == pytest.approx(14 + 40 * 9 / 17, rel=0.03, abs=1)
        or cubic.cwnd > 20 * MSS
    )


@pytest.mark.rfc("RFC 9438 4.8")
def test_after_a_timeout_it_begins_with_one_segment_and_the_curve_starts_level() -> None:
    cubic = Cubic(MSS)
    cubic.cwnd = 100 * MSS
    cubic.srtt = 100 * ms
    cubic.timed_out(100 * MSS)
    assert (cubic.cwnd, cubic.ssthresh) == (MSS, 70 * MSS)
    while cubic.cwnd < cubic.ssthresh:
        cubic.acknowledged(MSS)
    reached = cubic.cwnd
    cubic.acknowledged(MSS)
    assert cubic.k_ms == 0
    assert cubic.w_max == reached


def test_time_in_which_nothing_was_sent_makes_no_window_grow() -> None:
    cubic = after_loss(100)
    cubic.acknowledged(MSS)
    before = cubic.cwnd
    cubic.now += 3600 * s
    cubic.idle()
    assert cubic.cwnd <= before
    for _ in range(cubic.cwnd // MSS):
        cubic.acknowledged(MSS)
    assert cubic.cwnd <= before + MSS


@given(
    st.lists(
        st.tuples(st.sampled_from(["ack", "loss", "timeout", "idle"]), st.integers(1, 3000)),
        max_size=60,
    ),
    st.integers(1, 9000),
)
def test_whatever_happens_the_window_holds_a_segment(
    happenings: list[tuple[str, int]], mss: int
) -> None:
    cubic = Cubic(mss)
    cubic.srtt = 50 * ms
    for what, amount in happenings:
        cubic.now += amount * ms
        before = cubic.cwnd
        if what == "ack":
            cubic.acknowledged(min(amount, before))
            assert before <= cubic.cwnd <= before + max(before, mss)
        elif what == "loss":
            cubic.loss_detected(cubic.cwnd)
            cubic.recovered()
        elif what == "timeout":
            cubic.timed_out(cubic.cwnd)
        else:
            cubic.idle()
        assert cubic.cwnd >= mss
        assert cubic.ssthresh >= 2 * mss
