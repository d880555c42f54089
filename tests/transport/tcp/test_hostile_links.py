"""Whatever the link does: every byte arrives once and in order, or the connection ends with an error."""

import random
from dataclasses import dataclass
from errno import EHOSTUNREACH, ETIMEDOUT
from socket import SO_ERROR, SOL_SOCKET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netlab import Network
from netlab.host import Host
from netlab.link.cable import Cable
from netlab.sockets.socket import Socket
from netlab.transport.tcp.states import State
from netlab.units import Mbps, minute, ms, s

PATIENCE = 15 * 60.0
"""Seconds that a program waits in one call: longer than TCP itself has patience."""


@dataclass
class Link:
    """What a link does to each frame, as probabilities, and whom it does it to."""

    loss: float
    duplication: float
    reordering: float
    corruption: float
    delay: float
    also_arp: bool

    def spoil(self, cable: Cable) -> None:
        meant = None if self.also_arp else lambda frame: frame.ipv4
        cable.drop(meant, probability=self.loss)
        cable.duplicate(meant, probability=self.duplication)
        cable.reorder(meant, probability=self.reordering)
        cable.corrupt(meant, probability=self.corruption, in_device=True)
        cable.delay(meant, by=30 * ms, probability=self.delay)


@dataclass
class Side:
    """What a program sends and in which pieces; then what it received, and how that ended."""

    data: bytes
    chance: random.Random
    largest_write: int
    received: bytes = b""
    sending_error: OSError | None = None
    receiving_error: OSError | None = None

    def talk(self, host: Host, sock: Socket) -> None:
        """Send and receive at the same time, each until its end."""
        sock.settimeout(PATIENCE)
        reader = host.start(lambda _: self.receive(sock), name="reader")
        try:
            at = 0
            while at < len(self.data):
                size = self.chance.randrange(1, self.largest_write + 1)
                sock.sendall(self.data[at : at + size])
                at += size
                if self.chance.random() < 0.1:
                    host.sim.clock.sleep(self.chance.randrange(300) * ms)
            sock.shutdown(1)
        except OSError as error:
            self.sending_error = error
        assert reader.result is None
        sock.close()

    def receive(self, sock: Socket) -> None:
        try:
            while data := sock.recv(self.chance.randrange(1, 3 * self.largest_write)):
                self.received += data
        except OSError as error:
            self.receiving_error = error

    def serve(self, host: Host) -> None:
        listener = host.socket()
        listener.settimeout(PATIENCE)
        listener.bind(("", 7))
        listener.listen()
        try:
            connection, _ = listener.accept()
        except OSError as error:
            self.sending_error = self.receiving_error = error
            return
        self.talk(host, connection)

    def call(self, host: Host) -> None:
        sock = host.socket()
        sock.settimeout(PATIENCE)
        try:
            sock.connect(("bob", 7))
        except OSError as error:
            self.sending_error = self.receiving_error = error
            return
        self.talk(host, sock)


def converse(
    seed: int, link: Link, sizes: tuple[int, int], largest_write: int, delay: int, rate: int | None
) -> tuple[Network, Side, Side]:
    """A connection with both sides sending, to its end."""
    chance = random.Random(seed)
    net = Network(seed=seed)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    link.spoil(net.connect(alice, bob, delay=delay, rate=rate))
    caller, server = (
        Side(chance.randbytes(size), random.Random(chance.random()), largest_write)
        for size in sizes
    )
    bob.start(server.serve)
    alice.start(caller.call)
    net.run()  # a hang would be a DeadlockError here, or a test without end
    assert not net.programs
    return net, caller, server


def check(caller: Side, server: Side) -> None:
    for sender, receiver in ((caller, server), (server, caller)):
        assert sender.data.startswith(receiver.received), "bytes changed, repeated or out of order"
        assert receiver.received == sender.data or receiver.receiving_error, "cut off in silence"


probability = st.integers(0, 30).map(lambda percent: percent / 100)
links = st.builds(
    Link, probability, probability, probability, probability, probability, st.booleans()
)
conversations = given(
    seed=st.integers(0, 2**32),
    link=links,
    sizes=st.tuples(st.integers(0, 30_000), st.integers(0, 30_000)),
    largest_write=st.sampled_from([1_000, 1_460, 5_000, 40_000]),
    delay=st.sampled_from([0, 1 * ms, 20 * ms]),
    rate=st.sampled_from([None, 1 * Mbps, 10 * Mbps]),
)
suppressed = [HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.rfc("RFC 9293 2.2")
@settings(max_examples=1_000, suppress_health_check=suppressed)
@conversations
def test_every_byte_arrives_once_and_in_order_or_the_connection_ends_with_an_error(
    seed: int, link: Link, sizes: tuple[int, int], largest_write: int, delay: int, rate: int | None
) -> None:
    _, caller, server = converse(seed, link, sizes, largest_write, delay, rate)
    check(caller, server)


@pytest.mark.slow
@pytest.mark.rfc("RFC 9293 2.2")
@pytest.mark.parametrize("part", range(4))
def test_a_long_sweep_over_hostile_links(part: int) -> None:
    chance = random.Random(part)
    complete = 0
    for _ in range(60):
        link = Link(*(round(0.3 * chance.random(), 2) for _ in range(5)), chance.random() < 0.5)
        _, caller, server = converse(
            chance.randrange(2**32),
            link,
            (chance.randrange(200_000), chance.randrange(200_000)),
            chance.choice([50, 1_460, 20_000]),
            chance.choice([0, 1 * ms, 20 * ms]),
            chance.choice([None, 1 * Mbps, 10 * Mbps]),
        )
        check(caller, server)
        complete += caller.received == server.data and server.received == caller.data
    assert complete >= 30  # at these rates most connections get through


@pytest.mark.rfc("RFC 9293 2.2")
@settings(max_examples=300, suppress_health_check=suppressed)
@given(
    seed=st.integers(0, 2**32),
    link=st.builds(
        Link,
        *[st.floats(0, 0.05)] * 2,
        st.floats(0, 0.3),
        st.just(0.0),
        st.floats(0, 0.3),
        st.just(False),
    ),
    sizes=st.tuples(st.integers(0, 100_000), st.integers(0, 100_000)),
)
def test_over_a_link_that_is_only_bad_everything_arrives(
    seed: int, link: Link, sizes: tuple[int, int]
) -> None:
    net, caller, server = converse(seed, link, sizes, 5_000, 5 * ms, 10 * Mbps)
    assert (caller.received, server.received) == (server.data, caller.data)
    errors = (caller.sending_error, caller.receiving_error, server.sending_error)
    assert (*errors, server.receiving_error) == (None, None, None, None)
    assert all(not host.tcp.connections for host in net.hosts.values())


def test_a_link_that_dies_ends_the_connection_at_both_programs() -> None:
    net = Network(seed=3)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    cable = net.connect(alice, bob, delay=1 * ms)
    caller, server = (Side(bytes(1_000_000), random.Random(n), 5_000) for n in range(2))
    bob.start(server.serve)
    alice.start(caller.call)
    net.run(until=50 * ms)
    cable.drop()
    net.run()
    for side in (caller, server):
        assert 0 < len(side.received) < 1_000_000
        errors = [side.sending_error, side.receiving_error]
        # ARP gets no answer any more by then, and a timeout tells what is known (RFC 1122 4.2.3.9).
        assert EHOSTUNREACH in [error.errno for error in errors if error]


# --- two windows shut at once ---------------------------------------------------------------


def both_shut(delay: int) -> tuple[Network, Cable, list[Socket]]:
    """Two programs have sent until nothing more was taken, and neither has read."""
    net = Network(seed=1)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    cable = net.connect(alice, bob, delay=delay)
    listener = bob.socket()
    listener.bind(("", 7))
    listener.listen()
    caller = alice.socket()
    caller.connect(("bob", 7))
    server, _ = listener.accept()
    for sock in (caller, server):
        sock.setblocking(False)
    for _ in range(40):
        for sock in (caller, server):
            try:
                sock.send(bytes(8_000))
            except BlockingIOError:
                pass
        net.run_for(20 * ms)
    net.run_for(2 * minute)
    assert all(host.tcp.connections[0].sender.snd_wnd == 0 for host in net.hosts.values())
    return net, cable, [caller, server]


def drain(sock: Socket) -> int:
    count = 0
    try:
        while data := sock.recv(100_000):
            count += len(data)
    except BlockingIOError:
        pass
    return count


@pytest.mark.rfc("RFC 9293 3.8.6.1", "RFC 9293 MUST-66")
@pytest.mark.parametrize("delay", [0, 10 * ms])
@pytest.mark.parametrize("lose_the_news", [False, True])
def test_two_windows_that_were_shut_open_again(delay: int, lose_the_news: bool) -> None:
    net, cable, sockets = both_shut(delay)
    connections = [host.tcp.connections[0] for host in net.hosts.values()]
    assert [len(each.receiver.buffer) for each in connections] == [65_535, 65_535]
    if lose_the_news:
        cable.drop(lambda frame: frame.tcp and frame.tcp.window, times=2)
    received = [drain(sock) for sock in sockets]
    for _ in range(200):
        net.run_for(1 * s)
        received = [count + drain(sock) for count, sock in zip(received, sockets, strict=True)]
    assert not any(each.sender.buffer for each in connections)
    assert received[0] == received[1] > 131_072


@pytest.mark.rfc("RFC 9293 3.8.6.1")
@pytest.mark.parametrize("delay", [0, 10 * ms])
def test_two_probes_that_cross_while_both_windows_open_do_no_harm(delay: int) -> None:
    net, _, sockets = both_shut(delay)
    # Both probes are sent at one moment, since all that went before was symmetrical; both users
    # read before the probes arrive, so that both are taken, and both ACKs come "too late".
    senders = [host.tcp.connections[0].sender for host in net.hosts.values()]
    net.run(until=max(sender.persist.deadline or 0 for sender in senders))
    received = [drain(sock) for sock in sockets]
    for _ in range(200):
        net.run_for(1 * s)
        received = [count + drain(sock) for count, sock in zip(received, sockets, strict=True)]
    assert all(not sender.buffer for sender in senders)
    assert received[0] == received[1]


@pytest.mark.rfc("RFC 6429 3")
def test_two_programs_that_only_send_end_with_an_error_at_last() -> None:
    net, _, sockets = both_shut(1 * ms)
    connections = [host.tcp.connections[0] for host in net.hosts.values()]
    net.run()
    assert [connection.state for connection in connections] == [State.CLOSED, State.CLOSED]
    for sock in sockets:
        assert sock.getsockopt(SOL_SOCKET, SO_ERROR) == ETIMEDOUT


# --- two ends that disagree -----------------------------------------------------------------


@pytest.mark.rfc("RFC 5961 7")
@pytest.mark.parametrize("delay", [0, 10 * ms])
def test_two_ends_that_disagree_do_not_acknowledge_each_other_for_ever(delay: int) -> None:
    net = Network(seed=1)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=delay)
    listener = bob.socket()
    listener.bind(("", 7))
    listener.listen()
    caller = alice.socket()
    caller.connect(("bob", 7))
    # Bob has taken ten bytes that alice never sent, as after an old duplicate.
    receiver = bob.tcp.connections[0].receiver
    receiver.rcv_nxt += 10
    receiver.reassembler.next += 10
    before = len(net.trace.frames)
    bob.tcp.connections[0].send_ack("provoked")
    net.run_for(10 * s)
    assert len(net.trace.frames) - before < 100
