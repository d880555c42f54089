"""The Reverse Address Resolution Protocol (RFC 903): from an Ethernet address to an IPv4 address.

A machine without a disk knows, when it is switched on, nothing but the address that its network
card was made with. It asks everybody which IPv4 address belongs to that, and a server that has a
table of such machines answers. Nothing is kept over a power cut: then the machine asks again.

    rarp.serve(bob, {"02:00:00:00:00:01": "10.0.0.9"})
    diskless = net.host("diskless", boot=rarp.boot)
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from netlab.errors import ConfigurationError, ParseError
from netlab.link.address import MacAddress
from netlab.link.ethernet import ETHERTYPE_RARP
from netlab.link.framing import LinkFrame
from netlab.link.interface import Interface
from netlab.network.address import IPv4Address, Prefix
from netlab.network.arp_packet import REVERSE_REPLY, REVERSE_REQUEST, ArpPacket
from netlab.sim.program import Signal
from netlab.units import s, show_time

if TYPE_CHECKING:
    from netlab.host import Host

FIRST_WAIT = 1 * s
"""An answer is waited for so long, and twice as long after each further question."""
TRIES = 6
"""So many questions, 63 seconds in all, and a machine gives up."""


class RarpServer:
    """Answers for the machines in `table`: IPv4 addresses by Ethernet's."""

    def __init__(self, host: "Host", table: Mapping[str, str]) -> None:
        self.table: dict[MacAddress, IPv4Address] = {}
        for mac, address in table.items():
            self.add(mac, address)
        self._host = host
        for interface in host.interfaces:
            interface.handlers[ETHERTYPE_RARP] = self._receive

    def add(self, mac: str, address: str) -> None:
        """Put a machine into the table. Raises `ConfigurationError` for what isn't an address."""
        self.table[MacAddress.parse(mac)] = IPv4Address.parse(address)

    def _receive(self, interface: Interface, frame: LinkFrame) -> None:
        question = _read(interface, frame, REVERSE_REQUEST)
        if question is None:
            return
        mac = question.target_hardware_address
        address = self.table.get(mac)
        own = self._host.ipv4.addresses.of(interface)
        if address is None:
            interface.discard(f"{mac} isn't in this server's table: others may know it (RFC 903)")
        elif not own:
            interface.discard("a server without an address can't answer (RFC 903)")
        else:
            answer = ArpPacket(REVERSE_REPLY, interface.mac, own[0][0], mac, address)
            interface.send(
                question.sender_hardware_address,
                ETHERTYPE_RARP,
                answer.pack(),
                f"the table says that {address} belongs to {mac}: tell who asked (RFC 903)",
                self._host.sim.clock.cause,
            )


def serve(host: "Host", table: Mapping[str, str]) -> RarpServer:
    """Let `host` answer the questions of the machines in `table` on each interface that it has.

    Raises `ConfigurationError` for what isn't an address.
    """
    return RarpServer(host, table)


def boot(host: "Host", length: int | None = None) -> IPv4Address:
    """A program that asks by RARP for the host's address, on its first interface, and takes it.

    RARP tells the address and nothing else. Without the `length` of the network's prefix, that of
    the address's class is assumed (RFC 791 section 3.2), and there is no route to other networks.
    Returns the address; raises `TimeoutError` when nobody answers.
    """
    if not host.interfaces or not host.interfaces[0].resolves:
        raise ConfigurationError(f"{host.name} has no Ethernet interface, by which RARP could ask")
    clock, interface = host.sim.clock, host.interfaces[0]
    answered = Signal(clock)
    answers: list[ArpPacket] = []

    def receive(interface: Interface, frame: LinkFrame) -> None:
        answer = _read(interface, frame, REVERSE_REPLY)
        if answer is None:
            return
        problem = _problem(interface, answer)
        if answers:
            problem = "another server's answer came first (RFC 903)"
        if problem:
            interface.discard(problem)
        else:
            answers.append(answer)
            answered.notify()

    interface.handlers[ETHERTYPE_RARP] = receive
    question = ArpPacket(
        REVERSE_REQUEST,
        interface.mac,
        IPv4Address.UNSPECIFIED,
        interface.mac,
        IPv4Address.UNSPECIFIED,
    )
    for number in range(TRIES):
        reason = "this machine knows its Ethernet address only: ask all for the other one (RFC 903)"
        if number:
            reason = f"no server has answered question {number}: ask again (RFC 903)"
        with clock:
            interface.send(
                MacAddress.BROADCAST, ETHERTYPE_RARP, question.pack(), reason, clock.cause
            )
            deadline = clock.now + (FIRST_WAIT << number)
            if clock.wait(answered, lambda: bool(answers), deadline, "RARP, for an answer"):
                return _take(host, interface, answers[0], length)
    waited = show_time((FIRST_WAIT << TRIES) - FIRST_WAIT)
    raise TimeoutError(
        f"no RARP server answered {host.name} within {waited}: is there one on its link, and is"
        f" {interface.mac} in its table?"
    )


def _take(host: "Host", interface: Interface, answer: ArpPacket, length: int | None) -> IPv4Address:
    address = answer.target_protocol_address
    prefix = Prefix(address, _length_of_class(address) if length is None else length)
    fields = {
        "mac": str(interface.mac),
        "address": f"{address}/{prefix.length}",
        "server": str(answer.sender_protocol_address),
    }
    host.sim.record_cause(
        host.name, "network", "rarp", fields, "a server's table says so (RFC 903)"
    )
    host.add_address(interface, address, prefix)
    return address


def _read(interface: Interface, frame: LinkFrame, operation: int) -> ArpPacket | None:
    """The packet, if it is of this operation; else it is dropped, and the record says why."""
    try:
        packet = ArpPacket.parse(frame.payload)
    except ParseError as error:
        interface.discard(str(error))
        return None
    if packet.operation != operation:
        interface.discard(f"RARP operation {packet.operation} is for others (RFC 903)")
        return None
    return packet


def _problem(interface: Interface, answer: ArpPacket) -> str:
    """What is wrong with an answer; "" for a right one."""
    address = answer.target_protocol_address
    if answer.target_hardware_address != interface.mac:
        return f"an answer for {answer.target_hardware_address}, not for this machine (RFC 903)"
    if not address.is_unicast:
        return f"{address} is not the address of one host (RFC 1122 section 3.2.1.3)"
    return ""


def _length_of_class(address: IPv4Address) -> int:
    """Classes A, B and C: the first bits tell the length of the network's part (RFC 791 section 3.2)."""
    return 8 if address >> 31 == 0 else 16 if address >> 30 == 0b10 else 24
