"""A network interface: the place where a host is plugged into a link."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.counters import Received, Sent, table
from netlab.link.ethernet import Ethernet
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
    tells whether the present one has). `handlers` maps an EtherType to what takes such packets, and
    what is in `on_up` is called whenever it has come up, in `on_down` whenever it has gone down.
    """

    def __init__(
        self, sim: Simulation, host: str, name: str, mac: MacAddress, mtu: int = DEFAULT_MTU
    ) -> None:
        self.host = host
        self.name = name
        self.mac = mac
        self.mtu = checked_mtu(host, mtu)
        self.link: Link | None = None
        self.framing: Framing = Ethernet(self)
        self.resolves = self.framing.resolves
        self.handlers: dict[int, Handler] = {}
        self.on_up: list[Callable[[], None]] = []
        self.on_down: list[Callable[[], None]] = []
        self.rx = Received()
        self.tx = Sent()
        self.enabled = True
        self._outlet: Link | None = None  # the link, while something can be sent
        self._sim = sim

    @property
    def title(self) -> str:
        """Host and name, such as ``alice:eth0``."""
        return f"{self.host}:{self.name}"

    @property
    def is_up(self) -> bool:
        """Whether something can be sent: it is plugged in, and so is the other end."""
        return self._outlet is not None

    def __repr__(self) -> str:
        address = f"{self.mac}, " if self.resolves else ""
        return f"<interface {self.title}, {address}on {self.link.name if self.link else 'no link'}>"

    @property
    def statistics(self) -> str:
        """State and counters, in the manner of `ip -s link`."""
        flags = "BROADCAST,MULTICAST" if self.resolves else "POINTOPOINT"
        if not self.is_up:
            flags = f"NO-CARRIER,{flags}"
        if self.enabled:
            flags += ",UP"
        if self.is_up:
            flags += ",LOWER_UP"
        address = f" {self.mac} brd {MacAddress.BROADCAST}" if self.resolves else ""
        return (
            f"{self.name}: <{flags}> mtu {self.mtu} state {'UP' if self.is_up else 'DOWN'}\n"
            f"    link/{self.framing.hardware}{address}\n{table(self.rx, self.tx)}"
        )

    # --- up and down ------------------------------------------------------------------------

    def plug_into(self, link: "Link", framing: type[Framing]) -> None:
        """Called by a link that has taken this interface for one of its ends."""
        self.link = self._outlet = link
        self.name = self.name.replace(self.framing.prefix, framing.prefix)
        self.framing = framing(self)
        self.resolves = framing.resolves
        self._tell(self.on_up)

    def down(self, why: str = "it was set down by hand") -> None:
        """Turn it off. The other end notices, for the link is down then; see `Link.down`."""
        self._enable(False, why)

    def up(self, why: str = "it was set up by hand") -> None:
        """Turn it on again."""
        self._enable(True, why)

    def _enable(self, enabled: bool, why: str) -> None:
        self.enabled = enabled
        if self.link is not None:
            self.link.settle(f"{self.title}: {why}")

    def carrier(self, link: "Link | None", why: str) -> None:
        """Called by a link that has come up, or (None) gone down."""
        self._outlet = link
        fields = {"interface": self.name, "state": "DOWN" if link is None else "UP"}
        self._sim.record(self.host, "link", "carrier", fields, why)
        self._tell(self.on_down if link is None else self.on_up)

    def _tell(self, actions: list[Callable[[], None]]) -> None:
        for action in list(actions):
            action()

    # --- frames -----------------------------------------------------------------------------

    def send(
        self, dst: MacAddress, ethertype: int, payload: bytes, reason: str, cause: Event | None
    ) -> None:
        """Put `payload` in a frame for `dst` and send it; `reason` and `cause` go on record."""
        link = self._outlet
        if link is not None:
            link.transmit(self, self.framing.pack(dst, ethertype, payload), reason, cause)
        else:
            self._no_carrier(reason)

    def send_frame(self, data: bytes, reason: str, cause: Event | None) -> None:
        """Send bytes that are a frame already. What Ethernet asks to be longer is filled up."""
        link = self._outlet
        if link is not None:
            link.transmit(self, self.framing.complete(data), reason, cause)
        else:
            self._no_carrier(reason)

    def receive(self, data: bytes) -> None:
        """A frame has arrived: pass it up if it is for this interface (or for everybody)."""
        rx = self.rx
        rx.packets += 1
        rx.bytes += len(data)
        self.framing.receive(data)

    def receive_wire(self, wire: bytes) -> None:
        """Octets have arrived that must be looked at: what is whole in them is received."""
        self.framing.receive_wire(wire)

    def discard(self, why: str, reason: str = "") -> None:
        """Record that a frame ends here, and why."""
        self._sim.record(
            self.host, "link", "discarded", {"interface": self.name, "why": why}, reason
        )

    def _no_carrier(self, reason: str) -> None:
        self.tx.carrier += 1
        what = "no cable is plugged in" if self.link is None else f"{self.link.name} is down"
        self.discard(what, reason)


def checked_mtu(where: str, mtu: object) -> int:
    """`mtu` in bytes, which every link must have 68 of (RFC 791 section 3.2)."""
    number = count(mtu, "mtu")
    if not 68 <= number <= 65_535:
        raise ConfigurationError(
            f"{where}: an MTU is from 68 to 65535 bytes (RFC 791); got {mtu!r}"
        )
    return number
