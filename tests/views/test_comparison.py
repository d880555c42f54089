import urllib.request

import pytest

from netlab import Network, experiment, on
from netlab.application.http import serve
from netlab.errors import ConfigurationError
from netlab.experiment import Run
from netlab.units import Mbps, ms
from netlab.views.comparison import Comparison


@experiment
def fetch(net: Network) -> bytes:
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    serve(bob, {"/": "hello"})
    with on(alice):
        return bytes(urllib.request.urlopen("http://bob/").read())


@pytest.fixture(scope="module")
def run() -> Run:
    return fetch(seed=7)


def test_equal_runs_have_no_parting(run: Run) -> None:
    comparison = run.compare(fetch(seed=7))
    assert comparison.parting is None
    assert comparison.text() == "Both runs are the same, frame by frame."


def test_a_lost_frame_is_where_the_runs_part(run: Run) -> None:
    broken = run.what_if(lambda net: net.links[0].drop(frame=7))
    assert broken.result == run.result
    comparison = run.compare(broken)
    assert comparison.parting == 6
    assert "the same up to frame 6" in comparison.explanation
    assert "was lost: rule 1 (drop) after" in comparison.explanation


def test_a_frame_more_is_named_in_the_explanation(run: Run) -> None:
    doubled = run.what_if(lambda net: net.links[0].duplicate(frame=6))
    assert "frame 7 (HTTP/1.1 200 OK) from bob" in run.compare(doubled).explanation
    assert run.compare(doubled).parting == 6


def test_runs_that_differ_from_the_start_say_so(run: Run) -> None:
    other = run.what_if(lambda net: net.links[0].drop(frame=1))
    comparison = run.compare(other)
    assert comparison.parting == 0
    assert comparison.explanation.startswith("The runs differ from the first frame on.")


def test_the_parting_frame_is_marked_in_both_pictures(run: Run) -> None:
    html = run.compare(run.what_if(lambda net: net.links[0].drop(frame=7))).html()
    assert html.count("nl-selected") >= 2
    assert html.count("<svg") == 2


def test_the_text_begins_shortly_before_the_parting(run: Run) -> None:
    text = run.compare(run.what_if(lambda net: net.links[0].drop(frame=7))).text()
    assert "3 SYN" not in text
    assert text.count("4 SYN,ACK") == 2


def test_a_run_that_ends_earlier_says_with_what_the_other_goes_on() -> None:
    @experiment
    def pings(net: Network, count: int) -> None:
        alice = net.host("alice", "10.0.0.1/24")
        net.connect(alice, net.host("bob", "10.0.0.2/24"), delay=10 * ms)
        for _ in range(count):
            alice.ping("bob", count=1)

    comparison = pings(1, 2).compare(pings(1, 1))
    assert comparison.parting == 4
    assert "Then the second ends; the first goes on: frame 5" in comparison.explanation


def test_what_is_not_a_trace_is_refused(run: Run) -> None:
    for pair in ((run.trace, 5), (None, run.trace)):
        with pytest.raises(ConfigurationError, match="expected two traces to compare, got"):
            Comparison(*pair)


def test_the_explanation_is_wrapped_in_the_text(run: Run) -> None:
    picture = Comparison(run.trace, run.trace)
    picture.explanation = "word " * 60 + "end"
    assert max(map(len, picture.text().splitlines())) <= 96
    assert picture.text().replace("\n", " ") == picture.explanation
