"""A sniffer sees each frame that passes an interface, and nobody notices it."""

from netlab import Network
from netlab.link.sniffer import Sniffer
from netlab.units import ms


def test_a_sniffer_sees_what_passes_in_the_order_of_the_trace_and_changes_nothing() -> None:
    def run(*, sniffed: bool) -> tuple[Network, list[tuple[bytes, bool]]]:
        net = Network(seed=1)
        alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
        net.connect(alice, bob, delay=1 * ms)
        seen: list[tuple[bytes, bool]] = []
        if sniffed:
            Sniffer(alice.interfaces[0], lambda data, outgoing: seen.append((data, outgoing)))
        assert alice.ping("bob") is not None
        alice.inject(b"\xff" * 6 + bytes(54))
        return net, seen

    net, seen = run(sniffed=True)
    assert seen == [(frame.bytes, frame.sender == "alice") for frame in net.trace.frames]
    assert net.trace.digest() == run(sniffed=False)[0].trace.digest()


def test_sniffers_of_one_interface_are_independent_and_one_that_is_closed_sees_no_more() -> None:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob)
    seen: list[str] = []
    first = Sniffer(alice.interfaces[0], lambda data, outgoing: seen.append("first"))
    second = Sniffer(alice.interfaces[0], lambda data, outgoing: seen.append("second"))
    alice.inject(bytes(60))
    first.close()
    first.close()
    alice.inject(bytes(60))
    second.close()
    alice.inject(bytes(60))
    assert seen == ["first", "second", "second"]
    assert "send_frame" not in vars(alice.interfaces[0])


def test_a_frame_for_another_host_is_seen_though_the_host_discards_it() -> None:
    net = Network(seed=1)
    alice, bob = net.host("alice", "10.0.0.1/24"), net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob)
    seen: list[bytes] = []
    Sniffer(bob.interfaces[0], lambda data, outgoing: seen.append(data))
    alice.inject(b"\x02\x00\x00\x00\x99\x99" + bytes(54))
    net.run()
    assert len(seen) == 1
    assert "not for this interface" in net.trace.events_of(kind="discarded")[0].fields["why"]
