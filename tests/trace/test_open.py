"""Captures that others wrote, opened: what is read agrees with what tshark reads."""

import io
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from netlab.trace.captured import CapturedFrame
from netlab.trace.trace import Trace
from tests.trace.material import tshark

scapy = pytest.importorskip("scapy.layers.inet")
scapy_files = pytest.importorskip("scapy.utils")
l2 = pytest.importorskip("scapy.layers.l2")

START = 1_700_000_000_123_456_789


def packets() -> list[Any]:
    """A conversation of Scapy's, with times."""
    there = {"sport": 50000, "dport": 80}
    back = {"sport": 80, "dport": 50000}
    ip = {
        True: scapy.IP(src="192.0.2.1", dst="198.51.100.2"),
        False: scapy.IP(src="198.51.100.2", dst="192.0.2.1"),
    }
    ether = scapy.Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    built = [
        ether / l2.ARP(hwsrc="02:00:00:00:00:01", psrc="192.0.2.1", pdst="192.0.2.254"),
        ether / ip[True] / scapy.TCP(**there, flags="S", seq=100, options=[("MSS", 1460)]),
        ether / ip[False] / scapy.TCP(**back, flags="SA", seq=900, ack=101),
        ether / ip[True] / scapy.TCP(**there, flags="A", seq=101, ack=901),
        ether
        / ip[True]
        / scapy.TCP(**there, flags="PA", seq=101, ack=901)
        / b"GET / HTTP/1.0\r\n\r\n",
        ether / ip[True] / scapy.UDP(sport=4000, dport=5555) / b"datagram",
        ether
        / ip[False]
        / scapy.ICMP(type=3, code=3)
        / bytes(scapy.IP(dst="192.0.2.9", src="192.0.2.8")),
    ]
    for index, packet in enumerate(built):
        packet.time = scapy_files.EDecimal(START + index * 1_000_001).scaleb(-9)
    return built


def agrees(trace: Trace, path: Path) -> None:
    """Every frame has the number, time, lengths and headers that tshark reads."""
    rows = tshark(
        path,
        *("frame.number", "frame.time_epoch", "frame.len", "frame.cap_len", "ip.src", "ip.dst"),
        *("ip.proto", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.len", "udp.length"),
        *("arp.opcode", "icmp.type", "frame.comment"),
    )
    frames = sorted(trace.frames, key=lambda frame: frame.id)
    assert len(frames) == len(rows)
    for frame, row in zip(frames, rows, strict=True):
        assert isinstance(frame, CapturedFrame)
        ipv4, tcp, udp = frame.ipv4, frame.tcp, frame.udp
        seconds, fraction = row[1].split(".")
        ours = [
            str(frame.id),
            str(frame.time + trace.start),
            str(len(frame.bytes) + frame.cut),
            str(len(frame.bytes)),
            str(ipv4.src) if ipv4 else "",
            str(ipv4.dst) if ipv4 else "",
            str(ipv4.protocol) if ipv4 else "",
            str(tcp.source_port) if tcp else "",
            str(tcp.destination_port) if tcp else "",
            str(tcp.seq) if tcp else "",
            str(frame.payload_length) if tcp else "",
            str(8 + frame.payload_length) if udp else "",
            str(frame.arp.operation) if frame.arp else "",
            str(frame.icmp.type) if frame.icmp else "",
            "|".join(frame.comments),
        ]
        theirs = [row[0], seconds + fraction, *row[2:]]
        theirs[4:7] = [value.split("|")[0] for value in theirs[4:7]]  # not what an error quotes
        assert ours == theirs


# --- files by Scapy and by Wireshark's tools ------------------------------------------------


@pytest.mark.tshark
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_a_pcap_of_either_byte_order_and_resolution_is_read(
    tmp_path: Path, order: str, nano: bool
) -> None:
    path = tmp_path / "by_scapy.pcap"
    scapy_files.wrpcap(str(path), packets(), endianness=order, nano=nano)
    trace = Trace.open(path)
    agrees(trace, path)
    assert trace.start == (START if nano else START // 1000 * 1000 + 1000)  # rounded up there
    assert [frame.time for frame in trace.frames][:2] == (
        [0, 1_000_001] if nano else [0, 1_000_000]
    )


@pytest.mark.tshark
def test_a_pcapng_by_scapy_is_read(tmp_path: Path) -> None:
    path = tmp_path / "by_scapy.pcapng"
    commented = packets()
    commented[3].comment = b"the handshake is done"
    scapy_files.wrpcapng(str(path), commented)
    trace = Trace.open(path)
    agrees(trace, path)
    assert trace.frames[3].reason == "the handshake is done"


@pytest.mark.tshark
@pytest.mark.parametrize("kind", ["pcap", "nsecpcap", "pcapng"])
def test_what_editcap_writes_is_read(tmp_path: Path, kind: str) -> None:
    scapy_files.wrpcap(str(tmp_path / "source"), packets(), nano=True)
    path = tmp_path / kind
    comment = ["-a", "2:look here"] if kind == "pcapng" else []
    subprocess.run(
        ["editcap", "-F", kind, *comment, tmp_path / "source", path],
        check=True,
        capture_output=True,
    )
    agrees(Trace.open(path), path)


@pytest.mark.tshark
@pytest.mark.parametrize("snaplen", [1, 13, 14, 20, 33, 34, 40, 54, 60])
def test_packets_that_were_cut_short_are_shown_as_far_as_they_go(
    tmp_path: Path, snaplen: int
) -> None:
    scapy_files.wrpcap(str(tmp_path / "source"), packets(), nano=True)
    path = tmp_path / "cut.pcapng"
    subprocess.run(
        ["editcap", "-s", str(snaplen), tmp_path / "source", path], check=True, capture_output=True
    )
    trace = Trace.open(path)
    rows = tshark(path, "frame.len", "frame.cap_len", "ip.src", "tcp.seq_raw", "tcp.len")
    for frame, (length, kept, src, seq, size) in zip(trace.frames, rows, strict=True):
        assert isinstance(frame, CapturedFrame)
        assert (len(frame.bytes), len(frame.bytes) + frame.cut) == (int(kept), int(length))
        assert len(frame.bytes) == min(snaplen, int(length))
        if frame.ipv4:
            assert str(frame.ipv4.src) == src.split("|")[0]
        if frame.tcp:
            assert (str(frame.tcp.seq), str(frame.payload_length)) == (seq, size)
    if snaplen >= 54:
        assert [frame.protocol for frame in trace.frames][:5] == ["ARP", "TCP", "TCP", "TCP", "TCP"]
        assert not any(frame.malformed for frame in trace.frames[:5])


@pytest.mark.tshark
def test_captures_of_different_links_merged_into_one_are_read(tmp_path: Path) -> None:
    ethernet = packets()
    scapy_files.wrpcap(str(tmp_path / "one"), ethernet[:4], nano=True)
    raw = [packet[scapy.IP].copy() for packet in ethernet[4:]]
    for packet, original in zip(raw, ethernet[4:], strict=True):
        packet.time = original.time
    scapy_files.wrpcap(str(tmp_path / "two"), raw, linktype=101)
    path = tmp_path / "merged.pcapng"
    subprocess.run(
        ["mergecap", "-w", path, tmp_path / "one", tmp_path / "two"],
        check=True,
        capture_output=True,
    )
    trace = Trace.open(path)
    agrees(trace, path)
    assert {frame.link.linktype for frame in trace.frames} == {1, 101}  # type: ignore[attr-defined]
    assert [frame.protocol for frame in trace.frames] == [
        *("ARP", "TCP", "TCP", "TCP", "HTTP", "UDP", "ICMP"),
    ]


@pytest.mark.tshark
@pytest.mark.parametrize(
    ("linktype", "header"),
    [
        (1, "020000000002 020000000001 0800"),
        (101, ""),
        (228, ""),
        (0, "02000000"),
        (108, "00000002"),
        (113, "0000 0001 0006 0200000000010000 0800"),
        (276, "0800 0000 00000003 0001 00 06 0200000000010000"),
    ],
)
def test_every_kind_of_link_is_read_saved_and_given_to_scapy(
    tmp_path: Path, linktype: int, header: str
) -> None:
    """Written by text2pcap, from a dump in text."""
    inside = [bytes(packet[scapy.IP]) for packet in packets()[1:]]
    dump = "".join(f"0000 {(bytes.fromhex(header) + data).hex(' ')}\n" for data in inside)
    (tmp_path / "dump").write_text(dump)
    path = tmp_path / "by_text2pcap"
    subprocess.run(
        ["text2pcap", "-l", str(linktype), tmp_path / "dump", path], check=True, capture_output=True
    )
    trace = Trace.open(path)
    agrees(trace, path)
    assert [bytes(frame.bytes)[len(bytes.fromhex(header)) :] for frame in trace.frames] == inside
    trace.save(tmp_path / "again.pcapng")
    agrees(trace, tmp_path / "again.pcapng")
    assert [bytes(packet[scapy.IP]) for packet in trace.scapy()] == inside


# --- what only a hand can write -------------------------------------------------------------


def block(order: str, kind: int, body: bytes) -> bytes:
    length = 12 + len(body)
    return struct.pack(f"{order}II", kind, length) + body + struct.pack(f"{order}I", length)


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) & 3)


def section(order: str) -> bytes:
    return block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str, *options: bytes, linktype: int = 101, snaplen: int = 0) -> bytes:
    return block(order, 1, struct.pack(f"{order}HHI", linktype, 0, snaplen) + b"".join(options))


def enhanced(order: str, number: int, time: int, data: bytes, *options: bytes) -> bytes:
    head = struct.pack(f"{order}IIIII", number, time >> 32, time & 0xFFFFFFFF, len(data), len(data))
    return block(order, 6, head + data + bytes(-len(data) & 3) + b"".join(options))


DATA = bytes(scapy.IP(src="192.0.2.1", dst="192.0.2.2") / scapy.UDP(sport=1, dport=2) / b"abc")


def written(path: Path, parts: Sequence[bytes]) -> Path:
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.tshark
@pytest.mark.parametrize("order", ["<", ">"])
def test_sections_of_both_byte_orders_with_interfaces_of_their_own_are_read(
    tmp_path: Path, order: str
) -> None:
    other = ">" if order == "<" else "<"
    parts = [
        section(order),
        interface(order, option(order, 2, b"one")),
        enhanced(order, 0, 1_000_000, DATA),
        section(other),
        interface(other, option(other, 2, b"two"), option(other, 9, b"\x09")),
        interface(other, option(other, 2, b"three"), option(other, 9, b"\x03")),
        enhanced(other, 1, 3_000, DATA, option(other, 1, b"both"), option(other, 1, b"comments")),
        enhanced(other, 0, 2_000_000_000, DATA),
    ]
    path = written(tmp_path / "sections", parts)
    trace = Trace.open(path)
    agrees(trace, path)
    assert [(frame.id, frame.link.name) for frame in trace.frames] == [
        *((1, "one"), (3, "two"), (2, "three")),
    ]
    assert [frame.time for frame in trace.frames] == [0, 1_000_000_000, 2_000_000_000]
    assert trace.start == 1_000_000_000
    assert trace.frames[2].reason == "both; comments"


@pytest.mark.tshark
@pytest.mark.parametrize(
    ("resolution", "ticks", "offset", "expected"),
    [
        (6, 1_500_000, 0, 1_500_000_000),
        (9, 1_500_000_001, 0, 1_500_000_001),
        (3, 1_500, 0, 1_500_000_000),
        (0, 7, 0, 7_000_000_000),
        (0x80 | 10, 1536, 0, 1_500_000_000),
        (6, 1_500_000, 1_600_000_000, 1_600_000_001_500_000_000),
    ],
)
def test_times_of_any_resolution_and_offset_come_out_in_nanoseconds(
    tmp_path: Path, resolution: int, ticks: int, offset: int, expected: int
) -> None:
    options = [option("<", 9, bytes((resolution,))), option("<", 14, struct.pack("<q", offset))]
    parts = [section("<"), interface("<", *options), enhanced("<", 0, ticks, DATA)]
    path = written(tmp_path / "times", parts)
    assert Trace.open(path).start == expected
    [[seconds]] = tshark(path, "frame.time_epoch")
    assert int(seconds.replace(".", "")) == expected


def test_a_resolution_finer_than_nanoseconds_is_rounded_down(tmp_path: Path) -> None:
    parts = [section("<"), interface("<", option("<", 9, b"\x0c")), enhanced("<", 0, 1_999, DATA)]
    assert Trace.open(written(tmp_path / "times", parts)).start == 1


@pytest.mark.tshark
def test_simple_and_obsolete_packets_are_read_and_unknown_blocks_passed_over(
    tmp_path: Path,
) -> None:
    obsolete = struct.pack("<HHIIII", 0, 0, 0, 1_000_000, len(DATA), len(DATA))
    padding = bytes(-len(DATA) & 3)
    parts = [
        section("<"),
        block("<", 0xBAD, b"what is this"),
        interface("<", snaplen=20),
        block("<", 2, obsolete + DATA + padding),
        block("<", 3, struct.pack("<I", len(DATA)) + DATA[:20]),
        block("<", 5, bytes(12)),
    ]
    path = written(tmp_path / "blocks", parts)
    trace = Trace.open(path)
    assert [frame.bytes for frame in trace.frames] == [DATA, DATA[:20]]
    assert [frame.time for frame in trace.frames] == [0, 0]
    assert [frame.payload_length for frame in trace.frames] == [3, 11]
    written(path, [parts[0], *parts[2:5]])  # tshark would show other blocks as well
    rows = tshark(path, "frame.len", "frame.cap_len")
    assert rows == [[str(len(DATA)), str(len(DATA))], [str(len(DATA)), "20"]]


def test_hosts_have_the_names_that_the_file_gives_them(tmp_path: Path) -> None:
    names = (
        option("<", 1, bytes((192, 0, 2, 1)) + b"client.example\0alias\0")
        + option("<", 2, bytes(16) + b"v6\0")
        + bytes(4)
    )
    parts = [section("<"), interface("<"), block("<", 4, names), enhanced("<", 0, 0, DATA)]
    trace = Trace.open(written(tmp_path / "names", parts))
    assert trace.hosts == ["client.example", "192.0.2.2"]
    assert trace.addresses == {"client.example": "192.0.2.1", "192.0.2.2": "192.0.2.2"}


# --- who is who -----------------------------------------------------------------------------


def opened(*contents: Any, linktype: int = 1) -> Trace:
    file = io.BytesIO()
    file.write(struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 0, linktype))
    for index, packet in enumerate(contents):
        data = bytes(packet)
        file.write(struct.pack("<IIII", index, 0, len(data), len(data)) + data)
    file.seek(0)
    return Trace.open(file)


def test_senders_and_receivers_are_named_by_their_addresses() -> None:
    ether = scapy.Ether(src="02:00:00:00:00:01", dst="ff:ff:ff:ff:ff:ff")
    trace = opened(
        ether / l2.ARP(psrc="192.0.2.1", pdst="192.0.2.9", hwsrc="02:00:00:00:00:01"),
        ether / l2.ARP(psrc="192.0.2.1", pdst="192.0.2.1", hwsrc="02:00:00:00:00:01"),
        ether / scapy.IP(src="192.0.2.1", dst="255.255.255.255") / scapy.UDP(),
        scapy.Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x88B5) / b"?",
    )
    assert [(frame.sender, frame.receiver) for frame in trace.frames] == [
        ("192.0.2.1", "192.0.2.9"),
        ("192.0.2.1", "everybody"),
        ("192.0.2.1", "255.255.255.255"),
        ("02:00:00:00:00:01", "02:00:00:00:00:02"),
    ]
    assert trace.hosts[:3] == ["192.0.2.1", "192.0.2.9", "everybody"]


def test_hosts_with_ipv6_are_named_too() -> None:
    header = b"\x60\0\0\0\0\0\x3b\x40" + bytes(15) + b"\x01" + bytes(15) + b"\x02"
    [frame] = opened(header, linktype=101).frames
    assert (frame.sender, frame.receiver, frame.protocol) == ("::1", "::2", "IPv6")


def test_both_ends_of_a_host_that_speaks_to_itself_are_told_apart_by_their_ports() -> None:
    ip = scapy.IP(src="127.0.0.1", dst="127.0.0.1")
    trace = opened(
        ip / scapy.TCP(sport=50000, dport=80, flags="S"),
        ip / scapy.TCP(sport=80, dport=50000, flags="SA", ack=1),
        linktype=101,
    )
    assert trace.hosts == ["127.0.0.1:50000", "127.0.0.1:80"]
    assert set(trace.addresses.values()) == {"127.0.0.1"}
    assert trace.connections("127.0.0.1:80") == ["127.0.0.1:80 > 127.0.0.1:50000"]


def test_of_an_unknown_kind_of_link_the_bytes_are_shown() -> None:
    trace = opened(b"abcdef", linktype=147)
    [frame] = trace.frames
    assert [bytes(packet) for packet in trace.scapy()] == [b"abcdef"]
    assert (frame.protocol, frame.payload, frame.malformed) == ("unknown", b"abcdef", "")


def test_frames_are_in_the_order_of_time_and_keep_the_numbers_of_the_file() -> None:
    file = io.BytesIO()
    file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 0, 101))
    for second in (30, 10, 20, 10):
        file.write(struct.pack("<IIII", second, 0, len(DATA), len(DATA)) + DATA)
    file.seek(0)
    trace = Trace.open(file)
    assert [(frame.id, frame.time // 10**9) for frame in trace.frames] == [
        *((2, 0), (4, 0), (3, 10), (1, 20)),
    ]
    assert trace.frame(1).time == trace.duration
    assert [event.number for event in trace.events] == list(range(4))


def test_a_capture_opens_from_a_path_a_text_and_an_open_file(tmp_path: Path) -> None:
    parts = [section("<"), interface("<"), enhanced("<", 0, 0, DATA)]
    path = written(tmp_path / "one", parts)
    with path.open("rb") as file:
        for trace in (Trace.open(path), Trace.open(str(path)), Trace.open(file)):
            assert repr(trace) == "<trace: 1 event, 1 frame, 0 s, hosts 192.0.2.1, 192.0.2.2>"


def test_why_of_a_captured_frame_says_that_a_capture_does_not_tell() -> None:
    trace = opened(DATA, linktype=101)
    assert trace.why(1).text() == (
        "Frame 1  192.0.2.1 > 192.0.2.2  UDP, 3 bytes  at 0 s\n"
        "  A capture shows what was sent, and nothing of what the hosts thought."
    )


def test_every_frame_of_a_capture_counts_as_arrived_when_it_was_seen() -> None:
    for frame in opened(DATA, DATA, linktype=101).frames:
        assert (frame.fate, frame.arrival, frame.received) == ("delivered", frame.time, frame.bytes)
