"""Each scenario gives the same on this machine's kernel and on simulated hosts: results and errno.

The kernel is Linux's: other systems agree in most of it, not in all.
"""

import errno
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.sockets.worlds import World, kernel, outcome, over_a_cable, simulated

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the oracle is Linux's kernel")

SCENARIOS: dict[str, Callable[[World], Any]] = {}


def scenario(function: Callable[[World], Any]) -> Callable[[World], Any]:
    SCENARIOS[function.__name__] = function
    return function


# --- opening --------------------------------------------------------------------------------


@scenario
def connect_where_nobody_listens(world: World) -> Any:
    sock = world.tcp()
    return outcome(lambda: sock.connect((world.here, world.free_port())))


@scenario
def connect_ex_where_nobody_listens(world: World) -> Any:
    sock = world.tcp()
    return sock.connect_ex((world.here, world.free_port())), sock.getsockopt(
        socket.SOL_SOCKET, socket.SO_ERROR
    )


@scenario
def connect_after_a_refusal(world: World) -> Any:
    sock = world.tcp()
    first = sock.connect_ex((world.here, world.free_port()))
    second = sock.connect_ex(world.listener().getsockname())
    return first, second, outcome(lambda: sock.send(b"x"))


@scenario
def connect_twice(world: World) -> Any:
    client, _ = world.pair()
    return outcome(lambda: client.connect(client.getpeername()))


@scenario
def connect_a_listener(world: World) -> Any:
    listener, other = world.listener(), world.listener()
    return outcome(lambda: listener.connect(other.getsockname()))


@scenario
def connect_gives_both_ends_the_same_addresses(world: World) -> Any:
    client, server = world.pair()
    return (
        client.getsockname() == server.getpeername(),
        client.getpeername() == server.getsockname(),
    )


@scenario
def names_of_a_fresh_socket(world: World) -> Any:
    return [
        (sock.getsockname(), outcome(sock.getpeername), sock.family, sock.type, sock.gettimeout())
        for sock in (world.tcp(), world.udp())
    ]


@scenario
def accept_without_listen(world: World) -> Any:
    sock = world.tcp()
    fresh = outcome(sock.accept)
    sock.bind((world.here if not world.simulated else "", 0))
    return fresh, outcome(sock.accept)


@scenario
def accept_and_listen_on_a_connected_socket(world: World) -> Any:
    client, server = world.pair()
    return outcome(client.accept), outcome(lambda: server.listen(1))


@scenario
def listen_twice_and_listen_unbound(world: World) -> Any:
    listener = world.listener()
    listener.listen(3)
    unbound = world.tcp()
    unbound.listen()
    address, port = unbound.getsockname()
    return address, port > 0, outcome(listener.getpeername)


@scenario
def udp_doesnt_listen(world: World) -> Any:
    return outcome(lambda: world.udp().listen(1)), outcome(lambda: world.udp().accept())


@scenario
def bind_twice(world: World) -> Any:
    results = []
    for sock in (world.tcp(), world.udp()):
        sock.bind(("", 0))
        results.append(outcome(lambda sock=sock: sock.bind(("", 0))))
    return results


@scenario
def bind_a_port_that_is_taken(world: World) -> Any:
    results = []
    for make in (world.tcp, world.udp):
        first, second = make(), make()
        first.bind(("", 0))
        results.append(outcome(lambda f=first, s=second: s.bind(("", f.getsockname()[1]))))
    return results


@scenario
def bind_a_port_that_is_taken_with_reuseaddr(world: World) -> Any:
    results = []
    for make in (world.tcp, world.udp):
        first, second = make(), make()
        for sock in (first, second):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        first.bind(("", 0))
        results.append(outcome(lambda f=first, s=second: s.bind(("", f.getsockname()[1]))))
    first.close()
    return results


@scenario
def bind_a_port_that_listens_with_reuseaddr(world: World) -> Any:
    listener = world.tcp()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", 0))
    listener.listen()
    second = world.tcp()
    second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return outcome(lambda: second.bind(("", listener.getsockname()[1])))


@scenario
def two_that_may_share_a_port_cant_both_listen(world: World) -> Any:
    first, second = world.tcp(), world.tcp()
    for sock in (first, second):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    first.bind(("", 0))
    second.bind(("", first.getsockname()[1]))
    first.listen()
    return outcome(second.listen)


@scenario
def bind_a_port_in_time_wait(world: World) -> Any:
    """A server that is started again finds its port in TIME_WAIT: that is what SO_REUSEADDR is for."""
    if world.here == "10.0.0.2":
        return skip
    listener = world.tcp()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((world.here, 0))
    listener.listen()
    port = listener.getsockname()[1]
    client = world.tcp()
    client.connect((world.here, port))
    server, _ = listener.accept()
    server.close()  # the server's side closes first, and so waits
    world.settle()
    client.close()
    listener.close()
    world.settle()
    plain, reusing = world.tcp(), world.tcp()
    reusing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return outcome(lambda: plain.bind((world.here, port))), outcome(
        lambda: reusing.bind((world.here, port))
    )


@scenario
def bind_an_address_of_somebody_else(world: World) -> Any:
    return [outcome(lambda s=s: s.bind(("192.0.2.1", 0))) for s in (world.tcp(), world.udp())]


@scenario
def bind_an_explicit_port_and_connect_from_it(world: World) -> Any:
    listener, port = world.listener(), world.free_port()
    sock = world.tcp()
    sock.bind(("", port))
    sock.connect(listener.getsockname())
    server, peer = listener.accept()
    server.close()
    return peer[1] == port


@scenario
def addresses_of_the_wrong_form(world: World) -> Any:
    results = []
    for sock in (world.tcp(), world.udp()):
        for address in (
            ("127.0.0.1",),
            ("127.0.0.1", 1, 2, 3),
            "127.0.0.1:80",
            ("127.0.0.1", "80"),
            ("127.0.0.1", 65_536),
            ("127.0.0.1", -1),
            ("127.0.0.1", 1.5),
            (5, 80),
            None,
            ["127.0.0.1", 80],
        ):
            results.append(outcome(lambda s=sock, a=address: s.bind(a)))
            results.append(outcome(lambda s=sock, a=address: s.connect(a)))
    return results


@scenario
def an_address_that_isnt_one(world: World) -> Any:
    sock = world.udp()
    return [
        outcome(lambda a=address: sock.bind((a, 0)))
        for address in ("256.1.1.1", "no such host", "10.0.0.1/24")
    ]


# --- sending and receiving ------------------------------------------------------------------


@scenario
def bytes_arrive_in_order_however_they_are_cut(world: World) -> Any:
    client, server = world.pair()
    sent = [client.send(b"hel"), client.send(b"lo "), client.sendall(b"world")]
    client.shutdown(socket.SHUT_WR)
    received = b""
    while data := server.recv(2):
        received += data
    return sent, received, server.recv(10)


@scenario
def kinds_of_buffers(world: World) -> Any:
    import array

    client, server = world.pair()
    client.sendall(bytearray(b"ab"))
    client.sendall(memoryview(b"cd"))
    client.sendall(array.array("H", [0x6665, 0x6867]))
    client.send(b"")
    client.shutdown(socket.SHUT_WR)
    text = server.makefile("rb").read()
    return text, outcome(lambda: client.send("text")), outcome(lambda: client.sendall(None))


@scenario
def receive_after_the_peer_has_closed(world: World) -> Any:
    client, server = world.pair()
    client.sendall(b"last words")
    client.close()
    return server.recv(100), server.recv(100), server.recv(100), server.recv(0)


@scenario
def receiving_nothing_doesnt_wait(world: World) -> Any:
    client, _ = world.pair()
    return client.recv(0)


@scenario
def peek_leaves_the_data(world: World) -> Any:
    client, server = world.pair()
    client.sendall(b"hello")
    world.settle()
    return [
        server.recv(n, flags) for n, flags in ((3, socket.MSG_PEEK), (9, socket.MSG_PEEK), (9, 0))
    ]


@scenario
def dontwait_is_a_call_that_doesnt_block(world: World) -> Any:
    client, server = world.pair()
    empty = outcome(lambda: server.recv(5, socket.MSG_DONTWAIT))
    client.sendall(b"hello")
    world.settle()
    return empty, server.recv(5, socket.MSG_DONTWAIT)


@scenario
def waitall_waits_for_all(world: World) -> Any:
    client, server = world.pair()
    client.sendall(b"hello")
    client.sendall(b"world")
    client.shutdown(socket.SHUT_WR)
    return server.recv(8, socket.MSG_WAITALL), server.recv(8, socket.MSG_WAITALL)


@scenario
def receive_into_a_buffer(world: World) -> Any:
    client, server = world.pair()
    client.sendall(b"hello world")
    world.settle()
    buffer = bytearray(b"." * 8)
    results = [server.recv_into(buffer, 3), bytes(buffer), server.recv_into(buffer), bytes(buffer)]
    return [
        *results,
        outcome(lambda: server.recv_into(buffer, 9)),
        outcome(lambda: server.recv_into(b"read only")),
        outcome(lambda: server.recv_into(buffer, -1)),
        outcome(lambda: server.recv(-1)),
    ]


@scenario
def recvfrom_on_a_stream(world: World) -> Any:
    client, server = world.pair()
    client.sendall(b"hello")
    data, sender = server.recvfrom(10)
    buffer = bytearray(4)
    client.sendall(b"more")
    return data, sender, server.recvfrom_into(buffer), bytes(buffer)


@scenario
def send_on_a_socket_that_isnt_connected(world: World) -> Any:
    return [
        outcome(lambda: world.tcp().send(b"x")),
        outcome(lambda: world.tcp().sendall(b"x")),
        outcome(lambda: world.tcp().recv(1)),
        outcome(lambda: world.udp().send(b"x")),
        outcome(lambda: world.listener().send(b"x")),
        outcome(lambda: world.listener().recv(1)),
    ]


@scenario
def sendto_on_a_stream(world: World) -> Any:
    client, server = world.pair()
    fresh = outcome(lambda: world.tcp().sendto(b"x", server.getsockname()))
    return fresh, outcome(lambda: client.sendto(b"hello", ("192.0.2.1", 9))), server.recv(5)


# --- closing --------------------------------------------------------------------------------


@scenario
def send_after_shutdown(world: World) -> Any:
    client, server = world.pair()
    client.shutdown(socket.SHUT_WR)
    return outcome(lambda: client.send(b"x")), server.recv(1), server.send(b"still"), client.recv(9)


@scenario
def shutdown_of_reading(world: World) -> Any:
    client, server = world.pair()
    client.shutdown(socket.SHUT_RD)
    return client.recv(5), client.send(b"x"), server.recv(1)


@scenario
def shutdown_of_reading_keeps_what_is_there(world: World) -> Any:
    client, server = world.pair()
    server.sendall(b"hello")
    world.settle()
    client.shutdown(socket.SHUT_RD)
    return client.recv(5), client.recv(5)


@scenario
def shutdown_where_it_makes_no_sense(world: World) -> Any:
    client, server = world.pair()
    return [
        outcome(lambda: world.tcp().shutdown(socket.SHUT_WR)),
        outcome(lambda: world.udp().shutdown(socket.SHUT_WR)),
        outcome(lambda: client.shutdown(7)),
        outcome(lambda: client.shutdown("WR")),
        client.shutdown(socket.SHUT_RDWR),
        outcome(lambda: client.shutdown(socket.SHUT_RDWR)),
        server.recv(1),
    ]


@scenario
def shutdown_twice_and_of_a_listener(world: World) -> Any:
    client, _ = world.pair()
    client.shutdown(socket.SHUT_WR)
    listener = world.listener()
    return (
        outcome(lambda: client.shutdown(socket.SHUT_WR)),
        outcome(lambda: listener.shutdown(socket.SHUT_RDWR)),
        outcome(listener.accept),
    )


@scenario
def shutdown_when_both_sides_have_closed(world: World) -> Any:
    client, server = world.pair()
    server.close()
    world.settle()
    return client.recv(1), outcome(lambda: client.shutdown(socket.SHUT_WR)), client.recv(1)


@scenario
def close_with_unread_data_resets_the_peer(world: World) -> Any:
    client, server = world.pair()
    client.sendall(b"nobody reads this")
    world.settle()
    server.close()
    world.settle()
    return (
        outcome(lambda: client.recv(1)),
        outcome(lambda: client.recv(1)),
        outcome(lambda: client.send(b"x")),
    )


@scenario
def send_to_a_peer_that_has_closed(world: World) -> Any:
    """The first answer is a RST; from then on the pipe is broken."""
    client, server = world.pair()
    server.close()
    world.settle()
    first = outcome(lambda: client.send(b"x"))
    world.settle()
    return first, outcome(lambda: client.send(b"x")), outcome(lambda: client.recv(1))


@scenario
def a_reset_is_told_once(world: World) -> Any:
    client, server = world.pair()
    server.close()
    world.settle()
    client.send(b"x")
    world.settle()
    return [
        client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR),
        client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR),
        outcome(lambda: client.recv(1)),
        outcome(client.getpeername),
    ]


@scenario
def a_listener_that_is_closed_resets_who_waits(world: World) -> Any:
    listener = world.listener()
    client = world.tcp()
    client.connect(listener.getsockname())
    world.settle()
    listener.close()
    world.settle()
    return outcome(lambda: client.recv(1))


@scenario
def everything_after_close(world: World) -> Any:
    client, _ = world.pair()
    client.close()
    client.close()
    buffer = bytearray(1)
    calls = [
        lambda: client.send(b"x"),
        lambda: client.sendall(b"x"),
        lambda: client.recv(1),
        lambda: client.recv_into(buffer),
        lambda: client.recvfrom(1),
        lambda: client.sendto(b"x", (world.here, 9)),
        lambda: client.connect((world.here, 9)),
        lambda: client.bind((world.here, 9)),
        lambda: client.listen(),
        lambda: client.accept(),
        lambda: client.getsockname(),
        lambda: client.getpeername(),
        lambda: client.shutdown(socket.SHUT_RD),
        lambda: client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
        lambda: client.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE),
        lambda: client.settimeout(1),
        lambda: client.setblocking(True),
        lambda: client.gettimeout(),
        lambda: client.fileno(),
        lambda: client.makefile("rb").read(1),
        lambda: client.detach(),
    ]
    return [outcome(call) for call in calls]


@scenario
def a_socket_is_closed_by_its_with_block(world: World) -> Any:
    client, server = world.pair()
    with client as inside:
        same = inside is client
    return same, client.fileno(), server.recv(1)


@scenario
def a_file_keeps_the_socket_open(world: World) -> Any:
    client, server = world.pair()
    file = client.makefile("rb")
    client.close()
    server.sendall(b"hello\n")
    line = file.readline()
    server.settimeout(0.05)
    still = outcome(lambda: server.recv(1))
    file.close()
    return line, still, server.recv(1), outcome(lambda: client.send(b"x"))


# --- timeouts and sockets that don't block --------------------------------------------------


@scenario
def timeouts(world: World) -> Any:
    client, server = world.pair()
    client.settimeout(0.05)
    listener = world.listener()
    listener.settimeout(0.05)
    one, _ = world.udp_pair()
    one.settimeout(0.05)
    return [
        outcome(lambda: client.recv(1)),
        outcome(listener.accept),
        outcome(lambda: one.recvfrom(1)),
        client.gettimeout(),
        client.getblocking(),
        server.gettimeout(),
        server.getblocking(),
    ]


@scenario
def a_full_pipe_times_out(world: World) -> Any:
    client, _ = world.pair()
    client.settimeout(0.1)
    return outcome(lambda: client.sendall(bytes(50_000_000)))


@scenario
def values_of_timeouts(world: World) -> Any:
    sock = world.tcp()
    results = []
    for value in (None, 0, 1, 2.5, -1, float("nan"), "1", True):
        results.append(outcome(lambda v=value: sock.settimeout(v)))
        results.append((sock.gettimeout(), sock.timeout, sock.getblocking()))
    for flag in (True, False, 1, 0):
        sock.setblocking(flag)
        results.append((sock.gettimeout(), sock.getblocking()))
    return results


@scenario
def calls_that_dont_block(world: World) -> Any:
    client, server = world.pair()
    listener = world.listener()
    one, other = world.udp_pair()
    for sock in (client, server, listener, one, other):
        sock.setblocking(False)
    results = [
        outcome(lambda: client.recv(1)),
        outcome(lambda: client.recv_into(bytearray(1))),
        outcome(listener.accept),
        outcome(lambda: one.recvfrom(1)),
    ]
    while isinstance(full := outcome(lambda: client.send(bytes(100_000))), int):
        world.settle()
    return [*results, full]


@scenario
def connect_without_blocking(world: World) -> Any:
    listener = world.listener()
    sock = world.tcp()
    sock.setblocking(False)
    first = sock.connect_ex(listener.getsockname())
    world.settle()
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return (
        first,
        error,
        sock.getpeername() == listener.getsockname(),
        outcome(lambda: sock.send(b"x")),
    )


@scenario
def connect_without_blocking_asked_again(world: World) -> Any:
    listener = world.listener()
    sock = world.tcp()
    sock.setblocking(False)
    sock.connect_ex(listener.getsockname())
    world.settle()
    return [sock.connect_ex(listener.getsockname()) for _ in range(3)]


@scenario
def connect_without_blocking_where_nobody_listens(world: World) -> Any:
    sock = world.tcp()
    sock.setblocking(False)
    port = world.free_port()
    first = sock.connect_ex((world.here, port))
    world.settle()
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return first, error, sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


@scenario
def an_accepted_socket_blocks_whatever_its_listener_does(world: World) -> Any:
    listener = world.listener()
    listener.settimeout(5)
    client = world.tcp()
    client.connect(listener.getsockname())
    server, _ = listener.accept()
    timeout = server.gettimeout()
    server.close()
    return timeout


@scenario
def the_default_timeout(world: World) -> Any:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(3.5)
    try:
        listener = world.listener()
        client = world.tcp()
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        values = client.gettimeout(), server.gettimeout()
        server.close()
        return values
    finally:
        socket.setdefaulttimeout(before)


# --- options --------------------------------------------------------------------------------


@scenario
def options(world: World) -> Any:
    sock, udp = world.tcp(), world.udp()
    results = []
    for each, level, option in (
        (sock, socket.SOL_SOCKET, socket.SO_REUSEADDR),
        (sock, socket.IPPROTO_TCP, socket.TCP_NODELAY),
        (udp, socket.SOL_SOCKET, socket.SO_BROADCAST),
        (udp, socket.SOL_SOCKET, socket.SO_REUSEADDR),
    ):
        before = each.getsockopt(level, option)
        each.setsockopt(level, option, 1)
        on = each.getsockopt(level, option)
        each.setsockopt(level, option, 0)
        results.append((before, on, each.getsockopt(level, option)))
    return results


@scenario
def what_a_socket_is_can_be_asked(world: World) -> Any:
    listener = world.listener()
    return [
        [
            sock.getsockopt(socket.SOL_SOCKET, option)
            for sock in (world.tcp(), world.udp(), listener)
        ]
        for option in (socket.SO_TYPE, socket.SO_ERROR, socket.SO_ACCEPTCONN)
    ]


@scenario
def options_that_dont_exist(world: World) -> Any:
    sock = world.tcp()
    return [
        outcome(lambda: sock.setsockopt(socket.SOL_SOCKET, 9_999, 1)),
        outcome(lambda: sock.getsockopt(socket.SOL_SOCKET, 9_999)),
        outcome(lambda: sock.setsockopt(socket.IPPROTO_TCP, 9_999, 1)),
        outcome(lambda: world.udp().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)),
        outcome(lambda: sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, "yes")),
        outcome(lambda: sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)),
    ]


@scenario
def options_as_bytes(world: World) -> Any:
    import struct

    sock = world.tcp()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, struct.pack("i", 1))
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR), sock.getsockopt(
        socket.SOL_SOCKET, socket.SO_REUSEADDR, 4
    )


# --- files ----------------------------------------------------------------------------------


@scenario
def files_of_text_and_bytes(world: World) -> Any:
    client, server = world.pair()
    with client.makefile("w", encoding="utf-8", newline="\r\n") as writer:
        writer.write("erste Zeile ä\nzweite\n")
    with client.makefile("wb") as writer:
        writer.write(b"dritte\nvierte")
    client.shutdown(socket.SHUT_WR)
    with server.makefile("r", encoding="utf-8") as reader:
        first = reader.readline()
        rest = reader.readlines()
    return first, rest


@scenario
def a_file_for_both_directions(world: World) -> Any:
    client, server = world.pair()
    with client.makefile("rwb") as mine, server.makefile("rwb") as theirs:
        mine.write(b"question\n")
        mine.flush()
        asked = theirs.readline()
        theirs.write(b"answer\n")
        theirs.flush()
        return asked, mine.readline(), mine.readable(), mine.writable()


@scenario
def files_without_a_buffer(world: World) -> Any:
    client, server = world.pair()
    with client.makefile("wb", buffering=0) as writer, server.makefile("rb", buffering=0) as reader:
        written = writer.write(b"hello")
        return written, reader.read(3), reader.read(9), type(reader).__name__, reader.name != -1


@scenario
def files_of_impossible_modes(world: World) -> Any:
    client, _ = world.pair()
    return [
        outcome(lambda: client.makefile("x")),
        outcome(lambda: client.makefile("r", buffering=0)),
        outcome(lambda: client.makefile("r+")),
    ]


@scenario
def a_file_of_a_socket_that_times_out(world: World) -> Any:
    client, _ = world.pair()
    client.settimeout(0.05)
    file = client.makefile("rb")
    return outcome(lambda: file.read(1)), outcome(lambda: file.read(1))


@scenario
def a_file_of_a_socket_that_doesnt_block(world: World) -> Any:
    client, _ = world.pair()
    client.setblocking(False)
    return outcome(lambda: client.makefile("rb", buffering=0).read(1))


# --- UDP ------------------------------------------------------------------------------------


@scenario
def datagrams_keep_their_boundaries_and_tell_their_sender(world: World) -> Any:
    one, other = world.udp_pair()
    for data in (b"one", b"", b"three"):
        one.sendto(data, other.getsockname())
    got = [other.recvfrom(100) for _ in range(3)]
    return [data for data, _ in got], {sender == one.getsockname() for _, sender in got}


@scenario
def what_doesnt_fit_of_a_datagram_is_lost(world: World) -> Any:
    one, other = world.udp_pair()
    one.sendto(b"hello world", other.getsockname())
    one.sendto(b"next", other.getsockname())
    return other.recv(5), other.recv(100)


@scenario
def peek_leaves_a_datagram(world: World) -> Any:
    one, other = world.udp_pair()
    one.sendto(b"hello", other.getsockname())
    return other.recv(3, socket.MSG_PEEK), other.recvfrom(9, socket.MSG_PEEK)[0], other.recv(9)


@scenario
def an_unreachable_port_refuses_a_connected_socket(world: World) -> Any:
    one, other = world.udp_pair()
    one.connect(other.getsockname())
    other.close()
    sent = one.send(b"x")
    world.settle()
    return sent, outcome(lambda: one.send(b"y"))


@scenario
def an_unreachable_port_is_told_by_so_error(world: World) -> Any:
    one, other = world.udp_pair()
    one.connect(other.getsockname())
    other.close()
    one.send(b"x")
    world.settle()
    return [one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for _ in range(2)]


@scenario
def a_connected_datagram_socket_hears_only_its_peer(world: World) -> Any:
    one, other = world.udp_pair()
    stranger = world.udp()
    one.connect(other.getsockname())
    stranger.sendto(b"who is this", one.getsockname())
    world.settle()
    other.sendto(b"peer", one.getsockname())
    return one.recv(99), one.getpeername() == other.getsockname()


@scenario
def sendto_on_a_connected_datagram_socket(world: World) -> Any:
    one, other = world.udp_pair()
    third = world.udp()
    third.bind((one.getsockname()[0], 0))
    one.connect(other.getsockname())
    one.sendto(b"to the third", third.getsockname())
    third.settimeout(1)
    return third.recv(99), one.send(b"to the peer"), other.recv(99)


@scenario
def connect_of_a_datagram_socket_gives_it_a_local_address(world: World) -> Any:
    _, other = world.udp_pair()
    sock = world.udp()
    sock.connect(other.getsockname())
    address, port = sock.getsockname()
    sock.connect(other.getsockname())
    return address == ("10.0.0.1" if world.here == "10.0.0.2" else world.here), port > 0


@scenario
def a_datagram_to_no_address_is_for_this_host(world: World) -> Any:
    sock, other, connected = world.udp(), world.udp(), world.udp()
    sock.bind(("", 0))
    port = sock.getsockname()[1]
    other.sendto(b"hello", ("0.0.0.0", port))
    connected.connect(("0.0.0.0", port))
    connected.send(b"again")
    return sock.recv(10), sock.recv(10)


@scenario
def broadcast_must_be_allowed(world: World) -> Any:
    return [
        outcome(lambda: world.udp().sendto(b"x", ("255.255.255.255", 9))),
        outcome(lambda: world.udp().connect(("255.255.255.255", 9))),
    ]


@scenario
def sendto_wants_an_address(world: World) -> Any:
    sock = world.udp()
    return [
        outcome(lambda: sock.sendto(b"x")),
        outcome(lambda: sock.sendto(b"x", 0, 0, 0)),
        outcome(lambda: sock.sendto("text", (world.here, 9))),
        outcome(lambda: sock.sendto(b"x", (world.here, 0))),
        outcome(lambda: sock.sendto(b"x", (world.here, 70_000))),
    ]


@scenario
def a_datagram_that_is_too_large(world: World) -> Any:
    one, other = world.udp_pair()
    return outcome(lambda: one.sendto(bytes(65_508), other.getsockname()))


@scenario
def a_datagram_socket_that_was_shut_down(world: World) -> Any:
    one, other = world.udp_pair()
    one.connect(other.getsockname())
    one.shutdown(socket.SHUT_RDWR)
    return one.recv(5), outcome(lambda: one.send(b"x"))


# --- what a socket is -----------------------------------------------------------------------


@scenario
def sockets_of_other_kinds(world: World) -> Any:
    return [
        outcome(lambda: socket.socket(socket.AF_INET, 99)),
        outcome(lambda: socket.socket(99, socket.SOCK_STREAM)),
        outcome(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_UDP)),
    ]


@scenario
def a_socket_is_one(world: World) -> Any:
    sock = world.tcp()
    return isinstance(sock, socket.socket), sock.fileno() >= 0, hash(sock) == hash(sock)


@scenario
def a_socket_isnt_copied(world: World) -> Any:
    import copy
    import pickle

    return outcome(lambda: copy.copy(world.tcp())), outcome(lambda: pickle.dumps(world.tcp()))


@scenario
def the_protocol_is_told(world: World) -> Any:
    made = [
        socket.socket(),
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP),
        socket.socket(type=socket.SOCK_DGRAM, proto=socket.IPPROTO_UDP),
        socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_CLOEXEC),
    ]
    world.opened += made
    return [(sock.family, sock.type, sock.proto) for sock in made]


@scenario
def create_server_and_create_connection(world: World) -> Any:
    if world.here == "10.0.0.2":
        return skip
    with socket.create_server((world.here, 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address, timeout=2) as client:
            server, peer = listener.accept()
            with server:
                client.sendall(b"hello")
                return peer == client.getsockname(), server.recv(9), client.gettimeout()


@scenario
def create_connection_where_nobody_listens(world: World) -> Any:
    port = world.free_port()
    return outcome(lambda: socket.create_connection((world.here, port)))


@scenario
def look_ups_of_numbers(world: World) -> Any:
    return [
        socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM),
        socket.getaddrinfo("127.0.0.1", "80", socket.AF_INET, socket.SOCK_DGRAM),
        socket.getaddrinfo(None, 80, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_PASSIVE),
        socket.getaddrinfo(None, 80, socket.AF_INET, socket.SOCK_STREAM),
        socket.getaddrinfo(b"10.1.2.3", None, type=socket.SOCK_STREAM),
        socket.gethostbyname("10.1.2.3"),
        socket.gethostbyname("localhost"),
        outcome(lambda: socket.getaddrinfo("10.1.2.3", "no-such-service")),
        outcome(
            lambda: socket.getaddrinfo("no-such-host.invalid", 80, flags=socket.AI_NUMERICHOST)
        ),
        outcome(lambda: socket.getaddrinfo(None, None)),
        socket.getnameinfo(("10.1.2.3", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV),
    ]


# --------------------------------------------------------------------------------------------

skip = object()
"""A scenario that makes no sense in this world returns it."""


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("world", [simulated, over_a_cable])
def test_a_simulated_socket_does_what_the_kernels_does(name: str, world: Any) -> None:
    with world() as ours:
        found = SCENARIOS[name](ours)
    if found is skip:
        pytest.skip("it is about one host")
    with kernel() as theirs:
        expected = SCENARIOS[name](theirs)
    assert found == expected


def test_there_are_enough_scenarios() -> None:
    assert len(SCENARIOS) > 60
    assert errno.EPIPE == 32
