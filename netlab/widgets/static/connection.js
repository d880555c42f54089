// Connection: the control blocks of both ends side by side, their buffers, and their timers.

export default (bench) => {
  const { h, show } = bench;
  const which = h("select", {
    class: "nlb-select",
    "aria-label": "Connection",
    "data-lm-suppress-shortcuts": "true",
    onchange: () => bench.ask({ do: "select", connection: which.value }),
  });
  const table = h("table", { class: "nlb-tcb" });
  const empty = h("p", { class: "nlb-empty" }, "No connection yet.");
  const element = h(
    "div",
    {},
    h("header", { class: "nlb-head" }, h("h3", {}, "Connection"), which),
    empty,
    table,
  );
  let before = new Map();
  let counting = []; // [element, when the timer fires]

  const MEANING = {
    snd_una: "oldest byte sent and not acknowledged (SND.UNA)",
    snd_nxt: "next byte to be sent (SND.NXT)",
    snd_wnd: "window that the other side offers (SND.WND)",
    rcv_nxt: "next byte expected (RCV.NXT)",
    rcv_wnd: "window offered to the other side (RCV.WND)",
    cwnd: "congestion window",
    ssthresh: "slow start threshold",
    srtt: "smoothed round-trip time",
    rto: "retransmission timeout",
  };

  function update(state) {
    const { ends } = state;
    empty.hidden = ends.length > 0;
    table.hidden = !ends.length;
    which.hidden = state.connections.length < 2;
    if (which.length !== state.connections.length) {
      which.replaceChildren(...state.connections.map((label) => h("option", { value: label }, label)));
    }
    which.value = state.connection;
    const now = new Map();
    const cell = (end, name, text, title = "") => {
      const key = `${state.connection} ${end.host} ${name}`;
      now.set(key, text);
      const changed = before.has(key) && before.get(key) !== text;
      return h(
        "td",
        { class: `${changed ? "nlb-changed" : ""} ${name === "state" ? "nlb-state" : ""}`, title: changed ? `${title} (was ${before.get(key)})` : title },
        text,
      );
    };
    const rows = [
      h("tr", {}, h("td", {}), ends.map((end) => h("th", { scope: "col" }, end.host))),
      h("tr", {}, h("th", { scope: "row" }, "state"), ends.map((end) => cell(end, "state", end.state))),
    ];
    const names = Object.keys(MEANING).filter((name) => ends.some((end) => name in end.values));
    for (const name of names) {
      rows.push(
        h(
          "tr",
          {},
          h("th", { scope: "row", title: MEANING[name] }, name),
          ends.map((end) => cell(end, name, end.values[name]?.text ?? "", end.values[name]?.full)),
        ),
      );
    }
    for (const [index, name] of ["to send", "received"].entries()) {
      if (!ends.some((end) => end.buffers.length)) break;
      rows.push(
        h("tr", {}, h("th", { scope: "row" }, name), ends.map((end) => h("td", {}, bar(end.buffers[index])))),
      );
    }
    counting = [];
    if (ends.some((end) => end.timers.length)) {
      rows.push(
        h("tr", {}, h("th", { scope: "row" }, "timers"), ends.map((end) => h("td", {}, end.timers.map(timer)))),
      );
    }
    table.replaceChildren(...rows);
    before = now;
    tick(state.now);
  }

  function bar(buffer) {
    if (!buffer) return "";
    const words = buffer.parts.filter(([, size]) => size).map(([name, size]) => `${size.toLocaleString("en")} ${name}`);
    const text = words.join(", ") || "empty";
    return h(
      "span",
      { class: "nlb-buffer", title: `${text}; ${buffer.capacity.toLocaleString("en")} bytes at most` },
      h(
        "span",
        { class: "nlb-gauge", "aria-hidden": "true" },
        buffer.parts.map(([, size], index) =>
          h("i", { class: `nlb-part-${index}`, style: `width:${size ? Math.max(4, (100 * size) / buffer.capacity) : 0}%` }),
        ),
      ),
      h("span", {}, text),
    );
  }

  function timer({ name, at }) {
    const left = h("b", {});
    counting.push([left, at]);
    return h("span", { class: "nlb-timer" }, `${name} `, left);
  }

  function tick(time) {
    for (const [left, at] of counting) left.textContent = show(Math.max(0, at - time));
  }

  return { element, update, tick };
};
