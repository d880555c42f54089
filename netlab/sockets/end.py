"""What a socket asks of its protocol; `StreamEnd` and `DatagramEnd` are the two that there are.

Addresses are resolved when they come here, and nothing here blocks: a call that may have to wait
waits for a signal until a condition holds (`readable`, `writable`).
"""

import socket as std
from abc import ABC, abstractmethod
from errno import EADDRNOTAVAIL, EINVAL, ENOTCONN, EOPNOTSUPP
from typing import TYPE_CHECKING

from netlab.network.address import IPv4Address
from netlab.sim.program import Signal

if TYPE_CHECKING:
    from netlab.host import Host

Address = tuple[IPv4Address, int]
Peer = tuple[str, int]

REUSE_ADDRESS = (int(std.SOL_SOCKET), int(std.SO_REUSEADDR))


class End(ABC):
    """One protocol's side of a socket. What only TCP can do is refused here (EOPNOTSUPP).

    `options` holds the value of each option that can be set, by level and name.
    """

    def __init__(self, host: "Host", options: dict[tuple[int, int], int]) -> None:
        self.options = options
        self._host = host
        self._never = Signal(host.sim.clock)  # what nobody ever has to wait for

    def apply_options(self) -> None:
        """An option was set. Most are looked at when they matter."""
        return

    def info(self) -> bytes | None:
        """The value of `TCP_INFO`; None where there is no such option."""
        return None

    @abstractmethod
    def describe(self) -> str:
        """What it is, for errors and reports."""

    # --- addresses --------------------------------------------------------------------------

    @abstractmethod
    def bind(self, address: IPv4Address, port: int) -> None:
        """Take a local address. OSError: EINVAL, EADDRNOTAVAIL, EADDRINUSE."""

    @abstractmethod
    def connect(self, remote: Address) -> None:
        """Begin to connect."""

    def connecting(self) -> bool:
        """Whether that is still going on."""
        return False

    def finish_connect(self) -> None:
        """It isn't any more: raise what came of it, if that is an error."""
        self.raise_error()

    @abstractmethod
    def local(self) -> Address:
        """The local address and port; 0.0.0.0 and 0 when there is none."""

    @abstractmethod
    def peer(self) -> Peer:
        """The other side. OSError (ENOTCONN)."""

    # --- what only TCP can do ---------------------------------------------------------------

    listening = False
    """Whether it waits for connections."""

    def listen(self, backlog: int) -> None:
        """Wait for connections."""
        raise OSError(EOPNOTSUPP, "Operation not supported: a UDP socket takes no connections")

    def acceptable_signal(self) -> Signal:
        """Notified when `acceptable` may have become true."""
        raise OSError(EOPNOTSUPP, "Operation not supported: a UDP socket takes no connections")

    def acceptable(self) -> bool:
        """Whether `accept` would return or raise at once."""
        return True

    def accept(self) -> "tuple[End, Peer]":
        """The first connection that waits, and who made it: it may be over already."""
        raise OSError(EOPNOTSUPP, "Operation not supported: a UDP socket takes no connections")

    # --- data -------------------------------------------------------------------------------

    @abstractmethod
    def readable_signal(self) -> Signal:
        """Notified when `readable` may have become true."""

    @abstractmethod
    def readable(self) -> bool:
        """Whether `receive` would return or raise at once."""

    @abstractmethod
    def receive(self, size: int, peek: bool) -> tuple[bytes, Peer | None]:
        """Data, and their sender where that isn't clear."""

    def writable_signal(self) -> Signal:
        """Notified when `writable` may have become true."""
        return self._never

    def writable(self) -> bool:
        """Whether `send` would return or raise at once."""
        return True

    @abstractmethod
    def send(self, data: bytes) -> int:
        """Send some of it; how much."""

    @abstractmethod
    def send_to(self, data: bytes, remote: Address) -> int:
        """Send to an address."""

    # --- the end ----------------------------------------------------------------------------

    @abstractmethod
    def take_error(self) -> OSError | None:
        """The error that waits to be told, if any. It is told once."""

    def raise_error(self) -> None:
        """Raise the error that waits to be told, if any."""
        error = self.take_error()
        if error is not None:
            raise error

    @abstractmethod
    def shutdown(self, reading: bool, writing: bool) -> None:
        """End one direction, or both. OSError (ENOTCONN)."""

    @abstractmethod
    def close(self) -> None:
        """Let go."""

    # --- for both ---------------------------------------------------------------------------

    def check_bindable(self, bound: object, address: IPv4Address, *, broadcast: bool) -> None:
        """OSError where the socket has an address already, or may not have this one."""
        if bound is not None:
            raise OSError(EINVAL, "Invalid argument: the socket has a local address already")
        ipv4 = self._host.ipv4
        mine = address.is_unspecified or ipv4.is_mine(address)
        if not mine and not (broadcast and ipv4.is_broadcast(address)):
            raise OSError(
                EADDRNOTAVAIL,
                f"Cannot assign requested address: {address} isn't an address of {self._host.name}",
            )


def not_connected() -> OSError:
    """What calls raise that need a peer."""
    return OSError(ENOTCONN, "Transport endpoint is not connected")
