"""The packet list."""

from xml.etree import ElementTree

from netlab.views.packets import PacketList


def test_the_list_in_columns(scene):
    assert PacketList(scene("lost_fin")).text().splitlines() == [
        "No.    Time  From   To     Protocol  Length  Info                 Fate",
        "  1    0 ms  alice  bob    TCP           58  SYN seq=0            + 10 ms",
        "  2   10 ms  bob    alice  TCP           58  SYN,ACK seq=0 ack=1  + 20 ms",
        "  3   20 ms  alice  bob    TCP           54  ACK seq=1 ack=1      + 30 ms",
        "  4   50 ms  alice  bob    TCP           54  FIN,ACK seq=1 ack=1  x lost: rule 1 (drop)",
        "  5  1.05 s  alice  bob    TCP           54  FIN,ACK seq=1 ack=1  x retransmission of 4,"
        " lost: random loss (probability 0.01)",
        "  6  3.05 s  alice  bob    TCP           54  FIN,ACK seq=1 ack=1  + retransmission of 4,"
        " 3.06 s",
        "  7  3.06 s  bob    alice  TCP           54  ACK seq=1 ack=2      + 3.07 s",
        "  8  3.06 s  bob    alice  TCP           54  FIN,ACK seq=1 ack=2  + 3.07 s",
        "  9  3.07 s  alice  bob    TCP           54  ACK seq=2 ack=2      + 3.08 s",
    ]


def rows(story, **options):
    root = ElementTree.fromstring(PacketList(story, **options).html())
    return [row for row in root.iter("tr") if "nl-row" in row.get("class", "")]


def test_every_frame_has_a_row_with_its_cells(any_scene):
    shown = rows(any_scene)
    assert [g.get("data-frame") for g in shown] == [str(f.id) for f in any_scene.frames]
    for row, frame in zip(shown, any_scene.frames, strict=True):
        cells = [cell.text for cell in row.findall("td")]
        assert cells[0] == str(frame.id)
        assert cells[2:4] == [frame.sender, frame.receiver]
        assert cells[5] == str(len(frame.bytes))


def test_a_fate_has_a_sign_beside_its_colour(scene):
    shown = rows(scene("lost_segment"))
    signs = [row.findall("td")[-1].text[0] for row in shown]
    assert signs == ["✓", "✓", "✓", "✕", "✓", "✓", "✓"]
    assert "nl-lost" in shown[3].get("class")


def test_what_is_in_flight_is_told(story):
    story.tcp(0, "alice", "bob", "SYN", in_flight=True)
    assert PacketList(story).text().splitlines()[1].endswith("~ in flight")


def test_the_selected_frame_stands_out(scene):
    shown = rows(scene("web"), selected=3)
    assert [g.get("data-frame") for g in shown if g.get("aria-current")] == ["3"]
    lines = PacketList(scene("web"), selected=3).text().splitlines()
    assert [line.split()[:2] for line in lines if line.startswith(">")] == [[">", "3"]]


def test_a_part_of_the_list(scene):
    assert [g.get("data-frame") for g in rows(scene("web"), first=3, last=5)] == ["3", "4", "5"]


def test_a_long_list_is_cut_and_says_how_to_go_on(scene):
    view = PacketList(scene("bulk"), limit=20)
    assert view.text().splitlines()[-1] == "... and 74 more frames: first=21"
    assert "... and 74 more frames: first=21" in view.html()
    assert len(rows(scene("bulk"), limit=20)) == 20


def test_numbers_may_be_absolute(scene):
    assert "SYN seq=1000000" in PacketList(scene("web"), relative=False).text()


def test_hostile_text_stays_text(story):
    story.tcp(0, "alice", "bob", "PSH,ACK", 1, 1, b"<script>x</script>", lost='<b>"&')
    assert "<script>" not in PacketList(story).html()
    assert rows(story)
