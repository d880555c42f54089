"""A long run shows in a notebook how far it has come; elsewhere nothing is shown by itself."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from netlab import Network
from netlab.sim.clock import PROGRESS_EVERY, Clock

HOME = Path(__file__).parents[1]

A_LONG_RUN = f"""
from netlab import Network
net = Network()
left = {2 * PROGRESS_EVERY + 5}
def again(_):
    global left
    left -= 1
    if left:
        net.sim.clock.call_at(net.now + 1_000_000, again)
net.sim.clock.call_at(0, again)
"""


class Recorder(nbclient.NotebookClient):
    """Keeps the messages that show something, in the order in which they come."""

    def process_message(self, message: Any, cell: Any, cell_index: int) -> Any:
        self.__dict__.setdefault("shown", []).append((message["msg_type"], message["content"]))
        return super().process_message(message, cell, cell_index)


def run_in_a_kernel(*cells: str) -> tuple[Any, list[tuple[str, str]]]:
    """The notebook after it was run, and what was displayed as it ran."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = Recorder(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": HOME}}
    )
    client.execute()
    displayed = [
        (kind, content["data"]["text/plain"])
        for kind, content in client.__dict__["shown"]
        if kind in ("display_data", "update_display_data")
    ]
    return notebook, displayed


def test_a_long_run_shows_a_line_that_moves_on_and_is_empty_at_the_end() -> None:
    notebook, displayed = run_in_a_kernel(A_LONG_RUN, "net.run()", "net.run(until=net.now + 5)")
    kinds, texts = zip(*displayed, strict=True)
    assert kinds == ("display_data", "update_display_data", "update_display_data")
    assert texts[0].startswith("Virtual time 19.999 s, 20,000 events so far.")
    assert texts[1].startswith("Virtual time 39.999 s, 40,000 events so far.")
    assert texts[2] == ""
    (output,) = notebook.cells[1].outputs
    assert output["data"]["text/plain"] == ""
    assert notebook.cells[2].outputs == []


def test_interrupting_a_cell_leaves_a_network_that_can_go_on() -> None:
    """Jupyter's stop button is a SIGINT to the kernel; here the cell presses it itself."""
    notebook, _ = run_in_a_kernel(
        A_LONG_RUN
        + """
import signal
net.sim.clock.call_at(10_000_000_000, lambda _: signal.raise_signal(signal.SIGINT))
""",
        """
try:
    net.run()
except KeyboardInterrupt:
    print("interrupted at", net.now)
""",
        "net.run(); print(left, net.now)",
    )
    stopped, ended = (
        "".join(output.get("text", "") for output in cell.outputs) for cell in notebook.cells[1:]
    )
    assert stopped == "interrupted at 10000000000\n"
    assert ended == f"0 {(2 * PROGRESS_EVERY + 4) * 1_000_000}\n"


def test_the_kernels_event_loop_goes_on_undisturbed_by_a_block_on_a_host() -> None:
    notebook, _ = run_in_a_kernel(
        """
import asyncio, socket, time
from netlab import Network, on
net = Network()
alice = net.host("alice", "10.0.0.1/24")
real = socket.socket
ticks = []
async def tick():
    while True:
        await asyncio.sleep(0.005)
        ticks.append(time.monotonic() > 100)
task = asyncio.create_task(tick())
""",
        """
with on(alice):
    print(socket.gethostname(), alice.ping("localhost", count=1).rtts)
    time.sleep(3600)
    await asyncio.sleep(0.05)
print(len(ticks) > 2, all(ticks), socket.socket is real, net.now)
task.cancel();
""",
        "print('the kernel still answers')",
    )
    texts = ["".join(o.get("text", "") for o in cell.outputs) for cell in notebook.cells]
    assert texts == [
        "",
        "alice [0]\nTrue True True 3600000000000\n",
        "the kernel still answers\n",
    ]


def test_elsewhere_nothing_is_shown() -> None:
    run = subprocess.run(
        [sys.executable, "-c", A_LONG_RUN + "net.run()"],
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (run.stdout, run.stderr) == ("", "")


def test_anybody_may_listen_to_the_progress() -> None:
    net = Network()
    reports: list[tuple[int, bool]] = []

    def listen(clock: Clock) -> None:
        reports.append((clock.now, clock.running))

    net.on_progress(listen)
    for time in range(PROGRESS_EVERY + 3):
        net.sim.clock.call_at(time, lambda _: None)
    net.run()
    assert reports == [(PROGRESS_EVERY - 1, True), (PROGRESS_EVERY + 2, False)]
