"""The one place that knows how a function can be stopped half-way and taken up again.

Greenlets do it here, in under a microsecond. Another way (a browser's promise integration, say)
needs only these names.
"""

from collections.abc import Callable

import greenlet

from netlab.errors import ConfigurationError

KILLED = greenlet.GreenletExit
"""What is raised in a function to end it."""
TRIES_TO_KILL = 100


class Switch:
    """A function that can be suspended in the middle of any call, and resumed."""

    __slots__ = ("_function", "_greenlet", "_home")

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self._greenlet: greenlet.greenlet | None = None  # made by the thread that begins it
        self._home: greenlet.greenlet | None = None

    def resume(self) -> None:
        """Go on with the function until it suspends itself or ends.

        Raises `ConfigurationError` in a thread other than the one that began it.
        """
        here = greenlet.getcurrent()
        if self._greenlet is None:
            self._greenlet = greenlet.greenlet(self._function)
        if here is not self._home:
            try:
                self._greenlet.parent = here
            except ValueError:
                raise ConfigurationError(
                    "a program was begun in one thread and can't go on in another: run a network"
                    ' in one thread only, or use Network(clock="real")'
                ) from None
            self._home = here
        self._greenlet.switch()

    def suspend(self) -> None:
        """Called by the function, from however deep: stop here, and go on in whoever resumed."""
        assert self._home is not None
        self._home.switch()

    def kill(self) -> None:
        """End the function where it stands: its `finally` clauses run.

        One that suspends itself again instead is thrown out again, and at last left where it is.
        """
        for _ in range(TRIES_TO_KILL):
            if not self._greenlet:
                return
            try:
                self._home = self._greenlet.parent = greenlet.getcurrent()
            except ValueError:
                return  # it belongs to another thread, which ends it when it is next at work
            self._greenlet.throw(KILLED)
