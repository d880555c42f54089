"""What two SYNs agree on, and what the segments behind them carry: RFC 7323, 2018 and 3168."""

import pytest

from netlab.transport.tcp.options import MSS, SACK_PERMITTED, TIMESTAMPS, WINDOW_SCALE, Options
from netlab.transport.tcp.segment import Segment
from netlab.transport.tcp.states import State
from netlab.units import KiB, minute, ms, s
from tests.transport.tcp.steps import PEER_ISN, Story

EVERYTHING = Options(1460, 3, True, timestamps=(700, 0))


def opened(peer: Options, **settings: object) -> tuple[Story, Options]:
    """A connection that alice opened to a peer whose SYN,ACK has these options; and those of hers."""
    story = Story(**settings)
    story.connect()
    syn = Options.parse(story.alice_sends("SYN", seq=0).options)
    story.peer("SYN,ACK", seq=0, ack=1, options=peer.pack())
    story.alice_sends("ACK", seq=1, ack=1)
    return story, syn


def options_of(segment: Segment) -> Options:
    return Options.parse(segment.options)


@pytest.mark.rfc("RFC 7323 2.2", "RFC 7323 3.2", "RFC 2018 2")
def test_a_syn_offers_everything_by_default() -> None:
    _, syn = opened(EVERYTHING)
    assert (syn.mss, syn.window_scale, syn.sack_permitted) == (1460, 0, True)
    assert syn.timestamps is not None
    assert syn.timestamps[1] == 0


@pytest.mark.parametrize("left_out", [WINDOW_SCALE, SACK_PERMITTED, TIMESTAMPS])
def test_what_the_settings_leave_out_is_neither_offered_nor_used(left_out: int) -> None:
    kinds = tuple(
        kind for kind in (MSS, SACK_PERMITTED, TIMESTAMPS, WINDOW_SCALE) if kind != left_out
    )
    story, syn = opened(EVERYTHING, syn_options=kinds)
    assert (syn.window_scale is None) == (left_out == WINDOW_SCALE)
    assert syn.sack_permitted == (left_out != SACK_PERMITTED)
    assert (syn.timestamps is None) == (left_out == TIMESTAMPS)
    tcb = story.tcb
    assert tcb.sender.snd_wscale == (0 if left_out == WINDOW_SCALE else 3)
    assert tcb.sender.recovery.sack == (left_out != SACK_PERMITTED)
    assert tcb.timestamps.on == (left_out != TIMESTAMPS)


@pytest.mark.rfc("RFC 7323 2.2", "RFC 7323 3.2", "RFC 2018 2")
@pytest.mark.parametrize(
    "asked", [Options(1460), Options(1460, 3), Options(1460, None, True), EVERYTHING]
)
def test_a_syn_ack_offers_only_what_the_syn_had(asked: Options) -> None:
    story = Story()
    story.listen()
    story.peer("SYN", seq=0, options=asked.pack())
    answer = options_of(story.alice_sends("SYN,ACK", seq=0, ack=1))
    assert (answer.window_scale is None) == (asked.window_scale is None)
    assert answer.sack_permitted == asked.sack_permitted
    assert (answer.timestamps and answer.timestamps[1]) == (asked.timestamps and 700)


@pytest.mark.rfc("RFC 9293 MUST-15")
def test_a_syn_ack_without_options_means_536_bytes_a_segment_and_nothing_else() -> None:
    story, _ = opened(Options())
    story.write(bytes(600))
    assert story.alice_sends("ACK", seq=1, size=536).options == b""
    assert story.tcb.mss == 536


# --- window scale ---------------------------------------------------------------------------


@pytest.mark.rfc("RFC 7323 2.3")
@pytest.mark.parametrize(
    ("buffer", "scale"), [(65_535, 0), (65_536, 1), (128 * KiB, 2), (1024 * KiB, 5), (1 << 31, 14)]
)
def test_the_scale_is_the_least_with_which_the_buffer_can_be_told(buffer: int, scale: int) -> None:
    _, syn = opened(EVERYTHING, receive_buffer=buffer)
    assert syn.window_scale == scale


@pytest.mark.rfc("RFC 7323 2.2", "RFC 7323 2.3")
def test_windows_are_scaled_on_both_sides_but_never_in_a_syn() -> None:
    story = Story(receive_buffer=1024 * KiB)
    story.connect()
    assert story.alice_sends("SYN", seq=0).window == 65_535
    story.peer("SYN,ACK", seq=0, ack=1, window=1000, options=EVERYTHING.pack())
    assert story.tcb.sender.snd_wnd == 1000
    assert story.alice_sends("ACK", seq=1, ack=1).window == 1024 * KiB >> 5
    story.peer("ACK", seq=1, ack=1, window=2000)
    assert story.tcb.sender.snd_wnd == 16_000


@pytest.mark.rfc("RFC 7323 2.2")
def test_a_side_that_does_not_scale_keeps_the_other_from_scaling() -> None:
    story = Story(receive_buffer=1024 * KiB)
    story.connect()
    story.alice_sends("SYN", seq=0)
    story.peer("SYN,ACK", seq=0, ack=1, mss=1460)
    assert story.alice_sends("ACK", seq=1, ack=1).window == 65_535


# --- timestamps -----------------------------------------------------------------------------


def stamped(value: int, echo: int = 0) -> bytes:
    return Options(timestamps=(value, echo)).pack()


@pytest.mark.rfc("RFC 7323 3.2", "RFC 6691 3")
def test_each_segment_carries_timestamps_and_its_text_leaves_room_for_them() -> None:
    story, syn = opened(EVERYTHING)
    story.write(bytes(3000))
    first = story.alice_sends("ACK", seq=1, size=1448)
    assert len(first.options) == 12
    assert options_of(first).timestamps == (syn.timestamps[0], 700)  # type: ignore[index]
    story.alice_sends("ACK", seq=1449, size=1448)
    story.silence(50 * ms)
    story.peer("ACK", seq=1, ack=2897, options=stamped(750))
    second = story.alice_sends("ACK", seq=2897, size=104)
    assert options_of(second).timestamps == (syn.timestamps[0] + 50, 750)  # type: ignore[index]


@pytest.mark.rfc("RFC 7323 4.3")
def test_only_a_segment_that_reaches_the_last_ack_is_echoed() -> None:
    story, _ = opened(EVERYTHING)
    story.peer("ACK", seq=11, ack=1, text=b"later", options=stamped(710))
    assert options_of(story.alice_sends("ACK", ack=1)).timestamps[1] == 700  # type: ignore[index]
    story.peer("ACK", seq=1, ack=1, text=bytes(10), options=stamped(705))
    assert options_of(story.alice_sends("ACK", ack=16)).timestamps[1] == 705  # type: ignore[index]


@pytest.mark.rfc("RFC 7323 5.3")
def test_an_old_timestamp_is_refused_and_answered_and_its_text_not_taken() -> None:
    story, _ = opened(EVERYTHING)
    story.peer("ACK", seq=1, ack=1, text=b"new", options=stamped(720))
    story.alice_sends("ACK", ack=4, after=200 * ms)
    story.peer("ACK", seq=4, ack=1, text=b"old", options=stamped(719))
    story.alice_sends("ACK", seq=1, ack=4)
    story.read(b"new")


@pytest.mark.rfc("RFC 7323 5.2", "RFC 7323 5.3")
def test_a_rst_may_have_an_old_timestamp() -> None:
    story, _ = opened(EVERYTHING)
    story.peer("ACK", seq=1, ack=1, options=stamped(720))
    story.peer("RST", seq=1, options=stamped(1))
    story.settle()
    story.alice_is(State.CLOSED)


@pytest.mark.rfc("RFC 7323 5.5")
def test_after_24_days_without_a_segment_any_timestamp_will_do() -> None:
    story, _ = opened(EVERYTHING)
    story.silence(24 * 24 * 60 * minute)
    story.peer("ACK", seq=1, ack=1, text=b"hello", options=stamped(2))
    story.alice_sends("ACK", ack=6, after=200 * ms)
    story.read(b"hello")


@pytest.mark.rfc("RFC 7323 4.1")
def test_a_repeated_segment_is_measured_by_the_timestamp_that_comes_back() -> None:
    story, _ = opened(EVERYTHING)
    story.write(b"hello")
    story.alice_sends("ACK", seq=1, text=b"hello")
    again = story.alice_sends("ACK", seq=1, text=b"hello", after=1 * s)
    story.silence(300 * ms)
    story.peer("ACK", seq=1, ack=6, options=stamped(701, options_of(again).timestamps[0]))  # type: ignore[index]
    assert story.tcb.sender.rto.srtt == 300 * ms // 8  # the handshake took no time


def test_a_timestamp_that_was_never_sent_measures_nothing() -> None:
    story, _ = opened(EVERYTHING)
    story.write(b"hello")
    story.alice_sends("ACK", seq=1, text=b"hello")
    again = story.alice_sends("ACK", seq=1, text=b"hello", after=1 * s)
    story.peer("ACK", seq=1, ack=6, options=stamped(701, options_of(again).timestamps[0] + 9))  # type: ignore[index]
    assert story.tcb.sender.rto.srtt == 0


# --- SACK, as a receiver --------------------------------------------------------------------


def blocks_of(segment: Segment) -> list[tuple[int, int]]:
    """The blocks that alice reports, counted from the peer's SYN."""
    return [(start - PEER_ISN, end - PEER_ISN) for start, end in options_of(segment).sack]


@pytest.mark.rfc("RFC 2018 3", "RFC 2018 4")
def test_each_ack_tells_what_is_here_beyond_the_hole_the_latest_first() -> None:
    story, _ = opened(Options(1460, None, True))
    story.peer("ACK", seq=101, ack=1, text=bytes(100))
    assert blocks_of(story.alice_sends("ACK", ack=1)) == [(101, 201)]
    story.peer("ACK", seq=301, ack=1, text=bytes(100))
    assert blocks_of(story.alice_sends("ACK", ack=1)) == [(301, 401), (101, 201)]
    story.peer("ACK", seq=201, ack=1, text=bytes(50))
    assert blocks_of(story.alice_sends("ACK", ack=1)) == [(101, 251), (301, 401)]
    story.peer("ACK", seq=1, ack=1, text=bytes(100))
    assert blocks_of(story.alice_sends("ACK", ack=251)) == [(301, 401)]
    story.peer("ACK", seq=251, ack=1, text=bytes(50))
    assert blocks_of(story.alice_sends("ACK", ack=401)) == []


@pytest.mark.rfc("RFC 2018 3")
@pytest.mark.parametrize(("peer", "most"), [(Options(1460, None, True), 4), (EVERYTHING, 3)])
def test_a_segment_holds_four_blocks_or_three_beside_timestamps(peer: Options, most: int) -> None:
    story, _ = opened(peer)
    stamp = stamped(700) if peer.timestamps else b""
    for at in range(1, 7):
        story.peer("ACK", seq=1 + 100 * at, ack=1, text=bytes(50), options=stamp)
        told = blocks_of(story.alice_sends("ACK", ack=1))
        assert told == [(1 + 100 * n, 51 + 100 * n) for n in range(at, max(0, at - most), -1)]


@pytest.mark.rfc("RFC 2883 4")
def test_what_comes_twice_is_told_in_the_first_block() -> None:
    story, _ = opened(Options(1460, None, True))
    story.peer("ACK", seq=1, ack=1, text=bytes(100))
    story.alice_sends("ACK", ack=101, after=200 * ms)
    story.peer("ACK", seq=51, ack=1, text=bytes(50))
    assert blocks_of(story.alice_sends("ACK", ack=101)) == [(51, 101)]
    story.peer("ACK", seq=201, ack=1, text=bytes(100))
    assert blocks_of(story.alice_sends("ACK", ack=101)) == [(201, 301)]
    story.peer("ACK", seq=201, ack=1, text=bytes(50))
    assert blocks_of(story.alice_sends("ACK", ack=101)) == [(201, 251), (201, 301)]


# --- ECN ------------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 3168 6.1.1")
@pytest.mark.parametrize(
    ("answer", "agreed"), [("SYN,ACK", False), ("SYN,ACK,ECE", True), ("SYN,ACK,ECE,CWR", False)]
)
def test_ecn_is_used_when_the_answer_says_so_by_ece_alone(answer: str, agreed: bool) -> None:
    story = Story(ecn=True)
    story.connect()
    story.alice_sends("SYN,ECE,CWR", seq=0)
    story.peer(answer, seq=0, ack=1, mss=1460)
    story.alice_sends("ACK", seq=1, ack=1)
    assert story.tcb.ecn.on == agreed


@pytest.mark.rfc("RFC 3168 6.1.1")
@pytest.mark.parametrize(("wants", "answer"), [(True, "SYN,ACK,ECE"), (False, "SYN,ACK")])
def test_who_is_asked_agrees_if_he_wants_to(wants: bool, answer: str) -> None:
    story = Story(ecn=wants)
    story.listen()
    story.peer("SYN,ECE,CWR", seq=0, mss=1460)
    story.alice_sends(answer, seq=0, ack=1)


@pytest.mark.rfc("RFC 3168 6.1.2")
def test_an_ece_slows_down_once_a_window_and_the_next_new_text_says_so() -> None:
    story = Story(ecn=True)
    story.connect()
    story.alice_sends("SYN,ECE,CWR", seq=0)
    story.peer("SYN,ACK,ECE", seq=0, ack=1, mss=1000)
    story.alice_sends("ACK", seq=1, ack=1)
    story.write(bytes(12_000))
    for at in range(4):
        story.alice_sends("ACK", seq=1 + 1000 * at, size=1000)
    congestion = story.tcb.sender.congestion
    story.peer("ACK,ECE", seq=1, ack=1001)
    assert congestion.ssthresh == 2000
    story.peer("ACK,ECE", seq=1, ack=2001)
    story.alice_sends("ACK,CWR", seq=4001, size=1000)
    story.peer("ACK,ECE", seq=1, ack=3001)
    story.alice_sends("ACK", seq=5001, size=1000)
    assert congestion.ssthresh == 2000
