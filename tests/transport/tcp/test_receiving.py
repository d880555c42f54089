"""What the receiver promises and confirms: the window and the acknowledgments it sends."""

import pytest

from netlab.transport.tcp.states import State
from netlab.units import minute, ms, s
from tests.transport.tcp.steps import Story

# --- delayed acknowledgments ----------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.8.6.3", "RFC 9293 MUST-40")
def test_a_lone_segment_is_acknowledged_within_half_a_second(story: Story) -> None:
    story.opened()
    story.peer("ACK", seq=1, ack=1, text=b"hello")
    story.alice_sends("ACK", seq=1, ack=6, after=200 * ms)
    story.silence(1 * minute)


@pytest.mark.rfc("RFC 9293 3.8.6.3")
def test_every_second_full_segment_is_acknowledged_at_once(story: Story) -> None:
    story.opened()
    for at in range(3):
        story.peer("ACK", seq=1 + 2920 * at, ack=1, text=bytes(1460))
        story.peer("ACK", seq=1461 + 2920 * at, ack=1, text=bytes(1460))
        story.alice_sends("ACK", seq=1, ack=2921 + 2920 * at)
    story.silence(1 * minute)


@pytest.mark.rfc("RFC 9293 3.8.6.3")
def test_small_segments_wait_together(story: Story) -> None:
    story.opened()
    for at in range(5):
        story.peer("ACK", seq=1 + at, ack=1, text=b"x")
        story.silence(30 * ms)
    story.alice_sends("ACK", seq=1, ack=6, after=50 * ms)  # 200 ms after the first


@pytest.mark.rfc("RFC 9293 3.8.6.3")
def test_data_of_our_own_carry_the_acknowledgment(story: Story) -> None:
    story.opened()
    story.peer("ACK", seq=1, ack=1, text=b"question")
    story.write(b"answer")
    story.alice_sends("ACK", seq=1, ack=9, text=b"answer")
    story.peer("ACK", seq=9, ack=7)
    story.silence(1 * minute)


def test_the_delay_can_be_switched_off() -> None:
    story = Story(delayed_ack=0).opened()
    story.peer("ACK", seq=1, ack=1, text=b"hello")
    story.alice_sends("ACK", seq=1, ack=6)
    story.peer("FIN,ACK", seq=6, ack=1, text=b"bye")
    story.alice_sends("ACK", seq=1, ack=10)
    story.settle()


@pytest.mark.rfc("RFC 9293 3.8.6.3")
def test_a_delayed_acknowledgment_dies_with_its_connection(story: Story) -> None:
    story.opened()
    story.peer("ACK", seq=1, ack=1, text=b"hello")
    story.peer("RST", seq=6)
    story.alice_forgets()


@pytest.mark.rfc("RFC 5681 4.2")
def test_a_segment_beyond_a_hole_is_answered_by_a_duplicate_ack_at_once(story: Story) -> None:
    story.opened()
    for at in (1461, 2921, 4381):
        story.peer("ACK", seq=at, ack=1, text=bytes(1460))
        story.alice_sends("ACK", seq=1, ack=1)
    story.peer("ACK", seq=1, ack=1, text=bytes(1460))
    story.alice_sends("ACK", seq=1, ack=5841)
    story.silence(1 * s)


@pytest.mark.rfc("RFC 5681 2", "RFC 5681 4.2")
def test_a_duplicate_ack_tells_the_window_that_the_one_before_told(story: Story) -> None:
    story.opened()
    story.peer("ACK", seq=1, ack=1, text=bytes(1460))
    story.peer("ACK", seq=1461, ack=1, text=bytes(1460))
    story.alice_sends("ACK", ack=2921, window=65_535 - 2920)
    story.read(bytes(2920))  # so that the window could grow
    for seq in (4381, 5841):
        story.peer("ACK", seq=seq, ack=1, text=bytes(1460))
        story.alice_sends("ACK", ack=2921, window=65_535 - 2920)
    story.peer("ACK", seq=2921, ack=1, text=bytes(1460))
    story.alice_sends("ACK", ack=7301, window=65_535 - 4380)


@pytest.mark.rfc("RFC 9293 3.8.6")
def test_a_duplicate_ack_does_not_hide_that_a_small_window_has_grown() -> None:
    story = Story(receive_buffer=3000).opened()
    story.peer("ACK", seq=1, ack=1, text=bytes(1000))
    story.peer("ACK", seq=1001, ack=1, text=bytes(1000))
    story.alice_sends("ACK", ack=2001, window=1000, after=200 * ms)
    story.read(bytes(1400))
    story.settle()
    story.peer("ACK", seq=2101, ack=1, text=bytes(100))
    story.alice_sends("ACK", ack=2001, window=1000)  # 1400 more are free: less than a segment
    story.read(bytes(100))
    story.alice_sends("ACK", ack=2001, window=2500)


@pytest.mark.rfc("RFC 5681 4.2")
def test_a_segment_that_fills_a_part_of_a_hole_is_acknowledged_at_once(story: Story) -> None:
    story.opened()
    story.peer("ACK", seq=11, ack=1, text=b"last")
    story.alice_sends("ACK", seq=1, ack=1)
    story.peer("ACK", seq=1, ack=1, text=b"first")
    story.alice_sends("ACK", seq=1, ack=6)
    story.peer("ACK", seq=6, ack=1, text=b"inner")
    story.alice_sends("ACK", seq=1, ack=15)
    story.read(b"firstinnerlast")


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
def test_a_segment_that_came_before_is_answered_at_once(story: Story) -> None:
    story.opened()
    story.peer("ACK", seq=1, ack=1, text=b"hello")
    story.alice_sends("ACK", ack=6, after=200 * ms)
    story.peer("ACK", seq=1, ack=1, text=b"hello")
    story.alice_sends("ACK", ack=6)


# --- the window -----------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.8.6")
def test_the_window_tells_what_the_buffer_still_takes(story: Story) -> None:
    story.opened()
    story.peer("ACK", seq=1, ack=1, text=bytes(1000))
    story.alice_sends("ACK", ack=1001, window=64_535, after=200 * ms)
    story.read(bytes(1000))
    story.peer("ACK", seq=1001, ack=1, text=bytes(500))
    story.alice_sends("ACK", ack=1501, window=64_035, after=200 * ms)  # it may open by 1000: silly
    story.peer("ACK", seq=1501, ack=1, text=bytes(500))
    story.read(bytes(500))
    story.alice_sends("ACK", ack=2001, window=65_035, after=200 * ms)


@pytest.mark.rfc("RFC 9293 3.1")
def test_a_buffer_larger_than_the_window_field_is_announced_by_parts() -> None:
    story = Story(receive_buffer=200_000)
    story.connect()
    story.alice_sends("SYN", seq=0, window=65_535)
    story.peer("SYN,ACK", seq=0, ack=1, mss=1460)
    story.alice_sends("ACK", seq=1, ack=1, window=65_535)
    story.peer("ACK", seq=1, ack=1, text=bytes(1460))
    story.alice_sends("ACK", seq=1, ack=1461, window=65_535, after=200 * ms)


@pytest.mark.rfc("RFC 9293 3.8.6", "RFC 9293 SHLD-14")
def test_the_right_edge_of_the_window_never_moves_back() -> None:
    story = Story(receive_buffer=5000).opened()
    edge = 0
    sent = 0
    for size in (100, 1460, 1, 1460, 700):
        story.peer("ACK", seq=1 + sent, ack=1, text=bytes(size))
        story.peer("ACK", seq=0, ack=1, text=b"x")  # old: brings an answer with the window
        sent += size
        ack = story.alice_sends("ACK", ack=1 + sent)
        promised = ack.ack + ack.window
        assert promised >= edge
        edge = promised
        story.tcb.receive(300)
        story.silence(1 * s)


def filled() -> Story:
    """A buffer of 4000 bytes that is full, and the peer knows it."""
    story = Story(receive_buffer=4000).opened()
    for at in range(3):
        story.peer("ACK", seq=1 + 1000 * at, ack=1, text=bytes(1000))
    story.alice_sends("ACK", ack=3001, window=1000)
    story.peer("ACK", seq=3001, ack=1, text=bytes(1000))
    story.alice_sends("ACK", ack=4001, window=0, after=200 * ms)
    return story


@pytest.mark.rfc("RFC 9293 3.8.6.2.2", "RFC 9293 MUST-39")
def test_a_window_is_opened_again_only_by_a_full_segment_or_half_the_buffer() -> None:
    story = filled()
    story.read(bytes(1459))
    story.settle()
    story.read(bytes(1))
    story.alice_sends("ACK", ack=4001, window=1460)
    story.read(bytes(1459))
    story.settle()
    story.read(bytes(1))
    story.settle()  # it is a segment wide: the peer has something to go on with


@pytest.mark.rfc("RFC 9293 3.8.6.2.2")
def test_a_buffer_smaller_than_a_segment_is_opened_again_by_half() -> None:
    story = Story(receive_buffer=1000).opened()
    story.peer("ACK", seq=1, ack=1, text=bytes(1000))
    story.alice_sends("ACK", ack=1001, window=0, after=200 * ms)
    story.read(bytes(499))
    story.settle()
    story.read(bytes(1))
    story.alice_sends("ACK", ack=1001, window=500)


@pytest.mark.rfc("RFC 9293 3.8.6.2.2")
def test_an_answer_in_between_does_not_tell_of_a_small_opening_either() -> None:
    story = filled()
    story.read(bytes(1000))
    story.peer("ACK", seq=4001, ack=1, text=b"p")  # a probe
    story.alice_sends("ACK", ack=4001, window=0)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_a_probe_is_answered_and_taken_once_the_window_is_open() -> None:
    story = Story(receive_buffer=1000).opened()
    story.peer("ACK", seq=1, ack=1, text=bytes(1000))
    story.alice_sends("ACK", ack=1001, window=0, after=200 * ms)
    for _ in range(3):
        story.silence(1 * s)
        story.peer("ACK", seq=1001, ack=1, text=b"p")
        story.alice_sends("ACK", ack=1001, window=0)
    story.read(bytes(1000))
    story.alice_sends("ACK", ack=1001, window=1000)
    story.peer("ACK", seq=1001, ack=1, text=b"p")
    story.read(b"p")
    story.alice_sends("ACK", ack=1002, window=999, after=200 * ms)


@pytest.mark.rfc("RFC 9293 3.8.6")
def test_what_comes_out_of_order_can_not_take_more_room_than_the_window() -> None:
    story = Story(receive_buffer=10_000).opened()
    receiver = story.tcb.receiver
    for at in range(1, 200):
        story.peer("ACK", seq=1 + 100 * at, ack=1, text=bytes(99))
        story.alice_sends("ACK", ack=1)
    assert receiver.reassembler.waiting <= 10_000


@pytest.mark.rfc("RFC 9293 3.10.4")
@pytest.mark.parametrize("state", [State.CLOSE_WAIT, State.LAST_ACK, State.TIME_WAIT])
def test_after_the_other_side_has_closed_no_window_is_opened_any_more(state: State) -> None:
    story = Story(receive_buffer=1000).opened()
    story.peer("ACK", seq=1, ack=1, text=bytes(990))
    story.alice_sends("ACK", ack=991, window=10, after=200 * ms)
    if state is State.TIME_WAIT:
        story.close()
        story.alice_sends("FIN,ACK", seq=1)
        story.peer("FIN,ACK", seq=991, ack=2)
    else:
        story.peer("FIN,ACK", seq=991, ack=1)
    story.alice_sends("ACK", ack=992)
    if state is State.LAST_ACK:
        story.close()
        story.alice_sends("FIN,ACK", seq=1)
    story.alice_is(state)
    story.read(bytes(990))
    story.settle()
