"""Every error that is netlab's own.

What a socket call raises is the standard library's (`ConnectionRefusedError`, `TimeoutError`, ...);
these are the others. Two kinds of protocol error are told apart by type: `LocalProtocolError` means
that you broke the rules, `RemoteProtocolError` that the other side did.
"""


class NetlabError(Exception):
    """The base of all of netlab's own errors."""


class ConfigurationError(NetlabError, ValueError):
    """The caller asked for something that can't be: a bad address, a port in use, a cable plugged twice."""


class ParseError(NetlabError, ValueError):
    """Bytes that are not what the protocol's RFC says. Parsers raise this and nothing else."""


class LocalProtocolError(NetlabError):
    """This side tried to do what the protocol forbids in its present state."""


class RemoteProtocolError(NetlabError):
    """The other side sent what the protocol forbids in its present state."""


class DeadlockError(NetlabError, RuntimeError):
    """Somebody waits, and nothing is left that could ever happen: who, for what and since when."""


class FaultError(NetlabError):
    """A fault's own predicate raised. The fault is removed, and the network can go on."""


class PartError(NetlabError):
    """A part that isn't the stack's own made a mistake: what it worked on ends, the network can go on."""


class CaptureError(NetlabError, ValueError):
    """A file that isn't a capture, or is one that breaks off."""


class BridgeError(NetlabError, OSError):
    """This machine lacks what a way out of the simulation takes: a right, a device, a system."""
