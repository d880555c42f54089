"""What an interface counts, as `ip -s link` shows it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Received:
    """Of what came in. Bytes are those of frames, without their check sequence.

    `errors` counts all frames that arrived damaged, `crc_errors` those of them whose check sequence
    was wrong. `dropped` are good frames that nobody here takes, `mcast` those for a group.
    """

    bytes: int = 0
    packets: int = 0
    errors: int = 0
    dropped: int = 0
    missed: int = 0
    mcast: int = 0
    crc_errors: int = 0


@dataclass(slots=True)
class Sent:
    """Of what went out: `dropped` found the queue full, `carrier` found no link that is up.

    `collsns` counts collisions, `errors` the frames that were given up after too many of them.
    """

    bytes: int = 0
    packets: int = 0
    errors: int = 0
    dropped: int = 0
    carrier: int = 0
    collsns: int = 0


def table(rx: Received, tx: Sent) -> str:
    """Both as the command's four lines."""
    rows = [
        ("RX:", rx, ("bytes", "packets", "errors", "dropped", "missed", "mcast")),
        ("TX:", tx, ("bytes", "packets", "errors", "dropped", "carrier", "collsns")),
    ]
    widths = [
        max(
            len(text)
            for _, side, names in rows
            for text in (names[n], str(getattr(side, names[n])))
        )
        for n in range(6)
    ]
    lines = []
    for title, side, names in rows:
        values = [str(getattr(side, name)) for name in names]
        for start, cells in ((title, names), ("", values)):
            columns = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
            lines.append(f"    {start:4} {' '.join(columns)}".rstrip())
    return "\n".join(lines)
