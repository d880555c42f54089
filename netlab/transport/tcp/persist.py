"""The persist timer: when the other side's window keeps everything back, ask whether it has opened.

A window that opens is told by an ACK, which nobody repeats when it gets lost: both sides would
wait for ever. So the sender probes with one byte beyond the window (RFC 9293 section 3.8.6.1).
"""

from typing import TYPE_CHECKING

from netlab.transport.tcp.timers import TcpTimer
from netlab.units import show_time

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection
    from netlab.transport.tcp.sender import Sender


class Persist:
    """Probes for one sender. `delay` is the time between two probes (ns), 0 while none is due."""

    def __init__(self, connection: "Connection", sender: "Sender") -> None:
        self.delay = 0
        self._connection = connection
        self._sender = sender
        self._shut_since = 0
        self._timer = TcpTimer(connection, "persist", self._on_timeout)

    @property
    def deadline(self) -> int | None:
        """When the next probe is sent (ns); None when none is due."""
        return self._timer.deadline

    def begin(self) -> None:
        """Something waits, and nothing is under way whose ACK would bring it on."""
        if self._timer.armed:
            return
        if not self.delay:
            self._shut_since = self._connection.clock.now
        longest = self._connection.settings.maximum_rto
        self.delay = min(2 * self.delay, longest) or self._sender.rto.rto
        self._timer.arm(
            self.delay,
            f"data wait, and the window is {self._sender.snd_wnd}: probe it in"
            f" {show_time(self.delay)} (RFC 9293 section 3.8.6.1)",
        )

    def answered(self, window: int) -> None:
        """The other side said that its window is `window`."""
        if window:
            self.delay = 0

    def cancel(self) -> None:
        """Something is under way: its ACK will tell."""
        self._timer.cancel()

    def _on_timeout(self) -> None:
        connection, sender = self._connection, self._sender
        if not sender.has_more:
            self.delay = 0
            return
        settings = connection.settings
        waited = sender.waited()
        shut = connection.clock.now - self._shut_since
        if waited >= settings.give_up_after:
            connection.timed_out(f"no answer to probes for {show_time(waited)} (RFC 9293 3.8.6.1)")
        elif shut >= settings.give_up_closed_window_after:
            connection.timed_out(f"the window has been shut for {show_time(shut)} (RFC 6429)")
        elif sender.snd_wnd:
            sender.use_small_window()
        else:
            sender.send_probe()
            self.begin()
