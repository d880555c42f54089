"""Arbitrary ARP and RARP bytes into hosts: nothing but what is declared comes of it, and nothing grows."""

from socket import SOCK_DGRAM

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab import Network
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_ARP, ETHERTYPE_RARP, EthernetFrame
from netlab.network import rarp
from netlab.network.address import IPv4Address
from netlab.network.arp_packet import ArpPacket
from netlab.network.arp_policy import Policy
from netlab.network.arp_table import LIMIT
from netlab.units import ms

MACS = st.one_of(
    st.integers(1, 4).map(lambda number: MacAddress(0x020000000000 + number)),
    st.integers(0, 2**48 - 1).map(MacAddress),
)
ADDRESSES = st.one_of(
    st.integers(0, 5).map(lambda number: IPv4Address(0x0A000000 + number)),
    st.sampled_from([IPv4Address.UNSPECIFIED, IPv4Address.BROADCAST, IPv4Address(0x0A0000FF)]),
    st.integers(0, 2**32 - 1).map(IPv4Address),
)
PACKETS = st.builds(
    ArpPacket, st.one_of(st.integers(0, 5), st.integers(0, 65535)), MACS, ADDRESSES, MACS, ADDRESSES
).map(ArpPacket.pack)
SAID = st.tuples(
    st.sampled_from([ETHERTYPE_ARP, ETHERTYPE_RARP]),
    st.one_of(st.binary(max_size=60), PACKETS),
    st.booleans(),
    st.integers(0, 2_000),
)


def survive(policy: str, said: list[tuple[int, bytes, bool, int]]) -> None:
    net = Network(seed=1, record=1_000)
    switch, mallory = net.switch("s1"), net.probe("mallory")
    alice = net.host("alice", "10.0.0.1/24", conflict_detection=True)
    bob = net.host("bob", "10.0.0.2/24")
    carol, diskless = net.host("carol", "10.0.0.9/24"), net.host("diskless")
    asking = diskless.start(lambda host: rarp.boot(host, 24), daemon=True)
    rarp.serve(bob, {str(diskless.interfaces[0].mac): "10.0.0.3"})
    for node in (alice, bob, carol, diskless, mallory):
        net.connect(node, switch, delay=1 * ms)
    for host in (alice, bob, carol, diskless):
        host.arp.policy = policy
    for ethertype, payload, to_all, wait in said:
        net.run_for(wait * ms)
        to = MacAddress.BROADCAST if to_all else bob.interfaces[0].mac
        mallory.send(EthernetFrame(to, mallory.interface.mac, ethertype, payload))
        carol.socket(SOCK_DGRAM).sendto(b"x", ("10.0.0.2", 9))
    net.run()
    for host in (alice, bob, carol, diskless):
        assert len(host.arp.table) <= len(said) + 10 <= LIMIT
        assert all(not entry.waiting for entry in host.arp.table.values())
        host.arp.flush()
    assert asking.done
    assert len(net.sim.clock._queue) < 50
    assert carol.ping("bob", count=1).received == 1


@given(st.sampled_from(Policy), st.lists(SAID, max_size=12))
def test_whatever_arp_says_the_hosts_go_on(policy: str, said: list) -> None:
    survive(policy, said)


@pytest.mark.slow
@settings(max_examples=1_000)
@given(st.sampled_from(Policy), st.lists(SAID, max_size=40))
def test_whatever_arp_says_at_length_the_hosts_go_on(policy: str, said: list) -> None:
    survive(policy, said)
