"""The tables that machines keep, shown as they are at the moment."""

from socket import SOCK_DGRAM
from types import SimpleNamespace

from IPython.core.formatters import DisplayFormatter

from netlab import Network
from netlab.network.ipv4_packet import Ipv4Packet
from netlab.units import ms, s
from netlab.views import notebook, tables


def lan():
    net = Network(seed=1)
    alice = net.host("alice", "10.0.0.1/24", gateway="10.0.0.9")
    bob = net.host("bob", "10.0.0.2/24")
    switch = net.switch("s1")
    for host in (alice, bob):
        net.connect(host, switch, delay=1 * ms)
    return net, alice, bob, switch


def say_hello(host, address):
    host.socket(SOCK_DGRAM).sendto(b"hello", (address, 9))


def after_a_hello():
    net, alice, bob, switch = lan()
    say_hello(alice, "10.0.0.2")
    net.run()
    net.run_for(10 * s)
    return net, alice, bob, switch


def lines(table):
    return table.text().splitlines()


def test_an_arp_cache_tells_what_each_neighbour_is_worth_and_for_how_long():
    _, alice, _, _ = after_a_hello()
    caption, head, entry = lines(tables.arp_cache(alice))
    assert caption == "ARP cache"
    assert head.split("  ")[0] == "Address"
    assert entry.split()[:4] == ["10.0.0.2", "02:00:00:00:00:02", "eth0", "REACHABLE"]
    assert entry.endswith("10.004 s      49.996 s")  # answered 4 ms after the question


def test_an_arp_cache_tells_of_packets_that_wait_for_an_answer():
    net, alice, _, _ = lan()
    say_hello(alice, "10.0.0.77")
    net.run_for(1 * ms)
    entry = lines(tables.arp_cache(alice))[-1]
    assert "unknown" in entry
    assert "INCOMPLETE" in entry
    assert entry.endswith("1 packet")


def test_what_was_set_by_hand_is_believed_for_ever():
    _, alice, _, _ = lan()
    alice.arp.add("10.0.0.5", "02:00:00:00:00:99")
    assert lines(tables.arp_cache(alice))[-1].endswith("ever")


def test_routes_read_as_lines_of_ip_route():
    _, alice, _, _ = lan()
    assert lines(tables.routes(alice)) == [
        "Routes",
        "Destination  Next hop      Interface  Source",
        "10.0.0.0/24  directly      eth0       10.0.0.1",
        "default      via 10.0.0.9  eth0       10.0.0.1",
    ]


def test_a_mac_table_names_the_port_and_how_long_it_is_remembered():
    _, _, _, switch = after_a_hello()
    caption, _, first, second = lines(tables.mac_table(switch))
    assert caption == "MAC table of s1"
    assert first.split()[:2] == ["02:00:00:00:00:01", switch.ports[0].name]
    assert second.split()[:2] == ["02:00:00:00:00:02", switch.ports[1].name]


def test_a_table_without_entries_says_what_that_means():
    net, alice, _, switch = lan()
    assert "nobody is known yet" in tables.arp_cache(alice).text()
    assert "every frame goes to all ports" in tables.mac_table(switch).text()
    assert "nothing can be sent" in tables.routes(net.router("r1")).text()
    assert "no datagram is in parts" in tables.reassembly(alice).text()


def test_counters_of_hosts_switches_and_probes_are_there():
    net, alice, _, switch = after_a_hello()
    probe = net.probe("probe")
    net.connect(probe, switch)
    sent = tables.interfaces(alice).rows[0]
    assert sent[0] == "eth0"
    assert sent[8] == str(alice.interfaces[0].tx.packets)
    assert [row[2] for row in tables.interfaces(switch).rows] == ["up"] * 3
    assert len(tables.interfaces(probe).rows) == 1


def fragment(alice, bob, first, size, *, more):
    return Ipv4Packet(
        src=alice.address, dst=bob.address, protocol=17, identification=7,
        fragment_offset=first // 8, more_fragments=more, payload=bytes(size),
    )  # fmt: skip


def test_a_datagram_in_parts_shows_its_holes_and_its_open_end():
    _, alice, bob, _ = lan()
    held = bob.ipv4.reassembly
    held.add(fragment(alice, bob, 800, 800, more=True))
    row = tables.reassembly(bob).rows[0]
    assert row[3:] == ["1", "800", "·" * 16 + "█" * 16 + "?", "0 to 799, 1,600 and on"]
    held.add(fragment(alice, bob, 2400, 800, more=False))
    row = tables.reassembly(bob).rows[0]
    assert row[5:] == ["········████████········████████", "0 to 799, 1,600 to 2,399"]


def test_a_notebook_shows_the_parts_of_a_machine_as_tables():
    formatter = DisplayFormatter()
    notebook.register(SimpleNamespace(display_formatter=formatter))
    _, alice, _, switch = after_a_hello()
    for part, caption in (
        (alice.arp, "ARP cache"),
        (alice.ipv4.routes, "Routes"),
        (alice.ipv4.reassembly, "Datagrams in parts"),
        (switch, "MAC table of s1"),
    ):
        shown, _ = formatter.format(part)
        assert shown["text/plain"].startswith(caption)
        assert f"<caption>{caption}</caption>" in shown["text/html"]


def test_without_a_shell_nothing_is_registered():
    notebook.register(None)
