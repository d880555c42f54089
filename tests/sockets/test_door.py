"""`with on(host):` the standard library speaks through a simulated host, and nobody else notices."""

import asyncio
import http.client
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netlab import Network, on
from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.sockets.socket import Socket
from netlab.units import ms, s

HOME = Path(__file__).parents[2]
NAMES = (
    *((socket, name) for name in ("socket", "getaddrinfo", "gethostname", "gethostbyname")),
    *((socket, name) for name in ("gethostbyname_ex", "gethostbyaddr", "getfqdn", "getnameinfo")),
    *((time, name) for name in ("sleep", "time", "perf_counter", "time_ns", "perf_counter_ns")),
)


def bound() -> list[Any]:
    return [getattr(module, name) for module, name in NAMES]


@pytest.fixture(autouse=True)
def everything_is_restored() -> Iterator[None]:
    before = bound()
    yield
    assert bound() == before


@pytest.fixture
def net() -> Network:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms)
    return net


def echo(host: Host) -> None:
    with socket.create_server(("", 7)) as listener:
        conn, _ = listener.accept()
        with conn:
            while data := conn.recv(4096):
                conn.sendall(data)


def page(host: Host) -> bytes:
    """A tiny HTTP server, written by hand: one answer, and the request that it had."""
    with socket.create_server(("", 80)) as listener:
        conn, _ = listener.accept()
        with conn, conn.makefile("rb") as lines:
            request = b"".join(iter(lines.readline, b"\r\n"))
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
            return request


def test_create_connection_speaks_through_the_host(net: Network) -> None:
    alice, bob = net.hosts.values()
    bob.start(echo)
    with on(alice) as same, socket.create_connection(("bob", 7)) as sock:
        assert same is alice
        assert isinstance(sock, Socket)
        assert sock.getsockname()[0] == "10.0.0.1"
        sock.sendall(b"hello")
        assert sock.recv(100) == b"hello"
    net.run()


@pytest.mark.parametrize("url", ["http://bob/x", "http://10.0.0.2/x", "http://BOB:80/x"])
def test_urllib_fetches_a_page_from_a_server_that_is_a_program(net: Network, url: str) -> None:
    alice, bob = net.hosts.values()
    server = bob.start(page)
    with on(alice), urllib.request.urlopen(url) as response:
        assert (response.status, response.read()) == (200, b"hello")
    assert server.result.startswith(b"GET /x HTTP/1.1\r\n")
    net.run()


def test_http_client_and_a_timeout_of_virtual_seconds(net: Network) -> None:
    alice, bob = net.hosts.values()

    def slow(host: Host) -> None:
        with socket.create_server(("", 80)) as listener:
            conn, _ = listener.accept()
            time.sleep(3_600)
            conn.close()

    bob.start(slow)
    with on(alice):
        connection = http.client.HTTPConnection("bob", timeout=60)
        connection.request("GET", "/")
        with pytest.raises(TimeoutError):
            connection.getresponse()
        connection.close()
    assert 60 * s < net.now < 61 * s
    net.run()


def test_names_are_those_of_the_network(net: Network) -> None:
    alice = net.hosts["alice"]
    with on(alice):
        assert socket.gethostname() == "alice"
        assert socket.getfqdn() == "alice"
        assert socket.gethostbyname("bob") == "10.0.0.2"
        assert socket.gethostbyname("Bob") == "10.0.0.2"
        assert socket.gethostbyname_ex("bob") == ("bob", [], ["10.0.0.2"])
        assert socket.gethostbyaddr("10.0.0.2") == ("bob", [], ["10.0.0.2"])
        assert socket.getnameinfo(("10.0.0.2", 80), socket.NI_NUMERICSERV) == ("bob", "80")
        assert socket.getaddrinfo("bob", "http", type=socket.SOCK_STREAM) == [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.2", 80))
        ]
        with pytest.raises(socket.gaierror, match=r"'carol' \(the hosts here: alice, bob\)"):
            socket.create_connection(("carol", 80))
        with pytest.raises(socket.herror):
            socket.gethostbyaddr("10.0.0.77")
        with pytest.raises(socket.gaierror, match="only IPv4"):
            socket.getaddrinfo("bob", 80, socket.AF_INET6)


def test_other_families_and_descriptors_are_refused(net: Network) -> None:
    with on(net.hosts["alice"]):
        with pytest.raises(OSError, match="a simulated host speaks IPv4"):
            socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        with pytest.raises(OSError, match="can't take over a real one"):
            socket.socket(fileno=0)
        assert not socket.has_dualstack_ipv6()


def test_time_is_virtual_inside_of_the_block(net: Network) -> None:
    with on(net.hosts["alice"]):
        before = time.perf_counter()
        time.sleep(3_600)
        assert time.perf_counter() - before == 3_600
        assert time.time() == time.perf_counter() == 3_600
        assert time.time_ns() == time.perf_counter_ns() == 3_600 * s
        with pytest.raises(ValueError, match="non-negative"):
            time.sleep(-1)
    assert net.now == 3_600 * s
    assert time.time() > 1e9


def test_everything_is_restored_after_an_exception(net: Network) -> None:
    before = bound()
    with pytest.raises(ZeroDivisionError), on(net.hosts["alice"]):
        raise ZeroDivisionError
    assert bound() == before


def test_blocks_may_be_nested_and_each_gives_back_what_was(net: Network) -> None:
    alice, bob = net.hosts.values()
    before = bound()
    with on(alice):
        with on(bob):
            assert socket.gethostname() == "bob"
            with pytest.raises(KeyError), on(alice):
                raise KeyError(socket.gethostname())
            assert socket.gethostname() == "bob"
        assert socket.gethostname() == "alice"
    assert bound() == before


def test_a_socket_goes_on_to_work_after_its_block(net: Network) -> None:
    alice, bob = net.hosts.values()
    bob.start(echo)
    with on(alice):
        sock = socket.create_connection(("bob", 7))
    sock.sendall(b"still")
    assert sock.recv(10) == b"still"
    sock.close()
    net.run()


def test_each_program_is_on_its_own_host_and_outside_it_is_on_none(net: Network) -> None:
    alice, bob = net.hosts.values()
    seen = []

    def look(host: Host) -> None:
        seen.append(socket.gethostname())
        time.sleep(1)
        seen.append(socket.gethostname())

    before = bound()
    alice.start(look)
    bob.start(look)
    net.run(until=500 * ms)
    assert bound() == before  # though both are in the middle of it
    with on(bob):
        net.run(until=700 * ms)
        assert socket.gethostname() == "bob"
    net.run()
    assert seen == ["alice", "bob", "alice", "bob"]


def test_daemons_that_wait_for_ever_leave_nothing_behind(net: Network) -> None:
    bob = net.hosts["bob"]
    before = bound()
    bob.start(echo, daemon=True)
    net.run()
    assert bound() == before
    net.close()
    assert bound() == before


def test_a_program_that_is_cleaned_up_still_finds_its_host(net: Network) -> None:
    seen = []

    def serve(host: Host) -> None:
        try:
            time.sleep(3_600)
        finally:
            seen.append((socket.gethostname(), isinstance(socket.socket(), Socket)))

    net.hosts["bob"].start(serve)
    net.run(until=1 * s)
    net.close()
    assert seen == [("bob", True)]


def test_other_threads_keep_the_real_socket_and_clock(net: Network) -> None:
    seen: list[Any] = []

    def look() -> None:
        with socket.socket() as sock:
            seen.append(type(sock))
        seen.append(time.time() > 1e9)
        time.sleep(0.001)
        seen.append(socket.gethostname())

    with on(net.hosts["alice"]):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen[0] is socket.socket
    assert seen[1] is True
    assert seen[2] == socket.gethostname()


def test_an_event_loop_around_the_block_is_undisturbed(net: Network) -> None:
    """As in a notebook: the cell's code runs in a task of the kernel's loop."""
    alice, bob = net.hosts.values()

    async def background(ticks: list[float]) -> None:
        while True:
            await asyncio.sleep(0.001)
            with socket.socket() as sock:
                assert type(sock) is socket.socket or not isinstance(sock, Socket)
            ticks.append(time.monotonic())

    async def cell() -> bytes:
        ticks: list[float] = []
        task = asyncio.create_task(background(ticks))
        await asyncio.sleep(0.01)
        with on(alice), socket.create_connection(("bob", 7)) as sock:
            sock.sendall(b"hello")
            answer = sock.recv(10)
            await asyncio.sleep(0.01)  # the loop goes on in the middle of the block
        before = len(ticks)
        await asyncio.sleep(0.01)
        assert len(ticks) > before
        assert all(tick > 100 for tick in ticks)
        task.cancel()
        return answer

    bob.start(echo)
    assert asyncio.run(cell()) == b"hello"
    net.run()


def test_what_an_event_loop_hands_on_to_others_keeps_the_real_socket_and_clock(
    net: Network,
) -> None:
    """A callback inherits the context that it was made in, also into another thread, and later."""
    seen: list[Any] = []

    def look() -> None:
        with socket.socket() as sock:
            seen.append(isinstance(sock, Socket))
        seen.append(time.time() < 1e9)

    async def cell() -> None:
        left = asyncio.Event()

        async def look_later() -> None:
            await left.wait()
            look()

        with on(net.hosts["alice"]):
            later = asyncio.create_task(look_later())
            await asyncio.to_thread(look)
        left.set()
        await later

    asyncio.run(cell())
    assert seen == [False] * 4


def test_the_class_can_still_be_used_as_one_inside_of_the_block(net: Network) -> None:
    real = socket.socket
    with on(net.hosts["alice"]):

        class Derived(socket.socket):
            pass

        assert issubclass(Derived, real)
        ours = socket.socket()
        with real() as theirs:
            assert isinstance(ours, socket.socket)
            assert isinstance(theirs, socket.socket)
        assert issubclass(Derived, socket.socket)
        assert issubclass(Socket, socket.socket)
        assert socket.socket | None == real | None
        assert None | socket.socket == None | real
        assert socket.socket.__doc__ == real.__doc__
        assert socket.socket.makefile is real.makefile


def in_a_fresh_interpreter(code: str) -> str:
    """Run it with netlab's first lines before it; what it prints."""
    start = """
        from netlab import Network, on
        net = Network()
        alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
        net.connect(alice, bob)
    """
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(start) + textwrap.dedent(code)],
        cwd=HOME,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_ssl_can_be_imported_for_the_first_time_inside_of_the_block() -> None:
    out = in_a_fresh_interpreter(
        """
        import sys, socket
        real = socket.socket
        assert "ssl" not in sys.modules
        with on(alice):
            import ssl
        print(ssl.SSLSocket.__mro__[1] is real, socket.socket is real)
        """
    )
    assert out == "True True"


@pytest.mark.parametrize(
    "module", ["asyncio", "http.server", "ftplib", "smtplib", "poplib", "urllib.request"]
)
def test_modules_can_be_imported_for_the_first_time_inside_of_the_block(module: str) -> None:
    out = in_a_fresh_interpreter(
        f"""
        import socket
        real = socket.socket
        with on(alice):
            import {module}
        print(socket.socket is real)
        """
    )
    assert out == "True"


def test_what_is_no_host_is_refused() -> None:
    with (
        pytest.raises(ConfigurationError, match=r"on\(\) takes a host of a network.*got 'alice'"),
        on("alice"),  # type: ignore[arg-type]
    ):
        pass


def test_two_networks_may_speak_in_nested_blocks(net: Network) -> None:
    other = Network()
    carol = other.host("carol", "10.0.0.1/24")
    with on(net.hosts["alice"]), on(carol):
        assert socket.gethostname() == "carol"
        time.sleep(5)
    assert (net.now, other.now) == (0, 5 * s)
