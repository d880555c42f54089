import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import TCP

from netlab.errors import ConfigurationError
from netlab.transport.tcp.options import (
    EOL,
    MSS,
    NOP,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    USUAL_ORDER,
    WINDOW_SCALE,
    Option,
    Options,
    build_options,
    parse_options,
    timestamps_alone,
)

MSS_1460 = Option(MSS, b"\x05\xb4")

# Each option with how Scapy writes it.
KNOWN_TO_SCAPY = [
    (Option(NOP), ("NOP", None)),
    (MSS_1460, ("MSS", 1460)),
    (Option(MSS, bytes(2)), ("MSS", 0)),
    (Option(3, b"\x07"), ("WScale", 7)),
    (Option(4), ("SAckOK", b"")),
    (Option(5, bytes.fromhex("0000000a 00000014")), ("SAck", (10, 20))),
    (Option(8, bytes.fromhex("00000001 00000002")), ("Timestamp", (1, 2))),
]


@pytest.fixture(scope="module")
def cases():
    """Lists of options of up to 40 bytes, each with how Scapy writes it."""
    chance = random.Random(7)
    made = []
    while len(made) < 1000:
        pairs = chance.choices(KNOWN_TO_SCAPY, k=chance.randrange(8))
        if sum(2 + len(ours.data) if ours.kind != NOP else 1 for ours, _ in pairs) <= 40:
            made.append(([ours for ours, _ in pairs], [theirs for _, theirs in pairs]))
    return made


@pytest.mark.rfc("RFC 9293 3.1", "RFC 9293 MUST-4")
def test_options_have_the_bytes_that_scapy_makes_of_them_and_read_back(cases):
    for ours, theirs in cases:
        by_scapy = bytes(TCP(options=theirs, chksum=0))[20:]
        assert build_options(ours) == by_scapy
        assert without_padding(parse_options(by_scapy)) == ours


@pytest.mark.rfc("RFC 9293 MUST-4")
def test_scapy_reads_the_options(cases):
    for ours, theirs in cases:
        packed = build_options(ours)
        header = bytes(12) + bytes((5 + len(packed) // 4 << 4,)) + bytes(7)
        assert [pair for pair in TCP(header + packed).options if pair[0] != "EOL"] == theirs


def without_padding(options):
    return options[:-1] if options and options[-1].kind == EOL else options


@pytest.mark.rfc("RFC 9293 3.1")
def test_what_follows_the_end_of_the_list_is_padding():
    assert parse_options(b"\x01\x00\x02\x04\x05\xb4") == [Option(NOP), Option(EOL)]


@pytest.mark.rfc("RFC 9293 MUST-6")
def test_an_unknown_option_is_kept_and_what_follows_is_read():
    options = parse_options(b"\x4d\x05abc\x02\x04\x05\xb4")
    assert options == [Option(77, b"abc"), MSS_1460]
    assert [option.name for option in options] == ["option 77", "MSS"]


@pytest.mark.rfc("RFC 9293 MUST-7")
@pytest.mark.parametrize("broken", [b"\x4d", b"\x4d\x00", b"\x4d\x01", b"\x4d\x06abc", b"\x02\xff"])
def test_an_option_with_an_impossible_length_ends_the_list_without_an_error(broken):
    assert parse_options(b"\x02\x04\x05\xb4" + broken) == [MSS_1460]


@pytest.mark.rfc("RFC 9293 MUST-7")
@given(st.binary(max_size=40))
def test_any_bytes_are_options_that_read_the_same_when_built_again(data):
    options = parse_options(data)
    assert without_padding(parse_options(build_options(options))) == without_padding(options)


@pytest.mark.rfc("RFC 9293 3.7.1")
@pytest.mark.parametrize(
    ("data", "mss"),
    [
        (b"", None),
        (b"\x02\x04\x05\xb4", 1460),
        (b"\x01\x01\x02\x04\xff\xff", 65535),
        (b"\x02\x04\x05\xb4\x02\x04\x00\x01", 1460),
        (b"\x02\x03\x05\x02\x04\x05\xb4\x00", 1460),
        (b"\x02\x04\x05", None),
        (b"\x00\x02\x04\x05\xb4", None),
    ],
)
def test_the_mss_is_the_first_well_formed_one(data, mss):
    assert Options.parse(data).mss == mss


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([Option(NOP, b"x")], "NOP is a single byte"),
        ([Option(EOL, b"x")], "EOL is a single byte"),
        ([Option(256)], r"Option\.kind is 256"),
        ([Option(-1)], r"Option\.kind is -1"),
        ([Option(NOP)] * 41, "take 41 bytes: expected 40 at most"),
        ([Option(77, bytes(39))], "take 41 bytes: expected 40 at most"),
        ([Option(77, bytes(300))], r"Option\.data has 300 bytes: expected 38 at most"),
        ([Option(MSS, "1460")], "expected bytes"),
    ],
)
def test_options_that_no_header_can_hold_are_refused(options, problem):
    with pytest.raises(ConfigurationError, match=problem):
        build_options(options)


# --- what this TCP understands --------------------------------------------------------------

numbers = st.integers(0, 2**32 - 1)
some_options = st.builds(
    Options,
    mss=st.none() | st.integers(0, 65535),
    window_scale=st.none() | st.integers(0, 14),
    sack_permitted=st.booleans(),
    timestamps=st.none() | st.tuples(numbers, numbers),
)
with_blocks = st.builds(
    Options,
    sack=st.lists(st.tuples(numbers, numbers), max_size=3).map(tuple),
    timestamps=st.none() | st.tuples(numbers, numbers),
)


@given(some_options | with_blocks)
def test_options_read_back_as_they_were_and_scapy_reads_the_same(options):
    packed = options.pack()
    assert Options.parse(packed) == options
    header = bytes(12) + bytes((5 + len(packed) // 4 << 4,)) + bytes(7)
    theirs = dict(TCP(header + packed).options)
    assert theirs.get("MSS") == options.mss
    assert theirs.get("WScale") == options.window_scale
    assert ("SAckOK" in theirs) == options.sack_permitted
    assert theirs.get("Timestamp") == options.timestamps
    edges = tuple(edge for block in options.sack for edge in block)
    assert theirs.get("SAck", ()) == edges


@pytest.mark.rfc("RFC 7323 appendix A")
@given(some_options | with_blocks)
def test_each_option_is_aligned_to_whole_words(options):
    packed = options.pack()
    at = 0
    for option in parse_options(packed):
        length = 1 if option.kind in (EOL, NOP) else 2 + len(option.data)
        if option.kind in (SACK, TIMESTAMPS):
            assert (at + 2) % 4 == 0
        at += length


def test_linux_and_freebsd_order_the_options_of_a_syn_differently():
    options = Options(1460, 7, True, timestamps=(1, 0))
    linux = "020405b4 0402 080a 00000001 00000000 01 030307"
    freebsd = "020405b4 01 030307 0402 080a 00000001 00000000"
    assert options.pack() == bytes.fromhex(linux)
    order = (MSS, WINDOW_SCALE, SACK_PERMITTED, TIMESTAMPS)
    assert options.pack(order) == bytes.fromhex(freebsd)


def test_an_option_that_the_order_leaves_out_is_not_sent():
    assert Options(1460, 7, True, timestamps=(1, 0)).pack((MSS,)) == bytes.fromhex("020405b4")
    assert MSS in USUAL_ORDER


def test_timestamps_alone_are_the_usual_twelve_bytes():
    packed = timestamps_alone(7, 9)
    assert packed == Options(timestamps=(7, 9)).pack()
    assert Options.parse(packed) == Options(timestamps=(7, 9))


@pytest.mark.rfc("RFC 7323 2.3")
def test_a_window_scale_above_14_counts_as_14():
    assert Options.parse(b"\x03\x03\x0f").window_scale == 14
    assert Options.parse(b"\x03\x03\x0e").window_scale == 14


@pytest.mark.rfc("RFC 9293 MUST-7")
@pytest.mark.parametrize(
    "data",
    ["03020101", "0304070000", "0403ff00", "0809" + "00" * 7, "0502", "0509" + "00" * 7, "052a"],
)
def test_an_option_of_a_wrong_length_is_ignored(data):
    assert Options.parse(bytes.fromhex(data)) == Options()


@pytest.mark.parametrize(
    "options",
    [
        Options(mss=-1),
        Options(mss=65536),
        Options(window_scale=256),
        Options(timestamps=(2**32, 0)),
        Options(timestamps=(0, -1)),
        Options(sack=((0, 2**32),)),
    ],
)
def test_a_number_that_does_not_fit_its_bits_is_refused(options):
    with pytest.raises(ConfigurationError, match="bits: expected 0 to"):
        options.pack()


@given(st.binary(max_size=40))
def test_any_bytes_can_be_read(data):
    Options.parse(data)
