"""Who holds which port."""

from errno import EADDRINUSE

import pytest

from netlab.network.address import IPv4Address
from netlab.transport.ports import EPHEMERAL, Ports

ANY = IPv4Address.UNSPECIFIED
HERE = IPv4Address.parse("10.0.0.1")
THERE = IPv4Address.parse("10.0.1.1")


@pytest.fixture
def ports() -> Ports:
    return Ports()


@pytest.mark.parametrize(
    ("first", "second", "conflict"),
    [
        ((ANY, 80), (ANY, 80), True),
        ((ANY, 80), (HERE, 80), True),
        ((HERE, 80), (ANY, 80), True),
        ((HERE, 80), (HERE, 80), True),
        ((HERE, 80), (THERE, 80), False),
        ((ANY, 80), (ANY, 81), False),
    ],
)
def test_an_address_and_port_are_held_by_one(ports: Ports, first, second, conflict: bool) -> None:
    held = ports.bind(*first)
    if conflict:
        with pytest.raises(OSError, match=f"Address already in use: {second[0]}:80") as raised:
            ports.bind(*second)
        assert raised.value.errno == EADDRINUSE
        ports.release(held)
    assert ports.bind(*second).port == second[1]


@pytest.mark.parametrize("reuses", [(True, False), (False, True), (False, False)])
def test_only_when_both_agree_two_hold_one_port(ports: Ports, reuses: tuple[bool, bool]) -> None:
    ports.bind(ANY, 80, reuse=reuses[0])
    with pytest.raises(OSError, match="in use"):
        ports.bind(ANY, 80, reuse=reuses[1])


def test_of_two_who_agree_only_one_can_listen(ports: Ports) -> None:
    first = ports.bind(ANY, 80, reuse=True)
    second = ports.bind(HERE, 80, reuse=True)
    other = ports.bind(HERE, 81, reuse=True)
    ports.listen(first)
    ports.listen(first)
    ports.listen(other)
    ports.listen(ports.bind(THERE, 81))
    with pytest.raises(OSError, match="in use") as raised:
        ports.listen(second)
    assert raised.value.errno == EADDRINUSE
    ports.release(first)
    ports.listen(second)


def test_nobody_joins_one_who_listens(ports: Ports) -> None:
    ports.listen(ports.bind(ANY, 80, reuse=True))
    with pytest.raises(OSError, match="in use"):
        ports.bind(ANY, 80, reuse=True)


def test_letting_go_twice_does_no_harm(ports: Ports) -> None:
    held = ports.bind(ANY, 80)
    ports.release(held)
    ports.release(held)
    again = ports.bind(ANY, 80)
    ports.release(held)
    with pytest.raises(OSError, match="in use"):
        ports.bind(ANY, 80)
    ports.release(again)


@pytest.mark.rfc("RFC 6335 6")
def test_ephemeral_ports_are_taken_in_turn(ports: Ports) -> None:
    bindings = [ports.bind(ANY, 0) for _ in range(3)]
    assert [binding.port for binding in bindings] == [49152, 49153, 49154]
    ports.release(bindings[0])
    assert ports.bind(ANY, 0).port == 49155


@pytest.mark.rfc("RFC 6335 6")
def test_after_the_last_ephemeral_port_comes_the_first_that_is_free(ports: Ports) -> None:
    bindings = [ports.bind(ANY, 0) for _ in EPHEMERAL]
    assert [binding.port for binding in bindings] == list(range(49152, 65536))
    with pytest.raises(OSError, match="all ephemeral ports are taken") as raised:
        ports.bind(ANY, 0)
    assert raised.value.errno == EADDRINUSE
    ports.release(bindings[7])
    assert ports.bind(ANY, 0).port == 49159


def test_an_ephemeral_port_is_one_that_nobody_holds_also_with_reuse(ports: Ports) -> None:
    first = ports.bind(ANY, 0, reuse=True)
    second = ports.bind(ANY, 0, reuse=True)
    assert first.port != second.port
    assert ports.bind(ANY, first.port, reuse=True)


def test_what_else_is_busy_counts_too() -> None:
    ports = Ports(lambda binding: binding.port in (80, 49152) and not binding.reuse)
    with pytest.raises(OSError, match="in use"):
        ports.bind(ANY, 80)
    assert ports.bind(ANY, 80, reuse=True)
    assert ports.bind(ANY, 0).port == 49153


def test_random_ports_come_from_the_whole_range_and_never_twice(ports: Ports) -> None:
    numbers = iter([0.0, 0.999_999, 0.5, 0.5, 0.999_999])
    ports.random = lambda: next(numbers)
    found = [ports.bind(ANY, 0).port for _ in range(5)]
    middle = EPHEMERAL[len(EPHEMERAL) // 2]
    # What is taken is passed over, from the last to the first as well.
    assert found == [EPHEMERAL[0], EPHEMERAL[-1], middle, middle + 1, EPHEMERAL[1]]
