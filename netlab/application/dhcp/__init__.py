"""DHCP (RFC 2131): messages, a client as a state machine, and a server with a pool of addresses."""

from netlab.application.dhcp.client import DhcpClient, boot
from netlab.application.dhcp.lease import Lease
from netlab.application.dhcp.message import DhcpMessage, MessageType, Option
from netlab.application.dhcp.server import DhcpServer, serve

__all__ = [
    "DhcpClient",
    "DhcpMessage",
    "DhcpServer",
    "Lease",
    "MessageType",
    "Option",
    "boot",
    "serve",
]
