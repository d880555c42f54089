"""Two gateways, of which one dies: packets find the other way, and the first is tried again."""

import pytest

from netlab import Network
from netlab.network.address import Prefix
from netlab.units import minute, s
from tests.network.material import address

DEFAULT = Prefix.parse("0.0.0.0/0")


class Office:
    """alice and two routers on a switch; both routers lead to 192.0.2.1, which is at `far`."""

    def __init__(self) -> None:
        self.net = net = Network()
        self.alice = net.host("alice", "10.0.0.1/24", gateway="10.0.0.251")
        self.alice.add_route("0.0.0.0/0", "10.0.0.252")
        switch, far = net.switch("s"), net.router("far")
        self.routers = [net.router("first"), net.router("second")]
        net.connect(self.alice, switch)
        self.cables = []
        for number, router in enumerate(self.routers, 1):
            self.cables.append(
                net.connect(router, switch, addresses=(f"10.0.0.25{number}/24", None))
            )
            ends = (f"10.0.{number}.1/30", f"10.0.{number}.2/30")
            net.connect(router, far, addresses=ends)
            router.add_route("192.0.2.0/24", f"10.0.{number}.2")
            far.add_route("0.0.0.0/0", f"10.0.{number}.1")
        far.ipv4.add_address(far.interfaces[0], address("192.0.2.1"), Prefix.parse("192.0.2.1/32"))
        far.ipv4.remove_route(DEFAULT, address("10.0.1.1"))  # the way back is the second's

    @property
    def gateway(self) -> str:
        route = self.alice.ipv4.routes.lookup(address("192.0.2.1"))
        assert route is not None
        return str(route.gateway)

    def ping(self, count: int = 1) -> int:
        return self.alice.ping("192.0.2.1", count=count).received


@pytest.mark.rfc(
    "RFC 1122 3.3.1.2",
    "RFC 1122 3.3.1.4",
    "RFC 1122 3.3.1.5",
    "RFC 1122 3.3.1.2/several",
    "RFC 1122 3.3.1.4/detect",
    "RFC 1122 3.3.1.5/switch",
)
def test_packets_go_by_another_gateway_when_the_first_doesnt_answer() -> None:
    office = Office()
    assert (office.ping(), office.gateway) == (1, "10.0.0.251")
    office.cables[0].down()
    office.net.run_for(2 * minute)
    lost = 20 - office.ping(20)
    assert 0 < lost < 12  # until ARP, which believed in it still, has asked in vain
    assert office.gateway == "10.0.0.252"
    (event,) = office.net.trace.events_of(kind="gateway", host="alice")
    assert (event.fields, event.reason) == (
        {"gateway": "10.0.0.251", "state": "DEAD"},
        "it doesn't answer to ARP (RFC 1122 section 3.3.1.4)",
    )


@pytest.mark.rfc("RFC 1122 3.3.1.5")
def test_what_waits_for_a_gateway_that_never_answered_goes_by_the_other() -> None:
    office = Office()
    office.cables[0].down()
    assert (office.ping(), office.gateway) == (1, "10.0.0.252")


@pytest.mark.rfc("RFC 1122 3.3.1.4")
def test_a_dead_gateway_is_tried_again_after_a_minute_and_nobody_waits_for_that() -> None:
    office = Office()
    office.cables[0].down()
    office.ping()
    office.cables[0].up()
    before = office.net.now
    office.net.run()
    assert office.net.now < before + 30 * s
    assert office.gateway == "10.0.0.252"
    office.net.run_for(1 * minute)
    assert (office.gateway, office.ping()) == ("10.0.0.251", 1)


def test_the_only_gateway_left_is_used_even_if_it_was_dead() -> None:
    office = Office()
    for cable in office.cables:
        cable.down()
    assert office.ping() == 0
    dead = [e.fields["gateway"] for e in office.net.trace.events_of(kind="gateway", host="alice")]
    assert dead == ["10.0.0.251"]
    assert office.gateway == "10.0.0.252"


def test_with_one_gateway_nothing_is_given_up() -> None:
    office = Office()
    office.alice.ipv4.remove_route(DEFAULT, address("10.0.0.252"))
    office.cables[0].down()
    assert office.ping() == 0
    assert office.net.trace.events_of(kind="gateway") == []
    assert office.gateway == "10.0.0.251"
