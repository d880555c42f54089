"""The other side's window: RFC 9293 section 3.7.4 (Nagle) and 3.8.6 (sliding, silly and zero windows)."""

from errno import ETIMEDOUT

import pytest

from netlab.transport.tcp.states import State
from netlab.units import minute, ms, s
from tests.transport.tcp.steps import Story

# --- the sliding window ---------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.8.6")
def test_no_more_is_under_way_than_the_window_allows(story: Story) -> None:
    story.opened(window=2500, mss=1000)
    story.write(bytes(10_000))
    story.alice_sends("ACK", seq=1, size=1000)
    story.alice_sends("ACK", seq=1001, size=1000)
    story.settle()
    story.peer("ACK", seq=1, ack=1001, window=2500)
    story.alice_sends("ACK", seq=2001, size=1000)
    story.peer("ACK", seq=1, ack=1001, window=4000)  # only the window moves
    story.alice_sends("ACK", seq=3001, size=1000)
    story.alice_sends("ACK", seq=4001, size=1000)


@pytest.mark.rfc("RFC 9293 3.8.6", "RFC 9293 MUST-34")
def test_a_window_that_shrinks_stops_the_sender_and_nothing_worse(story: Story) -> None:
    story.opened(window=4000, mss=1000)
    story.write(bytes(6000))
    for seq in (1, 1001, 2001, 3001):
        story.alice_sends("ACK", seq=seq, size=1000)
    story.peer("ACK", seq=1, ack=1001, window=1000)  # three are under way, and one is allowed
    story.peer("ACK", seq=1, ack=4001, window=1000)
    story.alice_sends("ACK", seq=4001, size=1000)


@pytest.mark.rfc("RFC 9293 3.8.6")
def test_a_window_taken_back_to_zero_is_probed_and_ends_no_connection(story: Story) -> None:
    story.opened(window=1000, mss=1000)
    story.write(bytes(1500))
    story.alice_sends("ACK", seq=1, size=1000)
    story.peer("ACK", seq=1, ack=1, window=0)
    story.silence(1 * s)  # the retransmission timer hands over to the persist timer
    for wait in (1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60):
        story.alice_sends("ACK", seq=1, size=1, after=wait * s)
        story.peer("ACK", seq=1, ack=1, window=0)
    story.peer("ACK", seq=1, ack=1, window=1000)
    story.alice_sends("ACK", seq=1, size=1000)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_the_persist_timer_takes_over_from_the_retransmission_timer(story: Story) -> None:
    story.opened(window=2000, mss=1000)
    story.write(bytes(2000))
    story.alice_sends("ACK", seq=1, size=1000)
    story.alice_sends("ACK", seq=1001, size=1000)
    story.alice_sends("ACK", seq=1, size=1000, after=1 * s)
    story.peer("ACK", seq=1, ack=1001, window=0)
    for wait in (2, 4, 8):
        story.alice_sends("ACK", seq=1001, size=1, after=wait * s)
    fired = story.net.trace.events_of(kind="timer fired", host="alice")
    assert [event.fields["timer"] for event in fired] == ["retransmission", *["persist"] * 3]


@pytest.mark.rfc("RFC 6298 3", "RFC 9293 3.8.6")
def test_what_was_under_way_when_the_window_was_taken_back_measures_nothing(story: Story) -> None:
    story.opened(window=1000, mss=1000)
    story.write(bytes(1500))
    story.alice_sends("ACK", seq=1, size=1000)
    story.peer("ACK", seq=1, ack=1, window=0)
    story.alice_sends("ACK", seq=1, size=1, after=2 * s)
    story.peer("ACK", seq=1, ack=1001, window=0)
    assert story.tcb.sender.rto.srtt == 0  # the handshake's


# --- silly window avoidance of the sender ---------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.8.6.2.1", "RFC 9293 MUST-38")
def test_a_small_opening_of_the_window_is_not_used(story: Story) -> None:
    story.opened(window=1000, mss=1000)
    story.write(bytes(5000))
    story.alice_sends("ACK", seq=1, size=1000)
    story.peer("ACK", seq=1, ack=1001, window=499)
    story.settle()
    story.peer("ACK", seq=1, ack=1001, window=500)  # half of the largest window seen
    story.alice_sends("ACK", seq=1001, size=500)


@pytest.mark.rfc("RFC 9293 3.8.6.2.1")
def test_a_small_window_is_used_when_all_that_is_left_fits(story: Story) -> None:
    story.opened(window=1000, mss=1000)
    story.write(bytes(1010))
    story.alice_sends("ACK", seq=1, size=1000)
    story.peer("ACK", seq=1, ack=1001, window=10)
    story.alice_sends("ACK", seq=1001, size=10)


@pytest.mark.rfc("RFC 9293 3.8.6.2.1")
def test_a_small_window_is_used_when_it_does_not_grow_for_a_timeout(story: Story) -> None:
    story.opened(window=1000, mss=1000)
    story.write(bytes(5000))
    story.alice_sends("ACK", seq=1, size=1000)
    story.peer("ACK", seq=1, ack=1001, window=100)
    story.alice_sends("ACK", seq=1001, size=100, after=1 * s)
    story.alice_sends("ACK", seq=1001, size=100, after=1 * s)  # and it is repeated as others are
    story.peer("ACK", seq=1, ack=1101, window=1000)
    story.alice_sends("ACK", seq=1101, size=1000)


# --- Nagle's algorithm ----------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.7.4")
def test_a_small_segment_waits_while_something_is_under_way(story: Story) -> None:
    story.opened()
    story.write(b"a")
    story.alice_sends("ACK", seq=1, text=b"a")
    story.write(b"b")
    story.write(b"c")
    story.peer("ACK", seq=1, ack=2)
    story.alice_sends("ACK", seq=2, text=b"bc")
    story.peer("ACK", seq=1, ack=4)


@pytest.mark.rfc("RFC 9293 3.7.4")
def test_a_full_segment_does_not_wait(story: Story) -> None:
    story.opened()
    story.write(b"a")
    story.alice_sends("ACK", seq=1, text=b"a")
    story.write(bytes(1459))
    story.settle()
    story.write(bytes(1))
    story.alice_sends("ACK", seq=2, size=1460)


@pytest.mark.rfc("RFC 9293 3.7.4", "RFC 9293 MUST-17")
def test_without_nagle_small_segments_go_out_at_once(story: Story) -> None:
    story.opened()
    story.tcb.sender.nodelay = True
    for at, letter in enumerate(b"abc"):
        story.write(bytes([letter]))
        story.alice_sends("ACK", seq=1 + at, text=bytes([letter]))


@pytest.mark.rfc("RFC 9293 MUST-17")
def test_nagle_can_be_switched_off_for_all_connections_of_a_host() -> None:
    story = Story(nodelay=True).opened()
    story.write(b"a")
    story.alice_sends("ACK", text=b"a")
    story.write(b"b")
    story.alice_sends("ACK", text=b"b")


# --- the zero window ------------------------------------------------------------------------


def shut(text: bytes = b"0123456789ABC", **settings: object) -> Story:
    """Ten bytes were taken, then the window was shut with more to come."""
    story = Story(**settings).opened(window=10)
    story.write(text)
    story.alice_sends("ACK", seq=1, text=text[:10])
    story.peer("ACK", seq=1, ack=11, window=0)
    return story


@pytest.mark.rfc("RFC 9293 3.8.6.1", "RFC 9293 MUST-36")
def test_a_shut_window_is_probed_after_the_timeout_and_then_ever_later() -> None:
    story = shut()
    for wait in (1, 2, 4, 8, 16, 32, 60, 60):
        story.alice_sends("ACK", seq=11, ack=1, text=b"A", after=wait * s)
        story.peer("ACK", seq=1, ack=11, window=0)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_when_the_window_opens_what_waits_goes_out_at_once() -> None:
    story = shut()
    story.alice_sends("ACK", seq=11, text=b"A", after=1 * s)
    story.peer("ACK", seq=1, ack=11, window=0)
    story.silence(500 * ms)
    story.peer("ACK", seq=1, ack=11, window=100)
    story.alice_sends("ACK", seq=11, text=b"ABC")
    story.peer("ACK", seq=1, ack=14, window=100)
    story.silence(10 * minute)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_the_byte_of_a_probe_may_be_taken() -> None:
    story = shut()
    story.alice_sends("ACK", seq=11, text=b"A", after=1 * s)
    story.peer("ACK", seq=1, ack=12, window=100)
    story.alice_sends("ACK", seq=12, text=b"BC")
    story.peer("ACK", seq=1, ack=14)
    story.silence(10 * minute)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_the_byte_of_a_probe_may_be_taken_while_the_window_stays_shut() -> None:
    story = shut()
    story.alice_sends("ACK", seq=11, text=b"A", after=1 * s)
    story.peer("ACK", seq=1, ack=12, window=0)
    story.alice_sends("ACK", seq=12, text=b"B", after=2 * s)
    story.peer("ACK", seq=1, ack=13, window=0)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_each_time_the_window_shuts_the_probes_begin_with_the_timeout_again() -> None:
    story = shut()
    for wait in (1, 2, 4):
        story.alice_sends("ACK", seq=11, text=b"A", after=wait * s)
        story.peer("ACK", seq=1, ack=11, window=0)
    story.peer("ACK", seq=1, ack=11, window=2)
    story.silence(1 * s - 1)
    story.peer("ACK", seq=1, ack=11, window=3)
    story.alice_sends("ACK", seq=11, text=b"ABC")
    story.peer("ACK", seq=1, ack=14, window=0)
    story.write(b"D")
    story.alice_sends("ACK", seq=14, text=b"D", after=1 * s)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_a_fin_waits_behind_a_shut_window_and_probes_it() -> None:
    story = shut(b"0123456789")
    story.close()
    story.alice_is(State.FIN_WAIT_1)
    story.alice_sends("FIN,ACK", seq=11, after=1 * s)
    story.peer("ACK", seq=1, ack=11, window=0)
    story.alice_sends("FIN,ACK", seq=11, after=2 * s)
    story.peer("ACK", seq=1, ack=12, window=0)
    story.alice_is(State.FIN_WAIT_2)
    story.silence(10 * minute)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_data_and_fin_wait_behind_a_shut_window_and_go_out_together() -> None:
    story = shut()
    story.close()
    story.alice_sends("ACK", seq=11, text=b"A", after=1 * s)
    story.peer("ACK", seq=1, ack=11, window=100)
    story.alice_sends("FIN,ACK", seq=11, text=b"ABC")
    story.peer("ACK", seq=1, ack=15)
    story.alice_is(State.FIN_WAIT_2)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_a_fin_needs_room_in_the_window(story: Story) -> None:
    story.opened(window=3)
    story.write(b"abc")
    story.alice_sends("ACK", seq=1, text=b"abc")
    story.close()
    story.settle()
    story.peer("ACK", seq=1, ack=4, window=3)
    story.alice_sends("FIN,ACK", seq=4)


@pytest.mark.rfc("RFC 9293 3.8.6.1", "RFC 9293 MUST-37")
def test_probes_go_on_as_long_as_they_are_answered() -> None:
    story = shut()
    for wait in (1, 2, 4, 8, 16, 32, *[60] * 20):
        story.alice_sends("ACK", seq=11, text=b"A", after=wait * s)
        story.peer("ACK", seq=1, ack=11, window=0)
    story.alice_is(State.ESTABLISHED)


@pytest.mark.rfc("RFC 9293 3.10.8")
def test_probes_that_nobody_answers_end_the_connection() -> None:
    story = shut()
    for wait in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        story.alice_sends("ACK", seq=11, text=b"A", after=wait * s)
    story.silence(60 * s)
    story.alice_forgets()
    story.alice_reports(ETIMEDOUT)


@pytest.mark.rfc("RFC 9293 3.10.8")
def test_the_patience_with_probes_counts_from_the_first_one_unanswered() -> None:
    story = shut(give_up_after=6 * s)
    for wait in (1, 2):
        story.alice_sends("ACK", seq=11, text=b"A", after=wait * s)
    story.silence(4 * s)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.10.7.4 second")
def test_nothing_is_probed_when_the_connection_is_gone() -> None:
    story = shut()
    story.peer("RST", seq=1)
    story.alice_forgets()


@pytest.mark.rfc("RFC 6429 3")
def test_a_window_that_never_opens_is_given_up_at_last() -> None:
    story = Story(give_up_closed_window_after=123 * s).opened(window=10)
    story.silence(1 * minute)
    story.write(b"0123456789ABC")
    story.alice_sends("ACK", seq=1, size=10)
    story.peer("ACK", seq=1, ack=11, window=0)
    for wait in (1, 2, 4, 8, 16, 32):
        story.alice_sends("ACK", seq=11, text=b"A", after=wait * s)
        story.peer("ACK", seq=1, ack=11, window=0)
    story.silence(60 * s)
    story.alice_forgets()
    story.alice_reports(ETIMEDOUT)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_while_it_probes_its_acks_lie_where_the_other_side_takes_them() -> None:
    story = shut()
    story.alice_sends("ACK", seq=11, text=b"A", after=1 * s)
    story.peer("ACK", seq=1, ack=11, text=b"news", window=0)
    story.alice_sends("ACK", seq=11, ack=5, after=200 * ms)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_a_shut_window_with_nothing_to_send_is_not_probed() -> None:
    story = Story().opened(window=10)
    story.write(b"0123456789")
    story.alice_sends("ACK", seq=1, text=b"0123456789")
    story.peer("ACK", seq=1, ack=11, window=0)
    story.silence(10 * minute)


@pytest.mark.rfc("RFC 9293 3.8.6.1")
def test_a_connection_that_opens_with_a_shut_window_probes_it(story: Story) -> None:
    story.connect()
    story.alice_sends("SYN", seq=0)
    story.peer("SYN,ACK", seq=0, ack=1, window=0)
    story.alice_sends("ACK", seq=1, ack=1)
    story.write(b"hello")
    story.alice_sends("ACK", seq=1, text=b"h", after=1 * s)
    story.peer("ACK", seq=1, ack=1, window=100)
    story.alice_sends("ACK", seq=1, text=b"hello")


@pytest.mark.rfc("RFC 9293 3.8.6.1")
@pytest.mark.parametrize("window", [0, 100])
def test_when_the_probe_took_the_last_byte_nothing_is_probed_any_more(window: int) -> None:
    story = shut(b"0123456789A")
    story.alice_sends("ACK", seq=11, text=b"A", after=1 * s)
    story.peer("ACK", seq=1, ack=12, window=window)
    story.silence(10 * minute)
    story.peer("ACK", seq=1, ack=12, window=0)
    story.write(b"B")
    story.alice_sends("ACK", seq=12, text=b"B", after=1 * s)
