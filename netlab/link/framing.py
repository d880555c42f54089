"""What a medium makes of a packet: how it is framed, checked, and whom a frame that arrives is for.

An interface is the same whatever it is plugged into. The link that takes it brings the framing:
Ethernet, PPP on a serial line, or none at all.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from netlab.link.address import MacAddress
    from netlab.link.interface import Interface


class LinkFrame(Protocol):
    """What an interface passes up, whichever the medium: the packet, and how it came."""

    @property
    def ethertype(self) -> int:
        """What the payload is, by the numbers of Ethernet: `ETHERTYPE_IPV4`, ..."""

    @property
    def payload(self) -> bytes:
        """The packet, perhaps with padding behind it."""

    @property
    def is_broadcast(self) -> bool:
        """Whether it was sent to all stations on the link."""


@dataclass(slots=True)
class Packet:
    """A packet from a medium that has two ends, and so no need of addresses."""

    ethertype: int
    payload: bytes
    is_broadcast: bool = False


class Framing(ABC):
    """How one interface puts packets on its medium, and takes them from there.

    A *frame* is what captures show: header and payload. The octets on the *wire* are more: a check
    sequence, and whatever else the medium asks for.
    """

    name: ClassVar[str]
    """What a person calls the medium."""
    linktype: ClassVar[int]
    """The number by which captures know what a frame begins with."""
    prefix: ClassVar[str]
    """What interfaces are called by, such as the `eth` of eth0."""
    hardware: ClassVar[str]
    """What `ip link` calls an interface's hardware: ether, ppp, none."""
    resolves: ClassVar[bool] = False
    """Whether a neighbour has an address of the link's own, to be found before sending (by ARP)."""
    trailer: ClassVar[int | None] = 0
    """How many octets longer a frame is on the wire; None where that depends on its bytes."""

    def __init__(self, interface: "Interface") -> None:
        self._interface = interface

    @abstractmethod
    def pack(self, dst: "MacAddress", ethertype: int, payload: bytes) -> bytes:
        """The frame around a packet; `dst` is read only where the link has addresses.

        Raises `ConfigurationError` where a field doesn't fit.
        """

    @abstractmethod
    def receive(self, data: bytes) -> None:
        """Hand what is in a frame to the handler for it, or discard it and say why."""

    def complete(self, data: bytes) -> bytes:
        """What the interface makes of a frame that somebody else has built."""
        return data

    @classmethod
    def packet_at(cls, data: bytes) -> int | None:
        """Where in a frame the IPv4 packet begins; None where there is none."""
        return 0

    @classmethod
    def fcs(cls, data: bytes) -> bytes:
        """The frame check sequence behind a frame, as on the wire; b"" on a medium without."""
        return b""

    @classmethod
    def wire(cls, data: bytes) -> bytes:
        """All octets that travel for a frame."""
        return data + cls.fcs(data)

    @classmethod
    def frame_in(cls, wire: bytes) -> bytes:
        """The frame in the octets of one, as far as they still make sense; nothing is checked."""
        return wire[: len(wire) - len(cls.fcs(b""))]

    @classmethod
    def is_intact(cls, wire: bytes) -> bool:
        """Whether the check sequence in the octets of a frame is right."""
        return cls.wire(cls.frame_in(wire)) == wire

    def receive_wire(self, wire: bytes) -> None:
        """Take in octets that may not be what was sent."""
        if self.is_intact(wire):
            self._interface.receive(self.frame_in(wire))
        else:
            self._fcs_is_wrong(len(wire))

    # --- for the framings -------------------------------------------------------------------

    def _fcs_is_wrong(self, size: int) -> None:
        rx = self._interface.rx
        rx.errors += 1
        rx.crc_errors += 1
        self._interface.discard(f"FCS wrong: {size} octets were damaged on the way, none is used")

    def _hand_up(self, frame: LinkFrame) -> None:
        """Give a frame to whoever takes its EtherType on this interface."""
        interface = self._interface
        handler = interface.handlers.get(frame.ethertype)
        if handler is None:
            interface.rx.dropped += 1
            interface.discard(f"nobody here takes EtherType 0x{frame.ethertype:04x}")
        else:
            handler(interface, frame)
