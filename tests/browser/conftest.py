"""JupyterLab in a real browser: one server and one Chromium for all tests, a fresh page for each.

JupyterLab is driven by its own commands and promises, not by its menus, so that a test waits for
what it needs and no longer. Every request that would leave this machine is stopped, and fails the
test.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Route, sync_playwright

from tests import programs

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"

CHROMIUM_OPTIONS = (
    "--no-sandbox",  # Chromium refuses one to root, as whom a container runs it.
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)

# A person's settings, as JupyterLab keeps them: every cell is in the page, also those out of sight.
SETTINGS = {"@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"}}


@dataclass(slots=True)
class Server:
    """A running JupyterLab: its address, and the folder that it shows."""

    url: str
    folder: Path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab on a copy of the notebooks, apart from the settings of whoever runs the tests."""
    home = tmp_path_factory.mktemp("jupyter")
    folder = home / "course"
    folder.mkdir()
    for name in ("notebooks", "exercises"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
    for name, settings in SETTINGS.items():
        file = home / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))
    url = f"http://127.0.0.1:{free_port()}"
    log = home / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ip=127.0.0.1", f"--port={url.rpartition(':')[2]}"),
                *(f"--ServerApp.root_dir={folder}", "--ServerApp.port_retries=0"),
                *("--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"),
            ],
            env={
                **os.environ,
                "IPYTHONDIR": str(home / "ipython"),
                "JUPYTER_CONFIG_DIR": str(home / "config"),
                "JUPYTER_DATA_DIR": str(home / "data"),
                "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
                "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
                "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_up(url, process, log)
        yield Server(url, folder)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path, seconds: int = 60) -> None:
    """Return when the server at `url` answers; fail with its log when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/api/status", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not come up at {url}:\n{log.read_text()}", pytrace=False)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=programs.chromium(), args=[*CHROMIUM_OPTIONS]
        )
        yield browser
        browser.close()


class Lab:
    """One notebook at a time, open in JupyterLab, in a page of its own."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.console: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"warning", "error"}:
            self.console.append(f"{message.type}: {message.text}")

    def write(self, name: str, *cells: str) -> str:
        """Make a notebook `name` of code cells, to be opened; returns the name."""
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        notebook.cells = [
            nbformat.v4.new_code_cell(source, id=f"cell-{number}")
            for number, source in enumerate(cells)
        ]
        nbformat.write(notebook, self.server.folder / name)
        return name

    def open(self, name: str) -> "Lab":
        """Open the notebook at the path `name`, alone, and wait until its kernel is ready."""
        self.page.goto(f"{self.server.url}/doc/tree/{name}?reset", wait_until="domcontentloaded")
        self.page.wait_for_function("() => window.jupyterapp !== undefined", timeout=60_000)
        self.page.evaluate(
            """async () => {
                const app = window.jupyterapp;
                await app.restored;
                const deadline = Date.now() + 60_000;
                for (;;) {
                    const panel = app.shell.currentWidget;
                    const session = panel?.sessionContext;
                    const status = session?.session?.kernel?.status;
                    if (panel?.context?.isReady && session.isReady && status === 'idle') return;
                    const question = document.querySelector('.jp-Dialog')?.innerText;
                    if (question) throw new Error(`JupyterLab asks: ${question}`);
                    if (Date.now() > deadline) throw new Error(`not ready, its kernel: ${status}`);
                    await new Promise(resolve => setTimeout(resolve, 50));
                }
            }"""
        )
        return self

    def run_all(self) -> "Lab":
        """Run every cell and wait for the last; fail with the traceback of a cell that raises.

        A kernel may call itself idle just before it takes requests, and a run is then lost: it is
        asked again until a cell has a number.
        """
        for _ in range(10):
            self.command("notebook:run-all-cells")
            code = [cell for cell in self.cells() if cell["cell_type"] == "code" and cell["source"]]
            if not code or any(cell["execution_count"] for cell in code):
                break
            self.page.wait_for_timeout(500)
        for number, cell in enumerate(self.cells()):
            for output in cell.get("outputs", ()):
                if output["output_type"] == "error":
                    pytest.fail(f"cell {number}:\n" + "\n".join(output["traceback"]), pytrace=False)
        return self

    def cells(self) -> list[dict[str, Any]]:
        """The cells as they would be saved now: sources, outputs, execution counts."""
        cells: list[dict[str, Any]] = self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"
        )
        return cells

    def command(self, name: str, **arguments: object) -> None:
        """Carry out one of JupyterLab's commands, and wait until it is done."""
        self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }",
            [name, arguments],
        )

    def theme(self, name: str) -> None:
        """Change to the theme `light` or `dark`, and wait until the page shows it."""
        self.command("apputils:change-theme", theme=f"JupyterLab {name.capitalize()}")
        light = "true" if name == "light" else "false"
        self.page.locator(f"body[data-jp-theme-light='{light}']").wait_for(state="attached")

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Keep a picture of the page, or of one part of it, as build/screenshots/NAME.png."""
        path = SCREENSHOTS / f"{name}.png"
        (of or self.page).screenshot(path=path)
        return path


@pytest.fixture
def lab(chromium: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """JupyterLab in a fresh page, where nothing is open yet; a failed test leaves a screenshot."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1600})
    outside: list[str] = []

    def stop(route: Route) -> None:
        outside.append(route.request.url)
        route.abort()

    context.route(lambda url: not url.startswith((server.url, "blob:", "data:")), stop)
    page = context.new_page()
    page.set_default_timeout(20_000)
    lab = Lab(page, server)
    failed_before = request.session.testsfailed
    yield lab
    if request.session.testsfailed > failed_before:
        lab.screenshot(f"failed-{request.node.name}")
        print("The browser's console:", *lab.console, sep="\n")
    page.evaluate("async () => window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()")
    context.close()
    assert outside == [], "the page asked for what is not on this machine"
