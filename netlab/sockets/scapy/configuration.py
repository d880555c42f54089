"""What Scapy reads of its machine (`conf`), read of a simulated host instead."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scapy.config import CacheInstance, Conf, conf
from scapy.interfaces import (
    InterfaceProvider,
    NetworkInterface,
    NetworkInterfaceDict,
    resolve_iface,
)
from scapy.route import Route
from scapy.route6 import Route6

from netlab.errors import ConfigurationError
from netlab.network.address import IPv4Address
from netlab.sockets.door import asking
from netlab.sockets.scapy.sockets import L2ListenSocket, L2Socket, L3Socket

if TYPE_CHECKING:
    from netlab.host import Host
    from netlab.network.routing import Route as HostRoute


class Provider(InterfaceProvider):
    """The interfaces of a host, whichever they are, take these sockets."""

    name = "netlab"

    def _l3socket(self, dev: NetworkInterface, ipv6: bool) -> Any:
        if ipv6:
            raise ConfigurationError("a simulated host speaks IPv4; got a packet for IPv6")
        if dev.name == conf.loopback_name:
            raise ConfigurationError(
                "the packet is for the very host that Scapy runs on here: what a host sends to"
                " itself is on no link. Send to it from another host"
            )
        return conf.L3socket


class Interfaces(NetworkInterfaceDict):
    """The host's interfaces by name, and the loopback."""

    def __init__(self, host: "Host") -> None:
        super().__init__()
        self._add(conf.loopback_name, 1, "00:00:00:00:00:00", ["127.0.0.1"])
        for number, interface in enumerate(host.interfaces, 2):
            own = [str(r.source) for r in host.ipv4.routes if r.interface is interface]
            self._add(interface.name, number, str(interface.mac), list(dict.fromkeys(own)))

    def _add(self, name: str, index: int, mac: str, ips: list[str]) -> None:
        data = {"name": name, "network_name": name, "description": name}
        self.data[name] = NetworkInterface(
            Provider(), {**data, "index": index, "mac": mac, "ips": ips}
        )

    def reload(self) -> None:
        """They are read anew each time that `conf.ifaces` is."""


class Routes(Route):
    """The host's routing table, and the routes that were added in Scapy alone."""

    def __init__(self, host: "Host") -> None:
        self._host = host
        super().__init__()

    def resync(self) -> None:
        """Forget what was added in Scapy."""
        self._added.clear()

    @property
    def routes(self) -> list[Any]:
        loopback = (0x7F000000, 0xFF000000, "0.0.0.0", conf.loopback_name, "127.0.0.1", 1)
        return [loopback, *(_row(route) for route in self._host.ipv4.routes), *self._added]

    @routes.setter
    def routes(self, rows: list[Any]) -> None:
        """Scapy begins with none."""
        self._added = rows

    def add(self, *args: Any, **kwargs: Any) -> None:
        self._added.append(self.make_route(*args, **kwargs))

    def delt(self, *args: Any, **kwargs: Any) -> None:
        """Only what was added in Scapy can be taken out again; ValueError for all else."""
        self._added.remove(self.make_route(*args, **kwargs))

    def route(self, *args: Any, **kwargs: Any) -> Any:
        self.invalidate_cache()  # the host's table may have changed
        return super().route(*args, **kwargs)


def _row(route: "HostRoute") -> tuple[int, int, str, str, str, int]:
    gateway = "0.0.0.0" if route.gateway is None else str(route.gateway)
    prefix = route.prefix
    return (
        int(prefix.network),
        int(prefix.netmask),
        gateway,
        route.interface.name,
        str(route.source),
        1,
    )


class NoRoutes6(Route6):
    """Of IPv6 there is none."""

    def __init__(self, host: "Host") -> None:
        super().__init__()

    def resync(self) -> None:
        self.invalidate_cache()


class Neighbours(CacheInstance):
    """The cache of `getmacbyip`: what the host's ARP knows, and what Scapy found out for itself."""

    __slots__ = ()

    def get(self, item: str, default: Any = None) -> Any:
        host = asking()
        if host is None:
            return super().get(item, default)
        entry = host.arp.table.get(IPv4Address.parse(item))
        if entry is not None and entry.mac is not None:
            return str(entry.mac)
        return self._found(host).get(item, default)

    def __setitem__(self, item: str, v: str) -> None:
        host = asking()
        if host is None:
            super().__setitem__(item, v)
        else:
            self._found(host)[item] = v

    def _found(self, host: "Host") -> Any:
        return host.lent.setdefault(self.name, CacheInstance(self.name, self.timeout))


class Lent:
    """An attribute of `conf` that each host has its own of: made when it is first asked for."""

    def __init__(self, make: Callable[["Host"], Any], *, keep: bool = True) -> None:
        self._make = make
        self._keep = keep

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        host = asking()
        if instance is None or host is None:
            return self._real(instance)
        if self._name in host.lent:
            return host.lent[self._name]
        value = self._make(host)
        if self._keep:
            host.lent[self._name] = value
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        host = asking()
        if host is not None:
            name = self._name
            host.lent[name] = resolve_iface(value) if name == "iface" else value
            return
        real = vars(Conf)[self._name]
        if hasattr(real, "__set__"):
            real.__set__(instance, value)
        else:
            vars(instance)[self._name] = value

    def _real(self, instance: Any) -> Any:
        real = vars(Conf)[self._name]
        if hasattr(real, "__get__"):
            return real.__get__(instance, Conf)
        return real if instance is None else vars(instance).get(self._name, real)


def _iface(host: "Host") -> NetworkInterface:
    """The interface of the default route, or else the first."""
    if not host.interfaces:
        raise ConfigurationError(f"{host.name} has no interface yet: net.connect() it to another")
    default = host.ipv4.routes.lookup(IPv4Address.UNSPECIFIED)
    interface = host.interfaces[0] if default is None else default.interface
    return Interfaces(host)[interface.name]


class HostConf(Conf):
    """The class of `conf` while its doors are open."""

    L2socket: Any = Lent(lambda host: L2Socket)
    L2listen: Any = Lent(lambda host: L2ListenSocket)
    L3socket: Any = Lent(lambda host: L3Socket)
    L3socket6: Any = Lent(lambda host: L3Socket)
    iface: Any = Lent(_iface, keep=False)
    ifaces: Any = Lent(Interfaces, keep=False)
    route: Any = Lent(Routes)
    route6: Any = Lent(NoRoutes6)
