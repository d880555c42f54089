"""RFC 5681 section 3: the numbers of slow start, congestion avoidance, fast retransmit and recovery."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.transport.tcp.congestion import ALGORITHMS, CongestionControl, NewReno, Reno, Tahoe
from netlab.units import s
from tests.transport.tcp.steps import Story


@pytest.mark.rfc("RFC 6928 2")
@pytest.mark.parametrize(
    ("mss", "window"),
    [(1, 10), (536, 5360), (1460, 14_600), (1461, 14_600), (7300, 14_600), (7301, 14_602)],
)
def test_the_initial_window_is_ten_segments_or_14600_bytes_but_at_least_two_segments(
    mss: int, window: int
) -> None:
    assert Reno(mss).cwnd == window


@pytest.mark.rfc("RFC 5681 3.1")
def test_slow_start_goes_up_by_what_was_acknowledged_but_not_by_more_than_a_segment() -> None:
    reno = Reno(1000)
    assert reno.phase == "slow start"
    reno.acknowledged(1000)
    assert reno.cwnd == 11_000
    reno.acknowledged(2000)
    assert reno.cwnd == 12_000
    reno.acknowledged(10)
    assert reno.cwnd == 12_010


@pytest.mark.rfc("RFC 5681 3.1")
def test_congestion_avoidance_goes_up_by_a_segment_for_each_window_acknowledged() -> None:
    reno = Reno(1000)
    reno.cwnd = reno.ssthresh = 4000
    assert reno.phase == "congestion avoidance"
    for _ in range(3):
        reno.acknowledged(1000)
    assert reno.cwnd == 4000
    reno.acknowledged(1000)
    assert reno.cwnd == 5000
    for _ in range(4):
        reno.acknowledged(1000)
    assert reno.cwnd == 5000
    reno.acknowledged(1000)
    assert reno.cwnd == 6000


@pytest.mark.rfc("RFC 5681 3.1")
def test_a_timeout_halves_what_was_under_way_and_begins_again_with_one_segment() -> None:
    reno = Reno(1000)
    reno.timed_out(9000)
    assert (reno.ssthresh, reno.cwnd) == (4500, 1000)
    assert reno.phase == "slow start"
    reno.timed_out(1000)
    assert (reno.ssthresh, reno.cwnd) == (2000, 1000)  # at least two segments


@pytest.mark.rfc("RFC 5681 3.1")
def test_after_a_timeout_congestion_avoidance_counts_from_nothing() -> None:
    reno = Reno(1000)
    reno.cwnd = reno.ssthresh = 4000
    reno.acknowledged(3000)
    reno.timed_out(8000)
    for _ in range(3):
        reno.acknowledged(1000)
    assert (reno.ssthresh, reno.cwnd) == (4000, 4000)
    reno.acknowledged(3999)
    assert reno.cwnd == 4000
    reno.acknowledged(1)
    assert reno.cwnd == 5000


@pytest.mark.rfc("RFC 5681 3.2")
def test_fast_recovery_inflates_and_deflates_the_window() -> None:
    reno = Reno(1000)
    reno.loss_detected(9000)
    assert (reno.ssthresh, reno.cwnd) == (4500, 4500)
    for _ in range(3):  # which told of the loss
        reno.duplicate_ack()
    assert reno.cwnd == 7500
    assert reno.phase == "fast recovery"
    reno.duplicate_ack()
    reno.duplicate_ack()
    assert reno.cwnd == 9500
    reno.recovered()
    assert (reno.ssthresh, reno.cwnd) == (4500, 4500)
    assert reno.phase == "congestion avoidance"


@pytest.mark.rfc("RFC 5681 3.2")
def test_a_timeout_ends_fast_recovery() -> None:
    reno = Reno(1000)
    reno.loss_detected(9000)
    reno.timed_out(9000)
    assert (reno.cwnd, reno.phase) == (1000, "slow start")


@pytest.mark.rfc("RFC 5681 3.1")
@given(
    mss=st.integers(1, 9000),
    acks=st.lists(st.integers(1, 100_000), max_size=50),
    losses=st.lists(st.integers(0, 1_000_000), max_size=5),
)
def test_whatever_happens_the_window_holds_a_segment_and_ssthresh_two(
    mss: int, acks: list[int], losses: list[int]
) -> None:
    reno = Reno(mss)
    for at, count in enumerate(acks):
        before = reno.cwnd
        reno.acknowledged(count)
        assert before <= reno.cwnd <= before + mss
        if at < len(losses):
            reno.timed_out(losses[at]) if at % 2 else reno.loss_detected(losses[at])
            assert reno.ssthresh == max(losses[at] // 2, 2 * mss)
            assert reno.cwnd >= mss
            if not at % 2:
                reno.recovered()


@pytest.mark.rfc("RFC 3168 6.1.2")
def test_a_mark_halves_the_window_and_nothing_is_recovered() -> None:
    reno = Reno(1000)
    reno.congestion_marked(9000)
    assert (reno.ssthresh, reno.cwnd, reno.phase) == (4500, 4500, "congestion avoidance")


@pytest.mark.rfc("RFC 5681 4.1")
def test_after_idleness_the_window_is_at_most_the_initial_one() -> None:
    reno = Reno(1000)
    for _ in range(20):
        reno.acknowledged(1000)
    reno.idle()
    assert reno.cwnd == 10_000
    reno.timed_out(10_000)
    reno.idle()
    assert reno.cwnd == 1000


@pytest.mark.rfc("RFC 6582 3.2")
def test_newreno_deflates_by_what_a_partial_ack_brought_and_adds_a_segment() -> None:
    newreno = NewReno(1000)
    newreno.loss_detected(20_000)
    newreno.partial_ack(3000)
    assert newreno.cwnd == 8000
    newreno.partial_ack(30_000)
    assert newreno.cwnd == 1000
    newreno.recovered()
    assert newreno.cwnd == 10_000


def test_tahoe_answers_every_loss_with_slow_start() -> None:
    for happens in (Tahoe.loss_detected, Tahoe.congestion_marked, Tahoe.timed_out):
        tahoe = Tahoe(1000)
        happens(tahoe, 9000)
        assert (tahoe.ssthresh, tahoe.cwnd, tahoe.phase) == (4500, 1000, "slow start")
    assert not Tahoe.fast_recovery


def test_none_never_limits() -> None:
    free = ALGORITHMS["none"](1000)
    assert type(free) is CongestionControl
    free.timed_out(5000)
    free.loss_detected(5000)
    free.syn_lost()
    free.acknowledged(1000)
    free.duplicate_ack()
    free.partial_ack(1000)
    free.recovered()
    free.congestion_marked(5000)
    free.idle()
    assert free.cwnd == free.ssthresh == 1 << 30


# --- on the wire ----------------------------------------------------------------------------


@pytest.mark.rfc("RFC 5681 3.1")
def test_slow_start_on_the_wire_sends_two_segments_for_each_that_is_acknowledged() -> None:
    story = Story().opened(mss=1000)
    story.write(bytes(20_000))
    next_seq = 1
    for count in (4, 2, 2, 2):
        for _ in range(count):
            story.alice_sends("ACK", seq=next_seq, size=1000)
            next_seq += 1000
        story.settle()
        una = story.alice_una
        story.peer("ACK", seq=1, ack=una + 1000)
    assert story.tcb.sender.congestion.cwnd == 8000


@pytest.mark.rfc("RFC 5681 3.1")
def test_neither_syn_nor_its_acknowledgment_widens_the_window(story: Story) -> None:
    story.opened(mss=1000)
    assert story.tcb.sender.congestion.cwnd == 4000


@pytest.mark.rfc("RFC 5681 3.1")
def test_an_ack_without_news_does_not_widen_the_window(story: Story) -> None:
    story.opened(mss=1000)
    story.peer("ACK", seq=1, ack=1, window=9000)
    story.peer("ACK", seq=1, ack=1, window=8000)
    assert story.tcb.sender.congestion.cwnd == 4000


@pytest.mark.rfc("RFC 5681 3.1")
def test_ssthresh_stays_when_the_same_segment_times_out_again() -> None:
    story = Story().opened(mss=1000)
    story.write(bytes(8000))
    for seq in (1, 1001, 2001, 3001):
        story.alice_sends("ACK", seq=seq, size=1000)
    story.peer("ACK", seq=1, ack=2001)
    for seq in (4001, 5001, 6001):
        story.alice_sends("ACK", seq=seq, size=1000)
    congestion = story.tcb.sender.congestion
    assert congestion.cwnd == 5000
    story.alice_sends("ACK", seq=2001, size=1000, after=1 * s)
    assert (congestion.ssthresh, congestion.cwnd) == (2500, 1000)
    story.alice_sends("ACK", seq=2001, size=1000, after=2 * s)
    assert (congestion.ssthresh, congestion.cwnd) == (2500, 1000)


def test_a_connection_without_congestion_control_fills_the_window_at_once() -> None:
    story = Story(congestion="none").opened(window=10_000, mss=1000)
    story.write(bytes(20_000))
    for at in range(10):
        story.alice_sends("ACK", seq=1 + 1000 * at, size=1000)
    story.settle()
