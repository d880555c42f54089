"""The sequence diagram in plain characters."""

import textwrap

import pytest

from netlab.units import ms
from netlab.views.sequence import Sequence

PICTURES = {
    "web": r"""
                             alice                                                        bob
                           10.0.0.1                                                    10.0.0.2
             0 ms              |-- 1 ARP who has 10.0.0.2? tell 10.0.0.1 ----------------->|
            10 ms              |<---------------- 2 ARP 10.0.0.2 is at 02:00:00:00:00:02 --|
            20 ms     SYN_SENT |-- 3 SYN seq=0 ------------------------------------------->| LISTEN
            30 ms              |<--------------------------------- 4 SYN,ACK seq=0 ack=1 --| SYN_RCVD
            40 ms  ESTABLISHED |-- 5 ACK seq=1 ack=1 ------------------------------------->|
                               |-- 6 PSH,ACK seq=1 ack=1 len=56 "GET / HTTP/1.1" --------->|
            50 ms              |<------- 7 PSH,ACK seq=1 ack=57 len=53 "HTTP/1.1 200 OK" --| ESTABLISHED
                               |<------------------------------- 8 FIN,ACK seq=54 ack=57 --| FIN_WAIT_1
            60 ms              |-- 9 ACK seq=57 ack=54 ----------------------------------->|
                    CLOSE_WAIT |-- 10 ACK seq=57 ack=55 ---------------------------------->|
            62 ms     LAST_ACK |-- 11 FIN,ACK seq=57 ack=55 ------------------------------>|
            70 ms              |                                                           | FIN_WAIT_2
            72 ms              |<---------------------------------- 12 ACK seq=55 ack=58 --| TIME_WAIT
            82 ms       CLOSED |                                                           |
                               :                   ... 3 min 59.99 s ...                   :
    4 min 0.072 s              |           (bob's 2MSL timer fires after 4 min)            | CLOSED
    """,
    "lost_segment": r"""
                             alice                                                        bob
                           10.0.0.1                                                    10.0.0.2
             0 ms     SYN_SENT |-- 1 SYN seq=0 ------------------------------------------->| LISTEN
            10 ms              |<--------------------------------- 2 SYN,ACK seq=0 ack=1 --| SYN_RCVD
            20 ms  ESTABLISHED |-- 3 ACK seq=1 ack=1 ------------------------------------->|
                               |-- 4 PSH,ACK seq=1 ack=1 len=56 "GET / HTTP/1.1" --X       |
                               |                   (lost: rule 1 (drop))                   |
                               :                      ... 990 ms ...                       :
           1.02 s              |      (alice's retransmission timer fires after 1 s)       |
                               |== 5 PSH,ACK seq=1 ack=1 len=56 "GET / HTTP/1.1" =========>|
                               |                   (retransmission of 4)                   |
           1.03 s              |<------- 6 PSH,ACK seq=1 ack=57 len=53 "HTTP/1.1 200 OK" --|
           1.04 s              |-- 7 ACK seq=57 ack=54 ----------------------------------->|
    """,
    "faults": r"""
                             alice                                                        bob
                           10.0.0.1                                                    10.0.0.2
             0 ms     SYN_SENT |-- 1 SYN seq=0 ------------------------------------------->| LISTEN
            10 ms              |<--------------------------------- 2 SYN,ACK seq=0 ack=1 --| SYN_RCVD
            20 ms  ESTABLISHED |-- 3 ACK seq=1 ack=1 ------------------------------------->|
                               |-- 4 ACK seq=1 ack=1 len=1000 ---------------------------->|
          21.2 ms              |~~ 5 ACK seq=1001 ack=1 len=1000 ~~~~~~~~~~~~~~~~~~~~~~~~~>|
                               |                  (late: overtaken by 6)                   |
                               |                   (arrives at 34.8 ms)                    |
          22.4 ms              |-- 6 ACK seq=2001 ack=1 len=1000 ------------------------->|
          23.6 ms              |-- 7 ACK seq=3001 ack=1 len=1000 ------------------------->|
                               |## 8 ACK seq=3001 ack=1 len=1000 #########################>|
                               |                     (duplicate of 7)                      |
            30 ms              |<---------------------------------- 9 ACK seq=1 ack=1001 --|
          32.4 ms              |<--------------------------------- 10 ACK seq=1 ack=1001 --|
                               |                     (duplicate ACK 1)                     |
          34.8 ms              |<--------------------------------- 11 ACK seq=1 ack=4001 --|
            70 ms              |** 12 PSH,ACK seq=4001 ack=1 len=11 "hello again" ********>|
                               |    (corrupted: bit 485 (in byte 60) flipped by rule 3     |
                               |                        (corrupt))                         |
            90 ms              |~~ 13 PSH,ACK seq=4012 ack=1 len=4 "late" ~~~~~~~~~~~~~~~~>|
                               |           (delayed by 40 ms, by rule 4 (delay))           |
                               |                    (arrives at 140 ms)                    |
    """,
    "routed_ping": r"""
          alice                                 r1                                   bob
        10.0.1.1                            10.0.1.254                            10.0.2.1
     0 ms   |-- 1 ARP who has 10.0.1.254?... --->|                                    |
    10 ms   |<--- 2 ARP 10.0.1.254 is at 02... --|                                    |
    20 ms   |-- 3 ICMP echo request id=7... ---->|                                    |
    30 ms   |                                    |-- 4 ARP who has 10.0.2.1? t... --->|
    40 ms   |                                    |<--- 5 ARP 10.0.2.1 is at 02:0... --|
    50 ms   |                                    |-- 6 ICMP echo request id=7... ---->|
    60 ms   |                                    |<--- 7 ICMP echo reply id=7 seq=1 --|
    70 ms   |<--- 8 ICMP echo reply id=7 seq=1 --|                                    |
    """,
    "bulk": r"""
                             alice                                                        bob
                           10.0.0.1                                                    10.0.0.2
             0 ms     SYN_SENT |-- 1 SYN seq=0 ------------------------------------------->| LISTEN
            10 ms              |<--------------------------------- 2 SYN,ACK seq=0 ack=1 --| SYN_RCVD
            20 ms  ESTABLISHED |-- 3 ACK seq=1 ack=1 ------------------------------------->|
                               |-- 4 ACK seq=1 ack=1 len=1460 ---------------------------->|
        21.211 ms              |-- 5 ACK seq=1461 ack=1 len=1460 ------------------------->|
                               : [        alice -> bob: 58 segments, 84,680 bytes        ] :
                               : [           bob -> alice: 27 acknowledgments            ] :
                               : [           frames 6 to 90, sent in 72.982 ms           ] :
        97.827 ms              |<-------------------------------- 91 ACK seq=1 ack=81761 --|
        100.25 ms              |<-------------------------------- 92 ACK seq=1 ack=84681 --|
       102.672 ms              |<-------------------------------- 93 ACK seq=1 ack=87601 --|
       112.672 ms   FIN_WAIT_1 |-- 94 FIN,ACK seq=87601 ack=1 ---------------------------->|
    """,
}


def picture(text):
    return textwrap.dedent(text).strip("\n").rstrip()


@pytest.mark.parametrize("name", PICTURES)
def test_the_ladder_of(name, scene):
    assert textwrap.dedent(Sequence(scene(name)).text()) == picture(PICTURES[name])


def test_half_way_the_ladder_ends_at_now_with_what_is_in_flight_and_what_is_awaited(scene):
    text = Sequence(scene("lost_segment"), until=26 * ms).text()
    assert text.splitlines()[4:] == [
        "        20 ms  ESTABLISHED |-- 3 ACK seq=1 ack=1 --o ..................................|",
        '                           |-- 4 PSH,ACK seq=1 ack=1 len=56 "GET / HTTP/1.1" --X       |',
        "                           |                   (lost: rule 1 (drop))                   |",
        "        26 ms              |                            now                            |",
        "                           |        (alice's retransmission timer: 994 ms left)        |",
    ]


def test_while_a_timer_runs_the_silence_is_named_after_it(scene):
    text = Sequence(scene("lost_segment"), until=500 * ms).text()
    assert "... 470 ms while alice's retransmission timer runs ..." in text


def test_a_fate_that_is_not_known_yet_is_not_told(scene):
    text = Sequence(scene("faults"), until=80 * ms).text()
    assert "corrupted" not in Sequence(scene("faults"), until=75 * ms).text()
    assert "corrupted" in text
    assert "13 PSH" not in text


def test_no_line_is_wider_than_a_terminal(any_scene):
    assert max(map(len, Sequence(any_scene).text().splitlines())) <= 104


def test_one_part_of_a_trace(scene):
    lines = Sequence(scene("web"), first=5, last=6).text().splitlines()
    assert [line for line in lines if "--" in line] == [
        "        40 ms  ESTABLISHED |-- 5 ACK seq=1 ack=1 ------------------------------------->| SYN_RCVD",
        '                           |-- 6 PSH,ACK seq=1 ack=1 len=56 "GET / HTTP/1.1" --------->|',
    ]


def test_the_calls_of_programs_stand_beside_the_lifelines_when_asked_for(story):
    story.event(0, "alice", "sockets", "call", call="connect")
    story.tcp(0, "alice", "bob", "SYN")
    assert "connect()" not in Sequence(story).text()
    text = Sequence(story, layers=("transport", "sockets")).text()
    assert "connect() |-- 1 SYN seq=0 --" in text


def test_a_host_that_sends_to_itself_has_an_arrow_too(story):
    story.tcp(0, "alice", "alice", "SYN")
    assert "|--> 1 SYN seq=0" in Sequence(story).text()


def test_a_trace_in_which_nothing_happened_says_so(story):
    assert Sequence(story).text().split() == ["alice", "bob", "10.0.0.1", "10.0.0.2"]
    story.hosts.clear()
    assert Sequence(story).text() == "Nothing has happened yet."
