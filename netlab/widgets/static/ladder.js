// Ladder: the sequence diagram. Frames under way grow as time passes; any frame can be chosen.

export default (bench) => {
  const { h } = bench;
  const paper = h("div", {
    class: "nlb-paper",
    role: "listbox",
    tabindex: "0",
    "aria-label": "Sequence diagram: arrow up and down choose a frame",
    "data-lm-suppress-shortcuts": "true",
    onclick: (event) => {
      const id = event.target.closest("[data-frame]")?.dataset.frame;
      if (id) choose(Number(id));
    },
    onkeydown: onKey,
  });
  const prefix = `nlb-${Math.random().toString(36).slice(2)}`; // ids are the whole page's
  let state = {};
  let growing = [];
  let edge = null; // what ends at the line of now, and moves down with it

  function choose(frame) {
    bench.pause();
    bench.ask({ do: "select", frame });
  }

  function onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (!(event.key in steps) || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const ids = options().map((option) => Number(option.dataset.frame));
    if (!ids.length) return;
    const at = ids.indexOf(state.frame);
    const to = at < 0 ? (steps[event.key] > 0 ? 0 : ids.length - 1) : at + steps[event.key];
    if (to >= 0 && to < ids.length) choose(ids[to]);
  }

  const options = () => [...paper.querySelectorAll("[data-frame]")];

  function update(now) {
    const follow = paper.scrollHeight - paper.scrollTop - paper.clientHeight < 80;
    const moved = now.now !== state.now;
    const chosen = now.frame !== state.frame;
    state = now;
    paper.innerHTML = state.svg;
    for (const option of options()) {
      option.setAttribute("role", "option");
      option.setAttribute("aria-label", option.querySelector("title")?.textContent ?? "");
      option.id = `${prefix}-${option.dataset.frame}`;
      option.setAttribute("aria-selected", Number(option.dataset.frame) === state.frame);
    }
    const selected = paper.querySelector('[aria-selected="true"]');
    if (selected) paper.setAttribute("aria-activedescendant", selected.id);
    else paper.removeAttribute("aria-activedescendant");
    const unfinished = options().filter((option) => option.querySelector(".nl-rest"));
    for (const option of unfinished) {
      option.classList.toggle("nl-lost", !(option.dataset.frame in state.flights)); // struck just now
    }
    growing = unfinished.filter((option) => option.dataset.frame in state.flights).map(arrow);
    edge = lowerEdge();
    if (chosen && selected) reveal(selected);
    else if (moved && follow) paper.scrollTop = paper.scrollHeight;
  }

  /** Scroll just so far that `element` is in sight; the page itself stays where it is. */
  function reveal(element) {
    const inner = element.getBoundingClientRect();
    const outer = paper.getBoundingClientRect();
    if (inner.top < outer.top + 70) paper.scrollTop += inner.top - outer.top - 70;
    else if (inner.bottom > outer.bottom - 20) paper.scrollTop += inner.bottom - outer.bottom + 20;
  }

  /** The parts of an arrow that is under way: from where it starts to where it will arrive. */
  function arrow(group) {
    const numbers = (path) => path.getAttribute("d").match(/-?[\d.]+/g).map(Number);
    const rest = group.querySelector(".nl-rest");
    const [xa, ya] = numbers(group.querySelector(".nl-line"));
    const [, , xb, yb] = numbers(rest);
    const [sent, arrives] = state.flights[group.dataset.frame];
    const dot = group.querySelector(".nl-dot");
    const lines = group.querySelectorAll(".nl-line, .nl-hit, .nl-core");
    return { lines, rest, dot, xa, ya, xb, yb, sent, arrives };
  }

  function tick(time) {
    let lowest = 0;
    for (const { lines, rest, dot, xa, ya, xb, yb, sent, arrives } of growing) {
      const way = Math.max(0, Math.min(1, (time - sent) / Math.max(1, arrives - sent)));
      const x = xa + way * (xb - xa);
      const y = ya + way * (yb - ya);
      for (const line of lines) line.setAttribute("d", `M${xa} ${ya}L${x} ${y}`);
      rest.setAttribute("d", `M${x} ${y}L${xb} ${yb}`);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      lowest = Math.max(lowest, y);
    }
    if (edge && lowest > edge.y) lower(lowest - edge.y, time);
  }

  /** The line of now with its words, and the bars of states and brackets of timers that end there. */
  function lowerEdge() {
    const line = paper.querySelector(".nl-now");
    if (!line) return null;
    const y = Number(line.getAttribute("y1"));
    const bars = [...paper.querySelectorAll(".nl-bar")]
      .map((bar) => [bar, Number(bar.getAttribute("height")), Number(bar.getAttribute("y"))])
      .filter(([, height, top]) => Math.abs(top + height - y) < 3);
    const brackets = [...paper.querySelectorAll("path.nl-pending")]
      .map((path) => [path, path.getAttribute("d")])
      .filter(([, d]) => d.endsWith(`V${y}`));
    return { line, words: paper.querySelector(".nl-now-words"), y, bars, brackets };
  }

  function lower(by, time) {
    for (const element of [edge.line, edge.words]) {
      element?.setAttribute("transform", `translate(0 ${by})`);
    }
    if (edge.words) edge.words.textContent = `now ${bench.show(time)}`;
    for (const [bar, height] of edge.bars) bar.setAttribute("height", height + by);
    for (const [path, d] of edge.brackets) path.setAttribute("d", d.replace(/V[^V]*$/, `V${edge.y + by}`));
  }

  const widen = bench.button({
    label: "Widen the sequence diagram",
    icon: "wide",
    keys: "w",
    "aria-pressed": false,
    class: "nlb-button nlb-square nlb-widen",
    does: () => {
      bench.wide = !bench.wide;
      bench.fit();
      widen.setAttribute("aria-pressed", bench.wide);
      paper.scrollTop = paper.scrollHeight;
    },
  });
  bench.key("w", "Widen the sequence diagram, or narrow it", () => widen.click());
  return { element: h("div", { class: "nlb-ladder" }, paper, widen), update, tick };
};
