"""By hand: what a person can make the selected host do: connect, listen, send, receive, close."""

from typing import Any

from netlab.transport.tcp.states import State
from netlab.widgets.inputs import READ_AT_ONCE
from netlab.widgets.panel import Panel, Scene


class ByHand(Panel):
    """The selected host's listeners, connections and programs, and the calls that can be made."""

    name = "byhand"
    title = "By hand"
    place = "top"

    def state(self, scene: Scene) -> dict[str, Any]:
        if not scene.host:
            return {"host": ""}
        host = scene.net.hosts[scene.host]
        received = scene.session.hands.received
        return {
            "host": host.name,
            "connection": scene.label_at(host.name),
            "connections": [
                {
                    "label": connection.label,
                    "state": str(connection.state),
                    "open": connection.state in (State.ESTABLISHED, State.CLOSE_WAIT),
                    "unread": len(connection.receiver.buffer),
                    "received": text_of(received.get((host.name, connection.label), b"")),
                }
                for connection in host.tcp.connections
            ],
            "targets": [
                f"{other.name}:{listener.local[1]}"
                for other in scene.net.hosts.values()
                if other is not host
                for listener in other.tcp.listeners
            ],
            "listening": [listener.local[1] for listener in host.tcp.listeners],
            "programs": [
                f"{program.name}: {program.waiting_for or 'ready'}"
                for program in scene.net.programs
                if program.host == host.name
            ],
            "at_once": READ_AT_ONCE,
        }


def text_of(data: bytes) -> str:
    """The end of what was received, as text."""
    return data[-200:].decode("utf-8", "backslashreplace")
