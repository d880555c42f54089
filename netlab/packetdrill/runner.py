"""Runs a script against one host of netlab, in virtual time.

The script plays the network: what it sends is delivered at once, and what the host sends is kept until
an event expects it. Time passes only where an event waits for it, so a script of minutes takes a moment.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from netlab.errors import ParseError
from netlab.network.address import IPv4Address
from netlab.packetdrill.assertions import Claims, CodeError
from netlab.packetdrill.calls import Calls, Descriptor, Mismatch, NotACall
from netlab.packetdrill.commands import Refused, run_command
from netlab.packetdrill.compare import Difference, differences
from netlab.packetdrill.constants import CONSTANTS, name_of_error
from netlab.packetdrill.flow import Flow, NoEcho
from netlab.packetdrill.options import Options
from netlab.packetdrill.packet import Icmp, Packet, Tcp, Udp
from netlab.packetdrill.result import Failure, Result
from netlab.packetdrill.script import ANY, Call, Code, Event, Script, Shell, seconds
from netlab.packetdrill.wire import Sent, Wire
from netlab.sockets.tcp_info import unpack
from netlab.topology import Network
from netlab.transport.tcp.segment import ACK, SYN
from netlab.units import minute

FOREVER = 60 * 24 * minute
"""How long an event at any time, `*`, is waited for."""
FIRST_REMOTE_PORT = 40_000


@dataclass(slots=True)
class _Made:
    """A call that was begun. `result` is None while it blocks."""

    event: Event
    until: int | None
    result: int | None = None
    error: str | None = None
    problem: Exception | None = None
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
        self._remote_isn = remote_isn
        self._options = options = Options.of(script)
        self.net = Network(seed=1)
        self._clock = self.net.sim.clock
        self.host = self.net.host(
            "host", f"{options.local_ip}/16", gateway=_neighbour(options.local_ip), mtu=options.mtu
        )
        for name, value in tcp.items():
            setattr(self.host.tcp.settings, name, value)
        self._wire = Wire(self.net.sim, self.host)
        self._flows: list[Flow] = []
        self._flow: Flow | None = None
        self._listening = True  # a segment that comes now begins a conversation
        self._next_port = FIRST_REMOTE_PORT
        self._descriptor: Descriptor | None = None
        self._claims = Claims()
        self._calls = Calls(
            self.host,
            (options.local_ip, options.bind_port),
            (options.remote_ip, options.connect_port),
            self._changed,
            self._flow_of,
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
        except Failure as failure:
            result.failure = failure
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
                    self._inject(action)
                case Call():
                    self._call(event, action, base)
                case Shell():
                    self._command(action)
                case Code():
                    self._check_code(action)
            self._settle()
        self._last_time = start

    def _wait_until(self, time: int) -> None:
        late = self._clock.now - time
        if late > self._tolerance(time):
            self._fail(
                f"its time, {seconds(time)} s, has passed: it is {seconds(self._clock.now)} s"
            )
        if late < 0:
            self._run_to(time)
        self._check_calls()

    def _run_to(self, time: int, there: Callable[[], bool] = lambda: False) -> None:
        """Let time pass up to `time`, or until what the host has sent is enough."""
        while not there():
            steps = self._clock.steps
            self._clock.run(until=time)  # or to the next packet of the host's
            if self._clock.steps == steps:
                break

    def _settle(self) -> None:
        """Let everything happen that happens now."""
        self._run_to(self._clock.now)
        self._check_calls()

    def _tolerance(self, time: int) -> int:
        share = int((time - self._last_time) * self._options.tolerance_percent / 100)
        return max(self._options.tolerance, share)

    # --- packets --------------------------------------------------------------------------------

    def _inject(self, packet: Packet) -> None:
        flow = self._flow_for_inbound(packet)
        try:
            data = flow.to_wire(packet)
        except NoEcho as error:
            self._fail(str(error))
        if isinstance(packet.body, Tcp) and packet.body.urgent:
            flow.checks_bytes = False
        self._wire.send(data, f"line {self._event.line} of the script says so")

    def _flow_for_inbound(self, packet: Packet) -> Flow:
        """Whose numbers an inbound packet is in: its ports tell, or it is for the latest flow."""
        kind = packet.protocol
        if packet.ports is not None:
            for flow in self._flows:
                if (flow.remote[1], flow.local[1]) == packet.ports and flow.protocol == kind:
                    return flow
            if isinstance(packet.body, Tcp) and packet.body.flags & (SYN | ACK) == SYN:
                return self._new_flow(kind, packet.ports[1], packet.ports[0])
        if kind == "icmp" and self._flow is not None:
            return self._flow
        if self._flow is None or self._flow.protocol != kind or self._listening:
            self._next_port += 1
            return self._new_flow(kind, self._options.bind_port, self._next_port)
        return self._flow

    def _new_flow(self, protocol: str, local_port: int, remote_port: int) -> Flow:
        self._flow = Flow(
            protocol,
            (self.host.address, local_port),
            (IPv4Address.parse(self._options.remote_ip), remote_port),
            self._remote_isn,
        )
        self._listening = False
        self._flows.append(self._flow)
        return self._flow

    def _expect(self, event: Event, packet: Packet, start: int, base: int) -> None:
        """Wait for a packet, and compare it."""
        end = event.when.end
        latest = start if end is None else base + end
        slack = self._tolerance(start)
        limit = start + FOREVER if event.when.start is None else latest + slack
        found: list[Sent] = []

        def there() -> bool:
            if not found:
                found.extend(sent for sent in self._wire.sent if self._is_for(packet, sent))
            return bool(found)

        self._run_to(max(limit, self._clock.now), there)
        self._check_calls()
        if not found:
            self._fail(f"expected {packet}, but {self._told_of_silence(limit)}")
        sent = found[0]
        self._wire.sent.remove(sent)
        self._compare(packet, sent)
        if event.when.start is not None and not start - slack <= sent.time <= latest + slack:
            when = seconds(start) if end is None else f"{seconds(start)} to {seconds(latest)}"
            self._fail(f"expected {packet} at {when} s, but it came at {seconds(sent.time)} s")

    def _is_for(self, packet: Packet, sent: Sent) -> bool:
        """Whether a packet of the host's belongs to the conversation that an event is about."""
        if sent.protocol != packet.protocol:
            return False
        if isinstance(packet.body, Icmp):
            return True
        if packet.ports is not None:
            return packet.ports == sent.ports
        flow = self._flow
        if flow is None:
            return False
        if flow.connecting:  # its port isn't known before the SYN
            flow.local = (flow.local[0], sent.ports[0])
            flow.connecting = False
        return sent.ports == (flow.local[1], flow.remote[1])

    def _compare(self, packet: Packet, sent: Sent) -> None:
        flow = self._flow_of_sent(packet, sent)
        try:
            actual, payload = flow.from_wire(sent.packet, packet)
        except ParseError as error:
            self._fail(f"the host sent a packet that can't be read: {error}")
        options = self._options
        found = differences(packet, actual, tick=options.tick, tolerance=options.tolerance)
        if not found:
            wanted = flow.expected_bytes(actual)
            if wanted is not None and wanted != payload:
                found = [Difference("payload", _shown(wanted), _shown(payload))]
        if found:
            if isinstance(packet.body, Tcp) and packet.body.window is None:
                assert isinstance(actual.body, Tcp)
                actual.body.window = None
            self._fail(f"expected {packet}, but it was {actual}", found)

    def _flow_of_sent(self, packet: Packet, sent: Sent) -> Flow:
        for flow in self._flows:
            if sent.ports == (flow.local[1], flow.remote[1]) and flow.protocol == sent.protocol:
                return flow
        return self._flow or self._new_flow(sent.protocol, *sent.ports)

    def _told_of_silence(self, limit: int) -> str:
        others = ", ".join(
            f"a {each.protocol} packet at {seconds(each.time)} s" for each in self._wire.sent
        )
        told = f"nothing like that was sent up to {seconds(limit)} s"
        return f"{told} (there is {others})" if others else told

    # --- system calls ---------------------------------------------------------------------------

    def _call(self, event: Event, call: Call, base: int) -> None:
        made = _Made(event, None if call.until is None else base + call.until)

        def body(host: object) -> None:
            try:
                made.result = self._calls.make(call)
            except OSError as error:
                made.result = -1
                made.error = name_of_error(error.errno or 0)
            except (Mismatch, NotACall) as problem:
                made.result, made.problem = -1, problem
            made.ended = self._clock.now

        self._pending.append(made)
        self.host.start(body, name=call.name, daemon=True)
        self._settle()
        if made.until is None and made.result is None:
            self._fail(f"{call.name}() blocks, but the script says that it returns at once")

    def _check_calls(self) -> None:
        """Look at the calls that have returned."""
        for made in [each for each in self._pending if each.result is not None]:
            self._pending.remove(made)
            self._event, event = made.event, self._event
            self._check_call(made)
            self._event = event

    def _check_call(self, made: _Made) -> None:
        call = made.event.action
        assert isinstance(call, Call)
        if made.problem is not None:
            self._fail(str(made.problem), refused=isinstance(made.problem, NotACall))
        wanted = None if call.error is None else CONSTANTS[call.error]
        got = None if made.error is None else CONSTANTS[made.error]
        if call.result is not ANY and (call.result != made.result or (wanted or got) != got):
            expected = f"{call.result} {call.error or ''}".strip()
            actual = f"{made.result} {made.error or ''}".strip()
            self._fail(f"{call.name}() should return {expected}, but it returned {actual}")
        if made.until is not None and abs(made.ended - made.until) > self._tolerance(made.until):
            self._fail(
                f"{call.name}() should return at {seconds(made.until)} s,"
                f" but it returned at {seconds(made.ended)} s"
            )

    def _changed(self, descriptor: Descriptor, what: str) -> None:
        """A socket came about or changed its role: what follows in the script is about it."""
        socket = descriptor.socket
        if what == "accept":
            port = socket.getpeername()[1]
            flows = [flow for flow in self._flows if flow.remote[1] == port]
            descriptor.flow = flows[-1] if flows else None
        self._descriptor = descriptor
        if what in ("socket", "listen"):
            self._listening = True

    def _flow_of(self, descriptor: Descriptor) -> Flow:
        """The conversation of a socket that connects, or sends its first datagram."""
        protocol = "tcp" if descriptor.socket.type == CONSTANTS["SOCK_STREAM"] else "udp"
        port = descriptor.socket.getsockname()[1]
        flow = self._new_flow(protocol, port, self._options.connect_port)
        flow.connecting = port == 0
        return flow

    # --- commands and claims --------------------------------------------------------------------

    def _command(self, shell: Shell) -> None:
        try:
            run_command(self.host, shell.command)
        except Refused as reason:
            self._fail(str(reason), refused=True)

    def _check_code(self, code: Code) -> None:
        known: dict[str, int] = {}
        if self._descriptor is not None:
            level, option = CONSTANTS["IPPROTO_TCP"], CONSTANTS["TCP_INFO"]
            with suppress(OSError):  # UDP has none, nor has a socket that is closed
                known = unpack(bytes(self._descriptor.socket.getsockopt(level, option, 1024)))
        try:
            wrong = self._claims.check(code.text, known)
        except CodeError as error:
            self._fail(str(error), refused=True)
        if wrong:
            self._fail(f"this isn't so: {wrong}")

    # --- the end --------------------------------------------------------------------------------

    def _finish(self) -> None:
        while self._pending:
            made = self._pending[0]
            until = made.until or 0
            self._run_to(max(self._clock.now, until + self._tolerance(until)))
            self._check_calls()
            if made in self._pending:
                self._event = made.event
                self._fail(f"it should return at {seconds(until)} s, but it still blocks")
        if self._strict and self._wire.sent:
            first = self._wire.sent[0]
            try:
                shown, _ = self._flow_of_sent(_ANYTHING, first).from_wire(first.packet, _ANYTHING)
            except ParseError as error:
                self._fail(f"the host sent a packet that can't be read: {error}")
            self._fail(f"the script ends, but at {seconds(first.time)} s the host sent {shown}")

    def _fail(
        self, problem: str, found: "list[Difference] | None" = None, *, refused: bool = False
    ) -> NoReturn:
        raise Failure(self._script, self._event, problem, found or (), refused=refused)


_ANYTHING = Packet(True, Udp(0))


def _shown(data: bytes) -> str:
    return data.hex() if len(data) <= 16 else f"{data[:16].hex()}... ({len(data)} bytes)"


def _neighbour(address: str) -> str:
    """Another address of the same network, for the gateway."""
    first, _, last = address.rpartition(".")
    return f"{first}.{2 if last != '2' else 3}"
