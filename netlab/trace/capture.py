"""What a capture file holds, whichever its format: packets, each with its time and interface."""

from dataclasses import dataclass, field

from netlab.errors import CaptureError
from netlab.link.ethernet import LINKTYPE_ETHERNET

INBOUND = "inbound"
OUTBOUND = "outbound"


@dataclass(slots=True, eq=False)
class CaptureInterface:
    """Where packets were captured: `name`, and by `linktype` what they begin with.

    `mac` is its hardware address (6 bytes), `rate` its speed in bit/s; both may be unknown.
    """

    name: str = ""
    linktype: int = LINKTYPE_ETHERNET
    mac: bytes = b""
    rate: int | None = None


@dataclass(slots=True)
class Packet:
    """One packet: `time` in ns since 1970 (None where the file doesn't tell), and its bytes.

    `original_length` is greater than the length of `data` where the capture kept only the start.
    `direction` is `INBOUND`, `OUTBOUND` or "" for unknown.
    """

    time: int | None
    data: bytes
    original_length: int
    interface: CaptureInterface
    direction: str = ""
    comments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Capture:
    """A capture. `names` maps IPv4 addresses to the names of hosts.

    `simulated` says that netlab saved it from a run, `problem` at which byte the file stops making
    sense, "" where all of it does.
    """

    packets: list[Packet] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    simulated: bool = False
    problem: str = ""


def broken(at: int, what: str) -> CaptureError:
    """The error of a file that makes no sense from byte `at` on."""
    return CaptureError(f"byte {at}: {what}")
