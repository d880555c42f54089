"""Which packets a capture of a run holds, and what is noted beside them."""

from collections.abc import Iterable
from typing import Any

from netlab.link.frame import DELIVERED
from netlab.trace.capture import INBOUND, OUTBOUND, CaptureInterface, Packet
from netlab.trace.captured import REASON, CapturedFrame
from netlab.trace.frame import Frame


def packets_seen(frames: Iterable[Frame], at: str | None, start: int) -> list[Packet]:
    """Every frame once, when it was sent; or, with `at`, what the interfaces of that host saw.

    A host sees what it sends, and what arrives as it arrives: late, twice, damaged or not at all.
    `start` is added to each time.
    """
    interfaces = _Interfaces()
    packets = []
    for frame in frames:
        if isinstance(frame, CapturedFrame):
            if at in (None, frame.sender, frame.receiver):
                packets.append(_captured_again(frame, start))
            continue
        comments = _comments(frame)
        if at in (None, frame.sender):
            interface = interfaces.find(frame, frame.sender)
            packets.append(
                Packet(
                    frame.time + start,
                    frame.bytes,
                    len(frame.bytes),
                    interface,
                    OUTBOUND,
                    comments,
                )
            )
        received = frame.received if frame.is_intact else None  # what the hardware let through
        if at == frame.receiver and frame.fate == DELIVERED and received is not None:
            assert frame.arrival is not None
            interface = interfaces.find(frame, frame.receiver)
            packets.append(
                Packet(
                    frame.arrival + start,
                    received,
                    len(received),
                    interface,
                    INBOUND,
                    comments,
                )
            )
    packets.sort(key=_time)
    return packets


class _Interfaces:
    """One description for each end of each link, made when it is first needed."""

    def __init__(self) -> None:
        self._found: dict[tuple[Any, str], CaptureInterface] = {}

    def find(self, frame: Frame, host: str) -> CaptureInterface:
        link = frame.link
        found = self._found.get((link, host))
        if found is None:
            end = next(end for end in link.ends if end.host == host)
            found = CaptureInterface(
                f"{end.title} ({link.name})",
                link.linktype,
                end.mac.packed if end.resolves else b"",
                link.rate_bps,
            )
            self._found[link, host] = found
        return found


def _captured_again(frame: CapturedFrame, start: int) -> Packet:
    return Packet(
        frame.time + start,
        frame.bytes,
        len(frame.bytes) + frame.cut,
        frame.interface,
        frame.direction,
        frame.comments,
    )


def _comments(frame: Frame) -> list[str]:
    """What the frame was and why it was sent; and what was done to it on its way."""
    comment = f"frame {frame.id}: {frame.label}, {frame.sender} > {frame.receiver}"
    if frame.reason:
        comment += f"{REASON}{frame.reason}"
    return [comment, frame.fault] if frame.fault else [comment]


def _time(packet: Packet) -> int:
    return packet.time or 0
