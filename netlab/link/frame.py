"""One transmission of one frame over one link, and what became of it."""

from typing import TYPE_CHECKING, Any

from netlab.sim.recording import Event

if TYPE_CHECKING:
    from netlab.link.link import Link

IN_FLIGHT = "in flight"
DELIVERED = "delivered"
DROPPED = "dropped"


class Frame(Event):
    """An event of kind "sent": `sender` put `bytes` on `link` at `time`, for `receiver`.

    `id` numbers the frames of a run 1, 2, 3, ... in the order of sending. `fate` is one of
    `IN_FLIGHT`, `DELIVERED`, `DROPPED`. `arrival` is when it arrives or would have (ns), None where
    it never got onto the wire. `fault` tells what was done to it and by what ("" for nothing),
    `received` holds the bytes as they arrived (they differ from `bytes` in a corrupted frame),
    and `copy_of` the id of the frame that a fault duplicated to make this one. `queued` is how many
    frames waited to be sent when this one came to wait behind them.

    `bytes` is what captures show; on the medium there is more (`wire`), such as the frame check
    sequence (`fcs`). `wire_received` are the octets that arrived, where somebody must look at them:
    those of a serial line, and of a frame that a fault touched on its way; None else.
    """

    __slots__ = (
        "arrival",
        "bytes",
        "copy_of",
        "fate",
        "fault",
        "id",
        "link",
        "queued",
        "received",
        "receiver",
        "wire_received",
    )

    def __init__(
        self,
        frame_id: int,
        number: int,
        time: int,
        sender: str,
        receiver: str,
        link: "Link",
        data: bytes,
        cause: Event | None,
        reason: str,
    ) -> None:
        self.id = frame_id
        self.number = number
        self.time = time
        self.host = sender
        self.layer = "link"
        self.kind = "sent"
        self.fields: dict[str, Any] = _NO_FIELDS
        self.cause = cause
        self.reason = reason
        self.receiver = receiver
        self.link = link
        self.bytes = data
        self.received: bytes | None = None
        self.wire_received: bytes | None = None
        self.fate = IN_FLIGHT
        self.arrival: int | None = None
        self.fault = ""
        self.copy_of: int | None = None
        self.queued = 0

    @property
    def sender(self) -> str:
        """The name of the host that sent it."""
        return self.host

    @property
    def fcs(self) -> bytes:
        """The frame check sequence that was sent behind it; b"" on a medium without."""
        return self.link.framing.fcs(self.bytes)

    @property
    def wire(self) -> bytes:
        """All octets that were put on the medium."""
        return self.link.framing.wire(self.bytes)

    @property
    def corrupted(self) -> bool:
        """Whether what arrived differs from what was sent, in the frame or its check sequence."""
        return (self.received is not None and self.received != self.bytes) or (
            self.wire_received is not None and self.wire_received != self.wire
        )

    @property
    def is_intact(self) -> bool:
        """Whether the check sequence that arrived is right for what arrived."""
        return self.wire_received is None or self.link.framing.is_intact(self.wire_received)

    def note_fault(self, text: str) -> None:
        """Add to the account of what was done to this frame."""
        self.fault = f"{self.fault}; {text}" if self.fault else text

    def __repr__(self) -> str:
        way = f"{self.sender} to {self.receiver}"
        return f"<frame {self.id}: {way}, {len(self.bytes)} bytes, {self.fate}>"


_NO_FIELDS: dict[str, Any] = {}
