"""Putting a datagram together: whatever the order, from whatever overlaps, and never a wrong one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, defragment

from netlab.network.fragments import fragments
from netlab.network.ipv4_packet import Ipv4Packet
from netlab.network.reassembler import INFINITY, Reassembler
from tests.network.material import address

ALICE, BOB = address("10.0.0.1"), address("10.0.0.2")


def piece(first: int, data: bytes, more: bool = True) -> Ipv4Packet:
    assert first % 8 == 0
    return Ipv4Packet(
        ALICE, BOB, 253, data, fragment_offset=first // 8, more_fragments=more, identification=7
    )


@pytest.mark.rfc("RFC 815 3")
def test_holes_are_filled_and_split() -> None:
    datagram = Reassembler()
    assert datagram.holes == [(0, INFINITY)]
    assert datagram.add(piece(16, bytes(8))) is None
    assert datagram.holes == [(0, 15), (24, INFINITY)]
    assert datagram.add(piece(32, b"end", more=False)) is None
    assert datagram.holes == [(0, 15), (24, 31)]
    assert datagram.received == 11
    assert datagram.add(piece(0, bytes(16))) is None
    assert datagram.holes == [(24, 31)]
    assert datagram.add(piece(24, b"12345678")) == bytes(24) + b"12345678end"


@pytest.mark.rfc("RFC 815 3", "RFC 791 3.2")
def test_where_fragments_overlap_what_came_first_stays() -> None:
    datagram = Reassembler()
    datagram.add(piece(8, b"B" * 16))
    datagram.add(piece(0, b"A" * 16))
    assert datagram.add(piece(16, b"C" * 16, more=False)) == b"A" * 8 + b"B" * 16 + b"C" * 8


def test_what_is_here_already_changes_nothing() -> None:
    datagram = Reassembler()
    for _ in range(1_000):
        datagram.add(piece(8, bytes(8)))
    assert (datagram.received, datagram.holes) == (8, [(0, 7), (16, INFINITY)])


@pytest.mark.rfc("RFC 815 3", "RFC 1122 3.3.2", "RFC 1812 4.2.2.8")
@given(st.binary(min_size=65, max_size=3_000), st.integers(68, 400), st.randoms())
def test_in_any_order_scapy_and_netlab_put_the_same_together(
    payload: bytes, mtu: int, chance: random.Random
) -> None:
    """Scapy looks whether a datagram is whole when its last fragment comes."""
    *pieces, last = fragments(Ipv4Packet(ALICE, BOB, 253, payload), mtu)
    chance.shuffle(pieces)
    datagram = Reassembler()
    assert all(datagram.add(each) is None for each in pieces)
    ours = datagram.add(last)
    (theirs,) = defragment([IP(each.pack()) for each in [*pieces, last]])
    assert ours == bytes(theirs[IP].payload) == payload


@pytest.mark.rfc("RFC 791 3.2", "RFC 815 3")
@given(st.binary(min_size=1, max_size=800), st.data())
def test_overlaps_and_duplicates_that_agree_give_the_datagram(
    payload: bytes, data: st.DataObject
) -> None:
    """As soon as every byte is here, and not before."""
    starts = st.integers(0, (len(payload) - 1) // 8).map(lambda unit: unit * 8)
    datagram, here, end_known = Reassembler(), set[int](), False
    for _ in range(200):
        first = data.draw(starts)
        end = min(len(payload), first + 8 * data.draw(st.integers(1, 40)))
        more = end < len(payload)
        whole = datagram.add(piece(first, payload[first:end], more))
        here.update(range(first, end))
        end_known |= not more
        assert (whole is not None) == (end_known and len(here) == len(payload))
        if whole is not None:
            assert whole == payload
            return
    for first in range(0, len(payload), 8):
        whole = datagram.add(piece(first, payload[first : first + 8], first + 8 < len(payload)))
    assert whole == payload


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.booleans()), max_size=40))
def test_pieces_that_contradict_each_other_give_nothing_with_a_gap(
    pieces: list[tuple[int, int, bool]],
) -> None:
    datagram, here = Reassembler(), set[int]()
    for unit, count, more in pieces:
        whole = datagram.add(piece(8 * unit, bytes(8 * count), more))
        here.update(range(8 * unit, 8 * (unit + count)))
        assert datagram.received <= len(here)
        if whole is not None:
            assert set(range(len(whole))) <= here
            return
