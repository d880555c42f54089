"""TCP_INFO: what a connection knows of itself, in the layout of Linux's `struct tcp_info`.

Times are in microseconds there, windows of congestion in segments. What netlab doesn't count is 0.
"""

import struct
from typing import TYPE_CHECKING

from netlab.transport.tcp.seq import distance
from netlab.transport.tcp.states import State
from netlab.units import us

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection

_LAYOUT = struct.Struct("=8B24I4Q6I4Q2I2Q6I")

FIELDS = (
    "state", "ca_state", "retransmits", "probes", "backoff", "options", "wscale",
    "app_limited", "rto", "ato", "snd_mss", "rcv_mss", "unacked", "sacked", "lost",
    "retrans", "fackets", "last_data_sent", "last_ack_sent", "last_data_recv",
    "last_ack_recv", "pmtu", "rcv_ssthresh", "rtt", "rttvar", "snd_ssthresh", "snd_cwnd",
    "advmss", "reordering", "rcv_rtt", "rcv_space", "total_retrans", "pacing_rate",
    "max_pacing_rate", "bytes_acked", "bytes_received", "segs_out", "segs_in",
    "notsent_bytes", "min_rtt", "data_segs_in", "data_segs_out", "delivery_rate",
    "busy_time", "rwnd_limited", "sndbuf_limited", "delivered", "delivered_ce",
    "bytes_sent", "bytes_retrans", "dsack_dups", "reord_seen", "rcv_ooopack", "snd_wnd",
    "rcv_wnd", "rehash",
)  # fmt: skip
"""The fields in order, each without its prefix `tcpi_`; `wscale` holds two numbers of four bits."""

STATES = {
    State.ESTABLISHED: 1,
    State.SYN_SENT: 2,
    State.SYN_RCVD: 3,
    State.FIN_WAIT_1: 4,
    State.FIN_WAIT_2: 5,
    State.TIME_WAIT: 6,
    State.CLOSED: 7,
    State.CLOSE_WAIT: 8,
    State.LAST_ACK: 9,
    State.LISTEN: 10,
    State.CLOSING: 11,
}
OPEN, DISORDER, RECOVERY, LOSS = 0, 1, 3, 4
"""Linux's states of congestion control."""
TIMESTAMPS, SACK, WINDOW_SCALE, ECN = 1, 2, 4, 8
"""Linux's bits for the options that were agreed on."""
_INFINITE = 0x7FFFFFFF


def pack(connection: "Connection | None", listening: bool = False) -> bytes:
    """The structure for a connection, or for a socket that has none."""
    known = {"state": STATES[State.LISTEN if listening else State.CLOSED]}
    if connection is not None:
        known = _told_by(connection)
    return _LAYOUT.pack(*(known.get(name, 0) for name in FIELDS))


def unpack(data: bytes) -> dict[str, int]:
    """The fields of the structure by name, `tcpi_state` and so on."""
    values = dict(zip(FIELDS, _LAYOUT.unpack_from(data), strict=True))
    wscale = values.pop("wscale")
    values |= {"snd_wscale": wscale & 15, "rcv_wscale": wscale >> 4}
    return {f"tcpi_{name}": value for name, value in values.items()}


def _told_by(connection: "Connection") -> dict[str, int]:
    sender, receiver = connection.sender, connection.receiver
    recovery = sender.recovery
    rto, congestion, mss = sender.rto, sender.congestion, connection.mss
    flight = distance(sender.snd_una, sender.snd_max)
    ssthresh = congestion.ssthresh
    return {
        "state": STATES[connection.state],
        "ca_state": RECOVERY
        if sender.recovery.recovering
        else DISORDER
        if sender.recovery.duplicates
        else OPEN,
        "options": (
            TIMESTAMPS * connection.timestamps.on
            | SACK * recovery.sack
            | WINDOW_SCALE * connection.negotiation.scales
            | ECN * connection.ecn.on
        ),
        "wscale": sender.snd_wscale | receiver.wscale << 4,
        "rto": rto.rto // us,
        "ato": connection.settings.delayed_ack // us,
        "snd_mss": mss,
        "rcv_mss": mss,
        "unacked": -(-flight // mss),
        "sacked": sum(end - start for start, end in recovery.scoreboard.sacked) // mss,
        "pmtu": connection.tcp.largest_segment(connection.remote[0]) + 40,
        "rcv_ssthresh": receiver.capacity,
        "rtt": (rto.srtt or 0) // us,
        "rttvar": rto.rttvar // us,
        "snd_ssthresh": _INFINITE if ssthresh >= 1 << 30 else ssthresh // mss,
        "snd_cwnd": min(congestion.cwnd // mss, _INFINITE),
        "advmss": connection.tcp.largest_segment(connection.remote[0]),
        "reordering": 3,
        "rcv_space": receiver.capacity,
        "notsent_bytes": max(0, len(sender.buffer) - flight),
        "snd_wnd": sender.snd_wnd,
        "rcv_wnd": receiver.rcv_wnd,
    }
