"""Topology: the hosts, the cables between them, and the frames that are on their way."""

from typing import Any

from netlab.cabling import Node, kind_of
from netlab.host import Host
from netlab.link.frame import DROPPED
from netlab.link.link import Link
from netlab.trace.frame import Frame
from netlab.units import show_time
from netlab.widgets.panel import Panel, Scene


class Topology(Panel):
    """Hosts that can be chosen, cables, and frames in flight that can be caught."""

    name = "topology"
    title = "Network"
    place = "top"

    def state(self, scene: Scene) -> dict[str, Any]:
        links = {link: number for number, link in enumerate(scene.net.links)}
        lost = [
            scene.trace.frame(event.fields["frame"])
            for event in scene.session.latest
            if event.kind == "dropped"
        ]
        return {
            "hosts": [
                {
                    "name": name,
                    "address": scene.trace.addresses[name],
                    "kind": kind_of(node),
                    "state": state_of(scene, name),
                }
                for name, node in in_a_row(scene).items()
            ],
            "cables": [
                {"ends": [end.host for end in link.ends], "words": words_of(link)}
                for link in scene.net.links
            ],
            "frames": [_on_the_way(frame, links[frame.link]) for frame in scene.in_flight],
            "lost": [_on_the_way(frame, links[frame.link]) for frame in lost],
            "now": scene.now,
            "host": scene.host,
            "frame": scene.frame.id if scene.frame else None,
        }

    def text(self, scene: Scene) -> str:
        lines = []
        for name, node in scene.net.nodes.items():
            state = state_of(scene, name)
            lines.append(f"{node!r}{f': {state}' if state else ''}")
        for frame in scene.in_flight:
            arrives = show_time((frame.arrival or scene.now) - scene.now)
            lines.append(
                f"in flight: frame {frame.id}, {frame.label}, {frame.sender} to {frame.receiver},"
                f" arrives in {arrives}"
            )
        return "\n".join(lines)


def in_a_row(scene: Scene) -> dict[str, Node]:
    """The machines in an order in which neighbours stand side by side, as far as there is one."""
    neighbours: dict[str, list[str]] = {name: [] for name in scene.net.nodes}
    for link in scene.net.links:
        a, b = (end.host for end in link.ends)
        neighbours[a].append(b)
        neighbours[b].append(a)
    row: list[str] = []
    for start in sorted(neighbours, key=lambda name: len(neighbours[name])):  # from an end inwards
        host: str | None = start
        while host is not None and host not in row:
            row.append(host)
            host = next((other for other in neighbours[host] if other not in row), None)
    return {name: scene.net.nodes[name] for name in row}


def state_of(scene: Scene, host: str) -> str:
    """The state of the selected connection at this host; LISTEN where there is none, but a listener."""
    node = scene.net.nodes[host]
    if not isinstance(node, Host):
        return ""
    tcp = node.tcp
    label = scene.label_at(host)
    for connection in tcp.connections:
        if connection.label == label:
            return str(connection.state)
    port = int(label.partition(" > ")[0].rpartition(":")[2]) if label else None
    if any(port in (None, listener.local[1]) for listener in tcp.listeners):
        return "LISTEN"
    return "CLOSED" if label else ""


def words_of(link: Link) -> str:
    """A cable's properties: "10 ms, 10 Mbit/s, loses 5 %"."""
    words = [show_time(link.delay_ns)]
    if link.rate_bps:
        words.append(f"{link.rate_bps / 1e6:g} Mbit/s")
    if link.loss:
        words.append(f"loses {link.loss:.0%}")
    return ", ".join(words)


def _on_the_way(frame: Frame, cable: int) -> dict[str, Any]:
    return {
        "id": frame.id,
        "cable": cable,
        "from": frame.sender,
        "to": frame.receiver,
        "sent": frame.time,
        "arrives": frame.arrival,
        "label": frame.label,
        "protocol": frame.protocol,
        "fault": frame.fault,
        "lost": frame.fate == DROPPED,
    }
