"""The places where Scapy meets the machine, and what stands there while `on()` is in force."""

import threading
from typing import Any

from scapy import sendrecv, volatile
from scapy.config import conf
from scapy.layers import l2

from netlab.sockets.door import door
from netlab.sockets.scapy.configuration import HostConf, Neighbours
from netlab.sockets.scapy.threads import HostEvent, HostThread, RandomDoor, TimeDoor

SEAMS: list[tuple[Any, str, Any]] = [
    (conf, "__class__", HostConf),
    (l2._arp_cache, "__class__", Neighbours),
    (sendrecv, "Event", door(threading.Event, HostEvent)),
    (sendrecv, "Thread", door(threading.Thread, HostThread)),
    (sendrecv, "time", TimeDoor()),
    (volatile, "random", RandomDoor()),
]
"""What is replaced: in which object, which attribute, by what."""
