"""What one run shares: its clock, its record, and its randomness.

The layers know a network only as this. So a network that nobody holds any more goes away with
everything that runs in it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from netlab.errors import ConfigurationError
from netlab.sim.clock import Clock
from netlab.sim.recording import Event, Recorder

if TYPE_CHECKING:
    from random import Random

_new = object.__new__


class Simulation:
    """One run. With the same `seed` and the same inputs it is the same to the byte."""

    def __init__(
        self, seed: int = 0, clock: Clock | None = None, recorder: Recorder | None = None
    ) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise ConfigurationError(
                f"seed must be an int, so that a run can be repeated; got {seed!r}"
            )
        self.seed = seed
        self.clock = clock or Clock()
        self.recorder = recorder or Recorder()
        self.at_close: list[Callable[[], None]] = []  # called when all is over

    def close(self) -> None:
        """End all programs. What they still do on their way out isn't a part of the record."""
        self.recorder.enabled = False
        self.clock.close()
        while self.at_close:
            self.at_close.pop()()

    def stream(self, purpose: str) -> "Random":
        """The random numbers for one purpose, such as ``"loss on alice-bob"``.

        Each purpose has its own stream, derived from the seed and the name alone, so one more
        consumer doesn't shift the others. Use only `random()` and `getrandbits()` of it: what the
        other methods make of them may differ between Python versions.
        """
        from random import Random  # it and hashlib are a tenth of what starting netlab takes

        return Random(self.seed_for(purpose))

    def seed_for(self, purpose: str) -> int:
        """A 128-bit number that follows from the seed and `purpose`."""
        import hashlib

        digest = hashlib.sha256(f"{self.seed}:{purpose}".encode()).digest()
        return int.from_bytes(digest[:16], "big")

    def record(
        self, host: str, layer: str, kind: str, fields: dict[str, Any], reason: str = ""
    ) -> Event | None:
        """Record that something happened now; its cause is the event that is being handled.

        Returns the event (None while recording is off). To make it the cause of what follows,
        assign it to `clock.cause`.
        """
        recorder = self.recorder
        if not recorder.enabled:
            return None
        clock = self.clock
        event = _new(Event)  # one by one: a call of the class with all of them takes twice the time
        event.number = recorder.next_number
        event.time = clock.now
        event.host = host
        event.layer = layer
        event.kind = kind
        event.fields = fields
        event.cause = clock.cause
        event.reason = reason
        recorder.keep(event)
        return event

    def record_cause(
        self, host: str, layer: str, kind: str, fields: dict[str, Any], reason: str = ""
    ) -> Event | None:
        """Record, and make the event the cause of all that its handling brings about."""
        event = self.record(host, layer, kind, fields, reason)
        if event is not None:
            self.clock.cause = event
        return event
