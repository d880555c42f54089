"""A run that can go back: an experiment, a seed, and what a person did by hand.

    session = Session(handshake, seed=7)
    session.step_to_next_frame()
    session.do("drop", frame=1)
    session.run_to_end()
    session.back()

Nothing of the past is stored. To go back, the same experiment runs again with the same seed, and
with the same inputs at the same moments, up to the moment wanted. So each connection, buffer and
timer that is shown for a moment is what it was then, and not a picture of it.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from netlab.errors import ConfigurationError
from netlab.experiment import Experiment, Run, Scenario
from netlab.sim.clock import Clock
from netlab.sim.program import Program
from netlab.sim.recording import Event
from netlab.trace.trace import Trace
from netlab.units import count, duration, show_time
from netlab.widgets.inputs import Hands, Input, checked
from netlab.widgets.moment import Moment, did_otherwise, ended_before

MOST_AT_ONCE = 50_000
"""How many events one call handles at most, so that a run without an end stops now and then."""


class Session:
    """An experiment that stands at some moment of its run, and can be moved from there.

    It begins where the scenario waits for the first time.

    `run` (with `.net` and `.trace`) is the run itself; after going back it is another one.
    `moments` are those seen so far, also those after the present one where one has gone back; `place`
    is the index of the latest one that has come, `since` of the one that the session came from.
    `inputs` are what was done by hand, in order, the first `done` of them up to now.
    `errors` are those that the handling of an event raised, by the number of the event: that of a
    fault's condition, say. A move raises the first that it has met, when it is done.
    `listeners` are called after each move.
    """

    run: Run
    hands: Hands
    errors: dict[int, Exception]

    def __init__(
        self,
        experiment: Experiment | Scenario,
        seed: int = 0,
        inputs: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        if not isinstance(experiment, Experiment):
            experiment = Experiment(experiment)
        self.experiment = experiment
        self.seed = seed
        self.inputs: list[Input] = [checked(given) for given in inputs]
        self.moments: list[Moment] = []
        self.place = 0
        self.since = 0
        self.done = 0
        self.stopped_early = False
        self.listeners: list[Callable[[], None]] = []
        self._before: list[tuple[list[Input], list[Moment], int]] = []
        self._begin()

    def __repr__(self) -> str:
        return (
            f"<session of {self.experiment.name}, seed {self.seed}, at {show_time(self.now)},"
            f" moment {self.place} of {len(self.moments) - 1}, {len(self.inputs)} inputs>"
        )

    # --- where it stands ----------------------------------------------------------------------

    @property
    def clock(self) -> Clock:
        """The present run's clock."""
        return self.run.net.sim.clock

    @property
    def now(self) -> int:
        """The virtual time (ns)."""
        return self.clock.now

    @property
    def trace(self) -> Trace:
        """What has happened up to now, and why."""
        return self.run.trace

    @property
    def moment(self) -> Moment:
        """The latest moment that has come."""
        return self.moments[self.place]

    @property
    def next_time(self) -> int | None:
        """When the next thing happens (ns), by itself or as an input; None at the end of the run."""
        clock = self.clock
        if self._input_is_due():
            return max(clock.now, int(self.inputs[self.done]["at"]))
        if clock.next_time is None and clock.idle.waiting:
            return clock.now  # the scenario waits for just this, that nothing is left
        return clock.next_time

    @property
    def at_end(self) -> bool:
        """Whether nothing is left to happen."""
        return self.next_time is None

    @property
    def latest(self) -> list[Event]:
        """What the last move forward brought; after a move back, what the present moment did."""
        before = self.moments[self.since].events if self.place else 0
        return self.run.net.sim.recorder.events[before : self.moment.events]

    def moment_of(self, event: Event) -> int:
        """The index of the moment at which `event` was put on record."""
        return bisect_right(self.moments, event.number, key=lambda moment: moment.events)

    # --- forward ------------------------------------------------------------------------------

    def step(self) -> None:
        """Go to the next moment: let events happen until something is put on record."""
        place = self.place
        self._advance_until(lambda: self.place > place)

    def step_to_next_frame(self) -> None:
        """Let events happen until another frame is sent; to the end if none is."""
        frames = self.moment.frames
        self._advance_until(lambda: self.moment.frames > frames)

    def play_to(self, time: int) -> None:
        """Let everything happen up to `time` (ns). The clock then stands there, or at the run's end."""
        duration(time, "time")
        if time < self.now:
            raise ConfigurationError(
                f"can't play to {show_time(time)}: it is {show_time(self.now)} already. To go back:"
                " go_to_time()"
            )
        self._advance_until(lambda: False, time)

    def run_to_end(self) -> None:
        """Let everything happen that is left. `stopped_early` is set where that has no end."""
        self._advance_until(lambda: False)

    def look_ahead(self, events: int = 2_000) -> None:
        """See what would come if nobody did anything: `moments` then reach to the end of the run.

        The session stands where it stood before. Of a long run only so many events are seen.
        """
        place, since, now = self.place, self.since, self.now
        self._move(lambda: False, most=events)
        self._move(lambda: self.place >= place, again=True)
        self._pass_time(now)
        self.since = since
        self.stopped_early = False

    # --- back ---------------------------------------------------------------------------------

    def back(self) -> None:
        """Go to the moment before this one; to the present moment itself where time has passed since."""
        if self.now > self.moment.time:
            self.go_to(self.place)
        else:
            self.go_to(max(0, self.place - 1))

    def back_to_frame(self) -> None:
        """Go back to the moment before this one at which a frame was sent, or to the start."""
        moments = self.moments
        place = self.place if self.now > self.moment.time else self.place - 1
        while place > 0 and moments[place].frames == moments[place - 1].frames:
            place -= 1
        self.go_to(max(0, place))

    def go_to(self, place: int) -> None:
        """Go to the moment of this index, one of `moments`."""
        count(place, "moment", least=0)
        if place >= len(self.moments):
            raise ConfigurationError(
                f"moment {place} hasn't been seen: there are 0 to {len(self.moments) - 1}"
            )
        again = place < self.place or self.now > self.moment.time
        self._advance_until(lambda: self.place >= place, again=again)

    def go_to_time(self, time: int) -> None:
        """Go to `time` (ns), back or forward."""
        duration(time, "time")
        self._advance_until(lambda: False, time, again=time < self.now)

    # --- by hand ------------------------------------------------------------------------------

    def do(self, do: str, **values: Any) -> None:
        """Do something by hand, here and now; for what there is see `netlab.widgets.inputs`.

        What had been done later is cut off, with the future that followed from it. Raises
        `ConfigurationError` for what isn't possible now; nothing is changed then.
        """
        given = checked({"at": self.now, "step": self.clock.steps, "do": do, **values})
        before = (list(self.inputs), list(self.moments), self.place)
        self.clock.cause = None
        program = self.hands.perform(given)
        del self.inputs[self.done :]
        del self.moments[self.place + 1 :]
        self.inputs.append(given)
        self.done += 1
        self._before.append(before)
        self._note()
        self._advance_until(
            lambda: program is None or program.done or bool(program.waiting_for), start=before[2]
        )

    @property
    def later_inputs(self) -> list[Input]:
        """What was done after the present moment. It will be done again there, unless it is cut off."""
        return self.inputs[self.done :]

    @property
    def can_undo(self) -> bool:
        """Whether there is a deed to be taken back."""
        return bool(self._before)

    def undo(self) -> None:
        """Take the last deed back: the run stands where it was done, and has the future from before."""
        if not self._before:
            raise ConfigurationError("nothing was done by hand that could be undone")
        self.inputs, self.moments, place = self._before.pop()
        self._advance_until(lambda: self.place >= place, again=True)

    # --- what went wrong, and what waits --------------------------------------------------------

    @property
    def failed(self) -> list[Program]:
        """The programs that an exception has ended."""
        return list(self.clock.failed)

    @property
    def waiting(self) -> list[Program]:
        """The programs that wait for something now."""
        return [program for program in self.clock.programs if program.waiting_for]

    # --- as a file ----------------------------------------------------------------------------

    def to_json(self) -> str:
        """The session as text: which experiment, which seed, what was done by hand, and where it stands."""
        content = {
            "experiment": self.experiment.name,
            "seed": self.seed,
            "inputs": self.inputs,
            "step": self.clock.steps,
            "time": self.now,
            "done": self.done,
        }
        return json.dumps(content, indent=1)

    @classmethod
    def from_json(cls, experiment: Experiment | Scenario, text: str) -> "Session":
        """The session that `to_json` wrote, of the same experiment, standing where it stood.

        Raises `ConfigurationError` for a text that isn't one, or is another experiment's.
        """
        try:
            content = json.loads(text)
        except ValueError as error:
            raise ConfigurationError(f"this isn't a saved session: {error}") from None
        if not isinstance(content, dict) or not isinstance(content.get("inputs"), list):
            raise ConfigurationError("this isn't a saved session: it has no list of inputs")
        session = cls(experiment, content.get("seed", 0), content["inputs"])
        if content.get("experiment") != session.experiment.name:
            raise ConfigurationError(
                f"this session is one of the experiment {content.get('experiment')!r};"
                f" got {session.experiment.name!r}"
            )
        step, time, done = (
            count(content.get(name), name, least=0) for name in ("step", "time", "done")
        )
        session._advance_until(
            lambda: session.clock.steps >= step and session.done >= done, stop_at=time
        )
        session._pass_time(time)
        return session

    # --- inside -------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Stand at the start, in a new run."""
        if hasattr(self, "run"):
            self.run.net.close()
        self.run = self.experiment.begin(self.seed)
        self.hands = Hands(self.run)
        self.errors = {}
        self.done = 0
        self.place = -1
        self.clock.step()  # the scenario builds its network, and goes on until it waits
        self._note()

    def _advance_until(
        self, there: Callable[[], bool], stop_at: int | None = None, **how: Any
    ) -> None:
        """Move, tell those who listen, and raise the first error that was met."""
        known = set(self.errors)
        self._move(there, stop_at, **how)
        for listener in list(self.listeners):
            listener()
        for step, error in self.errors.items():
            if step not in known:
                raise error

    def _move(
        self,
        there: Callable[[], bool],
        stop_at: int | None = None,
        *,
        most: int | None = None,
        again: bool = False,
        start: int | None = None,
    ) -> None:
        """Do the next thing until `there()`; with `stop_at` only what happens up to that time.

        With `again` from the beginning, in a new run. `most` bounds how many things are done. The
        move began at the moment `start`, at the present one if that isn't given.
        """
        self.stopped_early = False
        if again:
            self._begin()
        start = self.place if start is None else start
        left = MOST_AT_ONCE if most is None else most
        while not there():
            time = self.next_time
            if time is None or (stop_at is not None and time > stop_at):
                break
            if not left:
                self.stopped_early = True
                break
            left -= 1
            self._advance()
        else:
            stop_at = None
        if stop_at is not None and not self.stopped_early:
            self._pass_time(stop_at)
        if again:
            self.since = max(0, self.place - 1)
        elif self.place > start:
            self.since = start
        if self.at_end and self.done < len(self.inputs):
            raise ended_before(self.experiment.name, self.inputs[self.done], self.clock.steps)

    def _advance(self) -> None:
        """One thing happens: an input that is due, or the next event."""
        if self._input_is_due():
            given = self.inputs[self.done]
            self._pass_time(given["at"])
            self.clock.cause = None
            self.hands.perform(given)
            self.done += 1
        else:
            try:
                self.clock.step()
            except Exception as error:
                self.errors[self.clock.steps] = error
            except KeyboardInterrupt:
                self._note()  # the event is done: the next one begins from here
                raise
        self._note()

    def _input_is_due(self) -> bool:
        return self.done < len(self.inputs) and self.inputs[self.done]["step"] <= self.clock.steps

    def _pass_time(self, time: int) -> None:
        """Let time pass in which nothing happens. At the end of a run none does."""
        ahead = self.clock.next_time
        if ahead is not None and self.now < time < ahead:
            for program in self.failed:
                program.asked_for = True  # whoever looks at the session sees it in `failed`
            self.run.net.run(until=time)

    def _note(self) -> None:
        """If there is something new to see, this is the next moment."""
        recorder, clock = self.run.net.sim.recorder, self.clock
        moment = Moment(
            clock.steps, clock.now, self.done, len(recorder.events), recorder.frames_sent
        )
        if self.place >= 0:
            last = self.moment
            if (moment.events, moment.inputs) == (last.events, last.inputs):
                return
        self.place += 1
        if self.place == len(self.moments):
            self.moments.append(moment)
        elif self.moments[self.place] != moment:
            before = self.moments[self.place]
            del self.moments[self.place :]
            self.moments.append(moment)
            raise did_otherwise(self.experiment.name, before, moment)
