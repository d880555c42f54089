"""A DHCP server (RFC 2131 section 4.3): it lends the addresses of a pool, each to one client for a time.

dhcp.serve(router, "10.0.0.100", "10.0.0.199", router="10.0.0.254")
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from netlab.application.dhcp.message import (
    BROADCAST,
    CLIENT_PORT,
    INFINITE,
    REPLY,
    REQUEST,
    SERVER_PORT,
    DhcpMessage,
    MessageType,
    Option,
)
from netlab.errors import ConfigurationError, ParseError
from netlab.network.address import IPv4Address
from netlab.units import duration, s, show_time

if TYPE_CHECKING:
    from netlab.host import Host

OFFER_TIME = 60 * s
"""So long an offered address is kept for the client to ask for it."""
LARGEST_POOL = 65_536

_REASONS = {
    MessageType.OFFER: "the pool has an address for this client (RFC 2131 section 4.3.1)",
    MessageType.ACK: "what the client asked for is granted (RFC 2131 section 4.3.2)",
    MessageType.NAK: "what the client asked for can't be: it must begin again (RFC 2131 4.3.2)",
}


class State(StrEnum):
    """What an address of the pool is."""

    OFFERED = "OFFERED"
    BOUND = "BOUND"
    RELEASED = "RELEASED"
    DECLINED = "DECLINED"
    """Somebody else uses it, a client said."""
    EXPIRED = "EXPIRED"


@dataclass(slots=True)
class Binding:
    """What is known of an address that was lent once: to whom, and until when it isn't free (ns)."""

    address: IPv4Address
    client: str
    name: str
    state: State
    expires: int


class DhcpServer:
    """The server of one network. `leases` are the addresses that it has lent, by address.

    A client is known by its identifier, or else by its Ethernet address. It gets the address that
    it has, or had; or the one it asks for; or one that nobody had yet; or the one that has been
    free for longest (RFC 2131 section 4.3.1).
    """

    def __init__(
        self,
        host: "Host",
        first: str,
        last: str,
        *,
        lease: int = 3600 * s,
        router: str | None = None,
    ) -> None:
        self.first, self.last = IPv4Address.parse(first), IPv4Address.parse(last)
        route = host.ipv4.routes.lookup(self.first)
        if route is None or route.gateway is not None or self.last not in route.prefix:
            raise ConfigurationError(
                f"{host.name} has no interface on the network of {first} to {last}"
            )
        if not 0 <= self.last - self.first < LARGEST_POOL:
            raise ConfigurationError(
                f"a pool has 1 to {LARGEST_POOL} addresses, the first of them before the last;"
                f" got {first} to {last}"
            )
        self.host = host
        self.interface, self.address, self.prefix = route.interface, route.source, route.prefix
        self.router = None if router is None else IPv4Address.parse(router)
        self.lease_time = duration(lease, "lease")
        if not 1 * s <= self.lease_time < INFINITE * s:
            raise ConfigurationError(f"a lease lasts for 1 second or more, as 1 * s; got {lease!r}")
        self.leases: dict[IPv4Address, Binding] = {}
        self._clients: dict[str, Binding] = {}
        self._fresh = int(self.first)  # nobody has had this one or any above it
        self._port = host.udp.bind(IPv4Address.UNSPECIFIED, SERVER_PORT, reuse=True)
        self._port.interface = self.interface
        self._port.taker = self._receive

    def __repr__(self) -> str:
        now = self.host.sim.clock.now
        lines = [f"{self.host.name} lends {self.first} to {self.last}"]
        for each in self.leases.values():
            state = self._state(each)
            left = f", {show_time(each.expires - now)} left" if each.expires > now else ""
            lines.append(f"{each.address} {state} {each.client} {each.name}".rstrip() + left)
        return "\n".join(lines)

    # --- what comes -------------------------------------------------------------------------

    def _receive(self, data: bytes, sender: tuple[IPv4Address, int]) -> None:
        what = "a message to a DHCP server"
        try:
            message = DhcpMessage.parse(data)
            what = f"DHCP {message.type_text}"
            if message.op != REQUEST:
                raise ParseError("not from a client")
            if message.giaddr:
                raise ParseError(f"by the relay {message.giaddr}: this server knows of none")
            if message.chaddr.is_multicast:
                raise ParseError(f"{message.chaddr} is not the address of one station")
            if message.ciaddr and not message.ciaddr.is_unicast:
                raise ParseError(f"{message.ciaddr} is not the address of one host")
            match message.message_type:
                case MessageType.DISCOVER:
                    self._on_discover(message)
                case MessageType.REQUEST:
                    self._on_request(message)
                case MessageType.DECLINE:
                    self._on_decline(message)
                case MessageType.RELEASE:
                    self._on_release(message)
                case MessageType.INFORM:
                    self._on_inform(message)
                case _:
                    raise ParseError("not for a DHCP server")
        except (ParseError, OSError) as error:
            fields = {"why": f"{what}: {error}"}
            self.host.sim.record(self.host.name, "application", "discarded", fields)

    def _on_discover(self, message: DhcpMessage) -> None:
        client = _client(message)
        address = self._choose(client, message.requested_address)
        if address is None:
            raise ParseError("the pool has no free address")
        bound = self._bound(client)
        if bound is None or not self._is_held(bound):
            self._bind(message, address, State.OFFERED, OFFER_TIME, "4.3.1")
        self._answer(message, MessageType.OFFER, address)

    def _on_request(self, message: DhcpMessage) -> None:
        server, address = message.server_identifier, message.requested_address
        bound = self._bound(_client(message))
        if server is not None and server != self.address:
            if bound is not None and bound.state is State.OFFERED:
                self._bind(message, bound.address, State.RELEASED, 0, "3.1 step 4")
            return
        if address is None:  # it has the address, and asks for more time
            address = message.ciaddr
        elif server is None and bound is None and address in self.prefix:
            # It comes back with an address of which this server knows nothing; another one may.
            raise ParseError("this server has no record of the client (RFC 2131 section 4.3.2)")
        if bound is not None and bound.address != address:
            self._refuse(message, f"{bound.address} is for this client, not {address}")
        elif bound is None and not self._is_free(address):
            self._refuse(message, f"{address} isn't to be had")
        else:
            self._bind(message, address, State.BOUND, self.lease_time, "4.3.2")
            self._answer(message, MessageType.ACK, address)

    def _on_decline(self, message: DhcpMessage) -> None:
        bound = self._own(message, message.requested_address)
        self._bind(message, bound.address, State.DECLINED, self.lease_time, "4.3.3")

    def _on_release(self, message: DhcpMessage) -> None:
        bound = self._own(message, message.ciaddr)
        self._bind(message, bound.address, State.RELEASED, 0, "4.3.4")

    def _on_inform(self, message: DhcpMessage) -> None:
        self._answer(message, MessageType.ACK, IPv4Address.UNSPECIFIED)

    def _own(self, message: DhcpMessage, address: IPv4Address | None) -> Binding:
        bound = self._bound(_client(message))
        if message.server_identifier != self.address or bound is None or bound.address != address:
            raise ParseError("about an address that this server hasn't lent to the client")
        return bound

    # --- the pool ---------------------------------------------------------------------------

    def _bound(self, client: str) -> Binding | None:
        """The address that a client has or had last; of one that it declined it wants no more."""
        bound = self._clients.get(client)
        return None if bound is None or bound.state is State.DECLINED else bound

    def _state(self, bound: Binding) -> State:
        over = self.host.sim.clock.now >= bound.expires
        return State.EXPIRED if over and bound.state is not State.RELEASED else bound.state

    def _is_held(self, bound: Binding) -> bool:
        return self._state(bound) in (State.OFFERED, State.BOUND, State.DECLINED)

    def _is_free(self, address: IPv4Address) -> bool:
        """Whether an address of the pool is nobody's."""
        bound = self.leases.get(address)
        return (
            self.first <= address <= self.last
            and address not in (self.prefix.network, self.prefix.broadcast, self.router)
            and not self.host.ipv4.is_mine(address)
            and (bound is None or not self._is_held(bound))
        )

    def _choose(self, client: str, wanted: IPv4Address | None) -> IPv4Address | None:
        bound = self._bound(client)
        if bound is not None:
            return bound.address
        if wanted is not None and self._is_free(wanted):
            return wanted
        while self._fresh <= self.last:
            address = IPv4Address(self._fresh)
            if address not in self.leases and self._is_free(address):
                return address
            self._fresh += 1
        free = [each for each in self.leases.values() if self._is_free(each.address)]
        return min(free, key=lambda each: each.expires).address if free else None

    def _bind(
        self, message: DhcpMessage, address: IPv4Address, state: State, time: int, section: str
    ) -> None:
        """Write down what becomes of an address."""
        client, now = _client(message), self.host.sim.clock.now
        before = self.leases.get(address)
        if before is not None and self._clients.get(before.client) is before:
            del self._clients[before.client]
        known = before.name if before is not None and before.client == client else ""
        name = message.options.get(Option.HOST_NAME, b"").decode("ascii", "replace") or known
        name = "".join(filter(str.isprintable, name))
        bound = Binding(address, client, name, state, now + time)
        self.leases[address] = self._clients[client] = bound
        fields = {"address": str(address), "client": client, "state": str(state)}
        reason = f"the client's {message.type_text} (RFC 2131 section {section})"
        self.host.sim.record_cause(self.host.name, "application", "lease", fields, reason)

    # --- what goes --------------------------------------------------------------------------

    def _answer(self, message: DhcpMessage, kind: MessageType, address: IPv4Address) -> None:
        options: dict[int, bytes] = {}
        if address:
            seconds = self.lease_time // s
            options[Option.LEASE_TIME] = seconds.to_bytes(4, "big")
            options[Option.RENEWAL_TIME] = (seconds // 2).to_bytes(4, "big")
            options[Option.REBINDING_TIME] = (seconds * 7 // 8).to_bytes(4, "big")
        options[Option.SUBNET_MASK] = self.prefix.netmask.packed
        if self.router is not None:
            options[Option.ROUTER] = self.router.packed
        self._send(message, kind, address, options)

    def _refuse(self, message: DhcpMessage, why: str) -> None:
        fields = {"client": _client(message), "why": why}
        reason = "the client must begin again (RFC 2131 section 4.3.2)"
        self.host.sim.record_cause(self.host.name, "application", "lease refused", fields, reason)
        options: dict[int, bytes] = {Option.MESSAGE: why.encode()}
        self._send(message, MessageType.NAK, IPv4Address.UNSPECIFIED, options)

    def _send(
        self,
        message: DhcpMessage,
        kind: MessageType,
        address: IPv4Address,
        options: Mapping[int, bytes],
    ) -> None:
        """Answer, to where the client can hear it (RFC 2131 section 4.1)."""
        common = {
            Option.MESSAGE_TYPE: bytes([kind]),
            Option.SERVER_IDENTIFIER: self.address.packed,
            **options,
        }
        ciaddr = message.ciaddr if kind is MessageType.ACK else IPv4Address.UNSPECIFIED
        answer = DhcpMessage(
            REPLY,
            message.xid,
            message.chaddr,
            common,
            flags=message.flags,
            ciaddr=ciaddr,
            yiaddr=address,
        )
        to = IPv4Address.BROADCAST
        if kind is not MessageType.NAK and message.ciaddr:
            to = message.ciaddr
        elif kind is not MessageType.NAK and not message.flags & BROADCAST and address:
            to = address
            why = "a DHCP client that has no address yet to be asked for (RFC 2131 section 4.1)"
            self.host.arp.learn(self.interface, address, message.chaddr, why)
        self.host.udp.send(self._port, answer.pack(), (to, CLIENT_PORT), reason=_REASONS[kind])


def serve(
    host: "Host", first: str, last: str, *, lease: int = 3600 * s, router: str | None = None
) -> DhcpServer:
    """Let `host` lend the addresses from `first` to `last`, for `lease` ns at a time.

    They belong to a network of the host, on whose interface it serves; `router` is what clients
    there are told to send packets for other networks to. Raises `ConfigurationError` for what can't
    be.
    """
    return DhcpServer(host, first, last, lease=lease, router=router)


def _client(message: DhcpMessage) -> str:
    """Whom a message is from (RFC 2131 section 4.2)."""
    identifier = message.options.get(Option.CLIENT_IDENTIFIER)
    return str(message.chaddr) if identifier is None else identifier.hex(":")
