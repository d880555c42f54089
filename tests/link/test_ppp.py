"""A serial line: PPP's framing, stuffing and check, and how a receiver gets in step again."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP
from scapy.layers.ppp import HDLC, PPP
from scapy.packet import Raw

from netlab import Network
from netlab.errors import ConfigurationError, ParseError
from netlab.link.address import MacAddress
from netlab.link.cable import Cable
from netlab.link.ethernet import ETHERTYPE_IPV4
from netlab.link.framing import LinkFrame
from netlab.link.interface import Interface
from netlab.link.ppp import FLAG, Ppp, PppFrame, fcs16, stuff, unstuff
from netlab.sim.simulation import Simulation
from netlab.trace.trace import Trace
from netlab.units import kbps, ms
from tests.trace.material import tshark


class Line:
    """Two interfaces on a serial line; `arrived` is what came to b."""

    def __init__(self, **options: Any) -> None:
        self.sim = Simulation(1)
        self.a = Interface(self.sim, "a", "eth0", MacAddress(1))
        self.b = Interface(self.sim, "b", "eth0", MacAddress(2))
        self.cable = Cable(self.sim, self.a, self.b, framing=Ppp, **options)
        self.arrived: list[bytes] = []
        self.b.handlers[ETHERTYPE_IPV4] = self._take

    def _take(self, interface: Interface, frame: LinkFrame) -> None:
        self.arrived.append(frame.payload)

    def send(self, payload: bytes) -> None:
        self.a.send(self.b.mac, ETHERTYPE_IPV4, payload, "a test", None)

    def run(self) -> list[bytes]:
        self.sim.clock.run()
        return self.arrived

    def discarded(self) -> list[str]:
        events = self.sim.recorder.events
        return [event.fields["why"] for event in events if event.kind == "discarded"]


# --- the bytes ------------------------------------------------------------------------------


def bitwise_fcs16(data: bytes) -> bytes:
    """RFC 1662 section C.1, a bit at a time: x**16 + x**12 + x**5 + 1, the lowest bit first."""
    fcs = 0xFFFF
    for octet in data:
        fcs ^= octet
        for _ in range(8):
            fcs = fcs >> 1 ^ (0x8408 if fcs & 1 else 0)
    return (fcs ^ 0xFFFF).to_bytes(2, "little")


@pytest.mark.rfc("RFC 1662 C.2")
def test_the_fcs_has_the_check_value_that_is_published_for_it() -> None:
    assert fcs16(b"123456789") == bytes.fromhex("6e90")  # 0x906e, least significant octet first


@given(st.binary(max_size=300))
def test_the_fcs_is_that_of_the_polynomial_taken_bit_by_bit(data: bytes) -> None:
    assert fcs16(data) == bitwise_fcs16(data)


@pytest.mark.rfc("RFC 1662 4.2")
@given(st.binary(max_size=300))
def test_what_is_stuffed_holds_no_flag_and_no_control_character_and_reads_back(data: bytes) -> None:
    stuffed = stuff(data)
    assert FLAG not in stuffed
    assert not any(octet < 0x20 for octet in stuffed)
    assert unstuff(stuffed) == data


@pytest.mark.rfc("RFC 1662 4.2")
@pytest.mark.parametrize(
    ("octet", "stuffed"),
    [("7e", "7d5e"), ("7d", "7d5d"), ("03", "7d23"), ("11", "7d31"), ("20", "20")],
)
def test_octets_are_stuffed_as_the_rfc_shows(octet: str, stuffed: str) -> None:
    assert stuff(bytes.fromhex(octet)).hex() == stuffed


def test_control_characters_that_were_put_in_on_the_way_are_taken_out() -> None:
    assert unstuff(b"\x00a\x7d\x23\x11b") == b"a\x03b"


def test_frames_are_those_of_scapy_both_ways() -> None:
    chance = random.Random(1)
    for _ in range(1_000):
        frame = PppFrame(0x21, chance.randbytes(chance.choice((0, 1, 20, 300))))
        theirs = bytes(HDLC() / PPP(proto=0x21) / Raw(frame.payload))
        assert frame.pack() == theirs
        assert PppFrame.parse(theirs) == frame
        read = HDLC(frame.pack())
        assert (read.address, read.control, read[PPP].proto) == (0xFF, 0x03, 0x21)
        assert bytes(read[PPP].payload) == frame.payload


@given(st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(b"\xff\x03".__add__)))
def test_any_bytes_are_a_frame_that_packs_to_them_or_a_parse_error(data: bytes) -> None:
    if len(data) < 4 or not data.startswith(b"\xff\x03"):
        with pytest.raises(ParseError, match="ff 03"):
            PppFrame.parse(data)
    else:
        assert PppFrame.parse(data).pack() == data


@pytest.mark.parametrize(("field", "value"), [("protocol", 0x10000), ("payload", "text")])
def test_a_field_that_does_not_fit_is_named(field: str, value: object) -> None:
    frame = PppFrame(0x21, b"")
    setattr(frame, field, value)
    with pytest.raises(ConfigurationError, match=f"PppFrame.{field}"):
        frame.pack()


# --- a receiver of octets -------------------------------------------------------------------

PACKETS = [bytes((0x45, n, 0x7E, 0x7D, 0x00)) * 9 for n in range(4)]


def test_packets_pass_stuffed_and_take_the_time_of_all_octets() -> None:
    line = Line(rate=8_000, delay=5)  # an octet in a millisecond
    line.send(PACKETS[0])
    (frame,) = line.sim.recorder.events
    assert frame.bytes.hex().startswith("ff03002145")  # type: ignore[attr-defined]
    wire = frame.wire  # type: ignore[attr-defined]
    assert wire == FLAG + stuff(frame.bytes + frame.fcs) + FLAG  # type: ignore[attr-defined]
    assert line.run() == [PACKETS[0]]
    assert line.sim.clock.now == len(wire) * ms + 5
    assert (line.b.rx.packets, line.b.rx.bytes) == (1, 4 + len(PACKETS[0]))


@pytest.mark.rfc("RFC 1662 3.1", "RFC 1662 4.3")
def test_any_one_bit_that_flips_costs_no_more_than_this_frame_and_the_next() -> None:
    size = 8 * len(Ppp.wire(PppFrame(0x21, PACKETS[1]).pack()))
    for bit in range(size):
        line = Line()
        line.send(PACKETS[0])
        line.cable.corrupt(bit=bit, times=1)
        line.send(PACKETS[1])
        line.send(PACKETS[2])
        line.send(PACKETS[3])
        arrived = line.run()
        assert arrived in (
            [PACKETS[0], PACKETS[2], PACKETS[3]],
            # The flag in front is one too many, as the one before it ended the frame before.
            PACKETS if bit < 8 else None,
        ), bit
        assert line.b.rx.errors in (1, 2) or arrived == PACKETS
        assert line.b.rx.errors >= line.b.rx.crc_errors


def test_a_closing_flag_that_is_lost_joins_two_frames_up_to_the_next_flag() -> None:
    line = Line()
    last = 8 * len(Ppp.wire(PppFrame(0x21, PACKETS[0]).pack())) - 1
    line.cable.corrupt(bit=last, times=1)
    line.send(PACKETS[0])
    line.run()
    assert line.discarded() == []  # the frame has no end yet
    line.send(PACKETS[1])
    assert line.run() == [PACKETS[1]]
    assert line.discarded()[0].startswith("FCS wrong")


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_whatever_octets_come_the_next_whole_frame_is_taken(noise: list[bytes]) -> None:
    line = Line()
    for octets in noise:
        line.b.framing.receive_wire(octets)
    line.b.framing.receive_wire(FLAG)
    before = len(line.arrived)
    line.send(PACKETS[0])
    assert line.run()[before:] == [PACKETS[0]]
    assert len(line.b.framing._since_flag) == 0  # type: ignore[attr-defined]


@pytest.mark.rfc("RFC 1662 4.3")
@pytest.mark.parametrize("octets", [b"abc", b"abcdefgh\x7d", b"\x7d"])
def test_a_frame_that_is_too_short_or_aborted_is_no_error_of_the_fcs(octets: bytes) -> None:
    line = Line()
    line.b.framing.receive_wire(FLAG + octets + FLAG)
    assert (line.b.rx.errors, line.b.rx.crc_errors) == (1, 0)
    assert line.discarded() == ["no whole PPP frame (RFC 1662 section 4.3)"]


def test_damage_in_a_device_passes_the_fcs() -> None:
    line = Line()
    line.cable.corrupt(bit=8 * 4, in_device=True)
    line.send(b"\x45abc")
    assert line.run() == [b"\xc5abc"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\x03\xc0\x21\x01", "nobody here takes PPP protocol 0xc021"),
        (b"\x0f\x00\x08\x00abcd", "a PPP frame begins with ff 03"),
    ],
)
def test_what_isnt_ipv4_is_dropped(data: bytes, why: str) -> None:
    line = Line()
    line.a.send_frame(data, "a test", None)
    line.run()
    assert line.discarded()[0].startswith(why)


def test_it_carries_nothing_but_ipv4() -> None:
    with pytest.raises(ConfigurationError, match="a serial line carries IPv4 alone"):
        Line().a.send(MacAddress(2), 0x0806, b"", "a test", None)


# --- hosts on it ----------------------------------------------------------------------------


def test_ip_runs_over_it_without_arp_and_tshark_reads_its_capture(tmp_path: Path) -> None:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, medium="serial", rate=64 * kbps)
    assert alice.ping("bob") is not None
    assert alice.arp.table == {}
    assert [frame.label for frame in net.trace.frames[:2]] == [
        "ICMP echo request",
        "ICMP echo reply",
    ]
    assert repr(alice.interfaces[0]) == "<interface alice:ppp0, on alice-bob>"
    assert "    link/ppp\n" in alice.interfaces[0].statistics
    alice.inject(HDLC() / PPP() / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(id=7))
    net.run()
    frame = net.trace.frames[-2]
    assert (frame.ethernet, frame.ppp.protocol, frame.icmp.identifier) == (None, 0x21, 7)  # type: ignore[union-attr]
    file = tmp_path / "run.pcapng"
    net.trace.save(file)
    assert {type(packet).__name__ for packet in net.trace.scapy()} == {"HDLC"}
    again = Trace.open(file)
    assert [frame.label for frame in again.frames] == [frame.label for frame in net.trace.frames]
    assert again.hosts == ["alice", "bob"]


@pytest.mark.tshark
@pytest.mark.parametrize("medium", ["serial", "raw"])
def test_tshark_reads_a_capture_of_it_clean(tmp_path: Path, medium: str) -> None:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, medium=medium)
    alice.ping("bob")
    net.trace.save(tmp_path / "run.pcapng")
    protocols = {"serial": "ppp:ip:icmp:data", "raw": "raw:ip:icmp:data"}[medium]
    rows = tshark(tmp_path / "run.pcapng", "frame.protocols", "icmp.type", "_ws.malformed")
    assert rows[:2] == [[protocols, "8", ""], [protocols, "0", ""]]
    assert not any(malformed for *_, malformed in rows)
