"""The sequence diagram as SVG: every frame there once, each fate visible, nothing on top of text."""

import re
from itertools import pairwise
from math import cos, radians, sin
from xml.etree import ElementTree

import pytest

from netlab.errors import ConfigurationError
from netlab.units import minute, ms
from netlab.views.labels import CHARACTER, NOTE_CHARACTER
from netlab.views.sequence import Sequence
from netlab.views.theme import style

SVG = "{http://www.w3.org/2000/svg}"


def drawn(story, **options):
    return ElementTree.fromstring(Sequence(story, **options).svg())


def groups(root, css="nl-frame"):
    return [g for g in root.iter(f"{SVG}g") if css in g.get("class", "").split()]


def frame_group(root, number):
    (group,) = [g for g in groups(root) if g.get("data-frame") == str(number)]
    return group


def classes(root, number):
    return set(frame_group(root, number).get("class").split())


def words(root):
    return " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))


def has(group, css):
    return any(css in part.get("class", "") for part in group.iter())


def path(group, css):
    return next(p.get("d") for p in group.iter(f"{SVG}path") if p.get("class") == css)


def line(group):
    return [float(number) for number in re.findall(r"-?[\d.]+", path(group, "nl-line"))]


# --- what is there ------------------------------------------------------------------------------


@pytest.mark.parametrize("fold", [True, False])
def test_every_frame_is_there_once(any_scene, fold):
    root = drawn(any_scene, fold=fold)
    shown = [int(g.get("data-frame")) for g in groups(root)]
    for band in groups(root, "nl-band"):
        shown += [int(number) for number in band.get("data-frames").split()]
    assert sorted(shown) == [frame.id for frame in any_scene.frames]


def test_the_same_trace_gives_the_same_bytes(scene):
    for name in ("web", "faults", "bulk"):
        assert Sequence(scene(name)).svg() == Sequence(scene(name)).svg()


def test_two_pictures_can_stand_in_one_page(any_scene):
    assert not [e for e in drawn(any_scene).iter() if e.get("id")]
    assert "url(" not in Sequence(any_scene).svg()


def test_each_host_has_a_lifeline_with_its_name_and_address(scene):
    root = drawn(scene("routed_ping"))
    assert [g.get("data-host") for g in groups(root, "nl-host")] == ["alice", "r1", "bob"]
    assert "10.0.1.254" in words(root)


def test_hosts_stand_in_the_order_of_their_cables(story):
    story.__init__(["r1", "bob", "alice"])
    story.ping(0, "alice", "r1", 1)
    story.ping(1, "r1", "bob", 1)
    assert [g.get("data-host") for g in groups(drawn(story), "nl-host")] == ["bob", "r1", "alice"]


def test_hosts_that_are_asked_for_stand_as_asked(scene):
    root = drawn(scene("routed_ping"), hosts=["bob", "r1"])
    assert [g.get("data-host") for g in groups(root, "nl-host")] == ["bob", "r1"]
    assert {int(g.get("data-frame")) for g in groups(root)} == {4, 5, 6, 7}


def test_a_host_that_is_not_there_is_refused_by_name(scene):
    with pytest.raises(ConfigurationError, match=r"no host 'carol'.*it has alice, bob"):
        Sequence(scene("web"), hosts=["carol"]).svg()


def test_the_selected_frame_stands_out(scene):
    root = drawn(scene("web"), selected=6)
    assert [g.get("data-frame") for g in groups(root, "nl-selected")] == ["6"]


def test_a_band_that_holds_the_selected_frame_stands_out(scene):
    assert (
        groups(drawn(scene("bulk"), selected=50), "nl-selected")[0]
        .get("class")
        .startswith("nl-band")
    )
    assert groups(drawn(scene("bulk"), selected=2), "nl-selected")[0].get("data-frame") == "2"


def test_a_frames_title_is_a_sentence_about_it(scene):
    title = frame_group(drawn(scene("web")), 6).find(f"{SVG}title").text
    assert title == (
        'Frame 6, alice to bob: TCP PSH,ACK seq=1 ack=1 len=56 "GET / HTTP/1.1".'
        " Sent at 40 ms, arrived at 50 ms. The program sent it (RFC 9293)."
    )


def test_hostile_text_stays_text(story):
    story.__init__(["<b>&", "bob"], ports={"bob": 80})
    story.tcp(0, "<b>&", "bob", "PSH,ACK", 1, 1, b'<script>alert("x")</script>', lost="<i>me</i>")
    story.state(0, "bob", "CLOSED", "<script>")
    root = drawn(story)
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
        "svg", "style", "g", "title", "path", "line", "rect", "text", "tspan", "circle",
    }  # fmt: skip
    assert '<script>alert("x")</script>' in words(root)


# --- each fate has its sign ---------------------------------------------------------------------


def test_a_lost_frame_ends_in_a_cross_on_the_way_and_says_what_dropped_it(scene):
    root = drawn(scene("lost_segment"))
    assert "nl-lost" in classes(root, 4)
    lost, sent_again = frame_group(root, 4), frame_group(root, 5)
    assert has(lost, "nl-cross")
    assert not has(lost, "nl-head")
    x0, _, x1, _ = line(lost)
    y0, _, y1, _ = line(sent_again)
    assert abs(x1 - x0) == pytest.approx(abs(y1 - y0) / 2, abs=1)
    assert "lost: rule 1 (drop)" in words(root)


def test_a_frame_struck_in_flight_ends_where_it_was(story):
    story.tcp(0, "alice", "bob", "ACK", 1, 1, lost="rule 1 (drop)", struck=8 * ms)
    story.tcp(50 * ms, "alice", "bob", "ACK", 1, 1)
    root = drawn(story)
    x0, _, x1, _ = line(frame_group(root, 1))
    y0, _, y1, _ = line(frame_group(root, 2))
    assert (x1 - x0) / (y1 - y0) == pytest.approx(0.8, abs=0.01)


def test_a_frame_that_never_left_the_queue_ends_where_it_began(story):
    story.tcp(0, "alice", "bob", "ACK", 1, 1)
    story.tcp(0, "alice", "bob", "ACK", 1, 1, lost="the queue of alice-bob was full", queued=False)
    x0, _, x1, _ = line(frame_group(drawn(story), 2))
    assert 0 < x1 - x0 < 40


def test_a_capture_knows_one_time_of_each_frame_and_its_arrows_are_level(story):
    for number, sender in enumerate(["alice", "bob", "alice", "bob"]):
        receiver = "bob" if sender == "alice" else "alice"
        time = number * 10 * ms
        fate = {"lost": "rule 1 (drop)", "queued": False} if number == 2 else {"arrives": time}
        story.tcp(time, sender, receiver, "ACK", 1 + number, 1, b"abc", **fate)
    root = drawn(story)
    for frame in story.frames:
        _, y0, _, y1 = line(frame_group(root, frame.id))
        assert y0 == y1
    x0, _, x1, _ = line(frame_group(root, 3))
    y0, _, y1, _ = line(frame_group(root, 1))
    assert (x1 - x0) / (y1 - y0) == pytest.approx(0.5, abs=0.01)
    assert "in which nothing happens" not in words(root)


@pytest.mark.parametrize(
    ("number", "css", "told"),
    [
        (5, "nl-late", "late: overtaken by 6"),
        (8, "nl-duplicate", "duplicate of 7"),
        (10, "nl-dupack", "duplicate ACK 1"),
        (12, "nl-corrupted", "flipped by rule 3 (corrupt)"),
        (13, "nl-late", "delayed by 40 ms"),
    ],
)
def test_what_is_remarkable_has_a_line_and_words_of_its_own(scene, number, css, told):
    root = drawn(scene("faults"))
    assert css in classes(root, number)
    assert told in words(root)


def test_colour_is_not_the_only_sign():
    for css in ("nl-again", "nl-late", "nl-corrupted", "nl-lost"):
        assert re.search(rf"\.{css} \.nl-line\{{stroke-dasharray", style("sequence"))
    assert re.search(r"\.nl-duplicate \.nl-line\{stroke-width", style("sequence"))


# --- time ---------------------------------------------------------------------------------------


def test_later_is_lower_and_arrows_slope_with_the_time_they_took(scene):
    story = scene("web")
    root = drawn(story)
    tops = [line(frame_group(root, frame.id))[1] for frame in story.frames]
    assert tops == sorted(tops)
    for frame in story.frames:
        _, y0, _, y1 = line(frame_group(root, frame.id))
        assert y1 - y0 >= 12


def test_a_frame_that_took_no_time_is_level(story):
    story.delay = 0
    story.tcp(0, "alice", "bob", "SYN")
    story.tcp(0, "bob", "alice", "SYN,ACK", 0, 1)
    root = drawn(story)
    for number in (1, 2):
        _, y0, _, y1 = line(frame_group(root, number))
        assert y0 == y1
    assert line(frame_group(root, 2))[1] - line(frame_group(root, 1))[1] >= 20


def test_a_long_silence_is_cut_out_and_says_how_long_it_was(scene):
    root = drawn(scene("web"))
    assert "3 min 59.99 s until bob's 2MSL timer fires" in words(root)
    assert float(root.get("height")) < 800


def test_a_silence_with_something_in_flight_is_not_cut(story):
    for number in range(4):
        story.tcp(number * 10 * ms, "alice", "bob", "ACK", 1 + number, 1, b"x")
    story.tcp(40 * ms, "bob", "alice", "ACK", 1, 2)
    assert "in which nothing happens" not in words(drawn(story))
    story.frame(5).arrival = 2 * minute
    story.state(2 * minute, "alice", "ESTABLISHED", "CLOSE_WAIT")
    assert "in which nothing happens" not in words(drawn(story))
    story.frame(5).arrival = 50 * ms
    assert "in which nothing happens" in words(drawn(story))


def test_states_stand_beside_their_lifelines_from_the_first_on(scene):
    root = drawn(scene("web"))
    tags = ["".join(t.itertext()) for t in root.iter(f"{SVG}text") if t.get("class") == "nl-tag"]
    assert tags == [
        "SYN_SENT", "ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "CLOSED",
        "LISTEN", "SYN_RCVD", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT", "CLOSED",
    ]  # fmt: skip


def test_states_and_calls_beside_a_lifeline_never_meet(scene):
    story = scene("lost_fin")
    d = 100 * ms
    story.event(1000 * d, "alice", "sockets", "call", call="connect")
    story.state(1000 * d, "alice", "CLOSED", "SYN_SENT", "active OPEN")
    story.tcp(1000 * d, "alice", "bob", "SYN", 900)
    for layers in (["transport"], ["transport", "sockets"]):
        places = {}
        for text in drawn(story, layers=layers).iter(f"{SVG}text"):
            if text.get("class") in ("nl-tag", "nl-call"):
                places.setdefault(text.get("x"), []).append(float(text.get("y")))
        assert len(places) == 2
        for ys in places.values():
            ys.sort()
            assert all(b - a >= 14 for a, b in pairwise(ys))


def test_a_timer_that_fired_reaches_from_where_it_was_set_to_what_it_sent(scene):
    root = drawn(scene("lost_segment"))
    (timer,) = groups(root, "nl-timer")
    assert "retransmission" in words(timer)
    assert "1 s" in words(timer)
    _, top, _, bottom = (
        float(n) for n in re.match(r"M(\S+) (\S+)h(\S+)V([\d.]+)", timer[1].get("d")).groups()
    )
    assert top <= line(frame_group(root, 4))[1]
    assert bottom == line(frame_group(root, 5))[1]


def test_a_timer_that_was_stopped_is_not_shown(story):
    story.tcp(0, "alice", "bob", "SYN")
    fields = {"timer": "retransmission", "connection": "c"}
    story.event(0, "alice", "transport", "timer set", at=1000 * ms, **fields)
    story.event(20 * ms, "alice", "transport", "timer cancelled", **fields)
    assert groups(drawn(story), "nl-timer") == []
    assert groups(drawn(story, until=15 * ms), "nl-timer")
    assert groups(drawn(story, until=30 * ms), "nl-timer") == []


# --- a moment of it -----------------------------------------------------------------------------


def test_until_shows_nothing_that_comes_after(any_scene):
    until = 26 * ms
    root = drawn(any_scene, until=until)
    sent = {str(frame.id) for frame in any_scene.frames if frame.time <= until}
    assert {g.get("data-frame") for g in groups(root)} == sent
    shown = words(root)
    for event in any_scene.events:
        if event.kind == "state" and event.time > until and event.fields["to"] == "CLOSE_WAIT":
            assert event.fields["to"] not in shown


def test_a_frame_in_flight_ends_part_way_with_a_dot(scene):
    root = drawn(scene("lost_segment"), until=26 * ms)
    group = frame_group(root, 3)
    assert "nl-in-flight" in classes(root, 3)
    assert has(group, "nl-dot")
    assert not has(group, "nl-head")
    x0, _, x1, _ = line(group)
    whole = [float(n) for n in re.findall(r"-?[\d.]+", path(frame_group(root, 1), "nl-line"))]
    assert (x1 - x0) / (whole[2] - whole[0]) == pytest.approx(0.6, abs=0.01)


def test_a_fate_is_told_only_when_it_has_come(scene):
    story = scene("lost_segment")
    assert "nl-lost" not in classes(drawn(story, until=23 * ms), 4)
    assert "nl-in-flight" in classes(drawn(story, until=23 * ms), 4)
    assert "nl-lost" in classes(drawn(story, until=26 * ms), 4)


def test_what_was_drawn_stays_where_it_was_as_time_goes_on(scene):
    story = scene("web")
    before, after = drawn(story, until=45 * ms), drawn(story, until=63 * ms)
    for number in (1, 2, 3, 4):
        assert line(frame_group(before, number)) == line(frame_group(after, number))


# --- nothing on top of text ---------------------------------------------------------------------


class Box:
    """A label as a rectangle, turned as it is."""

    def __init__(self, text, width, bottom, height):
        x, y = map(float, re.search(r"translate\((\S+) (\S+)\)", text.get("transform")).groups())
        turn = re.search(r"rotate\((\S+)\)", text.get("transform"))
        angle = radians(float(turn[1])) if turn else 0.0
        anchor = text.get("style", "text-anchor:middle").partition(":")[2]
        left = {"start": 0, "middle": -width / 2, "end": -width}[anchor]
        self.words = "".join(text.itertext())
        self.corners = [
            (x + a * cos(angle) - b * sin(angle), y + a * sin(angle) + b * cos(angle))
            for a, b in (
                (left, bottom), (left + width, bottom),
                (left + width, bottom - height), (left, bottom - height),
            )
        ]  # fmt: skip


def boxes(root):
    found = []
    for text in root.iter(f"{SVG}text"):
        css = text.get("class", "").split()
        letters = len("".join(text.itertext()))
        if "nl-label" in css:
            found.append(Box(text, letters * CHARACTER, -3, 13))
        elif "nl-note" in css:
            found.append(Box(text, letters * NOTE_CHARACTER, 18, 12))
    return found


def apart(one, two):
    """Whether a straight line can separate two convex shapes."""
    for shape in (one, two):
        for (x0, y0), (x1, y1) in zip(shape, [*shape[1:], shape[0]], strict=True):
            across = (y1 - y0, x0 - x1)
            a = [across[0] * x + across[1] * y for x, y in one]
            b = [across[0] * x + across[1] * y for x, y in two]
            if max(a) <= min(b) or max(b) <= min(a):
                return True
    return False


SPARSE = ["web", "lost_segment", "lost_fin", "simultaneous_open", "routed_ping", "bulk", "burst"]
CROSSING = ["faults", "lost_among_others"]


@pytest.mark.parametrize("name", [*SPARSE, *CROSSING])
def test_labels_never_meet(scene, name):
    found = boxes(drawn(scene(name)))
    for index, one in enumerate(found):
        for two in found[index + 1 :]:
            assert apart(one.corners, two.corners), (one.words, two.words)


@pytest.mark.parametrize("name", SPARSE)
def test_no_arrow_runs_through_a_label(scene, name):
    root = drawn(scene(name))
    for box in boxes(root):
        for group in groups(root):
            x0, y0, x1, y1 = line(group)
            assert apart(box.corners, [(x0, y0), (x1, y1)]), (box.words, group.get("data-frame"))


def test_labels_stay_within_the_picture(any_scene):
    root = drawn(any_scene)
    for box in boxes(root):
        assert all(0 <= x <= float(root.get("width")) for x, _ in box.corners), box.words


def test_a_label_longer_than_its_arrow_is_cut(story):
    story.udp(0, "alice", "bob", b"a long line of text that goes on and on " * 4)
    story.addresses["alice"] = "10.0.0.1"
    root = drawn(story)
    assert float(root.get("width")) < 1000
    (box,) = boxes(root)
    assert box.words.startswith("1 UDP 53000 > 7 len=160")


# --- in a notebook ------------------------------------------------------------------------------


def test_a_notebook_gets_the_picture_inline_and_a_terminal_the_text(scene):
    view = Sequence(scene("web"))
    bundle = view._repr_mimebundle_()
    assert bundle == {"text/html": f"<div>{view.svg()}</div>", "text/plain": view.text()}
    assert str(view) == view.text()


def test_a_trace_in_which_nothing_happened_is_a_picture_too(story):
    assert [g.get("data-host") for g in groups(drawn(story), "nl-host")] == ["alice", "bob"]
    story.hosts.clear()
    assert "Nothing has happened yet." in words(drawn(story))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"first": 50, "last": 3}, "no frame from first=50 on; there are frames 1 to 12"),
        ({"first": 5, "last": 3}, "first=5 comes after last=3; there are frames 1 to 12"),
        ({"last": 0}, "no frame up to last=0; there are frames 1 to 12"),
        ({"first": "x"}, "first is the id of a frame, a whole number; got 'x'"),
    ],
)
def test_a_range_without_frames_is_refused(scene, options, words):
    for show in (Sequence.svg, Sequence.text):
        with pytest.raises(ConfigurationError, match=words):
            show(Sequence(scene("web"), **options))


def test_where_nothing_was_sent_yet_any_range_is_drawn(story):
    assert "<svg" in Sequence(story, first=5, last=3).svg()
