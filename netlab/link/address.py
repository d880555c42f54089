"""Ethernet addresses (IEEE 802 MAC addresses)."""

import re
from typing import ClassVar, Self

from netlab.errors import ConfigurationError

_TEXT = re.compile(r"[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}", re.IGNORECASE)
_MOST_INTERNED = 4096


class MacAddress(int):
    """A 48-bit Ethernet address, `02:00:00:00:00:01`.

    It is an `int` of 0 to 2**48 - 1, so that comparing and looking up cost what they cost for an
    int, and it reads as text wherever it is printed. On the wire it is six bytes, highest first.
    """

    __slots__ = ()

    BROADCAST: ClassVar["MacAddress"]
    """`ff:ff:ff:ff:ff:ff`: every station on the link."""

    def __new__(cls, number: int) -> Self:
        """Raises `ConfigurationError` for a number of more than 48 bits, and for what isn't one."""
        try:
            fits = number >> 48 == 0
        except TypeError:
            fits = False
        if not fits:
            raise ConfigurationError(
                f"{number!r} is not an Ethernet address: expected a whole number of 48 bits;"
                " text is read by MacAddress.parse('02:00:00:00:00:01')"
            )
        return super().__new__(cls, number)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `02:00:00:00:00:01` or `02-00-00-00-00-01`.

        Raises `ConfigurationError` for anything else.
        """
        if not _TEXT.fullmatch(str(text)):
            raise ConfigurationError(
                f"{text!r} is not an Ethernet address: expected six pairs of hexadecimal digits"
                " separated by colons, such as 02:00:00:00:00:01"
            )
        return cls(int(text.replace(text[2], ""), 16))

    # An int can also be read from a little-endian number of any size; an address has one form on
    # the wire.
    @staticmethod
    def from_bytes(packed: bytes) -> "MacAddress":  # type: ignore[override]
        """The address in these six bytes. The same bytes mostly give the same object.

        Raises `ConfigurationError` unless they are six.
        """
        return _interned[packed]

    @property
    def packed(self) -> bytes:
        """The six bytes on the wire."""
        return self.to_bytes(6, "big")

    @property
    def is_multicast(self) -> bool:
        """Whether it names a group of stations, as the first bit sent says; broadcast is one."""
        return bool(self >> 40 & 1)

    def __str__(self) -> str:
        return self.packed.hex(":")

    __repr__ = __str__

    def __format__(self, format_spec: str) -> str:
        return format(str(self), format_spec)


class _Interned(dict[bytes, MacAddress]):
    """Addresses by their bytes: finding one costs a quarter of making it anew for each frame."""

    def __missing__(self, packed: bytes) -> MacAddress:
        if len(packed) != 6:
            raise ConfigurationError(
                f"{packed!r} is not an Ethernet address: expected 6 bytes, got {len(packed)}"
            )
        if len(self) >= _MOST_INTERNED:  # a flood of invented addresses must not fill the memory
            self.clear()
        address = self[packed] = MacAddress(int.from_bytes(packed, "big"))
        return address


_interned = _Interned()
MacAddress.BROADCAST = MacAddress((1 << 48) - 1)
