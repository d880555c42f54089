"""Runs a script against one host of netlab, in virtual time.

The script plays the network: what it sends is delivered at once, and what the host sends is kept until
an event expects it. Time passes only where an event waits for it, so a script of minutes takes a moment.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from netlab.packetdrill.assertions import Claims
from netlab.packetdrill.calls import Calls
from netlab.packetdrill.commands import run_command
from netlab.packetdrill.compare import Difference, differences
from netlab.packetdrill.constants import CONSTANTS, name_of_error
from netlab.packetdrill.flows import Flows
from netlab.packetdrill.options import Options
from netlab.packetdrill.packet import Packet, Tcp, Udp
from netlab.packetdrill.problems import Wrong
from netlab.packetdrill.result import Failure, Result
from netlab.packetdrill.script import ANY, Call, Code, Event, Script, Shell, seconds
from netlab.packetdrill.wire import Sent, Wire
from netlab.sockets.tcp_info import unpack
from netlab.topology import Network
from netlab.transport.tcp.segment import FIN, PSH
from netlab.units import minute

FOREVER = 60 * 24 * minute
"""How long an event at any time, `*`, is waited for."""


@dataclass(slots=True)
class _Made:
    """A call that was begun. `result` is None while it blocks."""

    event: Event
    call: Call
    until: int | None
    result: int | None = None
    error: str | None = None
    problem: Wrong | None = None
    ended: int = 0


class Runner:
    """One run of one script. `remote_isn` is added to all of the other side's sequence numbers."""

    def __init__(
        self,
        script: Script,
        tcp: Mapping[str, object],
        *,
        strict: bool = False,
        remote_isn: int = 0,
    ) -> None:
        self._script = script
        self._strict = strict
        self._options = options = Options.of(script)
        self.net = Network(seed=1)
        self._clock = self.net.sim.clock
        self.host = self.net.host(
            "host", f"{options.local_ip}/16", gateway=_neighbour(options.local_ip), mtu=options.mtu
        )
        for name, value in tcp.items():
            setattr(self.host.tcp.settings, name, value)
        self._wire = Wire(self.net, self.host)
        self._flows = Flows(options, remote_isn)
        self._claims = Claims()
        self._calls = Calls(
            self.host,
            (options.local_ip, options.bind_port),
            (options.remote_ip, options.connect_port),
            self._flows,
        )
        self._pending: list[_Made] = []
        self._event = script.events[0]
        self._last_time = 0  # the script's time of the event before

    def run(self) -> Result:
        """Run it to its end, or to the first failure."""
        result = Result(self._script, self.net.trace)
        try:
            for event in self._script.events:
                self._event = event
                self._run_event(event)
            self._finish()
        except Wrong as problem:
            result.failure = Failure(self._script, self._event, problem)
        self.net.close()
        return result

    # --- time -----------------------------------------------------------------------------------

    def _run_event(self, event: Event) -> None:
        base = self._clock.now if event.when.relative else 0
        action = event.action
        start = self._clock.now if event.when.start is None else base + event.when.start
        if isinstance(action, Packet) and action.outbound:
            self._expect(event, action, start, base)
        else:
            self._wait_until(start)
            match action:
                case Packet():
                    data = self._flows.inbound(action).to_wire(action)
                    self._wire.send(data, f"line {event.line} of the script says so")
                case Call():
                    self._call(event, action, base)
                case Shell():
                    run_command(self.host, action.command)
                case Code():
                    self._claims.check(action.text, self._tcp_info())
            self._settle()
        self._last_time = start

    def _wait_until(self, time: int) -> None:
        now = self._clock.now
        if now > time + self._tolerance(time):
            raise Wrong(f"its time, {seconds(time)} s, has passed: it is {seconds(now)} s")
        if time > now:
            self._run_to(time)
        self._check_calls()

    def _run_to(self, time: int, there: Callable[[], bool] = lambda: False) -> None:
        """Let time pass up to `time`, or until what the host has sent is enough."""
        while not there() and self._wire.wait(time):
            pass

    def _settle(self) -> None:
        """Let everything happen that happens now."""
        self._run_to(self._clock.now)
        self._check_calls()

    def _tolerance(self, time: int) -> int:
        share = int((time - self._last_time) * self._options.tolerance_percent / 100)
        return max(self._options.tolerance, share)

    # --- what the host sends ----------------------------------------------------------------------

    def _expect(self, event: Event, packet: Packet, start: int, base: int) -> None:
        """Wait for a packet, and compare it."""
        end = event.when.end
        latest = start if end is None else base + end
        slack = self._tolerance(start)
        limit = start + FOREVER if event.when.start is None else latest + slack
        found: list[Sent] = []

        def there() -> bool:
            found[:] = self._flows.expected(packet, self._wire.sent, in_part=False)
            return bool(found)

        self._run_to(max(limit, self._clock.now), there)
        self._check_calls()
        found = found or self._flows.expected(packet, self._wire.sent, in_part=True)
        if not found:
            raise Wrong(f"expected {packet}, but {self._told_of_silence(limit)}")
        for sent in found:
            self._wire.sent.remove(sent)
        self._compare(packet, found)
        time = found[0].time
        if event.when.start is not None and not start - slack <= time <= latest + slack:
            when = seconds(start) if end is None else f"{seconds(start)} to {seconds(latest)}"
            raise Wrong(f"expected {packet} at {when} s, but it came at {seconds(time)} s")

    def _compare(self, packet: Packet, segments: list[Sent]) -> None:
        flow = self._flows.of(segments[0])
        actual, payload = flow.from_wire(segments[0].packet, packet)
        body = actual.body
        for sent in segments[1:]:
            more, text = flow.from_wire(sent.packet, packet)
            assert isinstance(body, Tcp)
            assert isinstance(more.body, Tcp)
            if more.body.seq != body.seq + body.length:
                break
            body.length += more.body.length
            body.flags |= more.body.flags & (PSH | FIN)
            payload += text
        options = self._options
        found = differences(packet, actual, tick=options.tick, tolerance=options.tolerance)
        if not found:
            wanted = flow.expected_bytes(actual)
            if wanted is not None and wanted != payload:
                found = [Difference("payload", _shown(wanted), _shown(payload))]
        if found:
            if (
                isinstance(body, Tcp)
                and isinstance(packet.body, Tcp)
                and packet.body.window is None
            ):
                body.window = None  # which is of no interest then
            raise Wrong(f"expected {packet}, but it was {actual}", found)

    def _told_of_silence(self, limit: int) -> str:
        others = ", ".join(f"{each.protocol} at {seconds(each.time)} s" for each in self._wire.sent)
        told = f"nothing like that was sent up to {seconds(limit)} s"
        return f"{told} (other packets: {others})" if others else told

    # --- what the programs do ---------------------------------------------------------------------

    def _call(self, event: Event, call: Call, base: int) -> None:
        made = _Made(event, call, None if call.until is None else base + call.until)

        def body(host: object) -> None:
            try:
                made.result = self._calls.make(call)
            except OSError as error:
                made.result = -1
                made.error = name_of_error(error.errno or 0)
            except Wrong as problem:
                made.result, made.problem = -1, problem
            except Exception as error:  # arguments that no program could give, or a fault of ours
                told = f"{call.name}() raised {type(error).__name__}: {error}"
                made.result, made.problem = -1, Wrong(told)
            made.ended = self._clock.now

        self._pending.append(made)
        self.host.start(body, name=call.name, daemon=True)
        self._settle()
        if made.until is None and made.result is None:
            raise Wrong(f"{call.name}() blocks, but the script says that it returns at once")

    def _check_calls(self) -> None:
        """Look at the calls that have returned."""
        for made in [each for each in self._pending if each.result is not None]:
            self._pending.remove(made)
            event, self._event = self._event, made.event
            self._check_call(made)
            self._event = event

    def _check_call(self, made: _Made) -> None:
        call, until = made.call, made.until
        if made.problem is not None:
            raise made.problem
        wanted = None if call.error is None else CONSTANTS[call.error]
        got = None if made.error is None else CONSTANTS[made.error]
        if call.result is not ANY and (call.result != made.result or (wanted or got) != got):
            expected = f"{call.result} {call.error or ''}".strip()
            actual = f"{made.result} {made.error or ''}".strip()
            raise Wrong(f"{call.name}() should return {expected}, but it returned {actual}")
        if until is not None and abs(made.ended - until) > self._tolerance(until):
            raise Wrong(
                f"{call.name}() should return at {seconds(until)} s,"
                f" but it returned at {seconds(made.ended)} s"
            )

    def _tcp_info(self) -> dict[str, int]:
        """What TCP_INFO tells of the latest socket."""
        if self._flows.descriptor is not None:
            level, option = CONSTANTS["IPPROTO_TCP"], CONSTANTS["TCP_INFO"]
            with suppress(OSError):  # UDP has none, nor has a socket that is closed
                packed = self._flows.descriptor.socket.getsockopt(level, option, 1024)
                return unpack(bytes(packed))
        return {}

    # --- the end --------------------------------------------------------------------------------

    def _finish(self) -> None:
        while self._pending:
            made = self._pending[0]
            until = made.until or 0
            self._run_to(max(self._clock.now, until + self._tolerance(until)))
            self._check_calls()
            if made in self._pending:
                self._event = made.event
                raise Wrong(f"it should return at {seconds(until)} s, but it still blocks")
        if self._strict and self._wire.sent:
            first = self._wire.sent[0]
            shown, _ = self._flows.of(first).from_wire(first.packet, _ANYTHING)
            raise Wrong(f"the script ends, but at {seconds(first.time)} s the host sent {shown}")


_ANYTHING = Packet(True, Udp(0))


def _shown(data: bytes) -> str:
    return data.hex() if len(data) <= 16 else f"{data[:16].hex()}... ({len(data)} bytes)"


def _neighbour(address: str) -> str:
    """Another address of the same network, for the gateway."""
    first, _, last = address.rpartition(".")
    return f"{first}.{2 if last != '2' else 3}"
