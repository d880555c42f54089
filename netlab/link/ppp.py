"""PPP in HDLC-like framing, as serial lines use it (RFC 1662), with IPv4 in it (RFC 1332).

    flag  address  control  protocol  packet  FCS   flag
    7e    ff       03       00 21     ...     2     7e

A serial line carries octets and knows nothing of frames: a flag stands before and behind each, and
within it what could be taken for a flag is stuffed. There is no negotiation (LCP, IPCP) here: both
ends are set by hand, to what RFC 1662 has for the default, and so to no compression.
"""

from binascii import crc_hqx
from dataclasses import dataclass
from typing import Self

from netlab.errors import ConfigurationError, ParseError
from netlab.fields import misfit
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_IPV4
from netlab.link.framing import Framing, Packet
from netlab.link.interface import Interface

LINKTYPE_PPP_HDLC = 50
PROTOCOL_IPV4 = 0x0021

FLAG = b"\x7e"
_ESCAPE = b"\x7d"
_ADDRESS_AND_CONTROL = b"\xff\x03"  # all stations; unnumbered information
_CONTROL_CHARACTERS = bytes(range(0x20))
_STUFFED = [
    bytes((0x7D, octet ^ 0x20)) if octet < 0x20 or octet in b"\x7d\x7e" else bytes((octet,))
    for octet in range(256)
]
_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


@dataclass(slots=True)
class PppFrame:
    """A frame without its FCS: `protocol` (16 bits) says what the payload is."""

    protocol: int
    payload: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a frame. Raises `ParseError` for one that is too short, or addressed otherwise."""
        if len(data) < 4 or data[:2] != _ADDRESS_AND_CONTROL:
            raise ParseError(
                "a PPP frame begins with ff 03 and two bytes that tell the protocol (RFC 1662"
                f" section 3.1); got {data[:4].hex(' ') or 'nothing'}"
            )
        return cls(int.from_bytes(data[2:4], "big"), data[4:])

    def pack(self) -> bytes:
        """The bytes, not stuffed; raises `ConfigurationError` if a field doesn't fit."""
        try:
            return _ADDRESS_AND_CONTROL + self.protocol.to_bytes(2, "big") + self.payload
        except (TypeError, OverflowError, AttributeError):
            raise misfit(self, {"protocol": 16}, {"payload": 65_535}) from None


def fcs16(data: bytes) -> bytes:
    """The FCS of 16 bits as it stands on the wire, least significant octet first (section C.2).

    Its polynomial is that of `crc_hqx`, which takes the bits of an octet the other way round.
    """
    return (crc_hqx(data.translate(_REVERSED), 0xFFFF) ^ 0xFFFF).to_bytes(2).translate(_REVERSED)


def stuff(data: bytes) -> bytes:
    """Put an escape before flags, escapes, and all control characters (section 4.2).

    Which of the latter need it is a matter of negotiation; without one, it is all.
    """
    return b"".join([_STUFFED[octet] for octet in data])


def unstuff(octets: bytes) -> bytes:
    """The reverse. Control characters that weren't escaped are none of the sender's: they go."""
    first, *escaped = octets.translate(None, _CONTROL_CHARACTERS).split(_ESCAPE)
    return first + b"".join(bytes((each[0] ^ 0x20,)) + each[1:] for each in escaped if each)


class Ppp(Framing):
    """A receiver of octets: whatever they are, the next flag puts it in step again."""

    name = "serial"
    linktype = LINKTYPE_PPP_HDLC
    prefix = "ppp"
    hardware = "ppp"
    trailer = None

    def __init__(self, interface: Interface) -> None:
        super().__init__(interface)
        self._since_flag = b""

    def pack(self, dst: MacAddress, ethertype: int, payload: bytes) -> bytes:
        if ethertype != ETHERTYPE_IPV4:
            raise ConfigurationError(
                f"a serial line carries IPv4 alone; got EtherType 0x{ethertype:04x}"
            )
        return PppFrame(PROTOCOL_IPV4, payload).pack()

    @classmethod
    def packet_at(cls, data: bytes) -> int | None:
        return 4 if data[2:4] == b"\x00\x21" else None

    @classmethod
    def fcs(cls, data: bytes) -> bytes:
        return fcs16(data)

    @classmethod
    def wire(cls, data: bytes) -> bytes:
        return FLAG + stuff(data + fcs16(data)) + FLAG

    @classmethod
    def frame_in(cls, wire: bytes) -> bytes:
        return unstuff(wire.strip(FLAG))[:-2]

    def receive_wire(self, wire: bytes) -> None:
        *frames, self._since_flag = (self._since_flag + wire).split(FLAG)
        for octets in filter(None, frames):  # between two flags there may be nothing
            self._take(octets)

    def _take(self, octets: bytes) -> None:
        data = unstuff(octets)
        if len(data) < 4 or octets.endswith(_ESCAPE):
            self._interface.rx.errors += 1
            self._interface.discard("no whole PPP frame (RFC 1662 section 4.3)")
        elif fcs16(data[:-2]) != data[-2:]:
            self._fcs_is_wrong(len(octets))
        else:
            self._interface.receive(data[:-2])

    def receive(self, data: bytes) -> None:
        try:
            frame = PppFrame.parse(data)
        except ParseError as error:
            self._interface.discard(str(error))
            return
        if frame.protocol != PROTOCOL_IPV4:
            self._interface.rx.dropped += 1
            self._interface.discard(f"nobody here takes PPP protocol 0x{frame.protocol:04x}")
            return
        self._hand_up(Packet(ETHERTYPE_IPV4, frame.payload))
