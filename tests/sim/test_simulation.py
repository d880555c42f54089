"""What one run shares: its clock, its record, and chance that follows from the seed."""

import pytest

from netlab.errors import ConfigurationError
from netlab.sim.simulation import Simulation


def numbers(sim: Simulation, purpose: str, count: int = 5) -> list[float]:
    stream = sim.stream(purpose)
    return [stream.random() for _ in range(count)]


def test_a_stream_follows_from_the_seed_and_its_purpose() -> None:
    assert numbers(Simulation(7), "loss") == numbers(Simulation(7), "loss")
    assert numbers(Simulation(7), "loss") != numbers(Simulation(8), "loss")
    assert numbers(Simulation(7), "loss") != numbers(Simulation(7), "jitter")


def test_another_consumer_doesnt_shift_the_others() -> None:
    alone, together = Simulation(7), Simulation(7)
    first = together.stream("loss")
    other = together.stream("jitter")
    mixed = []
    for _ in range(5):
        other.random()
        mixed.append(first.random())
    assert mixed == numbers(alone, "loss")


def test_the_numbers_are_these_on_every_python() -> None:
    assert Simulation(7).seed_for("loss") == 0xCC3691D95F32D7CA4B6F1BA671D37A97
    assert Simulation(7).stream("loss").random() == 0.15694310024976188


@pytest.mark.parametrize("seed", ["7", 1.0, None, True])
def test_a_seed_is_a_whole_number(seed: int) -> None:
    with pytest.raises(
        ConfigurationError, match="seed must be an int, so that a run can be repeated"
    ):
        Simulation(seed)


def test_seeds_may_be_large_and_negative() -> None:
    assert len({Simulation(seed).seed_for("x") for seed in (-1, 0, 1, 2**70, -(2**70))}) == 5
