"""`with on(host):` the standard library's `socket` speaks through a simulated host.

Only code that runs inside the block sees it: other threads, other programs, and an event loop that
runs on meanwhile keep the real one. While any such block is open, and while a network runs its
programs, the names in the modules `socket` and `time` are bound to doors that look at who is
asking; when the last of them is left they are put back. Scapy, once it is loaded, gets its doors
too: see `netlab.sockets.scapy`.
"""

import functools
import socket as std
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from errno import EAFNOSUPPORT, EBADF
from types import ModuleType
from typing import TYPE_CHECKING, Any

from netlab.errors import ConfigurationError
from netlab.sockets import names
from netlab.sockets.scapy.loading import ScapyImports
from netlab.sockets.socket import Socket
from netlab.units import s

if TYPE_CHECKING:
    from netlab.host import Host

_current: ContextVar["_Speaker | None"] = ContextVar("netlab_host", default=None)
_lock = threading.RLock()  # a network may be collected, and so closed, in the middle
_open_blocks = 0
_real: list[tuple[object, str, Any]] = []


@contextmanager
def on(host: "Host") -> Iterator["Host"]:
    """Run the block on `host`: `socket`, all that is built on it, and the time are its own.

    ``with on(alice): urllib.request.urlopen("http://bob/")``. Blocks may be nested. `time.sleep`
    lets virtual time pass, `time.time` and `time.perf_counter` tell it; `time.monotonic` stays the
    machine's, for event loops live by it. (A name that was imported from a module before, by
    ``from time import sleep``, is beyond reach.) Scapy's `sr1`, `sniff`, `traceroute` and the rest
    send and receive by the host's interfaces.
    """
    if not hasattr(host, "socket"):
        raise ConfigurationError(
            f"on() takes a host of a network, such as net.host(...); got {host!r}"
        )
    with installed(), speaking(host):
        yield host


@contextmanager
def speaking(host: "Host") -> Iterator[None]:
    """Whoever asks inside the block is `host`."""
    speaker = _Speaker(host)
    token = _current.set(speaker)
    try:
        yield
    finally:
        _current.reset(token)
        speaker.host = None


class _Speaker:
    """Whose code runs. Event loops hand on what they find here: to other threads, and to later."""

    __slots__ = ("host", "thread")

    def __init__(self, host: "Host | None") -> None:
        self.host = host
        self.thread = threading.get_ident()


def asking() -> "Host | None":
    """The host that the code which calls this runs on; None where that is the real machine."""
    speaker = _current.get()
    if speaker is None or speaker.thread != threading.get_ident():
        return None
    return speaker.host


_MACHINE = _Speaker(None)


@contextmanager
def as_the_machine() -> Iterator[bool]:
    """Whoever asks inside the block is the real machine. True unless it was so already."""
    token = _current.set(_MACHINE)
    try:
        yield token.old_value is not _MACHINE
    finally:
        _current.reset(token)


@contextmanager
def installed() -> Iterator[None]:
    """The doors are there during the block."""
    _install()
    try:
        yield
    finally:
        _uninstall()


class _SocketDoor:
    """Stands for the class `socket.socket`: calls make a socket of whoever asks.

    Not a class itself, so that one who derives from it (as the ssl module does) gets the real one.
    """

    def __init__(self, real: type[std.socket]) -> None:
        self._real = real
        self.__doc__ = real.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        host = asking()
        return (
            self._real(*args, **kwargs) if host is None else Socket(host, *_kind(*args, **kwargs))
        )

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, self._real | Socket)

    def __subclasscheck__(self, value: type) -> bool:
        return issubclass(value, self._real | Socket)

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type]:
        return (self._real,)

    def __or__(self, other: Any) -> Any:
        return self._real | other

    def __ror__(self, other: Any) -> Any:
        return other | self._real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _kind(
    family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None
) -> tuple[int, int]:
    """Of the arguments of `socket.socket()`, kind and protocol; OSError for what isn't there."""
    if family not in (-1, std.AF_INET):
        raise OSError(
            EAFNOSUPPORT,
            "Address family not supported by protocol: a simulated host speaks IPv4 (AF_INET)",
        )
    if fileno is not None:
        raise OSError(EBADF, "Bad file descriptor: a simulated host can't take over a real one")
    return int(std.SOCK_STREAM if type == -1 else type), 0 if proto == -1 else proto


def _gethostbyname(host: "Host", name: str) -> str:
    return str(host.names.resolve(name))


def _gethostbyname_ex(host: "Host", name: str) -> tuple[str, list[str], list[str]]:
    return name, [], [str(host.names.resolve(name))]


def _gethostbyaddr(host: "Host", address: str) -> tuple[str, list[str], list[str]]:
    resolved = host.names.resolve(address)
    name = host.names.name_of(resolved)
    if name is None:
        raise std.herror(1, f"Unknown host: {address}")
    return name, [], [str(resolved)]


def _getfqdn(host: "Host", name: str = "") -> str:
    return name or host.name


def _getnameinfo(host: "Host", address: tuple[str, int], flags: int) -> tuple[str, str]:
    resolved = host.names.resolve(address[0])
    name = None if flags & std.NI_NUMERICHOST else host.names.name_of(resolved)
    return name or str(resolved), str(address[1])


def _sleep(host: "Host", seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    with host.sim.clock as clock:
        clock.sleep(round(seconds * s))


def _date(host: "Host") -> float:
    return host.sim.clock.date / s


def _date_ns(host: "Host") -> int:
    return host.sim.clock.date


def _seconds(host: "Host") -> float:
    return host.sim.clock.now / s


def _nanoseconds(host: "Host") -> int:
    return host.sim.clock.now


_DOORS: list[tuple[ModuleType, str, Callable[..., Any]]] = [
    (
        std,
        "getaddrinfo",
        lambda host, *args, **kwargs: names.getaddrinfo(host.names, *args, **kwargs),
    ),
    (std, "gethostname", lambda host: host.name),
    (std, "gethostbyname", _gethostbyname),
    (std, "gethostbyname_ex", _gethostbyname_ex),
    (std, "gethostbyaddr", _gethostbyaddr),
    (std, "getfqdn", _getfqdn),
    (std, "getnameinfo", _getnameinfo),
    (time, "sleep", _sleep),
    (time, "time", _date),
    (time, "time_ns", _date_ns),
    (time, "perf_counter", _seconds),
    (time, "perf_counter_ns", _nanoseconds),
]


def door(real: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    """What calls `ours(host, ...)` for code that runs on a host, and `real(...)` for all other."""

    @functools.wraps(real)
    def ask(*args: Any, **kwargs: Any) -> Any:
        host = asking()
        return real(*args, **kwargs) if host is None else ours(host, *args, **kwargs)

    return ask


def _install() -> None:
    global _open_blocks
    with _lock:
        _open_blocks += 1
        if _open_blocks > 1:
            return
        _replace(std, "socket", _SocketDoor(std.socket))
        for module, name, ours in _DOORS:
            _replace(module, name, door(getattr(module, name), ours))
        sys.meta_path.insert(0, _imports)
        _lend_to_scapy()


def _uninstall() -> None:
    global _open_blocks
    with _lock:
        _open_blocks -= 1
        if _open_blocks == 0:
            sys.meta_path.remove(_imports)
            while _real:
                owner, name, real = _real.pop()
                setattr(owner, name, real)


def _replace(owner: object, name: str, ours: object) -> None:
    _real.append((owner, name, getattr(owner, name)))
    setattr(owner, name, ours)


def _lend_to_scapy() -> None:
    """Give Scapy its doors, if it is loaded and a block is open."""
    with _lock:
        if "scapy.sendrecv" not in sys.modules or _open_blocks == 0:
            return
        with as_the_machine():
            from netlab.sockets.scapy.seams import SEAMS
        if SEAMS[0][0] not in (owner for owner, _, _ in _real):
            for owner, name, ours in SEAMS:
                _replace(owner, name, ours)


_imports = ScapyImports(as_the_machine, _lend_to_scapy)
