"""DHCP as a class would build it: clients, servers and routers on one switch, and what goes wrong there."""

import socket
from pathlib import Path

import pytest

from netlab import Network, on
from netlab.application import dhcp
from netlab.application.dhcp.states import State
from netlab.host import Host
from netlab.network import rarp
from netlab.units import minute, ms, s
from tests.application.dhcp.worlds import kinds
from tests.network.material import assert_scapy_agrees, assert_tshark_agrees


def lan(*nodes: object, seed: int = 1) -> Network:
    """An office, with a switch."""
    net = Network(seed)
    net.switch("s1")
    return net


def plug(net: Network, *hosts: Host, delay: int = 1 * ms) -> None:
    for host in hosts:
        net.connect(host, net.switches["s1"], delay=delay)


def client_of(host: Host) -> dhcp.DhcpClient:
    assert host.booted is not None
    client = host.booted.result
    assert isinstance(client, dhcp.DhcpClient)
    return client


def addresses(*hosts: Host) -> list[str]:
    return [str(address) for host in hosts for address in host.ipv4.addresses]


def test_ten_clients_on_a_switch_get_ten_addresses_and_reach_each_other_by_name() -> None:
    net = lan()
    server = net.host("server", "10.0.0.1/24")
    clients = [net.host(f"pc{number}", boot=dhcp.boot) for number in range(10)]
    plug(net, server, *clients)
    pool = dhcp.serve(server, "10.0.0.100", "10.0.0.199")
    net.run()
    assert sorted(addresses(*clients)) == [f"10.0.0.{number}" for number in range(100, 110)]
    assert all(client.ping("pc0", count=1).received for client in clients[1:])
    assert sorted(each.name for each in pool.leases.values()) == [f"pc{n}" for n in range(10)]
    assert_scapy_agrees(net)


def test_more_clients_than_addresses_and_the_rest_wait_until_one_is_given_back() -> None:
    net = lan()
    server = net.host("server", "10.0.0.1/24")
    clients = [net.host(f"pc{number}") for number in range(3)]
    plug(net, server, *clients)
    dhcp.serve(server, "10.0.0.100", "10.0.0.101")
    booting = [dhcp.DhcpClient(client) for client in clients]
    for each in booting:
        each.begin()
    net.run()
    assert sorted(each.failed for each in booting) == [False, False, True]
    next(each for each in booting if not each.failed).release()
    net.run_for(6 * minute)
    assert len(addresses(*clients)) == 2
    assert sum(each.state is State.BOUND for each in booting) == 2


def test_with_two_servers_the_first_offer_wins_and_the_other_is_taken_back() -> None:
    net = lan()
    servers = [net.host(f"dhcp{number}", f"10.0.0.{number}/24") for number in (1, 2)]
    laptop = net.host("laptop", boot=dhcp.boot)
    plug(net, servers[0], laptop)
    plug(net, servers[1], delay=5 * ms)
    pools = [
        dhcp.serve(server, f"10.0.0.{number}00", f"10.0.0.{number}09")
        for number, server in enumerate(servers, 1)
    ]
    net.run()
    assert addresses(laptop) == ["10.0.0.100"]
    assert [bound.state for bound in pools[0].leases.values()] == ["BOUND"]
    assert [bound.state for bound in pools[1].leases.values()] == ["RELEASED"]
    servers[0].power_cycle()
    lease = client_of(laptop).lease
    assert lease is not None
    assert lease.expires is not None
    net.run(until=lease.expires + 1 * minute)
    assert addresses(laptop) == ["10.0.0.200"], "the one that is left"


def test_a_client_reaches_other_networks_by_the_router_that_it_was_told_of() -> None:
    net = lan()
    router = net.router("r1")
    web = net.host("web", "192.0.2.80/24", gateway="192.0.2.1")
    laptop = net.host("laptop", boot=dhcp.boot)
    net.connect(router, net.switches["s1"], addresses=("10.0.0.254/24", None))
    net.connect(router, web, addresses=("192.0.2.1/24", None))
    plug(net, laptop)
    dhcp.serve(router, "10.0.0.100", "10.0.0.199", router="10.0.0.254")
    net.run()

    def answer(host: Host) -> None:
        listener = host.socket()
        listener.bind(("", 80))
        listener.listen()
        listener.accept()[0].sendall(b"hello")

    web.start(answer)
    with on(laptop):
        assert socket.create_connection(("web", 80)).recv(10) == b"hello"


def test_a_router_serves_each_of_its_networks_from_a_pool_of_its_own() -> None:
    net = Network(seed=1)
    router = net.router("r1")
    pcs = []
    for number in (1, 2):
        pc = net.host(f"pc{number}", boot=dhcp.boot)
        net.connect(router, pc, delay=1 * ms, addresses=(f"10.0.{number}.254/24", None))
        gateway = f"10.0.{number}.254"
        dhcp.serve(router, f"10.0.{number}.1", f"10.0.{number}.9", router=gateway)
        pcs.append(pc)
    net.run()
    assert addresses(*pcs) == ["10.0.1.1", "10.0.2.1"]
    assert pcs[0].ping("pc2", count=1).received == 1
    assert (
        kinds(net) == ["Discover", "Discover", "Offer", "Offer", "Request", "Request"] + ["ACK"] * 2
    )


def test_a_client_asks_on_each_of_its_interfaces_apart() -> None:
    net = Network(seed=1)
    laptop = net.host("laptop")
    for number in (1, 2):
        server = net.host(f"server{number}", f"10.0.{number}.1/24")
        given = (None, None) if number == 1 else ("172.16.0.1/24", None)
        net.connect(laptop, server, delay=1 * ms, addresses=given)
        dhcp.serve(server, f"10.0.{number}.100", f"10.0.{number}.109")
    clients = [dhcp.DhcpClient(laptop, interface) for interface in laptop.interfaces]
    for client in clients:
        client.begin()
    net.run()
    assert [str(client.lease.address) for client in clients if client.lease] == [
        "10.0.1.100",
        "10.0.2.100",
    ]
    assert [
        route.interface.name for route in laptop.ipv4.routes if str(route.prefix) != "172.16.0.0/24"
    ] == ["eth0", "eth1"]


def test_an_address_that_was_set_by_hand_in_the_pool_is_found_out_and_another_one_taken() -> None:
    net = lan()
    server, squatter = net.host("server", "10.0.0.1/24"), net.host("squatter", "10.0.0.100/24")
    laptop = net.host("laptop", boot=dhcp.boot)
    plug(net, server, squatter, laptop)
    pool = dhcp.serve(server, "10.0.0.100", "10.0.0.109")
    net.run()
    assert addresses(laptop) == ["10.0.0.101"]
    assert [str(bound.state) for bound in pool.leases.values()] == ["DECLINED", "BOUND"]
    assert kinds(net) == [
        "Discover",
        "Offer",
        "Request",
        "ACK",
        "Decline",
        "Discover",
        "Offer",
        "Request",
        "ACK",
    ]
    assert net.now < 30 * s


def test_two_hosts_with_one_address_by_hand_spoil_it_and_conflict_detection_prevents_it() -> None:
    for detect in (False, True):
        net = lan()
        alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
        copy = (
            net.host("copy", "10.0.0.2/24", conflict_detection=True) if detect else net.host("copy")
        )
        plug(net, alice, bob, copy)
        net.run()
        if not detect:
            copy.ipv4.add_address(copy.interfaces[0], *bob.ipv4.addresses.of(bob.interfaces[0])[0])
            copy.arp.announce(copy.interfaces[0], copy.address)
            net.run()
        assert addresses(copy) == ([] if detect else ["10.0.0.2"])
        assert len(net.trace.events_of(kind="arp conflict", host="bob")) == (0 if detect else 1)


def test_a_rogue_server_that_is_faster_sends_all_to_itself() -> None:
    """Why switches watch for DHCP servers: a client believes the first that answers."""
    net = lan()
    server, mallory = net.host("server", "10.0.0.1/24"), net.host("mallory", "10.0.0.66/24")
    laptop = net.host("laptop", boot=dhcp.boot)
    plug(net, mallory, laptop)
    plug(net, server, delay=10 * ms)
    dhcp.serve(server, "10.0.0.100", "10.0.0.109", router="10.0.0.254")
    dhcp.serve(mallory, "10.0.0.200", "10.0.0.209", router="10.0.0.66")
    net.run()
    lease = client_of(laptop).lease
    assert lease is not None
    assert str(lease.gateway) == "10.0.0.66"


def test_a_power_cut_of_everything_is_survived_by_what_is_on_disk_and_by_asking_again() -> None:
    net = lan()
    server = net.host(
        "server", "10.0.0.1/24", boot=lambda host: dhcp.serve(host, "10.0.0.100", "10.0.0.109")
    )
    laptop = net.host("laptop", boot=dhcp.boot)
    plug(net, server, laptop)
    net.run()
    for host in (server, laptop):
        host.power_cycle()
    net.run()
    assert addresses(server, laptop) == ["10.0.0.1", "10.0.0.100"]
    assert laptop.ping("server", count=1).received == 1


def test_the_same_seed_gives_the_same_run() -> None:
    def run() -> str:
        net = lan()
        server = net.host("server", "10.0.0.1/24")
        clients = [net.host(f"pc{number}", boot=dhcp.boot) for number in range(3)]
        plug(net, server, *clients)
        dhcp.serve(server, "10.0.0.100", "10.0.0.199", lease=10 * minute)
        net.run(until=30 * minute)
        return net.trace.digest()

    assert run() == run()


def test_rarp_and_dhcp_serve_side_by_side() -> None:
    net = lan()
    server = net.host("server", "10.0.0.1/24")
    old, new = net.host("old", boot=rarp.boot), net.host("new", boot=dhcp.boot)
    plug(net, server, old, new)
    rarp.serve(server, {str(old.interfaces[0].mac): "10.0.0.9"})
    dhcp.serve(server, "10.0.0.100", "10.0.0.109")
    net.run()
    assert addresses(old, new) == ["10.0.0.9", "10.0.0.100"]
    assert old.ping("new", count=1).received == 1


@pytest.mark.tshark
def test_tshark_reads_the_life_of_a_lease_as_we_do(tmp_path: Path) -> None:
    net = lan()
    server, laptop = net.host("server", "10.0.0.1/24"), net.host("laptop", boot=dhcp.boot)
    plug(net, server, laptop)
    dhcp.serve(server, "10.0.0.100", "10.0.0.109", lease=10 * minute, router="10.0.0.1")
    net.run(until=7 * minute)
    laptop.ping("server", count=1)
    client_of(laptop).release()
    net.run()
    assert_tshark_agrees(net, tmp_path)
    assert set(kinds(net)) == {"Discover", "Offer", "Request", "ACK", "Release"}


def test_on_the_real_clock_it_takes_no_longer_than_four_messages() -> None:
    with Network(clock="real") as net:
        server = net.host("server", "10.0.0.1/24")
        laptop = net.host("laptop", boot=lambda host: dhcp.boot(host, check=False))
        net.connect(server, laptop, delay=1 * ms)
        dhcp.serve(server, "10.0.0.100", "10.0.0.109")
        if laptop.booted is not None and not laptop.booted.done:
            net.run(until=lambda: bool(laptop.ipv4.addresses))
        assert addresses(laptop) == ["10.0.0.100"]
        assert laptop.ping("server", count=1).received == 1
