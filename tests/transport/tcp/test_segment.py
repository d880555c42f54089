import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP
from scapy.packet import Raw

from netlab.errors import ConfigurationError, ParseError
from netlab.network.address import IPv4Address
from netlab.network.checksum import checksum_ok, internet_checksum, pseudo_header_sum
from netlab.transport.tcp import segment as tcp
from netlab.transport.tcp.segment import Segment

ALICE, BOB = IPv4Address.parse("10.0.0.1"), IPv4Address.parse("10.0.0.2")

OPTIONS = {
    b"": [],
    b"\x02\x04\x05\xb4": [("MSS", 1460)],
    b"\x01": [("NOP", None)],
    b"\x02\x04\x05\xb4\x01\x03\x03\x07": [("MSS", 1460), ("NOP", None), ("WScale", 7)],
    b"\x01\x01\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02": [
        ("NOP", None),
        ("NOP", None),
        ("Timestamp", (1, 2)),
    ],
    b"\x01" * 40: [("NOP", None)] * 40,
}


@pytest.fixture(scope="module")
def cases():
    """Segments by netlab, their addresses, and the bytes that Scapy makes of their fields."""
    chance = random.Random(6)
    made = []
    for _ in range(1000):
        src, dst = IPv4Address(chance.getrandbits(32)), IPv4Address(chance.getrandbits(32))
        segment = Segment(
            source_port=chance.getrandbits(16),
            destination_port=chance.getrandbits(16),
            seq=chance.getrandbits(32),
            ack=chance.getrandbits(32),
            flags=chance.getrandbits(8),
            window=chance.getrandbits(16),
            payload=chance.randbytes(chance.choice((0, 1, 2, 33, 1460))),
            options=chance.choice(list(OPTIONS)),
            urgent_pointer=chance.getrandbits(16),
            checksum=chance.choice((None, None, chance.getrandbits(16))),
        )
        header = TCP(
            sport=segment.source_port,
            dport=segment.destination_port,
            seq=segment.seq,
            ack=segment.ack,
            flags=segment.flags,
            window=segment.window,
            options=OPTIONS[segment.options],
            urgptr=segment.urgent_pointer,
            chksum=segment.checksum,
        )
        by_scapy = bytes(IP(src=str(src), dst=str(dst)) / header / Raw(segment.payload))[20:]
        made.append((segment, src, dst, by_scapy))
    return made


def fields(segment):
    """All that the wire carries but the checksum; options with their padding."""
    return (
        segment.source_port,
        segment.destination_port,
        segment.seq,
        segment.ack,
        segment.flags,
        segment.window,
        segment.urgent_pointer,
        segment.options + bytes(-len(segment.options) % 4),
        segment.payload,
    )


@pytest.mark.rfc("RFC 9293 3.1")
def test_a_segment_has_the_bytes_that_scapy_makes_of_its_fields(cases):
    for segment, src, dst, by_scapy in cases:
        assert segment.pack(src, dst) == by_scapy


@pytest.mark.rfc("RFC 9293 3.1")
def test_a_segment_by_scapy_reads_as_its_fields_and_packs_to_the_same_bytes(cases):
    for segment, src, dst, by_scapy in cases:
        read = Segment.parse(by_scapy)
        assert fields(read) == fields(segment)
        assert read.pack(src, dst) == by_scapy


@pytest.mark.rfc("RFC 9293 3.1")
def test_scapy_reads_the_fields_of_a_segment(cases):
    for segment, src, dst, _ in cases:
        data = segment.pack(src, dst)
        read = TCP(data)
        assert (
            read.sport,
            read.dport,
            read.seq,
            read.ack,
            int(read.flags),
            read.window,
            read.urgptr,
            data[20 : read.dataofs * 4],
            bytes(read.payload),
        ) == fields(segment)


@pytest.mark.rfc("RFC 9293 MUST-2", "RFC 9293 MUST-3")
def test_a_computed_checksum_is_good_and_any_other_bad(cases):
    for segment, src, dst, by_scapy in cases:
        assert Segment.verify(by_scapy, src, dst) == (segment.checksum is None)


@pytest.mark.rfc("RFC 9293 MUST-3")
def test_one_wrong_bit_or_another_address_makes_the_checksum_bad():
    data = Segment(1024, 80, 1, 2, tcp.ACK, 1000, b"odd length!", b"\x01").pack(ALICE, BOB)
    for bit in range(len(data) * 8):
        broken = bytearray(data)
        broken[bit // 8] ^= 1 << bit % 8
        assert not Segment.verify(bytes(broken), ALICE, BOB)
    assert not Segment.verify(data, ALICE, ALICE)


def test_less_than_a_header_is_never_good_even_if_its_words_add_up():
    short = internet_checksum(b"", pseudo_header_sum(ALICE, BOB, 6, 2)).to_bytes(2, "big")
    assert checksum_ok(short, pseudo_header_sum(ALICE, BOB, 6, 2))
    assert not Segment.verify(short, ALICE, BOB)


def test_each_flag_has_scapys_bit_and_its_own_name():
    scapys = {"F": "fin", "S": "syn", "R": "rst", "P": "psh", "A": "has_ack", "U": "urg"}
    scapys |= {"E": "ece", "C": "cwr"}
    for letter, name in scapys.items():
        segment = Segment(1, 2, 0, 0, int(TCP(flags=letter).flags), 0)
        assert [other for other in scapys.values() if getattr(segment, other)] == [name]
        assert segment.flags_text == name.removeprefix("has_").upper()


@pytest.mark.parametrize(
    ("flags", "text", "length"),
    [
        (0, "", 3),
        (tcp.SYN, "SYN", 4),
        (tcp.SYN | tcp.ACK, "SYN,ACK", 4),
        (tcp.FIN | tcp.ACK, "FIN,ACK", 4),
        (tcp.SYN | tcp.FIN, "FIN,SYN", 5),
        (tcp.RST, "RST", 3),
        (tcp.ACK | tcp.PSH | tcp.URG, "PSH,ACK,URG", 3),
        (255, "FIN,SYN,RST,PSH,ACK,URG,ECE,CWR", 5),
    ],
)
@pytest.mark.rfc("RFC 9293 3.4")
def test_syn_and_fin_take_a_sequence_number_each_and_the_flags_read_lowest_first(
    flags, text, length
):
    segment = Segment(1, 2, 0, 0, flags, 0, b"abc")
    assert segment.flags_text == text
    assert segment.length == length


@pytest.mark.rfc("RFC 9293 3.1")
def test_the_reserved_bits_are_ignored():
    data = bytearray(Segment(1024, 80, 1, 2, tcp.ACK, 1000, b"hi", checksum=0).pack(ALICE, BOB))
    before = Segment.parse(bytes(data))
    data[12] |= 0x0F
    assert Segment.parse(bytes(data)) == before


GOOD = Segment(1024, 80, 1, 2, tcp.ACK, 1000, bytes(4), bytes(4)).pack(ALICE, BOB)


@pytest.mark.rfc("RFC 9293 3.1")
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (GOOD[:19], "at least 20 bytes, got 19"),
        (GOOD[:12] + b"\x40" + GOOD[13:], "got 4 words in 28 bytes"),
        (GOOD[:12] + b"\x80" + GOOD[13:], "got 8 words in 28 bytes"),
    ],
)
def test_bytes_that_are_no_segment_are_refused_with_what_is_wrong(data, problem):
    with pytest.raises(ParseError, match=problem):
        Segment.parse(data)


@given(st.binary(max_size=70), st.integers(0, 15))
def test_any_bytes_are_a_segment_that_packs_to_them_or_a_parse_error(data, data_offset):
    if len(data) > 12:
        data = data[:12] + bytes((data_offset << 4,)) + data[13:]
    try:
        segment = Segment.parse(data)
    except ParseError:
        assert len(data) < 20 or not 20 <= data_offset * 4 <= len(data)
    else:
        assert segment.pack(ALICE, BOB) == data


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("source_port", 65536, "from 0 to 65535"),
        ("destination_port", -1, "from 0 to 65535"),
        ("seq", 2**32, "from 0 to 4294967295"),
        ("ack", -1, "from 0 to 4294967295"),
        ("ack", None, "32 bits"),
        ("flags", 256, "from 0 to 255"),
        ("flags", "SYN", "8 bits"),
        ("window", 65536, "from 0 to 65535"),
        ("urgent_pointer", 65536, "from 0 to 65535"),
        ("checksum", 65536, "from 0 to 65535"),
        ("options", bytes(41), "expected 40 at most"),
        ("options", "NOPS", "expected bytes"),
        ("options", None, "expected bytes"),
        ("payload", "text", "expected bytes"),
    ],
)
def test_a_field_that_does_not_fit_is_named_in_the_error(field, value, expected):
    segment = Segment(1024, 80, 1, 2, tcp.ACK, 1000)
    setattr(segment, field, value)
    with pytest.raises(ConfigurationError) as caught:
        segment.pack(ALICE, BOB)
    assert f"Segment.{field} " in str(caught.value)
    assert expected in str(caught.value)


def test_addresses_in_text_are_refused_with_how_to_read_them():
    with pytest.raises(ConfigurationError, match=r"IPv4Address\.parse"):
        Segment(1024, 80, 1, 2, tcp.ACK, 1000).pack("10.0.0.1", "10.0.0.2")
