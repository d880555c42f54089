"""A network interface: the place where a host is plugged into a link."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERNET
from netlab.link.framing import Framing, LinkFrame
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation
from netlab.units import count

if TYPE_CHECKING:
    from netlab.link.link import Link

DEFAULT_MTU = 1500
"""The largest payload of an Ethernet frame, in bytes (RFC 894)."""

Handler = Callable[["Interface", LinkFrame], None]


class Interface:
    """An interface of one host, whatever the medium that it is plugged into.

    `mtu` is the largest packet in bytes, `mac` its address on a medium that has such (`resolves`
    tells whether the present one has). `handlers` maps an EtherType to what takes such packets.
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
        self.link: Link | None = None
        self.framing: Framing = ETHERNET
        self.resolves = ETHERNET.resolves
        self.handlers: dict[int, Handler] = {}
        self._sim = sim

    @property
    def title(self) -> str:
        """Host and name, such as ``alice:eth0``."""
        return f"{self.host}:{self.name}"

    def __repr__(self) -> str:
        address = f"{self.mac}, " if self.resolves else ""
        return f"<interface {self.title}, {address}on {self.link.name if self.link else 'no link'}>"

    def plug_into(self, link: "Link") -> None:
        """Called by a link that has taken this interface for one of its ends."""
        self.name = self.name.replace(self.framing.prefix, link.framing.prefix)
        self.link = link
        self.framing = link.framing
        self.resolves = link.framing.resolves

    def send(
        self, dst: MacAddress, ethertype: int, payload: bytes, reason: str, cause: Event | None
    ) -> None:
        """Put `payload` in a frame for `dst` and send it; `reason` and `cause` go on record."""
        self.send_frame(self.framing.pack(dst, self.mac, ethertype, payload), reason, cause)

    def send_frame(self, data: bytes, reason: str, cause: Event | None) -> None:
        """Send bytes that are a frame already."""
        if self.link is not None:
            self.link.transmit(self, data, reason, cause)
        else:
            self.discard("no cable is plugged in", reason)

    def receive(self, data: bytes) -> None:
        """A frame has arrived: pass it up if it is for this interface (or for everybody)."""
        self.framing.receive(self, data)

    def discard(self, why: str, reason: str = "") -> None:
        """Record that a frame ends here, and why."""
        self._sim.record(
            self.host, "link", "discarded", {"interface": self.name, "why": why}, reason
        )
