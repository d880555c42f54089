"""Ports, listeners and demultiplexing: which connection a segment is for, and what tells of trouble below."""

import socket
from errno import (
    EADDRINUSE,
    EADDRNOTAVAIL,
    ECONNREFUSED,
    EHOSTUNREACH,
    ENETUNREACH,
)

import pytest

from netlab import Network, on
from netlab.host import Host
from netlab.network.address import IPv4Address
from netlab.network.ipv4_packet import PROTOCOL_TCP, Ipv4Packet
from netlab.transport.tcp.segment import SYN, Segment
from netlab.transport.tcp.states import State
from netlab.units import minute, ms, s
from tests.transport.tcp.steps import ALICE, PEER, Story

ANY = IPv4Address.UNSPECIFIED


@pytest.fixture
def net() -> Network:
    net = Network(seed=1)
    net.connect(net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24"), delay=1 * ms)
    return net


@pytest.fixture
def alice(net: Network) -> Host:
    return net.hosts["alice"]


@pytest.fixture
def bob(net: Network) -> Host:
    return net.hosts["bob"]


def discarded(story: Story) -> list[str]:
    """Why TCP has dropped what it has dropped."""
    events = story.net.trace.events_of(kind="discarded", layer="transport")
    return [event.fields["why"] for event in events]


# --- listeners ------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.9.1.1")
def test_one_port_serves_many_peers_at_once(story: Story) -> None:
    story.listen()
    for port in (1001, 1002, 1003):
        story.peer("SYN", seq=port, from_port=port)
        assert story.alice_sends("SYN,ACK", seq=0, ack=port + 1).destination_port == port
    for port in (1003, 1001, 1002):
        story.peer("ACK", seq=port + 1, ack=1, from_port=port)
    assert [connection.remote[1] for connection in story.listener.accepted] == [1003, 1001, 1002]


@pytest.mark.rfc("RFC 9293 3.9.1.1")
def test_a_backlog_that_is_full_lets_the_next_peer_try_again(story: Story) -> None:
    story.listen(backlog=1)
    for port in (1001, 1002):
        story.peer("SYN", seq=0, from_port=port)
        story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("SYN", seq=0, from_port=1003)  # neither answered nor refused
    story.settle()
    assert "backlog of port 80 is full" in discarded(story)[0]
    story.peer("RST", seq=1, from_port=1002)
    story.peer("SYN", seq=0, from_port=1003)
    story.alice_sends("SYN,ACK", seq=0, ack=1)


def test_connections_that_wait_to_be_accepted_count_against_the_backlog(story: Story) -> None:
    story.listen(backlog=1)
    for port in (1001, 1002):
        story.peer("SYN", seq=0, from_port=port)
        story.alice_sends("SYN,ACK", seq=0, ack=1)
        story.peer("ACK", seq=1, ack=1, from_port=port)
    story.peer("SYN", seq=0, from_port=1003)
    story.settle()
    story.accept()
    story.peer("SYN", seq=0, from_port=1003)
    story.alice_sends("SYN,ACK", seq=0, ack=1)


def test_a_full_backlog_does_not_swallow_stray_acks(story: Story) -> None:
    story.listen(backlog=1)
    for port in (1001, 1002):
        story.peer("SYN", seq=0, from_port=port)
        story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("ACK", seq=0, ack=77, from_port=1003)
    story.alice_sends("RST", seq=77)


def test_closing_a_listener_resets_what_nobody_accepted_in_the_order_in_which_it_came(
    story: Story,
) -> None:
    story.listen()
    for port in (1001, 1002, 1003, 1004):
        story.peer("SYN", seq=0, from_port=port)
        story.alice_sends("SYN,ACK", seq=0, ack=1)
    story.peer("ACK", seq=1, ack=1, from_port=1002)
    assert story.tcp.listeners == [story.listener]
    story.tcp.stop_listening(story.listener)
    assert story.tcp.listeners == []
    order = [story.alice_sends("RST,ACK", seq=1, ack=1).destination_port for _ in range(4)]
    assert order == [1001, 1003, 1004, 1002]
    assert story.tcp.connections == []
    story.peer("SYN", seq=0, from_port=1005)
    story.alice_sends("RST,ACK", ack=1)


def test_a_program_that_waits_to_accept_hears_that_its_listener_was_closed(story: Story) -> None:
    story.listen()
    listener = story.listener
    waiting = story.alice.start(
        lambda host: host.sim.clock.wait(
            listener.acceptable, lambda: listener.closed, None, "the end of the listener"
        )
    )
    story.settle()
    assert not waiting.done
    story.tcp.stop_listening(listener)
    story.settle()
    assert waiting.done


def test_an_accepted_connection_outlives_its_listener(story: Story) -> None:
    story.accepted()
    story.tcp.stop_listening(story.listener)
    story.peer("ACK", seq=1, ack=1, text=b"still")
    story.read(b"still")
    story.alice_sends("ACK", ack=6, after=200 * ms)
    story.peer("SYN", seq=0, from_port=1005)
    story.alice_sends("RST,ACK", ack=1)


def test_a_listener_at_one_address_comes_before_one_at_all(story: Story) -> None:
    everywhere = story.tcp.listen(story.tcp.bind(ANY, 80, reuse=True), 5)
    here = story.tcp.listen(story.tcp.bind(ALICE, 81), 5)
    there = story.tcp.listen(story.tcp.bind(ANY, 82), 5)
    for port, listener in ((80, everywhere), (81, here), (82, there)):
        story.peer("SYN", seq=0, to_port=port)
        story.alice_sends("SYN,ACK")
        assert [connection.local for connection in listener.opening] == [(ALICE, port)]


# --- who may be spoken to -------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.9.2.3", "RFC 9293 MUST-57")
@pytest.mark.parametrize("to", ["10.0.0.255", "255.255.255.255"])
def test_a_syn_to_everybody_is_dropped_without_an_answer(story: Story, to: str) -> None:
    story.listen()
    everybody = IPv4Address.parse(to)
    for port in (80, 81):
        syn = Segment(40_000, port, 1, 0, SYN, 1000)
        story.peer_sends_packet(
            Ipv4Packet(PEER, everybody, PROTOCOL_TCP, syn.pack(PEER, everybody))
        )
    story.settle()


@pytest.mark.rfc("RFC 9293 3.9.2.3", "RFC 9293 MUST-63")
@pytest.mark.parametrize("source", ["10.0.0.255", "224.0.0.1"])
def test_a_syn_from_everybody_is_dropped(story: Story, source: str) -> None:
    story.listen()
    everybody = IPv4Address.parse(source)
    syn = Segment(40_000, 80, 1, 0, SYN, 1000)
    packet = Ipv4Packet(everybody, ALICE, PROTOCOL_TCP, syn.pack(everybody, ALICE))
    story.peer_sends_packet(packet)  # IP drops it
    story.tcp.receive(packet)  # and TCP would, too
    story.settle()
    assert story.tcp.connections == []
    assert len(discarded(story)) == 1


@pytest.mark.rfc("RFC 9293 3.9.2.3", "RFC 9293 MUST-46")
@pytest.mark.parametrize("to", ["10.0.0.255", "255.255.255.255", "224.0.0.1"])
def test_nobody_can_connect_to_everybody(story: Story, to: str) -> None:
    binding = story.tcp.bind(ANY, 0)
    with pytest.raises(OSError, match="isn't one host") as raised:
        story.tcp.connect(binding, (IPv4Address.parse(to), 80))
    assert raised.value.errno == ENETUNREACH


@pytest.mark.rfc("RFC 9293 3.1")
def test_a_segment_with_a_wrong_checksum_or_a_broken_header_is_dropped(story: Story) -> None:
    story.listen()
    good = Segment(40_000, 80, 1, 0, SYN, 1000).pack(PEER, ALICE)
    for bad in (bytes([good[0] ^ 1]) + good[1:], good[:19], b""):
        story.peer_sends_packet(Ipv4Packet(PEER, ALICE, PROTOCOL_TCP, bad))
    story.settle()
    assert ["checksum" in why for why in discarded(story)] == [True, False, False]


# --- the largest segment --------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.7.1", "RFC 9293 MUST-15")
@pytest.mark.parametrize(
    ("mtu", "announced", "used"),
    [(1500, None, 536), (1500, 1460, 1460), (1500, 100, 100), (1500, 9000, 1460), (576, 1460, 536)],
)
def test_segments_are_as_large_as_both_sides_take(
    mtu: int, announced: int | None, used: int
) -> None:
    story = Story(mtu=mtu).opened(mss=announced)
    story.write(bytes(used))
    story.alice_sends("ACK", seq=1, size=used)
    assert story.net.trace.frames[-1].ipv4.dont_fragment  # RFC 1191: segments aren't cut
    assert story.tcb.sender.congestion.mss == used


@pytest.mark.rfc("RFC 9293 3.7.1")
@pytest.mark.parametrize(("mtu", "mss"), [(68, 28), (576, 536), (1500, 1460), (65535, 65495)])
def test_the_announced_size_is_what_fits_the_link(mtu: int, mss: int) -> None:
    story = Story(mtu=mtu)
    story.connect()
    story.alice_sends("SYN", mss=mss)


# --- ports ----------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.9.1.1")
def test_a_port_with_a_connection_in_time_wait_can_be_had_only_with_reuse(
    net: Network, alice: Host, bob: Host
) -> None:
    listener = alice.tcp.bind(ANY, 80)
    alice.tcp.listen(listener, 5)
    with on(bob):
        client = socket.create_connection(("alice", 80))
    alice.tcp.connections[0].close()
    net.run_for(1 * s)
    client.close()
    net.run_for(1 * s)
    assert alice.tcp.connections[0].state is State.TIME_WAIT
    alice.tcp.release(listener)
    alice.tcp.release(alice.tcp.bind(ANY, 81))
    with pytest.raises(OSError, match="Address already in use") as raised:
        alice.tcp.bind(ANY, 80)
    assert raised.value.errno == EADDRINUSE
    alice.tcp.release(alice.tcp.bind(ANY, 80, reuse=True))
    net.run_for(4 * minute)
    assert alice.tcp.bind(ANY, 80)


def test_two_programs_can_not_listen_at_one_port(alice: Host) -> None:
    first = alice.tcp.bind(ANY, 80, reuse=True)
    second = alice.tcp.bind(ALICE, 80, reuse=True)
    alice.tcp.listen(first, 5)
    with pytest.raises(OSError, match="Address already in use") as raised:
        alice.tcp.listen(second, 5)
    assert raised.value.errno == EADDRINUSE
    with pytest.raises(OSError, match="Address already in use"):
        alice.tcp.bind(ANY, 80, reuse=True)


@pytest.mark.rfc("RFC 9293 3.9.1.1")
def test_one_socket_pair_makes_one_connection(alice: Host) -> None:
    first = alice.tcp.bind(ANY, 5000, reuse=True)
    second = alice.tcp.bind(ANY, 5000, reuse=True)
    alice.tcp.connect(first, (PEER, 80))
    with pytest.raises(OSError, match="has this socket pair") as raised:
        alice.tcp.connect(second, (PEER, 80))
    assert raised.value.errno == EADDRNOTAVAIL
    assert alice.tcp.connect(second, (PEER, 81))


def test_a_host_can_connect_to_itself(alice: Host) -> None:
    with on(alice), socket.create_server(("", 80)) as server:
        client = socket.create_connection(("127.0.0.1", 80))
        served, peer = server.accept()
        client.sendall(b"to myself")
        assert served.recv(100) == b"to myself"
        assert peer[0] == "127.0.0.1"
        client.close()
        served.close()


@pytest.mark.rfc("RFC 9293 3.5")
def test_a_connection_can_have_both_its_ends_in_one_port(net: Network, alice: Host) -> None:
    binding = alice.tcp.bind(ANY, 5000)
    connection = alice.tcp.connect(binding, (ALICE, 5000))  # its SYN crosses itself
    net.run_for(1 * s)
    assert connection.state is State.ESTABLISHED
    connection.send(b"echo")
    net.run_for(1 * s)
    assert connection.receive(100) == b"echo"
    connection.close()
    net.run()
    assert connection.state is State.CLOSED


# --- a block that is forgotten --------------------------------------------------------------


def test_an_old_block_never_takes_a_new_connection_down_with_it(story: Story) -> None:
    story.opened()
    old = story.tcb
    story.peer("RST", seq=1)
    story.connect_again()
    story.alice_sends("SYN", seq=0)
    old.abort()
    old._delete("again")
    assert story.tcp.connections == [story.connection]


# --- trouble below --------------------------------------------------------------------------


@pytest.mark.rfc("RFC 9293 3.10.7.1")
def test_connecting_to_a_port_where_nobody_listens_is_refused(
    net: Network, alice: Host, bob: Host
) -> None:
    with on(alice), pytest.raises(ConnectionRefusedError) as raised:
        socket.create_connection(("bob", 81))
    assert raised.value.errno == ECONNREFUSED
    assert net.now == 4 * ms  # ARP, and one round trip
    assert alice.tcp.connections == []


def test_connecting_to_an_address_where_nobody_is_tells_so(net: Network, alice: Host) -> None:
    with on(alice), pytest.raises(OSError, match="No route to host") as raised:
        socket.create_connection(("10.0.0.77", 80))
    assert raised.value.errno == EHOSTUNREACH
    assert net.now == 3 * s
    assert alice.tcp.connections == []


def test_connecting_without_a_route_fails_at_once(net: Network, alice: Host) -> None:
    with on(alice), pytest.raises(OSError, match="Network is unreachable") as raised:
        socket.create_connection(("192.0.2.1", 80))
    assert raised.value.errno == ENETUNREACH
    assert net.now == 0
