import pytest
import scapy.utils
from hypothesis import example, given
from hypothesis import strategies as st

from netlab.network.checksum import checksum_ok, internet_checksum, pseudo_header_sum


def by_the_definition(data: bytes, initial: int = 0) -> int:
    """The sum of RFC 1071, word by word, with each carry added back in at once."""
    if len(data) % 2:
        data += b"\0"
    total = initial
    for at in range(0, len(data), 2):
        total += data[at] << 8 | data[at + 1]
        while total > 0xFFFF:
            total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


# Short data, and lengths on both sides of each place where the work is split.
data = st.one_of(
    st.binary(max_size=64),
    st.integers(250, 270).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    st.binary(min_size=1400, max_size=1600),
)
words = st.integers(0, 0xFFFF)


@pytest.mark.rfc("RFC 1071 1")
@given(data, words)
@example(b"", 0)
@example(b"", 0xFFFF)
@example(b"\xff\xff", 0)
@example(b"\xff\xff" * 740, 0)
@example(b"\xff\xff" * 740, 0xFFFF)
@example(bytes(1480), 0)
@example(bytes(1481), 0)
@example(bytes(1480), 0xFFFF)
@example(b"\xff\xfe\x00\x01", 0)
def test_the_checksum_is_that_of_a_loop_over_the_words(data, initial):
    assert internet_checksum(data, initial) == by_the_definition(data, initial)


@pytest.mark.rfc("RFC 1071 1")
@pytest.mark.parametrize("length", [*range(20), *range(250, 270), 1459, 1460, 1480, 65535])
@pytest.mark.parametrize("byte", [0x00, 0x01, 0x80, 0xFF])
def test_the_checksum_of_equal_bytes_is_right_for_each_length(length, byte):
    assert internet_checksum(bytes((byte,)) * length) == by_the_definition(bytes((byte,)) * length)


@given(data)
@example(bytes(20))
@example(b"\xff" * 20)
def test_the_checksum_is_scapys(data):
    assert internet_checksum(data) == scapy.utils.checksum(data)


@pytest.mark.rfc("RFC 1071 3")
def test_the_checksum_of_the_example_in_the_rfc():
    assert internet_checksum(bytes.fromhex("0001 f203 f4f5 f6f7")) == 0xDDF2 ^ 0xFFFF


@pytest.mark.rfc("RFC 1071 1")
@given(data, words)
def test_data_with_its_checksum_inside_is_found_good(data, initial):
    if len(data) % 2:
        data += b"\0"
    whole = data + internet_checksum(data, initial).to_bytes(2, "big")
    assert checksum_ok(whole, initial)


@given(data.filter(bool), st.data())
def test_one_wrong_bit_is_always_found(data, choice):
    if len(data) % 2:
        data += b"\0"
    whole = bytearray(data + internet_checksum(data).to_bytes(2, "big"))
    bit = choice.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    assert not checksum_ok(bytes(whole))


def test_nothing_but_zeros_has_no_good_checksum_inside():
    assert not checksum_ok(bytes(20))
    assert not checksum_ok(b"")
    assert checksum_ok(b"\xff\xff")


@pytest.mark.rfc("RFC 1071 2")
@given(data, data)
def test_parts_that_start_at_even_places_may_be_summed_apart(first, second):
    if len(first) % 2:
        first += b"\0"
    initial = internet_checksum(first) ^ 0xFFFF
    assert internet_checksum(second, initial) == by_the_definition(first + second)


@pytest.mark.rfc("RFC 768", "RFC 9293 3.1")
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 255), words, data)
def test_the_pseudo_header_counts_as_if_it_stood_before_the_data(src, dst, protocol, length, data):
    before = (
        src.to_bytes(4, "big")
        + dst.to_bytes(4, "big")
        + bytes((0, protocol))
        + length.to_bytes(2, "big")
    )
    initial = pseudo_header_sum(src, dst, protocol, length)
    assert internet_checksum(data, initial) == by_the_definition(before + data)
