"""Captures that netlab writes, as tshark reads them."""

import struct
import subprocess
from pathlib import Path

import pytest

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.trace.trace import Trace
from netlab.units import Mbps, ms
from tests.trace.material import Wire, conversation, ethernet, tcp_packet, tshark, udp_packet

CHECKSUMS = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
DIRECTIONS = {"0x00000001": "inbound", "0x00000002": "outbound"}


def nanoseconds(time_epoch: str) -> int:
    whole, fraction = time_epoch.split(".")
    assert len(fraction) == 9
    return int(whole) * 1_000_000_000 + int(fraction)


@pytest.mark.tshark
def test_every_field_that_tshark_reads_is_what_the_frame_says(tmp_path: Path) -> None:
    trace = conversation().trace
    trace.save(tmp_path / "run.pcapng")
    rows = tshark(
        tmp_path / "run.pcapng",
        *("frame.number", "frame.time_epoch", "frame.len", "frame.interface_name"),
        *("eth.src", "ip.src", "ip.dst", "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.flags"),
        *("tcp.window_size_value", "frame.comment"),
    )
    assert len(rows) == len(trace.frames) > 10
    for frame, row in zip(trace.frames, rows, strict=True):
        number, time, length, interface, mac, src, dst, seq, ack, size, flags, window, comment = row
        assert int(number) == frame.id
        assert nanoseconds(time) == frame.time
        assert int(length) == len(frame.bytes)
        assert interface == f"{frame.sender}:eth0 (alice-bob)"
        assert frame.ethernet is not None
        assert mac == str(frame.ethernet.src)
        what = f"frame {frame.id}: {frame.label}, {frame.sender} > {frame.receiver}"
        assert comment == f"{what}. Why: {frame.reason}"
        if frame.tcp is not None and frame.ipv4 is not None:
            assert (src, dst) == (str(frame.ipv4.src), str(frame.ipv4.dst))
            assert (int(seq), int(ack)) == (frame.tcp.seq, frame.tcp.ack)
            assert int(size) == len(frame.tcp.payload)
            assert int(flags, 16) == frame.tcp.flags
            assert int(window) == frame.tcp.window
        else:
            assert src == seq == ""


@pytest.mark.tshark
@pytest.mark.parametrize("at", [None, "alice", "bob"])
def test_tshark_finds_nothing_to_complain_about_in_a_clean_run(
    tmp_path: Path, at: str | None
) -> None:
    conversation(size=30_000).trace.save(tmp_path / "run.pcapng", at=at)
    rows = tshark(
        tmp_path / "run.pcapng",
        *("_ws.malformed", "tcp.analysis.flags", "ip.checksum.status", "tcp.checksum.status"),
        "_ws.expert.severity",
        options=CHECKSUMS,
    )
    assert len(rows) > 40
    for malformed, analysis, ip_checksum, tcp_checksum, severity in rows:
        assert malformed == analysis == ""
        assert ip_checksum in ("1", "")  # good, or no IPv4 there
        assert tcp_checksum in ("1", "")
        warning = 0x600000
        assert all(int(level) < warning for level in severity.split("|") if level)


@pytest.mark.tshark
def test_what_a_fault_did_stands_in_a_second_comment(tmp_path: Path) -> None:
    trace = conversation(lambda cable: cable.drop(lambda f: f.tcp and f.tcp.syn, times=1)).trace
    trace.save(tmp_path / "run.pcapng")
    rows = tshark(tmp_path / "run.pcapng", "frame.comment", "tcp.analysis.retransmission")
    assert rows[2][0].endswith("|lost: rule 1 (drop)")
    assert "|" not in rows[3][0]
    assert rows[3][1] == "1"


@pytest.mark.tshark
def test_a_host_sees_what_arrives_when_and_as_it_arrives(tmp_path: Path) -> None:
    wire = Wire(delay=10 * ms)
    lost = wire.cable.drop(frame=1)
    wire.send(ethernet(tcp_packet(2, 1)))
    wire.cable.corrupt(frame=2, bit=8 * 46 + 7, in_device=True)
    damaged = wire.send(ethernet(udp_packet(b"hello world", (4000, 5555))))
    wire.cable.duplicate(frame=3)
    wire.send(ethernet(udp_packet(b"twice", (4000, 5555))))
    wire.run()
    assert lost.hits == 1

    fields = (
        "frame.time_epoch",
        "frame.interface_name",
        "frame.packet_flags_direction",
        "data.data",
    )
    wire.trace.save(tmp_path / "alice.pcapng", at="alice")
    rows = tshark(tmp_path / "alice.pcapng", *fields)
    assert [nanoseconds(time) for time, *_ in rows] == [0, 0, 0, 0]
    assert {row[1] for row in rows} == {"alice:eth0 (alice-bob)"}
    assert {DIRECTIONS[row[2]] for row in rows} == {"outbound"}
    assert bytes.fromhex(rows[1][3]) == b"hello world"

    wire.trace.save(tmp_path / "bob.pcapng", at="bob")
    rows = tshark(tmp_path / "bob.pcapng", *fields)
    arrivals = [frame.arrival for frame in wire.trace.frames if frame.fate == "delivered"]
    assert [nanoseconds(time) for time, *_ in rows] == arrivals
    assert {row[1] for row in rows} == {"bob:eth0 (alice-bob)"}
    assert {DIRECTIONS[row[2]] for row in rows} == {"inbound"}
    assert [bytes.fromhex(row[3]) for row in rows] == [
        b"helln world",
        b"twice",
        b"twice",
    ]
    assert damaged.payload == b"hello world"


def test_what_an_interface_dropped_for_its_fcs_is_in_no_capture_behind_it(tmp_path: Path) -> None:
    wire = Wire(delay=10 * ms)
    wire.cable.corrupt(times=1)
    for payload in (b"damaged", b"whole"):
        wire.send(ethernet(udp_packet(payload, (4000, 5555))))
    wire.run()
    assert [frame.fate for frame in wire.trace.frames] == ["delivered"] * 2
    assert len(wire.trace.scapy(at="alice")) == 2
    assert [packet.load for packet in wire.trace.scapy(at="bob")] == [b"whole"]
    wire.trace.save(tmp_path / "run.pcapng")
    again = Trace.open(tmp_path / "run.pcapng").frames[0]
    assert (again.fcs, again.wire, again.corrupted) == (b"", again.bytes, False)


@pytest.mark.tshark
def test_behind_a_router_each_interface_has_its_own_name(tmp_path: Path) -> None:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.1.1/24")
    router = net.router("r1")
    net.connect(router, alice, addresses=("10.0.0.254/24", None), delay=1 * ms, rate=10 * Mbps)
    net.connect(router, bob, addresses=("10.0.1.254/24", None), delay=1 * ms)
    alice.add_route("0.0.0.0/0", "10.0.0.254")
    bob.add_route("0.0.0.0/0", "10.0.1.254")
    assert alice.ping("bob", count=1).received == 1
    net.trace.save(tmp_path / "r1.pcapng", at=router)
    rows = tshark(tmp_path / "r1.pcapng", "frame.interface_name", "icmp.type")
    pings = [interface for interface, kind in rows if kind]
    assert pings == [
        "r1:eth0 (r1-alice)",
        "r1:eth1 (r1-bob)",
        "r1:eth1 (r1-bob)",
        "r1:eth0 (r1-alice)",
    ]
    net.trace.save(tmp_path / "all.pcapng")
    rows = tshark(tmp_path / "all.pcapng", "frame.number", "icmp.type")
    assert [kind for _, kind in rows if kind] == ["8", "8", "0", "0"]


@pytest.mark.tshark
def test_the_names_of_hosts_and_the_speed_of_interfaces_are_in_the_file(tmp_path: Path) -> None:
    conversation().trace.save(tmp_path / "run.pcapng")
    told = subprocess.run(
        ["tshark", "-r", tmp_path / "run.pcapng", "-q", "-z", "hosts"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "10.0.0.1\talice" in told
    assert "10.0.0.2\tbob" in told
    about = subprocess.run(
        ["capinfos", tmp_path / "run.pcapng"], capture_output=True, text=True, check=True
    ).stdout
    assert "Capture application: netlab" in about
    assert "Speed = 10000000" in about
    assert "Time resolution = 0x09" in about


@pytest.mark.tshark
def test_the_bytes_of_the_stream_are_those_that_were_sent(tmp_path: Path) -> None:
    net = conversation(size=5000)
    net.trace.save(tmp_path / "run.pcapng")
    rows = tshark(tmp_path / "run.pcapng", "tcp.stream", "tcp.payload", "ip.src")
    sent = b"".join(bytes.fromhex(payload) for _, payload, src in rows if src == "10.0.0.1")
    assert sent == bytes(5000)


@pytest.mark.tshark
def test_a_reason_of_any_length_and_in_any_script_makes_a_comment(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(ethernet(udp_packet(b"x")), "收到 SYN：" * 20_000)
    wire.send(ethernet(udp_packet(b"y")), "half of a pair: \ud800")
    wire.trace.save(tmp_path / "run.pcapng")
    [[long], [broken]] = tshark(tmp_path / "run.pcapng", "frame.comment")
    assert "收到 SYN：" in long
    assert 60_000 < len(long.encode()) <= 65_535
    assert broken.endswith("half of a pair: ?")


def test_a_trace_without_frames_makes_a_capture_without_packets(tmp_path: Path) -> None:
    Wire().trace.save(tmp_path / "none.pcapng")
    assert Trace.open(tmp_path / "none.pcapng").frames == []


def test_a_capture_ends_at_a_multiple_of_four_bytes_and_every_block_tells_its_length_twice(
    tmp_path: Path,
) -> None:
    conversation().trace.save(tmp_path / "run.pcapng")
    data = (tmp_path / "run.pcapng").read_bytes()
    at = 0
    while at < len(data):
        _, length = struct.unpack_from("<II", data, at)
        assert length % 4 == 0
        assert struct.unpack_from("<I", data, at + length - 4) == (length,)
        at += length
    assert at == len(data)


def test_saving_what_a_host_saw_wants_a_host_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match="no host 'carol' in this trace; there is alice, bob"
    ):
        conversation().trace.save(tmp_path / "run.pcapng", at="carol")


def test_the_same_run_makes_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        conversation().trace.save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_saved_run_opened_again_has_the_same_frames_names_reasons_and_fates(
    tmp_path: Path,
) -> None:
    trace = conversation(lambda cable: cable.drop(lambda f: f.tcp and f.tcp.fin, times=1)).trace
    trace.save(tmp_path / "run.pcapng")
    again = Trace.open(tmp_path / "run.pcapng")
    assert again.hosts == ["alice", "bob"]
    assert again.addresses == trace.addresses
    facts = [(f.id, f.time, f.sender, f.bytes, f.reason, f.fate, f.fault) for f in trace.frames]
    assert facts == [
        (f.id, f.time, f.sender, f.bytes, f.reason, f.fate, f.fault) for f in again.frames
    ]
    assert any(frame.fate == "dropped" for frame in again.frames)
    again.save(tmp_path / "again.pcapng")
    assert (tmp_path / "again.pcapng").read_bytes() == (tmp_path / "run.pcapng").read_bytes()


def test_a_capture_by_others_saved_again_keeps_its_times_and_comments(tmp_path: Path) -> None:
    trace = conversation().trace
    trace.save(tmp_path / "run.pcapng")
    theirs = (
        (tmp_path / "run.pcapng").read_bytes().replace(b"\x04\0\x06\0netlab", b"\x04\0\x06\0tcpdmp")
    )
    (tmp_path / "theirs.pcapng").write_bytes(theirs)
    foreign = Trace.open(tmp_path / "theirs.pcapng")
    foreign.start += 1_700_000_000_000_000_000
    foreign.save(tmp_path / "again.pcapng")
    again = Trace.open(tmp_path / "again.pcapng")
    assert again.start == foreign.start
    assert [(frame.time, frame.reason) for frame in again.frames] == [
        (frame.time, frame.reason) for frame in foreign.frames
    ]
    assert again.frames[0].reason.startswith("frame 1: ARP request, alice > bob. Why: ")
