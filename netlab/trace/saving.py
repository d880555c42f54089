"""Which packets a capture of a run holds, and what is noted beside them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netlab.link.frame import DELIVERED
from netlab.trace.capture import INBOUND, OUTBOUND, CaptureInterface, Packet
from netlab.trace.captured import REASON, CapturedFrame
from netlab.trace.frame import Frame

if TYPE_CHECKING:
    from netlab.link.link import Link


def packets_seen(frames: Iterable[Frame], at: str | None, start: int) -> list[Packet]:
    """Every frame once, when it was sent; or, with `at`, what the interfaces of that host saw.

    A host sees what it sends, and what arrives as it arrives: late, twice, damaged or not at all.
    `start` is added to each time.
    """
    interfaces: dict[tuple[Any, str], CaptureInterface] = {}
    packets = []

    def see(frame: Frame, host: str, time: int, data: bytes, direction: str) -> None:
        end = (frame.link, host)
        if end not in interfaces:
            interfaces[end] = _interface(*end)
        packets.append(
            Packet(time + start, data, len(data), interfaces[end], direction, _comments(frame))
        )

    for frame in frames:
        if isinstance(frame, CapturedFrame):
            if at in (None, frame.sender, frame.receiver):
                packets.append(replace(frame.packet, time=frame.time + start))
            continue
        if at in (None, frame.sender):
            see(frame, frame.sender, frame.time, frame.bytes, OUTBOUND)
        received = frame.received if frame.is_intact else None  # what the hardware let through
        if at == frame.receiver and frame.fate == DELIVERED and received is not None:
            assert frame.arrival is not None
            see(frame, frame.receiver, frame.arrival, received, INBOUND)
    return sorted(packets, key=lambda packet: packet.time or 0)


def _interface(link: "Link", host: str) -> CaptureInterface:
    end = next(end for end in link.ends if end.host == host)
    mac = end.mac.packed if end.resolves else b""
    return CaptureInterface(f"{end.title} ({link.name})", link.linktype, mac, link.rate_bps)


def _comments(frame: Frame) -> list[str]:
    """What the frame was and why it was sent; and what was done to it on its way."""
    comment = f"frame {frame.id}: {frame.label}, {frame.sender} > {frame.receiver}"
    if frame.reason:
        comment += f"{REASON}{frame.reason}"
    return [comment, frame.fault] if frame.fault else [comment]
