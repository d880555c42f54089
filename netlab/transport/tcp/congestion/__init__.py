"""Congestion control: how much may be under way, so that the network isn't flooded (RFC 5681).

All algorithms have the one small interface of `CongestionControl`; `ALGORITHMS` knows them by name.
"""

from netlab.transport.tcp.congestion.base import CongestionControl
from netlab.transport.tcp.congestion.cubic import Cubic
from netlab.transport.tcp.congestion.newreno import NewReno
from netlab.transport.tcp.congestion.reno import Reno
from netlab.transport.tcp.congestion.tahoe import Tahoe

ALGORITHMS: dict[str, type[CongestionControl]] = {
    algorithm.name: algorithm for algorithm in (CongestionControl, Tahoe, Reno, NewReno, Cubic)
}

__all__ = ["ALGORITHMS", "CongestionControl", "Cubic", "NewReno", "Reno", "Tahoe"]
