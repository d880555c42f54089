"""A server and machines that want an address; and ends that say what no client or server would."""

from typing import Any

from netlab import Network
from netlab.application import dhcp
from netlab.application.dhcp.message import REPLY, REQUEST, DhcpMessage, Option
from netlab.host import Host
from netlab.link.address import MacAddress
from netlab.network.address import IPv4Address
from netlab.units import ms

ANY, EVERYBODY = IPv4Address.UNSPECIFIED, IPv4Address.BROADCAST


def address(text: str) -> IPv4Address:
    """Short for tests."""
    return IPv4Address.parse(text)


class End:
    """One end of a conversation in the hands of the test: it sends what it is told, and keeps what comes."""

    def __init__(self, host: Host, port: int) -> None:
        self.host = host
        self.mac = host.interfaces[0].mac
        self.came: list[DhcpMessage] = []
        self.port = host.udp.bind(ANY, port, reuse=True)
        self.port.taker = lambda data, sender: self.came.append(DhcpMessage.parse(data))

    def send(self, message: DhcpMessage, to: IPv4Address, port: int) -> list[DhcpMessage]:
        """Send it, and return what comes within 10 ms."""
        self.came.clear()
        self.host.udp.send(self.port, message.pack(), (to, port))
        self.host.sim.clock.run(until=self.host.sim.clock.now + 10 * ms)
        return self.came


class Client(End):
    """Behaves as no client does."""

    def __init__(self, host: Host) -> None:
        super().__init__(host, 68)

    def say(
        self,
        kind: int | None,
        *,
        requested: str | None = None,
        server: str | None = None,
        to: IPv4Address = EVERYBODY,
        mac: MacAddress | None = None,
        options: dict[int, bytes] | None = None,
        **fields: Any,
    ) -> DhcpMessage | None:
        """Send this, and return the answer."""
        said: dict[int, bytes] = {} if kind is None else {Option.MESSAGE_TYPE: bytes([kind])}
        if requested is not None:
            said[Option.REQUESTED_ADDRESS] = address(requested).packed
        if server is not None:
            said[Option.SERVER_IDENTIFIER] = address(server).packed
        said |= options or {}
        given = {"op": REQUEST, "flags": 0x8000, **fields}
        message = DhcpMessage(xid=7, chaddr=mac or self.mac, options=said, **given)
        came = self.send(message, to, 67)
        assert len(came) <= 1
        return came[0] if came else None


class Server(End):
    """Behaves as no server does."""

    def __init__(self, host: Host) -> None:
        super().__init__(host, 67)

    def say(self, kind: int, **changes: Any) -> None:
        """Answer what came last with an address that is right but for the changes."""
        asked = self.last
        options: dict[int, bytes] = {
            Option.MESSAGE_TYPE: bytes([kind]),
            Option.SERVER_IDENTIFIER: self.host.address.packed,
            Option.LEASE_TIME: (600).to_bytes(4, "big"),
            Option.SUBNET_MASK: bytes([255, 255, 255, 0]),
        }
        options |= changes.pop("options", {})
        for unwanted in changes.pop("without", ()):
            del options[unwanted]
        fields = {"op": REPLY, "yiaddr": address("10.0.0.100"), **changes}
        answer = {"xid": asked.xid, "chaddr": asked.chaddr, **fields}
        self.send(DhcpMessage(options=options, **answer), EVERYBODY, 68)

    @property
    def last(self) -> DhcpMessage:
        """What came last."""
        self.kept = self.came[-1] if self.came else self.kept
        return self.kept


class World:
    """server (10.0.0.1), and laptop without an address, on a cable of 1 ms."""

    def __init__(self, seed: int = 1, *, boot: bool = False, **options: Any) -> None:
        self.net = net = Network(seed)
        self.server = net.host("server", "10.0.0.1/24")
        self.laptop = net.host("laptop", boot=dhcp.boot if boot else None)
        self.cable = net.connect(self.server, self.laptop, delay=1 * ms)
        self.options = options

    def serve(self) -> dhcp.DhcpServer:
        """Begin to lend 10.0.0.100 to 10.0.0.103."""
        return dhcp.serve(self.server, "10.0.0.100", "10.0.0.103", **self.options)

    def discarded(self, host: Host) -> list[str]:
        """Why DHCP messages ended at a host."""
        return [
            event.fields["why"]
            for event in self.net.trace.events_of(kind="discarded", host=host.name)
            if event.layer == "application"
        ]


def kinds(net: Network) -> list[str]:
    """The DHCP messages that hosts sent, in order."""
    frames = [frame for frame in net.trace.frames if frame.sender in net.hosts]
    return [frame.dhcp.type_text for frame in frames if frame.dhcp is not None]


def type_of(message: DhcpMessage | None) -> int | None:
    """What an answer is; None for no answer."""
    return None if message is None else message.message_type
