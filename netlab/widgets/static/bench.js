// The bench: it sets out the panels, carries messages to Python and back, and gives all panels one
// time. What a panel shows and does is in the module of its name; each is a function of the bench
// that returns { element, update(state), tick(time) }, of which `tick` may be missing.

/** An element with attributes and children. A function is a listener; null is left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name.startsWith("aria-")) element.setAttribute(name, value); // "false" is a value there
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const ICONS = {
  start: "M6 5v14M19 5l-9 7 9 7z",
  "frame back": "M11 6l-7 6 7 6zM20 6l-7 6 7 6z",
  back: "M16 5l-9 7 9 7z",
  play: "M7 4l13 8-13 8z",
  pause: "M7 5h3v14H7zM14 5h3v14h-3z",
  step: "M8 5l9 7-9 7z",
  frame: "M4 6l7 6-7 6zM13 6l7 6-7 6z",
  end: "M18 5v14M5 5l9 7-9 7z",
  undo: "M4 9h10a6 6 0 0 1 0 12H8M4 9l5-5M4 9l5 5",
  keys: "M3 6h18v12H3zM7 10h.1M11 10h.1M15 10h.1M8 14h8",
  drop: "M5 5l14 14M19 5L5 19",
  delay: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l4 3",
  duplicate: "M9 9h11v11H9zM15 5V4H4v11h1",
  wide: "M3 5v14M21 5v14M7 12h10M7 12l3-3M7 12l3 3M17 12l-3-3M17 12l-3 3",
  close: "M6 6l12 12M18 6L6 18",
  alert: "M12 3l10 18H2zM12 10v5M12 17.8v.4",
};
const SOLID = new Set(["start", "frame back", "back", "play", "pause", "step", "frame", "end"]);

/** A drawing for a button; what it means must stand in the button's label. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `nlb-icon${SOLID.has(name) ? " nlb-solid" : ""}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A time in ns for people to read, with three decimals at most. */
export function show(time) {
  if (time < 0) return `-${show(-time)}`;
  if (time === 0) return "0 ms";
  const decimals = (value) => value.toFixed(3).replace(/\.?0+$/, "");
  if (time < 1e3) return `${Math.round(time)} ns`;
  if (time < 1e6) return `${decimals(time / 1e3)} us`;
  if (time < 1e9) return `${decimals(time / 1e6)} ms`;
  if (time < 60e9) return `${decimals(time / 1e9)} s`;
  const minutes = Math.floor(time / 60e9);
  const rest = time - minutes * 60e9;
  return rest < 1e6 ? `${minutes} min` : `${minutes} min ${decimals(rest / 1e9)} s`;
}

const TWO_COLUMNS = 1340; // px that the sequence diagram and the panels beside it need
const ONE_COLUMN = 700; // px below which not even two small panels stand side by side
const PATIENCE = 4000; // ms until the page says that Python hasn't answered

class Bench {
  constructor(model, el) {
    this.model = model;
    this.keys = new Map(); // key: [what it does, in words], anywhere in the bench where nobody types
    this.panels = new Map();
    this.shown = new Map(); // the state that each panel shows
    this.waiting = null; // the message that Python hasn't answered yet
    this.queue = [];
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.h = h;
    this.icon = icon;
    this.show = show;
    this.message = h("div", { class: "nlb-problem", role: "alert", hidden: true });
    this.slow = h("p", { class: "nlb-slow", hidden: true }, "Python is busy, or its kernel has ended.");
    this.root = h(
      "div",
      {
        class: "nl-view nlb",
        role: "region",
        tabindex: "-1",
        "aria-label": "Bench",
        "data-lm-suppress-shortcuts": "true", // or JupyterLab takes the keys for its cells
        onkeydown: (event) => this.onKey(event),
      },
      this.message,
      this.slow,
    );
    const places = ["top", "chosen", "main", "side", "bottom"];
    this.places = Object.fromEntries(places.map((name) => [name, h("div", { class: `nlb-${name}` })]));
    const { top, chosen, main, side, bottom } = this.places;
    this.root.append(top, h("div", { class: "nlb-body" }, chosen, main, side), bottom);
    this.wide = false; // whether a person wants the sequence diagram as wide as it can be
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(this.root);
    el.append(this.root);
  }

  async build() {
    for (const [name, module] of Object.entries(this.model.get("modules"))) {
      const url = URL.createObjectURL(new Blob([module.source], { type: "text/javascript" }));
      const panel = (await import(url)).default(this);
      URL.revokeObjectURL(url);
      const place = this.places[module.place];
      const section = h(
        "section",
        { class: `nlb-panel nlb-panel-${name}`, "aria-label": module.title },
        panel.element,
      );
      this.panels.set(name, { ...panel, section });
      place.append(section);
    }
    this.onAnswer = () => this.answered();
    this.onShown = () => this.update(); // also without a question: another cell moved the session
    this.onProblem = () => this.tell(this.model.get("problem"));
    this.model.on("change:answered", this.onAnswer);
    this.model.on("change:problem", this.onProblem);
    this.model.on("change:shown", this.onShown);
    this.update();
    this.onProblem();
  }

  /** Side by side where all can be read so, else one below the other. */
  fit() {
    const width = this.root.clientWidth;
    this.root.classList.toggle("nlb-stacked", this.wide || width < TWO_COLUMNS);
    this.root.classList.toggle("nlb-slim", width < ONE_COLUMN);
  }

  close() {
    this.closed = true;
    this.resized.disconnect();
    clearTimeout(this.timer);
    this.model.off("change:answered", this.onAnswer);
    this.model.off("change:problem", this.onProblem);
    this.model.off("change:shown", this.onShown);
  }

  // --- messages ---------------------------------------------------------------------------------

  /** Have Python do something. One message is under way at a time; resolves when it is answered. */
  ask(message) {
    const { promise, resolve } = withResolvers();
    const last = this.queue.at(-1);
    if (last && last.message.do === message.do && OVERTAKES.has(message.do)) {
      last.message = message; // only the latest place of a slider counts
      last.resolve.push(resolve);
    } else {
      this.queue.push({ message, resolve: [resolve] });
    }
    this.sendNext();
    return promise;
  }

  sendNext() {
    if (this.waiting || !this.queue.length || this.closed) return;
    this.waiting = this.queue.shift();
    this.root.setAttribute("aria-busy", "true");
    this.timer = setTimeout(() => (this.slow.hidden = false), PATIENCE);
    this.model.send(this.waiting.message);
  }

  answered() {
    const answered = this.waiting;
    this.waiting = null;
    clearTimeout(this.timer);
    this.slow.hidden = true;
    this.root.removeAttribute("aria-busy");
    this.update();
    answered?.resolve.forEach((resolve) => resolve());
    this.sendNext();
  }

  // --- showing ----------------------------------------------------------------------------------

  /** Show what has changed. */
  update() {
    for (const [name, panel] of this.panels) {
      const state = this.model.get(`panel_${name}`);
      if (this.shown.get(name) === state) continue;
      this.shown.set(name, state);
      panel.section.querySelector(".nlb-broken")?.remove();
      if (state.broken) {
        panel.section.append(h("pre", { class: "nlb-broken", role: "alert" }, state.broken));
      } else {
        this.guard(() => panel.update(state));
      }
    }
  }

  /** It is `time` (ns) now: everything that moves, moves. */
  tick(time) {
    for (const panel of this.panels.values()) panel.tick?.(time);
  }

  /** Show an error; "" takes it away. */
  tell(problem) {
    const [first, ...rest] = problem.split("\n");
    this.message.hidden = !problem;
    this.message.replaceChildren(
      icon("alert"),
      h(
        "div",
        {},
        h("strong", {}, first),
        rest.length ? h("details", {}, h("summary", {}, "where"), h("pre", {}, rest.join("\n"))) : null,
      ),
      h(
        "button",
        { class: "nlb-button nlb-bare", "aria-label": "Dismiss", onclick: () => this.tell("") },
        icon("close"),
      ),
    );
  }

  /** Stop what moves by itself. The panel that makes it move puts its own in this place. */
  pause() {}

  /** Call `action`; an error in it is shown and not lost. */
  guard(action) {
    try {
      return action();
    } catch (error) {
      this.tell(`${error}\n${error.stack ?? ""}`);
      return undefined;
    }
  }

  // --- acting -----------------------------------------------------------------------------------

  /** A button that shows an icon, a text, or both. `label` is its whole name. */
  button({ label, does, icon: name = null, text = "", keys = "", ...attributes }) {
    return h(
      "button",
      {
        type: "button",
        class: `nlb-button ${text ? "" : "nlb-square"}`,
        "aria-label": label,
        "aria-keyshortcuts": keys || null,
        title: keys ? `${label} (${keys})` : label,
        "data-lm-suppress-shortcuts": "true",
        onclick: (event) => isOff(event.currentTarget) || this.guard(() => does(event)),
        ...attributes,
      },
      name ? icon(name) : null,
      text ? h("span", {}, text) : null,
    );
  }

  /** Switch buttons off or on. One that is off keeps the focus, or whoever uses keys would lose it. */
  off(buttons, off) {
    for (const button of buttons) button.setAttribute("aria-disabled", Boolean(off));
  }

  /** Let a key do something, anywhere in the bench. */
  key(name, words, does) {
    this.keys.set(name, [does, words]);
  }

  onKey(event) {
    if (event.altKey || event.metaKey || event.ctrlKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === " " && event.target.closest("button, summary")) return;
    const name = event.key === " " ? "Space" : event.key;
    const [does] = this.keys.get(event.shiftKey && name.length > 1 ? `Shift+${name}` : name) ?? [];
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    this.guard(does);
  }
}

const isOff = (button) => button.getAttribute("aria-disabled") === "true";

const OVERTAKES = new Set(["moment", "select"]);

function withResolvers() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}

export default {
  async render({ model, el }) {
    const bench = new Bench(model, el);
    try {
      await bench.build();
    } catch (error) {
      bench.tell(`The bench can't be shown: ${error}\n${error.stack ?? ""}`);
    }
    return () => bench.close();
  },
};
