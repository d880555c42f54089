"""Each panel shows the moment that the session stands at, as data for the page and as text."""

import json
from typing import Any

import pytest

from netlab import Network, experiment
from netlab.units import ms
from netlab.widgets.news import sentence
from netlab.widgets.panel import Panel, Scene, Selection
from netlab.widgets.panels import PANELS
from netlab.widgets.panels.byhand import ByHand
from netlab.widgets.panels.connection import ConnectionPanel
from netlab.widgets.panels.contents import Contents
from netlab.widgets.panels.ladder import Ladder
from netlab.widgets.panels.packet import PacketPanel
from netlab.widgets.panels.states import States
from netlab.widgets.panels.time import Time
from netlab.widgets.panels.topology import Topology
from netlab.widgets.session import Session
from tests.widgets.scenes import bare, handshake, served, two_hosts


def scene_at(time: int, **selected: Any) -> Scene:
    session = Session(handshake, 7)
    session.play_to(time)
    return Scene(session, Selection(**selected))


@experiment
def nothing_yet(net: Network) -> None:
    """The network is built only after a while."""
    net.sim.clock.sleep(5 * ms)
    two_hosts(net)


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("time", [0, 5 * ms, 45 * ms, 300_000 * ms])
def test_what_a_panel_shows_can_cross_to_the_page_and_be_read_as_text(
    panel: type[Panel], time: int
) -> None:
    scene = scene_at(time, frame=1, host="bob")
    json.dumps(panel().state(scene), allow_nan=False)
    assert isinstance(panel().text(scene), str)


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_can_show_that_there_is_nothing_yet(panel: type[Panel]) -> None:
    scene = Scene(Session(nothing_yet), Selection())
    json.dumps(panel().state(scene))
    assert isinstance(panel().text(scene), str)


# --- time -----------------------------------------------------------------------------------------


def test_time_tells_what_has_just_happened_and_what_comes_next() -> None:
    state = Time().state(scene_at(25 * ms))
    assert state["news"][-1] == "Frame 3: TCP SYN from alice to bob was sent"
    assert state["awaited"] == "frame 3 arrives at bob"
    assert (state["now"], state["next"]) == (25 * ms, 30_164_800)


def test_time_tells_which_timer_is_waited_for() -> None:
    session = Session(handshake, 7)
    for _ in range(3):
        session.step_to_next_frame()
    session.do("drop", frame=3)
    session.look_ahead()
    state = Time().state(Scene(session, Selection()))
    assert state["awaited"] == "alice's retransmission timer fires"
    assert state["news"] == ["By hand: drop frame 3", "Frame 3 of alice was lost (your hand)"]
    assert state["by_hand"] == [session.place]


def test_time_tells_of_a_frame_that_arrived_and_of_its_effect() -> None:
    session = Session(handshake, 7)
    session.play_to(25 * ms)
    session.step()
    assert Time().state(Scene(session, Selection()))["news"] == [
        "Frame 3 arrived at bob",
        "bob went from LISTEN to SYN_RCVD (rcv SYN)",
        "Frame 4: TCP SYN,ACK from bob to alice was sent",
    ]


def test_time_warns_of_what_a_deed_here_would_cut_off() -> None:
    session = Session(handshake, 7)
    session.play_to(25 * ms)
    session.do("drop", frame=3)
    session.go_to_time(5 * ms)
    assert Time().state(Scene(session, Selection()))["later"] == ["By hand: drop frame 3"]


def test_time_names_who_still_waits_when_nothing_is_left() -> None:
    state = Time().state(scene_at(300_000 * ms))
    assert state["next"] is None
    assert state["waiting"] == [
        "echo on bob waits in accept() on TCP port 7, LISTEN since 70.4592 ms."
    ]


# --- topology -------------------------------------------------------------------------------------


def test_topology_shows_hosts_states_and_frames_under_way() -> None:
    state = Topology().state(scene_at(35 * ms))
    assert [(host["name"], host["state"]) for host in state["hosts"]] == [
        ("alice", "SYN_SENT"),
        ("bob", "SYN_RCVD"),
    ]
    (frame,) = state["frames"]
    assert (frame["id"], frame["from"], frame["to"]) == (4, "bob", "alice")
    assert (frame["sent"], frame["arrives"]) == (30_164_800, 40_227_200)
    assert state["cables"] == [{"ends": ["alice", "bob"], "words": "10 ms, 10 Mbit/s"}]


def test_topology_shows_what_was_lost_at_this_moment() -> None:
    session = Session(handshake, 7)
    session.play_to(5 * ms)
    session.do("drop", frame=1)
    state = Topology().state(Scene(session, Selection()))
    assert state["frames"] == []
    assert [(frame["id"], frame["lost"]) for frame in state["lost"]] == [(1, True)]


def test_hosts_stand_in_a_row_by_their_cables() -> None:
    @experiment
    def routed(net: Network) -> None:
        alice = net.host("alice", "10.0.1.1/24")
        bob = net.host("bob", "10.0.2.1/24")
        router = net.router("router")
        net.connect(alice, router, addresses=(None, "10.0.1.254/24"))
        net.connect(router, bob, addresses=("10.0.2.254/24", None))

    state = Topology().state(Scene(Session(routed), Selection()))
    assert [host["name"] for host in state["hosts"]] == ["alice", "router", "bob"]


def test_switches_and_probes_stand_among_the_hosts_and_say_what_they_are() -> None:
    @experiment
    def switched(net: Network) -> None:
        s1 = net.switch("s1")
        net.connect(net.host("alice", "10.0.1.1/24"), s1)
        net.connect(net.probe("mallory"), s1)

    scene = Scene(Session(switched), Selection())
    assert [(host["name"], host["kind"]) for host in Topology().state(scene)["hosts"]] == [
        ("alice", "Host"),
        ("s1", "Switch"),
        ("mallory", "Probe"),
    ]
    assert "<probe mallory on mallory-s1: 0 frames>" in Topology().text(scene)


# --- ladder ---------------------------------------------------------------------------------------


def test_ladder_grows_as_time_passes() -> None:
    shown = [Ladder().state(scene_at(time))["svg"].count("data-frame=") for time in (0, 25 * ms)]
    assert shown == [1, 3]


def test_ladder_tells_when_frames_under_way_were_sent_and_will_arrive() -> None:
    state = Ladder().state(scene_at(35 * ms))
    assert state["flights"] == {"4": [30_164_800, 40_227_200]}
    assert 'class="nl-rest"' in state["svg"]  # from here on the page moves it by itself
    assert 'class="nl-dot"' in state["svg"]


# --- packet and contents --------------------------------------------------------------------------


def test_a_frame_under_way_says_so_and_when_it_arrives() -> None:
    state = PacketPanel().state(scene_at(35 * ms, frame=4))
    assert state["in_flight"]
    assert state["fate"] == "sent at 30.1648 ms, in flight, arrives in 5.2272 ms"
    assert "somebody wants to connect" in state["why"]


def test_a_frame_that_arrived_knows_the_moment_to_go_back_to() -> None:
    scene = scene_at(300_000 * ms, frame=4)
    state = PacketPanel().state(scene)
    assert not state["in_flight"]
    scene.session.go_to(state["sent_at"])
    assert scene.session.now == 30_164_800


def test_a_frame_that_is_not_sent_yet_is_not_shown() -> None:
    assert PacketPanel().state(scene_at(5 * ms, frame=4)) == {"frame": None}
    assert Contents().state(scene_at(5 * ms, frame=4)) == {"frame": None}


def test_contents_show_the_bytes_of_the_selected_frame() -> None:
    scene = scene_at(45 * ms, frame=6)
    assert "<table" in Contents().state(scene)["picture"]
    assert "hello" in Contents().text(scene)


# --- connection -----------------------------------------------------------------------------------


def test_control_blocks_of_both_ends_are_those_of_the_moment() -> None:
    state = ConnectionPanel().state(scene_at(35 * ms))
    alice, bob = state["ends"]
    assert (alice["host"], alice["state"]) == ("alice", "SYN_SENT")
    assert (alice["values"]["snd_una"]["text"], alice["values"]["snd_nxt"]["text"]) == ("0", "1")
    assert bob["values"]["rcv_nxt"]["text"] == "1"
    assert alice["timers"] == [{"name": "retransmission", "at": 1_000_000_000}]
    assert bob["timers"] == [{"name": "retransmission", "at": 1_030_164_800}]


def test_buffers_show_what_is_under_way_and_what_is_unread() -> None:
    session = Session(served, 7)
    session.do("connect", host="alice", to="bob", port=7)
    session.run_to_end()
    label = session.run.net.hosts["alice"].tcp.connections[0].label
    session.do("send", host="alice", connection=label, text="hello")
    alice = ConnectionPanel().state(Scene(session, Selection()))["ends"][0]
    assert alice["buffers"][0]["parts"] == [["in flight", 5], ["not sent", 0]]
    session.run_to_end()
    alice = ConnectionPanel().state(Scene(session, Selection()))["ends"][0]
    assert alice["buffers"][0]["parts"] == [["in flight", 0], ["not sent", 0]]
    assert alice["buffers"][1]["parts"] == [["unread", 5], ["out of order", 0]]


def test_a_timer_that_was_stopped_is_not_shown() -> None:
    alice = ConnectionPanel().state(scene_at(42 * ms))["ends"][0]
    assert [timer["name"] for timer in alice["timers"]] == ["retransmission"]
    state = ConnectionPanel().state(scene_at(85 * ms))
    assert state["ends"][0]["timers"] == [{"name": "TIME_WAIT (2 MSL)", "at": 240_080_571_200}]


def test_a_connection_that_is_gone_is_closed_and_its_port_still_listens() -> None:
    state = ConnectionPanel().state(scene_at(300_000 * ms))
    assert [(end["state"], end["values"]) for end in state["ends"]] == [
        ("CLOSED", {}),
        ("LISTEN", {}),
    ]


def test_connections_can_be_told_apart_and_chosen() -> None:
    session = Session(served, 7)
    for _ in range(2):
        session.do("connect", host="alice", to="bob", port=7)
    session.run_to_end()
    first, second = (it.label for it in session.run.net.hosts["alice"].tcp.connections)
    state = ConnectionPanel().state(Scene(session, Selection()))
    assert (state["connections"], state["connection"]) == ([first, second], second)
    state = ConnectionPanel().state(Scene(session, Selection(connection=first)))
    assert state["connection"] == first


# --- states and by hand ---------------------------------------------------------------------------


def test_the_state_machine_is_that_of_the_selected_host() -> None:
    assert (
        States().text(scene_at(45 * ms, host="alice")) == "alice: CLOSED > SYN_SENT > ESTABLISHED"
    )
    assert States().text(scene_at(45 * ms, host="bob")) == "bob: LISTEN > SYN_RCVD"
    assert States().state(scene_at(45 * ms, host="bob"))["now"] == "SYN_RCVD"


def test_where_graphviz_is_missing_the_states_are_shown_as_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from netlab.views.dot import GraphvizMissingError
    from netlab.views.states import StateDiagram

    def missing(diagram: StateDiagram) -> str:
        raise GraphvizMissingError("install graphviz")

    monkeypatch.setattr(StateDiagram, "svg", missing)
    picture = States().state(scene_at(45 * ms))["picture"]
    assert picture.startswith("<div><p>install graphviz</p><pre>")


def test_by_hand_offers_the_ports_that_others_listen_on() -> None:
    state = ByHand().state(scene_at(45 * ms, host="alice"))
    assert state["targets"] == ["bob:7"]
    assert ByHand().state(scene_at(45 * ms, host="bob"))["targets"] == []


def test_by_hand_shows_what_was_received_and_what_waits() -> None:
    session = Session(bare, 7)
    session.do("listen", host="bob", port=80)
    session.do("connect", host="alice", to="bob", port=80)
    session.run_to_end()
    label = session.run.net.hosts["alice"].tcp.connections[0].label
    session.do("send", host="alice", connection=label, text="GET /\r\n")
    session.run_to_end()
    (there,) = ByHand().state(Scene(session, Selection(host="bob")))["connections"]
    assert (there["unread"], there["received"]) == (7, "")
    session.do("receive", host="bob", connection=there["label"])
    (there,) = ByHand().state(Scene(session, Selection(host="bob")))["connections"]
    assert (there["unread"], there["received"]) == (0, "GET /\r\n")


def test_the_name_of_a_call_is_not_capitalized_at_the_start_of_a_sentence() -> None:
    session = Session(handshake, 7)
    session.run_to_end()
    returned = session.trace.events_of(kind="return", host="alice")
    assert "close() returned on alice" in [sentence(event) for event in returned]
