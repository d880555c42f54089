import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, IPOption_NOP, IPOption_Router_Alert, IPOption_RR
from scapy.packet import Raw

from netlab.errors import ConfigurationError, ParseError
from netlab.network.address import IPv4Address
from netlab.network.ipv4_packet import PROTOCOL_UDP, Ipv4Packet

ALICE, BOB = IPv4Address.parse("10.0.0.1"), IPv4Address.parse("10.0.0.2")

OPTIONS = {
    b"": [],
    b"\x94\x04\x00\x00": [IPOption_Router_Alert()],
    b"\x01": [IPOption_NOP()],
    b"\x01\x07\x07\x04\x0a\x00\x00\x09": [IPOption_NOP(), IPOption_RR(routers=["10.0.0.9"])],
    b"\x01" * 40: [IPOption_NOP()] * 40,
}


@pytest.fixture(scope="module")
def cases():
    """Packets by netlab, and the bytes that Scapy makes of the same fields."""
    chance = random.Random(2)
    made = []
    for _ in range(1000):
        packet = Ipv4Packet(
            src=IPv4Address(chance.getrandbits(32)),
            dst=IPv4Address(chance.getrandbits(32)),
            protocol=chance.randrange(143, 255),  # unassigned: Scapy doesn't look into the payload
            payload=chance.randbytes(chance.choice((0, 1, 8, 33, 1480))),
            ttl=chance.randrange(256),
            identification=chance.getrandbits(16),
            dont_fragment=chance.random() < 0.5,
            more_fragments=chance.random() < 0.3,
            fragment_offset=chance.choice((0, 1, 185, 8191)),
            dscp=chance.getrandbits(6),
            ecn=chance.getrandbits(2),
            options=chance.choice(list(OPTIONS)),
            checksum=chance.choice((None, None, chance.getrandbits(16))),
            reserved=chance.random() < 0.1,
        )
        header = IP(
            src=str(packet.src),
            dst=str(packet.dst),
            proto=packet.protocol,
            ttl=packet.ttl,
            id=packet.identification,
            flags=packet.reserved << 2 | packet.dont_fragment << 1 | packet.more_fragments,
            frag=packet.fragment_offset,
            tos=packet.dscp << 2 | packet.ecn,
            options=OPTIONS[packet.options],
            chksum=packet.checksum,
        )
        made.append((packet, bytes(header / Raw(packet.payload))))
    return made


def fields(packet):
    """All that the wire carries but the checksum; options with their padding."""
    padding = bytes(-len(packet.options) % 4)
    return (
        str(packet.src),
        str(packet.dst),
        packet.protocol,
        packet.ttl,
        packet.identification,
        packet.reserved,
        packet.dont_fragment,
        packet.more_fragments,
        packet.reserved,
        packet.fragment_offset,
        packet.dscp,
        packet.ecn,
        packet.options + padding,
        packet.payload,
    )


@pytest.mark.rfc("RFC 791 3.1")
def test_a_packet_has_the_bytes_that_scapy_makes_of_its_fields(cases):
    for packet, by_scapy in cases:
        assert packet.pack() == by_scapy


@pytest.mark.rfc("RFC 791 3.1")
def test_a_packet_by_scapy_reads_as_its_fields_and_packs_to_the_same_bytes(cases):
    for packet, by_scapy in cases:
        read = Ipv4Packet.parse(by_scapy)
        assert fields(read) == fields(packet)
        assert read.pack() == by_scapy


@pytest.mark.rfc("RFC 791 3.1")
def test_scapy_reads_the_fields_of_a_packet(cases):
    for packet, _ in cases:
        data = packet.pack()
        read = IP(data)
        assert (
            read.src,
            read.dst,
            read.proto,
            read.ttl,
            read.id,
            read.flags.evil,
            read.flags.DF,
            read.flags.MF,
            read.flags.evil,
            read.frag,
            read.tos >> 2,
            read.tos & 3,
            data[20 : read.ihl * 4],
            bytes(read.payload),
        ) == fields(packet)
        assert (read.version, read.len, read.ihl * 4) == (4, len(data), packet.header_length)


def test_a_computed_checksum_is_good_and_any_other_bad(cases):
    for packet, by_scapy in cases:
        assert Ipv4Packet.verify(by_scapy) == (packet.checksum is None)


def test_one_wrong_bit_in_the_header_makes_the_checksum_bad():
    data = Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, b"payload").pack()
    for bit in range(20 * 8):
        broken = bytearray(data)
        broken[bit // 8] ^= 1 << bit % 8
        assert not Ipv4Packet.verify(bytes(broken))


def test_the_checksum_does_not_cover_the_payload():
    data = Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, b"payload").pack()
    assert Ipv4Packet.verify(data[:-1] + b"!")


@pytest.mark.parametrize("length", [0, 1, 19])
def test_less_than_a_header_has_no_good_checksum(length):
    assert not Ipv4Packet.verify(b"\x45" * length)


@pytest.mark.rfc("RFC 894")
def test_what_follows_the_total_length_is_padding_and_left_out():
    data = Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, b"hi").pack()
    assert Ipv4Packet.parse(data + bytes(24)).payload == b"hi"


@pytest.mark.rfc("RFC 792")
def test_a_quoted_packet_may_break_off_in_its_payload_but_not_in_its_header():
    data = Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, bytes(range(100)), options=b"\x01" * 4).pack()
    quotation = data[: 24 + 8]
    with pytest.raises(ParseError, match="total length is 124 bytes, but only 32 came"):
        Ipv4Packet.parse(quotation)
    assert Ipv4Packet.parse(quotation, quoted=True).payload == bytes(range(8))
    for length in (0, 19, 23):
        with pytest.raises(ParseError):
            Ipv4Packet.parse(data[:length], quoted=True)


def test_a_router_that_changes_the_ttl_sends_a_good_checksum_again():
    packet = Ipv4Packet.parse(Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, b"hi").pack())
    packet.ttl -= 1
    assert not Ipv4Packet.verify(packet.pack())
    packet.checksum = None
    assert Ipv4Packet.verify(packet.pack())


def test_a_part_of_a_packet_is_told_from_a_whole_one():
    assert not Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, b"").is_fragment
    assert Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, b"", more_fragments=True).is_fragment
    assert Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, b"", fragment_offset=1).is_fragment


GOOD = Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, bytes(10)).pack()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (GOOD[:19], "at least 20 bytes, got 19"),
        (b"\x65" + GOOD[1:], "version must be 4, got 6"),
        (b"\x44" + GOOD[1:], "at least 5 words, got 4"),
        (b"\x48" + GOOD[1:], "header has 32 bytes, but the whole packet only 30"),
        (GOOD[:2] + b"\x00\x13" + GOOD[4:], "header has 20 bytes, but the whole packet only 19"),
        (GOOD[:2] + b"\x00\x1f" + GOOD[4:], "total length is 31 bytes, but only 30 came"),
    ],
)
def test_bytes_that_are_no_packet_are_refused_with_what_is_wrong(data, problem):
    with pytest.raises(ParseError, match=problem):
        Ipv4Packet.parse(data)


def damaged(good: bytes) -> st.SearchStrategy[bytes]:
    """Some of `good`'s bytes replaced, and maybe cut off: more of these reach the last checks."""

    def damage(changes, length):
        data = bytearray(good)
        for at, byte in changes:
            data[at] = byte
        return bytes(data[:length])

    change = st.tuples(st.integers(0, len(good) - 1), st.integers(0, 255))
    return st.builds(damage, st.lists(change, max_size=4), st.integers(0, len(good)))


@given(st.one_of(st.binary(max_size=80), damaged(GOOD)), st.booleans())
def test_any_bytes_are_a_packet_or_a_parse_error(data, quoted):
    try:
        packet = Ipv4Packet.parse(data, quoted=quoted)
    except ParseError:
        return
    assert Ipv4Packet.parse(packet.pack()) == packet


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("src", "10.0.0.1", "parse()"),
        ("src", None, "32 bits"),
        ("dst", 2**32, "from 0 to 4294967295"),
        ("protocol", 256, "from 0 to 255"),
        ("protocol", -1, "from 0 to 255"),
        ("ttl", 256, "from 0 to 255"),
        ("ttl", -1, "from 0 to 255"),
        ("identification", 65536, "from 0 to 65535"),
        ("fragment_offset", 8192, "from 0 to 8191"),
        ("fragment_offset", -1, "from 0 to 8191"),
        ("dscp", 64, "from 0 to 63"),
        ("ecn", 4, "from 0 to 3"),
        ("ecn", -1, "from 0 to 3"),
        ("checksum", 65536, "from 0 to 65535"),
        ("options", bytes(41), "expected 40 at most"),
        ("options", "NOP", "expected bytes"),
        ("payload", bytes(65_516), "expected 65515 at most"),
        ("payload", "text", "expected bytes"),
        ("payload", None, "expected bytes"),
    ],
)
def test_a_field_that_does_not_fit_is_named_in_the_error(field, value, expected):
    packet = Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, b"")
    setattr(packet, field, value)
    with pytest.raises(ConfigurationError) as caught:
        packet.pack()
    assert f"Ipv4Packet.{field} " in str(caught.value)
    assert expected in str(caught.value)


def test_header_and_payload_that_are_too_long_together_are_refused():
    packet = Ipv4Packet(ALICE, BOB, PROTOCOL_UDP, bytes(65_515), options=bytes(4))
    with pytest.raises(ConfigurationError, match="more than 65535 bytes together"):
        packet.pack()
