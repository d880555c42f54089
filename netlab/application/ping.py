"""`ping`: ask a host for echoes, and print what people know (RFC 1122 section 3.2.2.6)."""

from contextlib import suppress
from math import isqrt
from typing import TYPE_CHECKING

from netlab.errors import ConfigurationError, ParseError
from netlab.network import icmp_message
from netlab.network.address import IPv4Address
from netlab.network.icmp_message import (
    ECHO_REPLY,
    ECHO_REQUEST,
    HEADER_LENGTH,
    REDIRECT,
    IcmpMessage,
)
from netlab.network.ip_options import (
    RECORD_ROUTE,
    TIMES_AND_ADDRESSES,
    TIMES_ONLY,
    TIMESTAMP,
    Option,
    pack_options,
    parse_options,
)
from netlab.network.ipv4_packet import HEADER_LENGTH as IP_HEADER_LENGTH
from netlab.network.ipv4_packet import PROTOCOL_ICMP, Ipv4Packet
from netlab.sim.program import Signal
from netlab.units import count as whole
from netlab.units import duration, ms, s, us

if TYPE_CHECKING:
    from netlab.host import Host

HEADERS = IP_HEADER_LENGTH + HEADER_LENGTH
LARGEST = 65_535 - HEADERS

_PROBLEMS = {
    icmp_message.DESTINATION_UNREACHABLE: (
        "Destination Net Unreachable",
        "Destination Host Unreachable",
        "Destination Protocol Unreachable",
        "Destination Port Unreachable",
        "Frag needed and DF set (mtu = {mtu})",
        "Source Route Failed",
        "Destination Net Unknown",
        "Destination Host Unknown",
        "Source Host Isolated",
        "Destination Net Prohibited",
        "Destination Host Prohibited",
        "Destination Net Unreachable for Type of Service",
        "Destination Host Unreachable for Type of Service",
        "Packet filtered",
        "Precedence Violation",
        "Precedence Cutoff",
    ),
    REDIRECT: (
        "Redirect Network(New nexthop: {gateway})",
        "Redirect Host(New nexthop: {gateway})",
        "Redirect Type of Service and Network(New nexthop: {gateway})",
        "Redirect Type of Service and Host(New nexthop: {gateway})",
    ),
    icmp_message.TIME_EXCEEDED: ("Time to live exceeded", "Frag reassembly time exceeded"),
    icmp_message.PARAMETER_PROBLEM: ("Parameter problem: pointer = {pointer}",),
}


class Ping:
    """What came of a `ping`. It reads as the program's output does: `lines`, then the statistics.

    `transmitted` counts the requests, `rtts` holds a round-trip time (ns) for each that was
    answered, in the order of the answers. `errors` counts what ICMP told instead, `duplicates` the
    further answers to one request. `elapsed` is the time from the first request to the last news.
    """

    def __init__(self, title: str, heading: str) -> None:
        self.lines = [heading]
        self.transmitted = 0
        self.rtts: list[int] = []
        self.errors = 0
        self.duplicates = 0
        self.elapsed = 0
        self._title = title

    @property
    def received(self) -> int:
        """How many requests were answered."""
        return len(self.rtts)

    @property
    def loss(self) -> float:
        """The part of the requests that nobody answered, 0.0 to 1.0."""
        return 1 - self.received / self.transmitted if self.transmitted else 0.0

    def text(self) -> str:
        """Everything that the program prints."""
        counts = f"{self.transmitted} packets transmitted, {self.received} received"
        if self.duplicates:
            counts += f", +{self.duplicates} duplicates"
        if self.errors:
            counts += f", +{self.errors} errors"
        lines = [
            *self.lines,
            "",
            f"--- {self._title} ping statistics ---",
            f"{counts}, {100 * self.loss:.6g}% packet loss, time {self.elapsed // ms}ms",
        ]
        if self.rtts:
            times = [rtt // us for rtt in self.rtts]
            mean = sum(times) // len(times)
            variance = sum(time * time for time in times) // len(times) - mean * mean
            figures = (min(times), mean, max(times), isqrt(max(0, variance)))
            shown = "/".join(f"{figure / 1000:.3f}" for figure in figures)
            lines.append(f"rtt min/avg/max/mdev = {shown} ms")
        return "\n".join(lines)

    __str__ = __repr__ = text


def ping(
    host: "Host",
    target: str,
    *,
    count: int = 4,
    interval: int = 1 * s,
    size: int = 56,
    ttl: int | None = None,
    timeout: int = 10 * s,
    dont_fragment: bool = False,
    record_route: bool = False,
    timestamps: str = "",
) -> Ping:
    """Send `count` echo requests of `size` bytes each, one each `interval` ns, and wait for replies.

    `target` is a name or an address. `timeout` (ns) is how long to wait for what is still missing
    after the last request, and `ttl` how many routers a request may pass, plus one.
    `dont_fragment` is ping's ``-M do``, `record_route` its ``-R``, and `timestamps` its ``-T``:
    "tsonly" or "tsandaddr". Raises `gaierror` for a name that nobody has, and OSError (ENETUNREACH)
    where no route leads there.
    """
    whole(count, "count")
    duration(interval, "interval")
    duration(timeout, "timeout")
    if ttl is not None and not 1 <= whole(ttl, "ttl") <= 255:
        raise ConfigurationError(f"ttl must be from 1 to 255; got {ttl}")
    if whole(size, "size", least=0) > LARGEST:
        raise ConfigurationError(f"an echo request carries at most {LARGEST} bytes; got {size}")
    with host.sim.clock:
        run = _Run(host, target, size, ttl, dont_fragment, _options(record_route, timestamps))
        return run.go(count, interval, timeout)


def _options(record_route: bool, timestamps: str) -> bytes:
    """The options of the requests: as much room as a header has."""
    forms = {"tsonly": (TIMES_ONLY, 9), "tsandaddr": (TIMES_AND_ADDRESSES, 4)}
    if timestamps and (record_route or timestamps not in forms):
        raise ConfigurationError(
            "timestamps is tsonly or tsandaddr, and leaves no room in a header for record_route;"
            f" got {timestamps!r}{' with record_route' if record_route else ''}"
        )
    if timestamps:
        return pack_options([Option.timestamp(*forms[timestamps])])
    return pack_options([Option.record_route()] if record_route else [])


class _Run:
    """One run of the program: what was sent when, and what is still missing."""

    def __init__(
        self,
        host: "Host",
        target: str,
        size: int,
        ttl: int | None,
        dont_fragment: bool,
        options: bytes,
    ) -> None:
        address = host.names.resolve(target)
        self._host = host
        self._clock = host.sim.clock
        self._target = target
        self._address = address
        self._source = host.ipv4.source_for(address)
        self._with_names = target != str(address)  # who gives a number gets numbers
        self._payload = bytes(number & 0xFF for number in range(size))
        self._ttl = ttl
        self._dont_fragment = dont_fragment
        self._options = options
        self._size = size + HEADERS + len(options)
        self._route: list[IPv4Address] = []  # as last told
        self._identifier = 0
        self._began = self._clock.now
        self._news = Signal(self._clock)
        self._sent: dict[int, int] = {}  # when, by sequence number
        self._missing: set[int] = set()
        heading = f"PING {target} ({address}) {size}({self._size}) bytes of data."
        self._result = Ping(target, heading)

    def go(self, count: int, interval: int, timeout: int) -> Ping:
        """All of it."""
        clock, host = self._clock, self._host
        fields = {"call": "ping", "arguments": (self._target,)}
        host.sim.record_cause(host.name, "application", "call", fields)
        what = f"ping {self._target}"
        with host.icmp.listening(self._hear) as self._identifier:
            for number in range(1, count + 1):
                self._request(number & 0xFFFF)
                if number < count:
                    clock.wait(self._news, lambda: False, clock.now + interval, what)
            clock.wait(self._news, lambda: not self._missing, clock.now + timeout, what)
        return self._result

    def _request(self, sequence: int) -> None:
        self._result.transmitted += 1
        self._result.elapsed = self._clock.now - self._began
        mtu = self._host.ipv4.path_mtu_to(self._address)
        if self._dont_fragment and self._size > mtu:
            self._result.errors += 1
            self._result.lines.append(f"ping: local error: message too long, mtu={mtu}")
            return
        self._sent[sequence] = self._clock.now
        self._missing.add(sequence)
        self._host.ipv4.send(
            self._address,
            PROTOCOL_ICMP,
            IcmpMessage.echo_request(self._identifier, sequence, self._payload).pack(),
            src=self._source,
            ttl=self._ttl,
            dont_fragment=self._dont_fragment,
            options=self._options,
            reason="ping: ask for an echo (RFC 792)",
        )

    # --- what comes back --------------------------------------------------------------------

    def _hear(self, packet: Ipv4Packet, message: IcmpMessage, quoted: Ipv4Packet | None) -> None:
        """A message came: an answer, an error about a request, or something else."""
        if quoted is None:
            if message.type == ECHO_REPLY and message.identifier == self._identifier:
                self._reply(packet, message)
        elif quoted.dst == self._address and quoted.protocol == PROTOCOL_ICMP:
            try:
                request = IcmpMessage.parse(quoted.payload)
            except ParseError:
                return
            if request.type == ECHO_REQUEST and request.identifier == self._identifier:
                self._error(packet.src, message, request.sequence)

    def _reply(self, packet: Ipv4Packet, message: IcmpMessage) -> None:
        sequence = message.sequence
        if sequence not in self._sent:
            return
        result = self._result
        rtt = self._clock.now - self._sent[sequence]
        line = (
            f"{len(packet.payload)} bytes from {self._show(packet.src)}: icmp_seq={sequence}"
            f" ttl={packet.ttl} time={_milliseconds(rtt)} ms"
        )
        if sequence in self._missing:
            result.rtts.append(rtt)
        else:
            result.duplicates += 1
            line += " (DUP!)"
        self._tell(line, sequence)
        with suppress(ParseError):
            for option in parse_options(packet.options):
                self._tell_marks(option)

    def _tell_marks(self, option: Option) -> None:
        """What the hosts on the way, there and back, have put into the header."""
        lines = self._result.lines
        if option.type == RECORD_ROUTE:
            if option.route == self._route:
                lines[-1] += "\t(same route)"
                return
            self._route = option.route
            marks, title = [self._show(address) for address in option.route], "RR: "
        elif option.type == TIMESTAMP:
            marks, title = self._times(option), "TS: "
        else:
            return
        lines += [f"{title if at == 0 else ''}\t{mark}" for at, mark in enumerate(marks)]
        if option.type == TIMESTAMP and option.overflow:
            lines.append(f"Unrecorded hops: {option.overflow}")
        lines.append("")

    def _times(self, option: Option) -> list[str]:
        """The first time in ms since midnight, each further one since the one before."""
        marks, before = [], None
        for address, time in option.times:
            told = f"{time} absolute" if before is None else str(time - before)
            marks.append(told if address is None else f"{self._show(address)}\t{told}")
            before = time
        return marks

    def _error(self, sender: IPv4Address, message: IcmpMessage, sequence: int) -> None:
        texts = _PROBLEMS[message.type]
        text = texts[message.code] if message.code < len(texts) else f"Bad Code: {message.code}"
        text = text.format(
            mtu=message.next_hop_mtu, gateway=message.gateway, pointer=message.pointer
        )
        if message.type == REDIRECT:  # the request itself went on
            self._result.lines.append(f"From {self._show(sender)}: icmp_seq={sequence} {text}")
            return
        self._result.errors += 1
        self._tell(f"From {self._show(sender)} icmp_seq={sequence} {text}", sequence)

    def _tell(self, line: str, sequence: int) -> None:
        """A request is settled."""
        self._result.lines.append(line)
        self._result.elapsed = self._clock.now - self._began
        self._missing.discard(sequence)
        self._news.notify()

    def _show(self, address: IPv4Address) -> str:
        if not self._with_names:
            return str(address)
        own = self._target if address == self._address else None
        name = own or self._host.names.name_of(address)
        return f"{name} ({address})" if name else str(address)


def _milliseconds(time_ns: int) -> str:
    """A time with three significant digits, as ping writes it: `0.043`, `1.23`, `20.0`, `123`."""
    digits = 3 if time_ns < ms else 2 if time_ns < 10 * ms else 1 if time_ns < 100 * ms else 0
    return f"{time_ns / ms:.{digits}f}"
