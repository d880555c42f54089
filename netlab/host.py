"""One machine: its interfaces, and its layers assembled on them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from netlab.errors import ConfigurationError
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address, Prefix
from netlab.network.arp import Arp
from netlab.network.icmp import Icmp
from netlab.network.ipv4 import Ipv4
from netlab.network.reassembly import check_reassembler
from netlab.sim.program import Program
from netlab.sim.simulation import Simulation
from netlab.sockets.arguments import SOCK_STREAM
from netlab.sockets.door import speaking
from netlab.sockets.names import Names
from netlab.sockets.socket import Socket
from netlab.transport.tcp.endpoint import Tcp
from netlab.transport.tcp.parts import check_part
from netlab.transport.udp import Udp

if TYPE_CHECKING:
    from scapy.packet import Packet

    from netlab.application.ping import Ping
    from netlab.application.traceroute import Traceroute
    from netlab.network.arp_claim import Claim

DEFAULT = Prefix(IPv4Address.UNSPECIFIED, 0)
"""All addresses: the prefix of the route for what has no better one."""
PARTS = ("transitions", "rto", "congestion", "reassembler")


class Host:
    """A host, or with `forwarding` a router. Networks make them: ``net.host("alice", "10.0.0.1/24")``.

    The layers can be read while it runs: `arp.table`, `ipv4.routes`, `ipv4.path_mtu.table`,
    `icmp.redirects.table`, `udp.ports`, `tcp.connections`.
    """

    def __init__(
        self, sim: Simulation, name: str, names: Names, *, forwarding: bool = False
    ) -> None:
        self.name = name
        self.names = names
        self.sim = sim
        self.interfaces: list[Interface] = []
        self.sockets_made = 0
        self.lent: dict[str, Any] = {}  # what Scapy keeps for this host: see `netlab.sockets.scapy`
        self.boot: Callable[..., Any] | None = None
        self.booted: Program | None = None
        self.on_power_off: list[Callable[[], None]] = []
        self._on_disk: list[Callable[[], object]] = []
        self._choose_port: Callable[[], float] | None = None
        self._assemble(forwarding)

    def _assemble(self, forwarding: bool) -> None:
        sim, name = self.sim, self.name
        self.ipv4 = Ipv4(sim, name)
        self.ipv4.forwarding = forwarding
        self.icmp = Icmp(sim, name, self.ipv4)
        self.udp = Udp(sim, name, self.ipv4)
        self.tcp = Tcp(sim, name, self.ipv4)
        self.tcp.port_numbers.random = self.udp.port_numbers.random = self._choose_port

    @property
    def random_ports(self) -> bool:
        """Whether programs that name no port get one that nobody can guess (RFC 6056), TCP and UDP.

        By default they get 49152, 49153, and so on, which are easier to follow.
        """
        return self._choose_port is not None

    @random_ports.setter
    def random_ports(self, value: bool) -> None:
        choose = self.sim.stream(f"ports of {self.name}").random if value else None
        self._choose_port = self.tcp.port_numbers.random = self.udp.port_numbers.random = choose

    @property
    def arp(self) -> Arp:
        """The Address Resolution Protocol of this host; `.table` is its cache."""
        return self.ipv4.arp

    @property
    def address(self) -> IPv4Address:
        """Its first address. ConfigurationError where it has none."""
        addresses = self.ipv4.addresses
        if not addresses:
            raise ConfigurationError(f"{self.name} has no IPv4 address yet")
        return addresses[0]

    def __repr__(self) -> str:
        addresses = ", ".join(str(address) for address in self.ipv4.addresses) or "no address"
        return f"<{'router' if self.ipv4.forwarding else 'host'} {self.name}, {addresses}>"

    # --- programs ---------------------------------------------------------------------------

    def socket(self, kind: int = SOCK_STREAM) -> Socket:
        """A new socket of this host: TCP, or UDP with ``socket.SOCK_DGRAM``."""
        return Socket(self, kind)

    def start(
        self,
        function: Callable[..., Any],
        *args: Any,
        daemon: bool = False,
        name: str | None = None,
    ) -> Program:
        """Run `function(host, *args)` as a program on this host, beginning with the next event.

        Inside it the standard library's `socket` is this host's, as with `on(host)`. A `daemon` may
        wait for ever without that being an error.
        """
        if not callable(function):
            raise ConfigurationError(
                f"start() takes a function, to be called with the host; got {function!r}"
            )

        def body() -> Any:
            with speaking(self):
                return function(self, *args)

        if name is None:
            name = str(getattr(function, "__name__", type(function).__name__))
        program = Program(
            self.sim.clock,
            name,
            self.name,
            body,
            daemon=daemon,
            observer=self._observe,
        )
        self.sim.clock.start(program)
        return program

    def ping(self, target: str, **options: Any) -> "Ping":
        """Ask a name or an address for echoes, as the program `ping` does; prints as its output.

        The options: ``count=4, interval=1 * s, size=56, ttl=None, timeout=10 * s,
        dont_fragment=False, record_route=False, timestamps=""`` (see `netlab.application.ping`).
        The result has `.lines`, `.transmitted`, `.received` and `.rtts` (ns). Raises `gaierror` for
        a name that nobody has, and OSError where no route leads there.
        """
        from netlab.application.ping import ping  # which few need

        return ping(self, target, **options)

    def traceroute(self, target: str, **options: Any) -> "Traceroute":
        """Find the routers on the way to a name or an address, as the program `traceroute` does.

        The options: ``probe="udp", port=None, queries=3, max_hops=30, timeout=5 * s, size=60,
        dont_fragment=False`` (see `netlab.application.traceroute`); a probe may also be "icmp" or
        "tcp". The result has `.lines`, `.hops`, `.addresses` and `.reached`. Raises as `ping`.
        """
        from netlab.application.traceroute import traceroute  # which few need

        return traceroute(self, target, **options)

    def inject(self, packet: "bytes | Packet", interface: int = 0) -> None:
        """Send a whole frame, as bytes or as a Scapy packet, from one of this host's interfaces."""
        from netlab.trace import convert  # which few need, and takes its time

        if interface not in range(len(self.interfaces)):
            raise ConfigurationError(
                f"{self.name} has {len(self.interfaces)} interfaces, counted from 0;"
                f" there is no {interface!r}"
            )
        convert.inject(self.sim, self.interfaces[interface], packet)

    # --- power ------------------------------------------------------------------------------

    def power_cycle(self) -> None:
        """Cut the power, and switch on again: all that was in memory only is gone.

        Programs, sockets and connections, the ARP cache, and addresses that were learned: nobody is
        told. What was given by `net.host`, `add_route` and `use` is on disk and stays. `boot`, if
        the host has one, is started as a program then, as it was when the host was made. Raises
        `ConfigurationError` on the real-time clock, and for a program of this host itself.
        """
        from netlab.sim.realtime import RealTimeClock  # which few need

        sim = self.sim
        mine = [program for program in sim.clock.programs if program.host == self.name]
        if isinstance(sim.clock, RealTimeClock):
            raise ConfigurationError('power_cycle() is not for clock="real": leave clock out')
        if self.sim.clock.current in mine:
            raise ConfigurationError(f"a program of {self.name} can't cut its own power")
        with sim.clock:
            sim.record_cause(self.name, "sim", "power cut", {}, "what was in memory only is lost")
            for interface in self.interfaces:
                interface.down("the power was cut")
            enabled, sim.recorder.enabled = sim.recorder.enabled, False
            try:
                self._forget_everything(mine)
            finally:
                sim.recorder.enabled = enabled
            for interface in self.interfaces:
                interface.up("the power is back")
            for setting in self._on_disk:
                setting()
            self.switch_on()

    def switch_on(self) -> None:
        """Run `boot`, if there is one. The program that does so is in `booted`."""
        if self.boot is not None:
            self.booted = self.start(self.boot)

    def _forget_everything(self, programs: list[Program]) -> None:
        """Whoever ends here may want to say good-bye, off the record: its cards have no power."""
        for action in self.on_power_off:
            action()
        self.on_power_off.clear()
        with self.sim.clock.around():
            for program in programs:
                program.kill()
        self.sim.clock.programs = [p for p in self.sim.clock.programs if p not in programs]
        for listener in self.tcp.listeners:
            self.tcp.stop_listening(listener)
        for connection in self.tcp.connections:
            connection.abort("the power was cut")
        for claim in list(self.arp.claims):
            claim.release()
        for address in list(self.ipv4.addresses):
            self.remove_address(address)
        self.arp.flush()
        self.ipv4.path_mtu.flush()
        parts, settings = self.tcp.parts, self.tcp.settings
        reassembler = self.ipv4.reassembly.part
        self.ipv4.reassembly.clear()
        self._assemble(self.ipv4.forwarding)
        self.tcp.parts, self.tcp.settings = parts, settings
        self.ipv4.reassembly.part = reassembler
        for interface in self.interfaces:
            interface.handlers.clear()
            interface.on_up.clear()
            interface.on_down.clear()
            self.ipv4.attach(interface)

    # --- configuration ----------------------------------------------------------------------

    def add_interface(self, interface: Interface) -> None:
        """Give the host another interface, as yet without an address."""
        self.interfaces.append(interface)
        self.ipv4.attach(interface)

    def configure(
        self,
        interface: Interface,
        address: IPv4Address,
        prefix: Prefix,
        gateway: IPv4Address | None = None,
        *,
        conflict_detection: bool = False,
    ) -> None:
        """Give an interface an address for good, as `net.host` does: it outlasts a power cut.

        With `conflict_detection` the address is claimed, not just taken.
        """
        give = self.claim_address if conflict_detection else self.add_address
        give(interface, address, prefix, gateway)
        self._on_disk.append(lambda: give(interface, address, prefix, gateway))

    def claim_address(
        self,
        interface: Interface,
        address: IPv4Address,
        prefix: Prefix,
        gateway: IPv4Address | None = None,
    ) -> "Claim":
        """As `add_address`, but first find out whether somebody has the address (RFC 5227).

        That takes four to seven seconds, and begins when the interface is plugged in. The address
        is let go when somebody else turns out to use it.
        """
        from netlab.network.arp_claim import Claim  # which few need

        if gateway is not None and gateway not in prefix:  # say so now, and not in some seconds
            raise ConfigurationError(
                f"{self.name}: the gateway {gateway} is on none of its networks ({prefix})"
            )

        def lost(why: str) -> None:
            if address in self.ipv4.addresses:
                self.remove_address(address)

        return Claim(
            self.arp,
            interface,
            address,
            lambda: self.add_address(interface, address, prefix, gateway),
            lost,
        )

    def add_address(
        self,
        interface: Interface,
        address: IPv4Address,
        prefix: Prefix,
        gateway: IPv4Address | None = None,
    ) -> None:
        """Give an interface an address, and the host's name to it.

        `gateway` is the neighbour that takes packets for other networks.
        """
        self.ipv4.add_address(interface, address, prefix)
        if gateway is not None:
            self.ipv4.add_route(DEFAULT, gateway)
        self.names.add(self.name, address)

    def remove_address(self, address: IPv4Address) -> None:
        """Take an address away, with the routes from it."""
        self.ipv4.remove_address(address)
        self.names.remove(self.name, address)

    def add_route(self, prefix: str, gateway: str) -> None:
        """Send packets for `prefix` ("0.0.0.0/0": all that have no better route) to a neighbour."""
        route = (Prefix.parse(prefix), IPv4Address.parse(gateway))
        self.ipv4.add_route(*route)
        self._on_disk.append(lambda: self.ipv4.add_route(*route))

    def use(self, **parts: Any) -> None:
        """Replace parts of the stack by your own: `transitions`, `rto`, `congestion`, `reassembler`.

        What is open already (connections, datagrams in parts) keeps what it began with, except for
        the transitions.
        Raises `ConfigurationError` for what can't be such a part, and replaces none then.
        """
        for name, part in parts.items():
            if name not in PARTS:
                raise ConfigurationError(
                    f"{self.name} has no part {name!r}; there is {', '.join(PARTS)}"
                )
            if name == "reassembler":
                check_reassembler(part)
            else:
                check_part(name, part)
        self.ipv4.reassembly.part = parts.pop("reassembler", self.ipv4.reassembly.part)
        for name, part in parts.items():
            setattr(self.tcp.parts, name, part)

    def _observe(self, program: Program, kind: str, reason: str) -> None:
        self.sim.record_cause(self.name, "sim", kind, {"program": program.name}, reason)
