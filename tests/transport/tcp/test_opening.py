"""RFC 9293 section 3.10.7.1 to 3.10.7.3: segments that arrive in CLOSED, LISTEN and SYN_SENT."""

from errno import ECONNREFUSED

import pytest

from netlab.transport.tcp.states import State
from netlab.units import minute, s
from tests.transport.tcp.steps import Story

# --- CLOSED ---------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.7.1")
def test_a_segment_without_ack_to_a_closed_port_is_answered_by_a_rst_that_acknowledges_it(
    story: Story,
) -> None:
    story.peer("SYN", seq=7)
    rst = story.alice_sends("RST,ACK", ack=8, window=0)
    assert rst.seq == 0


@pytest.mark.rfc("RFC 9293 3.10.7.1")
def test_the_rst_counts_syn_text_and_fin_of_what_it_answers(story: Story) -> None:
    story.peer("SYN,FIN", seq=7, text=b"four")
    story.alice_sends("RST,ACK", ack=13)


@pytest.mark.rfc("RFC 9293 3.10.7.1")
def test_a_segment_with_ack_to_a_closed_port_is_answered_by_a_rst_with_its_ack_as_number(
    story: Story,
) -> None:
    story.peer("ACK", seq=7, ack=42)
    rst = story.alice_sends("RST", seq=42)
    assert rst.ack == 0


@pytest.mark.rfc("RFC 9293 3.10.7.1")
@pytest.mark.parametrize("flags", ["RST", "RST,ACK"])
def test_a_rst_to_a_closed_port_is_not_answered(story: Story, flags: str) -> None:
    story.peer(flags, seq=7, ack=42)
    story.silence(1 * s)


# --- LISTEN ---------------------------------------------------------------------------------

PASSIVE = pytest.mark.parametrize(
    "begin", [Story.listen, lambda story: story.connect(passive=True)]
)


@pytest.mark.rfc("RFC 9293 3.10.7.2")
@PASSIVE
@pytest.mark.parametrize("flags", ["RST", "RST,ACK", "SYN,RST"])
def test_a_rst_in_listen_is_ignored(story: Story, begin, flags: str) -> None:
    begin(story)
    story.peer(flags, seq=7, ack=42)
    story.silence(1 * s)


@pytest.mark.rfc("RFC 9293 3.10.7.2")
@PASSIVE
@pytest.mark.parametrize("flags", ["ACK", "SYN,ACK", "FIN,ACK"])
def test_an_ack_in_listen_is_answered_by_a_rst(story: Story, begin, flags: str) -> None:
    begin(story)
    story.peer(flags, seq=7, ack=42)
    rst = story.alice_sends("RST", seq=42)
    assert rst.ack == rst.window == 0


@pytest.mark.rfc("RFC 9293 3.10.7.2")
@PASSIVE
def test_a_syn_in_listen_is_answered_by_a_syn_with_its_acknowledgment(story: Story, begin) -> None:
    begin(story)
    story.peer("SYN", seq=0)
    story.alice_sends("SYN,ACK", seq=0, ack=1, window=65_535, mss=1460)
    story.find()
    story.alice_is(State.SYN_RCVD)


@pytest.mark.rfc("RFC 9293 3.10.7.2")
@PASSIVE
@pytest.mark.parametrize("flags", ["", "FIN", "PSH"])
def test_anything_else_in_listen_is_dropped(story: Story, begin, flags: str) -> None:
    begin(story)
    story.peer(flags, seq=7, text=b"hello")
    story.silence(1 * s)


@pytest.mark.rfc("RFC 9293 3.10.7.2")
def test_text_on_a_syn_is_kept_until_the_connection_is_open(story: Story) -> None:
    story.listen()
    story.peer("SYN", seq=0, text=b"early")
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("ACK", seq=6, ack=1)
    story.accept()
    story.alice_sends("ACK", seq=1, ack=6, after=200_000_000)
    story.read(b"early")


@pytest.mark.rfc("RFC 9293 3.10.7.2")
def test_a_fin_on_a_syn_closes_as_soon_as_the_connection_is_open(story: Story) -> None:
    story.listen()
    story.peer("SYN,FIN", seq=0, text=b"all")
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("ACK", seq=5, ack=1)
    story.alice_sends("ACK", seq=1, ack=5)
    story.accept()
    story.alice_is(State.CLOSE_WAIT)
    story.read(b"all")


@pytest.mark.rfc("RFC 9293 3.10.7.4")
def test_a_listener_takes_the_next_peer_after_one_took_its_syn_back(story: Story) -> None:
    story.reach(State.SYN_RCVD)
    story.peer("RST", seq=1)
    story.alice_is(State.LISTEN)
    assert story.tcp.connections == []
    story.silence(10 * minute)  # the SYN,ACK isn't repeated
    story.peer("SYN", seq=50)
    story.alice_sends("SYN,ACK", seq=0, ack=51)


@pytest.mark.rfc("RFC 9293 3.10.7.4")
def test_a_passive_open_for_one_peer_waits_for_its_next_syn_after_a_rst(story: Story) -> None:
    story.connect(passive=True)
    story.peer("SYN", seq=0, mss=700)
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.alice_sends("SYN,ACK", seq=0, ack=1, after=1 * s)
    story.peer("RST", seq=1)
    story.alice_is(State.LISTEN)
    story.silence(10 * minute)
    story.peer("SYN", seq=50, mss=1460)
    story.alice_sends("SYN,ACK", seq=0, ack=51)
    story.alice_sends("SYN,ACK", seq=0, ack=51, after=1 * s)  # all begins anew
    story.peer("ACK", seq=51, ack=1)
    story.alice_is(State.ESTABLISHED)
    assert story.tcb.mss == 1460


# --- SYN_SENT -------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.7.3")
@pytest.mark.parametrize("ack", [0, 2, -1])
@pytest.mark.parametrize("flags", ["ACK", "SYN,ACK"])
def test_an_ack_of_what_was_not_sent_is_answered_by_a_rst(
    story: Story, flags: str, ack: int
) -> None:
    story.reach(State.SYN_SENT)
    story.peer(flags, seq=0, ack=ack)
    rst = story.alice_sends("RST", seq=ack)
    assert rst.ack == 0
    story.alice_is(State.SYN_SENT)


@pytest.mark.rfc("RFC 9293 3.10.7.3")
@pytest.mark.parametrize("ack", [0, 2])
def test_a_rst_with_a_wrong_ack_is_dropped(story: Story, ack: int) -> None:
    story.reach(State.SYN_SENT)
    story.peer("RST,ACK", seq=0, ack=ack)
    story.alice_is(State.SYN_SENT)


@pytest.mark.rfc("RFC 9293 3.10.7.3")
@pytest.mark.parametrize("flags", ["RST", "SYN,RST"])
def test_a_rst_without_ack_is_dropped(story: Story, flags: str) -> None:
    story.reach(State.SYN_SENT)
    story.peer(flags, seq=0)
    story.alice_is(State.SYN_SENT)


@pytest.mark.rfc("RFC 9293 3.10.7.3")
def test_a_rst_that_acknowledges_the_syn_means_refused(story: Story) -> None:
    story.reach(State.SYN_SENT)
    story.peer("RST,ACK", seq=0, ack=1)
    story.alice_forgets()
    story.alice_reports(ECONNREFUSED)


@pytest.mark.rfc("RFC 9293 3.10.7.3")
@pytest.mark.parametrize("flags", ["ACK", "FIN,ACK", "", "PSH"])
def test_a_segment_without_syn_and_rst_is_dropped(story: Story, flags: str) -> None:
    story.reach(State.SYN_SENT)
    story.peer(flags, seq=0, ack=1)
    story.alice_is(State.SYN_SENT)


@pytest.mark.rfc("RFC 9293 3.10.7.3")
def test_a_syn_that_acknowledges_ours_opens_the_connection(story: Story) -> None:
    story.reach(State.SYN_SENT)
    story.peer("SYN,ACK", seq=0, ack=1)
    story.alice_sends("ACK", seq=1, ack=1, window=65_535)
    story.alice_is(State.ESTABLISHED)


@pytest.mark.rfc("RFC 9293 3.10.7.3")
def test_text_and_fin_on_the_syn_ack_are_taken(story: Story) -> None:
    story.reach(State.SYN_SENT)
    story.peer("SYN,FIN,ACK", seq=0, ack=1, text=b"hello")
    story.alice_sends("ACK", seq=1, ack=1)
    story.alice_sends("ACK", seq=1, ack=7)
    story.alice_is(State.CLOSE_WAIT)
    story.read(b"hello")


@pytest.mark.rfc("RFC 9293 3.10.2", "RFC 9293 3.10.7.3")
def test_what_the_user_sends_in_syn_sent_goes_out_when_the_connection_opens(story: Story) -> None:
    story.connect()
    story.alice_sends("SYN", seq=0)
    story.write(b"hello")
    story.peer("SYN,ACK", seq=0, ack=1)
    story.alice_sends("ACK", seq=1, ack=1)
    story.alice_sends("ACK", seq=1, ack=1, text=b"hello", push=True)
    story.peer("ACK", seq=1, ack=6)


@pytest.mark.rfc("RFC 9293 3.5", "RFC 9293 3.10.7.3")
def test_syns_that_cross_open_one_connection(story: Story) -> None:
    story.reach(State.SYN_SENT)
    story.peer("SYN", seq=0, mss=1000)
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.alice_is(State.SYN_RCVD)
    story.peer("SYN,ACK", seq=0, ack=1, mss=1000)
    story.alice_is(State.ESTABLISHED)
    story.silence(10 * minute)
    assert story.tcb.mss == 1000


@pytest.mark.rfc("RFC 9293 3.10.7.3")
def test_text_and_fin_on_a_syn_that_crosses_are_kept_until_the_connection_is_open(
    story: Story,
) -> None:
    story.reach(State.SYN_SENT)
    story.peer("SYN,FIN", seq=0, text=b"hello")
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("ACK", seq=7, ack=1)
    story.alice_sends("ACK", seq=1, ack=7)
    story.alice_is(State.CLOSE_WAIT)
    story.read(b"hello")


@pytest.mark.rfc("RFC 9293 3.5")
def test_syns_that_cross_are_also_completed_by_a_bare_ack(story: Story) -> None:
    story.reach(State.SYN_SENT)
    story.peer("SYN", seq=0)
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("ACK", seq=1, ack=1)
    story.alice_is(State.ESTABLISHED)


@pytest.mark.rfc("RFC 6298 3", "RFC 6298 5")
def test_a_syn_that_went_out_again_as_syn_ack_measures_nothing_and_counts_as_no_loss(
    story: Story,
) -> None:
    story.reach(State.SYN_SENT)
    story.silence(300_000_000)
    story.peer("SYN", seq=0)
    story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("SYN,ACK", seq=0, ack=1)
    story.alice_is(State.ESTABLISHED)
    assert story.tcb.sender.rto.srtt is None
    assert story.tcb.sender.rto.rto == 1 * s


@pytest.mark.rfc("RFC 9293 3.5")
def test_an_old_duplicate_syn_is_taken_back_by_the_one_who_sent_it(story: Story) -> None:
    # Figure 9 of the RFC, seen from the listening side.
    story.listen()
    story.peer("SYN", seq=90)  # the old duplicate
    story.alice_sends("SYN,ACK", seq=0, ack=91)
    story.peer("RST", seq=91)
    story.peer("SYN", seq=100)
    story.alice_sends("SYN,ACK", seq=0, ack=101)
    story.peer("ACK", seq=101, ack=1)
    story.accept()
    story.alice_is(State.ESTABLISHED)


@pytest.mark.rfc("RFC 9293 3.5.1")
def test_a_syn_from_a_side_that_crashed_is_answered_so_that_it_resets_the_half_open_connection(
    story: Story,
) -> None:
    # Figure 10 of the RFC, seen from the side that still has the connection.
    story.accepted()
    story.peer("SYN", seq=-400)  # after the crash, from a fresh start
    story.alice_sends("ACK", seq=1, ack=1)
    story.peer("RST", seq=1)
    story.alice_is(State.CLOSED)
