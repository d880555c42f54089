"""A DHCP client (RFC 2131 section 4.4): it asks for an address, takes it, and asks for more time.

    laptop = net.host("laptop", boot=dhcp.boot)

The program `boot` ends when the host has its address. What the client does later, it does in the
background: no run waits for the renewal of a lease.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from netlab.application.dhcp.lease import Lease
from netlab.application.dhcp.message import (
    BROADCAST,
    CLIENT_PORT,
    REPLY,
    REQUEST,
    SERVER_PORT,
    DhcpMessage,
    MessageType,
    Option,
)
from netlab.application.dhcp.states import TRANSITIONS, Action, ClientEvent, State
from netlab.errors import ConfigurationError, ParseError
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address
from netlab.network.arp_claim import Claim
from netlab.sim.program import Signal
from netlab.units import minute, s

if TYPE_CHECKING:
    from netlab.host import Host

FIRST_WAIT = 4 * s
"""For an answer; doubled each time, and a second more or less by chance (RFC 2131 section 4.1)."""
TRIES = 4
"""So many messages without an answer, 60 seconds in all, and the client gives up."""
SHORTEST_WAIT = 60 * s
"""Between two questions for more time (RFC 2131 section 4.4.5)."""
AFTER_CONFLICT = 10 * s
"""Before it begins again with another address (RFC 2131 section 3.1 step 5)."""
LATER = 5 * minute
"""Before it begins again where there was no lease to be had."""
MOST_RESTARTS = 5
"""So many refusals or conflicts one after the other count as no lease to be had."""

_EVENTS: Mapping[int | None, ClientEvent] = {
    MessageType.OFFER: ClientEvent.RCV_OFFER,
    MessageType.ACK: ClientEvent.RCV_ACK,
    MessageType.NAK: ClientEvent.RCV_NAK,
}
_PARAMETERS = bytes([Option.SUBNET_MASK, Option.ROUTER, Option.RENEWAL_TIME, Option.REBINDING_TIME])


class DhcpClient:
    """The client of one interface. `state` and `path` tell where it stands, `lease` what it has.

    With `check` it makes sure by ARP that nobody has the address before it takes it (RFC 5227).
    `remembered` is an address from before, which it asks for again. `failed` says that no server
    gave it a lease when it last tried; it tries again every five minutes.
    """

    def __init__(
        self,
        host: "Host",
        interface: Interface | None = None,
        *,
        check: bool = True,
        remembered: str | None = None,
    ) -> None:
        if interface is None and not host.interfaces:
            raise ConfigurationError(f"{host.name} has no interface, by which DHCP could ask")
        self.host = host
        self.interface = interface or host.interfaces[0]
        self.check = check
        self.remembered = None if remembered is None else IPv4Address.parse(remembered)
        self.state = State.INIT if remembered is None else State.INIT_REBOOT
        self.path: list[tuple[State, ClientEvent, State]] = []
        self.lease: Lease | None = None
        self.failed = False
        self.changed = Signal(host.sim.clock)
        self._chance = host.sim.stream(f"DHCP on {self.interface.title}")
        self._timer = host.sim.clock.timer(self._on_timer)
        self._claim: Claim | None = None
        self._answer: Lease | None = None  # of the last offer, or acknowledgment
        self._event = ClientEvent.BEGIN
        self._why = ""
        self._xid = self._secs = self._tries = self._restarts = 0
        self._began_at = self._asked_at = 0
        self._port = host.udp.bind(IPv4Address.UNSPECIFIED, CLIENT_PORT, reuse=True)
        self._port.interface = self.interface
        self._port.taker = self._receive
        self.interface.on_up.append(self._link_is_up)
        host.on_power_off.append(self._timer.cancel)

    def __repr__(self) -> str:
        has = f", {self.lease.address}" if self.lease is not None else ""
        return f"<DHCP client of {self.interface.title}, {self.state}{has}>"

    def begin(self) -> None:
        """Ask for an address. ConfigurationError for a client that has begun already."""
        self._by_hand(ClientEvent.BEGIN, "an address is wanted")

    def release(self) -> None:
        """Give the address back. ConfigurationError for a client that has none."""
        self._by_hand(ClientEvent.RELEASE, "the address isn't needed any more")

    def _by_hand(self, event: ClientEvent, why: str) -> None:
        if (self.state, event) not in TRANSITIONS:
            raise ConfigurationError(f"{self!r} is in no state for this: {event}")
        self.failed = self._timer.background = False
        self._restarts = 0
        with self.host.sim.clock:
            self._step(event, why)

    # --- what comes -------------------------------------------------------------------------

    def _receive(self, data: bytes, sender: tuple[IPv4Address, int]) -> None:
        what = "a message from a DHCP server"
        try:
            message = DhcpMessage.parse(data)
            what = f"DHCP {message.type_text}"
            self._take_in(message)
        except ParseError as error:
            self._discard(f"{what}: {error}")

    def _take_in(self, message: DhcpMessage) -> None:
        """Raises `ParseError` for a message that is of no use."""
        event = _EVENTS.get(message.message_type)
        if (message.op, message.xid, message.chaddr) != (REPLY, self._xid, self.interface.mac):
            raise ParseError("not an answer to this client's question")
        if event is None or (self.state, event) not in TRANSITIONS or self._is_checking:
            raise ParseError(f"not awaited in {self.state} (RFC 2131 section 4.4)")
        server = message.server_identifier
        asked = self._answer if self.state is State.REQUESTING else None
        if server is None:
            raise ParseError("it doesn't say from which server it is (RFC 2131 section 4.3.1)")
        if asked is not None and server != asked.server:
            raise ParseError(f"{server} isn't the server that was asked, {asked.server}")
        if event is not ClientEvent.RCV_NAK:
            answer = Lease.read(message, server, self._asked_at)
            if self._wanted not in (None, answer.address):
                raise ParseError(f"it is about {answer.address}, and not {self._wanted}")
            if self.lease is None and answer.address in self.host.ipv4.addresses:
                raise ParseError(f"{answer.address} is an address of this host already")
            self._answer = answer
        self._step(event, f"{server} says so")

    @property
    def _is_checking(self) -> bool:
        """Whether an address was acknowledged, and isn't taken before nobody answers for it."""
        return self._claim is not None and self.lease is None

    @property
    def _wanted(self) -> IPv4Address | None:
        """The address that was asked for; None while any will do."""
        if self.lease is not None:
            return self.lease.address
        if self.state is State.REQUESTING and self._answer is not None:
            return self._answer.address
        return self.remembered if self.state is State.REBOOTING else None

    # --- the machine ------------------------------------------------------------------------

    def _step(self, event: ClientEvent, why: str) -> None:
        row = TRANSITIONS[self.state, event]
        fields = {"from": str(self.state), "to": str(row.next), "on": str(event)}
        sim = self.host.sim
        self._why = f"{why} (RFC 2131 section {row.section})"
        sim.record_cause(self.host.name, "application", "dhcp", fields, self._why)
        self.path.append((self.state, event, row.next))
        if row.next is not self.state:
            self._tries = 0
        self.state, self._event = row.next, event
        self._timer.cancel()
        for action in row.actions:
            _ACTIONS[action](self)

    def _link_is_up(self) -> None:
        """What was said while it was down nobody heard: don't wait any longer."""
        if self.lease is None and self._timer.armed:
            self._tries = min(self._tries, TRIES - 1)
            self._timer.arm(0)

    def _on_timer(self) -> None:
        now, lease = self.host.sim.clock.now, self.lease
        if lease is None:
            if self.state in (State.INIT, State.INIT_REBOOT):
                self._step(ClientEvent.BEGIN, "it is time to try again")
            elif self._tries < TRIES:
                self._step(ClientEvent.RETRY, f"message {self._tries} had no answer")
            else:
                self._step(ClientEvent.NO_ANSWER, f"{TRIES} messages had no answer")
        elif self.state is State.BOUND:
            self._step(ClientEvent.T1, "half of the lease's time has passed")
        elif self.state is State.RENEWING and lease.t2 is not None and now >= lease.t2:
            self._step(ClientEvent.T2, "its server doesn't answer, and little time is left")
        elif lease.expires is not None and now >= lease.expires:
            self._step(ClientEvent.EXPIRED, "no server gave it more time")
        else:
            self._step(ClientEvent.RETRY, "still no answer")

    def _send_discover(self) -> None:
        self._new_question()
        wanted = self.remembered
        options: dict[int, bytes] = (
            {} if wanted is None else {Option.REQUESTED_ADDRESS: wanted.packed}
        )
        self._send(MessageType.DISCOVER, options)
        self._await_answer()

    def _send_request(self) -> None:
        self._asked_at = now = self.host.sim.clock.now
        if self.state is not State.REQUESTING:  # which goes on with the number of the DISCOVER
            self._new_question()
        lease, wanted = self.lease, self._wanted
        if lease is None:
            assert wanted is not None
            options: dict[int, bytes] = {Option.REQUESTED_ADDRESS: wanted.packed}
            if self.state is State.REQUESTING and self._answer is not None:
                options[Option.SERVER_IDENTIFIER] = self._answer.server.packed
            self._send(MessageType.REQUEST, options)
            self._await_answer()
            return
        renewing = self.state is State.RENEWING
        to = lease.server if renewing else IPv4Address.BROADCAST
        self._send(MessageType.REQUEST, {}, to, lease.address)
        until = lease.t2 if renewing else lease.expires
        left = max(0, (until or now) - now)
        self._timer.arm(min(max(left // 2, SHORTEST_WAIT), left))

    def _send_decline(self) -> None:
        assert self._answer is not None
        options: dict[int, bytes] = {
            Option.REQUESTED_ADDRESS: self._answer.address.packed,
            Option.SERVER_IDENTIFIER: self._answer.server.packed,
        }
        self._send(MessageType.DECLINE, options)

    def _send_release(self) -> None:
        lease = self.lease
        assert lease is not None
        self._new_question()
        options: dict[int, bytes] = {Option.SERVER_IDENTIFIER: lease.server.packed}
        self._send(MessageType.RELEASE, options, lease.server, lease.address)

    def _check_address(self) -> None:
        assert self._answer is not None
        if not self.check:
            self._step(ClientEvent.ADDRESS_FREE, "nobody asks")
            return
        self._claim = Claim(
            self.host.arp,
            self.interface,
            self._answer.address,
            lambda: self._step(ClientEvent.ADDRESS_FREE, "nobody answers for it"),
            self._conflict,
        )

    def _conflict(self, why: str) -> None:
        self._claim = None
        self._step(ClientEvent.ADDRESS_TAKEN, why)

    def _take_address(self) -> None:
        lease = self._answer
        assert lease is not None
        self.host.add_address(self.interface, lease.address, lease.prefix, lease.gateway)
        self._lease_goes_on()

    def _lease_goes_on(self) -> None:
        self.lease = lease = self._answer
        assert lease is not None
        self._restarts = 0
        self.failed = False
        self.remembered = lease.address
        self._timer.background = True
        if lease.t1 is not None:
            self._timer.arm(max(0, lease.t1 - self.host.sim.clock.now))
        self.changed.notify()

    def _drop_address(self) -> None:
        assert self.lease is not None
        if self._claim is not None:
            self._claim.release()
            self._claim = None
        if self.lease.address in self.host.ipv4.addresses:
            self.host.remove_address(self.lease.address)
        self.lease = None

    def _tell_failure(self) -> None:
        self.failed = True
        self._timer.background = True
        self.changed.notify()

    def _begin_again(self) -> None:
        self._restarts += 1
        if self._event in (ClientEvent.ADDRESS_TAKEN, ClientEvent.RCV_NAK):
            self.remembered = None
        if self._restarts >= MOST_RESTARTS:
            self._tell_failure()
        taken = self._event is ClientEvent.ADDRESS_TAKEN
        self._timer.arm(LATER if self.failed else AFTER_CONFLICT if taken else 0)

    # --- inside -----------------------------------------------------------------------------

    def _new_question(self) -> None:
        """Each has a number of its own, and tells how long the client has been asking."""
        now = self.host.sim.clock.now
        if not self._tries:
            self._xid = self._chance.getrandbits(32)
            self._began_at = now
        self._secs = min((now - self._began_at) // s, 0xFFFF)

    def _await_answer(self) -> None:
        wait = (FIRST_WAIT << self._tries - 1) + round((2 * self._chance.random() - 1) * s)
        self._timer.arm(wait)

    def _send(
        self,
        kind: MessageType,
        options: Mapping[int, bytes],
        to: IPv4Address = IPv4Address.BROADCAST,
        ciaddr: IPv4Address = IPv4Address.UNSPECIFIED,
    ) -> None:
        """Send a message with what all have in common (RFC 2131 table 5)."""
        self._tries += 1
        asks = kind in (MessageType.DISCOVER, MessageType.REQUEST)
        common = {Option.MESSAGE_TYPE: bytes([kind]), **options}
        if asks:
            common[Option.HOST_NAME] = self.host.name.encode()
            common[Option.PARAMETERS] = _PARAMETERS
        message = DhcpMessage(
            REQUEST,
            self._xid,
            self.interface.mac,
            common,
            secs=self._secs if asks else 0,
            flags=BROADCAST if asks and ciaddr.is_unspecified else 0,
            ciaddr=ciaddr,
        )
        try:
            self.host.udp.send(self._port, message.pack(), (to, SERVER_PORT), reason=self._why)
        except OSError as error:
            self._discard(f"DHCP {message.type_text} can't be sent: {error}")

    def _discard(self, why: str) -> None:
        self.host.sim.record(self.host.name, "application", "discarded", {"why": why})


_ACTIONS: Mapping[Action, Callable[[DhcpClient], None]] = {
    Action.SEND_DISCOVER: DhcpClient._send_discover,
    Action.SEND_REQUEST: DhcpClient._send_request,
    Action.SEND_DECLINE: DhcpClient._send_decline,
    Action.SEND_RELEASE: DhcpClient._send_release,
    Action.CHECK_ADDRESS: DhcpClient._check_address,
    Action.TAKE_ADDRESS: DhcpClient._take_address,
    Action.LEASE_GOES_ON: DhcpClient._lease_goes_on,
    Action.DROP_ADDRESS: DhcpClient._drop_address,
    Action.TELL_FAILURE: DhcpClient._tell_failure,
    Action.BEGIN_AGAIN: DhcpClient._begin_again,
}


def boot(host: "Host", *, check: bool = True, remembered: str | None = None) -> DhcpClient:
    """A program that gets the host an address by DHCP, on its first interface.

    Returns the client, which looks after the lease from then on; the options are those of
    `DhcpClient`. Raises `TimeoutError` when there is no lease to be had; the client goes on trying.
    """
    client = DhcpClient(host, check=check, remembered=remembered)
    client.begin()
    with host.sim.clock as clock:
        clock.wait(
            client.changed,
            lambda: client.state is State.BOUND or client.failed,
            None,
            "DHCP, for a lease",
        )
    if client.failed:
        raise TimeoutError(
            f"no DHCP server gave {host.name} a lease; the record tells what was said"
        )
    return client
