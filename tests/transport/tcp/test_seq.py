"""RFC 9293 section 3.4: numbers that wrap around."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netlab.transport.tcp import seq
from netlab.transport.tcp.states import State
from tests.transport.tcp.steps import Story

NUMBERS = st.integers(0, 2**32 - 1)
NEAR = st.integers(-(2**31) + 1, 2**31 - 1)


@pytest.mark.rfc("RFC 9293 3.4")
@given(NUMBERS, NEAR)
@example(2**32 - 1, 1)
@example(0, -1)
@example(0, 2**31 - 1)
@example(0, 0)
def test_order_and_distance_are_those_of_the_shorter_way_round(start: int, step: int) -> None:
    end = (start + step) % 2**32
    assert seq.plus(start, step) == end
    assert seq.distance(start, end) == step
    assert seq.less(start, end) == (step > 0)
    assert seq.less_equal(start, end) == (step >= 0)
    assert seq.highest(start, end) == seq.highest(end, start) == (end if step > 0 else start)


@pytest.mark.rfc("RFC 9293 3.4")
@pytest.mark.parametrize("isn", [2**32 - 1, 2**32 - 2, 2**32 - 6, 2**32 - 3000, 2**31 - 5])
def test_a_connection_crosses_the_wrap_around_in_both_directions(isn: int) -> None:
    story = Story(isn=isn, peer_isn=isn).opened(mss=1000)
    for at in range(5):
        story.peer("ACK", seq=1 + 1000 * at, ack=1, text=bytes([at]) * 1000)
        if at % 2:
            story.alice_sends("ACK", seq=1, ack=1001 + 1000 * at)
        story.read(bytes([at]) * 1000)
    story.write(bytes(4000))
    for at in range(4):
        story.alice_sends("ACK", seq=1 + 1000 * at, ack=5001, size=1000)
    story.peer("ACK", seq=5001, ack=2001)
    story.alice_sends("ACK", seq=2001, size=1000, after=1_000_000_000)  # lost, and repeated
    story.peer("ACK", seq=5001, ack=4001)
    story.peer("ACK", seq=5002, ack=4001, text=b"b")  # out of order
    story.alice_sends("ACK", ack=5001)
    story.peer("FIN,ACK", seq=5001, ack=4001, text=b"ab")
    story.alice_sends("ACK", seq=4001, ack=5004)
    story.read(b"ab")
    story.close()
    story.alice_sends("FIN,ACK", seq=4001)
    story.peer("ACK", seq=5004, ack=4002)
    story.alice_is(State.CLOSED)


@pytest.mark.rfc("RFC 9293 3.4")
def test_the_number_of_the_syn_may_come_again_after_four_gibibytes(story: Story) -> None:
    story.opened()
    sender = story.tcb.sender
    # As after sending 2**32 - 1 bytes: all acknowledged, and the next number is the ISN again.
    sender.snd_una = sender.snd_nxt = sender.snd_max = story.isn
    story.write(b"hello")
    story.alice_sends("ACK", seq=0, text=b"hello", push=True)
    story.peer("ACK", seq=1, ack=5)
    assert not sender.buffer
