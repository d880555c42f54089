"""A router's work: the way of a packet that is for somebody else.

The steps are those of RFC 1812 section 5.2.1, in its order. `Ipv4` has received the packet (1),
found its header right (2), and found that it is neither for this host nor for many (4).
"""

from typing import TYPE_CHECKING

from netlab.link.interface import Interface
from netlab.network.icmp_message import (
    DESTINATION_UNREACHABLE,
    FRAGMENTATION_NEEDED,
    HOST_REDIRECT,
    HOST_UNREACHABLE,
    NET_UNREACHABLE,
    REDIRECT,
    TIME_EXCEEDED,
    TTL_EXCEEDED,
)
from netlab.network.ipv4_packet import Ipv4Packet

if TYPE_CHECKING:
    from netlab.network.ipv4 import Ipv4


def forward(ipv4: "Ipv4", came_by: Interface, packet: Ipv4Packet) -> None:
    """Send a packet on by the routing table, or tell its sender by ICMP why not."""
    src, dst = packet.src, packet.dst

    # (3) Options; those that have to wait for the route come in (8).
    if packet.options and ipv4.refuses_source_route(packet, here=False):
        return

    # (5) Which way?
    route = ipv4.routes.lookup(dst)

    # (6) Whether it may be forwarded at all comes before whether it can be.
    problem = ipv4.addresses.forwarding_problem(src, dst)
    if problem:
        ipv4.discard(packet, problem)
        return
    if route is None:
        why = f"no route to {dst} (RFC 1812 section 5.2.7.1)"
        ipv4.send_error(DESTINATION_UNREACHABLE, NET_UNREACHABLE, packet, why)
        return
    out = route.interface
    if not out.is_up:
        why = f"{out.title}, by which the route {route} leads, is down (RFC 1812 section 5.2.7.1)"
        code = HOST_UNREACHABLE if route.gateway is None else NET_UNREACHABLE
        ipv4.send_error(DESTINATION_UNREACHABLE, code, packet, why)
        return

    # (7) One less to live.
    if packet.ttl <= 1:
        why = "its time to live is used up (RFC 1812 section 5.3.1)"
        ipv4.send_error(TIME_EXCEEDED, TTL_EXCEEDED, packet, why)
        return

    packet.ttl -= 1
    packet.checksum = None

    # (8) Options that ask for the time, or for the address from where it goes on.
    if packet.options and not ipv4.marks_options(packet, route.source):
        return

    # (9) What is too large is cut in `transmit`, if it may be.
    if packet.dont_fragment and packet.header_length + len(packet.payload) > out.mtu:
        why = "too big for the next link, and it must not be cut (RFC 1812 section 5.2.7.1)"
        ipv4.send_error(DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED, packet, why, out.mtu)
        return

    # (10) and (11): to the next hop's address on its link.
    ipv4.transmit(route, packet, route.reason)

    # (12) It goes back to the link it came from: perhaps its sender could do without this router.
    if out is came_by and ipv4.errors is not None:
        hop = route.next_hop(dst)
        if any(src in prefix and hop in prefix for _, prefix in ipv4.addresses.of(out)):
            why = f"the next hop, {hop}, is on the sender's own network (RFC 1812 5.2.7.2)"
            ipv4.errors.send_error(REDIRECT, HOST_REDIRECT, packet, why, hop)
