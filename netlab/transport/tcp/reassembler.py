"""The reassembler: pieces of a byte stream arrive in any order, the stream comes out in order.

Positions are counted from the stream's first byte, 0; the wrapping sequence numbers are the
receiver's business.
"""

from bisect import bisect_left


class Reassembler:
    """Keeps what came too early. `next` is the position of the first byte that is still missing.

    `has_holes` says whether something is here that came too early.
    """

    __slots__ = ("_pieces", "_starts", "has_holes", "next")

    def __init__(self) -> None:
        self.next = 0
        self.has_holes = False
        self._starts: list[int] = []  # sorted; no two pieces overlap
        self._pieces: dict[int, bytes] = {}

    def insert(self, start: int, data: bytes) -> bytes:
        """Take in the bytes at position `start`: return what can now be handed on, perhaps nothing.

        Bytes that came before are ignored; of two that claim the same position the first stands.
        """
        if start <= self.next:
            data = data[self.next - start :]
            if not self._starts:  # the usual case: everything in order
                self.next += len(data)
                return data
            start = self.next
        if data:
            self._store(start, data)
        ready = self._take()
        self.has_holes = bool(self._starts)
        return ready

    @property
    def waiting(self) -> int:
        """Bytes that are here, and can't be handed on because others are missing."""
        return sum(len(piece) for piece in self._pieces.values())

    @property
    def blocks(self) -> list[tuple[int, int]]:
        """What is here beyond the first hole, in order: pairs of start and end, with holes between."""
        blocks: list[tuple[int, int]] = []
        for start in self._starts:
            end = start + len(self._pieces[start])
            if blocks and blocks[-1][1] == start:
                blocks[-1] = (blocks[-1][0], end)
            else:
                blocks.append((start, end))
        return blocks

    @property
    def holes(self) -> list[tuple[int, int]]:
        """What is missing between `next` and the last byte that is here: pairs of start and end."""
        edges = [self.next, *(edge for block in self.blocks for edge in block)]
        return list(zip(edges[:-1:2], edges[1::2], strict=True))

    def _store(self, start: int, data: bytes) -> None:
        """Keep of `data` what isn't here yet, piece by piece between those that are."""
        starts, pieces = self._starts, self._pieces
        at = bisect_left(starts, start)
        if at > 0:
            before = starts[at - 1]
            covered = before + len(pieces[before]) - start
            if covered > 0:
                start, data = start + covered, data[covered:]
        while data:
            room = len(data) if at == len(starts) else starts[at] - start
            if room > 0:
                pieces[start] = data[:room]
                starts.insert(at, start)
                at += 1
            if at == len(starts):
                return
            skip = starts[at] + len(pieces[starts[at]]) - start
            start, data = start + skip, data[skip:]
            at += 1

    def _take(self) -> bytes:
        ready = []
        starts, pieces = self._starts, self._pieces
        count = 0
        for start in starts:
            if start != self.next:
                break
            piece = pieces.pop(start)
            ready.append(piece)
            self.next += len(piece)
            count += 1
        del starts[:count]
        return b"".join(ready)
