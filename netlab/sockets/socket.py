"""A socket of a simulated host, with the methods and errors of `socket.socket`.

What is the same for TCP and UDP is here: the life of the socket, timeouts, options, files, and the
record of each call. What differs is in `stream.py` and `datagram.py`.
"""

import io
import socket as std
from collections.abc import Callable
from errno import EBADF, EINVAL, ENOPROTOOPT, EOPNOTSUPP, ESOCKTNOSUPPORT
from typing import TYPE_CHECKING, Any, Self, cast

from netlab.network.address import IPv4Address
from netlab.sim.program import Signal
from netlab.sockets.call import Call, Words
from netlab.sockets.datagram import DatagramEnd
from netlab.sockets.end import Address, End
from netlab.sockets.names import service_port
from netlab.sockets.stream import StreamEnd
from netlab.units import s

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    from netlab.host import Host

SOCK_STREAM = int(std.SOCK_STREAM)
SOCK_DGRAM = int(std.SOCK_DGRAM)
MSG_PEEK = int(std.MSG_PEEK)
_KIND_BITS = 0xF  # SOCK_NONBLOCK and SOCK_CLOEXEC may be added to the kind
FIRST_FILENO = 1_000_000
"""Socket numbers start here, far from any real file descriptor."""


class Socket:
    """A TCP (`SOCK_STREAM`) or UDP (`SOCK_DGRAM`) socket over IPv4.

    Timeouts are in seconds of virtual time, as floats. Errors are the standard library's, with the
    errno that a kernel gives.
    """

    def __init__(self, host: "Host", kind: int = SOCK_STREAM, end: End | None = None) -> None:
        if kind & _KIND_BITS not in (SOCK_STREAM, SOCK_DGRAM):
            raise OSError(ESOCKTNOSUPPORT, f"Socket type not supported: {kind!r}; TCP and UDP are")
        self.host = host
        self.type = std.SocketKind(kind & _KIND_BITS)
        self.family = std.AF_INET
        self.proto = 0
        host.sockets_made += 1
        self._fileno = FIRST_FILENO + host.sockets_made
        self._timeout: float | None = std.getdefaulttimeout()
        self._closed = False
        self._io_refs = 0
        if end is not None:
            self._end = end
        elif self.type == SOCK_STREAM:
            self._end = StreamEnd(host)
        else:
            self._end = DatagramEnd(host)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else self._end.describe()
        return f"<socket {self._fileno} of {self.host.name}, {self.type.name}, {state}>"

    # --- opening ----------------------------------------------------------------------------

    def bind(self, address: tuple[str, int]) -> None:
        """Take a local address; "" is all addresses, port 0 any port."""
        with self._call("bind", address):
            self._end.bind(*self._resolve("bind", address))

    def listen(self, backlog: int = 128) -> None:
        """Wait for connections: `backlog` of them may wait for `accept`."""
        with self._call("listen", backlog):
            self._stream("listen").listen(backlog)

    def accept(self) -> "tuple[Socket, tuple[str, int]]":
        """The next connection: a socket for it, and the address of the other side."""
        with self._call("accept") as call:
            end = self._stream("accept")
            listener = end.listening()
            self._wait(call, listener.acceptable, end.acceptable)
            accepted = end.accept()
            peer = accepted.peer()
            call.result = peer
        return Socket(self.host, SOCK_STREAM, accepted), peer

    def connect(self, address: tuple[str, int]) -> None:
        """Open a connection (TCP), or fix the other side (UDP)."""
        with self._call("connect", address) as call:
            self._end.connect(self._resolve("connect", address))
            if isinstance(self._end, StreamEnd):
                end = self._end
                if self._timeout == 0:
                    end.connecting_or_raise()
                connection = end.connected_or_connecting()
                self._wait(call, connection.writable, end.connect_decided)
                end.raise_error()

    def connect_ex(self, address: tuple[str, int]) -> int:
        """As `connect`, but the errno (0: none) instead of an exception."""
        try:
            self.connect(address)
        except TimeoutError as error:
            return error.errno or 11  # EAGAIN, as the standard library has it
        except OSError as error:
            if isinstance(error, std.gaierror) or error.errno is None:
                raise
            return error.errno
        return 0

    # --- data -------------------------------------------------------------------------------

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        """Send what there is room for now, at least a byte; how much that was."""
        self._no_flags(flags, 0)
        with self._call("send", _size(data)) as call:
            view = memoryview(data).cast("B")
            self._wait(call, self._end.writable_signal(), self._end.writable)
            call.result = sent = self._end.send(bytes(view))
            return sent

    def sendall(self, data: "ReadableBuffer", flags: int = 0) -> None:
        """Send everything."""
        self._no_flags(flags, 0)
        with self._call("sendall", _size(data)) as call:
            view = memoryview(data).cast("B")
            deadline = self._deadline()
            at = 0
            while at < len(view) or (at == 0 and isinstance(self._end, DatagramEnd)):
                self._wait(call, self._end.writable_signal(), self._end.writable, deadline)
                at += self._end.send(bytes(view[at : at + _CHUNK]))
                if not len(view):
                    break

    def sendto(self, data: "ReadableBuffer", *args: Any) -> int:
        """``sendto(data, [flags,] address)``: send a datagram there."""
        if len(args) not in (1, 2):
            raise TypeError(f"sendto() takes 2 or 3 arguments ({len(args) + 1} given)")
        self._no_flags(args[0] if len(args) == 2 else 0, 0)
        with self._call("sendto", _size(data), args[-1]):
            address = self._resolve("sendto", args[-1])
            return self._end.send_to(bytes(memoryview(data).cast("B")), address)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Up to `size` bytes, b"" at the end of the stream. `MSG_PEEK` leaves them there."""
        return self._receive("recv", size, flags)[0]

    def recvfrom(self, size: int, flags: int = 0) -> tuple[bytes, tuple[str, int] | None]:
        """Up to `size` bytes, and who sent them (None for TCP)."""
        return self._receive("recvfrom", size, flags)

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        """Receive into `buffer`; how many bytes came."""
        view = memoryview(buffer).cast("B")
        data, _ = self._receive("recv_into", nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def recvfrom_into(
        self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0
    ) -> tuple[int, tuple[str, int] | None]:
        """Receive into `buffer`; how many bytes came, and from whom."""
        view = memoryview(buffer).cast("B")
        data, sender = self._receive("recvfrom_into", nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data), sender

    def makefile(self, mode: str = "r", buffering: int | None = None, **kwargs: Any) -> io.IOBase:
        """A file over the socket, as the standard library makes it."""
        return cast(io.IOBase, cast(Any, std.socket.makefile)(self, mode, buffering, **kwargs))

    # --- closing ----------------------------------------------------------------------------

    def shutdown(self, how: int) -> None:
        """End sending (`SHUT_WR`), receiving (`SHUT_RD`) or both (`SHUT_RDWR`)."""
        with self._call("shutdown", _HOW.get(how, how)):
            if how not in (std.SHUT_RD, std.SHUT_WR, std.SHUT_RDWR):
                raise OSError(
                    EINVAL, "Invalid argument: shutdown() takes SHUT_RD, SHUT_WR or SHUT_RDWR"
                )
            self._end.shutdown(
                how in (std.SHUT_RD, std.SHUT_RDWR), how in (std.SHUT_WR, std.SHUT_RDWR)
            )

    def close(self) -> None:
        """Let go of the socket. Files made of it keep it open until they are closed too."""
        if not self._closed:
            self._closed = True
            if self._io_refs <= 0:
                self._real_close()

    def _real_close(self) -> None:
        with Call(self, "close", ()):
            self._end.close()

    def _decref_socketios(self) -> None:  # called by the files that makefile() makes
        self._io_refs -= 1
        if self._io_refs <= 0 and self._closed:
            self._real_close()

    # --- names, timeouts, options -----------------------------------------------------------

    def fileno(self) -> int:
        """A number for this socket, which isn't a file descriptor; -1 when it is closed."""
        return -1 if self._closed else self._fileno

    def getsockname(self) -> tuple[str, int]:
        """The local address and port."""
        self._check_open()
        address, port = self._end.local()
        return str(address), port

    def getpeername(self) -> tuple[str, int]:
        """The other side's address and port. OSError (ENOTCONN)."""
        self._check_open()
        return self._end.peer()

    def settimeout(self, seconds: float | None) -> None:
        """How long calls may block: None without end, 0 not at all."""
        if seconds is not None and not seconds >= 0:
            raise ValueError("Timeout value out of range")
        self._timeout = None if seconds is None else float(seconds)

    def gettimeout(self) -> float | None:
        """The timeout in seconds."""
        return self._timeout

    @property
    def timeout(self) -> float | None:
        """The timeout in seconds."""
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        """`settimeout(None)`, or `settimeout(0.0)`."""
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        """Whether calls may block."""
        return self._timeout != 0

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """Set an option: `SO_REUSEADDR`, `TCP_NODELAY`. OSError (ENOPROTOOPT) for others."""
        with self._call("setsockopt", level, option, value):
            if not isinstance(value, int):
                raise TypeError(f"this option takes an int; got {value!r}")
            if (level, option) not in self._end.options:
                raise OSError(
                    ENOPROTOOPT, f"Protocol not available: option {option} of level {level}"
                )
            self._end.options[level, option] = int(bool(value))
            self._end.apply_options()

    def getsockopt(self, level: int, option: int) -> int:
        """Read an option; `SO_ERROR` reads and clears the error that waits, `SO_TYPE` the kind."""
        self._check_open()
        if level == std.SOL_SOCKET and option == std.SO_ERROR:
            return self._end.take_error()
        if level == std.SOL_SOCKET and option == std.SO_TYPE:
            return int(self.type)
        if (level, option) not in self._end.options:
            raise OSError(ENOPROTOOPT, f"Protocol not available: option {option} of level {level}")
        return self._end.options[level, option]

    # --- inside -----------------------------------------------------------------------------

    def _receive(self, name: str, size: int, flags: int) -> tuple[bytes, tuple[str, int] | None]:
        if size < 0:
            raise ValueError("negative buffersize in recv")
        self._no_flags(flags, MSG_PEEK)
        with self._call(name, size) as call:
            end = self._end
            self._wait(call, end.readable_signal(), end.readable)
            data, sender = end.receive(size, bool(flags & MSG_PEEK))
            call.result = len(data)
            return data, sender

    def _call(self, name: str, *args: object) -> Call:
        self._check_open()
        return Call(self, name, args)

    def _check_open(self) -> None:
        if self._closed and self._io_refs <= 0:
            raise OSError(EBADF, f"Bad file descriptor: {self!r}")

    def _deadline(self) -> int | None:
        if self._timeout is None:
            return None
        return self.host.sim.clock.now + round(self._timeout * s)

    def _wait(
        self, call: Call, signal: Signal, ready: Callable[[], bool], deadline: int | None = None
    ) -> None:
        if ready():
            return
        if self._timeout == 0:
            raise BlockingIOError(
                11, f"Resource temporarily unavailable: {call.name}() would block"
            )
        if deadline is None:
            deadline = self._deadline()
        if not self.host.sim.clock.wait(
            signal, ready, deadline, f"{call.name}() on {self._end.describe()}"
        ):
            raise TimeoutError("timed out")
        self._check_open()

    def _stream(self, call: str) -> StreamEnd:
        if isinstance(self._end, StreamEnd):
            return self._end
        raise OSError(EOPNOTSUPP, f"Operation not supported: {call}() on a UDP socket")

    def _resolve(self, call: str, address: object) -> Address:
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
        resolved: IPv4Address = self.host.names.resolve(host)
        return resolved, service_port(port)

    def _no_flags(self, flags: int, allowed: int) -> None:
        if flags & ~allowed:
            raise OSError(EOPNOTSUPP, f"Operation not supported: flags {flags:#x}")


_CHUNK = 65_536
_HOW = {getattr(std, name): Words(name) for name in ("SHUT_RD", "SHUT_WR", "SHUT_RDWR")}


def _size(data: "ReadableBuffer") -> Words:
    return Words(f"{memoryview(data).nbytes} bytes")
