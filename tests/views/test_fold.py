"""Long runs fold into bands that say what they hold."""

import re

import pytest

from netlab.units import ms
from netlab.views.fold import EDGE, LIMIT, SHORTEST
from netlab.views.message import Band, Message
from netlab.views.sequence import Sequence
from netlab.views.story import tell


def items(story, **options):
    return tell(Sequence(story, **options)).items


def bands(story, **options):
    return [item for item in items(story, **options) if isinstance(item, Band)]


def ids(item):
    return (
        [message.frame.id for message in item.messages]
        if isinstance(item, Band)
        else [item.frame.id]
    )


def test_every_frame_is_told_once_folded_or_not(any_scene):
    for fold in (True, False):
        told = [number for item in items(any_scene, fold=fold) for number in ids(item)]
        assert told == [frame.id for frame in any_scene.frames]


def test_a_bulk_transfer_folds_and_its_beginning_and_end_stay(scene):
    story = scene("bulk")
    found = items(story)
    (band,) = [item for item in found if isinstance(item, Band)]
    assert [ids(item)[0] for item in found[:6]] == [1, 2, 3, 4, 5, band.messages[0].frame.id]
    assert len(found) < 14
    assert not any(isinstance(item, Band) for item in items(story, fold=False))


def test_a_band_says_what_it_holds(scene):
    (band,) = bands(scene("bulk"))
    data = [m.frame.tcp.payload for m in band.messages if m.frame.sender == "alice"]
    acks = len(band.messages) - len(data)
    assert band.lines[0] == f"alice -> bob: {len(data)} segments, {sum(map(len, data)):,} bytes"
    assert band.lines[1] == f"bob -> alice: {acks} acknowledgments"
    first, last = band.messages[0].frame.id, band.messages[-1].frame.id
    assert band.lines[-1].startswith(f"frames {first} to {last}, sent in ")


def test_a_short_run_does_not_fold(story):
    for number in range(SHORTEST + 2 * EDGE - 1):
        story.tcp(number * 30 * ms, "alice", "bob", "ACK", 1 + number, 1, b"x")
    assert bands(story) == []
    number = SHORTEST + 2 * EDGE - 1
    story.tcp(number * 30 * ms, "alice", "bob", "ACK", 1 + number, 1, b"x")
    assert [len(band.messages) for band in bands(story)] == [SHORTEST]


def test_arrows_above_a_band_end_before_what_follows_it_begins(scene):
    found = items(scene("bulk"))
    at = next(index for index, item in enumerate(found) if isinstance(item, Band))
    above = [item for item in found[:at] if isinstance(item, Message)]
    below = next(item for item in found[at:] if isinstance(item, Message))
    assert max(message.arrives for message in above) <= below.frame.time


def test_what_is_in_flight_all_at_once_does_not_fold(story):
    story.delay = 100 * ms
    for number in range(40):
        story.tcp(number * ms, "alice", "bob", "ACK", 1 + number, 1, b"x")
    assert bands(story) == []
    story.delay = 10 * ms
    for frame in story.frames:
        frame.arrival = frame.time + 10 * ms
    assert len(bands(story)) == 1


@pytest.mark.parametrize("what", ["lost", "state", "timer"])
def test_what_is_remarkable_never_folds_away(story, what):
    for number in range(60):
        fate = {"lost": "rule 1 (drop)"} if what == "lost" and number == 30 else {}
        if number == 30 and what == "state":
            story.state(number * 30 * ms, "bob", "SYN_RCVD", "ESTABLISHED")
        if number == 30 and what == "timer":
            story.timer(29 * 30 * ms, number * 30 * ms, "alice", "persist")
        story.tcp(number * 30 * ms, "alice", "bob", "ACK", 1 + number, 1, b"x", **fate)
    found = bands(story)
    assert len(found) == 2
    hidden = {number for band in found for number in ids(band)}
    assert 31 not in hidden


def test_different_connections_do_not_fold_together(story):
    for number in range(40):
        port = 50_000 + number // 20
        story.tcp(number * 30 * ms, "alice", "bob", "ACK", 1 + number, 1, b"x", ports=(port, 80))
    assert [len(band.messages) for band in bands(story)] == [20 - 2 * EDGE] * 2


def test_pings_fold_too(story):
    for number in range(20):
        story.ping(number * 40 * ms, "alice", "bob", number)
        story.ping(number * 40 * ms + 20 * ms, "bob", "alice", number, reply=True)
    (band,) = bands(story)
    assert band.lines[0].startswith("alice -> bob: 17 frames")


def test_a_trace_without_end_folds_in_the_middle_and_counts_what_was_remarkable(story):
    for number in range(3 * LIMIT):
        fate = {"lost": "chance"} if number % 4 == 0 else {}
        story.tcp(number * 30 * ms, "alice", "bob", "ACK", 1 + number, 1, b"x", **fate)
    found = items(story)
    assert len(found) <= LIMIT
    (band,) = [item for item in found if isinstance(item, Band) and len(item.messages) > 50]
    told = next(line for line in band.lines if line.startswith("of these"))
    lost = sum(message.frame.fate == "dropped" for message in band.messages)
    assert re.search(rf"\b{lost} lost", told)
