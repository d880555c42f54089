"""Bytes on their way through: those of a stream that wait to be sent, or to be read."""

from collections import deque

_SMALL = 4096


class ByteQueue:
    """Bytes go in at the end and out at the front; `length` says how many are here.

    They stay in the pieces in which they came, so that neither end moves the rest: a `bytearray`
    of this size would be copied, and its memory asked for anew, with each piece that comes. Small
    pieces are joined, lest there be one for each byte.
    """

    __slots__ = ("_pieces", "_taken", "length")

    def __init__(self) -> None:
        self.length = 0
        self._pieces: deque[bytes] = deque()
        self._taken = 0  # bytes of the first piece that are gone already

    def __len__(self) -> int:
        return self.length

    def __bytes__(self) -> bytes:
        return self.peek(0, self.length)

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        pieces = self._pieces
        if pieces and len(pieces[-1]) < _SMALL:
            pieces[-1] += data
        elif data:
            pieces.append(data)
        self.length += len(data)

    def peek(self, start: int, count: int) -> bytes:
        """Up to `count` bytes from position `start` on; they stay."""
        at = start + self._taken
        found = b""
        for piece in self._pieces:
            if at < len(piece):
                found += piece[at : at + count - len(found)]
                if len(found) >= count:
                    break
                at = 0
            else:
                at -= len(piece)
        return found

    def take(self, count: int) -> bytes:
        """Up to `count` bytes from the front, which go."""
        pieces = self._pieces
        if len(pieces) == 1 and count >= self.length and not self._taken:
            self.length = 0
            return pieces.popleft()  # all there is, as it came
        data = self.peek(0, count)
        self.drop(len(data))
        return data

    def drop(self, count: int) -> None:
        """Let go of the first `count` bytes, which are here."""
        pieces = self._pieces
        self.length -= count
        self._taken += count
        while pieces and self._taken >= len(pieces[0]):
            self._taken -= len(pieces.popleft())
