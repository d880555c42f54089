"""What is said of each frame, and what is found remarkable about it."""

import pytest

from netlab.views.message import Mark
from netlab.views.reading import Reader


def labels(story, **options):
    return [message.words for message in Reader(**options).read(story.frames)]


def marks(story):
    return {
        message.frame.id: message.marks for message in Reader().read(story.frames) if message.marks
    }


def test_a_label_tells_flags_and_numbers_from_zero_on_in_each_direction(scene):
    assert labels(scene("web")) == [
        "ARP who has 10.0.0.2? tell 10.0.0.1",
        "ARP 10.0.0.2 is at 02:00:00:00:00:02",
        "SYN seq=0",
        "SYN,ACK seq=0 ack=1",
        "ACK seq=1 ack=1",
        'PSH,ACK seq=1 ack=1 len=56 "GET / HTTP/1.1"',
        'PSH,ACK seq=1 ack=57 len=53 "HTTP/1.1 200 OK"',
        "FIN,ACK seq=54 ack=57",
        "ACK seq=57 ack=54",
        "ACK seq=57 ack=55",
        "FIN,ACK seq=57 ack=55",
        "ACK seq=55 ack=58",
    ]


def test_absolute_numbers_are_those_of_the_header(scene):
    story = scene("web")
    syn = story.frame(3).tcp
    assert labels(story, relative=False)[2] == f"SYN seq={syn.seq}"
    assert labels(story, relative=False)[3].endswith(f"ack={(syn.seq + 1) % 2**32}")


def test_numbers_that_wrap_go_on_counting(story):
    story.tcp(0, "bob", "alice", "SYN")
    story.tcp(1, "bob", "alice", "ACK", 1, 1, bytes(400))
    story.tcp(2, "bob", "alice", "ACK", 401, 1, bytes(400))
    assert story.frame(3).tcp.seq < story.frame(2).tcp.seq
    assert labels(story)[2] == "ACK seq=401 ack=1 len=400"
    assert marks(story) == {}


def test_a_connection_that_was_open_before_the_record_begins_counts_from_one(story):
    story.tcp(0, "alice", "bob", "ACK", 5000, 700, b"abc")
    story.tcp(1, "bob", "alice", "ACK", 700, 5003)
    assert labels(story) == ['ACK seq=1 ack=1 len=3 "abc"', "ACK seq=1 ack=4"]


def test_a_segment_of_an_older_connection_counts_below_zero(story):
    story.tcp(0, "alice", "bob", "SYN", 100)
    story.tcp(1, "alice", "bob", "ACK", 93, 0)
    assert labels(story)[1].startswith("ACK seq=-7")


@pytest.mark.parametrize(
    ("payload", "quoted"),
    [
        (b"hello", ' "hello"'),
        (b"USER ada\r\nPASS x\r\n", ' "USER ada"'),
        (
            b"A line of text that is longer than a label may be\r\n",
            '"A line of text that is longer t..."',
        ),
        (b"\x00\x01\x02", ""),
        (b"y" * 1460, ""),
        (b"ab", ""),
    ],
)
def test_text_is_quoted_up_to_the_end_of_its_first_line(story, payload, quoted):
    story.tcp(0, "alice", "bob", "PSH,ACK", 1, 1, payload)
    label = labels(story)[0]
    assert label.endswith(quoted) if quoted else label.endswith(f"len={len(payload)}")


def test_a_closed_window_is_told(story):
    story.tcp(0, "alice", "bob", "ACK", 1, 1, window=0)
    assert labels(story)[0].endswith("win=0")


def test_ports_are_told_where_there_is_more_than_one_connection(story):
    story.tcp(0, "alice", "bob", "SYN", ports=(50_000, 80))
    story.tcp(1, "alice", "bob", "SYN", ports=(50_001, 80))
    assert labels(story) == ["SYN seq=0 50000>80", "SYN seq=0 50001>80"]


def test_icmp_and_udp_are_told(story):
    story.ping(0, "alice", "bob", 3)
    story.udp(1, "alice", "bob", b"hi there")
    assert labels(story) == [
        "ICMP echo request id=7 seq=3",
        'UDP 53000 > 7 len=8 "hi there"',
    ]


def test_a_frame_that_cannot_be_read_says_so(story):
    story.put(0, "alice", "bob", bytes(12) + b"\x08\x00\x45\x00")
    assert labels(story)[0].startswith("malformed")


# --- what is remarkable -------------------------------------------------------------------------


def test_a_lost_segment_and_its_retransmission_are_told_with_what_dropped_it(scene):
    assert marks(scene("lost_segment")) == {
        4: {Mark.LOST: "lost: rule 1 (drop)"},
        5: {Mark.RETRANSMISSION: "retransmission of 4"},
    }


def test_a_retransmission_may_be_lost_as_well(scene):
    assert marks(scene("lost_fin"))[5] == {
        Mark.RETRANSMISSION: "retransmission of 4",
        Mark.LOST: "lost: random loss (probability 0.01)",
    }


def test_each_fault_has_its_mark(scene):
    found = marks(scene("faults"))
    assert found == {
        5: {Mark.LATE: "late: overtaken by 6"},
        8: {Mark.DUPLICATE: "duplicate of 7"},
        10: {Mark.DUPLICATE_ACK: "duplicate ACK 1"},
        12: {Mark.CORRUPTED: "corrupted: bit 485 (in byte 60) flipped by rule 3 (corrupt)"},
        13: {Mark.DELAYED: "delayed by 40 ms, by rule 4 (delay)"},
    }


def test_the_same_segment_on_the_next_link_is_no_retransmission(story):
    story.__init__(["alice", "r1", "bob"])
    ends = ("alice", "bob")
    story.tcp(0, "alice", "r1", "ACK", 1, 1, b"abc", ends=ends)
    story.tcp(1, "r1", "bob", "ACK", 1, 1, b"abc", ends=ends)
    assert marks(story) == {}


def test_a_retransmission_after_three_duplicate_acknowledgments_is_a_fast_one(story):
    for number in range(4):
        story.tcp(number, "alice", "bob", "ACK", 1 + 100 * number, 1, bytes(100))
    for number in range(4):
        story.tcp(10 + number, "bob", "alice", "ACK", 1, 101)
    story.tcp(20, "alice", "bob", "ACK", 101, 1, bytes(100))
    assert marks(story)[9] == {Mark.RETRANSMISSION: "fast retransmission of 2"}


def test_a_syn_that_crossed_the_other_comes_again_as_a_syn_ack_and_is_new(scene):
    assert marks(scene("simultaneous_open")) == {}


def test_a_keepalive_of_acknowledgments_without_anything_outstanding_is_no_duplicate(story):
    story.tcp(0, "alice", "bob", "ACK", 1, 1)
    story.tcp(1, "alice", "bob", "ACK", 1, 1)
    assert marks(story) == {}


def test_a_new_connection_between_the_same_ports_starts_anew(story):
    story.tcp(0, "alice", "bob", "SYN", 0)
    story.tcp(1, "alice", "bob", "ACK", 1, 1, b"old")
    story.tcp(2, "alice", "bob", "SYN", 70)
    story.tcp(3, "alice", "bob", "ACK", 71, 1, b"new")
    assert marks(story) == {}
    assert labels(story)[2:] == ["SYN seq=0", 'ACK seq=1 ack=1 len=3 "new"']


def test_a_probe_and_an_announcement_of_arp_are_told(story):
    story.addresses["bob"] = "0.0.0.0"
    story.arp(0, "bob", "alice")
    story.addresses["alice"] = story.addresses["bob"] = "10.0.0.1"
    story.arp(1, "alice", "bob")
    assert labels(story) == [
        "ARP who has 10.0.0.1? (arp probe)",
        "ARP announcement for 10.0.0.1",
    ]
