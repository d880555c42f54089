"""The HTTP connection without a network: bytes in, events out."""

import http.client
import itertools

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netlab.application.http.connection import Connection, Content, End, Refusal
from netlab.application.http.messages import PHRASES, Request, Response
from netlab.application.http.states import TRANSITIONS, HttpEvent, State
from netlab.errors import LocalProtocolError
from tests.application.http.stories import (
    LIMITS,
    STORIES,
    Recording,
    Story,
    almost_requests,
    chunked,
    post,
    request,
    told,
)

stories = pytest.mark.parametrize(
    "story",
    [pytest.param(s, id=s.name, marks=[pytest.mark.rfc(s.rfc)] if s.rfc else []) for s in STORIES],
)


@stories
def test_bytes_make_these_events(story: Story) -> None:
    connection = Connection(LIMITS)
    assert list(told(connection, [story.sent])) == story.events
    assert connection.state == story.state


@stories
def test_how_the_bytes_are_cut_makes_no_difference(story: Story) -> None:
    for cut in range(1, len(story.sent)):
        connection = Connection(LIMITS)
        assert list(told(connection, [story.sent[:cut], story.sent[cut:]])) == story.events, cut
        assert connection.state == story.state
    connection = Connection(LIMITS)
    one_by_one = [bytes([octet]) for octet in story.sent]
    assert list(told(connection, one_by_one)) == story.events
    assert connection.state == story.state


@given(
    st.lists(st.sampled_from([story.sent for story in STORIES if story.state is State.IDLE])),
    st.lists(st.integers(0, 500)),
)
def test_pipelined_requests_are_told_in_order_however_cut(
    sent: list[bytes], cuts: list[int]
) -> None:
    whole = b"".join(sent)
    places = sorted({0, *(cut for cut in cuts if cut < len(whole)), len(whole)})
    pieces = [whole[a:b] for a, b in itertools.pairwise(places)]
    one_go = list(told(Connection(LIMITS), [whole] if whole else []))
    assert list(told(Connection(LIMITS), pieces)) == one_go
    assert one_go.count("end") >= len(sent)


def test_pipelined_requests_wait_until_the_one_before_is_answered() -> None:
    connection = Connection()
    connection.receive(request(line="GET /1 HTTP/1.1") + request(line="GET /2 HTTP/1.1"))
    first = connection.next_event()
    assert isinstance(first, Request)
    assert first.path == "/1"
    assert connection.next_event() == End()
    assert connection.next_event() is None
    b"".join(connection.answer(Response(200, "one")))
    second = connection.next_event()
    assert isinstance(second, Request)
    assert second.path == "/2"


def test_a_client_that_ends_its_half_is_still_answered() -> None:
    connection = Connection()
    assert list(told(connection, [request() * 2, b""])) == ["GET /", "end"] * 2
    assert connection.state is State.CLOSED


@pytest.mark.rfc("RFC 9112 8")
@pytest.mark.parametrize(
    ("sent", "events"),
    [
        (b"", []),
        (b"GET / HT", []),
        (b"GET / HTTP/1.1\r\n", ["400"]),
        (b"GET / HTTP/1.1\r\nHost: b", ["400"]),
        (post("Content-Length: 3", body=b"ab"), ["POST /form", "body ab", "400"]),
        (chunked(b""), ["POST /form", "400"]),
        (chunked(b"3\r\nab"), ["POST /form", "body ab", "400"]),
        (chunked(b"3\r\nabc"), ["POST /form", "body abc", "400"]),
        (chunked(b"3\r\nabc\r\n0\r\n"), ["POST /form", "body abc", "400"]),
    ],
)
def test_a_request_that_breaks_off_is_refused(sent: bytes, events: list[str]) -> None:
    connection = Connection()
    pieces = [sent, b""] if sent else [b""]
    assert list(told(connection, pieces)) == events
    assert connection.state is State.CLOSED


@pytest.mark.rfc("RFC 9110 15.5.9")
def test_a_request_that_takes_too_long_gets_408_and_an_idle_connection_is_closed() -> None:
    connection = Connection()
    connection.time_out()
    assert connection.state is State.CLOSED
    for begun in (b"GET / HTTP/1.1\r\n", post("Content-Length: 3", body=b"ab"), chunked(b"")):
        connection = Connection()
        list(told(connection, [begun]))
        connection.time_out()
        refusal = connection.next_event()
        assert isinstance(refusal, Refusal)
        assert refusal.status == 408
        sent = b"".join(connection.answer(Response(refusal.status, refusal.why)))
        assert b"\r\nConnection: close\r\n" in sent
        assert connection.state is State.CLOSED


def test_every_row_of_the_table_is_taken_and_no_other_is_asked_for() -> None:
    table = Recording()
    for story in STORIES:
        list(told(Connection(LIMITS, table), [story.sent]))
        for length in range(1, len(story.sent)):
            list(told(Connection(LIMITS, table), [story.sent[:length], b""]))
            connection = Connection(LIMITS, table)
            list(told(connection, [story.sent[:length]]))
            if connection.state is not State.CLOSED:
                connection.time_out()
    for body in (post("Content-Length: 1"), chunked(b"")):
        connection = Connection(table=table)
        connection.receive(body)
        connection.next_event()
        connection.ask_for_content()
    connection = Connection(table=table)
    connection.receive(request())
    connection.next_event()
    next(connection.answer(Response(200, "half")))
    connection.abort()
    assert {*table.taken} == {*TRANSITIONS}


def test_all_states_are_reached_from_idle_and_lead_to_closed() -> None:
    nexts = {state: {t.next for (s, _), t in TRANSITIONS.items() if s is state} for state in State}

    def reach(start: State) -> set[State]:
        seen, to_see = {start}, [start]
        while to_see:
            new = nexts[to_see.pop()] - seen
            seen |= new
            to_see += new
        return seen

    assert reach(State.IDLE) == {*State}
    assert all(State.CLOSED in reach(state) for state in State)
    assert nexts[State.CLOSED] == set()


def test_a_refusal_quotes_what_came_but_not_all_of_it() -> None:
    connection = Connection()
    connection.receive(b"x" * 1_000 + b"\r\n")
    refusal = connection.next_event()
    assert isinstance(refusal, Refusal)
    assert f"got '{'x' * 60}...' (RFC 9112 section 3)" in refusal.why


# --- 100 Continue ---------------------------------------------------------------------------


def asked(sent: bytes) -> bool:
    connection = Connection()
    connection.receive(sent)
    assert isinstance(connection.next_event(), Request)
    return connection.wants_continue


@pytest.mark.rfc("RFC 9110 10.1.1")
def test_a_client_that_expects_100_continue_is_asked_unless_its_content_is_there() -> None:
    expect = ("Expect: 100-Continue", "Content-Length: 2")
    assert asked(post(*expect))
    assert asked(post("Expect: 100-continue", "Transfer-Encoding: chunked"))
    assert not asked(post(*expect, body=b"h"))
    assert not asked(post("Content-Length: 2"))
    assert not asked(request("Expect: 100-continue"))
    assert not asked(request(*expect, line="POST / HTTP/1.0"))


# --- responses ------------------------------------------------------------------------------


def answered(sent: bytes, response: Response) -> tuple[bytes, State]:
    connection = Connection()
    connection.receive(sent)
    while connection.next_event():
        pass
    return b"".join(connection.answer(response)), connection.state


def test_a_response_of_known_length_says_it() -> None:
    sent, state = answered(request(), Response(200, "grün", {"X-Test": "1"}))
    assert sent == b"HTTP/1.1 200 OK\r\nX-Test: 1\r\nContent-Length: 5\r\n\r\ngr\xc3\xbcn"
    assert state is State.IDLE


@pytest.mark.rfc("RFC 9112 7.1")
def test_a_response_of_unknown_length_goes_out_in_chunks() -> None:
    sent, state = answered(request(), Response(200, iter(["hello ", "", b"", b"big wide world"])))
    assert sent == (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"6\r\nhello \r\ne\r\nbig wide world\r\n0\r\n\r\n"
    )
    assert state is State.IDLE


@pytest.mark.rfc("RFC 9112 6.3")
def test_to_http_1_0_a_response_of_unknown_length_ends_with_the_connection() -> None:
    for fields in ((), ("Connection: keep-alive",)):
        sent, state = answered(request(*fields, line="GET / HTTP/1.0"), Response(200, ["a", b"bc"]))
        assert sent == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"
        assert state is State.CLOSED


def test_http_1_0_is_told_that_the_connection_is_kept() -> None:
    sent, state = answered(
        request("Connection: keep-alive", line="GET / HTTP/1.0"), Response(200, "x")
    )
    assert sent == b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx"
    assert state is State.IDLE


@pytest.mark.rfc("RFC 9110 9.3.2")
@pytest.mark.parametrize("body", ["text", b"", ["a", "b"]])
def test_head_is_answered_with_the_fields_of_get_and_no_content(body) -> None:
    get, _ = answered(request(), Response(200, body))
    head, state = answered(request(line="HEAD / HTTP/1.1"), Response(200, body))
    assert head == get[: get.index(b"\r\n\r\n") + 4]
    assert state is State.IDLE


@pytest.mark.rfc("RFC 9110 9.3.2")
def test_even_a_head_that_is_refused_gets_no_content() -> None:
    connection = Connection()
    connection.receive(b"HEAD / HTTP/1.1\r\nHost : x\r\n\r\n")
    assert isinstance(connection.next_event(), Refusal)
    assert b"".join(connection.answer(Response(400, "why"))).endswith(b"close\r\n\r\n")


@pytest.mark.rfc("RFC 9110 8.6")
def test_a_status_that_has_no_content_has_no_length() -> None:
    assert answered(request(), Response(204))[0] == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert answered(request(), Response(304))[0] == b"HTTP/1.1 304 Not Modified\r\n\r\n"
    assert b"Content-Length: 0\r\n" in answered(request(), Response(205))[0]


def test_status_codes_are_told_in_the_words_of_the_rfc() -> None:
    renamed = {413: "Content Too Large", 414: "URI Too Long"}  # RFC 9110; Python 3.13 follows
    words = {status: http.client.responses[status] for status in PHRASES} | renamed
    assert words == PHRASES


@pytest.mark.rfc("RFC 9110 6.6.1")
def test_there_is_no_date_in_a_world_without_dates() -> None:
    assert b"date:" not in answered(request(), Response(200, "x"))[0].lower()


def test_a_page_may_close_the_connection() -> None:
    sent, state = answered(request(), Response(200, "x", {"connection": "Close"}))
    assert sent.lower().count(b"connection") == 1
    assert state is State.CLOSED


@pytest.mark.parametrize(
    "response",
    [
        Response(100),
        Response(101),
        Response(600),
        Response(204, "text"),
        Response(304, ["text"]),
        Response(200, "x", {"A": "b\r\nSet-Cookie: evil"}),
        Response(200, "x", {"A": "b\nc"}),
        Response(200, "x", {"A": "\0"}),
        Response(200, "x", {"A": "→"}),
        Response(200, "x", {"A b": "c"}),
        Response(200, "x", {"": "c"}),
        Response(200, "x", {"A:": "c"}),
        Response(200, "x", {"content-length": "7"}),
        Response(200, "x", {"Transfer-Encoding": "chunked"}),
    ],
    ids=repr,
)
def test_a_response_that_no_client_could_read_is_our_own_error(response: Response) -> None:
    connection = Connection()
    connection.receive(request())
    connection.next_event()
    with pytest.raises(LocalProtocolError):
        b"".join(connection.answer(response))
    assert connection.state is State.ANSWERING, "the next try can still be sent"


def test_a_step_out_of_turn_is_our_own_error_and_tells_what_is_possible() -> None:
    connection = Connection()
    with pytest.raises(LocalProtocolError, match=r"snd head isn't possible in the state IDLE.*rcv"):
        next(connection.answer(Response()))
    with pytest.raises(LocalProtocolError):
        connection.ask_for_content()
    connection.receive(b"")
    connection.next_event()
    with pytest.raises(LocalProtocolError, match="the connection is over"):
        connection.time_out()
    assert {event for state, event in TRANSITIONS if state is State.ANSWERING} == {
        HttpEvent.SND_HEAD
    }


# --- against h11 ----------------------------------------------------------------------------


def as_h11_reads(sent: bytes) -> list[tuple[str, str, bytes]]:
    """Method, target and body of each request, up to the first in which h11 finds a fault."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(sent)
    found: list[tuple[str, str, bytes]] = []
    try:
        while True:
            match server.next_event():
                case h11.Request(method=method, target=target):
                    found.append((method.decode(), target.decode(), b""))
                case h11.Data(data=data):
                    found[-1] = (*found[-1][:2], found[-1][2] + data)
                case h11.EndOfMessage():
                    server.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
                    server.send(h11.EndOfMessage())
                    if server.states[h11.CLIENT] is not h11.DONE:
                        return found
                    server.start_next_cycle()
                case _:
                    return found
    except h11.RemoteProtocolError:
        return found


def as_we_read(sent: bytes, table: Recording) -> list[tuple[str, str, bytes]] | None:
    connection = Connection(table=table)
    connection.receive(sent)
    found: list[tuple[str, str, bytes]] = []
    while event := connection.next_event():
        match event:
            case Request(method=method, target=target):
                found.append((method, target, b""))
            case Content(data):
                found[-1] = (*found[-1][:2], found[-1][2] + data)
            case End():
                b"".join(connection.answer(Response(204)))
            case Refusal():
                return None
    return found


@given(almost_requests([story for story in STORIES if story.events[-1] == "end"]))
@example(post("Content-Length: 3", body=b"abc") + request())
def test_what_we_accept_h11_reads_in_the_same_way(sent: bytes) -> None:
    table = Recording()
    ours = as_we_read(sent, table)
    if ours is None or (State.IDLE, HttpEvent.RCV_EMPTY_LINE) in table.taken:
        return  # h11 takes no empty line before a request
    theirs = as_h11_reads(sent)
    # h11 never keeps a connection of HTTP/1.0, and so reads less of it.
    assert theirs == (ours[: len(theirs)] if b"HTTP/1.0" in sent else ours)


@given(almost_requests() | st.binary(), st.integers(0, 300))
def test_hostile_bytes_give_events_and_nothing_else(sent: bytes, cut: int) -> None:
    connection = Connection(LIMITS)
    pieces = [piece for piece in (sent[:cut], sent[cut:]) if piece]
    events = list(told(connection, [*pieces, b""]))
    assert connection.state is State.CLOSED
    assert all(event == "end" or " " in event or event[0] in "45" for event in events)


@given(
    st.sampled_from([200, 201, 404, 500]),
    st.text() | st.binary() | st.lists(st.text() | st.binary()),
    st.dictionaries(
        st.from_regex(r"X-[a-z]{1,9}", fullmatch=True), st.from_regex(r"[!-~]*", fullmatch=True)
    ),
    st.sampled_from(["GET", "HEAD"]),
    st.sampled_from(["1.0", "1.1"]),
)
def test_h11_reads_every_response_as_it_was_meant(status, body, headers, method, version) -> None:
    if len({name.lower() for name in headers}) < len(headers):
        return
    sent, state = answered(
        request(line=f"{method} / HTTP/{version}"), Response(status, body, headers)
    )
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "bob")]))
    client.send(h11.EndOfMessage())
    client.receive_data(sent)
    if state is State.CLOSED:
        client.receive_data(b"")
    head = client.next_event()
    assert isinstance(head, h11.Response)
    assert head.status_code == status
    received = {name.decode(): value.decode() for name, value in head.headers}
    assert {name.lower(): value for name, value in headers.items()}.items() <= received.items()
    content = b""
    while isinstance(event := client.next_event(), h11.Data):
        content += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert client.trailing_data[0] == b""
    pieces = [body] if isinstance(body, str | bytes) else body
    meant = b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
    assert content == (b"" if method == "HEAD" else meant)
