"""The options of an IPv4 header (RFC 791 section 3.1): record route, timestamp, and all the others.

Each host on the way puts its mark in the first two. Source routes are refused (RFC 7126 sections
4.3 and 4.4 tell why), and everything else passes as it is.
"""

from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from netlab.errors import ConfigurationError, ParseError
from netlab.network.address import IPv4Address

END_OF_LIST = 0
NO_OPERATION = 1
RECORD_ROUTE = 7
TIMESTAMP = 68
LOOSE_SOURCE_ROUTE = 131
STRICT_SOURCE_ROUTE = 137
ROUTER_ALERT = 148

TIMES_ONLY = 0
"""The first of the three forms of a timestamp option, its *flag*: what hosts put in."""
TIMES_AND_ADDRESSES = 1
ADDRESSES_GIVEN = 3
"""The sender has named the hosts that are to put the time in."""

_MOST = 40  # bytes of all options of a header
_FIRST = 20  # octets of the header before them
_SOURCE_ROUTES = (LOOSE_SOURCE_ROUTE, STRICT_SOURCE_ROUTE)
_NAMES = {
    END_OF_LIST: "end of options",
    NO_OPERATION: "no operation",
    RECORD_ROUTE: "record route",
    TIMESTAMP: "timestamp",
    LOOSE_SOURCE_ROUTE: "loose source route",
    STRICT_SOURCE_ROUTE: "strict source route",
    ROUTER_ALERT: "router alert",
}


class OptionError(ParseError):
    """Options that break RFC 791. `pointer` is the octet of the IP header that is wrong, from 0."""

    def __init__(self, problem: str, at: int) -> None:
        self.pointer = _FIRST + at
        super().__init__(f"octet {self.pointer} of the header: {problem} (RFC 791 section 3.1)")


@dataclass(slots=True)
class Option:
    """One option: its type, and what stands behind that and the length octet.

    | field | bits     | meaning |
    |-------|----------|---------|
    | type  | 8        | one bit says `copied`, two the class, five the number: `RECORD_ROUTE`, ... |
    | data  | 0-38 x 8 | of a route: *pointer*, addresses; of a timestamp: *pointer*, *flag*, times |

    The *pointer* says where the next mark goes: it counts octets from the type on, which is 1.
    """

    type: int
    data: bytes = b""

    @classmethod
    def record_route(cls, room: int = 9) -> "Option":
        """Ask every host on the way for its address. A header has room for 9."""
        return cls(RECORD_ROUTE, bytes([4]) + bytes(4 * room))

    @classmethod
    def timestamp(
        cls, flag: int = TIMES_ONLY, room: int = 4, addresses: Iterable[IPv4Address] = ()
    ) -> "Option":
        """Ask hosts for the time. A header has room for 9 times, or 4 with their addresses.

        With `ADDRESSES_GIVEN` the hosts at `addresses` are asked, each after the one before it.
        """
        slots = bytes(room * (4 if flag == TIMES_ONLY else 8))
        if flag == ADDRESSES_GIVEN:
            slots = b"".join(address.packed + bytes(4) for address in addresses)
        return cls(TIMESTAMP, bytes([5, flag]) + slots)

    @property
    def copied(self) -> bool:
        """Whether every fragment of a packet carries it, not just the first."""
        return self.type & 0x80 != 0

    @property
    def route(self) -> list[IPv4Address]:
        """Of a route: the addresses that were put in so far."""
        return [IPv4Address.from_int(_number(slot)) for slot in self._slots(1, 4)]

    @property
    def times(self) -> list[tuple[IPv4Address | None, int]]:
        """Of a timestamp: the times that were put in so far, in ms since midnight UT, and by whom."""
        if self.data[1] & 0x0F == TIMES_ONLY:
            return [(None, _number(slot)) for slot in self._slots(2, 4)]
        return [
            (IPv4Address.from_int(_number(slot[:4])), _number(slot[4:]))
            for slot in self._slots(2, 8)
        ]

    @property
    def overflow(self) -> int:
        """Of a timestamp: how many hosts found no room."""
        return self.data[1] >> 4

    def _slots(self, first: int, size: int) -> list[bytes]:
        """The data from octet `first` on, as far as they are used, in pieces of `size`."""
        used = min(self.data[0] - 3, len(self.data)) - size
        return [self.data[at : at + size] for at in range(first, used + 1, size)]

    def pack(self) -> bytes:
        """Its bytes on the wire."""
        if self.type in (END_OF_LIST, NO_OPERATION):
            return bytes([self.type])
        return bytes([self.type, 2 + len(self.data)]) + self.data

    def __str__(self) -> str:
        name = _NAMES.get(self.type, f"option {self.type}")
        if self.type == TIMESTAMP:
            times = [f"{own} {time}" if own is not None else str(time) for own, time in self.times]
            more = f" (and {self.overflow} found no room)" if self.overflow else ""
            return f"{name} {', '.join(times)}{more}"
        if self.type == RECORD_ROUTE or self.type in _SOURCE_ROUTES:
            return f"{name} {', '.join(map(str, self.route))}"
        return name


def parse_options(data: bytes) -> list[Option]:
    """Read the options of a header. What stands behind the end of the list is padding.

    Raises `OptionError` for a length that can't be, and for a route or timestamp that makes no sense.
    """
    return [Option(data[at], data[at + 2 : end]) for at, end in _each(data)]


def pack_options(options: Iterable[Option]) -> bytes:
    """The bytes of options, filled up to whole words of 4. ConfigurationError for more than 40."""
    data = b"".join(option.pack() for option in options)
    if len(data) > _MOST:
        raise ConfigurationError(f"these options have {len(data)} bytes; a header has room for 40")
    return data + bytes(-len(data) & 3)


def copied_options(data: bytes) -> bytes:
    """Those options that every fragment carries. Raises `OptionError`."""
    return pack_options(option for option in parse_options(data) if option.copied)


def source_route(data: bytes) -> tuple[str, bool] | None:
    """Of a source route among the options, as far as they can be read: its name, and if it is at its end."""
    with suppress(OptionError):
        for at, end in _each(data):
            if data[at] in _SOURCE_ROUTES:
                return _NAMES[data[at]], at + data[at + 2] > end
    return None


def mark_options(
    data: bytes, address: IPv4Address, own: Container[IPv4Address], time: int
) -> bytes:
    """The options with the mark of a host that sends them, passes them on or takes them in.

    `address` goes into a recorded route, `time` (ms since midnight UT) into a timestamp; `own` are
    all addresses of the host, by which a sender may have named it. Raises `OptionError`.
    """
    marked = bytearray(data)
    for at, end in _each(data):
        if data[at] == RECORD_ROUTE:
            _mark(marked, at, end, address.packed)
        elif data[at] == TIMESTAMP:
            _mark_time(marked, at, end, address, own, time.to_bytes(4, "big"))
    return bytes(marked)


# --- inside ---------------------------------------------------------------------------------


def _mark(marked: bytearray, at: int, end: int, mark: bytes) -> bool:
    """Put a mark where the pointer of the option at `at` says, and move that on. False: no room."""
    slot = at + marked[at + 2] - 1
    if slot >= end:
        return False
    if slot + len(mark) > end:
        raise OptionError("there is room for a part of a mark only", at + 2)
    marked[slot : slot + len(mark)] = mark
    marked[at + 2] += len(mark)
    return True


def _mark_time(
    marked: bytearray,
    at: int,
    end: int,
    address: IPv4Address,
    own: Container[IPv4Address],
    time: bytes,
) -> None:
    overflow, flag = divmod(marked[at + 3], 16)
    if flag == ADDRESSES_GIVEN:
        slot = at + marked[at + 2] - 1
        named = _number(marked[slot : min(slot + 4, end)])
        if named in own:
            _mark(marked, at, end, named.to_bytes(4, "big") + time)
    elif not _mark(marked, at, end, time if flag == TIMES_ONLY else address.packed + time):
        if overflow == 15:
            raise OptionError("even the count of those who found no room is full", at + 3)
        marked[at + 3] += 16


def _each(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each option begins and ends."""
    at = 0
    while at < len(data) and data[at] != END_OF_LIST:
        end = at + 1
        if data[at] != NO_OPERATION:
            length = data[at + 1] if at + 1 < len(data) else 0
            end = at + length
            if length < 2 or end > len(data):
                raise OptionError(f"an option of {length} bytes can't be here", at + 1)
            _check(data, at, length)
        yield at, end
        at = end


def _check(data: bytes, at: int, length: int) -> None:
    """Whether a route or a timestamp has a pointer, and a flag, that can be."""
    kind = data[at]
    fixed = 4 if kind == TIMESTAMP else 3 if kind == RECORD_ROUTE or kind in _SOURCE_ROUTES else 0
    if length < fixed:
        raise OptionError(f"{_NAMES[kind]} of {length} bytes lacks what it begins with", at + 1)
    if fixed and data[at + 2] <= fixed:
        raise OptionError(f"the pointer of {_NAMES[kind]} can't be {data[at + 2]}", at + 2)
    if kind == TIMESTAMP and data[at + 3] & 0x0F not in (
        TIMES_ONLY,
        TIMES_AND_ADDRESSES,
        ADDRESSES_GIVEN,
    ):
        raise OptionError(f"there is no timestamp with flag {data[at + 3] & 0x0F}", at + 3)


def _number(data: bytes | bytearray) -> int:
    return int.from_bytes(data, "big")
