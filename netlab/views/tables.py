"""The tables that a machine keeps, as they are now: neighbours, routes, stations, datagrams in parts.

Each function takes a machine, or the part of it that keeps the table: ``arp_cache(alice)`` and
``arp_cache(alice.arp)`` are the same. In a notebook such a part shows its table by itself.
"""

from collections.abc import Sequence

from netlab.host import Host
from netlab.link.interface import Interface
from netlab.link.switch import Switch
from netlab.network.arp import Arp
from netlab.network.arp_table import FOREVER, ArpEntry
from netlab.network.reassembler import INFINITY
from netlab.network.reassembly import Incomplete, Reassembly
from netlab.network.routing import RoutingTable
from netlab.probe import Probe
from netlab.views.table import Table
from netlab.views.words import clock, count

_CELLS = 32
"""Characters of the bar that stands for the bytes of a datagram."""
_HERE, _PARTLY, _MISSING, _UNKNOWN = "█", "▒", "·", "?"


def arp_cache(host: Host | Arp) -> Table:
    """The neighbours that a host knows or asks for, as `ip neigh` lists them."""
    arp = host.arp if isinstance(host, Host) else host
    rows = [
        (
            entry.address,
            entry.mac or "unknown",
            entry.interface.name,
            entry.state,
            clock(entry.age),
            _left(entry),
            count(len(entry.waiting), "packet") if entry.waiting else "",
        )
        for entry in arp.table.values()
    ]
    return Table(
        ("Address", "Hardware address", "Interface", "State", "Age", "Believed for", "Waiting"),
        rows,
        caption="ARP cache",
        right=("Age", "Believed for", "Waiting"),
        note="" if rows else "nobody is known yet",
    )


def routes(host: Host | RoutingTable) -> Table:
    """Where packets go, the longest prefix first; its columns read as a line of `ip route`."""
    table = host.ipv4.routes if isinstance(host, Host) else host
    rows = [
        (
            route.prefix if route.prefix.length else "default",
            "directly" if route.gateway is None else f"via {route.gateway}",
            route.interface.name,
            route.source,
        )
        for route in table
    ]
    return Table(
        ("Destination", "Next hop", "Interface", "Source"),
        rows,
        caption="Routes",
        note="" if rows else "no routes: nothing can be sent",
    )


def mac_table(switch: Switch) -> Table:
    """The stations that a switch has heard, by which port, and how long it will remember each."""
    now = switch.sim.clock.now
    rows = [
        (mac, entry.port.name, clock(now - entry.heard), clock(left))
        for mac, entry in switch.table.items()
        if (left := entry.heard + switch.ageing - now) > 0
    ]
    return Table(
        ("Station", "Port", "Heard ago", "Remembered for"),
        rows,
        caption=f"MAC table of {switch.name}",
        right=("Heard ago", "Remembered for"),
        note="" if rows else "no station is known: every frame goes to all ports",
    )


def interfaces(node: Host | Switch | Probe) -> Table:
    """What each interface or port of a machine has counted, of whole frames (`ip -s link`)."""
    ends: Sequence[Interface]
    if isinstance(node, Probe):
        ends = [node.interface]
    else:
        ends = node.ports if isinstance(node, Switch) else node.interfaces
    return Table(
        (
            "Interface", "Hardware address", "State", "MTU",
            "RX frames", "RX bytes", "RX errors", "RX dropped",
            "TX frames", "TX bytes", "TX errors", "TX dropped",
        ),
        [
            (
                end.name,
                end.mac if end.resolves else "none",
                "up" if end.is_up else "down",
                *(f"{number:,}" for number in (end.mtu, *_counters(end.rx), *_counters(end.tx))),
            )
            for end in ends
        ],
        caption=f"Interfaces of {node.name}",
        right=(
            "MTU",
            *(f"{way} {what}" for way in ("RX", "TX") for what in ("frames", "bytes", "errors", "dropped")),
        ),
    )  # fmt: skip


def reassembly(host: Host | Reassembly) -> Table:
    """The datagrams of which a host has some fragments, with a bar of what is here and the holes.

    `█` is here, `·` is missing, `▒` is a piece with both, and `?` is how the bar ends as long as the
    last fragment hasn't told where the datagram does.
    """
    table = (host.ipv4.reassembly if isinstance(host, Host) else host).table
    rows = [
        (
            entry.src,
            entry.dst,
            f"0x{entry.identification:04x}",
            entry.fragments,
            f"{entry.received:,}",
            bar(entry),
            ", ".join(_hole(*hole) for hole in entry.holes),
        )
        for entry in table.values()
    ]
    return Table(
        ("From", "To", "Identification", "Fragments", "Bytes", "Here", "Missing bytes"),
        rows,
        caption="Datagrams in parts",
        right=("Fragments", "Bytes"),
        note="" if rows else "no datagram is in parts",
    )


def bar(entry: Incomplete) -> str:
    """The bytes of a datagram in parts, first to last, as a line of blocks."""
    holes = entry.holes
    open_end = bool(holes) and holes[-1][1] == INFINITY
    # Where the end isn't known yet, what is known ends where the last hole begins.
    missing = sum(last - first + 1 for first, last in holes[: -1 if open_end else None])
    size = entry.received + missing
    blocks = ""
    for cell in range(_CELLS if size else 0):
        start, end = (
            cell * size // _CELLS,
            max((cell + 1) * size // _CELLS, cell * size // _CELLS + 1),
        )
        gone = sum(max(0, min(end, last + 1) - max(start, first)) for first, last in holes)
        blocks += _MISSING if gone >= end - start else _PARTLY if gone else _HERE
    return blocks + (_UNKNOWN if open_end else "")


def _hole(first: int, last: int) -> str:
    return f"{first:,} and on" if last == INFINITY else f"{first:,} to {last:,}"


def _left(entry: ArpEntry) -> str:
    if entry.expires == FOREVER:
        return "ever"
    left = entry.expires - entry.clock.now
    return clock(left) if entry.mac is not None and left > 0 else ""


def _counters(side: object) -> list[int]:
    return [getattr(side, name) for name in ("packets", "bytes", "errors", "dropped")]
