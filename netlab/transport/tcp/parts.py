"""The parts of TCP that can be replaced, each by a student's own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from netlab.errors import ConfigurationError
from netlab.transport.tcp.congestion import ALGORITHMS, CongestionControl
from netlab.transport.tcp.rto import RtoEstimator
from netlab.transport.tcp.settings import TcpSettings
from netlab.transport.tcp.states import TRANSITIONS, Table


@dataclass(slots=True)
class TcpParts:
    """What connections of one host are made of. New connections take what stands here then."""

    transitions: Table = field(default_factory=lambda: TRANSITIONS)
    """The state machine, `(state, event) -> Transition`."""
    rto: Callable[[int, int, int], RtoEstimator] = RtoEstimator
    """Called with the initial, least and greatest timeout (ns)."""
    congestion: type[CongestionControl] | None = None
    """A class of congestion control; None: the one that the settings name."""

    def new_rto(self, settings: TcpSettings) -> RtoEstimator:
        """An estimator for a new connection."""
        return self.rto(settings.initial_rto, settings.minimum_rto, settings.maximum_rto)

    def new_congestion(self, settings: TcpSettings, mss: int) -> CongestionControl:
        """Congestion control for a connection with this largest segment."""
        if self.congestion is not None:
            return self.congestion(mss)
        algorithm = ALGORITHMS.get(settings.congestion)
        if algorithm is None:
            raise ConfigurationError(
                f"there is no congestion control {settings.congestion!r}; there is {', '.join(ALGORITHMS)}"
            )
        return algorithm(mss)
