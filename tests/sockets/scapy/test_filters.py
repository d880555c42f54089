"""Filters take what tcpdump takes: libpcap itself is asked."""

import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw
from scapy.utils import RawPcapReader

from netlab.errors import ConfigurationError
from netlab.network.address import IPv4Address
from netlab.sockets.names import Names
from netlab.sockets.scapy.filters import compile_filter
from tests import programs

NAMES = Names()
NAMES.add("bob", IPv4Address.parse("10.0.0.2"))

EXPRESSIONS = """
arp
ip
icmp
tcp
udp
igmp
rarp
ip6
not arp
!arp and !udp
arp or icmp
arp or icmp and not src host 10.0.0.2
(arp or icmp) and src host 10.0.0.1
host 10.0.0.1
src 10.0.0.1
dst host 10.0.0.2
src or dst host 10.0.0.2
src and dst host 10.0.0.2
ip host 10.0.0.2
arp src host 10.0.0.1
arp host 10.0.0.3
host 10.0.0.1 or 10.0.0.3
net 10.0.0.0/24
src net 10.0.0.0/30
net 10.0
net 192.168
port 80
tcp port 80
udp port 53
tcp dst port 80
src port 53
port 80 or 53
tcp port 80 or arp
portrange 50-90
udp dst portrange 1-60
port domain
tcp port http
less 60
greater 100
len > 100
len <= 60
ether host 02:00:00:00:00:01
ether src 02:00:00:00:00:01
ether dst host ff:ff:ff:ff:ff:ff
ether broadcast
broadcast
ether multicast
multicast
ip multicast
ip proto 17
ip proto \\tcp
proto 6
ether proto 0x0806
ether proto \\ip
ip[0] & 0xf != 5
ip[8] < 10
ip[2:2] > 100
ip[6:2] & 0x1fff != 0
ip[12:4] = 0x0a000001
ether[0] & 1 = 0
ether[12:2] == 0x806
tcp[13] = 2
tcp[tcpflags] & (tcp-syn|tcp-fin) != 0
tcp[13] & 0x12 = 0x12
tcp[tcpflags] == tcp-syn
tcp[0:2] >= 80
icmp[icmptype] = icmp-echo
icmp[0] = 0 or icmp[0] = 8
udp[4:2] - 8 > 3
udp[4:2] = 8 + 3 * 1
ip[0] >> 4 = 4
1 << 2 = 4 and ip
ip[2:2] / 2 > 20
ip[2:2] / (ip[8] - ip[8]) = 0
arp[7] = 2
arp and arp[7] = 2
tcp[100] = 0 or arp
not tcp[100] = 0
not tcp[13] = 2
ip[1000] = 0
-1 = 0xffffffff
(icmp and (icmp[0]=3 or icmp[0]=4 or icmp[0]=11)) or (tcp and (tcp[13] & 0x16 > 0x10))
host 10.0.0.1  and host 10.0.0.2 and port 80 and port 1024
tcp and (port 80 or port 53) and not src host 10.0.0.1
icmp||arp&&not host 10.0.0.9
""".strip().splitlines()


def frames() -> list[bytes]:
    """Of everything some, whole and cut off and wild."""
    chance = random.Random(7)
    hosts = [f"10.0.0.{number}" for number in (1, 2, 3)] + ["192.168.0.1", "224.0.0.1"]
    macs = ["02:00:00:00:00:01", "02:00:00:00:00:02", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01"]
    made: list[bytes] = []
    for _ in range(600):
        ether = Ether(src=macs[0] if chance.random() < 0.5 else macs[1], dst=chance.choice(macs))
        ports = {"sport": chance.choice([80, 53, 1024]), "dport": chance.choice([80, 53, 55, 9])}
        ip = IP(
            src=chance.choice(hosts),
            dst=chance.choice(hosts),
            ttl=chance.choice([1, 64]),
            frag=chance.choice([0, 0, 0, 3]),
            options=chance.choice([[], [], b"\x01\x01\x01\x00"]),
        )
        load = Raw(chance.randbytes(chance.choice([0, 3, 100])))
        packet = chance.choice(
            [
                ARP(op=chance.choice([1, 2]), psrc=chance.choice(hosts), pdst=chance.choice(hosts)),
                ip / ICMP(type=chance.choice([0, 3, 8, 11])) / load,
                ip / TCP(flags=chance.choice(["S", "SA", "A", "RA", "FA", "FPU"]), **ports) / load,
                ip / UDP(**ports) / load,
                IP(src=hosts[0], dst=hosts[1], proto=chance.choice([2, 50])) / load,
                load,
            ]
        )
        if isinstance(packet, Raw):
            ether.type = chance.choice([0x0800, 0x0806, 0x8035, 0x88B5])
        elif isinstance(packet, ARP):
            packet.hwsrc = packet.hwdst = macs[0]
        data = bytes(ether / packet)
        made.append(data[: chance.randrange(1, len(data))] if chance.random() < 0.1 else data)
    return made


FRAMES = frames()


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filters") / "all.pcap"
    records = (
        struct.pack("=IIII", n, 0, len(each), len(each)) + each for n, each in enumerate(FRAMES)
    )
    path.write_bytes(struct.pack("=IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records))
    if shutil.which("tcpdump") is None:
        reason = "no tcpdump: install it, for it knows what its filters mean"
        pytest.fail(reason) if programs.in_ci() else pytest.skip(reason)
    return path


def taken_by_tcpdump(capture: Path, expression: str) -> list[int] | None:
    """The numbers of the frames; None where tcpdump refuses the filter."""
    path = capture.with_name("taken.pcap")
    # Optimized (no -O), some filters take frames that are cut off where the plain ones don't.
    command = ["tcpdump", "-O", "-Z", "root", "-r", str(capture), "-w", str(path), "--", expression]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return None
    with RawPcapReader(str(path)) as packets:
        return [meta.sec for _, meta in packets]


def taken(expression: str) -> list[int]:
    accepts = compile_filter(expression, NAMES)
    return [number for number, data in enumerate(FRAMES) if accepts(data)]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_filter_takes_what_tcpdump_takes(capture: Path, expression: str) -> None:
    assert taken(expression) == taken_by_tcpdump(capture, expression)


PRIMITIVES = st.sampled_from(
    [each for each in EXPRESSIONS if " or " not in each and "," not in each]
)
COMPOUND = st.recursive(
    PRIMITIVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or", "&&", "||"]), inner).map(" ".join),
        inner.map(lambda each: f"({each})"),
        inner.map(lambda each: f"not ({each})"),
    ),
    max_leaves=5,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(COMPOUND)
def test_compound_filters_take_what_tcpdump_takes(capture: Path, expression: str) -> None:
    expected = taken_by_tcpdump(capture, expression)
    if expected is not None:  # it refuses some that it can prove to take nothing
        assert taken(expression) == expected


def test_a_host_of_the_network_may_be_called_by_its_name() -> None:
    assert taken("host bob") == taken("host 10.0.0.2")
    with pytest.raises(ConfigurationError, match="the hosts here: bob"):
        compile_filter("host carol", NAMES)


def test_an_empty_filter_takes_all() -> None:
    assert taken("") == taken("  ") == list(range(len(FRAMES)))


@pytest.mark.parametrize(
    "expression",
    [
        "and",
        "tcp port",
        "tcp port eighty-one",
        "host",
        "host 10.0.0",
        "(arp",
        "arp)",
        "arp icmp",
        "vlan 7",
        "tcp[13",
        "tcp[13:3] = 1",
        "tcp[13] =",
        "tcp[13] & 2",
        "less than",
        "net 10.0.0.300",
        "port 80-90",
        "portrange 80",
        "ether net 10.0.0.0/8",
        "sctp[0] = 1",
        "5",
        "10.0.0.1",
        "arp port 80",
        "icmp port 7",
        "ether host bob",
        "udp broadcast",
    ],
)
def test_what_is_no_filter_is_refused_with_what_is(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="isn't understood"):
        compile_filter(expression, NAMES)


@given(st.text(alphabet="arp ipcmtudho[]()&|=<>!0123456789.:-nos", max_size=30))
def test_any_text_is_a_filter_or_refused_with_netlab_s_own_error(text: str) -> None:
    try:
        accepts = compile_filter(text, NAMES)
    except ConfigurationError:
        return
    for data in FRAMES[:20]:
        assert isinstance(accepts(data), bool)
