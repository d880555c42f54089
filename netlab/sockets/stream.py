"""TCP's side of a socket: not yet anything, a listener, or one end of a connection."""

import socket as std
from errno import (
    EADDRNOTAVAIL,
    EALREADY,
    EINPROGRESS,
    EINVAL,
    EISCONN,
    ENOTCONN,
    EPIPE,
)
from typing import TYPE_CHECKING

from netlab.network.address import IPv4Address
from netlab.sim.program import Signal
from netlab.sockets.end import Address
from netlab.transport.ports import Binding
from netlab.transport.tcp.connection import Connection
from netlab.transport.tcp.endpoint import Listener
from netlab.transport.tcp.states import State

if TYPE_CHECKING:
    from netlab.host import Host

_REUSE = (std.SOL_SOCKET, std.SO_REUSEADDR)
_NODELAY = (std.IPPROTO_TCP, std.TCP_NODELAY)
_OPENING = (State.SYN_SENT, State.SYN_RCVD)


class StreamEnd:
    """See `End`."""

    def __init__(self, host: "Host", connection: Connection | None = None) -> None:
        self.options = {_REUSE: 0, _NODELAY: int(host.tcp.settings.nodelay)}
        self._host = host
        self._tcp = host.tcp
        self._binding: Binding | None = None
        self._listener: Listener | None = None
        self._connection = connection
        self._reading_ended = False
        self._nothing = Signal(host.sim.clock)

    def apply_options(self) -> None:
        if self._connection is not None:
            self._connection.sender.nodelay = bool(self.options[_NODELAY])

    def describe(self) -> str:
        if self._connection is not None:
            return f"TCP {self._connection.label}, {self._connection.state}"
        if self._listener is not None:
            return f"TCP port {self._listener.local[1]}, LISTEN"
        return "a TCP socket"

    # --- opening ----------------------------------------------------------------------------

    def bind(self, address: IPv4Address, port: int) -> None:
        if self._binding is not None or self._connection is not None:
            raise OSError(EINVAL, "Invalid argument: the socket has a local address already")
        if not (address.is_unspecified or self._host.ipv4.is_mine(address)):
            raise OSError(
                EADDRNOTAVAIL,
                f"Cannot assign requested address: {address} isn't an address of {self._host.name}",
            )
        self._binding = self._tcp.bind(address, port, reuse=bool(self.options[_REUSE]))

    def listen(self, backlog: int) -> None:
        if self._connection is not None:
            raise OSError(EINVAL, "Invalid argument: a connected socket can't listen")
        if self._listener is not None:
            self._listener.backlog = max(1, backlog)
            return
        self._listener = self._tcp.listen(self._bound(), backlog)

    def listening(self) -> Listener:
        """The listener. OSError (EINVAL) where `listen` wasn't called."""
        if self._listener is None:
            raise OSError(EINVAL, "Invalid argument: call listen() before accept()")
        return self._listener

    def acceptable(self) -> bool:
        """Whether `accept` would return or raise at once."""
        listener = self.listening()
        return bool(listener.accepted) or listener.closed

    def accept(self) -> "StreamEnd":
        """The first connection that waits."""
        listener = self.listening()
        if not listener.accepted:
            raise OSError(EINVAL, "Invalid argument: the listener was closed")
        return StreamEnd(self._host, listener.accepted.popleft())

    def connect(self, remote: Address) -> None:
        if self._listener is not None:
            raise OSError(EISCONN, "Transport endpoint is already connected: this socket listens")
        connection = self._connection
        if connection is not None and connection.state is not State.CLOSED:
            if connection.state in _OPENING:
                raise OSError(EALREADY, "Operation already in progress")
            raise OSError(EISCONN, f"Transport endpoint is already connected: {connection!r}")
        self.raise_error()
        address, port = remote
        if address.is_unspecified:  # as the kernel has it: this host itself
            address = self._host.address
        self._connection = self._tcp.connect(self._bound(), (address, port))
        self.apply_options()

    def connecting_or_raise(self) -> None:
        """For a socket that doesn't block: OSError (EINPROGRESS) while the handshake goes on."""
        if not self.connect_decided():
            raise OSError(EINPROGRESS, "Operation now in progress")

    def connected_or_connecting(self) -> Connection:
        """The connection. OSError (ENOTCONN)."""
        if self._connection is None:
            raise OSError(ENOTCONN, "Transport endpoint is not connected")
        return self._connection

    def connect_decided(self) -> bool:
        """Whether the handshake has ended, well or not."""
        return self.connected_or_connecting().state not in _OPENING

    # --- names ------------------------------------------------------------------------------

    def local(self) -> Address:
        if self._connection is not None:
            return self._connection.local
        if self._binding is not None:
            return self._binding.address, self._binding.port
        return IPv4Address.UNSPECIFIED, 0

    def peer(self) -> tuple[str, int]:
        connection = self._connection
        if connection is None or connection.state in (*_OPENING, State.CLOSED):
            raise OSError(ENOTCONN, "Transport endpoint is not connected")
        return str(connection.remote[0]), connection.remote[1]

    # --- data -------------------------------------------------------------------------------

    def readable_signal(self) -> Signal:
        return self._nothing if self._connection is None else self._connection.readable

    def readable(self) -> bool:
        connection = self._connection
        return (
            connection is None
            or bool(connection.receiver.buffer)
            or connection.error is not None
            or connection.at_end
            or self._reading_ended
        )

    def receive(self, size: int, peek: bool) -> tuple[bytes, tuple[str, int] | None]:
        connection = self.connected_or_connecting()
        if not connection.receiver.buffer:
            self.raise_error()
            return b"", None
        return connection.receive(size, peek=peek), None

    def writable_signal(self) -> Signal:
        return self._nothing if self._connection is None else self._connection.writable

    def writable(self) -> bool:
        connection = self._connection
        if connection is None or connection.error is not None:
            return True
        if connection.state in _OPENING:
            return False
        return connection.sender.free > 0 or self._sending_ended(connection)

    def send(self, data: bytes) -> int:
        connection = self.connected_or_connecting()
        self.raise_error()
        if self._sending_ended(connection):
            raise OSError(EPIPE, f"Broken pipe: {connection!r} takes no more data")
        return connection.send(data)

    def send_to(self, data: bytes, remote: Address) -> int:
        return self.send(data)  # the kernel ignores the address on a connected TCP socket

    def raise_error(self) -> None:
        """Raise the error that ended the connection, once."""
        connection = self._connection
        if connection is not None and connection.error is not None:
            error, connection.error = connection.error, None
            raise error

    def take_error(self) -> int:
        connection = self._connection
        if connection is None or connection.error is None:
            return 0
        error, connection.error = connection.error, None
        return error.errno or 0

    # --- closing ----------------------------------------------------------------------------

    def shutdown(self, reading: bool, writing: bool) -> None:
        connection = self.connected_or_connecting()
        if connection.state is State.CLOSED:
            raise OSError(ENOTCONN, "Transport endpoint is not connected")
        if writing:
            connection.close()
        if reading:
            self._reading_ended = True
            connection.readable.notify()

    def close(self) -> None:
        if self._listener is not None:
            self._tcp.stop_listening(self._listener)
        if self._connection is not None:
            self._connection.close_both_ways()
        if self._binding is not None:
            self._tcp.release(self._binding)

    # --- inside -----------------------------------------------------------------------------

    def _bound(self) -> Binding:
        if self._binding is None:
            self._binding = self._tcp.bind(IPv4Address.UNSPECIFIED, 0)
        return self._binding

    def _sending_ended(self, connection: Connection) -> bool:
        return connection.sender.fin_wanted or connection.state not in (
            State.ESTABLISHED,
            State.CLOSE_WAIT,
        )
