"""The chain of causes, in words."""

import pytest

from netlab import Network
from netlab.errors import ConfigurationError
from netlab.sim.recording import Event, Recorder
from netlab.trace.trace import Trace
from netlab.trace.why import explain
from netlab.units import ms, s
from tests.trace.material import Wire, conversation, ethernet, tcp_packet


def test_a_retransmission_is_explained_from_the_timer_back_to_the_call() -> None:
    trace = conversation(lambda cable: cable.drop(lambda f: f.tcp and f.tcp.syn, times=1)).trace
    syns = [frame for frame in trace.frames if frame.label == "TCP SYN"]
    lost, again = syns
    assert trace.why(lost).heading.endswith("TCP SYN  at 20.1024 ms  (lost: rule 1 (drop))")
    steps = [step.text for step in trace.why(again).steps]
    assert steps[0] == (
        "the retransmission timer of alice (10.0.0.1:49152 > 10.0.0.2:7),"
        " set 1 s before, fired at 1 s"
    )
    assert steps[1] == "alice went from CLOSED to SYN_SENT (active OPEN) at 0 s"
    assert steps[2].startswith("alice called connect((")
    assert steps[3] == "the program ask started on alice at 0 s"
    assert "RFC 6298" in trace.why(again).reason


def test_every_frame_of_a_run_has_a_reason_with_its_rfc_and_a_chain_to_a_program() -> None:
    trace = conversation(lambda cable: cable.drop(lambda f: f.payload, times=2)).trace
    for frame in trace.frames:
        why = trace.why(frame)
        assert why.reason
        assert why.steps[-1].text.startswith(
            ("the program ask started", "the program echo started")
        )
        assert why.note == ""
        assert why.frames[0] == frame.id
    reasons = [frame.reason for frame in trace.frames]
    assert sum("RFC" in reason for reason in reasons) >= 0.8 * len(reasons)


def test_the_answer_to_a_syn_is_explained_as_one_would_tell_it() -> None:
    trace = conversation().trace
    answer = next(frame for frame in trace.frames if frame.label == "TCP SYN,ACK")
    assert trace.why(answer).text().splitlines()[:6] == [
        "Frame 4  bob > alice  TCP SYN,ACK  at 30.1648 ms",
        "  why: a SYN came in LISTEN: somebody wants to connect (RFC 9293 section 3.10.7.2)",
        "  because bob went from LISTEN to SYN_RCVD (rcv SYN) at 30.1648 ms",
        "  because frame 3 (TCP SYN from alice) arrived at bob at 30.1648 ms",
        "    why: the user connects (RFC 9293 section 3.10.1);"
        " it waited 20.1024 ms for the answer to ARP",
        "  because alice went from CLOSED to SYN_SENT (active OPEN) at 0 s",
    ]


def test_why_works_on_any_event() -> None:
    trace = conversation(lambda cable: cable.drop(lambda f: f.tcp and f.tcp.fin, times=1)).trace
    kinds = set()
    for event in trace.events:
        kinds.add(event.kind)
        why = trace.why(event)
        assert why.heading
        assert "{" not in why.text()
        assert "None" not in why.heading
    assert {"sent", "delivered", "dropped", "state", "timer set", "timer fired"} <= kinds
    assert {"call", "return", "arp", "rto", "cwnd", "program started"} <= kinds


# --- chains made by hand --------------------------------------------------------------------


def event(
    kind: str,
    cause: Event | None = None,
    time: int = 0,
    host: str = "alice",
    reason: str = "",
    **fields: object,
) -> Event:
    number = 0 if cause is None else cause.number + 1
    return Event(number, time, host, "transport", kind, fields, cause, reason)


def explained(happened: Event, depth: int = 12) -> str:
    return Trace(Recorder()).why(happened, depth=depth).text()


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (event("delivered", frame=3), "frame 3 arrived at alice at 0 s"),
        (event("dropped", frame=3, by="rule 1"), "frame 3 of alice was lost (rule 1) at 0 s"),
        (
            event("discarded", why="no room"),
            "alice dropped what came, in its transport layer (no room) at 0 s",
        ),
        (
            event("arp", address="10.0.0.2", mac=None, state="INCOMPLETE"),
            "alice's ARP table said: nothing of 10.0.0.2 yet, INCOMPLETE at 0 s",
        ),
        (
            event("arp", address="10.0.0.2", mac="02:00:00:00:00:02", state="REACHABLE"),
            "alice's ARP table said: 10.0.0.2 is at 02:00:00:00:00:02, REACHABLE at 0 s",
        ),
        (
            event("cwnd", cwnd=2920, ssthresh=65535, connection="a > b"),
            "alice set cwnd to 2920 bytes, ssthresh 65535 (a > b) at 0 s",
        ),
        (event("rto", rto=3 * s), "alice set its retransmission timeout to 3 s at 0 s"),
        (event("window", snd_wnd=100), "alice heard of a window of 100 bytes at 0 s"),
        (
            event("timer set", timer="persist", at=5 * ms),
            "the persist timer of alice was set to fire at 5 ms at 0 s",
        ),
        (
            event("timer cancelled", timer="persist"),
            "the persist timer of alice was stopped at 0 s",
        ),
        (event("timer fired", timer="persist"), "the persist timer of alice fired at 0 s"),
        (event("return", call="recv", value=5), "recv() returned 5 on alice at 0 s"),
        (event("program failed", program="echo"), "the program echo failed on alice at 0 s"),
        (event("earthquake", strength=9), "earthquake on alice (strength 9) at 0 s"),
        (event("earthquake", host=""), "earthquake on the network at 0 s"),
    ],
)
def test_each_kind_of_event_has_its_words(happened: Event, words: str) -> None:
    assert explained(happened).splitlines()[0] == words


def test_what_a_person_did_by_hand_is_the_end_of_the_chain() -> None:
    wire = Wire()
    frame = wire.send(ethernet(tcp_packet(2)), "injected by hand")
    assert wire.trace.why(frame).text() == (
        "Frame 1  alice > bob  TCP SYN  at 0 s  (in flight)\n"
        "  why: injected by hand\n"
        "  It was done by hand."
    )


def test_sending_and_arrival_of_a_frame_are_one_step() -> None:
    wire = Wire(delay=20 * ms)
    wire.cable.delay(by=5 * ms)
    wire.send(ethernet(tcp_packet(2)), "the user connects")
    wire.run()
    delivered = wire.trace.events_of(kind="delivered")[0]
    state = event(
        "state",
        delivered,
        25 * ms,
        "bob",
        "a SYN came",
        **{"from": "LISTEN", "to": "SYN_RCVD", "on": "rcv SYN"},
    )
    [step] = wire.trace.why(state).steps
    assert step.text == (
        "frame 1 (TCP SYN from alice; delayed by 5 ms, by rule 1 (delay))"
        " arrived at bob at 25.0464 ms"
    )
    assert step.reason == "the user connects"
    assert step.events == [delivered, wire.trace.frame(1)]
    assert wire.trace.why(state).frames == [1]


def test_a_reason_is_not_repeated_for_the_same_host_but_for_another() -> None:
    first = event("state", time=1, reason="the user closes", **{"from": "A", "to": "B", "on": "C"})
    second = event("window", first, 1, reason="the user closes")
    third = event("window", second, 2, "bob", reason="the user closes")
    fourth = event("window", third, 3, "bob")
    assert explained(fourth).count("why: the user closes") == 2


def chain(length: int) -> Event:
    happened = event("call", call="connect")
    for index in range(length):
        happened = event("window", happened, index * ms, "bob", snd_wnd=index)
    return happened


def test_a_chain_of_thousands_is_told_by_its_start_and_its_end() -> None:
    lines = explained(chain(5000), depth=6).splitlines()
    assert len(lines) == 8
    assert lines[1] == "  because bob heard of a window of 4998 bytes at 4.998 s"
    assert lines[5] == "  ... 4994 steps more, between 1 ms and 4.994 s ..."
    assert lines[-1] == "  because alice called connect() at 0 s"


@pytest.mark.parametrize("depth", [2, 3, 4, 12, 99])
def test_a_chain_is_told_in_as_many_steps_as_asked_for_and_always_to_its_root(depth: int) -> None:
    for length in (1, depth - 1, depth, depth + 1, depth + 2, 3 * depth):
        why = Trace(Recorder()).why(chain(length), depth=depth)
        assert len(why.steps) == min(depth, length)
        assert bool(why.gap) == (length > depth)
        assert why.steps[-1].text == "alice called connect() at 0 s"


def test_the_frames_in_what_is_left_out_are_counted_by_their_senders() -> None:
    trace = conversation(size=40_000).trace
    last = trace.frames[-1]
    assert " from alice and " in trace.why(last, depth=4).gap
    assert " from bob" in trace.why(last, depth=4).gap


@pytest.mark.parametrize("depth", [1, 0, -1, "all", 2.5])
def test_a_depth_that_is_none_is_refused(depth: object) -> None:
    with pytest.raises(ConfigurationError, match="depth must be a whole number of 2 or more"):
        Trace(Recorder()).why(chain(3), depth=depth)  # type: ignore[arg-type]


def test_where_the_record_has_forgotten_the_start_it_says_so() -> None:
    net = conversation()
    recorder = net.sim.recorder
    recorder.limit = 20
    recorder.keep(event("window"))
    assert recorder.dropped > 0
    assert str(net.trace.why(recorder.events[0])).splitlines()[-1] == (
        "  What led to this is no longer on record: the recorder keeps only the latest events."
    )


def test_in_a_notebook_it_is_a_list_with_nothing_in_it_taken_for_html() -> None:
    happened = event("call", call="send", arguments=("<b>&",))
    happened = event("window", happened, reason="1 < 2")
    bundle = Trace(Recorder()).why(happened)._repr_mimebundle_()
    assert bundle["text/plain"] == explained(happened)
    html = bundle["text/html"]
    assert "send('&lt;b&gt;&amp;')" in html
    assert "1 &lt; 2" in html
    assert html.count("<li>") == 1


def test_a_long_chain_in_html_says_what_is_left_out() -> None:
    why = Trace(Recorder()).why(chain(100), depth=6)
    assert f"<li><em>{why.gap}</em></li>" in why.html()
    assert why.html().count("<li>") == 7


def test_why_takes_the_id_of_a_frame_and_refuses_one_that_is_not_there() -> None:
    trace = conversation().trace
    assert str(trace.why(1)) == str(trace.why(trace.frames[0]))
    with pytest.raises(
        ConfigurationError, match=r"no frame 999 on record; there are frames 1 to \d+"
    ):
        trace.why(999)
    with pytest.raises(ConfigurationError, match="no frame 1 on record yet"):
        Network().trace.why(1)


@pytest.mark.parametrize("nonsense", ["x", 3.0, None, True])
def test_why_refuses_what_is_neither_an_event_nor_the_id_of_a_frame(nonsense: object) -> None:
    trace = conversation().trace
    with pytest.raises(ConfigurationError, match="expected an event, a frame, or the id"):
        trace.why(nonsense)  # type: ignore[arg-type]


def test_long_lines_are_wrapped_as_text_and_whole_in_html() -> None:
    words = "because of this and that, " * 9 + "and no more"
    why = explain(Event(0, 0, "alice", "transport", "state", {}, None, words))
    assert max(map(len, why.text().splitlines())) <= 96
    assert " ".join(why.text().split()).count(words) == 1
    assert words in why.html()
