"""RFC 6298 at work: the retransmission timer, Karn's rule, and when to give up. And RFC 5681's fast way."""

from errno import ETIMEDOUT

import pytest

from netlab.transport.tcp.states import State
from netlab.units import minute, ms, s
from tests.transport.tcp.steps import Story


def open_with_round_trip(rtt: int, **settings: object) -> Story:
    """A connection whose handshake took `rtt` ns."""
    story = Story(**settings)
    story.connect()
    story.alice_sends("SYN", seq=0)
    story.silence(rtt)
    story.peer("SYN,ACK", seq=0, ack=1, mss=1460)
    story.alice_sends("ACK", seq=1, ack=1)
    return story


# --- the timer ------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 6298 2.1", "RFC 6298 5.5")
def test_a_syn_without_answer_is_repeated_after_a_second_and_then_ever_later(story: Story) -> None:
    story.connect()
    story.alice_sends("SYN", seq=0)
    for wait in (1, 2, 4, 8, 16, 32, 60):
        story.alice_sends("SYN", seq=0, mss=1460, after=wait * s)


@pytest.mark.rfc("RFC 9293 3.8.3", "RFC 9293 MUST-23")
def test_a_syn_is_given_up_after_at_least_three_minutes(story: Story) -> None:
    story.connect()
    story.alice_sends("SYN", seq=0)
    for wait in (1, 2, 4, 8, 16, 32, 60):
        story.alice_sends("SYN", seq=0, after=wait * s)
    story.silence(60 * s)
    assert story.net.now == 183 * s
    story.alice_forgets()
    story.alice_reports(ETIMEDOUT)


@pytest.mark.rfc("RFC 9293 3.8.3")
def test_a_syn_ack_is_repeated_and_given_up_as_well(story: Story) -> None:
    story.reach(State.SYN_RCVD)
    for wait in (1, 2, 4, 8, 16, 32, 60):
        story.alice_sends("SYN,ACK", seq=0, ack=1, after=wait * s)
    story.silence(60 * s)
    story.alice_forgets()
    assert story.listener is not None
    assert not story.listener.opening


@pytest.mark.rfc("RFC 6298 2.2", "RFC 6298 2.4", "RFC 6298 5.4")
def test_data_without_answer_are_repeated_after_the_timeout(story: Story) -> None:
    story.opened()
    story.write(b"hello")
    story.alice_sends("ACK", seq=1, text=b"hello")
    for wait in (1, 2, 4, 8, 16, 32, 60, 60):
        story.alice_sends("ACK", seq=1, ack=1, text=b"hello", after=wait * s)


@pytest.mark.rfc("RFC 6298 2.2")
def test_the_handshake_is_the_first_measurement() -> None:
    story = open_with_round_trip(800 * ms)
    rto = story.tcb.sender.rto
    assert (rto.srtt, rto.rttvar, rto.rto) == (800 * ms, 400 * ms, 2400 * ms)
    story.write(b"hello")
    story.alice_sends("ACK", text=b"hello")
    story.alice_sends("ACK", text=b"hello", after=2400 * ms)


@pytest.mark.rfc("RFC 6298 2.2")
def test_the_passive_side_measures_the_handshake_too(story: Story) -> None:
    story.reach(State.SYN_RCVD)
    story.silence(800 * ms)
    story.peer("ACK", seq=1, ack=1)
    story.accept()
    assert story.tcb.sender.rto.srtt == 800 * ms


@pytest.mark.rfc("RFC 6298 2.3")
def test_each_round_trip_with_a_segment_sent_once_is_a_measurement() -> None:
    story = open_with_round_trip(800 * ms)
    story.write(b"hello")
    story.alice_sends("ACK", text=b"hello")
    story.silence(400 * ms)
    story.peer("ACK", seq=1, ack=6)
    rto = story.tcb.sender.rto
    assert rto.rttvar == (3 * 400 * ms + 400 * ms) // 4
    assert rto.srtt == (7 * 800 * ms + 400 * ms) // 8
    assert rto.rto == rto.srtt + 4 * rto.rttvar


@pytest.mark.rfc("RFC 6298 3")
def test_only_the_ack_of_the_segment_that_is_timed_ends_the_measurement() -> None:
    story = open_with_round_trip(800 * ms)
    story.tcb.sender.nodelay = True
    for letter in (b"a", b"b"):
        story.write(letter)
        story.alice_sends("ACK", text=letter)
    story.silence(800 * ms)
    story.peer("ACK", seq=1, ack=2)
    story.write(b"c")
    story.alice_sends("ACK", text=b"c")  # this one is timed now
    story.silence(100 * ms)
    story.peer("ACK", seq=1, ack=3)
    assert story.tcb.sender.rto.srtt == 800 * ms
    story.silence(700 * ms)
    story.peer("ACK", seq=1, ack=4)
    assert story.tcb.sender.rto.srtt == 800 * ms
    assert story.tcb.sender.rto.rttvar == 400 * ms * 9 // 16  # two measurements since the first


@pytest.mark.rfc("RFC 6298 3")
def test_a_segment_that_was_sent_twice_measures_nothing_and_the_timeout_stays_doubled() -> None:
    story = open_with_round_trip(400 * ms)
    story.write(b"hello")
    story.alice_sends("ACK", text=b"hello")
    story.alice_sends("ACK", text=b"hello", after=1200 * ms)
    story.silence(10 * ms)
    story.peer("ACK", seq=1, ack=6)
    rto = story.tcb.sender.rto
    assert (rto.srtt, rto.rto) == (400 * ms, 2400 * ms)
    story.write(b"again")  # the next one still waits for the doubled timeout
    story.alice_sends("ACK", text=b"again")
    story.alice_sends("ACK", text=b"again", after=2400 * ms)


@pytest.mark.rfc("RFC 6298 5")
def test_a_fresh_measurement_ends_the_back_off() -> None:
    story = open_with_round_trip(400 * ms)
    story.write(b"hello")
    story.alice_sends("ACK", text=b"hello")
    story.alice_sends("ACK", text=b"hello", after=1200 * ms)
    story.peer("ACK", seq=1, ack=6)
    story.write(b"again")
    story.alice_sends("ACK", text=b"again")
    story.silence(400 * ms)
    story.peer("ACK", seq=1, ack=11)
    assert story.tcb.sender.rto.rto == 400 * ms + 4 * 150 * ms


@pytest.mark.rfc("RFC 6298 5.7", "RFC 5681 3.1")
def test_after_a_lost_syn_the_timeout_is_three_seconds_and_the_window_one_segment(
    story: Story,
) -> None:
    story.connect()
    story.alice_sends("SYN", seq=0)
    story.alice_sends("SYN", seq=0, after=1 * s)
    story.peer("SYN,ACK", seq=0, ack=1, mss=1460)
    story.alice_sends("ACK", seq=1)
    sender = story.tcb.sender
    assert (sender.rto.srtt, sender.rto.rto, sender.congestion.cwnd) == (None, 3 * s, 1460)
    story.write(b"hello")
    story.alice_sends("ACK", seq=1, text=b"hello")
    story.alice_sends("ACK", seq=1, text=b"hello", after=3 * s)


@pytest.mark.rfc("RFC 6298 5.1", "RFC 6298 5.2", "RFC 6298 5.3")
def test_the_timer_restarts_with_new_acks_and_stops_when_all_is_acknowledged(story: Story) -> None:
    story.opened()
    story.write(bytes(2920))
    story.alice_sends("ACK", seq=1, size=1460)
    story.alice_sends("ACK", seq=1461, size=1460)
    story.silence(500 * ms)
    story.peer("ACK", seq=1, ack=1461)
    story.alice_sends("ACK", seq=1461, size=1460, after=1 * s)
    story.silence(500 * ms)
    story.peer("ACK", seq=1, ack=2921)
    story.silence(10 * minute)


@pytest.mark.rfc("RFC 6298 5.1")
def test_a_second_segment_does_not_restart_the_timer(story: Story) -> None:
    story.opened()
    story.tcb.sender.nodelay = True
    story.write(b"one")
    story.alice_sends("ACK", text=b"one")
    story.silence(600 * ms)
    story.write(b"two")
    story.alice_sends("ACK", text=b"two")
    story.alice_sends("ACK", seq=1, text=b"onetwo", after=400 * ms)


@pytest.mark.rfc("RFC 9293 3.8.1")
def test_a_retransmission_takes_no_bytes_that_were_never_sent(story: Story) -> None:
    story.opened(window=5)
    story.write(b"hello, and more than fits")
    story.alice_sends("ACK", seq=1, text=b"hello")
    story.alice_sends("ACK", seq=1, text=b"hello", after=1 * s)


@pytest.mark.rfc("RFC 6298 5.4")
def test_a_retransmission_carries_the_acknowledgment_and_window_of_its_time(story: Story) -> None:
    story.opened()
    story.write(b"hello")
    story.alice_sends("ACK", seq=1, ack=1, text=b"hello")
    story.peer("ACK", seq=1, ack=1, text=b"for you", window=9_000)
    story.alice_sends("ACK", seq=6, ack=8, after=200 * ms)
    story.alice_sends("ACK", seq=1, ack=8, text=b"hello", window=65_528, after=800 * ms)


@pytest.mark.rfc("RFC 9293 3.8.1")
def test_after_a_timeout_what_the_other_side_lacks_is_sent_again_from_there_on(
    story: Story,
) -> None:
    story.tcp.settings.initial_window = 3
    story.opened()
    story.write(bytes(4 * 1460))
    for seq in (1, 1461, 2921):
        story.alice_sends("ACK", seq=seq, size=1460)
    story.alice_sends("ACK", seq=1, size=1460, after=1 * s)
    story.peer("ACK", seq=1, ack=1461)  # slow start: two segments
    story.alice_sends("ACK", seq=1461, size=1460)
    story.alice_sends("ACK", seq=2921, size=1460)
    story.peer("ACK", seq=1, ack=4381)
    story.alice_sends("ACK", seq=4381, size=1460)
    story.peer("ACK", seq=1, ack=5841)


@pytest.mark.rfc("RFC 9293 3.8.1")
def test_what_arrived_before_the_timeout_is_not_sent_again(story: Story) -> None:
    story.tcp.settings.initial_window = 3
    story.opened()
    story.write(bytes(4 * 1460))
    for seq in (1, 1461, 2921):
        story.alice_sends("ACK", seq=seq, size=1460)
    story.alice_sends("ACK", seq=1, size=1460, after=1 * s)
    story.peer("ACK", seq=1, ack=4381)  # only the first was lost
    story.alice_sends("ACK", seq=4381, size=1460)
    story.peer("ACK", seq=1, ack=5841)


# --- the FIN --------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.6")
@pytest.mark.parametrize("state", [State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK])
def test_a_fin_without_answer_is_repeated(story: Story, state: State) -> None:
    story.reach(state)
    for wait in (1, 2, 4):
        story.alice_sends("FIN,ACK", seq=1, ack=story.peer_next, after=wait * s)
    story.peer("ACK", seq=story.peer_next, ack=2)
    story.silence(1 * minute)


@pytest.mark.rfc("RFC 9293 3.6")
def test_data_and_fin_are_repeated_together_when_they_fit_one_segment(story: Story) -> None:
    story.opened()
    story.tcb.sender.nodelay = True
    story.write(b"one")
    story.alice_sends("ACK", seq=1, text=b"one")
    story.close()
    story.alice_sends("FIN,ACK", seq=4)
    story.alice_sends("FIN,ACK", seq=1, text=b"one", after=1 * s)
    story.peer("ACK", seq=1, ack=5)
    story.alice_is(State.FIN_WAIT_2)


@pytest.mark.rfc("RFC 9293 3.6")
def test_a_fin_is_not_repeated_before_the_data_that_precede_it(story: Story) -> None:
    story.opened()
    story.write(bytes(2000))
    story.alice_sends("ACK", seq=1, size=1460)
    story.close()
    story.alice_sends("FIN,ACK", seq=1461, size=540)
    story.alice_sends("ACK", seq=1, size=1460, after=1 * s)
    story.peer("ACK", seq=1, ack=1461)
    story.alice_sends("FIN,ACK", seq=1461, size=540)
    story.peer("ACK", seq=1, ack=2002)
    story.alice_is(State.FIN_WAIT_2)


# --- giving up ------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.8.3", "RFC 9293 3.9.1.1", "RFC 9293 3.10.8")
@pytest.mark.parametrize("state", [State.ESTABLISHED, State.CLOSE_WAIT])
def test_data_that_nobody_acknowledges_end_the_connection_after_the_user_timeout(
    story: Story, state: State
) -> None:
    story.reach(state)
    story.write(b"hello")
    story.alice_sends("ACK", text=b"hello")
    for wait in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        story.alice_sends("ACK", text=b"hello", after=wait * s)
    story.silence(60 * s)
    assert story.net.now > 5 * minute
    story.alice_forgets()
    story.alice_reports(ETIMEDOUT)


@pytest.mark.rfc("RFC 9293 3.10.8")
@pytest.mark.parametrize("state", [State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK])
def test_a_fin_that_nobody_acknowledges_ends_the_connection_too(story: Story, state: State) -> None:
    story.reach(state)
    for wait in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        story.alice_sends("FIN,ACK", after=wait * s)
    story.silence(60 * s)
    story.alice_forgets()
    story.alice_reports(ETIMEDOUT)


@pytest.mark.rfc("RFC 9293 3.8.3")
def test_any_progress_starts_the_patience_anew() -> None:
    story = Story(give_up_after=100 * s).opened()
    story.write(bytes(2920))
    story.alice_sends("ACK", seq=1, size=1460)
    story.alice_sends("ACK", seq=1461, size=1460)
    for wait in (1, 2, 4, 8, 16, 32):
        story.alice_sends("ACK", seq=1, size=1460, after=wait * s)
    story.peer("ACK", seq=1, ack=1461)
    story.alice_sends("ACK", seq=1461, size=1460)
    story.alice_sends("ACK", seq=1461, size=1460, after=60 * s)
    story.alice_is(State.ESTABLISHED)  # though the second segment is 123 s old


@pytest.mark.rfc("RFC 9293 3.8.3")
def test_the_patience_counts_from_the_first_transmission() -> None:
    story = Story(give_up_after=7 * s).opened()
    story.write(b"one")
    story.alice_sends("ACK", text=b"one")
    story.alice_sends("ACK", text=b"one", after=1 * s)
    story.alice_sends("ACK", text=b"one", after=2 * s)
    story.silence(4 * s)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.8.3")
def test_the_patience_counts_from_the_last_progress() -> None:
    story = Story(give_up_after=7 * s).opened()
    story.write(bytes(2920))
    story.alice_sends("ACK", size=1460)
    story.alice_sends("ACK", size=1460)
    story.silence(500 * ms)
    story.peer("ACK", seq=1, ack=1461)
    story.alice_sends("ACK", seq=1461, size=1460, after=1 * s)
    story.alice_sends("ACK", seq=1461, size=1460, after=2 * s)
    story.silence(4 * s)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.8.3")
def test_a_long_rest_takes_nothing_from_the_patience(story: Story) -> None:
    story.opened()
    story.write(b"one")
    story.alice_sends("ACK", seq=1, text=b"one")
    story.peer("ACK", seq=1, ack=4)
    story.silence(60 * minute)
    story.write(b"two")
    story.alice_sends("ACK", seq=4, text=b"two")
    for wait in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        story.alice_sends("ACK", seq=4, text=b"two", after=wait * s)
    story.silence(60 * s)
    story.alice_forgets()


def test_what_the_sender_learns_is_on_record(story: Story) -> None:
    story.opened(window=9000)
    story.write(b"hello")
    story.alice_sends("ACK", text=b"hello")
    story.alice_sends("ACK", text=b"hello", after=1 * s)
    story.peer("ACK", seq=1, ack=6, window=8000)

    def recorded(kind: str, *names: str) -> list[tuple]:
        events = story.net.trace.events_of(kind=kind, host="alice")
        assert {event.fields["connection"] for event in events} == {story.tcb.label}
        return [tuple(event.fields[name] for name in names) for event in events]

    assert recorded("rto", "srtt", "rttvar", "rto") == [(0, 0, 1 * s), (0, 0, 2 * s)]
    assert recorded("cwnd", "cwnd", "ssthresh", "phase") == [
        (1460, 2920, "slow start"),
        (1465, 2920, "slow start"),
    ]
    assert recorded("window", "snd_wnd") == [(9000,), (8000,)]
    assert recorded("timer fired", "timer") == [("retransmission",)]


# --- fast retransmit and fast recovery ------------------------------------------------------


def four_segments_under_way() -> Story:
    story = Story(congestion="reno", limited_transmit=False).opened(mss=1000)
    story.write(bytes(12_000))
    for seq in (1, 1001, 2001, 3001):
        story.alice_sends("ACK", seq=seq, size=1000)
    return story


def lose_the_first(story: Story) -> None:
    """Three duplicate ACKs, and what they bring about."""
    for _ in range(3):
        story.peer("ACK", seq=1, ack=1)
    story.alice_sends("ACK", seq=1, size=1000)
    story.alice_sends("ACK", seq=4001, size=1000)


@pytest.mark.rfc("RFC 5681 3.2")
def test_the_third_duplicate_ack_brings_the_lost_segment_at_once() -> None:
    story = four_segments_under_way()
    congestion = story.tcb.sender.congestion
    story.peer("ACK", seq=1, ack=1)
    story.peer("ACK", seq=1, ack=1)
    assert congestion.cwnd == 4000
    story.peer("ACK", seq=1, ack=1)
    story.alice_sends("ACK", seq=1, size=1000)
    assert (congestion.ssthresh, congestion.cwnd) == (2000, 5000)
    story.alice_sends("ACK", seq=4001, size=1000)  # the three duplicates have made room


@pytest.mark.rfc("RFC 5681 3.2")
def test_a_second_loss_is_recovered_from_as_the_first_was() -> None:
    story = four_segments_under_way()
    lose_the_first(story)
    story.peer("ACK", seq=1, ack=4001)
    story.alice_sends("ACK", seq=5001, size=1000)
    for _ in range(2):
        story.peer("ACK", seq=1, ack=4001)
    story.settle()
    story.peer("ACK", seq=1, ack=4001)
    story.alice_sends("ACK", seq=4001, size=1000)


@pytest.mark.rfc("RFC 5681 3.2")
def test_each_step_of_a_recovery_is_on_record_and_says_why() -> None:
    story = four_segments_under_way()
    lose_the_first(story)
    story.peer("ACK", seq=1, ack=1)
    story.alice_sends("ACK", seq=5001, size=1000)
    story.peer("ACK", seq=1, ack=5001)
    changes = story.net.trace.events_of(kind="cwnd", host="alice")
    assert [tuple(each.fields.values())[:3] for each in changes] == [
        (5000, 2000, "fast recovery"),
        (6000, 2000, "fast recovery"),
        (2000, 2000, "congestion avoidance"),
    ]
    reasons = [f.reason for f in story.net.trace.frames if f.tcp.payload and f.host == "alice"]
    assert "fast retransmit" in reasons[4]
    assert "fast recovery" in reasons[6]


@pytest.mark.rfc("RFC 5681 2")
def test_an_ack_older_than_others_is_no_duplicate() -> None:
    story = four_segments_under_way()
    story.peer("ACK", seq=1, ack=1001)
    for seq in (4001, 5001):
        story.alice_sends("ACK", seq=seq, size=1000)
    for _ in range(5):
        story.peer("ACK", seq=1, ack=1)
    story.settle()
    assert story.tcb.sender.recovery.duplicates == 0


@pytest.mark.rfc("RFC 5681 3.2")
def test_only_duplicates_in_a_row_count() -> None:
    story = four_segments_under_way()
    story.peer("ACK", seq=1, ack=1)
    story.peer("ACK", seq=1, ack=1)
    story.peer("ACK", seq=1, ack=1001)
    for seq in (4001, 5001):
        story.alice_sends("ACK", seq=seq, size=1000)
    story.peer("ACK", seq=1, ack=1001)
    story.peer("ACK", seq=1, ack=1001)
    story.settle()
    story.peer("ACK", seq=1, ack=1001)
    story.alice_sends("ACK", seq=1001, size=1000)


@pytest.mark.rfc("RFC 5681 3.2")
def test_a_fast_retransmission_has_the_whole_timeout_to_be_acknowledged() -> None:
    story = four_segments_under_way()
    story.silence(900 * ms)
    lose_the_first(story)
    story.alice_sends("ACK", seq=1, size=1000, after=1 * s)


@pytest.mark.rfc("RFC 5681 3.2")
def test_each_further_duplicate_inflates_the_window_by_a_segment() -> None:
    story = four_segments_under_way()
    lose_the_first(story)
    story.peer("ACK", seq=1, ack=1)
    story.alice_sends("ACK", seq=5001, size=1000)
    assert story.tcb.sender.congestion.cwnd == 6000


@pytest.mark.rfc("RFC 5681 3.2")
def test_the_ack_of_new_data_deflates_the_window_to_ssthresh() -> None:
    story = four_segments_under_way()
    lose_the_first(story)
    story.peer("ACK", seq=1, ack=4001)
    assert story.tcb.sender.congestion.cwnd == 2000
    assert story.tcb.sender.congestion.phase == "congestion avoidance"
    story.alice_sends("ACK", seq=5001, size=1000)


@pytest.mark.rfc("RFC 5681 2")
@pytest.mark.parametrize(
    "difference",
    [
        {"text": b"with text"},
        {"window": 60_000},
        {"flags": "FIN,ACK"},
    ],
    ids=["text", "window", "FIN"],
)
def test_an_ack_with_text_or_fin_or_another_window_is_no_duplicate(difference) -> None:
    story = four_segments_under_way()
    numbers = {"seq": 1, "ack": 1, "flags": "ACK"} | difference
    story.peer(**numbers)
    assert story.tcb.sender.recovery.duplicates == 0


@pytest.mark.rfc("RFC 6582 3.2")
def test_after_a_timeout_duplicates_mean_nothing_until_what_was_sent_before_has_arrived() -> None:
    story = four_segments_under_way()
    story.alice_sends("ACK", seq=1, size=1000, after=1 * s)
    for ack, answers in ((1001, (1001, 2001)), (4001, (4001, 5001, 6001))):
        story.peer("ACK", seq=1, ack=ack)
        for seq in answers:
            story.alice_sends("ACK", seq=seq, size=1000)
        for _ in range(4):  # of what was sent twice: they tell of no loss
            story.peer("ACK", seq=1, ack=ack)
    story.peer("ACK", seq=1, ack=5001)
    story.alice_sends("ACK", seq=7001, size=1000)
    story.peer("ACK", seq=1, ack=5001)
    story.peer("ACK", seq=1, ack=5001)
    story.settle()
    story.peer("ACK", seq=1, ack=5001)
    story.alice_sends("ACK", seq=5001, size=1000)


@pytest.mark.rfc("RFC 5681 2")
def test_without_anything_under_way_there_are_no_duplicates(story: Story) -> None:
    story.opened()
    for _ in range(5):
        story.peer("ACK", seq=1, ack=1)
    assert story.tcb.sender.recovery.duplicates == 0


@pytest.mark.rfc("RFC 6298 3")
def test_a_fast_retransmission_measures_nothing() -> None:
    story = four_segments_under_way()
    story.silence(300 * ms)
    lose_the_first(story)
    story.peer("ACK", seq=1, ack=1001)
    assert story.tcb.sender.rto.srtt == 0  # the handshake's, over a cable without delay


@pytest.mark.rfc("RFC 5681 3.2", "RFC 6298 5.4")
def test_a_fast_retransmission_that_gets_lost_is_repeated_by_the_timer() -> None:
    story = four_segments_under_way()
    lose_the_first(story)
    story.alice_sends("ACK", seq=1, size=1000, after=1 * s)
    assert story.tcb.sender.congestion.cwnd == 1000
    assert not story.tcb.sender.recovery.recovering


# --- the record of a timer ------------------------------------------------------------------


def test_what_a_timer_brings_about_leads_back_to_why_it_was_set(story: Story) -> None:
    story.opened()
    story.write(b"hello")
    story.alice_sends("ACK", text=b"hello")
    timer = story.tcb.sender._retransmission
    assert (timer.armed, timer.deadline) == (True, story.net.now + 1 * s)
    story.alice_sends("ACK", text=b"hello", after=1 * s)
    again = story.net.trace.frames[-1]
    fired = again.cause
    assert (fired.kind, fired.fields["timer"]) == ("timer fired", "retransmission")
    assert (fired.cause.kind, fired.cause.fields["at"]) == ("timer set", 1 * s)
    story.peer("ACK", seq=1, ack=6)
    assert (timer.armed, timer.deadline) == (False, None)
    cancelled = story.net.trace.events_of(kind="timer cancelled", host="alice")
    assert cancelled[-1].fields["timer"] == "retransmission"
