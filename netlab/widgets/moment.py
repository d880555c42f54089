"""The moments of a run: where something was put on record, or done by hand."""

from typing import Any, NamedTuple

from netlab.errors import ConfigurationError
from netlab.units import show_time


class Moment(NamedTuple):
    """A place in a run that one can go back to.

    `step` counts the events handled up to it, `time` is in ns; `inputs` is how many inputs had been
    done, `events` how many events and `frames` how many frames were on record.
    """

    step: int
    time: int
    inputs: int
    events: int
    frames: int


class NotRepeatableError(ConfigurationError):
    """The experiment did otherwise when it ran again, or isn't the one that inputs were made for."""


def did_otherwise(name: str, before: Moment, now: Moment) -> NotRepeatableError:
    """The error for a moment that isn't what it was when the experiment ran before."""
    return NotRepeatableError(
        f"when it ran again, {name} did otherwise after {now.step} events: it is"
        f" {show_time(now.time)} now, with {now.events} events and {now.frames} frames on record,"
        f" and before it was {show_time(before.time)}, with {before.events} and {before.frames}."
        f" {_REPEATABLE}"
    )


def ended_before(name: str, given: dict[str, Any], steps: int) -> NotRepeatableError:
    """The error for an input that lies behind the end of the run."""
    return NotRepeatableError(
        f"{name} ended after {steps} events, and an input was made after {given['step']}:"
        f" {given!r}. {_REPEATABLE}"
    )


_REPEATABLE = (
    "An experiment must do the same each time with the same seed: let it take chance from"
    " net.sim.stream(purpose), time from net.now, and keep nothing outside of itself from run to run."
    " What is done to its network from outside must go by Session.do()."
)
