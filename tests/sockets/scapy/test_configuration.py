"""Inside `on(host)` Scapy's `conf` is the host's; everywhere else it is what it was."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from scapy import all as scapy
from scapy import sendrecv, volatile
from scapy.config import conf
from scapy.layers import l2
from scapy.layers.inet import IP
from scapy.layers.l2 import Ether

from netlab import Network, on
from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.units import s
from tests.sockets.scapy.material import internetwork

NAMES = ("L2socket", "L2listen", "L3socket", "L3socket6", "iface", "ifaces", "route", "route6")


def state() -> dict[str, Any]:
    """All that is ever replaced, as it is now."""
    found = {f"conf.{name}": getattr(conf, name) for name in NAMES}
    found |= {
        f"sendrecv.{name}": vars(sendrecv)[name]
        for name in ("Event", "Thread", "time", "sndrcvflood")
    }
    found |= {"random": vars(volatile)["random"], "arp": (type(l2._arp_cache), dict(l2._arp_cache))}
    # Scapy itself notes the default of some attributes when they are first asked for.
    own = {name: value for name, value in vars(conf).items() if name != "_intercepted_color_theme"}
    return {**found, "class": type(conf), **own}


@pytest.fixture(autouse=True)
def everything_is_restored() -> Iterator[None]:
    before = state()
    yield
    assert state() == before


@pytest.fixture
def net() -> Network:
    return internetwork()


@pytest.fixture
def alice(net: Network) -> Host:
    return net.hosts["alice"]


def test_interfaces_routes_and_addresses_are_those_of_the_host(net: Network, alice: Host) -> None:
    with on(alice):
        assert (conf.iface.name, conf.iface.ip, conf.iface.mac) == (
            "eth0",
            "10.0.1.1",
            "02:00:00:00:00:01",
        )
        assert list(conf.ifaces) == [conf.loopback_name, "eth0"]
        assert scapy.get_if_list() == [conf.loopback_name, "eth0"]
        assert scapy.get_if_addr("eth0") == "10.0.1.1"
        assert scapy.get_if_hwaddr(conf.iface) == "02:00:00:00:00:01"
        assert conf.route.route("10.0.2.1") == ("eth0", "10.0.1.1", "10.0.1.254")
        assert conf.route.route("10.0.1.7") == ("eth0", "10.0.1.1", "0.0.0.0")
        assert conf.route.route("10.0.1.1") == (conf.loopback_name, "10.0.1.1", "0.0.0.0")
        assert IP(dst="10.0.2.1").src == "10.0.1.1"
        assert Ether(bytes(Ether(dst="02:00:00:00:00:03") / IP(dst="bob"))).src == alice_mac(alice)
        assert scapy.getmacbyip("10.0.2.1") == "02:00:00:00:00:03"
        assert "10.0.1.254" in repr(conf.route)
        assert "02:00:00:00:00:01" in repr(conf.ifaces)
    with on(net.hosts["r"]):
        assert list(conf.ifaces) == [conf.loopback_name, "eth0", "eth1"]
        assert conf.route.route("10.0.2.1")[:2] == ("eth1", "10.0.2.254")


def alice_mac(alice: Host) -> str:
    return str(alice.interfaces[0].mac)


def test_the_host_s_tables_are_read_anew_whenever_they_are_asked_for(alice: Host) -> None:
    with on(alice):
        assert conf.route.route("10.0.2.1")[2] == "10.0.1.254"
        alice.add_route("10.0.2.0/24", "10.0.1.253")
        assert conf.route.route("10.0.2.1")[2] == "10.0.1.253"


def test_a_route_added_in_scapy_counts_for_scapy_on_this_host_alone(
    net: Network, alice: Host
) -> None:
    with on(alice):
        conf.route.add(net="192.168.0.0/16", gw="10.0.1.77")
        assert conf.route.route("192.168.3.4") == ("eth0", "10.0.1.1", "10.0.1.77")
        assert len(alice.ipv4.routes) == 2
        with on(net.hosts["bob"]):
            assert conf.route.route("192.168.3.4")[2] == "10.0.2.254"
        conf.route.delt(net="192.168.0.0/16", gw="10.0.1.77")
        assert conf.route.route("192.168.3.4")[2] == "10.0.1.254"
        conf.route.add(host="192.168.0.1", gw="10.0.1.77")
        conf.route.resync()
        assert conf.route.route("192.168.0.1")[2] == "10.0.1.254"


def test_what_is_set_is_set_for_the_host_and_what_is_of_no_host_for_all(
    net: Network, alice: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "verb", conf.verb)
    with on(net.hosts["r"]):
        conf.iface = "eth1"
        assert conf.iface.ip == "10.0.2.254"
        conf.verb = 0
    with on(alice):
        assert conf.iface.ip == "10.0.1.1"
    with on(net.hosts["r"]):
        assert conf.iface.name == "eth1"
        with pytest.raises(ValueError, match="eth9"):
            conf.iface = "eth9"
    assert conf.verb == 0


def test_blocks_are_nested_and_each_has_its_own_host(net: Network, alice: Host) -> None:
    with on(alice):
        with on(net.hosts["bob"]):
            assert IP(dst="10.0.9.9").src == "10.0.2.1"
        assert IP(dst="10.0.9.9").src == "10.0.1.1"


def test_an_exception_in_the_block_leaves_nothing_behind(alice: Host) -> None:
    def fail() -> None:
        with on(alice):
            conf.L3socket = None
            raise RuntimeError("by intent")

    before = state()
    with pytest.raises(RuntimeError):
        fail()
    assert state() == before


def test_other_threads_keep_the_real_ones_and_may_change_them(alice: Host) -> None:
    before = {name: getattr(conf, name) for name in NAMES}
    found: list[Any] = []

    def look() -> None:
        found.append({name: getattr(conf, name) for name in NAMES})
        found.append((sendrecv.Event().__class__, sendrecv.time.monotonic() > 1e-3))
        found.append(volatile.random.random.__self__)
        found.append(l2._arp_cache.get("10.0.1.254"))
        kept, conf.L2socket = conf.L2socket, "another"
        found.append(conf.L2socket)
        conf.L2socket = kept

    with on(alice):
        scapy.getmacbyip("10.0.1.254")
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert conf.L2socket != "another"
    assert found[0] == before
    assert found[1:] == [(threading.Event, True), found[2], None, "another"]
    assert (
        not isinstance(found[2], type(alice.sim.stream("any")).__mro__[0]) or found[2] is not None
    )


def test_neighbours_are_those_of_the_host_s_arp_and_those_that_scapy_found(
    net: Network, alice: Host
) -> None:
    alice.ping("bob", count=1)
    asked = len(net.trace.frames)
    with on(alice):
        assert scapy.getmacbyip("10.0.1.254") == "02:00:00:00:00:03"
        assert len(net.trace.frames) == asked  # the host knew it
        l2._arp_cache["10.0.1.9"] = "02:00:00:00:00:99"
        assert scapy.getmacbyip("10.0.1.9") == "02:00:00:00:00:99"
        net.run_for(200 * s)
        assert scapy.getmacbyip("10.0.1.9") is None  # it was asked for, and nobody answered
    with on(net.hosts["r"]):
        assert scapy.getmacbyip("10.0.1.9") is None
    assert l2._arp_cache.get("10.0.1.254") is None


def test_a_host_without_an_interface_and_a_packet_for_ipv6_are_refused(net: Network) -> None:
    lonely = net.router("lonely")
    with on(lonely), pytest.raises(ConfigurationError, match="lonely has no interface yet"):
        scapy.sniff(timeout=1)
    with on(net.hosts["alice"]), pytest.raises(ConfigurationError, match="speaks IPv4"):
        scapy.sr1(scapy.IPv6(dst="fe80::1") / scapy.ICMPv6EchoRequest(), timeout=1, verbose=0)


def test_a_packet_for_the_host_itself_is_refused(alice: Host) -> None:
    for address in ("127.0.0.1", "10.0.1.1", "alice"):
        with on(alice), pytest.raises(ConfigurationError, match="the very host that Scapy runs on"):
            scapy.sr1(IP(dst=address) / scapy.ICMP(), timeout=1, verbose=0)
    with on(alice), pytest.raises(ConfigurationError, match="carries no frames"):
        scapy.sendp(Ether() / IP(), iface=conf.loopback_name, verbose=0)


def test_a_socket_of_scapy_s_is_refused_where_no_host_is_meant(alice: Host) -> None:
    with on(alice):
        kind = conf.L3socket
        with kind() as opened, pytest.raises(ConfigurationError, match="own select"):
            opened.fileno()
    with pytest.raises(ConfigurationError, match=r"inside on\(host\)"):
        kind()


def test_a_socket_that_stays_open_reads_on_and_one_that_is_closed_leaves_the_interface(
    net: Network, alice: Host
) -> None:
    with on(alice):
        opened = conf.L3socket(filter="icmp")
        alice.ping("bob", count=1)
        assert opened.recv().src == "10.0.2.1"
        assert opened.recv() is None
        opened.close()
        alice.ping("bob", count=1)
        assert opened.recv() is None
    assert "receive" not in vars(alice.interfaces[0])
