"""Tables: columns for a terminal, and the same for a page."""

from xml.etree import ElementTree

from netlab.views.table import Table

NEIGHBOURS = {
    "columns": ("Address", "Hardware address", "Age"),
    "rows": [("10.0.0.2", "02:00:00:00:00:02", 12), ("10.0.0.30", None, 3)],
    "caption": "ARP cache of alice",
    "right": ["Age"],
}


def cells(table):
    root = ElementTree.fromstring(table.html())
    return [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]


def test_the_text_is_aligned_with_the_caption_above_and_the_note_below():
    assert Table(**NEIGHBOURS, note="one is missing").text().splitlines() == [
        "ARP cache of alice",
        "Address    Hardware address   Age",
        "10.0.0.2   02:00:00:00:00:02   12",
        "10.0.0.30                       3",
        "one is missing",
    ]


def test_a_page_shows_the_same_cells_as_a_table_with_headings():
    table = Table(**NEIGHBOURS)
    assert cells(table) == [
        ["Address", "Hardware address", "Age"],
        ["10.0.0.2", "02:00:00:00:00:02", "12"],
        ["10.0.0.30", "", "3"],
    ]
    root = ElementTree.fromstring(table.html())
    assert root.find("table/caption").text == "ARP cache of alice"
    assert {cell.get("scope") for cell in root.iter("th")} == {"col"}
    assert [cell.get("class") for cell in root.iter("td")][:3] == [None, None, "nl-right"]


def test_a_marked_row_stands_out_in_text_and_on_a_page():
    table = Table(**NEIGHBOURS, marked=[1])
    assert [line[:3] for line in table.text().splitlines()[1:]] == ["  A", "  1", "> 1"]
    marks = [row.get("aria-current") for row in ElementTree.fromstring(table.html()).iter("tr")]
    assert marks == [None, None, "true"]


def test_a_column_of_the_text_may_have_a_limit_and_the_page_shows_all_of_it():
    table = Table(("What",), [("a long line of words",)], most={"What": 10})
    assert table.text().splitlines() == ["What", "a long..."]
    assert cells(table)[1] == ["a long line of words"]


def test_a_table_without_rows_shows_its_columns():
    table = Table(("Address", "Age"), [], note="It is empty.")
    assert table.text().splitlines() == ["Address  Age", "It is empty."]
    assert cells(table) == [["Address", "Age"]]


def test_hostile_text_stays_text():
    evil = '<script>"&</script>'
    table = Table((evil,), [(evil,)], caption=evil, note=evil)
    assert "<script>" not in table.html()
    assert cells(table) == [[evil], [evil]]
