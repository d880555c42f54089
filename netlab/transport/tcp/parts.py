"""The parts of TCP that can be replaced, each by a student's own.

`check_part` looks at a part before it is used; what can only be seen while it works is watched by
`watched.py` and by the connection. A fault is told as that part's, and ends at most one connection.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from netlab.errors import ConfigurationError
from netlab.transport.tcp.congestion import ALGORITHMS, CongestionControl
from netlab.transport.tcp.rto import RtoEstimator
from netlab.transport.tcp.settings import TcpSettings
from netlab.transport.tcp.states import TRANSITIONS, Action, State, Table, TcpEvent
from netlab.transport.tcp.watched import Blame, WatchedCongestion, WatchedRto, cannot_be_made
from netlab.units import s


@dataclass(slots=True)
class TcpParts:
    """What connections of one host are made of. New connections take what stands here then."""

    transitions: Table = field(default_factory=lambda: TRANSITIONS)
    """The state machine, `(state, event) -> Transition`."""
    rto: Callable[[int, int, int], RtoEstimator] = RtoEstimator
    """Called with the initial, least and greatest timeout (ns)."""
    congestion: Callable[[int], CongestionControl] | None = None
    """Called with the largest segment's size (bytes); None: the one that the settings name."""

    def new_rto(self, settings: TcpSettings, blame: Blame) -> RtoEstimator:
        """An estimator for a new connection."""
        bounds = settings.initial_rto, settings.minimum_rto, settings.maximum_rto
        if self.rto is RtoEstimator:
            return RtoEstimator(*bounds)
        return WatchedRto(self.rto, bounds, blame)

    def new_congestion(self, settings: TcpSettings, mss: int, blame: Blame) -> CongestionControl:
        """Congestion control for a connection with this largest segment."""
        if self.congestion is not None:
            return WatchedCongestion(self.congestion, mss, blame)
        algorithm = ALGORITHMS.get(settings.congestion)
        if algorithm is None:
            raise ConfigurationError(
                f"there is no congestion control {settings.congestion!r};"
                f" there is {', '.join(ALGORITHMS)}"
            )
        control = algorithm(mss)
        if settings.initial_window is not None and algorithm is not CongestionControl:
            control.cwnd = settings.initial_window * mss
        return control


def check_part(name: str, part: object) -> None:
    """Whether `part` can be the part called `name` of `TcpParts`.

    Raises `ConfigurationError`, which tells what is wrong with it and what was expected.
    """
    if name == "transitions":
        _check_transitions(part)
    elif name == "rto":
        _check_made(name, part, (1 * s, 1 * s, 60 * s), WatchedRto.METHODS)
    elif part is not None:
        _check_made(name, part, (1460,), WatchedCongestion.METHODS)


def _check_transitions(table: object) -> None:
    if not isinstance(table, Mapping):
        raise ConfigurationError(
            f"transitions must be a table, {{(state, event): Transition(...)}}; got {table!r}"
        )
    wrong = [
        f"[{_key(key)}] is {row!r}" for key, row in table.items() if not _is_transition(key, row)
    ]
    if wrong:
        more = f" (and {len(wrong) - 3} more)" if len(wrong) > 3 else ""
        raise ConfigurationError(
            f"transitions has rows that are none: {'; '.join(wrong[:3])}{more}. A row is found by a"
            " State and a TcpEvent, and is a Transition: a tuple of Actions, the next State, and"
            " the section of RFC 9293"
        )


def _is_transition(key: object, row: object) -> bool:
    match key, row:
        case (State(), TcpEvent()), (tuple() | list() as actions, State(), _):
            return all(isinstance(action, Action) for action in actions)
    return False


def _key(key: object) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else repr(key)


def _check_made(
    name: str, make: object, arguments: tuple[int, ...], methods: tuple[str, ...]
) -> None:
    if not callable(make):
        raise ConfigurationError(
            f"{name} must be a class, of which each connection gets one; got {make!r}"
        )
    try:
        made = make(*arguments)
    except Exception as error:
        raise ConfigurationError(f"{name}: {cannot_be_made(make, arguments, error)}") from error
    missing = [method for method in methods if not callable(getattr(made, method, None))]
    if missing:
        raise ConfigurationError(
            f"{name}: {type(made).__name__} lacks {', '.join(f'{each}()' for each in missing)};"
            " what it needn't do itself it can inherit from the class that it replaces"
        )
