"""The mark of congestion in an IPv4 header, and the checksum that follows it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP

from netlab.network.ecn import mark
from netlab.network.ipv4_packet import Ipv4Packet


@pytest.mark.rfc("RFC 3168 5", "RFC 1624 3")
def test_the_checksum_of_a_marked_packet_is_what_scapy_computes_for_it() -> None:
    chance = random.Random(1)
    for _ in range(2_000):
        packet = IP(
            src=f"10.{chance.getrandbits(8)}.{chance.getrandbits(8)}.1",
            dst="10.0.0.2",
            tos=chance.getrandbits(6) << 2 | chance.choice((1, 2, 3)),
            id=chance.getrandbits(16),
            ttl=chance.getrandbits(8),
            proto=253,
        )
        marked = mark(bytes(packet))
        assert marked is not None
        assert Ipv4Packet.verify(marked)
        expected = packet.copy()
        expected.tos |= 3
        assert marked == bytes(expected)


def test_a_checksum_that_was_wrong_stays_wrong() -> None:
    packet = bytearray(bytes(IP(src="10.0.0.1", dst="10.0.0.2", tos=2)))
    packet[11] ^= 1
    assert not Ipv4Packet.verify(mark(bytes(packet)) or b"")


@given(st.binary(max_size=60))
def test_what_is_no_ipv4_packet_or_cant_have_a_mark_is_left_alone(data: bytes) -> None:
    marked = mark(data)
    if len(data) < 20 or data[0] >> 4 != 4 or data[1] & 3 == 0:
        assert marked is None
    else:
        assert marked is not None
        assert (marked[1], marked[2:10], marked[12:]) == (data[1] | 3, data[2:10], data[12:])
