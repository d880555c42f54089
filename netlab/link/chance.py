"""Models of chance for links: losses that come in bursts, and delays that spread in different ways.

Each takes nothing but `random()`, numbers from 0 up to 1, and gives the same on every machine: the
arithmetic of floats is the same everywhere but for logarithms and the like, of which the libraries
of machines differ in the last bit. Those are computed by `decimal`, which rounds correctly.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import sqrt
from typing import Any

from netlab.errors import ConfigurationError
from netlab.units import duration, probability, show_time

Random = Callable[[], float]


class GilbertElliott(float):
    """Loss in bursts: the link is in a good or a bad state, and each has its own probability of loss.

    Before each frame it turns bad with the probability `to_bad`, or good again with `to_good`; so
    bad times last for 1 / `to_good` frames on average (Gilbert 1960, Elliott 1963). Each direction
    has its own state, and begins in the good one. As a number, it is the share of frames that are
    lost in the long run.
    """

    def __new__(
        cls, to_bad: float, to_good: float, *, loss_good: float = 0.0, loss_bad: float = 1.0
    ) -> "GilbertElliott":
        """Raises `ConfigurationError` for what is no probability, and a state without an end."""
        for name, value in (("to_bad", to_bad), ("to_good", to_good)):
            if probability(value, name) == 0:
                raise ConfigurationError(f"{name} must be above 0, or its state never ends")
        good, bad = probability(loss_good, "loss_good"), probability(loss_bad, "loss_bad")
        model = super().__new__(cls, (to_good * good + to_bad * bad) / (to_good + to_bad))
        model.to_bad, model.to_good = float(to_bad), float(to_good)
        model.loss_good, model.loss_bad = good, bad
        return model

    to_bad: float
    to_good: float
    loss_good: float
    loss_bad: float

    def __repr__(self) -> str:
        return (
            f"GilbertElliott({self.to_bad}, {self.to_good}, loss_good={self.loss_good},"
            f" loss_bad={self.loss_bad})"
        )

    def losses(self, random: Random) -> Callable[[], bool]:
        """One direction's state: asked before each frame, it says whether that is lost."""
        bad = False

        def is_lost() -> bool:
            nonlocal bad
            bad = bad ^ (random() < (self.to_good if bad else self.to_bad))
            return random() < (self.loss_bad if bad else self.loss_good)

        return is_lost


def losses(loss: float, random: Random) -> Callable[[], bool]:
    """The same for any model of loss, a plain probability among them."""
    if isinstance(loss, GilbertElliott):
        return loss.losses(random)
    return lambda: random() < loss


class Spread(ABC):
    """How the delay of frames varies, beside a uniform jitter. Times are in ns."""

    @abstractmethod
    def draw(self, random: Random) -> int:
        """The next deviation from the link's delay; below 0 where the frame is early."""


class Normal(Spread):
    """Early as often as late: deviations of the normal distribution around `mean`."""

    def __init__(self, sigma: int, mean: int = 0) -> None:
        self.sigma = duration(sigma, "sigma")
        self.mean = duration(mean, "mean")

    def __repr__(self) -> str:
        return f"normal, {show_time(self.mean)} ± {show_time(self.sigma)}"

    def draw(self, random: Random) -> int:
        while True:  # the polar method (Marsaglia and Bray 1964): a point within the unit circle
            x, y = 2 * random() - 1, 2 * random() - 1
            square = x * x + y * y
            if 0 < square < 1:
                return self.mean + round(self.sigma * x * sqrt(-2 * _ln(square) / square))


class Exponential(Spread):
    """Mostly a little late, seldom much: the waiting times of a queue that is fed by chance."""

    def __init__(self, mean: int) -> None:
        self.mean = duration(mean, "mean")

    def __repr__(self) -> str:
        return f"exponential, {show_time(self.mean)} on average"

    def draw(self, random: Random) -> int:
        return round(-self.mean * _ln(1 - random()))


class Pareto(Spread):
    """A heavy tail: at least `least` late, and now and then very much, the more the lower `shape`.

    With a shape of 1 or less there is no average; what is seen of the internet is near 1.5.
    """

    def __init__(self, least: int, shape: float = 1.5) -> None:
        self.least = duration(least, "least")
        self.shape = _positive(shape, "shape")

    def __repr__(self) -> str:
        return f"Pareto, {show_time(self.least)} at least, shape {self.shape:g}"

    def draw(self, random: Random) -> int:
        return round(self.least * _exact("exp", -_ln(1 - random()) / self.shape))


def spread(value: Any, what: str) -> Callable[[Random], int] | None:
    """What draws deviations for a jitter: a `Spread`, or a greatest one in ns; None for 0."""
    if isinstance(value, Spread):
        return value.draw
    most = duration(value, what)
    return (lambda random: int(random() * most)) if most else None


def _positive(value: object, what: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0.01 <= value <= 100:
        return float(value)
    raise ConfigurationError(f"{what} must be a number from 0.01 to 100; got {value!r}")


def _ln(number: float) -> float:
    return _exact("ln", number)


def _exact(function: str, number: float) -> float:
    """A function of `decimal`'s, correctly rounded, of a float."""
    from decimal import Context, Decimal  # which few need, and takes its time

    return float(getattr(Context(prec=25), function)(Decimal(number)))
