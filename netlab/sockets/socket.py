"""A socket of a simulated host, with the methods and errors of `socket.socket`.

What is the same for TCP and UDP is here: the life of the socket, timeouts, options, files, and the
record of each call. What differs is in `stream.py` and `datagram.py`.
"""

import io
import math
import socket as std
import sys
from collections.abc import Callable
from errno import (
    EAGAIN,
    EBADF,
    EINPROGRESS,
    EINVAL,
    ENOPROTOOPT,
)
from typing import TYPE_CHECKING, Any, Self, cast

from netlab.sim.program import Signal
from netlab.sockets.arguments import (
    HOW,
    MSG_DONTWAIT,
    MSG_PEEK,
    MSG_WAITALL,
    RECEIVE_FLAGS,
    SEND_FLAGS,
    SOCK_DGRAM,
    SOCK_NONBLOCK,
    SOCK_STREAM,
    TCP_INFO,
    check_flags,
    resolve,
    room,
    size_of,
    type_of,
)
from netlab.sockets.call import Call
from netlab.sockets.datagram import DatagramEnd
from netlab.sockets.end import End
from netlab.sockets.stream import StreamEnd
from netlab.units import s

LONGEST_TIMEOUT = 2**63 / 1_000_000_000
"""In seconds: as nanoseconds it would no longer fit in 63 bits."""

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    from netlab.host import Host

FIRST_FILENO = 1_000_000
"""Socket numbers start here, far from any real file descriptor."""


class Socket:
    """A TCP (`SOCK_STREAM`) or UDP (`SOCK_DGRAM`) socket over IPv4.

    Timeouts are in seconds of virtual time, as floats. Errors are the standard library's, with the
    errno that a kernel gives.
    """

    def __init__(
        self, host: "Host", kind: int = SOCK_STREAM, proto: int = 0, end: End | None = None
    ) -> None:
        self.host = host
        self.type = type_of(kind, proto)
        self.family = std.AF_INET
        self.proto = proto
        host.sockets_made += 1
        self.number = FIRST_FILENO + host.sockets_made
        self._timeout: float | None = 0.0 if kind & SOCK_NONBLOCK else std.getdefaulttimeout()
        self._closed = False  # by the user; a file that was made of it may keep it open
        self._gone = False
        self._io_refs = 0
        self._waits_for: list[Signal] = []  # in calls of other programs, which a close ends
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

    def __getstate__(self) -> Any:
        raise TypeError("cannot pickle or copy a socket: it is one end of something")

    def __repr__(self) -> str:
        state = "closed" if self._gone else self.describe()
        return f"<socket {self.number} of {self.host.name}, {self.type.name}, {state}>"

    def describe(self) -> str:
        """What it is now: ``TCP 10.0.0.1:49152 > 10.0.0.2:80, ESTABLISHED``."""
        return self._end.describe()

    # --- opening ----------------------------------------------------------------------------

    def bind(self, address: tuple[str, int]) -> None:
        """Take a local address; "" is all addresses, port 0 any port."""
        with self._call("bind", address):
            self._end.bind(*resolve(self.host.names, "bind", address))

    def listen(self, backlog: int = 128) -> None:
        """Wait for connections: `backlog` of them may wait for `accept`."""
        with self._call("listen", backlog):
            self._end.listen(backlog)

    def accept(self) -> "tuple[Socket, tuple[str, int]]":
        """The next connection: a socket for it, and the address of the other side."""
        with self._call("accept") as call:
            end = self._end
            self._wait(call, end.acceptable_signal(), end.acceptable)
            accepted, call.result = end.accept()
        return Socket(self.host, SOCK_STREAM, end=accepted), call.result

    def connect(self, address: tuple[str, int]) -> None:
        """Open a connection (TCP), or fix the other side (UDP)."""
        with self._call("connect", address) as call:
            end = self._end
            end.connect(resolve(self.host.names, "connect", address))
            if self._timeout == 0 and end.connecting():
                raise BlockingIOError(EINPROGRESS, "Operation now in progress")
            self._wait(call, end.writable_signal(), lambda: not end.connecting())
            end.finish_connect()

    def connect_ex(self, address: tuple[str, int]) -> int:
        """As `connect`, but the errno (0: none) instead of an exception."""
        try:
            self.connect(address)
        except TimeoutError as error:
            return error.errno or EAGAIN  # as the standard library has it
        except OSError as error:
            if isinstance(error, std.gaierror) or error.errno is None:
                raise
            return error.errno
        return 0

    # --- data -------------------------------------------------------------------------------

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        """Send what there is room for now, at least a byte; how much that was."""
        check_flags(flags, SEND_FLAGS)
        with self._call("send", size_of(data)) as call:
            view = memoryview(data).cast("B")
            self._wait(call, self._end.writable_signal(), self._end.writable, flags=flags)
            call.result = sent = self._end.send(bytes(view))
            return sent

    def sendall(self, data: "ReadableBuffer", flags: int = 0) -> None:
        """Send everything."""
        check_flags(flags, SEND_FLAGS)
        with self._call("sendall", size_of(data)) as call:
            view = memoryview(data).cast("B")
            deadline = self._deadline()
            at = 0
            while at < len(view) or (at == 0 and isinstance(self._end, DatagramEnd)):
                self._wait(call, self._end.writable_signal(), self._end.writable, deadline, flags)
                at += self._end.send(bytes(view[at : at + _CHUNK]))
                if not len(view):
                    break

    def sendto(self, data: "ReadableBuffer", *args: Any) -> int:
        """``sendto(data, [flags,] address)``: send a datagram there."""
        if len(args) not in (1, 2):
            raise TypeError(f"sendto() takes 2 or 3 arguments ({len(args) + 1} given)")
        check_flags(args[0] if len(args) == 2 else 0, SEND_FLAGS)
        with self._call("sendto", size_of(data), args[-1]):
            address = resolve(self.host.names, "sendto", args[-1])
            return self._end.send_to(bytes(memoryview(data).cast("B")), address)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Up to `size` bytes, b"" at the end of the stream.

        `MSG_PEEK` leaves them there, `MSG_WAITALL` waits for all of them, `MSG_DONTWAIT` for none.
        """
        return self._receive("recv", size, flags)[0]

    def recvfrom(self, size: int, flags: int = 0) -> tuple[bytes, tuple[str, int] | None]:
        """Up to `size` bytes, and who sent them (None for TCP)."""
        return self._receive("recvfrom", size, flags)

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        """Receive into `buffer`; how many bytes came."""
        view = room(buffer, nbytes)
        data, _ = self._receive("recv_into", len(view), flags)
        view[: len(data)] = data
        return len(data)

    def recvfrom_into(
        self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0
    ) -> tuple[int, tuple[str, int] | None]:
        """Receive into `buffer`; how many bytes came, and from whom."""
        view = room(buffer, nbytes)
        data, sender = self._receive("recvfrom_into", len(view), flags)
        view[: len(data)] = data
        return len(data), sender

    def makefile(self, mode: str = "r", buffering: int | None = None, **kwargs: Any) -> io.IOBase:
        """A file over the socket, as the standard library makes it."""
        return cast(io.IOBase, cast(Any, std.socket.makefile)(self, mode, buffering, **kwargs))

    # --- closing ----------------------------------------------------------------------------

    def shutdown(self, how: int) -> None:
        """End sending (`SHUT_WR`), receiving (`SHUT_RD`) or both (`SHUT_RDWR`)."""
        if not isinstance(how, int):
            raise TypeError(f"shutdown() takes SHUT_RD, SHUT_WR or SHUT_RDWR; got {how!r}")
        with self._call("shutdown", HOW.get(how, how)):
            if how not in HOW:
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
        if not self._gone:
            with Call(self, "close", ()):
                self._gone = True
                self._end.close()
                for signal in self._waits_for:
                    signal.notify()

    def detach(self) -> int:
        """Forget the connection without closing it; its number, which isn't a file descriptor."""
        number = self.fileno()
        self._closed = self._gone = True
        return number

    def _decref_socketios(self) -> None:  # called by the files that makefile() makes
        self._io_refs -= 1
        if self._io_refs <= 0 and self._closed:
            self._real_close()

    # --- names, timeouts, options -----------------------------------------------------------

    def fileno(self) -> int:
        """A number for this socket, which isn't a file descriptor; -1 when it is closed."""
        return -1 if self._gone else self.number

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
        if seconds is not None and math.isnan(seconds):
            raise ValueError("Invalid value NaN (not a number)")
        if seconds is not None and seconds < 0:
            raise ValueError("Timeout value out of range")
        if seconds is not None and seconds >= LONGEST_TIMEOUT:
            raise OverflowError("timestamp out of range for platform time_t")
        self._check_open()
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
        self.settimeout(None if flag else 0.0)

    def getblocking(self) -> bool:
        """Whether calls may block."""
        return self._timeout != 0

    def setsockopt(self, level: int, option: int, value: "int | ReadableBuffer") -> None:
        """Set `SO_REUSEADDR`, `TCP_NODELAY` or `SO_BROADCAST`. OSError (ENOPROTOOPT) for others."""
        with self._call("setsockopt", level, option, value):
            if not isinstance(value, int):
                value = int.from_bytes(memoryview(value), sys.byteorder)
            if (level, option) not in self._end.options:
                raise OSError(
                    ENOPROTOOPT, f"Protocol not available: option {option} of level {level}"
                )
            self._end.options[level, option] = int(bool(value))
            self._end.apply_options()

    def getsockopt(self, level: int, option: int, buflen: int = 0) -> int | bytes:
        """Read an option, with `buflen` as so many bytes.

        `SO_ERROR` reads and clears the error that waits; `SO_TYPE` is the kind of socket,
        `SO_ACCEPTCONN` tells whether it listens, and `TCP_INFO` is Linux's `struct tcp_info`.
        """
        self._check_open()
        if level == std.SOL_SOCKET and option == std.SO_ERROR:
            error = self._end.take_error()
            value = 0 if error is None else error.errno or 0
        elif level == std.SOL_SOCKET and option == std.SO_TYPE:
            value = int(self.type)
        elif level == std.SOL_SOCKET and option == std.SO_ACCEPTCONN:
            value = int(self._end.listening)
        elif (level, option) in self._end.options:
            value = self._end.options[level, option]
        elif (level, option) == TCP_INFO and (info := self._end.info()) is not None:
            return info[:buflen] if buflen else int.from_bytes(info[:4], sys.byteorder)
        else:
            raise OSError(ENOPROTOOPT, f"Protocol not available: option {option} of level {level}")
        return value.to_bytes(4, sys.byteorder)[:buflen] if buflen else value

    # --- inside -----------------------------------------------------------------------------

    def _receive(self, name: str, size: int, flags: int) -> tuple[bytes, tuple[str, int] | None]:
        if size < 0:
            raise ValueError("negative buffersize in recv")
        if flags:
            check_flags(flags, RECEIVE_FLAGS)
        with self._call(name, size) as call:
            end = self._end
            if size or self.type == SOCK_DGRAM:
                self._wait(call, end.readable_signal(), end.readable, flags=flags)
            data, sender = end.receive(size, flags & MSG_PEEK != 0)
            if flags & MSG_WAITALL and not flags & MSG_PEEK and self.type == SOCK_STREAM:
                data = self._receive_rest(call, data, size)
            call.result = len(data)
            return data, sender

    def _receive_rest(self, call: Call, data: bytes, size: int) -> bytes:
        """MSG_WAITALL: go on until all is there, or what can come is."""
        end = self._end
        more = data
        while more and len(data) < size:
            try:
                self._wait(call, end.readable_signal(), end.readable)
                more, _ = end.receive(size - len(data), False)
            except OSError:
                break  # the next call tells
            data += more
        return data

    def _call(self, name: str, *args: object) -> Call:
        if self._gone:
            self._check_open()
        return Call(self, name, args)

    def _check_open(self) -> None:
        if self._gone:
            raise OSError(EBADF, f"Bad file descriptor: {self!r}")

    def _deadline(self) -> int | None:
        if self._timeout is None:
            return None
        return self.host.sim.clock.now + round(self._timeout * s)

    def _wait(
        self,
        call: Call,
        signal: Signal,
        ready: Callable[[], bool],
        deadline: int | None = None,
        flags: int = 0,
    ) -> None:
        if self._timeout == 0 or flags & MSG_DONTWAIT:
            if ready():
                return
            raise BlockingIOError(
                EAGAIN, f"Resource temporarily unavailable: {call.name}() would block"
            )
        if deadline is None and self._timeout is not None:
            deadline = self._deadline()
        self._waits_for.append(signal)
        try:
            in_time = self.host.sim.clock.wait(
                signal, lambda: self._gone or ready(), deadline, call
            )
        finally:
            self._waits_for.remove(signal)
        if self._gone:
            self._check_open()
        if not in_time:
            raise TimeoutError("timed out")


_CHUNK = 65_536
