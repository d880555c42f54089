"""What every link is: two ends, a medium between them, and faults that may sit on it."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from netlab.errors import ConfigurationError
from netlab.link.ethernet import ETHERNET
from netlab.link.faults import Faults
from netlab.link.frame import Frame
from netlab.link.framing import Framing
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation
from netlab.units import duration, probability
from netlab.units import rate as bits_per_second

if TYPE_CHECKING:
    from netlab.link.interface import Interface


class Link(Faults):
    """A link between two interfaces, its `ends`. `framing` is how its medium frames packets.

    `delay` is in ns, `rate` in bit/s (None: no limit), `loss` the probability with which any frame
    is lost. `name` must be the network's only one, for it names the link's streams of chance.
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
        framing: Framing = ETHERNET,
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
        self.loss = loss
        self._frame_type = frame_type
        self._loss_stream = sim.stream(f"loss on {self.name}")

    @property
    def linktype(self) -> int:
        """The number by which captures know what its frames begin with."""
        return self.framing.linktype

    @property
    def loss(self) -> float:
        """The probability with which any frame is lost, 0.0 to 1.0."""
        return self._loss

    @loss.setter
    def loss(self, value: float) -> None:
        self._loss = probability(value, "loss")

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
        self._rate = None if value is None else bits_per_second(value, "rate_bps")

    @abstractmethod
    def transmit(
        self, sender: "Interface", data: bytes, reason: str, cause: Event | None
    ) -> Frame | None:
        """Take a frame from `sender`'s interface. What becomes of it is in the frame returned.

        None where it must wait first, and becomes a frame on this link only later.
        """
