"""A cable: delay, rate, a finite queue, jitter and random loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.cable import Cable
from netlab.link.interface import Interface
from netlab.units import Gbps, Mbps, kbps, ms, s, us
from tests.link.material import Bench


def test_a_frame_arrives_after_the_delay() -> None:
    bench = Bench(delay=10 * ms)
    frame = bench.send("x")
    assert (frame.id, frame.time, frame.arrival, frame.fate) == (1, 0, 10 * ms, "in flight")
    bench.run()
    assert (bench.arrived, frame.fate) == ([(10 * ms, b"x")], "delivered")
    assert frame.received == frame.bytes
    assert not frame.corrupted


@pytest.mark.parametrize(
    ("rate", "payload", "expected"),
    [
        (10 * Mbps, 1_482, 1_200 * us),  # 1,500 bytes on the wire: header, payload, FCS
        (10 * Mbps, 42, 48 * us),
        (1 * Gbps, 1_482, 12 * us),
        (56 * kbps, 682, 100 * ms),  # 700 bytes
        (1, 0, 18 * 8 * s),
    ],
)
def test_serialisation_takes_exactly_the_bits_of_the_frame_divided_by_the_rate(
    rate: int, payload: int, expected: int
) -> None:
    bench = Bench(delay=7 * ms, rate=rate)
    bench.send(bytes(payload))
    bench.run()
    assert bench.times == [7 * ms + expected]


def test_frames_that_are_sent_at_once_leave_one_behind_the_other() -> None:
    bench = Bench(delay=1 * ms, rate=10 * Mbps)
    for _ in range(3):
        bench.send(bytes(1_482))
    bench.run()
    assert bench.times == [1 * ms + n * 1_200 * us for n in (1, 2, 3)]


def test_both_directions_are_independent() -> None:
    bench = Bench(rate=10 * Mbps)
    bench.send(bytes(1_482))
    bench.send(bytes(1_482), back=True)
    bench.run()
    assert bench.times == [1_200 * us, 1_200 * us]


def test_without_a_rate_frames_take_no_time_to_send() -> None:
    bench = Bench(delay=3)
    bench.send_all("ab")
    bench.run()
    assert bench.arrived == [(3, b"a"), (3, b"b")]


def test_the_queue_holds_so_many_frames_beside_the_one_being_sent_and_drops_the_next() -> None:
    bench = Bench(rate=10 * Mbps, queue=2)
    frames = bench.send_all("abcde")
    assert [frame.fate for frame in frames] == ["in flight"] * 3 + ["dropped"] * 2
    assert frames[3].fault == "lost: the queue of a-b was full (2 frames)"
    assert frames[3].arrival is None
    assert bench.run() == "abc"


def test_the_queue_has_room_again_as_soon_as_a_frame_has_left() -> None:
    bench = Bench(rate=8_000_000, queue=1, delay=50 * ms)  # a byte in a microsecond
    bench.send_all("ab")  # 19 us each
    assert bench.send("c").fate == "dropped"
    bench.run(until=18 * us)
    assert bench.send("d").fate == "dropped"
    bench.run(until=19 * us)
    assert bench.send("e").fate == "in flight"
    assert bench.run() == "abe"


def test_jitter_stretches_the_gaps_and_keeps_the_order() -> None:
    bench = Bench(delay=10 * ms, jitter=5 * ms, seed=3)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for letter in letters:
        bench.send(letter)
        bench.run(until=bench.sim.clock.now + 1 * ms)
    assert bench.run() == letters
    delays = [time - n * ms for n, time in enumerate(bench.times)]
    assert all(10 * ms <= delay <= 15 * ms + 25 * ms for delay in delays)
    assert len(set(delays)) > 10


@given(st.integers(0, 2**32), st.lists(st.integers(0, 3 * ms), max_size=30))
def test_jitter_keeps_the_order_whatever_the_pauses(seed: int, pauses: list[int]) -> None:
    bench = Bench(delay=1 * ms, jitter=4 * ms, seed=seed)
    letters = "".join(chr(48 + n) for n in range(len(pauses)))
    for letter, pause in zip(letters, pauses, strict=True):
        bench.run(until=bench.sim.clock.now + pause)
        bench.send(letter)
    assert bench.run() == letters


def test_random_loss_strikes_about_as_often_as_it_says_and_says_so() -> None:
    bench = Bench(loss=0.25, seed=5)
    frames = [bench.send("x") for _ in range(2_000)]
    lost = [frame for frame in frames if frame.fate == "dropped"]
    assert 420 < len(lost) < 580
    assert lost[0].fault == "lost: random loss (probability 0.25)"
    assert len(bench.run()) == 2_000 - len(lost)


def test_random_loss_follows_from_the_seed() -> None:
    def fates(seed: int) -> list[str]:
        bench = Bench(loss=0.5, seed=seed)
        return [bench.send("x").fate for _ in range(64)]

    assert fates(1) == fates(1)
    assert fates(1) != fates(2)


def test_loss_can_be_changed_while_the_cable_is_in_use() -> None:
    bench = Bench()
    bench.cable.loss = 1.0
    assert bench.send("x").fate == "dropped"
    bench.cable.loss = 0
    assert bench.send("x").fate == "in flight"


def test_each_fate_is_on_record_with_what_did_it_and_the_frame_as_its_cause() -> None:
    bench = Bench(delay=5)
    lost = bench.send("a")
    bench.cable.lose(lost, "a test")
    came = bench.send("b")
    bench.run()
    facts = [
        (event.kind, event.host, event.time, event.fields, event.cause) for event in bench.events
    ]
    assert facts == [
        ("sent", "a", 0, {}, None),
        ("dropped", "a", 0, {"frame": 1, "by": "a test"}, lost),
        ("sent", "a", 0, {}, None),
        ("delivered", "b", 5, {"frame": 2}, came),
    ]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("delay", 0.5, "delay must be a whole number of nanoseconds.* such as 10 \\* ms; got 0.5"),
        ("delay", -1, "delay must be.*got -1"),
        ("delay", "10ms", "delay must be.*got '10ms'"),
        ("jitter", -5, "jitter must be"),
        ("rate", 0, "rate must be a whole number of bits per second above 0.*got 0"),
        ("rate", "fast", "rate must be.*got 'fast'"),
        ("loss", 1.5, "loss must be a probability from 0.0 to 1.0; got 1.5"),
        ("loss", float("nan"), "loss must be a probability"),
        ("queue", 0, "queue must be a whole number of 1 or more; got 0"),
    ],
)
def test_impossible_values_are_refused_by_name_and_leave_the_interfaces_free(
    option: str, value: object, message: str
) -> None:
    bench = Bench()
    a = Interface(bench.sim, "c", "eth0", MacAddress(3))
    b = Interface(bench.sim, "d", "eth0", MacAddress(4))
    with pytest.raises(ConfigurationError, match=message):
        Cable(bench.sim, a, b, **{option: value})  # type: ignore[arg-type]
    assert a.link is None
    assert b.link is None


def test_an_interface_takes_one_cable() -> None:
    bench = Bench()
    other = Interface(bench.sim, "c", "eth0", MacAddress(3))
    with pytest.raises(ConfigurationError, match="a:eth0 is plugged into a-b already"):
        Cable(bench.sim, bench.a, other)
    assert other.link is None


def test_a_cable_joins_two_hosts() -> None:
    bench = Bench()
    one, two = (Interface(bench.sim, "c", name, MacAddress(3)) for name in ("eth0", "eth1"))
    for a, b in ((one, one), (one, two)):
        with pytest.raises(ConfigurationError, match="both ends of the cable are on c"):
            Cable(bench.sim, a, b)


def test_a_cable_says_what_it_is() -> None:
    assert repr(Bench(delay=10 * ms, rate=10 * Mbps).cable) == "<cable a-b: 10 ms, 10 Mbit/s>"
    assert repr(Bench().cable) == "<cable a-b: 0 s, no rate limit>"
