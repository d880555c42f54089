// Packet: the chosen frame: drop, delay or duplicate it while it is under way; why it was sent.

export default (bench) => {
  const { h } = bench;
  const element = h("div", { class: "nlb-packet" });
  let state = { frame: null };

  const fault = (deed, values = {}) => {
    if (!state.frame || !state.in_flight) return;
    bench.pause();
    bench.ask({ do: "hand", input: { do: deed, frame: state.frame, ...values } });
  };
  const by = h("input", {
    type: "number",
    class: "nlb-number",
    value: 50,
    min: 0,
    step: 10,
    "aria-label": "Delay in milliseconds",
    "data-lm-suppress-shortcuts": "true",
  });
  const delay = () => fault("delay", { by: Math.round(Number(by.value) * 1e6) });
  const close = () => state.frame && bench.ask({ do: "select", frame: null });
  bench.key("d", "Drop the chosen frame", () => fault("drop"));
  bench.key("l", "Delay the chosen frame", delay);
  bench.key("u", "Duplicate the chosen frame", () => fault("duplicate"));
  bench.key("Escape", "Choose no frame", close);

  function actions() {
    if (!state.in_flight) {
      return bench.button({
        label: "Go back to when it was sent",
        text: "Go back to when it was sent",
        icon: "back",
        does: () => {
          bench.pause();
          bench.ask({ do: "moment", place: state.sent_at });
        },
      });
    }
    return [
      bench.button({
        label: "Drop this frame", text: "Drop", icon: "drop", keys: "d",
        does: () => fault("drop"), class: "nlb-button nlb-danger",
      }),
      bench.button({
        label: "Duplicate this frame", text: "Duplicate", icon: "duplicate", keys: "u",
        does: () => fault("duplicate"),
      }),
      h(
        "span",
        { class: "nlb-joined" },
        bench.button({ label: "Delay this frame", text: "Delay by", icon: "delay", keys: "l", does: delay }),
        by,
        "ms",
      ),
    ];
  }

  function update(now) {
    const other = now.frame !== state.frame;
    state = now;
    element.parentElement.hidden = state.frame === null;
    const focused = element.contains(document.activeElement)
      ? document.activeElement.getAttribute("aria-label")
      : null;
    if (state.frame === null) {
      element.replaceChildren();
      if (focused) bench.root.focus();
      return;
    }
    const why = h("div", { class: "nlb-why" });
    why.innerHTML = state.why;
    element.replaceChildren(
      h(
        "header",
        { class: "nlb-head" },
        h("h3", {}, `Frame ${state.frame}: ${state.label}`),
        h("span", { class: "nlb-way" }, `${state.from} to ${state.to}`),
        bench.button({ label: "Close this frame", icon: "close", keys: "Escape", does: close, class: "nlb-button nlb-square nlb-bare" }),
      ),
      h("p", { class: "nlb-fate" }, state.fate),
      h("div", { class: "nlb-group nlb-actions", role: "group", "aria-label": "What can be done to it" }, actions()),
      h("div", { class: "nlb-chain" }, h("h4", {}, "Why was it sent?"), why),
    );
    if (focused) (element.querySelector(`[aria-label="${focused}"]`) ?? bench.root).focus();
    if (other) element.closest(".nlb-chosen").scrollTo(0, 0);
  }

  return { element, update };
};
