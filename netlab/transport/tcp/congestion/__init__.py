"""Congestion control: how much may be under way, so that the network isn't flooded (RFC 5681).

All algorithms have the one small interface of `CongestionControl`; `ALGORITHMS` knows them by name.
"""

from netlab.transport.tcp.congestion.base import CongestionControl
from netlab.transport.tcp.congestion.reno import Reno

ALGORITHMS: dict[str, type[CongestionControl]] = {"none": CongestionControl, "reno": Reno}

__all__ = ["ALGORITHMS", "CongestionControl", "Reno"]
