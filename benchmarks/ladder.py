"""Drawing a trace as a sequence diagram, against Graphviz doing the same.

Two hosts exchange short messages through netlab; the first 50, 500 and 5,000 frames are drawn, with
nothing folded, by `trace.sequence()`; and as a graph of pinned places by `neato -n2`, and of ranks
by `dot`, through the `graphviz` package. Each picture has every frame as an arrow with its label.

Times are medians. netlab's are CPU time in this process, from the frames to the text of the SVG:
labels with what each frame means (what was sent before, what was lost), states, timers, the time
axis, places where no label meets an arrow. Parsing, which happens once for each frame, is apart.
Graphviz's are from the call to the picture, since it is another process that works; it is given
labels and places, and draws.
"""

import socket
import statistics
import sys
import time
from collections.abc import Callable

import graphviz

from netlab import Network, on
from netlab.trace.trace import Trace
from netlab.units import Mbps, ms
from netlab.views import dot
from netlab.views.reading import Reader

SIZES = (50, 500, 5_000)
ROUNDS = 7
DOT_LIMIT = 500  # `dot` needs time that grows with more than the square: minutes for 5,000


def conversation(frames: int) -> Trace:
    """A trace of at least `frames` frames: questions and answers of a few bytes over TCP."""
    net = Network(seed=1)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)

    def answer(host):
        listener = host.socket()
        listener.bind(("", 7))
        listener.listen()
        connection, _ = listener.accept()
        while data := connection.recv(100):
            connection.sendall(data)
        connection.close()

    bob.start(answer)
    with on(alice):
        connection = socket.create_connection(("bob", 7))
        for number in range(frames // 2):
            connection.sendall(number.to_bytes(20, "big"))
            connection.recv(100)
        connection.close()
    return net.trace


def messages(trace: Trace, size: int) -> list[tuple[int, int, bool, str]]:
    """When each was sent and arrived (ns), whether from left to right, and its label."""
    frames = trace.frames[:size]
    return [
        (it.frame.time, it.frame.arrival, it.frame.sender == "alice", it.words)
        for it in Reader().read(frames)
    ]


def pinned(rows: list[tuple[int, int, bool, str]]) -> str:
    """The picture for `neato -n2`: all places are given, labels are nodes of their own."""
    lines = ["digraph{splines=false;node[shape=point,width=0];"]
    for number, (_, _, rightward, label) in enumerate(rows):
        y = -30 * number
        x, z = (0, 400) if rightward else (400, 0)
        lines.append(
            f'a{number}[pos="{x},{y}!"];b{number}[pos="{z},{y - 20}!"];'
            f'l{number}[shape=plain,label="{label}",pos="200,{y}!"];a{number}->b{number};'
        )
    return "".join(lines) + "}"


def ranked(rows: list[tuple[int, int, bool, str]]) -> str:
    """The picture for `dot`: two columns of points, one rank a message."""
    lines = ["digraph{node[shape=point];edge[weight=9,arrowhead=none];"]
    count = range(len(rows))
    lines.append("->".join(f"a{number}" for number in count) + ";")
    lines.append("->".join(f"b{number}" for number in count) + ";edge[weight=0,arrowhead=normal];")
    for number, (_, _, rightward, label) in enumerate(rows):
        tail, head = (f"a{number}", f"b{number}") if rightward else (f"b{number}", f"a{number}")
        lines.append(f'{{rank=same;{tail}->{head}[label="{label}"]}}')
    return "".join(lines) + "}"


def median(run: Callable[[], object], clock: Callable[[], float]) -> float:
    """Milliseconds."""
    times = []
    for _ in range(ROUNDS):
        start = clock()
        run()
        times.append(clock() - start)
    return 1000 * statistics.median(times)


def main() -> None:
    print(f"Python {sys.version.split()[0]}, Graphviz: {dot.find()}\n")
    print("frames  parsing ms  drawing ms  B/frame   neato -n2 ms  ratio   dot ms  ratio")
    for size in SIZES:
        trace = conversation(size)
        start = time.process_time()
        for frame in trace.frames:
            frame.summary  # noqa: B018 (parses the layers, once and for all)
        parsing = 1000 * (time.process_time() - start)
        view = trace.sequence(last=size, fold=False)
        rows = messages(trace, size)
        ours = median(view.svg, time.process_time)
        source = pinned(rows)
        neato = median(
            lambda source=source: graphviz.pipe("neato", "svg", source.encode(), neato_no_op=2),
            time.perf_counter,
        )
        line = f"{size:6,} {parsing:11.2f} {ours:11.2f} {len(view.svg()) / size:8.0f}"
        line += f" {neato:14.0f} {neato / ours:5.1f}x"
        if size <= DOT_LIMIT:
            source = ranked(rows)
            layers = median(
                lambda source=source: graphviz.pipe("dot", "svg", source.encode()),
                time.perf_counter,
            )
            line += f" {layers:8.0f} {layers / ours:5.1f}x"
        else:
            line += "  not run: dot takes minutes for so many"
        print(line)


if __name__ == "__main__":
    main()
