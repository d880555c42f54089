"""A packet's journey, hop by hop."""

from socket import SOCK_DGRAM

from netlab import Network
from netlab.units import ms
from netlab.views.journey import hops


def internetwork(**second):
    """alice - s1 - r1 - bob, and a datagram from end to end."""
    net = Network(seed=1)
    alice = net.host("alice", "10.0.0.1/24", gateway="10.0.0.254")
    bob = net.host("bob", "10.0.1.2/24", gateway="10.0.1.254")
    router, switch = net.router("r1"), net.switch("s1")
    net.connect(alice, switch, delay=1 * ms)
    net.connect(switch, router, delay=1 * ms, addresses=(None, "10.0.0.254/24"))
    net.connect(router, bob, delay=1 * ms, addresses=("10.0.1.254/24", None), **second)
    return net, alice, bob


def say(net, alice, size=5):
    alice.socket(SOCK_DGRAM).sendto(bytes(size), ("10.0.1.2", 9))
    net.run()
    return [frame for frame in net.trace.frames if frame.udp and not frame.icmp]


def way(frames):
    return [f"{frame.sender} > {frame.receiver}" for frame in frames]


def row(table, name):
    return next(cells[1:] for cells in table.rows if cells[0] == name)


def test_the_same_journey_is_found_from_each_of_its_frames():
    net, alice, _ = internetwork()
    carriers = say(net, alice)
    for frame in carriers:
        assert way(hops(net.trace, frame)) == ["alice > s1", "s1 > r1", "r1 > bob"]


def test_a_switch_changes_nothing_and_a_router_the_ttl_the_checksum_and_both_stations():
    net, alice, _ = internetwork()
    table = net.trace.journey(say(net, alice)[0].id)
    changed = [cells[0] for cells in table.rows if any(cell.endswith(" *") for cell in cells)]
    assert [table.rows[n][0] for n in sorted(table.marked)] == changed
    assert [cell.endswith(" *") for cell in row(table, "IPv4: Time to Live")] == [
        False,
        False,
        True,
    ]
    assert [name for name in changed if name.startswith("IPv4")] == [
        "IPv4: Time to Live",
        "IPv4: Header Checksum",
    ]
    assert len(changed) == 4
    assert row(table, "What became of it")[0].startswith("arrived at")


def test_a_second_datagram_has_a_journey_of_its_own():
    net, alice, _ = internetwork()
    say(net, alice)
    last = say(net, alice)[-1]
    assert len(hops(net.trace, last)) == 3
    assert list(hops(net.trace, last))[-1] is last


def test_the_fragments_that_a_router_makes_belong_to_the_journey():
    net, alice, _ = internetwork(mtu=576)
    first = say(net, alice, 1000)[0]
    assert way(hops(net.trace, first)) == ["alice > s1", "s1 > r1", "r1 > bob", "r1 > bob"]
    table = net.trace.journey(first)
    assert row(table, "IPv4: Total Length") == ["1028", "1028", "572 *", "476 *"]
    assert row(table, "UDP: Length") == ["1008", "1008", "", ""]


def test_a_broadcast_question_branches_where_a_switch_floods_it():
    net, alice, _ = internetwork()
    net.connect(net.host("carol", "10.0.0.3/24"), net.switches["s1"])
    say(net, alice)
    question = next(frame for frame in net.trace.frames if frame.arp)
    assert way(hops(net.trace, question)) == ["alice > s1", "s1 > r1", "s1 > carol"]


def test_a_frame_that_was_lost_ends_the_journey_and_says_by_what():
    net, alice, _ = internetwork(loss=1.0)
    net.hosts["r1"].arp.add("10.0.1.2", "02:00:00:00:00:02", net.hosts["r1"].interfaces[1])
    table = net.trace.journey(say(net, alice)[0])
    assert "random loss" in row(table, "What became of it")[-1]
    assert "* differs from the hop before" in table.text()
