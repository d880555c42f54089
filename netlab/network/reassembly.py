"""The datagrams of one host that have come in part: kept by `Reassembler`s, for some time, within bounds.

Fragments of one datagram have the same source, destination, protocol and identification (RFC 791
section 3.2). Anybody can send pieces of what will never be whole, so what is kept has limits.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from netlab.errors import ConfigurationError, PartError
from netlab.network.address import IPv4Address
from netlab.network.fragments import UNIT
from netlab.network.icmp_message import REASSEMBLY_TIME_EXCEEDED, TIME_EXCEEDED
from netlab.network.ipv4_packet import MAXIMUM_LENGTH, PROTOCOL_TCP, Ipv4Packet
from netlab.network.reassembler import INFINITY, Reassembler
from netlab.sim.simulation import Simulation
from netlab.sim.timer import Timer
from netlab.units import MiB, s, show_time

if TYPE_CHECKING:
    from netlab.network.ipv4 import Ipv4

TIMEOUT = 60 * s
"""From the first that came of a datagram until it is given up (RFC 1122 section 3.3.2: 60 to 120 s)."""
MOST_DATAGRAMS = 64
MOST_BYTES = 1 * MiB
"""Of all fragments that a host keeps, with their headers. Beyond that the oldest datagram goes."""
TCP_START = 16
"""Bytes at the start of a TCP segment that no fragment divides: filters look there (RFC 1858 section 3)."""

CONGESTION_EXPERIENCED = 3


@dataclass(slots=True, eq=False)
class Incomplete:
    """A datagram of which parts have come: `size` bytes with headers, in `fragments` fragments.

    `first` is the fragment with its start, once that is here; `timer` fires when it is given up.
    """

    src: IPv4Address
    dst: IPv4Address
    protocol: int
    identification: int
    part: Reassembler
    timer: Timer
    size: int = 0
    fragments: int = 0
    first: Ipv4Packet | None = None
    ecn: int = 0

    @property
    def key(self) -> tuple[IPv4Address, IPv4Address, int, int]:
        """What its fragments have in common (RFC 791 section 3.2)."""
        return self.src, self.dst, self.protocol, self.identification

    @property
    def received(self) -> int:
        """How many bytes are here, each counted once."""
        return int(getattr(self.part, "received", 0))

    @property
    def holes(self) -> list[tuple[int, int]]:
        """What is missing yet: the first and the last byte of each hole."""
        return list(getattr(self.part, "holes", ()))

    def __repr__(self) -> str:
        missing = ", ".join(show_range(*hole) for hole in self.holes) or "?"
        return (
            f"<{self.src} > {self.dst}, protocol {self.protocol}, id 0x{self.identification:04x}:"
            f" {self.fragments} fragments, missing bytes {missing}>"
        )


class Reassembly:
    """What one host has of datagrams that aren't whole. `part` is called for each new one.

    `timeout` is in ns. `table` has them in the order in which they began.
    """

    def __init__(self, sim: Simulation, host: str, ipv4: "Ipv4") -> None:
        self.part: Callable[[], Reassembler] = Reassembler
        self.timeout = TIMEOUT
        self.table: dict[tuple[IPv4Address, IPv4Address, int, int], Incomplete] = {}
        self._size = 0
        self._sim = sim
        self._host = host
        self._ipv4 = ipv4

    def add(self, fragment: Ipv4Packet) -> Ipv4Packet | None:
        """Take in a fragment. The packet if that is whole now, else None."""
        problem = _problem(fragment)
        if problem:
            self._ipv4.discard(fragment, problem)
            return None
        key = (fragment.src, fragment.dst, fragment.protocol, fragment.identification)
        entry = self.table.get(key) or self._begin(*key)
        size = fragment.header_length + len(fragment.payload)
        entry.fragments += 1
        entry.size += size
        self._size += size
        if fragment.fragment_offset == 0 and entry.first is None:
            entry.first = fragment
        if fragment.ecn == CONGESTION_EXPERIENCED:  # of any fragment, it is the whole one's
            entry.ecn = CONGESTION_EXPERIENCED  # (RFC 3168 section 5.3)
        payload = self._give(entry, fragment)
        if payload is None:
            while len(self.table) > MOST_DATAGRAMS or self._size > MOST_BYTES:
                oldest = next(iter(self.table.values()))
                self._end(
                    oldest,
                    f"the oldest one makes room: {MOST_DATAGRAMS} datagrams and {MOST_BYTES} bytes"
                    " are all that a host keeps in parts",
                )
            return None
        return self._whole(entry, payload)

    def clear(self) -> None:
        """Forget them all, and tell nobody."""
        for entry in list(self.table.values()):
            self._remove(entry)

    # --- the life of an incomplete datagram -------------------------------------------------

    def _begin(
        self, src: IPv4Address, dst: IPv4Address, protocol: int, identification: int
    ) -> Incomplete:
        timer = self._sim.clock.timer(lambda: self._time_out(entry))
        entry = Incomplete(src, dst, protocol, identification, self.part(), timer)
        self.table[entry.key] = entry
        timer.arm(self.timeout)  # and not again: a slow sender gets no more time
        return entry

    def _give(self, entry: Incomplete, fragment: Ipv4Packet) -> bytes | None:
        """Hand a fragment to the part, and put on record what that made of it."""
        before = entry.received
        first = UNIT * fragment.fragment_offset
        last = first + len(fragment.payload) - 1
        what = f"add() of bytes {show_range(first, last)}"
        try:
            payload: object = entry.part.add(fragment)
        except Exception as error:
            self._blame(entry, f"{what} raised {type(error).__name__}: {error}", error)
        reason = "it fills a hole, or a part of one (RFC 815 section 3)"
        if entry.received - before < len(fragment.payload):
            reason = "some of it was here, or is beyond the end: what came first stays (RFC 1858 4)"
        self._record(
            "fragment", entry, reason, first=first, last=last, more=fragment.more_fragments
        )
        if payload is None:
            return None
        if not isinstance(payload, bytes | bytearray):
            expected = "expected the datagram's payload once that is whole, and None until then"
            self._blame(entry, f"{what} returned {payload!r}: {expected}")
        if entry.first is None:
            self._blame(entry, f"{what} made a datagram whole, though its start isn't here")
        return bytes(payload)

    def _whole(self, entry: Incomplete, payload: bytes) -> Ipv4Packet:
        self._remove(entry)
        assert entry.first is not None
        reason = "no hole is left: the datagram goes on with the header of its first fragment"
        self._record("reassembled", entry, f"{reason} (RFC 791 section 3.2)")
        return replace(
            entry.first,
            payload=payload,
            more_fragments=False,
            ecn=entry.ecn or entry.first.ecn,
            checksum=None,
        )

    def _time_out(self, entry: Incomplete) -> None:
        self._end(entry, f"not whole after {show_time(self.timeout)} (RFC 1122 section 3.3.2)")
        if entry.first is not None and self._ipv4.errors is not None:
            self._ipv4.errors.send_error(
                TIME_EXCEEDED,
                REASSEMBLY_TIME_EXCEEDED,
                entry.first,
                "its datagram isn't whole yet, and its first fragment is here (RFC 792)",
            )

    def _end(self, entry: Incomplete, why: str) -> None:
        self._remove(entry)
        self._record("reassembly given up", entry, why)

    def _remove(self, entry: Incomplete) -> None:
        del self.table[entry.key]
        self._size -= entry.size
        entry.timer.cancel()

    def _record(self, kind: str, entry: Incomplete, reason: str, **fields: object) -> None:
        fields = {
            "src": str(entry.src),
            "dst": str(entry.dst),
            "protocol": entry.protocol,
            "identification": entry.identification,
            "received": entry.received,
            "holes": entry.holes,
        } | fields
        self._sim.record_cause(self._host, "network", kind, fields, reason)

    def _blame(self, entry: Incomplete, problem: str, error: Exception | None = None) -> NoReturn:
        text = f"{self._host}'s reassembler: {problem}"
        self._remove(entry)
        self._sim.record_cause(self._host, "network", "part failed", {"part": "reassembler"}, text)
        raise PartError(f"{text}. The datagram is dropped; the network can go on") from error


def check_reassembler(part: object) -> None:
    """Whether `part` can take the place of `Reassembler`. ConfigurationError, which tells why not."""
    if not callable(part):
        raise ConfigurationError(
            f"reassembler must be a class, of which each datagram gets one; got {part!r}"
        )
    try:
        made = part()
    except Exception as error:
        raise ConfigurationError(
            f"reassembler: {getattr(part, '__name__', part)}() raised {type(error).__name__}: {error}"
        ) from error
    if not callable(getattr(made, "add", None)):
        raise ConfigurationError(
            f"reassembler: {type(made).__name__} lacks add(fragment), which returns the payload of the"
            " datagram when that is whole, and None until then"
        )


def show_range(first: int, last: int) -> str:
    """Some bytes of a datagram, in words."""
    return f"{first} on" if last == INFINITY else f"{first} to {last}"


def _problem(fragment: Ipv4Packet) -> str:
    """Why a fragment can be none, or must not be; nothing if it is good."""
    size, first = len(fragment.payload), UNIT * fragment.fragment_offset
    if first + size + fragment.header_length > MAXIMUM_LENGTH:
        return (
            f"a fragment that ends at byte {first + size}: no datagram is so long"
            f" (RFC 791 section 3.1: {MAXIMUM_LENGTH} bytes with the header)"
        )
    if size == 0 or (fragment.more_fragments and size % UNIT):
        return f"a fragment of {size} bytes: all but the last have a multiple of 8 (RFC 791 3.2)"
    if fragment.protocol == PROTOCOL_TCP and (
        fragment.fragment_offset == 1 or (first == 0 and size < TCP_START)
    ):
        return (
            "a fragment that divides a TCP header where filters look: it means no good"
            " (RFC 1858 section 3, RFC 3128)"
        )
    return ""
