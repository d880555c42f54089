"""Shell lines of scripts: settings that map to the host's are set, everything else is refused.

Linux's scripts run `sysctl -q NAME=VALUE` and a helper that takes paths under /proc/sys, FreeBSD's run
`sysctl -w NAME=VALUE`. ``netlab.tcp.KNOB=VALUE`` sets any of `TcpSettings` by its name.
"""

import re
import shlex
from dataclasses import fields

from netlab.host import Host
from netlab.packetdrill.problems import Refused, Wrong
from netlab.packetdrill.sysctls import SYSCTLS, congestion, switch
from netlab.transport.tcp.options import MSS, SACK_PERMITTED, TIMESTAMPS, WINDOW_SCALE
from netlab.transport.tcp.settings import TcpSettings
from netlab.transport.tcp.states import State
from netlab.units import minute, ms, s, us

_OPTIONS = {"mss": MSS, "sackOK": SACK_PERMITTED, "TS": TIMESTAMPS, "wscale": WINDOW_SCALE}
_UNITS = {"us": us, "ms": ms, "s": s, "min": minute}

_SOCKSTAT = re.compile(rf"sockstat .*\| *grep -c ({'|'.join(State)}) *\| *grep (\d+)")
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
        states = [connection.state for connection in host.tcp.connections]
        count = len(host.tcp.listeners) if state == "LISTEN" else states.count(State(state))
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
    if knob == name and name not in SYSCTLS:
        raise Refused(f"{name} is no setting that netlab has")
    try:
        if knob != name:
            _set_knob(host, knob, value)
        else:
            SYSCTLS[name](host, value.strip())
    except (ValueError, LookupError):
        raise Refused(f"{name} can't be {value!r} here") from None


def _set_knob(host: Host, knob: str, value: str) -> None:
    """``netlab.tcp.msl=30s``: numbers, times with a unit, on (1) and off (0), names, options."""
    settings = host.tcp.settings
    if knob not in {field.name for field in fields(TcpSettings)}:
        raise Refused(f"TcpSettings has no {knob!r}")
    now = getattr(settings, knob)
    if knob == "congestion":
        value = congestion(value)
    time = re.fullmatch(r"(\d+)(us|ms|s|min)", value)
    if isinstance(now, bool):
        setattr(settings, knob, switch(value))
    elif isinstance(now, tuple):
        setattr(settings, knob, tuple(_OPTIONS[word] for word in value.split(",") if word))
    elif time is not None:
        setattr(settings, knob, int(time[1]) * _UNITS[time[2]])
    else:
        setattr(settings, knob, value if isinstance(now, str) else int(value))
