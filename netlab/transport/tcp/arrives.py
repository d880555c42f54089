"""A segment arrives: RFC 9293 section 3.10.7, check by check and in its order.

The steps are numbered as there. What changes the state is looked up in the transition table; what
doesn't is done here. Left out: security compartments (third check) and urgent data (sixth).
"""

from typing import TYPE_CHECKING

from netlab.transport.tcp.options import Options
from netlab.transport.tcp.segment import ACK, FIN, PSH, RST, SYN, Segment
from netlab.transport.tcp.seq import distance, less, less_equal, plus
from netlab.transport.tcp.states import SYNCHRONIZED, State, TcpEvent

if TYPE_CHECKING:
    from netlab.transport.tcp.connection import Connection

_ONLY_ACK = ACK | PSH
_AN_ACK_CAME = "an ACK came: send what it allows"
_RECEIVING = frozenset({State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2})
_FIN_SENT = frozenset({State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK})


def segment_arrives(connection: "Connection", segment: Segment) -> None:
    """Process a segment for this connection, in whatever state it is."""
    process = _PROCESSING.get(connection.state, _otherwise)
    process(connection, segment, connection.negotiation.read(segment))


def _in_closed(connection: "Connection", segment: Segment, options: Options) -> None:
    """3.10.7.1: it is discarded. The RST for one that nobody takes is the endpoint's to send."""


def _in_listen(connection: "Connection", segment: Segment, options: Options) -> None:
    """3.10.7.2."""
    # First, check for a RST; second, for an ACK.
    if segment.rst:
        return
    if segment.has_ack:
        connection.emit_bare(
            segment.ack, RST, "an ACK in LISTEN, of nothing (RFC 9293 section 3.10.7.2)"
        )
        return
    # Third, check for a SYN.
    if not segment.syn:
        return
    connection.negotiation.note_syn(segment)
    connection.sender.update_window(segment)
    connection.sender.begin(connection.choose_isn())
    connection.happens(TcpEvent.RCV_SYN, "a SYN came in LISTEN: somebody wants to connect")
    _keep_for_later(connection, _without_syn(segment))


def _in_syn_sent(connection: "Connection", segment: Segment, options: Options) -> None:
    """3.10.7.3."""
    sender = connection.sender
    acceptable = segment.has_ack and less(sender.iss, segment.ack)
    # First, check the ACK bit.
    if segment.has_ack and not (acceptable and less_equal(segment.ack, sender.snd_max)):
        if not segment.rst:
            connection.emit_bare(
                segment.ack, RST, "an ACK of something that was never sent (RFC 9293 3.10.7.3)"
            )
        return
    # Second, check the RST bit.
    if segment.rst:
        if acceptable:
            connection.happens(TcpEvent.RCV_RST, "the SYN was answered by a RST: nobody listens")
        return
    # Fourth, check the SYN bit.
    if not segment.syn:
        return
    theirs = connection.negotiation.note_syn(segment)
    sender.update_window(segment)
    if acceptable:
        sender.acknowledged(segment.ack, theirs.timestamps and theirs.timestamps[1])
        connection.happens(
            TcpEvent.RCV_SYN_ACK, "the SYN was acknowledged, and theirs came with it"
        )
        rest = _without_syn(segment)
        if rest.length:
            _take_text(connection, rest)
            _check_fin(connection)
        sender.send_what_fits("the connection is open: send what waits")
    else:
        connection.happens(
            TcpEvent.RCV_SYN, "a SYN crossed ours: both sides open at once (RFC 9293 section 3.5)"
        )
        _keep_for_later(connection, _without_syn(segment))


def _in_established(connection: "Connection", segment: Segment, options: Options) -> None:
    """3.10.7.4, foreseen: header prediction (RFC 7323 section 5.6), which finds Jacobson's two cases.

    Nearly all segments of an open connection are the one expected next, and bring either text or
    an acknowledgment and no other news. They pass all checks of `_otherwise`, so what those lead
    to is done at once.
    """
    sender, receiver = connection.sender, connection.receiver
    ack = segment.ack
    expected = (
        segment.seq == receiver.rcv_nxt
        and receiver.rcv_wnd > 0
        and segment.flags | PSH == _ONLY_ACK
        and segment.window << sender.snd_wscale == sender.snd_wnd
        and less_equal(sender.snd_wl1, segment.seq)
        and receiver.fin_seq is None
        and not sender.persist.delay
        and not options.sack
        and not connection.ecn.on
        and _check_timestamps(connection, segment, options)
    )
    if expected and segment.payload and ack == sender.snd_una:
        _take_text(connection, segment)
    elif expected and not segment.payload and sender.is_news(ack):
        sender.acknowledged(ack, options.timestamps and options.timestamps[1])
    else:
        _otherwise(connection, segment, options)
        return
    sender.snd_wl1 = segment.seq
    sender.snd_wl2 = ack
    sender.send_what_fits(_AN_ACK_CAME)


def _otherwise(connection: "Connection", segment: Segment, options: Options) -> None:
    """3.10.7.4: all other states."""
    receiver = connection.receiver
    if (
        segment.flags & SYN
        and segment.has_ack
        and connection.state is State.SYN_RCVD
        and segment.seq == receiver.irs
    ):
        segment = _without_syn(segment)  # both sides opened: the SYN is known, its ACK is news

    # First, check the sequence number; and whether it comes from long ago, which a RST may (RFC 7323
    # section 5.3, R1).
    if not segment.rst and not _check_timestamps(connection, segment, options):
        why = "its timestamp is old: a late duplicate (RFC 7323 section 5.3, PAWS)"
        _answer_stray(connection, segment, why)
        return
    if not receiver.is_acceptable(segment):
        _not_acceptable(connection, segment, options)
        return

    if connection.ecn.on and connection.ecn.arrived(segment):
        connection.sender.congestion_marked()

    flags = segment.flags
    if flags & (RST | SYN):
        _check_rst_and_syn(connection, segment)
        return

    # Fifth, check the ACK field.
    if not flags & ACK or not _check_ack(connection, segment, options):
        return

    # Seventh, process the segment text.
    if segment.payload or flags & FIN:
        _take_text(connection, segment)
    # Eighth, check the FIN bit: of this segment, or of one that came too early.
    if receiver.fin_seq is not None:
        _check_fin(connection)

    if connection.state in SYNCHRONIZED:
        connection.sender.send_what_fits(_AN_ACK_CAME)


def _check_rst_and_syn(connection: "Connection", segment: Segment) -> None:
    """The second and the fourth check; a segment with either flag ends there."""
    # Second, check the RST bit, with the care that RFC 5961 section 3 asks for.
    if segment.rst:
        if connection.state is State.TIME_WAIT and connection.settings.rfc1337:
            return
        if segment.seq != connection.receiver.rcv_nxt:
            _answer_stray(
                connection,
                segment,
                "a RST in the window but not at its edge: challenge it (RFC 5961 section 3.2)",
            )
        elif connection.state is State.SYN_RCVD and connection.passive:
            connection.happens(TcpEvent.RCV_RST_PASSIVE, "the one who sent the SYN takes it back")
        else:
            connection.happens(
                TcpEvent.RCV_RST, "a RST came: the other side knows no such connection"
            )
    # Fourth, check the SYN bit.
    elif connection.state is State.SYN_RCVD and connection.passive:
        connection.happens(TcpEvent.RCV_SYN, "a second SYN in the window: start over")
    else:
        _answer_stray(
            connection,
            segment,
            "a SYN on a connection that is open: challenge it (RFC 5961 section 4.2)",
        )


def _check_timestamps(connection: "Connection", segment: Segment, options: Options) -> bool:
    """PAWS and TS.Recent (RFC 7323 sections 5.3 and 4.3); false for a segment from long ago."""
    if options.timestamps is None:  # not agreed on; or lost by somebody on the way (section 3.2)
        return True
    at_edge = less_equal(segment.seq, connection.receiver.last_ack_sent)
    return connection.timestamps.accepts(options.timestamps[0], connection.clock.now, at_edge)


def _not_acceptable(connection: "Connection", segment: Segment, options: Options) -> None:
    """The first check fails: answer with what is expected, and take nothing.

    Only its ACK may count (MUST-66 has it so for a window that is shut). For two sides that have
    both closed their windows, it may be the only news of their opening that will ever come.
    """
    if segment.rst:
        return
    if connection.state is State.TIME_WAIT and connection.receiver.has_passed_fin(segment):
        connection.happens(TcpEvent.RCV_FIN, "the FIN came again: our last ACK was lost")
        return
    if (
        segment.has_ack
        and not segment.syn
        and connection.state in SYNCHRONIZED
        and connection.receiver.is_near(segment)
        and _check_ack(connection, segment, options)
    ):
        connection.sender.send_what_fits(_AN_ACK_CAME)
    if connection.state is not State.CLOSED:
        receiver = connection.receiver
        receiver.note_for_report(distance(receiver.rcv_nxt, segment.seq), len(segment.payload))
        _answer_stray(
            connection,
            segment,
            "not in the window: tell what is expected (RFC 9293 3.10.7.4, first)",
        )


def _check_ack(connection: "Connection", segment: Segment, options: Options) -> bool:
    """The fifth check; false when the segment ends here."""
    sender = connection.sender
    recovery = sender.recovery
    sack_is_news = bool(options.sack) and recovery.sack and recovery.note_blocks(options.sack)
    ack = segment.ack
    is_news = sender.is_news(ack)
    beyond = distance(sender.snd_una, ack)

    if connection.state is State.SYN_RCVD:
        if not is_news:
            connection.emit_bare(ack, RST, "not an ACK of our SYN (RFC 9293 3.10.7.4, fifth)")
            return False
        connection.happens(TcpEvent.RCV_ACK_OF_SYN, "our SYN was acknowledged")

    if is_news:
        sender.acknowledged(ack, options.timestamps and options.timestamps[1])
    elif beyond > 0 or beyond < -sender.max_snd_wnd:
        why = "an ACK of something not yet sent, or long gone (RFC 9293 3.10.7.4, fifth)"
        _answer_stray(connection, segment, why)
        return False
    elif beyond == 0 and recovery.is_duplicate(segment, sack_is_news):
        recovery.duplicate_ack()
    newer = distance(sender.snd_wl1, segment.seq)
    if beyond >= 0 and (newer > 0 or (newer == 0 and less_equal(sender.snd_wl2, ack))):
        sender.update_window(segment)

    if connection.state in _FIN_SENT and sender.fin_acknowledged:
        connection.happens(TcpEvent.RCV_ACK_OF_FIN, "our FIN was acknowledged")
    return connection.state is not State.CLOSED


def _take_text(connection: "Connection", segment: Segment) -> None:
    """The seventh step."""
    receiver = connection.receiver
    if connection.state not in _RECEIVING:
        return
    if receiver.closed_by_user and segment.payload and not receiver.knows(segment):
        connection.abort(
            "data came after the user had closed: they would be lost (RFC 9293 section 3.6.1)"
        )
    else:
        receiver.take(segment)


def _check_fin(connection: "Connection") -> None:
    """The eighth check."""
    if connection.receiver.fin_reached and connection.state in _RECEIVING:
        connection.receiver.pass_fin()
        connection.happens(TcpEvent.RCV_FIN, "a FIN came: the other side sends no more")


def _keep_for_later(connection: "Connection", rest: Segment) -> None:
    """Text and FIN that came with a SYN: they count when the connection is open."""
    if rest.length:
        connection.receiver.take(rest)


def _answer_stray(connection: "Connection", segment: Segment, why: str) -> None:
    """Acknowledge a segment that is out of place.

    One without text or FIN may itself be such an answer. Two ends that disagree on where they are would
    answer each other for ever, so those are answered only now and then (RFC 5961 section 7).
    """
    now = connection.clock.now
    if not segment.payload and not segment.fin:
        if now < connection.next_stray_answer:
            return
        connection.next_stray_answer = now + connection.settings.stray_answer_interval
    connection.send_ack(why)


def _without_syn(segment: Segment) -> Segment:
    """The rest of a segment behind its SYN."""
    return Segment(
        segment.source_port,
        segment.destination_port,
        plus(segment.seq, 1),
        segment.ack,
        segment.flags & ~SYN,
        segment.window,
        segment.payload,
        segment.options,
    )


_PROCESSING = {
    State.CLOSED: _in_closed,
    State.LISTEN: _in_listen,
    State.SYN_SENT: _in_syn_sent,
    State.ESTABLISHED: _in_established,
}
