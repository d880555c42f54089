"""The queue of bytes against the simplest thing that could do the same."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netlab.transport.tcp.bytequeue import ByteQueue

SIZES = st.one_of(st.integers(0, 20), st.integers(4000, 10_000))
STEPS = st.lists(
    st.tuples(st.sampled_from(["append", "take", "drop", "peek"]), SIZES, SIZES), max_size=40
)


def pattern(size: int, start: int = 0) -> bytes:
    return bytes(n * 7 % 251 for n in range(start, start + size))


@given(STEPS)
@example([("append", 5000, 0), ("append", 5000, 0), ("peek", 4990, 20), ("drop", 5000, 0)])
def test_what_goes_in_at_the_end_comes_out_at_the_front(steps: list[tuple[str, int, int]]) -> None:
    queue, naive, written = ByteQueue(), b"", 0
    for step, size, count in steps:
        if step == "append":
            queue.append(pattern(size, written))
            naive += pattern(size, written)
            written += size
        elif step == "take":
            assert queue.take(size) == naive[:size]
            naive = naive[size:]
        elif step == "drop":
            size = min(size, len(naive))
            queue.drop(size)
            naive = naive[size:]
        else:
            assert queue.peek(size, count) == naive[size : size + count]
        assert len(queue) == len(naive)
        assert bytes(queue) == naive
        assert bool(queue) == bool(naive)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_many_small_pieces_are_few(size: int) -> None:
    queue = ByteQueue()
    for _ in range(10_000):
        queue.append(bytes(size))
    assert len(queue._pieces) <= 10_000 * size // 4096 + 1
