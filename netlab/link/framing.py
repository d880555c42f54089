"""What a medium makes of a packet: how it is framed, and whom a frame that arrives is for.

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


class Framing(ABC):
    """One way to put packets on a medium. There is one object of each kind, without a state.

    `linktype` is the number by which captures know it, `prefix` what its interfaces are called by,
    such as eth0. `resolves` tells whether a neighbour has an address of the link's own, which must
    be found (by ARP) before anything can be sent to it.
    """

    name: ClassVar[str]
    linktype: ClassVar[int]
    prefix: ClassVar[str]
    resolves: ClassVar[bool] = False

    @abstractmethod
    def pack(self, dst: "MacAddress", src: "MacAddress", ethertype: int, payload: bytes) -> bytes:
        """The frame around a packet. Where there are but two stations, nobody reads the addresses.

        Raises `ConfigurationError` where a field doesn't fit.
        """

    @abstractmethod
    def receive(self, interface: "Interface", data: bytes) -> None:
        """Hand what is in a frame to the handler for it, or discard it and say why."""


@dataclass(slots=True)
class Packet:
    """A packet from a medium that has two ends, and so no need of addresses."""

    ethertype: int
    payload: bytes
    is_broadcast: bool = False


def hand_up(interface: "Interface", frame: LinkFrame) -> None:
    """Give a frame to whoever takes its EtherType on this interface."""
    handler = interface.handlers.get(frame.ethertype)
    if handler is None:
        interface.discard(f"nobody here takes EtherType 0x{frame.ethertype:04x}")
    else:
        handler(interface, frame)
