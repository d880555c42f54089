"""Files that are damaged, or no captures at all: one clear error each, and nothing else."""

import contextlib
import io
import struct
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import CaptureError
from netlab.trace.trace import Trace
from tests.trace.material import Wire, ethernet, tcp_packet, udp_packet

PACKETS = [
    ethernet(tcp_packet(2, 1)),
    ethernet(tcp_packet(18, 1, 2)),
    ethernet(udp_packet(b"x" * 9)),
]
MAGICS = ["d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a"]


def open_bytes(data: bytes, *, partial: bool = False) -> Trace:
    return Trace.open(io.BytesIO(data), partial=partial)


def pcap(order: str = "<") -> bytes:
    data = struct.pack(f"{order}IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 0, 1)
    for index, packet in enumerate(PACKETS):
        data += struct.pack(f"{order}IIII", index, 0, len(packet), len(packet)) + packet
    return data


@pytest.fixture(scope="module")
def pcapng(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    wire = Wire()
    for packet in PACKETS:
        wire.send(packet, "because")
    path = tmp_path_factory.mktemp("captures") / "run.pcapng"
    wire.trace.save(path)
    return path.read_bytes()


def boundaries(data: bytes) -> list[int]:
    """Where the blocks of a pcapng end."""
    ends = []
    at = 0
    while at < len(data):
        at += struct.unpack_from("<I", data, at + 4)[0]
        ends.append(at)
    return ends


def test_a_pcap_that_breaks_off_anywhere_says_where_and_gives_what_is_whole() -> None:
    data = pcap()
    ends = [24]
    for packet in PACKETS:
        ends.append(ends[-1] + 16 + len(packet))
    for length in range(4, len(data)):
        whole = sum(end <= length for end in ends[1:])
        if length in ends:
            assert len(open_bytes(data[:length]).frames) == whole
            continue
        start = max([end for end in ends if end < length], default=length)
        with pytest.raises(CaptureError, match=rf"breaks off at byte {start}: .*{whole} packet"):
            open_bytes(data[:length])
        trace = open_bytes(data[:length], partial=True)
        assert [frame.bytes for frame in trace.frames] == PACKETS[:whole]
        assert trace.problem.startswith(f"byte {start}: ")


def test_a_pcapng_that_breaks_off_anywhere_says_where_and_gives_what_is_whole(
    pcapng: bytes,
) -> None:
    ends = boundaries(pcapng)
    for length in range(4, len(pcapng)):
        if length in ends:
            open_bytes(pcapng[:length])
            continue
        start = max([end for end in ends if end < length], default=0)
        where = start if length >= 12 else 8
        with pytest.raises(CaptureError, match=rf"breaks off at byte {where}: "):
            open_bytes(pcapng[:length])
        whole = max(0, len([end for end in ends if end <= length]) - 3)  # section, interface, names
        trace = open_bytes(pcapng[:length], partial=True)
        assert [frame.bytes for frame in trace.frames] == PACKETS[:whole]


def test_a_file_that_is_no_capture_says_what_it_expected_and_found(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary")
    for partial in (False, True):
        with pytest.raises(CaptureError) as caught:
            Trace.open(path, partial=partial)
    text = str(caught.value)
    assert text.startswith(f"{path} is not a capture: at byte 0, expected")
    assert all(magic in text for magic in MAGICS)
    assert "found 44656172" in text
    assert "Save As" in text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\x1f\x8b\x08\x00", "compressed by gzip. Unpack it first: gunzip"),
        (b"\xd4\xc3\xb2", "found d4c3b2"),
    ],
)
def test_what_else_a_file_may_be_is_told(data: bytes, said: str) -> None:
    with pytest.raises(CaptureError, match=said):
        open_bytes(data)


def test_a_file_opened_as_text_is_refused_with_how_to_open_it() -> None:
    with pytest.raises(CaptureError, match="opened as text: open it with"):
        Trace.open(io.StringIO("text"))  # type: ignore[arg-type]


def test_a_missing_file_is_the_operating_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Trace.open(tmp_path / "missing.pcap")


SECTION = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
INTERFACE = struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20)


def block(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            pcap()[:4] + b"\x03\0" + pcap()[6:],
            "byte 4: expected version 2 of the pcap format, found 3.4",
        ),
        (
            pcap()[:24] + struct.pack("<IIII", 0, 0, 1 << 31, 1 << 31) + bytes(40),
            "byte 24: expected a packet of 2147483648 bytes, but only 40 are left",
        ),
        (SECTION[:8] + bytes(20), "byte 8: expected the byte order magic"),
        (
            SECTION[:12] + b"\x02" + SECTION[13:],
            "byte 12: expected version 1 of the pcapng format, found 2.0",
        ),
        (
            SECTION[:4] + b"\x04" + SECTION[5:],
            "byte 4: expected a block's length of at least 12, found 4",
        ),
        (
            SECTION + struct.pack("<II", 6, 1 << 31) + bytes(8),
            "byte 28: expected a block of 2147483648",
        ),
        (
            SECTION + struct.pack("<II", 6, 0xFFFFFFFF) + bytes(8),
            "byte 28: expected a block of 4294967295",
        ),
        (SECTION[:-1] + b"\x01", "byte 24: expected the block's length once more, 28"),
        (SECTION + block(1, bytes(4)), "byte 36: expected the 8 bytes that a block of this kind"),
        (
            SECTION + block(6, bytes(20)),
            "byte 36: a packet of interface 0, but .* described only 0",
        ),
        (SECTION + block(3, bytes(4)), "byte 36: a packet of interface 0, but .* described only 0"),
        (
            SECTION + INTERFACE + block(6, struct.pack("<IIIII", 0, 0, 0, 1 << 31, 0)),
            "byte 56: expected a packet of 2147483648 bytes, but its block has room for 0",
        ),
        (
            SECTION + block(1, struct.pack("<HHIHH", 1, 0, 0, 2, 0xFFFF)),
            "byte 44: expected an option of 65535 bytes, but its block has room for 0",
        ),
        (
            SECTION + block(4, struct.pack("<HH", 1, 500)),
            "byte 36: expected an option of 500 bytes, but its block has room for 0",
        ),
    ],
)
def test_damage_is_told_with_its_place_what_was_expected_and_what_was_found(
    data: bytes, said: str
) -> None:
    with pytest.raises(CaptureError, match=said):
        open_bytes(data)


@pytest.mark.parametrize("length", [1 << 31, (1 << 31) - 4, 0xFFFFFFF0])
def test_a_length_of_gigabytes_takes_no_memory(length: int, pcapng: bytes) -> None:
    in_pcap = pcap() + struct.pack("<IIII", 0, 0, length, length) + bytes(100)
    in_pcapng = pcapng + struct.pack("<II", 6, length) + bytes(100)
    in_packet = SECTION + INTERFACE + block(6, struct.pack("<IIIII", 0, 0, 0, length, length))
    tracemalloc.start()
    try:
        for data in (in_pcap, in_pcapng, in_packet):
            open_bytes(data, partial=True)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_many_comments_on_one_packet_take_no_longer_than_their_bytes() -> None:
    """A list that was copied for each comment would take minutes here."""
    options = struct.pack("<HHI", 1, 1, 0x61) * 200_000
    data = SECTION + INTERFACE + block(6, struct.pack("<IIIII", 0, 0, 0, 0, 0) + options)
    [frame] = open_bytes(data).frames
    assert len(frame.comments) == 200_000  # type: ignore[attr-defined]


# --- hostile bytes --------------------------------------------------------------------------


def look_at_everything(trace: Trace) -> None:
    for frame in trace.frames:
        str(trace.why(frame))
        str((frame.summary, frame.label, frame.protocol))
    str((trace.hosts, trace.addresses, trace.connections(), trace.digest(), repr(trace)))


def survives(data: bytes) -> None:
    """A trace or a `CaptureError`: nothing else."""
    for partial in (False, True):
        with contextlib.suppress(CaptureError):
            look_at_everything(open_bytes(data, partial=partial))


@given(st.sampled_from(MAGICS), st.binary(max_size=200))
def test_any_bytes_behind_a_magic_make_a_trace_or_a_capture_error(magic: str, rest: bytes) -> None:
    survives(bytes.fromhex(magic) + rest)


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3, 4, 5, 6, 0x0A0D0D0A]), st.binary(max_size=60))))
def test_any_blocks_with_right_lengths_make_a_trace_or_a_capture_error(
    blocks: list[tuple[int, bytes]],
) -> None:
    data = SECTION + INTERFACE
    for kind, body in blocks:
        data += block(kind, body + bytes(-len(body) & 3))
    survives(data)


@given(
    st.sampled_from(["<", ">"]),
    st.integers(0, 0xFFFFFFFF),
    st.lists(
        st.tuples(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.binary(max_size=80))
    ),
)
def test_any_packets_with_right_lengths_make_a_trace(
    order: str, linktype: int, packets: list[tuple[int, int, bytes]]
) -> None:
    data = struct.pack(f"{order}IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 0, linktype)
    for second, original_length, packet in packets:
        data += struct.pack(f"{order}IIII", second, 0, len(packet), original_length) + packet
    trace = open_bytes(data)
    assert len(trace.frames) == len(packets)
    look_at_everything(trace)


@given(st.booleans(), st.data())
def test_damage_to_a_good_capture_makes_a_trace_or_a_capture_error(
    pcapng: bytes, classic: bool, draw: st.DataObject
) -> None:
    damaged = bytearray(pcap() if classic else pcapng)
    for at in draw.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=8)):
        damaged[at] = draw.draw(st.integers(0, 255))
    survives(bytes(damaged))


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=3), st.integers(0, 255))
def test_a_trace_with_any_times_can_be_saved(
    tmp_path_factory: pytest.TempPathFactory, offsets: list[int], resolution: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "times.pcapng"
    data = SECTION
    for number, offset in enumerate(offsets):
        options = struct.pack("<HHBxxxHHq", 9, 1, resolution, 14, 8, offset)
        data += block(1, struct.pack("<HHI", 101, 0, 0) + options)
        data += block(6, struct.pack("<IIIII", number, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0))
    open_bytes(data).save(path)
    assert len(Trace.open(path).frames) == len(offsets)
