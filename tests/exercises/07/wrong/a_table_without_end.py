"""A table that never ends."""

from collections.abc import Iterator, Mapping
from itertools import count

CHECK = "check_open"
HINT = "There are more than 500 of them"


class Endless(Mapping[int, int]):
    def __getitem__(self, key: int) -> int:
        return key

    def __iter__(self) -> Iterator[int]:
        return count()

    def __len__(self) -> int:
        return 0


rows = Endless()
