"""Each lesson as a student sees it: opened in JupyterLab, all cells run, in both themes."""

import pytest
from playwright.sync_api import expect

from .conftest import Lab

pytestmark = pytest.mark.browser

LESSONS = ("00-tour", "07-handshake")


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_to_its_end_and_shows_its_pictures_and_its_bench(
    lab: Lab, lesson: str
) -> None:
    lab.open(f"notebooks/{lesson}.ipynb").run_all()
    page = lab.page
    expect(page.locator(".nl-sequence").first).to_be_visible()
    expect(page.get_by_role("region", name="Bench: ")).to_be_visible()
    for theme in ("light", "dark"):
        lab.theme(theme)
        for number, picture in enumerate(page.locator(".nl-view, .nl-comparison").all()):
            picture.scroll_into_view_if_needed()
            if number < 12:
                lab.screenshot(f"{lesson}-{theme}-{number:02}", of=picture)
