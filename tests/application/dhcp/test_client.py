"""The DHCP client, state by state (RFC 2131 section 4.4), with a server in the hands of the test."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab import Network
from netlab.application.dhcp.client import LATER, DhcpClient, boot
from netlab.application.dhcp.message import DhcpMessage, MessageType, Option
from netlab.application.dhcp.states import TRANSITIONS, ClientEvent, State
from netlab.errors import ConfigurationError
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_ARP, EthernetFrame
from netlab.network.arp_packet import REPLY, ArpPacket
from netlab.units import minute, ms, s
from netlab.views.states import StateDiagram
from tests.application.dhcp.worlds import ANY, EVERYBODY, Server, World, address, kinds

SAY = MessageType
MINE = "10.0.0.100"


class Bench(World):
    """A client that has begun, and a server in the hands of the test."""

    def __init__(self, *, check: bool = False, seed: int = 1, **options: object) -> None:
        super().__init__(seed)
        self.hand = Server(self.server)
        self.laptop.arp.add("10.0.0.1", self.server.interfaces[0].mac)  # so that times are exact
        self.say = self.hand.say
        self.client = DhcpClient(self.laptop, check=check, **options)  # type: ignore[arg-type]
        self.client.begin()
        self.pass_(5 * ms)

    def pass_(self, time: int) -> None:
        """Let time pass."""
        self.net.run_for(time)

    def until(self, state: State) -> None:
        """Let time pass until the client is there."""
        deadline = self.net.now + 10_000 * minute
        while self.client.state is not state:
            assert self.net.now < deadline
            self.pass_(1 * s)
        self.pass_(5 * ms)  # for what it sent then

    def bind(self, **changes: object) -> None:
        """Give it what it wants."""
        self.say(SAY.OFFER, **changes)
        self.say(SAY.ACK, **changes)
        assert self.client.state is State.BOUND

    @property
    def addresses(self) -> list[str]:
        """Those of the client's host."""
        return [str(each) for each in self.laptop.ipv4.addresses]

    @property
    def asked(self) -> list[tuple[int, DhcpMessage]]:
        """What the client sent, and when."""
        frames = self.net.trace.frames
        return [(frame.time, frame.dhcp) for frame in frames if frame.dhcp and frame.dhcp.op == 1]

    @property
    def last(self) -> DhcpMessage:
        """What the client sent last."""
        return self.asked[-1][1]


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- the table ------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 4.4")
def test_every_state_of_figure_5_can_be_reached_and_left() -> None:
    assert {state for state, _ in TRANSITIONS} == set(State)
    assert {row.next for row in TRANSITIONS.values()} | {State.INIT_REBOOT} == set(State)


def test_the_table_is_what_is_drawn_with_the_path_that_was_taken(bench: Bench) -> None:
    bench.bind()
    text = StateDiagram(TRANSITIONS, bench.client.path, "laptop").text()
    assert text.startswith("laptop: INIT > SELECTING > REQUESTING > REQUESTING > BOUND")


# --- an address from nothing ----------------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 4.4.1")
def test_it_begins_with_a_discover_to_all_from_nobody(bench: Bench) -> None:
    [frame] = bench.net.trace.frames
    message = bench.last
    assert (frame.ipv4.src, frame.ipv4.dst, frame.ethernet.dst) == (
        ANY,
        EVERYBODY,
        MacAddress.BROADCAST,
    )
    assert (frame.udp.source_port, frame.udp.destination_port) == (68, 67)
    assert (message.message_type, message.op, message.chaddr) == (
        SAY.DISCOVER,
        1,
        bench.laptop.interfaces[0].mac,
    )
    assert (message.flags, message.ciaddr, message.secs) == (0x8000, ANY, 0)
    assert (message.requested_address, message.server_identifier) == (None, None)
    assert message.options[Option.PARAMETERS] == bytes([1, 3, 58, 59])
    assert message.options[Option.HOST_NAME] == b"laptop"
    assert bench.client.state is State.SELECTING


@pytest.mark.rfc("RFC 2131 section 4.4.1", "RFC 2131 section 4.3.2")
def test_it_takes_the_first_offer_and_says_so_to_all(bench: Bench) -> None:
    discover = bench.last
    bench.say(SAY.OFFER)
    request = bench.last
    assert (request.message_type, request.flags, request.ciaddr) == (SAY.REQUEST, 0x8000, ANY)
    assert (str(request.requested_address), str(request.server_identifier)) == (MINE, "10.0.0.1")
    assert (request.xid, request.secs) == (discover.xid, discover.secs)
    assert (bench.client.state, bench.addresses) == (State.REQUESTING, [])


@pytest.mark.rfc("RFC 2131 section 4.4.1", "RFC 2131 section 4.4.5")
def test_with_the_acknowledgment_it_has_an_address_a_mask_a_router_and_its_times(
    bench: Bench,
) -> None:
    routers = bytes([10, 9, 9, 9, 10, 0, 0, 100, 10, 0, 0, 254, 10, 0, 0, 253])
    bench.say(SAY.OFFER)
    asked_at = bench.asked[-1][0]
    bench.say(SAY.ACK, options={Option.ROUTER: routers})
    lease = bench.client.lease
    assert lease is not None
    assert (str(lease.address), str(lease.prefix), str(lease.gateway), str(lease.server)) == (
        MINE,
        "10.0.0.0/24",
        "10.0.0.254",
        "10.0.0.1",
    )
    assert (lease.since, lease.t1, lease.t2, lease.expires) == (
        asked_at,
        asked_at + 300 * s,
        asked_at + 525 * s,
        asked_at + 600 * s,
    )
    assert [str(route) for route in bench.laptop.ipv4.routes] == [
        "10.0.0.0/24 dev eth0 src 10.0.0.100",
        "default via 10.0.0.254 dev eth0 src 10.0.0.100",
    ]
    assert bench.server.ping("laptop", count=1).received == 1
    assert repr(bench.client) == "<DHCP client of laptop:eth0, BOUND, 10.0.0.100>"


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({58: (100).to_bytes(4, "big"), 59: (200).to_bytes(4, "big")}, (100, 200, 600)),
        ({58: (300).to_bytes(4, "big"), 59: (200).to_bytes(4, "big")}, (300, 525, 600)),
        ({58: (100).to_bytes(4, "big"), 59: (700).to_bytes(4, "big")}, (300, 525, 600)),
        ({58: bytes(4), 59: bytes(4)}, (300, 525, 600)),
        ({58: (100).to_bytes(4, "big")}, (300, 525, 600)),
        ({51: (1).to_bytes(4, "big")}, (0.5, 0.875, 1)),
    ],
)
def test_times_that_a_server_names_are_taken_where_they_can_be(
    bench: Bench, options: dict, times: tuple[float, ...]
) -> None:
    bench.bind(options=options)
    lease = bench.client.lease
    assert lease is not None
    given = [lease.t1, lease.t2, lease.expires]
    assert [None if at is None else (at - lease.since) / s for at in given] == list(times)


@pytest.mark.rfc("RFC 2131 section 3.3")
def test_a_lease_without_an_end_is_never_renewed(bench: Bench) -> None:
    bench.bind(options={Option.LEASE_TIME: b"\xff" * 4})
    sent = len(bench.asked)
    bench.pass_(100_000 * minute)
    assert (len(bench.asked), bench.client.state) == (sent, State.BOUND)


# --- nobody answers -------------------------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 4.1")
def test_it_asks_again_after_times_that_double_with_some_chance() -> None:
    for seed in range(5):
        bench = Bench(seed=seed)
        bench.net.run()
        times = [at for at, _ in bench.asked]
        gaps = [later - earlier for earlier, later in pairwise([*times, bench.net.now])]
        assert [round(gap / s / 4 / 2**i) for i, gap in enumerate(gaps)] == [1, 1, 1, 1]
        assert all(abs(gap - (4 << i) * s) <= 1 * s for i, gap in enumerate(gaps))
        assert len({message.xid for _, message in bench.asked}) == 1
        assert [message.secs for _, message in bench.asked] == [at // s for at in times]


@pytest.mark.rfc("RFC 2131 section 4.4.1")
def test_without_a_server_it_gives_up_after_a_minute_and_tries_again_in_the_background(
    bench: Bench,
) -> None:
    bench.net.run()
    assert 55 * s < bench.net.now < 65 * s
    assert (bench.client.state, bench.client.failed, len(bench.asked)) == (State.INIT, True, 4)
    gave_up = bench.net.now
    bench.net.run()
    assert bench.net.now == gave_up, "no run waits for it"
    bench.pass_(LATER + 10 * ms)
    assert (bench.client.state, len(bench.asked)) == (State.SELECTING, 5)
    assert bench.asked[-1][1].secs == 0
    bench.net.run()
    assert len(bench.asked) == 5
    bench.bind()
    assert not bench.client.failed


@pytest.mark.rfc("RFC 2131 section 3.1")
def test_a_server_that_doesnt_acknowledge_is_given_up_and_all_begins_again(bench: Bench) -> None:
    bench.say(SAY.OFFER)
    bench.pass_(70 * s)
    assert [message.message_type for _, message in bench.asked] == [
        SAY.DISCOVER,
        *[SAY.REQUEST] * 4,
        SAY.DISCOVER,
        *[SAY.DISCOVER] * (len(bench.asked) - 6),
    ]
    assert [event for _, event, _ in bench.client.path].count(ClientEvent.NO_ANSWER) == 1
    xids = {message.xid for _, message in bench.asked}
    assert len(xids) == 2


def test_who_asked_while_the_link_was_down_asks_again_as_soon_as_it_is_up(bench: Bench) -> None:
    bench.bind()
    bench.client.release()
    bench.cable.down()
    bench.client.begin()
    bench.pass_(1 * s)
    asked = len(bench.asked)
    bench.cable.up()
    up = bench.net.now
    bench.pass_(5 * ms)
    assert [at for at, _ in bench.asked[asked:]] == [up]
    bench.bind()
    bench.client.release()
    bench.cable.down()
    bench.client.begin()
    bench.net.run()
    assert bench.client.failed
    bench.cable.up()
    bench.pass_(5 * ms)
    assert bench.client.state is State.SELECTING
    bench.bind()
    sent = len(bench.asked)
    bench.cable.down()
    bench.cable.up()
    bench.pass_(5 * ms)
    assert (len(bench.asked), bench.client.state) == (sent, State.BOUND)


def test_a_lost_message_of_any_kind_is_made_good() -> None:
    for lost in (1, 2, 3, 4):
        world = World(boot=True)
        world.serve()
        world.cable.drop(frame=lost)
        world.net.run()
        assert [str(each) for each in world.laptop.ipv4.addresses] == [MINE]


# --- what it doesn't take -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"xid": 5}, "not an answer to this client's question"),
        ({"chaddr": MacAddress(5)}, "not an answer to this client's question"),
        ({"op": 1}, "not an answer to this client's question"),
        ({"yiaddr": ANY}, "0.0.0.0 is not the address of one host"),
        ({"yiaddr": EVERYBODY}, "255.255.255.255 is not the address of one host"),
        ({"yiaddr": address("127.0.0.1")}, "127.0.0.1 is not the address of one host"),
        ({"without": [Option.LEASE_TIME]}, "without a mask and a lease time it is of no use"),
        ({"without": [Option.SUBNET_MASK]}, "without a mask and a lease time it is of no use"),
        ({"options": {51: bytes(4)}}, "without a mask and a lease time it is of no use"),
        ({"options": {1: bytes([255, 0, 255, 0])}}, "255.0.255.0 isn't a mask"),
        ({"without": [Option.SERVER_IDENTIFIER]}, "it doesn't say from which server it is"),
    ],
)
def test_an_offer_that_is_of_no_use_is_dropped_with_the_why(
    bench: Bench, changes: dict, why: str
) -> None:
    bench.say(SAY.OFFER, **changes)
    assert bench.client.state is State.SELECTING
    assert bench.discarded(bench.laptop)[0].startswith(f"DHCP Offer: {why}")


def test_an_address_that_the_host_has_already_isnt_taken_from_a_server() -> None:
    bench = Bench()
    bench.laptop.add_address(
        bench.laptop.interfaces[0],
        address(MINE),
        bench.server.ipv4.addresses.of(bench.server.interfaces[0])[0][1],
    )
    bench.say(SAY.OFFER)
    assert "10.0.0.100 is an address of this host already" in bench.discarded(bench.laptop)[0]


@pytest.mark.rfc("RFC 2131 section 4.4.1")
@pytest.mark.parametrize(
    ("kind", "changes", "why"),
    [
        (SAY.OFFER, {}, "not awaited in REQUESTING"),
        (SAY.ACK, {"yiaddr": address("10.0.0.101")}, "about 10.0.0.101, and not 10.0.0.100"),
        (SAY.ACK, {"options": {54: bytes([10, 0, 0, 9])}}, "10.0.0.9 isn't the server that was"),
        (SAY.NAK, {"options": {54: bytes([10, 0, 0, 9])}}, "10.0.0.9 isn't the server that was"),
        (SAY.NAK, {"without": [54]}, "it doesn't say from which server it is"),
        (SAY.DISCOVER, {}, "not awaited in REQUESTING"),
        (99, {}, "not awaited in REQUESTING"),
    ],
)
def test_while_requesting_it_takes_what_is_about_its_request(
    bench: Bench, kind: int, changes: dict, why: str
) -> None:
    bench.say(SAY.OFFER)
    bench.say(kind, **changes)
    assert (bench.client.state, bench.addresses) == (State.REQUESTING, [])
    assert why in bench.discarded(bench.laptop)[0]


@pytest.mark.rfc("RFC 2131 section 4.4.5")
@pytest.mark.parametrize("kind", [SAY.OFFER, SAY.ACK, SAY.NAK])
def test_with_an_address_it_takes_nothing_that_it_didnt_ask_for(bench: Bench, kind: int) -> None:
    bench.bind()
    bench.say(kind)
    assert bench.client.state is State.BOUND
    assert "not awaited in BOUND" in bench.discarded(bench.laptop)[0]


# --- refused --------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 3.1")
def test_a_refused_client_begins_again(bench: Bench) -> None:
    bench.say(SAY.OFFER)
    bench.say(SAY.NAK)
    first, _, again = (message for _, message in bench.asked)
    assert (again.message_type, bench.client.state) == (SAY.DISCOVER, State.SELECTING)
    assert again.xid != first.xid
    bench.bind()


def test_who_is_refused_again_and_again_gives_up_for_a_while(bench: Bench) -> None:
    for _ in range(5):
        bench.say(SAY.OFFER)
        bench.say(SAY.NAK)
    assert (bench.client.state, bench.client.failed) == (State.INIT, True)
    began = bench.net.now
    bench.net.run()
    assert bench.net.now == began
    bench.until(State.SELECTING)
    assert bench.net.now > began + LATER - 2 * s


# --- is it free? ----------------------------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 4.4.1", "RFC 5227 section 2.1")
def test_it_makes_sure_by_arp_that_nobody_has_the_address_before_it_takes_it() -> None:
    bench = Bench(check=True)
    bench.say(SAY.OFFER)
    bench.say(SAY.ACK)
    assert (bench.client.state, bench.addresses) == (State.REQUESTING, [])
    bench.say(SAY.ACK)
    bench.say(SAY.NAK)
    assert len(bench.discarded(bench.laptop)) == 2, "it has its answer"
    bench.net.run()
    assert (bench.client.state, bench.addresses) == (State.BOUND, [MINE])
    labels = [frame.label for frame in bench.net.trace.frames if frame.arp]
    assert labels == ["ARP probe"] * 3 + ["ARP announcement"] * 2


@pytest.mark.rfc("RFC 2131 section 3.1", "RFC 2131 section 4.4.1")
def test_an_address_that_somebody_has_is_declined_and_after_ten_seconds_all_begins_again() -> None:
    bench = Bench(check=True, remembered=None)
    bench.server.add_address(bench.server.interfaces[0], address(MINE), address_network(bench))
    bench.say(SAY.OFFER)
    bench.say(SAY.ACK)
    bench.until(State.INIT)
    decline = bench.last
    assert (decline.message_type, decline.flags, decline.secs, decline.ciaddr) == (
        SAY.DECLINE,
        0,
        0,
        ANY,
    )
    assert (str(decline.requested_address), str(decline.server_identifier)) == (MINE, "10.0.0.1")
    assert Option.PARAMETERS not in decline.options
    declined_at = bench.asked[-1][0]
    bench.until(State.SELECTING)
    assert bench.asked[-1][0] == declined_at + 10 * s
    assert bench.addresses == []


def address_network(bench: Bench):  # type: ignore[no-untyped-def]
    [(_, prefix)] = bench.server.ipv4.addresses.of(bench.server.interfaces[0])
    return prefix


@pytest.mark.rfc("RFC 5227 section 2.4")
def test_an_address_that_somebody_uses_later_is_defended_and_then_declined() -> None:
    bench = Bench(check=True)
    bench.say(SAY.OFFER)
    bench.say(SAY.ACK)
    bench.until(State.BOUND)
    bench.pass_(20 * s)
    other = MacAddress.parse("02:00:00:00:06:66")
    liar = ArpPacket(REPLY, other, address(MINE), MacAddress(0), address("10.0.0.1"))
    frame = EthernetFrame(MacAddress.BROADCAST, other, ETHERTYPE_ARP, liar.pack()).pack()
    for _ in range(2):
        bench.server.inject(frame)
        bench.pass_(1 * s)
    assert (bench.client.state, bench.addresses, bench.client.lease) == (State.INIT, [], None)
    frame_ = [each for each in bench.net.trace.frames if each.dhcp][-1]
    assert (frame_.dhcp.type_text, frame_.ipv4.src) == ("Decline", ANY)
    bench.pass_(10 * s)
    assert bench.last.requested_address is None, "it doesn't ask for that one again"


# --- more time ------------------------------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 4.4.5", "RFC 2131 section 4.3.2")
def test_at_t1_it_asks_its_server_alone_for_more_time(bench: Bench) -> None:
    bench.bind()
    before = bench.client.lease
    assert before is not None
    bench.until(State.RENEWING)
    bench.pass_(100 * ms)
    at, request = bench.asked[-1]
    assert (at, request.message_type, str(request.ciaddr), request.flags) == (
        before.t1,
        SAY.REQUEST,
        MINE,
        0,
    )
    assert (request.requested_address, request.server_identifier) == (None, None)
    sent = next(frame for frame in bench.net.trace.frames if frame.dhcp == request)
    assert (str(sent.ipv4.src), str(sent.ipv4.dst)) == (MINE, "10.0.0.1")
    bench.say(SAY.ACK)
    after = bench.client.lease
    assert after is not None
    assert (bench.client.state, after.since) == (State.BOUND, at)
    assert after.expires == at + 600 * s
    assert bench.addresses == [MINE]


@pytest.mark.rfc("RFC 2131 section 4.4.5")
def test_without_an_answer_it_asks_again_after_half_of_what_is_left_and_then_all(
    bench: Bench,
) -> None:
    hour = {Option.LEASE_TIME: (3600).to_bytes(4, "big")}
    bench.bind(options=hour)
    lease = bench.client.lease
    assert lease is not None
    bench.until(State.INIT)
    times = [(at - lease.since) / s for at, _ in bench.asked[2:]]
    renewing = [1800, 2475, 2812.5, 2981.25, 3065.625, 3125.625]
    rebinding = [3150, 3375, 3487.5, 3547.5]
    assert times[: len(renewing) + len(rebinding)] == renewing + rebinding
    sent = [frame for frame in bench.net.trace.frames if frame.dhcp and frame.dhcp.ciaddr]
    assert [str(frame.ipv4.dst) for frame in sent] == ["10.0.0.1"] * 6 + ["255.255.255.255"] * 4
    assert bench.addresses == []
    drop = [
        event
        for event in bench.net.trace.events_of(kind="dhcp")
        if event.fields["on"] == "lease expired"
    ]
    assert drop[0].time == lease.expires


@pytest.mark.rfc("RFC 2131 section 4.4.5")
def test_while_rebinding_any_server_may_give_more_time(bench: Bench) -> None:
    bench.bind()
    bench.until(State.REBINDING)
    bench.say(SAY.ACK, options={Option.SERVER_IDENTIFIER: bytes([10, 0, 0, 9])})
    assert bench.client.state is State.BOUND
    assert bench.client.lease is not None
    assert str(bench.client.lease.server) == "10.0.0.9"


@pytest.mark.rfc("RFC 2131 section 4.4.5")
@pytest.mark.parametrize("state", [State.RENEWING, State.REBINDING])
def test_a_refusal_of_more_time_takes_the_address_at_once(bench: Bench, state: State) -> None:
    bench.bind()
    bench.until(state)
    bench.say(SAY.NAK)
    assert (bench.addresses, bench.client.state) == ([], State.SELECTING)
    assert [str(route) for route in bench.laptop.ipv4.routes] == []
    bench.bind()


def test_nothing_waits_for_the_renewal_of_a_lease(bench: Bench) -> None:
    bench.bind()
    now = bench.net.now
    bench.net.run()
    assert bench.net.now == now
    bench.until(State.RENEWING)
    now = bench.net.now
    bench.net.run()
    assert bench.net.now == now or bench.client.state is State.RENEWING
    assert bench.net.now < now + 5 * s, "but for ARP, which looks for the server"


def test_whose_address_was_taken_away_by_hand_cant_ask_for_more_time_and_begins_again(
    bench: Bench,
) -> None:
    bench.bind()
    bench.laptop.remove_address(address(MINE))
    bench.until(State.RENEWING)
    assert "DHCP Request can't be sent: " in bench.discarded(bench.laptop)[0]
    bench.until(State.SELECTING)
    bench.bind()
    assert bench.addresses == [MINE]


def test_a_lease_of_a_second_is_renewed_without_end_and_time_goes_on() -> None:
    world = World()
    world.cable.delay_ns = 0
    world.options = {"lease": 1 * s}
    world.serve()
    client = DhcpClient(world.laptop, check=False)
    client.begin()
    world.net.run_for(10 * s)
    assert (client.state, world.net.now) == (State.BOUND, 10 * s)
    assert 19 <= kinds(world.net).count("ACK") <= 21


# --- the end, and beginning again -----------------------------------------------------------


@pytest.mark.rfc("RFC 2131 section 4.4.6")
@pytest.mark.parametrize("state", [State.BOUND, State.RENEWING, State.REBINDING])
def test_a_released_address_is_given_back_to_its_server_and_used_no_more(
    bench: Bench, state: State
) -> None:
    bench.bind()
    bench.until(state)
    bench.client.release()
    assert (bench.client.state, bench.addresses, bench.client.lease) == (State.INIT, [], None)
    bench.net.run()
    frame = [each for each in bench.net.trace.frames if each.dhcp][-1]
    assert (frame.dhcp.message_type, str(frame.dhcp.ciaddr)) == (SAY.RELEASE, MINE)
    assert str(frame.dhcp.server_identifier) == "10.0.0.1"
    assert (str(frame.ipv4.src), str(frame.ipv4.dst)) == (MINE, "10.0.0.1")
    assert frame.fate == "delivered"
    bench.pass_(1000 * minute)
    assert bench.client.state is State.INIT


def test_after_a_release_it_can_begin_again_and_asks_for_what_it_had(bench: Bench) -> None:
    bench.bind()
    bench.client.release()
    bench.client.begin()
    bench.pass_(5 * ms)
    assert (bench.last.message_type, str(bench.last.requested_address)) == (SAY.DISCOVER, MINE)
    bench.bind()


@pytest.mark.rfc("RFC 2131 section 4.4.2", "RFC 2131 section 4.3.2")
def test_with_an_address_from_before_it_asks_for_that_at_once() -> None:
    bench = Bench(remembered=MINE)
    request = bench.last
    assert (request.message_type, str(request.requested_address)) == (SAY.REQUEST, MINE)
    assert (request.server_identifier, request.ciaddr, request.flags) == (None, ANY, 0x8000)
    bench.say(SAY.ACK, yiaddr=address("10.0.0.101"))
    assert bench.client.state is State.REBOOTING
    bench.say(SAY.ACK)
    assert (bench.client.state, bench.addresses) == (State.BOUND, [MINE])


@pytest.mark.rfc("RFC 2131 section 4.4.2")
@pytest.mark.parametrize("refused", [True, False])
def test_an_address_from_before_that_isnt_given_is_followed_by_a_discover(refused: bool) -> None:
    bench = Bench(remembered=MINE)
    if refused:
        bench.say(SAY.NAK)
    else:
        bench.until(State.SELECTING)
    assert bench.last.message_type == SAY.DISCOVER
    assert bench.last.requested_address == (None if refused else address(MINE))
    bench.bind()


def test_what_isnt_possible_in_its_state_is_refused(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match="SELECTING> is in no state for this: user rel"):
        bench.client.release()
    with pytest.raises(ConfigurationError, match="SELECTING> is in no state for this: begin"):
        bench.client.begin()
    with pytest.raises(ConfigurationError, match="r1 has no interface, by which DHCP could ask"):
        DhcpClient(Network().router("r1"))


# --- booting --------------------------------------------------------------------------------


def test_a_program_that_boots_ends_with_the_address_or_says_that_there_is_none() -> None:
    world = World(boot=True)
    world.serve()
    world.net.run()
    assert world.laptop.booted is not None
    client = world.laptop.booted.result
    assert str(client.lease.address) == MINE
    alone = World(boot=True)
    with pytest.warns(RuntimeWarning, match="no DHCP server gave laptop a lease"):
        alone.net.run()
    assert alone.laptop.booted is not None
    with pytest.raises(TimeoutError):
        _ = alone.laptop.booted.result
    alone.serve()
    alone.net.run_for(LATER + 20 * s)
    assert [str(each) for each in alone.laptop.ipv4.addresses] == [MINE]


def test_after_a_power_cut_a_host_asks_anew_and_gets_what_it_had() -> None:
    world = World(boot=True)
    world.serve()
    world.net.run()
    world.laptop.power_cycle()
    assert list(world.laptop.ipv4.addresses) == []
    world.net.run()
    assert [str(each) for each in world.laptop.ipv4.addresses] == [MINE]
    assert len(world.net.trace.events_of(kind="dhcp", host="laptop")) == 8
    world.laptop.boot = None
    world.laptop.power_cycle()
    before = kinds(world.net)
    world.net.run_for(10_000 * s)
    assert kinds(world.net) == before, "the client of before is gone, with its timers"


def test_boot_takes_the_options_of_the_client() -> None:
    world = World()
    world.serve()
    client = world.laptop.start(
        lambda host: boot(host, check=False, remembered="10.0.0.102")
    ).result
    assert (client.check, kinds(world.net)) == (
        False,
        ["Request"] * 4 + ["Discover", "Offer", "Request", "ACK"],
    )
    assert str(client.lease.address) == "10.0.0.102"


# --- whatever comes -------------------------------------------------------------------------


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=320),
            st.tuples(
                st.integers(0, 12),
                st.dictionaries(st.integers(1, 254), st.binary(max_size=8), max_size=6),
                st.integers(0, 2**32 - 1),
                st.booleans(),
            ),
        ),
        max_size=12,
    )
)
def test_whatever_a_server_says_the_client_can_still_get_an_address(said: list) -> None:
    bench = Bench()
    for each in said:
        if isinstance(each, bytes):
            bench.server.udp.send(bench.hand.port, each, (EVERYBODY, 68))
            continue
        kind, options, yours, right = each
        given = {} if right else {"yiaddr": type(ANY)(yours)}
        bench.say(kind, options={**options, 53: bytes([kind])}, **given)
    bench.net.run()
    if bench.client.state is not State.BOUND:
        bench.until(State.SELECTING)
        bench.bind()
    assert len(bench.addresses) == 1
    assert len(bench.net.sim.clock._queue) < 50


def test_why_tells_what_the_client_did_in_words(bench: Bench) -> None:
    bench.bind()
    told = bench.net.trace.why(bench.net.trace.frames[2]).text()
    assert "Frame 3  laptop > server  DHCP Request" in told
    assert "laptop's DHCP client went from SELECTING to REQUESTING (rcv OFFER)" in told
    assert "why: 10.0.0.1 says so (RFC 2131 section 4.4.1)" in told
    first = bench.net.trace.why(bench.net.trace.frames[0]).text()
    assert "an address is wanted (RFC 2131 section 4.4.1)" in first
