import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, UDP
from scapy.packet import Raw

from netlab.errors import ConfigurationError, ParseError
from netlab.network.address import IPv4Address
from netlab.network.icmp_message import FRAGMENTATION_NEEDED, TIMESTAMP_REQUEST, IcmpMessage

QUOTED = bytes(IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1024, dport=7) / b"hello")[:28]


@pytest.fixture(scope="module")
def cases():
    """Messages by netlab, and the bytes that Scapy makes of the same fields."""
    chance = random.Random(4)
    made = []
    for _ in range(1000):
        identifier, sequence = chance.getrandbits(16), chance.getrandbits(16)
        payload = chance.randbytes(chance.choice((0, 1, 56, 1472)))
        code, mtu = chance.choice((0, 1, 2, 3, 5)), chance.getrandbits(16)
        gateway, pointer, now = (
            chance.getrandbits(32),
            chance.getrandbits(8),
            chance.getrandbits(32),
        )
        match chance.randrange(9):
            case 0:
                message = IcmpMessage.echo_request(identifier, sequence, payload)
                by_scapy = ICMP(type=8, id=identifier, seq=sequence) / Raw(payload)
            case 1:
                message = IcmpMessage.echo_reply(identifier, sequence, payload)
                by_scapy = ICMP(type=0, id=identifier, seq=sequence) / Raw(payload)
            case 2:
                message = IcmpMessage.destination_unreachable(code, QUOTED)
                by_scapy = ICMP(type=3, code=code) / Raw(QUOTED)
            case 3:
                message = IcmpMessage.destination_unreachable(FRAGMENTATION_NEEDED, QUOTED, mtu)
                by_scapy = ICMP(type=3, code=4, nexthopmtu=mtu) / Raw(QUOTED)
            case 4:
                message = IcmpMessage.time_exceeded(code & 1, QUOTED)
                by_scapy = ICMP(type=11, code=code & 1) / Raw(QUOTED)
            case 5:
                message = IcmpMessage.parameter_problem(pointer, QUOTED)
                by_scapy = ICMP(type=12, ptr=pointer) / Raw(QUOTED)
            case 6:
                message = IcmpMessage.redirect(code & 3, IPv4Address(gateway), QUOTED)
                by_scapy = ICMP(type=5, code=code & 3, gw=str(IPv4Address(gateway))) / Raw(QUOTED)
            case 7:
                message = IcmpMessage.timestamp_request(identifier, sequence, now)
                times = {"ts_ori": now, "ts_rx": 0, "ts_tx": 0}
                by_scapy = ICMP(type=13, id=identifier, seq=sequence, **times)
            case 8:
                request = IcmpMessage.timestamp_request(identifier, sequence, mtu)
                message = IcmpMessage.timestamp_reply(request, now)
                times = {"ts_ori": mtu, "ts_rx": now, "ts_tx": now}
                by_scapy = ICMP(type=14, id=identifier, seq=sequence, **times)
        made.append((message, bytes(by_scapy)))
    return made


@pytest.mark.rfc("RFC 792", "RFC 1191 4")
def test_a_message_has_the_bytes_that_scapy_makes_of_its_fields(cases):
    for message, by_scapy in cases:
        assert message.pack() == by_scapy


@pytest.mark.rfc("RFC 792", "RFC 1191 4")
def test_a_message_by_scapy_reads_as_its_fields_and_packs_to_the_same_bytes(cases):
    for message, by_scapy in cases:
        read = IcmpMessage.parse(by_scapy)
        assert read.pack() == by_scapy
        read.checksum = None
        assert read == message


@pytest.mark.rfc("RFC 792", "RFC 1191 4")
def test_scapy_reads_the_fields_of_a_message(cases):
    for message, _ in cases:
        data = message.pack()
        read = ICMP(data)
        assert (read.type, read.code) == (message.type, message.code)
        match message.type:
            case 0 | 8:
                assert (read.id, read.seq) == (message.identifier, message.sequence)
            case 3:
                assert (read.nexthopmtu or 0) == message.next_hop_mtu
            case 5:
                assert read.gw == str(message.gateway)
            case 12:
                assert read.ptr == message.pointer
            case 13 | 14:
                assert (read.id, read.seq) == (message.identifier, message.sequence)
                assert (read.ts_ori, read.ts_rx, read.ts_tx) == message.timestamps
                continue
        assert bytes(read.payload) == message.payload


def test_a_computed_checksum_is_good_and_one_wrong_bit_makes_it_bad(cases):
    for message, by_scapy in cases:
        assert IcmpMessage.verify(message.pack())
        assert IcmpMessage.verify(by_scapy)
    data = IcmpMessage.echo_request(1, 2, b"odd length!").pack()
    for bit in range(len(data) * 8):
        broken = bytearray(data)
        broken[bit // 8] ^= 1 << bit % 8
        assert not IcmpMessage.verify(bytes(broken))
    assert not IcmpMessage.verify(b"\xff\xff")


def test_a_given_checksum_goes_out_as_it_is():
    message = IcmpMessage.echo_request(1, 2)
    message.checksum = 0xBEEF
    assert IcmpMessage.parse(message.pack()).checksum == 0xBEEF
    assert not IcmpMessage.verify(message.pack())


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_that_packs_to_them_or_too_short(data):
    if len(data) < 8:
        with pytest.raises(ParseError, match=f"at least 8 bytes, got {len(data)}"):
            IcmpMessage.parse(data)
    else:
        assert IcmpMessage.parse(data).pack() == data


@pytest.mark.parametrize("length", [0, 11])
def test_a_timestamp_that_breaks_off_is_told(length):
    message = IcmpMessage(TIMESTAMP_REQUEST, payload=bytes(length))
    with pytest.raises(ParseError, match=f"three times of 4 bytes, got {length} bytes"):
        _ = message.timestamps
    with pytest.raises(ParseError):
        IcmpMessage.timestamp_reply(message, 0)


@pytest.mark.rfc("RFC 1122 3.2.2")
def test_errors_are_told_from_queries():
    errors = [type_ for type_ in range(256) if IcmpMessage(type_).is_error]
    assert errors == [3, 4, 5, 11, 12]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (IcmpMessage(8), "echo request"),
        (IcmpMessage(0), "echo reply"),
        (IcmpMessage(3, 3), "destination unreachable: port unreachable"),
        (IcmpMessage(3, 13), "destination unreachable: communication administratively prohibited"),
        (IcmpMessage(11, 0), "time exceeded: time to live exceeded in transit"),
        (IcmpMessage(3, 16), "destination unreachable: code 16"),
        (IcmpMessage(42), "type 42"),
        (IcmpMessage(42, 1), "type 42: code 1"),
    ],
)
def test_type_and_code_are_told_in_words(message, text):
    assert message.type_text == text


@pytest.mark.parametrize(
    "make",
    [
        lambda: IcmpMessage.echo_request(65536, 0),
        lambda: IcmpMessage.echo_request(-1, 0),
        lambda: IcmpMessage.echo_reply(0, 65536),
        lambda: IcmpMessage.destination_unreachable(4, b"", 65536),
    ],
)
def test_an_identifier_sequence_or_mtu_that_does_not_fit_is_refused(make):
    with pytest.raises(ConfigurationError, match=r"expected 0 to 65535, got (65536|-1)"):
        make()


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("type", 256, "from 0 to 255"),
        ("code", -1, "from 0 to 255"),
        ("rest_of_header", 2**32, "from 0 to 4294967295"),
        ("rest_of_header", b"1234", "whole number"),
        ("checksum", 65536, "from 0 to 65535"),
        ("payload", "text", "expected bytes"),
    ],
)
def test_a_field_that_does_not_fit_is_named_in_the_error(field, value, expected):
    message = IcmpMessage.echo_request(1, 1)
    setattr(message, field, value)
    with pytest.raises(ConfigurationError) as caught:
        message.pack()
    assert f"IcmpMessage.{field} is {value!r}" in str(caught.value)
    assert expected in str(caught.value)
