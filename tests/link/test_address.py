import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ConfigurationError
from netlab.link import address
from netlab.link.address import MacAddress

numbers = st.integers(0, 2**48 - 1)


@given(numbers)
def test_text_and_bytes_of_an_address_read_back_as_the_same_address(number):
    mac = MacAddress(number)
    assert MacAddress.parse(str(mac)) == mac
    assert MacAddress.parse(str(mac).upper().replace(":", "-")) == mac
    assert MacAddress.from_bytes(mac.packed) == mac == number
    assert mac.packed == number.to_bytes(6, "big")


def test_an_address_reads_as_text_wherever_it_is_printed():
    mac = MacAddress(0x0200000000FE)
    assert f"{mac}" == str(mac) == repr(mac) == "02:00:00:00:00:fe"
    assert f"{mac:>20}|" == "   02:00:00:00:00:fe|"
    assert f"{[mac]}" == "[02:00:00:00:00:fe]"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "02:00:00:00:00",
        "02:00:00:00:00:01:02",
        "02:00:00:00:00:1",
        "02:00:00-00:00:01",
        "02:00:00:00:00:0g",
        " 02:00:00:00:00:01",
        "02:00:00:00:00:01\n",
        "020000000001",
        "02:00:00:00:00:0\N{ARABIC-INDIC DIGIT ONE}",
        None,
        b"02:00:00:00:00:01",
    ],
)
def test_text_that_is_no_address_is_refused_with_what_was_expected(text):
    with pytest.raises(ConfigurationError, match="six pairs of hexadecimal digits") as caught:
        MacAddress.parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("number", [-1, 2**48, "02:00:00:00:00:01", None, 1.5])
def test_a_number_that_does_not_fit_48_bits_is_refused(number):
    with pytest.raises(ConfigurationError, match="48 bits"):
        MacAddress(number)


@pytest.mark.parametrize("packed", [b"", bytes(5), bytes(7)])
def test_bytes_that_are_not_six_are_refused(packed):
    with pytest.raises(ConfigurationError, match=f"6 bytes, got {len(packed)}"):
        MacAddress.from_bytes(packed)


def test_the_same_bytes_give_the_same_object_and_a_flood_of_addresses_does_not_stay():
    mac = MacAddress.from_bytes(bytes(6))
    assert MacAddress.from_bytes(bytes(6)) is mac
    for number in range(10_000):
        assert MacAddress.from_bytes(number.to_bytes(6, "big")) == number
    assert len(address._interned) <= 4096


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_address_survives_pickling_and_copying(protocol):
    mac = MacAddress.parse("02:00:00:00:00:01")
    for other in (pickle.loads(pickle.dumps(mac, protocol)), copy.copy(mac), copy.deepcopy(mac)):
        assert type(other) is MacAddress
        assert other == mac


def test_broadcast_is_an_address_of_a_group_and_a_station_is_not():
    assert str(MacAddress.BROADCAST) == "ff:ff:ff:ff:ff:ff"
    assert MacAddress.BROADCAST.is_multicast
    assert MacAddress.parse("01:00:5e:00:00:01").is_multicast
    assert not MacAddress.parse("02:ff:ff:ff:ff:ff").is_multicast
