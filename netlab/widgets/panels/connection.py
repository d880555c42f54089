"""Connection: the control block (TCB) of the selected connection, of both ends side by side."""

from typing import Any

from netlab.transport.tcp.connection import Connection
from netlab.transport.tcp.seq import distance
from netlab.transport.tcp.timers import TcpTimer
from netlab.units import show_time
from netlab.widgets.panel import Panel, Scene
from netlab.widgets.panels.topology import state_of

UNLIMITED = 1 << 30
"""From here on a window of congestion control stands for "no limit yet"."""


class ConnectionPanel(Panel):
    """Sequence numbers, windows, timeouts, buffers and timers of each end, as they are now."""

    name = "connection"
    title = "Connection"

    def state(self, scene: Scene) -> dict[str, Any]:
        return {
            "connection": scene.connection,
            "connections": [label for _, label in scene.connections],
            "now": scene.now,
            "ends": [self._end(scene, host) for host in self._hosts(scene)],
        }

    def text(self, scene: Scene) -> str:
        ends = [self._end(scene, host) for host in self._hosts(scene)]
        if not ends:
            return ""
        lines = [scene.connection, f"  {'':12}" + "".join(f"{end['host']:>22}" for end in ends)]
        lines.append(f"  {'state':12}" + "".join(f"{end['state']:>22}" for end in ends))
        names = list(dict.fromkeys(name for end in ends for name in end["values"]))
        for name in names:
            shown = [end["values"].get(name, {}).get("text", "") for end in ends]
            lines.append(f"  {name:12}" + "".join(f"{text:>22}" for text in shown))
        for end in ends:
            for timer in end["timers"]:
                left = show_time(timer["at"] - scene.now)
                lines.append(f"  {end['host']}'s {timer['name']} timer fires in {left}")
        return "\n".join(lines)

    def _hosts(self, scene: Scene) -> list[str]:
        """The ends, in the order in which the hosts were made."""
        return [name for name in scene.net.hosts if scene.label_at(name)]

    def _end(self, scene: Scene, host: str) -> dict[str, Any]:
        label = scene.label_at(host)
        live = [it for it in scene.net.hosts[host].tcp.connections if it.label == label]
        return {
            "host": host,
            "state": state_of(scene, host),
            "values": values_of(live[0]) if live else {},
            "buffers": buffers_of(live[0]) if live else [],
            "timers": timers_of(live[0]) if live else [],
        }


def values_of(connection: Connection) -> dict[str, dict[str, str]]:
    """The control block's variables: `text` with sequence numbers from 0, `full` as on the wire."""
    sender, receiver = connection.sender, connection.receiver

    def number(value: int, first: int) -> dict[str, str]:
        return {"text": f"{distance(first, value):,}", "full": f"{value} on the wire"}

    def size(value: int) -> dict[str, str]:
        return {"text": f"{value:,}" if value < UNLIMITED else "no limit yet", "full": "bytes"}

    def time(value: int | None) -> dict[str, str]:
        return {"text": "not measured yet" if value is None else show_time(value), "full": ""}

    return {
        "snd_una": number(sender.snd_una, sender.iss),
        "snd_nxt": number(sender.snd_nxt, sender.iss),
        "snd_wnd": size(sender.snd_wnd),
        "rcv_nxt": number(receiver.rcv_nxt, receiver.irs),
        "rcv_wnd": size(receiver.rcv_wnd),
        "cwnd": size(sender.congestion.cwnd),
        "ssthresh": size(sender.congestion.ssthresh),
        "srtt": time(sender.rto.srtt),
        "rto": time(sender.rto.rto),
    }


def buffers_of(connection: Connection) -> list[dict[str, Any]]:
    """How full the buffers are, in bytes, and which part of it is what."""
    sender, receiver = connection.sender, connection.receiver
    flight = min(sender.flight, len(sender.buffer))
    return [
        {
            "name": "send buffer",
            "capacity": sender.capacity,
            "parts": [["in flight", flight], ["not sent", len(sender.buffer) - flight]],
        },
        {
            "name": "receive buffer",
            "capacity": receiver.capacity,
            "parts": [
                ["unread", len(receiver.buffer)],
                ["out of order", receiver.reassembler.waiting],
            ],
        },
    ]


def timers_of(connection: Connection) -> list[dict[str, Any]]:
    """The timers that are running, the next to fire first: their names and when they fire (ns)."""
    timers = [
        {"name": value.name, "at": value.deadline}
        for part in (connection, connection.sender, connection.receiver)
        for value in vars(part).values()
        if isinstance(value, TcpTimer) and value.armed
    ]
    return sorted(timers, key=lambda timer: timer["at"])
