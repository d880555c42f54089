"""`ping`, and what it prints."""

import pytest

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.units import ms, s
from tests.network.material import Chain, Pair


def test_it_prints_what_people_know() -> None:
    chain = Chain()
    ping = chain.alice.ping("carol")
    assert str(ping) == repr(ping) == ping.text()
    assert ping.text().splitlines() == [
        "PING carol (10.0.3.1) 56(84) bytes of data.",
        "64 bytes from carol (10.0.3.1): icmp_seq=1 ttl=62 time=120 ms",
        "64 bytes from carol (10.0.3.1): icmp_seq=2 ttl=62 time=60.0 ms",
        "64 bytes from carol (10.0.3.1): icmp_seq=3 ttl=62 time=60.0 ms",
        "64 bytes from carol (10.0.3.1): icmp_seq=4 ttl=62 time=60.0 ms",
        "",
        "--- carol ping statistics ---",
        "4 packets transmitted, 4 received, 0% packet loss, time 3060ms",
        "rtt min/avg/max/mdev = 60.000/75.000/120.000/25.980 ms",
    ]


def test_it_is_a_value_with_what_happened_in_numbers() -> None:
    pair = Pair()
    pair.cable.drop(lambda f: f.icmp and f.icmp.sequence == 2)
    ping = pair.alice.ping("bob", count=3, interval=100 * ms, timeout=1 * s)
    assert (ping.transmitted, ping.received, ping.errors, ping.duplicates) == (3, 2, 0, 0)
    assert ping.rtts == [40 * ms, 20 * ms]
    assert ping.loss == pytest.approx(1 / 3)
    assert len(ping.lines) == 3
    assert "3 packets transmitted, 2 received, 33.3333% packet loss, time 220ms" in ping.text()
    assert pair.net.now == 1200 * ms


def test_who_asks_for_an_address_is_told_no_names() -> None:
    pair = Pair()
    ping = pair.alice.ping("10.0.0.2", count=1)
    assert ping.lines[1] == "64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=40.0 ms"


def test_a_host_answers_itself() -> None:
    ping = Network().host("alice", "10.0.0.1/24").ping("localhost", count=1)
    assert ping.lines[1] == "64 bytes from localhost (127.0.0.1): icmp_seq=1 ttl=64 time=0.000 ms"


@pytest.mark.parametrize(
    ("delay", "shown"),
    [(0, "0.000"), (21_500, "0.043"), (616 * 1000, "1.23"), (10 * ms, "20.0"), (61 * ms, "122")],
)
def test_times_have_the_digits_that_ping_gives_them(delay: int, shown: str) -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=delay)
    ping = alice.ping("10.0.0.2", count=2)
    assert ping.lines[2].endswith(f"time={shown} ms")


def test_a_router_where_the_time_to_live_ends_is_named() -> None:
    ping = Chain().alice.ping("carol", count=1, ttl=1)
    assert ping.lines[1] == "From r1 (10.0.1.254) icmp_seq=1 Time to live exceeded"
    assert "1 packets transmitted, 0 received, +1 errors, 100% packet loss" in ping.text()
    ping = Chain().alice.ping("10.0.3.1", count=1, ttl=2)
    assert ping.lines[1] == "From 10.0.2.2 icmp_seq=1 Time to live exceeded"


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("10.0.3.9", "From 10.0.2.2 icmp_seq={} Destination Host Unreachable"),
        ("10.0.1.9", "From 10.0.1.1 icmp_seq={} Destination Host Unreachable"),
        ("192.0.2.1", "From 10.0.1.254 icmp_seq={} Destination Net Unreachable"),
    ],
    ids=["no such host behind the routers", "no such neighbour", "no route"],
)
def test_what_cannot_be_reached_is_told_with_who_said_so(target: str, line: str) -> None:
    ping = Chain().alice.ping(target, count=2)
    assert ping.lines[1:] == [line.format(1), line.format(2)]
    assert (ping.received, ping.errors) == (0, 2)


def test_a_request_that_must_not_be_cut_is_told_to_be_too_big() -> None:
    ping = Chain(middle_mtu=600).alice.ping("carol", count=1, size=1_000, dont_fragment=True)
    assert ping.lines[1:] == ["From r1 (10.0.1.254) icmp_seq=1 Frag needed and DF set (mtu = 600)"]
    ping = Pair().alice.ping("bob", count=1, size=1_473, dont_fragment=True)
    assert ping.lines[1:] == ["ping: local error: message too long, mtu=1500"]
    assert (ping.transmitted, ping.errors) == (1, 1)


def test_a_second_answer_is_told_and_counted_apart() -> None:
    pair = Pair()
    pair.cable.duplicate(lambda f: f.icmp and f.icmp.type == 0 and f.icmp.sequence == 1)
    ping = pair.alice.ping("bob", count=2)
    assert ping.lines[2] == "64 bytes from bob (10.0.0.2): icmp_seq=1 ttl=64 time=40.0 ms (DUP!)"
    assert (ping.received, ping.duplicates) == (2, 1)
    assert "2 packets transmitted, 2 received, +1 duplicates, 0% packet loss" in ping.text()


def test_an_answer_that_comes_late_counts_while_the_program_runs() -> None:
    pair = Pair()
    pair.cable.delay(lambda f: f.icmp and f.icmp.sequence == 1, by=1500 * ms, times=1)
    ping = pair.alice.ping("bob", count=3)
    assert [line.partition(": ")[2] for line in ping.lines[1:]] == [
        "icmp_seq=2 ttl=64 time=20.0 ms",
        "icmp_seq=1 ttl=64 time=1540 ms",
        "icmp_seq=3 ttl=64 time=20.0 ms",
    ]


def test_it_ends_when_nothing_is_missing_any_more() -> None:
    pair = Pair()
    pair.alice.ping("bob", count=2, interval=1 * s, timeout=60 * s)
    assert pair.net.now == 1 * s + 20 * ms


def test_it_is_an_ordinary_program_beside_others() -> None:
    pair = Pair()
    pings = [pair.alice.start(lambda host: host.ping("bob", count=2)) for _ in range(3)]
    back = pair.bob.start(lambda host: host.ping("alice", count=2))
    pair.net.run()
    assert [ping.result.received for ping in [*pings, back]] == [2] * 4


def test_it_runs_on_the_wall_clock() -> None:
    with Network(clock="real") as net:
        alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
        net.connect(alice, bob, delay=1 * ms)
        ping = alice.ping("bob", count=3, interval=1 * ms)
        assert ping.received == 3
        assert min(ping.rtts) >= 2 * ms


def test_its_requests_are_told_to_be_its_doing() -> None:
    pair = Pair()
    pair.alice.ping("bob", count=1)
    request = next(frame for frame in pair.net.trace.frames if frame.icmp)
    why = pair.net.trace.why(request).text()
    assert "ping: ask for an echo (RFC 792)" in why
    assert "alice called ping('bob')" in why


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"count": 0}, "count must be a whole number of 1 or more; got 0"),
        ({"interval": 0.5}, "interval must be a whole number of nanoseconds"),
        ({"timeout": -1}, "timeout must be a whole number of nanoseconds"),
        ({"size": 65_508}, "an echo request carries at most 65507 bytes; got 65508"),
        ({"size": -1}, "size must be a whole number of 0 or more"),
        ({"ttl": 0}, "ttl must be"),
        ({"ttl": 256}, "ttl must be from 1 to 255; got 256"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, int], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        Pair().alice.ping("bob", **options)
