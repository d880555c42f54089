"""Settings of Linux and FreeBSD by their names there, as far as netlab has their like.

What netlab always does may be asked for; what it can't do is a ValueError, and a name that isn't
here is none of TCP's, or not netlab's.
"""

from collections.abc import Callable

from netlab.host import Host
from netlab.transport.tcp.congestion import ALGORITHMS
from netlab.transport.tcp.options import SACK_PERMITTED, TIMESTAMPS, WINDOW_SCALE
from netlab.units import ms

Setter = Callable[[Host, str], None]


def switch(value: str) -> bool:
    """1 is on, 0 is off."""
    if value not in ("0", "1"):
        raise ValueError(value)
    return value == "1"


def congestion(name: str) -> str:
    """The name of an algorithm that there is."""
    if name not in ALGORITHMS:
        raise ValueError(name)
    return name


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


def _ttl(host: Host, value: str) -> None:
    host.ipv4.ttl = int(value)


def _syn_options(*kinds: int) -> Setter:
    """Whether SYNs have these options, and so whether what they stand for is ever used."""

    def set_it(host: Host, value: str) -> None:
        settings = host.tcp.settings
        others = tuple(kind for kind in settings.syn_options if kind not in kinds)
        missing = tuple(kind for kind in kinds if kind not in settings.syn_options)
        on = switch(value)
        settings.syn_options = settings.syn_options + missing if on else others

    return set_it


def _ecn(value: str) -> bool:
    """2 is to agree without asking, which nobody can tell from 0 who doesn't ask."""
    return value != "2" and switch(value)


SYSCTLS: dict[str, Setter] = {
    # Linux
    "net.ipv4.ip_default_ttl": _ttl,
    "net.ipv4.tcp_congestion_control": _knob("congestion", congestion),
    "net.ipv4.tcp_ecn": _knob("ecn", _ecn),
    "net.ipv4.tcp_invalid_ratelimit": _knob("stray_answer_interval", _milliseconds),
    "net.ipv4.tcp_retries2": _tries("give_up_after"),
    "net.ipv4.tcp_rfc1337": _knob("rfc1337", switch),
    "net.ipv4.tcp_rmem": _knob("receive_buffer", _middle),
    "net.ipv4.tcp_sack": _syn_options(SACK_PERMITTED),
    "net.ipv4.tcp_syn_retries": _tries("give_up_syn_after"),
    "net.ipv4.tcp_synack_retries": _tries("give_up_syn_after"),
    "net.ipv4.tcp_timestamps": _syn_options(TIMESTAMPS),
    "net.ipv4.tcp_window_scaling": _syn_options(WINDOW_SCALE),
    "net.ipv4.tcp_wmem": _knob("send_buffer", _middle),
    "net.ipv4.tcp_dsack": _only("1"),
    "net.ipv4.tcp_early_retrans": _only("0"),
    "net.ipv4.tcp_fack": _only("0"),
    "net.ipv4.tcp_fastopen": _only("0"),
    "net.ipv4.tcp_frto": _only("0"),
    "net.ipv4.tcp_recovery": _only("0"),
    "net.ipv4.tcp_reordering": _only("3"),
    "net.ipv4.tcp_shrink_window": _only("0"),
    "net.ipv4.tcp_slow_start_after_idle": _only("1"),
    "net.ipv4.tcp_syncookies": _only("0"),
    "net.ipv4.tcp_min_tso_segs": _ignore,
    "net.ipv4.tcp_no_metrics_save": _ignore,
    "net.ipv4.tcp_pacing_ca_ratio": _ignore,
    "net.ipv4.tcp_pacing_ss_ratio": _ignore,
    "net.ipv4.tcp_tso_win_divisor": _ignore,
    # FreeBSD
    "net.inet.ip.ttl": _ttl,
    "net.inet.tcp.cc.algorithm": _knob("congestion", congestion),
    "net.inet.tcp.delacktime": _knob("delayed_ack", _milliseconds),
    "net.inet.tcp.ecn.enable": _knob("ecn", _ecn),
    "net.inet.tcp.initcwnd_segments": _knob("initial_window", int),
    "net.inet.tcp.keepinit": _knob("give_up_syn_after", _milliseconds),
    "net.inet.tcp.msl": _knob("msl", _milliseconds),
    "net.inet.tcp.recvspace": _knob("receive_buffer", int),
    "net.inet.tcp.rexmit_initial": _knob("initial_rto", _milliseconds),
    "net.inet.tcp.rexmit_min": _knob("minimum_rto", _milliseconds),
    "net.inet.tcp.rfc1323": _syn_options(TIMESTAMPS, WINDOW_SCALE),
    "net.inet.tcp.rfc3042": _knob("limited_transmit", switch),
    "net.inet.tcp.sack.enable": _syn_options(SACK_PERMITTED),
    "net.inet.tcp.sendspace": _knob("send_buffer", int),
    "net.inet.tcp.always_keepalive": _only("0"),
    "net.inet.tcp.blackhole": _only("0"),
    "net.inet.tcp.drop_synfin": _only("0"),
    "net.inet.tcp.insecure_rst": _only("0"),
    "net.inet.tcp.insecure_syn": _only("0"),
    "net.inet.tcp.rexmit_drop_options": _only("0"),
    "net.inet.tcp.syncookies": _only("0"),
    "net.inet.tcp.syncookies_only": _only("0"),
    "net.inet.tcp.tolerate_missing_ts": _only("1"),
    "net.inet.tcp.hostcache.purgenow": _ignore,
    "kern.ipc.maxsockbuf": _ignore,
}
