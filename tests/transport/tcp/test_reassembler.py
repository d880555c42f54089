"""The reassembler against the simplest thing that could do the same: a dict of bytes."""

from hypothesis import example, given
from hypothesis import strategies as st

from netlab.transport.tcp.reassembler import Reassembler

STREAM = bytes(range(256)) * 2
PIECES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=40)


class Naive:
    """Each byte by its position; the first that came stands."""

    def __init__(self) -> None:
        self.next = 0
        self.bytes: dict[int, int] = {}

    def insert(self, start: int, data: bytes) -> bytes:
        for at, byte in enumerate(data, start):
            if at >= self.next:
                self.bytes.setdefault(at, byte)
        ready = bytearray()
        while self.next in self.bytes:
            ready.append(self.bytes.pop(self.next))
            self.next += 1
        return bytes(ready)


@given(PIECES)
@example([(10, 5), (20, 5), (5, 25), (0, 5)])  # one piece covers two and the gap between them
@example([(10, 5), (12, 1), (0, 20)])
@example([(5, 5), (5, 5), (4, 2), (0, 1), (1, 3)])
def test_any_pieces_in_any_order_give_what_a_dict_of_bytes_gives(
    pieces: list[tuple[int, int]],
) -> None:
    reassembler, naive = Reassembler(), Naive()
    for start, size in pieces:
        data = STREAM[start : start + size]
        assert reassembler.insert(start, data) == naive.insert(start, data)
        assert reassembler.next == naive.next
        assert reassembler.waiting == len(naive.bytes)
        assert bool(reassembler.blocks) == bool(naive.bytes)
        missing = [at for first, last in reassembler.holes for at in range(first, last)]
        assert missing == [
            at
            for at in range(naive.next, max(naive.bytes, default=naive.next))
            if at not in naive.bytes
        ]


@given(PIECES, st.randoms(use_true_random=False))
def test_of_two_pieces_that_disagree_the_first_stands(
    pieces: list[tuple[int, int]], chance
) -> None:
    reassembler, naive = Reassembler(), Naive()
    for start, size in pieces:
        data = chance.randbytes(size)
        assert reassembler.insert(start, data) == naive.insert(start, data)


@given(st.permutations(range(20)))
def test_all_pieces_once_in_any_order_give_the_stream(order: list[int]) -> None:
    reassembler = Reassembler()
    got = b"".join(reassembler.insert(7 * at, STREAM[7 * at : 7 * at + 7]) for at in order)
    assert got == STREAM[:140]
    assert reassembler.waiting == 0
    assert reassembler.holes == []


def test_what_came_before_may_begin_before_the_stream() -> None:
    reassembler = Reassembler()
    assert reassembler.insert(0, b"abc") == b"abc"
    assert reassembler.insert(-5, b"01234abcde") == b"de"
