"""A network interface: the place where a host is plugged into a link."""

from collections.abc import Callable

from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.cable import Cable
from netlab.link.ethernet import EthernetFrame
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation
from netlab.units import count

DEFAULT_MTU = 1500
"""The largest payload of an Ethernet frame, in bytes (RFC 894)."""

Handler = Callable[["Interface", EthernetFrame], None]


class Interface:
    """An Ethernet interface of one host.

    `mtu` is in bytes of Ethernet payload. `handlers` maps an EtherType to what takes such frames.
    """

    def __init__(
        self, sim: Simulation, host: str, name: str, mac: MacAddress, mtu: int = DEFAULT_MTU
    ) -> None:
        if (
            not 68 <= count(mtu, "mtu") <= 65535
        ):  # RFC 791 section 3.2: every link must carry 68 bytes
            raise ConfigurationError(
                f"{host}: an MTU is from 68 to 65535 bytes (RFC 791); got {mtu!r}"
            )
        self.host = host
        self.name = name
        self.mac = mac
        self.mtu = mtu
        self.link: Cable | None = None
        self.handlers: dict[int, Handler] = {}
        self._sim = sim

    @property
    def title(self) -> str:
        """Host and name, such as ``alice:eth0``."""
        return f"{self.host}:{self.name}"

    def __repr__(self) -> str:
        return (
            f"<interface {self.title}, {self.mac}, on {self.link.name if self.link else 'no link'}>"
        )

    def send(
        self, dst: MacAddress, ethertype: int, payload: bytes, reason: str, cause: Event | None
    ) -> None:
        """Put `payload` in a frame for `dst` and send it; `reason` and `cause` go on record."""
        data = EthernetFrame(dst, self.mac, ethertype, payload).pack()
        if self.link is not None:
            self.link.transmit(self, data, reason, cause)
        else:
            self.discard("no cable is plugged in", reason)

    def send_frame(self, data: bytes, reason: str, cause: Event | None) -> None:
        """Send bytes that are a frame already."""
        if self.link is not None:
            self.link.transmit(self, data, reason, cause)
        else:
            self.discard("no cable is plugged in", reason)

    def receive(self, data: bytes) -> None:
        """A frame has arrived: pass it up if it is for this interface (or for everybody)."""
        if len(data) < 14:
            self.discard("shorter than an Ethernet header (14 bytes)")
            return
        frame = EthernetFrame.parse(data)
        if frame.dst != self.mac and frame.dst != MacAddress.BROADCAST:
            self.discard(f"for {frame.dst}, not for this interface")
            return
        handler = self.handlers.get(frame.ethertype)
        if handler is None:
            self.discard(f"nobody here takes EtherType 0x{frame.ethertype:04x}")
            return
        handler(self, frame)

    def discard(self, why: str, reason: str = "") -> None:
        """Record that a frame ends here, and why."""
        self._sim.record(
            self.host, "link", "discarded", {"interface": self.name, "why": why}, reason
        )
