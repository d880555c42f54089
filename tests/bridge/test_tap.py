"""A TAP device in a network: made, used, spoilt by faults, and gone afterwards."""

import sys
import textwrap
from pathlib import Path

import pytest

from netlab import Network
from netlab.bridge import device
from netlab.errors import BridgeError, ConfigurationError
from tests.machines import Machine
from tests.neighbours import HOME

BUILD = f"""
import gc, socket, subprocess, sys, time
sys.path.insert(0, {str(HOME)!r})
from netlab import Network, on
from netlab.errors import BridgeError, ConfigurationError
from netlab.units import ms, s

def run(command):
    return subprocess.run(command.split(), capture_output=True, text=True)

def there(name):
    return run(f"ip link show {{name}}").returncode == 0

def build(name="tap7", number=7):
    net = Network(clock="real")
    host = net.host("alice", f"10.80.{{number}}.2/24", gateway=f"10.80.{{number}}.1")
    tap = net.tap(name, f"10.80.{{number}}.1/24")
    return net, host, tap, net.connect(host, tap)
"""


def python(kernel: Machine, code: str, *around: str) -> str:
    command = [sys.executable, "-W", "error", "-c", BUILD + textwrap.dedent(code)]
    return kernel.run(*around, *command)


WITHOUT_THE_RIGHT = ("setpriv", "--bounding-set=-net_admin")


def test_a_kernel_is_no_part_of_virtual_time() -> None:
    with pytest.raises(ConfigurationError, match=r'Network\(clock="real"\)'):
        Network().tap("tap7")


@pytest.mark.parametrize("name", ["", "a-name-of-more-than-fifteen", "no/way", "zwölf!"])
def test_a_name_that_linux_doesn_t_take_is_refused(name: str) -> None:
    with Network(clock="real") as net, pytest.raises(ConfigurationError, match="name"):
        net.tap(name)


@pytest.mark.netns
def test_it_is_made_and_gone_with_the_network(kernel: Machine) -> None:
    python(
        kernel,
        """
        net, host, tap, cable = build()
        shown = run("ip -4 -o address show tap7").stdout
        assert "10.80.7.1/24" in shown, shown
        assert "UP" in run("ip -br link show tap7").stdout
        assert str(tap.interface.mac) in run("ip link show tap7").stdout
        with on(host):
            assert socket.gethostbyname("tap7") == "10.80.7.1"
        assert host.ping("tap7", count=2, interval=10 * ms).received == 2
        net.close()
        assert not there("tap7")
        net.close()
        tap.close()
        net, *_ = build()  # and may be made again
        assert there("tap7")
        del net, _
        gc.collect()
        assert not there("tap7")
        """,
    )


@pytest.mark.netns
def test_faults_strike_what_passes_and_all_of_it_is_in_the_trace(kernel: Machine) -> None:
    python(
        kernel,
        """
        import re
        net, host, tap, cable = build()
        def ping(options):
            return run(f"ping -q {options} 10.80.7.2").stdout
        assert " 0% packet loss" in ping("-c3 -i.01")
        cable.delay_ns = 20 * ms
        times = re.search(r"rtt min/avg/max/mdev = ([0-9.]+)", ping("-c3 -i.01"))
        assert float(times[1]) >= 40
        cable.delay_ns = 0
        rule = cable.drop(lambda f: f.icmp and f.icmp.type == 8, times=2, sender="tap7")
        assert "3 received, 40% packet loss" in ping("-c5 -i.01 -W1")
        assert rule.hits == 2
        frames = [f for f in net.trace.frames if f.icmp]
        assert {f.sender for f in frames} == {"tap7", "alice"}
        assert len(frames) == 2 * (3 + 3) + 2 + 2 * 3
        assert [f.fate for f in frames].count("dropped") == 2
        replies = [f for f in frames if f.icmp.type == 0]
        assert all(f.cause is not None for f in replies)
        """,
    )


@pytest.mark.netns
def test_what_a_device_that_is_down_doesn_t_take_is_discarded_and_told(kernel: Machine) -> None:
    python(
        kernel,
        """
        net, host, tap, cable = build()
        run("ip link set tap7 down")
        assert host.ping("10.80.7.1", count=1, timeout=100 * ms).received == 0
        told = [e.fields["why"] for e in net.trace.events_of(kind="discarded", host="tap7")]
        assert told and "is tap7 up?" in told[0], told
        assert tap.interface.rx.dropped == len(told)
        run("ip link set tap7 up")
        time.sleep(0.1)
        assert "1 received" in run("ping -c1 -W5 10.80.7.2").stdout
        """,
    )


@pytest.mark.netns
def test_a_device_that_is_deleted_meanwhile_is_told_of(kernel: Machine) -> None:
    python(
        kernel,
        """
        net, host, tap, cable = build()
        run("ip link delete tap7")
        try:
            net.run(until=net.now + 10 * s)
        except BridgeError as error:
            assert "tap7 can't be read any more" in str(error)
        else:
            raise AssertionError
        assert host.ping("10.80.7.1", count=1, timeout=100 * ms).received == 0
        net.close()
        """,
    )


@pytest.mark.netns
@pytest.mark.parametrize(
    ("prepare", "code", "words"),
    [
        ("", 'build("lo")', "no TAP device: take another name"),
        (
            "ip link add taken type veth peer other",
            'build("taken")',
            "no TAP device: take another name",
        ),
        ("ip tuntap add tunnel mode tun", 'build("tunnel")', "no TAP device: take another name"),
        ("", "kept = build(); build()", "another program has tap7 open"),
    ],
    ids=["loopback", "cable", "tun", "open"],
)
def test_what_can_t_be_opened_is_told_with_what_to_do(
    kernel: Machine, prepare: str, code: str, words: str
) -> None:
    if prepare:
        kernel.run(*prepare.split())
    assert words in python(kernel, refused(code))


def refused(code: str) -> str:
    return f"""
        try:
            {code}
        except BridgeError as error:
            print(error)
        """


@pytest.mark.netns
def test_one_without_the_right_is_told_the_ways_to_get_it(kernel: Machine) -> None:
    output = python(kernel, refused("build()"), *WITHOUT_THE_RIGHT)
    for word in ("CAP_NET_ADMIN", "sudo", "ip tuntap add dev tap7", "unshare"):
        assert word in output


@pytest.mark.netns
def test_a_device_that_root_made_for_somebody_is_used_without_any_right_and_stays(
    kernel: Machine,
) -> None:
    kernel.run("ip", "tuntap", "add", "mine", "mode", "tap", "user", "0")
    kernel.run("ip", "address", "add", "10.80.9.1/24", "dev", "mine")
    kernel.run("ip", "link", "set", "mine", "up")
    python(
        kernel,
        """
        net, host, tap, cable = build("mine", 9)
        assert host.ping("10.80.9.1", count=1).received == 1
        net.close()
        assert there("mine")
        """,
        *WITHOUT_THE_RIGHT,
    )


@pytest.mark.parametrize(
    ("platform", "words"),
    [("darwin", "TAP devices are Linux's, and this is darwin"), ("win32", "WSL 2")],
)
def test_other_systems_are_told_what_to_take_instead(
    monkeypatch: pytest.MonkeyPatch, platform: str, words: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with Network(clock="real") as net, pytest.raises(BridgeError, match=words):
        net.tap()


def test_without_the_driver_one_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(device, "DEVICE", str(tmp_path / "tun"))
    with Network(clock="real") as net, pytest.raises(BridgeError, match="modprobe tun"):
        net.tap()
