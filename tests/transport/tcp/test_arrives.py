"""RFC 9293 section 3.10.7.4: segments that arrive in all other states, check by check."""

from contextlib import suppress
from dataclasses import dataclass
from errno import ECONNREFUSED, ECONNRESET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netlab.host import Host
from netlab.transport.tcp import arrives
from netlab.transport.tcp.connection import Connection
from netlab.transport.tcp.options import Options
from netlab.transport.tcp.segment import Segment
from netlab.transport.tcp.states import SYNCHRONIZED, State
from netlab.units import minute, ms, s
from tests.transport.tcp.steps import Story

OPEN_STATES = [state for state in State if state in SYNCHRONIZED]
RECEIVING = [State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2]
each_synchronized_state = pytest.mark.parametrize("state", OPEN_STATES)


def alice_answers(story: Story, **numbers: int) -> None:
    """The answer that tells what is expected."""
    story.alice_sends("ACK", seq=story.alice_next, ack=story.peer_next, **numbers)


# --- first: the sequence number -------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
@pytest.mark.parametrize(
    ("seq", "size", "acceptable"),
    [
        # an open window, no text: seq must lie in it
        (0, 0, True),
        (999, 0, True),
        (-1, 0, False),
        (1000, 0, False),
        # an open window, text: its first or last byte must lie in it
        (0, 1000, True),
        (999, 500, True),
        (-10, 11, True),
        (-10, 10, False),
        (1000, 10, False),
        (-10, 2000, False),  # both ends outside, though all of the window lies between
    ],
)
def test_a_segment_is_acceptable_when_a_part_of_it_lies_in_the_window(
    seq: int, size: int, acceptable: bool
) -> None:
    story = Story(receive_buffer=1000).opened()
    story.peer("ACK", seq=1 + seq, ack=1, text=bytes(size))
    receiver = story.tcb.receiver
    if not acceptable:
        story.alice_sends("ACK", seq=1, ack=1)
        assert not receiver.buffer
    elif seq <= 0 < size:
        assert len(receiver.buffer) == size + seq
    elif size:
        story.alice_sends("ACK", seq=1, ack=1)  # beyond a hole
        assert receiver.reassembler.waiting == 1000 - seq
    story.silence(100 * ms)


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
@pytest.mark.parametrize(
    ("seq", "size", "acceptable"), [(0, 0, True), (1, 0, False), (-1, 0, False), (0, 1, False)]
)
def test_while_the_window_is_shut_only_an_empty_segment_at_its_place_is_acceptable(
    seq: int, size: int, acceptable: bool
) -> None:
    story = Story(receive_buffer=1000).opened()
    story.peer("ACK", seq=1, ack=1, text=bytes(1000))
    story.alice_sends("ACK", seq=1, ack=1001, window=0, after=200 * ms)
    story.peer("ACK", seq=1001 + seq, ack=1, text=bytes(size))
    if not acceptable:
        story.alice_sends("ACK", seq=1, ack=1001, window=0)
    story.silence(1 * s)


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
@each_synchronized_state
def test_text_outside_of_the_window_is_answered_by_what_is_expected(
    story: Story, state: State
) -> None:
    story.reach(state)
    story.peer("ACK", seq=story.peer_next + 70_000, ack=story.alice_una, text=b"too far")
    alice_answers(story)
    story.alice_is(state)


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
@pytest.mark.parametrize("window", [0, 1000])
def test_a_repeated_syn_in_syn_rcvd_is_answered_by_an_ack(story: Story, window: int) -> None:
    story.listen()
    story.peer("SYN", seq=0, window=window)
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.find()
    story.peer("SYN", seq=0, window=window)
    story.alice_sends("ACK", seq=1, ack=1)
    story.alice_is(State.SYN_RCVD)


@pytest.mark.rfc("RFC 9293 3.10.7.4 first", "RFC 9293 MUST-66")
def test_while_the_window_is_shut_acks_and_windows_of_refused_segments_count() -> None:
    story = Story(receive_buffer=1000).opened(window=100)
    story.peer("ACK", seq=1, ack=1, text=bytes(1000), window=100)
    story.alice_sends("ACK", seq=1, ack=1001, window=0, after=200 * ms)
    story.write(bytes(300))
    story.alice_sends("ACK", seq=1, ack=1001, size=100)
    story.peer("ACK", seq=1001, ack=101, text=b"x", window=200)  # a probe, and news
    story.alice_sends("ACK", seq=101, ack=1001, size=200, window=0)
    story.alice_sends("ACK", seq=301, ack=1001, window=0)
    story.peer("ACK", seq=1001, ack=301)
    story.settle()


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
@pytest.mark.parametrize(
    ("flags", "seq", "counts"),
    [
        ("ACK", 0, True),  # old, but it may be the only news
        ("ACK", 65_536, True),  # right behind the window: what lies in between was lost
        ("ACK", 65_537, False),
        ("ACK", 1 - 65_535, True),
        ("ACK", 0 - 65_535, False),
        ("", 0, False),
        ("SYN,ACK", 0, False),
        ("RST,ACK", 0, False),
    ],
)
def test_of_a_segment_that_is_refused_only_a_plausible_ack_counts(
    story: Story, flags: str, seq: int, counts: bool
) -> None:
    story.opened()
    story.write(b"hello")
    story.alice_sends("ACK", seq=1, text=b"hello")
    story.peer(flags, seq=seq, ack=6)
    if "RST" not in flags:
        story.alice_sends("ACK", seq=6, ack=1)
    assert story.alice_una == (6 if counts else 1)


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
def test_the_ack_of_a_refused_segment_may_end_the_connection(story: Story) -> None:
    story.reach(State.LAST_ACK)
    story.peer("ACK", seq=0, ack=2)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
@pytest.mark.parametrize("ack", [0, 1, 7])
def test_the_ack_of_a_refused_segment_opens_no_connection(story: Story, ack: int) -> None:
    story.reach(State.SYN_RCVD)
    story.peer("ACK", seq=0, ack=ack)
    story.alice_sends("ACK", seq=1, ack=1)
    story.alice_is(State.SYN_RCVD)


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
def test_a_syn_ack_that_comes_again_is_acknowledged_again(story: Story) -> None:
    story.opened()  # but suppose that the last ACK got lost
    story.peer("SYN,ACK", seq=0, ack=1)
    story.alice_sends("ACK", seq=1, ack=1)


@pytest.mark.rfc("RFC 5961 7")
def test_segments_without_text_that_are_out_of_place_are_answered_only_now_and_then(
    story: Story,
) -> None:
    story.opened()
    story.peer("ACK", seq=0, ack=1)
    story.alice_sends("ACK", seq=1, ack=1)
    for _ in range(5):
        story.peer("ACK", seq=0, ack=1)
    story.silence(500 * ms)
    story.peer("ACK", seq=0, ack=1)
    story.alice_sends("ACK", seq=1, ack=1)


# --- second: the RST bit --------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.7.4 second", "RFC 5961 3.2")
@pytest.mark.parametrize("state", [State.SYN_RCVD, *OPEN_STATES])
def test_a_rst_outside_of_the_window_is_dropped(story: Story, state: State) -> None:
    story.reach(state)
    story.peer("RST", seq=story.peer_next - 1)
    story.peer("RST", seq=story.peer_next + 65_536)
    story.alice_is(state)


@pytest.mark.rfc("RFC 9293 3.10.7.4 second", "RFC 5961 3.2")
@pytest.mark.parametrize("state", [State.SYN_RCVD, *OPEN_STATES])
def test_a_rst_in_the_window_but_not_at_its_edge_is_challenged(story: Story, state: State) -> None:
    story.reach(state)
    story.peer("RST", seq=story.peer_next + 1)
    alice_answers(story)
    story.alice_is(state)


@pytest.mark.rfc("RFC 9293 3.10.7.4 second")
@each_synchronized_state
def test_a_rst_with_exactly_the_expected_number_ends_the_connection(
    story: Story, state: State
) -> None:
    story.reach(state)
    story.peer("RST", seq=story.peer_next)
    story.alice_forgets()
    if state in (*RECEIVING, State.CLOSE_WAIT):
        story.alice_reports(ECONNRESET)
    else:
        assert story.tcb.error is None


@pytest.mark.rfc("RFC 9293 3.10.7.4 second")
def test_a_rst_in_syn_rcvd_after_an_active_open_means_refused(story: Story) -> None:
    story.reach(State.SYN_SENT)
    story.peer("SYN", seq=0)
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("RST", seq=1)
    story.alice_forgets()
    story.alice_reports(ECONNREFUSED)


@pytest.mark.rfc("RFC 9293 MUST-66")
def test_a_rst_counts_while_the_window_is_shut() -> None:
    story = Story(receive_buffer=1000).opened()
    story.peer("ACK", seq=1, ack=1, text=bytes(1000))
    story.alice_sends("ACK", seq=1, ack=1001, window=0, after=200 * ms)
    story.peer("RST", seq=1001)
    story.alice_is(State.CLOSED)


@pytest.mark.rfc("RFC 9293 3.10.7.4 second", "RFC 9293 3.10.7.4 fourth")
@pytest.mark.parametrize(("flags", "offset"), [("RST,ACK", 1), ("SYN,ACK", 0), ("SYN,ACK", 1)])
def test_a_segment_that_is_challenged_ends_there(story: Story, flags: str, offset: int) -> None:
    story.opened()
    story.write(b"hello")
    story.alice_sends("ACK", seq=1, text=b"hello")
    story.peer(flags, seq=1 + offset, ack=6, text=b"smuggled", window=77)
    story.alice_sends("ACK", seq=6, ack=1)
    assert not story.tcb.receiver.buffer
    assert not story.tcb.receiver.reassembler.waiting
    assert story.tcb.sender.snd_wnd == 65_535
    assert story.alice_una == 1


# --- fourth: the SYN bit --------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.7.4 fourth", "RFC 5961 4.2")
@each_synchronized_state
@pytest.mark.parametrize("flags", ["SYN", "SYN,ACK"])
@pytest.mark.parametrize("offset", [0, 5, -5, 100_000])
def test_a_syn_on_a_synchronized_connection_is_challenged_wherever_it_lies(
    story: Story, state: State, flags: str, offset: int
) -> None:
    story.reach(state)
    story.peer(flags, seq=story.peer_next + offset, ack=story.alice_una)
    alice_answers(story)
    story.alice_is(state)


@pytest.mark.rfc("RFC 9293 3.10.7.4 fourth")
def test_a_new_syn_in_syn_rcvd_after_an_active_open_is_challenged(story: Story) -> None:
    story.reach(State.SYN_SENT)
    story.peer("SYN", seq=0)
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("SYN", seq=1)
    story.alice_sends("ACK", seq=1, ack=1)
    story.alice_is(State.SYN_RCVD)


# --- fifth: the ACK field -------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.7.4 fifth")
@pytest.mark.parametrize("state", [State.SYN_RCVD, *OPEN_STATES])
def test_a_segment_without_ack_is_dropped(story: Story, state: State) -> None:
    story.reach(state)
    story.peer("", seq=story.peer_next, text=b"no ACK bit")
    story.peer("FIN", seq=story.peer_next)
    story.alice_is(state)
    assert not story.tcb.receiver.buffer


@pytest.mark.rfc("RFC 9293 3.10.7.4 fifth")
@pytest.mark.parametrize("ack", [0, 2, -5])
def test_a_wrong_ack_in_syn_rcvd_is_answered_by_a_rst(story: Story, ack: int) -> None:
    story.reach(State.SYN_RCVD)
    story.peer("ACK", seq=1, ack=ack)
    rst = story.alice_sends("RST", seq=ack)
    assert rst.ack == 0
    story.alice_is(State.SYN_RCVD)


@pytest.mark.rfc("RFC 9293 3.10.7.4 fifth")
def test_the_ack_of_the_syn_may_bring_text_and_fin(story: Story) -> None:
    story.listen()
    story.peer("SYN", seq=0)
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("FIN,ACK", seq=1, ack=1, text=b"hello")
    story.alice_sends("ACK", seq=1, ack=7)
    story.accept()
    story.alice_is(State.CLOSE_WAIT)
    story.read(b"hello")


@pytest.mark.rfc("RFC 9293 3.10.7.4 fifth")
@each_synchronized_state
def test_an_ack_of_what_was_not_sent_is_answered_and_its_text_dropped(
    story: Story, state: State
) -> None:
    story.reach(state)
    story.peer("ACK", seq=story.peer_next, ack=story.alice_next + 1, text=b"from nowhere")
    alice_answers(story)
    story.alice_is(state)
    assert not story.tcb.receiver.buffer


@pytest.mark.rfc("RFC 9293 3.10.7.4 fifth", "RFC 5961 5")
@pytest.mark.parametrize(("ack", "plausible"), [(1 - 65_535, True), (0 - 65_535, False)])
def test_text_with_an_ack_from_long_ago_is_not_taken(
    story: Story, ack: int, plausible: bool
) -> None:
    story.opened()
    story.peer("ACK", seq=1, ack=ack, text=b"injected")
    if plausible:
        story.read(b"injected")
        story.alice_sends("ACK", ack=9, after=200 * ms)
    else:
        story.alice_sends("ACK", seq=1, ack=1)
        assert not story.tcb.receiver.buffer


@pytest.mark.rfc("RFC 9293 3.10.7.4 fifth")
def test_an_old_ack_is_ignored_and_its_text_taken(story: Story) -> None:
    story.opened()
    story.write(b"hello")
    story.alice_sends("ACK", seq=1, ack=1, text=b"hello")
    story.peer("ACK", seq=1, ack=6)
    story.peer("ACK", seq=1, ack=3, text=b"late", window=1)
    story.read(b"late")
    assert story.tcb.sender.snd_una == story.isn + 6
    assert story.tcb.sender.snd_wnd == 65_535  # an old ACK's window is old too
    story.alice_sends("ACK", seq=6, ack=5, after=200 * ms)


@pytest.mark.rfc("RFC 9293 3.10.7.4 fifth")
def test_the_window_comes_from_the_newest_segment_only(story: Story) -> None:
    story.opened()
    sender = story.tcb.sender
    story.peer("ACK", seq=1, ack=1, window=5000)
    assert sender.snd_wnd == 5000
    story.peer("ACK", seq=4, ack=1, text=b"456", window=6000)  # overtakes
    story.alice_sends("ACK", seq=1, ack=1)
    assert sender.snd_wnd == 6000
    story.peer("ACK", seq=1, ack=1, text=b"123", window=4000)  # was sent before that
    story.alice_sends("ACK", seq=1, ack=7)
    assert sender.snd_wnd == 6000
    story.peer("ACK", seq=7, ack=0, window=3000)  # newer, but its ACK is older than others
    assert sender.snd_wnd == 6000


@pytest.mark.rfc("RFC 9293 3.10.7.4 fifth")
def test_a_part_of_what_is_under_way_can_be_acknowledged(story: Story) -> None:
    story.opened()
    story.write(b"0123456789")
    story.alice_sends("ACK", seq=1, ack=1, text=b"0123456789")
    story.peer("ACK", seq=1, ack=5)
    story.alice_sends("ACK", seq=5, ack=1, text=b"456789", after=1 * s)
    story.peer("ACK", seq=1, ack=11)


# --- seventh: the text ----------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.7.4 seventh")
@pytest.mark.parametrize("state", RECEIVING)
def test_text_is_taken_while_the_other_side_may_send(story: Story, state: State) -> None:
    story.reach(state)
    story.peer("ACK", seq=1, ack=story.alice_una, text=b"hello")
    story.read(b"hello")
    story.alice_sends("ACK", seq=story.alice_next, ack=6, after=200 * ms)


@pytest.mark.rfc("RFC 9293 3.10.7.4 seventh")
@pytest.mark.parametrize("state", [s for s in OPEN_STATES if s not in RECEIVING])
def test_text_behind_a_fin_is_ignored(story: Story, state: State) -> None:
    story.reach(state)
    story.peer("ACK", seq=2, ack=story.alice_una, text=b"after the end")
    story.alice_is(state)
    assert not story.tcb.receiver.buffer


@pytest.mark.rfc("RFC 9293 3.10.7.4 seventh")
def test_segments_that_overlap_give_each_byte_once(story: Story) -> None:
    story.opened()
    story.peer("ACK", seq=1, ack=1, text=b"abcdef")
    story.peer("ACK", seq=4, ack=1, text=b"DEFghi")
    story.read(b"abcdefghi")
    story.peer("ACK", seq=13, ack=1, text=b"mno")
    story.alice_sends("ACK", ack=10)
    story.peer("ACK", seq=11, ack=1, text=b"klMNO")
    story.alice_sends("ACK", ack=10)
    story.peer("ACK", seq=9, ack=1, text=b"IjKL")
    story.alice_sends("ACK", ack=16)
    story.read(b"jklmno")  # of two that claim the same byte the first stands


@pytest.mark.rfc("RFC 9293 3.10.7.4 first", "RFC 9293 3.10.7.4 seventh")
def test_a_segment_is_trimmed_to_the_window() -> None:
    story = Story(receive_buffer=10).opened()
    story.peer("ACK", seq=1, ack=1, text=b"0123456789ABC")
    story.alice_sends("ACK", seq=1, ack=11, window=0, after=200 * ms)
    story.read(b"0123456789", count=100)
    story.alice_sends("ACK", seq=1, ack=11, window=10)


@pytest.mark.rfc("RFC 9293 3.10.7.4 eighth")
def test_a_fin_needs_no_room_in_the_buffer() -> None:
    story = Story(receive_buffer=10).opened()
    story.peer("FIN,ACK", seq=1, ack=1, text=b"0123456789")
    story.alice_sends("ACK", seq=1, ack=12, window=0)
    story.alice_is(State.CLOSE_WAIT)


@pytest.mark.rfc("RFC 9293 3.10.7.4 seventh")
def test_a_fin_behind_text_that_is_cut_off_is_cut_off_too() -> None:
    story = Story(receive_buffer=10).opened()
    story.peer("FIN,ACK", seq=1, ack=1, text=b"0123456789ABC")
    story.alice_sends("ACK", seq=1, ack=11, after=200 * ms)
    story.alice_is(State.ESTABLISHED)
    story.read(b"0123456789")
    story.alice_sends("ACK", seq=1, ack=11, window=10)
    story.peer("FIN,ACK", seq=11, ack=1, text=b"ABC")
    story.alice_sends("ACK", seq=1, ack=15)
    story.alice_is(State.CLOSE_WAIT)
    story.read(b"ABC")


# --- eighth: the FIN bit --------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.7.4 eighth")
@pytest.mark.parametrize(
    ("state", "ack", "then"),
    [
        (State.ESTABLISHED, 1, State.CLOSE_WAIT),
        (State.FIN_WAIT_1, 1, State.CLOSING),
        (State.FIN_WAIT_1, 2, State.TIME_WAIT),
        (State.FIN_WAIT_2, 2, State.TIME_WAIT),
    ],
)
def test_a_fin_is_acknowledged_at_once_and_changes_the_state(
    story: Story, state: State, ack: int, then: State
) -> None:
    story.reach(state)
    story.peer("FIN,ACK", seq=1, ack=ack)
    story.alice_sends("ACK", seq=story.alice_next, ack=2)
    story.alice_is(then)


@pytest.mark.rfc("RFC 9293 3.10.7.4 eighth")
@pytest.mark.parametrize("state", [State.CLOSE_WAIT, State.CLOSING, State.LAST_ACK])
def test_a_fin_that_comes_again_is_acknowledged_again(story: Story, state: State) -> None:
    story.reach(state)
    for _ in range(2):
        story.peer("FIN,ACK", seq=1, ack=story.alice_una)
        alice_answers(story)
    story.alice_is(state)


@pytest.mark.rfc("RFC 9293 3.10.7.4 seventh", "RFC 9293 3.10.7.4 eighth")
@pytest.mark.parametrize("brings", ["text", "FIN"])
def test_a_program_that_waits_for_data_hears_at_once(story: Story, brings: str) -> None:
    story.opened()

    def wait(host: Host) -> None:
        tcb = story.tcb
        host.sim.clock.wait(
            tcb.readable, lambda: bool(tcb.receiver.buffer) or tcb.at_end, None, "data or an end"
        )

    waiting = story.alice.start(wait)
    story.silence(1 * s)
    assert not waiting.done
    if brings == "FIN":
        story.peer("FIN,ACK", seq=1, ack=1)
        story.alice_sends("ACK", ack=2)
    else:
        story.peer("ACK", seq=1, ack=1, text=b"hello")
    assert waiting.done


@pytest.mark.rfc("RFC 9293 3.10.7.4 eighth")
def test_text_and_fin_in_one_segment_are_acknowledged_together(story: Story) -> None:
    story.opened()
    story.peer("FIN,ACK", seq=1, ack=1, text=b"bye")
    story.alice_sends("ACK", seq=1, ack=5)
    story.alice_is(State.CLOSE_WAIT)
    story.read(b"bye")
    assert story.tcb.at_end


@pytest.mark.rfc("RFC 9293 3.10.7.4 eighth", "RFC 5681 4.2")
@pytest.mark.parametrize("text", [b"", b"fgh"])
def test_a_fin_that_comes_too_early_waits_for_what_is_missing(story: Story, text: bytes) -> None:
    story.opened()
    story.peer("FIN,ACK", seq=6, ack=1, text=text)
    story.alice_sends("ACK", seq=1, ack=1)  # a duplicate, so that the loss is seen
    story.alice_is(State.ESTABLISHED)
    story.peer("ACK", seq=1, ack=1, text=b"abcde")
    story.alice_sends("ACK", seq=1, ack=7 + len(text))
    story.alice_is(State.CLOSE_WAIT)
    story.read(b"abcde" + text)


@pytest.mark.rfc("RFC 9293 3.10.7.4 eighth")
def test_text_behind_an_early_fin_is_not_part_of_the_stream(story: Story) -> None:
    story.opened()
    story.peer("FIN,ACK", seq=6, ack=1)
    story.alice_sends("ACK", seq=1, ack=1)
    story.peer("ACK", seq=1, ack=1, text=b"abcdefgh")
    story.alice_sends("ACK", seq=1, ack=7)
    story.alice_is(State.CLOSE_WAIT)
    story.read(b"abcde", count=100)


@pytest.mark.rfc("RFC 9293 3.6.1")
def test_two_closes_at_once_pass_through_closing_on_both_sides(story: Story) -> None:
    # Figure 13 of the RFC.
    story.reach(State.FIN_WAIT_1)
    story.peer("FIN,ACK", seq=1, ack=1)
    story.alice_sends("ACK", seq=2, ack=2)
    story.alice_is(State.CLOSING)
    story.peer("ACK", seq=2, ack=2)
    story.alice_is(State.TIME_WAIT)
    story.silence(4 * minute - 1)
    story.alice_is(State.TIME_WAIT)
    story.silence(1)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.6.1")
def test_the_other_side_may_go_on_sending_after_our_close(story: Story) -> None:
    story.reach(State.FIN_WAIT_2)
    story.peer("ACK", seq=1, ack=2, text=b"one ")
    story.silence(100 * ms)
    story.peer("FIN,ACK", seq=5, ack=2, text=b"two")
    story.alice_sends("ACK", seq=2, ack=9)
    story.alice_is(State.TIME_WAIT)
    story.read(b"one two", count=100)


# --- header prediction -----------------------------------------------------------------------


@dataclass
class Step:
    """What alice's user, the peer or time does; numbers count from what alice expects, or waits for."""

    what: str
    seq: int = 0
    ack: int = 0
    size: int = 0
    window: int = 65_535
    stamp: int = 0
    sacked: int = 0


NEAR = st.sampled_from([0, 0, 0, 0, -1, 1, -700, 700, 1460, 70_000, -70_000, 1 << 31])
STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(
            ["ACK", "ACK", "ACK,PSH", "", "FIN,ACK", "URG,ACK", "write", "read", "time"]
        ),
        NEAR,
        NEAR,
        st.sampled_from([0, 0, 1, 700, 1460, 3000]),
        st.sampled_from([65_535, 65_535, 65_535, 20_000, 500, 0]),
        st.sampled_from([0, 0, 0, 1, -1, 1000]),
        st.sampled_from([0, 0, 0, 1, 700]),
    ),
    max_size=25,
)
EARLY_FIN = [Step("FIN,ACK", 700, -1), Step("ACK", size=700)]
SHUT = [  # a window that is shut, and probed while the other side goes on sending
    Step("ACK", window=0),
    Step("write", size=700),
    *[Step("time")] * 5,
    Step("ACK", size=1, window=0),
]


def told(steps: list[Step], *, options: bool, predict: bool) -> str:
    """All that is on record when a peer says these things, and alice's user writes and reads."""
    processing = dict(arrives._PROCESSING)
    if not predict:
        del processing[State.ESTABLISHED]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrives, "_PROCESSING", processing)
        story = Story(receive_buffer=5000, nodelay=True)
        story.connect()
        story.alice_sends("SYN", seq=0)
        syn = Options(1460, None, True, timestamps=(700, 0)) if options else Options(1460)
        story.peer("SYN,ACK", seq=0, ack=1, options=syn.pack())
        stamp = 700
        for step in steps:
            story.net.run(until=story.net.now)
            story._sent.clear()  # whatever alice said, it is on record
            tcb, sender = story.tcb, story.tcb.sender
            stamp += step.stamp
            if step.what == "time":
                story.net.run(until=story.net.now + 300 * ms)
            elif step.what == "read":
                tcb.receive(step.size)
            elif step.what == "write":
                with suppress(OSError):
                    tcb.send(bytes(step.size))
            else:
                acked = sender.snd_max if step.ack == 1 else sender.snd_una + step.ack
                said = Options(timestamps=(stamp, 0)) if options else Options()
                if options and step.sacked:
                    start = sender.snd_una + step.sacked
                    said.sack = ((start, start + 700),)
                story.peer(
                    step.what,
                    seq=tcb.receiver.rcv_nxt - story.peer_isn + step.seq,
                    ack=acked - story.isn,
                    text=bytes(step.size),
                    window=step.window,
                    options=said.pack(),
                )
        tcb, sender = story.tcb, story.tcb.sender
        state = (tcb.state, sender.snd_una, sender.snd_nxt, sender.snd_wl1, sender.snd_wl2)
        state += (sender.persist.delay, sender._unanswered_since, tcb.timestamps.ts_recent)
        return f"{state} {story.net.trace.digest()}"


@pytest.mark.rfc("RFC 9293 3.10.7.4", "RFC 7323 section 5.6")
@settings(deadline=None)
@given(STEPS, st.booleans())
@example(EARLY_FIN, False)
@example(SHUT, True)
def test_a_segment_that_was_foreseen_leads_to_what_all_the_checks_lead_to(
    steps: list[Step], options: bool
) -> None:
    assert told(steps, options=options, predict=True) == told(steps, options=options, predict=False)


@pytest.mark.rfc("RFC 7323 section 5.6")
def test_nearly_all_segments_of_a_transfer_are_foreseen(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[int] = []

    def otherwise(connection: Connection, segment: Segment, options: Options) -> None:
        checked.append(segment.seq)
        _otherwise(connection, segment, options)

    _otherwise = arrives._otherwise
    monkeypatch.setattr(arrives, "_otherwise", otherwise)
    story = Story().opened()
    for n in range(20):
        story.peer("ACK", seq=1 + 1000 * n, ack=1 + 500 * n, text=bytes(1000))
        story.read(bytes(1000))
        story.write(bytes(500))
        story.alice_sends("ACK", seq=1 + 500 * n, size=500)
        story.peer("ACK", seq=1001 + 1000 * n, ack=501 + 500 * n)
    assert not checked
