"""A network: hosts and routers, the cables between them, and the time that they share."""

import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Self

from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.link.cable import DEFAULT_QUEUE, Cable
from netlab.link.interface import DEFAULT_MTU, Interface
from netlab.network.address import IPv4Address, Prefix, parse_interface
from netlab.sim.clock import Clock
from netlab.sim.program import Program
from netlab.sim.realtime import RealTimeClock
from netlab.sim.recording import Recorder
from netlab.sim.simulation import Simulation
from netlab.sockets.names import Names
from netlab.trace.frame import Frame
from netlab.trace.trace import Trace
from netlab.units import duration


class Network:
    """Machines and cables, in virtual time.

    The same `seed` gives the same run, to the byte. ``clock="real"`` runs on the machine's own time
    in a background thread. `record=False` keeps no trace, which saves a little time and memory.
    """

    def __init__(self, seed: int = 0, *, clock: str = "virtual", record: bool = True) -> None:
        clocks: dict[str, type[Clock]] = {"virtual": Clock, "real": RealTimeClock}
        if clock not in clocks:
            raise ConfigurationError(f'clock must be "virtual" or "real"; got {clock!r}')
        recorder = Recorder()
        recorder.enabled = record
        self.sim = Simulation(seed, clocks[clock](), recorder)
        self.names = Names()
        self.hosts: dict[str, Host] = {}
        self.links: list[Cable] = []
        self._trace = Trace(self.sim.recorder)
        self._macs = 0
        self._close = weakref.finalize(self, self.sim.clock.close)

    def __repr__(self) -> str:
        hosts = ", ".join(self.hosts) or "no hosts"
        return f"<network of {hosts}; {len(self.links)} cables; seed {self.sim.seed}>"

    # --- building ---------------------------------------------------------------------------

    def host(
        self, name: str, address: str, *, gateway: str | None = None, mtu: int = DEFAULT_MTU
    ) -> Host:
        """A host with one interface and one address, such as ``net.host("alice", "10.0.0.1/24")``.

        `gateway` is where packets for other networks go. Raises `ConfigurationError` for a name or
        an address that is taken, or isn't one.
        """
        own, prefix = self._free_address(address)
        host = self._new_host(name, forwarding=False)
        self._add_interface(host, own, prefix, mtu)
        if gateway is not None:
            host.add_route("0.0.0.0/0", gateway)
        return host

    def router(self, name: str) -> Host:
        """A router: a host that forwards. It gets an interface with each cable that is plugged in."""
        return self._new_host(name, forwarding=True)

    def connect(
        self,
        a: Host,
        b: Host,
        *,
        delay: int = 0,
        rate: int | None = None,
        loss: float = 0.0,
        jitter: int = 0,
        queue: int = DEFAULT_QUEUE,
        addresses: tuple[str | None, str | None] = (None, None),
    ) -> Cable:
        """Plug a cable into two machines: `delay` and `jitter` in ns, `rate` in bit/s (None: no limit).

        `queue` frames wait at each end at most, `loss` is the probability that a frame is lost.
        `addresses` names, for each router among the two, the address of its new interface. Returns
        the cable, on which faults can be set: ``cable.drop(frame=3)``.
        """
        ends = [
            self._free_interface(host, text) for host, text in zip((a, b), addresses, strict=True)
        ]
        cable = Cable(
            self.sim,
            *ends,
            delay=delay,
            rate=rate,
            loss=loss,
            jitter=jitter,
            queue=queue,
            frame_type=Frame,
        )
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
        return self._trace

    @property
    def programs(self) -> list[Program]:
        """The programs that haven't ended."""
        return list(self.sim.clock.programs)

    def on_progress(self, listener: Callable[[Clock], None] | None) -> None:
        """Have `listener` called from time to time during a long run, with the clock."""
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

    def _new_host(self, name: str, *, forwarding: bool) -> Host:
        if not isinstance(name, str) or not name or not name.replace("-", "").isalnum():
            raise ConfigurationError(
                f"a host's name is made of letters, digits and hyphens, such as 'alice'; got {name!r}"
            )
        if name in self.hosts:
            raise ConfigurationError(f"there is a host {name!r} already: {self.hosts[name]!r}")
        host = self.hosts[name] = Host(self.sim, name, self.names, forwarding=forwarding)
        self._trace.addresses[name] = ""
        return host

    def _free_address(self, text: str) -> tuple[IPv4Address, Prefix]:
        address, prefix = parse_interface(text)
        for host in self.hosts.values():
            if address in host.ipv4.addresses:
                raise ConfigurationError(
                    f"{address} belongs to {host.name} already: every interface has an address of its own"
                )
        return address, prefix

    def _add_interface(
        self, host: Host, address: IPv4Address, prefix: Prefix, mtu: int = DEFAULT_MTU
    ) -> Interface:
        self._macs += 1
        mac = MacAddress(0x020000000000 + self._macs)  # 02: chosen locally, not by a maker
        interface = Interface(self.sim, host.name, f"eth{len(host.interfaces)}", mac, mtu)
        host.add_interface(interface, address, prefix)
        self.names.add(host.name, address)
        self._trace.addresses[host.name] = ", ".join(map(str, host.ipv4.addresses))
        return interface

    def _free_interface(self, host: Host, text: str | None) -> Interface:
        if self.hosts.get(getattr(host, "name", "")) is not host:
            raise ConfigurationError(f"connect() takes two hosts of this network; got {host!r}")
        if host.ipv4.forwarding:
            if text is None:
                raise ConfigurationError(
                    f"{host.name} is a router: say which address its new interface has, as in"
                    " connect(router, host, addresses=('10.0.0.254/24', None))"
                )
            return self._add_interface(host, *self._free_address(text))
        if text is not None:
            raise ConfigurationError(
                f"{host.name} has its address already; addresses= is for routers"
            )
        return host.interfaces[0]
