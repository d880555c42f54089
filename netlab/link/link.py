"""What every link is: two ends, a medium between them, and faults that may sit on it."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from netlab.errors import ConfigurationError
from netlab.link.chance import GilbertElliott, losses
from netlab.link.ethernet import Ethernet
from netlab.link.faults import Faults
from netlab.link.frame import DELIVERED, DROPPED, IN_FLIGHT, Frame
from netlab.link.framing import Framing
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation
from netlab.units import duration, probability
from netlab.units import rate as bits_per_second

if TYPE_CHECKING:
    from netlab.link.interface import Interface


class Link(Faults):
    """A link between two interfaces, its `ends`. `framing` tells how its medium frames packets.

    `delay` is in ns, `rate` in bit/s (None: no limit), `loss` the probability with which any frame
    is lost, or a model of bursts (`GilbertElliott`). `name` must be the network's only one, for it
    names the link's streams of chance.
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
        name: str = "",
        framing: type[Framing] = Ethernet,
        frame_type: type[Frame] = Frame,
    ) -> None:
        for interface in (a, b):
            if interface.link is not None:
                raise ConfigurationError(
                    f"{interface.title} is plugged into {interface.link.name} already;"
                    " an interface takes one cable"
                )
        if a.host == b.host:
            raise ConfigurationError(f"both ends of the cable are on {a.host}; it joins two hosts")
        super().__init__(sim, name or f"{a.host}-{b.host}", (a.host, b.host))
        self.ends = (a, b)
        self.framing = framing
        self._delay = duration(delay, "delay")
        self._rate = None if rate is None else bits_per_second(rate, "rate")
        self._loss_stream = sim.stream(f"loss on {self.name}")
        self.loss = loss
        self._frame_type = frame_type
        self._whole = True
        self._up = True

    def _plug_in(self) -> None:
        """Called at the end of the making of a link, when nothing can go wrong any more."""
        for end in self.ends:
            end.plug_into(self, self.framing)

    @property
    def linktype(self) -> int:
        """The number by which captures know what its frames begin with."""
        return self.framing.linktype

    @property
    def loss(self) -> float:
        """The probability with which any frame is lost, 0.0 to 1.0, or a model of bursts."""
        return self._loss

    @loss.setter
    def loss(self, value: float) -> None:
        self._loss = value if isinstance(value, GilbertElliott) else probability(value, "loss")
        random = self._loss_stream.random
        self._is_lost = {end.host: losses(self._loss, random) for end in self.ends}

    @property
    def delay_ns(self) -> int:
        """How long a frame is under way, once it is on the wire (ns)."""
        return self._delay

    @delay_ns.setter
    def delay_ns(self, value: int) -> None:
        self._delay = duration(value, "delay_ns")

    @property
    def rate_bps(self) -> int | None:
        """How fast frames are put on the wire (bit/s); None: no limit."""
        return self._rate

    @rate_bps.setter
    def rate_bps(self, value: int | None) -> None:
        self._set_rate(value)

    def _set_rate(self, value: int | None) -> None:
        self._rate = None if value is None else bits_per_second(value, "rate_bps")

    @property
    def is_up(self) -> bool:
        """Whether frames can pass: it isn't down, and neither is an interface at an end."""
        return self._up

    # --- up and down ------------------------------------------------------------------------

    def down(self, why: str = "the cable was taken out") -> None:
        """Take it out: what is on its way or waits to be sent is lost, both ends notice at once."""
        self._whole = False
        self.settle(why)

    def up(self, why: str = "the cable was plugged in again") -> None:
        """Plug it in again."""
        self._whole = True
        self.settle(why)

    def settle(self, why: str) -> None:
        """Go up or down, as its own state and that of its ends asks for now."""
        up = self._whole and all(end.enabled for end in self.ends)
        if up == self._up:
            return
        self._up = up
        for end in self.ends:
            end.carrier(self if up else None, why)
        if not up:
            for frame in list(self._in_flight.values()):
                self.lose(frame, f"{self.name} went down")
            self._reset()

    # --- sending ----------------------------------------------------------------------------

    @property
    @abstractmethod
    def queue_lengths(self) -> dict[str, int]:
        """How many frames wait at each end now, beside the one that is being sent, by host."""

    @abstractmethod
    def transmit(
        self, sender: "Interface", data: bytes, reason: str, cause: Event | None
    ) -> Frame | None:
        """Take a frame from `sender`'s interface. What becomes of it is in the frame returned.

        None where it must wait first, and becomes a frame on this link only later.
        """

    @abstractmethod
    def _reset(self) -> None:
        """Forget what waits to be sent: the link has gone down."""

    def _new_frame(
        self,
        sender: "Interface",
        receiver: "Interface",
        data: bytes,
        reason: str,
        cause: Event | None,
    ) -> Frame:
        recorder = self._sim.recorder
        frame = self._frame_type(
            recorder.next_frame_id(),
            recorder.next_number,
            self._sim.clock.now,
            sender.host,
            receiver.host,
            self,
            data,
            cause,
            reason,
        )
        if recorder.enabled:
            recorder.keep(frame)
        return frame

    def _meet_chance(self, frame: Frame) -> None:
        """Let loss and faults strike a frame that has just been sent."""
        if self._loss and self._is_lost[frame.host]():
            bursts = isinstance(self._loss, GilbertElliott)
            self.lose(
                frame,
                "a burst of losses" if bursts else f"random loss (probability {self._loss:g})",
            )
        elif self.faults:
            self._strike(frame)

    def arrive(self, frame: Frame) -> None:
        """The last bit is there, unless the frame was lost or postponed meanwhile."""
        sim = self._sim
        clock = sim.clock
        if frame.fate != IN_FLIGHT:
            return
        assert frame.arrival is not None
        assert frame.received is not None
        if frame.arrival > clock.now:
            return
        frame.fate = DELIVERED
        del self._in_flight[frame.id]
        clock.cause = frame
        recorder = sim.recorder
        if recorder.enabled:  # as `record_cause` does, but this is for each frame
            clock.cause = event = Event(
                recorder.next_number,
                clock.now,
                frame.receiver,
                "link",
                "delivered",
                {"frame": frame.id},
                frame,
                "",
            )
            recorder.keep(event)
        a, b = self.ends
        receiver = b if frame.host == a.host else a
        if frame.wire_received is None:
            # Nothing touched it. The receiver would compute the check sequence of the very bytes
            # for which the sender did, and find it right.
            receiver.receive(frame.received)
        else:
            receiver.receive_wire(frame.wire_received)

    def _sender_of(self, frame: Frame) -> "Interface":
        a, b = self.ends
        return a if frame.sender == a.host else b

    # --- what faults do to a frame in flight ------------------------------------------------

    def lose(self, frame: Frame, by: str) -> None:
        """Let it never arrive; `by` says what took it."""
        frame.fate = DROPPED
        frame.note_fault(f"lost: {by}")
        self._in_flight.pop(frame.id, None)
        clock = self._sim.clock
        cause, clock.cause = clock.cause, frame
        self._sim.record(frame.host, "link", "dropped", {"frame": frame.id, "by": by})
        clock.cause = cause

    def flip(self, frame: Frame, bit: int, *, in_device: bool) -> None:
        """Flip a bit on the wire, or of the frame in a device that then puts a right FCS on it."""
        octets = bytearray(self.octets(frame, in_device=in_device))
        octets[bit // 8] ^= 0x80 >> (bit % 8)
        damaged = bytes(octets)
        if in_device:
            frame.received = damaged
            frame.wire_received = self.framing.wire(damaged)
        else:
            frame.received = self.framing.frame_in(damaged)
            frame.wire_received = damaged

    def octets(self, frame: Frame, *, in_device: bool) -> bytes:
        """What of a frame in flight can be damaged on the wire, or in a device."""
        assert frame.received is not None
        if in_device:
            return frame.received
        return frame.wire_received or self.framing.wire(frame.received)
