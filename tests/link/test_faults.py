"""Faults: rules on a link, by predicate, count, frame, sender and chance."""

from collections.abc import Callable
from typing import Any

import pytest

from netlab.errors import ConfigurationError, FaultError
from netlab.link.cable import Cable
from netlab.units import Mbps, ms, us
from tests.link.material import Bench


def says(letter: str) -> Callable[[Any], bool]:
    return lambda frame: frame.bytes.endswith(letter.encode())


def test_drop_loses_the_frames_that_match_and_says_which_rule_did() -> None:
    bench = Bench()
    rule = bench.cable.drop(says("b"))
    frames = bench.send_all("abcb")
    assert bench.run() == "ac"
    assert frames[1].fate == "dropped"
    assert frames[1].fault == "lost: rule 1 (drop)"
    assert rule.hits == 2


def test_a_rule_ends_after_so_many_times() -> None:
    bench = Bench()
    rule = bench.cable.drop(says("b"), times=2)
    assert repr(rule) == "<rule 1 (drop) on a-b: 0 frames, 2 to go>"
    bench.send_all("bbbb")
    assert bench.run() == "bb"
    assert bench.cable.faults == []


def test_a_rule_about_a_frame_to_come_waits_for_its_id() -> None:
    bench = Bench()
    bench.cable.drop(frame=3)
    bench.send_all("abcd")
    assert bench.run() == "abd"
    assert bench.cable.faults == []


def test_a_rule_about_a_frame_in_flight_strikes_at_once() -> None:
    bench = Bench(delay=10 * ms)
    bench.send_all("abc")
    bench.run(until=5 * ms)
    bench.cable.drop(frame=2)
    assert bench.cable.faults == []
    bench.cable.delay(frame=1, by=7 * ms)
    assert bench.run() == "ca"
    assert bench.times == [10 * ms, 17 * ms]


def test_a_rule_about_a_frame_that_is_past_is_refused() -> None:
    bench = Bench()
    bench.send("a")
    bench.run()
    with pytest.raises(
        ConfigurationError, match=r"can't drop frame 1: it is not in flight on a-b \(any more\)"
    ):
        bench.cable.drop(frame=1)
    assert bench.cable.faults == []


def test_a_rule_may_be_about_one_sender() -> None:
    bench = Bench()
    bench.cable.drop(sender="b")
    bench.send("x")
    bench.send("y", back=True)
    assert bench.run() == "x"


def test_a_sender_who_isnt_there_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match="nobody on a-b is called 'c': sender is one of a, b"
    ):
        Bench().cable.drop(sender="c")


def test_a_rule_by_chance_follows_from_the_seed_and_not_from_other_rules() -> None:
    def lost(seed: int, other: bool) -> list[int]:
        bench = Bench(seed=seed)
        bench.cable.drop(probability=0.3)
        if other:
            bench.cable.corrupt(probability=0.5)
        return [frame.id for frame in bench.send_all("x" * 200) if frame.fate == "dropped"]

    assert 30 < len(lost(1, False)) < 90
    assert lost(1, False) == lost(1, True)
    assert lost(1, False) != lost(2, False)


def test_all_conditions_of_a_rule_must_hold() -> None:
    bench = Bench()
    bench.cable.drop(says("x"), sender="a", times=1)
    bench.send("x", back=True)
    bench.send_all("yxx")
    assert bench.run() == "xyx"


def test_delay_lets_others_overtake() -> None:
    bench = Bench(delay=10 * ms)
    bench.cable.delay(says("b"), by=3 * ms, times=1)
    frames = bench.send_all("abc")
    assert bench.run() == "acb"
    assert bench.times == [10 * ms, 10 * ms, 13 * ms]
    assert frames[1].fault == "delayed by 3 ms, by rule 1 (delay)"
    assert frames[1].arrival == 13 * ms


def test_delays_add_up() -> None:
    bench = Bench(delay=10 * ms)
    bench.cable.delay(by=1 * ms)
    bench.cable.delay(by=2 * ms)
    frame = bench.send("a")
    bench.cable.delay(frame=frame.id, by=4 * ms)
    bench.run()
    assert bench.times == [17 * ms]


def test_duplicate_sends_a_copy_behind_the_original() -> None:
    bench = Bench(rate=8 * Mbps)
    bench.cable.duplicate(says("b"))
    frames = bench.send_all("abc")
    assert bench.run() == "abbc"
    assert bench.times == [19 * us, 38 * us, 57 * us, 76 * us]
    copy = next(event for event in bench.events if getattr(event, "copy_of", None))
    assert copy.copy_of == frames[1].id
    assert copy.fault == "a copy of frame 2, made by rule 1 (duplicate)"
    assert copy.reason == "duplicated by rule 1 (duplicate)"
    assert copy.cause is frames[1]


def test_copies_are_not_copied_but_other_rules_hold_for_them() -> None:
    bench = Bench()
    bench.cable.duplicate()
    bench.cable.duplicate()
    bench.send("a")
    assert bench.run() == "aaa"
    bench.cable.drop(lambda frame: frame.copy_of)
    bench.send("b")
    assert bench.run() == "aaab"


def test_a_frame_in_flight_can_be_duplicated_by_hand() -> None:
    bench = Bench(delay=10 * ms)
    bench.send("a")
    bench.run(until=4 * ms)
    bench.cable.duplicate(frame=1)
    bench.run()
    assert bench.arrived == [(10 * ms, b"a"), (14 * ms, b"a")]


@pytest.mark.parametrize(("bit", "letter"), [(8 * 14 + 7, "`"), (8 * 14, "\xe1")])
def test_corrupt_in_a_device_flips_the_bit_that_is_named_and_the_fcs_agrees(
    bit: int, letter: str
) -> None:
    bench = Bench()
    bench.cable.corrupt(bit=bit, in_device=True)
    frame = bench.send("a")
    assert bench.run() == letter
    assert frame.corrupted
    assert frame.bytes.endswith(b"a")
    assert frame.received == frame.bytes[:-1] + letter.encode("latin-1")
    assert frame.fault == f"bit {bit} (in byte 14) flipped by rule 1 (corrupt), in a device"
    assert bench.b.rx.errors == 0


@pytest.mark.parametrize("bit", [0, 8 * 14 + 3, 8 * 15, 8 * 19 - 1])
def test_a_bit_flipped_on_the_wire_is_seen_by_the_fcs_wherever_it_was(bit: int) -> None:
    bench = Bench()
    bench.cable.corrupt(bit=bit, times=1)
    frame = bench.send("a")
    bench.send("b")
    assert bench.run() == "b"
    assert frame.corrupted
    assert frame.fate == "delivered"
    assert (frame.received == frame.bytes) == (bit >= 8 * 15)  # behind it stands the FCS
    (dropped,) = (event for event in bench.events if event.kind == "discarded")
    assert dropped.fields["why"].startswith("FCS wrong: 19 octets were damaged")
    rx = bench.b.rx
    assert (rx.packets, rx.bytes, rx.errors, rx.crc_errors) == (1, 15, 1, 1)


def test_a_bit_flipped_twice_is_right_again() -> None:
    bench = Bench()
    for _ in range(2):
        bench.cable.corrupt(bit=8 * 14)
    frame = bench.send("a")
    assert bench.run() == "a"
    assert not frame.corrupted


@pytest.mark.parametrize("in_device", [False, True])
def test_corrupt_flips_one_bit_by_chance(in_device: bool) -> None:
    bench = Bench(seed=4)
    bench.cable.corrupt(in_device=in_device)
    frames = [bench.send(bytes(50)) for _ in range(20)]
    flipped = []
    for frame in frames:
        assert frame.wire_received is not None
        sent, received = (
            (frame.bytes, frame.received) if in_device else (frame.wire, frame.wire_received)
        )
        difference = int.from_bytes(sent, "big") ^ int.from_bytes(received or b"", "big")
        assert difference.bit_count() == 1
        flipped.append(difference.bit_length())
    assert len(set(flipped)) > 10
    bench.run()
    assert bench.b.rx.crc_errors == (0 if in_device else 20)


def test_reorder_holds_a_frame_back_until_the_next_has_overtaken_it() -> None:
    bench = Bench(delay=10 * ms)
    bench.cable.reorder(says("b"))
    frames = []
    for letter in "abcd":
        frames.append(bench.send(letter))
        bench.run(until=bench.sim.clock.now + 1 * ms)
    assert bench.run() == "acbd"
    assert frames[1].fault == "held back by rule 1 (reorder)"
    assert bench.times == [10 * ms, 12 * ms, 12 * ms + 1, 13 * ms]


def test_a_held_frame_that_nobody_overtakes_arrives_late() -> None:
    bench = Bench(delay=10 * ms)
    bench.cable.reorder(by=5 * ms)
    bench.send("a")
    bench.run()
    assert bench.times == [15 * ms]


def test_what_goes_the_other_way_overtakes_nobody() -> None:
    bench = Bench(delay=10 * ms)
    bench.cable.reorder(says("b"), by=5 * ms)
    bench.send("b")
    bench.send("x", back=True)
    bench.run()
    assert bench.arrived == [(10 * ms, b"x"), (15 * ms, b"b")]


def test_a_rule_can_be_removed() -> None:
    bench = Bench()
    rule = bench.cable.drop()
    bench.send("a")
    rule.remove()
    rule.remove()
    bench.send("b")
    assert bench.run() == "b"


def test_a_condition_that_raises_is_reported_where_the_network_is_run_and_removed() -> None:
    bench = Bench(delay=5)
    bench.cable.drop(lambda frame: frame.tcp.fin)
    assert bench.send("a").fate == "in flight"  # the sender is not to blame
    with pytest.raises(FaultError) as caught:
        bench.run()
    text = str(caught.value)
    assert "the condition of rule 1 (drop) on a-b raised AttributeError" in text
    assert "when asked about <frame 1: a to b, 15 bytes" in text
    assert "The rule was removed" in text
    assert isinstance(caught.value.__cause__, AttributeError)
    assert bench.cable.faults == []
    bench.send("b")
    assert bench.run() == "ab"


def test_a_condition_that_raises_about_a_frame_in_flight_is_reported_at_once() -> None:
    bench = Bench(delay=5)
    bench.send("a")
    with pytest.raises(FaultError, match="raised ZeroDivisionError"):
        bench.cable.drop(lambda frame: 1 / 0, frame=1)
    assert bench.run() == "a"


def test_a_bit_that_a_frame_doesnt_have_is_reported_and_the_rule_removed() -> None:
    bench = Bench()
    bench.cable.corrupt(bit=1_000)
    bench.send("a")
    with pytest.raises(FaultError, match="there is no bit 1000 in <frame 1"):
        bench.run()
    assert bench.run() == "a"


@pytest.mark.parametrize(
    ("set_rule", "message"),
    [
        (lambda cable: cable.drop(3), "takes a function.*got 3 .one frame is meant by frame=3"),
        (lambda cable: cable.drop(times=0), "times must be a whole number of 1 or more; got 0"),
        (lambda cable: cable.drop(frame="2"), "frame must be a whole number"),
        (lambda cable: cable.drop(probability=30), "probability must be a probability"),
        (lambda cable: cable.delay(by=0.1), "by must be a whole number of nanoseconds"),
        (lambda cable: cable.reorder(by=-1), "by must be"),
        (lambda cable: cable.corrupt(bit=-1), "bit must be a whole number of 0 or more"),
    ],
)
def test_impossible_rules_are_refused(set_rule: Callable[[Cable], object], message: str) -> None:
    bench = Bench()
    with pytest.raises(ConfigurationError, match=message):
        set_rule(bench.cable)
    assert bench.cable.faults == []


def test_an_unknown_option_is_a_type_error_as_in_any_call() -> None:
    with pytest.raises(TypeError, match=r"drop\(\) got an unexpected keyword argument 'time'"):
        Bench().cable.drop(time=1)  # type: ignore[call-arg]
