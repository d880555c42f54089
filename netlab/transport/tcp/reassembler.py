"""The reassembler: pieces of a byte stream arrive in any order, the stream comes out in order.

Positions are counted from the stream's first byte, 0; the wrapping sequence numbers are the
receiver's business.
"""

from bisect import bisect_left


class Reassembler:
    """Keeps what came too early. `next` is the position of the first byte that is still missing.

    `blocks` are what is here beyond it, in order: pairs of start and end, with holes between them.
    """

    __slots__ = ("_pieces", "blocks", "next")

    def __init__(self) -> None:
        self.next = 0
        self.blocks: list[tuple[int, int]] = []
        self._pieces: dict[int, bytes] = {}  # by their positions; no two overlap

    def insert(self, start: int, data: bytes) -> bytes:
        """Take in the bytes at position `start`: return what can now be handed on, perhaps nothing.

        Bytes that came before are ignored; of two that claim the same position the first stands.
        """
        if start <= self.next:
            data = data[self.next - start :]
            if not self.blocks:  # the usual case: everything in order
                self.next += len(data)
                return data
            start = self.next
        if data:
            self._store(start, data)
        return self._take()

    @property
    def waiting(self) -> int:
        """Bytes that are here, and can't be handed on because others are missing."""
        return sum(end - start for start, end in self.blocks)

    @property
    def holes(self) -> list[tuple[int, int]]:
        """What is missing between `next` and the last byte that is here: pairs of start and end."""
        edges = [self.next, *(edge for block in self.blocks for edge in block)]
        return list(zip(edges[:-1:2], edges[1::2], strict=True))

    def _store(self, start: int, data: bytes) -> None:
        """Keep of `data` what isn't here yet: what lies before, between and behind the blocks."""
        blocks, pieces = self.blocks, self._pieces
        end = start + len(data)
        first = last = bisect_left(blocks, start, key=_end)
        at = start
        while last < len(blocks) and blocks[last][0] <= end:
            if at < blocks[last][0]:
                pieces[at] = data[at - start : blocks[last][0] - start]
            at = max(at, blocks[last][1])
            last += 1
        if at < end:
            pieces[at] = data[at - start :]
        if first < last:  # it touches some: they are one block now
            start = min(start, blocks[first][0])
            end = max(end, blocks[last - 1][1])
        blocks[first:last] = [(start, end)]

    def _take(self) -> bytes:
        if not self.blocks or self.blocks[0][0] != self.next:
            return b""
        _, end = self.blocks.pop(0)
        ready = []
        while self.next < end:
            piece = self._pieces.pop(self.next)
            ready.append(piece)
            self.next += len(piece)
        return b"".join(ready)


def _end(block: tuple[int, int]) -> int:
    return block[1]
