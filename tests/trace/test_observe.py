"""The states of TCP, inferred from segments alone."""

import random
from pathlib import Path

import pytest

from netlab import Network
from netlab.host import Host
from netlab.link.cable import Cable
from netlab.trace.observe import Observer
from netlab.trace.trace import Trace
from netlab.transport.tcp.segment import ACK, FIN, PSH, RST, SYN
from netlab.transport.tcp.states import TRANSITIONS
from netlab.units import Mbps, ms, s
from tests.trace.material import (
    ALICE,
    BOB,
    Wire,
    conversation,
    ethernet,
    ping_packet,
    tcp_packet,
)

Sent = tuple[str, int, int, int, int]


def observed(*segments: Sent) -> list[str]:
    """The changes after these, as "alice CLOSED SYN_SENT". Last in each: the bytes of payload."""
    wire = Wire()
    observer = Observer()
    changes = []
    for who, flags, seq, ack, size in segments:
        src, ports = (ALICE, (49152, 80)) if who == "alice" else (BOB, (80, 49152))
        data = ethernet(tcp_packet(flags, seq, ack, bytes(size), src=src, ports=ports))
        sender = wire.alice if who == "alice" else wire.bob
        frame = wire.cable.transmit(sender, data, "", None)
        for change in observer.see(frame):  # type: ignore[arg-type]
            assert f"inferred from frame {frame.id} (RFC 9293 section " in change.reason
            row = TRANSITIONS[change.fields["from"], change.fields["on"]]
            assert row.next == change.fields["to"]
            changes.append(f"{change.host} {change.fields['from']} {change.fields['to']}")
    return changes


OPEN: list[Sent] = [
    ("alice", SYN, 100, 0, 0),
    ("bob", SYN | ACK, 300, 101, 0),
    ("alice", ACK, 101, 301, 0),
]
OPENED = [
    *("alice CLOSED SYN_SENT", "bob CLOSED LISTEN", "bob LISTEN SYN_RCVD"),
    *("alice SYN_SENT ESTABLISHED", "bob SYN_RCVD ESTABLISHED"),
]


def test_the_handshake() -> None:
    assert observed(*OPEN) == OPENED


def test_the_close_in_four_steps() -> None:
    assert observed(
        *OPEN,
        ("alice", FIN | ACK, 101, 301, 0),
        ("bob", ACK, 301, 102, 0),
        ("bob", FIN | ACK, 301, 102, 0),
        ("alice", ACK, 102, 302, 0),
    ) == [
        *OPENED,
        *("alice ESTABLISHED FIN_WAIT_1", "bob ESTABLISHED CLOSE_WAIT"),
        "alice FIN_WAIT_1 FIN_WAIT_2",
        *("bob CLOSE_WAIT LAST_ACK", "alice FIN_WAIT_2 TIME_WAIT", "bob LAST_ACK CLOSED"),
    ]


def test_the_close_in_three_steps_takes_the_ack_before_the_fin() -> None:
    assert observed(
        *OPEN,
        ("alice", FIN | ACK, 101, 301, 0),
        ("bob", FIN | ACK, 301, 102, 0),
        ("alice", ACK, 102, 302, 0),
    )[len(OPENED) :] == [
        *("alice ESTABLISHED FIN_WAIT_1", "bob ESTABLISHED CLOSE_WAIT", "bob CLOSE_WAIT LAST_ACK"),
        *("alice FIN_WAIT_1 FIN_WAIT_2", "alice FIN_WAIT_2 TIME_WAIT", "bob LAST_ACK CLOSED"),
    ]


def test_a_simultaneous_open() -> None:
    assert observed(
        ("alice", SYN, 100, 0, 0),
        ("bob", SYN, 300, 0, 0),
        ("alice", SYN | ACK, 100, 301, 0),
        ("bob", SYN | ACK, 300, 101, 0),
    ) == [
        *("alice CLOSED SYN_SENT", "bob CLOSED SYN_SENT", "alice SYN_SENT SYN_RCVD"),
        *("bob SYN_SENT SYN_RCVD", "bob SYN_RCVD ESTABLISHED", "alice SYN_RCVD ESTABLISHED"),
    ]


def test_a_simultaneous_close() -> None:
    assert (
        observed(
            *OPEN,
            ("alice", FIN | ACK, 101, 301, 0),
            ("bob", FIN | ACK, 301, 101, 0),  # doesn't acknowledge alice's
            ("alice", ACK, 102, 302, 0),
            ("bob", ACK, 302, 102, 0),
        )[len(OPENED) :]
        == [
            *("alice ESTABLISHED FIN_WAIT_1", "bob ESTABLISHED FIN_WAIT_1"),
            *("alice FIN_WAIT_1 CLOSING", "bob FIN_WAIT_1 CLOSING", "bob CLOSING TIME_WAIT"),
            "alice CLOSING TIME_WAIT",
        ]
    )


def test_a_refused_connection() -> None:
    assert observed(("alice", SYN, 100, 0, 0), ("bob", RST | ACK, 0, 101, 0)) == [
        *("alice CLOSED SYN_SENT", "alice SYN_SENT CLOSED"),
    ]


def test_a_rst_that_does_not_know_the_syn_refuses_nothing() -> None:
    assert observed(("alice", SYN, 100, 0, 0), ("bob", RST | ACK, 0, 999, 0)) == [
        "alice CLOSED SYN_SENT"
    ]
    assert observed(("alice", SYN, 100, 0, 0), ("bob", RST, 0, 0, 0)) == ["alice CLOSED SYN_SENT"]


def test_a_reset_connection() -> None:
    assert observed(*OPEN, ("alice", RST | ACK, 101, 301, 0))[len(OPENED) :] == [
        *("alice ESTABLISHED CLOSED", "bob ESTABLISHED CLOSED"),
    ]


def test_a_rst_beside_the_window_ends_only_its_sender() -> None:
    assert observed(*OPEN, ("alice", RST, 5000, 0, 0))[len(OPENED) :] == [
        "alice ESTABLISHED CLOSED"
    ]


def test_a_client_that_takes_its_syn_back_lets_the_server_listen_again() -> None:
    assert observed(*OPEN[:2], ("alice", RST, 101, 0, 0)) == [
        *OPENED[:4],
        *("alice ESTABLISHED CLOSED", "bob SYN_RCVD LISTEN"),
    ]


def test_segments_that_come_again_change_nothing() -> None:
    close: list[Sent] = [
        ("alice", FIN | ACK, 101, 301, 0),
        ("bob", FIN | ACK, 301, 102, 0),
        ("alice", ACK, 102, 302, 0),
    ]
    once = observed(*OPEN, *close)
    assert observed(*[segment for segment in [*OPEN, *close] for _ in (1, 2)]) == once


def test_a_fin_counts_when_what_was_before_it_has_come() -> None:
    early: list[Sent] = [("alice", FIN | ACK, 201, 301, 0), ("bob", ACK, 301, 101, 0)]
    changes = observed(*OPEN, *early)
    assert changes[len(OPENED) :] == ["alice ESTABLISHED FIN_WAIT_1"]
    changes = observed(*OPEN, *early, ("alice", ACK, 101, 301, 100), ("bob", ACK, 301, 202, 0))
    assert changes[len(OPENED) + 1 :] == [
        "bob ESTABLISHED CLOSE_WAIT",
        "alice FIN_WAIT_1 FIN_WAIT_2",
    ]


def test_data_beyond_the_end_of_the_sequence_numbers_wraps_around() -> None:
    top = (1 << 32) - 1
    assert observed(
        ("alice", SYN, top - 1, 0, 0),
        ("bob", SYN | ACK, top, top, 0),
        ("alice", ACK, top, 0, 0),
        ("alice", PSH | ACK, top, 0, 100),
        ("alice", FIN | ACK, 99, 0, 0),
        ("bob", FIN | ACK, 0, 100, 0),
        ("alice", ACK, 100, 1, 0),
    )[-4:] == [
        *("bob CLOSE_WAIT LAST_ACK", "alice FIN_WAIT_1 FIN_WAIT_2", "alice FIN_WAIT_2 TIME_WAIT"),
        "bob LAST_ACK CLOSED",
    ]


def test_a_connection_seen_from_its_midst_is_taken_as_open() -> None:
    assert observed(
        ("bob", ACK, 301, 101, 0),
        ("alice", FIN | ACK, 101, 301, 0),
        ("bob", ACK, 301, 102, 0),
    ) == [
        *("alice ESTABLISHED FIN_WAIT_1", "bob ESTABLISHED CLOSE_WAIT"),
        "alice FIN_WAIT_1 FIN_WAIT_2",
    ]


def test_a_capture_that_begins_with_the_syn_ack_knows_of_the_syn() -> None:
    assert observed(*OPEN[1:]) == [
        *("alice CLOSED SYN_SENT", "bob CLOSED LISTEN", "bob LISTEN SYN_RCVD"),
        *("alice SYN_SENT ESTABLISHED", "bob SYN_RCVD ESTABLISHED"),
    ]


def test_the_same_socket_pair_can_open_again() -> None:
    refused: list[Sent] = [("alice", SYN, 50, 0, 0), ("bob", RST | ACK, 0, 51, 0)]
    assert observed(*refused, *OPEN) == [
        *("alice CLOSED SYN_SENT", "alice SYN_SENT CLOSED"),
        *OPENED,
    ]


def test_another_syn_while_the_first_waits_starts_over() -> None:
    assert observed(("alice", SYN, 50, 0, 0), *OPEN) == ["alice CLOSED SYN_SENT", *OPENED]


def test_what_is_not_tcp_changes_no_state() -> None:
    assert Observer().see(Wire().send(ethernet(ping_packet()))) == []


@pytest.mark.parametrize("seed", range(30))
def test_no_order_of_segments_makes_a_change_that_the_table_does_not_have(seed: int) -> None:
    """Each change is checked against the table by `observed`; nothing may raise."""
    chance = random.Random(seed)
    flags = [SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK, FIN, 0, SYN | FIN, 255]
    around = [99, 100, 101, 102, 300, 301, 302, 0, (1 << 32) - 1]
    observed(
        *(
            (
                chance.choice(["alice", "bob"]),
                chance.choice(flags),
                chance.choice(around),
                chance.choice(around),
                chance.choice([0, 0, 1, 100]),
            )
            for _ in range(200)
        )
    )


# --- against the truth ----------------------------------------------------------------------


def path(trace: Trace, host: str) -> list[tuple[str, str, str]]:
    return [
        (change.fields["from"], change.fields["on"], change.fields["to"])
        for change in trace.events_of(kind="state", host=host)
    ]


def inferred(net: Network, file: Path) -> Trace:
    net.trace.save(file)
    return Trace.open(file)


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_the_states_inferred_are_those_that_the_hosts_were_in(tmp_path: Path, who: str) -> None:
    net = conversation(size=20_000)
    truth = [step for step in path(net.trace, who) if "2MSL" not in step[1]]
    guess = path(inferred(net, tmp_path / "run.pcapng"), who)
    if ("CLOSED", "passive OPEN", "LISTEN") not in truth and who == "bob":
        guess.remove(("CLOSED", "passive OPEN", "LISTEN"))
    assert guess == truth


@pytest.mark.parametrize(
    "fault",
    [
        lambda cable: cable.drop(lambda f: f.tcp and f.tcp.syn, times=1),
        lambda cable: cable.drop(lambda f: f.tcp and f.tcp.fin, times=2),
        lambda cable: cable.drop(lambda f: f.tcp and f.tcp.payload, times=3),
        lambda cable: cable.duplicate(lambda f: f.tcp),
        lambda cable: cable.reorder(lambda f: f.tcp and f.tcp.payload, times=3),
        lambda cable: cable.drop(probability=0.1),
    ],
)
def test_the_states_inferred_are_true_over_a_bad_link_too(tmp_path: Path, fault: object) -> None:
    net = conversation(fault, size=20_000)  # type: ignore[arg-type]
    trace = inferred(net, tmp_path / "run.pcapng")
    for who in ("alice", "bob"):
        truth = [step for step in path(net.trace, who) if "2MSL" not in step[1]]
        truth = [step for step in truth if step[0] != step[2]]  # a FIN again in TIME_WAIT
        guess = [step for step in path(trace, who) if "passive" not in step[1]]
        assert guess == [step for step in truth if "passive" not in step[1]]


def test_a_simultaneous_close_is_inferred_as_it_was(tmp_path: Path) -> None:
    net = Network(seed=3)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)

    def serve(host: Host) -> None:
        listener = host.socket()
        listener.bind(("", 7))
        listener.listen()
        connection, _ = listener.accept()
        host.sim.clock.sleep(1 * s - host.sim.clock.now)
        connection.close()

    def ask(host: Host) -> None:
        client = host.socket()
        client.connect(("bob", 7))
        host.sim.clock.sleep(1 * s - host.sim.clock.now)
        client.close()

    bob.start(serve)
    alice.start(ask)
    net.run()
    trace = inferred(net, tmp_path / "run.pcapng")
    for who in ("alice", "bob"):
        truth = path(net.trace, who)[:-1]  # without the timeout of 2 MSL
        assert ("FIN_WAIT_1", "rcv FIN", "CLOSING") in truth
        assert path(trace, who)[-len(truth) :] == truth


def test_a_simultaneous_open_is_inferred_as_it_was(tmp_path: Path) -> None:
    net = Network(seed=3)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    alice.ping("bob", count=1)  # so that neither has to wait for ARP

    def call(host: Host, other: str) -> None:
        client = host.socket()
        client.bind(("", 5000))
        client.connect((other, 5000))
        host.sim.clock.sleep(1 * s)
        client.close()

    alice.start(call, "bob")
    bob.start(call, "alice")
    net.run()
    trace = inferred(net, tmp_path / "run.pcapng")
    for who in ("alice", "bob"):
        truth = path(net.trace, who)[:-1]
        assert ("SYN_SENT", "rcv SYN", "SYN_RCVD") in truth
        assert path(trace, who) == truth


def test_a_frame_that_is_known_to_be_lost_changes_only_its_sender(tmp_path: Path) -> None:
    def lose_the_last_ack(cable: Cable) -> None:
        cable.drop(lambda f: f.tcp and f.tcp.fin, sender="bob", times=1)

    net = conversation(lose_the_last_ack)
    trace = inferred(net, tmp_path / "run.pcapng")
    [lost] = [frame for frame in trace.frames if frame.fate == "dropped"]
    assert [change.host for change in trace.events if change.cause is lost] == ["bob"]
