"""Cutting packets: what each fragment carries, and that Scapy puts the same together again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, defragment, fragment
from scapy.packet import Raw

from netlab.network.fragments import fragments
from netlab.network.ip_options import Option, pack_options, parse_options
from netlab.network.ipv4_packet import Ipv4Packet
from tests.network.material import address

ALICE, BOB = address("10.0.0.1"), address("10.0.0.2")
ALERT, ROUTE = Option(148, bytes(2)), Option.record_route(3)


def packet(payload: bytes, **fields: object) -> Ipv4Packet:
    return Ipv4Packet(ALICE, BOB, 253, payload, **fields)  # type: ignore[arg-type]


@pytest.mark.rfc("RFC 791 3.2", "RFC 1812 4.2.2.7")
@given(st.integers(0, 8_000), st.integers(68, 2_000), st.sampled_from([b"", pack_options([ALERT])]))
def test_fragments_fit_the_link_and_scapy_finds_the_packet_in_them(
    size: int, mtu: int, options: bytes
) -> None:
    payload = bytes(number * 7 & 0xFF for number in range(size))
    whole = packet(payload, identification=77, ttl=9, options=options)
    if len(whole.pack()) <= mtu:
        return
    pieces = [piece.pack() for piece in fragments(whole, mtu)]
    assert all(len(piece) <= mtu for piece in pieces)
    assert len(pieces[0]) > mtu - 8  # as few as possible
    (found,) = defragment([IP(piece) for piece in pieces])
    assert bytes(found[IP].payload) == payload
    assert (found.id, found.ttl, int(found.flags), found.frag) == (77, 9, 0, 0)


@pytest.mark.rfc("RFC 791 3.2")
@pytest.mark.parametrize("mtu", [68, 576, 1006, 1500])
def test_the_cuts_are_where_scapy_makes_them(mtu: int) -> None:
    whole = packet(bytes(range(256)) * 20, identification=7)
    theirs = fragment(
        IP(src=str(ALICE), dst=str(BOB), proto=253, id=7) / Raw(whole.payload), mtu - 20
    )
    assert [piece.pack() for piece in fragments(whole, mtu)] == [bytes(each) for each in theirs]


@pytest.mark.rfc("RFC 791 3.1", "RFC 1812 4.2.2.7")
def test_later_fragments_carry_only_the_options_that_are_to_be_copied() -> None:
    pieces = list(fragments(packet(bytes(100), options=pack_options([ROUTE, ALERT])), 84))
    options = [parse_options(piece.options) for piece in pieces]
    assert options == [[ROUTE, ALERT], [ALERT]]
    assert [piece.header_length for piece in pieces] == [40, 24]
    assert [len(piece.payload) for piece in pieces] == [40, 60]


@pytest.mark.rfc("RFC 791 3.2")
def test_a_fragment_that_is_cut_again_keeps_its_place() -> None:
    whole = packet(bytes(range(200)) * 10)
    once = list(fragments(whole, 996))
    again = [piece for each in once for piece in fragments(each, 500)]
    assert [each.more_fragments for each in again] == [True] * (len(again) - 1) + [False]
    (found,) = defragment([IP(piece.pack()) for piece in again])
    assert bytes(found[IP].payload) == whole.payload
