"""A link without any framing: what travels is the IP packet itself, as through a tunnel."""

from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_IPV4
from netlab.link.framing import Framing, Packet

LINKTYPE_RAW = 101


class RawIp(Framing):
    """No header, no trailer, no check. A packet's first four bits tell what it is."""

    name = "raw"
    linktype = LINKTYPE_RAW
    prefix = "tun"
    hardware = "none"

    def pack(self, dst: MacAddress, ethertype: int, payload: bytes) -> bytes:
        if ethertype != ETHERTYPE_IPV4:
            raise ConfigurationError(
                f"a link without framing carries IPv4 alone; got EtherType 0x{ethertype:04x}"
            )
        return payload

    def receive(self, data: bytes) -> None:
        if not data or data[0] >> 4 != 4:
            self._interface.discard("not an IPv4 packet: its version isn't 4 (RFC 791 section 3.1)")
            return
        self._hand_up(Packet(ETHERTYPE_IPV4, data))
