"""A packet sniffer: it sees every frame that passes an interface."""

from collections.abc import Callable

from netlab.link.address import MacAddress
from netlab.link.interface import Interface
from netlab.sim.recording import Event

See = Callable[[bytes, bool], None]
"""Called with a frame, and whether it goes out."""


class Sniffer:
    """Shows `see` each frame of `interface`, in and out, until `close()`. There may be many.

    A frame that comes in is shown before the interface looks whether it is for this host. It
    stands in for the methods of the one interface it is on, so that no other pays for it.
    """

    def __init__(self, interface: Interface, see: See) -> None:
        self._interface = interface
        self._see = see
        self._sniffers: list[Sniffer] = vars(interface).setdefault("sniffers", [])
        self._sniffers.append(self)
        if len(self._sniffers) == 1:
            self._plug_in()

    def close(self) -> None:
        """See no more. Closing twice is harmless."""
        if self in self._sniffers:
            self._sniffers.remove(self)
            if not self._sniffers:
                for name in ("receive", "send", "send_frame"):
                    del vars(self._interface)[name]

    def _plug_in(self) -> None:
        interface, sniffers = self._interface, self._sniffers
        receive, send_frame = interface.receive, interface.send_frame

        def sniffed_receive(data: bytes) -> None:
            for each in tuple(sniffers):
                each._see(data, False)
            receive(data)

        def sniffed_send_frame(data: bytes, reason: str, cause: Event | None) -> None:
            if interface.is_up:
                data = interface.framing.complete(data)
                for each in tuple(sniffers):
                    each._see(data, True)
            send_frame(data, reason, cause)

        def sniffed_send(
            dst: MacAddress, ethertype: int, payload: bytes, reason: str, cause: Event | None
        ) -> None:
            data = interface.framing.pack(dst, ethertype, payload)
            sniffed_send_frame(data, reason, cause)

        vars(interface).update(
            receive=sniffed_receive, send=sniffed_send, send_frame=sniffed_send_frame
        )
