"""A DHCP message's bytes as fields (RFC 2131 section 2, RFC 2132)."""

from collections.abc import Iterator

from netlab.application.dhcp.message import BROADCAST, FIXED_LENGTH, DhcpMessage, Option
from netlab.network.address import IPv4Address
from netlab.views.anatomy import Field, Part
from netlab.views.words import count

_NAMES = {6: "Domain Name Server", 15: "Domain Name", 28: "Broadcast Address", 60: "Vendor Class"}
_NAMES |= {option: option.name.replace("_", " ").title() for option in Option}
_ADDRESSES = (1, 3, 6, 28, 50, 54)
_SECONDS = (51, 58, 59)
_TEXTS = (12, 15, 56, 60)


def dhcp_part(message: DhcpMessage, data: bytes, at: int, end: int) -> Part:
    """The part of a frame that is `message`, from byte `at` up to `end`."""
    part = Part("BOOTP" if message.message_type is None else "DHCP", "data", at)
    part.fields += _fixed(message, at)
    cookie = at + FIXED_LENGTH
    if message.options:
        part.fields.append(
            Field("Magic Cookie", cookie, cookie + 4, "63 82 53 63", "options follow")
        )
        part.fields += _options(message, data, cookie + 4, end)
    elif end > cookie:
        part.fields.append(Field("vend", cookie, end, "", "no options"))
    return part


def _fixed(message: DhcpMessage, at: int) -> Iterator[Field]:
    to_all = "answer to all: it has no address yet" if message.flags & BROADCAST else ""
    yield Field("op", at, at + 1, str(message.op), "request" if message.op == 1 else "reply")
    yield Field("htype", at + 1, at + 2, "1", "Ethernet")
    yield Field("hlen", at + 2, at + 3, "6", "bytes of an Ethernet address")
    yield Field("hops", at + 3, at + 4, str(message.hops), "relays passed")
    yield Field("xid", at + 4, at + 8, f"0x{message.xid:08x}", "chosen by the client")
    yield Field("secs", at + 8, at + 10, str(message.secs), "since the client began")
    yield Field("flags", at + 10, at + 12, f"0x{message.flags:04x}", to_all)
    meanings = ("the client's own", "given to the client", "the next server's", "the relay's")
    for number, (name, meaning) in enumerate(
        zip(("ciaddr", "yiaddr", "siaddr", "giaddr"), meanings, strict=True)
    ):
        start, address = at + 12 + 4 * number, getattr(message, name)
        yield Field(name, start, start + 4, str(address), meaning if address else "")
    yield Field("chaddr", at + 28, at + 44, str(message.chaddr), "the client's Ethernet address")
    yield Field("sname", at + 44, at + 108, _text(message.sname))
    yield Field("file", at + 108, at + FIXED_LENGTH, _text(message.file))


def _options(message: DhcpMessage, data: bytes, at: int, end: int) -> Iterator[Field]:
    """Each option where it stands. That they can be read is known, for the message was."""
    while at < end and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        code, after = data[at], at + 2 + data[at + 1]
        name = _NAMES.get(code, f"Option {code}")
        yield Field(name, at, after, _value(code, data[at + 2 : after], message), f"option {code}")
        at = after
    if at < end:
        yield Field("End", at, at + 1, "255")
    if at + 1 < end:
        yield Field("Padding", at + 1, end, count(end - at - 1, "byte"))


def _value(code: int, value: bytes, message: DhcpMessage) -> str:
    if code == Option.MESSAGE_TYPE:
        return message.type_text
    if code in _ADDRESSES and len(value) % 4 == 0:
        parts = (value[at : at + 4] for at in range(0, len(value), 4))
        return ", ".join(str(IPv4Address.from_bytes(part)) for part in parts)
    if code in _SECONDS:
        return count(int.from_bytes(value, "big"), "second")
    if code in _TEXTS:
        return _text(value)
    if code == Option.PARAMETERS:
        return ", ".join(_NAMES.get(each, str(each)) for each in value)
    return value.hex(" ")


def _text(value: bytes) -> str:
    return repr(value.decode("latin-1"))[1:-1]
