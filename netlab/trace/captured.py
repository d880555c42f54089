"""Frames that were read from a capture, with hosts named by what the frames say of themselves."""

from collections.abc import Mapping
from typing import Any

from netlab.errors import CaptureError
from netlab.link.frame import DELIVERED, DROPPED
from netlab.sim.recording import Event, Recorder
from netlab.trace import pcap, pcapng
from netlab.trace.capture import Capture, Packet
from netlab.trace.frame import Frame
from netlab.trace.layers import ETHERTYPE_IPV6, Layers, dissect
from netlab.trace.observe import Observer
from netlab.units import s

REASON = ". Why: "
"""In netlab's own comments, what stands between the account of a frame and the reason for it."""
_DATES = 10 * 365 * 24 * 3600 * s
"""From here on a time, in ns since 1970, is a date and not how long a run took."""
_LOST = "lost: "  # stands in the account of what faults did to a frame that didn't arrive


class CapturedFrame(Frame):
    """A frame of a capture, which holds `packet`.

    Its `link` is the `CaptureInterface` that saw it. One time is known of it: it counts as arrived
    when it was seen, unless a comment of netlab's own says that it was lost.
    """

    __slots__ = ("packet",)

    def __init__(self, frame_id: int, number: int, time: int, packet: Packet) -> None:
        # What stands where a cable does has a name as well, and that is all that is asked of it.
        link: Any = packet.interface
        super().__init__(frame_id, number, time, "", "", link, packet.data, None, "")
        self.packet = packet
        self.received = packet.data
        self.fate = DELIVERED
        self.arrival = time

    @property
    def cut(self) -> int:
        """How many bytes the capture left out at its end."""
        return self.packet.original_length - len(self.packet.data)

    @property
    def comments(self) -> list[str]:
        """What was noted beside it."""
        return self.packet.comments

    @property
    def fcs(self) -> bytes:
        return b""  # which captures leave out

    @property
    def wire(self) -> bytes:
        return self.bytes

    def _dissect(self) -> Layers:
        return dissect(self.bytes, self.packet.interface.linktype, self.cut)


def record_of(capture: Capture) -> tuple[Recorder, dict[str, str], int]:
    """A record with the frames of a capture, and the states of TCP that follow from them.

    With it come the address of each host, in the order in which they appear, and when the capture
    began, in ns since 1970; times in the record count from there.
    """
    recorder, addresses, observer = Recorder(), dict[str, str](), Observer()
    times = _times(capture.packets)
    first = min(times, default=0)
    # Virtual time starts at 0 and has no date; a run on the real clock has.
    start = 0 if capture.simulated and first < _DATES else first
    for index in sorted(range(len(times)), key=times.__getitem__):
        packet = capture.packets[index]
        frame = CapturedFrame(index + 1, recorder.next_number, times[index] - start, packet)
        frame.host, frame.receiver = _ends(frame.layers, packet, capture.names, addresses)
        if not capture.simulated:
            frame.reason = "; ".join(packet.comments)
        elif packet.comments:
            frame.reason = packet.comments[0].partition(REASON)[2]
            frame.fault = "; ".join(packet.comments[1:])
            if _LOST in frame.fault:
                frame.fate, frame.received, frame.arrival = DROPPED, None, None
        recorder.keep(frame)
        for host, fields, reason in observer.see(frame):
            facts = (recorder.next_number, frame.time, host, "transport", "state", fields)
            recorder.keep(Event(*facts, frame, reason))
    return recorder, addresses, start


def read_capture(data: bytes, name: str) -> Capture:
    """The capture in the bytes of a file, as far as it can be read; `name` names it in errors.

    Raises `CaptureError` when it is none.
    """
    capture = Capture()
    magic = data[:4]
    if magic not in pcap.MAGICS and magic != pcapng.MAGIC:
        raise CaptureError(f"{name} is not a capture: {_what_it_is(data)}")
    try:
        (pcapng if magic == pcapng.MAGIC else pcap).read(data, capture)
    except CaptureError as error:
        capture.problem = str(error)
    return capture


def _what_it_is(data: bytes) -> str:
    if not data:
        return "the file is empty. Capture again, and let the capturing program end by itself"
    if data.startswith(b"\x1f\x8b"):
        return "it is compressed by gzip. Unpack it first: gunzip FILE"
    return (
        f"at byte 0, expected {pcapng.MAGIC.hex()} (pcapng) or one of"
        f" {', '.join(magic.hex() for magic in pcap.MAGICS)} (pcap), found {data[:4].hex()}."
        " Wireshark turns other formats into pcapng: File, Save As"
    )


def _times(packets: list[Packet]) -> list[int]:
    """When each packet was seen; one without a time counts as seen with the one before it."""
    times: list[int] = []
    latest = next((packet.time for packet in packets if packet.time is not None), 0)
    for packet in packets:
        latest = latest if packet.time is None else packet.time
        times.append(latest)
    return times


def _ends(
    layers: Layers, packet: Packet, names: Mapping[str, str], addresses: dict[str, str]
) -> tuple[str, str]:
    """Who sent it to whom: by names where the file has them, by addresses else, which are kept."""
    ends = _addresses(layers) or (packet.interface.name or "the link",) * 2
    transport = layers.tcp or layers.udp
    ports = ("", "")
    if ends[0] == ends[1] and transport is not None:  # a host that speaks to itself
        ports = (f":{transport.source_port}", f":{transport.destination_port}")
    sender, receiver = (names.get(end, end) + port for end, port in zip(ends, ports, strict=True))
    addresses.setdefault(sender, ends[0])
    addresses.setdefault(receiver, ends[1])
    return sender, receiver


def _addresses(layers: Layers) -> tuple[str, str] | None:
    """Source and destination by the highest layer that has addresses."""
    payload, arp = layers.payload, layers.arp
    if layers.ipv4 is not None:
        return str(layers.ipv4.src), str(layers.ipv4.dst)
    if arp is not None:  # a question goes to everybody, but is meant for one
        sender, target = str(arp.sender_protocol_address), str(arp.target_protocol_address)
        return sender, "everybody" if sender == target else target  # an announcement of one's own
    if layers.ethertype == ETHERTYPE_IPV6 and len(payload) >= 40:
        from ipaddress import IPv6Address

        return str(IPv6Address(payload[8:24])), str(IPv6Address(payload[24:40]))
    if layers.ethernet is not None:
        return str(layers.ethernet.src), str(layers.ethernet.dst)
    return None
