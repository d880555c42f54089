"""The kernel of Linux and its programs, with a simulated host as their neighbour."""

import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from netlab.network.checksum import internet_checksum
from tests.machines import Machine
from tests.neighbours import BODY, HOST, KERNEL

pytestmark = pytest.mark.netns


def lost(output: str) -> float:
    found = re.search(r"([\d.]+)% packet loss", output)
    assert found, output
    return float(found[1])


@pytest.mark.parametrize(
    "options",
    [
        ["-c20", "-i.01"],
        ["-f", "-c1000"],
        ["-c5", "-i.01", "-s0"],
        ["-c5", "-i.01", "-s1472", "-M", "do"],
    ],
    ids=" ".join,
)
def test_ping_loses_nothing(host: Machine, options: list[str]) -> None:
    assert lost(host.run("ping", "-q", *options, HOST)) == 0


def test_arping_is_answered(host: Machine, need: Callable[[str], None]) -> None:
    need("arping")
    output = host.run("arping", "-c3", "-w5", "-I", "tap0", HOST)
    assert "Received 3 response" in output
    assert len(set(re.findall(r"\[(.*?)\]", output))) == 1


def test_fping_loses_nothing(host: Machine, need: Callable[[str], None]) -> None:
    need("fping")
    # Left alone, fping takes what comes later than the next question (1 ms) for lost.
    done = host.outcome("fping", "-q", "-c200", "-p1", "-t500", HOST)
    assert done.returncode == 0
    assert "200/200/0%" in done.stderr


@pytest.mark.parametrize("options", [[], ["-I"], ["-T", "-p80"]], ids=["UDP", "ICMP", "TCP"])
def test_traceroute_finds_it_one_hop_away(
    host: Machine, need: Callable[[str], None], options: list[str]
) -> None:
    need("traceroute")
    # By itself it waits for further answers only a few times as long as the first one took.
    lines = host.run("traceroute", "-n", "-w5,0,0", *options, HOST).splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r" 1  10\.79\.0\.2(  [\d.]+ ms){3}", lines[1])


def test_curl_gets_the_very_bytes(host: Machine, need: Callable[[str], None], folder: Path) -> None:
    need("curl")
    copy = folder.parent / "copy.bin"
    host.run("curl", "-sf", "-o", str(copy), f"http://{HOST}/large.bin")
    assert copy.read_bytes() == BODY
    assert host.run("curl", "-sf", f"http://{HOST}/small.txt") == "hello\n"
    assert host.outcome("curl", "-sf", f"http://{HOST}/missing").returncode == 22
    assert host.outcome("curl", "-sf", f"http://{HOST}/../../etc/passwd").returncode == 22


# --- fragments and options -------------------------------------------------------------------


@pytest.mark.rfc("RFC 791 section 3.2", "RFC 1122 section 3.3.2")
@pytest.mark.parametrize("size", [1473, 8000, 65_507])
def test_pings_larger_than_the_mtu_come_and_go_in_fragments(host: Machine, size: int) -> None:
    assert lost(host.run("ping", "-q", "-c20", "-i.01", f"-s{size}", HOST)) == 0


@pytest.mark.rfc("RFC 791 section 3.1", "RFC 1122 section 3.2.2.6")
def test_a_recorded_route_goes_there_and_back(host: Machine) -> None:
    output = host.run("ping", "-c1", "-R", HOST)
    route = re.findall(r"\t(10\.79\.0\.\d)", output.partition("RR:")[2])
    assert route == [KERNEL, HOST, HOST, KERNEL]


@pytest.mark.rfc("RFC 791 section 3.1", "RFC 1122 section 3.2.2.6")
def test_timestamps_are_the_time_of_day(host: Machine) -> None:
    """The kernel shows the first time, and of the others by how many ms each is later."""
    output = host.run("ping", "-c1", "-T", "tsandaddr", HOST).partition("TS:")[2]
    times = re.findall(r"\t(10\.79\.0\.\d)\t(-?\d+)", output)
    assert [address for address, _ in times] == [KERNEL, HOST, HOST, KERNEL]
    assert all(abs(int(later)) < 2_000 for _, later in times[1:])


# --- strange packets -------------------------------------------------------------------------


def hping(host: Machine, *options: str) -> str:
    done = host.outcome("timeout", "5", "hping3", "-n", "-c", "1", "-I", "tap0", *options, HOST)
    return done.stdout + done.stderr


@pytest.mark.rfc("RFC 9293 section 3.10.7.1")
@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["-S", "-p", "80"], "sport=80 flags=SA seq=0"),
        (["-S", "-p", "81"], "sport=81 flags=RA seq=0 win=0"),
        (["-F", "-P", "-U", "-p", "81", "-M", "77"], "sport=81 flags=RA seq=0 win=0"),
        (["-A", "-p", "81", "-L", "77"], "sport=81 flags=R seq=0 win=0"),
        (["-R", "-p", "81"], "0 packets received"),
    ],
    ids=["SYN", "SYN to no one", "FIN,PSH,URG", "ACK", "RST"],
)
def test_segments_by_hand_are_answered_by_the_book(
    host: Machine, need: Callable[[str], None], options: list[str], answer: str
) -> None:
    need("hping3")
    assert answer in hping(host, *options)


@pytest.mark.rfc("RFC 9293 section 3.10.7.1")
def test_a_reset_has_the_numbers_that_the_rfc_demands(
    host: Machine, need: Callable[[str], None]
) -> None:
    need("hping3")
    to_ack = hping(host, "-V", "-A", "-p", "81", "-M", "5", "-L", "77")
    assert "seq=77 ack=0" in to_ack
    to_fin = hping(host, "-V", "-F", "-P", "-U", "-p", "81", "-M", "41")
    assert "seq=0 ack=42" in to_fin  # the FIN counts as one


@pytest.mark.rfc("RFC 792", "RFC 1122 section 3.2.2")
@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["-1", "-C", "13"], "ICMP timestamp: Originate="),
        (["-1", "-C", "17"], "0 packets received"),  # address masks are a router's affair
        (["-2", "-p", "9"], "ICMP Port Unreachable from ip=10.79.0.2"),
        (["-2", "-p", "9", "-d", "4000"], "ICMP Port Unreachable from ip=10.79.0.2"),
        (["-0", "-H", "99"], "ICMP Protocol Unreachable from ip=10.79.0.2"),
    ],
    ids=["timestamp", "mask", "port", "port, in fragments", "protocol"],
)
def test_icmp_answers_what_it_should(
    host: Machine, need: Callable[[str], None], options: list[str], answer: str
) -> None:
    need("hping3")
    assert answer in hping(host, *options)


GARBAGE = """
import random, socket, sys
chance = random.Random(1)
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("tap0", 0))
heads = [bytes.fromhex(text) for text in sys.argv[1:]]
for number in range(20_000):
    frame = bytearray(chance.choice(heads) + chance.randbytes(chance.choice([0, 8, 40, 400])))
    for _ in range(chance.choice([0, 1, 1, 20])):
        frame[chance.randrange(14, len(frame))] = chance.getrandbits(8)
    link.send(frame.ljust(14, b"x"))
"""


def test_twenty_thousand_strange_frames_at_top_speed_do_no_harm(host: Machine) -> None:
    """Headers that are nearly right, with any bytes in and behind them. The fixture sees errors."""
    host.run("ping", "-q", "-c1", "-w10", HOST)  # so that the kernel knows its address
    mac = host.run("ip", "neighbour", "show", HOST).split("lladdr ")[1].split()[0]
    ethernet = bytes.fromhex(mac.replace(":", "")) + bytes.fromhex("020000000099")
    kernel, own = socket.inet_aton(KERNEL), socket.inet_aton(HOST)
    heads = [ethernet + bytes.fromhex("0806000108000604000102000000009900000000") + bytes(18)]
    for protocol in (1, 2, 6, 17, 99):
        ip = bytes.fromhex("4500003c000100004000") + bytes([0, 0]) + kernel + own
        packet = bytearray(ip)
        packet[9] = protocol
        packet[10:12] = internet_checksum(bytes(packet)).to_bytes(2, "big")
        heads.append(ethernet + b"\x08\x00" + packet)
    host.run(sys.executable, "-c", GARBAGE, *(head.hex() for head in heads))
    host.run("ping", "-q", "-c1", "-w10", HOST)  # until the device's queue isn't full any more
    assert lost(host.run("ping", "-q", "-c20", "-i.01", HOST)) == 0


# --- nmap ------------------------------------------------------------------------------------


def states(host: Machine, *options: str) -> dict[int, str]:
    output = host.run("nmap", "-n", "-T4", "--max-retries=9", "-vv", *options, HOST, timeout=120)
    return {int(port): state for port, state in re.findall(r"^(\d+)/\w+ +(\S+)", output, re.M)}


@pytest.mark.rfc("RFC 9293 section 3.10.7.1", "RFC 9293 section 3.10.7.2")
@pytest.mark.parametrize(
    ("scan", "listening", "other"),
    [
        ("-sS", "open", "closed"),
        ("-sT", "open", "closed"),
        ("-sF", "open|filtered", "closed"),
        ("-sN", "open|filtered", "closed"),
        ("-sX", "open|filtered", "closed"),
        ("-sA", "unfiltered", "unfiltered"),
        ("-sM", "closed", "closed"),
    ],
)
def test_every_scan_finds_the_states_of_the_ports(
    host: Machine, need: Callable[[str], None], scan: str, listening: str, other: str
) -> None:
    need("nmap")
    assert states(host, scan, "-p79-82") == {79: other, 80: listening, 81: other, 82: other}


def test_a_thousand_ports_are_scanned_and_one_is_open(
    host: Machine, need: Callable[[str], None]
) -> None:
    need("nmap")
    assert "Not shown: 1023 closed tcp ports (reset)" in host.run("nmap", "-n", "-p1-1024", HOST)
    output = host.run("nmap", "-n", "-sU", "-p1-40", HOST)
    assert "Not shown: 40 closed udp ports (port-unreach)" in output


@pytest.mark.rfc("RFC 1122 section 4.2.2.7")
def test_what_has_a_wrong_checksum_gets_no_answer(
    host: Machine, need: Callable[[str], None]
) -> None:
    need("nping")
    for kind in ("--tcp", "--udp"):
        sound = host.run("nping", kind, "-p80", "-c1", HOST)
        bad = host.run("nping", kind, "-p80", "-c1", "--badsum", HOST)
        assert "Lost: 0 (0.00%)" in sound
        assert "Rcvd: 0" in bad


@pytest.mark.slow
def test_nmap_finds_the_marks_of_a_stack_that_follows_the_rfcs(
    host: Machine, need: Callable[[str], None]
) -> None:
    need("nmap")
    output = host.run("nmap", "-n", "-O", "-p80,81", "-vv", "-d", HOST, timeout=120)
    text = "".join(re.findall(r"^OS:(.*)$", output, re.M))
    found = dict(re.findall(r"(\w+)\((.*?)\)", text))
    tests = {
        name: dict(each.split("=") for each in body.split("%")) for name, body in found.items()
    }
    assert tests["T4"] | {"R": "Y", "S": "A", "A": "Z", "F": "R"} == tests["T4"]
    assert tests["T5"] | {"R": "Y", "S": "Z", "A": "S+", "F": "AR"} == tests["T5"]
    assert tests["T6"] == tests["T4"]
    assert tests["T7"] == tests["T5"]
    assert all(tests["U1"][each] == "G" for each in ("RIPL", "RID", "RIPCK", "RUCK", "RUD"))
    assert tests["IE"]["CD"] == "S"
    # 8 times the logarithm to base 2 of how far six numbers scatter: by chance 255 has been seen.
    assert int(tests["SEQ"]["SP"], 16) >= 0xF0
    assert tests["SEQ"]["GCD"] == "1"
