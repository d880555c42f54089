"""ICMP errors as the Linux kernel sends them, and as it tells sockets of them, in a namespace."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netlab import Network
from netlab.network.icmp import errno_of
from netlab.network.icmp_message import DESTINATION_UNREACHABLE, PORT_UNREACHABLE, IcmpMessage
from netlab.network.ipv4_packet import Ipv4Packet

pytestmark = pytest.mark.netns

HOME = Path(__file__).parent.parent.parent
BEGIN = """
import json, socket, struct, subprocess
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
raw.settimeout(2)
"""
TELL = """
from netlab.network.address import IPv4Address
from netlab.network.icmp_message import DESTINATION_UNREACHABLE, PORT_UNREACHABLE, IcmpMessage
from netlab.network.ipv4_packet import Ipv4Packet
here = IPv4Address.parse("127.0.0.1")
IP_RECVERR = 11  # tell everything, soft errors too

def told(type_, code):
    "The errno that a connected UDP socket gets of such an error about its datagram."
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer,
    ):
        for each in (sock, peer):
            each.bind(("127.0.0.1", 0))
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        sock.connect(peer.getsockname())
        ports = struct.pack("!HHHH", sock.getsockname()[1], peer.getsockname()[1], 9, 0)
        quoted = Ipv4Packet(here, here, 17, ports + b"x").pack()
        rest = 1200 if (type_, code) == (3, 4) else 0
        raw.sendto(IcmpMessage(type_, code, rest, quoted).pack(), ("127.0.0.1", 0))
        sock.settimeout(2)
        try:
            sock.recv(1)
        except OSError as error:
            return error.errno

kinds = [(3, code) for code in range(16)] + [(11, 0), (12, 0)]
print(json.dumps([(type_, code, told(type_, code)) for type_, code in kinds]))
"""
SEND = """
def answer(size, tos):
    "A datagram to a port where nobody is, and the ICMP error about it, as packets."
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
        sock.sendto(bytes(size), ("127.0.0.1", 9))
    return raw.recv(65_536).hex()

print(json.dumps([(size, tos, answer(size, tos)) for size in (0, 5, 519, 520, 521, 1400) for tos in (0, 40)]))
"""


def in_a_namespace(script: str) -> Any:
    command = ["unshare", "--net", sys.executable, "-c", BEGIN + script]
    run = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.rfc(
    "RFC 1122 4.1.3.3", "RFC 1122 3.2.2.1/pass", "RFC 1122 3.2.2.4/pass", "RFC 1122 3.2.2.5/pass"
)
def test_a_socket_gets_the_errno_that_the_kernel_gives() -> None:
    for type_, code, number in in_a_namespace(TELL):
        assert errno_of(IcmpMessage(type_, code)) == number, (type_, code)


def error_about(about: Ipv4Packet) -> tuple[Ipv4Packet, IcmpMessage]:
    """What netlab says when nobody is at the port."""
    net = Network()
    host = net.host("alice", "10.0.0.1/24")
    heard: list[tuple[Ipv4Packet, IcmpMessage]] = []
    with host.icmp.listening(lambda packet, message, _: heard.append((packet, message))):
        host.ipv4.send_error(DESTINATION_UNREACHABLE, PORT_UNREACHABLE, about, "a test")
        net.run()
    return heard[0]


@pytest.mark.rfc("RFC 1122 3.2.2", "RFC 1812 4.3.2.3", "RFC 1812 4.3.2.5", "RFC 1122 3.2.2/same")
def test_an_error_quotes_as_the_kernels_does() -> None:
    for size, tos, answer in in_a_namespace(SEND):
        theirs = Ipv4Packet.parse(bytes.fromhex(answer))
        quote = Ipv4Packet.parse(IcmpMessage.parse(theirs.payload).payload, quoted=True)
        whole = quote.payload.ljust(8 + size, b"\0")
        ours, message = error_about(Ipv4Packet(quote.src, quote.dst, 17, whole, dscp=tos >> 2))
        assert len(ours.payload) == len(theirs.payload), size
        assert Ipv4Packet.parse(message.payload, quoted=True).payload == quote.payload
        # Precedence 6, that is; the kernel also keeps the type of service, against RFC 1349 5.1.
        assert ours.dscp >> 3 == theirs.dscp >> 3 == 6
        assert ours.ttl == theirs.ttl
