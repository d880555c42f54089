"""What a person does by hand at a run, as plain data that can be saved, shared and done again.

    {"at": 20060000, "step": 14, "do": "drop", "frame": 3}

`at` is the time (ns) and `step` the number of events that had been handled when it was done; `do`
names the deed, and the rest are its values. Faults act on a frame in flight. The others act on a
host, in a program of their own, as any program would: they may wait, and the run goes on meanwhile.

    drop       frame                      connect    host, to (a name or address), port
    delay      frame, by (ns)             listen     host, port
    duplicate  frame                      send       host, connection, text
                                          receive    host, connection
                                          close      host, connection
"""

from collections.abc import Callable, Mapping
from typing import Any

from netlab.errors import ConfigurationError
from netlab.experiment import Run
from netlab.host import Host
from netlab.link.frame import IN_FLIGHT
from netlab.sim.program import Program
from netlab.sockets.socket import Socket
from netlab.sockets.stream import StreamEnd
from netlab.transport.tcp.connection import Connection
from netlab.units import duration

Input = dict[str, Any]
"""One deed, as above."""

LONGEST_TEXT = 65_536
"""How many characters can be sent at once."""
HAND = "your hand"
"""What the record says of who did it."""
READ_AT_ONCE = 4_096
"""How many bytes are received at once."""

_VALUES: dict[str, dict[str, type]] = {
    "drop": {"frame": int},
    "delay": {"frame": int, "by": int},
    "duplicate": {"frame": int},
    "connect": {"host": str, "to": str, "port": int},
    "listen": {"host": str, "port": int},
    "send": {"host": str, "connection": str, "text": str},
    "receive": {"host": str, "connection": str},
    "close": {"host": str, "connection": str},
}


def checked(given: Mapping[str, Any]) -> Input:
    """A copy of `given`, once all that it needs is there. Raises `ConfigurationError`."""
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"an input is a dict such as {_EXAMPLE}; got {given!r}")
    wanted = _VALUES.get(str(given.get("do")))
    if wanted is None:
        raise ConfigurationError(
            f"'do' must be one of {', '.join(_VALUES)}; got {given.get('do')!r} in {dict(given)!r}"
        )
    wanted = {"at": int, "step": int, **wanted}
    for name, kind in wanted.items():
        value = given.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ConfigurationError(
                f"{given['do']!r} needs {name!r}, of type {kind.__name__}; got {value!r}"
            )
    if unknown := given.keys() - wanted.keys() - {"do"}:
        raise ConfigurationError(f"{given['do']!r} takes no {', '.join(sorted(unknown))}")
    return dict(given)


def in_words(given: Input) -> str:
    """An input as a sentence: "By hand: drop frame 3"."""
    match given["do"]:
        case "drop" | "duplicate":
            what = f"{given['do']} frame {given['frame']}"
        case "delay":
            what = f"delay frame {given['frame']} by {given['by'] / 1e6:g} ms"
        case "connect":
            what = f"{given['host']} connects to {given['to']}, port {given['port']}"
        case "listen":
            what = f"{given['host']} listens on port {given['port']}"
        case "send":
            what = f"{given['host']} sends {given['text']!r}"
        case verb:
            what = f"{given['host']}: {verb} on {given['connection']}"
    return f"By hand: {what}"


class Hands:
    """A person's hands in one run: they carry out inputs, and hold the sockets made by that.

    `received` is what was read by hand, by host and connection.
    """

    def __init__(self, run: Run) -> None:
        self.received: dict[tuple[str, str], bytes] = {}
        self._run = run
        self._sockets: list[Socket] = []

    def perform(self, given: Input) -> Program | None:
        """Carry out an input that was checked; the program that does it, if one was started.

        Raises `ConfigurationError` for what isn't possible now, such as a frame that has arrived.
        """
        do = given["do"]
        if "frame" in given:
            self._fault(do, given["frame"], given.get("by"))
            return None
        host = self._host(given["host"])
        deed: Callable[[Host], object]
        if do == "connect":
            deed = self._connect(given["to"], _port(given["port"]))
        elif do == "listen":
            deed = self._listen(_port(given["port"]))
        else:
            connection = _connection(host, given["connection"])
            deed = self._on_connection(do, connection, given.get("text", ""))
        return host.start(deed, name=f"{do} (by hand)", daemon=True)

    def _fault(self, do: str, frame_id: int, by: int | None) -> None:
        frame = self._run.trace.frame(frame_id)
        if frame.fate != IN_FLIGHT:  # seen here and not by the link, which numbers each attempt
            raise ConfigurationError(
                f"can't {do} frame {frame_id}: it is not in flight any more, but was {frame.fate}."
                " Go back to when it was"
            )
        if do == "delay":
            frame.link.delay(frame=frame_id, by=duration(by, "by"), name=HAND)
        elif do == "drop":
            frame.link.drop(frame=frame_id, name=HAND)
        else:
            frame.link.duplicate(frame=frame_id, name=HAND)

    def _connect(self, to: str, port: int) -> Callable[[Host], None]:
        def connect(host: Host) -> None:
            socket = host.socket()
            self._sockets.append(socket)
            socket.connect((to, port))

        return connect

    def _listen(self, port: int) -> Callable[[Host], None]:
        def listen(host: Host) -> None:
            listener = host.socket()
            listener.bind(("", port))
            listener.listen()
            while True:
                self._sockets.append(listener.accept()[0])

        return listen

    def _on_connection(
        self, do: str, connection: Connection, text: str
    ) -> Callable[[Host], object]:
        if len(text) > LONGEST_TEXT:
            raise ConfigurationError(f"send up to {LONGEST_TEXT} characters; got {len(text)}")

        def act(host: Host) -> None:
            socket = self._socket_of(host, connection)
            if do == "send":
                socket.sendall(text.encode())
            elif do == "close":
                socket.close()
            else:
                key = (host.name, connection.label)
                self.received[key] = self.received.get(key, b"") + socket.recv(READ_AT_ONCE)

        return act

    def _socket_of(self, host: Host, connection: Connection) -> Socket:
        """The socket made by hand for this connection; for a program's own, a second one beside it."""
        local = (str(connection.local[0]), connection.local[1])
        remote = (str(connection.remote[0]), connection.remote[1])
        for socket in self._sockets:
            if socket.host is host and socket.fileno() != -1 and _ends(socket) == (local, remote):
                return socket
        socket = Socket(host, end=StreamEnd(host, connection))
        self._sockets.append(socket)
        return socket

    def _host(self, name: str) -> Host:
        hosts = self._run.net.hosts
        if name not in hosts:
            raise ConfigurationError(f"there is no host {name!r}; there is {', '.join(hosts)}")
        return hosts[name]


_EXAMPLE = '{"at": 20060000, "step": 14, "do": "drop", "frame": 3}'


def _port(number: int) -> int:
    if not 1 <= number <= 65_535:
        raise ConfigurationError(f"a port is a number from 1 to 65535; got {number}")
    return number


def _connection(host: Host, label: str) -> Connection:
    for connection in host.tcp.connections:
        if connection.label == label:
            return connection
    known = ", ".join(connection.label for connection in host.tcp.connections)
    raise ConfigurationError(
        f"{host.name} has no connection {label!r} now; it has {known or 'none'}"
    )


def _ends(socket: Socket) -> tuple[tuple[str, int], tuple[str, int]] | None:
    try:
        return socket.getsockname(), socket.getpeername()
    except OSError:
        return None  # it isn't connected yet, or any more
