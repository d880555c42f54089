"""Inputs are plain data: what is missing or wrong in them is said before anything is done."""

from typing import Any

import pytest

from netlab.errors import ConfigurationError
from netlab.widgets.inputs import checked, in_words
from netlab.widgets.session import Session
from tests.widgets.scenes import bare, served

HERE = {"at": 0, "step": 1}
LABEL = "10.0.0.1:49152 > 10.0.0.2:7"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (7, "an input is a dict such as"),
        ({}, "'do' must be one of drop, delay, duplicate, connect"),
        ({"do": "explode", **HERE}, "got 'explode'"),
        ({"do": "drop", "frame": 1, "step": 1}, "'drop' needs 'at', of type int; got None"),
        ({"do": "drop", **HERE}, "'drop' needs 'frame'"),
        ({"do": "drop", "frame": "1", **HERE}, "'frame', of type int; got '1'"),
        ({"do": "drop", "frame": True, **HERE}, "'frame', of type int; got True"),
        ({"do": "drop", "frame": 1, "by": 5, **HERE}, "'drop' takes no by"),
        ({"do": "delay", "frame": 1, **HERE}, "'delay' needs 'by'"),
        ({"do": "connect", "host": "alice", "to": "bob", **HERE}, "'connect' needs 'port'"),
        ({"do": "send", "host": "alice", "connection": "", **HERE}, "'send' needs 'text'"),
    ],
)
def test_what_is_no_input_is_refused_with_what_is_wrong(given: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        checked(given)


@pytest.mark.parametrize(
    ("do", "values", "message"),
    [
        ("connect", {"host": "carol", "to": "bob", "port": 7}, "no host 'carol'; there is alice"),
        ("connect", {"host": "alice", "to": "bob", "port": 0}, "a number from 1 to 65535; got 0"),
        ("listen", {"host": "alice", "port": 65_536}, "a number from 1 to 65535; got 65536"),
        ("close", {"host": "alice", "connection": LABEL}, "alice has no connection .* it has none"),
    ],
)
def test_what_is_not_possible_now_is_refused(do: str, values: dict[str, Any], message: str) -> None:
    session = Session(bare)
    with pytest.raises(ConfigurationError, match=message):
        session.do(do, **values)
    assert session.inputs == []


def test_a_text_too_long_to_be_sent_at_once_is_refused() -> None:
    session = Session(served)
    session.do("connect", host="alice", to="bob", port=7)
    session.run_to_end()
    with pytest.raises(ConfigurationError, match="send up to 65536 characters; got 65537"):
        session.do("send", host="alice", connection=LABEL, text="x" * 65_537)


def test_a_delay_below_nothing_is_refused() -> None:
    session = Session(served)
    session.do("connect", host="alice", to="bob", port=7)
    with pytest.raises(ConfigurationError, match="by must be a whole number of nanoseconds"):
        session.do("delay", frame=1, by=-1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"do": "drop", "frame": 3}, "By hand: drop frame 3"),
        ({"do": "delay", "frame": 3, "by": 2_500_000}, "By hand: delay frame 3 by 2.5 ms"),
        (
            {"do": "connect", "host": "alice", "to": "bob", "port": 80},
            "By hand: alice connects to bob, port 80",
        ),
        ({"do": "listen", "host": "bob", "port": 80}, "By hand: bob listens on port 80"),
        (
            {"do": "send", "host": "bob", "connection": LABEL, "text": "hi"},
            "By hand: bob sends 'hi'",
        ),
        (
            {"do": "close", "host": "alice", "connection": LABEL},
            f"By hand: alice: close on {LABEL}",
        ),
    ],
)
def test_an_input_is_told_in_words(given: dict[str, Any], words: str) -> None:
    assert in_words(given) == words
