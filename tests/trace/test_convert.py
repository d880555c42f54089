"""To Scapy and back."""

import logging
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.link.ethernet import EthernetFrame
from netlab.trace.convert import as_bytes
from netlab.trace.trace import Trace
from netlab.units import ms
from tests.trace.material import ALICE_MAC, BOB_MAC, Wire, conversation, ethernet, tcp_packet

inet = pytest.importorskip("scapy.layers.inet")
l2 = pytest.importorskip("scapy.layers.l2")
utils = pytest.importorskip("scapy.utils")

ETHER = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}
IP = {"src": "10.0.0.1", "dst": "10.0.0.2"}


def test_scapy_reads_every_frame_of_a_run_and_finds_its_checksums_right() -> None:
    trace = conversation().trace
    packets = trace.scapy()
    assert len(packets) == len(trace.frames)
    for packet, frame in zip(packets, trace.frames, strict=True):
        assert bytes(packet) == frame.bytes
        assert packet.time == Decimal(frame.time) / 10**9
        if frame.tcp is None:
            assert packet[l2.ARP].op == frame.arp.operation  # type: ignore[union-attr]
            continue
        assert packet[inet.TCP].seq == frame.tcp.seq
        padding = packet.getlayer("Padding") or b""  # Scapy has it for a layer of its own
        assert bytes(packet[inet.TCP].payload) == frame.payload + bytes(padding)
        again = packet.copy()
        del again[inet.IP].chksum, again[inet.TCP].chksum, again[inet.IP].len
        assert bytes(again) == frame.bytes


def test_times_are_exact_to_the_nanosecond_also_in_a_capture_of_today(tmp_path: Path) -> None:
    packet = inet.Ether(**ETHER) / inet.IP(**IP)
    packet.time = utils.EDecimal("1700000000.123456789")
    utils.wrpcap(str(tmp_path / "one"), [packet], nano=True)
    [again] = Trace.open(tmp_path / "one").scapy()
    assert again.time == Decimal("1700000000.123456789")
    utils.wrpcap(str(tmp_path / "two"), [again], nano=True)
    assert (tmp_path / "two").read_bytes() == (tmp_path / "one").read_bytes()


def test_what_one_host_saw_can_be_had_as_scapy_packets() -> None:
    trace = conversation(lambda cable: cable.drop(lambda f: f.tcp and f.tcp.syn, times=1)).trace
    assert len(trace.scapy(at="bob")) == len(trace.scapy()) - 1
    assert {packet.sniffed_on for packet in trace.scapy(at="bob")} == {"bob:eth0 (alice-bob)"}


def test_frames_that_are_no_ethernet_at_all_come_out_as_raw_bytes() -> None:
    wire = Wire()
    wire.send(b"")
    wire.send(b"abc")
    assert [bytes(packet) for packet in wire.trace.scapy()] == [b"", b"abc"]


# --- in -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "packet",
    [
        b"abc",
        bytearray(b"abc"),
        memoryview(b"abc"),
    ],
)
def test_bytes_are_taken_as_they_are(packet: Any) -> None:
    assert as_bytes(packet) == b"abc"
    assert type(as_bytes(packet)) is bytes


def test_a_frame_of_ours_is_packed() -> None:
    assert as_bytes(EthernetFrame(BOB_MAC, ALICE_MAC, 0x0800, b"x")) == ethernet(b"x")


def test_a_scapy_packet_is_built() -> None:
    packet = (
        inet.Ether(**ETHER)
        / inet.IP(**IP, id=0, flags=0)
        / inet.TCP(sport=49152, dport=80, flags="S", seq=7, window=65535)
    )
    assert as_bytes(packet) == ethernet(tcp_packet(2, 7))
    assert as_bytes(inet.Ether(as_bytes(packet))) == as_bytes(packet)


@pytest.mark.parametrize("thing", [None, 5, "text", 1.5, [1, 2], object(), tcp_packet])
def test_anything_else_is_refused_with_what_was_expected(thing: Any) -> None:
    with pytest.raises(
        ConfigurationError, match="expected a whole Ethernet frame as bytes"
    ) as caught:
        as_bytes(thing)
    assert type(thing).__name__ in str(caught.value)


def test_a_scapy_packet_without_ethernet_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"begins with\s+IP: put Ether\(src=..., dst=...\)"
    ):
        as_bytes(inet.IP(**IP))


@pytest.mark.parametrize(
    ("packet", "name"),
    [
        (inet.Ether(src=ETHER["src"]) / inet.IP(**IP), r"Ether\(dst="),
        (inet.Ether(dst=ETHER["dst"]) / inet.IP(**IP), r"Ether\(src="),
        (inet.Ether(**ETHER) / inet.IP(dst="10.0.0.2"), r"IP\(src="),
        (inet.Ether(**ETHER) / l2.ARP(psrc="10.0.0.1", pdst="10.0.0.2"), r"ARP\(hwsrc="),
        (inet.Ether(**ETHER) / l2.ARP(hwsrc=ETHER["src"], pdst="10.0.0.2"), r"ARP\(psrc="),
    ],
)
def test_an_address_that_scapy_would_take_from_this_machine_is_asked_for(
    packet: Any, name: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}.* is left open"):
        as_bytes(packet)


def test_a_scapy_packet_that_scapy_itself_cannot_build_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Scapy can't build"):
        as_bytes(inet.Ether(**ETHER) / inet.IP(**IP, ttl="many"))


def test_a_host_sends_a_scapy_packet_and_the_answer_is_right() -> None:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=1 * ms)
    alice.inject(inet.Ether(**ETHER) / inet.IP(**IP) / inet.ICMP(id=9, seq=4) / b"hello")
    net.run()
    answer = net.trace.scapy()[-1]
    assert (answer[inet.ICMP].type, answer[inet.ICMP].id, answer[inet.ICMP].seq) == (0, 9, 4)
    assert answer[inet.ICMP].load == b"hello"


# --- what it costs --------------------------------------------------------------------------

QUIET = """
import sys
from netlab.trace.convert import as_bytes
from netlab.trace.trace import Trace
from netlab.errors import ConfigurationError
as_bytes(b"abc")
try:
    as_bytes("abc")
except ConfigurationError:
    pass
assert not any(name.startswith("scapy") for name in sys.modules), "imported too early"
from tests.trace.material import conversation
trace = conversation().trace
trace.digest(), trace.why(1), [frame.summary for frame in trace.frames]
assert not any(name.startswith("scapy") for name in sys.modules), "imported too early"
assert len(trace.scapy()) > 10
assert "scapy.all" not in sys.modules
assert "scapy.contrib" not in sys.modules
"""


def test_scapy_is_imported_only_when_asked_for_only_its_layers_and_says_nothing() -> None:
    run = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_scapy_keeps_its_own_settings_for_its_log() -> None:
    log = logging.getLogger("scapy")
    before = log.level
    conversation().trace.scapy()
    assert log.level == before
