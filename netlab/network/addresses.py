"""The addresses of one host: which are its own, which mean many, and which can't be.

The host follows the *weak* end system model (RFC 1122 section 3.3.4.2): it takes a packet for any
of its addresses, whichever interface it came by, and what it sends leaves by the interface that its
route names, whatever the source.
"""

from collections.abc import Iterator, Sequence
from typing import overload

from netlab.errors import ConfigurationError
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address, Prefix

REMEMBERED = 4096
"""Of so many addresses at most a host remembers what it made of them."""


class Addresses(Sequence[IPv4Address]):
    """The addresses of one host, in the order in which it got them; printed as `ip address` does.

    `own` maps each of them to its interface and network. `many` maps each address that means all
    hosts of a network to the interfaces of this host that are there: 255.255.255.255 to all, a
    network's last address, and its first one, by which some old hosts mean the same (RFC 1122
    section 3.3.6). Only `attach`, `add` and `remove` change them.
    """

    def __init__(self, host: str) -> None:
        self.interfaces: list[Interface] = []
        self.own: dict[IPv4Address, tuple[Interface, Prefix]] = {}
        self.many: dict[IPv4Address, list[Interface]] = {}
        self.known_sources: dict[IPv4Address, str] = {}
        """What `source_problem` made of those that it was asked about."""
        self._known_destinations: dict[IPv4Address, str] = {}
        self._host = host

    def attach(self, interface: Interface) -> None:
        """Another interface, as yet without an address."""
        self.interfaces.append(interface)
        self._changed()

    def add(self, interface: Interface, address: IPv4Address, prefix: Prefix) -> None:
        """Give an interface an address; it may have several. ConfigurationError for one of ours."""
        if address in self.own:
            raise ConfigurationError(f"{self._host} has the address {address} already")
        self.own[address] = (interface, prefix)
        self._changed()

    def remove(self, address: IPv4Address) -> None:
        """Take an address away. ConfigurationError where it isn't ours."""
        if address not in self.own:
            has = ", ".join(map(str, self.own)) or "none"
            raise ConfigurationError(f"{self._host} has no address {address}; it has {has}")
        del self.own[address]
        self._changed()

    def of(self, interface: Interface) -> list[tuple[IPv4Address, Prefix]]:
        """The addresses of one interface, each with its network."""
        return [(own, prefix) for own, (at, prefix) in self.own.items() if at is interface]

    def is_mine(self, address: IPv4Address) -> bool:
        """Whether packets for `address` are for this host itself. All of 127.0.0.0/8 is."""
        return address in self.own or address.is_loopback

    @overload
    def __getitem__(self, index: int) -> IPv4Address: ...
    @overload
    def __getitem__(self, index: slice) -> list[IPv4Address]: ...
    def __getitem__(self, index: int | slice) -> IPv4Address | list[IPv4Address]:
        return list(self.own)[index]

    def __len__(self) -> int:
        return len(self.own)

    def __iter__(self) -> Iterator[IPv4Address]:
        return iter(list(self.own))  # which may change meanwhile

    def __contains__(self, address: object) -> bool:
        return address in self.own

    def __repr__(self) -> str:
        lines = ["lo 127.0.0.1/8"]
        for interface in self.interfaces:
            given = [f"{address}/{prefix.length}" for address, prefix in self.of(interface)]
            lines.append(" ".join([interface.name, *given]))
        return "\n".join(lines)

    # --- martians ---------------------------------------------------------------------------

    def source_problem(self, src: IPv4Address) -> str:
        """Why no packet that comes by a link can have this source; nothing if one can."""
        if src not in self.known_sources:
            _remember(self.known_sources, src, self._source_problem(src))
        return self.known_sources[src]

    def forwarding_problem(self, src: IPv4Address, dst: IPv4Address) -> str:
        """Why no router sends such a packet on; nothing if one does (RFC 1812 section 5.3.7).

        `src` has passed `source_problem`, and `dst` means one host.
        """
        if dst not in self._known_destinations:
            _remember(self._known_destinations, dst, _destination_problem(dst))
        problem = self._known_destinations[dst]
        if not problem and (src.is_unspecified or src.is_link_local):
            problem = f"{src} is known on its own link only (RFC 1812 section 5.3.7, RFC 3927 7)"
        return problem

    def _source_problem(self, src: IPv4Address) -> str:
        if src in self.own:
            what = "it is this host's own"
        elif src.is_loopback:
            what = "by it every host means itself"
        elif src.is_multicast or (src in self.many and not src.is_unspecified):
            what = "it means many hosts"
        elif src.is_reserved:
            what = "it is reserved"
        elif src.is_this_network and not src.is_unspecified:
            what = "its network is 0, which means this one"
        else:
            return ""
        return f"{src} can't be a packet's source: {what} (RFC 1122 section 3.2.1.3)"

    def _changed(self) -> None:
        self.known_sources.clear()
        self.many.clear()
        for address in (IPv4Address.BROADCAST, IPv4Address.UNSPECIFIED):
            self.many[address] = list(self.interfaces)
        for interface, prefix in self.own.values():
            if prefix.broadcast is not None:
                for address in (prefix.broadcast, prefix.network):
                    self.many.setdefault(address, []).append(interface)


def _destination_problem(dst: IPv4Address) -> str:
    if dst.is_link_local:
        return f"{dst} is on its own link only: no router forwards there (RFC 3927 section 7)"
    if dst.is_multicast:
        what = "it means a group, and this router knows of none"
    elif dst.is_loopback:
        what = "by it every host means itself"
    elif dst.is_reserved:
        what = "it is reserved"
    elif dst.is_this_network:
        what = "its network is 0, which means this one"
    else:
        return ""
    return f"{dst} isn't an address to forward to: {what} (RFC 1812 section 5.3.7)"


def _remember(known: dict[IPv4Address, str], address: IPv4Address, what: str) -> None:
    if len(known) >= REMEMBERED:
        known.clear()
    known[address] = what
