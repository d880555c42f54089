"""Two bare interfaces on a cable, for tests of links without a stack above."""

from typing import Any

from netlab.link.address import MacAddress
from netlab.link.cable import Cable
from netlab.link.ethernet import EthernetFrame
from netlab.link.frame import Frame
from netlab.link.interface import Interface
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation

ETHERTYPE = 0x88B5
"""For experiments of anybody's own (IEEE 802 section 9.2.3)."""


class Bench:
    """`a` and `b` on a `cable`; `arrived` are the times and payloads of what came to either."""

    def __init__(self, seed: int = 0, **cable: Any) -> None:
        self.sim = Simulation(seed)
        self.a = Interface(self.sim, "a", "eth0", MacAddress(0x020000000001))
        self.b = Interface(self.sim, "b", "eth0", MacAddress(0x020000000002))
        self.cable = Cable(self.sim, self.a, self.b, **cable)
        self.arrived: list[tuple[int, bytes]] = []
        for interface in (self.a, self.b):
            interface.handlers[ETHERTYPE] = self._take

    def send(self, payload: bytes | str = b"", back: bool = False) -> Frame:
        """Send from a to b, or `back` from b to a."""
        data = payload.encode() if isinstance(payload, str) else payload
        sender, receiver = (self.b, self.a) if back else (self.a, self.b)
        packed = EthernetFrame(receiver.mac, sender.mac, ETHERTYPE, data).pack()
        return self.cable.transmit(sender, packed, "a test", None)

    def send_all(self, letters: str) -> list[Frame]:
        """A frame for each letter, all at once."""
        return [self.send(letter) for letter in letters]

    def run(self, until: int | None = None) -> str:
        """Let everything happen; the payloads that have arrived, in their order."""
        self.sim.clock.run(until)
        return self.text

    @property
    def text(self) -> str:
        """All payloads that have arrived."""
        return b"".join(payload for _, payload in self.arrived).decode("latin-1")

    @property
    def times(self) -> list[int]:
        """When they arrived."""
        return [time for time, _ in self.arrived]

    @property
    def frames(self) -> list[Frame]:
        """What was sent."""
        return [event for event in self.events if isinstance(event, Frame)]

    @property
    def events(self) -> list[Event]:
        """What is on record."""
        return self.sim.recorder.events

    def _take(self, interface: Interface, frame: EthernetFrame) -> None:
        self.arrived.append((self.sim.clock.now, frame.payload))
