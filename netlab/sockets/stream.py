"""TCP's side of a socket: not yet anything, a listener, or one end of a connection."""

import socket as std
from errno import EALREADY, ECONNRESET, EINVAL, EISCONN, EPIPE
from typing import TYPE_CHECKING

from netlab.network.address import IPv4Address
from netlab.sim.program import Signal
from netlab.sockets.end import REUSE_ADDRESS, Address, End, Peer, not_connected
from netlab.transport.ports import Binding
from netlab.transport.tcp.connection import Connection
from netlab.transport.tcp.endpoint import Listener
from netlab.transport.tcp.states import State, TcpEvent

if TYPE_CHECKING:
    from netlab.host import Host

_NODELAY = (int(std.IPPROTO_TCP), int(std.TCP_NODELAY))
_OPENING = (State.SYN_SENT, State.SYN_RCVD)


class StreamEnd(End):
    """See `End`. A socket that was accepted has its `connection`, and the listener's `options`."""

    def __init__(
        self,
        host: "Host",
        connection: Connection | None = None,
        options: dict[tuple[int, int], int] | None = None,
    ) -> None:
        super().__init__(
            host, options or {REUSE_ADDRESS: 0, _NODELAY: int(host.tcp.settings.nodelay)}
        )
        self._tcp = host.tcp
        self._binding: Binding | None = None
        self._listener: Listener | None = None
        self._connection = connection
        self._open_was_told = connection is not None
        self._reading_ended = False
        self.apply_options()

    def apply_options(self) -> None:
        if self._connection is not None:
            self._connection.sender.nodelay = bool(self.options[_NODELAY])

    def info(self) -> bytes:
        from netlab.sockets import tcp_info  # which few ask for

        return tcp_info.pack(self._connection, self.listening)

    def describe(self) -> str:
        if self._connection is not None:
            return f"TCP {self._connection.label}, {self._connection.state}"
        if self._listener is not None:
            return f"TCP port {self._listener.local[1]}, LISTEN"
        return "a TCP socket"

    # --- listening --------------------------------------------------------------------------

    def bind(self, address: IPv4Address, port: int) -> None:
        self.check_bindable(self._binding or self._connection, address, broadcast=False)
        self._binding = self._tcp.bind(address, port, reuse=bool(self.options[REUSE_ADDRESS]))

    @property
    def listening(self) -> bool:  # type: ignore[override]
        return self._listener is not None

    def listen(self, backlog: int) -> None:
        if self._connection is not None:
            raise OSError(EINVAL, "Invalid argument: a connected socket can't listen")
        if self._listener is None:
            self._listener = self._tcp.listen(self._bound(), backlog)
        else:
            self._listener.backlog = max(1, backlog)

    def acceptable_signal(self) -> Signal:
        return self._listening().acceptable

    def acceptable(self) -> bool:
        return bool(self._listening().accepted)

    def accept(self) -> "tuple[StreamEnd, Peer]":
        connection = self._listening().accepted.popleft()
        address, port = connection.remote
        return StreamEnd(self._host, connection, dict(self.options)), (str(address), port)

    def _listening(self) -> Listener:
        if self._listener is None or self._listener.closed:
            raise OSError(EINVAL, "Invalid argument: accept() is for sockets that listen()")
        return self._listener

    # --- connecting -------------------------------------------------------------------------

    def connect(self, remote: Address) -> None:
        if self._listener is not None:
            raise OSError(EISCONN, "Transport endpoint is already connected: this socket listens")
        connection = self._connection
        if connection is not None and connection.state is not State.CLOSED:
            if self.connecting():
                raise OSError(EALREADY, "Operation already in progress")
            if self._open_was_told:
                raise OSError(EISCONN, f"Transport endpoint is already connected: {connection!r}")
            self._open_was_told = True  # asked how it went, as one may who doesn't block
            return
        self.raise_error()
        address, port = remote
        if address.is_unspecified:  # as the kernel has it: this host itself
            address = self._host.address
        self._connection = self._tcp.connect(self._bound(), (address, port))
        self._open_was_told = False
        self.apply_options()

    def connecting(self) -> bool:
        return self._connection is not None and self._connection.state in _OPENING

    def finish_connect(self) -> None:
        self.raise_error()
        self._open_was_told = True

    def local(self) -> Address:
        if self._connection is not None:
            return self._connection.local
        if self._binding is not None:
            return self._binding.address, self._binding.port
        return IPv4Address.UNSPECIFIED, 0

    def peer(self) -> Peer:
        connection = self._connection
        if connection is None or connection.state in (*_OPENING, State.CLOSED):
            raise not_connected()
        return str(connection.remote[0]), connection.remote[1]

    # --- data -------------------------------------------------------------------------------

    def readable_signal(self) -> Signal:
        return self._never if self._connection is None else self._connection.readable

    def readable(self) -> bool:
        connection = self._connection
        return (
            connection is None
            or connection.receiver.buffer.length > 0
            or connection.error is not None
            or self._reading_ended
            or connection.at_end
        )

    def receive(self, size: int, peek: bool) -> tuple[bytes, Peer | None]:
        connection = self._connection
        if connection is None:
            raise not_connected()
        if not connection.receiver.buffer.length:
            self.raise_error()
            return b"", None
        return connection.receive(size, peek=peek), None

    def writable_signal(self) -> Signal:
        return self._never if self._connection is None else self._connection.writable

    def writable(self) -> bool:
        connection = self._connection
        if connection is None or connection.error is not None:
            return True
        if connection.state in _OPENING:
            return False
        return connection.sender.free > 0 or self._sending_ended(connection)

    def send(self, data: bytes) -> int:
        connection = self._connection
        if connection is None:
            raise OSError(EPIPE, "Broken pipe: the socket is not connected")
        self.raise_error()
        if self._sending_ended(connection):
            raise OSError(EPIPE, f"Broken pipe: {connection!r} takes no more data")
        return connection.send(data)

    def send_to(self, data: bytes, remote: Address) -> int:
        return self.send(data)  # the kernel ignores the address on a connected TCP socket

    # --- the end ----------------------------------------------------------------------------

    def take_error(self) -> OSError | None:
        connection = self._connection
        if connection is None or connection.error is None:
            return None
        error, connection.error = connection.error, None
        if error.errno == ECONNRESET and _had_ended(connection):
            return OSError(EPIPE, f"Broken pipe: {connection!r} was closed by its other side")
        return error

    def shutdown(self, reading: bool, writing: bool) -> None:
        if self._listener is not None:
            if reading:
                self._tcp.stop_listening(self._listener)
            return
        connection = self._connection
        if connection is None or connection.state is State.CLOSED:
            raise not_connected()
        if writing:
            connection.close()
        if reading:
            self._reading_ended = True
            connection.readable.notify()

    def close(self) -> None:
        if self._listener is not None and not self._listener.closed:
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


def _had_ended(connection: Connection) -> bool:
    """Whether the RST that ended the connection came after a FIN."""
    return bool(connection.path) and connection.path[-1][:2] == (
        State.CLOSE_WAIT,
        TcpEvent.RCV_RST,
    )
