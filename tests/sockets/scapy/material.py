"""A small internetwork for Scapy, and what its trace says."""

from typing import Any

from netlab import Network
from netlab.trace.frame import Frame
from netlab.units import ms


def internetwork(seed: int = 1) -> Network:
    """alice and bob by a cable each from the router r, 1 ms away; carol two ms behind bob's side."""
    net = Network(seed=seed)
    alice = net.host("alice", "10.0.1.1/24", gateway="10.0.1.254")
    bob = net.host("bob", "10.0.2.1/24", gateway="10.0.2.254")
    r = net.router("r")
    net.connect(alice, r, addresses=(None, "10.0.1.254/24"), delay=1 * ms)
    net.connect(bob, r, addresses=(None, "10.0.2.254/24"), delay=2 * ms)
    return net


def received(net: Network, host: str) -> list[Frame]:
    """The frames that came to a host."""
    return [frame for frame in net.trace.frames if frame.receiver == host]


def sent(net: Network, host: str) -> list[Frame]:
    """The frames that a host sent."""
    return [frame for frame in net.trace.frames if frame.sender == host]


def stamp(packet: Any) -> int:
    """When Scapy says that a packet came, in ns."""
    return int(packet.time * 1_000_000_000)
