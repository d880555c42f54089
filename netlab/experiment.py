"""Experiments: a scenario that can be run again, with one thing changed.

@experiment
def handshake(net):
    alice = net.host("alice", "10.0.0.1/24")
    ...

run = handshake(seed=7)
what = run.what_if(lambda net: net.links[0].drop(frame=2))
run.compare(what)
"""

import functools
from collections.abc import Callable
from typing import Any

from netlab.errors import ConfigurationError, DeadlockError
from netlab.sim.program import Program, report
from netlab.topology import Network
from netlab.trace.trace import Trace
from netlab.units import duration

Scenario = Callable[..., Any]
Change = Callable[[Network], object]


class Experiment:
    """A scenario: a function that builds a network and does something with it.

    Calling it runs it, from the start to where nothing is left to happen.
    """

    def __init__(self, scenario: Scenario) -> None:
        if not callable(scenario):
            raise ConfigurationError(f"an experiment is a function of a network; got {scenario!r}")
        self.scenario = scenario
        functools.update_wrapper(self, scenario)

    @property
    def name(self) -> str:
        """The scenario's name."""
        return getattr(self.scenario, "__name__", "experiment")

    def __repr__(self) -> str:
        return f"<experiment {self.name}>"

    def begin(self, seed: int = 0, *args: Any, **kwargs: Any) -> "Run":
        """A run that stands at its start: the scenario is the first thing to happen."""
        return Run(self, seed, args, kwargs)

    def __call__(self, seed: int = 0, *args: Any, **kwargs: Any) -> "Run":
        """Run it to the end. An exception of the scenario's is raised here."""
        run = self.begin(seed, *args, **kwargs)
        run.finish()
        return run


class Run:
    """One run of an experiment: its network `.net`, its `.trace`, and what the scenario returned."""

    def __init__(
        self, experiment: Experiment, seed: int, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.experiment = experiment
        self.seed = seed
        self.net = Network(seed)
        self._args = args
        self._kwargs = kwargs
        net = self.net
        clock = net.sim.clock
        self.program = Program(
            clock,
            experiment.name,
            "",
            lambda: experiment.scenario(net, *args, **kwargs),
            foreground=True,
        )
        clock.start(self.program)

    def finish(self) -> None:
        """Let everything happen that is still to happen. The scenario's own exception is raised."""
        clock = self.net.sim.clock
        self.program.asked_for = True
        try:
            clock.run()
        except DeadlockError:
            if not self.program.failed:  # or whoever waits does so because of that
                raise
        if not self.program.done:
            raise DeadlockError(report(clock, f"{self.experiment.name} didn't come to its end"))
        _ = self.program.result

    @property
    def trace(self) -> Trace:
        """What happened."""
        return self.net.trace

    @property
    def result(self) -> Any:
        """What the scenario returned."""
        return self.program.result

    def __repr__(self) -> str:
        state = "ended" if self.program.done else f"at {self.net.now} ns"
        frames = len(self.trace.frames)
        return f"<run of {self.experiment.name}, seed {self.seed}, {state}, {frames} frames>"

    def what_if(self, change: Change, *, at: int | None = None) -> "Run":
        """The same run with one thing changed.

        `change` is called with the new run's network: just before its first frame is sent, when all
        is built, or at the time `at` (ns).

        Raises `ConfigurationError` when that moment never came.
        """
        if not callable(change):
            raise ConfigurationError(
                "what_if() takes a function of the network, such as"
                f" lambda net: net.links[0].drop(frame=2); got {change!r}"
            )
        other = Run(self.experiment, self.seed, self._args, self._kwargs)
        net = other.net
        changed = False

        def apply(_: object = None) -> None:
            nonlocal changed
            changed = True
            change(net)

        if at is None:
            net.sim.recorder.before_first_frame = apply
        else:
            net.sim.clock.call_at(duration(at, "at"), apply)
        other.finish()
        if not changed:
            raise ConfigurationError("nothing was changed: no frame was sent in the whole run")
        return other

    def compare(self, other: "Run") -> Any:
        """Both runs side by side, aligned, with the first divergence marked."""
        from netlab.views.comparison import Comparison

        if not isinstance(other, Run):
            raise ConfigurationError(
                f"compare() takes another run, such as run.what_if(...); got {other!r}"
            )
        return Comparison(self.trace, other.trace)


def experiment(scenario: Scenario) -> Experiment:
    """Make a function of a network an experiment; see the module."""
    return Experiment(scenario)
