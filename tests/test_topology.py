"""Networks: hosts, routers and cables, built whole or not at all."""

import socket
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from netlab import Network, experiment, on
from netlab.errors import ConfigurationError, FaultError
from netlab.host import Host
from netlab.units import Mbps, ms, s


@pytest.fixture
def net() -> Network:
    return Network(seed=7)


def test_a_network_says_what_it_is(net: Network) -> None:
    assert repr(net) == "<network of no hosts; 0 cables; seed 7>"
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob)
    assert repr(net) == "<network of alice, bob; 1 cables; seed 7>"
    assert repr(alice) == "<host alice, 10.0.0.1>"
    assert repr(net.router("r1")) == "<router r1, no address>"


def test_interfaces_have_addresses_of_their_own_that_nobody_made(net: Network) -> None:
    hosts = [net.host(f"h{n}", f"10.0.0.{n}/24") for n in range(1, 4)]
    macs = [host.interfaces[0].mac for host in hosts]
    assert [str(mac) for mac in macs] == [f"02:00:00:00:00:0{n}" for n in range(1, 4)]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda net: net.host("bob", "10.0.0.1/24"), "10.0.0.1 belongs to alice already"),
        (lambda net: net.host("bob", "10.0.0.1/8"), "10.0.0.1 belongs to alice already"),
        (lambda net: net.host("alice", "10.0.0.2/24"), "there is a host 'alice' already"),
        (lambda net: net.host("Alice", "10.0.0.2/24"), "there is a host 'alice' already"),
        (lambda net: net.router("alice"), "there is a host 'alice' already"),
        (lambda net: net.host("", "10.0.0.2/24"), "a host's name is made of letters"),
        (lambda net: net.host("a b", "10.0.0.2/24"), "a host's name .* got 'a b'"),
        (lambda net: net.host("10.0.0.9", "10.0.0.2/24"), "a host's name .* got '10.0.0.9'"),
        (lambda net: net.host(5, "10.0.0.2/24"), "a host's name .* got 5"),
        (lambda net: net.host("localhost", "10.0.0.2/24"), "every host is 'localhost' to itself"),
        (lambda net: net.host("bob", "10.0.0.2"), "such as 10.0.0.1/24"),
        (lambda net: net.host("bob", "10.0.0.256/24"), "10.0.0.256"),
        (lambda net: net.host("bob", "10.0.0.2/33"), "10.0.0.2/33"),
        (lambda net: net.host("bob", "10.0.0.255/24"), "a broadcast address"),
        (lambda net: net.host("bob", "224.0.0.1/24"), "a multicast address"),
        (lambda net: net.host("bob", gateway="10.0.0.9"), "bob has no address from which to send"),
        (lambda net: net.host("bob", "10.0.0.2/24", gateway="10.0.9.1"), "none of its networks"),
        (lambda net: net.host("bob", "10.0.0.2/24", gateway="nobody"), "'nobody' is not an IPv4"),
        (lambda net: net.host("bob", "10.0.0.2/24", mtu=10), "an MTU is from 68 to 65535"),
    ],
)
def test_a_host_that_cant_be_is_refused_and_the_network_stays_as_it_was(
    net: Network, build: Callable[[Network], object], message: str
) -> None:
    net.host("alice", "10.0.0.1/24")
    with pytest.raises(ConfigurationError, match=message):
        build(net)
    assert list(net.hosts) == ["alice"]
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(net.hosts["alice"], bob)
    assert bob.ping("alice", count=1).rtts == [0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delay": "10 ms"}, "delay must be a whole number of nanoseconds"),
        ({"delay": -1}, "delay must be"),
        ({"rate": 0}, "rate must be a whole number of bits per second above 0"),
        ({"loss": 2}, "loss must be a probability"),
        ({"queue": 0}, "queue must be"),
        ({"addresses": (None, None)}, "r1 is a router: say which address its new interface has"),
        (
            {"addresses": ("10.0.0.9/24", "10.0.0.8/24")},
            "alice has eth0 for this cable",
        ),
        ({"addresses": (None, "10.0.0.1/24")}, "10.0.0.1 belongs to alice already"),
        ({"addresses": (None, "10.0.0.300/24")}, "10.0.0.300"),
        ({"addresses": "10.0.0.254/24"}, "addresses= is a pair"),
        ({"addresses": (None,)}, "addresses= is a pair"),
    ],
)
def test_a_cable_that_cant_be_leaves_both_ends_as_they_were(
    net: Network, options: dict[str, object], message: str
) -> None:
    alice, r1 = net.host("alice", "10.0.0.1/24"), net.router("r1")
    with pytest.raises(ConfigurationError, match=message):
        net.connect(alice, r1, **{"addresses": (None, "10.0.0.254/24"), **options})  # type: ignore[arg-type]
    assert (net.links, r1.interfaces, list(r1.ipv4.addresses)) == ([], [], [])
    assert alice.interfaces[0].link is None
    net.connect(alice, r1, addresses=(None, "10.0.0.254/24"))
    assert alice.ping("r1", count=1).rtts == [0]


def test_a_host_takes_one_cable(net: Network) -> None:
    alice, bob, carol = (net.host(name, f"10.0.0.{n}/24") for n, name in enumerate("abc", 1))
    net.connect(alice, bob)
    with pytest.raises(ConfigurationError, match=r"b:eth0 is plugged into a-b already"):
        net.connect(bob, carol)
    with pytest.raises(ConfigurationError, match="a:eth0 is plugged into a-b already"):
        net.connect(alice, bob)
    assert len(net.links) == 1


def test_what_a_cable_cant_join(net: Network) -> None:
    alice, r1 = net.host("alice", "10.0.0.1/24"), net.router("r1")
    stranger = Network().host("bob", "10.0.0.2/24")
    with pytest.raises(ConfigurationError, match="both ends of the cable are on alice"):
        net.connect(alice, alice)
    with pytest.raises(ConfigurationError, match="both ends of the cable are on r1"):
        net.connect(r1, r1, addresses=("10.0.1.1/24", "10.0.1.2/24"))
    with pytest.raises(
        ConfigurationError, match=r"connect\(\) takes two hosts of this network.*; got <host bob"
    ):
        net.connect(alice, stranger)
    with pytest.raises(ConfigurationError, match="got 'alice'"):
        net.connect("alice", alice)  # type: ignore[arg-type]
    r2 = net.router("r2")
    with pytest.raises(ConfigurationError, match="both ends of the cable can't have the address"):
        net.connect(r1, r2, addresses=("10.0.1.1/24", "10.0.1.1/24"))
    assert (r1.interfaces, r2.interfaces) == ([], [])


def test_cables_between_the_same_two_have_names_and_chances_of_their_own(net: Network) -> None:
    r1, r2 = net.router("r1"), net.router("r2")
    links = [
        net.connect(r1, r2, loss=0.5, addresses=(f"10.0.{n}.1/24", f"10.0.{n}.2/24"))
        for n in range(3)
    ]
    assert [link.name for link in links] == ["r1-r2", "r1-r2-2", "r1-r2-3"]
    fates = [
        tuple(link.transmit(link.ends[0], bytes(64), "a test", None).fate for _ in range(40))
        for link in links
    ]
    assert len(set(fates)) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": "7"}, "seed must be an int"),
        ({"seed": 1.5}, "seed must be an int"),
        ({"clock": "fast"}, 'clock must be "virtual" or "real"; got .fast'),
        ({"record": 0.5}, "record must be a whole number"),
    ],
)
def test_a_network_that_cant_be_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Network(**options)  # type: ignore[arg-type]


def test_time_passes_as_told(net: Network) -> None:
    net.run(until=5 * s)
    net.run_for(2 * s)
    assert net.now == 7 * s
    net.host("alice", "10.0.0.1/24").start(lambda host: host.sim.clock.sleep(1 * s))
    net.run(until=lambda: net.programs == [])
    assert net.now == 8 * s
    for bad in ("1s", -1, 0.5, 1 * s):
        with pytest.raises(ConfigurationError):
            net.run(until=bad)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="time must be"):
        net.run_for(-1)


def test_a_network_can_be_stepped_and_stopped(net: Network) -> None:
    seen: list[str] = []
    alice = net.host("alice", "10.0.0.1/24")
    alice.start(lambda host: seen.append("one"))
    alice.start(lambda host: (seen.append("two"), net.stop()))
    alice.start(lambda host: seen.append("three"))
    assert net.step()
    assert seen == ["one"]
    net.run()
    assert seen == ["one", "two"]
    net.run()
    assert seen == ["one", "two", "three"]
    assert not net.step()


def send_some(net: Network) -> None:
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=1 * ms, rate=10 * Mbps)
    bob.socket(socket.SOCK_DGRAM).bind(("", 9))
    sock = alice.socket(socket.SOCK_DGRAM)
    for _ in range(100):
        sock.sendto(b"x", ("bob", 9))
        net.run()


def test_recording_can_be_left_out(net: Network) -> None:
    quiet = Network(record=False)
    send_some(quiet)
    assert quiet.trace.events == []
    send_some(net)
    assert len(net.trace.frames) == 102
    assert quiet.now == net.now


def test_recording_can_keep_only_the_newest() -> None:
    net = Network(record=50)
    send_some(net)
    assert 50 <= len(net.trace.events) <= 100
    assert net.trace.events[-1].kind == "delivered"
    assert net.sim.recorder.dropped > 100
    frame = net.trace.frames[-1]
    assert frame.id == 102
    assert str(net.trace.why(frame))


def test_a_network_and_all_in_it_go_when_nobody_holds_it() -> None:
    net = Network()
    send_some(net)
    gone = weakref.ref(net)
    del net
    assert gone() is None


def test_hosts_may_be_given_to_functions_by_their_network(net: Network) -> None:
    def build(network: Network) -> tuple[Host, Host]:
        return network.host("alice", "10.0.0.1/24"), network.host("bob", "10.0.0.2/24")

    alice, bob = build(net)
    assert net.hosts == {"alice": alice, "bob": bob}


def a_pair() -> Any:
    net = Network()
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob)
    return net


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda net: net.connect(None, net.hosts["bob"]), "takes two hosts"),
        (lambda net: net.connect(*net.hosts.values(), addresses=None), "is a pair"),
        (lambda net: net.connect(*net.hosts.values(), addresses=5), "is a pair"),
        (lambda net: setattr(net.links[0], "delay_ns", -5), "delay_ns must be"),
        (lambda net: setattr(net.links[0], "jitter_ns", 0.5), "jitter_ns must be"),
        (lambda net: setattr(net.links[0], "rate_bps", 0), "rate_bps must be"),
        (lambda net: net.host("carol", "127.0.0.1/8"), "a loopback address"),
        (lambda net: net.host("carol", "10.0.0.3/24", gateway="10.0.0.3"), "its own gateway"),
        (lambda net: net.host("-a", "10.0.0.3/24"), "a hyphen only within"),
        (lambda net: net.host("127", "10.0.0.3/24"), "no mere number"),
        (lambda net: net.host("a" * 300, "10.0.0.3/24"), "63 characters at most"),
        (lambda net: net.hosts["bob"].inject(b"x", interface="eth0"), "counted from 0"),
        (lambda net: experiment(lambda net: None)().compare(net), "takes another run"),
    ],
)
def test_what_cant_be_is_told_of_and_changes_nothing(
    mistake: Callable[[Any], object], said: str
) -> None:
    net = a_pair()
    with pytest.raises(ConfigurationError, match=said):
        mistake(net)
    assert list(net.hosts) == ["alice", "bob"]
    with on(net.hosts["alice"]):
        assert net.hosts["alice"].ping("bob", count=1).received == 1


def test_what_is_no_name_of_a_host_is_a_type_error_as_with_real_sockets() -> None:
    alice = a_pair().hosts["alice"]
    with pytest.raises(TypeError, match="a str; got 5"):
        alice.ping(5, count=1)
    with on(alice), pytest.raises(TypeError, match="a str; got 5"):
        socket.gethostbyname(5)  # type: ignore[arg-type]
    with on(alice):
        assert socket.gethostbyname(b"bob") == "10.0.0.2"  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [float("inf"), 1e30, 9.3e9])
def test_a_timeout_beyond_all_times_overflows_as_with_real_sockets(seconds: float) -> None:
    with socket.socket() as real, pytest.raises(OverflowError):
        real.settimeout(seconds)
    with a_pair().hosts["alice"].socket() as sock, pytest.raises(OverflowError):
        sock.settimeout(seconds)


@pytest.mark.parametrize(
    ("condition", "advised"), [(lambda f: f.tcp.fin, True), (lambda f: 1 / 0, False)]
)
def test_a_condition_is_told_of_missing_layers_only_where_it_met_one(
    condition: Callable[[Any], object], advised: bool
) -> None:
    net = a_pair()
    net.links[0].drop(condition)
    with pytest.raises(FaultError) as error:
        net.hosts["alice"].ping("bob", count=1)
    assert ("write f.tcp" in str(error.value)) == advised


def test_a_host_gets_a_further_interface_where_an_address_is_given_for_it(net: Network) -> None:
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob)
    carol = net.host("carol", "10.0.1.3/24")
    net.connect(alice, carol, addresses=("10.0.1.1/24", None))
    assert [interface.name for interface in alice.interfaces] == ["eth0", "eth1"]
    assert [str(address) for address in alice.ipv4.addresses] == ["10.0.0.1", "10.0.1.1"]
    assert alice.ping("carol", count=1).received == 1
    assert carol.ping("10.0.1.1", count=1).received == 1
    assert bob.ping("alice", count=1).received == 1


def test_two_cables_may_join_the_same_two_hosts(net: Network) -> None:
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    first = net.connect(alice, bob)
    second = net.connect(alice, bob, medium="serial", addresses=("10.0.1.1/24", "10.0.1.2/24"))
    assert [interface.name for interface in alice.interfaces] == ["eth0", "ppp1"]
    assert alice.ping("10.0.1.2", count=1).received == 1
    assert {frame.link.name for frame in net.trace.frames} == {second.name}
    assert first.name != second.name


def test_the_mtu_of_a_link_holds_at_both_ends(net: Network) -> None:
    alice, r1 = net.host("alice", "10.0.0.1/24"), net.router("r1")
    with pytest.raises(ConfigurationError, match="alice-r1: an MTU is from 68 to 65535"):
        net.connect(alice, r1, mtu=67, addresses=(None, "10.0.0.254/24"))
    net.connect(alice, r1, mtu=576, addresses=(None, "10.0.0.254/24"))
    assert [alice.interfaces[0].mtu, r1.interfaces[0].mtu] == [576, 576]


def test_all_that_takes_part_is_in_the_trace_in_the_order_in_which_it_was_made(
    net: Network,
) -> None:
    net.switch("s1")
    net.host("alice", "10.0.0.1/24")
    net.hub("h1")
    net.router("r1")
    net.probe("p1")
    assert net.trace.hosts == list(net.nodes) == ["s1", "alice", "h1", "r1", "p1"]
    assert net.trace.addresses["s1"] == ""
    assert (list(net.hosts), list(net.switches), list(net.hubs), list(net.probes)) == (
        ["alice", "r1"],
        ["s1"],
        ["h1"],
        ["p1"],
    )


def test_a_medium_that_isnt_there_is_refused(net: Network) -> None:
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    with pytest.raises(
        ConfigurationError, match="medium is one of ethernet, serial, raw; got 'wlan'"
    ):
        net.connect(alice, bob, medium="wlan")
    assert alice.interfaces[0].link is None
