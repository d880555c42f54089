"""What TCP makes of ICMP errors: which end a connection, and which can't be true.

(RFC 1122 section 4.2.3.9, RFC 9293 section 3.9.2.2, RFC 5927.)
"""

import errno

import pytest

from netlab.network.icmp_message import (
    DESTINATION_UNREACHABLE,
    PARAMETER_PROBLEM,
    TIME_EXCEEDED,
    IcmpMessage,
)
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, Ipv4Packet
from netlab.transport.tcp.segment import Segment
from netlab.transport.tcp.states import State
from netlab.units import ms, s
from tests.transport.tcp.steps import ALICE, PEER, Story

HARD = [(3, 2, errno.ENOPROTOOPT), (3, 3, errno.ECONNREFUSED)]
SOFT = [
    (3, 0, errno.ENETUNREACH),
    (3, 1, errno.EHOSTUNREACH),
    (3, 5, errno.EOPNOTSUPP),
    (3, 6, errno.ENETUNREACH),
    (3, 7, errno.EHOSTDOWN),
    (3, 8, errno.ENONET),
    (3, 9, errno.ENETUNREACH),
    (3, 10, errno.EHOSTUNREACH),
    (3, 11, errno.ENETUNREACH),
    (3, 12, errno.EHOSTUNREACH),
    (3, 13, errno.EHOSTUNREACH),
    (3, 14, errno.EHOSTUNREACH),
    (3, 15, errno.EHOSTUNREACH),
    (11, 0, errno.EHOSTUNREACH),
    (11, 1, errno.EHOSTUNREACH),
    (12, 0, errno.EPROTO),
]


@pytest.fixture
def story() -> Story:
    return Story()


def quoted(story: Story, seq: int, size: int = 8) -> bytes:
    """The start of a segment of alice's, with a sequence number counted from her ISN."""
    number = (story.isn + seq) & 0xFFFFFFFF
    segment = Segment(story.alice_port, story.peer_port, number, 0, 0, 0)
    return Ipv4Packet(ALICE, PEER, PROTOCOL_TCP, segment.pack(ALICE, PEER)[:size]).pack()


def icmp(story: Story, type_: int, code: int, seq: int, *, rest: int = 0, size: int = 8) -> None:
    """An error comes, about a segment with this sequence number."""
    message = IcmpMessage(type_, code, rest, quoted(story, seq, size))
    story.peer_sends_packet(Ipv4Packet(PEER, ALICE, PROTOCOL_ICMP, message.pack()))


def with_data_under_way(story: Story) -> None:
    story.opened()
    story.write(b"data")
    story.alice_sends("PSH,ACK", seq=1, text=b"data")


@pytest.mark.rfc("RFC 1122 4.2.3.9", "RFC 9293 SHLD-26")
@pytest.mark.parametrize(("type_", "code", "number"), HARD)
def test_a_hard_error_ends_an_open_connection(
    story: Story, type_: int, code: int, number: int
) -> None:
    with_data_under_way(story)
    icmp(story, type_, code, seq=1)
    story.alice_sends("RST,ACK", seq=5)
    story.alice_forgets()
    story.alice_reports(number)


@pytest.mark.rfc("RFC 1122 4.2.3.9", "RFC 9293 MUST-56", "RFC 1122 3.2.2.1/hint")
@pytest.mark.parametrize(("type_", "code", "number"), SOFT)
def test_a_soft_error_ends_no_open_connection(
    story: Story, type_: int, code: int, number: int
) -> None:
    with_data_under_way(story)
    icmp(story, type_, code, seq=1)
    story.alice_is(State.ESTABLISHED)
    (event,) = story.net.trace.events_of(kind="soft error")
    assert event.fields["errno"] == number
    story.peer("ACK", seq=1, ack=5)
    story.alice_is(State.ESTABLISHED)


@pytest.mark.rfc("RFC 5461 4.1")
@pytest.mark.parametrize(("type_", "code", "number"), HARD + SOFT)
def test_any_error_ends_an_opening_at_once(
    story: Story, type_: int, code: int, number: int
) -> None:
    story.connect()
    story.alice_sends("SYN", seq=0)
    icmp(story, type_, code, seq=0)
    story.alice_forgets()
    story.alice_reports(number)


@pytest.mark.rfc("RFC 1122 4.2.3.9")
def test_a_soft_error_need_not_end_an_opening_and_is_told_when_it_fails() -> None:
    story = Story(soft_errors_end_opening=False, give_up_syn_after=3 * s)
    story.connect()
    story.alice_sends("SYN", seq=0)
    icmp(story, DESTINATION_UNREACHABLE, 1, seq=0)
    story.alice_is(State.SYN_SENT)
    story.alice_sends("SYN", seq=0, after=1 * s)
    story.silence(2 * s)
    story.alice_forgets()
    story.alice_reports(errno.EHOSTUNREACH)


@pytest.mark.rfc("RFC 1122 4.2.3.9")
def test_an_open_connection_that_times_out_tells_what_the_network_complained_of() -> None:
    story = Story(give_up_after=1 * s)
    with_data_under_way(story)
    icmp(story, TIME_EXCEEDED, 0, seq=1)
    story.silence(1 * s)
    story.alice_forgets()
    story.alice_reports(errno.EHOSTUNREACH)


def test_a_complaint_from_before_the_last_progress_is_not_why_it_timed_out() -> None:
    story = Story(give_up_after=1 * s)
    with_data_under_way(story)
    icmp(story, TIME_EXCEEDED, 0, seq=1)
    story.silence(500 * ms)
    story.peer("ACK", seq=1, ack=5)
    story.write(b"more")
    story.alice_sends("PSH,ACK", seq=5, text=b"more")
    story.silence(2 * s)
    story.alice_forgets()
    story.alice_reports(errno.ETIMEDOUT)


@pytest.mark.rfc("RFC 1122 4.2.3.9")
@pytest.mark.parametrize("state", [State.SYN_RCVD, State.FIN_WAIT_1, State.LAST_ACK])
def test_a_hard_error_ends_a_connection_in_other_states(story: Story, state: State) -> None:
    story.reach(state)
    icmp(story, DESTINATION_UNREACHABLE, 3, seq=story.alice_una)
    if state is not State.LAST_ACK:  # where both have closed already
        story.alice_sends("RST,ACK")
    story.alice_forgets()


# --- what can't be true ---------------------------------------------------------------------


@pytest.mark.rfc("RFC 5927 4.1")
@pytest.mark.parametrize("seq", [0, 5, 65_536, -1, 1 << 31])
@pytest.mark.parametrize(("type_", "code"), [(3, 3), (3, 1), (3, 4), (11, 0)])
def test_an_error_about_what_is_not_under_way_is_not_believed(
    story: Story, type_: int, code: int, seq: int
) -> None:
    with_data_under_way(story)
    icmp(story, type_, code, seq, rest=100)
    story.alice_is(State.ESTABLISHED)
    assert story.tcb.mss == 1460
    assert not story.net.trace.events_of(kind="icmp error")


@pytest.mark.rfc("RFC 5927 4.1")
def test_where_nothing_is_under_way_no_error_is_believed(story: Story) -> None:
    story.opened()
    for seq in range(-2, 3):
        icmp(story, DESTINATION_UNREACHABLE, 3, seq)
    story.alice_is(State.ESTABLISHED)


@pytest.mark.parametrize("size", [0, 3, 4, 7])
def test_a_quotation_too_short_for_a_sequence_number_is_not_believed(
    story: Story, size: int
) -> None:
    with_data_under_way(story)
    icmp(story, DESTINATION_UNREACHABLE, 3, seq=1, size=size)
    story.alice_is(State.ESTABLISHED)


@pytest.mark.rfc("RFC 6633 4")
def test_source_quench_changes_nothing(story: Story) -> None:
    with_data_under_way(story)
    before = story.tcb.sender.congestion.cwnd
    icmp(story, 4, 0, seq=1)
    assert story.tcb.sender.congestion.cwnd == before


# --- the path MTU ---------------------------------------------------------------------------


def too_big(story: Story, mtu: int, seq: int = 1) -> None:
    icmp(story, DESTINATION_UNREACHABLE, 4, seq, rest=mtu)


@pytest.mark.rfc("RFC 1191 6.4", "RFC 9293 3.7.2")
def test_what_was_too_big_is_sent_again_at_once_one_segment_first(story: Story) -> None:
    story.opened()
    story.write(bytes(3_000))
    story.alice_sends("ACK", seq=1, size=1460)
    story.alice_sends("ACK", seq=1461, size=1460)
    too_big(story, 1_040)
    story.alice_sends("ACK", seq=1, size=1_000)
    story.silence()
    story.peer("ACK", seq=1, ack=1_001)
    story.alice_sends("ACK", seq=1_001, size=1_000)
    story.alice_sends("PSH,ACK", seq=2_001, size=1_000)


@pytest.mark.rfc("RFC 1191 6.4")
def test_a_second_message_about_the_same_flight_is_ignored(story: Story) -> None:
    story.opened()
    story.write(bytes(2_920))
    story.alice_sends("ACK", seq=1, size=1460)
    story.alice_sends("PSH,ACK", seq=1461, size=1460)
    too_big(story, 1_040)
    story.alice_sends("ACK", seq=1, size=1_000)
    too_big(story, 1_040, seq=1461)
    story.silence()
    too_big(story, 540)  # a narrower link further on
    story.alice_sends("ACK", seq=1, size=500)


@pytest.mark.rfc("RFC 1191 3")
def test_segments_never_become_smaller_than_what_every_link_carries(story: Story) -> None:
    story.opened()
    story.write(bytes(100))
    story.alice_sends("PSH,ACK", seq=1, size=100)
    too_big(story, 1)
    story.alice_sends("ACK", seq=1, size=28)


def test_in_fast_recovery_it_starts_over_and_leaves_the_recovery(story: Story) -> None:
    story.opened()
    story.write(bytes(4_380))
    for flags, seq in (("ACK", 1), ("ACK", 1461), ("PSH,ACK", 2921)):
        story.alice_sends(flags, seq=seq, size=1460)
    for _ in range(3):
        story.peer("ACK", seq=1, ack=1)
    story.alice_sends("ACK", seq=1, size=1460)
    too_big(story, 1_040)
    story.alice_sends("ACK", seq=1, size=1_000)
    assert not story.tcb.sender.recovery.recovering
    assert story.tcb.sender.congestion.phase != "fast recovery"


def test_what_was_small_enough_anyway_is_not_sent_again(story: Story) -> None:
    with_data_under_way(story)
    story.peer("ACK", seq=1, ack=5)
    story.net.hosts["alice"].ipv4.path_mtu.too_big(PEER, 1_500, 1_040)
    assert story.tcb.mss == 1_000
    (event,) = story.net.trace.events_of(kind="mss")
    assert event.fields["mss"] == 1_000
    story.write(b"more")
    story.alice_sends("PSH,ACK", seq=5, text=b"more")
    too_big(story, 1_040, seq=5)
    story.silence()


def test_other_connections_to_the_same_host_send_smaller_segments_too(story: Story) -> None:
    with_data_under_way(story)
    other = story.tcp.connect(story.tcp.bind(ALICE, 0), (PEER, 81))
    story.alice_sends("SYN")
    too_big(story, 1_040)
    assert (story.tcb.mss, other.mss) == (1_000, 1_000)


@pytest.mark.parametrize("type_", [PARAMETER_PROBLEM, TIME_EXCEEDED])
def test_only_fragmentation_needed_makes_segments_smaller(story: Story, type_: int) -> None:
    with_data_under_way(story)
    icmp(story, type_, 0, seq=1, rest=500)
    assert story.tcb.mss == 1460
