"""A network: hosts and routers, the cables between them, and the time that they share."""

import itertools
import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.cable import DEFAULT_QUEUE, Cable
from netlab.link.ethernet import Ethernet
from netlab.link.framing import Framing
from netlab.link.interface import DEFAULT_MTU, Interface
from netlab.link.link import Link
from netlab.link.ppp import Ppp
from netlab.link.raw import RawIp
from netlab.network.address import IPv4Address, Prefix, parse_interface
from netlab.progress import notebook_line
from netlab.sim.clock import Clock
from netlab.sim.program import Program
from netlab.sim.recording import Recorder
from netlab.sim.simulation import Simulation
from netlab.sockets.door import installed
from netlab.sockets.names import Names
from netlab.trace.frame import Frame
from netlab.trace.trace import Trace
from netlab.units import count, duration

LONGEST_NAME = 63
"""Characters of a host's name: a label's, in RFC 1035 section 2.3.4."""
MEDIA: dict[str, type[Framing]] = {framing.name: framing for framing in (Ethernet, Ppp, RawIp)}
"""What `connect()` can plug in, by name."""


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
        self.hosts: dict[str, Host] = {}
        self.links: list[Link] = []
        self._trace = Trace(self.sim.recorder)
        self.sim.clock.around = installed
        self.sim.clock.on_progress = notebook_line()
        self._macs = 0
        self._close = weakref.finalize(self, self.sim.close)

    def __repr__(self) -> str:
        hosts = ", ".join(self.hosts) or "no hosts"
        return f"<network of {hosts}; {len(self.links)} cables; seed {self.sim.seed}>"

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
        interface = self._new_interface(host, mtu)
        host.add_interface(interface)
        if given is not None:
            host.configure(interface, *given, router, conflict_detection=conflict_detection)
        elif router is not None:
            raise ConfigurationError(f"{name} has no address from which to send to {gateway}")
        self.hosts[name] = host
        if boot is not None:
            host.boot = boot
            host.start(boot)
        return host

    def router(self, name: str) -> Host:
        """A router: a host that forwards. It gets an interface with each cable that is plugged in.

        Raises `ConfigurationError` for a name that is taken, or isn't one.
        """
        host = self.hosts[name] = Host(self.sim, self._free_name(name), self.names, forwarding=True)
        return host

    def connect(
        self,
        a: Host,
        b: Host,
        *,
        medium: str = "ethernet",
        delay: int = 0,
        rate: int | None = None,
        loss: float = 0.0,
        jitter: int = 0,
        queue: int = DEFAULT_QUEUE,
        addresses: Sequence[str | None] = (None, None),
    ) -> Cable:
        """Plug a cable into two machines.

        `medium` is "ethernet", "serial" for a line with PPP's framing, or "raw" for IP packets
        without any. `delay` and `jitter` are in ns, `rate` in bit/s (None: no limit); `queue` frames
        wait at each end at most, and `loss` is the probability that a frame is lost. `addresses`
        names, for each router among the two, the address of its new interface. Returns the cable,
        on which faults can be set: ``cable.drop(frame=3)``.

        Raises `ConfigurationError` for what can't be, and leaves the network as it was.
        """
        if not isinstance(addresses, tuple | list) or len(addresses) != 2:
            raise ConfigurationError(
                "addresses= is a pair, the address of each router's new interface and None for a"
                f" host, such as (None, '10.0.0.254/24'); got {addresses!r}"
            )
        if medium not in MEDIA:
            raise ConfigurationError(f"medium is one of {', '.join(MEDIA)}; got {medium!r}")
        ends = [self._plan_end(host, text) for host, text in zip((a, b), addresses, strict=True)]
        (interface_a, address_a), (interface_b, address_b) = ends
        if address_a and address_b and address_a[0] == address_b[0]:
            raise ConfigurationError(
                f"both ends of the cable can't have the address {address_a[0]}"
            )
        cable = Cable(
            self.sim,
            interface_a,
            interface_b,
            delay=delay,
            rate=rate,
            loss=loss,
            jitter=jitter,
            queue=queue,
            name=self._free_link_name(f"{a.name}-{b.name}"),
            framing=MEDIA[medium],
            frame_type=Frame,
        )
        for host, (interface, address) in zip((a, b), ends, strict=True):
            if address is not None:
                host.add_interface(interface)
                host.configure(interface, *address)
        self.links.append(cable)
        return cable

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
        for name, host in self.hosts.items():
            self._trace.addresses[name] = ", ".join(map(str, host.ipv4.addresses))
        return self._trace

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
        for other in self.hosts:
            if other.lower() == name.lower():  # names are looked up so (RFC 4343)
                raise ConfigurationError(
                    f"there is a host {other!r} already: {self.hosts[other]!r}"
                )
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

    def _new_interface(self, host: Host, mtu: int = DEFAULT_MTU) -> Interface:
        self._macs += 1
        mac = MacAddress(0x020000000000 + self._macs)  # 02: chosen locally, not by a maker
        return Interface(self.sim, host.name, f"eth{len(host.interfaces)}", mac, mtu)

    def _plan_end(
        self, host: Host, text: str | None
    ) -> tuple[Interface, tuple[IPv4Address, Prefix] | None]:
        """The interface that a cable goes into; of a router a new one, with its address."""
        if host not in self.hosts.values():
            raise ConfigurationError(f"connect() takes two hosts of this network; got {host!r}")
        if not host.ipv4.forwarding:
            if text is not None:
                raise ConfigurationError(
                    f"{host.name} has its address already; addresses= is for routers"
                )
            return host.interfaces[0], None
        if text is None:
            raise ConfigurationError(
                f"{host.name} is a router: say which address its new interface has, as in"
                " connect(router, host, addresses=('10.0.0.254/24', None))"
            )
        address = self._free_address(text)
        return self._new_interface(host), address


def _clock(kind: str) -> Clock:
    if kind == "virtual":
        return Clock()
    if kind == "real":
        from netlab.sim.realtime import RealTimeClock

        return RealTimeClock()
    raise ConfigurationError(f'clock must be "virtual" or "real"; got {kind!r}')
