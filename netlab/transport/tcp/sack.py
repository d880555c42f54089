"""Selective acknowledgments: the receiver tells which pieces beyond the first hole it has (RFC 2018).

`Report` is the receiver's side: which blocks to tell of, the latest news first. `Scoreboard` is the
sender's: what it knows of the other side's pieces, and what follows from that (RFC 6675).

Both count in positions, bytes from the connection's first on, that never wrap around.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

Block = tuple[int, int]
"""The positions of a block's first byte, and of the first byte behind it."""

DUP_THRESH = 3
"""So many blocks above a hole mean that it is lost, and not only late (RFC 6675 section 2)."""
REMEMBERED = 8
"""Arrivals that a report remembers: more than twice the blocks that any segment holds."""


class Report:
    """What one receiver says of its pieces. `duplicate` is what came twice and wasn't told yet."""

    __slots__ = ("_recent", "duplicate")

    def __init__(self) -> None:
        self.duplicate: Block | None = None
        self._recent: list[int] = []  # where the latest segments began, the very latest first

    def arrived(self, start: int) -> None:
        """A segment came that begins at `start` and can't be handed on yet."""
        self._recent = [start, *(each for each in self._recent if each != start)][:REMEMBERED]

    def arrived_again(self, block: Block) -> None:
        """All of `block` was here before: say so, once (RFC 2883 section 4)."""
        self.duplicate = block

    def blocks(self, pieces: Sequence[Block], limit: int) -> list[Block]:
        """At most `limit` blocks to report, of all the `pieces` that are here.

        The first is the one that the latest segment belongs to, then come those which were
        reported last (RFC 2018 section 4). A duplicate goes before all of them.
        """
        told = [] if self.duplicate is None else [self.duplicate]
        self.duplicate = None
        left = [piece for piece in pieces if piece not in told]
        for start in self._recent:
            if not left:
                break
            for piece in left:
                if piece[0] <= start < piece[1]:
                    left.remove(piece)
                    told.append(piece)
                    break
        told += reversed(left)
        return told[:limit]


class Scoreboard:
    """What the sender knows to have arrived beyond `una`, the first byte that is unacknowledged.

    `sacked` are the blocks, in order and with holes between them.
    """

    __slots__ = ("lost_below", "sacked")

    def __init__(self) -> None:
        self.sacked: list[Block] = []
        self.lost_below = 0
        """Every hole below is lost: IsLost() of RFC 6675 section 4."""

    def clear(self) -> None:
        """Forget everything: the receiver may have thrown its pieces away (RFC 2018 section 8)."""
        self.sacked.clear()
        self.lost_below = 0

    def update(self, blocks: Iterable[Block], una: int, sent: int, mss: int) -> bool:
        """Take in what an ACK tells of the bytes from `una` to `sent`; whether any of it is news."""
        known = [(max(start, una), end) for start, end in self.sacked if end > una]
        told = [
            (max(start, una), end) for start, end in blocks if una < end <= sent and start < end
        ]
        merged: list[Block] = []
        for start, end in sorted(known + told):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        self.sacked = merged
        self._find_lost(mss)
        return _size(merged) > _size(known)

    def _find_lost(self, mss: int) -> None:
        """DupThresh blocks, or more than DupThresh - 1 segments' bytes, above it: a hole is lost."""
        arrived = 0
        for count, (start, end) in enumerate(reversed(self.sacked), 1):
            arrived += end - start
            if count >= DUP_THRESH or arrived > (DUP_THRESH - 1) * mss:
                self.lost_below = start
                return
        self.lost_below = 0

    def holes(self, start: int, end: int) -> list[Block]:
        """What from `start` to `end` isn't known to have arrived."""
        found = []
        for sacked_start, sacked_end in self.sacked:
            if start < min(sacked_start, end):
                found.append((start, min(sacked_start, end)))
            start = max(start, sacked_end)
        if start < end:
            found.append((start, end))
        return found

    def pipe(self, una: int, sent: int, repeated: int) -> int:
        """SetPipe(): bytes that are still under way, as far as can be told.

        Those of holes that aren't lost count once, and those sent again, up to `repeated`
        (HighRxt), once more.
        """
        not_lost = self.holes(max(una, self.lost_below), sent)
        again = self.holes(una, min(repeated, sent))
        return _size(not_lost) + _size(again)

    def next_hole(self, start: int, *, lost: bool) -> Block | None:
        """The first hole from `start` on that has a block above it; with `lost` a lost one.

        Rules (1) and (3) of NextSeg().
        """
        if not self.sacked:
            return None
        limit = self.lost_below if lost else self.sacked[-1][0]
        holes = self.holes(start, limit)
        return holes[0] if holes else None

    def skip(self, position: int) -> int:
        """`position`, or the end of the block that it lies in."""
        at = bisect_left(self.sacked, (position + 1, 0)) - 1
        if at >= 0 and position < self.sacked[at][1]:
            return self.sacked[at][1]
        return position


def _size(blocks: Iterable[Block]) -> int:
    return sum(end - start for start, end in blocks)
