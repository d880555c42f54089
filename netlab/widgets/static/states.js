// States: the state machine of the chosen host's connection, with the path it took.

export default (bench) => {
  const { h } = bench;
  const picture = h("div", { class: "nlb-picture" });
  const hosts = h("span", { class: "nlb-group nlb-switch", role: "group", "aria-label": "Whose states" });
  const element = h(
    "div",
    {},
    h("header", { class: "nlb-head" }, h("h3", {}, "State machine"), hosts),
    picture,
  );
  const button = (host) =>
    bench.button({
      label: `States of ${host}`,
      text: host,
      does: () => bench.ask({ do: "select", host }),
    });
  let names = "";
  let shown = "";

  function update(state) {
    if (String(state.hosts) !== names) {
      names = String(state.hosts);
      hosts.replaceChildren(...state.hosts.map(button));
    }
    [...hosts.children].forEach((button, index) =>
      button.setAttribute("aria-pressed", state.hosts[index] === state.host),
    );
    if (shown !== state.picture) picture.innerHTML = shown = state.picture;
  }

  return { element, update };
};
