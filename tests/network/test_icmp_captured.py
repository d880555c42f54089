"""Captures of every kind of ICMP that hosts and routers send, as tshark reads them."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from netlab.network.icmp_message import PARAMETER_PROBLEM, IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_UDP, Ipv4Packet
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import s
from tests.network.material import Chain, address
from tests.trace.material import tshark

pytestmark = pytest.mark.tshark

CHECKSUMS = ("-o", "ip.check_checksum:TRUE")


def pings(chain: Chain) -> None:
    chain.alice.ping("carol", count=2, size=100)
    chain.alice.ping("carol", count=1, ttl=1)


def traceroutes(chain: Chain) -> None:
    for kind in ("udp", "icmp", "tcp"):
        chain.alice.traceroute("carol", probe=kind)


def nobody_there(chain: Chain) -> None:
    for target in ("10.0.3.9", "192.0.2.1"):
        chain.alice.ping(target, count=1)
    chain.alice.ipv4.send(address("10.0.3.1"), 253, b"?", reason="a test")
    chain.alice.socket(socket.SOCK_DGRAM).sendto(bytes(900), ("carol", 9))


def a_narrow_link(chain: Chain) -> None:
    chain.r2.interfaces[1].mtu = 600
    chain.alice.ping("carol", count=1, size=1_000, dont_fragment=True)


def a_filter(chain: Chain) -> None:
    chain.r2.ipv4.filter.refuse(lambda packet: packet.protocol == PROTOCOL_ICMP, answer=True)
    chain.alice.ping("carol", count=1)


def a_redirect(chain: Chain) -> None:
    chain.r1.add_route("10.0.9.0/24", "10.0.1.253")
    chain.alice.ping("10.0.9.1", count=1)


def timestamps(chain: Chain) -> None:
    request = IcmpMessage.timestamp_request(1, 1, 42).pack()
    chain.alice.ipv4.send(address("10.0.3.1"), PROTOCOL_ICMP, request, reason="a test")


def a_parameter_problem(chain: Chain) -> None:
    chain.alice.ping("carol", count=1)
    src, dst = address("10.0.1.1"), address("10.0.3.1")
    about = Ipv4Packet(src, dst, PROTOCOL_UDP, UdpDatagram(5, 9, b"").pack(src, dst))
    chain.carol.icmp.errors.send_error(PARAMETER_PROBLEM, 0, about, "a test", 20 << 24)


@pytest.mark.parametrize(
    ("scene", "kinds"),
    [
        (pings, {"0/0", "8/0", "11/0"}),
        (traceroutes, {"0/0", "8/0", "11/0", "3/3"}),
        (nobody_there, {"8/0", "3/0", "3/1", "3/2", "3/3"}),
        (a_narrow_link, {"8/0", "3/4"}),
        (a_filter, {"8/0", "3/13"}),
        (a_redirect, {"8/0", "5/1", "3/1"}),
        (timestamps, {"13/0", "14/0"}),
        (a_parameter_problem, {"0/0", "8/0", "12/0"}),
    ],
)
def test_tshark_reads_them_without_a_complaint(
    scene: Callable[[Chain], None], kinds: set[str], tmp_path: Path
) -> None:
    chain = Chain()
    scene(chain)
    chain.net.run_for(10 * s)
    chain.net.trace.save(tmp_path / "run.pcapng")
    rows = tshark(
        tmp_path / "run.pcapng",
        *("_ws.malformed", "icmp.checksum.status", "ip.checksum.status", "_ws.expert.severity"),
        *("icmp.type", "icmp.code", "tcp.flags.reset"),
        options=CHECKSUMS,
    )
    seen = set()
    for malformed, icmp_checksum, ip_checksum, severity, types, codes, reset in rows:
        assert malformed == ""
        quoted = {"1", "2", ""}  # of which not all is there, and so can't be verified
        assert icmp_checksum[:1] in ("1", "")
        assert set(icmp_checksum.split("|")) <= quoted
        assert set(ip_checksum.split("|")) <= {"1", ""}
        warning = 0x600000
        if reset not in ("1", "True"):  # of which tshark warns
            assert all(int(level) < warning for level in severity.split("|") if level)
        if types:  # the first is the message's own, a second that of a quoted one
            seen.add(f"{types.split('|')[0]}/{codes.split('|')[0]}")
    assert seen == kinds
