import copy
import ipaddress
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ConfigurationError
from netlab.network.address import IPv4Address, Prefix, parse_interface

numbers = st.integers(0, 2**32 - 1)


@given(numbers)
def test_an_address_agrees_with_the_standard_librarys(number):
    address, theirs = IPv4Address(number), ipaddress.IPv4Address(number)
    assert str(address) == str(theirs)
    assert address.packed == theirs.packed
    assert IPv4Address.parse(str(theirs)) == number
    assert IPv4Address.from_bytes(theirs.packed) == number
    assert IPv4Address.from_int(number) == number


EDGES = (
    "0.0.0.0",
    "0.0.0.1",
    "126.255.255.255",
    "127.0.0.0",
    "127.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.254.0.0",
    "169.254.255.255",
    "169.255.0.0",
    "223.255.255.255",
    "224.0.0.0",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.254",
    "255.255.255.255",
)


@pytest.mark.rfc("RFC 1122 3.2.1.3", "RFC 1112 4", "RFC 3927 2.7")
@pytest.mark.parametrize("text", EDGES)
def test_special_addresses_are_those_of_the_standard_library(text):
    address, theirs = IPv4Address.parse(text), ipaddress.IPv4Address(text)
    assert address.is_unspecified == theirs.is_unspecified
    assert address.is_loopback == theirs.is_loopback
    assert address.is_link_local == theirs.is_link_local
    assert address.is_multicast == theirs.is_multicast
    assert address.is_limited_broadcast == (text == "255.255.255.255")
    # The library counts the limited broadcast as reserved; here an address is of one kind.
    assert address.is_reserved == (theirs.is_reserved and text != "255.255.255.255")


def test_an_address_reads_as_text_wherever_it_is_printed():
    address = IPv4Address(0x0A000001)
    assert f"{address}" == str(address) == repr(address) == "10.0.0.1"
    assert f"{address:>10}|" == "  10.0.0.1|"
    assert f"{(address, 1)}" == "(10.0.0.1, 1)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0",
        "10.0.0.0.1",
        "10.0.0.256",
        "10.0.0.-1",
        "10.0.0.+1",
        "10.0.0.01",
        "10.0.0.00",
        "10.0.0.0x1",
        "10.0.0.1 ",
        "10.0.0.1\n",
        "10.0..1",
        "10.0.0.1/24",
        "10.0.0.\N{ARABIC-INDIC DIGIT ONE}",
        "10.0.0.\N{SUPERSCRIPT ONE}",
        "10.0.0." + "9" * 5000,
        None,
        b"10.0.0.1",
        10,
    ],
)
def test_text_that_is_no_address_is_refused_with_what_was_expected(text):
    with pytest.raises(ConfigurationError, match="four numbers from 0 to 255") as caught:
        IPv4Address.parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("number", [-1, 2**32, "10.0.0.1", None, 1.5])
def test_a_number_that_does_not_fit_32_bits_is_refused(number):
    for make in (IPv4Address, IPv4Address.from_int):
        with pytest.raises(ConfigurationError, match="32 bits"):
            make(number)


@pytest.mark.parametrize("packed", [b"", bytes(3), bytes(5)])
def test_bytes_that_are_not_four_are_refused(packed):
    with pytest.raises(ConfigurationError, match=f"4 bytes, got {len(packed)}"):
        IPv4Address.from_bytes(packed)


def test_the_same_number_gives_the_same_object_and_a_flood_of_addresses_does_not_stay():
    address = IPv4Address.from_int(0x0A000001)
    assert IPv4Address.from_int(0x0A000001) is address
    for number in range(10_000):
        assert IPv4Address.from_int(number) == number
    assert IPv4Address.from_int.cache_info().currsize <= 4096


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_addresses_and_prefixes_survive_pickling_and_copying(protocol):
    for value in (IPv4Address.parse("10.0.0.1"), Prefix.parse("10.0.0.0/8")):
        copied = pickle.loads(pickle.dumps(value, protocol)), copy.copy(value), copy.deepcopy(value)
        for other in copied:
            assert type(other) is type(value)
            assert other == value
            assert str(other) == str(value)


@given(numbers, st.integers(0, 32), numbers)
def test_a_prefix_agrees_with_the_standard_librarys_network(number, length, other):
    prefix = Prefix.parse(f"{IPv4Address(number)}/{length}")
    theirs = ipaddress.IPv4Network((number, length), strict=False)
    assert str(prefix) == str(theirs)
    assert prefix == Prefix(IPv4Address(number), length)
    assert prefix.netmask == int(theirs.netmask)
    for address in (number, other, number ^ 1, number ^ 1 << 32 >> max(length, 1)):
        assert (address in prefix) == (ipaddress.IPv4Address(address) in theirs)


@pytest.mark.rfc("RFC 1122 3.2.1.3", "RFC 3021 2.1")
def test_the_last_address_of_a_network_is_its_broadcast_unless_all_are_hosts():
    assert Prefix.parse("10.0.0.0/24").broadcast == IPv4Address.parse("10.0.0.255")
    assert Prefix.parse("10.0.0.0/30").broadcast == IPv4Address.parse("10.0.0.3")
    assert Prefix.parse("10.0.0.0/31").broadcast is None
    assert Prefix.parse("10.0.0.0/32").broadcast is None


def test_equal_prefixes_are_one_key_of_a_table():
    assert {Prefix.parse("10.0.0.1/24"): "here"}[Prefix.parse("10.0.0.2/24")] == "here"


@pytest.mark.parametrize("length", [-1, 33])
def test_a_prefix_of_more_bits_than_an_address_has_is_refused(length):
    with pytest.raises(ConfigurationError, match="expected 0 to 32"):
        Prefix(IPv4Address(0), length)


@pytest.mark.parametrize(
    "text", ["10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/024", "10.0.0.1/-1", "/24", 24, None]
)
def test_text_without_a_good_prefix_length_is_refused_with_an_example(text):
    for read in (Prefix.parse, parse_interface):
        with pytest.raises(ConfigurationError, match=r"such as 10\.0\.0\.1"):
            read(text)


@pytest.mark.parametrize("text", ["10.0.0.1/24", "10.0.0.0/31", "10.0.0.1/31", "10.0.0.255/32"])
def test_an_interface_has_an_address_and_the_network_around_it(text):
    address, prefix = parse_interface(text)
    theirs = ipaddress.IPv4Interface(text)
    assert str(address) == str(theirs.ip)
    assert str(prefix) == str(theirs.network)


@pytest.mark.rfc("RFC 1122 3.2.1.3")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10.0.0.0/24", "the address of the network 10.0.0.0/24 itself"),
        ("10.0.0.255/24", "a broadcast address"),
        ("255.255.255.255/32", "a broadcast address"),
        ("224.0.0.1/24", "a multicast address"),
        ("240.0.0.1/24", "reserved"),
        ("0.0.0.0/32", "reserved"),
    ],
)
def test_an_address_that_no_host_can_have_is_refused_for_an_interface(text, reason):
    with pytest.raises(ConfigurationError, match=f"is {reason}"):
        parse_interface(text)
