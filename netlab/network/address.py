"""IPv4 addresses, and the prefixes that group them into networks."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, Self

from netlab.errors import ConfigurationError


class IPv4Address(int):
    """A 32-bit IPv4 address, `10.0.0.1` (RFC 791 section 3.2).

    It is an `int` of 0 to 2**32 - 1, so that comparing, masking and looking up cost what they
    cost for an int, and it reads as text wherever it is printed. As with any int, 0 (`0.0.0.0`)
    is false.
    """

    __slots__ = ()

    UNSPECIFIED: ClassVar["IPv4Address"]
    """`0.0.0.0`: this host, before it knows its address (RFC 1122 section 3.2.1.3 a)."""
    BROADCAST: ClassVar["IPv4Address"]
    """`255.255.255.255`: every host on this link (RFC 1122 section 3.2.1.3 c)."""

    def __new__(cls, number: int) -> Self:
        """Raises `ConfigurationError` for a number of more than 32 bits, and for what isn't one."""
        try:
            fits = number >> 32 == 0
        except TypeError:
            fits = False
        if not fits:
            raise ConfigurationError(
                f"{number!r} is not an IPv4 address: expected a whole number of 32 bits;"
                " text is read by IPv4Address.parse('10.0.0.1')"
            )
        return super().__new__(cls, number)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `10.0.0.1`; raises `ConfigurationError` for anything else.

        Four decimal numbers and nothing around them. A leading zero is refused, because some
        programs would read `010` as the octal number 8.
        """
        parts = str(text).split(".")
        if len(parts) != 4 or not all(_decimal(part, 255) for part in parts):
            raise ConfigurationError(
                f"{text!r} is not an IPv4 address: expected four numbers from 0 to 255 separated"
                " by dots, without leading zeros, such as 10.0.0.1"
            )
        return cls(int.from_bytes(map(int, parts), "big"))

    @staticmethod
    @lru_cache(maxsize=4096)
    def from_int(number: int) -> "IPv4Address":
        """The address with this number. The same number mostly gives the same object.

        This is how packets get their addresses: a hit costs a third of making the object anew.
        Raises `ConfigurationError` unless the number has 32 bits.
        """
        return IPv4Address(number)

    # An int can also be read from a little-endian number of any size; an address has one form on
    # the wire.
    @staticmethod
    def from_bytes(packed: bytes) -> "IPv4Address":  # type: ignore[override]
        """The address in these four bytes. Raises `ConfigurationError` unless they are four."""
        if len(packed) != 4:
            raise ConfigurationError(
                f"{packed!r} is not an IPv4 address: expected 4 bytes, got {len(packed)}"
            )
        return IPv4Address.from_int(int.from_bytes(packed, "big"))

    @property
    def packed(self) -> bytes:
        """The four bytes on the wire, highest first."""
        return self.to_bytes(4, "big")

    @property
    def is_unspecified(self) -> bool:
        """`0.0.0.0`, a source while a host learns its address (RFC 1122 section 3.2.1.3 a)."""
        return self == 0

    @property
    def is_this_network(self) -> bool:
        """0.0.0.0/8: a host of the sender's own network (RFC 1122 section 3.2.1.3 b)."""
        return self >> 24 == 0

    @property
    def is_limited_broadcast(self) -> bool:
        """`255.255.255.255`, which no router forwards (RFC 1122 section 3.2.1.3 c)."""
        return self == 0xFFFFFFFF

    @property
    def is_loopback(self) -> bool:
        """127.0.0.0/8, which never leaves a host (RFC 1122 section 3.2.1.3 g)."""
        return self >> 24 == 127

    @property
    def is_link_local(self) -> bool:
        """169.254.0.0/16, given by a host to itself, never forwarded (RFC 3927 section 2.7)."""
        return self >> 16 == 0xA9FE

    @property
    def is_multicast(self) -> bool:
        """224.0.0.0/4, a group of hosts (RFC 1112 section 4)."""
        return self >> 28 == 0b1110

    @property
    def is_reserved(self) -> bool:
        """240.0.0.0/4 without the limited broadcast, the former class E (RFC 1112 section 4)."""
        return self >> 28 == 0b1111 and self != 0xFFFFFFFF

    @property
    def is_unicast(self) -> bool:
        """Whether it can be the address of one host on a network, as far as it tells by itself."""
        return self != 0 and self >> 28 < 0b1110 and not self.is_loopback

    def __str__(self) -> str:
        return f"{self >> 24}.{self >> 16 & 0xFF}.{self >> 8 & 0xFF}.{self & 0xFF}"

    __repr__ = __str__

    def __format__(self, format_spec: str) -> str:
        return format(str(self), format_spec)


IPv4Address.UNSPECIFIED = IPv4Address(0)
IPv4Address.BROADCAST = IPv4Address(0xFFFFFFFF)


@dataclass(slots=True, frozen=True)
class Prefix:
    """The addresses whose first `length` bits are those of `network` (RFC 4632 section 3.1).

    | field   | meaning |
    |---------|---------|
    | network | the lowest of the addresses: further bits of what is given are cleared |
    | length  | 0 to 32 bits; 32 is one host, 0 is every address |
    | mask    | `length` ones and then zeros, 32 bits as an int |

    `address in prefix` says whether an address belongs to it. Raises `ConfigurationError` for a
    length outside of its range.
    """

    network: IPv4Address
    length: int
    mask: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0 <= self.length <= 32:
            raise ConfigurationError(f"a prefix of {self.length!r} bits can't be: expected 0 to 32")
        mask = 0xFFFFFFFF << (32 - self.length) & 0xFFFFFFFF
        object.__setattr__(self, "mask", mask)
        object.__setattr__(self, "network", IPv4Address.from_int(self.network & mask))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `10.0.0.0/24`; of `10.0.0.1/24` the network part is kept.

        Raises `ConfigurationError` for anything else.
        """
        address, length = _split(text)
        return cls(address, length)

    def __contains__(self, address: int) -> bool:
        return address & self.mask == self.network

    @property
    def netmask(self) -> IPv4Address:
        """The mask as people write it: `255.255.255.0`."""
        return IPv4Address(self.mask)

    @property
    def broadcast(self) -> IPv4Address | None:
        """The address of all hosts of this network, its last one (RFC 1122 section 3.2.1.3 d).

        None where none is left for it: both addresses of a /31 are hosts (RFC 3021 section 2.1),
        as is a /32.
        """
        return IPv4Address(self.network | ~self.mask & 0xFFFFFFFF) if self.length < 31 else None

    def __str__(self) -> str:
        return f"{self.network}/{self.length}"


def parse_interface(text: str) -> tuple[IPv4Address, Prefix]:
    """Read the address of an interface and the network that it is on: `10.0.0.1/24`.

    Raises `ConfigurationError` for text that isn't that, and for an address that no single host can
    have: the network's own, its broadcast, a multicast or reserved one (RFC 1122 section 3.2.1.3).
    """
    address, length = _split(text)
    prefix = Prefix(address, length)
    problem = _not_a_host(address, prefix)
    if problem:
        raise ConfigurationError(
            f"{text!r} can't be the address of an interface: {address} is {problem};"
            " expected a host's address with the length of its network, such as 10.0.0.1/24"
        )
    return address, prefix


def _not_a_host(address: IPv4Address, prefix: Prefix) -> str:
    """What `address` is if no host can have it, else nothing."""
    if address.is_multicast:
        return "a multicast address"
    if address.is_limited_broadcast or address == prefix.broadcast:
        return "a broadcast address"
    if address.is_reserved or address.is_unspecified:
        return "reserved"
    if address.is_loopback:
        return "a loopback address, by which every host means itself"
    if address == prefix.network and prefix.length < 31:
        return f"the address of the network {prefix} itself"
    return ""


def _split(text: str) -> tuple[IPv4Address, int]:
    address, slash, length = str(text).partition("/")
    if not slash or not _decimal(length, 32):
        raise ConfigurationError(
            f"{text!r} is not an address with the length of its prefix: expected an IPv4 address,"
            " a slash and a number of bits from 0 to 32, such as 10.0.0.1/24"
        )
    return IPv4Address.parse(address), int(length)


def _decimal(text: str, most: int) -> bool:
    """Whether `text` is a number of 0 to `most` in ASCII digits without a leading zero."""
    return (
        text.isascii()
        and text.isdigit()
        and len(text) <= 3
        and text == str(int(text))
        and int(text) <= most
    )
