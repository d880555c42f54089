"""Putting one datagram together again from its fragments, as RFC 815 describes.

This part can be replaced by a student's own: ``host.use(reassembler=MyReassembler)``.
"""

from netlab.network.ipv4_packet import Ipv4Packet

INFINITY = 65_535
"""How far the last hole reaches until the last fragment tells where the datagram ends."""


class Reassembler:
    """Takes the fragments of one datagram, in any order; a host makes one for each datagram.

    `holes` are what is missing yet, each the numbers of its first and last byte; `received` counts
    the bytes that are here. A fragment fills a hole, or a part of one.

    Where fragments overlap, the bytes that came first stay. RFC 815 leaves the choice open; the
    example in RFC 791 section 3.2 keeps the last, by which somebody else could change what a filter
    has let pass (RFC 1858 section 4).
    """

    def __init__(self) -> None:
        self.holes: list[tuple[int, int]] = [(0, INFINITY)]
        self.received = 0
        self._pieces: dict[int, bytes] = {}

    def add(self, fragment: Ipv4Packet) -> bytes | None:
        """Take in a fragment. The payload of the datagram if that is whole now, else None.

        The steps are those of RFC 815 section 3.
        """
        first = 8 * fragment.fragment_offset
        last = first + len(fragment.payload) - 1
        holes = []
        for hole_first, hole_last in self.holes:  # 1
            if first > hole_last or last < hole_first:  # 2 and 3: they have nothing in common
                holes.append((hole_first, hole_last))
                continue
            # 4: instead of this hole there may be one before the fragment, and one behind it.
            start, end = max(first, hole_first), min(last, hole_last)
            self.received += end + 1 - start
            self._pieces[start] = fragment.payload[start - first : end + 1 - first]
            if first > hole_first:  # 5
                holes.append((hole_first, first - 1))
            # 6: none behind the last fragment, unless bytes are here that would be behind it.
            if last < hole_last and (fragment.more_fragments or hole_last < INFINITY):
                holes.append((last + 1, hole_last))
        self.holes = holes  # 7
        if holes:
            return None
        return b"".join(self._pieces[start] for start in sorted(self._pieces))  # 8
