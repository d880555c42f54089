"""What a DHCP server answers, and what it writes down (RFC 2131 section 4.3)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab import Network
from netlab.application import dhcp
from netlab.application.dhcp.message import DhcpMessage, MessageType, Option
from netlab.application.dhcp.server import OFFER_TIME
from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.units import minute, s
from tests.application.dhcp.worlds import ANY, EVERYBODY, Client, World, address, type_of

ASK = MessageType
SERVER = "10.0.0.1"


class Table(World):
    """A server with four addresses, and a client in the hands of the test."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.pool = self.serve()
        self.client = Client(self.laptop)
        self.say = self.client.say

    @property
    def leases(self) -> list[str]:
        """As the server shows them, without the times."""
        return [line.partition(", ")[0] for line in repr(self.pool).splitlines()[1:]]

    def lend(self, number: int) -> DhcpMessage | None:
        """Another client asks for an address, and takes what it is offered."""
        mac = MacAddress(0x020000001000 + number)
        offer = self.say(ASK.DISCOVER, mac=mac)
        if offer is None:
            return None
        return self.say(ASK.REQUEST, requested=str(offer.yiaddr), server=SERVER, mac=mac)


@pytest.fixture
def table() -> Table:
    return Table(router="10.0.0.254")


# --- discover and offer ---------------------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 4.3.1")
def test_a_discover_is_answered_with_an_offer_that_says_all(table: Table) -> None:
    offer = table.say(ASK.DISCOVER)
    assert offer is not None
    assert (offer.op, offer.message_type, offer.xid, offer.chaddr) == (
        2,
        ASK.OFFER,
        7,
        table.client.mac,
    )
    assert (str(offer.yiaddr), offer.ciaddr, str(offer.server_identifier)) == (
        "10.0.0.100",
        ANY,
        SERVER,
    )
    assert (str(offer.subnet_mask), list(map(str, offer.routers))) == (
        "255.255.255.0",
        ["10.0.0.254"],
    )
    assert (offer.lease_time, offer.renewal_time, offer.rebinding_time) == (3600, 1800, 3150)
    assert list(offer.options).index(Option.SUBNET_MASK) < list(offer.options).index(Option.ROUTER)
    assert table.leases == ["10.0.0.100 OFFERED 02:00:00:00:00:02"]


@pytest.mark.rfc("RFC 2131 section 4.3.1")
def test_an_offered_address_is_kept_for_its_client_for_a_minute(table: Table) -> None:
    for number in range(4):
        assert table.say(ASK.DISCOVER, mac=MacAddress(0x020000002000 + number)) is not None
    assert table.say(ASK.DISCOVER) is None
    assert "DHCP Discover: the pool has no free address" in table.discarded(table.server)
    table.net.run_for(OFFER_TIME)
    assert table.say(ASK.DISCOVER) is not None


@pytest.mark.rfc("RFC 2131 section 4.3.1")
def test_a_client_is_offered_what_it_has_then_what_it_had_then_what_it_asks_for() -> None:
    table = Table()
    table.lend(1)
    table.say(ASK.DISCOVER, requested="10.0.0.103")
    assert table.leases[-1] == "10.0.0.103 OFFERED 02:00:00:00:00:02"
    again = table.say(ASK.DISCOVER, requested="10.0.0.102")
    assert again is not None
    assert str(again.yiaddr) == "10.0.0.103"
    table.say(ASK.REQUEST, requested="10.0.0.103", server=SERVER)
    table.say(ASK.RELEASE, server=SERVER, ciaddr=address("10.0.0.103"))
    assert table.leases[-1] == "10.0.0.103 RELEASED 02:00:00:00:00:02"
    later = table.say(ASK.DISCOVER)
    assert later is not None
    assert str(later.yiaddr) == "10.0.0.103"


@pytest.mark.rfc("RFC 2131 section 4.3.1")
def test_addresses_that_nobody_had_come_first_and_then_the_one_free_for_longest(
    table: Table,
) -> None:
    assert [str(table.lend(number).yiaddr)[-3:] for number in (1, 2, 3)] == ["100", "101", "102"]  # type: ignore[union-attr]
    for number in (2, 1):
        mac, given = MacAddress(0x020000001000 + number), address(f"10.0.0.{99 + number}")
        table.say(ASK.RELEASE, server=SERVER, ciaddr=given, mac=mac)
        table.net.run_for(1 * s)
    given = [str(table.lend(number).yiaddr)[-3:] for number in (4, 5, 6)]  # type: ignore[union-attr]
    assert given == ["103", "101", "100"]
    assert table.lend(7) is None


@pytest.mark.parametrize(
    ("wanted", "options"),
    [
        ("10.0.0.99", {}),
        ("10.0.9.1", {}),
        ("255.255.255.255", {}),
        ("10.0.0.101", {"router": "10.0.0.101"}),
    ],
)
def test_what_a_client_may_not_have_isnt_offered_though_it_asks_for_it(
    wanted: str, options: dict
) -> None:
    table = Table(**options)
    offer = table.say(ASK.DISCOVER, requested=wanted)
    assert offer is not None
    assert str(offer.yiaddr) == "10.0.0.100"


def test_a_pool_lends_no_address_that_is_the_servers_the_routers_or_many_hosts() -> None:
    world = World()
    dhcp.serve(world.server, "10.0.0.0", "10.0.0.3", router="10.0.0.2")
    offer = Client(world.laptop).say(ASK.DISCOVER)
    assert offer is not None
    assert str(offer.yiaddr) == "10.0.0.3"


@pytest.mark.rfc("RFC 2131 section 4.2")
def test_a_client_is_known_by_its_identifier_or_else_by_its_ethernet_address(table: Table) -> None:
    by_name = {Option.CLIENT_IDENTIFIER: b"\0me", Option.HOST_NAME: b"lap\ntop\xff"}
    one = table.say(ASK.DISCOVER, options=by_name)
    other = table.say(ASK.DISCOVER)
    same = table.say(ASK.DISCOVER, options=by_name, mac=MacAddress(0x020000000099))
    assert one is not None
    assert other is not None
    assert same is not None
    assert one.yiaddr == same.yiaddr != other.yiaddr
    assert table.leases[0] == "10.0.0.100 OFFERED 00:6d:65 laptop\N{REPLACEMENT CHARACTER}"


# --- request --------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 4.3.2")
def test_the_client_that_takes_an_offer_gets_the_address_for_the_time_of_the_lease(
    table: Table,
) -> None:
    table.say(ASK.DISCOVER)
    ack = table.say(ASK.REQUEST, requested="10.0.0.100", server=SERVER)
    assert type_of(ack) == ASK.ACK
    assert table.leases == ["10.0.0.100 BOUND 02:00:00:00:00:02"]
    [lease] = table.pool.leases.values()
    assert lease.expires - table.net.now == 3600 * s - 9 * 1_000_000
    table.net.run(until=lease.expires)
    assert table.leases == ["10.0.0.100 EXPIRED 02:00:00:00:00:02"]


@pytest.mark.rfc("RFC 2131 section 3.1")
def test_who_takes_another_servers_offer_needs_ours_no_more(table: Table) -> None:
    table.say(ASK.DISCOVER)
    assert table.say(ASK.REQUEST, requested="10.0.0.200", server="10.0.0.9") is None
    assert table.leases == ["10.0.0.100 RELEASED 02:00:00:00:00:02"]
    other = MacAddress(0x020000000099)
    assert table.say(ASK.REQUEST, requested="10.0.0.200", server="10.0.0.9", mac=other) is None


@pytest.mark.rfc("RFC 2131 section 4.3.2")
@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"requested": "10.0.0.102", "server": SERVER}, "10.0.0.101 is for this client, not"),
        ({"requested": "10.0.0.102"}, "10.0.0.101 is for this client, not 10.0.0.102"),
        ({"ciaddr": address("10.0.0.102")}, "10.0.0.101 is for this client, not 10.0.0.102"),
        ({"requested": "10.9.9.9", "mac": MacAddress(1)}, "10.9.9.9 isn't to be had"),
        ({"requested": "10.0.0.100", "server": SERVER, "mac": MacAddress(1)}, "isn't to be had"),
        ({"ciaddr": address("10.0.0.100"), "mac": MacAddress(1)}, "isn't to be had"),
        ({"ciaddr": address("10.0.0.9"), "mac": MacAddress(1)}, "isn't to be had"),
    ],
)
def test_what_cant_be_granted_is_refused_to_all_with_the_why(
    table: Table, request_: dict, why: str
) -> None:
    table.lend(1)
    table.say(ASK.DISCOVER)
    nak = table.say(ASK.REQUEST, **request_)
    assert nak is not None
    assert (nak.message_type, nak.yiaddr, nak.ciaddr) == (ASK.NAK, ANY, ANY)
    assert nak.lease_time is None
    assert why in nak.options[Option.MESSAGE].decode()
    assert table.net.trace.frames[-1].ipv4.dst == EVERYBODY
    event = table.net.trace.events_of(kind="lease refused")[0]
    assert f"server refused {event.fields['client']} a lease: " in table.net.trace.why(event).text()


@pytest.mark.rfc("RFC 2131 section 4.3.2")
def test_of_a_client_that_comes_back_and_isnt_on_record_the_server_says_nothing(
    table: Table,
) -> None:
    assert table.say(ASK.REQUEST, requested="10.0.0.101") is None
    assert table.discarded(table.server) == [
        "DHCP Request: this server has no record of the client (RFC 2131 section 4.3.2)"
    ]


@pytest.mark.rfc("RFC 2131 section 4.3.2")
def test_a_client_that_comes_back_or_asks_for_more_time_gets_it(table: Table) -> None:
    table.lend(1)
    mac = MacAddress(0x020000001001)
    for ask in ({"requested": "10.0.0.100"}, {"ciaddr": address("10.0.0.100")}):
        table.net.run_for(10 * minute)
        before = table.pool.leases[address("10.0.0.100")].expires
        table.say(ASK.REQUEST, mac=mac, **ask)
        assert table.pool.leases[address("10.0.0.100")].expires > before


@pytest.mark.rfc("RFC 2131 section 4.3.2")
def test_a_server_that_lost_its_record_believes_a_client_that_asks_for_more_time(
    table: Table,
) -> None:
    ack = table.say(ASK.REQUEST, ciaddr=address("10.0.0.102"))
    assert ack is None, "it is sent to the address, which the laptop hasn't"
    assert table.leases == ["10.0.0.102 BOUND 02:00:00:00:00:02"]


def test_a_request_for_nothing_is_refused(table: Table) -> None:
    assert type_of(table.say(ASK.REQUEST)) == ASK.NAK


# --- decline, release, inform ---------------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 4.3.3")
def test_a_declined_address_is_lent_to_nobody_while_a_lease_would_last(table: Table) -> None:
    table.lend(1)
    mac = MacAddress(0x020000001001)
    table.say(ASK.DECLINE, requested="10.0.0.100", server=SERVER, mac=mac)
    assert table.leases == ["10.0.0.100 DECLINED 02:00:00:00:10:01"]
    offer = table.say(ASK.DISCOVER, requested="10.0.0.100", mac=mac)
    assert offer is not None
    assert str(offer.yiaddr) == "10.0.0.101"
    assert [table.lend(number) is not None for number in (2, 3, 4)] == [True, True, False]
    table.net.run_for(3600 * s)
    assert table.lend(4) is not None


@pytest.mark.rfc("RFC 2131 section 4.3.4")
def test_a_released_address_is_free_and_remembered_for_its_client(table: Table) -> None:
    table.lend(1)
    mac = MacAddress(0x020000001001)
    assert table.say(ASK.RELEASE, ciaddr=address("10.0.0.100"), server=SERVER, mac=mac) is None
    assert table.leases == ["10.0.0.100 RELEASED 02:00:00:00:10:01"]
    assert str(table.lend(1).yiaddr) == "10.0.0.100"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ASK.RELEASE, {"ciaddr": address("10.0.0.100"), "server": SERVER}),
        (ASK.RELEASE, {"ciaddr": address("10.0.0.101"), "server": SERVER, "own": True}),
        (ASK.RELEASE, {"ciaddr": address("10.0.0.100"), "server": "10.0.0.9", "own": True}),
        (ASK.DECLINE, {"requested": "10.0.0.100", "server": SERVER}),
        (ASK.DECLINE, {"requested": "10.0.0.101", "server": SERVER, "own": True}),
        (ASK.DECLINE, {"server": SERVER, "own": True}),
        (ASK.DECLINE, {"requested": "10.0.0.100", "own": True}),
    ],
)
def test_nobody_gives_back_what_it_hasnt_got(table: Table, kind: int, fields: dict) -> None:
    table.lend(1)
    mac = MacAddress(0x020000001001) if fields.pop("own", False) else None
    table.say(kind, mac=mac, **fields)
    assert table.leases == ["10.0.0.100 BOUND 02:00:00:00:10:01"]
    assert "about an address that this server hasn't lent" in table.discarded(table.server)[-1]


@pytest.mark.rfc("RFC 2131 section 4.3.5")
def test_a_host_with_an_address_of_its_own_is_told_the_rest(table: Table) -> None:
    table.laptop.add_address(table.laptop.interfaces[0], address("10.0.0.50"), table.pool.prefix)
    ack = table.say(ASK.INFORM, ciaddr=address("10.0.0.50"))
    assert ack is not None
    assert (ack.message_type, ack.yiaddr, ack.lease_time) == (ASK.ACK, ANY, None)
    assert str(ack.subnet_mask) == "255.255.255.0"
    assert table.leases == []
    assert table.say(ASK.INFORM, ciaddr=address("192.0.2.1")) is None
    assert "DHCP Inform: " in table.discarded(table.server)[-1]
    assert "no route to 192.0.2.1" in table.discarded(table.server)[-1]


# --- to whom --------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 4.1")
@pytest.mark.parametrize(("flags", "to"), [(0x8000, "255.255.255.255"), (0, "10.0.0.100")])
def test_the_client_says_whether_the_answer_must_be_sent_to_all(
    table: Table, flags: int, to: str
) -> None:
    table.say(ASK.DISCOVER, flags=flags)
    answer = table.net.trace.frames[-1]
    assert answer.dhcp is not None
    assert str(answer.ipv4.dst) == to
    everybody = MacAddress.BROADCAST
    assert answer.ethernet.dst == (everybody if flags else table.client.mac)
    if not flags:
        assert table.server.arp.table[address(to)].mac == table.client.mac
    assert not [frame for frame in table.net.trace.frames if frame.arp], "nobody is asked"


@pytest.mark.rfc("RFC 2131 section 4.1")
def test_a_client_with_an_address_is_answered_there(table: Table) -> None:
    given = address("10.0.0.100")
    table.laptop.add_address(table.laptop.interfaces[0], given, table.pool.prefix)
    ack = table.say(ASK.REQUEST, ciaddr=given, flags=0, to=address(SERVER))
    assert type_of(ack) == ASK.ACK
    assert ack.ciaddr == given  # type: ignore[union-attr]
    assert table.net.trace.frames[-1].ipv4.dst == given


# --- what it doesn't take -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (lambda c: c.say(None), "DHCP Boot Request: not for a DHCP server"),
        (lambda c: c.say(ASK.OFFER), "DHCP Offer: not for a DHCP server"),
        (lambda c: c.say(99), "DHCP message type 99: not for a DHCP server"),
        (lambda c: c.say(ASK.DISCOVER, op=2), "DHCP Discover: not from a client"),
        (lambda c: c.say(ASK.DISCOVER, giaddr=address("10.9.9.9")), "by the relay 10.9.9.9"),
        (
            lambda c: c.say(ASK.DISCOVER, mac=MacAddress.BROADCAST),
            "ff:ff:ff:ff:ff:ff is not the address of one station",
        ),
        (
            lambda c: c.say(ASK.INFORM, ciaddr=EVERYBODY),
            "255.255.255.255 is not the address of one host",
        ),
    ],
)
def test_what_isnt_for_a_server_is_dropped_with_the_why(
    table: Table, say: Callable[[Client], object], why: str
) -> None:
    assert say(table.client) is None
    assert why in table.discarded(table.server)[0]
    assert table.leases == []


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=320),
            st.binary(max_size=80).map(
                lambda options: (
                    DhcpMessage(1, 7, MacAddress(2)).pack()[:236] + b"\x63\x82\x53\x63" + options
                )
            ),
            st.builds(
                lambda kind, wanted, mac, own: DhcpMessage(
                    1, 7, MacAddress(mac), {53: bytes([kind]), 50: wanted, 54: own}
                ).pack(),
                st.integers(0, 255),
                st.binary(min_size=4, max_size=4),
                st.integers(0, 20),
                st.sampled_from([bytes([10, 0, 0, 1]), bytes([10, 0, 0, 9])]),
            ),
        ),
        max_size=20,
    )
)
def test_whatever_comes_the_pool_stays_whole_and_the_server_serves(datagrams: list[bytes]) -> None:
    table = Table()
    for data in datagrams:
        table.laptop.udp.send(table.client.port, data, (EVERYBODY, 67))
    table.net.run()
    leases, clients = table.pool.leases, table.pool._clients
    assert set(leases) <= {address(f"10.0.0.{number}") for number in range(100, 104)}
    assert all(leases[bound.address] is bound for bound in clients.values())
    table.client.came.clear()
    table.net.run_for(3600 * s)
    assert type_of(table.say(ASK.DISCOVER)) == ASK.OFFER


def test_a_flood_of_clients_exhausts_the_pool_and_nothing_else(table: Table) -> None:
    for number in range(500):
        table.say(ASK.DISCOVER, mac=MacAddress(number))
    assert (len(table.pool.leases), len(table.pool._clients)) == (4, 4)


# --- making one -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "options", "message"),
    [
        ("10.0.9.1", "10.0.9.9", {}, "server has no interface on the network of 10.0.9.1 to 10.0"),
        ("10.0.0.9", "10.0.9.9", {}, "server has no interface on the network of 10.0.0.9 to 10.0"),
        ("10.0.0.9", "10.0.0.8", {}, "the first of them before the last; got 10.0.0.9 to 10.0.0.8"),
        ("10.0.0.9", "me", {}, "'me' is not an IPv4 address"),
        ("10.0.0.9", "10.0.0.9", {"lease": 1}, "a lease lasts for 1 second or more"),
        ("10.0.0.9", "10.0.0.9", {"lease": 2**32 * s}, "a lease lasts for 1 second or more"),
        ("10.0.0.9", "10.0.0.9", {"lease": 0.5}, "lease must be a whole number of nanoseconds"),
        ("10.0.0.9", "10.0.0.9", {"router": "r1"}, "'r1' is not an IPv4 address"),
    ],
)
def test_a_server_that_cant_be_is_refused(
    first: str, last: str, options: dict, message: str
) -> None:
    host = Network().host("server", "10.0.0.1/24")
    with pytest.raises(ConfigurationError, match=message):
        dhcp.serve(host, first, last, **options)
    assert host.udp.ports == []


def test_a_pool_behind_another_router_cant_be_served() -> None:
    host = Network().host("server", "10.0.0.1/24", gateway="10.0.0.254")
    with pytest.raises(ConfigurationError, match="server has no interface on the network"):
        dhcp.serve(host, "10.0.9.1", "10.0.9.9")


def test_a_pool_has_a_largest_size() -> None:
    host = Network().host("server", "10.0.0.1/8")
    with pytest.raises(ConfigurationError, match="a pool has 1 to 65536 addresses"):
        dhcp.serve(host, "10.1.0.0", "10.2.0.0")


def test_the_server_shows_what_it_has_lent_and_for_how_long(table: Table) -> None:
    table.lend(1)
    assert repr(table.pool) == (
        "server lends 10.0.0.100 to 10.0.0.103\n10.0.0.100 BOUND 02:00:00:00:10:01, 3599.991 s left"
    )


@pytest.mark.tshark
def test_tshark_reads_all_that_is_said_as_we_do(table: Table, tmp_path: Path) -> None:
    from tests.network.material import assert_tshark_agrees

    table.lend(1)
    table.say(ASK.REQUEST, requested="10.9.9.9")
    for kind in (*MessageType, None):
        table.say(kind, ciaddr=address("10.0.0.1"), server=SERVER, requested="10.0.0.100")
    assert_tshark_agrees(table.net, tmp_path)
