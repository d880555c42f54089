"""The bench without a page: messages in, changed panels out; a browser tests the page."""

import subprocess
import sys
from typing import Any

import pytest

from netlab.errors import ConfigurationError
from netlab.widgets import Bench, Session
from netlab.widgets.panels.ladder import Ladder
from netlab.widgets.panels.time import Time
from tests.widgets.scenes import bare, fetch, handshake


def say(bench: Bench, do: str, **values: Any) -> dict[str, Any]:
    """Send a message as the page does; what came back in one update."""
    updates: list[dict[str, Any]] = []
    send = bench.send_state
    bench.send_state = lambda key=None: updates.append(bench.get_state(key))
    try:
        bench._on_message(bench, {"do": do, **values}, None)
    finally:
        bench.send_state = send
    (update,) = updates
    return update


def test_importing_the_session_imports_no_widgets() -> None:
    code = "import sys, netlab.widgets; sys.exit('anywidget' in sys.modules or 'ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_each_action_is_answered_by_one_update_of_what_has_changed() -> None:
    bench = Bench(handshake, seed=7)
    update = say(bench, "step frame")
    assert update["answered"] == 1
    assert {"panel_time", "panel_ladder", "panel_topology"} <= update.keys()
    assert not {"panel_packet", "panel_contents", "modules", "_esm", "_css"} & update.keys()


def test_choosing_a_frame_sends_no_more_than_what_shows_it() -> None:
    bench = Bench(handshake, seed=7)
    say(bench, "step frame")
    update = say(bench, "select", frame=1)
    assert update.keys() == {
        *("answered", "shown", "panel_ladder", "panel_topology", "panel_packet", "panel_contents")
    }


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ({"do": "step"}, 6),
        ({"do": "step frame"}, 6),
        ({"do": "back"}, 4),
        ({"do": "back frame"}, 4),
        ({"do": "start"}, 0),
        ({"do": "end"}, 19),
        ({"do": "moment", "place": 9}, 9),
        ({"do": "play", "to": 20_102_400}, 5),
        ({"do": "play", "to": 40_227_200}, 7),
    ],
)
def test_every_control_moves_the_session(message: dict[str, Any], place: int) -> None:
    bench = Bench(handshake, seed=7)
    say(bench, "moment", place=5)
    assert bench.session.now == 30_164_800
    say(bench, **message)
    assert (bench.session.place, bench.problem) == (place, "")


def test_what_would_come_is_known_from_the_start_and_after_each_deed() -> None:
    bench = Bench(handshake, seed=7)
    assert bench.panel_time["last"] == 19
    say(bench, "moment", place=4)
    say(bench, "hand", input={"do": "drop", "frame": 3})
    assert bench.panel_time["whole"] > 241_000_000_000  # all of it a second later
    say(bench, "undo")
    assert bench.panel_time["last"] == 19


def test_an_error_of_an_action_is_shown_and_the_bench_goes_on() -> None:
    bench = Bench(handshake, seed=7)
    update = say(bench, "hand", input={"do": "drop", "frame": 99})
    assert update["problem"].startswith("there is no frame 99 on record")
    assert "Traceback" in update["problem"]
    update = say(bench, "step")
    assert update["problem"] == ""


def test_what_the_bench_does_not_know_is_shown_as_an_error() -> None:
    bench = Bench(handshake, seed=7)
    assert "the bench knows no {'do': 'fly'}" in say(bench, "fly")["problem"]


def test_a_program_that_fails_is_shown_until_one_goes_back_before_it() -> None:
    bench = Bench(bare, seed=7)
    say(bench, "hand", input={"do": "connect", "host": "alice", "to": "bob", "port": 9})
    assert bench.problem == ""
    say(bench, "end")
    assert bench.problem.startswith("connect (by hand) on alice failed: ConnectionRefusedError")
    say(bench, "start")
    assert bench.problem == ""


def test_of_several_programs_that_failed_the_latest_is_told_of_first() -> None:
    bench = Bench(bare, seed=7)
    for host, other in (("alice", "bob"), ("bob", "alice")):
        say(bench, "hand", input={"do": "connect", "host": host, "to": other, "port": 9})
        say(bench, "end")
        first_line = bench.problem.partition("\n")[0]
        assert first_line.startswith(f"connect (by hand) on {host} failed: ConnectionRefusedError")
    assert "on alice failed" in bench.problem


def test_a_panel_that_breaks_says_so_and_the_others_show_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(panel: Ladder, scene: object) -> dict[str, Any]:
        raise ZeroDivisionError("too narrow")

    bench = Bench(handshake, seed=7)
    monkeypatch.setattr(Ladder, "state", broken)
    update = say(bench, "step")
    assert "ZeroDivisionError: too narrow" in update["panel_ladder"]["broken"]
    assert update["panel_time"]["place"] == 1


def test_a_frame_is_let_go_of_where_it_has_not_been_sent_yet() -> None:
    bench = Bench(handshake, seed=7)
    say(bench, "step frame")
    say(bench, "select", frame=1)
    say(bench, "start")
    assert bench.selection.frame is None
    say(bench, "step frame")
    assert bench.panel_packet == {"frame": None}


def test_a_session_moved_from_elsewhere_is_shown_too() -> None:
    bench = Bench(handshake, seed=7)
    bench.session.run_to_end()
    assert bench.panel_time["next"] is None


def test_a_bench_shows_a_session_that_was_saved() -> None:
    session = Session(handshake, 7)
    session.play_to(25_000_000)
    session.do("drop", frame=3)
    bench = Bench(Session.from_json(handshake, session.to_json()))
    assert bench.panel_time["deeds"] == ["By hand: drop frame 3"]


def test_a_bench_can_have_fewer_panels() -> None:
    bench = Bench(handshake, seed=7, panels=[Time, Ladder])
    assert list(bench.modules) == ["time", "ladder"]
    assert "topology" not in bench.modules


def test_what_is_no_experiment_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="an experiment is a function of a network"):
        Bench(7)  # type: ignore[arg-type]


def test_a_terminal_gets_the_bench_as_text() -> None:
    bench = Bench(handshake, seed=7)
    bench.session.go_to_time(45_000_000)
    bundle: Any = bench._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    text = data["text/plain"]
    assert text == str(bench) == bench.text()
    for part in (
        "handshake, seed 7: moment 7 of 19, 45 ms",
        "Frame 6: TCP PSH,ACK, 5 bytes from alice to bob was sent",
        "in flight: frame 5, TCP ACK, alice to bob, arrives in 5.2832 ms",
        "alice: CLOSED > SYN_SENT > ESTABLISHED",
        "SYN_RCVD",
        "snd_nxt",
        "bob's retransmission timer fires in",
    ):
        assert part in text


def test_an_update_of_a_run_of_fifty_frames_stays_small() -> None:
    bench = Bench(fetch, seed=7)
    sizes = []
    while not bench.session.at_end:
        update = say(bench, "step frame")
        sizes.append(sum(len(str(value)) for value in update.values()))
    assert max(sizes) < 100_000
    assert sum(sizes) / len(sizes) < 50_000
