"""What exercise 07 lets happen to a client: good cables, bad ones, and two with the same idea.

In each scenario Alice runs on the student's rows and Bob on the reference.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netlab.host import Host
from netlab.link.link import Link
from netlab.topology import Network
from netlab.transport.tcp.states import State
from netlab.units import ms

PORT = 7
OWN_PORT = 5000
AT_ONCE = 500 * ms
"""When both do the same at the same moment."""

Setting = Callable[[Host, Host, Link], object]


@dataclass(frozen=True)
class Scenario:
    """A story to be played. `given` tells in sentences what `setting` arranges."""

    title: str
    given: tuple[str, ...]
    setting: Setting

    def set_up(self, seed: int) -> tuple[Network, Host, Host]:
        """A network in which all of it is about to happen, and Alice, and Bob."""
        net = Network(seed)
        alice = net.host("alice", "10.0.0.1/24")
        bob = net.host("bob", "10.0.0.2/24")
        self.setting(alice, bob, net.connect(alice, bob, delay=10 * ms))
        return net, alice, bob


# --- what their programs do -------------------------------------------------------------------


def _serve(host: Host, pause: int) -> None:
    """Say hello, echo until the client closes, pause, and close."""
    conversation = _accept(host)
    conversation.sendall(b"hello")
    while data := conversation.recv(4096):
        conversation.sendall(data)
    host.sim.clock.sleep(pause)
    conversation.close()


def _visit(host: Host, question: bytes, closes: bool) -> bytes:
    """Connect, hear the hello, have a question echoed, and close (or leave it open)."""
    conversation = _connect(host)
    answer: bytes = conversation.recv(5)
    conversation.sendall(question)
    while len(answer) < 5 + len(question) and (data := conversation.recv(4096)):
        answer += data
    if closes:
        conversation.close()
    return answer


def _meet(host: Host, other: str) -> None:
    """Connect from a port of one's own to the same port of the other, and close at `AT_ONCE`."""
    conversation = host.socket()
    conversation.bind(("", OWN_PORT))
    conversation.connect((other, OWN_PORT))
    _close_at_once(host, conversation)


def _serve_until_then(host: Host) -> None:
    _close_at_once(host, _accept(host))


def _visit_until_then(host: Host) -> None:
    _close_at_once(host, _connect(host))


def _accept(host: Host) -> Any:
    listener = host.socket()
    listener.bind(("", PORT))
    listener.listen()
    return listener.accept()[0]


def _connect(host: Host) -> Any:
    conversation = host.socket()
    conversation.connect(("bob", PORT))
    return conversation


def _close_at_once(host: Host, conversation: Any) -> None:
    host.sim.clock.sleep(max(0, AT_ONCE - host.sim.clock.now))
    conversation.close()


# --- what the cable does ----------------------------------------------------------------------


def _is_tcp(frame: Any) -> bool:
    return frame.tcp is not None


def _is_syn(frame: Any) -> bool:
    return frame.tcp is not None and frame.tcp.syn and not frame.tcp.has_ack


def _is_syn_ack(frame: Any) -> bool:
    return frame.tcp is not None and frame.tcp.syn and frame.tcp.has_ack


def _is_fin(frame: Any) -> bool:
    return frame.tcp is not None and frame.tcp.fin


def _lose_last_ack(times: int) -> Setting:
    """Lose what Alice sends while Bob waits for nothing but the ACK of his FIN."""

    def spoil(alice: Host, bob: Host, cable: Link) -> None:
        def waits(frame: Any) -> bool:
            return any(each.state is State.LAST_ACK for each in bob.tcp.connections)

        cable.drop(waits, sender=alice, times=times)

    return spoil


def _spoil_everything(alice: Host, bob: Host, cable: Link) -> None:
    cable.drop(probability=0.2)
    cable.duplicate(probability=0.1)
    cable.reorder(probability=0.1)


# --- the scenarios ----------------------------------------------------------------------------

_PLACE = "Alice and Bob share a cable; from one end to the other it takes 10 ms."
_ECHO = "Bob listens at port 7. He says hello and echoes what comes."


def _nothing(alice: Host, bob: Host, cable: Link) -> None:
    return None


def _open(title: str, given: str, spoil: Setting = _nothing) -> Scenario:
    def setting(alice: Host, bob: Host, cable: Link) -> None:
        bob.start(_serve, 0, daemon=True)
        alice.start(_visit, b"echo!", False)
        spoil(alice, bob, cable)

    return Scenario(title, (_PLACE, _ECHO, given), setting)


def _close(title: str, given: str, spoil: Setting = _nothing, pause: int = 50 * ms) -> Scenario:
    def setting(alice: Host, bob: Host, cable: Link) -> None:
        bob.start(_serve, pause)
        alice.start(_visit, b"echo!", True)
        spoil(alice, bob, cable)

    return Scenario(title, (_PLACE, _ECHO, given), setting)


def _close_both(title: str, given: str, spoil: Setting = _nothing) -> Scenario:
    def setting(alice: Host, bob: Host, cable: Link) -> None:
        bob.start(_serve_until_then)
        alice.start(_visit_until_then)
        spoil(alice, bob, cable)

    return Scenario(title, (_PLACE, "Alice connects to Bob's port 7.", given), setting)


def _open_both(title: str, given: str, spoil: Setting = _nothing) -> Scenario:
    def setting(alice: Host, bob: Host, cable: Link) -> None:
        bob.start(_meet, "alice")
        alice.start(_meet, "bob")
        spoil(alice, bob, cable)

    return Scenario(title, (_PLACE, given), setting)


OPENING = (
    _open("a good cable", "Alice connects."),
    _open(
        "the first SYN is lost",
        "Alice connects; the cable loses her first SYN.",
        lambda alice, bob, cable: cable.drop(_is_syn, times=1),
    ),
    _open(
        "the first SYN,ACK is lost",
        "Alice connects; the cable loses Bob's first SYN,ACK.",
        lambda alice, bob, cable: cable.drop(_is_syn_ack, times=1),
    ),
    _open(
        "every segment arrives twice",
        "Alice connects; the cable delivers every segment twice.",
        lambda alice, bob, cable: cable.duplicate(_is_tcp),
    ),
)

CLOSING = (
    _close("Bob closes 50 ms later", "Alice closes, and Bob 50 ms after that."),
    _close("Bob closes at once", "Alice closes; Bob closes as soon as he sees it.", pause=0),
    _close(
        "Alice's FIN is lost",
        "Alice closes; the cable loses her first FIN.",
        lambda alice, bob, cable: cable.drop(_is_fin, sender=alice, times=1),
    ),
    _close(
        "Bob's FIN is lost",
        "Alice closes, and Bob 50 ms after that; the cable loses his first FIN.",
        lambda alice, bob, cable: cable.drop(_is_fin, sender=bob, times=1),
    ),
    _close(
        "Bob's FIN overtakes his ACK",
        "Alice closes, and Bob as soon as he sees it; his FIN arrives before the ACK that he sent first.",
        lambda alice, bob, cable: cable.reorder(
            lambda frame: any(each.state is State.CLOSE_WAIT for each in bob.tcp.connections),
            sender=bob,
            times=1,
        ),
        pause=0,
    ),
)

CROSSING = (
    _close_both("both close at once", "Both close at the same moment."),
    _close_both(
        "both close at once, and Alice's FIN is lost",
        "Both close at the same moment; the cable loses Alice's first FIN.",
        lambda alice, bob, cable: cable.drop(_is_fin, sender=alice, times=1),
    ),
    _open_both(
        "both connect at once",
        "Both connect at the same moment, each from port 5000 to the other's port 5000, and both"
        " close at the same moment.",
    ),
    _open_both(
        "both connect at once, and Bob's SYN is lost",
        "Both connect at the same moment, each from port 5000 to the other's port 5000; the cable"
        " loses Bob's first SYN.",
        lambda alice, bob, cable: cable.drop(_is_syn, sender=bob, times=1),
    ),
)

WAITING = (
    _close(
        "the last ACK is lost",
        "Alice closes, then Bob; the cable loses the ACK of his FIN.",
        _lose_last_ack(1),
    ),
    _close(
        "the last ACK is lost twice",
        "Alice closes, then Bob; the cable loses the ACK of his FIN, and the next one too.",
        _lose_last_ack(2),
    ),
    _close_both(
        "both close at once, and an ACK is lost",
        "Both close at the same moment; the cable loses Alice's ACK of Bob's FIN.",
        lambda alice, bob, cable: cable.drop(
            lambda frame: any(each.state is State.CLOSING for each in alice.tcp.connections),
            sender=alice,
            times=1,
        ),
    ),
)


def _hostile_setting(alice: Host, bob: Host, cable: Link) -> None:
    bob.start(_serve, 50 * ms)
    alice.start(_visit, bytes(5_000), True)
    _spoil_everything(alice, bob, cable)


def _hostile_crossing(alice: Host, bob: Host, cable: Link) -> None:
    bob.start(_meet, "alice")
    alice.start(_meet, "bob")
    _spoil_everything(alice, bob, cable)


_HOSTILE = "The cable loses 20 % of all frames, delivers 10 % twice, and lets 10 % be overtaken."
HOSTILE = (
    Scenario(
        "a hostile cable",
        (_PLACE, _HOSTILE, f"{_ECHO} Alice has 5,000 bytes echoed and closes."),
        _hostile_setting,
    ),
    Scenario(
        "a hostile cable, and both at once",
        (_PLACE, _HOSTILE, "Alice and Bob connect and close at the same moments."),
        _hostile_crossing,
    ),
)
