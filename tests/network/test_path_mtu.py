"""Path MTU discovery (RFC 1191): transfers over a path with a narrow link, and when ICMP is filtered."""

import socket
from errno import EMSGSIZE

import pytest

from netlab.host import Host
from netlab.network.icmp_message import DESTINATION_UNREACHABLE, IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_UDP, Ipv4Packet
from netlab.network.path_mtu import PathMtu
from netlab.sim.simulation import Simulation
from netlab.transport.udp_datagram import UdpDatagram
from netlab.units import minute, ms, s
from tests.network.material import Chain, address, assert_scapy_agrees

SIZE = 20_000


def receive(host: Host) -> bytes:
    listener = host.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", 80))
    listener.listen()
    connection, _ = listener.accept()
    listener.close()
    data = b""
    while more := connection.recv(65_536):
        data += more
    return data


def send(host: Host, pause: int = 0) -> None:
    sock = host.socket()
    sock.connect(("carol", 80))
    sock.sendall(bytes(SIZE))
    if pause:
        host.sim.clock.sleep(pause)
        sock.sendall(bytes(SIZE))
    sock.close()


def sizes(chain: Chain, since: int = 0) -> list[int]:
    """The payloads of the segments that alice sent."""
    frames = chain.net.trace.frames
    return [
        len(frame.tcp.payload)
        for frame in frames
        if frame.tcp and frame.tcp.payload and frame.sender == "alice" and frame.time >= since
    ]


@pytest.mark.rfc("RFC 1191 3", "RFC 1191 4", "RFC 1191 6.4", "RFC 9293 3.7.2")
def test_a_transfer_over_a_narrow_link_goes_on_at_once_in_smaller_segments() -> None:
    chain = Chain(middle_mtu=600)
    server = chain.carol.start(receive)
    chain.alice.start(send)
    chain.net.run(until=2 * s)
    assert server.result == bytes(SIZE)
    seen = sizes(chain)
    assert seen[:4] == [1460, 1460, 1460, 560]
    assert max(seen[3:]) == 560
    assert not chain.net.trace.events_of(kind="timer fired", host="alice")
    assert chain.alice.ipv4.path_mtu.table[address("10.0.3.1")].mtu == 600
    assert_scapy_agrees(chain.net)


@pytest.mark.rfc("RFC 1191 6.4")
def test_of_many_messages_about_one_flight_only_the_first_makes_it_go_again() -> None:
    chain = Chain(middle_mtu=600)
    server = chain.carol.start(receive)
    chain.alice.start(send)
    chain.net.run(until=2 * s)
    told = [frame for frame in chain.net.trace.frames if frame.icmp and frame.icmp.code == 4]
    again = [frame for frame in chain.net.trace.frames if "too big for the path" in frame.reason]
    assert server.done
    assert len(told) == 3
    assert [frame.sender for frame in again] == ["alice", "r1", "r2"][: len(again)]
    assert len([frame for frame in again if frame.sender == "alice"]) == 1


@pytest.mark.rfc("RFC 1191 6.4")
def test_the_congestion_window_stays_as_it_was() -> None:
    chain = Chain(middle_mtu=600)
    chain.carol.start(receive, daemon=True)
    chain.alice.start(send)
    chain.net.run(until=200 * ms)
    (connection,) = chain.alice.tcp.connections
    assert connection.mss == connection.sender.congestion.mss == 560
    assert connection.sender.congestion.cwnd == 3 * 1460


@pytest.mark.rfc("RFC 1191 6.3")
@pytest.mark.parametrize(("later", "largest"), [(9 * minute, 560), (11 * minute, 1460)])
def test_a_larger_segment_is_tried_again_after_ten_minutes(later: int, largest: int) -> None:
    chain = Chain(middle_mtu=600)
    server = chain.carol.start(receive)
    chain.alice.start(send, later)
    chain.net.run(until=2 * s)
    chain.r1.interfaces[1].mtu = chain.r2.interfaces[0].mtu = 1500
    chain.net.run(until=20 * minute)
    assert server.result == bytes(2 * SIZE)
    assert max(sizes(chain, since=5 * minute)) == largest


@pytest.mark.rfc("RFC 1191 6.3")
def test_a_larger_segment_that_still_does_not_pass_is_cut_down_again() -> None:
    chain = Chain(middle_mtu=600)
    server = chain.carol.start(receive)
    chain.alice.start(send, 11 * minute)
    chain.net.run(until=20 * minute)
    assert server.result == bytes(2 * SIZE)
    seen = sizes(chain, since=5 * minute)
    assert seen[0] == 1460
    assert seen[-1] < 1460


@pytest.mark.rfc("RFC 1122 3.3.3/mms")
def test_a_new_connection_begins_with_what_is_known_and_announces_its_first_link() -> None:
    chain = Chain(middle_mtu=600)
    for _ in range(2):
        server = chain.carol.start(receive)
        began = chain.net.now
        chain.alice.start(send)
        chain.net.run(until=began + 5 * s)
        assert server.done
    assert max(sizes(chain, since=5 * s)) == 560
    announced = {
        frame.tcp.options
        for frame in chain.net.trace.frames
        if frame.tcp and frame.tcp.syn and frame.sender == "alice"
    }
    assert announced == {b"\x02\x04\x05\xb4"}


@pytest.mark.rfc("RFC 2923 2.1")
def test_where_icmp_is_filtered_the_transfer_stalls_in_a_black_hole() -> None:
    chain = Chain()
    chain.r2.interfaces[1].mtu = 600
    rule = chain.r1.ipv4.filter.refuse(
        lambda packet: packet.protocol == PROTOCOL_ICMP, name="no ICMP"
    )
    server = chain.carol.start(receive, daemon=True)
    chain.alice.start(send, daemon=True)
    chain.net.run(until=1 * minute)
    assert not server.done
    assert chain.carol.tcp.connections[0].receiver.irs  # the handshake passed
    assert set(sizes(chain)) == {1460}
    assert rule.hits > 3
    refused = chain.net.trace.events_of(kind="discarded", host="r1")[-1]
    why = " ".join(chain.net.trace.why(refused).text().split())
    assert "refused by the filter no ICMP (RFC 1812 section 5.3.9)" in why
    assert "too big for the next link, and it must not be cut" in why
    assert "no ACK within the retransmission timeout" in why
    rule.remove()
    chain.net.run(until=3 * minute)
    assert server.result == bytes(SIZE)


def test_why_tells_what_made_the_segments_smaller() -> None:
    chain = Chain(middle_mtu=600)
    chain.carol.start(receive, daemon=True)
    chain.alice.start(send)
    chain.net.run(until=200 * ms)
    smaller = next(
        frame for frame in chain.net.trace.frames if frame.tcp and len(frame.tcp.payload) == 560
    )
    why = chain.net.trace.why(smaller).text()
    assert "a router has a link of 600 bytes next (RFC 1191 section 4)" in why
    assert "too big for the next link, and it must not be cut" in why


# --- other protocols ------------------------------------------------------------------------


@pytest.mark.rfc("RFC 1191 6.1")
def test_a_udp_socket_that_forbids_fragments_hears_of_a_narrow_path() -> None:
    chain = Chain(middle_mtu=600)
    sock = chain.alice.socket(socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
    sock.connect(("carol", 9))
    assert sock.send(bytes(1_472)) == 1_472
    chain.net.run_for(1 * s)
    with pytest.raises(OSError, match=r"Message too long: 10\.0\.1\.254 says") as error:
        sock.send(b"x")
    assert error.value.errno == EMSGSIZE
    with pytest.raises(OSError, match="573 bytes, and 572 fit") as error:
        sock.send(bytes(573))
    assert error.value.errno == EMSGSIZE
    assert sock.send(bytes(572)) == 572
    assert all(
        frame.ipv4.dont_fragment for frame in chain.net.trace.frames if frame.udp and frame.ipv4
    )


@pytest.mark.rfc("RFC 1191 6.4")
def test_a_first_link_that_becomes_narrow_is_heard_of_as_any_other() -> None:
    chain = Chain()
    server = chain.carol.start(receive)
    chain.alice.start(send, 1 * s)
    chain.net.run(until=1 * s)
    chain.alice.interfaces[0].mtu = 600
    chain.net.run(until=20 * s)
    assert server.result == bytes(2 * SIZE)
    assert max(sizes(chain, since=1 * s)) == 560


def test_ping_learns_the_path_mtu_too() -> None:
    ping = Chain(middle_mtu=600).alice.ping("carol", count=2, size=1_000, dont_fragment=True)
    assert ping.lines[1:] == [
        "From r1 (10.0.1.254) icmp_seq=1 Frag needed and DF set (mtu = 600)",
        "ping: local error: message too long, mtu=600",
    ]


# --- the estimate ---------------------------------------------------------------------------

DST = address("10.0.3.1")


@pytest.fixture
def path_mtu() -> PathMtu:
    return PathMtu(Simulation(seed=1), "alice")


@pytest.mark.rfc("RFC 1191 3")
@pytest.mark.parametrize(
    ("told", "believed"), [(1400, 1400), (69, 69), (68, 68), (67, 68), (1, 68)]
)
def test_no_estimate_goes_below_68_bytes(path_mtu: PathMtu, told: int, believed: int) -> None:
    path_mtu.too_big(DST, 1500, told)
    assert path_mtu.limit(DST) == believed


@pytest.mark.rfc("RFC 1191 3")
def test_no_message_makes_an_estimate_grow(path_mtu: PathMtu) -> None:
    for told in (1000, 1200, 1000, 1001):
        path_mtu.too_big(DST, 1500, told)
        assert path_mtu.limit(DST) == 1000


@pytest.mark.rfc("RFC 1191 5", "RFC 1191 7.1")
def test_a_router_that_does_not_tell_its_mtu_is_searched_by_common_sizes(path_mtu: PathMtu) -> None:
    size, seen = 65_535, []
    while path_mtu.limit(DST) > 68:
        path_mtu.too_big(DST, size, 0)
        seen.append(size := path_mtu.limit(DST))
    assert seen == [32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68]
    path_mtu.too_big(DST, 68, 0)
    assert path_mtu.limit(DST) == 68


def test_a_message_that_says_what_is_known_only_lets_it_be_believed_for_longer(
    path_mtu: PathMtu,
) -> None:
    clock = path_mtu._sim.clock
    path_mtu.too_big(DST, 1500, 600)
    clock.run(until=9 * minute)
    path_mtu.too_big(DST, 1500, 600)
    clock.run(until=18 * minute)
    assert path_mtu.limit(DST) == 600
    assert [event.kind for event in path_mtu._sim.recorder.events] == ["path mtu"]
    clock.run(until=19 * minute)
    assert path_mtu.limit(DST) == 65_535


def test_a_message_that_excludes_nothing_is_not_kept(path_mtu: PathMtu) -> None:
    path_mtu.too_big(DST, 65_535, 65_535)
    assert path_mtu.table == {}


def test_what_is_known_of_paths_keeps_no_run_going_and_goes_with_the_power() -> None:
    chain = Chain(middle_mtu=600)
    chain.alice.ping("carol", count=1, size=1_000, dont_fragment=True)
    chain.net.run()
    assert chain.net.now < 1 * minute
    path_mtu = chain.alice.ipv4.path_mtu
    chain.alice.power_cycle()
    chain.net.run(until=20 * minute)
    assert path_mtu.table == chain.alice.ipv4.path_mtu.table == {}
    assert len(chain.net.trace.events_of(kind="path mtu")) == 1


@pytest.mark.rfc("RFC 1191 5")
def test_a_message_about_an_older_larger_packet_takes_one_step_only(path_mtu: PathMtu) -> None:
    path_mtu.too_big(DST, 1500, 0)
    path_mtu.too_big(DST, 1500, 0)
    assert path_mtu.limit(DST) == 1006


def test_each_destination_has_its_own_estimate_and_age(path_mtu: PathMtu) -> None:
    clock = path_mtu._sim.clock
    other = address("10.0.3.2")
    told: list[object] = []
    path_mtu.listeners.append(lambda dst: told.append((clock.now, dst, path_mtu.limit(dst))))
    path_mtu.too_big(DST, 1500, 600)
    clock.run(until=5 * minute)
    path_mtu.too_big(other, 1500, 700)
    path_mtu.too_big(DST, 1500, 576)
    clock.run(until=30 * minute)
    assert told == [
        (0, DST, 600),
        (5 * minute, other, 700),
        (5 * minute, DST, 576),
        (15 * minute, other, 65_535),
        (15 * minute, DST, 65_535),
    ]
    assert path_mtu.table == {}


@pytest.mark.rfc("RFC 5927 7")
def test_a_forged_message_about_nothing_under_way_changes_no_estimate() -> None:
    chain = Chain()
    src, dst = address("10.0.1.1"), address("10.0.3.1")
    quoted = Ipv4Packet(src, dst, PROTOCOL_UDP, UdpDatagram(5, 9, b"").pack(src, dst)).pack()
    message = IcmpMessage(DESTINATION_UNREACHABLE, 4, 100, quoted)
    chain.r1.ipv4.send(src, PROTOCOL_ICMP, message.pack(), reason="a test")
    chain.net.run()
    assert chain.alice.ipv4.path_mtu.table == {}
