"""Parts that a student has written badly: whose fault it is, and that the rest goes on."""

import socket
from collections.abc import Callable
from errno import ECONNABORTED

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netlab import Network, on
from netlab.errors import ConfigurationError, PartError
from netlab.host import Host
from netlab.transport.tcp.congestion import CongestionControl, Reno
from netlab.transport.tcp.options import MSS
from netlab.transport.tcp.parts import check_part
from netlab.transport.tcp.rto import RtoEstimator
from netlab.transport.tcp.states import TRANSITIONS, Action, State, TcpEvent, Transition
from netlab.units import minute, ms, s
from tests.transport.tcp.steps import Story


def without(*keys: tuple[State, TcpEvent]) -> dict:
    return {key: row for key, row in TRANSITIONS.items() if key not in keys}


# --- before it is used ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("transitions", TRANSITIONS),
        ("transitions", {}),
        ("transitions", {(State.CLOSED, TcpEvent.ACTIVE_OPEN): ([], State.SYN_SENT, "")}),
        ("rto", RtoEstimator),
        ("rto", lambda *bounds: RtoEstimator(*bounds)),
        ("congestion", Reno),
        ("congestion", CongestionControl),
        ("congestion", None),
    ],
)
def test_a_part_that_can_work_is_taken(name: str, part: object) -> None:
    check_part(name, part)


KEY = (State.CLOSED, TcpEvent.ACTIVE_OPEN)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (None, "must be a table, "),
        ([1, 2], r"must be a table, .* got \[1, 2\]"),
        ({KEY: None}, r"\[CLOSED, active OPEN\] is None"),
        ({KEY: (Action.SEND_SYN, State.SYN_SENT, "")}, "a tuple of Actions, the next State"),
        ({KEY: ((Action.SEND_SYN,), State.SYN_SENT)}, "rows that are none"),
        ({KEY: ((Action.SEND_SYN,), "SYN_SENT", "")}, "rows that are none"),
        ({KEY: (("snd SYN",), State.SYN_SENT, "")}, "rows that are none"),
        ({"CLOSED": TRANSITIONS[KEY]}, r"\['CLOSED'\]"),
        ({("CLOSED", "active OPEN"): TRANSITIONS[KEY]}, r"\[CLOSED, active OPEN\] is Transition"),
        ({(state, TcpEvent.CLOSE): 1 for state in State}, r"\(and 8 more\)"),
    ],
)
def test_a_table_that_is_none_is_refused_with_the_rows_that_are_wrong(
    part: object, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        check_part("transitions", part)


class NeedsMore:
    def __init__(self, mss: int, more: int) -> None:
        """It can't be made as TCP makes it."""


class Half:
    def __init__(self, *arguments: int) -> None:
        self.cwnd = self.ssthresh = self.rto = 10_000_000

    def acknowledged(self, count: int) -> None: ...

    def measured(self, rtt: int) -> None: ...


@pytest.mark.parametrize(
    ("name", "part", "words"),
    [
        ("congestion", 7, "must be a class, of which each connection gets one; got 7"),
        ("congestion", NeedsMore, r"NeedsMore\(1460\) raised TypeError: .*more"),
        (
            "congestion",
            Half,
            r"Half lacks loss_detected\(\), duplicate_ack\(\), recovered\(\), timed_out\(\)",
        ),
        ("rto", Half, r"Half lacks back_off\(\); what it needn't do itself it can inherit"),
        ("rto", "1 s", "must be a class"),
    ],
)
def test_a_class_that_can_not_work_is_refused(name: str, part: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        check_part(name, part)


# --- a transition table with holes ----------------------------------------------------------


def test_a_call_without_a_row_raises_and_names_the_table(story: Story) -> None:
    story.tcp.parts.transitions = without((State.CLOSED, TcpEvent.ACTIVE_OPEN))
    with pytest.raises(
        PartError, match=r"alice's transition table has no row for .*ACTIVE_OPEN.* in .*CLOSED"
    ):
        story.connect()
    story.tcp.parts.transitions = TRANSITIONS
    story.opened()
    story.tcp.parts.transitions = without((State.ESTABLISHED, TcpEvent.CLOSE))
    with pytest.raises(PartError, match=r"ESTABLISHED.*the user closes in vain"):
        story.close()
    story.alice_is(State.ESTABLISHED)
    story.tcp.parts.transitions = TRANSITIONS
    story.close()
    story.alice_sends("FIN,ACK", seq=1)


def test_an_arrival_without_a_row_is_ignored_with_a_warning(story: Story) -> None:
    story.reach(State.SYN_SENT)
    story.tcp.parts.transitions = without((State.SYN_SENT, TcpEvent.RCV_SYN_ACK))
    with pytest.warns(
        RuntimeWarning, match="alice's transition table has no row for .*RCV_SYN_ACK.*ignored"
    ):
        story.peer("SYN,ACK", seq=0, ack=1)
    story.alice_is(State.SYN_SENT)
    assert story.net.trace.events_of(kind="no transition")[0].fields == {
        "state": "SYN_SENT",
        "on": "rcv SYN,ACK",
        "connection": story.tcb.label,
    }


def test_a_time_out_without_a_row_is_ignored_with_a_warning(story: Story) -> None:
    story.reach(State.TIME_WAIT)
    story.tcp.parts.transitions = without((State.TIME_WAIT, TcpEvent.TIMEOUT_2MSL))
    with pytest.warns(RuntimeWarning, match="TIMEOUT_2MSL"):
        story.silence(4 * minute)
    story.silence(60 * minute)
    story.alice_is(State.TIME_WAIT)


@pytest.mark.parametrize(
    "row",
    [None, 5, (), ("snd FIN", "FIN_WAIT_1"), (("dance",), "FIN_WAIT_1", ""), ((), "nowhere", "")],
)
def test_a_row_that_is_none_ends_its_connection_and_no_other(row: object) -> None:
    story = Story().opened()
    key = (State.ESTABLISHED, TcpEvent.RCV_FIN)
    story.tcp.parts.transitions = TRANSITIONS | {key: row}
    if row is None:
        with pytest.warns(RuntimeWarning, match="has no row"):
            story.peer("FIN,ACK", seq=1, ack=1)
        return
    with pytest.raises(PartError, match=r"alice's transition table has .* for .*RCV_FIN"):
        story.peer("FIN,ACK", seq=1, ack=1)
    story.alice_sends("RST,ACK", seq=1)
    story.alice_reports(ECONNABORTED)
    assert len(story.net.trace.events_of(kind="part failed")) == 1
    change = story.net.trace.events_of(kind="state", host="alice")[-1]
    assert (change.fields["from"], change.fields["to"]) == ("ESTABLISHED", "CLOSED")
    assert change.fields["connection"] == story.tcb.label
    story.alice_forgets()
    story.opened()


def test_no_data_go_behind_a_fin_even_where_a_table_goes_on_as_if_open(story: Story) -> None:
    key = (State.ESTABLISHED, TcpEvent.CLOSE)
    story.tcp.parts.transitions = TRANSITIONS | {
        key: Transition((Action.SEND_FIN,), State.ESTABLISHED, "mine")
    }
    story.opened()
    story.close()
    story.alice_sends("FIN,ACK", seq=1)
    with pytest.raises(OSError, match="takes no more data"):
        story.write(b"more")
    story.peer("ACK", seq=1, ack=2)


def test_names_do_in_a_table_as_members_do(story: Story) -> None:
    story.tcp.parts.transitions = {
        (str(state), str(event)): (tuple(map(str, row.actions)), str(row.next), row.section)
        for (state, event), row in TRANSITIONS.items()
    }
    story.reach(State.TIME_WAIT)
    story.silence(4 * minute)
    story.alice_forgets()


OPENS = (State.SYN_RCVD, TcpEvent.RCV_ACK_OF_SYN)
tables = st.dictionaries(
    st.sampled_from(list(TRANSITIONS)),
    st.builds(
        Transition,
        st.lists(st.sampled_from(Action), max_size=3).map(tuple),
        st.sampled_from(State),
        st.just("0"),
    ),
    max_size=6,
)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300)
@given(tables, st.booleans())
@example({OPENS: Transition((Action.DELETE_TCB, Action.REPORT_OPEN), State.CLOSED, "0")}, True)
def test_no_table_whatever_it_says_breaks_more_than_its_own_connections(
    changes: dict, at_the_server: bool
) -> None:
    net = Network(seed=1)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=1 * ms)
    (bob if at_the_server else alice).tcp.parts.transitions = TRANSITIONS | changes

    def serve(host: Host) -> None:
        listener = host.socket()
        listener.bind(("", 7))
        listener.listen()
        connection, _ = listener.accept()
        connection.sendall(connection.recv(100))
        connection.close()

    def call(host: Host) -> bytes:
        sock = host.socket()
        sock.settimeout(60)
        sock.connect(("bob", 7))
        sock.sendall(b"hello")
        answer = sock.recv(100)
        sock.close()
        return answer

    bob.start(serve, daemon=True)
    alice.start(call, daemon=True)
    for _ in range(20):
        try:
            net.run(until=10 * minute)
        except PartError:
            continue
        break
    bob.use(transitions=TRANSITIONS)
    alice.use(transitions=TRANSITIONS)

    def echo_once(host: Host) -> None:
        listener = host.socket()
        listener.bind(("", 8))
        listener.listen()
        connection, _ = listener.accept()
        connection.sendall(connection.recv(100))
        connection.close()

    bob.start(echo_once)
    with on(alice):
        sock = socket.create_connection(("bob", 8), timeout=60)
        sock.sendall(b"and on it goes")
        assert sock.recv(100) == b"and on it goes"
    net.close()


# --- congestion control and RTO that fail at work -------------------------------------------


def failing(base: type, method: str) -> type:
    def fail(self: object, *arguments: int) -> None:
        raise ZeroDivisionError("division by zero")

    return type("Mine", (base,), {method: fail})


def saying(base: type, method: str, name: str, value: object) -> type:
    def say(self: object, *arguments: int) -> None:
        setattr(self, name, value)

    return type("Mine", (base,), {method: say})


def transfer(**parts: object) -> Network:
    """Some loss, a lost SYN, a time-out: all that congestion control and RTO hear of."""
    net = Network(seed=2)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    bob.tcp.settings.syn_options = (MSS,)  # without SACK congestion control has more to do
    cable = net.connect(alice, bob, delay=10 * ms)
    alice.use(**parts)
    cable.drop(lambda f: f.tcp and f.tcp.syn, times=1)
    cable.drop(lambda f: f.tcp and f.tcp.payload and f.id > 30, times=1)
    cable.drop(lambda f: f.tcp and f.tcp.payload and f.id > 90, times=9)
    listener = bob.socket()
    listener.bind(("", 7))
    listener.listen()

    def send(host: Host) -> None:
        sock = host.socket()
        sock.connect(("bob", 7))
        sock.sendall(bytes(100_000))
        sock.close()

    def receive(host: Host) -> int:
        connection, _ = listener.accept()
        count = 0
        while data := connection.recv(10_000):
            count += len(data)
        return count

    alice.start(send)
    bob.start(receive, name="receive", daemon=True)
    return net


def end(net: Network) -> None:
    """Run on after a fault: alice's program hears of it, and bob's, and nothing is left."""
    with pytest.warns(RuntimeWarning, match="failed"):
        net.run()
    kinds = {type(program.error) for program in net.sim.clock.failed}
    assert kinds <= {ConnectionAbortedError, ConnectionResetError, BrokenPipeError, PartError}
    assert all(not host.tcp.connections for host in net.hosts.values())


@pytest.mark.parametrize(
    "method",
    ["syn_lost", "acknowledged", "loss_detected", "duplicate_ack", "recovered", "timed_out"],
)
def test_a_congestion_control_that_raises_is_named_and_ends_its_connection(method: str) -> None:
    net = transfer(congestion=failing(Reno, method))
    with pytest.raises(
        PartError,
        match=rf"alice's congestion control {method}\(.*\) raised ZeroDivisionError: division by",
    ) as raised:
        net.run()
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    end(net)


@pytest.mark.parametrize("value", [None, "much", -1, 0, 0.5, float("nan"), [1]])
def test_a_congestion_window_that_is_no_number_of_bytes_is_named(value: object) -> None:
    net = transfer(congestion=saying(Reno, "acknowledged", "cwnd", value))
    with pytest.raises(PartError, match=r"alice's congestion control has .*cwnd.* after acknow"):
        net.run()
    end(net)


@pytest.mark.parametrize("method", ["measured", "back_off"])
def test_an_estimator_that_raises_is_named_and_ends_its_connection(method: str) -> None:
    net = transfer(rto=failing(RtoEstimator, method))
    with pytest.raises(PartError, match=rf"alice's RTO estimator {method}\(.*\) raised ZeroDiv"):
        net.run()
    end(net)


@pytest.mark.parametrize("value", [None, "soon", -1, 0, 1 * ms - 1, float("nan")])
def test_a_timeout_that_is_no_time_is_named(value: object) -> None:
    net = transfer(rto=saying(RtoEstimator, "measured", "rto", value))
    with pytest.raises(PartError, match=r"alice's RTO estimator has .*rto.* after measured"):
        net.run()
    end(net)


class MyRto:
    """Of one's own, from nothing."""

    def __init__(self, initial: int, minimum: int, maximum: int) -> None:
        self.rto, self.srtt, self.rttvar = 2.5 * s, None, 0

    def measured(self, rtt: int) -> None:
        self.srtt, self.rttvar, self.rto = rtt, 7, 3 * rtt

    def back_off(self) -> None:
        self.rto *= 1.5


def test_what_an_estimator_of_one_s_own_says_is_what_counts(story: Story) -> None:
    check_part("rto", MyRto)
    story.alice.use(rto=MyRto)
    story.connect()
    story.alice_sends("SYN")
    story.alice_sends("SYN", after=2500 * ms)
    story.peer("SYN,ACK", seq=0, ack=1, mss=1460)
    story.alice_sends("ACK")
    story.write(b"after a lost SYN three seconds hold for every estimator")
    story.alice_sends("ACK", seq=1, size=55)
    story.alice_sends("ACK", seq=1, size=55, after=3 * s)
    story.alice_sends("ACK", seq=1, size=55, after=4500 * ms)
    story.peer("ACK", seq=1, ack=56)
    story.write(b"measured")
    story.alice_sends("ACK", text=b"measured")
    story.silence(500 * ms)
    story.peer("ACK", seq=1, ack=64)
    fields = story.net.trace.events_of(kind="rto", host="alice")[-1].fields
    assert (fields["srtt"], fields["rttvar"], fields["rto"]) == (500 * ms, 7, 1500 * ms)


class Fractions(CongestionControl):
    """As the formulas stand in the RFC, with a division."""

    def __init__(self, mss: int) -> None:
        super().__init__(mss)
        self.cwnd = 2.0 * mss
        self.ssthresh = float("inf")

    def acknowledged(self, count: int) -> None:
        self.cwnd += min(count, self.mss) / 2

    @property
    def phase(self) -> str:
        return "by halves"


class FromNothing:
    """Inherits nothing, and leaves out what it may."""

    def __init__(self, *arguments: int) -> None:
        self.cwnd = self.ssthresh = 5000
        self.rto = 2.5 * s

    def acknowledged(self, count: int) -> None: ...

    loss_detected = timed_out = measured = acknowledged

    def duplicate_ack(self) -> None: ...

    recovered = back_off = duplicate_ack


@pytest.mark.parametrize(
    "parts",
    [
        {"congestion": Fractions},
        {"congestion": FromNothing},
        {"rto": FromNothing},
        {"congestion": Reno, "rto": RtoEstimator},
    ],
)
def test_a_part_that_works_carries_the_transfer_to_its_end(parts: dict[str, Callable]) -> None:
    net = transfer(**parts)
    programs = {program.name: program for program in net.programs}
    net.run()
    assert programs["receive"].result == 100_000
    if parts.get("congestion") is Fractions:
        changes = net.trace.events_of(kind="cwnd", host="alice")
        assert {change.fields["phase"] for change in changes} == {"by halves"}
        assert all(type(change.fields["cwnd"]) is int for change in changes)
        assert {change.fields["ssthresh"] for change in changes} == {1 << 62}


def test_a_part_that_can_not_be_made_at_work_is_named(story: Story) -> None:
    def never(mss: int) -> Reno:
        raise RuntimeError("not today")

    story.tcp.parts.congestion = never
    with pytest.raises(PartError, match=r"control never\(1460\) raised RuntimeError: not today"):
        story.connect()
    assert story.tcp.connections == []


def test_a_listener_s_bad_part_leaves_no_block_behind(story: Story) -> None:
    story.listen()
    story.tcp.parts.congestion = lambda mss: Reno(mss // (mss - 1000))
    for _ in range(2):
        with pytest.raises(PartError, match="raised ZeroDivisionError"):
            story.peer("SYN", seq=0, mss=1000)
    assert story.tcp.connections == []
    assert story.listener.opening == []


def test_an_unknown_congestion_control_is_refused_with_those_that_there_are(story: Story) -> None:
    story.tcp.settings.congestion = "vegas"
    with pytest.raises(
        ConfigurationError,
        match="no congestion control 'vegas'; there is none, tahoe, reno, newreno, cubic",
    ):
        story.connect()
