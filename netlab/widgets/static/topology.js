// Topology: hosts, cables, and the frames under way, which can be caught.

export default (bench) => {
  const { h } = bench;
  const row = h("div", { class: "nlb-network" });
  let moving = []; // what is under way: { element, frame, right, cable, ahead, width, way }
  let built = "";
  let places = new Map(); // host: its place in the row

  function choose(frame) {
    bench.pause();
    bench.ask({ do: "select", frame });
  }

  /** Hosts in a row with the cables between them; a cable that passes others by goes below. */
  function build(state) {
    const columns = state.hosts.map((_, index) => (index ? "minmax(90px, 1fr) auto" : "auto"));
    row.style.gridTemplateColumns = columns.join(" ");
    const index = new Map(state.hosts.map((host, at) => [host.name, at]));
    const hosts = state.hosts.map((host, at) =>
      h(
        "button",
        {
          type: "button",
          class: "nlb-host",
          style: `grid-column:${2 * at + 1}`,
          "data-host": host.name,
          "data-lm-suppress-shortcuts": "true",
          onclick: () => bench.ask({ do: "select", host: host.name }),
        },
        h("strong", {}, host.name),
        h("span", { class: "nlb-address" }, host.address),
        h("span", { class: "nlb-pill" }),
      ),
    );
    let below = 2;
    const cables = state.cables.map((cable, number) => {
      const [a, b] = cable.ends.map((name) => index.get(name)).sort((x, y) => x - y);
      const line = b - a > 1 ? below++ : 1;
      return h(
        "div",
        {
          class: `nlb-cable ${line > 1 ? "nlb-bypass" : ""}`,
          style: `grid-area:${line}/${2 * a + 2}/auto/${2 * b + 1}`,
          "data-cable": number,
        },
        h("span", { class: "nlb-cable-words" }, cable.words),
      );
    });
    row.replaceChildren(...hosts, ...cables);
    places = index;
  }

  function update(state) {
    const shape = JSON.stringify([state.hosts.map((host) => host.name), state.cables]);
    if (shape !== built) build(state);
    built = shape;
    for (const host of state.hosts) {
      const card = row.querySelector(`[data-host="${CSS.escape(host.name)}"]`);
      const chosen = host.name === state.host;
      card.setAttribute("aria-pressed", chosen);
      card.setAttribute(
        "aria-label",
        [`${host.kind} ${host.name}`, host.address, host.state].filter(Boolean).join(", "),
      );
      card.querySelector(".nlb-address").textContent = host.address;
      const pill = card.querySelector(".nlb-pill");
      pill.textContent = host.state || (host.kind === "Host" ? "" : host.kind.toLowerCase());
      pill.dataset.state = host.state;
    }
    showFrames(state);
  }

  function showFrames(state) {
    const focused = row.contains(document.activeElement) ? document.activeElement.dataset.wire : null;
    row.querySelectorAll(".nlb-wire").forEach((element) => element.remove());
    moving = [];
    for (const frame of [...state.frames, ...state.lost]) {
      const cable = row.querySelector(`[data-cable="${frame.cable}"]`);
      const right = places.get(frame.from) < places.get(frame.to);
      const fate = frame.lost ? "lost" : "in flight";
      const element = h(
        "button",
        {
          type: "button",
          class: `nlb-wire nlb-${frame.protocol.toLowerCase()} ${right ? "nlb-right" : "nlb-left"} ${frame.lost ? "nlb-lost" : ""}`,
          "aria-label": `Frame ${frame.id}: ${frame.label} from ${frame.from} to ${frame.to}, ${fate}`,
          "aria-pressed": frame.id === state.frame,
          title: `Frame ${frame.id}: ${frame.label}, ${fate}${frame.fault ? `; ${frame.fault}` : ""}`,
          "data-wire": frame.id,
          "data-lm-suppress-shortcuts": "true",
          onclick: () => choose(frame.id),
        },
        frame.lost ? bench.icon("drop") : null,
        h("b", {}, frame.id),
        h("span", {}, shortened(frame.label)),
      );
      cable.append(element);
      moving.push({ element, frame, right, cable });
      if (focused === String(frame.id)) element.focus();
    }
    if (focused && !row.contains(document.activeElement)) bench.root.focus();
    moving.sort((a, b) => a.frame.arrives - b.frame.arrives);
    couple();
    tick(state.now);
  }

  function shortened(label) {
    const text = label.replace(/^TCP /, "").replace(/, (\d+) bytes$/, " $1 B");
    return text.length > 20 ? `${text.slice(0, 18)}...` : text;
  }

  /** What was sent one right after the other goes like the cars of a train, so that each can be seen. */
  function couple() {
    for (const cable of row.querySelectorAll(".nlb-cable")) {
      for (const right of [true, false]) {
        const train = moving.filter((it) => it.cable === cable && it.right === right);
        const narrow = train.length * 110 > cable.clientWidth;
        for (const { element } of train) element.classList.toggle("nlb-narrow", narrow);
        train.forEach((it, index) => {
          it.ahead = train[index - 1];
          it.width = (it.element.offsetWidth + 4) / Math.max(1, cable.clientWidth);
        });
      }
    }
  }

  function tick(time) {
    for (const it of moving) {
      const { frame, ahead } = it;
      const way = (time - frame.sent) / Math.max(1, frame.arrives - frame.sent);
      it.way = Math.max(0, Math.min(1, way, ahead ? ahead.way - (ahead.width + it.width) / 2 : 1));
      it.element.style.left = `${100 * (it.right ? it.way : 1 - it.way)}%`;
    }
  }

  return { element: row, update, tick };
};
