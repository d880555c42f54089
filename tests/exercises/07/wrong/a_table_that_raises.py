"""A table that raises when it is read."""

from collections.abc import Iterator, Mapping

CHECK = "check_open"
HINT = "Reading them raised ZeroDivisionError"


class Broken(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        return 1 // 0

    def __iter__(self) -> Iterator[str]:
        yield "row"

    def __len__(self) -> int:
        return 1


rows = Broken()
