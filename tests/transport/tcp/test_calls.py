"""RFC 9293 section 3.10.1 to 3.10.5: what the user's calls do in each state."""

from errno import ECONNREFUSED, ECONNRESET, EPIPE

import pytest

from netlab.host import Host
from netlab.transport.tcp.states import State
from netlab.units import minute, ms, s
from tests.transport.tcp.steps import Story

# --- OPEN -----------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.1")
def test_an_active_open_sends_a_syn_with_the_mss_and_the_window(story: Story) -> None:
    story.connect()
    syn = story.alice_sends("SYN", seq=0, window=65_535, mss=1460)
    assert syn.ack == 0


@pytest.mark.rfc("RFC 9293 3.10.1")
def test_a_listening_connection_can_be_opened_actively(story: Story) -> None:
    story.reach(State.LISTEN)
    story.tcb.open()
    story.alice_sends("SYN", seq=0)
    story.peer("SYN,ACK", seq=0, ack=1)
    story.alice_sends("ACK", seq=1, ack=1)
    story.alice_is(State.ESTABLISHED)


# --- SEND -----------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.2")
def test_send_in_listen_opens_actively_and_sends_when_the_connection_is_open(story: Story) -> None:
    story.reach(State.LISTEN)
    story.write(b"hello")
    story.alice_sends("SYN", seq=0)
    story.peer("SYN,ACK", seq=0, ack=1)
    story.alice_sends("ACK", seq=1, ack=1)
    story.alice_sends("ACK", seq=1, ack=1, text=b"hello")
    story.peer("ACK", seq=1, ack=6)


@pytest.mark.rfc("RFC 9293 3.10.2", "RFC 9293 3.10.7.4 second")
@pytest.mark.parametrize("opens", [lambda story: story.write(b"hello"), lambda s: s.tcb.open()])
def test_one_who_has_left_listen_by_himself_does_not_return_there(story: Story, opens) -> None:
    story.reach(State.LISTEN)
    opens(story)
    story.alice_sends("SYN", seq=0)
    story.peer("SYN", seq=0)
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("RST", seq=1)
    story.alice_forgets()
    story.alice_reports(ECONNREFUSED)


@pytest.mark.rfc("RFC 9293 3.10.2")
def test_what_is_sent_in_syn_rcvd_waits_until_the_connection_is_open(story: Story) -> None:
    story.reach(State.SYN_RCVD)
    story.write(b"hello")
    story.peer("ACK", seq=1, ack=1)
    story.alice_sends("ACK", seq=1, ack=1, text=b"hello")
    story.peer("ACK", seq=1, ack=6)


@pytest.mark.rfc("RFC 9293 3.10.2")
def test_send_goes_on_after_the_other_side_has_closed(story: Story) -> None:
    story.reach(State.CLOSE_WAIT)
    story.write(b"the rest")
    story.alice_sends("ACK", seq=1, ack=2, text=b"the rest")
    story.peer("ACK", seq=2, ack=9)
    story.close()
    story.alice_sends("FIN,ACK", seq=9, ack=2, push=False)
    story.peer("ACK", seq=2, ack=10)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.10.2")
@pytest.mark.parametrize(
    "state",
    [State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK, State.TIME_WAIT],
)
def test_send_after_close_is_an_error(story: Story, state: State) -> None:
    story.reach(state)
    with pytest.raises(OSError, match="takes no more data") as raised:
        story.write(b"too late")
    assert raised.value.errno == EPIPE


@pytest.mark.rfc("RFC 9293 3.10.2")
def test_send_on_a_connection_that_is_gone_is_an_error(story: Story) -> None:
    story.opened()
    story.peer("RST", seq=1)
    with pytest.raises(OSError, match="takes no more data"):
        story.write(b"too late")


def test_send_takes_what_the_buffer_has_room_for() -> None:
    story = Story(send_buffer=10).opened()
    assert story.tcb.send(b"0123456789ABC") == 10
    story.alice_sends("ACK", seq=1, ack=1, text=b"0123456789")
    assert story.tcb.send(b"D") == 0
    story.peer("ACK", seq=1, ack=5)
    assert story.tcb.send(b"DEFGHIJKL") == 4
    story.settle()  # Nagle: six bytes are still under way


def test_a_program_that_waits_to_send_goes_on_when_a_third_of_the_buffer_is_free() -> None:
    story = Story(send_buffer=3000).opened(mss=1000)
    story.write(bytes(3000))
    for seq in (1, 1001, 2001):
        story.alice_sends("ACK", seq=seq, size=1000)

    def wait(host: Host) -> None:
        sender = story.tcb.sender
        host.sim.clock.wait(story.tcb.writable, lambda: sender.free > 0, None, "room")

    waiting = story.alice.start(wait)
    story.settle()
    story.peer("ACK", seq=1, ack=1000)
    assert not waiting.done
    story.peer("ACK", seq=1, ack=1001)
    assert waiting.done


@pytest.mark.rfc("RFC 9293 3.9.1.2")
def test_the_push_bit_marks_the_last_segment_of_what_the_user_has_sent(story: Story) -> None:
    story.opened()
    story.write(bytes(3000))
    story.alice_sends("ACK", size=1460, push=False)
    story.alice_sends("ACK", size=1460, push=False)
    story.peer("ACK", seq=1, ack=2921)
    story.alice_sends("ACK", size=80, push=True)
    story.peer("ACK", seq=1, ack=3001)


# --- RECEIVE --------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.3")
def test_receive_gives_no_more_than_was_asked_for(story: Story) -> None:
    story.opened()
    story.peer("ACK", seq=1, ack=1, text=b"hello")
    story.read(b"he")
    assert story.tcb.receive(10, peek=True) == b"llo"
    story.read(b"llo", count=10)
    story.read(b"", count=10)
    story.alice_sends("ACK", ack=6, after=200 * ms)


def test_peeking_neither_takes_the_data_nor_opens_the_window() -> None:
    story = Story(receive_buffer=1000).opened()
    story.peer("ACK", seq=1, ack=1, text=bytes(1000))
    story.alice_sends("ACK", ack=1001, window=0, after=200 * ms)
    assert story.tcb.receive(1000, peek=True) == bytes(1000)
    story.settle()
    story.read(bytes(1000))
    story.alice_sends("ACK", ack=1001, window=1000)


@pytest.mark.rfc("RFC 9293 3.10.3")
def test_what_came_before_the_end_can_be_read_after_it(story: Story) -> None:
    story.opened()
    story.peer("FIN,ACK", seq=1, ack=1, text=b"last words")
    story.alice_sends("ACK", ack=12)
    story.close()
    story.alice_sends("FIN,ACK", seq=1, ack=12)
    story.peer("ACK", seq=12, ack=2)
    story.alice_is(State.CLOSED)
    assert not story.tcb.at_end
    story.read(b"last words")
    assert story.tcb.at_end


# --- CLOSE ----------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.4")
@pytest.mark.parametrize("state", [State.LISTEN, State.SYN_SENT])
def test_close_before_anything_was_agreed_on_forgets_the_connection(
    story: Story, state: State
) -> None:
    story.reach(state)
    story.close()
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.10.4")
def test_close_in_syn_rcvd_sends_a_fin_behind_the_syn(story: Story) -> None:
    story.reach(State.SYN_RCVD)
    story.close()
    story.alice_sends("FIN,ACK", seq=1, ack=1)
    story.peer("ACK", seq=1, ack=2)
    story.alice_is(State.FIN_WAIT_2)


@pytest.mark.rfc("RFC 9293 3.10.4")
def test_a_syn_ack_and_a_fin_that_both_get_lost_are_both_repeated(story: Story) -> None:
    story.reach(State.SYN_RCVD)
    story.close()
    story.alice_sends("FIN,ACK", seq=1, ack=1)
    story.alice_sends("SYN,ACK", seq=0, ack=1, after=1 * s)
    story.peer("ACK", seq=1, ack=1)
    story.alice_sends("FIN,ACK", seq=1, ack=1)
    story.peer("ACK", seq=1, ack=2)
    story.alice_is(State.FIN_WAIT_2)


@pytest.mark.rfc("RFC 9293 3.10.4")
def test_a_syn_ack_can_be_repeated_after_its_fin_arrived(story: Story) -> None:
    story.reach(State.SYN_RCVD)
    story.close()
    story.alice_sends("FIN,ACK", seq=1, ack=1)
    story.alice_sends("SYN,ACK", seq=0, ack=1, after=1 * s)
    story.peer("ACK", seq=1, ack=2)
    story.alice_is(State.FIN_WAIT_2)


@pytest.mark.rfc("RFC 9293 3.10.4")
def test_close_in_syn_rcvd_waits_for_what_was_sent_before(story: Story) -> None:
    story.reach(State.SYN_RCVD)
    story.write(b"hello")
    story.close()
    story.alice_is(State.SYN_RCVD)
    with pytest.raises(OSError, match="takes no more data"):
        story.tcb.send(b"too late")
    story.peer("ACK", seq=1, ack=1)
    story.alice_sends("FIN,ACK", seq=1, ack=1, text=b"hello")
    story.alice_is(State.FIN_WAIT_1)
    story.peer("ACK", seq=1, ack=7)
    story.alice_is(State.FIN_WAIT_2)


@pytest.mark.rfc("RFC 9293 3.10.4")
def test_the_fin_rides_on_the_last_data_that_wait(story: Story) -> None:
    story.opened()
    story.write(b"one")
    story.alice_sends("ACK", seq=1, text=b"one")
    story.write(b"two")  # Nagle keeps it
    story.close()
    story.alice_sends("FIN,ACK", seq=4, text=b"two")
    story.peer("ACK", seq=1, ack=8)
    story.alice_is(State.FIN_WAIT_2)


@pytest.mark.rfc("RFC 9293 3.10.4")
@pytest.mark.parametrize(
    "state",
    [State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK, State.TIME_WAIT],
)
def test_a_second_close_changes_nothing(story: Story, state: State) -> None:
    story.reach(state)
    story.close()
    story.alice_is(state)
    story.settle()


@pytest.mark.rfc("RFC 9293 3.6")
def test_a_half_closed_connection_still_receives(story: Story) -> None:
    story.reach(State.FIN_WAIT_2)
    story.peer("ACK", seq=1, ack=2, text=b"still here")
    story.read(b"still here")
    story.alice_sends("ACK", seq=2, ack=11, after=200 * ms)
    story.silence(60 * minute)  # and has no end of its own
    story.alice_is(State.FIN_WAIT_2)


# --- CLOSE by one who won't read any more ---------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.6.1")
@pytest.mark.parametrize("state", [State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2])
def test_closing_with_data_unread_resets_the_connection(story: Story, state: State) -> None:
    story.reach(state)
    story.peer("ACK", seq=1, ack=story.alice_una, text=b"nobody reads this")
    story.close_both_ways()
    story.alice_sends("RST,ACK", seq=story.alice_next, ack=18)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.6.1")
def test_closing_with_data_unread_after_the_other_side_closed_resets_too(story: Story) -> None:
    story.opened()
    story.peer("FIN,ACK", seq=1, ack=1, text=b"nobody reads this")
    story.alice_sends("ACK", ack=19)
    story.close_both_ways()
    story.alice_sends("RST,ACK", seq=1, ack=19)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.6.1")
def test_data_unread_are_no_reason_to_reset_what_is_closed_already(story: Story) -> None:
    story.opened()
    story.peer("FIN,ACK", seq=1, ack=1, text=b"nobody reads this")
    story.alice_sends("ACK", ack=19)
    story.close()
    story.alice_sends("FIN,ACK", seq=1, ack=19)
    story.close_both_ways()
    story.alice_is(State.LAST_ACK)
    story.peer("ACK", seq=19, ack=2)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.6.1")
def test_data_that_come_after_a_close_both_ways_are_answered_by_a_rst(story: Story) -> None:
    story.opened()
    story.close_both_ways()
    story.alice_sends("FIN,ACK", seq=1, ack=1)
    story.peer("ACK", seq=1, ack=2, text=b"to nobody")
    story.alice_sends("RST,ACK", seq=2, ack=1)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.6.1")
def test_data_that_were_read_before_the_close_may_come_again(story: Story) -> None:
    story.opened()
    story.peer("ACK", seq=1, ack=1, text=b"hello")
    story.read(b"hello")
    story.close_both_ways()
    story.alice_sends("FIN,ACK", seq=1, ack=6)
    # The peer hasn't heard of our ACK: it repeats, and closes with the same segment.
    story.peer("FIN,ACK", seq=1, ack=1, text=b"hello")
    story.alice_sends("ACK", seq=2, ack=7)
    story.alice_is(State.CLOSING)


# --- ABORT ----------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.5")
@pytest.mark.parametrize(
    "state",
    [
        State.SYN_RCVD,
        State.ESTABLISHED,
        State.FIN_WAIT_1,
        State.FIN_WAIT_2,
        State.CLOSE_WAIT,
    ],
)
def test_abort_tells_the_other_side_by_a_rst(story: Story, state: State) -> None:
    story.reach(state)
    story.abort()
    story.alice_sends("RST,ACK", seq=story.alice_next)
    story.alice_reports(ECONNRESET)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.10.5")
@pytest.mark.parametrize(
    "state",
    [State.LISTEN, State.SYN_SENT, State.CLOSING, State.LAST_ACK, State.TIME_WAIT],
)
def test_abort_is_silent_where_the_other_side_expects_nothing(story: Story, state: State) -> None:
    story.reach(state)
    story.abort()
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.10.5")
def test_abort_forgets_what_was_to_be_sent(story: Story) -> None:
    story.opened(window=10)
    story.write(b"0123456789ABC")
    story.alice_sends("ACK", seq=1, text=b"0123456789")
    story.abort()
    story.alice_sends("RST,ACK", seq=11, ack=1)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.10.5")
def test_the_rst_of_an_abort_lies_where_the_other_side_stands_even_amid_retransmissions(
    story: Story,
) -> None:
    story.opened()
    story.write(bytes(3000))
    story.alice_sends("ACK", seq=1, size=1460)
    story.alice_sends("ACK", seq=1461, size=1460)
    story.alice_sends("ACK", seq=1, size=1460, after=1 * s)
    story.abort()
    story.alice_sends("RST,ACK", seq=2921)


def test_abort_of_a_connection_that_is_gone_does_nothing(story: Story) -> None:
    story.opened()
    story.abort()
    story.alice_sends("RST,ACK")
    story.abort()
    story.settle()
