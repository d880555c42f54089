"""The bench, driven in JupyterLab as a person does: by mouse, and by keyboard alone."""

import re

import pytest
from playwright.sync_api import Locator, expect

from .conftest import Lab

pytestmark = pytest.mark.browser

SCENE = """
from netlab import experiment
from netlab.units import Mbps, ms
from netlab.widgets import Bench

def echo(host):
    listener = host.socket()
    listener.bind(("", 7))
    listener.listen()
    while True:
        connection, _ = listener.accept()
        while data := connection.recv(4096):
            connection.sendall(data)
        connection.close()

def hello(host):
    socket = host.socket()
    socket.connect(("bob", 7))
    socket.sendall(b"hello")
    socket.recv(5)
    socket.close()

def build(net):
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)
    bob.start(echo, daemon=True)
    return alice

@experiment
def handshake(net):
    build(net).start(hello)

@experiment
def served(net):
    build(net)
"""


def bench(lab: Lab, experiment: str = "handshake") -> Locator:
    """A bench in a notebook of its own, in sight."""
    name = lab.write(
        f"bench-{experiment}.ipynb", SCENE.strip(), f"bench = Bench({experiment}, seed=7)\nbench"
    )
    lab.open(name).run_all()
    shown = lab.page.get_by_role("region", name=f"Bench: {experiment}, seed 7")
    expect(shown.locator(".nlb-panel-time")).to_be_visible()
    shown.evaluate("element => element.scrollIntoView()")
    return shown


def click(bench: Locator, button: str, times: int = 1) -> None:
    """Press a button; each time wait until Python has answered."""
    for _ in range(times):
        bench.get_by_role("button", name=button, exact=True).click()
        settle(bench)


def settle(bench: Locator) -> None:
    """Wait until Python has answered all that it was asked."""
    expect(bench.page.locator("[aria-busy=true]")).to_have_count(0)


def frames(bench: Locator) -> Locator:
    """The frames in the sequence diagram."""
    return bench.get_by_role("listbox").get_by_role("option")


def in_table(bench: Locator, row: str) -> list[str]:
    """A row of the control blocks: what it says for each end."""
    cells = bench.get_by_role("row").filter(
        has=bench.page.get_by_role("rowheader", name=row, exact=True)
    )
    return cells.get_by_role("cell").all_inner_texts()


def execute(lab: Lab, code: str) -> None:
    """Run code in the kernel, as another cell would."""
    lab.page.evaluate(
        "code => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({ code }).done.then(() => null)",
        code,
    )


def states(bench: Locator) -> list[str]:
    return bench.locator(".nlb-pill").all_inner_texts()


def milliseconds(bench: Locator) -> float:
    """The virtual time shown, while it is given in ms."""
    return float(bench.get_by_label("Virtual time").inner_text().removesuffix(" ms"))


def test_step_drop_a_frame_in_flight_and_see_it_sent_again(lab: Lab) -> None:
    shown = bench(lab)
    expect(frames(shown)).to_have_count(0)
    click(shown, "Step to the next frame", times=3)
    expect(frames(shown)).to_have_count(3)
    expect(shown.get_by_label("What has just happened")).to_contain_text(
        "Frame 3: TCP SYN from alice to bob was sent."
    )

    shown.get_by_role("button", name="Frame 3: TCP SYN from alice to bob, in flight").click()
    click(shown, "Drop this frame")
    expect(shown.get_by_label("What has just happened")).to_contain_text("By hand: drop frame 3.")
    expect(shown.locator(".nlb-fate")).to_contain_text("dropped (lost: your hand)")

    click(shown, "Step to the next frame")
    expect(frames(shown).nth(2)).to_have_attribute("aria-label", re.compile("never arrived"))
    again = frames(shown).last
    expect(again).to_have_attribute("aria-label", re.compile("etransmission of 3"))
    expect(shown.get_by_label("Virtual time")).to_have_text("1 s")
    lab.screenshot("bench-dropped", shown)

    again.locator(".nl-hit").click(force=True)
    why = shown.locator(".nlb-why")
    expect(why).to_contain_text("no ACK within the retransmission timeout")
    expect(why).to_contain_text("RFC 6298")
    expect(shown.get_by_label("Contents of the frame")).to_contain_text("Destination")
    click(shown, "Undo what was done last")
    expect(frames(shown)).to_have_count(3)
    assert lab.console == []


def test_going_back_shows_the_state_of_then(lab: Lab) -> None:
    shown = bench(lab)
    click(shown, "Step to the next frame", times=4)
    assert states(shown) == ["SYN_SENT", "SYN_RCVD"]
    then = {
        row: in_table(shown, row) for row in ("state", "snd_una", "snd_nxt", "rcv_nxt", "timers")
    }
    assert then["snd_nxt"] == ["1", "1"]

    click(shown, "To the end")
    assert states(shown) == ["CLOSED", "LISTEN"]
    expect(shown).to_contain_text("Nothing is left to happen.")
    click(shown, "Back to the frame before", times=8)
    assert {row: in_table(shown, row) for row in then} == {
        row: [text.removeprefix("• ") for text in texts] for row, texts in then.items()
    }
    assert states(shown) == ["SYN_SENT", "SYN_RCVD"]

    execute(lab, "bench.session.go_to(6)")
    expect(shown.get_by_label("Virtual time")).to_have_text("40.227 ms")

    slider = shown.get_by_role("slider", name="Moment of the run")
    slider.focus()
    slider.press("Home")
    expect(shown.get_by_label("Virtual time")).to_have_text("0 ms")
    expect(slider).to_have_attribute("aria-valuetext", "moment 0 of 19, 0 ms")
    assert states(shown) == ["", "LISTEN"] or states(shown) == ["", ""]


def test_play_moves_time_and_frames_and_pause_stands_still(lab: Lab) -> None:
    shown = bench(lab)
    shown.get_by_label("Speed").select_option("slow")
    click(shown, "Play")
    expect(shown.locator(".nlb-wire").first).to_be_visible()
    places = shown.evaluate(
        """async bench => {
            const places = new Set();
            for (let look = 0; look < 20; look++) {
                const frame = bench.querySelector('.nlb-wire');
                if (frame) places.add(`${frame.dataset.wire} at ${frame.style.left}`);
                await new Promise(resolve => setTimeout(resolve, 50));
            }
            return [...places];
        }"""
    )
    assert len(places) > 3
    expect(frames(shown).nth(2)).to_be_attached(timeout=20_000)
    shown.get_by_role("button", name="Pause").click()
    settle(shown)
    stopped = milliseconds(shown)
    assert stopped > 20
    lab.page.wait_for_timeout(300)
    assert milliseconds(shown) == stopped

    lab.page.emulate_media(reduced_motion="reduce")
    click(shown, "Play")
    lab.page.wait_for_function(
        "before => parseFloat(document.querySelector('.nlb-clock').textContent) > before",
        arg=stopped,
    )
    shown.get_by_role("button", name="Pause").click()


def test_everything_can_be_done_by_keyboard_and_the_notebook_stays_as_it_is(lab: Lab) -> None:
    shown = bench(lab)
    cells = lab.cells()
    shown.get_by_role("button", name="Play").focus()
    press = lab.page.keyboard.press
    for _ in range(3):
        press("Shift+ArrowRight")
        settle(shown)
    expect(frames(shown)).to_have_count(3)
    press("ArrowLeft")
    expect(frames(shown)).to_have_count(2)
    press("ArrowRight")
    expect(frames(shown)).to_have_count(3)

    ladder = shown.get_by_role("listbox")
    ladder.focus()
    press("ArrowUp")  # from nothing to the last one
    chosen = frames(shown).and_(lab.page.locator("[aria-selected=true]"))
    expect(chosen).to_have_attribute("data-frame", "3")
    expect(ladder).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
    press("d")
    expect(shown.get_by_label("What has just happened")).to_contain_text("By hand: drop frame 3.")
    press("ArrowUp")
    expect(chosen).to_have_attribute("data-frame", "2")
    press("Escape")
    expect(shown.get_by_role("button", name="Close this frame")).to_have_count(0)
    press("End")
    expect(shown).to_contain_text("Nothing is left to happen.")
    press("Home")
    expect(shown.get_by_label("Virtual time")).to_have_text("0 ms")
    expect(shown).to_contain_text("Still to come: By hand: drop frame 3")
    press("?")
    expect(shown.get_by_text("Drop the chosen frame")).to_be_visible()
    for key in ("b", "x", "ArrowDown"):  # JupyterLab's: insert a cell, cut it, go to the next one
        press(key)
    assert lab.cells() == cells


def test_connect_send_receive_and_close_by_hand(lab: Lab) -> None:
    shown = bench(lab, "served")
    calls = shown.get_by_role("group", name="Calls by hand")
    click(shown, "Step one event")
    expect(calls.get_by_label("Where to: host:port")).to_have_value("bob:7")
    click(calls, "Connect")
    click(shown, "To the end")
    assert states(shown) == ["ESTABLISHED", "ESTABLISHED"]

    calls.get_by_label("Text to send").fill("hello")
    click(calls, "Send")
    click(shown, "To the end")
    expect(calls).to_contain_text("7 bytes wait to be received")
    click(calls, "Receive")
    expect(calls).to_contain_text(r'received: "hello\r\n"')
    click(calls, "Close")
    click(shown, "To the end")
    assert states(shown) == ["CLOSED", "LISTEN"]

    calls.get_by_label("Where to: host:port").fill("bob:8")
    click(calls, "Connect")
    click(shown, "To the end")
    expect(shown.get_by_role("alert")).to_contain_text("ConnectionRefusedError")
    calls.get_by_label("Where to: host:port").fill("nowhere")
    click(calls, "Connect")
    expect(shown.get_by_role("alert")).to_contain_text("is written host:port")


def test_the_bench_is_readable_in_both_themes_and_on_a_narrow_page(lab: Lab) -> None:
    lab.page.set_viewport_size({"width": 1280, "height": 2400})  # all of it in one picture
    shown = bench(lab)
    click(shown, "Step to the next frame", times=7)
    shown.get_by_role("button", name=re.compile("^Frame 7: .* in flight$")).click()
    expect(shown.get_by_role("heading", name=re.compile("^Frame 7"))).to_be_visible()
    for theme in ("light", "dark"):
        lab.theme(theme)
        for part in (".nlb-news", ".nlb-next", ".nlb-wire", ".nlb-why", ".nlb-fate", ".nlb-pill"):
            assert contrast(shown.locator(part).first) >= 4.5, f"{part} in the {theme} theme"
        lab.screenshot(f"bench-{theme}", shown)
    lab.theme("light")
    lab.page.set_viewport_size({"width": 800, "height": 3200})
    for part in shown.locator(".nlb-panel").all():
        if part.is_visible():
            width = "element => element.scrollWidth - element.clientWidth"
            assert part.evaluate(width) <= 1, part.get_attribute("class")
    lab.screenshot("bench-narrow", shown)


def contrast(text: Locator) -> float:
    """How far the luminances of a text and of what is behind it are apart (WCAG 2, 1.4.3)."""
    ratio: float = text.evaluate(
        """element => {
            const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
            const luminance = ([r, g, b]) => {
                const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
                return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
            };
            const behind = [];
            for (let each = element; each; each = each.parentElement) {
                behind.unshift(getComputedStyle(each).backgroundColor);
            }
            canvas.fillStyle = 'white';
            canvas.fillRect(0, 0, 1, 1);
            const paint = colour => {
                canvas.fillStyle = colour;
                canvas.fillRect(0, 0, 1, 1);
                return luminance(canvas.getImageData(0, 0, 1, 1).data);
            };
            let paper = 1;
            for (const colour of behind) paper = paint(colour);
            const ink = paint(getComputedStyle(element).color);
            return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        }"""
    )
    return ratio
