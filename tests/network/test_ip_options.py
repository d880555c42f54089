"""IP options: Scapy reads and writes the same, hosts leave their marks, what is wrong is told."""

import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import (
    ICMP,
    IP,
    IPerror,
    IPOption,
    IPOption_LSRR,
    IPOption_NOP,
    IPOption_Router_Alert,
    IPOption_RR,
    IPOption_Security,
    IPOption_SSRR,
    IPOption_Timestamp,
)

from netlab.errors import ConfigurationError
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ip_options import (
    ADDRESSES_GIVEN,
    LOOSE_SOURCE_ROUTE,
    NO_OPERATION,
    STRICT_SOURCE_ROUTE,
    TIMES_AND_ADDRESSES,
    TIMESTAMP,
    Option,
    OptionError,
    copied_options,
    mark_options,
    pack_options,
    parse_options,
    source_route,
)
from netlab.network.ipv4_packet import PROTOCOL_ICMP, Ipv4Packet
from netlab.units import ms
from tests.network.material import Chain, Pair, address, datagram, discarded, frames_on

ALICE, BOB = address("10.0.0.1"), address("10.0.0.2")


# --- on the wire ----------------------------------------------------------------------------


def scapys(chance: random.Random) -> tuple[Option, IPOption]:
    """The same option by netlab and by Scapy."""
    number = chance.getrandbits
    pointer = chance.choice((4, 8, 12, 40))
    texts = [str(address("10.0.0.0")), *(f"192.168.{i}.{number(8)}" for i in range(3))]
    hops = texts[: chance.randrange(1, 4)]
    packed = bytes([pointer]) + b"".join(address(hop).packed for hop in hops)
    time, size = number(32), chance.randrange(3)
    return chance.choice(
        [
            (Option(NO_OPERATION), IPOption_NOP()),
            (Option(7, packed), IPOption_RR(pointer=pointer, routers=hops)),
            (
                Option(LOOSE_SOURCE_ROUTE, packed),
                IPOption_LSRR(copy_flag=1, pointer=pointer, routers=hops),
            ),
            (
                Option(STRICT_SOURCE_ROUTE, packed),
                IPOption_SSRR(copy_flag=1, pointer=pointer, routers=hops),
            ),
            (
                Option(TIMESTAMP, bytes([5, 0x30]) + time.to_bytes(4, "big")),
                IPOption_Timestamp(pointer=5, oflw=3, flg=0, timestamp=time),
            ),
            (
                Option(TIMESTAMP, bytes([13, 1]) + ALICE.packed + time.to_bytes(4, "big")),
                IPOption_Timestamp(pointer=13, flg=1, internet_address=str(ALICE), timestamp=time),
            ),
            (Option(148, b"\x00\x00"), IPOption_Router_Alert()),
            (Option(0x9E, bytes(size)), IPOption(copy_flag=1, option=0x1E, value=bytes(size))),
            (
                Option(130, bytes([0, 1, 0, 2, 0, 3, 0, 0, 4])),
                IPOption_Security(
                    copy_flag=1,
                    security=1,
                    compartment=2,
                    handling_restrictions=3,
                    transmission_control_code="\x00\x00\x04",
                ),
            ),
        ]
    )


@pytest.mark.rfc("RFC 791 3.1")
def test_scapy_writes_what_netlab_writes_and_netlab_reads_it() -> None:
    chance = random.Random(3)
    for _ in range(2_000):
        pairs = [scapys(chance) for _ in range(chance.randrange(1, 4))]
        ours, theirs = [own for own, _ in pairs], [other for _, other in pairs]
        if sum(len(option.pack()) for option in ours) > 40:
            continue
        packet = Ipv4Packet(ALICE, BOB, 253, b"x", options=pack_options(ours)).pack()
        scapy = bytes(IP(src=str(ALICE), dst=str(BOB), proto=253, id=0, options=theirs) / b"x")
        assert packet == scapy
        assert parse_options(Ipv4Packet.parse(scapy).options) == ours


@pytest.mark.rfc("RFC 791 3.1")
def test_the_copied_flag_is_the_types_highest_bit() -> None:
    options = [Option(148, bytes(2)), Option.record_route(2), Option(NO_OPERATION), Option(0x9E)]
    assert [option.copied for option in options] == [True, False, False, True]
    assert parse_options(copied_options(pack_options(options))) == [options[0], options[3]]


@pytest.mark.rfc("RFC 1812 4.2.2.6/padding")
def test_what_follows_the_end_of_the_list_is_padding() -> None:
    assert parse_options(b"\x01\x00\x07\x01") == [Option(NO_OPERATION)]


def test_more_than_40_bytes_dont_fit() -> None:
    assert len(pack_options([Option.record_route(9)])) == 40
    with pytest.raises(ConfigurationError, match="42 bytes; a header has room for 40"):
        pack_options([Option.record_route(9), Option(148), Option(NO_OPERATION)])


@given(st.binary(max_size=40))
def test_arbitrary_options_are_read_or_refused_with_the_octet_that_is_wrong(data: bytes) -> None:
    for function in (
        parse_options,
        copied_options,
        lambda data: mark_options(data, ALICE, {ALICE}, 7),
    ):
        with suppress(OptionError):
            function(data)
    source_route(data)
    wrong = pointer_of(data)
    assert wrong is None or 20 <= wrong <= 20 + len(data)


def pointer_of(data: bytes) -> int | None:
    try:
        parse_options(data)
    except OptionError as error:
        return error.pointer
    return None


@given(st.binary(max_size=40))
def test_options_that_can_be_read_can_be_told_in_words(data: bytes) -> None:
    try:
        options = parse_options(data)
    except OptionError:
        return
    for option in options:
        assert str(option)


@given(st.binary(max_size=40))
def test_marking_leaves_every_option_but_two_as_it_was(data: bytes) -> None:
    try:
        marked = mark_options(data, ALICE, {ALICE}, 7)
    except OptionError:
        return
    assert len(marked) == len(data)
    for before, after in zip(parse_options(data), parse_options(marked), strict=True):
        assert before.type == after.type
        assert before == after or before.type in (7, TIMESTAMP)


@pytest.mark.rfc("RFC 1122 3.2.2.5", "RFC 1812 4.3.3.5")
@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ("8200 0000", 21),  # a length below 2
        ("8205 0000", 21),  # one that leaves the header
        ("0101 0194", 24),  # none at all
        ("0702 0000", 21),  # a route without a pointer
        ("0707 0300 0000 0000", 22),  # one that points at itself
        ("0707 0500 0000 0000", 22),  # room for three octets of an address
        ("4403 0500", 21),  # a timestamp without a flag
        ("4408 0400 0000 0000", 22),
        ("4408 0502 0000 0000", 23),  # there is no second form
        ("4408 09f0 0000 0000", 23),  # the count of those without room is full
        ("4408 0700 0000 0000", 22),
    ],
)
def test_a_malformed_option_is_told_to_its_sender_with_the_octet_that_is_wrong(
    options: str, pointer: int
) -> None:
    pair = Pair()
    pair.inject(datagram("10.0.0.1", "10.0.0.2", options=bytes.fromhex(options)))
    pair.net.run()
    (error,) = (p for p in frames_on(pair.net, pair.cable) if p.haslayer(IPerror))
    assert (error[ICMP].type, error[ICMP].code, error[ICMP].ptr) == (12, 0, pointer)
    assert discarded(pair.net, pair.bob)[0].startswith(f"octet {pointer} of the header: ")


# --- marks ----------------------------------------------------------------------------------


def marked(option: Option, *, own: object = ALICE, time: int = 7, times: int = 1) -> Option:
    data = pack_options([option])
    for _ in range(times):
        data = mark_options(data, own, {own}, time)  # type: ignore[arg-type]
    return parse_options(data)[0]


@pytest.mark.rfc("RFC 791 3.1", "RFC 1812 5.3.13.5")
def test_a_route_records_addresses_as_long_as_there_is_room() -> None:
    assert Option.record_route(2).route == []
    assert marked(Option.record_route(2)).route == [ALICE]
    assert marked(Option.record_route(2), times=3).route == [ALICE, ALICE]
    assert str(marked(Option.record_route(2), times=2)) == "record route 10.0.0.1, 10.0.0.1"


@pytest.mark.rfc("RFC 791 3.1", "RFC 1122 3.2.1.8", "RFC 1812 5.3.13.6")
def test_a_timestamp_records_times_and_counts_who_found_no_room() -> None:
    option = marked(Option.timestamp(room=2), times=5)
    assert option.times == [(None, 7), (None, 7)]
    assert option.overflow == 3
    assert str(option) == "timestamp 7, 7 (and 3 found no room)"
    with pytest.raises(OptionError, match="is full"):
        marked(Option.timestamp(room=1), times=17)


@pytest.mark.rfc("RFC 791 3.1", "RFC 1122 3.2.1.8", "RFC 1812 5.3.13.6")
def test_a_timestamp_records_who_as_well_or_asks_those_who_are_named() -> None:
    assert marked(Option.timestamp(TIMES_AND_ADDRESSES), times=2).times == [(ALICE, 7)] * 2
    asked = Option.timestamp(ADDRESSES_GIVEN, addresses=[BOB, ALICE])
    assert marked(asked).times == []  # it isn't alice's turn
    asked = marked(asked, own=BOB, time=5)
    assert asked.times == [(BOB, 5)]
    asked = marked(asked, time=6, times=20)
    assert asked.times == [(BOB, 5), (ALICE, 6)]
    assert asked.overflow == 0  # nobody else was asked
    assert str(asked) == "timestamp 10.0.0.2 5, 10.0.0.1 6"


# --- on the way -----------------------------------------------------------------------------


def echo_with(chain: Chain, options: list[Option]) -> tuple[list[Option], list[Option]]:
    """The options of an echo request from alice as it reaches carol, and of the reply at alice."""
    with chain.alice.icmp.listening(lambda *_: None) as identifier:
        chain.alice.ipv4.send(
            address("10.0.3.1"),
            PROTOCOL_ICMP,
            IcmpMessage.echo_request(identifier, 1).pack(),
            options=pack_options(options),
        )
        chain.net.run()
    replies = [f.ipv4 for f in chain.net.trace.frames if f.ipv4 and f.receiver == "alice"]
    sent = [f.ipv4 for f in chain.net.trace.frames if f.ipv4 and f.receiver == "carol"]
    return parse_options(sent[-1].options), parse_options(replies[-1].options)


@pytest.mark.rfc(
    "RFC 791 3.1",
    "RFC 1812 5.3.13.5",
    "RFC 1122 3.2.2.6",
    "RFC 1812 4.3.3.6",
    "RFC 1812 4.2.2.2/address",
    "RFC 1812 5.3.13.5/route",
)
def test_a_recorded_route_goes_there_and_back() -> None:
    """Each host records the address from which it sends the packet on."""
    there, back = echo_with(Chain(), [Option.record_route()])
    assert list(map(str, there[0].route)) == ["10.0.1.1", "10.0.2.1", "10.0.3.254"]
    assert list(map(str, back[0].route)) == [
        *("10.0.1.1", "10.0.2.1", "10.0.3.254"),
        *("10.0.3.1", "10.0.3.1"),  # carol has it, and sends it
        *("10.0.2.2", "10.0.1.254"),
    ]


@pytest.mark.rfc(
    "RFC 1122 3.2.1.8",
    "RFC 1122 3.2.2.6",
    "RFC 1812 5.3.13.6",
    "RFC 1122 3.2.1.8e/originate",
    "RFC 1122 3.2.1.8e/destination",
    "RFC 1122 3.2.1.8e/value",
    "RFC 1812 5.3.13.6/timestamp",
    "RFC 1812 5.3.13.6/named",
)
def test_timestamps_tell_when_each_host_had_it() -> None:
    chain = Chain()
    chain.alice.ping("carol", count=1)  # so that ARP takes no time any more
    chain.net.run(until=1_000 * ms)
    there, back = echo_with(chain, [Option.timestamp(TIMES_AND_ADDRESSES)])
    assert [(str(own), time) for own, time in there[0].times] == [
        ("10.0.1.1", 1_000),
        ("10.0.2.1", 1_010),
        ("10.0.3.254", 1_020),
    ]
    assert [str(own) for own, _ in back[0].times] == [
        "10.0.1.1",
        "10.0.2.1",
        "10.0.3.254",
        "10.0.3.1",
    ]
    assert back[0].times[-1] == (address("10.0.3.1"), 1_030)
    assert back[0].overflow == 3  # carol as she sent, and both routers

    chain = Chain()
    named = [address("10.0.2.2"), address("10.0.3.1")]  # any address of a host will do
    _, back = echo_with(chain, [Option.timestamp(ADDRESSES_GIVEN, addresses=named)])
    assert [own for own, _ in back[0].times] == named


@pytest.mark.rfc(
    "RFC 1812 5.3.13.1",
    "RFC 1122 3.2.1.8",
    "RFC 1122 3.2.1.8/unknown",
    "RFC 1122 3.2.1.8b/stream",
    "RFC 1812 4.2.2.6/unknown",
    "RFC 1812 5.3.13.1/unknown",
    "RFC 1812 5.3.13.3/stream",
)
def test_options_that_nobody_knows_pass_untouched() -> None:
    options = [
        Option(0x9E, b"?"),
        Option(NO_OPERATION),
        Option(136, b"\x00\x07"),
        Option(148, bytes(2)),
    ]
    there, back = echo_with(Chain(), options)
    assert there == back == options


def sent_by_alice(options: list[Option], ttl: int = 64) -> tuple[Chain, list[tuple[int, int]]]:
    chain = Chain()
    chain.carol.udp.bind(address("0.0.0.0"), 9)
    chain.inject(datagram("10.0.1.1", "10.0.3.1", options=pack_options(options), ttl=ttl))
    chain.net.run()
    errors = [p[ICMP] for p in frames_on(chain.net, chain.first) if p.haslayer(IPerror)]
    return chain, [(error.type, error.code) for error in errors]


@pytest.mark.rfc("RFC 7126 4.3", "RFC 7126 4.4", "RFC 1812 5.2.7.1")
@pytest.mark.parametrize("kind", [LOOSE_SOURCE_ROUTE, STRICT_SOURCE_ROUTE])
def test_a_router_refuses_a_route_that_the_sender_chose(kind: int) -> None:
    chain, errors = sent_by_alice([Option(kind, b"\x04" + address("10.0.3.1").packed)])
    assert errors == [(3, 5)]
    assert "RFC 7126" in discarded(chain.net, chain.r1)[0]


@pytest.mark.rfc(
    "RFC 1122 3.2.1.8",
    "RFC 1122 3.3.5",
    "RFC 1122 3.2.1.8c/originate",
    "RFC 1122 3.2.1.8c/complete",
    "RFC 1812 4.2.2.1/terminate",
)
@pytest.mark.parametrize(("pointer", "errors"), [(4, [(3, 5)]), (8, [])])
def test_a_host_takes_what_came_to_its_routes_end_and_sends_nothing_on(
    pointer: int, errors: list[tuple[int, int]]
) -> None:
    pair = Pair()
    port = pair.bob.udp.bind(address("0.0.0.0"), 9)
    route = Option(LOOSE_SOURCE_ROUTE, bytes([pointer]) + address("10.0.0.77").packed)
    pair.inject(datagram("10.0.0.1", "10.0.0.2", options=pack_options([route])))
    pair.net.run()
    told = [p[ICMP] for p in frames_on(pair.net, pair.cable) if p.haslayer(IPerror)]
    assert [(error.type, error.code) for error in told] == errors
    assert len(port.queue) == (not errors)


@pytest.mark.rfc("RFC 1812 4.3.3.5", "RFC 1812 5.3.13.6", "RFC 1812 4.3.3.5/problem")
def test_a_router_tells_of_an_option_that_it_cant_mark() -> None:
    full = Option(TIMESTAMP, bytes([9, 0xF0]) + bytes(4))
    chain, errors = sent_by_alice([full])
    assert errors == [(12, 0)]
    assert "is full" in discarded(chain.net, chain.r1)[0]


def test_options_of_this_hosts_own_that_are_wrong_are_not_sent() -> None:
    pair = Pair()
    pair.alice.ipv4.send(BOB, 253, b"x", options=b"\x07\x02\x00\x00")
    pair.net.run()
    assert frames_on(pair.net, pair.cable) == []
    assert "record route of 2 bytes" in discarded(pair.net, pair.alice)[0]


@pytest.mark.rfc("RFC 1122 3.2.2.6")
def test_a_reply_that_has_no_room_for_one_more_is_not_sent() -> None:
    """Its last host was counted as it came; the reply would have to count it again."""
    pair = Pair()
    full = pack_options([Option(TIMESTAMP, bytes([9, 0xE0]) + bytes(4))])
    request = IcmpMessage.echo_request(1, 1).pack()
    pair.inject(Ipv4Packet(ALICE, BOB, PROTOCOL_ICMP, request, options=full))
    pair.net.run()
    assert len([p for p in frames_on(pair.net, pair.cable) if p.haslayer(ICMP)]) == 1
    assert "is full" in discarded(pair.net, pair.bob)[0]
