"""The Address Resolution Protocol (RFC 826): from an IPv4 address to the Ethernet address behind it.

A host that has a packet for a neighbour asks everybody on the link who has that address; the one
who has it answers. The answer is kept for a while, and packets wait in a short queue until it is
there.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from netlab.errors import ParseError
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4
from netlab.link.framing import LinkFrame
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address
from netlab.network.arp_packet import REPLY, REQUEST, ArpPacket
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation
from netlab.sim.timer import Timer
from netlab.units import s, show_time

LIFETIME = 60 * s
"""How long an answer is believed (RFC 1122 section 2.3.2.1 asks for "on the order of a minute")."""
RETRY_INTERVAL = 1 * s
"""Requests for one address come no faster than this (RFC 1122 section 2.3.2.1)."""
TRIES = 3
"""So many requests without an answer, and the neighbour counts as unreachable."""
QUEUE_LIMIT = 16
"""Packets that wait for one answer; RFC 1122 section 2.3.2.2 asks for at least the latest."""


@dataclass(slots=True)
class _Waiting:
    """A packet that waits for an answer, with the account of why it is sent."""

    packet: bytes
    reason: str
    cause: Event | None
    since: int


@dataclass(slots=True)
class ArpEntry:
    """What is known of one neighbour: its `mac` until `expires` (ns), or None while it is asked for."""

    mac: MacAddress | None
    expires: int
    tries: int = 0
    timer: Timer | None = None
    waiting: deque[_Waiting] = field(default_factory=deque)

    @property
    def state(self) -> str:
        """INCOMPLETE while the question is open, REACHABLE when it was answered."""
        return "INCOMPLETE" if self.mac is None else "REACHABLE"


class Arp:
    """ARP on one host. `table` maps each neighbour's address to its `ArpEntry`.

    `is_mine` tells which addresses this host answers for; `unreachable` is called with each packet
    whose neighbour didn't answer.
    """

    def __init__(
        self,
        sim: Simulation,
        host: str,
        is_mine: Callable[[Interface, IPv4Address], bool],
        unreachable: Callable[[bytes], None],
    ) -> None:
        self.table: dict[IPv4Address, ArpEntry] = {}
        self._sim = sim
        self._host = host
        self._is_mine = is_mine
        self._unreachable = unreachable

    def attach(self, interface: Interface) -> None:
        """Take in the ARP packets of an interface."""
        interface.handlers[ETHERTYPE_ARP] = self.receive

    def send(
        self,
        interface: Interface,
        source: IPv4Address,
        neighbour: IPv4Address,
        packet: bytes,
        reason: str,
        cause: Event | None,
    ) -> None:
        """Send an IPv4 packet to a neighbour, now or as soon as its Ethernet address is known."""
        entry = self.table.get(neighbour)
        now = self._sim.clock.now
        if entry is not None and entry.mac is not None and now < entry.expires:
            interface.send(entry.mac, ETHERTYPE_IPV4, packet, reason, cause)
            return
        if entry is None or entry.mac is not None:
            entry = self.table[neighbour] = ArpEntry(None, 0)
            entry.timer = self._sim.clock.timer(lambda: self._retry(interface, source, neighbour))
        if len(entry.waiting) == QUEUE_LIMIT:
            entry.waiting.popleft()
            interface.discard(
                f"{QUEUE_LIMIT} packets wait for {neighbour} already: the oldest goes"
            )
        entry.waiting.append(_Waiting(packet, reason, cause, now))
        if entry.tries == 0:
            self._ask(interface, source, neighbour, entry)

    def receive(self, interface: Interface, frame: LinkFrame) -> None:
        """RFC 826, "Packet Reception", step by step."""
        try:
            arp = ArpPacket.parse(frame.payload)
        except ParseError as error:
            interface.discard(str(error))
            return
        sender = arp.sender_protocol_address
        merged = sender in self.table
        if merged:
            self._learn(interface, sender, arp.sender_hardware_address)
        if not self._is_mine(interface, arp.target_protocol_address):
            return
        if not merged and not sender.is_unspecified:
            self._learn(interface, sender, arp.sender_hardware_address)
        if arp.operation == REQUEST:
            reply = ArpPacket(
                REPLY,
                interface.mac,
                arp.target_protocol_address,
                arp.sender_hardware_address,
                sender,
            )
            interface.send(
                arp.sender_hardware_address,
                ETHERTYPE_ARP,
                reply.pack(),
                f"{arp.target_protocol_address} is this host's address: tell who asked (RFC 826)",
                self._sim.clock.cause,
            )

    # --- the life of an entry ---------------------------------------------------------------

    def _ask(
        self, interface: Interface, source: IPv4Address, neighbour: IPv4Address, entry: ArpEntry
    ) -> None:
        entry.tries += 1
        first = entry.waiting[0]
        request = ArpPacket(REQUEST, interface.mac, source, MacAddress(0), neighbour)
        reason = f"{neighbour} has a packet waiting, and its Ethernet address isn't known: ask all (RFC 826)"
        if entry.tries > 1:
            reason = (
                f"nobody has answered for {neighbour} yet: ask again (RFC 1122 section 2.3.2.1)"
            )
        elif first.reason:
            reason += f"; the packet that waits: {first.reason}"
        self._record(neighbour, None, "INCOMPLETE", reason)
        cause = first.cause if entry.tries == 1 else self._sim.clock.cause
        interface.send(MacAddress.BROADCAST, ETHERTYPE_ARP, request.pack(), reason, cause)
        assert entry.timer is not None
        entry.timer.arm(RETRY_INTERVAL)

    def _retry(self, interface: Interface, source: IPv4Address, neighbour: IPv4Address) -> None:
        entry = self.table[neighbour]
        if entry.tries < TRIES:
            self._ask(interface, source, neighbour, entry)
            return
        del self.table[neighbour]
        reason = f"{TRIES} requests for {neighbour} went unanswered"
        event = self._record(neighbour, None, "FAILED", reason)
        if event is not None:
            self._sim.clock.cause = event
        for waiting in entry.waiting:
            self._unreachable(waiting.packet)

    def _learn(self, interface: Interface, neighbour: IPv4Address, mac: MacAddress) -> None:
        entry = self.table.get(neighbour)
        now = self._sim.clock.now
        if entry is None:
            entry = self.table[neighbour] = ArpEntry(mac, now + LIFETIME)
        else:
            entry.mac, entry.expires, entry.tries = mac, now + LIFETIME, 0
            if entry.timer is not None:
                entry.timer.cancel()
        self._record(neighbour, mac, "REACHABLE", f"an ARP packet of {neighbour} said so (RFC 826)")
        while entry.waiting:
            waiting = entry.waiting.popleft()
            waited = f"; it waited {show_time(now - waiting.since)} for the answer to ARP"
            interface.send(
                mac, ETHERTYPE_IPV4, waiting.packet, waiting.reason + waited, waiting.cause
            )

    def _record(
        self, neighbour: IPv4Address, mac: MacAddress | None, state: str, reason: str
    ) -> Event | None:
        fields = {
            "address": str(neighbour),
            "mac": None if mac is None else str(mac),
            "state": state,
        }
        return self._sim.record(self._host, "network", "arp", fields, reason)
