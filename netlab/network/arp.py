"""The Address Resolution Protocol (RFC 826): from an IPv4 address to the Ethernet address behind it.

A host that has a packet for a neighbour asks everybody on the link who has that address; the one
who has it answers. The answer is kept for a while, and packets wait in a short queue until it is
there. An answer that has grown old is still used, while the neighbour alone is asked whether it
holds.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from netlab.errors import ConfigurationError, ParseError
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4
from netlab.link.framing import LinkFrame
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address
from netlab.network.arp_packet import REPLY, REQUEST, ArpPacket
from netlab.network.arp_policy import Policy, refusal
from netlab.network.arp_table import FOREVER, LIFETIME, LIMIT, ArpEntry, ArpTable, Waiting
from netlab.sim.recording import Event
from netlab.sim.simulation import Simulation
from netlab.units import s, show_time

if TYPE_CHECKING:
    from netlab.network.arp_claim import Claim

RETRY_INTERVAL = 1 * s
"""Requests for one address come no faster than this (RFC 1122 section 2.3.2.1)."""
TRIES = 3
"""So many requests without an answer, and the neighbour counts as unreachable."""
QUEUE_LIMIT = 64
"""Packets that wait for one answer: the fragments of a largest datagram fit (RFC 1122 section 2.3.2.2)."""

NOBODY = MacAddress(0)


class Arp:
    """ARP on one host. `table` is its cache; `policy` says whom it believes (`Policy`).

    `claims` are the addresses that the host looks after as RFC 5227 asks. `is_mine` tells which
    addresses it answers for; `unreachable` is called with each packet whose neighbour didn't answer.
    """

    def __init__(
        self,
        sim: Simulation,
        host: str,
        is_mine: Callable[[Interface, IPv4Address], bool],
        unreachable: Callable[[bytes], None],
    ) -> None:
        self.sim = sim
        self.host = host
        self.claims: list[Claim] = []
        self._policy = Policy.ACCEPT
        self._table = ArpTable()
        self._entries = self._table.entries
        self._interfaces: list[Interface] = []
        self._is_mine = is_mine
        self._unreachable = unreachable
        self._timer = sim.clock.timer(self._on_timer)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.table.values())) or "nothing known of any neighbour"

    @property
    def table(self) -> Mapping[IPv4Address, ArpEntry]:
        """The cache as it is now: each neighbour's address with its `ArpEntry`."""
        return {address: entry for address, entry in self._entries.items() if not entry.is_over}

    @property
    def policy(self) -> Policy:
        """Whom this host believes: "accept" (as RFC 826), "ignore unsolicited" or "strict"."""
        return self._policy

    @policy.setter
    def policy(self, value: str) -> None:
        try:
            self._policy = Policy(value)
        except ValueError:
            raise ConfigurationError(
                f"arp.policy is one of {', '.join(map(repr, map(str, Policy)))}; got {value!r}"
            ) from None

    def attach(self, interface: Interface) -> None:
        """Take in the ARP packets of an interface."""
        self._interfaces.append(interface)
        interface.handlers[ETHERTYPE_ARP] = self.receive
        interface.on_up.append(lambda: self._link_is_up(interface))

    # --- by hand ----------------------------------------------------------------------------

    def add(
        self, address: str | IPv4Address, mac: str | MacAddress, interface: Interface | None = None
    ) -> None:
        """Set an entry that never grows old, and that no packet changes: ``arp -s``.

        `interface` may be left out on a host that has one only. Half of the table can be set so.
        """
        if interface is None:
            if len(self._interfaces) != 1:
                raise ConfigurationError(
                    f"{self.host} has {len(self._interfaces)} interfaces: say behind which one"
                    f" {address} is, as in arp.add({str(address)!r}, {str(mac)!r}, interface)"
                )
            interface = self._interfaces[0]
        if sum(entry.expires == FOREVER for entry in self._entries.values()) >= LIMIT // 2:
            raise ConfigurationError(
                f"{self.host}: {LIMIT // 2} ARP entries are set by hand already"
            )
        own, its = IPv4Address.parse(str(address)), MacAddress.parse(str(mac))
        with self.sim.clock:
            entry = self._entry(interface, IPv4Address.UNSPECIFIED, own)
            self._resolved(entry, its, FOREVER, "set by hand")

    def delete(self, address: str | IPv4Address) -> None:
        """Take an entry out: ``arp -d``. ConfigurationError where there is none."""
        entry = self._table.find(IPv4Address.parse(str(address)))
        if entry is None:
            raise ConfigurationError(f"{self.host} has no ARP entry for {address}")
        self._take_out(entry)

    def flush(self, interface: Interface | None = None) -> None:
        """Forget all that was learned, by one interface or (None) by any."""
        for entry in list(self._entries.values()):
            if interface in (None, entry.interface) and entry.expires != FOREVER:
                self._take_out(entry)

    def _link_is_up(self, interface: Interface) -> None:
        """Who is there may have changed with the link (RFC 1122 section 2.3.2.1): ask all anew."""
        for entry in list(self._entries.values()):
            if entry.interface is interface and entry.mac is not None and entry.expires != FOREVER:
                self._take_out(entry)

    def _take_out(self, entry: ArpEntry) -> None:
        self._table.remove(entry)
        self._set_timer()
        self._drop_waiting(entry, "its entry was taken out of the ARP table")

    def announce(self, interface: Interface, address: IPv4Address, reason: str = "") -> None:
        """Tell all who know `address` that it is at this interface (RFC 5227 section 3)."""
        packet = ArpPacket(REQUEST, interface.mac, address, NOBODY, address)
        reason = reason or f"announce that {address} is here (RFC 5227 section 3)"
        with self.sim.clock as clock:
            interface.send(MacAddress.BROADCAST, ETHERTYPE_ARP, packet.pack(), reason, clock.cause)

    # --- sending ----------------------------------------------------------------------------

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
        entry = self._entries.get(neighbour)
        now = self.sim.clock.now
        if entry is not None and entry.mac is not None and now < entry.expires:
            interface.send(entry.mac, ETHERTYPE_IPV4, packet, reason, cause)
            return
        entry = self._entry(interface, source, neighbour)
        entry.source = source
        if entry.mac is not None:
            interface.send(entry.mac, ETHERTYPE_IPV4, packet, reason, cause)
            if not entry.is_asked:
                age = show_time(entry.age)
                self._ask(
                    entry,
                    f"{neighbour} answered {age} ago, and its address is used again: ask it alone"
                    " whether that holds (RFC 1122 section 2.3.2.1)",
                    cause,
                )
            return
        if len(entry.waiting) == QUEUE_LIMIT:
            entry.waiting.popleft()
            interface.discard(
                f"{QUEUE_LIMIT} packets wait for {neighbour} already: the oldest goes"
            )
        entry.waiting.append(Waiting(packet, reason, cause, now))
        if not entry.is_asked:
            why = (
                f"{neighbour} has a packet waiting, and its Ethernet address isn't known:"
                " ask all (RFC 826)"
            )
            self._ask(entry, f"{why}; the packet that waits: {reason}" if reason else why, cause)

    def _ask(self, entry: ArpEntry, reason: str, cause: Event | None) -> None:
        clock, interface = self.sim.clock, entry.interface
        if entry.mac is None and not entry.is_asked:
            entry.updated = clock.now
        entry.tries += 1
        entry.ask_again = clock.now + RETRY_INTERVAL
        self._table.question_sent(entry)
        self._set_timer()
        if not self._is_mine(interface, entry.source):
            entry.source = IPv4Address.UNSPECIFIED  # it was taken away since the first question
        request = ArpPacket(REQUEST, interface.mac, entry.source, NOBODY, entry.address)
        entry.cause = self._record(entry, reason)
        to = entry.mac if entry.mac is not None else MacAddress.BROADCAST
        interface.send(to, ETHERTYPE_ARP, request.pack(), reason, cause)

    def _set_timer(self) -> None:
        """One timer serves all questions: for the one that is due next."""
        due = next(iter(self._table.asked.values()), None)
        if due is None:
            self._timer.cancel()
        else:
            self._timer.arm(due.ask_again - self.sim.clock.now)

    def _on_timer(self) -> None:
        entry = next(iter(self._table.asked.values()))
        self.sim.clock.cause = entry.cause
        if entry.tries < TRIES:
            reason = f"{entry.address} has not answered yet: ask again (RFC 1122 section 2.3.2.1)"
            self._ask(entry, reason, entry.cause)
        else:
            self._fail(entry)

    def _fail(self, entry: ArpEntry) -> None:
        waiting = list(entry.waiting)
        entry.waiting.clear()
        entry.mac, entry.tries, entry.expires = None, 0, 0
        entry.updated = self.sim.clock.now
        self._table.question_ended(entry)
        self._set_timer()
        event = self._record(entry, f"{TRIES} requests for {entry.address} went unanswered")
        if event is not None:
            self.sim.clock.cause = event
        for each in waiting:
            self._unreachable(each.packet)

    # --- receiving --------------------------------------------------------------------------

    def receive(self, interface: Interface, frame: LinkFrame) -> None:
        """RFC 826, "Packet Reception", step by step."""
        try:
            arp = ArpPacket.parse(frame.payload)
        except ParseError as error:
            interface.discard(str(error))
            return
        if arp.operation not in (REQUEST, REPLY):
            interface.discard(f"ARP operation {arp.operation} isn't known here (RFC 826)")
            return
        sender, target = arp.sender_protocol_address, arp.target_protocol_address
        if arp.sender_hardware_address == interface.mac:
            interface.discard("an ARP packet of this interface itself, which came back")
            return
        for claim in [each for each in self.claims if each.interface is interface]:
            claim.hear(arp)
        for_me = self._is_mine(interface, target)
        if self._is_mine(interface, sender):
            self._note(
                "arp conflict",
                arp,
                f"{arp.sender_hardware_address} uses {sender}, an address of this host"
                " (RFC 5227 section 2.4)",
            )
        elif not sender.is_unspecified:
            self._hear_of(interface, arp, for_me=for_me)
        if for_me and arp.operation == REQUEST:
            reply = ArpPacket(REPLY, interface.mac, target, arp.sender_hardware_address, sender)
            interface.send(
                arp.sender_hardware_address,
                ETHERTYPE_ARP,
                reply.pack(),
                f"{target} is this host's address: tell who asked (RFC 826)",
                self.sim.clock.cause,
            )

    def _hear_of(self, interface: Interface, arp: ArpPacket, *, for_me: bool) -> None:
        """Somebody says where it is: believe it, or say why not."""
        sender, mac = arp.sender_protocol_address, arp.sender_hardware_address
        entry = self._table.find(sender)
        if entry is None and not for_me:
            return  # RFC 826: only what is known already is brought up to date by others' talk
        why_not = refusal(self._policy, interface, arp, entry, for_me=for_me)
        if why_not:
            if entry is None or entry.mac != mac:
                self._note(
                    "arp refused", arp, f"{sender} is not believed to be at {mac}: {why_not}"
                )
            return
        reason = f"an ARP packet of {sender} said so (RFC 826)"
        if entry is not None and entry.mac not in (None, mac):
            reason += f"; until now it was at {entry.mac}"
        self.learn(interface, sender, mac, reason)

    def learn(self, interface: Interface, address: IPv4Address, mac: MacAddress, why: str) -> None:
        """Take it as said that a neighbour is there: by its answer, or by a protocol above."""
        entry = self._entry(interface, IPv4Address.UNSPECIFIED, address)
        if entry.expires != FOREVER:
            self._resolved(entry, mac, self.sim.clock.now + LIFETIME, why)

    # --- the life of an entry ---------------------------------------------------------------

    def _entry(self, interface: Interface, source: IPv4Address, address: IPv4Address) -> ArpEntry:
        """The entry of a neighbour behind this interface: what there is, or a new one and its room."""
        entry = self._table.find(address)
        if entry is None or entry.interface is not interface:
            entry = ArpEntry(self.sim.clock, address, interface, source, self.sim.clock.now)
            gone = self._table.add(entry)
            if gone is not None:
                self._set_timer()
                self._drop_waiting(gone, "its entry had to make room in the ARP table")
        return entry

    def _resolved(self, entry: ArpEntry, mac: MacAddress, expires: int, reason: str) -> None:
        now = self.sim.clock.now
        entry.mac, entry.expires, entry.updated, entry.tries = mac, expires, now, 0
        self._table.question_ended(entry)
        self._set_timer()
        self._record(entry, reason)
        while entry.waiting:
            waiting = entry.waiting.popleft()
            waited = f"; it waited {show_time(now - waiting.since)} for the answer to ARP"
            entry.interface.send(
                mac, ETHERTYPE_IPV4, waiting.packet, waiting.reason + waited, waiting.cause
            )

    def _drop_waiting(self, entry: ArpEntry, why: str) -> None:
        for _ in entry.waiting:
            entry.interface.discard(f"a packet waited for {entry.address}, and {why}")
        entry.waiting.clear()

    def _record(self, entry: ArpEntry, reason: str) -> Event | None:
        fields = {
            "address": str(entry.address),
            "mac": None if entry.mac is None else str(entry.mac),
            "state": str(entry.state),
        }
        return self.sim.record(self.host, "network", "arp", fields, reason)

    def _note(self, kind: str, arp: ArpPacket, reason: str) -> None:
        fields = {
            "address": str(arp.sender_protocol_address),
            "mac": str(arp.sender_hardware_address),
        }
        self.sim.record(self.host, "network", kind, fields, reason)
