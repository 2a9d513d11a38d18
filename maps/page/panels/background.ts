/** The switches of what lies below the layers: outlines of coverage, and tiles with the key that their reader gives. */
import type * as Leaflet from "leaflet";
import { button, element } from "../elements";
import { tiles } from "../ground";
import type { Page } from "../page";

export function background(page: Page, showCoverages: (on: boolean) => void): void {
  const { words, map, document, frame } = page;
  const box = element("input", { type: "checkbox", id: "show-coverage", checked: true });
  box.addEventListener("change", () => showCoverages(box.checked));
  const lines: HTMLElement[] = [
    element("div", { class: "check" }, box, words.text(element("label", { for: "show-coverage" }), "show_coverage")),
  ];
  const source = document.tiles;
  if (source) {
    let shown: Leaflet.LayerGroup | null = null;
    const needsKey = source.key === null && source.urls.some((url) => url.includes("{key}"));
    const key = element("input", { type: "password", id: "tile-key", autocomplete: "off" });
    const credit = element("p", { class: "tile-credit", hidden: true }, source.attribution);
    frame.stage.append(credit);
    const toggle = button("plain", () => {
      credit.hidden = shown !== null;
      if (shown) shown.remove();
      shown = shown ? null : tiles(map, source, source.key ?? key.value.trim());
      toggle.setAttribute("aria-pressed", String(shown !== null));
    });
    toggle.setAttribute("aria-pressed", "false");
    words.bind(() => (toggle.textContent = words.of("tiles_show", { name: words.both(source.name) })));
    if (needsKey) lines.push(words.text(element("label", { for: "tile-key" }), "tile_key"), key);
    lines.push(toggle);
  }
  frame.panel("layers").append(
    element("section", { class: "background" }, words.text(element("h3"), "background"), ...lines),
  );
}
