// Time: step, play, back, the slider, and what has just happened.

const SPEEDS = { slow: 3, normal: 1.5, fast: 0.6, "very fast": 0.2 }; // seconds for one flight
const QUIET = 3; // flights without anything under way, after which time is skipped
const SKIP = 900; // ms in which that is done
const BEHIND = 1 / 8; // of a flight: so much may be caught up at once after a late answer
const LOOK = 700; // ms between two events where nothing may move

export default (bench) => {
  const { h, show } = bench;
  let state = {};
  let playing = false;
  let time = 0; // what the page shows, ahead of Python's while playing
  let began = 0; // when the quiet time began that is skipped
  let last = 0;

  // --- the controls -----------------------------------------------------------------------------

  const go = (message) => {
    pause();
    bench.ask(message);
  };
  const control = (label, icon, message, keys) => {
    const does = () => go(message);
    bench.key(keys, label, does);
    return bench.button({ label, icon, keys, does, class: "nlb-button nlb-square" });
  };
  const play = bench.button({
    label: "Play",
    icon: "play",
    keys: "Space",
    does: () => toggle(),
    class: "nlb-button nlb-square nlb-play",
  });
  bench.key("Space", "Play or pause", () => toggle());
  const back = [
    control("To the start", "start", { do: "start" }, "Home"),
    control("Back to the frame before", "frame back", { do: "back frame" }, "Shift+ArrowLeft"),
    control("Back one event", "back", { do: "back" }, "ArrowLeft"),
  ];
  const forward = [
    control("Step one event", "step", { do: "step" }, "ArrowRight"),
    control("Step to the next frame", "frame", { do: "step frame" }, "Shift+ArrowRight"),
    control("To the end", "end", { do: "end" }, "End"),
  ];
  const undo = bench.button({
    label: "Undo what was done last",
    icon: "undo",
    keys: "z",
    does: () => go({ do: "undo" }),
  });
  bench.key("z", "Undo what was done last", () => undo.click());
  const keys = h("div", { class: "nlb-keys", hidden: true });
  const help = bench.button({
    label: "Keys",
    icon: "keys",
    keys: "?",
    "aria-expanded": false,
    does: () => {
      keys.hidden = !keys.hidden;
      help.setAttribute("aria-expanded", !keys.hidden);
      if (!keys.hidden) keys.replaceChildren(listOfKeys());
    },
  });
  bench.key("?", "Show or hide this list", () => help.click());

  function listOfKeys() {
    const row = ([name, [, words]]) =>
      h("div", {}, h("dt", {}, name.split("+").map((part) => h("kbd", {}, part.replace("Arrow", "")))), h("dd", {}, words));
    return h("dl", {}, [...bench.keys].map(row), row(["Up+Down", [null, "Choose a frame, in the sequence diagram"]]));
  }

  const slider = h("input", {
    type: "range",
    class: "nlb-slider",
    min: 0,
    "aria-label": "Moment of the run",
    "data-lm-suppress-shortcuts": "true",
    oninput: () => go({ do: "moment", place: Number(slider.value) }),
  });
  const marks = h("div", { class: "nlb-marks", "aria-hidden": "true" });
  const speed = h(
    "select",
    { class: "nlb-select", "aria-label": "Speed", "data-lm-suppress-shortcuts": "true" },
    Object.keys(SPEEDS).map((name) => h("option", { selected: name === "normal" }, name)),
  );
  const clock = h("span", { class: "nlb-clock", role: "timer", "aria-label": "Virtual time" });
  const whole = h("span", { class: "nlb-whole" });
  const news = h("p", {
    class: "nlb-news",
    role: "status",
    "aria-live": "polite",
    "aria-label": "What has just happened",
  });
  const next = h("p", { class: "nlb-next" });
  const deeds = h("p", { class: "nlb-deeds" });

  const element = h(
    "div",
    { class: "nlb-time" },
    h(
      "div",
      { class: "nlb-bar", role: "toolbar", "aria-label": "Time" },
      h("span", { class: "nlb-group" }, back, play, forward),
      h("span", { class: "nlb-track" }, slider, marks),
      h("span", { class: "nlb-where" }, clock, whole),
      h("span", { class: "nlb-group" }, speed, undo, help),
    ),
    keys,
    h("div", { class: "nlb-told" }, news, next, deeds),
  );

  // --- playing ----------------------------------------------------------------------------------

  function toggle() {
    if (playing) pause();
    else start();
  }

  function start() {
    if (state.next === null) return;
    playing = true;
    time = began = state.now;
    last = performance.now();
    news.setAttribute("aria-live", "off"); // a running report would drown everything else
    showPlaying();
    if (bench.still.matches) hop();
    else requestAnimationFrame(move);
  }

  function pause() {
    if (!playing) return;
    playing = false;
    news.setAttribute("aria-live", "polite");
    showPlaying();
    const shown = Math.floor(Math.min(time, state.next ?? time));
    if (shown > state.now) bench.ask({ do: "play", to: shown });
  }

  function move(wall) {
    if (!playing || bench.closed) return;
    const elapsed = Math.min(wall - last, 100);
    last = wall;
    const flight = state.flight;
    const quiet = !state.in_flight && state.next - began > QUIET * flight;
    if (quiet) {
      time = Math.min(time + (elapsed * (state.next - began)) / SKIP, state.next);
    } else {
      time += (elapsed * flight) / (1000 * SPEEDS[speed.value]);
      time = Math.min(time, state.next + flight * BEHIND);
    }
    const shown = Math.min(time, state.next);
    clock.textContent = show(shown);
    bench.tick(shown);
    if (time >= state.next && !bench.waiting) bench.ask({ do: "play", to: Math.floor(time) }).then(went);
    requestAnimationFrame(move);
  }

  async function hop() {
    // Nothing moves by itself: from event to event, with time to look.
    while (playing && !bench.closed) {
      await bench.ask({ do: "play", to: state.next });
      went();
      await new Promise((done) => setTimeout(done, LOOK));
    }
  }

  function went() {
    began = state.now;
    time = Math.max(time, state.now);
    if (state.next === null || state.stopped_early || bench.model.get("problem")) pause();
  }

  function showPlaying() {
    const label = playing ? "Pause" : "Play";
    play.replaceChildren(bench.icon(playing ? "pause" : "play"));
    play.setAttribute("aria-label", label);
    play.title = `${label} (Space)`;
  }

  // --- showing ----------------------------------------------------------------------------------

  function update(now) {
    state = now;
    const { place, last: end } = state;
    bench.root.setAttribute("aria-label", `Bench: ${state.name}, seed ${state.seed}`);
    if (!playing || bench.still.matches) clock.textContent = show(state.now);
    whole.textContent = `of ${show(state.whole)}`;
    slider.max = end;
    slider.value = place;
    slider.disabled = end === 0;
    slider.setAttribute("aria-valuetext", `moment ${place} of ${end}, ${show(state.now)}`);
    slider.style.setProperty("--nlb-done", `${end ? (100 * place) / end : 0}%`);
    marks.replaceChildren(
      ...state.by_hand.map((at) => h("i", { style: `left:${(100 * at) / end}%` })),
    );
    const atEnd = state.next === null;
    bench.off(back, place === 0 && state.now === 0);
    bench.off([play, ...forward], atEnd && !playing);
    bench.off([undo], !state.can_undo);
    news.replaceChildren(...state.news.map((sentence) => h("span", {}, `${sentence}. `)));
    next.textContent = atEnd
      ? ["Nothing is left to happen.", ...state.waiting].join(" ")
      : `Next: ${state.awaited}, ${state.next > state.now ? `in ${show(state.next - state.now)}` : "now"}.`;
    if (state.stopped_early) next.textContent = "The run goes on and on: it was stopped here.";
    deeds.hidden = !state.later.length;
    deeds.textContent = state.later.length
      ? `Still to come: ${state.later.join("; ")}. What you do now cuts that off.`
      : "";
  }

  bench.pause = pause;
  return { element, update };
};
