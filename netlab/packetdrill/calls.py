"""The system calls of a script, made on netlab's sockets.

Each runs as a program of the host, so that one that blocks lets the script go on meanwhile.
"""

import socket as std
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netlab.errors import ConfigurationError
from netlab.host import Host
from netlab.packetdrill.constants import CONSTANTS
from netlab.packetdrill.flow import Flow, pattern
from netlab.packetdrill.problems import Refused, mismatch
from netlab.packetdrill.script import ANY, Call, Struct
from netlab.sockets.socket import Socket
from netlab.transport.tcp.connection import Connection
from netlab.transport.tcp.states import State

if TYPE_CHECKING:
    from netlab.packetdrill.flows import Flows

_C = CONSTANTS
_STREAM = _C["SOCK_STREAM"]
_READABLE = _C["POLLIN"] | _C["POLLRDNORM"]
_WRITABLE = _C["POLLOUT"] | _C["POLLWRNORM"]
_ALWAYS_POLLED = _C["POLLERR"] | _C["POLLHUP"]


@dataclass(slots=True)
class Descriptor:
    """A file number of the script's: the socket, and the conversation that it is one end of."""

    socket: Socket
    flow: Flow | None = None


class Calls:
    """`descriptors` are by the script's numbers, `local` and `remote` what `...` means as an address.

    `flows` hear what becomes of a socket, and give it its conversation.
    """

    def __init__(
        self,
        host: Host,
        local: tuple[str, int],
        remote: tuple[str, int],
        flows: "Flows",
    ) -> None:
        self.descriptors: dict[int, Descriptor] = {}
        self._host = host
        self._local = local
        self._remote = remote
        self._flows = flows

    def make(self, call: Call) -> int:
        """Make a call: its result. OSError as the socket raises it; `Wrong` for what comes of it."""
        if call.name not in _CALLS:
            raise Refused(f"netlab has no system call {call.name}(); there is {', '.join(_CALLS)}")
        try:
            return int(getattr(self, f"_{call.name}")(call, *call.arguments))
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                raise  # not of this call
            raise Refused(f"{call.name}() takes other arguments: {error}") from None

    def _of(self, fd: object) -> Descriptor:
        found = self.descriptors.get(fd) if isinstance(fd, int) else None
        if found is None:
            raise OSError(_C["EBADF"], f"Bad file descriptor: {fd!r}")
        return found

    # --- opening ------------------------------------------------------------------------------

    def _socket(self, call: Call, domain: object, kind: int, protocol: object = 0) -> int:
        number = protocol if isinstance(protocol, int) else 0
        made = Descriptor(Socket(self._host, kind, number))
        return self._new(call, made, "socket")

    def _new(self, call: Call, made: Descriptor, what: str) -> int:
        """Give a descriptor the number that the script says it has."""
        number = call.result
        if not isinstance(number, int) or number < 0:
            made.socket.close()
            raise mismatch(f"{call.name}()", f"{number} {call.error or ''}".strip(), "a new socket")
        self.descriptors[number] = made
        self._flows.changed(made, what)
        return number

    def _bind(self, call: Call, fd: object, address: object, size: object) -> int:
        self._of(fd).socket.bind(_address(address, self._local))
        return 0

    def _listen(self, call: Call, fd: object, backlog: int) -> int:
        at = self._of(fd)
        at.socket.listen(backlog)
        self._flows.changed(at, "listen")
        return 0

    def _accept(
        self, call: Call, fd: object, address: object, size: object, flags: object = 0
    ) -> int:
        accepted, _ = self._of(fd).socket.accept()
        if isinstance(flags, int) and flags & _C["SOCK_NONBLOCK"]:
            accepted.setblocking(False)
        return self._new(call, Descriptor(accepted), "accept")

    _accept4 = _accept

    def _connect(self, call: Call, fd: object, address: object, size: object) -> int:
        at = self._of(fd)
        to = _address(address, self._remote)
        if at.flow is None:
            at.flow = self._flows.begun_by(at)
            self._flows.changed(at, "connect")
        try:
            at.socket.connect(to)
        finally:
            self._learn_port(at)
        return 0

    def _learn_port(self, at: Descriptor) -> None:
        """A socket that wasn't bound has got a port."""
        if at.flow is not None and at.flow.connecting:
            at.flow.local = (at.flow.local[0], at.socket.getsockname()[1])
            at.flow.connecting = False

    # --- sending ------------------------------------------------------------------------------

    def _write(self, call: Call, fd: object, data: object, size: int) -> int:
        return self._transmit(fd, [_bytes(data, size)], 0)

    def _send(self, call: Call, fd: object, data: object, size: int, flags: int) -> int:
        return self._transmit(fd, [_bytes(data, size)], flags)

    def _sendto(
        self, call: Call, fd: object, data: object, size: int, flags: int, to: Any, length: object
    ) -> int:
        return self._transmit(fd, [_bytes(data, size)], flags, to)

    def _writev(self, call: Call, fd: object, parts: list[Any], count: object) -> int:
        return self._transmit(fd, [_bytes(*part) for part in parts], 0)

    def _sendmsg(self, call: Call, fd: object, message: Struct, flags: int) -> int:
        parts: Any = self._parts(message)
        name = message.get("msg_name", ANY)
        return self._transmit(fd, [_bytes(*part) for part in parts], flags, name)

    def _transmit(self, fd: object, parts: list[bytes | int], flags: int, to: object = None) -> int:
        """Send parts: bytes, or so many bytes of the stream's pattern."""
        at = self._of(fd)
        stream = at.socket.type == _STREAM
        if at.flow is None and not stream:
            at.flow = self._flows.begun_by(at)
        flow = at.flow
        data = b""
        for part in parts:
            start = len(flow.written) + len(data) if flow is not None and stream else len(data)
            data += part if isinstance(part, bytes) else pattern(start, part)
        if flow is not None and not stream:
            flow.datagrams.append(data)
        if flags & _C["MSG_OOB"] and flow is not None:
            flow.checks_bytes = False
        if not stream:
            peer = None if to is None else _address(to, self._remote)
            sent = (
                at.socket.send(data, flags) if peer is None else at.socket.sendto(data, flags, peer)
            )
            self._learn_port(at)
            return sent
        return self._transmit_stream(at, data, flags)

    def _transmit_stream(self, at: Descriptor, data: bytes, flags: int) -> int:
        """As a kernel has it: all at once, or where the socket may block, all of it in time."""
        sent = 0
        patient = at.socket.getblocking() and not flags & _C["MSG_DONTWAIT"]
        while True:
            try:
                taken = at.socket.send(data[sent:], flags)
            except OSError:
                if not sent:
                    raise
                return sent
            sent += taken
            if at.flow is not None:
                at.flow.written += data[sent - taken : sent]
            if sent == len(data) or not patient:
                return sent

    # --- receiving ----------------------------------------------------------------------------

    def _read(self, call: Call, fd: object, data: object, size: int) -> int:
        return self._receive(fd, data, size, 0)

    def _recv(self, call: Call, fd: object, data: object, size: int, flags: int) -> int:
        return self._receive(fd, data, size, flags)

    def _recvfrom(
        self, call: Call, fd: object, data: object, size: int, flags: int, sender: Any, n: object
    ) -> int:
        return self._receive(fd, data, size, flags)

    def _readv(self, call: Call, fd: object, parts: list[Any], count: object) -> int:
        return self._receive(fd, ANY, sum(size for _, size in parts), 0)

    def _recvmsg(self, call: Call, fd: object, message: Struct, flags: int) -> int:
        parts: Any = self._parts(message)
        return self._receive(fd, ANY, sum(size for _, size in parts), flags)

    def _parts(self, message: Struct) -> object:
        if message.get("msg_control") or message.get("msg_flags"):
            raise Refused("messages here have no flags, and nothing to control")
        return message["msg_iov"]

    def _receive(self, fd: object, wanted: object, size: int, flags: int) -> int:
        at = self._of(fd)
        data = at.socket.recv(size, flags)
        flow = at.flow
        if isinstance(wanted, bytes) and wanted and data != wanted:
            raise mismatch("the data", wanted, data)
        if flow is None or not flow.checks_bytes:
            return len(data)
        start = flow.read if at.socket.type == _STREAM else 0
        right = pattern(start, len(data))
        if data != right:
            at_byte = next(n for n, byte in enumerate(data) if byte != right[n])
            raise mismatch(
                f"byte {start + at_byte} of the stream",
                right[at_byte : at_byte + 8].hex(),
                data[at_byte : at_byte + 8].hex(),
            )
        if not flags & _C["MSG_PEEK"]:
            flow.read += len(data)
        return len(data)

    # --- the end ------------------------------------------------------------------------------

    def _shutdown(self, call: Call, fd: object, how: int) -> int:
        self._of(fd).socket.shutdown(how)
        return 0

    def _close(self, call: Call, fd: int) -> int:
        self._of(fd).socket.close()
        del self.descriptors[fd]
        return 0

    # --- what is set and asked ----------------------------------------------------------------

    def _fcntl(self, call: Call, fd: object, command: int, flags: int = 0) -> int:
        socket = self._of(fd).socket
        if command == _C["F_GETFL"]:
            return _C["O_RDWR"] | (0 if socket.getblocking() else _C["O_NONBLOCK"])
        if command != _C["F_SETFL"]:
            raise Refused("fcntl() here knows F_GETFL and F_SETFL")
        socket.setblocking(not flags & _C["O_NONBLOCK"])
        return 0

    def _ioctl(self, call: Call, fd: object, request: int, value: object) -> int:
        connection = self._connection(self._of(fd))
        if connection is None:
            raise OSError(_C["EINVAL"], "Invalid argument: no connection")
        if request == _C["SIOCINQ"]:
            counted = len(connection.receiver.buffer)
        elif request == _C["SIOCOUTQ"]:
            counted = len(connection.sender.buffer)
        else:
            raise Refused("ioctl() here knows SIOCINQ, FIONREAD and SIOCOUTQ")
        _check("ioctl()", value, counted)
        return 0

    def _setsockopt(
        self, call: Call, fd: object, level: int, option: int, value: object, size: object
    ) -> int:
        self._of(fd).socket.setsockopt(level, option, _packed(value))
        return 0

    def _getsockopt(
        self, call: Call, fd: object, level: int, option: int, value: object, size: object
    ) -> int:
        socket = self._of(fd).socket
        if isinstance(value, Struct):
            packed = socket.getsockopt(level, option, 4 * len(value))
            assert isinstance(packed, bytes)
            for at, (name, wanted) in enumerate(value.items()):
                _check(name, wanted, int.from_bytes(packed[4 * at : 4 * at + 4], sys.byteorder))
        elif isinstance(value, bytes):
            packed = socket.getsockopt(level, option, 64)
            assert isinstance(packed, bytes)
            _check("the option", value, packed.rstrip(b"\0"))
        else:
            _check("the option", value, socket.getsockopt(level, option))
        return 0

    def _poll(self, call: Call, polled: list[Struct], count: object, timeout: int) -> int:
        found = 0
        for each in polled:
            wanted: Any = each["events"]
            events = self._events(self._of(each["fd"])) & (wanted | _ALWAYS_POLLED)
            _check("revents", each.get("revents", 0), events)
            found += bool(events)
        if timeout and not found:
            raise Refused("poll() can't wait here; expected a timeout of 0")
        return found

    def _events(self, at: Descriptor) -> int:
        """What poll() tells of a socket, whether it was asked for or not."""
        end = at.socket._end
        if end.listening:
            return _READABLE if end.acceptable() else 0
        connection = self._connection(at)
        events = (_READABLE if end.readable() else 0) | (_WRITABLE if end.writable() else 0)
        if connection is None:
            return events
        if connection.error is not None:
            events |= _C["POLLERR"]
        if connection.receiver.fin_reached or connection.state is State.CLOSED:
            events |= _C["POLLRDHUP"]
            if connection.sender.fin_wanted or connection.state is State.CLOSED:
                events |= _C["POLLHUP"]
        return events

    def _connection(self, at: Descriptor) -> Connection | None:
        """The TCP connection behind a socket, as long as there is one."""
        flow = at.flow
        for connection in self._host.tcp.connections:
            if flow is not None and connection.remote == flow.remote:
                return connection
        return None


_CALLS = sorted(
    name[1:]
    for name, value in vars(Calls).items()
    if "call" in getattr(value, "__annotations__", ()) and name not in ("make", "_new")
)


def _address(value: object, otherwise: tuple[str, int]) -> tuple[str, int]:
    """A `{sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr("...")}`."""
    if not isinstance(value, Struct):
        return otherwise
    host: Any = value.get("sin_addr", otherwise[0])
    if isinstance(host, int):
        host = std.inet_ntoa(host.to_bytes(4, "big"))
    port: Any = value.get("sin_port", otherwise[1])
    return str(host), port


def _bytes(data: object, size: int) -> bytes | int:
    """The bytes of a string; of anything else only how many."""
    return data[:size].ljust(size, b"\0") if isinstance(data, bytes) else size


def _packed(value: object) -> int | bytes:
    """The value of an option as C has it."""
    if isinstance(value, Struct):
        return b"".join(int(str(each)).to_bytes(4, sys.byteorder) for each in value.values())
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], int):
        return value[0]
    if isinstance(value, int | bytes):
        return value
    raise ConfigurationError(f"expected the value of an option, such as [1]; got {value!r}")


def _check(what: str, wanted: object, got: object) -> None:
    if isinstance(wanted, list) and len(wanted) == 1:
        wanted = wanted[0]
    if wanted is not ANY and wanted != got:
        raise mismatch(what, wanted, got)
