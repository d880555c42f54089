"""The states of TCP connections, inferred from the segments that a capture shows.

A capture holds what was sent and nothing of what the hosts thought. But TCP's states follow from
the segments: who sends a SYN has opened actively, who answers it was listening, who sends a FIN has
closed. So the transition table that netlab's own connections execute is walked here for both ends
of each conversation. A segment that was seen counts as arrived, unless it is known to be lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from netlab.link.frame import DROPPED
from netlab.trace.frame import Frame
from netlab.transport.tcp.segment import Segment
from netlab.transport.tcp.seq import highest, less, less_equal, plus
from netlab.transport.tcp.states import SYNCHRONIZED, TRANSITIONS, Action, State, TcpEvent


class Change(NamedTuple):
    """A change of state on `host`; `fields` are those of an event of kind "state"."""

    host: str
    fields: dict[str, Any]
    reason: str


@dataclass(slots=True)
class _End:
    """What is known of one end: its state, and the sequence numbers that decide.

    `iss` is the number of its SYN and `fin` that of its FIN, once sent; `rcv_nxt` is what it
    expects from the other end; `passive` says whether it was opened by listening.
    """

    host: str
    label: str
    state: State = State.CLOSED
    iss: int | None = None
    fin: int | None = None
    rcv_nxt: int | None = None
    opened: bool = False
    passive: bool = False
    took_fin: bool = False

    def has_all_before(self, segment: Segment) -> bool:
        """Whether nothing is missing between what it got and this segment."""
        return self.rcv_nxt is not None and less_equal(segment.seq, self.rcv_nxt)


_Happened = Iterator[tuple[_End, TcpEvent]]


class Observer:
    """Watches the frames of a capture in the order of time."""

    def __init__(self) -> None:
        self._ends: dict[tuple[int, int, int, int], _End] = {}

    def see(self, frame: Frame) -> list[Change]:
        """The changes of state that follow from `frame`, at its sender first."""
        packet, segment = frame.ipv4, frame.tcp
        if packet is None or segment is None:
            return []
        source, destination = segment.source_port, segment.destination_port
        here = (packet.src, source, packet.dst, destination)
        there = (packet.dst, destination, packet.src, source)
        if here not in self._ends or _opens_anew(self._ends[here], segment):
            one, other = f"{packet.src}:{source}", f"{packet.dst}:{destination}"
            self._ends[there] = _End(frame.receiver, f"{other} > {one}")
            self._ends[here] = _End(frame.sender, f"{one} > {other}")
            _begin_in_the_midst(self._ends[here], self._ends[there], segment)
        sender, receiver = self._ends[here], self._ends[there]
        length = frame.payload_length + segment.syn + segment.fin
        changes = []
        happened = self._sent(sender, receiver, segment, length)
        if frame.fate != DROPPED:
            happened = chain(happened, self._arrived(receiver, sender, segment, length))
        for end, event in happened:
            row = TRANSITIONS.get((end.state, event))
            if row is not None:
                fields = {"connection": end.label, "from": str(end.state)}
                fields |= {"to": str(row.next), "on": str(event)}
                reason = f"inferred from frame {frame.id} (RFC 9293 section {row.section})"
                changes.append(Change(end.host, fields, reason))
                end.state = row.next
                end.opened = True
        return changes

    # Both yield events one by one: the next question is asked when the state has changed already.

    def _sent(self, end: _End, other: _End, segment: Segment, length: int) -> _Happened:
        """What must have happened to `end`, as it sends this segment."""
        if segment.rst:
            if end.state in SYNCHRONIZED or end.state is State.SYN_RCVD:
                yield end, TcpEvent.ABORT
            return
        if segment.syn and not segment.has_ack:
            end.iss = segment.seq
            if end.state is State.CLOSED:
                yield end, TcpEvent.ACTIVE_OPEN
        elif segment.syn:
            if other.iss is None:  # its SYN came before the capture began
                other.iss = plus(segment.ack, -1)
                yield other, TcpEvent.ACTIVE_OPEN
            end.iss = segment.seq
            if end.state is State.CLOSED:
                end.passive = True
                yield end, TcpEvent.PASSIVE_OPEN
            if end.state in (State.LISTEN, State.SYN_SENT):
                yield end, TcpEvent.RCV_SYN
        if segment.has_ack and end.rcv_nxt is not None:  # it got what came out of order, too
            end.rcv_nxt = highest(end.rcv_nxt, segment.ack)
        if segment.has_ack and other.fin is not None and less(other.fin, segment.ack):
            yield from self._take_fin(end)
        row = TRANSITIONS.get((end.state, TcpEvent.CLOSE))
        if segment.fin and end.fin is None and row is not None and Action.SEND_FIN in row.actions:
            end.fin = plus(segment.seq, length - 1)
            yield end, TcpEvent.CLOSE

    def _arrived(self, end: _End, other: _End, segment: Segment, length: int) -> _Happened:
        """What its arrival does to `end`, in the order of RFC 9293, section 3.10.7."""
        if segment.rst:
            yield from self._reset(end, segment)
            return
        acks_syn = segment.has_ack and end.iss is not None and less(end.iss, segment.ack)
        if end.state is State.SYN_SENT:
            crossed = end.rcv_nxt is not None  # a SYN of the other end's has come before
            if segment.syn and (acks_syn or not segment.has_ack):
                end.rcv_nxt = plus(segment.seq, 1)
                yield end, TcpEvent.RCV_SYN_ACK if acks_syn and not crossed else TcpEvent.RCV_SYN
        if segment.syn and end.rcv_nxt is None:
            end.rcv_nxt = plus(segment.seq, 1)  # its own SYN,ACK will tell that it listened
        if end.state is State.SYN_RCVD and acks_syn:
            yield end, TcpEvent.RCV_ACK_OF_SYN
        if other.fin is not None and less(other.fin, segment.seq) and end.has_all_before(segment):
            yield from self._take_fin(end)
        if segment.has_ack and end.fin is not None and less(end.fin, segment.ack):
            yield end, TcpEvent.RCV_ACK_OF_FIN
        if end.rcv_nxt is not None and end.has_all_before(segment):
            end.rcv_nxt = highest(end.rcv_nxt, plus(segment.seq, length))

    def _take_fin(self, end: _End) -> _Happened:
        """The other's FIN has come, once. That is known when `end` acknowledges it, at the latest.

        Before that, it is sure when something that follows it has come: a FIN by itself may have
        crossed what `end` was sending.
        """
        if not end.took_fin:
            end.took_fin = True
            yield end, TcpEvent.RCV_FIN

    def _reset(self, end: _End, segment: Segment) -> _Happened:
        """A RST counts when it proves to know the connection (RFC 9293, section 3.10.7)."""
        if end.state is State.SYN_SENT:
            if end.iss is not None and segment.has_ack and segment.ack == plus(end.iss, 1):
                yield end, TcpEvent.RCV_RST
        elif segment.seq == end.rcv_nxt:
            passive = end.passive and end.state is State.SYN_RCVD
            yield end, TcpEvent.RCV_RST_PASSIVE if passive else TcpEvent.RCV_RST


def _opens_anew(end: _End, segment: Segment) -> bool:
    """Whether this SYN begins another connection of the same socket pair."""
    if not segment.syn or segment.has_ack:
        return False
    if end.state in (State.TIME_WAIT, State.SYN_SENT):
        return segment.seq != end.iss
    return end.opened and end.state is State.CLOSED


def _begin_in_the_midst(sender: _End, receiver: _End, segment: Segment) -> None:
    """The first segment seen is no SYN: what came before isn't known, so take it as open."""
    if not segment.syn and not segment.rst:
        sender.state = receiver.state = State.ESTABLISHED
        sender.opened = receiver.opened = True
        sender.rcv_nxt = segment.ack if segment.has_ack else None
        receiver.rcv_nxt = segment.seq
