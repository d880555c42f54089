"""One frame as fields and bytes; what Scapy reads from the same bytes is the measure."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption, IPOption_NOP, IPOption_RR
from scapy.layers.l2 import ARP, Ether

from netlab.link.ethernet import ETHERTYPE_IPV4
from netlab.network.address import IPv4Address
from netlab.network.icmp_message import IcmpMessage
from netlab.network.ipv4_packet import PROTOCOL_ICMP, Ipv4Packet
from netlab.trace.capture import CaptureInterface
from netlab.trace.frame import Frame
from netlab.views.anatomy import anatomy
from netlab.views.packet import SHOWN, PacketView


def fields(frame):
    return {
        (part.name, field.name.strip()): field for part in anatomy(frame) for field in part.fields
    }


def raw(data):
    frame = Frame(1, 0, 0, "alice", "bob", CaptureInterface(), data, None, "")
    frame.received = data
    frame.fate = "delivered"
    return frame


# --- fields ---------------------------------------------------------------------------------------


def test_tcp_fields_are_those_that_scapy_reads(scene):
    for frame in scene("web").frames[2:]:
        read = fields(frame)
        packet = Ether(frame.bytes)
        assert read["Ethernet II", "Destination"].value == packet.dst
        ip, tcp = packet[IP], packet[TCP]
        for name, value in (
            ("Version", ip.version), ("IHL", ip.ihl), ("Total Length", ip.len),
            ("Time to Live", ip.ttl), ("Protocol", ip.proto), ("Source Address", ip.src),
            ("Destination Address", ip.dst), ("Identification", f"0x{ip.id:04x}"),
            ("Header Checksum", f"0x{ip.chksum:04x}"),
        ):  # fmt: skip
            assert read["IPv4", name].value == str(value), name
        for name, value in (
            ("Source Port", tcp.sport), ("Destination Port", tcp.dport),
            ("Sequence Number", tcp.seq), ("Acknowledgment Number", tcp.ack),
            ("Data Offset", tcp.dataofs), ("Window", tcp.window), ("Urgent Pointer", tcp.urgptr),
            ("Checksum", f"0x{tcp.chksum:04x}"), ("Control Bits", f"{int(tcp.flags):08b}"),
        ):  # fmt: skip
            assert read["TCP", name].value == str(value), name


def test_arp_icmp_and_udp_fields_are_those_that_scapy_reads(story):
    arp, ping, udp = (
        story.arp(0, "alice", "bob"),
        story.ping(1, "alice", "bob", 3),
        story.udp(2, "alice", "bob", b"hi"),
    )
    read, packet = fields(arp), Ether(arp.bytes)[ARP]
    assert read["ARP", "Operation"].value == str(packet.op)
    assert read["ARP", "Operation"].meaning == "request"
    assert read["ARP", "Sender Protocol Address"].value == packet.psrc
    assert read["ARP", "Target Protocol Address"].value == packet.pdst
    assert read["ARP", "Sender Hardware Address"].value == packet.hwsrc
    read, packet = fields(ping), Ether(ping.bytes)[ICMP]
    assert read["ICMP", "Type"].value == str(packet.type)
    assert read["ICMP", "Type"].meaning == "echo request"
    assert read["ICMP", "Identifier"].value == str(packet.id)
    assert read["ICMP", "Sequence Number"].value == str(packet.seq)
    read, packet = fields(udp), Ether(udp.bytes)[UDP]
    assert read["UDP", "Length"].value == str(packet.len)
    assert read["UDP", "Checksum"].value == f"0x{packet.chksum:04x}"


def test_the_rest_of_an_icmp_header_is_read_as_its_type_has_it(story):
    about = story.udp(0, "alice", "bob", b"hi").bytes[14:]
    gateway = IPv4Address.parse("10.0.0.9")

    def read(message):
        packet = story.ip("bob", "alice", PROTOCOL_ICMP, message.pack())
        frame = story.put(1, "bob", "alice", packet)
        assert owners(frame) == [1] * len(frame.bytes)
        return {name: field.value for (_, name), field in fields(frame).items()}

    assert read(IcmpMessage.destination_unreachable(4, about, 600))["Next-Hop MTU"] == "600"
    assert read(IcmpMessage.redirect(1, gateway, about))["Gateway Address"] == "10.0.0.9"
    assert read(IcmpMessage.parameter_problem(20, about))["Pointer"] == "20"
    assert read(IcmpMessage.time_exceeded(0, about))["Rest of Header"] == "0x00000000"
    request = IcmpMessage.timestamp_request(1, 2, 1234)
    seen = read(IcmpMessage.timestamp_reply(request, 5678))
    assert (seen["Identifier"], seen["Sequence Number"]) == ("1", "2")
    assert seen["Originate Timestamp"] == "1234"
    assert seen["Receive Timestamp"] == seen["Transmit Timestamp"] == "5678"
    assert "Originate Timestamp" not in read(IcmpMessage(13, payload=bytes(11)))


def owners(frame):
    """How many layers each byte belongs to."""
    layers = [set() for _ in frame.bytes]
    for part in anatomy(frame):
        for field in part.fields:
            assert 0 <= field.start < field.end <= len(frame.bytes)
            for at in range(field.start, field.end):
                layers[at].add((part.name, part.start))
    return [len(names) for names in layers]


def test_every_byte_belongs_to_one_layer(any_scene):
    for frame in any_scene.frames:
        assert owners(frame) == [1] * len(frame.bytes)


def test_flags_are_spelled_out(scene):
    read = fields(scene("web").frame(4))
    assert read["TCP", "SYN"].meaning == "the sequence number is the initial one"
    assert read["TCP", "ACK"].meaning == "the acknowledgment number counts"
    assert ("TCP", "FIN") not in read


def test_options_are_read_one_by_one(scene):
    field = fields(scene("web").frame(3))["TCP", "Maximum Segment Size"]
    assert (field.value, field.start, field.end) == ("1460", 54, 58)


def test_an_options_numbers_are_told():
    segment = TCP(
        options=[
            ("WScale", 7),
            ("SAckOK", b""),
            ("Timestamp", (1000, 4294967295)),
            ("SAck", (10, 20, 30, 4294967295)),
        ]
    )
    read = fields(raw(bytes(Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / segment)))
    assert read["TCP", "Window Scale"].value == "7"
    assert read["TCP", "Window Scale"].meaning == "windows count in 128 bytes"
    assert read["TCP", "SACK Permitted"].value == ""
    assert read["TCP", "Timestamps"].value == "1000, 4294967295"
    assert read["TCP", "SACK"].value == "10-20, 30-4294967295"


def test_an_option_of_a_wrong_length_is_shown_as_bytes():
    segment = TCP(options=[(8, b"\x01\x02\x03"), (5, b"\x01\x02")])
    read = fields(raw(bytes(Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / segment)))
    assert read["TCP", "Timestamps"].value == "01 02 03"
    assert read["TCP", "SACK"].value == "01 02"


def test_ip_options_are_told_in_words():
    route = IPOption_RR(length=11, pointer=8, routers=["10.0.0.254", "0.0.0.0"])
    packet = IP(src="10.0.0.1", dst="10.0.0.2", options=[IPOption_NOP(), route])
    field = fields(raw(bytes(Ether() / packet / ICMP())))["IPv4", "Options"]
    assert field.value == "01 07 0b 08 0a 00 00 fe 00 00 00 00"
    assert "10.0.0.254" in field.meaning
    packet.options = [IPOption(bytes([0x83, 1, 0, 0]))]
    said = fields(raw(bytes(Ether() / packet / ICMP())))["IPv4", "Options"].meaning
    assert "an option of 1 bytes can't be here" in said


def test_checksums_are_judged(scene):
    frame = scene("web").frame(6)
    for name in ("IPv4", "Header Checksum"), ("TCP", "Checksum"):
        assert fields(frame)[name].meaning == "correct"
    broken = bytearray(frame.bytes)
    broken[60] ^= 1
    right = Ether(bytes(broken))
    del right[TCP].chksum
    right = Ether(bytes(right))[TCP].chksum
    field = fields(raw(bytes(broken)))["TCP", "Checksum"]
    assert field.meaning == f"wrong, should be 0x{right:04x}"


def test_padding_is_not_payload(story):
    frame = story.tcp(0, "alice", "bob", "ACK", 1, 1)
    padded = raw(frame.bytes + bytes(6))
    assert [part.name for part in anatomy(padded)] == ["Ethernet II", "IPv4", "TCP", "Ethernet"]
    assert fields(padded)["Ethernet", "Padding"].value == "6 bytes"


def test_text_is_shown_line_by_line(scene):
    read = fields(scene("web").frame(6))
    assert read["HTTP", "line 1"].value == r"GET / HTTP/1.1\r\n"
    assert read["HTTP", "line 2"].start == read["HTTP", "line 1"].end


def test_a_fragment_is_not_taken_for_a_segment(story):
    packet = Ipv4Packet(*_ends(story), PROTOCOL_ICMP, bytes(64), fragment_offset=3)
    frame = raw(bytes(12) + ETHERTYPE_IPV4.to_bytes(2, "big") + packet.pack())
    assert [part.name for part in anatomy(frame)] == ["Ethernet II", "IPv4", "Data"]
    assert fields(frame)["IPv4", "Fragment Offset"].meaning == "byte 24"


def _ends(story):
    frame = story.ping(0, "alice", "bob", 1)
    return frame.ipv4.src, frame.ipv4.dst


@given(st.data())
def test_any_bytes_give_a_picture_and_a_text(data):
    head = data.draw(st.sampled_from([b"", bytes(12) + b"\x08\x00", bytes(12) + b"\x08\x06"]))
    body = data.draw(st.binary(max_size=80))
    proto = data.draw(st.sampled_from([1, 6, 17, 99]))
    ip = bytes([0x45, 0, 0, data.draw(st.integers(0, 99)), 0, 0, 0, 0, 64, proto]) + bytes(10)
    view = PacketView(raw(head + data.draw(st.sampled_from([b"", ip])) + body))
    assert owners(view.frame) == [1] * len(view.frame.bytes)
    ElementTree.fromstring(view.html())
    assert view.text().startswith("Frame 1, alice to bob")


# --- picture and text -----------------------------------------------------------------------------


def test_a_field_and_its_bytes_have_a_class_in_common(scene):
    root = ElementTree.fromstring(PacketView(scene("web").frame(6)).html())
    shown = {row[1].text: row for row in root.iter("tr") if "nl-field" in row.get("class")}
    number = shown["Source Port"].get("class").split()[-1]
    linked = [byte for byte in root.iter("span") if number in byte.get("class").split()]
    assert [byte.text for byte in linked] == ["c0", "00"]
    assert {byte.get("title") for byte in linked} == {
        "byte 34: Source Port",
        "byte 35: Source Port",
    }
    style = root.find("style").text
    assert f".nl-packet:has(.{number}:hover) .{number}" in style


def test_why_it_was_sent_stands_below(scene):
    view = PacketView(scene("web").frame(6))
    assert view.text().endswith("Why: The program sent it (RFC 9293).")
    assert "The program sent it (RFC 9293)." in view.html()


def test_bytes_that_arrived_changed_are_named_and_marked(scene):
    view = PacketView(scene("faults").frame(12))
    assert "Byte 60 was sent as 61 and arrived as 65." in view.text()
    root = ElementTree.fromstring(view.html())
    (changed,) = [byte for byte in root.iter("span") if "nl-changed" in byte.get("class")]
    assert changed.get("title") == "byte 60: line 1, arrived as 65"
    assert changed.text == "61"


def test_a_long_frame_is_cut(scene):
    frame = scene("bulk").frame(4)
    view = PacketView(frame)
    assert view.text().count("\n00") == SHOWN // 16
    assert f"and {len(frame.bytes) - SHOWN:,} more bytes" in view.text()
    assert f"and {len(frame.bytes) - SHOWN:,} more bytes" in view.html()


def test_a_dump_shows_offset_bytes_and_text(scene):
    text = PacketView(scene("web").frame(6)).text()
    assert "0030  fa f0 44 34 00 00 47 45  54 20 2f 20 48 54 54 50  ..D4..GET / HTTP" in text


@pytest.mark.parametrize("name", ["lost_segment", "faults"])
def test_the_heading_tells_the_fate(scene, name):
    story = scene(name)
    assert "sent at 20 ms" in PacketView(story.frame(4)).text().splitlines()[0]
    fates = {"lost_segment": "lost: rule 1 (drop)", "faults": "arrived at 30 ms"}
    assert fates[name] in PacketView(story.frame(4)).text().splitlines()[0]
