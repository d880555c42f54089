"""The places where Scapy meets the machine, and what stands there while `on()` is in force."""

import threading
from typing import TYPE_CHECKING, Any

from scapy import sendrecv, volatile
from scapy.config import conf
from scapy.layers import l2

from netlab.errors import ConfigurationError
from netlab.sockets.door import door
from netlab.sockets.scapy.configuration import HostConf, Neighbours
from netlab.sockets.scapy.threads import HostEvent, HostThread, RandomDoor, TimeDoor

if TYPE_CHECKING:
    from netlab.host import Host

_sndrcvflood: Any = sendrecv.sndrcvflood


def _flood(host: "Host", *args: Any, inter: float = 0, **options: Any) -> Any:
    if inter <= 0:
        raise ConfigurationError(
            "no virtual time passes between packets without an inter=, so a flood would never end:"
            " say how many seconds apart they are, such as srflood(..., inter=0.001, timeout=1)"
        )
    return _sndrcvflood(*args, inter=inter, **options)


SEAMS: list[tuple[Any, str, Any]] = [
    (conf, "__class__", HostConf),
    (l2._arp_cache, "__class__", Neighbours),
    (sendrecv, "Event", door(threading.Event, HostEvent)),
    (sendrecv, "Thread", door(threading.Thread, HostThread)),
    (sendrecv, "sndrcvflood", door(_sndrcvflood, _flood)),
    (sendrecv, "time", TimeDoor()),
    (volatile, "random", RandomDoor()),
]
"""What is replaced: in which object, which attribute, by what."""
