"""Scapy's sockets on a simulated host: sniffers on its interfaces, and frames put on their links."""

from collections import deque
from errno import EMSGSIZE
from typing import TYPE_CHECKING, Any

from scapy.config import conf
from scapy.data import ETH_P_ALL
from scapy.error import Scapy_Exception
from scapy.interfaces import network_name
from scapy.layers.inet import IP
from scapy.layers.l2 import Ether
from scapy.supersocket import SuperSocket
from scapy.utils import EDecimal

from netlab.errors import ConfigurationError
from netlab.link.ethernet import ETHERTYPE_IPV4, HEADER_LENGTH
from netlab.link.sniffer import Sniffer
from netlab.sockets.door import asking
from netlab.sockets.scapy.filters import compile_filter
from netlab.sockets.scapy.threads import news
from netlab.units import s

if TYPE_CHECKING:
    from netlab.host import Host
    from netlab.link.interface import Interface

REASON = "sent by Scapy, past the host's own stack"


class L2Socket(SuperSocket):
    """Reads and writes the frames of one interface, as a Linux packet socket does.

    With `promisc` frames for others are read, too; `type` is the only EtherType that is read, and
    `filter` a filter as tcpdump takes it.
    """

    desc = "read/write frames on a simulated host"
    sees_outgoing = False
    nonblocking_socket = True  # a sniffer needs no pipe to end its select(), which never lasts

    def __init__(
        self,
        iface: Any = None,
        type: int = ETH_P_ALL,
        promisc: bool | None = None,
        filter: str | None = None,
        nofilter: int = 0,
        monitor: Any = None,
    ) -> None:
        host = asking()
        if host is None:
            raise ConfigurationError(
                f"{self.__class__.__name__} reads a simulated host's frames: open it inside on(host)"
            )
        self.host: Host = host
        self.iface = network_name(iface or conf.iface)
        self.queue: deque[tuple[bytes, int, int]] = deque()  # with its link type, and when it came
        self._sniffers: dict[str, Sniffer] = {}
        self._type = type
        self._promisc = conf.sniff_promisc if promisc is None else promisc
        self._accepts = compile_filter("" if nofilter else _whole(filter), host.names)
        self._listen_on(str(self.iface))

    def _listen_on(self, name: str) -> "Interface | None":
        """Listen on the interface of that name, unless that is done; None for the loopback."""
        interface = next((each for each in self.host.interfaces if each.name == name), None)
        if interface is not None and name not in self._sniffers:

            def see(data: bytes, outgoing: bool) -> None:
                if self._reads(interface, data, outgoing):
                    self.queue.append((data, interface.framing.linktype, self.host.sim.clock.date))
                    news(self.host).tell()

            self._sniffers[name] = Sniffer(interface, see)
        return interface

    def _reads(self, interface: "Interface", data: bytes, outgoing: bool) -> bool:
        if outgoing and not self.sees_outgoing:
            return False
        if not interface.resolves:  # a packet is looked at as if it had come by Ethernet
            header = interface.framing.pack(interface.mac, ETHERTYPE_IPV4, b"")
            return self._accepts(bytes(12) + b"\x08\x00" + data[len(header) :])
        mine = outgoing or self._promisc or data[:6] == interface.mac.to_bytes(6, "big")
        if not mine and not data[0] & 1:
            return False
        kind = int.from_bytes(data[12:14], "big")
        return self._type in (ETH_P_ALL, kind) and self._accepts(data)

    def send(self, x: Any) -> int:
        """Put a packet that begins with Ether, or bytes, on the link. OSError (EMSGSIZE)."""
        interface = self._listen_on(str(self.iface))
        if interface is None:
            raise ConfigurationError(f"{self.iface} of {self.host.name} carries no frames")
        return self._put(interface, x, bytes(x))

    def _put(self, interface: "Interface", x: Any, data: bytes) -> int:
        if interface.resolves and len(data) > HEADER_LENGTH + interface.mtu:
            raise OSError(
                EMSGSIZE,
                f"Message too long: {len(data) - HEADER_LENGTH} bytes, and the MTU of"
                f" {interface.title} is {interface.mtu}",
            )
        if not isinstance(x, bytes):
            x.sent_time = self.host.sim.clock.date / s
        with self.host.sim.clock as clock:
            interface.send_frame(data, REASON, clock.cause)
        return len(data)

    def recv_raw(self, x: int = 0) -> tuple[Any, bytes | None, Any]:
        if not self.queue:
            return None, None, None
        data, linktype, at = self.queue.popleft()
        kind = conf.l2types.num2layer.get(linktype, conf.raw_layer)
        return kind, data, EDecimal(EDecimal(at).scaleb(-9))

    def fileno(self) -> int:
        """There is none: it is no file of the machine's."""
        raise ConfigurationError(f"{self!r} has no file number: wait with its own select()")

    def close(self) -> None:
        for sniffer in getattr(self, "_sniffers", {}).values():
            sniffer.close()
        self.closed = True

    @staticmethod
    def select(sockets: list[Any], remain: float | None = None) -> list[Any]:
        """Those of `sockets`, all of one host, that can be read: perhaps none.

        It waits for news of the host, for `remain` seconds at most. A sniffer then looks whether it
        was told to stop, and asks again.
        """
        if not any(each.queue for each in sockets):
            host = sockets[0].host
            news(host).wait(remain, f"Scapy on {host.name} waits for a frame, without a timeout=")
        return [each for each in sockets if each.queue]


class L2ListenSocket(L2Socket):
    """Reads the frames of one interface, those too that go out."""

    desc = "read frames on a simulated host, those too that go out"
    sees_outgoing = True

    def send(self, x: Any) -> int:
        raise Scapy_Exception("Can't send anything with L2ListenSocket")


class L3Socket(L2Socket):
    """Reads and writes IP packets: each goes out where the host's routes say, and replies are read there.

    The Ethernet address comes from the host's ARP table, or else Scapy asks for it. A packet larger
    than the MTU is cut by Scapy (`conf.auto_fragment`), or is an OSError (EMSGSIZE).
    """

    desc = "read/write IP packets on a simulated host"

    def send(self, x: Any) -> int:
        interface = self._listen_on(network_name(x.route()[0] or self.iface))
        if interface is None:
            raise ConfigurationError(f"{x.summary()} is for {self.host.name} itself: on no link")
        pieces = [x]
        if len(x) > interface.mtu and conf.auto_fragment and hasattr(x, "fragment"):
            pieces = x.fragment((interface.mtu - len(IP(options=x.options))) // 8 * 8)
        return sum(self._put(interface, x, self._framed(interface, each)) for each in pieces)

    def _framed(self, interface: "Interface", packet: Any) -> bytes:
        if interface.resolves:
            return bytes(Ether() / packet)
        return interface.framing.pack(interface.mac, ETHERTYPE_IPV4, bytes(packet))

    def recv(self, x: int = 0, **kwargs: Any) -> Any:
        packet = super().recv(x, **kwargs)
        if packet is None:
            return None
        inner = packet.getlayer(IP) or packet.payload
        inner.time = packet.time
        return inner


def _whole(filter: str | None) -> str:
    """`filter`, without what `conf.except_filter` is about."""
    excepted = f"not ({conf.except_filter})" if conf.except_filter else ""
    return f"({filter}) and {excepted}" if filter and excepted else filter or excepted
