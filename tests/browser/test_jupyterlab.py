"""What every other test in the browser rests on: a notebook opens, and runs."""

import pytest
from playwright.sync_api import expect

from .conftest import Lab

pytestmark = pytest.mark.browser


def test_a_notebook_runs_to_its_last_cell(lab: Lab) -> None:
    lab.open(lab.write("runs.ipynb", "import netlab", "6 * 7")).run_all()
    (output,) = lab.cells()[-1]["outputs"]
    assert output["data"]["text/plain"] == "42"


def test_a_cell_that_raises_fails_the_test_with_its_traceback(lab: Lab) -> None:
    lab.open(lab.write("raises.ipynb", "1 / 0"))
    with pytest.raises(pytest.fail.Exception, match="ZeroDivisionError"):
        lab.run_all()


def test_a_widget_talks_to_python_and_back(lab: Lab) -> None:
    cell = """
        import ipywidgets
        button = ipywidgets.Button(description="send").add_class("press")
        label = ipywidgets.Label("nothing yet").add_class("answer")
        button.on_click(lambda _: setattr(label, "value", "sent"))
        ipywidgets.VBox([button, label])
    """
    lab.open(lab.write("widget.ipynb", "\n".join(map(str.strip, cell.splitlines())))).run_all()
    lab.page.locator(".press").click()
    expect(lab.page.locator(".answer")).to_have_text("sent")


def test_a_small_module_of_javascript_is_shown_in_both_themes(lab: Lab) -> None:
    script = (
        "export default { render({ el }) { el.className = 'shown'; el.textContent = 'here'; } }"
    )
    cell = f"import anywidget\nclass W(anywidget.AnyWidget):\n    _esm = {script!r}\nW()"
    lab.open(lab.write("module.ipynb", cell)).run_all()
    shown = lab.page.locator(".shown")
    colours = {}
    for theme in ("light", "dark"):
        lab.theme(theme)
        expect(shown).to_have_text("here")
        colours[theme] = lab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colours["light"] != colours["dark"]


def test_the_environment_that_make_builds_asks_no_question_about_news(lab: Lab) -> None:
    lab.open(lab.write("quiet.ipynb", "1")).run_all()
    lab.page.wait_for_timeout(3_000)  # It would come a moment after the start.
    expect(lab.page.locator(".Toastify__toast")).to_have_count(0)
