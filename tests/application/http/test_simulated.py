"""The HTTP server on a simulated host: what only virtual time and a cable with faults can show."""

import errno
import http.client
import urllib.request
from collections.abc import Iterator

import pytest

from netlab import Network, on
from netlab.application.http import HttpServer, Request, serve
from netlab.host import Host
from netlab.units import Mbps, minute, ms, s


def three_pieces(request: Request) -> Iterator[str]:
    yield from ("a", "b", "c")


def two_hosts(seed: int = 7) -> tuple[Network, Host, Host]:
    net = Network(seed=seed)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    return net, alice, bob


def test_a_server_is_a_program_like_any_other() -> None:
    net, alice, bob = two_hosts()
    bob.start(HttpServer({"/": "hello"}, port=8080).run, daemon=True)
    with on(alice), urllib.request.urlopen("http://bob:8080/") as response:
        assert response.read() == b"hello"
    net.run()


def test_the_network_comes_to_rest_though_a_client_never_closes() -> None:
    net, alice, bob = two_hosts()
    server = serve(bob, {"/": "hello"})
    with on(alice):
        client = http.client.HTTPConnection("bob")
        client.request("GET", "/")
        assert client.getresponse().read() == b"hello"
        begun = net.now
        net.run()
        assert 15 * s <= net.now - begun <= 15 * s + 10 * minute
        assert client.sock.recv(1) == b"", "the server has closed its half"
        client.request("GET", "/")  # http.client connects anew when the old connection is over.
        client.close()
    assert server.errors == []


def test_a_patient_server_keeps_no_network_from_rest() -> None:
    net, alice, bob = two_hosts()
    serve(bob, {"/": "hello"}, idle_ns=None)
    with on(alice):
        client = http.client.HTTPConnection("bob")
        for _ in range(2):
            client.request("GET", "/")
            assert client.getresponse().read() == b"hello"
            net.run(until=net.now + 60 * minute)
        client.close()
    net.run()


def test_a_port_that_is_taken_is_said_to_who_starts_the_server() -> None:
    _net, _alice, bob = two_hosts()
    serve(bob, {})
    with pytest.raises(OSError) as raised:
        serve(bob, {})
    assert raised.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize("seed", range(5))
def test_pages_arrive_whole_over_a_cable_that_loses_every_fifth_segment(seed: int) -> None:
    net, alice, bob = two_hosts(seed)
    net.links[0].drop(lambda frame: frame.tcp is not None, probability=0.2)
    page = bytes(range(256)) * 40
    server = serve(bob, {"/": page, "/echo": lambda request: request.body}, idle_ns=10 * minute)
    with on(alice):
        client = http.client.HTTPConnection("bob")
        client.request("GET", "/")
        assert client.getresponse().read() == page
        client.request("POST", "/echo", page)
        assert client.getresponse().read() == page
        client.close()
    assert any(frame.fate == "dropped" for frame in net.trace.frames)
    assert server.errors == []


def test_the_same_seed_gives_the_same_conversation() -> None:
    digests = []
    for _ in range(2):
        net, alice, bob = two_hosts(seed=3)
        serve(bob, {"/": three_pieces})
        with on(alice), urllib.request.urlopen("http://bob/") as response:
            response.read()
        net.run()
        digests.append(net.trace.digest())
    assert digests[0] == digests[1]
