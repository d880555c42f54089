"""What a script claims in Python: arithmetic on names, and nothing that reaches further."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.packetdrill.assertions import Claims
from netlab.packetdrill.problems import Refused, Wrong

KNOWN = {"tcpi_snd_cwnd": 10, "tcpi_state": 1}


@pytest.mark.parametrize(
    "text",
    [
        "assert tcpi_snd_cwnd == 10",
        "assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd",
        "assert 9 < tcpi_snd_cwnd <= 10 and tcpi_state == TCP_ESTABLISHED",
        "assert not tcpi_snd_cwnd > 10",
        "assert (TCPI_OPT_SACK | TCPI_OPT_WSCALE) & 4",
        "assert abs(tcpi_snd_cwnd - 12) == 2 and max(1, 2) == 2 and min(1, 2) == 1",
        "assert (1 if tcpi_state else 0) == 1",
        "assert -tcpi_snd_cwnd % 7 == 4 and ~0 == -1 and 7 // 2 == 3 and 8 >> 1 == 4",
        "x = 3\nassert x + tcpi_snd_cwnd == 13; print(x)\npass",
    ],
)
def test_what_is_true_is_taken(text: str) -> None:
    Claims().check(text, KNOWN)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("assert tcpi_snd_cwnd == 9", "tcpi_snd_cwnd == 9: tcpi_snd_cwnd is 10"),
        ("assert False", "False"),
        ("assert 1 < tcpi_snd_cwnd < 5", "1 < tcpi_snd_cwnd < 5: tcpi_snd_cwnd is 10"),
        ("assert tcpi_state == TCP_CLOSE", "tcpi_state is 1, TCP_CLOSE is 7"),
    ],
)
def test_what_is_false_is_told(text: str, told: str) -> None:
    with pytest.raises(Wrong, match="this isn't so: ") as caught:
        Claims().check(text, KNOWN)
    assert told in str(caught.value)


def test_what_one_piece_assigns_the_next_knows() -> None:
    claims = Claims()
    claims.check("before = tcpi_snd_cwnd", KNOWN)
    claims.check("assert tcpi_snd_cwnd == before + 1", {"tcpi_snd_cwnd": 11})


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "assert __import__('os').system('true')",
        "assert ().__class__.__bases__",
        "assert open('/etc/passwd')",
        "assert 'a' * 1000000000",
        "assert 9 ** 9 ** 9",
        "assert 1 << 1000000000000",
        "assert [x for x in (1, 2)]",
        "assert (lambda: 1)()",
        "assert unknown",
        "assert 1 / 0",
        "assert 1 // 0",
        "assert min(3)",
        "assert 1 in 2",
        "assert int",
        "x.y = 1",
        "x, y = 1, 2",
        "while True: pass",
        "assert ((",
        "(" * 1000 + ")" * 1000,
        "assert \x00",
    ],
)
def test_what_isn_t_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        Claims().check(text, KNOWN)


@given(st.text(alphabet="assert tcpi_=<>()0123456789+-*/|&~.,\n", max_size=40))
def test_any_text_is_checked_or_refused(text: str) -> None:
    with suppress(Wrong):
        Claims().check(text, KNOWN)
