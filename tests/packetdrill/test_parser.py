"""The language: what is read of a script, and how what can't be read is told."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.packetdrill import ScriptError, parse
from netlab.packetdrill.packet import (
    ICMP_CODES,
    ICMP_TYPES,
    Icmp,
    Packet,
    Tcp,
    Udp,
    any_timestamp,
    mss,
    sack,
    timestamps,
)
from netlab.packetdrill.script import ANY, Call, Code, Event, Script, Shell, When
from netlab.transport.tcp.options import Option
from netlab.units import ms, s, us

CALL = "0 close(3) = 0\n"


def event(text: str) -> Event:
    """The last event of a script that ends with `text`."""
    return parse(f"{CALL}{text}\n").events[-1]


def action(text: str) -> object:
    return event(f"+0 {text}").action


# --- the whole ------------------------------------------------------------------------------


def test_a_script_is_options_and_events_with_their_lines() -> None:
    script = parse(
        """// RFC 9293 MUST-13; RFC 1337
// What it says.
--ip_version=ipv4
--tolerance_usecs=25000
--remote_ip="192.0.2.7"

`sysctl -w a=1`
 0.00 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0.10 > S 0:0(0)
`true`
""",
        "x.pkt",
    )
    assert isinstance(script, Script)
    assert script.options == [
        ("ip_version", "ipv4", 3),
        ("tolerance_usecs", "25000", 4),
        ("remote_ip", "192.0.2.7", 5),
    ]
    assert [each.line for each in script.events] == [7, 8, 9, 10]
    assert script.events[2].text == "+0.10 > S 0:0(0)"
    assert script.events[0].action == Shell("sysctl -w a=1")
    assert script.clauses == ["RFC 9293 MUST-13", "RFC 1337"]


def test_several_clauses_of_one_rfc_are_told_apart() -> None:
    head = "// RFC 9293 MUST-14, MUST-67; RFC 9293 section 3.5, figure 7; RFC 1122 MUST-1,SHLD-2\n"
    assert parse(head + CALL).clauses == [
        "RFC 9293 MUST-14",
        "RFC 9293 MUST-67",
        "RFC 9293 section 3.5, figure 7",
        "RFC 1122 MUST-1",
        "RFC 1122 SHLD-2",
    ]


def test_clauses_are_only_those_at_the_top() -> None:
    assert parse(f"// RFC 1\n// It is so.\n{CALL}// RFC 2\n").clauses == ["RFC 1"]


@pytest.mark.parametrize(
    "comment",
    ["// to the end of the line", "/* within */", "/* over\n two lines ** / */", "# as in a shell"],
)
def test_comments_may_stand_anywhere(comment: str) -> None:
    text = f"{comment}\n0 {comment}\n close(3) {comment}\n = 0 {comment}\n"
    assert parse(text).events[0].action == Call("close", [3], 0)


def test_symbols_are_replaced_by_what_they_stand_for() -> None:
    script = parse(
        "--define=FD=7\n0 send(FD, TEXT, 3, 0) = N\n", defines={"TEXT": '"abc"', "N": "3"}
    )
    assert script.events[0].action == Call("send", [7, b"abc", 3, 0], 3)


# --- times ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("0", When(0)),
        ("1.5", When(1500 * ms)),
        ("+0.1", When(100 * ms, None, True)),
        ("+.000001", When(1 * us, None, True)),
        ("*", When(None)),
        ("0.2~0.3", When(200 * ms, 300 * ms)),
        ("+0.2~+0.3", When(200 * ms, 300 * ms, True)),
    ],
)
def test_times(text: str, when: When) -> None:
    read = event(f"{text} > . 1:1(0) ack 1").when
    assert read == when
    assert event(f"{when} > . 1:1(0) ack 1").when == when


def test_a_call_that_blocks_has_two_times() -> None:
    for text, start, until in (("1.00...6.00", s, 6 * s), ("+0...0.3", 0, 300 * ms)):
        read = event(f"{text} accept(3, ..., ...) = 4")
        assert isinstance(read.action, Call)
        assert (read.when.start, read.action.until) == (start, until)


# --- packets --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        ("> S 0:0(0)", Packet(True, Tcp(2, 0, 0))),
        ("> . 1:1(0) ack 1", Packet(True, Tcp(16, 1, 0, 1))),
        ("< P. 1:1001(1000) ack 5 win 257", Packet(False, Tcp(24, 1, 1000, 5, 257))),
        ("> SEW 0:0(0)", Packet(True, Tcp(2 | 64 | 128, 0, 0))),
        ("> FC. 0:0(0) ack 1", Packet(True, Tcp(1 | 128 | 16, 0, 0, 1))),
        ("< - 5:6(1)", Packet(False, Tcp(0, 5, 1))),
        ("< PU. 1:11(10) ack 1 win 9 urg 3", Packet(False, Tcp(56, 1, 10, 1, 9, 3))),
        ("> [ect0] . 1:1(0) ack 1", Packet(True, Tcp(16, 1, 0, 1), ecn="ect0")),
        ("> [ect01] . 1:1(0) ack 1", Packet(True, Tcp(16, 1, 0, 1), ecn="ect01")),
        ("> (ttl 64) R 1:1(0)", Packet(True, Tcp(4, 1, 0), ttl=64)),
        ("> [tos 0x28] R 1:1(0)", Packet(True, Tcp(4, 1, 0), tos=40)),
        ("> [ce, ttl 5] R 1:1(0)", Packet(True, Tcp(4, 1, 0), ecn="ce", ttl=5)),
        ("< 5000 > 80 S 7:7(0)", Packet(False, Tcp(2, 7, 0), (5000, 80))),
        ("> S 0:0(0) <...>", Packet(True, Tcp(2, 0, 0, options=None))),
        ("> S 0:0(0) <mss 9,...>", Packet(True, Tcp(2, 0, 0, options=[mss(9)], more=True))),
        ("> udp (100)", Packet(True, Udp(100))),
        ("< udp 53 > 8080 (7)", Packet(False, Udp(7), (53, 8080))),
        ("> icmp unreachable port_unreachable", Packet(True, Icmp(3, 3))),
        ("< icmp time_exceeded exceeded_frag_time", Packet(False, Icmp(11, 1))),
        ("< icmp type_42 code_9", Packet(False, Icmp(42, 9))),
        ("< icmp echo_request id 7 [raw (64)]", Packet(False, Icmp(8, 0, None, 7, raw=64))),
        (
            "< icmp unreachable frag_needed mtu 1200 [1:1001(1000)]",
            Packet(False, Icmp(3, 4, 1200, quoted=Tcp(16, 1, 1000))),
        ),
        (
            "< [0:0(0)] icmp unreachable port_unreachable",  # FreeBSD's order
            Packet(False, Icmp(3, 3, quoted=Tcp(16, 0, 0))),
        ),
        (
            "> icmp unreachable port_unreachable [udp (10)]",
            Packet(True, Icmp(3, 3, quoted=Udp(10))),
        ),
    ],
)
def test_packets(text: str, packet: Packet) -> None:
    assert action(text) == packet
    assert action(str(packet)) == packet


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("mss 1460", [mss(1460)]),
        ("nop,nop,eol", [Option(1), Option(1), Option(0)]),
        ("nop , wscale 7", [Option(1), Option(3, b"\7")]),
        ("sackOK", [Option(4)]),
        ("sack 1001:2001 3001:4001", [sack([(1001, 2001), (3001, 4001)])]),
        ("TS val 100 ecr 7", [timestamps(100, 7)]),
        ("TS val ... ecr 7", [any_timestamp(7)]),
        ("FO", [Option(34)]),
        ("FO 12345678", [Option(34, b"\x12\x34\x56\x78")]),
        ("FO ab12cd34", [Option(34, b"\xab\x12\xcd\x34")]),
        ("FOEXP ab12", [Option(254, b"\xf9\x89\xab\x12")]),
        ("md5 00ff", [Option(19, b"\x00\xff")]),
        ("option 77 0102", [Option(77, b"\1\2")]),
        ("option 2 05", [Option(2, b"\5")]),
    ],
)
def test_options(text: str, options: list[Option]) -> None:
    packet = action(f"> S 0:0(0) <{text}>")
    assert packet == Packet(True, Tcp(2, 0, 0, options=options))
    assert action(str(packet)) == packet


u8, u16, u32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
one_option = st.one_of(
    st.builds(mss, u16),
    st.builds(timestamps, u32, u32),
    st.builds(sack, st.lists(st.tuples(u32, u32), min_size=1, max_size=2)),
    st.builds(lambda shift: Option(3, bytes((shift,))), u8),
    st.builds(Option, st.sampled_from([0, 1, 4])),
    st.builds(Option, st.sampled_from([2, 5, 8, 77]), st.binary(max_size=3)),
)
segments = st.builds(
    lambda flags, seq, length, ack, window, urgent, options, more: Tcp(
        flags,
        seq,
        length,
        ack if flags & 16 else 0,
        window,
        urgent,
        options,
        more and bool(options),
    ),
    u8,
    u32,
    u16,
    u32,
    st.none() | u16,
    u16,
    st.none() | st.lists(one_option, max_size=2),
    st.booleans(),
)
messages = st.builds(
    Icmp,
    st.sampled_from(sorted(ICMP_TYPES.values())),
    st.integers(0, 30),
    st.none() | u16,
    st.none() | u16,
    st.none() | st.builds(Udp, u16) | st.builds(lambda seq, size: Tcp(16, seq, size), u32, u16),
)
packets = st.builds(
    Packet,
    st.just(True),
    segments | st.builds(Udp, u16),
    st.none() | st.tuples(u16, u16),
    st.sampled_from([None, "ect0", "ect1", "ce", "noecn", "ect01"]),
    st.none() | u8,
    st.none() | u8,
) | st.builds(Packet, st.just(True), messages)


@given(packets)
def test_what_is_written_is_read_as_it_was(packet: Packet) -> None:
    assert action(str(packet)) == packet


def test_every_code_of_icmp_has_one_name() -> None:
    for names in ICMP_CODES.values():
        assert len(set(names)) == len(names)


# --- calls ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("fcntl(3, F_GETFL) = 0x02 (flags O_RDWR)", Call("fcntl", [3, 3], 2)),
        ("fcntl(3, F_SETFL, O_RDWR | O_NONBLOCK) = 0", Call("fcntl", [3, 4, 0o4002], 0)),
        (
            "connect(3, ..., ...) = -1 EINPROGRESS (Can't wait; it goes on)",
            Call("connect", [3, ANY, ANY], -1, "EINPROGRESS"),
        ),
        ("accept(3, ..., ...) = ...", Call("accept", [3, ANY, ANY], ANY)),
        ('write(4, "ab\\n" "\\x41\\101"..., 5) = 5', Call("write", [4, b"ab\nAA", 5], 5)),
        (
            "setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0",
            Call("setsockopt", [3, 1, 13, {"onoff": 1, "linger": 0}, 8], 0),
        ),
        (
            "getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0",
            Call("getsockopt", [3, 1, 4, [111], [4]], 0),
        ),
        (
            'bind(3, {sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr("1.2.3.4")},'
            " ...) = 0",
            Call("bind", [3, {"sa_family": 2, "sin_port": 80, "sin_addr": "1.2.3.4"}, ANY], 0),
        ),
        (
            "sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 1}, {..., 2}], msg_flags=0},"
            " MSG_OOB|MSG_MORE) = 3",
            Call(
                "sendmsg",
                [4, {"msg_name": ANY, "msg_iov": [[ANY, 1], [ANY, 2]], "msg_flags": 0}, 0x8001],
                3,
            ),
        ),
        (
            "poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLIN}], 1, 0) = 1",
            Call("poll", [[{"fd": 4, "events": 5, "revents": 1}], 1, 0], 1),
        ),
        ("close(3) = 0", Call("close", [3], 0)),
        ("close(NULL) = 0", Call("close", [0], 0)),
    ],
)
def test_calls(text: str, call: Call) -> None:
    assert action(text) == call


def test_python_and_commands_are_taken_as_they_are() -> None:
    assert action("%{ assert tcpi_rto == 1,\n tcpi_rto }%") == Code(
        "assert tcpi_rto == 1,\n tcpi_rto"
    )
    assert action("`sysctl -q a=1 ;\n true`") == Shell("sysctl -q a=1 ;\n true")


# --- what can't be read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "expected an event"),
        ("\n\n0 close(3)", 3, "expected = and the result of close()"),
        ("0 close(3", 1, "expected , or )"),
        ("0 close(FOO) = 0", 1, "FOO isn't a constant that netlab knows"),
        ("0 close(3) = -1 EFOO", 1, "EFOO isn't the name of an error"),
        ("0 close(3) = -1 EBADF (no end", 1, "expected ) behind the note"),
        ('0 close("a" | 3) = 0', 1, "both sides of | must be numbers"),
        ("0 poll([{fd=4, 3}], 1, 0) = 0", 1, "names all of its fields, or none"),
        ("0 close(<) = 0", 1, "expected a value"),
        ("0 close", 1, "behind close, which is taken for a system call"),
        ("0", 1, "expected a packet (< or >), a system call"),
        ("close(3) = 0", 1, "expected a time"),
        ("-1 close(3) = 0", 1, "a time can't be negative"),
        ("0.3~0.1 > . 1:1(0) ack 1", 1, "backwards"),
        ("0.1~0.3 close(3) = 0", 1, "outbound packets alone"),
        ("* < . 1:1(0) ack 1", 1, "outbound packets alone"),
        ("0...1 > . 1:1(0) ack 1", 1, "only a system call can last"),
        ("0 > X 1:1(0)", 1, "'X' in 'X' isn't a flag"),
        ("0 > 1:1(0)", 1, "expected flags"),
        ("0 > P.5 1:1(0)", 1, "Accurate ECN"),
        ("0 > A 1:1(0)", 1, "Accurate ECN"),
        ("0\n>\n. 1:11(5) ack 1", 3, "doesn't add up: 1 + 5 != 11"),
        ("0 > . 4294967296:4294967296(0)", 1, "32 bits"),
        ("0 > . 1:70001(70000)", 1, "16 bits"),
        ("0 > . 1-1(0)", 1, "first:last(length)"),
        ("0 > . 1:1(0) ack x", 1, "expected an acknowledgment number, a number; got 'x'"),
        ("0 > . 1:1(0) win 65536", 1, "a window has 16 bits"),
        ("0 > . 1:1(0) foo 3", 1, "expected ack, win, urg or <options>"),
        ("0 > . 1:1(0) <foo>", 1, "'foo' isn't an option"),
        ("0 > . 1:1(0) <mss 1 nop>", 1, "or > behind an option"),
        ("0 > . 1:1(0) <sack>", 1, "expected a SACK block"),
        ("0 > . 1:1(0) <TS 1 2>", 1, "expected val and ecr"),
        ("0 > . 1:1(0) <TS val 1>", 1, "expected ecr"),
        ("0 > . 1:1(0) <FO abc>", 1, "pairs of hexadecimal digits"),
        ("0 > . 1:1(0) <FO 00112233445566778899aabbccddeeff, sack 1:2 3:4 5:6>", 1, "room for 40"),
        ("0 < S 0:0(0) <...>", 1, "say which options come in"),
        ("0 < [ect01] . 1:1(0) ack 1", 1, "'ect01' isn't known"),
        ("0 < (foo) . 1:1(0) ack 1", 1, "'foo' isn't known"),
        ("0 > . 1:1(0) {mut ip}", 1, "doesn't mutate"),
        ("0 < ipv6 1:1(0)", 1, "over IPv4; got 'ipv6'"),
        ("0 < sctp 1:1(0)", 1, "over IPv4; got 'sctp'"),
        ("0 < icmp foo", 1, "'foo' isn't an ICMP type"),
        ("0 < icmp unreachable foo", 1, "'foo' isn't an ICMP code"),
        ("0 < udp 5", 1, "the size of the datagram"),
        ('\n0 write(3, "abc', 2, "a string begins here"),
        ("\n\n`sysctl", 3, "a shell command begins here"),
        ("/* never closed", 1, "a comment begins here"),
        ("0 %{ assert", 1, "a piece of Python begins here"),
        ("0 close(3) = 0\n--mtu=1500", 2, "expected a time"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse(text, "bad.pkt")
    assert problem in caught.value.problem
    assert caught.value.line == line
    assert str(caught.value) == f"bad.pkt:{line}: {caught.value.problem}"


@given(st.text(alphabet=' \n0123456789.:+*~<>()[]{}=,|"`%/#-abdefopsS', max_size=60))
def test_any_text_is_a_script_or_one_clear_error(text: str) -> None:
    with suppress(ScriptError):
        parse(text)
