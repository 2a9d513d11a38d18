/** The layers by kind: on or off, how opaque, how old, what may be relied on. */
import { button, element, fill, sign } from "../elements";
import { goTo, type Page } from "../page";
import type { ShownLayer } from "../shown";
import { marksOf } from "./marks";
import { swatch } from "./swatch";

export function layersPanel(page: Page): void {
  const { words, layers } = page;
  const list = element("div", { class: "layer-list" });
  const all = button("plain", () => layers.all.forEach((one) => layers.show(one, true)));
  const none = button("plain", () => layers.all.forEach((one) => layers.show(one, false)));
  const row = element("div", { class: "row" }, words.text(all, "all_on"), words.text(none, "all_off"));
  const open = new Set<string>();
  const render = () => {
    list.dataset["lost"] = String(lostOf(page));
    fill(list, ...groups(page, open), losses(page), withheld(page));
  };
  page.frame.panel("layers").append(words.text(element("h2"), "tab_layers"), row, list);
  words.bind(render);
  page.theme.changed.on(render);
  layers.changed.on(() => refresh(page, list, render));
}

/** Boxes that only changed their tick keep the focus; a new loss draws the list anew. */
function refresh(page: Page, list: HTMLElement, render: () => void): void {
  if (String(lostOf(page)) !== list.dataset["lost"]) {
    render();
    return;
  }
  for (const one of page.layers.all) {
    const box = list.querySelector<HTMLInputElement>(`#show-${one.layer.key}`);
    if (box) box.checked = one.visible;
  }
}

function lostOf(page: Page): number {
  return page.layers.all.filter((one) => one.lost).length;
}

function groups(page: Page, open: Set<string>): HTMLElement[] {
  const kinds = [...new Set(page.layers.all.map((one) => one.layer.kind))];
  return kinds.map((kind) => {
    const inside = page.layers.all.filter((one) => one.layer.kind === kind);
    return element(
      "fieldset",
      { class: "group" },
      element("legend", {}, page.words.both(inside[0]!.layer.kind_label)),
      ...inside.map((one) => rowOf(page, one, open)),
    );
  });
}

function rowOf(page: Page, one: ShownLayer, open: Set<string>): HTMLElement {
  const { words, layers, document: map } = page;
  const { layer } = one;
  const box = element("input", { type: "checkbox", id: `show-${layer.key}` });
  box.checked = one.visible;
  box.disabled = one.lost;
  box.addEventListener("change", () => layers.show(one, box.checked));
  const first = layer.classes[0];
  const label = element(
    "label",
    { for: `show-${layer.key}`, class: "layer-name" },
    first && layer.levels.length ? swatch(map.styles[first.style], first.shape) : null,
    element("span", {}, layer.name),
  );
  const slider = element("input", {
    type: "range", min: 0, max: 100, step: 5, class: "opacity", "aria-label": words.of("opacity_of", { layer: layer.name }),
  });
  slider.value = String(Math.round(100 * one.opacity));
  slider.addEventListener("input", () => layers.setOpacity(one, Number(slider.value) / 100));
  const details = element("div", { class: "layer-details", id: `details-${layer.key}` }, slider, factsOf(page, one));
  const more = button("icon", () => {
    const isOpen = details.hidden;
    details.hidden = !isOpen;
    more.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) open.add(layer.key);
    else open.delete(layer.key);
  });
  more.append(sign("open"));
  more.setAttribute("aria-label", words.of("details_of", { layer: layer.name }));
  more.setAttribute("aria-controls", details.id);
  more.setAttribute("aria-expanded", String(open.has(layer.key)));
  details.hidden = !open.has(layer.key);
  const lost = one.lost && element("p", { class: "trouble" }, words.of("layer_lost"));
  return element("div", { class: "layer" }, element("div", { class: "layer-head" }, box, label, more),
    element("div", { class: "marks" }, ...marksOf(words, layer)), lost, details);
}

function factsOf(page: Page, one: ShownLayer): HTMLElement {
  const { words } = page;
  const { layer } = one;
  const rows: [string, string][] = [
    ["data_date", layer.data_date ?? words.of("not_stated")],
    ["source", layer.source ?? words.of("not_stated")],
    ["valid", [layer.valid_from, layer.valid_until].filter(Boolean).join(" – ")],
    ["layer_accuracy", words.metres(layer.accuracy_m)],
    ["method", words.code("method", layer.georeference_method)],
    ["judged_with", words.of(`precision_${layer.judge.precision}`, { metres: words.number(layer.judge.displacement_m, 1) })],
    ["features", layer.declared_none ? words.of("declared_none") : words.number(layer.count)],
    ["version", layer.version],
  ];
  const list = element("dl", { class: "facts" });
  for (const [key, value] of rows) {
    if (value) list.append(element("dt", {}, words.of(key)), element("dd", {}, value));
  }
  const notes = layer.notes.map((note) => element("p", { class: "note" }, words.both(note)));
  const go = button("plain", () => layer.bounds && goTo(page.map, layer.bounds));
  go.textContent = words.of("zoom_to_layer");
  return element("div", {}, list, ...notes, layer.bounds && go);
}

function losses(page: Page): HTMLElement | null {
  const { words, document: map } = page;
  if (!map.lost.length) return null;
  const items = map.lost.map(({ layer, kind, detail }) =>
    element("li", {}, words.of("lost_line", {
      layer: layer ?? words.of("whole_workspace"), kind: kind ? words.code("kind", kind) : words.of("every_kind"),
      detail: words.code("public_map", detail),
    })),
  );
  return element("section", { class: "warned" }, element("h3", {}, words.of("lost_title")), element("ul", {}, ...items));
}

/** What is not in this file, or only coarsely, and whom to ask. */
export function withheld(page: Page): HTMLElement | null {
  const { words, document: map } = page;
  if (!map.withheld.length) return null;
  const items = map.withheld.map(({ layer, what, why, ask }) =>
    element("li", {}, element("strong", {}, layer), `${words.of("colon")}${words.both(what)}`,
      element("span", { class: "muted" }, words.both(why)),
      ask && element("span", { class: "muted" }, words.of("ask", { whom: ask }))),
  );
  return element("section", { class: "withheld" }, element("h3", {}, words.of("withheld_title")), element("ul", {}, ...items));
}
