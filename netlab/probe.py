"""A probe: the bare end of a link, with no stack behind it. It sends what it is given, and only that."""

from typing import TYPE_CHECKING

from netlab.link.address import MacAddress
from netlab.link.ethernet import EthernetFrame
from netlab.link.frame import Frame as Transmission
from netlab.link.interface import Interface
from netlab.sim.program import Signal
from netlab.sim.simulation import Simulation
from netlab.trace.frame import Frame
from netlab.units import duration

if TYPE_CHECKING:
    from scapy.packet import Packet


class ProbeInterface(Interface):
    """It takes in every frame, whomever it is for, and keeps it."""

    def __init__(self, probe: "Probe", mac: MacAddress) -> None:
        super().__init__(probe.sim, probe.name, "eth0", mac)
        self._probe = probe

    def receive(self, data: bytes) -> None:
        self.rx.packets += 1
        self.rx.bytes += len(data)
        event = self._sim.clock.cause  # the arrival of the frame that is handled now
        while event is not None and not isinstance(event, Transmission):
            event = event.cause
        if isinstance(event, Frame):
            self._probe.take(event)


class Probe:
    """A probe. `received` are the frames that came, in their order, with their layers.

    What its hardware finds damaged isn't among them. Nothing is ever answered by itself.
    """

    def __init__(self, sim: Simulation, name: str, mac: MacAddress) -> None:
        self.sim = sim
        self.name = name
        self.interface = ProbeInterface(self, mac)
        self.received: list[Frame] = []
        self._read = 0
        self._came = Signal(sim.clock)

    def __repr__(self) -> str:
        link = self.interface.link
        return f"<probe {self.name} on {link.name if link else 'no link'}: {len(self.received)} frames>"

    def send(self, packet: "bytes | EthernetFrame | Packet") -> None:
        """Send a whole frame as it is: bytes, an `EthernetFrame`, or a Scapy packet.

        It begins with what frames on this link begin with. As hardware does, a short Ethernet frame
        is filled up with zeros. Raises `ConfigurationError` for what is no frame, and while the probe
        is on no link.
        """
        from netlab.trace.convert import inject

        inject(self.sim, self.interface, packet)

    def receive(self, timeout: int | None = None) -> Frame | None:
        """The next frame that came and wasn't asked for yet; waits for it, at most `timeout` ns.

        None when that time is over. Without one, nothing being left that could come is an error
        (`DeadlockError`).
        """
        clock = self.sim.clock
        deadline = None if timeout is None else clock.now + duration(timeout, "timeout")
        if not clock.wait(self._came, self._is_unread, deadline, f"receive() on {self.name}"):
            return None
        self._read += 1
        return self.received[self._read - 1]

    def take(self, frame: Frame) -> None:
        """Called by the interface."""
        self.received.append(frame)
        self._came.notify()

    def _is_unread(self) -> bool:
        return self._read < len(self.received)
