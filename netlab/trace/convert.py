"""To Scapy and back. It is imported only here, and only when somebody asks for it."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from netlab.errors import ConfigurationError
from netlab.link.ethernet import LINKTYPE_ETHERNET, EthernetFrame
from netlab.link.interface import Interface
from netlab.link.ppp import LINKTYPE_PPP_HDLC
from netlab.link.raw import LINKTYPE_RAW
from netlab.sim.simulation import Simulation
from netlab.trace.capture import Packet as Captured
from netlab.trace.layers import (
    LINKTYPE_IPV4,
    LINKTYPE_LINUX_SLL,
    LINKTYPE_LINUX_SLL2,
    LINKTYPE_LOOP,
    LINKTYPE_NULL,
)

if TYPE_CHECKING:
    from scapy.packet import Packet

_CLASSES = {
    LINKTYPE_ETHERNET: "Ether",
    LINKTYPE_PPP_HDLC: "HDLC",
    LINKTYPE_RAW: "IP",
    LINKTYPE_IPV4: "IP",
    LINKTYPE_LINUX_SLL: "CookedLinux",
    LINKTYPE_LINUX_SLL2: "CookedLinuxV2",
    LINKTYPE_NULL: "Loopback",
    LINKTYPE_LOOP: "Loopback",
}

# What can be sent by hand: its name, and what a Scapy packet must begin with.
_WHOLE = {
    LINKTYPE_ETHERNET: ("Ethernet frame", "Ether(src=..., dst=...)"),
    LINKTYPE_PPP_HDLC: ("PPP frame", "HDLC() / PPP()"),
    LINKTYPE_RAW: ("IP packet", "IP(src=..., dst=...)"),
}

# Where these are left open, Scapy takes them from the machine that it runs on, or asks its network.
_OPEN_FIELDS = {"Ether": ("dst", "src"), "IP": ("src",), "ARP": ("hwsrc", "psrc")}


def to_scapy(packets: Iterable[Captured]) -> "list[Packet]":
    """The packets as Scapy's, each with its time (seconds, exact to the nanosecond)."""
    from scapy.utils import EDecimal

    layers = _import_layers()
    converted = []
    for captured in packets:
        kind = _CLASSES.get(captured.interface.linktype, "Raw")
        if not captured.data:
            kind = "Raw"  # of no bytes at all, the others would make their defaults
        try:
            packet = layers[kind](captured.data)
        except Exception:  # too short for what Scapy expects: it raises whatever comes up
            packet = layers["Raw"](captured.data)
        packet.time = EDecimal(EDecimal(captured.time or 0).scaleb(-9))
        packet.wirelen = captured.original_length
        packet.sniffed_on = captured.interface.name or None
        converted.append(packet)
    return converted


def as_bytes(
    packet: "bytes | bytearray | memoryview | EthernetFrame | Packet",
    linktype: int = LINKTYPE_ETHERNET,
) -> bytes:
    """The bytes of a frame that is given as bytes, as an `EthernetFrame`, or as a Scapy packet.

    `linktype` tells what frames begin with on the link that it is for. Raises `ConfigurationError`
    for anything else: also for a Scapy packet that doesn't begin so, or leaves an address open that
    Scapy would take from the machine it runs on.
    """
    if isinstance(packet, bytes | bytearray | memoryview):
        return bytes(packet)
    first = _CLASSES[linktype]
    if isinstance(packet, EthernetFrame) and linktype == LINKTYPE_ETHERNET:
        return packet.pack()
    scapy = sys.modules.get("scapy.packet")  # without it nobody can have made a packet of Scapy's
    if scapy is None or not isinstance(packet, scapy.Packet):
        what, _ = _WHOLE[linktype]
        ours = ", as EthernetFrame" if linktype == LINKTYPE_ETHERNET else ""
        raise ConfigurationError(
            f"expected a whole {what} as bytes{ours} or as a Scapy packet;"
            f" got {type(packet).__name__}: {packet!r:.60}"
        )
    if type(packet).__name__ != first:
        raise ConfigurationError(
            f"expected a Scapy packet that begins with {first}, got one that begins with"
            f" {type(packet).__name__}: put {_WHOLE[linktype][1]} / in front of it"
        )
    _refuse_open_fields(packet)
    try:
        return bytes(packet)
    except Exception as error:
        raise ConfigurationError(
            f"Scapy can't build {packet!r:.80}: {type(error).__name__}: {error}"
        ) from error


def inject(sim: Simulation, interface: Interface, packet: "bytes | EthernetFrame | Packet") -> None:
    """Send a whole frame by hand; it must begin with what frames on the interface's link begin with."""
    if interface.link is None:
        raise ConfigurationError(f"{interface.title} is on no cable: net.connect() it first")
    data = as_bytes(packet, interface.link.linktype)
    if not data:
        raise ConfigurationError("there is nothing to send: the frame is empty")
    with sim.clock:
        interface.send_frame(data, "injected by hand", sim.clock.cause)


def _refuse_open_fields(packet: Any) -> None:
    for kind in packet.layers():
        layer = packet.getlayer(kind)
        for name in _OPEN_FIELDS.get(kind.__name__, ()):
            if layer.fields.get(name) is None:
                raise ConfigurationError(
                    f"{kind.__name__}({name}=...) is left open: Scapy would take it from this"
                    " machine, which isn't part of the simulated network. Say what it is"
                )


def _import_layers() -> dict[str, Any]:
    """Scapy's packets up to IPv4, by name; without what it logs while it is imported."""
    import logging

    log = logging.getLogger("scapy")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        from scapy.layers import inet, l2, ppp
        from scapy.packet import Raw
    finally:
        log.setLevel(level)
    return {"Raw": Raw, **vars(l2), **vars(ppp), **vars(inet)}
