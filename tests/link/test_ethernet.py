import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from netlab.errors import ConfigurationError, ParseError
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_IPV4, EthernetFrame


@pytest.fixture(scope="module")
def cases():
    """Frames by netlab, and the bytes that Scapy makes of the same fields."""
    chance = random.Random(1)
    made = []
    for _ in range(1000):
        frame = EthernetFrame(
            MacAddress(chance.getrandbits(48)),
            MacAddress(chance.getrandbits(48)),
            chance.randrange(0x9000, 0x10000),
            chance.randbytes(chance.choice((0, 1, 46, 1500))),
        )
        header = Ether(dst=str(frame.dst), src=str(frame.src), type=frame.ethertype)
        made.append((frame, bytes(header / Raw(frame.payload))))
    return made


@pytest.mark.rfc("RFC 1122 2.3.3/ethernet")
def test_a_frame_has_the_bytes_that_scapy_makes_of_its_fields(cases):
    for frame, by_scapy in cases:
        assert frame.pack() == by_scapy


def test_a_frame_by_scapy_reads_as_its_fields(cases):
    for frame, by_scapy in cases:
        assert EthernetFrame.parse(by_scapy) == frame


def test_scapy_reads_the_fields_of_a_frame(cases):
    for frame, _ in cases:
        read = Ether(frame.pack())
        fields = (read.dst, read.src, read.type, bytes(read.payload))
        assert fields == (str(frame.dst), str(frame.src), frame.ethertype, frame.payload)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_frame_that_packs_to_them_or_too_short(data):
    if len(data) < 14:
        with pytest.raises(ParseError, match=f"14 bytes, got {len(data)}"):
            EthernetFrame.parse(data)
    else:
        assert EthernetFrame.parse(data).pack() == data


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("dst", -1, "48 bits"),
        ("src", 2**48, "48 bits"),
        ("src", "02:00:00:00:00:01", "parse()"),
        ("ethertype", 0x10000, "from 0 to 65535"),
        ("ethertype", 1.5, "whole number"),
        ("payload", "text", "expected bytes"),
        ("payload", None, "expected bytes"),
    ],
)
def test_a_field_that_does_not_fit_is_named_in_the_error(field, value, expected):
    frame = EthernetFrame(MacAddress.BROADCAST, MacAddress(1), ETHERTYPE_IPV4, b"")
    setattr(frame, field, value)
    with pytest.raises(ConfigurationError) as caught:
        frame.pack()
    assert f"EthernetFrame.{field} is {value!r}" in str(caught.value)
    assert expected in str(caught.value)
