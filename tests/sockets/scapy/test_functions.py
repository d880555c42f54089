"""Scapy's own functions on a simulated host: what they tell is what the network's trace shows."""

import itertools
import socket
import time
from typing import Any

import pytest
from scapy import all as scapy
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.layers.ppp import HDLC, PPP
from scapy.packet import Raw

from netlab import Network, on
from netlab.errors import ConfigurationError, DeadlockError
from netlab.host import Host
from netlab.units import ms, s
from tests.sockets.scapy.material import internetwork, received, sent, stamp


@pytest.fixture
def net() -> Network:
    return internetwork()


@pytest.fixture
def alice(net: Network) -> Host:
    return net.hosts["alice"]


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scapy.conf, "verb", 0)


# --- sr1, sr, srp1, srp ----------------------------------------------------------------------


def test_sr1_gives_the_reply_that_the_trace_shows_with_its_time(net: Network, alice: Host) -> None:
    request = IP(dst="10.0.2.1") / ICMP(id=7, seq=3) / b"is anybody there?"
    with on(alice):
        reply = scapy.sr1(request, timeout=5)
    asked, answered = sent(net, "alice")[-1], received(net, "alice")[-1]
    request.src = "10.0.1.1"
    assert asked.bytes[14:] == bytes(request).ljust(46, b"\0")
    assert answered.bytes[14:] == bytes(reply)
    assert (reply[ICMP].type, reply[ICMP].id, reply[ICMP].seq) == (0, 7, 3)
    assert reply.load == b"is anybody there?"
    assert stamp(reply) == answered.arrival == net.now
    assert round(request.sent_time * s) == asked.time


def test_sr1_gives_nothing_when_its_timeout_has_passed_in_virtual_time(
    net: Network, alice: Host
) -> None:
    net.links[0].drop(sender="r")
    began = time.perf_counter()
    with on(alice):
        scapy.getmacbyip("10.0.1.254")
        assert scapy.sr1(IP(dst="bob") / ICMP(), timeout=3600) is None
    assert net.now == sent(net, "alice")[-1].time + 3600 * s
    assert time.perf_counter() - began < 30


def test_without_a_timeout_and_without_a_reply_the_call_is_told_that_it_can_never_return(
    net: Network, alice: Host
) -> None:
    net.links[0].drop(lambda f: f.icmp, sender="r", times=1)
    with on(alice), pytest.raises(DeadlockError, match=r"Scapy on alice waits for a frame"):
        scapy.sr1(IP(dst="10.0.2.1") / ICMP())
    with on(alice):
        assert scapy.sr1(IP(dst="10.0.1.254") / ICMP()).type == 0  # and Scapy is as good as before


def test_sr_matches_each_question_with_its_answer(net: Network, alice: Host) -> None:
    with on(alice):
        answered, unanswered = scapy.sr(
            IP(dst="10.0.2.1", ttl=(1, 3)) / UDP(sport=1000, dport=[9, 10]), timeout=1, inter=0.25
        )
    assert not unanswered
    kinds = {(q.ttl, q.dport): (a.src, a[ICMP].type, a[ICMP].code) for q, a in answered}
    late = {(ttl, port): ("10.0.2.1", 3, 3) for ttl in (2, 3) for port in (9, 10)}
    assert kinds == {**late, (1, 9): ("10.0.1.254", 11, 0), (1, 10): ("10.0.1.254", 11, 0)}
    times = [frame.time for frame in sent(net, "alice") if frame.udp]
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == [250 * ms] * 5
    assert [stamp(a) for _, a in answered] == [f.arrival for f in received(net, "alice") if f.icmp]


@pytest.mark.parametrize("options", [{}, {"threaded": False}, {"multi": True}, {"retry": 2}])
def test_sr_takes_the_ways_that_it_has_elsewhere(alice: Host, options: dict[str, Any]) -> None:
    with on(alice):
        answered, unanswered = scapy.sr(
            IP(dst=["10.0.2.1", "10.0.2.9"]) / ICMP(), timeout=1, **options
        )
    assert [answer.src for _, answer in answered] == ["10.0.2.1"]
    assert [question.dst for question in unanswered] == ["10.0.2.9"]


def test_srp1_asks_for_the_ethernet_address_and_srp_gives_whole_frames(
    net: Network, alice: Host
) -> None:
    with on(alice):
        reply = scapy.srp1(Ether() / IP(dst="10.0.2.1") / ICMP(), timeout=1)
        assert reply.src == "02:00:00:00:00:03"
        assert bytes(reply) == received(net, "alice")[-1].bytes
        asked = len([frame for frame in net.trace.frames if frame.arp and frame.sender == "alice"])
        answered, _ = scapy.srp(Ether() / IP(dst="10.0.2.1") / ICMP(seq=[1, 2]), timeout=1)
    assert [stamp(a) for _, a in answered] == [f.arrival for f in received(net, "alice")[-2:]]
    assert asked == len(
        [frame for frame in net.trace.frames if frame.arp and frame.sender == "alice"]
    )


def test_a_name_is_looked_up_among_the_hosts_of_the_network(alice: Host) -> None:
    with on(alice):
        assert scapy.sr1(IP(dst="bob") / ICMP(), timeout=1).src == "10.0.2.1"
        with pytest.raises(socket.gaierror):
            scapy.sr1(IP(dst="nobody") / ICMP(), timeout=1)


def test_the_stack_of_the_host_sees_the_replies_too_and_resets_what_it_knows_nothing_of(
    net: Network, alice: Host
) -> None:
    net.hosts["bob"].start(serve, daemon=True)
    with on(alice):
        reply = scapy.sr1(IP(dst="bob") / TCP(sport=5000, dport=80, seq=99), timeout=1)
        assert (reply[TCP].flags, reply[TCP].ack) == ("SA", 100)
    net.run()
    last = sent(net, "alice")[-1].tcp
    assert last is not None
    assert (last.rst, last.seq) == (True, 100)


def serve(host: Host) -> None:
    with socket.create_server(("", 80)) as listener:
        while True:
            listener.accept()


def test_srloop_asks_again_and_again(net: Network, alice: Host) -> None:
    with on(alice):
        answered, unanswered = scapy.srloop(IP(dst="bob") / ICMP(), count=3, inter=1, timeout=1)
    assert (len(answered), len(unanswered)) == (3, 0)
    assert net.now == 3 * s


def test_a_flood_ends_with_its_time_and_takes_an_interval(net: Network, alice: Host) -> None:
    with on(alice):
        answered, _ = scapy.srflood(IP(dst="bob") / ICMP(seq=[1, 2]), inter=0.01, timeout=1)
        assert len(answered) == 100
        with pytest.raises(ConfigurationError, match=r"inter=0\.001"):
            scapy.srflood(IP(dst="bob") / ICMP(), timeout=1)


# --- send, sendp -----------------------------------------------------------------------------


def test_send_sends_so_many_so_far_apart(net: Network, alice: Host) -> None:
    with on(alice):
        scapy.send(IP(dst="10.0.2.1") / UDP(dport=9), count=3, inter=0.5)
    times = [frame.time for frame in sent(net, "alice") if frame.udp]
    assert [at - times[0] for at in times] == [0, 500 * ms, 1000 * ms]
    assert all("Scapy" in frame.reason for frame in sent(net, "alice"))


def test_sendp_puts_any_bytes_on_the_link(net: Network, alice: Host) -> None:
    frame = Ether(dst="02:00:00:00:00:03", src="06:06:06:06:06:06") / IP(
        src="1.2.3.4", dst="10.0.2.1", ihl=3, version=6
    )
    with on(alice):
        scapy.sendp(frame)
        scapy.sendp(Ether(dst="ff:ff:ff:ff:ff:ff", src="02:00:00:00:00:01", type=0x88B5) / b"new")
    first, second = (frame.bytes for frame in sent(net, "alice"))
    assert first == bytes(frame).ljust(60, b"\0")  # Ethernet's least (IEEE 802.3), without the FCS
    assert second == (b"\xff" * 6 + b"\x02\0\0\0\0\x01\x88\xb5new").ljust(60, b"\0")


def test_send_cuts_what_is_larger_than_the_mtu_and_sendp_refuses_it(
    net: Network, alice: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = IP(dst="10.0.1.254") / UDP(sport=7, dport=9) / (bytes(range(250)) * 20)
    with on(alice):
        scapy.send(large)
        with pytest.raises(OSError, match=r"1501 bytes, and the MTU of alice:eth0 is 1500"):
            scapy.sendp(Ether() / IP(dst="10.0.1.254") / bytes(1481))
        monkeypatch.setattr(scapy.conf, "auto_fragment", False)
        with pytest.raises(OSError, match="Message too long"):
            scapy.send(large)
    pieces = [IP(frame.bytes[14:]) for frame in sent(net, "alice") if frame.ipv4]
    assert [len(piece) for piece in pieces] == [1500, 1500, 1500, 588]
    whole = scapy.defragment(pieces)[0]
    assert whole[UDP].load == bytes(range(250)) * 20


# --- sniff -----------------------------------------------------------------------------------


def test_sniff_sees_what_goes_out_and_what_comes_in_until_its_time_is_over(
    net: Network, alice: Host
) -> None:
    net.hosts["bob"].start(lambda bob: bob.ping("alice", count=1))
    with on(alice):
        sniffed = scapy.sniff(timeout=2)
    assert net.now == 2 * s
    assert [bytes(packet) for packet in sniffed] == [
        frame.bytes for frame in net.trace.frames if "alice" in (frame.sender, frame.receiver)
    ]
    assert {packet.sniffed_on for packet in sniffed} == {"eth0"}
    for packet, frame in zip(
        sniffed, (f for f in net.trace.frames if "alice" in (f.sender, f.receiver)), strict=True
    ):
        assert stamp(packet) == (frame.time if frame.sender == "alice" else frame.arrival)


def test_sniff_counts_filters_shows_and_stores_as_it_is_told(net: Network, alice: Host) -> None:
    def ping(bob: Host) -> None:
        for _ in range(3):
            bob.ping("alice", count=1)

    shown: list[str] = []
    net.hosts["bob"].start(ping)
    with on(alice):
        two = scapy.sniff(count=2, lfilter=lambda packet: ICMP in packet)
        assert [packet[ICMP].type for packet in two] == [8, 0]
        rest = scapy.sniff(
            filter="icmp and src host 10.0.1.1",
            prn=lambda packet: shown.append(packet.summary()),
            store=False,
            timeout=5,
        )
    assert (len(rest), len(shown)) == (0, 2)
    assert all("echo-reply" in line for line in shown)
    net.hosts["bob"].start(ping)
    with on(alice):
        assert len(scapy.sniff(stop_filter=lambda packet: ICMP in packet, filter="icmp")) == 1


def test_sniff_of_a_network_where_nothing_is_left_to_happen_says_so(alice: Host) -> None:
    with on(alice), pytest.raises(DeadlockError, match="without a timeout="):
        scapy.sniff(count=1)


def test_a_filter_that_is_none_is_refused_with_what_may_be_written(alice: Host) -> None:
    with on(alice), pytest.raises(ConfigurationError, match=r"'vlan' .*lfilter="):
        scapy.sniff(filter="vlan 7", timeout=1)


def test_a_sniffer_in_the_background_sees_what_happens_meanwhile(net: Network, alice: Host) -> None:
    with on(alice):
        sniffer = scapy.AsyncSniffer(filter="icmp")
        sniffer.start()
        alice.ping("bob", count=1)
        alice.ping("bob", count=1)
        packets = sniffer.stop()
        alice.ping("bob", count=1)
    assert [packet[ICMP].type for packet in packets] == [8, 0, 8, 0]
    assert not sniffer.thread.is_alive()
    net.run()
    assert not net.programs


def test_packets_that_are_there_already_are_sniffed_as_anywhere(net: Network, alice: Host) -> None:
    alice.ping("bob", count=2)
    with on(alice):
        sniffed = scapy.sniff(offline=net.trace.scapy(at=alice), lfilter=lambda p: ICMP in p)
    assert [packet[ICMP].type for packet in sniffed] == [8, 0, 8, 0]


def test_frames_for_others_are_read_only_in_promiscuous_mode(net: Network, alice: Host) -> None:
    def stray(r: Host) -> None:
        r.inject(b"\x02\0\0\0\x99\x99" + bytes(54))
        r.inject(b"\xff" * 6 + bytes(54))
        r.inject(b"\x02\0\0\0\0\x01" + bytes(54))

    for promisc, expected in ((True, 3), (False, 2)):
        net.hosts["r"].start(stray)
        with on(alice):
            assert len(scapy.sniff(timeout=1, promisc=promisc)) == expected


def test_on_a_hub_a_sniffer_hears_what_others_say_to_each_other() -> None:
    net = Network(seed=1)
    hub = net.hub("h1")
    alice, bob, eve = (
        net.host(name, f"10.0.0.{number}/24")
        for number, name in enumerate(("alice", "bob", "eve"), 1)
    )
    for host in (alice, bob, eve):
        net.connect(host, hub)
    alice.start(lambda host: host.ping("bob", count=2))
    with on(eve):
        heard = scapy.sniff(filter="icmp", timeout=5)
    assert [(p[IP].src, p[ICMP].type) for p in heard] == [("10.0.0.1", 8), ("10.0.0.2", 0)] * 2


# --- traceroute, arping ----------------------------------------------------------------------


def test_traceroute_finds_the_hops_that_the_trace_shows(net: Network, alice: Host) -> None:
    with on(alice):
        result, _ = scapy.traceroute("10.0.2.1", maxttl=4)
    hops = {ttl: hop for ttl, (hop, _) in result.get_trace()["10.0.2.1"].items()}
    assert hops == {1: "10.0.1.254", 2: "10.0.2.1"}
    senders = [frame.ipv4.src for frame in received(net, "alice") if frame.ipv4]
    assert [str(src) for src in senders] == [answer.src for _, answer in result]


def test_traceroute_by_udp_and_icmp(alice: Host) -> None:
    for probe in (UDP(dport=33434), ICMP()):
        with on(alice):
            result, _ = scapy.traceroute("bob", maxttl=3, l4=probe)
        assert [answer.src for _, answer in result] == ["10.0.1.254", "10.0.2.1", "10.0.2.1"]


def test_arping_finds_who_is_on_the_link(net: Network, alice: Host) -> None:
    with on(alice):
        answered, unanswered = scapy.arping("10.0.1.252/30")
    assert [(a.psrc, a.hwsrc) for _, a in answered] == [("10.0.1.254", "02:00:00:00:00:03")]
    assert len(unanswered) == 3
    asked = [frame.arp for frame in net.trace.frames if frame.arp and frame.sender == "alice"]
    assert {str(arp.sender_protocol_address) for arp in asked} == {"10.0.1.1"}
    assert net.now == 2 * s


# --- where it runs ---------------------------------------------------------------------------


def test_a_program_of_a_host_uses_scapy_as_a_person_does(net: Network) -> None:
    def find(host: Host) -> Any:
        hops, _ = scapy.traceroute("alice", maxttl=3)
        time.sleep(1)
        sniffer = scapy.AsyncSniffer(filter="arp")
        sniffer.start()
        reply = scapy.sr1(IP(dst="alice") / ICMP(), timeout=1)
        return [answer.src for _, answer in hops], reply.src, len(sniffer.stop())

    program = net.hosts["bob"].start(find)
    net.run()
    assert program.result == (["10.0.2.254", "10.0.1.1", "10.0.1.1"], "10.0.1.1", 0)


def test_on_the_real_clock_it_runs_in_real_time() -> None:
    with Network(clock="real") as net:
        alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
        cable = net.connect(alice, bob, delay=1 * ms)
        with on(alice):
            sniffer = scapy.AsyncSniffer(filter="icmp")
            sniffer.start()
            assert scapy.sr1(IP(dst="bob") / ICMP(), timeout=5).type == 0
            cable.drop()
            assert scapy.sr1(IP(dst="bob") / ICMP(), timeout=0.05) is None
            assert len(sniffer.stop()) >= 2


@pytest.mark.parametrize(
    ("medium", "layers"), [("raw", [IP, ICMP, Raw]), ("serial", [HDLC, PPP, IP, ICMP, Raw])]
)
def test_on_a_link_that_isn_t_ethernet_packets_travel_in_its_frames(
    medium: str, layers: list[Any]
) -> None:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, medium=medium)
    with on(alice):
        assert scapy.sr1(IP(dst="bob") / ICMP(), timeout=1).src == "10.0.0.2"
        sniffer = scapy.AsyncSniffer(filter="icmp")
        sniffer.start()
        alice.ping("bob", count=1)
        assert [packet.layers() for packet in sniffer.stop()] == [layers, layers]


def test_chance_comes_from_the_seed_of_the_network() -> None:
    def ports(seed: int) -> list[bytes]:
        net = internetwork(seed)
        with on(net.hosts["alice"]):
            scapy.send([IP(dst="bob") / UDP(sport=scapy.RandShort())] * 2)
            scapy.send(IP(dst="bob", id=scapy.RandShort()) / TCP(seq=scapy.RandInt()))
        return [frame.bytes for frame in net.trace.frames]

    assert ports(1) == ports(1) != ports(2)


def test_an_arp_request_that_is_sent_as_a_packet_is_framed_as_one(
    net: Network, alice: Host
) -> None:
    with on(alice):
        reply = scapy.sr1(ARP(pdst="10.0.1.254"), timeout=1)
    assert reply.hwsrc == "02:00:00:00:00:03"
    assert received(net, "alice")[-1].bytes[14:42] == bytes(reply)[:28]
