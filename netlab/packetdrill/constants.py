"""The constants of C that scripts use, as numbers: this machine's where it has them, else Linux's.

netlab's sockets know options by the numbers of the machine's own `socket` module, so those rule.
"""

import errno
import socket

_LINUX = {
    # open and fcntl
    "O_RDONLY": 0, "O_WRONLY": 1, "O_RDWR": 2, "O_NONBLOCK": 0o4000, "F_GETFL": 3, "F_SETFL": 4,
    # socket
    "PF_INET": 2, "PF_INET6": 10, "AF_INET": 2, "AF_INET6": 10, "SOCK_STREAM": 1, "SOCK_DGRAM": 2,
    "SOCK_RAW": 3, "SOCK_NONBLOCK": 0o4000, "SOCK_CLOEXEC": 0o2000000, "SHUT_RD": 0, "SHUT_WR": 1,
    "SHUT_RDWR": 2, "SOMAXCONN": 4096, "INADDR_ANY": 0, "INADDR_LOOPBACK": 0x7F000001,
    # levels
    "SOL_SOCKET": 1, "SOL_IP": 0, "IPPROTO_IP": 0, "IPPROTO_ICMP": 1, "IPPROTO_TCP": 6,
    "SOL_TCP": 6, "IPPROTO_UDP": 17, "SOL_UDP": 17, "IPPROTO_IPV6": 41, "SOL_IPV6": 41,
    # options
    "SO_DEBUG": 1, "SO_REUSEADDR": 2, "SO_TYPE": 3, "SO_ERROR": 4, "SO_DONTROUTE": 5, "SO_BROADCAST": 6,
    "SO_SNDBUF": 7, "SO_RCVBUF": 8, "SO_KEEPALIVE": 9, "SO_OOBINLINE": 10, "SO_PRIORITY": 12,
    "SO_LINGER": 13, "SO_REUSEPORT": 15, "SO_RCVLOWAT": 18, "SO_SNDLOWAT": 19, "SO_RCVTIMEO": 20,
    "SO_SNDTIMEO": 21, "SO_ACCEPTCONN": 30, "SO_MARK": 36, "SO_PROTOCOL": 38, "SO_DOMAIN": 39,
    "TCP_NODELAY": 1, "TCP_MAXSEG": 2, "TCP_CORK": 3, "TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 6, "TCP_SYNCNT": 7, "TCP_LINGER2": 8, "TCP_DEFER_ACCEPT": 9,
    "TCP_WINDOW_CLAMP": 10, "TCP_INFO": 11, "TCP_QUICKACK": 12, "TCP_CONGESTION": 13,
    "TCP_MD5SIG": 14, "TCP_USER_TIMEOUT": 18, "TCP_FASTOPEN": 23, "TCP_TIMESTAMP": 24,
    "TCP_NOTSENT_LOWAT": 25, "TCP_INQ": 36,
    "IP_TOS": 1, "IP_TTL": 2, "IP_HDRINCL": 3, "IP_OPTIONS": 4, "IP_RECVOPTS": 6, "IP_RETOPTS": 7,
    "IP_MTU_DISCOVER": 10, "IP_RECVERR": 11, "IP_RECVTTL": 12, "IP_RECVTOS": 13, "IP_MTU": 14,
    "IP_PMTUDISC_DONT": 0, "IP_PMTUDISC_WANT": 1, "IP_PMTUDISC_DO": 2, "IP_PMTUDISC_PROBE": 3,
    # calls
    "MSG_OOB": 1, "MSG_PEEK": 2, "MSG_DONTROUTE": 4, "MSG_CTRUNC": 8, "MSG_TRUNC": 0x20,
    "MSG_DONTWAIT": 0x40, "MSG_EOR": 0x80, "MSG_WAITALL": 0x100, "MSG_ERRQUEUE": 0x2000,
    "MSG_NOSIGNAL": 0x4000, "MSG_MORE": 0x8000, "MSG_ZEROCOPY": 0x4000000,
    "MSG_FASTOPEN": 0x20000000, "POLLIN": 1, "POLLPRI": 2, "POLLOUT": 4, "POLLERR": 8,
    "POLLHUP": 0x10, "POLLNVAL": 0x20, "POLLRDNORM": 0x40, "POLLRDBAND": 0x80,
    "POLLWRNORM": 0x100, "POLLWRBAND": 0x200, "POLLRDHUP": 0x2000, "SIOCINQ": 0x541B,
    "FIONREAD": 0x541B, "SIOCOUTQ": 0x5411, "SIOCOUTQNSD": 0x894B, "SIOCATMARK": 0x8905,
    # FreeBSD's names
    "TCP_KEEPINIT": 0x80, "TCP_NOOPT": 0x81, "TCP_NOPUSH": 0x82,
}  # fmt: skip

_OURS = ("SO", "SOCK", "SHUT", "IPPROTO", "SOL", "TCP", "IP", "MSG", "AF", "PF")


def _number(name: str) -> int:
    number = getattr(socket, name, None) if name.partition("_")[0] in _OURS else None
    return _LINUX[name] if number is None else int(number)


CONSTANTS = {name: _number(name) for name in _LINUX}
CONSTANTS |= {name: number for number, name in errno.errorcode.items()}
CONSTANTS |= {"EWOULDBLOCK": errno.EAGAIN, "ENOTSUP": errno.EOPNOTSUPP}


def name_of_error(number: int) -> str:
    """The name of an errno, such as ECONNREFUSED."""
    return errno.errorcode.get(number, str(number))
