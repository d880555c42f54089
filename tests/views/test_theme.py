"""Colours: readable on light and dark paper, and never written into a picture itself."""

import re

import pytest

from netlab.views.packet import PacketView
from netlab.views.packets import PacketList
from netlab.views.sequence import Sequence
from netlab.views.states import StateDiagram
from netlab.views.theme import style

LIGHT_PAPER, DARK_PAPER = "#ffffff", "#111111"
BASE = style()
HUES = {
    name: (on_light, on_dark)
    for name, on_light, on_dark in re.findall(r"--nl-(\w+):light-dark\((#\w+),(#\w+)\)", BASE)
}
WASH = HUES.pop("wash")
del HUES["rule"]  # no text has its colour


def luminance(colour):
    """Relative luminance, as the Web Content Accessibility Guidelines define it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, two):
    bright, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("hue", HUES)
def test_text_in_every_hue_is_readable_on_paper_and_on_the_tinted_ground(hue):
    on_light, on_dark = HUES[hue]
    for text, paper in zip((on_light, on_dark), (LIGHT_PAPER, DARK_PAPER), strict=True):
        assert contrast(text, paper) >= 4.5
    for text, paper in zip((on_light, on_dark), WASH, strict=True):
        assert contrast(text, paper) >= 4.5


def test_a_browser_that_knows_no_light_dark_gets_the_hues_for_light_paper():
    plain = dict(re.findall(r"--nl-(\w+):(#\w+)", BASE))
    assert {hue: plain[hue] for hue in HUES} == {hue: light for hue, (light, _) in HUES.items()}


def test_pictures_take_their_colours_from_the_theme(scene):
    story = scene("faults")
    views = [Sequence(story), PacketView(story.frame(12)), PacketList(story), StateDiagram()]
    for view in views:
        svg = view.html()
        drawing = re.sub(r"<style>.*?</style>", "", svg)
        assert not re.search(r"#[0-9a-fA-F]{3,6}\b", drawing.replace("&#", ""))
        own = svg[svg.index("<style>") : svg.index("</style>")].replace(BASE, "")
        assert not re.search(r"#[0-9a-fA-F]{3,6}\b", own)


def test_the_page_of_jupyterlab_rules_over_light_and_dark():
    assert '[data-jp-theme-light="false"] .nl-view' in BASE
    assert "var(--jp-ui-font-color1,CanvasText)" in BASE
    assert "var(--jp-layout-color0,Canvas)" in BASE


def test_colours_that_a_reader_has_set_hold():
    forced = BASE[BASE.index("@media (forced-colors:active)") :]
    for hue in HUES:
        assert re.search(rf"--nl-{hue}:(CanvasText|LinkText)", forced)


def test_pictures_shrink_with_the_page(scene):
    svg = Sequence(scene("web")).svg()
    assert re.match(r'<svg [^>]*viewBox="0 0 \d+ \d+"', svg)
    assert "max-width:100%;height:auto" in BASE
