// Contents: the chosen frame's fields and bytes.

export default (bench) => {
  const element = bench.h("div", { class: "nlb-picture" });

  function update(state) {
    element.parentElement.hidden = state.frame === null;
    element.innerHTML = state.picture ?? "";
  }

  return { element, update };
};
