"""Any bytes as ICMP, to a host that is busy: nothing breaks, nothing grows, and it still answers."""

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.link.ethernet import ETHERTYPE_IPV4, EthernetFrame
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, Ipv4Packet
from netlab.transport.tcp.states import State
from netlab.units import ms, s
from tests.network.material import Chain, address

ALICE, CAROL = address("10.0.1.1"), address("10.0.3.1")
addresses = st.sampled_from([ALICE, CAROL, *map(address, ("10.0.1.254", "10.0.1.255", "0.0.0.0"))])


class Busy:
    """alice has a connection and a UDP socket, both with data under way, and r1 forwards."""

    latest: "Busy"

    def __init__(self) -> None:
        self.chain = chain = Chain()
        listener = chain.carol.socket()
        listener.bind(("", 80))
        listener.listen()
        self.stream = chain.alice.socket()
        self.stream.connect(("carol", 80))
        self.datagrams = chain.alice.socket(socket.SOCK_DGRAM)
        self.datagrams.bind(("", 5000))
        self.datagrams.connect(("carol", 9))
        chain.middle.drop()
        self.stream.send(bytes(1_000))
        self.datagrams.send(b"hello")
        chain.net.run_for(50 * ms)
        chain.middle.faults.clear()
        (self.connection,) = chain.alice.tcp.connections
        for host in (chain.alice, chain.carol, chain.r1):
            host.icmp.errors.rate = None

    def take(self, payload: bytes) -> None:
        """An ICMP message comes to alice from her gateway, and one through it to carol."""
        chain = self.chain
        for at, to, dst in (
            (chain.r1.interfaces[0], chain.alice.interfaces[0], ALICE),
            (chain.alice.interfaces[0], chain.r1.interfaces[0], CAROL),
        ):
            src = address("10.0.1.254") if dst == ALICE else ALICE
            packet = Ipv4Packet(src, dst, PROTOCOL_ICMP, payload).pack()
            host = chain.r1 if dst == ALICE else chain.alice
            host.inject(EthernetFrame(to.mac, at.mac, ETHERTYPE_IPV4, packet).pack())
        chain.net.run_for(30 * ms)

    def still_works(self) -> None:
        """They answer each other, and nothing is left of what came."""
        chain = self.chain
        self.stream.close()
        chain.net.run_for(300 * s)
        assert chain.alice.ping("carol", count=1).received == 1
        assert chain.carol.ping("r1", count=1).received == 1


def good(payload: bytes) -> bytes:
    """The same message with a checksum that is right."""
    message = IcmpMessage.parse(payload)
    message.checksum = None
    return message.pack()


@st.composite
def quotes(draw: st.DrawFn) -> bytes:
    """Errors that quote what may be under way, what can't be, or nothing that can be read."""
    connection = Busy.latest.connection
    seq = (connection.sender.snd_una + draw(st.integers(-2, 1_002))) & 0xFFFFFFFF
    ports = connection.local[1].to_bytes(2, "big") + (80).to_bytes(2, "big")
    starts = {
        PROTOCOL_TCP: ports + seq.to_bytes(4, "big"),
        PROTOCOL_UDP: b"\x13\x88\x00\x09\x00\x0d\x00\x00",
        PROTOCOL_ICMP: b"\x08\x00\x00\x00" + draw(st.binary(min_size=4, max_size=4)),
        253: draw(st.binary(max_size=8)),
    }
    protocol = draw(st.sampled_from(list(starts)))
    about = Ipv4Packet(
        draw(addresses),
        draw(addresses),
        protocol,
        starts[protocol] + draw(st.binary(max_size=20)),
        options=draw(st.sampled_from([b"", b"\x01" * 4, b"\x07\xff\x00\x00"])),
    ).pack()
    quoted = about[: draw(st.integers(0, 60))] if draw(st.booleans()) else about
    rest = draw(st.one_of(st.integers(0, 0xFFFFFFFF), addresses, st.integers(0, 1500)))
    type_, code = draw(st.sampled_from([3, 4, 5, 11, 12])), draw(st.integers(0, 16))
    return IcmpMessage(type_, code, rest, quoted).pack()


@pytest.mark.parametrize("count", [150, pytest.param(3_000, marks=pytest.mark.slow)])
def test_whatever_comes_as_icmp_the_host_lives_on(count: int) -> None:
    Busy.latest = Busy()

    @settings(max_examples=count)
    @given(
        st.one_of(
            st.binary(max_size=80), st.binary(min_size=8, max_size=80).map(good), quotes(), quotes()
        )
    )
    def take(payload: bytes) -> None:
        busy = Busy.latest
        busy.take(payload)
        assert len(busy.chain.alice.ipv4.path_mtu.table) <= 1
        assert len(busy.chain.alice.icmp.redirects.table) <= 1
        if busy.connection.state is State.CLOSED:
            busy.still_works()
            Busy.latest = Busy()

    take()
    Busy.latest.still_works()
