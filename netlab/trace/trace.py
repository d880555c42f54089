"""A trace: everything that happened in a run, or all that a capture holds, to be asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from netlab.errors import CaptureError, ConfigurationError
from netlab.link.frame import Frame as Transmission
from netlab.sim.recording import Event, Recorder
from netlab.trace.frame import Frame
from netlab.trace.why import DEPTH, Why, explain
from netlab.units import show_time

if TYPE_CHECKING:
    from os import PathLike

    from scapy.packet import Packet

    from netlab.trace.capture import Packet as CapturedPacket
    from netlab.views.packet import PacketView
    from netlab.views.packets import PacketList
    from netlab.views.plot import Plot
    from netlab.views.sequence import Sequence
    from netlab.views.states import StateDiagram
    from netlab.views.table import Table


class Trace:
    """A view on the record of a run: it grows as the run goes on, and copies nothing.

    `addresses` maps the name of each host to its address as text. `start` is the date of time 0 in
    ns since 1970: 0 for a simulated run. `captured` says that it was read from a file, `simulated`
    that it is of a run of netlab's own, also when read from a file. `problem` tells where a capture
    that was opened with `partial=True` breaks off, "" otherwise.
    """

    def __init__(
        self,
        recorder: Recorder,
        *,
        hosts: Iterable[str] = (),
        addresses: Mapping[str, str] | None = None,
        start: int = 0,
        captured: bool = False,
        simulated: bool = True,
        problem: str = "",
    ) -> None:
        self.addresses = dict(addresses or {})
        self.start = start
        self.problem = problem
        self._recorder = recorder
        self._hosts = list(hosts)
        self._captured = captured
        self._simulated = simulated
        self._frames: dict[int, Frame] = {}
        self._looked_at = 0  # how many events, counted from the first one ever
        self._dropped = 0

    @classmethod
    def open(cls, file: str | PathLike[str] | BinaryIO, *, partial: bool = False) -> Trace:
        """Read a capture, pcap or pcapng, that any program wrote; `file` is a path or an open file.

        Hosts are named by their addresses, where the capture has no names for them. Times count
        from the first packet. The states of TCP's connections are inferred from the segments.

        Raises `CaptureError` for a file that is no capture, or breaks off: it says at which byte.
        With `partial` the packets before that place are read, and `problem` tells of it.
        """
        from netlab.trace.captured import read_capture, record_of

        if hasattr(file, "read"):
            name, data = str(getattr(file, "name", "the file")), file.read()
            if not isinstance(data, bytes):
                raise CaptureError(f"{name} was opened as text: open it with open(path, 'rb')")
        else:
            with open(file, "rb") as opened:
                name, data = str(file), opened.read()
        capture = read_capture(data, name)
        if capture.problem and not partial:
            raise CaptureError(
                f"{name} is damaged or breaks off at {capture.problem}."
                f" What comes before that can be read, {_counted(capture.packets, 'packet')}:"
                " Trace.open(..., partial=True)"
            )
        recorder, addresses, start = record_of(capture)
        return cls(
            recorder,
            addresses=addresses,
            start=start,
            captured=True,
            simulated=capture.simulated,
            problem=capture.problem,
        )

    def __repr__(self) -> str:
        return (
            f"<trace: {_counted(self.events, 'event')}, {_counted(self.frames, 'frame')},"
            f" {show_time(self.duration)}, hosts {', '.join(self.hosts) or 'none'}>"
        )

    # --- what is in it ----------------------------------------------------------------------

    @property
    def events(self) -> list[Event]:
        """All events on record, frames included, in the order in which they happened."""
        return self._recorder.events

    @property
    def frames(self) -> list[Frame]:
        """All frames on record, in the order of sending."""
        self._look_for_frames()
        return list(self._frames.values())

    def frame(self, frame_id: int) -> Frame:
        """The frame with this id. Raises `ConfigurationError` where there is none."""
        self._look_for_frames()
        try:
            return self._frames[frame_id]
        except KeyError:
            known = list(self._frames)
            raise ConfigurationError(
                f"there is no frame {frame_id!r} on record"
                + (f"; there are frames {min(known)} to {max(known)}" if known else " yet")
            ) from None

    @property
    def hosts(self) -> list[str]:
        """The names of all hosts: those of the network, and whoever else sent or received."""
        hosts = dict.fromkeys([*self._hosts, *self.addresses])
        for frame in self.frames:
            hosts.setdefault(frame.host)
            hosts.setdefault(frame.receiver)
        return list(hosts)

    @property
    def duration(self) -> int:
        """The time of the last event, in ns."""
        return self.events[-1].time if self.events else 0

    def events_of(
        self, *, kind: str | None = None, host: object = None, layer: str | None = None
    ) -> list[Event]:
        """The events of one kind, on one host (or its name), in one layer; or all three."""
        name = None if host is None else name_of(host)
        return [
            event
            for event in self.events
            if kind in (None, event.kind)
            and name in (None, event.host)
            and layer in (None, event.layer)
        ]

    def connections(self, host: object = None) -> list[str]:
        """The labels of the TCP connections that changed their state, on one host or on any.

        Each is named from both ends, as ``10.0.0.1:49152 > 10.0.0.2:80`` and the other way round.
        """
        changes = self.events_of(kind="state", layer="transport", host=host)
        return list(dict.fromkeys(str(change.fields["connection"]) for change in changes))

    def why(self, event: Event | int, *, depth: int = DEPTH) -> Why:
        """Why something happened: the chain of its causes, in at most `depth` steps.

        `event` is a frame, any other event, or the id of a frame. Raises `ConfigurationError` for
        anything else, and for an id that isn't on record.
        """
        if isinstance(event, int) and not isinstance(event, bool):
            event = self.frame(event)
        elif not isinstance(event, Event):
            raise ConfigurationError(
                f"can't say why of {event!r}: expected an event, a frame, or the id of a frame,"
                " such as trace.why(3)"
            )
        first_kept = self.events[0].number if self._recorder.dropped and self.events else 0
        return explain(event, depth=depth, first_kept=first_kept, captured=self._captured)

    def digest(self) -> str:
        """A SHA-256 over all that is on record: equal for equal runs, on every machine."""
        import hashlib

        digest = hashlib.sha256()
        for event in self.events:
            digest.update(repr(_canonical(event)).encode())
        return digest.hexdigest()

    # --- views, made when asked for ---------------------------------------------------------

    def sequence(self, **options: Any) -> Sequence:
        """The sequence diagram; for the options see `netlab.views.sequence.Sequence`."""
        from netlab.views.sequence import Sequence

        return Sequence(self, **options)

    def states(self, host: object, connection: str | None = None) -> StateDiagram:
        """TCP's state machine with the path that a connection of `host` took.

        `connection` is one of `connections(host)`, by default the first. Raises
        `ConfigurationError` for one that isn't there.
        """
        name = name_of(host)
        labels = self.connections(name)
        if connection is None:
            connection = labels[0] if labels else None
        elif connection not in labels:
            raise ConfigurationError(
                f"{name} has no connection {connection!r} on record; it has"
                f" {', '.join(labels) or 'none'}"
            )
        from netlab.views.states import StateDiagram

        path = [
            (change.fields["from"], change.fields["on"], change.fields["to"])
            for change in self.events_of(kind="state", layer="transport", host=name)
            if change.fields["connection"] == connection
        ]
        return StateDiagram(path=path, title=f"{name}, {connection}" if connection else name)

    def packets(self, **options: Any) -> PacketList:
        """The list of frames, a line each."""
        from netlab.views.packets import PacketList

        return PacketList(self, **options)

    def packet(self, frame: Frame | int) -> PacketView:
        """One frame, given by itself or by its id, as fields and bytes."""
        from netlab.views.packet import PacketView

        return PacketView(self.frame(frame) if isinstance(frame, int) else frame)

    def journey(self, frame: Frame | int) -> Table:
        """The packet in a frame (or its id), hop by hop, with what each hop changed marked."""
        from netlab.views.journey import journey

        return journey(self, self.frame(frame) if isinstance(frame, int) else frame)

    def plot(self, *names: str, host: object = None, connection: str | None = None) -> Plot:
        """Quantities over time, such as "cwnd" and "ssthresh"; see `netlab.views.plot.Plot`."""
        from netlab.views.plot import Plot

        return Plot(self, names, host, connection)

    # --- out of it --------------------------------------------------------------------------

    def save(self, path: str | PathLike[str], *, at: object = None) -> int:
        """Write a capture, pcapng, that Wireshark reads: with comments, and times in nanoseconds.

        It holds each frame once, when it was sent; with `at` what the interfaces of that host saw,
        when they saw it. Frames that pass a switch or a router are sent more than once: what one
        host saw is what an analyser expects then. Returns how many frames were written.
        """
        from netlab.trace.pcapng import write

        packets = self._packets(at)
        data = write(packets, self._names(), simulated=self._simulated)
        with open(path, "wb") as file:
            file.write(data)
        return len(packets)

    def scapy(self, *, at: object = None) -> list[Packet]:
        """The same packets as `save` writes, as Scapy's, each with its `time` in seconds."""
        from netlab.trace.convert import to_scapy

        return to_scapy(self._packets(at))

    def _packets(self, at: object) -> list[CapturedPacket]:
        from netlab.trace.saving import packets_seen

        name = None if at is None else name_of(at)
        if name is not None and name not in self.hosts:
            raise ConfigurationError(
                f"there is no host {name!r} in this trace; there is {', '.join(self.hosts)}"
            )
        return packets_seen(self.frames, name, self.start)

    # --- inside -----------------------------------------------------------------------------

    def _names(self) -> dict[str, str]:
        """The name behind each IPv4 address, for those hosts that are called otherwise."""
        return {
            address: name
            for name, addresses in self.addresses.items()
            for address in addresses.split(", ")
            if address.count(".") == 3 and not name.startswith(address)
        }

    def _look_for_frames(self) -> None:
        """Take in the frames recorded since the last look, and let go of those forgotten since."""
        recorder = self._recorder
        dropped, self._dropped = self._dropped, recorder.dropped
        if dropped != recorder.dropped:
            first = recorder.events[0].number
            kept = [frame for frame in self._frames.values() if frame.number >= first]
            self._frames = {frame.id: frame for frame in kept}
        new = recorder.events[max(0, self._looked_at - recorder.dropped) :]
        self._frames |= {event.id: event for event in new if isinstance(event, Frame)}
        self._looked_at = recorder.dropped + len(recorder.events)


def _counted(things: list[Any], what: str) -> str:
    return f"{len(things)} {what}" if len(things) == 1 else f"{len(things)} {what}s"


def name_of(host: object) -> str:
    """A host's name, from the host or the name itself."""
    return str(getattr(host, "name", host))


def _canonical(event: Event) -> tuple[object, ...]:
    """All of an event as numbers, bytes and text, in an order that is always the same."""
    fields = [(name, str(value)) for name, value in event.fields.items()]
    cause = None if event.cause is None else event.cause.number
    facts = (event.number, event.time, event.host, event.layer, event.kind)
    if not isinstance(event, Transmission):
        return (*facts, fields, cause, event.reason)
    sent = (event.id, event.receiver, event.link.name, event.bytes)
    came = (event.received, event.fate, event.arrival, event.fault, event.copy_of)
    return (*facts, fields, cause, event.reason, *sent, *came)
