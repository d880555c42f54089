"""The views of what netlab's own stack does: a page fetched over a clean cable and over a bad one."""

import re
import urllib.request
from xml.etree import ElementTree

import pytest

from netlab import Network, on
from netlab.application.http import serve
from netlab.trace.trace import Trace
from netlab.units import Mbps, ms

SVG = "{http://www.w3.org/2000/svg}"


def fetch(page="Hello, world!\n", fault=None):
    net = Network(seed=7)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    cable = net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    serve(bob, {"/": page})
    if fault is not None:
        fault(cable)
    with on(alice):
        assert urllib.request.urlopen("http://bob/").read().decode() == page
    net.run()
    return net.trace


def shown(root, css="nl-frame"):
    return [g for g in root.iter(f"{SVG}g") if css in g.get("class", "").split()]


@pytest.mark.parametrize("size", [10, 60_000])
def test_every_frame_of_a_fetch_is_there_once(size):
    trace = fetch("x" * size)
    root = ElementTree.fromstring(trace.sequence().svg())
    ids = [int(g.get("data-frame")) for g in shown(root)]
    for band in shown(root, "nl-band"):
        ids += [int(number) for number in band.get("data-frames").split()]
    assert sorted(ids) == [frame.id for frame in trace.frames]
    assert bool(shown(root, "nl-band")) == (size > 1000)


def test_a_lost_segment_shows_its_timer_and_its_retransmission():
    trace = fetch(fault=lambda c: c.drop(lambda f: f.tcp and f.tcp.payload, times=1))
    lost = next(frame for frame in trace.frames if frame.fate == "dropped")
    text = trace.sequence().text()
    assert "lost: rule 1 (drop)" in text
    assert f"retransmission of {lost.id}" in text
    assert "(alice's retransmission timer fires after 1 s)" in text
    root = ElementTree.fromstring(trace.sequence().svg())
    assert [g.get("data-frame") for g in shown(root, "nl-lost")] == [str(lost.id)]
    assert shown(root, "nl-again")


def test_a_duplicate_and_an_overtaken_segment_are_told_apart():
    def fault(cable):
        cable.duplicate(lambda f: f.tcp and f.tcp.payload, times=1, sender="bob")
        cable.reorder(lambda f: f.tcp and len(f.tcp.payload) > 1000, times=1)

    root = ElementTree.fromstring(fetch("y" * 9000, fault).sequence().svg())
    assert shown(root, "nl-duplicate")
    assert shown(root, "nl-late")


def test_both_ends_go_from_closed_to_closed():
    trace = fetch()
    for host in ("alice", "bob"):
        diagram = trace.states(host)
        assert diagram.now == "CLOSED"
        assert "not in the table" not in diagram.text()
        assert "nl-now-in" in diagram.svg()


def test_the_state_diagram_and_the_ladder_tell_the_same():
    trace = fetch()
    left = [line[14:26].strip() for line in trace.sequence().text().splitlines()[2:]]
    beside = [text for text in left if text]
    assert beside == [str(then) for _, _, then in trace.states("alice").path]


def test_a_saved_trace_that_is_opened_again_is_drawn_too(tmp_path):
    trace = fetch(fault=lambda c: c.drop(lambda f: f.tcp and f.tcp.fin, times=1, sender="alice"))
    trace.save(tmp_path / "run.pcapng")
    opened = Trace.open(tmp_path / "run.pcapng")
    root = ElementTree.fromstring(opened.sequence().svg())
    assert len(shown(root)) == len(trace.frames)
    assert len(shown(root, "nl-lost")) == 1
    assert opened.packets().text().count("\n") == len(trace.frames)


def test_every_packet_has_correct_checksums():
    trace = fetch()
    for frame in trace.frames:
        assert "wrong" not in trace.packet(frame).text()


def test_the_same_run_gives_the_same_pictures():
    one, two = fetch(), fetch()
    assert one.sequence().svg() == two.sequence().svg()
    assert one.packets().html() == two.packets().html()


def test_a_connection_with_the_same_ports_and_first_numbers_repeats_nothing_of_the_one_before():
    net = Network(seed=7)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    for host in (alice, bob):
        host.tcp.settings.time_wait = False
        host.tcp.settings.isn = 1000

    def bank(host):
        listener = host.socket()
        listener.bind(("", 80))
        listener.listen()
        while True:
            connection, _ = listener.accept()
            connection.recv(100)
            connection.close()

    bob.start(bank, daemon=True)
    with on(alice):
        for _ in range(2):
            socket = alice.socket()
            socket.bind(("", 5000))
            socket.connect(("bob", 80))
            socket.sendall(b"PAY 100")
            assert socket.recv(100) == b""
            socket.close()
            net.run_for(1000 * ms)
    synchronized = [f.tcp.seq for f in net.trace.frames if f.tcp and f.tcp.syn]
    assert synchronized == [1000] * 4
    assert "retransmission" not in net.trace.sequence().text()
    assert "retransmission" not in net.trace.packets().text()


def test_a_host_that_sends_to_itself_has_short_arrows_with_their_labels_behind_them(tmp_path):
    from scapy.layers.inet import ICMP, IP
    from scapy.layers.l2 import Ether
    from scapy.utils import wrpcap

    path = str(tmp_path / "loopback.pcap")
    there = Ether() / IP(src="127.0.0.1", dst="127.0.0.1")
    packets = [there / ICMP(type=kind, id=9, seq=seq) for seq in range(3) for kind in (8, 0)]
    for number, packet in enumerate(packets):
        packet.time = number if number < 3 else 100 + number / 1000
    wrpcap(path, packets)
    picture = Trace.open(path).sequence(fold=False)
    root = ElementTree.fromstring(picture.svg())
    assert len(shown(root)) == 6
    lifeline = int(root.find(f".//{SVG}line[@class='nl-life']").get("x1"))
    for label in root.iter(f"{SVG}text"):
        if label.get("class") == "nl-label":
            middle, _ = map(int, label.get("transform")[10:-1].split())
            half = len("".join(label.itertext())) * 7.9 / 2
            assert lifeline + 60 < middle - half
            assert middle + half < int(root.get("width"))
    rows = picture.text().splitlines()
    assert sum("|--> " in row for row in rows) == 6
    assert any(row.endswith("|--> 6 ICMP echo reply id=9 seq=2") for row in rows)


@pytest.mark.parametrize("hosts", [1, 2, 3, 5])
def test_names_stand_above_their_lifelines_however_many_and_however_long_they_are(hosts):
    net = Network(seed=7)
    router = net.router("r" * 60)
    for number in range(hosts):
        host = net.host(chr(97 + number) * 60, f"10.0.{number}.1/24", gateway=f"10.0.{number}.254")
        net.connect(host, router, addresses=(None, f"10.0.{number}.254/24"))
    for number in range(hosts):
        net.hosts["a" * 60].ping(f"10.0.{number}.{254 if hosts == 1 else 1}", count=1)
    lines = net.trace.sequence().text().splitlines()
    row = next(line for line in lines[2:] if line.count("|") == hosts + 1)
    lifelines = [place for place, sign in enumerate(row) if sign == "|"]
    for heading in lines[:2]:
        words = list(re.finditer(r"\S+( \S+)*", heading))
        assert len(words) == hosts + 1
        for word, lifeline in zip(words, lifelines, strict=True):
            assert abs((word.start() + word.end()) // 2 - lifeline) <= 1
    assert max(map(len, lines)) <= (100 if hosts <= 3 else 140)
