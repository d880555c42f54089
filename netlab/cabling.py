"""What a cable may be plugged into, and which link comes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.cable import Cable
from netlab.link.chance import Spread
from netlab.link.ethernet import Ethernet
from netlab.link.framing import Framing
from netlab.link.hub import Hub, HubCable, HubPort
from netlab.link.interface import Interface, checked_mtu
from netlab.link.link import Link
from netlab.link.ppp import Ppp
from netlab.link.raw import RawIp
from netlab.link.switch import Switch, SwitchPort
from netlab.network.address import IPv4Address, Prefix
from netlab.network.ecn import mark
from netlab.probe import Probe
from netlab.sim.simulation import Simulation

if TYPE_CHECKING:
    from netlab.bridge.tap import Tap  # loaded only by who goes out of the simulation

Node: TypeAlias = "Host | Switch | Hub | Probe | Tap"
MEDIA: dict[str, type[Framing]] = {framing.name: framing for framing in (Ethernet, Ppp, RawIp)}
"""What a cable can be, by name."""


def kind_of(node: Node) -> str:
    """Host, Router, Switch, Hub, Probe or Tap."""
    return "Router" if isinstance(node, Host) and node.ipv4.forwarding else type(node).__name__


@dataclass(slots=True)
class End:
    """One end of a cable that is planned: nothing has been changed yet."""

    node: Node
    interface: Interface
    address: tuple[IPv4Address, Prefix] | None = None

    def plug_in(self) -> None:
        """The cable is there: a further interface of a host belongs to it from now on."""
        if isinstance(self.node, Host) and self.address is not None:
            self.node.add_interface(self.interface)
            self.node.configure(self.interface, *self.address)


def plan_end(
    node: Node,
    address: tuple[IPv4Address, Prefix] | None,
    new_mac: Callable[[], MacAddress],
) -> End:
    """The interface that a cable would go into: a new one of a router, a switch or a hub.

    A host has one from its beginning, and gets another where an `address` is given for it.
    """
    if isinstance(node, Host):
        return _plan_host(node, address, new_mac)
    if address is not None:
        raise ConfigurationError(
            f"{node.name} is a {kind_of(node).lower()}, which has no IPv4 address:"
            " addresses= is for routers and hosts"
        )
    if isinstance(node, Switch):
        return End(node, SwitchPort(node, f"port{len(node.ports) + 1}", new_mac()))
    if isinstance(node, Hub):
        return End(node, HubPort(node, f"port{len(node.ports) + 1}", new_mac()))
    return End(node, node.interface)


def _plan_host(
    host: Host, address: tuple[IPv4Address, Prefix] | None, new_mac: Callable[[], MacAddress]
) -> End:
    free = None if host.ipv4.forwarding else _first_free(host)
    if address is None and host.ipv4.forwarding:
        raise ConfigurationError(
            f"{host.name} is a router: say which address its new interface has, as in"
            " connect(router, host, addresses=('10.0.0.254/24', None))"
        )
    if address is None and free is None:
        eth = host.interfaces[0]
        raise ConfigurationError(
            f"{eth.title} is plugged into {eth.link.name if eth.link else ''} already;"
            f" an interface takes one cable. {host.name} gets another interface where addresses="
            " names an address for it"
        )
    if address is not None and free is not None:
        raise ConfigurationError(
            f"{host.name} has {free.name} for this cable, and that has its address already, or finds"
            " one: addresses= is for routers, and for a further interface of a host"
        )
    if free is not None:
        return End(host, free)
    name = f"eth{len(host.interfaces)}"
    return End(host, Interface(host.sim, host.name, name, new_mac()), address)


def _first_free(host: Host) -> Interface | None:
    return next((each for each in host.interfaces if each.link is None), None)


def make_link(
    sim: Simulation, a: End, b: End, medium: str, mtu: int | None, **options: Any
) -> Link:
    """The link between both ends. Raises `ConfigurationError` for what can't be."""
    if medium not in MEDIA:
        raise ConfigurationError(f"medium is one of {', '.join(MEDIA)}; got {medium!r}")
    for node in (a.node, b.node):
        if isinstance(node, Switch | Hub) and MEDIA[medium] is not Ethernet:
            raise ConfigurationError(f"{node.name} knows Ethernet alone; got medium={medium!r}")
    if mtu is not None:
        checked_mtu(options["name"], mtu)
    hubs = [node for node in (a.node, b.node) if isinstance(node, Hub)]
    link: Link
    if hubs:
        link = _make_hub_cable(sim, hubs, a.interface, b.interface, **options)
    else:
        link = Cable(sim, a.interface, b.interface, framing=MEDIA[medium], mark=mark, **options)
    for end in (a, b):
        end.plug_in()
        if mtu is not None:
            end.interface.mtu = mtu
    return link


def _make_hub_cable(
    sim: Simulation,
    hubs: list[Hub],
    a: Interface,
    b: Interface,
    *,
    rate: int | None,
    jitter: int | Spread,
    **options: Any,
) -> HubCable:
    hub = hubs[0]
    if any(each.rate != (rate or hub.rate) for each in hubs):
        raise ConfigurationError(
            f"all that is on a hub runs at its rate, {hub.rate} bit/s for {hub.name}, which is set by"
            f" net.hub(..., rate=...); got {rate or hubs[-1].rate}"
        )
    if jitter:
        raise ConfigurationError(f"{hub.name} repeats each bit as it comes: there is no jitter")
    if len(hubs) == 2 and hubs[0] is not hubs[1] and hubs[1] in hub.segment():
        raise ConfigurationError(
            f"{hubs[0].name} and {hubs[1].name} are joined already: in a loop of hubs each signal"
            " would go round for ever"
        )
    return HubCable(sim, a, b, rate=hub.rate, **options)
