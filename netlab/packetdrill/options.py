"""The ``--name=value`` lines of a script, and what holds where it has none: as in packetdrill."""

from dataclasses import dataclass

from netlab.packetdrill.lexer import ScriptError
from netlab.packetdrill.script import Script
from netlab.units import us

_UNSEEN = {
    "code_command", "code_format", "code_sockopt", "debug", "dry_run", "gateway_ip",
    "init_scripts", "is_anyip", "mss", "netmask_ip", "non_fatal", "send_omit_free", "speed",
    "strict_segments", "tcp_ts_ecr_scaled", "verbose",
}  # fmt: skip
"""Options about a machine, a clock or a report that a simulation has no need of."""


@dataclass(slots=True)
class Options:
    """Addresses, ports, and how exact a script wants to be: `tolerance` and `tick` in ns."""

    local_ip: str = "192.168.0.1"
    remote_ip: str = "192.0.2.1"
    bind_port: int = 8080
    connect_port: int = 8080
    mtu: int = 1500
    tolerance: int = 4_000 * us
    tolerance_percent: float = 1.0
    tick: int = 0
    """How long a tick of TCP's timestamps is; 0: they aren't compared."""
    strict_segments: bool = False
    """Whether text that is expected in one piece must come in one segment."""

    @classmethod
    def of(cls, script: Script) -> "Options":
        """Raises `ScriptError` for an option that isn't known, or can't have this value."""
        options = cls()
        for name, value, line in script.options:
            try:
                options._set(name, value)
            except ValueError as error:
                raise ScriptError(script.name, line, f"--{name}={value}: {error}") from None
        return options

    def _set(self, name: str, value: str) -> None:
        match name:
            case "local_ip" | "remote_ip":
                setattr(self, name, value.partition("/")[0])
            case "bind_port" | "connect_port" | "mtu":
                setattr(self, name, int(value))
            case "tolerance_usecs":
                self.tolerance = int(value) * us
            case "tolerance_percent":
                self.tolerance_percent = float(value)
            case "tcp_ts_tick_usecs":
                self.tick = int(value) * us
            case "strict_segments":
                self.strict_segments = True
            case "ip_version":
                if value not in ("ipv4", "ipv4-mapped-ipv6"):
                    raise ValueError("netlab speaks IPv4")
            case _:
                if name not in _UNSEEN:
                    raise ValueError("netlab knows no such option of packetdrill's")
