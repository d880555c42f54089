"""The map of a network: every machine, address and cable is on it, and frames are where they are."""

import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise

import pytest

from netlab.errors import ConfigurationError
from netlab.topology import Network
from netlab.units import Mbps, ms, s, us
from netlab.views import dot
from netlab.views.dot import GraphvizMissingError

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def net() -> Network:
    """alice -- switch -- router -- bob; 5 ms, nothing, 20 ms."""
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.1.2/24")
    switch, router = net.switch("switch"), net.router("router")
    net.connect(alice, switch, delay=5 * ms)
    net.connect(switch, router, addresses=(None, "10.0.0.254/24"))
    net.connect(router, bob, delay=20 * ms, rate=10 * Mbps, addresses=("10.0.1.254/24", None))
    alice.add_route("0.0.0.0/0", "10.0.0.254")
    bob.add_route("0.0.0.0/0", "10.0.1.254")
    return net


def groups(picture: str, attribute: str) -> dict[str, ElementTree.Element]:
    return {
        found: each
        for each in ElementTree.fromstring(picture).iter(f"{SVG}g")
        if (found := each.get(attribute)) is not None
    }


def words(group: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in group.iter(f"{SVG}text")]


def box(group: ElementTree.Element) -> tuple[float, float, float, float]:
    rect = group.find(f"{SVG}rect")
    assert rect is not None
    x, y, width, height = (float(rect.get(name, "")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def test_every_machine_has_a_box_with_its_addresses(net: Network) -> None:
    machines = groups(net.topology().svg(), "data-host")
    assert {name: words(group) for name, group in machines.items()} == {
        "alice": ["alice", "host", "10.0.0.1/24"],
        "bob": ["bob", "host", "10.0.1.2/24"],
        "switch": ["switch", "switch"],
        "router": ["router", "router", "10.0.0.254/24", "10.0.1.254/24"],
    }


def test_machines_in_a_row_stand_from_left_to_right_and_apart(net: Network) -> None:
    machines = groups(net.topology().svg(), "data-host")
    boxes = [box(machines[name]) for name in ("alice", "switch", "router", "bob")]
    for (_, _, right, _), (left, _, _, _) in pairwise(boxes):
        assert right < left


def test_every_cable_says_what_it_is(net: Network) -> None:
    cables = groups(net.topology().svg(), "data-link")
    assert list(cables) == [link.name for link in net.links]
    assert words(cables["router-bob"]) == ["ethernet, 10 Mbit/s, 20 ms"]


def test_a_cable_that_is_down_says_so(net: Network) -> None:
    net.links[2].down()
    view = net.topology()
    cables = groups(view.svg(), "data-link")
    assert "nl-down" in cables["router-bob"].get("class", "")
    assert "down" in words(cables["router-bob"])
    assert "nl-down" not in cables["alice-switch"].get("class", "")
    assert "20 ms  down" in view.text()


def test_a_frame_is_as_far_along_its_cable_as_it_is(net: Network) -> None:
    net.hosts["alice"].ping("bob")
    request = next(f for f in net.trace.frames if f.host == "alice")
    places = []
    for part in (1, 2, 3, 4):
        frames = groups(net.topology(request.time + part * ms).svg(), "data-frame")
        places.append(box(frames[str(request.id)])[0])
    steps = [b - a for a, b in pairwise(places)]
    assert steps == pytest.approx([steps[0]] * 3, abs=3)  # it moves evenly, to the right
    assert steps[0] > 10
    text = net.topology(request.time + 2 * ms).text()
    assert "40 %" in text
    assert "ARP who has" in text


def test_a_frame_goes_back_from_right_to_left(net: Network) -> None:
    net.hosts["alice"].ping("bob")
    answer = next(f for f in net.trace.frames if f.host == "bob")
    early, late = (
        box(groups(net.topology(answer.time + part * ms).svg(), "data-frame")[str(answer.id)])[0]
        for part in (4, 16)
    )
    assert early > late


def test_nothing_is_in_flight_before_it_was_sent_or_after_it_came(net: Network) -> None:
    net.hosts["alice"].ping("bob")
    first = net.trace.frames[0]
    assert first.arrival is not None
    assert str(first.id) in groups(net.topology(first.arrival - 1).svg(), "data-frame")
    assert str(first.id) not in groups(net.topology(first.arrival).svg(), "data-frame")
    net.run()
    assert "no frame is in flight" in net.topology().text()


def test_frames_that_wait_to_be_sent_wait_at_their_machine() -> None:
    net = Network()
    a, b = net.host("a", "10.0.0.1/24"), net.probe("b")
    net.connect(a, b, rate=1 * Mbps, delay=1 * ms)
    for _ in range(5):
        a.inject(b"\xff" * 6 + bytes(994))
    net.run_for(1 * us)
    text = net.topology().text()
    assert text.count("waiting") == 4
    cable = groups(net.topology().svg(), "data-link")["a-b"]
    assert any("3 more frames" in each for each in words(cable))


def test_two_cables_between_the_same_two_are_seen_apart() -> None:
    net = Network()
    a, b = net.router("a"), net.router("b")
    for number in range(3):
        net.connect(a, b, addresses=(f"10.{number}.0.1/24", f"10.{number}.0.2/24"))
    ways = set()
    for group in groups(net.topology().svg(), "data-link").values():
        path = group.find(f"{SVG}path")
        assert path is not None
        ways.add(path.get("d"))
    assert len(ways) == 3


def test_all_of_a_mesh_is_inside_the_picture() -> None:
    net = Network()
    routers = [net.router(f"r{number}") for number in range(6)]
    for number, (a, b) in enumerate(combinations(routers, 2)):
        net.connect(a, b, addresses=(f"10.1.{number}.1/24", f"10.1.{number}.2/24"))
    picture = ElementTree.fromstring(net.topology().svg())
    shift = float(picture.findall(f"{SVG}g")[0].get("transform", "").split("(")[1].split(" ")[0])
    for group in groups(net.topology().svg(), "data-link").values():
        path = group.find(f"{SVG}path")
        assert path is not None
        for point in path.get("d", "")[1:].split("L"):
            x = float(point.split(" ")[0]) + shift
            assert 0 <= x <= float(picture.get("width", ""))


def test_parts_that_are_not_joined_and_no_machine_at_all() -> None:
    net = Network()
    assert "0 machines" in net.topology().svg()
    assert "no frame is in flight" in net.topology().text()
    net.host("alone", "10.0.0.1/24")
    net.hub("hub")
    assert set(groups(net.topology().svg(), "data-host")) == {"alone", "hub"}


def test_a_time_that_is_none_is_refused(net: Network) -> None:
    for wrong in (-1, 0.5, "now"):
        with pytest.raises(ConfigurationError, match="at"):
            net.topology(at=wrong)  # type: ignore[arg-type]


def test_without_graphviz_a_page_shows_the_text(
    net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> str:
        raise GraphvizMissingError("install it")

    monkeypatch.setattr(dot, "find", missing)
    page = net.topology().html()
    assert "install it" in page
    assert "10.0.0.254/24" in page


def test_a_frame_that_a_fault_struck_is_marked() -> None:
    net = Network()
    a, b = net.host("a", "10.0.0.1/24"), net.host("b", "10.0.0.2/24")
    net.connect(a, b, delay=1 * s).corrupt(frame=1)
    a.inject(b"\xff" * 6 + bytes(54))
    net.run(500 * ms)
    frames = groups(net.topology().svg(), "data-frame")
    assert "nl-struck" in frames["1"].get("class", "")
