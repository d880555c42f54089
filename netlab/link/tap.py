"""A tap: it sees every frame that passes an interface, as a packet sniffer on a real host does."""

from collections.abc import Callable

from netlab.link.address import MacAddress
from netlab.link.interface import Interface
from netlab.sim.recording import Event

See = Callable[[bytes, bool], None]
"""Called with a frame, and whether it goes out."""


class Tap:
    """Shows `see` each frame of `interface`, in and out, until `close()`. Taps may be many.

    A frame that comes in is shown before the interface looks whether it is for this host. A tap
    stands in for the methods of the one interface it is on, so that no other pays for it.
    """

    def __init__(self, interface: Interface, see: See) -> None:
        self._interface = interface
        self._see = see
        self._taps: list[Tap] = vars(interface).setdefault("taps", [])
        self._taps.append(self)
        if len(self._taps) == 1:
            self._plug_in()

    def close(self) -> None:
        """See no more. Closing twice is harmless."""
        if self in self._taps:
            self._taps.remove(self)
            if not self._taps:
                for name in ("receive", "send", "send_frame"):
                    del vars(self._interface)[name]

    def _plug_in(self) -> None:
        interface, taps = self._interface, self._taps
        receive, send_frame = interface.receive, interface.send_frame

        def tapped_receive(data: bytes) -> None:
            for tap in tuple(taps):
                tap._see(data, False)
            receive(data)

        def tapped_send_frame(data: bytes, reason: str, cause: Event | None) -> None:
            if interface.is_up:
                data = interface.framing.complete(data)
                for tap in tuple(taps):
                    tap._see(data, True)
            send_frame(data, reason, cause)

        def tapped_send(
            dst: MacAddress, ethertype: int, payload: bytes, reason: str, cause: Event | None
        ) -> None:
            data = interface.framing.pack(dst, ethertype, payload)
            tapped_send_frame(data, reason, cause)

        vars(interface).update(
            receive=tapped_receive, send=tapped_send, send_frame=tapped_send_frame
        )
