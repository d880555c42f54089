"""Routers joined at random, with static routes: who reaches whom is exactly what networkx says.

Of each router some routes are left to a default route, some are missing and some lead astray, so
that packets end nowhere or go round in circles.
"""

import random
from collections import Counter

import networkx
import pytest

from netlab import Network
from netlab.host import Host
from netlab.network.address import IPv4Address, Prefix
from netlab.network.icmp_message import (
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    NET_UNREACHABLE,
    TIME_EXCEEDED,
    TTL_EXCEEDED,
    IcmpMessage,
)
from netlab.network.ipv4_packet import PROTOCOL_ICMP, Ipv4Packet
from tests.network.material import address

DEFAULT = Prefix.parse("0.0.0.0/0")
TTL = 64


def own(router: int) -> IPv4Address:
    """The address by which a router is known to all others, whatever links it has."""
    return IPv4Address(address("172.16.0.0") + router)


class Internet:
    """`graph` is who is joined to whom; `next_hop[r][d]` is where r sends what is for d."""

    def __init__(self, seed: int, *, astray: float) -> None:
        self.chance = chance = random.Random(seed)
        count = chance.randrange(2, 31)
        self.graph = networkx.gnp_random_graph(count, chance.uniform(0.8, 3.5) / count, seed=seed)
        self.net = Network(seed)
        self.routers = [self.net.router(f"r{number}") for number in range(count)]
        self.gateways: dict[tuple[int, int], IPv4Address] = {}
        for number, (a, b) in enumerate(self.graph.edges):
            first = IPv4Address(address("10.0.0.0") + 2 * number)
            second = IPv4Address(first + 1)
            self.gateways[a, b], self.gateways[b, a] = second, first
            ends = (f"{first}/31", f"{second}/31")
            self.net.connect(self.routers[a], self.routers[b], addresses=ends)
        for number in self.joined:
            ipv4 = self.routers[number].ipv4
            ipv4.add_address(
                self.routers[number].interfaces[0], own(number), Prefix(own(number), 32)
            )
            self.routers[number].icmp.errors.rate = None
        self.next_hop = {number: self._plan(number, astray) for number in self.joined}

    @property
    def joined(self) -> list[int]:
        return [number for number, degree in self.graph.degree if degree]

    def _plan(self, router: int, astray: float) -> dict[int, int]:
        """Give a router its routes; where they lead, destination by destination."""
        chance, neighbours = self.chance, sorted(self.graph[router])
        paths = networkx.single_source_shortest_path(self.graph, router)
        ways = {goal: path[1] for goal, path in paths.items() if goal != router}
        for goal in list(ways):
            if chance.random() < astray:
                ways[goal] = chance.choice(neighbours)
            elif chance.random() < astray:
                del ways[goal]
        ipv4 = self.routers[router].ipv4
        default = None
        if ways and chance.random() < 0.5:
            default = Counter(ways.values()).most_common(1)[0][0]
            ipv4.add_route(DEFAULT, self.gateways[router, default])
        for goal, hop in ways.items():
            if hop != default:
                ipv4.add_route(Prefix(own(goal), 32), self.gateways[router, hop])
        if default is not None:
            everybody = set(self.graph) - {router}
            ways = {goal: ways.get(goal, default) for goal in everybody}
        return ways

    def way(self, start: int, goal: int) -> list[int] | None:
        """The routers on the way, by networkx, or None: it ends nowhere or in a circle."""
        steps = networkx.DiGraph(
            (router, ways[goal]) for router, ways in self.next_hop.items() if goal in ways
        )
        if start not in steps or goal not in steps or not networkx.has_path(steps, start, goal):
            return None
        path: list[int] = networkx.shortest_path(steps, start, goal)
        return path

    def circle(self, start: int, goal: int) -> list[int]:
        """The routers round which goes what is sent from `start` to `goal`; none if it doesn't."""
        path = [start]
        while path[-1] != goal and goal in self.next_hop[path[-1]]:
            hop = self.next_hop[path[-1]][goal]
            if hop in path:
                return path[path.index(hop) :]
            path.append(hop)
        return []

    def ask_all(self, start: int) -> dict[int, tuple[int, int, int]]:
        """Ping everybody from one router: type and code of what comes back, and its time to live."""
        heard: dict[int, tuple[int, int, int]] = {}

        def listen(packet: Ipv4Packet, message: IcmpMessage, quoted: Ipv4Packet | None) -> None:
            echo = message if quoted is None else IcmpMessage.parse(quoted.payload)
            if message.type == ECHO_REPLY or message.is_error:
                heard[echo.sequence] = (message.type, message.code, packet.ttl)

        router: Host = self.routers[start]
        with router.icmp.listening(listen) as identifier:
            for goal in self.graph:
                if goal != start and goal in self.next_hop[start]:
                    request = IcmpMessage.echo_request(identifier, goal).pack()
                    router.ipv4.send(own(goal), PROTOCOL_ICMP, request, src=own(start), ttl=TTL)
            self.net.run()
        return heard

    def ends(self) -> dict[tuple[str, str], str]:
        """What the record says of the end of the first packet from one to another that had one."""
        found: dict[tuple[str, str], str] = {}
        for event in self.net.trace.events_of(kind="discarded", layer="network"):
            if "src" in event.fields:
                found.setdefault((event.fields["src"], event.fields["dst"]), event.fields["why"])
        return found


def check(seed: int, astray: float) -> Counter[str]:
    """Every pair of one internet; how many came to what end."""
    internet = Internet(seed, astray=astray)
    ends: Counter[str] = Counter()
    answers = {start: internet.ask_all(start) for start in internet.joined}
    why = internet.ends()
    for start, heard in answers.items():
        for goal in internet.graph:
            if goal == start:
                continue
            there = internet.way(start, goal)
            back = internet.way(goal, start) if there else None
            if there and back:
                assert heard[goal] == (ECHO_REPLY, 0, TTL - (len(back) - 2)), (seed, start, goal)
                ends["reached"] += 1
            elif start in (circle := internet.circle(start, goal)):
                # Nobody believes that a packet of one's own comes from somebody else.
                assert goal not in heard, (seed, start, goal)
                ends["came back"] += 1
            elif circle:
                expected = (TIME_EXCEEDED, TTL_EXCEEDED)
                assert heard.get(goal, expected)[:2] == expected, (seed, start, goal)
                assert why[str(own(start)), str(own(goal))].startswith(
                    "its time to live is used up"
                ), (seed, start, goal)
                ends["went in circles"] += 1
                ends["and was told"] += goal in heard
            elif there is None:
                expected = (DESTINATION_UNREACHABLE, NET_UNREACHABLE)
                assert heard.get(goal, expected)[:2] == expected, (seed, start, goal)
                if goal in internet.next_hop[start]:
                    assert why[str(own(start)), str(own(goal))].startswith("no route to")
                ends["ended nowhere"] += 1
            else:
                assert goal not in heard or heard[goal][0] != ECHO_REPLY, (seed, start, goal)
                ends["lost on the way back"] += 1
    assert not any(router.ipv4.reassembling for router in internet.routers)
    return ends


def check_many(seeds: range) -> Counter[str]:
    """Half of them with routes that are all as they should be."""
    ends: Counter[str] = Counter()
    for seed in seeds:
        ends += check(seed, astray=0.0 if seed % 2 else 0.05)
    return ends


@pytest.mark.rfc("RFC 1812 5.2.4", "RFC 1812 5.3.1", "RFC 1812 5.2.7.1", "RFC 1122 3.3.1.1")
def test_who_reaches_whom_is_what_networkx_says() -> None:
    ends = check_many(range(24))
    assert ends["reached"] > 1_000
    assert min(ends["went in circles"], ends["ended nowhere"], ends["lost on the way back"]) > 50


@pytest.mark.slow
@pytest.mark.rfc("RFC 1812 5.2.4", "RFC 1812 5.3.1", "RFC 1812 5.2.7.1", "RFC 1122 3.3.1.1")
def test_who_reaches_whom_in_a_thousand_internets() -> None:
    ends = check_many(range(1_000))
    assert ends["reached"] > 40_000
    assert ends["went in circles"] > ends["and was told"] > 1_000


@pytest.mark.rfc("RFC 1812 5.3.1", "RFC 1812 5.2.7.3")
def test_a_circle_ends_with_the_time_to_live_and_the_sender_is_told() -> None:
    net = Network()
    alice = net.host("alice", "10.0.0.1/24", gateway="10.0.0.254")
    ring = [net.router(f"r{number}") for number in range(3)]
    net.connect(alice, ring[0], addresses=(None, "10.0.0.254/24"))
    for number in range(3):
        ends = (f"10.0.{number + 1}.1/30", f"10.0.{number + 1}.2/30")
        net.connect(ring[number], ring[(number + 1) % 3], addresses=ends)
    for number, router in enumerate(ring):
        router.add_route("192.0.2.0/24", f"10.0.{number + 1}.2")
        if number:
            router.add_route("10.0.0.0/24", f"10.0.{number}.1")
    ping = alice.ping("192.0.2.1", count=1)
    assert ping.lines[1:] == ["From 10.0.0.254 icmp_seq=1 Time to live exceeded"]
    passed = [f for f in net.trace.frames if f.ipv4 and str(f.ipv4.dst) == "192.0.2.1"]
    assert len(passed) == TTL
