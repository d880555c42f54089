"""What a DHCP server grants: an address for a time, and what goes with it (RFC 2131 section 4.4.5)."""

from dataclasses import dataclass
from typing import Self

from netlab.application.dhcp.message import INFINITE, DhcpMessage
from netlab.errors import ParseError
from netlab.network.address import IPv4Address, Prefix
from netlab.units import s


@dataclass(slots=True)
class Lease:
    """An address for a time: from `since` until `expires`; `t1` and `t2` are when to ask for more.

    All four are in ns of the clock; the last three are None for a lease without an end. `gateway`
    is None where the server named no router on the address's own network.
    """

    address: IPv4Address
    prefix: Prefix
    gateway: IPv4Address | None
    server: IPv4Address
    since: int
    t1: int | None = None
    t2: int | None = None
    expires: int | None = None

    @classmethod
    def read(cls, message: DhcpMessage, server: IPv4Address, since: int) -> Self:
        """What a server's OFFER or ACK grants; time counts from when it was asked for, `since`.

        Raises `ParseError` where something is missing without which the address is of no use, or is
        impossible.
        """
        address, mask, seconds = message.yiaddr, message.subnet_mask, message.lease_time
        if mask is None or not seconds:
            raise ParseError("without a mask and a lease time it is of no use")
        inverse = mask ^ 0xFFFFFFFF
        if inverse & (inverse + 1):
            raise ParseError(f"{mask} isn't a mask of ones and then zeros (RFC 950)")
        if not address.is_unicast:
            raise ParseError(f"{address} is not the address of one host (RFC 1122 section 3.2.1.3)")
        prefix = Prefix(address, mask.bit_count())
        gateways = (each for each in message.routers if each in prefix and each != address)
        lease = cls(address, prefix, next(gateways, None), server, since)
        if seconds != INFINITE:
            t1, t2 = message.renewal_time, message.rebinding_time
            lease.expires = since + seconds * s
            if t1 is not None and t2 is not None and 1 <= t1 <= t2 <= seconds:
                lease.t1, lease.t2 = since + t1 * s, since + t2 * s
            else:
                lease.t1, lease.t2 = since + seconds * s // 2, since + seconds * s * 7 // 8
        return lease
