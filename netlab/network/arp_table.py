"""The ARP cache: what a host knows of its neighbours, for how long, and what goes when it is full.

Nothing happens when an entry grows old: its state is asked of the clock when somebody looks. So a
run ends when the last packet has arrived, and not a minute later.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import StrEnum

from netlab.link.address import MacAddress
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address
from netlab.sim.clock import Clock
from netlab.sim.recording import Event
from netlab.units import minute, s, show_time

LIFETIME = 60 * s
"""How long an answer is believed (RFC 1122 section 2.3.2.1 asks for "on the order of a minute")."""
STALE_LIFETIME = 10 * minute
"""How long an old answer is kept after that, in case that it is used, and so confirmed, again."""
FAILED_LIFETIME = 20 * s
"""How long it can be seen that a neighbour didn't answer. Whoever has a packet for it asks anew."""
LIMIT = 1024
"""Entries of one table."""
FOREVER = 1 << 63


class State(StrEnum):
    """What an entry is worth."""

    INCOMPLETE = "INCOMPLETE"
    """The question is open, and nothing is known yet."""
    REACHABLE = "REACHABLE"
    """Answered, and believed."""
    STALE = "STALE"
    """Answered long ago: the next packet still goes there, and asks again."""
    PROBE = "PROBE"
    """Being asked again, the neighbour alone; believed until that fails."""
    FAILED = "FAILED"
    """It didn't answer."""
    PERMANENT = "PERMANENT"
    """Set by hand: never old, and not changed by any packet."""


@dataclass(slots=True)
class Waiting:
    """A packet that waits for an answer, with the account of why it is sent."""

    packet: bytes
    reason: str
    cause: Event | None
    since: int


@dataclass(slots=True, eq=False, repr=False)
class ArpEntry:
    """What is known of one neighbour.

    | field     | meaning |
    |-----------|---------|
    | address   | the neighbour's IPv4 address |
    | interface | the one behind which it is |
    | mac       | its Ethernet address; None while that isn't known |
    | updated   | when it was asked for first, answered, or given up (ns) |
    | expires   | until when `mac` is believed without another question (ns) |
    | tries     | the questions sent since it was last answered |
    | ask_again | when the next one is due (ns), while it is being asked |
    | waiting   | the packets that wait for the answer, the oldest first |
    | source    | the address of this host from which it is asked |
    | cause     | the event of the last question |
    """

    clock: Clock
    address: IPv4Address
    interface: Interface
    source: IPv4Address
    updated: int
    mac: MacAddress | None = None
    expires: int = 0
    tries: int = 0
    ask_again: int = 0
    waiting: deque[Waiting] = field(default_factory=deque)
    cause: Event | None = None

    def __repr__(self) -> str:
        left = self.expires - self.clock.now
        until = f" for {show_time(left)}" if left > 0 and self.expires != FOREVER else ""
        where = f"{self.mac or 'unknown'} dev {self.interface.name}"
        return f"{self.address} {where} {self.state}{until}"

    @property
    def age(self) -> int:
        """The time since `updated`, in ns."""
        return self.clock.now - self.updated

    @property
    def state(self) -> State:
        """What it is worth now."""
        if self.expires == FOREVER:
            return State.PERMANENT
        if self.mac is not None:
            if self.tries:
                return State.PROBE
            return State.REACHABLE if self.clock.now < self.expires else State.STALE
        return State.INCOMPLETE if self.tries else State.FAILED

    @property
    def is_asked(self) -> bool:
        """Whether a question to it is open."""
        return self.tries > 0

    @property
    def is_over(self) -> bool:
        """Whether it has been of no use for so long that it is forgotten."""
        if self.tries:
            return False
        if self.mac is None:
            return self.age >= FAILED_LIFETIME
        return self.clock.now >= self.expires + STALE_LIFETIME


class ArpTable:
    """The entries of one host, `LIMIT` at most.

    When it is full, room is made for a new one: first by one that failed; then by the question
    that has been open longest, so that a scan of many addresses drives out nothing but itself; and
    then by the answer that has not been confirmed for longest. What was set by hand stays.
    """

    def __init__(self) -> None:
        self.entries: OrderedDict[IPv4Address, ArpEntry] = OrderedDict()
        self.asked: OrderedDict[IPv4Address, ArpEntry] = OrderedDict()
        """Those to which a question is open, by the time when it is due again."""

    def find(self, address: IPv4Address) -> ArpEntry | None:
        """The entry of an address, if there is one that still counts."""
        entry = self.entries.get(address)
        if entry is not None and entry.is_over:
            del self.entries[address]
            return None
        return entry

    def add(self, entry: ArpEntry) -> ArpEntry | None:
        """Put in an entry, in place of what there is of its address. Returns the one that had to go."""
        gone = self.entries.get(entry.address)
        if gone is None and len(self.entries) >= LIMIT:
            gone = self._least_useful()
        if gone is not None:
            self.remove(gone)
        self.entries[entry.address] = entry
        return gone

    def remove(self, entry: ArpEntry) -> None:
        """Take an entry out."""
        del self.entries[entry.address]
        self.asked.pop(entry.address, None)

    def question_sent(self, entry: ArpEntry) -> None:
        """A question went out, the last one so far."""
        self.asked[entry.address] = entry
        self.asked.move_to_end(entry.address)

    def question_ended(self, entry: ArpEntry) -> None:
        """It was answered, or nobody will."""
        self.asked.pop(entry.address, None)
        self.entries.move_to_end(entry.address, last=entry.mac is not None)

    def _least_useful(self) -> ArpEntry:
        oldest = next(each for each in self.entries.values() if each.expires != FOREVER)
        if oldest.state is State.FAILED:
            return oldest
        return next((each for each in self.asked.values() if each.mac is None), oldest)
