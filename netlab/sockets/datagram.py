"""UDP's side of a socket: a port, and perhaps one peer."""

import socket as std
from errno import EACCES, EDESTADDRREQ, EINVAL, EPIPE
from typing import TYPE_CHECKING

from netlab.network.address import IPv4Address
from netlab.sim.program import Signal
from netlab.sockets.end import REUSE_ADDRESS, Address, End, Peer, not_connected
from netlab.transport.udp import UdpPort

if TYPE_CHECKING:
    from netlab.host import Host

_BROADCAST = (int(std.SOL_SOCKET), int(std.SO_BROADCAST))
_MTU_DISCOVER = (int(std.IPPROTO_IP), 10)
"""Linux's IP_MTU_DISCOVER, for which Python has no name: other than 0, it forbids fragments."""


class DatagramEnd(End):
    """See `End`."""

    def __init__(self, host: "Host") -> None:
        super().__init__(host, {REUSE_ADDRESS: 0, _BROADCAST: 0, _MTU_DISCOVER: 0})
        self._udp = host.udp
        self._port: UdpPort | None = None
        self._reading_ended = False
        self._writing_ended = False

    def describe(self) -> str:
        address, port = self.local()
        return f"UDP {address}:{port}" if port else "a UDP socket"

    # --- addresses --------------------------------------------------------------------------

    def bind(self, address: IPv4Address, port: int) -> None:
        self.check_bindable(self._port, address, broadcast=True)
        self._port = self._udp.bind(address, port, reuse=bool(self.options[REUSE_ADDRESS]))

    def connect(self, remote: Address) -> None:
        remote = self._or_itself(remote)
        self._check_broadcast(remote[0])
        source = self._host.ipv4.source_for(remote[0])  # a route, or ENETUNREACH
        port = self._bound()
        port.remote = remote
        if port.binding.address.is_unspecified:
            port.binding.address = source

    def local(self) -> Address:
        return (IPv4Address.UNSPECIFIED, 0) if self._port is None else self._port.local

    def peer(self) -> Peer:
        if self._port is None or self._port.remote is None:
            raise not_connected()
        return str(self._port.remote[0]), self._port.remote[1]

    # --- data -------------------------------------------------------------------------------

    def readable_signal(self) -> Signal:
        return self._bound().readable

    def readable(self) -> bool:
        port = self._bound()
        return bool(port.queue) or port.error is not None or self._reading_ended

    def receive(self, size: int, peek: bool) -> tuple[bytes, Peer | None]:
        self.raise_error()
        port = self._bound()
        if not port.queue:
            return b"", None  # shut down for reading
        data, sender = port.take(peek)
        return data[:size], (str(sender[0]), sender[1])  # what doesn't fit is lost, as UDP has it

    def send(self, data: bytes) -> int:
        port = self._bound()
        if port.remote is None:
            raise OSError(
                EDESTADDRREQ, "Destination address required: use sendto(), or connect() first"
            )
        return self._send(port, data, port.remote)

    def send_to(self, data: bytes, remote: Address) -> int:
        return self._send(self._bound(), data, self._or_itself(remote))

    def _send(self, port: UdpPort, data: bytes, remote: Address) -> int:
        self.raise_error()
        if self._writing_ended:
            raise OSError(EPIPE, "Broken pipe: the socket was shut down for sending")
        if remote[1] == 0:
            raise OSError(EINVAL, "Invalid argument: port 0 can't be sent to")
        self._check_broadcast(remote[0])
        port.dont_fragment = bool(self.options[_MTU_DISCOVER])
        self._udp.send(port, data, remote)
        return len(data)

    # --- the end ----------------------------------------------------------------------------

    def take_error(self) -> OSError | None:
        if self._port is None:
            return None
        error, self._port.error = self._port.error, None
        return error

    def shutdown(self, reading: bool, writing: bool) -> None:
        self.peer()  # ENOTCONN, as the kernel has it
        self._reading_ended |= reading
        self._writing_ended |= writing
        self._bound().readable.notify()

    def close(self) -> None:
        if self._port is not None:
            self._udp.release(self._port)

    # --- inside -----------------------------------------------------------------------------

    def _or_itself(self, remote: Address) -> Address:
        """As the kernel has it: 0.0.0.0 is this host itself."""
        return (self._host.address, remote[1]) if remote[0].is_unspecified else remote

    def _check_broadcast(self, address: IPv4Address) -> None:
        if self._host.ipv4.is_broadcast(address) and not self.options[_BROADCAST]:
            raise OSError(EACCES, "Permission denied: set SO_BROADCAST to send to all hosts")

    def _bound(self) -> UdpPort:
        if self._port is None:
            self._port = self._udp.bind(IPv4Address.UNSPECIFIED, 0)
        return self._port
