"""A learning switch (IEEE 802.1D): frames go only where the station is that they are for.

It listens to who sends on which port, and remembers that for a while. What is for a station that it
has heard goes to that port alone; what is for everybody, or for a stranger, goes to all ports but
the one it came from. Frames are stored and then forwarded, so each port has its own queue and rate.
"""

from dataclasses import dataclass

from netlab.link.address import MacAddress
from netlab.link.ethernet import HEADER_LENGTH
from netlab.link.frame import Frame
from netlab.link.framing import Framing
from netlab.link.interface import Interface
from netlab.link.link import Link
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation
from netlab.units import count, duration, s, show_time

AGEING = 300 * s
"""How long a station is remembered that isn't heard of (IEEE 802.1D table 7-5)."""
CAPACITY = 8192
"""How many stations are remembered; further ones are strangers, and what is for them is flooded."""
STORM_FLOODS = 100
"""So often is one frame flooded; when it comes once more, the port that it came by is disabled."""
STORM_WINDOW = 1 * s
"""A frame that wasn't flooded for so long is a new one, even if it has the same bytes."""

_RESERVED = 0x0180C200000  # and four bits more: for bridges themselves, never forwarded (7.12.6)


@dataclass(slots=True)
class TableEntry:
    """Where a station is: `port`, and when it was last `heard` (ns). `reason` is for frames to it."""

    port: "SwitchPort"
    heard: int
    reason: str


class SwitchPort(Interface):
    """A port, from when a cable is in it. It takes in every frame, whomever it is for."""

    def __init__(self, switch: "Switch", name: str, mac: MacAddress) -> None:
        super().__init__(switch.sim, switch.name, name, mac)
        self._switch = switch

    def plug_into(self, link: Link, framing: type[Framing]) -> None:
        super().plug_into(link, framing)
        self._switch.ports.append(self)

    def receive(self, data: bytes) -> None:
        self.rx.packets += 1
        self.rx.bytes += len(data)
        self._switch.receive(self, data)

    def send_frame(self, data: bytes, reason: str, cause: Event | None) -> None:
        if len(data) > HEADER_LENGTH + self.mtu:
            self.tx.dropped += 1
            self.discard(f"larger than its MTU, {self.mtu} bytes, and a switch doesn't cut", reason)
        else:
            super().send_frame(data, reason, cause)

    def carrier(self, link: Link | None, why: str) -> None:
        super().carrier(link, why)
        if link is None:
            self._switch.forget(self, f"{self.name} has gone down")


class Switch:
    """A switch. `table` tells for each address by which port its station was heard, and when."""

    def __init__(
        self, sim: Simulation, name: str, *, ageing: int = AGEING, capacity: int = CAPACITY
    ) -> None:
        self.sim = sim
        self.name = name
        self.ageing = duration(ageing, "ageing")
        self.capacity = count(capacity, "capacity")
        self.ports: list[SwitchPort] = []
        self.table: dict[MacAddress, TableEntry] = {}
        self._timer = sim.clock.timer(self._age, background=True)
        self._flooded: dict[bytes, tuple[int, int]] = {}  # how often, and when last; oldest first

    def __repr__(self) -> str:
        return f"<switch {self.name}, {len(self.ports)} ports, {len(self.table)} stations known>"

    # --- a frame comes in -------------------------------------------------------------------

    def receive(self, port: SwitchPort, data: bytes) -> None:
        """Learn where its sender is, and forward it (IEEE 802.1D sections 7.7 and 7.8)."""
        if len(data) < HEADER_LENGTH:
            port.rx.errors += 1
            port.discard(f"shorter than an Ethernet header ({HEADER_LENGTH} bytes)")
            return
        dst, src = MacAddress.from_bytes(data[:6]), MacAddress.from_bytes(data[6:12])
        known = self.table.get(src)
        if known is not None and known.port is port:
            known.heard = self.sim.clock.now
        elif not src.is_multicast:
            self._learn(src, port, known)
        meant = self.table.get(dst)
        if dst >> 4 == _RESERVED:
            port.discard(f"{dst} is for bridges alone: not forwarded (IEEE 802.1D section 7.12.6)")
        elif meant is None:
            self._flood(port, dst, data)
        elif meant.port is port:
            port.discard(
                f"{dst} is on the side that it came from: filtered (IEEE 802.1D section 7.7.1)"
            )
        else:
            meant.port.send_frame(data, meant.reason, self.sim.clock.cause)

    def _flood(self, port: SwitchPort, dst: MacAddress, data: bytes) -> None:
        if self._is_storm(data):
            self._disable(port, data)
            return
        reason = _REASONS[dst.is_multicast + (dst == MacAddress.BROADCAST)]
        cause = self.sim.clock.cause
        for other in self.ports:
            if other is not port and other.is_up:
                other.send_frame(data, reason, cause)

    # --- the table --------------------------------------------------------------------------

    def _learn(self, station: MacAddress, port: SwitchPort, known: TableEntry | None) -> None:
        if known is None and len(self.table) >= self.capacity:
            return
        state = "LEARNED" if known is None else "MOVED"
        before = "" if known is None else f", no longer by {known.port.name}"
        self.table[station] = TableEntry(
            port,
            self.sim.clock.now,
            f"{station} was heard by {port.name}: to there alone (IEEE 802.1D section 7.7)",
        )
        self._record(
            station, port, state, f"it sent by {port.name}{before} (IEEE 802.1D section 7.8)"
        )
        if not self._timer.armed:
            self._timer.arm(self.ageing)

    def _age(self) -> None:
        """Let go of who wasn't heard for too long, and look again when the next may be due."""
        latest = self.sim.clock.now - self.ageing
        why = f"not heard for {show_time(self.ageing)} (IEEE 802.1D section 7.9.2)"
        for station, entry in list(self.table.items()):
            if entry.heard <= latest:
                self._forget(station, why)
        if self.table:
            self._timer.arm(min(entry.heard for entry in self.table.values()) - latest)

    def forget(self, port: SwitchPort, why: str) -> None:
        """Let go of all stations that were heard by a port."""
        for station, entry in list(self.table.items()):
            if entry.port is port:
                self._forget(station, why)

    def _forget(self, station: MacAddress, why: str) -> None:
        self._record(station, self.table.pop(station).port, "AGED", why)

    def _record(self, station: MacAddress, port: SwitchPort, state: str, reason: str) -> None:
        fields = {"address": str(station), "port": port.name, "state": state}
        self.sim.record(self.name, "link", "mac", fields, reason)

    # --- storms -----------------------------------------------------------------------------

    def _is_storm(self, data: bytes) -> bool:
        """Whether this frame was flooded too often to be the same station's each time."""
        now, recent = self.sim.clock.now, self._flooded
        for frame, (_, when) in list(recent.items()):
            if now - when < STORM_WINDOW:
                break
            del recent[frame]
        times = recent.pop(data, (0, 0))[0] + 1
        if times <= STORM_FLOODS:
            recent[data] = (times, now)
        return times > STORM_FLOODS

    def _disable(self, port: SwitchPort, data: bytes) -> None:
        """As storm control does: the port stays down until somebody sets it up again."""
        loop = self._loop(data)
        what = (
            f"the switches {', '.join(loop)} form a loop, and a frame goes round in it for ever:"
            " take one cable out"
            if loop
            else f"somebody behind it sends one frame over and over, more than {STORM_FLOODS} times"
            f" within {show_time(STORM_WINDOW)}"
        )
        why = f"storm control has disabled {port.title}: {what}"
        event = self.sim.record(self.name, "link", "storm", {"port": port.name, "loop": loop}, why)
        if event is not None:
            self.sim.clock.cause = event
        up = f"{self.name}.ports[{self.ports.index(port)}].up()"
        self.sim.clock.warnings.append(f"{why}. Then set the port up again: {up}")
        port.down("storm control: err-disabled")

    def _loop(self, data: bytes) -> list[str]:
        """The switches that passed the frame on, by its causes, back to here or to who made it."""
        path = [self.name]
        event: Event | None = self.sim.clock.cause
        while event is not None:
            if isinstance(event, Frame):
                if event.bytes != data:
                    break
                if event.host == self.name:
                    return list(dict.fromkeys(path))
                path.append(event.host)
            event = event.cause
        return list(dict.fromkeys(path[:-1])) if len(path) > 2 else []


_REASONS = (
    "nothing was heard of its station yet: to all ports but that it came from"
    " (IEEE 802.1D section 7.7)",
    "for a group of stations: to all ports but that it came from (IEEE 802.1D section 7.7)",
    "for all stations: to all ports but that it came from (IEEE 802.1D section 7.7)",
)
