// By hand: the calls that a person can make on the chosen host, as a program would.

export default (bench) => {
  const { h } = bench;
  const suppress = { "data-lm-suppress-shortcuts": "true" };
  const id = `nlb-${Math.random().toString(36).slice(2)}`;
  let state = {};

  const act = (input) => {
    bench.pause();
    bench.ask({ do: "hand", input: { host: state.host, ...input } });
  };
  const who = h("strong", {});
  const target = h("input", {
    class: "nlb-input", list: id, placeholder: "bob:80", "aria-label": "Where to: host:port",
    size: 10, ...suppress, onkeydown: onEnter(connect),
  });
  const targets = h("datalist", { id });
  const line = h("input", {
    class: "nlb-input nlb-grow", placeholder: "a line of text", "aria-label": "Text to send",
    ...suppress, onkeydown: onEnter(send),
  });
  const port = h("input", {
    class: "nlb-number", type: "number", min: 1, max: 65535, value: 7,
    "aria-label": "Port to listen on", ...suppress, onkeydown: onEnter(listen),
  });
  const which = h("select", { class: "nlb-select", "aria-label": "Connection to use", ...suppress });
  const got = h("output", { class: "nlb-got" });

  function onEnter(action) {
    return (event) => {
      if (event.key === "Enter") bench.guard(action);
    };
  }
  function connect() {
    const [, to, number] = target.value.trim().match(/^(.+):(\d+)$/) ?? [];
    if (!to) throw new Error(`where to connect is written host:port, such as bob:80; got "${target.value}"`);
    act({ do: "connect", to, port: Number(number) });
  }
  function listen() {
    act({ do: "listen", port: Number(port.value) });
  }
  function send() {
    act({ do: "send", connection: which.value, text: `${line.value}\r\n` });
    line.value = "";
  }
  const call = (label, does) => bench.button({ label, text: label, does });
  const onConnection = [
    call("Send", send),
    call("Receive", () => act({ do: "receive", connection: which.value })),
    call("Close", () => act({ do: "close", connection: which.value })),
  ];
  const connecting = call("Connect", connect);
  const using = h("span", { class: "nlb-group nlb-row" }, which, line, onConnection);
  const element = h(
    "div",
    { class: "nlb-byhand", role: "group", "aria-label": "Calls by hand" },
    h("span", { class: "nlb-group" }, h("span", { class: "nlb-caption" }, "On"), who, h("span", { class: "nlb-caption" }, ":")),
    h("span", { class: "nlb-group" }, connecting, target, targets),
    h("span", { class: "nlb-group" }, call("Listen", listen), port),
    using,
    got,
  );

  function options(select, values, chosen) {
    const wanted = JSON.stringify(values);
    if (select.dataset.shown !== wanted) {
      select.dataset.shown = wanted;
      select.replaceChildren(...values.map(([value, text]) => h("option", { value }, text)));
    }
    if (chosen !== undefined) select.value = chosen;
  }

  function update(now) {
    const otherHost = now.host !== state.host;
    state = now;
    element.hidden = !state.host;
    if (!state.host) return;
    who.textContent = state.host;
    targets.replaceChildren(...state.targets.map((value) => h("option", { value })));
    if ((otherHost || !target.value) && state.targets.length) [target.value] = state.targets;
    const chosen = state.connections.some(({ label }) => label === which.value)
      ? which.value
      : state.connections.find(({ label }) => label === state.connection)?.label;
    options(
      which,
      state.connections.map((it) => [it.label, `${it.label.replace(/^.*?:/, "port ").replace(" > ", " to ")}, ${it.state}`]),
      chosen ?? state.connections.at(-1)?.label,
    );
    using.hidden = !state.connections.length;
    const current = state.connections.find(({ label }) => label === which.value);
    bench.off(onConnection.slice(0, 1), !current?.open);
    bench.off(onConnection.slice(1), !current);
    line.disabled = !current?.open;
    got.hidden = !current || !(current.received || current.unread);
    got.textContent = current
      ? [
          current.received ? `received: ${JSON.stringify(current.received)}` : "",
          current.unread ? `${current.unread} bytes wait to be received` : "",
        ].filter(Boolean).join("; ")
      : "";
  }

  return { element, update };
};
