"""RFC 2018, 2883 and 6675. The oracle is the RFC's own definitions, taken byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.transport.tcp.sack import DUP_THRESH, Report, Scoreboard

MSS = 3
END = 40


@st.composite
def scoreboards(draw: st.DrawFn) -> tuple[Scoreboard, int, set[int]]:
    """A scoreboard after some ACKs, with `una`, and the set of bytes that it should know of."""
    board, una, arrived = Scoreboard(), 0, set[int]()
    for _ in range(draw(st.integers(0, 6))):
        una = draw(st.integers(una, min(una + 4, END)))
        starts = draw(st.lists(st.integers(0, END), max_size=3))
        blocks = [(start, start + draw(st.integers(-1, 9))) for start in starts]
        for start, end in blocks:
            if una < end <= END:
                arrived |= set(range(start, end))
        arrived = {each for each in arrived if each >= una}
        board.update(blocks, una, END, MSS)
    return board, una, arrived


def is_lost(position: int, arrived: set[int]) -> bool:
    """IsLost() of RFC 6675 section 4: DupThresh blocks above, or more than two segments of bytes."""
    above = sorted(each for each in arrived if each > position)
    blocks = sum(each - 1 not in arrived for each in above)
    return blocks >= DUP_THRESH or len(above) > (DUP_THRESH - 1) * MSS


@pytest.mark.rfc("RFC 6675 4")
@given(scoreboards(), st.integers(0, END))
def test_loss_and_pipe_are_what_the_rfc_counts_byte_by_byte(
    case: tuple[Scoreboard, int, set[int]], repeated: int
) -> None:
    board, una, arrived = case
    assert {each for start, end in board.sacked for each in range(start, end)} == arrived
    pipe = 0
    for position in range(una, END):
        if position not in arrived:
            lost = is_lost(position, arrived)
            assert (position < board.lost_below) == lost
            pipe += (not lost) + (position < repeated)
    assert board.pipe(una, END, repeated) == pipe


@pytest.mark.rfc("RFC 6675 4")
@given(scoreboards(), st.integers(0, END), st.booleans())
def test_the_next_hole_is_the_first_that_rule_1_or_3_allows(
    case: tuple[Scoreboard, int, set[int]], start: int, lost: bool
) -> None:
    board, una, arrived = case
    start = max(start, una)
    allowed = [
        position
        for position in range(start, END)
        if position not in arrived
        and any(each > position for each in arrived)
        and (is_lost(position, arrived) or not lost)
    ]
    hole = board.next_hole(start, lost=lost)
    assert (hole[0] if hole else None) == (allowed[0] if allowed else None)
    if hole:
        assert all(position in allowed for position in range(*hole))


@given(scoreboards(), st.integers(0, END))
def test_skipping_leads_to_the_first_byte_that_has_not_arrived(
    case: tuple[Scoreboard, int, set[int]], position: int
) -> None:
    board, _, arrived = case
    expected = position
    while expected in arrived:
        expected += 1
    assert board.skip(position) == expected


def test_an_update_tells_whether_it_was_news() -> None:
    board = Scoreboard()
    assert board.update([(10, 20)], 0, END, MSS)
    assert not board.update([(10, 20), (12, 15)], 0, END, MSS)
    assert not board.update([(10, 20)], 15, END, MSS)
    assert not board.update([], 15, END, MSS)
    assert board.update([(30, 31)], 15, END, MSS)
    assert board.sacked == [(15, 20), (30, 31)]


@pytest.mark.rfc("RFC 2018 8")
def test_blocks_of_what_was_never_sent_or_is_acknowledged_are_ignored() -> None:
    board = Scoreboard()
    assert not board.update([(10, END + 1), (1, 5), (7, 7), (9, 6)], 5, END, MSS)
    assert not board.sacked


def test_a_cleared_scoreboard_knows_nothing() -> None:
    board = Scoreboard()
    board.update([(10, 30)], 0, END, MSS)
    assert board.lost_below == 10
    board.clear()
    assert not board.sacked
    assert board.lost_below == 0
    assert board.next_hole(0, lost=False) is None


# --- what a receiver reports ----------------------------------------------------------------


@pytest.mark.rfc("RFC 2018 4")
def test_the_block_of_the_latest_segment_comes_first_and_then_those_told_before() -> None:
    report = Report()
    pieces = [(10, 20), (30, 40), (50, 60), (70, 80)]
    for start in (70, 10, 50, 30):
        report.arrived(start)
    assert report.blocks(pieces, 3) == [(30, 40), (50, 60), (10, 20)]
    assert report.blocks(pieces, 4) == [(30, 40), (50, 60), (10, 20), (70, 80)]


@pytest.mark.rfc("RFC 2018 4")
def test_a_segment_in_the_middle_of_a_block_brings_the_whole_block_forward() -> None:
    report = Report()
    report.arrived(50)
    report.arrived(15)
    assert report.blocks([(10, 20), (50, 60)], 3) == [(10, 20), (50, 60)]


def test_a_block_is_told_once_though_several_segments_of_it_came() -> None:
    report = Report()
    for start in (10, 14, 18):
        report.arrived(start)
    assert report.blocks([(10, 22)], 3) == [(10, 22)]


def test_blocks_that_are_no_longer_remembered_are_told_last() -> None:
    report = Report()
    pieces = [(10 * each, 10 * each + 5) for each in range(1, 12)]
    for start, _ in pieces:
        report.arrived(start)
    assert report.blocks(pieces, 11) == pieces[::-1]


@pytest.mark.rfc("RFC 2883 4")
def test_what_came_twice_is_told_first_and_once() -> None:
    report = Report()
    report.arrived(30)
    report.arrived_again((5, 8))
    assert report.blocks([(30, 40)], 3) == [(5, 8), (30, 40)]
    assert report.blocks([(30, 40)], 3) == [(30, 40)]
