"""One scenario played with one transition table: what Alice did, and how it ended."""

from dataclasses import dataclass

from netlab.checks.handshake.scenarios import Scenario
from netlab.checks.quiet import quietly
from netlab.errors import PartError
from netlab.host import Host
from netlab.sim.recording import Event
from netlab.trace.frame import Frame
from netlab.trace.trace import Trace
from netlab.transport.tcp.states import State, Table, TcpEvent, Transition
from netlab.units import minute
from netlab.views.words import clock

MOST_EVENTS = 20_000
LONGEST = 60 * minute
"""Of virtual time. A table may keep its host busy for ever; the reference needs a third at most."""


@dataclass(frozen=True)
class Taken:
    """Alice was in `state`, `event` came, and her table had `row` for it; None: it had none."""

    state: State
    event: TcpEvent
    row: Transition | None
    record: Event

    @property
    def trigger(self) -> Frame | None:
        """The frame that brought it; None where the user called, or time passed."""
        cause = self.record.cause
        if cause is not None and cause.kind == "delivered" and isinstance(cause.cause, Frame):
            return cause.cause
        return None


class Played:
    """A run that is over: by itself, or because it would never be."""

    def __init__(self, scenario: Scenario, table: Table, seed: int) -> None:
        self.scenario = scenario
        self.table = table
        self._net, self._alice, self._bob = scenario.set_up(seed)
        self._alice.use(transitions=table)
        self._programs = {program.host: program for program in self._net.programs}
        with quietly():
            self._rest = self._run()
        self.trace: Trace = self._net.trace

    def _run(self) -> str:
        clock = self._net.sim.clock
        try:
            while self._net.step():
                if clock.steps >= MOST_EVENTS or clock.now > LONGEST:
                    return "never came to rest"
        except Exception as error:  # a table may ask for what TCP can't do
            name = "" if isinstance(error, PartError) else f"{type(error).__name__}: "
            return f"broke off: {name}{error}"
        return "came to rest"

    def taken(self) -> list[Taken]:
        """Each event of Alice's connection that a table must know of, in order."""
        found = []
        for event in self.trace.events_of(host="alice", layer="transport"):
            if event.kind in ("state", "no transition"):
                state = State(event.fields.get("from") or event.fields["state"])
                what = TcpEvent(event.fields["on"])
                found.append(Taken(state, what, self.table.get((state, what)), event))
        return found

    def frames_of(self, taken: Taken) -> list[Frame]:
        """What Alice sent as an action of this row."""
        return [frame for frame in self.trace.frames if frame.cause is taken.record and frame.tcp]

    def ending(self) -> dict[str, str]:
        """How it ended, in a few facts."""
        resets = sum(1 for frame in self.trace.frames if frame.tcp and frame.tcp.rst)
        return {
            "Alice's program": self._program("alice"),
            "Alice's connection": self._connection(self._alice),
            "Bob's program": self._program("bob"),
            "Bob's connection": self._connection(self._bob),
            "Segments with RST": str(resets),
            "The network": self._rest,
        }

    def _program(self, host: str) -> str:
        program = self._programs[host]
        if isinstance(program.error, PartError):
            return "was broken off by a mistake in the table"
        if program.failed:
            return f"failed with {type(program.error).__name__}"
        if program.done:
            return "came to its end"
        return f"waits for ever in {program.waiting_for.split(' on ')[0]}"

    def _connection(self, host: Host) -> str:
        changes = self.trace.events_of(kind="state", host=host)
        if not changes:
            return "was never begun"
        state = changes[-1].fields["to"]
        left = " (and is still there)" if state == State.CLOSED and host.tcp.connections else ""
        return f"{state}{left} since {clock(changes[-1].time)}"
