"""A script runs against one host; where it goes otherwise than written, the first such place is told."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netlab import packetdrill
from netlab.packetdrill import Result, ScriptError
from netlab.packetdrill.flow import PATTERN, pattern
from netlab.packetdrill.packet import Packet, Tcp
from netlab.sockets.stream import StreamEnd
from netlab.units import ms
from tests.packetdrill.test_parser import one_option

LISTEN = """ 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 5) = 0
"""
OPEN = f"""{LISTEN}+.1 < S 0:0(0) win 1000 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+.1 < . 1:1(0) ack 1 win 1000
+0 accept(3, ..., ...) = 4
"""


def run(text: str, **options: object) -> Result:
    return packetdrill.run(text, **options)  # type: ignore[arg-type]


def wrong(text: str, line: int, **options: object) -> str:
    """Run what must fail in this line: what it tells."""
    result = run(text, **options)
    assert not result.passed
    assert result.failure is not None
    assert result.failure.line == line, result.failure
    assert str(result.failure).startswith(f"script:{line}: ")
    return str(result.failure)


def test_a_script_that_goes_as_written_passes() -> None:
    result = run(OPEN)
    assert result.passed
    assert result.failure is None
    assert str(result) == "script: passed"
    assert [frame.label for frame in result.trace.frames] == ["TCP SYN", "TCP SYN,ACK", "TCP ACK"]


def test_a_file_is_run_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "open.pkt").write_text(OPEN)
    assert packetdrill.run(tmp_path / "open.pkt").script.name == "open.pkt"
    assert packetdrill.run(str(tmp_path / "open.pkt")).passed


def test_a_script_of_minutes_takes_no_time_and_is_the_same_each_time() -> None:
    text = (
        LISTEN
        + "+0 < S 0:0(0) win 9\n+0 > S. 0:0(0) ack 1 <...>\n"
        + "".join(f"+{wait} > S. 0:0(0) ack 1 <...>\n" for wait in (1, 2, 4, 8, 16, 32, 60))
    )
    first, second = run(text), run(text)
    assert first.passed
    assert [frame.bytes for frame in first.trace.frames] == [
        frame.bytes for frame in second.trace.frames
    ]


# --- packets that aren't as expected ----------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ("> R 1:1(0)", "flags: expected R, but it was P."),
        ("> P. 2:102(100) ack 1", "seq: expected 2, but it was 1"),
        ("> P. 1:51(50) ack 1", "length: expected 50, but it was 100"),
        ("> P. 1:101(100) ack 2", "ack: expected 2, but it was 1"),
        ("> P. 1:101(100) ack 1 win 7", "window: expected 7, but it was 65535"),
        ("> P. 1:101(100) ack 1 urg 7", "urgent: expected 7, but it was 0"),
        ("> P. 1:101(100) ack 1 <nop>", "option 1: expected nop, but it was none"),
        ("> [ect0] P. 1:101(100) ack 1", "ecn: expected ect0, but it was noecn"),
        ("> [ect01] P. 1:101(100) ack 1", "ecn: expected ect01, but it was noecn"),
        ("> [tos 0x10] P. 1:101(100) ack 1", "tos: expected 16, but it was 0"),
        ("> (ttl 5) P. 1:101(100) ack 1", "ttl: expected 5, but it was 64"),
    ],
)
def test_each_field_that_differs_is_told(expected: str, told: str) -> None:
    text = wrong(f"{OPEN}+0 write(4, ..., 100) = 100\n+0 {expected}\n", 9)
    assert f"\n    {told}\n" in text
    assert f"expected {expected.replace('+0 ', '')}" in text
    assert "P. 1:101(100) ack 1\n" in text.replace(" win 65535", "")
    assert text.endswith(f"in: +0 {expected}")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("", "option 1: expected none, but it was mss 1460"),
        ("<mss 1400>", "option 1: expected mss 1400, but it was mss 1460"),
        ("<nop,mss 1460>", "option 1: expected nop, but it was mss 1460"),
        ("<mss 1460,nop>", "option 2: expected nop, but it was none"),
        ("<mss 1400,...>", "option 1: expected mss 1400, but it was mss 1460"),
    ],
)
def test_options_are_compared_one_by_one_and_in_order(options: str, told: str) -> None:
    script = f"{LISTEN}+0 < S 0:0(0) win 9\n+0 > S. 0:0(0) ack 1 {options}\n"
    assert told in wrong(script, 5)


def test_bytes_out_of_their_place_are_seen() -> None:
    script = f'{OPEN}+0 write(4, "hello", 5) = 5\n+0 > P. 1:6(5) ack 1\n'
    assert run(script).passed
    assert len(PATTERN) == 65_521
    assert pattern(65_520, 3) == PATTERN[-1:] + PATTERN[:2]


def test_text_that_is_expected_in_one_piece_may_come_in_several_segments() -> None:
    script = """{}--mtu=540
 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 5) = 0
+.1 < S 0:0(0) win 9000 <mss 1460>
+0 > S. 0:0(0) ack 1 <...>
+.1 < . 1:1(0) ack 1 win 9000
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 1500) = 1500
+0 > P. 1:{}({}) ack 1
"""
    assert run(script.format("", 1501, 1500), strict=True).passed
    assert "length: expected 1500, but it was 500" in wrong(
        script.format("--strict_segments\n", 1501, 1500), 11
    )
    assert "flags: expected P., but it was ." in wrong(script.format("", 1001, 1000), 10)
    assert "length: expected 900, but it was 500" in wrong(script.format("", 901, 900), 10)
    assert "length: expected 1600, but it was 500" in wrong(script.format("", 1601, 1600), 10)


def test_a_packet_that_never_comes_is_told_with_those_that_did() -> None:
    text = wrong(f"{OPEN}+1 > . 1:1(0) ack 1\n", 8)
    assert "expected > . 1:1(0) ack 1, but nothing like that was sent up to 1.21 s" in text
    text = wrong(f"{OPEN}+0 < udp (9)\n+0 > . 1:1(0) ack 1\n", 9)
    assert "(other packets: icmp at 0.2 s)" in text


def test_a_packet_at_another_time_is_told() -> None:
    script = f"{OPEN}+.1 < P. 1:101(100) ack 1 win 9\n+{{}} > . 1:1(0) ack 101\n"
    delayed = {"delayed_ack": 200 * ms}
    for when in (".2", ".196", ".204", "0~+.2", ".1~+.3"):
        assert run(script.format(when), tcp=delayed).passed, when
    told = wrong(script.format(".19"), 9, tcp=delayed)
    assert "expected > . 1:1(0) ack 101, but nothing like that was sent up to 0.494 s" in told
    told = wrong(script.format(".25"), 9, tcp=delayed)
    assert "expected > . 1:1(0) ack 101 at 0.55 s, but it came at 0.5 s" in told
    told = wrong(script.format(".25~+.3"), 9, tcp=delayed)
    assert "at 0.55 to 0.6 s, but it came at 0.5 s" in told


def test_the_tolerance_is_4_ms_or_a_hundredth_and_can_be_set() -> None:
    script = (
        f"{LISTEN}+0 < S 0:0(0) win 9\n+0 > S. 0:0(0) ack 1 <...>\n+{{}} > S. 0:0(0) ack 1 <...>\n"
    )
    assert run(script.format(".996")).passed
    assert run(script.format("1.009")).passed
    assert not run(script.format("1.02")).passed
    assert run("--tolerance_usecs=20000\n" + script.format("1.02")).passed
    assert run("--tolerance_percent=5\n" + script.format("1.04")).passed
    assert not run("--tolerance_usecs=0\n--tolerance_percent=0\n" + script.format("1.001")).passed


def test_any_time_is_any_time() -> None:
    script = f"{LISTEN}+0 < S 0:0(0) win 9\n+0 > S. 0:0(0) ack 1 <...>\n* > S. 0:0(0) ack 1 <...>\n"
    result = run(script + "+2 > S. 0:0(0) ack 1 <...>\n")
    assert result.passed


def test_absolute_times_count_from_the_beginning() -> None:
    script = (
        f"{LISTEN}0.5 < S 0:0(0) win 9\n0.5 > S. 0:0(0) ack 1 <...>\n1.5 > S. 0:0(0) ack 1 <...>\n"
    )
    assert run(script).passed
    assert "its time, 0.1 s, has passed: it is 0.5 s" in wrong(
        f"{LISTEN}0.5 < S 0:0(0) win 9\n0.1 close(3) = 0\n", 5
    )


def test_packets_that_nobody_expects_matter_where_the_script_is_strict() -> None:
    script = f"{OPEN}+0 write(4, ..., 100) = 100\n"
    assert run(script).passed
    told = wrong(script, 8, strict=True)
    assert "the script ends, but at 0.2 s the host sent > P. 1:101(100) ack 1 win 65535" in told


def test_a_failure_shows_the_ladder() -> None:
    text = str(run(f"{OPEN}+0 write(4, ..., 100) = 99\n"))
    assert "send()" in text
    assert "-- 4 PSH,ACK seq=1 ack=1 len=100 ----" in text


# --- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("local", [0, 12_345, 0xFFFF_FFFF])
@pytest.mark.parametrize("remote", [0, 0x8000_0000, 0xFFFF_FFFF])
def test_a_script_knows_no_initial_sequence_numbers(local: int, remote: int) -> None:
    script = f"""{LISTEN}+.1 < S 77:77(0) win 1000 <mss 1000>
+0 > S. 10:10(0) ack 78 <...>
+.1 < . 1:1(0) ack 1 win 1000
+0 accept(3, ..., ...) = 4
+0 < . 501:1001(500) ack 1 win 1000
+0 > . 1:1(0) ack 1
+0 < . 1:501(500) ack 1 win 1000
+0 > . 1:1(0) ack 1001
+0 read(4, ..., 2000) = 1000
"""
    result = run(script, strict=True, remote_isn=remote, tcp={"isn": local})
    assert result.passed, result


def test_a_segment_with_ports_of_its_own_is_another_conversation() -> None:
    script = f"""{LISTEN}+0 < 1000 > 8080 S 5:5(0) win 9
+0 > 8080 > 1000 S. 0:0(0) ack 6 <...>
+0 < 2000 > 8080 S 9:9(0) win 9
+0 > 8080 > 2000 S. 0:0(0) ack 10 <...>
+0 < 1000 > 8080 R 1:1(0)
+0 < 2000 > 8080 . 1:1(0) ack 1 win 9
+0 accept(3, ..., ...) = 4
"""
    assert run(script, strict=True).passed


flags, options = st.integers(0, 255), st.lists(one_option, max_size=2)
near = st.integers(0, 70_000) | st.integers(0, 0xFFFF_FFFF)
anything = st.builds(
    lambda flags, seq, length, ack, window, urgent, options: Packet(
        False, Tcp(flags, seq, length, ack if flags & 16 else 0, window, urgent, options)
    ),
    flags,
    near,
    st.integers(0, 3_000),
    near,
    st.integers(0, 65_535),
    st.integers(0, 9),
    options,
)


@given(st.lists(anything, min_size=1, max_size=6))
@example([Packet(False, Tcp(0, (1 << 32) - 3000, 3000))])  # its end is 0
@settings(max_examples=100)
def test_whatever_comes_in_what_goes_out_can_be_read(packets: list[Packet]) -> None:
    lines = "".join(f"+.3 {packet}\n" for packet in packets)
    result = run(f"{OPEN}+0 write(4, ..., 5000) = 5000\n{lines}+9 shutdown(4, SHUT_WR) = ...\n")
    assert result.passed, result
    for frame in result.trace.frames:
        assert not frame.malformed


# --- calls --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("write(4, ..., 100) = 99", "write() should return 99, but it returned 100"),
        ("write(9, ..., 100) = 100", "write() should return 100, but it returned -1 EBADF"),
        ("write(4, ..., 1) = -1 EPIPE (Broken)", "should return -1 EPIPE, but it returned 1"),
        (
            "setsockopt(4, IPPROTO_TCP, 99, [1], 4) = -1 EINVAL (Bad)",
            "should return -1 EINVAL, but it returned -1 ENOPROTOOPT",
        ),
        ("bind(4, ..., ...) = 0", "should return 0, but it returned -1 EINVAL"),
        ("accept(3, ..., ...) = 5", "accept() blocks, but the script says that it returns at once"),
        (
            "socket(..., SOCK_STREAM, 0) = -1 ENOMEM (No)",
            "expected -1 ENOMEM, but it was a new socket",
        ),
        (
            "getsockopt(4, IPPROTO_TCP, TCP_NODELAY, [1], [4]) = 0",
            "the option: expected 1, but it was 0",
        ),
        (
            "poll([{fd=4, events=POLLOUT, revents=0}], 1, 0) = 0",
            "revents: expected 0, but it was 4",
        ),
        ("ioctl(4, SIOCOUTQ, [5]) = 0", "ioctl(): expected 5, but it was 0"),
        ("read(4, ..., -1) = 0", "read() raised ValueError: negative buffersize in recv"),
        ("sendmsg(4, {msg_flags=0}, 0) = 0", "sendmsg() raised KeyError: 'msg_iov'"),
    ],
)
def test_a_call_that_returns_otherwise_is_told(call: str, told: str) -> None:
    assert told in wrong(f"{OPEN}+0 {call}\n", 8)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("fork() = 0", "netlab has no system call fork(); there is accept, accept4, bind,"),
        ("listen(3) = 0", "listen() takes other arguments"),
        ("fcntl(3, 1) = 0", "fcntl() here knows F_GETFL and F_SETFL"),
        ("ioctl(4, SIOCATMARK, [0]) = 0", "ioctl() here knows"),
        ("poll([{fd=3, events=POLLIN}], 1, 100) = 0", "poll() can't wait here"),
        ("`iptables -A OUTPUT`", "a script here can't run programs"),
        ("%{ assert foo }%", "foo isn't a name that is known here"),
    ],
)
def test_what_can_t_be_done_here_is_refused_with_the_reason(call: str, told: str) -> None:
    result = run(f"{OPEN}+0 {call}\n")
    assert result.failure is not None
    assert result.failure.refused
    assert told in str(result.failure)


def test_a_call_that_blocks_returns_when_the_script_says_so() -> None:
    script = (
        f"{OPEN}+0...{{}} read(4, ..., 100) = 10\n+.5 < P. 1:11(10) ack 1 win 9\n+1 close(3) = 0\n"
    )
    assert run(script.format("0.5")).passed
    assert "read() should return at 0.6 s, but it returned at 0.7 s" in wrong(
        script.format("0.4"), 8
    )
    assert "read() should return at 0.8 s, but it returned at 0.7 s" in wrong(
        script.format("0.6"), 8
    )


def test_a_write_that_blocks_returns_what_went_when_the_connection_ends() -> None:
    script = f"{OPEN}+0...0.5 write(4, ..., 200) = 100\n+.5 < R 1:1(0)\n"
    assert run(script, tcp={"send_buffer": 100}).passed
    script = f"{OPEN}+0 send(4, ..., 200, MSG_DONTWAIT) = 100\n"
    assert run(script, tcp={"send_buffer": 100}).passed


def test_a_call_that_never_returns_is_told() -> None:
    script = f"{OPEN}+0...0.5 read(4, ..., 100) = 10\n"
    assert "it should return at 0.7 s, but it still blocks" in wrong(script, 8)


def test_a_wrong_byte_that_is_read_is_told() -> None:
    script = f'{OPEN}+0 < P. 1:6(5) ack 1 win 9\n+0 read(4, "hello", 5) = 5\n'
    assert "the data: expected b'hello', but it was" in wrong(script, 9)


def test_a_host_that_garbles_the_stream_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    send, receive = StreamEnd.send, StreamEnd.receive
    script = f"{OPEN}+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n"
    with monkeypatch.context() as patch:
        patch.setattr(StreamEnd, "send", lambda end, data: send(end, data[::-1]))
        assert f"payload: expected {pattern(0, 10).hex()}, but it was" in wrong(script, 9)
    script = f"{OPEN}+0 < P. 1:11(10) ack 1 win 9\n+0 read(4, ..., 10) = 10\n"

    def garbled(end: StreamEnd, size: int, peek: bool) -> tuple[bytes, object]:
        data, sender = receive(end, size, peek)
        return data[:7] + b"\0" + data[8:], sender

    monkeypatch.setattr(StreamEnd, "receive", garbled)
    assert f"byte 7 of the stream: expected {pattern(7, 3).hex()}, but it was 00" in wrong(
        script, 9
    )


def test_calls_that_scripts_make_in_passing() -> None:
    script = f"""{LISTEN}+0 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 fcntl(3, F_GETFL) = 0x802 (flags O_RDWR|O_NONBLOCK)
+0 accept4(3, ..., ..., SOCK_NONBLOCK) = -1 EAGAIN (Resource temporarily unavailable)
+.1 < S 0:0(0) win 1000 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+.1 < . 1:1(0) ack 1 win 1000
+0 accept4(3, ..., ..., SOCK_NONBLOCK) = 4
+0 fcntl(4, F_GETFL) = 0x802 (flags O_RDWR|O_NONBLOCK)
+0 send(4, ..., 10, 0) = 10
+0 > P. 1:11(10) ack 1
+0 getsockopt(4, SOL_SOCKET, SO_TYPE, [SOCK_STREAM], [4]) = 0
+0 getsockopt(4, SOL_SOCKET, SO_TYPE, ..., [4]) = 0
+0 ioctl(4, SIOCOUTQ, [10]) = 0
+0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, 0) = 5
+0 ioctl(5, SIOCINQ, [0]) = -1 EINVAL (Invalid argument)
+0 connect(5, {{sa_family = AF_INET, sin_port = htons(99), sin_addr = inet_addr("192.0.2.9")}},
           16) = -1 EINPROGRESS (Operation now in progress)
+0 close(5) = 0
+0 close(5) = -1 EBADF (Bad file descriptor)
"""
    result = run(script)
    assert result.passed, result
    assert str(result.trace.frames[-1].ipv4.dst) == "192.0.2.9"


# --- claims, options ------------------------------------------------------------------------------


def test_a_claim_that_is_false_is_told_with_its_values() -> None:
    told = wrong(f"{OPEN}+0 %{{ assert tcpi_rto < tcpi_rtt }}%\n", 8)
    assert "tcpi_rto < tcpi_rtt: tcpi_rto is 1000000, tcpi_rtt is 100000" in told


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--ip_version=ipv6", "netlab speaks IPv4"),
        ("--mtu=large", "invalid literal"),
        ("--wire_server", "netlab knows no such option of packetdrill's"),
    ],
)
def test_an_option_that_can_t_be_had_is_told_with_its_line(option: str, told: str) -> None:
    with pytest.raises(ScriptError, match=told) as caught:
        run(f"\n{option}\n{OPEN}")
    assert caught.value.line == 2


def test_addresses_and_ports_can_be_set() -> None:
    options = "--local_ip=10.1.2.3\n--remote_ip=172.16.9.9\n--bind_port=80\n--connect_port=81\n"
    result = run(options + OPEN)
    assert result.passed
    packet = result.trace.frames[0].ipv4
    assert (str(packet.src), str(packet.dst)) == ("172.16.9.9", "10.1.2.3")
    assert result.trace.frames[0].tcp.destination_port == 80


def test_timestamps_are_compared_only_where_their_tick_is_known() -> None:
    from netlab.packetdrill.compare import differences
    from netlab.packetdrill.packet import Packet, Tcp, any_timestamp, timestamps

    def packet(value: int, echo: int) -> Packet:
        return Packet(True, Tcp(16, 1, 0, 1, options=[timestamps(value, echo)]))

    assert not differences(packet(100, 5), packet(999, 6))
    unknown = Packet(True, Tcp(16, 1, 0, 1, options=[any_timestamp(5)]))
    assert not differences(unknown, packet(100, 5))
    assert differences(unknown, packet(100, 6))
    precise = {"tick": 1 * ms, "tolerance": 4 * ms}
    assert not differences(packet(100, 5), packet(104, 5), **precise)
    assert not differences(packet(2, 5), packet(0xFFFF_FFFF, 5), **precise)
    (value,) = differences(packet(100, 5), packet(105, 5), **precise)
    assert str(value) == "option 1: expected TS val 100 ecr 5, but it was TS val 105 ecr 5"
    assert differences(packet(100, 5), packet(100, 6), **precise)
