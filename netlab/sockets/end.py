"""What a socket asks of its protocol: the interface of `StreamEnd` and `DatagramEnd`."""

from typing import Protocol

from netlab.network.address import IPv4Address
from netlab.sim.program import Signal

Address = tuple[IPv4Address, int]


class End(Protocol):
    """One protocol's side of a socket. Addresses are resolved already; nothing here blocks.

    A call that may block waits on a signal until a condition holds: `readable`, `writable`.
    """

    options: dict[tuple[int, int], int]

    def apply_options(self) -> None:
        """An option was set."""

    def describe(self) -> str:
        """What it is, for errors and reports."""

    def bind(self, address: IPv4Address, port: int) -> None:
        """Take a local address."""

    def connect(self, remote: Address) -> None:
        """Begin to connect."""

    def local(self) -> Address:
        """The local address and port; 0.0.0.0 and 0 when there is none."""

    def peer(self) -> tuple[str, int]:
        """The other side. OSError (ENOTCONN)."""

    def readable_signal(self) -> Signal:
        """Notified when `readable` may have become true."""

    def readable(self) -> bool:
        """Whether `receive` would return or raise at once."""

    def receive(self, size: int, peek: bool) -> tuple[bytes, tuple[str, int] | None]:
        """Data, and their sender where that isn't clear."""

    def writable_signal(self) -> Signal:
        """Notified when `writable` may have become true."""

    def writable(self) -> bool:
        """Whether `send` would return or raise at once."""

    def send(self, data: bytes) -> int:
        """Send some of it; how much."""

    def send_to(self, data: bytes, remote: Address) -> int:
        """Send a datagram to an address."""

    def take_error(self) -> int:
        """The errno of the error that waits (0: none); it is cleared."""

    def shutdown(self, reading: bool, writing: bool) -> None:
        """End one direction, or both."""

    def close(self) -> None:
        """Let go."""
