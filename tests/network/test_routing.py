"""The routing table: the longest prefix wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.link.address import MacAddress
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address, Prefix
from netlab.network.routing import Route, RoutingTable
from netlab.sim.simulation import Simulation
from tests.network.material import address

ETH0 = Interface(Simulation(), "r", "eth0", MacAddress(1))


def route(prefix: str, gateway: str | None = None) -> Route:
    via = None if gateway is None else address(gateway)
    return Route(Prefix.parse(prefix), ETH0, address("10.0.0.1"), via)


@pytest.mark.rfc(
    "RFC 1812 5.2.4.3",
    "RFC 1812 5.2.4.3/longest",
    "RFC 1812 5.2.4.3/default",
    "RFC 1812 4.2.2.11/prefixes",
)
def test_the_longest_prefix_wins_whatever_the_order() -> None:
    table = RoutingTable()
    for prefix in ("10.0.0.0/8", "0.0.0.0/0", "10.1.2.0/24", "10.1.0.0/16", "10.1.2.3/32"):
        table.add(route(prefix))
    found = [
        str(table.lookup(address(text)).prefix)  # type: ignore[union-attr]
        for text in ("10.1.2.3", "10.1.2.4", "10.1.3.1", "10.9.9.9", "192.0.2.1")
    ]
    assert found == ["10.1.2.3/32", "10.1.2.0/24", "10.1.0.0/16", "10.0.0.0/8", "0.0.0.0/0"]


def test_without_a_match_there_is_no_route() -> None:
    table = RoutingTable()
    table.add(route("10.0.0.0/8"))
    assert table.lookup(address("11.0.0.1")) is None


def test_no_route_leads_to_a_group() -> None:
    table = RoutingTable()
    table.add(route("0.0.0.0/0"))
    assert table.lookup(address("224.0.0.1")) is None


def test_of_two_routes_with_one_prefix_the_first_stands_until_it_is_removed() -> None:
    table = RoutingTable()
    first, second = route("10.0.0.0/8", "10.0.0.2"), route("10.0.0.0/8", "10.0.0.3")
    table.add(first)
    table.add(second)
    assert table.lookup(address("10.1.1.1")) is first
    table.remove(first)
    assert table.lookup(address("10.1.1.1")) is second
    with pytest.raises(ValueError):
        table.remove(first)


@pytest.mark.rfc("RFC 1122 3.3.1.2/cache")
def test_what_was_looked_up_is_forgotten_when_a_better_route_comes() -> None:
    table = RoutingTable()
    table.add(route("0.0.0.0/0"))
    table.lookup(address("10.0.0.5"))
    better = route("10.0.0.0/24")
    table.add(better)
    assert table.lookup(address("10.0.0.5")) is better


def test_a_table_reads_as_the_system_tools_print_it() -> None:
    table = RoutingTable()
    assert (len(table), repr(table)) == (0, "no routes")
    table.add(route("0.0.0.0/0", "10.0.0.254"))
    table.add(route("10.0.0.0/24"))
    assert [str(each) for each in table] == [
        "10.0.0.0/24 dev eth0 src 10.0.0.1",
        "default via 10.0.0.254 dev eth0 src 10.0.0.1",
    ]
    assert len(table) == 2


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), max_size=12),
    st.integers(0, 2**32 - 1),
)
def test_the_route_is_the_one_that_a_look_at_every_route_finds(
    prefixes: list[tuple[int, int]], wanted: int
) -> None:
    table = RoutingTable()
    routes = [
        Route(Prefix(IPv4Address(n), length), ETH0, address("10.0.0.1")) for n, length in prefixes
    ]
    for each in routes:
        table.add(each)
    if wanted >> 28 == 0b1110:
        return  # groups have no routes
    fitting = [
        each
        for each in routes
        if wanted >> (32 - each.prefix.length) == each.prefix.network >> (32 - each.prefix.length)
    ]
    expected = max(fitting, key=lambda each: each.prefix.length, default=None)
    found = table.lookup(IPv4Address(wanted))
    assert (found and found.prefix) == (expected and expected.prefix)
