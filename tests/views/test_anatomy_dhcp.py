"""A DHCP message as fields; what Scapy reads from the same bytes is the measure."""

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.l2 import Ether

from netlab.application.dhcp.message import DhcpMessage, MessageType
from netlab.link.address import MacAddress
from netlab.link.ethernet import EthernetFrame
from netlab.network.address import IPv4Address
from netlab.network.ipv4_packet import PROTOCOL_UDP, Ipv4Packet
from netlab.trace.capture import CaptureInterface
from netlab.trace.frame import Frame
from netlab.transport.udp_datagram import UdpDatagram
from netlab.views.anatomy import Part, anatomy
from netlab.views.packet import PacketView

MAC = MacAddress(0x020000000002)
ANY, EVERYBODY = IPv4Address.UNSPECIFIED, IPv4Address.BROADCAST


def frame(payload: bytes) -> Frame:
    """A DHCP message to a server, in all that is around it."""
    datagram = UdpDatagram(68, 67, payload).pack(ANY, EVERYBODY)
    packet = Ipv4Packet(ANY, EVERYBODY, PROTOCOL_UDP, datagram).pack()
    data = EthernetFrame(MacAddress.BROADCAST, MAC, 0x0800, packet).pack()
    made = Frame(1, 0, 0, "alice", "bob", CaptureInterface(), data, None, "")
    made.received, made.fate = data, "delivered"
    return made


def part_of(sent: Frame) -> Part:
    return next(part for part in anatomy(sent) if part.name in ("DHCP", "BOOTP", "Data"))


OFFER = DhcpMessage(
    2,
    0x1234ABCD,
    MAC,
    {
        53: bytes([MessageType.OFFER]),
        54: bytes([10, 0, 0, 1]),
        51: (3600).to_bytes(4, "big"),
        1: bytes([255, 255, 255, 0]),
        3: bytes([10, 0, 0, 254, 10, 0, 0, 253]),
        12: b"lap\ntop",
        55: bytes([1, 3, 42]),
        61: b"\1\2",
        200: b"",
    },
    secs=7,
    flags=0x8000,
    yiaddr=IPv4Address.parse("10.0.0.100"),
    file=b"/boot",
)


def test_the_fields_are_those_that_scapy_reads() -> None:
    sent = frame(OFFER.pack())
    read = {field.name: field for field in part_of(sent).fields}
    theirs = Ether(sent.bytes)[BOOTP]
    for name in ("op", "htype", "hlen", "hops", "secs", "ciaddr", "yiaddr", "siaddr", "giaddr"):
        assert read[name].value == str(getattr(theirs, name)), name
    assert read["xid"].value == f"0x{theirs.xid:08x}"
    assert read["flags"].value == f"0x{int(theirs.flags):04x}"
    assert read["chaddr"].value == str(MAC)
    assert read["file"].value == theirs.file.rstrip(b"\0").decode()
    options = {option[0]: option[1:] for option in theirs[DHCP].options if len(option) > 1}
    assert read["Server Identifier"].value == options["server_id"][0]
    assert read["Subnet Mask"].value == options["subnet_mask"][0]
    assert read["Router"].value == ", ".join(options["router"])


def test_options_say_what_they_mean_where_they_stand() -> None:
    sent = frame(OFFER.pack())
    fields = part_of(sent).fields
    told = {field.name: (field.value, field.meaning) for field in fields}
    assert told["Message Type"] == ("Offer", "option 53")
    assert told["Lease Time"] == ("3,600 seconds", "option 51")
    assert told["Host Name"] == ("lap\\ntop", "option 12")
    assert told["Parameters"] == ("Subnet Mask, Router, 42", "option 55")
    assert told["Client Identifier"] == ("01 02", "option 61")
    assert told["Option 200"] == ("", "option 200")
    assert [field.start for field in fields[1:]] == [field.end for field in fields[:-1]]
    assert (fields[0].start, fields[-1].end) == (42, len(sent.bytes))
    assert sent.bytes[fields[-2].start] == 255


def test_a_bootp_message_has_no_options() -> None:
    part = part_of(frame(DhcpMessage(1, 1, MAC).pack()))
    assert (part.name, part.fields[-1].name, part.fields[-1].value) == ("BOOTP", "vend", "")
    assert "magic" not in str(part).lower()


def test_the_packet_view_shows_them_as_picture_and_as_text() -> None:
    view = PacketView(frame(OFFER.pack()))
    for text in (view.text(), view.html()):
        assert "Server Identifier" in text
        assert "10.0.0.100" in text


def test_pads_between_options_belong_to_none() -> None:
    sent = frame(OFFER.pack()[:240] + b"\0\0\x35\1\1\xff")
    told = [(field.name, field.start) for field in part_of(sent).fields[-2:]]
    assert told == [("Message Type", 42 + 242), ("End", 42 + 245)]


@given(st.binary(max_size=330), st.booleans())
def test_any_bytes_will_do(data: bytes, as_options: bool) -> None:
    sent = frame(OFFER.pack()[:240] + data if as_options else data)
    fields = [field for part in anatomy(sent) for field in part.fields]
    assert max(field.end for field in fields) == len(sent.bytes)
    assert PacketView(sent).text()
