"""Frames that were read from a capture, with hosts named by what the frames say of themselves."""

from netlab.errors import CaptureError
from netlab.link.frame import DELIVERED, DROPPED
from netlab.network.arp_packet import ArpPacket
from netlab.sim.recording import Event, Recorder
from netlab.trace import pcap, pcapng
from netlab.trace.capture import Capture, CaptureInterface, Packet
from netlab.trace.frame import Frame
from netlab.trace.layers import ETHERTYPE_IPV6, Layers, dissect
from netlab.trace.observe import Observer

REASON = ". Why: "
"""In netlab's own comments, what stands between the account of a frame and the reason for it."""
_LOST = "lost: "  # stands in the account of what faults did to a frame that didn't arrive


class CapturedFrame(Frame):
    """A frame of a capture. `cut` is how many bytes the capture left out at its end.

    Its `link` is the `CaptureInterface` that saw it. One time is known of it: it counts as arrived
    when it was seen, unless a comment of netlab's own says that it was lost.
    """

    __slots__ = ("comments", "cut", "direction", "interface")

    def __init__(
        self, frame_id: int, number: int, time: int, ends: tuple[str, str], packet: Packet
    ) -> None:
        # What stands where a cable does has a name as well, and that is all that is asked of it.
        link = packet.interface
        super().__init__(
            frame_id,
            number,
            time,
            *ends,
            link,  # type: ignore[arg-type]
            packet.data,
            None,
            "",
        )
        self.interface = link
        self.cut = packet.original_length - len(packet.data)
        self.comments = packet.comments
        self.direction = packet.direction
        self.received = packet.data
        self.fate = DELIVERED
        self.arrival = time

    def _dissect(self) -> Layers:
        return dissect(self.bytes, self.interface.linktype, self.cut)


class CapturedTrace:
    """What a capture's packets make: a `recorder` with their frames and the states inferred.

    `addresses` maps the name of each host to its address, in the order in which they appear.
    `start` is when the capture began, in ns since 1970, and times in it count from there;
    `simulated` says that it was saved from a run, so that its comments can be understood.
    """

    def __init__(self, capture: Capture) -> None:
        self.recorder = Recorder()
        self.addresses: dict[str, str] = {}
        self.problem = capture.problem
        self.simulated = capture.simulated
        self._names = capture.names
        times = _times(capture.packets)
        # Virtual times start at 0 and have no date.
        self.start = 0 if self.simulated else min(times, default=0)
        observer = Observer()
        for index in sorted(range(len(times)), key=times.__getitem__):
            frame = self._frame(index + 1, times[index] - self.start, capture.packets[index])
            self.recorder.keep(frame)
            for change in observer.see(frame):
                self.recorder.keep(
                    Event(
                        self.recorder.next_number,
                        frame.time,
                        change.host,
                        "transport",
                        "state",
                        change.fields,
                        frame,
                        change.reason,
                    )
                )

    def _frame(self, frame_id: int, time: int, packet: Packet) -> CapturedFrame:
        interface = packet.interface
        cut = packet.original_length - len(packet.data)
        layers = dissect(packet.data, interface.linktype, cut)
        ends = self._ends(layers, interface)
        frame = CapturedFrame(frame_id, self.recorder.next_number, time, ends, packet)
        frame._layers = layers
        if not self.simulated:
            frame.reason = "; ".join(packet.comments)
        elif packet.comments:
            frame.reason = packet.comments[0].partition(REASON)[2]
            frame.fault = "; ".join(packet.comments[1:])
            if _LOST in frame.fault:
                frame.fate, frame.received, frame.arrival = DROPPED, None, None
        return frame

    def _ends(self, layers: Layers, interface: CaptureInterface) -> tuple[str, str]:
        """Who sent it to whom: by names where the file has them, by addresses else."""
        sender, receiver = _addresses(layers) or (interface.name or "the link",) * 2
        transport = layers.tcp or layers.udp
        ports = ("", "")
        if sender == receiver and transport is not None:  # a host that speaks to itself
            ports = (f":{transport.source_port}", f":{transport.destination_port}")
        return self._name(sender, ports[0]), self._name(receiver, ports[1])

    def _name(self, address: str, port: str) -> str:
        name = self._names.get(address, address) + port
        self.addresses.setdefault(name, address)
        return name


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


def _addresses(layers: Layers) -> tuple[str, str] | None:
    """Source and destination by the highest layer that has addresses."""
    if layers.ipv4 is not None:
        return str(layers.ipv4.src), str(layers.ipv4.dst)
    if layers.arp is not None:
        return _arp_addresses(layers.arp)
    if layers.ethertype == ETHERTYPE_IPV6 and len(layers.payload) >= 40:
        from ipaddress import IPv6Address

        payload = layers.payload
        return str(IPv6Address(payload[8:24])), str(IPv6Address(payload[24:40]))
    if layers.ethernet is not None:
        return str(layers.ethernet.src), str(layers.ethernet.dst)
    return None


def _arp_addresses(arp: ArpPacket) -> tuple[str, str]:
    """A question goes to everybody, but is meant for one."""
    sender, target = arp.sender_protocol_address, arp.target_protocol_address
    if sender == target:  # an announcement of one's own address
        return str(sender), "everybody"
    return str(sender), str(target)
