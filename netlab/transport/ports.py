"""Port numbers of one protocol on one host: who holds which (RFC 9293 section 3.9.1, RFC 768)."""

from collections.abc import Callable
from dataclasses import dataclass
from errno import EADDRINUSE

from netlab.network.address import IPv4Address

EPHEMERAL = range(49_152, 65_536)
"""The dynamic ports (RFC 6335 section 6), from which one is chosen when port 0 is asked for."""


@dataclass(slots=True, eq=False)
class Binding:
    """A local address and port that somebody holds; 0.0.0.0 stands for all addresses of a host."""

    address: IPv4Address
    port: int
    reuse: bool = False
    listening: bool = False

    def overlaps(self, other: "Binding") -> bool:
        """Whether something could be meant for both."""
        return self.port == other.port and (
            self.address == other.address
            or self.address.is_unspecified
            or other.address.is_unspecified
        )

    def conflicts(self, other: "Binding") -> bool:
        """Whether both can't be held at once."""
        both_agree = self.reuse and other.reuse and not (self.listening or other.listening)
        return self.overlaps(other) and not both_agree


class Ports:
    """The bindings of one protocol. `is_busy(binding)` adds what else stands against one.

    Who asks for any port gets the next one. With `random`, a function that returns numbers from 0.0
    to 1.0, the search begins anywhere, so that nobody else knows where (RFC 6056 section 3.3.1).
    """

    def __init__(self, is_busy: Callable[[Binding], bool] = lambda binding: False) -> None:
        self._held: dict[int, list[Binding]] = {}
        self._is_busy = is_busy
        self._next = EPHEMERAL.start
        self.random: Callable[[], float] | None = None

    def bind(self, address: IPv4Address, port: int, *, reuse: bool = False) -> Binding:
        """Hold `port` (0: one that nobody holds) at `address`. OSError (EADDRINUSE)."""
        binding = Binding(address, port, reuse) if port else self._choose(address)
        if not self._is_free(binding):
            raise _in_use(binding)
        binding.reuse = reuse
        self._held.setdefault(binding.port, []).append(binding)
        return binding

    def listen(self, binding: Binding) -> None:
        """Take connections at a port that is held. OSError (EADDRINUSE) when somebody else does."""
        for other in self._held.get(binding.port, ()):
            if other is not binding and other.listening and other.overlaps(binding):
                raise _in_use(binding)
        binding.listening = True

    def release(self, binding: Binding) -> None:
        """Let go."""
        held = self._held.get(binding.port, [])
        if binding in held:
            held.remove(binding)

    def _choose(self, address: IPv4Address) -> Binding:
        if self.random is not None:
            self._next = EPHEMERAL[int(self.random() * len(EPHEMERAL))]
        for _ in EPHEMERAL:
            binding = Binding(address, self._next)
            self._next = self._next + 1 if self._next + 1 in EPHEMERAL else EPHEMERAL.start
            if self._is_free(binding):
                return binding
        raise OSError(EADDRINUSE, "Address already in use: all ephemeral ports are taken")

    def _is_free(self, binding: Binding) -> bool:
        if self._is_busy(binding):
            return False
        return not any(binding.conflicts(other) for other in self._held.get(binding.port, ()))


def _in_use(binding: Binding) -> OSError:
    return OSError(EADDRINUSE, f"Address already in use: {binding.address}:{binding.port}")
