"""A TAP device of Linux: an Ethernet interface of the kernel's, with this process at its other end."""

import contextlib
import os
import struct
import sys
from errno import EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENXIO, EPERM
from pathlib import Path
from typing import Any

from netlab.errors import BridgeError, ConfigurationError

DEVICE = "/dev/net/tun"
LONGEST_NAME = 15
"""Characters of an interface's name in Linux."""

# linux/if_tun.h and linux/sockios.h: what is asked of the kernel, by ioctl.
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
SIOCGIFADDR, SIOCSIFADDR, SIOCSIFNETMASK = 0x8915, 0x8916, 0x891C
SIOCGIFHWADDR = 0x8927
IFF_UP = 0x0001

_NO_DRIVER = (
    f"there is no {DEVICE}: the kernel's driver for TAP devices isn't loaded (sudo modprobe tun), or"
    f" this is a container, which must be started with --device {DEVICE} --cap-add NET_ADMIN"
)
_NO_RIGHT = (
    "it takes the right CAP_NET_ADMIN. Run it as root (sudo). Or let root make the device for you,"
    " once: sudo ip tuntap add dev {name} mode tap user $USER; sudo ip address add 10.79.0.1/24 dev"
    " {name}; sudo ip link set {name} up. Or do it in a network of your own, where you are root:"
    " unshare --user --map-root-user --net"
)


class TapDevice:
    """A TAP device, made or taken over. Read and write whole frames; it never blocks.

    The device that this makes is gone when it is closed, or when the process ends, however that
    comes. Raises `BridgeError` with what is missing, and what to do.
    """

    def __init__(self, name: str) -> None:
        if not 0 < len(name) <= LONGEST_NAME or "/" in name or not name.isprintable():
            raise ConfigurationError(
                f"an interface of Linux has a name of 1 to {LONGEST_NAME} characters, such as tap0;"
                f" got {name!r}"
            )
        self.name = name
        self._file = _open()
        try:
            _ask(self._file, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
        except OSError as error:
            os.close(self._file)
            why = _why_not(error, name)
            raise BridgeError(error.errno, f"can't make the TAP device {name}: {why}") from None

    def __repr__(self) -> str:
        return f"<TAP device {self.name}>"

    @property
    def mac(self) -> bytes:
        """The Ethernet address that the kernel gave to its side: 6 bytes."""
        return _ask(self._file, SIOCGIFHWADDR, b"")[18:24]

    def fileno(self) -> int:
        """For select() and its like: readable when the kernel has sent a frame."""
        return self._file

    def read(self) -> bytes | None:
        """The next frame that the kernel has sent; None where there is none."""
        try:
            return os.read(self._file, 65_536)
        except BlockingIOError:
            return None

    def write(self, frame: bytes) -> None:
        """Let the kernel receive a frame. OSError (EIO) while the device is down."""
        os.write(self._file, frame)

    def close(self) -> None:
        """Let go of it."""
        file, self._file = self._file, -1
        os.close(file)

    def set_up(self, address: str, netmask: str) -> None:
        """Give the kernel's side an address, and set the device up, unless all is so already.

        IPv6 is switched off on it: nobody is there to answer.
        """
        import _socket  # the real one, also where on(host) lends another

        with contextlib.suppress(OSError):  # not allowed, or not there
            Path(f"/proc/sys/net/ipv6/conf/{self.name}/disable_ipv6").write_text("1")
        control = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
        try:
            if not self._has(control, address):
                self._ask(control, SIOCSIFADDR, _in_family(address))
                self._ask(control, SIOCSIFNETMASK, _in_family(netmask))
            (flags,) = struct.unpack_from("16xH", self._ask(control, SIOCGIFFLAGS))
            if not flags & IFF_UP:
                self._ask(control, SIOCSIFFLAGS, struct.pack("H", flags | IFF_UP))
        except OSError as error:
            why = _why_not(error, self.name)
            raise BridgeError(error.errno, f"can't set {self.name} up: {why}") from None
        finally:
            control.close()

    def _has(self, control: Any, address: str) -> bool:
        try:
            return self._ask(control, SIOCGIFADDR)[16:24] == _in_family(address)
        except OSError:
            return False  # it has none

    def _ask(self, control: Any, request: int, what: bytes = b"") -> bytes:
        return _ask(control.fileno(), request, self.name.encode().ljust(16, b"\0") + what)


def _open() -> int:
    if sys.platform != "linux":
        raise BridgeError(
            ENODEV,
            f"TAP devices are Linux's, and this is {sys.platform}. Do it in a virtual machine, a"
            " container or WSL 2; in virtual time, without a kernel, netlab runs everywhere",
        )
    try:
        return os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BridgeError(error.errno, _why_not(error, "tap0")) from None


def _ask(file: int, request: int, what: bytes) -> bytes:
    """An ioctl() about an interface: `struct ifreq` has 40 bytes."""
    import fcntl  # which other systems lack

    return fcntl.ioctl(file, request, what.ljust(40, b"\0"))


def _in_family(address: str) -> bytes:
    """The first 8 bytes of a `sockaddr_in`: the family, the port, the address."""
    return struct.pack("=HH4B", 2, 0, *map(int, address.split(".")))


def _why_not(error: OSError, name: str) -> str:
    if error.errno in (ENOENT, ENODEV, ENXIO):
        return _NO_DRIVER
    if error.errno in (EPERM, EACCES):
        return _NO_RIGHT.format(name=name)
    if error.errno == EBUSY:
        return f"another program has {name} open: end it, or take another name"
    if error.errno == EINVAL:
        return f"there is an interface {name} already, and it is no TAP device: take another name"
    return os.strerror(error.errno or 0)
