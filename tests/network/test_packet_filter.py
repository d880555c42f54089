"""The packet filter of hosts and routers."""

import socket
from errno import EHOSTUNREACH

import pytest

from netlab.errors import ConfigurationError, FaultError
from netlab.network.ipv4_packet import PROTOCOL_ICMP, PROTOCOL_UDP
from tests.network.material import Chain, Pair, address, assert_scapy_agrees, discarded


def test_what_a_rule_matches_goes_no_further_and_is_on_record() -> None:
    chain = Chain()
    rule = chain.r1.ipv4.filter.refuse(
        lambda packet: packet.protocol == PROTOCOL_ICMP, name="no ICMP"
    )
    assert chain.alice.ping("carol", count=2).received == 0
    assert rule.hits == 2
    assert (
        discarded(chain.net, chain.r1)
        == ["refused by the filter no ICMP (RFC 1812 section 5.3.9)"] * 2
    )
    assert chain.alice.ping("r1", count=1).received == 0  # for itself, too
    rule.remove()
    assert chain.alice.ping("carol", count=1).received == 1
    assert repr(rule) == "<filter no ICMP: 3 packets refused>"


@pytest.mark.rfc("RFC 1812 5.2.7.1", "RFC 1812 5.3.9", "RFC 1812 5.3.9/filter")
def test_a_rule_that_answers_tells_the_sender_that_it_is_prohibited() -> None:
    chain = Chain()
    chain.r2.ipv4.filter.refuse(lambda packet: packet.protocol == PROTOCOL_ICMP, answer=True)
    ping = chain.alice.ping("carol", count=1)
    assert ping.lines[1] == "From r2 (10.0.2.2) icmp_seq=1 Packet filtered"
    chain.r2.ipv4.filter.refuse(lambda packet: packet.protocol == PROTOCOL_UDP, answer=True)
    sock = chain.alice.socket(socket.SOCK_DGRAM)
    sock.connect(("carol", 9))
    sock.send(b"?")
    with pytest.raises(OSError, match="communication administratively prohibited") as error:
        sock.recv(1)
    assert error.value.errno == EHOSTUNREACH
    assert_scapy_agrees(chain.net)


def test_a_rule_may_look_at_everything_in_a_packet() -> None:
    pair = Pair()
    rule = pair.bob.ipv4.filter.refuse(
        lambda packet: packet.src == address("10.0.0.1") and len(packet.payload) > 100
    )
    assert pair.alice.ping("bob", count=1, size=92).received == 1
    assert pair.alice.ping("bob", count=1, size=93).received == 0
    assert repr(rule) == "<filter rule 1: 1 packets refused>"


def test_a_rule_that_raises_is_removed_and_told() -> None:
    pair = Pair()
    pair.bob.ipv4.filter.refuse(lambda packet: packet.prot == 1, name="typo")
    with pytest.raises(FaultError, match="the filter typo raised AttributeError"):
        pair.alice.ping("bob", count=1)
    assert pair.bob.ipv4.filter.rules == []
    assert pair.alice.ping("bob", count=1).received == 1


def test_a_rule_that_is_no_function_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"refuse\(\) takes a function .* got 'icmp'"):
        Pair().bob.ipv4.filter.refuse("icmp")  # type: ignore[arg-type]
