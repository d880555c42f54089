"""The same tests against the server on two kinds of network: the machine's loopback, and ours."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest

from netlab import Network, on
from netlab.application.http import HttpServer, serve
from netlab.application.http.server import Routes
from netlab.units import Mbps, ms
from tests.application.http.loopback import served

Serving = Callable[..., AbstractContextManager[tuple[HttpServer, str]]]


@contextmanager
def over_loopback(routes: Routes, **options: Any) -> Iterator[tuple[HttpServer, str]]:
    with served(routes, **options) as (server, port):
        yield server, f"127.0.0.1:{port}"


@contextmanager
def over_netlab(routes: Routes, **options: Any) -> Iterator[tuple[HttpServer, str]]:
    net = Network(seed=7)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    server = serve(bob, routes, **options)
    with on(alice):
        yield server, "bob:80"
    net.run()


@pytest.fixture(params=[over_loopback, over_netlab])
def serving(request: pytest.FixtureRequest) -> Iterator[Callable[..., tuple[HttpServer, str]]]:
    """Starts a server for these routes: the server, and its address as "host:port".

    The code of the test runs on the client.
    """
    with ExitStack() as stack:
        yield lambda routes, **options: stack.enter_context(request.param(routes, **options))
