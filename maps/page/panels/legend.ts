/** The legend: what is visible in the view, no more; a class can be switched off in it. */
import { button, element, fill } from "../elements";
import type { Page } from "../page";
import { swatch } from "./swatch";

/** Classes of a layer that have a feature in the view. */
export function classesInView(page: Page): { key: string; index: number }[] {
  const bounds = page.map.getBounds();
  return page.layers.all.flatMap((one) => {
    if (!one.visible || !one.drawing) return [];
    const seen = one.drawing.classesIn(bounds);
    return one.layer.classes.flatMap((_, index) => (seen.has(index) ? [{ key: one.layer.key, index }] : []));
  });
}

export function legend(page: Page): void {
  const { words, map, frame, layers } = page;
  const body = element("div", { class: "legend-body", id: "legend-body" });
  const wide = !window.matchMedia("(max-width: 820px), (max-height: 560px)").matches;
  const title = button("legend-title", () => show(body.hidden !== false));
  title.setAttribute("aria-controls", body.id);
  const show = (open: boolean) => {
    body.hidden = !open;
    title.setAttribute("aria-expanded", String(open));
  };
  show(wide);
  frame.stage.append(element("section", { class: "legend", id: "legend" }, words.text(title, "legend"), body));
  const render = () => {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["class"] : undefined;
    fill(body, ...sections(page));
    if (focused) body.querySelector<HTMLElement>(`[data-class="${focused}"]`)?.focus();
  };
  map.on("moveend", render);
  layers.changed.on(render);
  page.theme.changed.on(render);
  words.bind(render);
}

function sections(page: Page): HTMLElement[] {
  const { words, layers, document: map } = page;
  const seen = classesInView(page);
  if (!seen.length) return [element("p", { class: "muted" }, words.of("legend_empty"))];
  const keys = [...new Set(seen.map(({ key }) => key))];
  return keys.map((key) => {
    const one = layers.of(key)!;
    const items = seen.filter((entry) => entry.key === key).map(({ index }) => {
      const kind = one.layer.classes[index]!;
      const off = one.hidden.has(index);
      const item = button("legend-item", () => layers.hideClass(one, index, !one.hidden.has(index)));
      item.setAttribute("aria-pressed", String(!off));
      item.dataset["class"] = `${key}-${index}`;
      item.append(swatch(map.styles[kind.style], kind.shape), element("span", {}, words.both(kind.label)));
      return element("li", {}, item);
    });
    return element("div", {}, element("h3", {}, one.layer.name), element("ul", {}, ...items));
  });
}
