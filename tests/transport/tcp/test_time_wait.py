"""RFC 9293 section 3.6.1: why the side that closes first waits two segment lifetimes."""

import pytest

from netlab.transport.tcp.states import State
from netlab.units import minute, s
from tests.transport.tcp.steps import Story


@pytest.mark.rfc("RFC 9293 3.4.2", "RFC 9293 MUST-13")
def test_time_wait_lasts_two_segment_lifetimes_of_two_minutes_each(story: Story) -> None:
    story.reach(State.TIME_WAIT)
    story.silence(4 * minute - 1)
    story.alice_is(State.TIME_WAIT)
    story.silence(1)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.10.7.4 eighth")
def test_a_fin_that_comes_again_is_acknowledged_and_the_wait_begins_anew(story: Story) -> None:
    story.reach(State.TIME_WAIT)
    story.silence(3 * minute)
    story.peer("FIN,ACK", seq=1, ack=2)
    story.alice_sends("ACK", seq=2, ack=2)
    story.silence(4 * minute - 1)
    story.alice_is(State.TIME_WAIT)
    story.silence(1)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.10.7.4 eighth")
def test_a_fin_that_comes_again_with_its_text_counts_as_well(story: Story) -> None:
    story.reach(State.FIN_WAIT_2)
    story.peer("FIN,ACK", seq=1, ack=2, text=b"bye")
    story.alice_sends("ACK", ack=5)
    story.silence(3 * minute)
    story.peer("FIN,ACK", seq=1, ack=2, text=b"bye")
    story.alice_sends("ACK", ack=5)
    story.silence(4 * minute - 1)
    story.alice_is(State.TIME_WAIT)


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
@pytest.mark.parametrize("seq", [0, 2, 70_000])
def test_another_fin_is_no_reason_to_wait_longer(story: Story, seq: int) -> None:
    story.reach(State.TIME_WAIT)
    story.silence(3 * minute)
    story.peer("FIN,ACK", seq=seq, ack=2)
    if seq != 2:
        story.alice_sends("ACK", seq=2, ack=2)
    story.silence(1 * minute)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.6.1")
def test_the_socket_pair_can_not_be_opened_again_before_the_wait_is_over(story: Story) -> None:
    story.reach(State.TIME_WAIT)
    with pytest.raises(OSError, match="has this socket pair"):
        story.connect_again()
    story.silence(4 * minute)
    story.connect_again()
    story.alice_sends("SYN", seq=0)


@pytest.mark.rfc("RFC 9293 3.10.7.4 first")
def test_only_a_fin_makes_the_wait_begin_anew(story: Story) -> None:
    story.reach(State.TIME_WAIT)
    story.silence(3 * minute)
    story.peer("ACK", seq=1, ack=2, text=b"x")  # ends where the FIN ended, and isn't one
    story.alice_sends("ACK", seq=2, ack=2)
    story.silence(1 * minute)
    story.alice_forgets()


def test_the_lifetime_is_a_setting() -> None:
    story = Story(msl=5 * s).reach(State.TIME_WAIT)
    story.silence(10 * s - 1)
    story.alice_is(State.TIME_WAIT)
    story.silence(1)
    story.alice_forgets()


# --- what it is for, seen where it is missing -----------------------------------------------


@pytest.mark.rfc("RFC 9293 3.6.1")
def test_without_time_wait_a_late_fin_meets_a_rst() -> None:
    story = Story(time_wait=False).reach(State.FIN_WAIT_2)
    story.peer("FIN,ACK", seq=1, ack=2)
    story.alice_sends("ACK", seq=2, ack=2)  # suppose that it gets lost
    story.alice_is(State.CLOSED)
    story.peer("FIN,ACK", seq=1, ack=2)
    story.alice_sends("RST", seq=2)
    story.alice_forgets()


@pytest.mark.rfc("RFC 9293 3.6.1")
def test_without_time_wait_an_old_duplicate_lands_in_the_next_connection() -> None:
    story = Story(time_wait=False).opened()
    story.peer("ACK", seq=1, ack=1, text=b"pay 100")
    story.read(b"pay 100")
    story.close()
    story.alice_sends("FIN,ACK", seq=1, ack=8)
    story.peer("FIN,ACK", seq=8, ack=2)
    story.alice_sends("ACK", seq=2, ack=9)
    story.alice_is(State.CLOSED)

    # The same socket pair, and (by a fixed ISN on both sides) the same numbers.
    story.connect_again()
    story.alice_sends("SYN", seq=0)
    story.peer("SYN,ACK", seq=0, ack=1)
    story.alice_sends("ACK", seq=1, ack=1)

    story.peer("ACK", seq=1, ack=1, text=b"pay 100")  # was under way all the time
    story.read(b"pay 100")
    story.alice_sends("ACK", seq=1, ack=8, after=200_000_000)
