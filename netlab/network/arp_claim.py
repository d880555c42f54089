"""How a host makes an address its own without taking somebody else's (RFC 5227).

It asks three times who has the address, as nobody. When none answers, it takes the address and
tells everybody. Later it listens for others who use the same address: it defends it once, and when
that doesn't help it lets go, for two hosts with one address are worse off than one without.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_ARP
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address
from netlab.network.arp import NOBODY, Arp
from netlab.network.arp_packet import REQUEST, ArpPacket
from netlab.units import s, show_time

# RFC 5227 section 1.1
PROBE_WAIT = 1 * s
"""The first probe comes by chance within this time, so that not all probe at once after a power cut."""
PROBE_NUM = 3
PROBE_MIN = 1 * s
PROBE_MAX = 2 * s
"""Between two probes lies a time of chance from `PROBE_MIN` to `PROBE_MAX`."""
ANNOUNCE_WAIT = 2 * s
"""After the last probe an answer may take so long."""
ANNOUNCE_INTERVAL = 2 * s
DEFEND_INTERVAL = 10 * s
"""Of two conflicts within this time only the first is answered."""


class State(StrEnum):
    """Where a claim stands."""

    PROBING = "PROBING"
    ANNOUNCING = "ANNOUNCING"
    IN_USE = "IN_USE"
    GIVEN_UP = "GIVEN_UP"


class ClaimEvent(StrEnum):
    """What can happen to a claim."""

    PROBE_DUE = "probe due"
    NOBODY_ANSWERED = "nobody answered"
    ANNOUNCEMENT_DUE = "announcement due"
    CONFLICT = "conflict"
    CONFLICT_AGAIN = "conflict again"
    RELEASE = "release"


class Action(StrEnum):
    """What the host does about it."""

    SEND_PROBE = "snd probe"
    ANNOUNCE = "snd announcement"
    TAKE = "take the address"
    LET_GO = "let the address go"


class Transition(NamedTuple):
    """One row: what is done, in order; the state that follows; the section of RFC 5227."""

    actions: tuple[Action, ...]
    next: State
    section: str


def _rows() -> dict[tuple[State, ClaimEvent], Transition]:
    st, e, a = State, ClaimEvent, Action
    rows = {
        (st.PROBING, e.PROBE_DUE): Transition((a.SEND_PROBE,), st.PROBING, "2.1.1"),
        (st.PROBING, e.NOBODY_ANSWERED): Transition((a.TAKE, a.ANNOUNCE), st.ANNOUNCING, "2.3"),
        (st.PROBING, e.CONFLICT): Transition((a.LET_GO,), st.GIVEN_UP, "2.1.1"),
        (st.PROBING, e.RELEASE): Transition((), st.GIVEN_UP, "2.1.1"),
        (st.ANNOUNCING, e.ANNOUNCEMENT_DUE): Transition((a.ANNOUNCE,), st.IN_USE, "2.3"),
    }
    for state in (st.ANNOUNCING, st.IN_USE):
        rows[state, e.CONFLICT] = Transition((a.ANNOUNCE,), state, "2.4 (b)")
        rows[state, e.CONFLICT_AGAIN] = Transition((a.LET_GO,), st.GIVEN_UP, "2.4 (b)")
        rows[state, e.RELEASE] = Transition((), st.GIVEN_UP, "2.4")
    return rows


TRANSITIONS: Mapping[tuple[State, ClaimEvent], Transition] = _rows()
"""The life of a claim."""


class Claim:
    """One address, on its way to be a host's own, or in its use: `state` and `path` tell.

    `taken()` is called when the address may be used, `lost(why)` when it may not, or no longer.
    With `keep` the address is defended for ever, as a router or server may (section 2.4 c). The
    claim begins as soon as the interface is up. On a link without ARP nobody else can be there,
    and the address is taken at once.
    """

    def __init__(
        self,
        arp: Arp,
        interface: Interface,
        address: IPv4Address,
        taken: Callable[[], None],
        lost: Callable[[str], None],
        *,
        keep: bool = False,
    ) -> None:
        self.interface = interface
        self.address = address
        self.keep = keep
        self.state = State.PROBING
        self.path: list[tuple[State, ClaimEvent, State]] = []
        self.conflict_at: int | None = None
        self._arp = arp
        self._taken = taken
        self._lost = lost
        self._why = ""
        self._probes = 0
        self._chance = arp.sim.stream(f"probes for {address} on {interface.title}")
        self._timer = arp.sim.clock.timer(self._on_timer)
        arp.claims.append(self)
        if interface.is_up:
            self._begin()
        else:
            interface.on_up.append(self._begin)

    def __repr__(self) -> str:
        return f"<claim of {self.address} by {self.interface.title}, {self.state}>"

    def release(self) -> None:
        """Give the address up by one's own will; nobody is told."""
        if self.state is not State.GIVEN_UP:
            self._step(ClaimEvent.RELEASE, "the host has no use for it any more")

    def hear(self, arp: ArpPacket) -> None:
        """An ARP packet came by the interface: does it speak of this address?"""
        other = arp.sender_hardware_address
        if arp.sender_protocol_address == self.address:
            self._conflict(other, f"{other} uses {self.address}")
        elif (
            self.state is State.PROBING
            and arp.is_probe
            and arp.target_protocol_address == self.address
        ):
            self._conflict(other, f"{other} probes for {self.address} as well")

    # --- inside -----------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._begin in self.interface.on_up:
            self.interface.on_up.remove(self._begin)
        if not self.interface.resolves:
            self._step(ClaimEvent.NOBODY_ANSWERED, "the link has two ends, and no ARP")
        else:
            self._timer.arm(round(self._chance.random() * PROBE_WAIT))

    def _on_timer(self) -> None:
        if self.state is State.ANNOUNCING:
            self._step(ClaimEvent.ANNOUNCEMENT_DUE, "tell it twice, for one may be lost")
        elif self._probes < PROBE_NUM:
            self._probes += 1
            self._step(ClaimEvent.PROBE_DUE, f"probe {self._probes} of {PROBE_NUM}")
        else:
            self._step(ClaimEvent.NOBODY_ANSWERED, f"nobody answered {PROBE_NUM} probes")

    def _conflict(self, other: MacAddress, why: str) -> None:
        now, before = self._arp.sim.clock.now, self.conflict_at
        self.conflict_at = now
        if before is None or now - before >= DEFEND_INTERVAL:
            self._step(ClaimEvent.CONFLICT, why)
        elif not self.keep:
            since = show_time(now - before)
            self._step(ClaimEvent.CONFLICT_AGAIN, f"{why} again, {since} after the last time")

    def _step(self, event: ClaimEvent, why: str) -> None:
        row = TRANSITIONS[self.state, event]
        fields = {
            "address": str(self.address),
            "from": str(self.state),
            "to": str(row.next),
            "on": str(event),
        }
        arp, self._why = self._arp, f"{why} (RFC 5227 section {row.section})"
        arp.sim.record_cause(arp.host, "network", "claim", fields, self._why)
        self.path.append((self.state, event, row.next))
        self.state = row.next
        if self.state is State.GIVEN_UP:
            self._timer.cancel()
            arp.claims.remove(self)
            if self._begin in self.interface.on_up:
                self.interface.on_up.remove(self._begin)
        for action in row.actions:
            _ACTIONS[action](self)

    def _send_probe(self) -> None:
        probe = ArpPacket(
            REQUEST, self.interface.mac, IPv4Address.UNSPECIFIED, NOBODY, self.address
        )
        cause = self._arp.sim.clock.cause
        self.interface.send(MacAddress.BROADCAST, ETHERTYPE_ARP, probe.pack(), self._why, cause)
        wait = ANNOUNCE_WAIT
        if self._probes < PROBE_NUM:
            wait = PROBE_MIN + round(self._chance.random() * (PROBE_MAX - PROBE_MIN))
        self._timer.arm(wait)

    def _announce(self) -> None:
        if self.interface.resolves:
            self._arp.announce(self.interface, self.address, self._why)
        if self.state is State.ANNOUNCING and not self._timer.armed:
            self._timer.arm(ANNOUNCE_INTERVAL)

    def _take(self) -> None:
        self._taken()

    def _let_go(self) -> None:
        self._lost(self._why)


_ACTIONS: Mapping[Action, Callable[[Claim], None]] = {
    Action.SEND_PROBE: Claim._send_probe,
    Action.ANNOUNCE: Claim._announce,
    Action.TAKE: Claim._take,
    Action.LET_GO: Claim._let_go,
}
