"""Quantities over time."""

import re
from xml.etree import ElementTree

import pytest

from netlab import Network, on
from netlab.errors import ConfigurationError
from netlab.units import Mbps, ms, s
from netlab.views.plot import Plot
from netlab.views.theme import style

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def saw(story):
    """A window that grows, and is cut once; it is told twice at 40 ms."""
    for time, cwnd in ((10, 1000), (20, 2000), (30, 4000), (40, 4000), (50, 1000)):
        fields = {"cwnd": cwnd, "ssthresh": 1 << 30 if time < 50 else 2000, "connection": "a > b"}
        story.event(time * ms, "alice", "transport", "cwnd", f"because of {time}", **fields)
    return story


def curves(plot):
    root = ElementTree.fromstring(plot.svg())
    return [g for g in root.iter(f"{SVG}g") if "nl-curve" in g.get("class")]


def corners(curve):
    """Where a curve goes: x and y after each step."""
    path = curve.findall(f"{SVG}path")[1].get("d")
    start = re.match(r"M([\d.]+) ([\d.]+)", path).groups()
    return [tuple(map(float, at)) for at in (start, *re.findall(r"H([\d.]+)V([\d.]+)", path))]


def test_a_value_holds_until_the_next_and_is_told_once(saw):
    [line] = Plot(saw, ["cwnd"]).lines()
    assert [(time // ms, value) for time, value, _ in line.points] == [
        *((10, 1000), (20, 2000), (30, 4000), (50, 1000)),
    ]
    [curve] = curves(Plot(saw, ["cwnd"]))
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners(curve)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert x3 - x2 == pytest.approx(2 * (x2 - x1), abs=0.2)
    assert y0 - y1 == pytest.approx((y1 - y2) / 2, abs=0.2)
    assert y3 == y0


def test_each_change_has_a_dot_that_tells_why(saw):
    [curve] = curves(Plot(saw, ["cwnd"]))
    titles = [title.text for title in curve.iter(f"{SVG}title")]
    assert titles[0] == "alice: 1,000 to 4,000, 3 changes"
    assert titles[1:3] == [
        "alice at 10 ms: 1,000. because of 10",
        "alice at 20 ms: 2,000. because of 20",
    ]


def test_the_text_has_a_line_of_blocks_and_the_changes_with_their_reasons(saw):
    lines = Plot(saw, ["cwnd"]).text().splitlines()
    assert lines[0] == "cwnd in bytes, 10 ms to 50 ms"
    blocks = lines[1].split()[1]
    assert lines[1] == f"alice  {blocks}  1,000 to 4,000"
    assert blocks == "▃" * 15 + "▅" * 15 + "█" * 30
    assert lines[3:6] == [
        " Time  Where  Value  Why",
        "10 ms  alice  1,000  because of 10",
        "20 ms  alice  2,000  because of 20",
    ]


def test_no_limit_is_not_a_value_to_be_drawn(saw):
    [line] = Plot(saw, ["ssthresh"]).lines()
    assert [(time // ms, value) for time, value, _ in line.points] == [(50, 2000)]


def test_several_quantities_have_a_line_each_and_differ_in_more_than_their_colour(saw):
    plot = Plot(saw, ["cwnd", "ssthresh"])
    assert [line.label for line in plot.lines()] == ["alice cwnd", "alice ssthresh"]
    one, other = curves(plot)
    assert one.get("class") != other.get("class")
    assert re.search(r"\.nl-curve-1 path\{stroke-dasharray", plot.svg())


def test_hosts_and_connections_have_lines_of_their_own_and_can_be_chosen(saw):
    for connection in ("a > b", "a > c"):
        saw.event(60 * ms, "alice", "transport", "cwnd", cwnd=5, connection=connection)
    saw.event(60 * ms, "bob", "transport", "cwnd", cwnd=7, connection="b > a")
    labels = [line.label for line in Plot(saw, ["cwnd"]).lines()]
    assert labels == ["alice (a > b)", "alice (a > c)", "bob"]
    assert [line.label for line in Plot(saw, ["cwnd"], "bob").lines()] == ["bob"]
    [line] = Plot(saw, ["cwnd"], connection="a > c").lines()
    assert [value for _, value, _ in line.points] == [5]


def test_any_number_in_an_event_can_be_drawn(story):
    story.event(1 * s, "r1", "link", "queue", length=3)
    story.event(2 * s, "r1", "link", "queue", length=0)
    plot = Plot(story, ["length"])
    assert plot.text().startswith("length, 1 s to 2 s\nr1  ███")
    assert curves(plot)


def test_what_nothing_tells_of_is_refused_with_what_there_is(saw):
    for show in (Plot.svg, Plot.text):
        with pytest.raises(ConfigurationError, match=r"tells of cwmd; there is cwnd, ssthresh$"):
            show(Plot(saw, ["cwmd"]))
    with pytest.raises(ConfigurationError, match="nothing at bob on record tells of cwnd"):
        Plot(saw, ["cwnd"], "bob").text()


@pytest.mark.parametrize("names", [[], ["cwnd", "rto"], ["srtt", "queue"]])
def test_times_and_sizes_are_not_drawn_together(saw, names):
    with pytest.raises(ConfigurationError, match="all of them times or none; got"):
        Plot(saw, names)


def test_the_colours_are_the_themes_own(saw):
    svg = Plot(saw, ["cwnd"]).svg().replace(style(), "")
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b", svg)


def test_a_transfer_over_a_bad_cable_can_be_plotted():
    net = Network(seed=3)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=25 * ms, rate=10 * Mbps, loss=0.03)

    def take(host):
        listener = host.socket()
        listener.bind(("", 7))
        listener.listen()
        connection, _ = listener.accept()
        while connection.recv(4096):
            pass

    bob.start(take)
    with on(alice):
        client = alice.socket()
        client.connect(("bob", 7))
        client.sendall(bytes(200_000))
        client.close()
    net.run()
    for names in (("cwnd", "ssthresh"), ("window",), ("rto", "srtt", "rttvar")):
        plot = net.trace.plot(*names, host=alice)
        assert len(curves(plot)) == len(names)
    assert "RFC 5681" in net.trace.plot("cwnd").text()
    assert "RFC 6298" in net.trace.plot("rto").svg()
