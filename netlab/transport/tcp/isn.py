"""The initial sequence number of a connection (RFC 9293 section 3.4.1, RFC 6528 section 3).

ISN = M + F(local address, local port, remote address, remote port, secret key)

M is a clock that ticks every four microseconds, so that a connection starts above what earlier
ones between the same socket pair have used. F is different for each socket pair, so that one who
knows his own connection's number can't guess another's.
"""

from netlab.transport.tcp.seq import MASK
from netlab.units import us

TICK = 4 * us


def initial_sequence_number(
    now: int, local: tuple[int, int], remote: tuple[int, int], secret: int
) -> int:
    """The ISN for a connection from `local` to `remote` (address, port) that opens at `now` ns."""
    return (now // TICK + number_of_pair(local, remote, secret)) & MASK


def number_of_pair(
    local: tuple[int, int], remote: tuple[int, int], secret: int, purpose: bytes = b""
) -> int:
    """F: 32 bits that nobody can guess who doesn't know the secret (128 bits)."""
    import hashlib  # here, for it takes longer to start than TCP

    pair = f"{local[0]} {local[1]} {remote[0]} {remote[1]}".encode()
    key = secret.to_bytes(16, "big")
    digest = hashlib.blake2b(pair, digest_size=4, key=key, person=purpose).digest()
    return int.from_bytes(digest, "big")
