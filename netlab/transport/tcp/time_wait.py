"""TIME_WAIT ends early when the other side opens a new connection between the same ports.

The wait keeps late segments of the old connection out of the next one. A SYN that is certainly newer
than all of them needn't be kept out (RFC 1122 section 4.2.2.13, RFC 6191 section 2).
"""

from typing import TYPE_CHECKING

from netlab.transport.tcp.options import Options
from netlab.transport.tcp.segment import ACK, RST, SYN, Segment
from netlab.transport.tcp.seq import less, less_equal
from netlab.transport.tcp.states import State

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection


def may_reopen(connection: "Connection", syn: Segment) -> bool:
    """Whether `syn` may open a new connection in place of one that is in TIME_WAIT.

    By its timestamp, where the old connection had them; by its sequence number, which must be beyond
    all that were used, where it had none, or the timestamps are equal, or the SYN has none.
    """
    if connection.state is not State.TIME_WAIT or not connection.settings.time_wait_reuse:
        return False
    if syn.flags & (SYN | ACK | RST) != SYN:
        return False
    timestamps, now = connection.timestamps, Options.parse(syn.options).timestamps
    if now is not None:
        if not timestamps.on or less(timestamps.ts_recent, now[0]):
            return True
        if now[0] != timestamps.ts_recent:
            return False
    return less_equal(connection.receiver.rcv_nxt, syn.seq)
