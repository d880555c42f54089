"""The state diagram: all of the table, the path lit, and a place for machines other than TCP's."""

import re
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from netlab.transport.tcp.states import TRANSITIONS, State, TcpEvent, Transition
from netlab.views import dot
from netlab.views.arrows import machine_of
from netlab.views.dot import GraphvizMissingError
from netlab.views.state_layout import layout_of
from netlab.views.states import StateDiagram
from netlab.views.tcp_layout import LAYOUT

SVG = "{http://www.w3.org/2000/svg}"
CLIENT = [
    ("CLOSED", "active OPEN", "SYN_SENT"),
    ("SYN_SENT", "rcv SYN,ACK", "ESTABLISHED"),
    ("ESTABLISHED", "CLOSE", "FIN_WAIT_1"),
    ("FIN_WAIT_1", "rcv ACK of FIN", "FIN_WAIT_2"),
    ("FIN_WAIT_2", "rcv FIN", "TIME_WAIT"),
]


class Row(NamedTuple):
    actions: tuple[str, ...]
    next: str
    section: str


LIGHT = {
    ("RED", "after 30 s"): Row(("switch",), "GREEN", "1"),
    ("GREEN", "after 20 s"): Row(("switch", "warn"), "YELLOW", "1"),
    ("YELLOW", "after 3 s"): Row((), "RED", "2"),
    ("GREEN", "button <1>"): Row((), "GREEN", "3"),
}


def drawn(*args, **options):
    return ElementTree.fromstring(StateDiagram(*args, **options).svg())


def groups(root, css):
    return [g for g in root.iter(f"{SVG}g") if css in g.get("class", "").split()]


def arrows(root, css="nl-arrow"):
    return [g.get("data-arrow") for g in groups(root, css) if g.get("data-arrow")]


def words(root):
    return " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))


# --- TCP ------------------------------------------------------------------------------------------


def test_the_layout_has_exactly_the_tables_states_and_arrows():
    machine = machine_of(TRANSITIONS, ())
    assert set(LAYOUT.places) == set(machine.states) == set(State)
    assert set(LAYOUT.routes) == set(machine.arrows)


def test_every_row_of_the_table_is_an_arrow_or_told_in_words():
    machine = machine_of(TRANSITIONS, ())
    drawn_rows = {
        (pair[0], event, pair[1])
        for pair, arrow in machine.arrows.items()
        for event, _ in arrow.rows
    }
    told = {line.partition(":")[0] for line in machine.words}
    assert told == {"ABORT", "rcv RST", "user timeout"}
    for (state, event), row in TRANSITIONS.items():
        assert (state, event, row.next) in drawn_rows or event in told


def test_the_words_name_the_states_that_an_event_does_not_leave():
    assert machine_of(TRANSITIONS, ()).words == [
        "rcv RST: from every other state but LISTEN to CLOSED",
        "ABORT: from every other state to CLOSED",
        "user timeout: from every other state but LISTEN and TIME_WAIT to CLOSED",
    ]


def test_boxes_and_routes_of_the_layout_meet():
    for (tail, head), route in LAYOUT.routes.items():
        for state, (x, y) in ((tail, route.points[0]), (head, route.points[-1])):
            place, size = LAYOUT.places[state], LAYOUT.size[state]
            across, down = abs(x - place[0]), abs(y - place[1])
            assert across == size[0] / 2 or down == size[1] / 2, (tail, head)
            assert across <= size[0] / 2, (tail, head)
            assert down <= size[1] / 2, (tail, head)


def test_no_box_lies_on_another():
    places = list(LAYOUT.places.items())
    for index, (one, (x, y)) in enumerate(places):
        for _, (a, b) in places[index + 1 :]:
            assert abs(x - a) > LAYOUT.size[one][0] or abs(y - b) > LAYOUT.size[one][1]


def test_every_state_and_arrow_is_drawn_once():
    root = drawn()
    assert sorted(g.get("data-state") for g in groups(root, "nl-box")) == sorted(State)
    assert sorted(arrows(root)) == sorted(" ".join(pair) for pair in LAYOUT.routes)
    assert "rcv SYN,ACK snd ACK" in words(root)
    assert not [e for e in root.iter() if e.get("id")]


def test_the_path_is_lit_numbered_and_ends_in_the_present_state():
    root = drawn(path=CLIENT, title="alice")
    assert set(arrows(root, "nl-taken")) == {f"{state} {then}" for state, _, then in CLIENT}
    numbers = ["".join(g.itertext()) for g in groups(root, "nl-step")]
    assert sorted(numbers) == ["1", "2", "3", "4", "5"]
    visited = [g.get("data-state") for g in groups(root, "nl-visited")]
    assert set(visited) == {"CLOSED", *(then for _, _, then in CLIENT)}
    assert [g.get("data-state") for g in groups(root, "nl-now-in")] == ["TIME_WAIT"]
    assert root.get("aria-label") == "State diagram: alice, now in TIME_WAIT"


def test_an_arrow_that_is_taken_twice_has_both_numbers():
    root = drawn(path=[("TIME_WAIT", "rcv FIN", "TIME_WAIT")] * 2)
    assert ["".join(g.itertext()) for g in groups(root, "nl-step")] == ["1,2"]


def test_an_end_by_force_is_drawn_only_where_it_happened():
    path = [*CLIENT[:2], ("ESTABLISHED", "rcv RST", "CLOSED")]
    root = drawn(path=path)
    assert arrows(root, "nl-aside") == ["ESTABLISHED CLOSED"]
    assert "3 rcv RST" in words(root)
    assert arrows(drawn(path=CLIENT), "nl-aside") == []


def test_a_table_with_cells_missing_or_wrong_keeps_the_textbooks_places():
    table = {key: row for key, row in TRANSITIONS.items() if key[0] != State.FIN_WAIT_1}
    wrong = Transition((), State.TIME_WAIT, "3.10.7.4")
    table[State.FIN_WAIT_1, TcpEvent.RCV_ACK_OF_FIN] = wrong
    assert layout_of(machine_of(table, ())) is LAYOUT
    root = drawn(table)
    assert "FIN_WAIT_1 TIME_WAIT" in arrows(root)
    assert "FIN_WAIT_1 FIN_WAIT_2" not in arrows(root)


# --- any other machine ----------------------------------------------------------------------------


def test_another_machine_is_laid_out_by_graphviz():
    root = drawn(LIGHT, path=[("RED", "after 30 s", "GREEN"), ("GREEN", "button <1>", "GREEN")])
    assert sorted(g.get("data-state") for g in groups(root, "nl-box")) == ["GREEN", "RED", "YELLOW"]
    assert sorted(arrows(root)) == ["GREEN GREEN", "GREEN YELLOW", "RED GREEN", "YELLOW RED"]
    assert set(arrows(root, "nl-taken")) == {"RED GREEN", "GREEN GREEN"}
    boxes = {}
    for group in groups(root, "nl-box"):
        rect = group.findall(f"{SVG}rect")[-1]
        boxes[group.get("data-state")] = float(rect.get("y"))
    assert boxes["RED"] < boxes["GREEN"] < boxes["YELLOW"]


def test_names_with_any_signs_in_them_can_be_laid_out():
    table = {('a "b"', "x -> y;"): Row(("<&>",), "c\\n{}", "1")}
    assert 'a "b"' in words(drawn(table))


@pytest.fixture
def no_graphviz(monkeypatch):
    def find():
        raise GraphvizMissingError("Install both with: pip install graphviz graphviz-pure")

    monkeypatch.setattr(dot, "find", find)


@pytest.mark.usefixtures("no_graphviz")
def test_without_graphviz_a_notebook_shows_the_text_and_what_to_install():
    view = StateDiagram(LIGHT)
    with pytest.raises(GraphvizMissingError):
        view.svg()
    bundle = view._repr_mimebundle_()
    assert bundle["text/plain"] == view.text()
    assert "pip install graphviz" in bundle["text/html"]
    assert "button &lt;1>" in bundle["text/html"]


@pytest.mark.usefixtures("no_graphviz")
def test_tcps_diagram_needs_no_graphviz():
    assert "ESTABLISHED" in StateDiagram(path=CLIENT).svg()


# --- text -----------------------------------------------------------------------------------------


def test_the_text_is_the_table_with_the_path_marked():
    view = StateDiagram(
        LIGHT, [("RED", "after 30 s", "GREEN"), ("GREEN", "kick", "RED")], "a light"
    )
    assert view.text().splitlines() == [
        "a light: RED > GREEN > RED",
        "",
        "step  state   event       what is done      next    section",
        "   1  RED     after 30 s  switch            GREEN   1",
        "      GREEN   after 20 s  switch, warn      YELLOW  1",
        "      YELLOW  after 3 s   -                 RED     2",
        "      GREEN   button <1>  -                 GREEN   3",
        "   2  GREEN   kick        not in the table  RED",
    ]


def test_every_row_of_tcps_table_is_in_the_text():
    lines = StateDiagram().text().splitlines()
    assert len(lines) == 1 + len(TRANSITIONS)
    assert max(map(len, lines)) <= 110
    row = next(line for line in lines if re.search(r"\bSYN_SENT +rcv SYN,ACK\b", line))
    assert row.split()[-2:] == ["ESTABLISHED", "3.10.7.3"]
