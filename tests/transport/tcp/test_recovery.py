"""Loss recovery on the wire: RFC 3042, RFC 6582, and with SACK RFC 6675."""

import pytest

from netlab.transport.tcp.options import Options
from netlab.units import s
from tests.transport.tcp.steps import ALICE_ISN, Story

MSS = 1000


def under_way(segments: int, *, sack: bool = False, total: int = 30, **settings: object) -> Story:
    """So many segments of 1000 bytes are sent, of `total` that the user has handed over."""
    story = Story(initial_window=segments, **settings)
    story.connect()
    story.alice_sends("SYN", seq=0)
    story.peer("SYN,ACK", seq=0, ack=1, options=Options(MSS, sack_permitted=sack).pack())
    story.alice_sends("ACK", seq=1, ack=1)
    story.write(bytes(total * MSS))
    for at in range(segments):
        sends(story, at)
    return story


def sends(story: Story, segment: int, after: int = 0) -> None:
    """Alice sends this segment, counted from 0."""
    story.alice_sends("ACK", seq=1 + segment * MSS, size=MSS, after=after)


def acks(story: Story, segment: int, *blocks: tuple[int, int]) -> None:
    """The peer has everything before this segment; and these, from the first to before the second."""
    edges = tuple((ALICE_ISN + 1 + start * MSS, ALICE_ISN + 1 + end * MSS) for start, end in blocks)
    story.peer("ACK", seq=1, ack=1 + segment * MSS, options=Options(sack=edges).pack())


# --- limited transmit -----------------------------------------------------------------------


@pytest.mark.rfc("RFC 3042 2")
@pytest.mark.parametrize("sack", [False, True])
def test_the_first_two_duplicates_let_one_new_segment_each_go(sack: bool) -> None:
    story = under_way(4, sack=sack)
    for at in (1, 2):
        acks(story, 0, *([(1, 1 + at)] if sack else []))
        sends(story, 3 + at)
    assert story.tcb.sender.congestion.cwnd == 4 * MSS


@pytest.mark.rfc("RFC 3042 2")
def test_limited_transmit_keeps_to_the_other_sides_window() -> None:
    story = Story().opened(window=4000, mss=MSS)
    story.write(bytes(6000))
    for at in range(4):
        sends(story, at)
    for _ in range(2):
        story.peer("ACK", seq=1, ack=1, window=4000)
    story.settle()


@pytest.mark.rfc("RFC 3042 2")
def test_with_sack_a_duplicate_that_tells_nothing_new_lets_nothing_go() -> None:
    story = under_way(4, sack=True)
    acks(story, 0, (1, 2))
    sends(story, 4)
    for _ in range(5):
        acks(story, 0, (1, 2))
    story.settle()


@pytest.mark.rfc("RFC 5681 3.2")
def test_what_limited_transmit_sent_does_not_count_in_ssthresh() -> None:
    story = under_way(4)
    for at in (4, 5):
        acks(story, 0)
        sends(story, at)
    acks(story, 0)
    sends(story, 0)
    assert story.tcb.sender.congestion.ssthresh == 2 * MSS


# --- without SACK ---------------------------------------------------------------------------


@pytest.mark.rfc("RFC 6582 3.2")
def test_newreno_repeats_one_lost_segment_for_each_partial_ack() -> None:
    story = under_way(8, limited_transmit=False, total=8)
    for _ in range(3):
        acks(story, 0)
    sends(story, 0)
    for at in (2, 5):
        acks(story, at)
        sends(story, at)
        assert story.tcb.sender.recovery.recovering
    acks(story, 8)
    story.settle()
    assert not story.tcb.sender.recovery.recovering
    assert story.tcb.sender.congestion.cwnd == 4 * MSS


@pytest.mark.rfc("RFC 5681 3.2")
def test_reno_ends_its_recovery_with_the_first_new_ack() -> None:
    story = under_way(8, limited_transmit=False, congestion="reno", total=8)
    for _ in range(3):
        acks(story, 0)
    sends(story, 0)
    acks(story, 2)
    story.settle()
    assert not story.tcb.sender.recovery.recovering


def test_tahoe_begins_anew_from_the_loss_in_slow_start() -> None:
    story = under_way(8, limited_transmit=False, congestion="tahoe", total=8)
    for _ in range(3):
        acks(story, 0)
    sends(story, 0)
    congestion = story.tcb.sender.congestion
    assert (congestion.cwnd, congestion.ssthresh) == (MSS, 4 * MSS)
    for _ in range(4):  # of those that had arrived: they tell of no other loss
        acks(story, 0)
    story.settle()
    acks(story, 2)
    sends(story, 2)
    sends(story, 3)
    acks(story, 8)
    story.settle()


# --- with SACK ------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 6675 5")
def test_three_blocks_of_news_begin_a_recovery_which_knows_the_holes() -> None:
    story = under_way(10, sack=True, total=10)
    for at in (1, 2):
        acks(story, 0, (1, 1 + at))
    acks(story, 0, (1, 3), (4, 5))
    sends(story, 0)
    # ssthresh is 5 segments; 0 is repeated, 3 may only be late, 5 to 9 are under way.
    assert story.tcb.sender.recovery.pipe == 7 * MSS
    story.settle()
    acks(
        story, 0, (1, 3), (4, 7)
    )  # three segments above 3: it is lost; 7, 8, 9 and 0 are under way
    sends(story, 3)
    acks(story, 10)
    story.settle()
    assert not story.tcb.sender.recovery.recovering
    assert story.tcb.sender.congestion.cwnd == 5 * MSS


@pytest.mark.rfc("RFC 6675 4")
def test_a_recovery_sends_new_data_when_no_hole_is_lost() -> None:
    story = under_way(10, sack=True)
    for at in (1, 2):
        acks(story, 0, (1, 1 + at))
        sends(story, 9 + at)
    acks(story, 0, (1, 4))
    sends(story, 0)
    for at, new in ((9, 12), (10, 13), (11, 14)):
        acks(story, 0, (1, at))
        if story.tcb.sender.recovery.pipe == 5 * MSS:
            sends(story, new)


@pytest.mark.rfc("RFC 6675 5")
def test_a_partial_ack_goes_on_with_the_holes_that_are_left() -> None:
    story = under_way(10, sack=True, total=10)
    acks(story, 0, (1, 2))
    acks(story, 0, (1, 2), (3, 4))
    acks(story, 0, (1, 2), (3, 4), (5, 10))
    sends(story, 0)
    sends(story, 2)
    sends(story, 4)
    acks(story, 2, (3, 4), (5, 10))
    story.settle()
    acks(story, 10)
    assert not story.tcb.sender.recovery.recovering


@pytest.mark.rfc("RFC 6675 4")
def test_when_nothing_else_is_left_the_last_segment_is_repeated_once_as_a_rescue() -> None:
    story = under_way(10, sack=True, total=10)
    for at in (1, 2):
        acks(story, 0, (1, 1 + at))
    acks(story, 0, (1, 7))
    sends(story, 0)
    sends(story, 9)  # nothing above tells whether 7, 8 and 9 arrived
    story.settle()


@pytest.mark.rfc("RFC 2018 8", "RFC 6675 5.1")
def test_a_timeout_forgets_what_sack_told_and_begins_no_recovery_before_all_that_arrived() -> None:
    story = under_way(6, sack=True, total=6)
    acks(story, 0, (3, 4))
    sends(story, 0, after=1 * s)
    recovery = story.tcb.sender.recovery
    assert not recovery.scoreboard.sacked
    for at in range(4, 7):
        acks(story, 0, (3, at))
    story.settle()
    acks(story, 3, (3, 4))
    assert not recovery.recovering


def test_after_a_timeout_what_sack_tells_again_is_not_sent_again() -> None:
    story = under_way(6, sack=True, total=6)
    sends(story, 0, after=1 * s)
    acks(story, 1, (2, 5))
    sends(story, 1)
    acks(story, 5)
    sends(story, 5)
    acks(story, 6)
    story.settle()


@pytest.mark.rfc("RFC 5681 4.1")
def test_after_an_rto_of_silence_the_window_is_at_most_the_initial_one() -> None:
    story = under_way(4, total=4)
    acks(story, 2)
    acks(story, 4)
    assert story.tcb.sender.congestion.cwnd == 6 * MSS
    story.silence(2 * s)
    story.tcb.sender.congestion.cwnd = 20 * MSS
    story.write(bytes(20 * MSS))
    for at in range(4, 14):  # RFC 6928: ten segments
        sends(story, at)
    story.settle()
