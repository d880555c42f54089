"""How large a connection's segments are: what both sides take, and what the path lets pass.

The MSS option tells the other side what fits our first link (RFC 9293 section 3.7.1). Where a link
further on carries less, a router says so by ICMP, and the segments become smaller (RFC 1191).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection

HEADERS = 40
"""Bytes of the headers of IP and TCP without options, which an MSS doesn't count."""


class SegmentSize:
    """Keeps `mss` of one connection. `offered` is the MSS that this side announces, in bytes."""

    def __init__(self, connection: "Connection") -> None:
        self.offered = connection.tcp.largest_segment(connection.remote[0])
        self._connection = connection
        self._taken = self.offered  # by the other side; not known before its SYN
        self._options = 0  # bytes that each segment's options take
        self._too_big = False  # segments are under way that can't arrive

    def that_fits(self) -> int:
        """The largest payload, in bytes, that both sides take and the path lets pass."""
        connection = self._connection
        path = connection.tcp.path_mtu_to(connection.remote[0]) - HEADERS
        return max(1, min(self.offered, self._taken, path) - self._options)

    def agreed(self, mss: int, options: int) -> None:
        """The other side's SYN says that it takes segments of at most `mss` bytes.

        Options that each segment has take `options` bytes of that (RFC 6691 section 3).
        """
        connection = self._connection
        self._taken, self._options = mss, options
        connection.mss = self.that_fits()
        if connection.mss != connection.sender.congestion.mss:
            connection.sender.congestion = connection.tcp.parts.new_congestion(
                connection.settings, connection.mss, connection.blame
            )

    def path_changed(self) -> None:
        """The estimate of the path MTU to the other side is another now."""
        connection = self._connection
        sender = connection.sender
        mss = self.that_fits()
        if mss == connection.mss:
            return
        self._too_big = mss < connection.mss and sender.flight > 0
        connection.mss = mss
        sender.congestion.mss_changed(mss)
        connection.record("mss", {"mss": mss}, "the path MTU less the headers (RFC 1191 6.4)")

    def too_big(self) -> None:
        """A segment didn't pass a router. Of those that were under way together, the first counts."""
        sender = self._connection.sender
        if self._too_big:
            self._too_big = False
            if sender.recovery.recovering:
                sender.congestion.recovered()
            sender.start_over(
                "what is under way was too big for the path: send it again in smaller segments,"
                " at once, for no congestion lost it (RFC 1191 section 6.4)"
            )
