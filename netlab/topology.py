"""A network: hosts and routers, the cables between them, and the time that they share."""

import itertools
import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from netlab.cabling import Node, make_link, plan_end
from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.chance import Spread
from netlab.link.hub import Hub
from netlab.link.interface import DEFAULT_MTU, Interface
from netlab.link.link import Link
from netlab.link.queue import DEFAULT_QUEUE, EcnQueue
from netlab.link.switch import AGEING, CAPACITY, Switch
from netlab.network.address import IPv4Address, Prefix, parse_interface
from netlab.probe import Probe
from netlab.progress import notebook_line
from netlab.sim.clock import Clock
from netlab.sim.program import Program
from netlab.sim.recording import Recorder
from netlab.sim.simulation import Simulation
from netlab.sockets.door import installed
from netlab.sockets.names import Names
from netlab.trace.frame import Frame
from netlab.trace.trace import Trace
from netlab.units import Mbps, count, duration

if TYPE_CHECKING:
    from netlab.bridge.tap import Tap
    from netlab.views.topology import Topology

LONGEST_NAME = 63
"""Characters of a host's name: a label's, in RFC 1035 section 2.3.4."""


class Network:
    """Machines and cables, in virtual time.

    The same `seed` gives the same run, to the byte. ``clock="real"`` runs on the machine's own time
    in a background thread. ``record=False`` keeps no trace, which saves a little time and memory;
    ``record=100_000`` keeps so many events, the newest, of a run that has no end.
    """

    def __init__(self, seed: int = 0, *, clock: str = "virtual", record: bool | int = True) -> None:
        recorder = Recorder(None if isinstance(record, bool) else count(record, "record"))
        recorder.enabled = record is not False
        self.sim = Simulation(seed, _clock(clock), recorder)
        self.names = Names()
        self.nodes: dict[str, Node] = {}
        self.links: list[Link] = []
        self._trace = Trace(self.sim.recorder, start=self.sim.clock.epoch)
        self.sim.clock.around = installed
        self.sim.clock.on_progress = notebook_line()
        self._macs = 0
        self._close = weakref.finalize(self, self.sim.close)

    def __repr__(self) -> str:
        nodes = ", ".join(self.nodes) or "no hosts"
        return f"<network of {nodes}; {len(self.links)} cables; seed {self.sim.seed}>"

    @property
    def hosts(self) -> dict[str, Host]:
        """Hosts and routers, by name."""
        return {name: node for name, node in self.nodes.items() if isinstance(node, Host)}

    @property
    def switches(self) -> dict[str, Switch]:
        """Switches, by name."""
        return {name: node for name, node in self.nodes.items() if isinstance(node, Switch)}

    @property
    def hubs(self) -> dict[str, Hub]:
        """Hubs, by name."""
        return {name: node for name, node in self.nodes.items() if isinstance(node, Hub)}

    @property
    def probes(self) -> dict[str, Probe]:
        """Probes, by name."""
        return {name: node for name, node in self.nodes.items() if isinstance(node, Probe)}

    # --- building ---------------------------------------------------------------------------

    def host(
        self,
        name: str,
        address: str | None = None,
        *,
        gateway: str | None = None,
        mtu: int = DEFAULT_MTU,
        conflict_detection: bool = False,
        boot: Callable[[Host], object] | None = None,
    ) -> Host:
        """A host with one interface and one address, such as ``net.host("alice", "10.0.0.1/24")``.

        One without an address must learn it from others (RARP, DHCP). `gateway` is where packets
        for other networks go. With `conflict_detection` the host makes sure that nobody else has
        its address before it takes it (RFC 5227), which somebody may have then. `boot` is a program
        that it runs when it is switched on. Raises `ConfigurationError` for a name or an address
        that is taken, or isn't one.
        """
        find = parse_interface if conflict_detection else self._free_address
        given = None if address is None else find(address)
        router = None if gateway is None else IPv4Address.parse(gateway)
        host = Host(self.sim, self._free_name(name), self.names)
        interface = Interface(self.sim, name, "eth0", self._new_mac(), mtu)
        host.add_interface(interface)
        if given is not None:
            host.configure(interface, *given, router, conflict_detection=conflict_detection)
        elif router is not None:
            raise ConfigurationError(f"{name} has no address from which to send to {gateway}")
        self.nodes[name] = host
        host.boot = boot
        host.switch_on()
        return host

    def router(self, name: str) -> Host:
        """A router: a host that forwards. It gets an interface with each cable that is plugged in.

        Raises `ConfigurationError` for a name that is taken, or isn't one.
        """
        router = Host(self.sim, self._free_name(name), self.names, forwarding=True)
        self.nodes[name] = router
        return router

    def switch(self, name: str, *, ageing: int = AGEING, capacity: int = CAPACITY) -> Switch:
        """A learning switch, which gets a port with each cable.

        It remembers `capacity` stations, each for `ageing` ns after it was last heard. Raises
        `ConfigurationError` for a name that is taken, or isn't one.
        """
        switch = Switch(self.sim, self._free_name(name), ageing=ageing, capacity=capacity)
        self.nodes[name] = switch
        return switch

    def hub(self, name: str, *, rate: int = 10 * Mbps) -> Hub:
        """A hub, which gets a port with each cable: all on it share `rate` (bit/s), half-duplex.

        Raises `ConfigurationError` for a name that is taken, or isn't one.
        """
        hub = Hub(self.sim, self._free_name(name), rate)
        self.nodes[name] = hub
        return hub

    def probe(self, name: str) -> Probe:
        """The bare end of a link, without a stack: ``.send(frame)``, ``.received``.

        Raises `ConfigurationError` for a name that is taken, or isn't one.
        """
        probe = Probe(self.sim, self._free_name(name), self._new_mac())
        self.nodes[name] = probe
        return probe

    def tap(self, name: str = "tap0", address: str | None = None) -> "Tap":
        """The kernel of this machine, behind a TAP device of that name; on the real clock only.

        The device is made if it isn't there, and goes with the network then. The kernel's side gets
        the `address`, such as "10.79.0.1/24", and is set up; None leaves it as it is. Raises
        `ConfigurationError` for what is taken, or in virtual time, and `BridgeError` where this
        machine lacks what that takes.
        """
        from netlab.bridge.device import TapDevice
        from netlab.bridge.tap import Tap

        if not self.sim.clock.real:
            raise ConfigurationError(
                "a kernel lives in the time of its machine: a TAP device takes a"
                ' Network(clock="real")'
            )
        given = None if address is None else self._free_address(address)
        device = TapDevice(self._free_name(name))
        if given is not None:
            device.set_up(str(given[0]), str(given[1].netmask))
            self.names.add(name, given[0])
        tap = self.nodes[name] = Tap(self.sim, device)
        return tap

    def connect(
        self,
        a: Node,
        b: Node,
        *,
        medium: str = "ethernet",
        delay: int = 0,
        rate: int | None = None,
        loss: float = 0.0,
        jitter: int | Spread = 0,
        queue: int | EcnQueue = DEFAULT_QUEUE,
        mtu: int | None = None,
        addresses: Sequence[str | None] = (None, None),
    ) -> Link:
        """Plug a cable into two machines.

        `medium` is "ethernet", "serial" for a line with PPP's framing, or "raw" for IP packets
        without any. `delay` and `jitter` are in ns, `rate` in bit/s (None: no limit, or that of a
        hub); `queue` frames wait at each end at most, and `loss` is the probability that a frame is
        lost (other models of these: `netlab.link.chance`, `netlab.link.queue`). `mtu` is set at
        both ends. `addresses` names, for each router among the two, the address of its new
        interface; so does a host get another one, which has its first in use. Returns the link, on
        which faults can be set: ``link.drop(frame=3)``.

        Raises `ConfigurationError` for what can't be, and leaves the network as it was.
        """
        if not isinstance(addresses, tuple | list) or len(addresses) != 2:
            raise ConfigurationError(
                "addresses= is a pair, the address of each router's new interface and None for a"
                f" host, such as (None, '10.0.0.254/24'); got {addresses!r}"
            )
        for node in (a, b):
            if node not in self.nodes.values():
                raise ConfigurationError(
                    "connect() takes two hosts of this network, or switches, hubs, routers, probes, taps;"
                    f" got {node!r}"
                )
        given = [None if text is None else self._free_address(text) for text in addresses]
        end_a, end_b = (
            plan_end(node, address, self._new_mac)
            for node, address in zip((a, b), given, strict=True)
        )
        if end_a.address and end_b.address and end_a.address[0] == end_b.address[0]:
            raise ConfigurationError(
                f"both ends of the cable can't have the address {end_a.address[0]}"
            )
        link = make_link(
            self.sim,
            end_a,
            end_b,
            medium,
            mtu,
            delay=delay,
            rate=rate,
            loss=loss,
            jitter=jitter,
            queue=queue,
            name=self._free_link_name(f"{a.name}-{b.name}"),
            frame_type=Frame,
        )
        self.links.append(link)
        return link

    # --- running ----------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The virtual time, in ns since the network was made."""
        return self.sim.clock.now

    def run(self, until: int | Callable[[], bool] | None = None) -> None:
        """Let everything happen that is still to happen.

        `until` is a time (ns), or a condition: a function that is asked after each event. Raises
        `DeadlockError` when nothing is left to happen and a program still waits that isn't a
        daemon, or the condition doesn't hold.
        """
        if callable(until):
            self.sim.clock.run_until(until)
        else:
            self.sim.clock.run(None if until is None else duration(until, "until"))

    def run_for(self, time: int) -> None:
        """Let `time` ns pass."""
        self.run(self.now + duration(time, "time"))

    def step(self) -> bool:
        """Let one event happen. False when nothing is left to happen."""
        return self.sim.clock.step()

    def stop(self) -> None:
        """Make the present `run()` return after the event that is being handled."""
        self.sim.clock.stop()

    @property
    def trace(self) -> Trace:
        """What has happened so far, and why."""
        for name, node in self.nodes.items():
            addresses = node.ipv4.addresses if isinstance(node, Host) else []
            self._trace.addresses[name] = ", ".join(map(str, addresses))
        return self._trace

    def topology(self, at: int | None = None) -> "Topology":
        """The map: machines with addresses, cables, and the frames in flight now, or `at` a time (ns).

        Machines and cables are shown as they are now; frames of the past are those on record.
        """
        from netlab.views.topology import Topology

        return Topology(self, at)

    @property
    def programs(self) -> list[Program]:
        """The programs that haven't ended."""
        return list(self.sim.clock.programs)

    def on_progress(self, listener: Callable[[Clock], None] | None) -> None:
        """Have `listener` called with the clock from time to time during a long run.

        It is called once more when such a run ends: `clock.running` is false then. By default a
        notebook shows a line, and nothing is shown elsewhere; None is silence.
        """
        self.sim.clock.on_progress = listener

    def close(self) -> None:
        """End all programs. A network that nobody holds any more closes by itself."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- inside -----------------------------------------------------------------------------

    def _free_name(self, name: object) -> str:
        if not isinstance(name, str) or not name.replace("-", "").isalnum():
            raise ConfigurationError(
                f"a host's name is made of letters, digits and hyphens, such as alice; got {name!r}"
            )
        if len(name) > LONGEST_NAME or name[0] == "-" or name[-1] == "-" or name.isdigit():
            raise ConfigurationError(
                f"a host's name has {LONGEST_NAME} characters at most, a hyphen only within, and is"
                f" no mere number, which would be read as an address; got {name!r}"
            )
        if name.lower() == "localhost":
            raise ConfigurationError("every host is 'localhost' to itself; give it another name")
        for other, node in self.nodes.items():
            if other.lower() == name.lower():  # names are looked up so (RFC 4343)
                kind = type(node).__name__.lower()
                raise ConfigurationError(f"there is a {kind} {other!r} already: {node!r}")
        return name

    def _free_link_name(self, name: str) -> str:
        """Another cable between the same two is called alice-bob-2."""
        taken = {link.name for link in self.links}
        numbered = (f"{name}-{number}" for number in itertools.count(2))
        return next(each for each in itertools.chain([name], numbered) if each not in taken)

    def _free_address(self, text: str) -> tuple[IPv4Address, Prefix]:
        address, prefix = parse_interface(text)
        for host in self.hosts.values():
            if address in host.ipv4.addresses:
                raise ConfigurationError(
                    f"{address} belongs to {host.name} already; every interface has its own address"
                )
        return address, prefix

    def _new_mac(self) -> MacAddress:
        self._macs += 1
        return MacAddress(0x020000000000 + self._macs)  # 02: chosen locally, not by a maker


def _clock(kind: str) -> Clock:
    if kind == "virtual":
        return Clock()
    if kind == "real":
        from netlab.sim.realtime import RealTimeClock

        return RealTimeClock()
    raise ConfigurationError(f'clock must be "virtual" or "real"; got {kind!r}')
