"""Names of hosts, and the standard library's look-ups over them."""

import socket as std

from netlab.errors import ConfigurationError
from netlab.network.address import IPv4Address

LOCALHOST = IPv4Address.parse("127.0.0.1")

SERVICES = {"ftp": 21, "smtp": 25, "domain": 53, "http": 80, "pop3": 110, "nntp": 119}
"""Well-known ports (RFC 6335) of the protocols that the course is about."""


class Names:
    """The hosts of one network by name, as an /etc/hosts that all of them share."""

    def __init__(self) -> None:
        self._hosts: dict[str, tuple[str, IPv4Address]] = {}  # by name in lower case (RFC 4343)

    def add(self, name: str, address: IPv4Address) -> None:
        """Give `address` a name. The first address of a name stands."""
        self._hosts.setdefault(name.lower(), (name, address))

    def remove(self, name: str, address: IPv4Address) -> None:
        """Take the name from this address, if it has it."""
        if self._hosts.get(name.lower(), ("", None))[1] == address:
            del self._hosts[name.lower()]

    def resolve(self, name: object) -> IPv4Address:
        """The address for a name, or for an address as text. `socket.gaierror` for anything else."""
        if isinstance(name, bytes | bytearray):
            name = name.decode("ascii", "replace")
        if not isinstance(name, str):
            raise TypeError(f"a host is meant by its name or its address, a str; got {name!r}")
        if name == "":
            return IPv4Address.UNSPECIFIED
        if name == "localhost":
            return LOCALHOST
        if name == "<broadcast>":
            return IPv4Address.BROADCAST
        known = self._hosts.get(name.lower())
        if known is not None:
            return known[1]
        try:
            return IPv4Address.parse(name)
        except ConfigurationError:
            names = ", ".join(name for name, _ in self._hosts.values()) or "none"
            raise std.gaierror(
                std.EAI_NONAME, f"Name or service not known: {name!r} (the hosts here: {names})"
            ) from None

    def name_of(self, address: IPv4Address) -> str | None:
        """The name of an address, if it has one."""
        return next((name for name, known in self._hosts.values() if known == address), None)


def service_port(service: str | int | bytes | None) -> int:
    """The port of a service by name or number. `socket.gaierror` for one that isn't known."""
    if service is None:
        return 0
    if isinstance(service, bytes):
        service = service.decode("ascii", "replace")
    if isinstance(service, str):
        if not service.isdecimal():
            if service not in SERVICES:
                raise std.gaierror(std.EAI_SERVICE, f"Servname not supported: {service!r}")
            return SERVICES[service]
        service = int(service)
    if not 0 <= service <= 65_535:
        raise std.gaierror(std.EAI_SERVICE, f"Servname not supported: port {service}")
    return service


def getaddrinfo(
    names: Names,
    host: str | bytes | None,
    port: str | int | bytes | None,
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    """`socket.getaddrinfo` over these names: IPv4 only."""
    if family not in (0, std.AF_INET):
        raise std.gaierror(std.EAI_FAMILY, "Address family not supported: only IPv4 is there")
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    number = service_port(port)
    if host is None and port is None:
        raise std.gaierror(std.EAI_NONAME, "Name or service not known: neither is given")
    if host is None:
        address = IPv4Address.UNSPECIFIED if flags & std.AI_PASSIVE else LOCALHOST
    elif flags & std.AI_NUMERICHOST:
        address = Names().resolve(host)
    else:
        address = names.resolve(host)
    kinds = [
        (std.SOCK_STREAM, std.IPPROTO_TCP),
        (std.SOCK_DGRAM, std.IPPROTO_UDP),
    ]
    return [
        (std.AF_INET, kind, protocol, "", (str(address), number))
        for kind, protocol in kinds
        if type in (0, kind) and proto in (0, protocol)
    ]
