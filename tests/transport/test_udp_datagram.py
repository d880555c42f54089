import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw

from netlab.errors import ConfigurationError, ParseError
from netlab.network.address import IPv4Address
from netlab.transport.udp_datagram import UdpDatagram

ALICE, BOB = IPv4Address.parse("10.0.0.1"), IPv4Address.parse("10.0.0.2")


@pytest.fixture(scope="module")
def cases():
    """Datagrams by netlab, their addresses, and the bytes that Scapy makes of their fields."""
    chance = random.Random(5)
    made = []
    for _ in range(1000):
        src, dst = IPv4Address(chance.getrandbits(32)), IPv4Address(chance.getrandbits(32))
        datagram = UdpDatagram(
            chance.getrandbits(16),
            chance.getrandbits(16),
            chance.randbytes(chance.choice((0, 1, 2, 33, 1472))),
            chance.choice((None, None, 0, chance.getrandbits(16))),
        )
        udp = UDP(
            sport=datagram.source_port, dport=datagram.destination_port, chksum=datagram.checksum
        )
        by_scapy = bytes(IP(src=str(src), dst=str(dst)) / udp / Raw(datagram.payload))[20:]
        made.append((datagram, src, dst, by_scapy))
    return made


@pytest.mark.rfc("RFC 768")
def test_a_datagram_has_the_bytes_that_scapy_makes_of_its_fields(cases):
    for datagram, src, dst, by_scapy in cases:
        assert datagram.pack(src, dst) == by_scapy


@pytest.mark.rfc("RFC 768")
def test_a_datagram_by_scapy_reads_as_its_fields_and_packs_to_the_same_bytes(cases):
    for datagram, src, dst, by_scapy in cases:
        read = UdpDatagram.parse(by_scapy)
        assert read.pack(src, dst) == by_scapy
        if datagram.checksum is None:
            read.checksum = None
        assert read == datagram


@pytest.mark.rfc("RFC 768")
def test_scapy_reads_the_fields_of_a_datagram(cases):
    for datagram, src, dst, _ in cases:
        read = UDP(datagram.pack(src, dst))
        assert (read.sport, read.dport, read.len) == (
            datagram.source_port,
            datagram.destination_port,
            8 + len(datagram.payload),
        )
        assert bytes(read.payload) == datagram.payload


@pytest.mark.rfc("RFC 768")
def test_a_computed_checksum_or_none_at_all_is_good_and_any_other_bad(cases):
    for datagram, src, dst, by_scapy in cases:
        assert UdpDatagram.verify(by_scapy, src, dst) == (datagram.checksum in (None, 0))


@pytest.mark.rfc("RFC 768")
def test_a_checksum_computed_as_zero_is_sent_as_ones():
    datagram = UdpDatagram(0, 0, b"\0\0")
    by_definition = int.from_bytes(datagram.pack(ALICE, BOB)[6:8], "big")
    datagram.payload = by_definition.to_bytes(2, "big")  # now the sum is ffff, its inverse 0
    data = datagram.pack(ALICE, BOB)
    assert data[6:8] == b"\xff\xff"
    assert UdpDatagram.verify(data, ALICE, BOB)


@pytest.mark.rfc("RFC 768")
def test_one_wrong_bit_or_another_address_makes_the_checksum_bad():
    data = UdpDatagram(1024, 7, b"odd length!").pack(ALICE, BOB)
    for bit in range(len(data) * 8):
        broken = bytearray(data)
        broken[bit // 8] ^= 1 << bit % 8
        assert not UdpDatagram.verify(bytes(broken), ALICE, BOB)
    assert not UdpDatagram.verify(data, ALICE, ALICE)
    assert not UdpDatagram.verify(data[:7], ALICE, BOB)


def test_what_follows_the_length_is_left_out_also_of_the_checksum():
    data = UdpDatagram(1024, 7, b"hi").pack(ALICE, BOB)
    assert UdpDatagram.parse(data + b"more").payload == b"hi"
    assert UdpDatagram.verify(data + b"more", ALICE, BOB)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (bytes(7), "8 bytes, got 7"),
        (bytes(4) + b"\x00\x07" + bytes(2), "got 7 with 8 bytes of data"),
        (bytes(4) + b"\x00\x09" + bytes(2), "got 9 with 8 bytes of data"),
    ],
)
def test_bytes_that_are_no_datagram_are_refused_with_what_is_wrong(data, problem):
    with pytest.raises(ParseError, match=problem):
        UdpDatagram.parse(data)


@given(st.binary(max_size=12), st.integers(0, 12), st.binary(max_size=12))
def test_any_bytes_are_a_datagram_that_packs_to_them_or_a_parse_error(ports, length, rest):
    for data in (ports, ports[:4] + length.to_bytes(2, "big") + rest):
        try:
            datagram = UdpDatagram.parse(data)
        except ParseError:
            continue
        assert data.startswith(datagram.pack(ALICE, BOB))


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("source_port", 65536, "from 0 to 65535"),
        ("destination_port", -1, "from 0 to 65535"),
        ("destination_port", "http", "whole number"),
        ("checksum", 65536, "from 0 to 65535"),
        ("payload", bytes(65_528), "expected 65527 at most"),
        ("payload", "text", "expected bytes"),
    ],
)
def test_a_field_that_does_not_fit_is_named_in_the_error(field, value, expected):
    datagram = UdpDatagram(1024, 7, b"")
    setattr(datagram, field, value)
    with pytest.raises(ConfigurationError) as caught:
        datagram.pack(ALICE, BOB)
    assert f"UdpDatagram.{field} " in str(caught.value)
    assert expected in str(caught.value)


def test_addresses_in_text_are_refused_with_how_to_read_them():
    with pytest.raises(ConfigurationError, match=r"IPv4Address\.parse"):
        UdpDatagram(1024, 7, b"").pack("10.0.0.1", "10.0.0.2")
