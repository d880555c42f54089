"""Redirects: sent by routers, believed by hosts, forgotten in time (RFC 1122 3.2.2.2, 1812 5.2.7.2)."""

import pytest
from scapy.layers.inet import ICMP, IP, IPerror

from netlab import Network
from netlab.link.ethernet import ETHERTYPE_IPV4, EthernetFrame
from netlab.network.icmp_message import ECHO_REQUEST, IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, Ipv4Packet
from netlab.units import minute, ms
from tests.network.material import address, discarded, frames_on

BETTER = "10.0.0.252"


class Office:
    """alice's gateway is r1, who has only another router on alice's own network for 10.0.9.0/24."""

    def __init__(self) -> None:
        self.net = net = Network(seed=1)
        self.alice = net.host("alice", "10.0.0.1/24", gateway="10.0.0.251")
        self.r1 = net.router("r1")
        self.cable = net.connect(
            self.alice, self.r1, delay=1 * ms, addresses=(None, "10.0.0.251/24")
        )
        self.r1.add_route("10.0.9.0/24", BETTER)

    def tell(self, message: IcmpMessage, sender: str = "10.0.0.251") -> None:
        """An ICMP message comes to alice, with this address as its source."""
        packet = Ipv4Packet(address(sender), address("10.0.0.1"), PROTOCOL_ICMP, message.pack())
        frame = EthernetFrame(
            self.alice.interfaces[0].mac,
            self.r1.interfaces[0].mac,
            ETHERTYPE_IPV4,
            packet.pack(),
        )
        self.r1.inject(frame.pack())
        self.net.run_for(10 * ms)

    def redirect(self, code: int = 1, gateway: str = BETTER, sender: str = "10.0.0.251") -> None:
        """A redirect for an echo request that alice has sent to 10.0.9.1 comes, while she waits."""
        with self.alice.icmp.listening(lambda *_: None) as identifier:
            request = IcmpMessage.echo_request(identifier, 1)
            quoted = Ipv4Packet(
                address("10.0.0.1"), address("10.0.9.1"), PROTOCOL_ICMP, request.pack()
            )
            self.tell(IcmpMessage.redirect(code, address(gateway), quoted.pack()), sender)

    @property
    def gateway(self) -> str:
        """By whom alice sends to 10.0.9.1."""
        route = self.alice.ipv4.routes.lookup(address("10.0.9.1"))
        assert route is not None
        return str(route.gateway)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.rfc("RFC 1812 5.2.7.2", "RFC 792", "RFC 1812 5.2.7.2/network")
def test_a_router_tells_of_a_better_hop_on_the_senders_own_network_and_forwards(
    office: Office,
) -> None:
    ping = office.alice.ping("10.0.9.1", count=2)
    redirect = next(
        frame[IP] for frame in frames_on(office.net, office.cable) if frame.haslayer(IPerror)
    )
    assert (redirect.src, redirect.dst) == ("10.0.0.251", "10.0.0.1")
    assert (redirect[ICMP].type, redirect[ICMP].code, redirect[ICMP].gw) == (5, 1, BETTER)
    assert (redirect[IPerror].dst, redirect[IPerror].ttl) == ("10.0.9.1", 63)
    assert ping.lines[1] == f"From 10.0.0.251: icmp_seq=1 Redirect Host(New nexthop: {BETTER})"
    on_its_way = office.net.trace.events_of(kind="arp", host="r1")
    assert BETTER in [event.fields["address"] for event in on_its_way]
    (learned,) = office.alice.icmp.redirects.table.values()
    assert str(learned.route.gateway) == BETTER
    assert office.gateway == "10.0.0.251"  # again, for nobody is at the other address


@pytest.mark.rfc("RFC 1812 5.2.7.2", "RFC 1812 5.2.7.2/conditions")
def test_a_router_tells_a_sender_on_another_network_nothing(office: Office) -> None:
    echo = IcmpMessage.echo_request(1, 1)
    packet = Ipv4Packet(address("192.0.2.9"), address("10.0.9.1"), PROTOCOL_ICMP, echo.pack())
    mac = office.alice.interfaces[0].mac
    office.alice.inject(
        EthernetFrame(office.r1.interfaces[0].mac, mac, ETHERTYPE_IPV4, packet.pack()).pack()
    )
    office.net.run_for(1 * ms)
    assert office.net.trace.events_of(kind="arp", host="r1")
    assert not [frame for frame in office.net.trace.frames if frame.icmp and frame.icmp.type == 5]


@pytest.mark.rfc(
    "RFC 1122 3.2.2.2", "RFC 1122 3.3.1.2", "RFC 1122 3.2.2.2/update", "RFC 1122 3.2.2.2/both"
)
@pytest.mark.parametrize("code", [0, 1, 2, 3], ids=["network", "host", "network TOS", "host TOS"])
def test_a_redirect_of_any_kind_is_followed_for_that_host(office: Office, code: int) -> None:
    office.redirect(code)
    assert office.gateway == BETTER
    other = office.alice.ipv4.routes.lookup(address("10.0.9.2"))
    assert other is not None
    assert str(other.gateway) == "10.0.0.251"
    (event,) = office.net.trace.events_of(kind="route added")
    assert event.fields["route"] == "10.0.9.1/32 via 10.0.0.252 dev eth0 src 10.0.0.1"


@pytest.mark.rfc("RFC 1122 3.2.2.2")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sender": "10.0.0.77"}, "10.0.0.77 isn't the gateway for 10.0.9.1"),
        ({"sender": "192.0.2.1"}, "192.0.2.1 isn't the gateway for 10.0.9.1"),
        ({"gateway": "10.0.9.254"}, "10.0.9.254 isn't a neighbour on that link"),
        ({"gateway": "192.0.2.1"}, "192.0.2.1 isn't a neighbour on that link"),
        ({"gateway": "10.0.0.1"}, "10.0.0.1 isn't a neighbour on that link"),
        ({"gateway": "10.0.0.255"}, "10.0.0.255 isn't a neighbour on that link"),
        ({"code": 4}, "there is no such redirect, redirect: code 4"),
    ],
)
def test_a_redirect_is_believed_only_from_the_present_gateway_and_to_a_neighbour(
    office: Office, change: dict[str, str], why: str
) -> None:
    office.redirect(**change)  # type: ignore[arg-type]
    assert office.gateway == "10.0.0.251"
    assert any(text.startswith(why) for text in discarded(office.net, office.alice))


@pytest.mark.rfc("RFC 5927 4")
def test_a_redirect_about_nothing_under_way_is_not_believed(office: Office) -> None:
    echo = IcmpMessage(ECHO_REQUEST, 0, 77 << 16)
    quoted = Ipv4Packet(address("10.0.0.1"), address("10.0.9.1"), PROTOCOL_ICMP, echo.pack())
    office.tell(IcmpMessage.redirect(1, address(BETTER), quoted.pack()))
    assert office.gateway == "10.0.0.251"


@pytest.mark.rfc("RFC 1812 5.2.7.2", "RFC 1812 5.2.7.2/follow")
def test_a_router_follows_no_redirect(office: Office) -> None:
    office.alice.ipv4.forwarding = True
    office.redirect()
    assert office.gateway == "10.0.0.251"


def test_a_redirect_is_forgotten_after_ten_minutes_and_keeps_no_run_going(office: Office) -> None:
    office.redirect()
    office.net.run()
    assert office.net.now < 1 * minute
    office.net.run_for(9 * minute)
    assert office.gateway == BETTER
    office.net.run_for(1 * minute)
    assert office.gateway == "10.0.0.251"
    (event,) = office.net.trace.events_of(kind="route removed")
    assert event.reason == "the redirect is 600 s old"


def test_the_new_gateway_may_redirect_further(office: Office) -> None:
    office.redirect()
    office.net.run_for(5 * minute)
    office.redirect(gateway="10.0.0.253", sender=BETTER)
    assert office.gateway == "10.0.0.253"
    assert len(office.alice.ipv4.routes) == 3
    office.net.run_for(9 * minute)
    assert office.gateway == "10.0.0.253"
    office.net.run_for(1 * minute)
    assert office.gateway == "10.0.0.251"
    assert len(office.alice.ipv4.routes) == 2


def test_a_redirect_goes_with_the_address_of_its_interface(office: Office) -> None:
    office.redirect()
    office.alice.ipv4.remove_address(address("10.0.0.1"))
    assert len(office.alice.ipv4.routes) == 0
    office.net.run_for(11 * minute)
    assert len(office.alice.ipv4.routes) == 0


@pytest.mark.rfc("RFC 1812 5.2.7.2", "RFC 1122 3.2.2.2")
def test_behind_a_switch_a_host_learns_the_better_router_and_goes_there_by_itself() -> None:
    net = Network(seed=1)
    office = net.switch("office")
    alice = net.host("alice", "10.0.0.1/24", gateway="10.0.0.251")
    r1, r2 = net.router("r1"), net.router("r2")
    carol = net.host("carol", "10.0.9.1/24", gateway="10.0.9.254")
    net.connect(alice, office, delay=1 * ms)
    first = net.connect(r1, office, delay=1 * ms, addresses=("10.0.0.251/24", None))
    net.connect(r2, office, delay=1 * ms, addresses=("10.0.0.252/24", None))
    net.connect(r2, carol, delay=1 * ms, addresses=("10.0.9.254/24", None))
    r1.add_route("10.0.9.0/24", "10.0.0.252")
    ping = alice.ping("carol", count=3)
    assert ping.lines[1] == (
        "From r1 (10.0.0.251): icmp_seq=1 Redirect Host(New nexthop: 10.0.0.252)"
    )
    assert ping.received == 3
    assert ping.rtts[2] == 6 * ms  # and not the 8 ms of the way by r1
    requests = [frame for frame in net.trace.frames if frame.icmp and frame.icmp.type == 8]
    assert [f.icmp.sequence for f in requests if f.link is first and f.sender == "r1"] == [1]
    assert net.trace.why(requests[-1])
    assert carol.ping("alice", count=1).received == 1
