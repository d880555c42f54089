"""Shell lines of scripts: settings that map to the host's are set, everything else is refused.

Linux's scripts run `sysctl -q NAME=VALUE` and a helper that takes paths under /proc/sys, FreeBSD's run
`sysctl -w NAME=VALUE`. ``netlab.tcp.KNOB=VALUE`` sets any of `TcpSettings` by its name.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import fields

from netlab.host import Host
from netlab.packetdrill.problems import Refused, Wrong
from netlab.transport.tcp.congestion import ALGORITHMS
from netlab.transport.tcp.settings import TcpSettings
from netlab.units import minute, ms, s, us

_UNITS = {"us": us, "ms": ms, "s": s, "min": minute}

Setter = Callable[[Host, str], None]


_SOCKSTAT = re.compile(r"sockstat .*\| *grep -c (\w+) *\| *grep (\d+)")
"""How FreeBSD's scripts count the connections in a state."""


def run_command(host: Host, command: str) -> None:
    """Run the settings in a command. `Wrong` for a count that is, `Refused` for any other."""
    for line in re.split(r"\n|;|&&", command):
        line = line.strip()
        if line and not line.startswith("#"):
            _run_line(host, line)


def _run_line(host: Host, line: str) -> None:
    counted = _SOCKSTAT.fullmatch(line)
    if counted is not None:
        state, wanted = counted.groups()
        count = sum(connection.state == state for connection in host.tcp.connections)
        if wanted not in str(count):  # as grep does
            raise Wrong(f"expected {wanted} connections in {state}, but there are {count}")
        return
    try:
        program, *arguments = shlex.split(line)
    except ValueError as error:
        raise Refused(f"`{line}` isn't a command: {error}") from None
    program = program.rpartition("/")[2]
    if program in ("sysctl", "set_sysctls.py"):
        for argument in arguments:
            if not argument.startswith("-"):
                _assign(host, argument)
    elif program not in ("defaults.sh", "true") and not program.startswith("sysctl_restore"):
        raise Refused(f"a script here can't run programs: `{line}`; only settings can be changed")


def _assign(host: Host, assignment: str) -> None:
    name, equals, value = assignment.partition("=")
    name = name.removeprefix("/proc/sys/").replace("/", ".")
    if not equals:
        raise Refused(f"`sysctl {assignment}` only asks; expected NAME=VALUE")
    knob = name.removeprefix("netlab.tcp.")
    if knob == name and name not in _SETTERS:
        raise Refused(f"{name} is no setting that netlab has")
    try:
        if knob != name:
            _set_knob(host, knob, value)
        else:
            _SETTERS[name](host, value.strip())
    except (ValueError, IndexError):
        raise Refused(f"{name} can't be {value!r} here") from None


def _set_knob(host: Host, knob: str, value: str) -> None:
    """``netlab.tcp.msl=30s``: numbers, times with a unit, on and off, names."""
    settings = host.tcp.settings
    if knob not in {field.name for field in fields(TcpSettings)}:
        raise Refused(f"TcpSettings has no {knob!r}")
    now = getattr(settings, knob)
    if knob == "congestion":
        value = _congestion(value)
    time = re.fullmatch(r"(\d+)(us|ms|s|min)", value)
    if isinstance(now, bool):
        setattr(settings, knob, _switch(value))
    elif time is not None:
        setattr(settings, knob, int(time[1]) * _UNITS[time[2]])
    else:
        setattr(settings, knob, value if isinstance(now, str) else int(value))


# --- names of other systems ---------------------------------------------------------------------


def _switch(value: str) -> bool:
    if value not in ("0", "1"):
        raise ValueError(value)
    return value == "1"


def _knob(name: str, convert: Callable[[str], object]) -> Setter:
    def set_it(host: Host, value: str) -> None:
        setattr(host.tcp.settings, name, convert(value))

    return set_it


def _only(*values: str) -> Setter:
    """What netlab does anyway; any other value can't be had."""

    def check(host: Host, value: str) -> None:
        if value not in values:
            raise ValueError(value)

    return check


def _ignore(host: Host, value: str) -> None:
    """Nothing that could be seen on the wire of one connection."""


def _milliseconds(value: str) -> int:
    return int(value) * ms


def _middle(value: str) -> int:
    """Of Linux's three sizes (least, default, most) the one that a socket begins with."""
    return int(value.split()[1])


def _tries(knob: str) -> Setter:
    """So many repetitions, each after twice the time: netlab counts the time instead."""

    def set_it(host: Host, value: str) -> None:
        first, most = host.tcp.settings.initial_rto, host.tcp.settings.maximum_rto
        waits = (min(first << turn, most) for turn in range(int(value) + 1))
        setattr(host.tcp.settings, knob, sum(waits))

    return set_it


def _congestion(name: str) -> str:
    if name not in ALGORITHMS:
        raise ValueError(name)
    return name


def _ttl(host: Host, value: str) -> None:
    host.ipv4.ttl = int(value)


_SETTERS: dict[str, Setter] = {
    # Linux
    "net.ipv4.ip_default_ttl": _ttl,
    "net.ipv4.tcp_congestion_control": _knob("congestion", _congestion),
    "net.ipv4.tcp_invalid_ratelimit": _knob("stray_answer_interval", _milliseconds),
    "net.ipv4.tcp_rmem": _knob("receive_buffer", _middle),
    "net.ipv4.tcp_wmem": _knob("send_buffer", _middle),
    "net.ipv4.tcp_syn_retries": _tries("give_up_syn_after"),
    "net.ipv4.tcp_synack_retries": _tries("give_up_syn_after"),
    "net.ipv4.tcp_retries2": _tries("give_up_after"),
    "net.ipv4.tcp_dsack": _only("0"),
    "net.ipv4.tcp_early_retrans": _only("0"),
    "net.ipv4.tcp_ecn": _only("0", "2"),
    "net.ipv4.tcp_fack": _only("0"),
    "net.ipv4.tcp_fastopen": _only("0"),
    "net.ipv4.tcp_frto": _only("0"),
    "net.ipv4.tcp_recovery": _only("0"),
    "net.ipv4.tcp_reordering": _only("3"),
    "net.ipv4.tcp_sack": _only("0"),
    "net.ipv4.tcp_shrink_window": _only("0"),
    "net.ipv4.tcp_slow_start_after_idle": _only("0"),
    "net.ipv4.tcp_timestamps": _only("0"),
    "net.ipv4.tcp_window_scaling": _only("0"),
    "net.ipv4.tcp_syncookies": _only("0"),
    "net.ipv4.tcp_min_tso_segs": _ignore,
    "net.ipv4.tcp_no_metrics_save": _ignore,
    "net.ipv4.tcp_tso_win_divisor": _ignore,
    "net.ipv4.tcp_pacing_ss_ratio": _ignore,
    "net.ipv4.tcp_pacing_ca_ratio": _ignore,
    # FreeBSD
    "net.inet.ip.ttl": _ttl,
    "net.inet.tcp.cc.algorithm": _knob("congestion", _congestion),
    "net.inet.tcp.delacktime": _knob("delayed_ack", _milliseconds),
    "net.inet.tcp.keepinit": _knob("give_up_syn_after", _milliseconds),
    "net.inet.tcp.msl": _knob("msl", _milliseconds),
    "net.inet.tcp.recvspace": _knob("receive_buffer", int),
    "net.inet.tcp.rexmit_initial": _knob("initial_rto", _milliseconds),
    "net.inet.tcp.rexmit_min": _knob("minimum_rto", _milliseconds),
    "net.inet.tcp.sendspace": _knob("send_buffer", int),
    "net.inet.tcp.always_keepalive": _only("0"),
    "net.inet.tcp.blackhole": _only("0"),
    "net.inet.tcp.drop_synfin": _only("0"),
    "net.inet.tcp.insecure_rst": _only("0"),
    "net.inet.tcp.insecure_syn": _only("0"),
    "net.inet.tcp.syncookies": _only("0"),
    "net.inet.tcp.syncookies_only": _only("0"),
    "net.inet.tcp.ecn.enable": _only("0", "2"),
    "net.inet.tcp.rexmit_drop_options": _only("0"),
    "net.inet.tcp.rfc1323": _only("0"),
    "net.inet.tcp.sack.enable": _only("0"),
    "net.inet.tcp.hostcache.purgenow": _ignore,
    "kern.ipc.maxsockbuf": _ignore,
}
