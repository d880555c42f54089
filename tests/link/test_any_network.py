"""Networks of switches and hubs that chance has made: whoever is joined talks, and every run ends."""

import itertools
import random
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab import Network
from netlab.cabling import Node
from netlab.host import Host
from netlab.link.ppp import Ppp, PppFrame
from netlab.units import ms, s, us

MOST = 8  # switches and hubs


def tree(chance: random.Random, nodes: int) -> tuple[Network, list[Node], list[Host]]:
    """A tree of switches and hubs, each node with a host or none."""
    net = Network(seed=chance.getrandbits(32))
    inner: list[Node] = []
    hosts: list[Host] = []
    for n in range(nodes):
        node: Node = net.switch(f"s{n}") if chance.random() < 0.6 else net.hub(f"h{n}")
        if inner:
            net.connect(node, chance.choice(inner), delay=chance.randrange(3 * us))
        inner.append(node)
        if n < 2 or chance.random() < 0.5:
            host = net.host(f"a{n}", f"10.0.0.{n + 1}/24")
            net.connect(host, node, delay=chance.randrange(3 * us))
            hosts.append(host)
    return net, inner, hosts


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(2, MOST))
def test_in_a_tree_every_host_reaches_every_other(seed: int, nodes: int) -> None:
    net, _, hosts = tree(random.Random(seed), nodes)
    for one in hosts[:3]:
        for other in hosts:
            if one is not other:
                assert one.ping(other.name, count=1).received == 1
    net.run()
    assert all(frame.fate != "in flight" for frame in net.trace.frames)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(3, MOST))
def test_with_loops_every_run_ends_and_is_told_of(seed: int, nodes: int) -> None:
    chance = random.Random(seed)
    net, inner, hosts = tree(chance, nodes)
    switches = list(net.switches.values())
    looped = False
    for _ in range(chance.randrange(3)):
        if switches:
            a, b = chance.choice(switches), chance.choice(inner)
            if a is not b:
                net.connect(a, b, delay=chance.randrange(3 * us))
                looped = True
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            hosts[0].ping(hosts[1].name, count=1)
            net.run()
    if not looped:
        assert not caught
    assert net.now < 60 * s


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_cables_may_come_and_go_at_any_moment(seed: int) -> None:
    chance = random.Random(seed)
    net, _, hosts = tree(chance, 5)
    for _ in range(12):
        link = chance.choice(net.links)
        when = net.now + chance.randrange(400 * us)
        action = link.up if not link.is_up else link.down
        net.sim.clock.call_at(when, lambda _, act=action: act())
        one, other = chance.choice(hosts), chance.choice(hosts)
        one.udp.send(one.udp.bind(one.address, 0), b"x" * 100, (other.address, 9))
        net.run(until=when + chance.randrange(200 * us))
    for link in net.links:
        link.up()
    net.run_for(5 * s)
    for one, other in itertools.pairwise(hosts):
        assert one.ping(other.name, count=1).received == 1
    net.run()
    assert all(frame.fate != "in flight" for frame in net.trace.frames)


@pytest.mark.parametrize("medium", ["ethernet", "serial", "raw"])
@settings(max_examples=60)
@given(frames=st.lists(st.binary(min_size=1, max_size=90), max_size=6), damage=st.booleans())
def test_whatever_bytes_come_a_host_lives_and_answers(
    medium: str, frames: list[bytes], damage: bool
) -> None:
    net = Network(seed=1)
    bob, mallory = net.host("bob", "10.0.0.2/24"), net.probe("mallory")
    link = net.connect(bob, mallory, medium=medium, delay=1 * ms)
    if damage:
        link.corrupt(sender=mallory)
    for data in frames:
        mallory.send(data)
    net.run()
    rule = link.faults[0] if link.faults else None
    if rule is not None:
        rule.remove()
    if isinstance(bob.interfaces[0].framing, Ppp):
        mallory.send(PppFrame(0x21, b"").pack())  # ends what a lost flag has left without an end
    bob.inject(bytes([0x45]) + bytes(59))
    net.run()
    assert mallory.received


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2), st.binary(min_size=1, max_size=90)), max_size=12))
def test_whatever_bytes_come_a_switch_passes_on_what_it_can(
    sent: list[tuple[int, bytes]],
) -> None:
    net = Network(seed=1)
    s1, probes = net.switch("s1"), [net.probe(f"p{n}") for n in range(3)]
    for probe in probes:
        net.connect(probe, s1)
    for number, data in sent:
        probes[number].send(data)
    net.run()
    assert len(s1.table) <= len(sent)
    assert all(len(probe.received) <= len(sent) for probe in probes)
