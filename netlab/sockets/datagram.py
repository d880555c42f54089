"""UDP's side of a socket: a port, and perhaps one peer."""

import socket as std
from errno import EACCES, EADDRNOTAVAIL, EDESTADDRREQ, EINVAL, EISCONN, ENOTCONN
from typing import TYPE_CHECKING

from netlab.network.address import IPv4Address
from netlab.sim.program import Signal
from netlab.sockets.end import Address
from netlab.transport.udp import UdpPort

if TYPE_CHECKING:
    from netlab.host import Host

_REUSE = (std.SOL_SOCKET, std.SO_REUSEADDR)
_BROADCAST = (std.SOL_SOCKET, std.SO_BROADCAST)


class DatagramEnd:
    """See `End`."""

    def __init__(self, host: "Host") -> None:
        self.options = {_REUSE: 0, _BROADCAST: 0}
        self._host = host
        self._udp = host.udp
        self._port: UdpPort | None = None
        self._nothing = Signal(host.sim.clock)

    def apply_options(self) -> None:
        """Options are looked at when they matter."""

    def describe(self) -> str:
        address, port = self.local()
        return f"UDP {address}:{port}" if port else "a UDP socket"

    def bind(self, address: IPv4Address, port: int) -> None:
        if self._port is not None:
            raise OSError(EINVAL, "Invalid argument: the socket has a local address already")
        mine = address.is_unspecified or self._host.ipv4.is_mine(address)
        if not (mine or self._host.ipv4.is_broadcast(address)):
            raise OSError(
                EADDRNOTAVAIL,
                f"Cannot assign requested address: {address} isn't an address of {self._host.name}",
            )
        self._port = self._udp.bind(address, port, reuse=bool(self.options[_REUSE]))

    def connect(self, remote: Address) -> None:
        self._host.ipv4.source_for(remote[0])  # a route, or ENETUNREACH
        self._bound().remote = remote

    def local(self) -> Address:
        return (IPv4Address.UNSPECIFIED, 0) if self._port is None else self._port.local

    def peer(self) -> tuple[str, int]:
        if self._port is None or self._port.remote is None:
            raise OSError(ENOTCONN, "Transport endpoint is not connected")
        return str(self._port.remote[0]), self._port.remote[1]

    def readable_signal(self) -> Signal:
        return self._bound().readable

    def readable(self) -> bool:
        port = self._bound()
        return bool(port.queue) or port.error is not None

    def receive(self, size: int, peek: bool) -> tuple[bytes, tuple[str, int] | None]:
        port = self._bound()
        self._raise_error(port)
        data, sender = port.take(peek)
        return data[:size], (str(sender[0]), sender[1])  # what doesn't fit is lost, as UDP has it

    def writable_signal(self) -> Signal:
        return self._nothing

    def writable(self) -> bool:
        return True

    def send(self, data: bytes) -> int:
        port = self._bound()
        if port.remote is None:
            raise OSError(
                EDESTADDRREQ, "Destination address required: use sendto(), or connect() first"
            )
        return self._send(port, data, port.remote)

    def send_to(self, data: bytes, remote: Address) -> int:
        port = self._bound()
        if port.remote is not None and port.remote != remote:
            raise OSError(EISCONN, "Transport endpoint is already connected, to another address")
        return self._send(port, data, remote)

    def take_error(self) -> int:
        if self._port is None or self._port.error is None:
            return 0
        error, self._port.error = self._port.error, None
        return error.errno or 0

    def shutdown(self, reading: bool, writing: bool) -> None:
        self.peer()  # ENOTCONN, as the kernel has it

    def close(self) -> None:
        if self._port is not None:
            self._udp.release(self._port)

    def _send(self, port: UdpPort, data: bytes, remote: Address) -> int:
        self._raise_error(port)
        if remote[1] == 0:
            raise OSError(EINVAL, "Invalid argument: port 0 can't be sent to")
        if self._host.ipv4.is_broadcast(remote[0]) and not self.options[_BROADCAST]:
            raise OSError(EACCES, "Permission denied: set SO_BROADCAST to send to all hosts")
        self._udp.send(port, data, remote)
        return len(data)

    def _raise_error(self, port: UdpPort) -> None:
        if port.error is not None:
            error, port.error = port.error, None
            raise error

    def _bound(self) -> UdpPort:
        if self._port is None:
            self._port = self._udp.bind(IPv4Address.UNSPECIFIED, 0)
        return self._port
