"""`ping`, and what it prints."""

from typing import Any

import pytest

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.link.ethernet import ETHERTYPE_IPV4, EthernetFrame
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, Ipv4Packet
from netlab.units import ms, s
from tests.network.material import Chain, Pair, address


@pytest.mark.rfc(
    "RFC 1122 3.1/icmp",
    "RFC 1122 3.2.2.6/server",
    "RFC 1122 3.2.2.6/pass",
    "RFC 1812 4.3.3.6/server",
)
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
    assert pair.alice.ping("bob", count=1).elapsed == 20 * ms
    dead = pair.alice.ping("10.0.0.9", count=1, timeout=20 * s)
    assert (dead.loss, dead.elapsed) == (1.0, 3 * s)


def test_who_asks_for_an_address_is_told_no_names() -> None:
    pair = Pair()
    ping = pair.alice.ping("10.0.0.2", count=1)
    assert ping.lines[1] == "64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=40.0 ms"


def test_a_host_answers_itself() -> None:
    ping = Network().host("alice", "10.0.0.1/24").ping("localhost", count=1)
    assert ping.lines[1] == "64 bytes from localhost (127.0.0.1): icmp_seq=1 ttl=64 time=0.000 ms"


@pytest.mark.parametrize(
    ("delay", "shown"),
    [
        (500_000, "1.00"),
        (5 * ms, "10.0"),
        (50 * ms, "100"),
        (0, "0.000"),
        (21_500, "0.043"),
        (616 * 1000, "1.23"),
        (10 * ms, "20.0"),
        (61 * ms, "122"),
    ],
)
def test_times_have_the_digits_that_ping_gives_them(delay: int, shown: str) -> None:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=delay)
    ping = alice.ping("10.0.0.2", count=2)
    assert ping.lines[2].endswith(f"time={shown} ms")


@pytest.mark.rfc("RFC 1122 3.4/errors")
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
    assert Pair().alice.ping("bob", count=1, size=1_472, dont_fragment=True).received == 1


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


@pytest.mark.rfc("RFC 1122 3.2.2.6", "RFC 791 3.1")
def test_the_route_there_and_back_is_recorded_and_told_once() -> None:
    ping = Chain().alice.ping("10.0.3.1", count=2, record_route=True)
    assert ping.lines == [
        "PING 10.0.3.1 (10.0.3.1) 56(124) bytes of data.",
        "64 bytes from 10.0.3.1: icmp_seq=1 ttl=62 time=120 ms",
        "RR: \t10.0.1.1",
        *(f"\t{each}" for each in ("10.0.2.1", "10.0.3.254", "10.0.3.1", "10.0.3.1")),
        *(f"\t{each}" for each in ("10.0.2.2", "10.0.1.254", "10.0.1.1")),
        "",
        "64 bytes from 10.0.3.1: icmp_seq=2 ttl=62 time=60.0 ms\t(same route)",
    ]


@pytest.mark.rfc("RFC 1122 3.2.2.6", "RFC 791 3.1")
def test_the_times_there_and_back_are_told_each_since_the_one_before() -> None:
    chain = Chain()
    chain.net.run(until=5 * s)
    ping = chain.alice.ping("carol", count=1)
    ping = chain.alice.ping("carol", count=1, timestamps="tsonly")
    assert ping.lines[2:] == [
        "TS: \t5120 absolute",
        *(f"\t{each}" for each in (10, 10, 10, 0, 10, 10, 10)),
        "",
    ]
    ping = chain.alice.ping("carol", count=1, timestamps="tsandaddr")
    assert ping.lines[2:] == [
        "TS: \talice (10.0.1.1)\t5180 absolute",
        "\t10.0.2.1\t10",
        "\t10.0.3.254\t10",
        "\tcarol (10.0.3.1)\t10",
        "Unrecorded hops: 4",
        "",
    ]


def test_options_that_cannot_be_read_are_not_told() -> None:
    pair = Pair()
    replies = []

    def forge(frame: Any) -> bool:
        if not (frame.icmp and frame.icmp.type == 8):
            return False
        request = frame.icmp
        reply = IcmpMessage.echo_reply(request.identifier, request.sequence, request.payload)
        packet = Ipv4Packet(
            frame.ipv4.dst,
            address("10.0.0.255"),
            PROTOCOL_ICMP,
            reply.pack(),
            options=b"\x07\x01\x00\x00",
        )
        to, at = pair.alice.interfaces[0].mac, pair.bob.interfaces[0].mac
        replies.append(EthernetFrame(to, at, ETHERTYPE_IPV4, packet.pack()).pack())
        return True

    pair.cable.drop(forge)
    program = pair.alice.start(lambda host: host.ping("bob", count=1, timeout=1 * s))
    pair.net.run_for(100 * ms)
    pair.bob.inject(replies[0])
    assert program.result.lines[1:] == [
        "64 bytes from bob (10.0.0.2): icmp_seq=1 ttl=64 time=110 ms"
    ]


def test_a_request_larger_than_the_links_is_cut_and_put_together_again() -> None:
    ping = Chain().alice.ping("carol", count=1, size=65_507)
    assert ping.lines[1].startswith("65515 bytes from carol (10.0.3.1): icmp_seq=1 ttl=62")


def test_what_is_for_another_ping_is_none_of_its_news() -> None:
    pair = Pair()
    first = pair.alice.start(lambda host: host.ping("bob", count=1))
    second = pair.alice.start(lambda host: host.ping("10.0.0.9", count=1))
    third = pair.alice.start(lambda host: host.ping("10.0.0.9", count=2, interval=10 * ms))
    assert len(first.result.lines) == len(second.result.lines) == 2
    assert len(third.result.lines) == 3
    assert pair.net.now == 3 * s


def test_a_redirect_is_news_but_no_error() -> None:
    chain = Chain()
    chain.r1.add_route("10.0.9.0/24", "10.0.1.253")
    ping = chain.alice.ping("10.0.9.1", count=1, timeout=100 * ms)
    assert ping.lines[1:] == ["From 10.0.1.254: icmp_seq=1 Redirect Host(New nexthop: 10.0.1.253)"]
    assert ping.errors == 0


@pytest.mark.rfc("RFC 1122 3.2.2.5")
def test_other_errors_are_told_in_the_programs_words() -> None:
    chain = Chain()
    told = []
    for type_, code, rest in ((3, 5, 0), (3, 15, 0), (3, 16, 0), (11, 1, 0), (12, 0, 22 << 24)):
        rule = chain.r1.ipv4.filter.refuse(
            lambda packet, type_=type_, code=code, rest=rest: (
                not chain.r1.icmp.errors.send_error(type_, code, packet, "a test", rest)
            )
        )
        told.append(chain.alice.ping("carol", count=1).lines[1].partition("icmp_seq=1 ")[2])
        rule.remove()
    assert told == [
        "Source Route Failed",
        "Precedence Cutoff",
        "Bad Code: 16",
        "Frag reassembly time exceeded",
        "Parameter problem: pointer = 22",
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
        ({"timestamps": "all"}, "timestamps is tsonly or tsandaddr.* got 'all'"),
        ({"timestamps": "tsonly", "record_route": True}, "got 'tsonly' with record_route"),
        ({"ttl": 256}, "ttl must be from 1 to 255; got 256"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        Pair().alice.ping("bob", **options)
