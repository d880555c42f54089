"""What may be given to the calls of a socket, and what is said of the rest."""

import socket as std
from errno import EINVAL, EOPNOTSUPP, EPROTONOSUPPORT, ESOCKTNOSUPPORT
from typing import TYPE_CHECKING

from netlab.sockets.call import Words
from netlab.sockets.end import Address
from netlab.sockets.names import Names

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

SOCK_STREAM = int(std.SOCK_STREAM)
SOCK_DGRAM = int(std.SOCK_DGRAM)
MSG_PEEK = int(std.MSG_PEEK)

# Not every system has these.
SOCK_NONBLOCK = int(getattr(std, "SOCK_NONBLOCK", 0))
SOCK_CLOEXEC = int(getattr(std, "SOCK_CLOEXEC", 0))
MSG_DONTWAIT = int(getattr(std, "MSG_DONTWAIT", 0))
MSG_WAITALL = int(getattr(std, "MSG_WAITALL", 0))
TCP_INFO = (int(std.IPPROTO_TCP), int(getattr(std, "TCP_INFO", 11)))

SEND_FLAGS = MSG_DONTWAIT | int(getattr(std, "MSG_NOSIGNAL", 0))
RECEIVE_FLAGS = MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL

HOW = {getattr(std, name): Words(name) for name in ("SHUT_RD", "SHUT_WR", "SHUT_RDWR")}
"""What `shutdown` takes."""


def type_of(kind: int, proto: int) -> std.SocketKind:
    """Which of the two kinds of sockets this is. OSError for one that isn't there."""
    base = kind & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)
    if base >> 4:
        raise OSError(EINVAL, f"Invalid argument: {kind!r} isn't a type of socket")
    if base not in (SOCK_STREAM, SOCK_DGRAM):
        raise OSError(ESOCKTNOSUPPORT, f"Socket type not supported: {kind!r}; TCP and UDP are")
    if proto not in (0, std.IPPROTO_TCP if base == SOCK_STREAM else std.IPPROTO_UDP):
        raise OSError(EPROTONOSUPPORT, f"Protocol not supported: {proto} by sockets of this type")
    return std.SocketKind(base)


def resolve(names: Names, call: str, address: object) -> Address:
    """A pair (host, port) with the host's name looked up."""
    if not isinstance(address, tuple) or len(address) != 2:
        raise TypeError(
            f"{call}(): an address is a pair (host, port), such as ('bob', 80); got {address!r}"
        )
    host, port = address
    if not isinstance(host, str):
        raise TypeError(
            f"{call}(): the host must be a str, such as 'bob' or '10.0.0.2'; got {host!r}"
        )
    if isinstance(port, bool) or not isinstance(port, int):
        raise TypeError(f"{call}(): the port must be an int; got {port!r}")
    if not 0 <= port <= 65535:
        raise OverflowError(f"{call}(): port must be 0-65535; got {port}")
    return names.resolve(host), port


def room(buffer: "WriteableBuffer", nbytes: int) -> memoryview:
    """The part of a buffer that may be received into: `nbytes` of it, or (0) all."""
    view = memoryview(buffer).cast("B")
    if view.readonly:
        raise TypeError("a buffer to receive into must be writable, such as a bytearray")
    if nbytes < 0:
        raise ValueError("negative buffersize in recv_into")
    if nbytes > len(view):
        raise ValueError("buffer too small for requested bytes")
    return view[:nbytes] if nbytes else view


def check_flags(flags: int, allowed: int) -> None:
    """OSError (EOPNOTSUPP) for flags that aren't there."""
    if flags & ~allowed:
        raise OSError(EOPNOTSUPP, f"Operation not supported: flags {flags:#x}")


def size_of(data: "ReadableBuffer") -> Words:
    """How the record tells of data."""
    return Words(f"{memoryview(data).nbytes} bytes")
