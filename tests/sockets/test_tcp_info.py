"""TCP_INFO: Linux's structure, of a connection of netlab's."""

import socket
import sys

import pytest

from netlab import Network
from netlab.sockets.arguments import TCP_INFO
from netlab.sockets.socket import Socket
from netlab.sockets.tcp_info import unpack
from netlab.units import ms


def told_by(sock: Socket) -> dict[str, int]:
    packed = sock.getsockopt(*TCP_INFO, 1024)
    assert isinstance(packed, bytes)
    return unpack(packed)


def test_it_tells_what_the_connection_knows() -> None:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms)
    listener = bob.socket()
    assert told_by(listener)["tcpi_state"] == 7
    listener.bind(("", 7))
    listener.listen()
    assert told_by(listener)["tcpi_state"] == 10
    client = alice.socket()
    client.connect(("bob", 7))
    client.sendall(bytes(3000))
    info = told_by(client)
    assert info["tcpi_state"] == 1
    assert (info["tcpi_snd_mss"], info["tcpi_advmss"], info["tcpi_pmtu"]) == (1448, 1460, 1500)
    assert info["tcpi_options"] == 0b0111  # timestamps, SACK, window scale
    assert info["tcpi_rto"] == 1_000_000
    assert 20_000 <= info["tcpi_rtt"] <= 40_000
    assert (info["tcpi_unacked"], info["tcpi_notsent_bytes"]) == (2, 104)
    assert info["tcpi_snd_ssthresh"] == 0x7FFF_FFFF
    net.run()
    assert told_by(client)["tcpi_unacked"] == 0
    server, _ = listener.accept()
    assert told_by(server)["tcpi_rcv_wnd"] == 65_535 - 3000
    server.close()
    client.close()


def test_as_a_number_it_is_the_first_four_bytes() -> None:
    sock = Network(seed=1).host("alice", "10.0.0.1/24").socket()
    assert sock.getsockopt(*TCP_INFO) == int.from_bytes(
        sock.getsockopt(*TCP_INFO, 4), sys.byteorder
    )


def test_udp_has_none() -> None:
    sock = Network(seed=1).host("alice", "10.0.0.1/24").socket(socket.SOCK_DGRAM)
    with pytest.raises(OSError, match="Protocol not available"):
        sock.getsockopt(*TCP_INFO, 256)


def test_it_is_laid_out_as_the_kernel_s() -> None:
    option = getattr(socket, "TCP_INFO", None)
    if option is None:
        pytest.skip("this system has no TCP_INFO")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(bytes(10))
            info = unpack(client.getsockopt(socket.IPPROTO_TCP, option, 1024))
            assert info["tcpi_state"] == 1
            assert 65_000 < info["tcpi_pmtu"] < 65_537
            assert 500 < info["tcpi_snd_mss"] < info["tcpi_pmtu"]
            assert 200_000 <= info["tcpi_rto"] < 1_000_000
            assert 10 <= info["tcpi_snd_cwnd"] <= 11
            assert info["tcpi_reordering"] == 3
            assert info["tcpi_bytes_sent"] == 10
            assert info["tcpi_snd_wnd"] > 10_000
        info = unpack(listener.getsockopt(socket.IPPROTO_TCP, option, 1024))
        assert info["tcpi_state"] == 10
