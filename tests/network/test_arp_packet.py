import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.l2 import ARP

from netlab.errors import ConfigurationError, ParseError
from netlab.link.address import MacAddress
from netlab.network.address import IPv4Address
from netlab.network.arp_packet import REPLY, REQUEST, ArpPacket

ASKING = ArpPacket(
    REQUEST,
    MacAddress.parse("02:00:00:00:00:01"),
    IPv4Address.parse("10.0.0.1"),
    MacAddress(0),
    IPv4Address.parse("10.0.0.2"),
)


@pytest.fixture(scope="module")
def cases():
    """Packets by netlab, and the bytes that Scapy makes of the same fields."""
    chance = random.Random(3)
    made = []
    for _ in range(1000):
        packet = ArpPacket(
            chance.choice((1, 2, 3, 4, chance.getrandbits(16))),
            MacAddress(chance.getrandbits(48)),
            IPv4Address(chance.getrandbits(32)),
            MacAddress(chance.getrandbits(48)),
            IPv4Address(chance.getrandbits(32)),
        )
        by_scapy = ARP(
            op=packet.operation,
            hwsrc=str(packet.sender_hardware_address),
            psrc=str(packet.sender_protocol_address),
            hwdst=str(packet.target_hardware_address),
            pdst=str(packet.target_protocol_address),
        )
        made.append((packet, bytes(by_scapy)))
    return made


@pytest.mark.rfc("RFC 826", "RFC 903")
def test_a_packet_has_the_bytes_that_scapy_makes_of_its_fields(cases):
    for packet, by_scapy in cases:
        assert packet.pack() == by_scapy


@pytest.mark.rfc("RFC 826", "RFC 903")
def test_a_packet_by_scapy_reads_as_its_fields(cases):
    for packet, by_scapy in cases:
        assert ArpPacket.parse(by_scapy) == packet


@pytest.mark.rfc("RFC 826")
def test_scapy_reads_the_fields_of_a_packet(cases):
    for packet, _ in cases:
        read = ARP(packet.pack())
        assert (read.hwtype, read.ptype, read.hwlen, read.plen) == (1, 0x0800, 6, 4)
        assert (read.op, read.hwsrc, read.psrc, read.hwdst, read.pdst) == (
            packet.operation,
            str(packet.sender_hardware_address),
            str(packet.sender_protocol_address),
            str(packet.target_hardware_address),
            str(packet.target_protocol_address),
        )


@pytest.mark.rfc("RFC 894")
def test_what_follows_the_28_bytes_is_padding_and_left_out():
    assert ArpPacket.parse(ASKING.pack() + bytes(18)) == ASKING


@pytest.mark.rfc("RFC 826")
@pytest.mark.parametrize(
    ("at", "byte", "got"),
    [
        (1, 6, "got 6 of 6 and 0x0800 of 4"),
        (3, 1, "got 1 of 6 and 0x0801 of 4"),
        (4, 8, "got 1 of 8 and 0x0800 of 4"),
        (5, 16, "got 1 of 6 and 0x0800 of 16"),
    ],
)
def test_other_kinds_of_addresses_are_refused_with_what_came(at, byte, got):
    data = bytearray(ASKING.pack())
    data[at] = byte
    with pytest.raises(ParseError, match=got):
        ArpPacket.parse(bytes(data))


@given(st.one_of(st.binary(max_size=40), st.binary(max_size=30).map(ASKING.pack()[:6].__add__)))
def test_any_bytes_are_a_packet_that_packs_to_them_or_a_parse_error(data):
    try:
        packet = ArpPacket.parse(data)
    except ParseError:
        assert len(data) < 28 or data[:6] != ASKING.pack()[:6]
    else:
        assert packet.pack() == data[:28]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("operation", 65536, "from 0 to 65535"),
        ("sender_hardware_address", -1, "48 bits"),
        ("sender_hardware_address", "02:00:00:00:00:01", "parse()"),
        ("sender_protocol_address", 2**32, "32 bits"),
        ("target_hardware_address", 2**48, "48 bits"),
        ("target_hardware_address", None, "48 bits"),
        ("target_protocol_address", "10.0.0.1", "parse()"),
    ],
)
def test_a_field_that_does_not_fit_is_named_in_the_error(field, value, expected):
    packet = ArpPacket(REPLY, MacAddress(1), IPv4Address(1), MacAddress(2), IPv4Address(2))
    setattr(packet, field, value)
    with pytest.raises(ConfigurationError) as caught:
        packet.pack()
    assert f"ArpPacket.{field} is {value!r}" in str(caught.value)
    assert expected in str(caught.value)
