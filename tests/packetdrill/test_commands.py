"""Shell lines: settings are set, whatever else is refused."""

import pytest

from netlab import Network
from netlab.host import Host
from netlab.packetdrill.commands import run_command
from netlab.packetdrill.problems import Refused, Wrong
from netlab.transport.tcp.options import MSS, SACK_PERMITTED, TIMESTAMPS, WINDOW_SCALE
from netlab.units import KiB, ms, s


@pytest.fixture
def host() -> Host:
    return Network(seed=1).host("alice", "10.0.0.1/24")


@pytest.mark.parametrize(
    ("command", "knob", "value"),
    [
        ("sysctl netlab.tcp.msl=30s", "msl", 30 * s),
        ("sysctl -q -w netlab.tcp.delayed_ack=40ms", "delayed_ack", 40 * ms),
        ("sysctl netlab.tcp.nodelay=1", "nodelay", True),
        ("sysctl netlab.tcp.isn=7", "isn", 7),
        ("sysctl netlab.tcp.congestion=none", "congestion", "none"),
        ("sysctl netlab.tcp.initial_window=4", "initial_window", 4),
        ("sysctl netlab.tcp.syn_options=mss,TS", "syn_options", (MSS, TIMESTAMPS)),
        ("sysctl -q net.ipv4.tcp_sack=0", "syn_options", (MSS, TIMESTAMPS, WINDOW_SCALE)),
        ("sysctl -w net.inet.tcp.rfc1323=0", "syn_options", (MSS, SACK_PERMITTED)),
        (
            "sysctl netlab.tcp.syn_options=mss; sysctl net.ipv4.tcp_window_scaling=1",
            "syn_options",
            (MSS, WINDOW_SCALE),
        ),
        ("sysctl -q net.ipv4.tcp_ecn=1", "ecn", True),
        ("sysctl -q net.ipv4.tcp_ecn=2", "ecn", False),
        ("sysctl -w net.inet.tcp.initcwnd_segments=3", "initial_window", 3),
        ("sysctl -w net.inet.tcp.msl=30000", "msl", 30 * s),
        ("sysctl -w net.inet.tcp.recvspace=65536", "receive_buffer", 64 * KiB),
        ("sysctl -w net.inet.tcp.rexmit_min=30", "minimum_rto", 30 * ms),
        ("sysctl -q net.ipv4.tcp_congestion_control=reno", "congestion", "reno"),
        ('sysctl -q net.ipv4.tcp_rmem="4096 131072 6291456"', "receive_buffer", 128 * KiB),
        ("sysctl -q net.ipv4.tcp_syn_retries=2", "give_up_syn_after", 7 * s),
        (
            "../../common/defaults.sh\n ../set_sysctls.py /proc/sys/net/ipv4/tcp_retries2=8",
            "give_up_after",
            (63 + 3 * 60) * s,
        ),
        ("true; sysctl netlab.tcp.msl=1s && sysctl netlab.tcp.msl=2s", "msl", 2 * s),
    ],
)
def test_a_setting_is_set(host: Host, command: str, knob: str, value: object) -> None:
    run_command(host, command)
    assert getattr(host.tcp.settings, knob) == value


def test_the_ttl_is_the_host_s(host: Host) -> None:
    run_command(host, "sysctl net.ipv4.ip_default_ttl=9")
    assert host.ipv4.ttl == 9


@pytest.mark.parametrize(
    "command",
    [
        "sysctl -q net.ipv4.tcp_fack=0 net.ipv4.tcp_reordering=3",
        "sysctl -w net.inet.tcp.hostcache.purgenow=1",
        "/tmp/sysctl_restore_${PPID}.sh",
        "# nothing",
    ],
)
def test_what_is_so_anyway_is_taken(host: Host, command: str) -> None:
    before = str(host.tcp.settings)
    run_command(host, command)
    assert str(host.tcp.settings) == before


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("iptables -A OUTPUT -j DROP", "can't run programs: `iptables -A OUTPUT -j DROP`"),
        ("sysctl net.ipv4.tcp_rmem", "only asks; expected NAME=VALUE"),
        ("sysctl net.ipv4.tcp_reordering=9", "net.ipv4.tcp_reordering can't be '9' here"),
        ("sysctl net.ipv4.tcp_rmem=few", "net.ipv4.tcp_rmem can't be 'few' here"),
        ("sysctl net.core.somaxconn=9", "net.core.somaxconn is no setting that netlab has"),
        ("sysctl netlab.tcp.syn_options=mss,foo", "can't be 'mss,foo' here"),
        ("sysctl netlab.tcp.congestion=bbr", "netlab.tcp.congestion can't be 'bbr' here"),
        ("sysctl net.ipv4.tcp_congestion_control=bbr", "can't be 'bbr' here"),
        ("sysctl netlab.tcp.foo=9", "TcpSettings has no 'foo'"),
        ("sysctl netlab.tcp.nodelay=9", "netlab.tcp.nodelay can't be '9' here"),
        ("sysctl netlab.tcp.msl=long", "netlab.tcp.msl can't be 'long' here"),
        ('sysctl "a=1', "isn't a command: No closing quotation"),
    ],
)
def test_what_isn_t_a_setting_is_refused_with_the_reason(
    host: Host, command: str, why: str
) -> None:
    with pytest.raises(Refused) as caught:
        run_command(host, command)
    assert why in str(caught.value)


def test_connections_in_a_state_are_counted_as_freebsd_s_scripts_do(host: Host) -> None:
    count = "sockstat -4 -P tcp -p 8080 -s | grep packetdril | grep -c TIME_WAIT | grep"
    run_command(host, f"{count} 0")
    run_command(host, count.replace("TIME_WAIT", "LISTEN") + " 0")
    listener = host.socket()
    listener.bind(("", 80))
    listener.listen()
    run_command(host, count.replace("TIME_WAIT", "LISTEN") + " 1")
    with pytest.raises(Wrong, match="expected 1 connections in TIME_WAIT, but there are 0"):
        run_command(host, f"{count} 1")
