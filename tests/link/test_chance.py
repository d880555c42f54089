"""Models of loss and delay: their statistics, by fixed seeds, and the same numbers on every machine."""

import math
import random
from collections.abc import Callable
from itertools import groupby

import pytest

from netlab.errors import ConfigurationError
from netlab.link.chance import Exponential, GilbertElliott, Normal, Pareto, Spread
from netlab.units import Mbps, ms, us
from tests.link.material import Bench

DRAWS = 4_000


def distance(samples: list[int], share_below: Callable[[float], float]) -> float:
    """Kolmogorov and Smirnov's: how far the shares below each value are from what they should be."""
    ordered = sorted(samples)
    return max(
        abs(share_below(value) - (n + 0.5) / len(ordered)) for n, value in enumerate(ordered)
    )


@pytest.mark.parametrize(
    ("model", "share_below"),
    [
        (Normal(2 * ms), lambda x: (1 + math.erf(x / (2 * ms) / math.sqrt(2))) / 2),
        (Normal(2 * ms, 5 * ms), lambda x: (1 + math.erf((x / ms - 5) / 2 / math.sqrt(2))) / 2),
        (Exponential(3 * ms), lambda x: 1 - math.exp(-x / (3 * ms))),
        (Pareto(1 * ms), lambda x: 1 - (1 * ms / x) ** 1.5),
        (Pareto(2 * ms, 0.9), lambda x: 1 - (2 * ms / x) ** 0.9),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_draws_are_distributed_as_the_model_says(
    model: Spread, share_below: Callable[[float], float], seed: int
) -> None:
    draw = random.Random(seed).random
    samples = [model.draw(draw) for _ in range(DRAWS)]
    assert all(type(sample) is int for sample in samples)
    assert distance(samples, share_below) < 1.63 / math.sqrt(DRAWS)  # one in a hundred is farther


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (Normal(1 * ms), [840_166, -272_328, 607_821, 1_206_561]),
        (Exponential(1 * ms), [144_291, 1_880_156, 1_442_969, 294_464]),
        (Pareto(1 * ms), [1_100_973, 3_502_362, 2_616_871, 1_216_903]),
    ],
)
def test_the_numbers_are_the_same_on_every_machine(model: Spread, expected: list[int]) -> None:
    draw = random.Random(1).random
    assert [model.draw(draw) for _ in range(4)] == expected


def test_no_draw_fails_at_the_ends_of_the_range() -> None:
    for number in (0.0, 1 - 2**-53):
        for model in (Exponential(1 * ms), Pareto(1 * ms)):
            assert model.draw(lambda number=number: number) >= 0  # type: ignore[misc]


# --- bursts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "share", "length"),
    [
        (GilbertElliott(0.01, 0.2), 1 / 21, 5),
        (GilbertElliott(0.1, 0.5), 1 / 6, 2),
        (GilbertElliott(1, 1), 1 / 2, 1),
        (GilbertElliott(0.05, 0.25, loss_good=0.01, loss_bad=0.5), 0.0917, None),
    ],
)
def test_bursts_have_the_share_and_the_length_that_they_should(
    model: GilbertElliott, share: float, length: float | None
) -> None:
    assert float(model) == pytest.approx(share, rel=0.01)
    is_lost = model.losses(random.Random(7).random)
    lost = [is_lost() for _ in range(60_000)]
    assert sum(lost) / len(lost) == pytest.approx(share, rel=0.08)
    if length is not None:
        runs = [len(list(run)) for was_lost, run in groupby(lost) if was_lost]
        assert sum(runs) / len(runs) == pytest.approx(length, rel=0.08)


def test_a_cable_loses_in_bursts_and_each_direction_has_its_own() -> None:
    bench = Bench(loss=GilbertElliott(0.1, 1e-9), seed=3)
    there = [bench.send("a").fate for _ in range(200)]
    back = [bench.send("b", back=True).fate for _ in range(200)]
    for fates in (there, back):
        first = fates.index("dropped")
        assert 0 < first < 100
        assert set(fates[first:]) == {"dropped"}
    assert there.index("dropped") != back.index("dropped")
    assert bench.frames[-1].fault == "lost: a burst of losses"
    bench.cable.loss = 0.0
    assert bench.send("x").fate == "in flight"


def test_a_model_says_what_it_is() -> None:
    model = GilbertElliott(0.01, 0.2)
    assert repr(model) == "GilbertElliott(0.01, 0.2, loss_good=0.0, loss_bad=1.0)"
    assert f"{model:.1%}" == "4.8%"
    assert repr(Normal(1 * ms)) == "normal, 0 s ± 1 ms"
    assert repr(Exponential(1 * ms)) == "exponential, 1 ms on average"
    assert repr(Pareto(1 * ms)) == "Pareto, 1 ms at least, shape 1.5"


# --- on a cable -----------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Normal(20 * ms), Exponential(5 * ms), Pareto(1 * ms)])
def test_delays_spread_and_keep_the_order_and_causality(model: Spread) -> None:
    bench = Bench(delay=10 * ms, rate=10 * Mbps, jitter=model, seed=2)
    letters = [chr(40 + n) for n in range(80)]
    for letter in letters:
        bench.send(letter)
        bench.run(until=bench.sim.clock.now + 3 * ms)
    assert bench.run() == "".join(letters)
    delays = [time - n * 3 * ms for n, time in enumerate(bench.times)]
    assert min(delays) >= 15_200  # not before the last bit has left
    assert max(delays) - min(delays) > 1 * ms
    bench.cable.jitter_ns = 5 * us
    assert bench.cable.jitter_ns == 5 * us


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GilbertElliott(1.5, 0.5), "to_bad must be a probability"),
        (lambda: GilbertElliott(0, 0.5), "to_bad must be above 0, or its state never ends"),
        (lambda: GilbertElliott(0.5, 0), "to_good must be above 0"),
        (lambda: GilbertElliott(0.5, 0.5, loss_bad="much"), "loss_bad must be a probability"),
        (lambda: Normal(-1), "sigma must be"),
        (lambda: Exponential(0.5), "mean must be"),
        (lambda: Pareto(1 * ms, 0), "shape must be a number from 0.01 to 100; got 0"),
        (lambda: Pareto(1 * ms, "steep"), "shape must be"),
        (lambda: Bench(jitter="much"), "jitter must be"),
    ],
)
def test_impossible_models_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make()
