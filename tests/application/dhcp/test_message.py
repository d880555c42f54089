"""DHCP's messages and options as bytes, against Scapy's (RFC 951, RFC 2131, RFC 2132)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dhcp import BOOTP, DHCP

from netlab.application.dhcp.message import BROADCAST, SHORTEST, DhcpMessage, MessageType, Option
from netlab.errors import ConfigurationError, ParseError
from netlab.link.address import MacAddress
from netlab.network.address import IPv4Address

MAC = MacAddress.parse("02:00:00:00:00:02")
NAMES = {kind: kind.name.lower() for kind in MessageType}
COOKIE = b"\x63\x82\x53\x63"


def address(text: str) -> IPv4Address:
    return IPv4Address.parse(text)


def raw(options: bytes, sname: bytes = b"", file: bytes = b"") -> bytes:
    """A message with these very options."""
    head = DhcpMessage(1, 7, MAC).pack()[:44]
    return head + sname.ljust(64, b"\0") + file.ljust(128, b"\0") + COOKIE + options


@pytest.fixture(scope="module")
def cases() -> list[tuple[DhcpMessage, bytes]]:
    """Messages by netlab, and the bytes that Scapy makes of the same fields."""
    chance = random.Random(5)

    def some() -> IPv4Address:
        return IPv4Address(chance.choice((0, chance.getrandbits(32))))

    made = []
    for _ in range(1000):
        kind = chance.choice(list(MessageType))
        yours, mine, requested, server, mask = some(), some(), some(), some(), some()
        routers = [some() for _ in range(chance.randrange(1, 4))]
        seconds = chance.getrandbits(32)
        text = chance.randbytes(chance.randrange(1, 200)).hex()[:255]
        message = DhcpMessage(
            op=chance.choice((1, 2)),
            xid=chance.getrandbits(32),
            chaddr=MacAddress(chance.getrandbits(48)),
            secs=chance.getrandbits(16),
            flags=chance.choice((0, BROADCAST)),
            ciaddr=mine,
            yiaddr=yours,
            siaddr=some(),
            giaddr=some(),
            hops=chance.getrandbits(8),
            sname=b"server" * chance.randrange(3),
            file=b"file" * chance.randrange(3),
            options={
                Option.MESSAGE_TYPE: bytes([kind]),
                Option.SERVER_IDENTIFIER: server.packed,
                Option.REQUESTED_ADDRESS: requested.packed,
                Option.LEASE_TIME: seconds.to_bytes(4, "big"),
                Option.RENEWAL_TIME: (seconds // 2).to_bytes(4, "big"),
                Option.REBINDING_TIME: (seconds * 7 // 8).to_bytes(4, "big"),
                Option.SUBNET_MASK: mask.packed,
                Option.ROUTER: b"".join(each.packed for each in routers),
                Option.HOST_NAME: text.encode(),
                Option.MESSAGE: b"why not",
            },
        )
        by_scapy = BOOTP(
            op=message.op,
            hlen=6,
            hops=message.hops,
            xid=message.xid,
            secs=message.secs,
            flags=message.flags,
            ciaddr=str(mine),
            yiaddr=str(yours),
            siaddr=str(message.siaddr),
            giaddr=str(message.giaddr),
            chaddr=message.chaddr.packed,
            sname=message.sname,
            file=message.file,
        ) / DHCP(
            options=[
                ("message-type", NAMES[kind]),
                ("server_id", str(server)),
                ("requested_addr", str(requested)),
                ("lease_time", seconds),
                ("renewal_time", seconds // 2),
                ("rebinding_time", seconds * 7 // 8),
                ("subnet_mask", str(mask)),
                ("router", *map(str, routers)),
                ("hostname", text.encode()),
                ("error_message", b"why not"),
                "end",
            ]
        )
        made.append((message, bytes(by_scapy)))
    return made


@pytest.mark.rfc("RFC 2131 section 2", "RFC 2132", "RFC 951")
def test_a_message_has_the_bytes_that_scapy_makes_of_its_fields(cases) -> None:
    for message, by_scapy in cases:
        assert message.pack() == by_scapy.ljust(SHORTEST, b"\0")


@pytest.mark.rfc("RFC 2131 section 2", "RFC 2132", "RFC 951")
def test_a_message_by_scapy_reads_as_its_fields(cases) -> None:
    for message, by_scapy in cases:
        assert DhcpMessage.parse(by_scapy) == message


@pytest.mark.rfc("RFC 2131 section 2", "RFC 2132")
def test_scapy_reads_the_fields_of_a_message(cases) -> None:
    for message, _ in cases:
        read = BOOTP(message.pack())
        assert (read.op, read.htype, read.hlen, read.xid, read.secs) == (
            message.op,
            1,
            6,
            message.xid,
            message.secs,
        )
        assert (read.ciaddr, read.yiaddr) == (str(message.ciaddr), str(message.yiaddr))
        options = {option[0]: option[1:] for option in read[DHCP].options if option != "end"}
        assert options["message-type"] == (message.message_type,)
        assert options["server_id"] == (str(message.server_identifier),)
        assert options["requested_addr"] == (str(message.requested_address),)
        assert options["lease_time"] == (message.lease_time,)
        assert options["renewal_time"] == (message.renewal_time,)
        assert options["rebinding_time"] == (message.rebinding_time,)
        assert options["subnet_mask"] == (str(message.subnet_mask),)
        assert options["router"] == tuple(map(str, message.routers))


@pytest.mark.rfc("RFC 1542 section 2.1")
def test_a_short_message_is_filled_up_to_300_bytes_which_are_no_options() -> None:
    message = DhcpMessage(1, 1, MAC, {Option.MESSAGE_TYPE: b"\1"})
    assert len(message.pack()) == 300
    assert DhcpMessage.parse(message.pack()) == message


@pytest.mark.rfc("RFC 951")
def test_a_bootp_message_has_no_options_and_no_type() -> None:
    asked, told = DhcpMessage(1, 1, MAC), DhcpMessage(2, 1, MAC, file=b"/boot/image")
    for message, text in ((asked, "Boot Request"), (told, "Boot Reply")):
        assert DhcpMessage.parse(message.pack()) == message
        assert (message.message_type, message.type_text, message.options) == (None, text, {})
        assert BOOTP(message.pack()).op == message.op


def test_what_isnt_in_the_options_is_none() -> None:
    message = DhcpMessage(1, 1, MAC, {Option.MESSAGE_TYPE: b"\1"})
    assert (
        message.server_identifier,
        message.requested_address,
        message.subnet_mask,
        message.lease_time,
        message.renewal_time,
        message.rebinding_time,
        message.routers,
    ) == (None, None, None, None, None, None, [])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *zip(
            MessageType,
            ("Discover", "Offer", "Request", "Decline", "ACK", "NAK", "Release", "Inform"),
            strict=True,
        ),
        (9, "message type 9"),
        (0, "message type 0"),
    ],
)
def test_each_type_has_its_word(kind: int, text: str) -> None:
    message = DhcpMessage(1, 1, MAC, {Option.MESSAGE_TYPE: bytes([kind])})
    assert (message.message_type, message.type_text) == (kind, text)


@pytest.mark.parametrize(
    ("fields", "about"),
    [
        ({}, "0.0.0.0"),
        ({"ciaddr": address("10.0.0.1")}, "10.0.0.1"),
        ({"ciaddr": address("10.0.0.1"), "options": {50: bytes([10, 0, 0, 2])}}, "10.0.0.2"),
        ({"yiaddr": address("10.0.0.3"), "options": {50: bytes([10, 0, 0, 2])}}, "10.0.0.3"),
    ],
)
def test_a_message_is_about_the_address_given_or_asked_for_or_used(
    fields: dict, about: str
) -> None:
    assert str(DhcpMessage(1, 1, MAC, **fields).about) == about


@pytest.mark.rfc("RFC 2131 section 4.1", "RFC 2132 section 9.3")
@pytest.mark.parametrize(
    ("overload", "expected"),
    [
        (0, {53: b"\1"}),
        (1, {53: b"\1", 12: b"in file"}),
        (2, {53: b"\1", 56: b"in sname"}),
        (3, {53: b"\1", 12: b"in file", 56: b"in sname"}),
    ],
)
def test_options_that_spill_over_into_file_and_sname_are_read(
    overload: int, expected: dict[int, bytes]
) -> None:
    data = raw(
        b"\x34\1" + bytes([overload]) + b"\x35\1\1\xff",
        sname=b"\x38\x08in sname\xff",
        file=b"\x0c\x07in file\xff",
    )
    message = DhcpMessage.parse(data)
    assert message.options == expected
    assert (message.sname == b"", message.file == b"") == (overload & 2 > 0, overload & 1 > 0)


@pytest.mark.rfc("RFC 3396 section 5", "RFC 3396 section 7")
def test_a_long_option_is_cut_into_parts_and_joined_again() -> None:
    message = DhcpMessage(1, 1, MAC, {Option.MESSAGE: bytes(range(256)) * 3, 200: b""})
    data = message.pack()
    assert data.count(b"\x38\xff") == 3
    assert DhcpMessage.parse(data) == message


def test_pads_and_what_follows_the_end_are_left_out() -> None:
    assert DhcpMessage.parse(raw(b"\0\0\x35\1\1\0\xff\x35\1\2")).options == {53: b"\1"}
    assert DhcpMessage.parse(raw(b"\x35\1\1")).options == {53: b"\1"}, "an end that is missing"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bytes(235), "236 bytes at least, got 235"),
        (b"\1\6\6" + bytes(297), "expected hardware type 1 of 6 bytes, got 6 of 6"),
        (b"\1\1\x10" + bytes(297), "expected hardware type 1 of 6 bytes, got 1 of 16"),
        (raw(b"\x35"), "option 53 breaks off"),
        (raw(b"\x35\2\1"), "option 53 breaks off"),
        (raw(b"\x35\2\1\1\xff"), "option 53 has 1 bytes, got 2"),
        (raw(b"\x35\0\xff"), "option 53 has 1 bytes, got 0"),
        (raw(b"\x36\3\1\1\1\xff"), "option 54 has 4 bytes, got 3"),
        (raw(b"\x03\0\xff"), "option 3 has 4 bytes a router, got 0"),
        (raw(b"\x03\5\1\1\1\1\1\xff"), "option 3 has 4 bytes a router, got 5"),
        (raw(b"\x34\1\1\xff", file=b"\x0c\xff"), "option 12 breaks off"),
    ],
)
def test_what_isnt_a_message_is_refused_with_what_came(data: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        DhcpMessage.parse(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"op": 256}, "DhcpMessage.op is 256"),
        ({"xid": -1}, "DhcpMessage.xid is -1"),
        ({"chaddr": "02:00:00:00:00:01"}, "parse"),
        ({"yiaddr": "10.0.0.1"}, "DhcpMessage.yiaddr is '10.0.0.1'"),
        ({"secs": 65536}, "DhcpMessage.secs"),
        ({"sname": b"x" * 65}, "DhcpMessage.sname has 65 bytes"),
        ({"file": b"x" * 129}, "DhcpMessage.file has 129 bytes"),
        ({"options": {53: 1}}, "expected options as bytes by their numbers"),
        ({"options": {0: b"x"}}, "expected options as bytes by their numbers, 1 to 254"),
        ({"options": {255: b"x"}}, "expected options as bytes by their numbers, 1 to 254"),
        ({"options": {256: b"x"}}, "expected options as bytes by their numbers, 1 to 254"),
        ({"options": {"53": b"x"}}, "expected options as bytes by their numbers, 1 to 254"),
    ],
)
def test_a_field_that_does_not_fit_is_named_in_the_error(change: dict, message: str) -> None:
    packed = DhcpMessage(1, 1, MAC)
    for name, value in change.items():
        setattr(packed, name, value)
    with pytest.raises(ConfigurationError, match=message):
        packed.pack()


@given(
    st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=60).map(raw),
        st.tuples(st.binary(max_size=40), st.binary(max_size=64), st.binary(max_size=128)).map(
            lambda parts: raw(b"\x34\1\3" + parts[0] + b"\xff", parts[1], parts[2])
        ),
    )
)
def test_any_bytes_are_a_message_that_reads_the_same_when_packed_or_a_parse_error(
    data: bytes,
) -> None:
    try:
        message = DhcpMessage.parse(data)
    except ParseError:
        return
    assert DhcpMessage.parse(message.pack()) == message
