"""`traceroute`: find the routers on the way to a host, and print what people know.

A packet that may pass no router dies at the first, which says so by ICMP and so tells its address;
one that may pass a single router dies at the second, and so on (RFC 792, RFC 1812 section 5.3.1).
What kind of packet that is makes a difference only where the way ends, and to filters.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from errno import EMSGSIZE
from typing import TYPE_CHECKING, Any

from netlab.errors import ConfigurationError
from netlab.network.address import IPv4Address
from netlab.network.icmp_message import (
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    FRAGMENTATION_NEEDED,
    REDIRECT,
    TIME_EXCEEDED,
    IcmpMessage,
)
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, Ipv4Packet
from netlab.sim.program import Signal
from netlab.transport.tcp.states import State
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import count, duration, ms, s

if TYPE_CHECKING:
    from netlab.host import Host

FIRST_PORT = 33_434
"""Where most likely nobody is; each UDP probe takes the next port."""
HTTP_PORT = 80
HEADERS = 28
"""Bytes of the headers of IP and UDP, or IP and ICMP."""
SYN_SIZE = 44
"""The same of IP and TCP, with the option that announces the MSS."""

_LETTERS = "NHP FSNHNXXNHXVC"
"""What the program prints behind a !, by code of DESTINATION_UNREACHABLE. That nobody is at a port is
what it hopes for."""


@dataclass(slots=True)
class Answer:
    """What one probe brought: who answered, after how long (ns), with what `note`, such as `!H`.

    `final` says that the probe got no further for good, or had arrived.
    """

    address: IPv4Address
    rtt: int
    note: str = ""
    final: bool = True


class Traceroute:
    """What came of a `traceroute`. It reads as the program's output does, line by line.

    `hops` has for each hop the answers to its probes, None for one that nobody answered.
    """

    def __init__(self, address: IPv4Address, heading: str) -> None:
        self.lines = [heading]
        self.hops: list[Sequence[Answer | None]] = []
        self._address = address

    @property
    def addresses(self) -> list[IPv4Address | None]:
        """Who answered first at each hop; None where nobody did."""
        return [next((each.address for each in hop if each), None) for hop in self.hops]

    @property
    def reached(self) -> bool:
        """Whether the last hop is the host that was asked for."""
        return bool(self.hops) and any(
            each is not None and each.final and each.address == self._address
            for each in self.hops[-1]
        )

    def text(self) -> str:
        """Everything that the program prints."""
        return "\n".join(self.lines)

    __str__ = __repr__ = text


def traceroute(
    host: "Host",
    target: str,
    *,
    probe: str = "udp",
    port: int | None = None,
    queries: int = 3,
    max_hops: int = 30,
    timeout: int = 5 * s,
    size: int = 60,
    dont_fragment: bool = False,
) -> Traceroute:
    """Send `queries` probes to each hop, one after the other, until one arrives or gets no further.

    `target` is a name or an address. A `probe` is a datagram to a `port` where nobody is ("udp"),
    an echo request ("icmp"), or a SYN to `port` 80 ("tcp"); of the first two each has `size` bytes,
    headers included. `timeout` (ns) is how long to wait for an answer. Raises `gaierror` for a
    name that nobody has, and OSError where no route leads there (ENETUNREACH) or the first link
    doesn't take a probe that must not be cut (EMSGSIZE).
    """
    count(queries, "queries")
    duration(timeout, "timeout")
    if not 1 <= count(max_hops, "max_hops") <= 255:
        raise ConfigurationError(f"max_hops must be from 1 to 255; got {max_hops}")
    if not HEADERS <= count(size, "size") <= 65_535:
        raise ConfigurationError(f"a probe has from {HEADERS} to 65535 bytes; got {size}")
    kind = _KINDS.get(probe)
    if kind is None:
        raise ConfigurationError(f"probe must be one of {', '.join(_KINDS)}; got {probe!r}")
    with host.sim.clock:
        address = host.names.resolve(target)
        probes = kind(host, address, size, dont_fragment, port)
        fields = {"call": "traceroute", "arguments": (target,)}
        host.sim.record_cause(host.name, "application", "call", fields)
        heading = (
            f"traceroute to {target} ({address}), {max_hops} hops max, {probes.size} byte packets"
        )
        result = Traceroute(address, heading)
        with host.icmp.listening(probes.hear) as probes.identifier:
            try:
                for ttl in range(1, max_hops + 1):
                    hop = [probes.ask(ttl, timeout) for _ in range(queries)]
                    result.hops.append(hop)
                    result.lines.append(_line(host, ttl, hop))
                    if any(each.final for each in hop if each is not None):
                        break
            finally:
                probes.close()
        return result


def _line(host: "Host", ttl: int, hop: Sequence[Answer | None]) -> str:
    line, last = f"{ttl:2} ", None
    for each in hop:
        if each is None:
            line += " *"
            continue
        if each.address != last:
            last = each.address
            line += f" {host.names.name_of(last) or last} ({last})"
        line += f"  {each.rtt / ms:.3f} ms"
        if each.note:
            line += f" {each.note}"
    return line


def _note(message: IcmpMessage) -> str:
    if message.type == TIME_EXCEEDED:
        return ""
    if message.type != DESTINATION_UNREACHABLE or message.code >= len(_LETTERS):
        return f"!<{message.type}-{message.code}>"
    if message.code == FRAGMENTATION_NEEDED:
        return f"!F-{message.next_hop_mtu}"
    return f"!{_LETTERS[message.code]}".removesuffix("! ")


class _Probes(ABC):
    """Sends probes of one kind, one at a time, and hears what comes of each."""

    protocol: int
    usual_port = 0

    def __init__(
        self, host: "Host", address: IPv4Address, size: int, dont_fragment: bool, port: int | None
    ) -> None:
        self.size = size
        self.identifier = 0
        self._host = host
        self._clock = host.sim.clock
        self._address = address
        self._source = host.ipv4.source_for(address)
        self._dont_fragment = dont_fragment
        self._port = self.usual_port if port is None else port
        self._number = 0
        self._start = b""  # of the latest probe, behind its IP header
        self._sent_at = 0
        self._answer: Answer | None = None
        self._news = Signal(self._clock)
        mtu = host.ipv4.mtu_for(address)
        if dont_fragment and size > mtu:
            raise OSError(EMSGSIZE, f"Message too long: {size} bytes, and {mtu} fit")

    def ask(self, ttl: int, timeout: int) -> Answer | None:
        """Send a probe and wait for what it brings."""
        clock = self._clock
        self._number += 1
        self._answer = None
        self._sent_at = clock.now
        self.send(ttl, f"traceroute: who is {ttl} hops away? (RFC 1812 section 5.3.1)")
        what = f"traceroute to {self._address}, {ttl} hops"
        clock.wait(self._news, self.answered, clock.now + timeout, what)
        self.settle()
        return self._answer

    @abstractmethod
    def send(self, ttl: int, why: str) -> None:
        """Send the next probe."""

    def answered(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self._answer is not None

    def settle(self) -> None:
        """The wait for the latest probe is over."""
        return

    def close(self) -> None:
        """No more will be sent."""
        return

    def hear(self, packet: Ipv4Packet, message: IcmpMessage, quoted: Ipv4Packet | None) -> None:
        """An ICMP message came."""
        if (
            quoted is not None
            and (quoted.dst, quoted.protocol) == (self._address, self.protocol)
            and quoted.payload.startswith(self._start)
            and message.type != REDIRECT  # after which the probe went on
        ):
            self.take(packet.src, _note(message), final=message.type != TIME_EXCEEDED)

    def take(self, address: IPv4Address, note: str = "", *, final: bool = True) -> None:
        """The latest probe was answered."""
        if self._answer is None:
            self._answer = Answer(address, self._clock.now - self._sent_at, note, final)
            self._news.notify()

    def _send(self, payload: bytes, ttl: int, why: str) -> None:
        self._start = payload[:8]
        self._host.ipv4.send(
            self._address,
            self.protocol,
            payload,
            src=self._source,
            ttl=ttl,
            dont_fragment=self._dont_fragment,
            reason=why,
        )


class _UdpProbes(_Probes):
    """Datagrams to ports where nobody is: the host itself says so in the end."""

    protocol = PROTOCOL_UDP
    usual_port = FIRST_PORT

    def __init__(self, host: "Host", *options: Any) -> None:
        super().__init__(host, *options)
        self._own = host.udp.bind(self._source, 0)

    def send(self, ttl: int, why: str) -> None:
        port = (self._port + self._number - 1) & 0xFFFF
        datagram = UdpDatagram(self._own.binding.port, port, bytes(self.size - HEADERS))
        self._send(datagram.pack(self._source, self._address), ttl, why)

    def close(self) -> None:
        self._host.udp.release(self._own)


class _IcmpProbes(_Probes):
    """Echo requests: the host answers them in the end."""

    protocol = PROTOCOL_ICMP

    def send(self, ttl: int, why: str) -> None:
        data = bytes(self.size - HEADERS)
        request = IcmpMessage.echo_request(self.identifier, self._number & 0xFFFF, data)
        self._send(request.pack(), ttl, why)

    def hear(self, packet: Ipv4Packet, message: IcmpMessage, quoted: Ipv4Packet | None) -> None:
        if message.type == ECHO_REPLY and packet.payload[4:8] == self._start[4:8]:
            self.take(packet.src)  # its identifier and sequence number
        else:
            super().hear(packet, message, quoted)


class _TcpProbes(_Probes):
    """SYNs, each from a port of its own: in the end a SYN,ACK or a RST comes back."""

    protocol = PROTOCOL_TCP
    usual_port = HTTP_PORT

    def __init__(self, *options: Any) -> None:
        super().__init__(*options)
        self.size = SYN_SIZE

    def send(self, ttl: int, why: str) -> None:
        tcp = self._host.tcp
        self._binding = tcp.bind(self._source, 0)
        self._start = self._binding.port.to_bytes(2, "big")
        self._connection = tcp.connect(self._binding, (self._address, self._port), ttl=ttl)
        self._connection.sender.stop()  # one SYN is one probe
        self._news = self._connection.writable

    def answered(self) -> bool:
        if self._answer is None and self._connection.state is not State.SYN_SENT:
            self.take(self._address)
        return self._answer is not None

    def settle(self) -> None:
        self._connection.abort("traceroute knows enough")
        self._host.tcp.release(self._binding)


_KINDS: dict[str, type[_Probes]] = {"udp": _UdpProbes, "icmp": _IcmpProbes, "tcp": _TcpProbes}
