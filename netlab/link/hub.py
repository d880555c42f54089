"""A hub: what comes in on one port is repeated to all others, bit by bit (IEEE 802.3 clause 9).

It stores nothing and decides nothing, so all stations on it share one medium, half-duplex, and may
collide (see `netlab.link.csma`). On the record a frame to the hub is followed by one from it to each
other port, each with the time that its bits take to there. When signals meet in the hub, all of them
are lost, and what it still sends is noise.
"""

from collections.abc import Callable
from typing import Any

from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.csma import Station, spoil
from netlab.link.ethernet import FCS_LENGTH, Ethernet
from netlab.link.faults import Act, Fault, Match, Selection
from netlab.link.frame import DROPPED, IN_FLIGHT, Frame
from netlab.link.framing import Framing
from netlab.link.interface import Interface
from netlab.link.link import Link
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation
from netlab.units import Mbps, count
from netlab.units import rate as bits_per_second


class HubPort(Interface):
    """A port, from when a `cable` is in it.

    `heard` is the frame whose signal comes in by it, `repeated` the one going out. Both may be None
    though there is a signal (`hears`, `sounds`): that is noise then.
    """

    def __init__(self, hub: "Hub", name: str, mac: MacAddress) -> None:
        super().__init__(hub.sim, hub.name, name, mac)
        self.hub = hub
        self.hears = self.sounds = False
        self.heard: Frame | None = None
        self.repeated: Frame | None = None

    def plug_into(self, link: Link, framing: type[Framing]) -> None:
        super().plug_into(link, framing)
        assert isinstance(link, HubCable)
        self.cable = link
        self.hub.ports.append(self)

    def receive(self, data: bytes) -> None:
        self.rx.packets += 1
        self.rx.bytes += len(data)

    def receive_wire(self, wire: bytes) -> None:
        self.receive(wire[:-FCS_LENGTH])  # a hub looks at no check sequence

    def carrier(self, link: Link | None, why: str) -> None:
        super().carrier(link, why)
        if link is not None and any(port.hears for port in self.hub.ports):
            self.sound(None)  # what is being sent just now comes in without its beginning

    def signal_begins(self, frame: Frame | None) -> None:
        """A signal comes in: a frame's, or (None) noise."""
        self.hears, self.heard = True, frame
        self.hub.repeat(self)

    def signal_ends(self, frame: Frame | None) -> None:
        """It is over."""
        if self.hears:
            self.hub.hush(self)

    def sound(self, frame: Frame | None) -> None:
        """Send on what comes in elsewhere."""
        self.sounds = True
        self.repeated = self.cable.repeat(self, frame)

    def fall_silent(self) -> None:
        """Nothing comes in elsewhere any more."""
        self.sounds, self.repeated = False, None
        self.cable.end(self)

    def reset(self) -> None:
        """The cable has gone down: nothing comes in or goes out."""
        self.sounds, self.repeated = False, None
        self.signal_ends(None)


class Hub:
    """A hub. All its ports run at one `rate` (bit/s)."""

    def __init__(self, sim: Simulation, name: str, rate: int = 10 * Mbps) -> None:
        self.sim = sim
        self.name = name
        self.rate = bits_per_second(rate, "rate")
        self.ports: list[HubPort] = []

    def __repr__(self) -> str:
        return f"<hub {self.name}, {len(self.ports)} ports, {self.rate / 1e6:g} Mbit/s>"

    def segment(self) -> list["Hub"]:
        """All hubs that share this one's medium, itself the first."""
        found = [self]
        for hub in found:
            for end in (end for port in hub.ports for end in port.cable.ends):
                if isinstance(end, HubPort) and end.hub not in found:
                    found.append(end.hub)
        return found

    def repeat(self, port: HubPort) -> None:
        """A signal begins on `port`: repeat it, or if there is another already, all is noise."""
        frame = port.heard
        if sum(each.hears for each in self.ports) > 1:
            self._collide()
            frame = None
        elif frame is not None and frame.fate == DROPPED:
            frame = None  # something took it on the way here
        for out in self.ports:
            if out is not port and not out.sounds and out.is_up:
                out.sound(frame)

    def hush(self, port: HubPort) -> None:
        """The signal on `port` is over: fall silent wherever no other is repeated to."""
        frame, port.heard, port.hears = port.heard, None, False
        if frame is not None:
            port.cable.arrive(frame)
        hearing = [each for each in self.ports if each.hears]
        for out in self.ports:
            if out.sounds and hearing in ([], [out]):
                if out.repeated is not None and frame is not None and frame.fate == DROPPED:
                    spoil(out.repeated, f"frame {frame.id} broke off on its way to {self.name}")
                out.fall_silent()

    def _collide(self) -> None:
        ports = [port.name for port in self.ports if port.hears]
        reason = "two signals meet: all that is repeated is noise (IEEE 802.3 clause 9)"
        self.sim.record(self.name, "link", "collision", {"ports": ports}, reason)
        for port in self.ports:
            for frame in (port.heard, port.repeated):
                if frame is not None:
                    spoil(frame, f"collision at {self.name}")


class HubCable(Link):
    """A cable between a station and a hub, or between two hubs: half-duplex, at the hub's rate."""

    def __init__(
        self, sim: Simulation, a: Interface, b: Interface, *, queue: int, **options: Any
    ) -> None:
        super().__init__(sim, a, b, framing=Ethernet, **options)
        limit = count(queue, "queue")
        self.sim = sim
        self._far: dict[Interface, Station | HubPort] = {}
        self._sent: dict[Interface, Frame | None] = {}
        self._latest: dict[Interface, int] = {a: 0, b: 0}
        self._cuts = 0
        for end, other in ((a, b), (b, a)):
            self._far[other] = end if isinstance(end, HubPort) else Station(self, end, limit)
        self._plug_in()

    def __repr__(self) -> str:
        return f"<cable {self.name}: half-duplex, {self.delay_ns} ns>"

    def _set_rate(self, value: int | None) -> None:
        raise ConfigurationError(f"{self.name} runs at the rate of its hub, which stays as it is")

    def bits(self, number: int) -> int:
        """How long so many bits take (ns)."""
        assert self._rate is not None
        return number * 1_000_000_000 // self._rate

    @property
    def queue_lengths(self) -> dict[str, int]:
        """How many frames wait at each end now, beside the one that has its turn."""
        return {
            end.host: max(len(far.queue) - 1, 0) if isinstance(far, Station) else 0
            for end, far in ((end, self._far[self._other(end)]) for end in self.ends)
        }

    def transmit(
        self, sender: Interface, data: bytes, reason: str, cause: Event | None
    ) -> Frame | None:
        station = self._far[self._other(sender)]
        assert isinstance(station, Station)
        station.enqueue(data, reason, cause)
        return None

    def drop_unsent(
        self, sender: Interface, data: bytes, reason: str, cause: Event | None, by: str
    ) -> None:
        """Put a frame on record that couldn't even wait for its turn."""
        self.lose(self._new_frame(sender, self._other(sender), data, reason, cause), by)

    # --- signals ----------------------------------------------------------------------------

    def begin(
        self, sender: Interface, data: bytes, until: int, reason: str, cause: Event | None
    ) -> Frame:
        """A signal begins to leave, and will until the time `until` if nothing comes between."""
        frame = self._new_frame(sender, self._other(sender), data, reason, cause)
        frame.received = data
        self._launch(sender, frame, until + self._delay)
        return frame

    def repeat(self, port: HubPort, heard: Frame | None) -> Frame | None:
        """The hub begins to repeat what it hears on another port, or noise."""
        if heard is None:
            self._signal(port, None)
            return None
        assert heard.received is not None
        assert heard.arrival is not None
        reason = "a hub repeats each bit to all its other ports (IEEE 802.3 clause 9)"
        frame = self._new_frame(port, self._other(port), heard.received, reason, heard)
        frame.received, frame.wire_received = heard.received, heard.wire_received
        self._launch(port, frame, heard.arrival + self._delay)
        port.tx.packets += 1
        port.tx.bytes += len(frame.bytes)
        return frame

    def end(self, sender: Interface) -> None:
        """The signal ends."""
        frame = self._sent.pop(sender, None)
        self._later(sender, lambda: self._far[sender].signal_ends(frame))

    def _launch(self, sender: Interface, frame: Frame, arrival: int) -> None:
        frame.arrival = arrival
        self._in_flight[frame.id] = frame
        self._signal(sender, frame)
        self._meet_chance(frame)

    def _signal(self, sender: Interface, frame: Frame | None) -> None:
        self._sent[sender] = frame
        self._later(sender, lambda: self._far[sender].signal_begins(frame))

    def _later(self, sender: Interface, action: Callable[[], None]) -> None:
        """Do something at the far end, unless the cable is taken out before."""
        cuts = self._cuts
        # A signal doesn't end before it begins, also where the delay was made shorter meanwhile.
        time = max(self._sim.clock.now + self._delay, self._latest[sender])
        self._latest[sender] = time

        def arrive(_: object) -> None:
            if cuts == self._cuts:
                action()

        self._sim.clock.call_at(time, arrive)

    def arrive(self, frame: Frame) -> None:
        if frame.fate == IN_FLIGHT:
            frame.arrival = self._sim.clock.now  # when its signal has ended
        super().arrive(frame)

    def _other(self, end: Interface) -> Interface:
        a, b = self.ends
        return b if end is a else a

    def _reset(self) -> None:
        self._cuts += 1
        self._sent.clear()
        self._latest = dict.fromkeys(self.ends, 0)
        for end in self._far.values():
            end.reset()

    # --- faults -----------------------------------------------------------------------------

    def postpone(self, frame: Frame, extra: int, *, until_overtaken: bool = False) -> None:
        raise self._impossible()

    def copy(self, frame: Frame, by: str) -> None:
        raise self._impossible()

    def _add(self, verb: str, act: Act, match: Match | None, selection: Selection) -> Fault:
        if verb in ("delay", "reorder", "duplicate"):
            raise self._impossible()
        return super()._add(verb, act, match, selection)

    def _impossible(self) -> ConfigurationError:
        return ConfigurationError(
            f"{self.name} leads to a hub, which repeats each bit as it comes: frames on it can be"
            " dropped and corrupted, but not delayed, reordered or duplicated"
        )
