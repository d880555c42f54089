"""Whom to believe: what of an ARP packet may change the cache.

RFC 826 trusts every station on the link, so any of them can say that it has another one's address
(ARP spoofing). A stricter policy believes less; what it refuses, it gives the reason for.
"""

from enum import StrEnum

from netlab.link.interface import Interface
from netlab.network.arp_packet import REQUEST, ArpPacket
from netlab.network.arp_table import ArpEntry, State


class Policy(StrEnum):
    """What a host believes. A text of the same spelling serves as well."""

    ACCEPT = "accept"
    """RFC 826: all who ask or answer this host, and any news of a neighbour that it knows."""
    IGNORE_UNSOLICITED = "ignore unsolicited"
    """Those who ask this host, and answers to what it asked."""
    STRICT = "strict"
    """Answers to what it asked, and nothing else."""


def refusal(
    policy: Policy, interface: Interface, arp: ArpPacket, entry: ArpEntry | None, *, for_me: bool
) -> str:
    """Why the sender's addresses are not to be believed; "" where they are.

    The packet came by `interface`; `entry` is what is known of its sender so far, and `for_me` says
    whether it asks for or answers an address of this host.
    """
    sender, mac = arp.sender_protocol_address, arp.sender_hardware_address
    if mac.is_multicast:
        return f"{mac} is not the address of one station (RFC 1812 section 3.3.2)"
    if not sender.is_unicast:
        return f"{sender} is not the address of one host (RFC 1122 section 3.2.1.3)"
    if entry is not None and entry.state is State.PERMANENT:
        return "its entry was set by hand"
    if entry is not None and entry.interface is not interface:
        return f"it is known behind {entry.interface.name}"
    if policy is Policy.ACCEPT:
        return ""
    question = arp.operation == REQUEST
    if not question and entry is not None and entry.is_asked:
        return ""
    if policy is Policy.IGNORE_UNSOLICITED and question and for_me:
        return ""
    what = "a question doesn't count as an answer" if question else "nobody had asked"
    return f'{what}, and the policy is "{policy}"'
