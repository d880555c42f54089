"""A full-duplex cable between two interfaces: delay, rate, a finite queue, and faults.

Each frame costs one event. At the moment of sending all is decided: when the sender's queue will
have passed it to the wire, whether a fault strikes it, and when it arrives; only the arrival is
scheduled. A frame in flight can still be dropped, delayed, corrupted or duplicated by hand.
"""

from collections import deque
from typing import TYPE_CHECKING

from netlab.link.chance import Spread, spread
from netlab.link.ethernet import Ethernet
from netlab.link.frame import IN_FLIGHT, Frame
from netlab.link.framing import Framing
from netlab.link.link import Link
from netlab.link.queue import DEFAULT_QUEUE, EcnQueue, Mark, limits
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation
from netlab.units import show_time

if TYPE_CHECKING:
    from netlab.link.interface import Interface


class _Direction:
    """One way of the cable: who receives, until when the wire is busy, and what waits for it."""

    __slots__ = ("busy_until", "departures", "held", "last_arrival", "receiver")

    def __init__(self, receiver: "Interface") -> None:
        self.receiver = receiver
        self.busy_until = 0
        self.last_arrival = 0
        self.departures: deque[int] = deque()
        self.held: Frame | None = None  # waits to be overtaken


class Cable(Link):
    """A cable. `delay` in ns, `rate` in bit/s (None: no limit), `queue` in frames or an `EcnQueue`.

    `jitter` is the greatest extra delay (ns), or a `Spread` of delays; either stretches the gaps
    between frames, and reorders none. `mark` puts the mark of congestion on a packet. For what can
    go wrong beside loss see `drop`, `delay`, `duplicate`, `corrupt` and `reorder`.
    """

    def __init__(
        self,
        sim: Simulation,
        a: "Interface",
        b: "Interface",
        *,
        delay: int = 0,
        rate: int | None = None,
        loss: float = 0.0,
        jitter: int | Spread = 0,
        queue: int | EcnQueue = DEFAULT_QUEUE,
        mark: Mark | None = None,
        name: str = "",
        framing: type[Framing] = Ethernet,
        frame_type: type[Frame] = Frame,
    ) -> None:
        super().__init__(
            sim,
            a,
            b,
            delay=delay,
            rate=rate,
            loss=loss,
            name=name,
            framing=framing,
            frame_type=frame_type,
        )
        self._jitter = jitter
        self._deviation = spread(jitter, "jitter")
        self.queue_limit, self._mark_from = limits(queue)
        self._mark = mark
        self._jitter_stream = sim.stream(f"jitter on {self.name}")
        self._directions = {a: _Direction(b), b: _Direction(a)}
        self._trailer = framing.trailer
        self._plug_in()

    @property
    def jitter_ns(self) -> int | Spread:
        """By how much, at most, chance delays a frame (ns), or how such delays spread."""
        return self._jitter

    @jitter_ns.setter
    def jitter_ns(self, value: int | Spread) -> None:
        self._deviation = spread(value, "jitter_ns")
        self._jitter = value

    @property
    def queue_lengths(self) -> dict[str, int]:
        """How many frames wait at each end now, beside the one that is being sent."""
        now = self._sim.clock.now
        return {
            end.host: max(sum(time > now for time in way.departures) - 1, 0)
            for end, way in self._directions.items()
        }

    def __repr__(self) -> str:
        speed = "no rate limit" if self.rate_bps is None else f"{self.rate_bps / 1e6:g} Mbit/s"
        return f"<cable {self.name}: {show_time(self.delay_ns)}, {speed}>"

    # --- sending ----------------------------------------------------------------------------

    def transmit(
        self,
        sender: "Interface",
        data: bytes,
        reason: str,
        cause: Event | None,
        copy_of: Frame | None = None,
    ) -> Frame:
        """Take a frame from `sender`'s interface. What becomes of it is in the frame returned."""
        clock = self._sim.clock
        now = clock.now
        way = self._directions[sender]
        frame = self._new_frame(sender, way.receiver, data, reason, cause)
        if copy_of is not None:
            frame.copy_of = copy_of.id

        departures = way.departures
        while departures and departures[0] <= now:
            departures.popleft()
        ahead = len(departures)  # with the one that is being sent
        if ahead > 1:
            frame.queued = ahead - 1
            if ahead > self.queue_limit:
                sender.tx.dropped += 1
                self.lose(frame, f"the queue of {self.name} was full ({self.queue_limit} frames)")
                return frame
            if self._mark_from is not None and frame.queued >= self._mark_from:
                data = self._marked(frame)
        sent = sender.tx
        sent.packets += 1
        sent.bytes += len(data)
        frame.received = data
        trailer = self._trailer
        if trailer is None:
            frame.wire_received = wire = self.framing.wire(data)
            trailer = len(wire) - len(data)
        departure = way.busy_until if way.busy_until > now else now
        if self._rate is not None:
            departure += (len(data) + trailer) * 8_000_000_000 // self._rate
            departures.append(departure)
        way.busy_until = departure
        arrival = departure + self._delay
        if self._deviation is not None:
            arrival += self._deviation(self._jitter_stream.random)
            arrival = max(arrival, departure, way.last_arrival)
        way.last_arrival = frame.arrival = arrival
        if way.held is not None:
            self._release(way, arrival + 1)

        self._in_flight[frame.id] = frame
        clock.call_at(arrival, self.arrive, frame)
        if self._loss or self.faults:
            self._meet_chance(frame)
        return frame

    def _marked(self, frame: Frame) -> bytes:
        """The frame with the mark of congestion in its packet, as far as that can have one."""
        at = self.framing.packet_at(frame.bytes)
        if at is not None and self._mark is not None:
            packet = self._mark(frame.bytes[at:])
            if packet is not None:
                frame.bytes = frame.bytes[:at] + packet
                frame.reason += (
                    f"; marked with CE, as {frame.queued} frames wait already (RFC 3168 section 5)"
                )
        return frame.bytes

    def _reset(self) -> None:
        for way in self._directions.values():
            way.departures.clear()
            way.busy_until = way.last_arrival = 0
            way.held = None

    # --- what faults do to a frame in flight ------------------------------------------------

    def postpone(self, frame: Frame, extra: int, *, until_overtaken: bool = False) -> None:
        """Let it arrive `extra` ns later, or right behind the next frame where that is earlier."""
        assert frame.arrival is not None
        frame.arrival += extra
        self._sim.clock.call_at(frame.arrival, self.arrive, frame)
        if until_overtaken:
            self._directions[self._sender_of(frame)].held = frame

    def _release(self, way: _Direction, arrival: int) -> None:
        held, way.held = way.held, None
        if (
            held is not None
            and held.fate == IN_FLIGHT
            and held.arrival is not None
            and held.arrival > arrival
        ):
            held.arrival = arrival
            self._sim.clock.call_at(arrival, self.arrive, held)

    def copy(self, frame: Frame, by: str) -> None:
        """Send it once more."""
        sender = self._sender_of(frame)
        copy = self.transmit(sender, frame.bytes, f"duplicated by {by}", frame, frame)
        copy.note_fault(f"a copy of frame {frame.id}, made by {by}")
