"""Sockets of simulated hosts: what a comparison with the kernel doesn't show."""

import errno
import socket
from typing import Any

import pytest

from netlab import Network, on
from netlab.host import Host
from netlab.sockets.socket import Socket
from netlab.units import ms, s


@pytest.fixture
def net() -> Network:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms)
    return net


def listener_of(host: Host, port: int = 7) -> Socket:
    listener = host.socket()
    listener.bind(("", port))
    listener.listen()
    return listener


def pair(net: Network, port: int = 7) -> tuple[Socket, Socket]:
    alice, bob = net.hosts.values()
    listener = listener_of(bob, port)
    client = alice.socket()
    client.connect(("bob", port))
    server, _ = listener.accept()
    return client, server


def test_errors_say_what_was_wrong_where_and_what_to_do(net: Network) -> None:
    alice = net.hosts["alice"]
    sock = alice.socket()
    with pytest.raises(OSError, match=r"accept\(\) is for sockets that listen"):
        sock.accept()
    with pytest.raises(OSError, match=r"192\.0\.2\.1 isn't an address of alice"):
        sock.bind(("192.0.2.1", 80))
    with pytest.raises(TypeError, match=r"bind\(\): an address is a pair \(host, port\).*got 80"):
        sock.bind(80)  # type: ignore[arg-type]
    with pytest.raises(OverflowError, match=r"connect\(\): port must be 0-65535; got 65536"):
        sock.connect(("bob", 65_536))
    with pytest.raises(socket.gaierror, match=r"'bib' \(the hosts here: alice, bob"):
        sock.connect(("bib", 80))
    with pytest.raises(OSError, match=r"use sendto\(\), or connect\(\) first"):
        alice.socket(socket.SOCK_DGRAM).send(b"x")


def test_a_socket_used_after_close_says_which_one_and_the_network_goes_on(net: Network) -> None:
    client, server = pair(net)
    client.close()
    with pytest.raises(OSError, match=r"<socket \d+ of alice, SOCK_STREAM, closed>") as error:
        client.send(b"x")
    assert error.value.errno == errno.EBADF
    assert server.recv(1) == b""
    server.close()
    net.run()


def test_a_socket_says_what_it_is(net: Network) -> None:
    client, server = pair(net)
    assert repr(client).endswith("TCP 10.0.0.1:49152 > 10.0.0.2:7, ESTABLISHED>")
    assert repr(listener_of(net.hosts["bob"], 80)).endswith("TCP port 80, LISTEN>")
    fresh = net.hosts["alice"].socket(socket.SOCK_DGRAM)
    assert repr(fresh).endswith("of alice, SOCK_DGRAM, a UDP socket>")
    fresh.bind(("", 9))
    assert repr(fresh).endswith("UDP 0.0.0.0:9>")
    server.close()


def test_a_blocked_call_of_a_program_is_woken_when_the_socket_is_closed(net: Network) -> None:
    bob = net.hosts["bob"]
    listener = listener_of(bob)
    datagrams = bob.socket(socket.SOCK_DGRAM)
    datagrams.bind(("", 9))
    client, _ = pair(net, 8)
    calls = [
        bob.start(lambda host: listener.accept()),
        bob.start(lambda host: datagrams.recv(1)),
        net.hosts["alice"].start(lambda host: client.recv(1)),
    ]
    net.run(until=1 * s)
    assert [call.waiting_for for call in calls] == [
        "accept() on TCP port 7, LISTEN",
        "recv() on UDP 0.0.0.0:9",
        "recv() on TCP 10.0.0.1:49152 > 10.0.0.2:8, ESTABLISHED",
    ]
    listener.close()
    client.close()
    datagrams.close()
    with pytest.warns(RuntimeWarning, match="Bad file descriptor"):
        net.run()
    for call in calls:
        with pytest.raises(OSError) as error:
            _ = call.result
        assert error.value.errno == errno.EBADF


def test_what_was_reset_before_it_was_accepted_is_accepted_and_its_first_call_tells(
    net: Network,
) -> None:
    """As a kernel has it: a port scanner must not end a server."""
    alice, bob = net.hosts.values()
    listener = listener_of(bob)
    with on(alice):
        client = socket.create_connection(("bob", 7))
        own = client.getsockname()
    net.run()
    (connection,) = alice.tcp.connections
    connection.abort()
    net.run()
    server, peer = listener.accept()
    assert peer == own
    with pytest.raises(ConnectionResetError):
        server.recv(1)
    assert server.recv(1) == b""


def test_several_programs_may_accept_from_one_listener(net: Network) -> None:
    alice, bob = net.hosts.values()
    listener = listener_of(bob)

    def serve(host: Host) -> bytes:
        conn, _ = listener.accept()
        with conn:
            return conn.recv(10)

    servers = [bob.start(serve) for _ in range(3)]
    with on(alice):
        for number in range(3):
            with socket.create_connection(("bob", 7)) as sock:
                sock.sendall(b"%d" % number)
    assert [server.result for server in servers] == [b"0", b"1", b"2"]


def test_one_program_may_send_while_another_receives_on_the_same_socket(net: Network) -> None:
    client, server = pair(net)
    text = bytes(range(256)) * 2_000
    alice, bob = net.hosts.values()
    received = bob.start(lambda host: b"".join(iter(lambda: server.recv(9_999), b"")))
    returned = alice.start(lambda host: b"".join(iter(lambda: client.recv(9_999), b"")))

    def send(sock: Socket) -> Any:
        def run(host: Host) -> None:
            sock.sendall(text)
            sock.shutdown(socket.SHUT_WR)

        return run

    alice.start(send(client))
    bob.start(send(server))
    assert received.result == returned.result == text


def test_each_call_and_its_return_are_on_record_with_their_values(net: Network) -> None:
    client, server = pair(net)
    client.sendall(b"hello")
    server.recv(100)
    server.settimeout(1)
    with pytest.raises(TimeoutError):
        server.recv(100)
    calls = [
        (event.host, event.kind, {k: v for k, v in event.fields.items() if k != "socket"})
        for event in net.trace.events_of(layer="sockets")
        if event.fields["call"] in ("sendall", "recv")
    ]
    assert calls == [
        ("alice", "call", {"call": "sendall", "arguments": ("5 bytes",)}),
        ("alice", "return", {"call": "sendall", "value": None}),
        ("bob", "call", {"call": "recv", "arguments": (100,)}),
        ("bob", "return", {"call": "recv", "value": 5}),
        ("bob", "call", {"call": "recv", "arguments": (100,)}),
        ("bob", "return", {"call": "recv", "error": "TimeoutError: timed out"}),
    ]


def test_what_a_call_does_is_caused_by_it_and_what_ends_it_causes_its_return(net: Network) -> None:
    alice = net.hosts["alice"]
    listener_of(net.hosts["bob"])
    sock = alice.socket()
    sock.connect(("bob", 7))
    call, *_ = net.trace.events_of(kind="call", host="alice")
    back, *_ = net.trace.events_of(kind="return", host="alice")
    syn = next(frame for frame in net.trace.frames if frame.tcp)
    cause = syn
    while cause is not call:
        assert cause.cause is not None
        cause = cause.cause  # type: ignore[assignment]
    assert back.cause is not None
    assert back.cause.host == "alice"
    assert back.cause.time == back.time > call.time


def test_a_udp_queue_that_is_full_drops_what_comes_and_the_record_tells(net: Network) -> None:
    alice, bob = net.hosts.values()
    receiver = bob.socket(socket.SOCK_DGRAM)
    receiver.bind(("", 9))
    alice.ping("bob", count=1)  # so that none has to wait for ARP
    sender = alice.socket(socket.SOCK_DGRAM)
    sender.connect(("bob", 9))
    for _ in range(60):
        sender.send(bytes(1_400))
        net.run(until=net.now + 1 * ms)
    net.run()
    dropped = net.trace.events_of(kind="discarded", host="bob")
    assert 10 < len(dropped) < 15
    assert "queue of port 9 is full" in dropped[0].fields["why"]
    assert len(bob.udp.ports[0].queue) == 60 - len(dropped)


def test_nodelay_is_taken_over_from_the_listener(net: Network) -> None:
    alice, bob = net.hosts.values()
    listener = listener_of(bob)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client = alice.socket()
    client.connect(("bob", 7))
    server, _ = listener.accept()
    assert server.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    assert bob.tcp.connections[0].sender.nodelay
    assert not alice.tcp.connections[0].sender.nodelay


def test_a_connection_that_nobody_answers_can_be_given_up_after_a_timeout(net: Network) -> None:
    net.links[0].drop()
    sock = net.hosts["alice"].socket()
    sock.settimeout(2.5)
    with pytest.raises(TimeoutError):
        sock.connect(("bob", 7))
    assert net.now == 2_500 * ms
    assert sock.connect_ex(("bob", 7)) == errno.EALREADY
    sock.close()


def test_a_socket_without_a_program_drives_the_network_as_far_as_it_must(net: Network) -> None:
    client, server = pair(net)
    at = net.now
    client.sendall(b"x")
    assert net.now == at  # it needn't wait
    assert server.recv(1) == b"x"
    assert net.now == at + 10 * ms
