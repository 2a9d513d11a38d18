/** Search by name, by code or by coordinate; where a coordinate leaves its zone open, every zone that fits is offered. */
import { decimalText, dmsText, pairOf, parseAll, type LonLat } from "../coordinates";
import { element, fill, sign } from "../elements";
import { gridOfPrefix, toLonLat, type Grid } from "../grid";
import { goTo, type Page } from "../page";
import { titleOf } from "../shown";

interface Hit {
  title: string;
  detail: string;
  go: () => void;
}

const MOST = 30;

export function search(page: Page, showHere: (at: LonLat) => void): void {
  const { words, frame } = page;
  const input = element("input", {
    type: "search", id: "search", class: "search-input", role: "combobox", autocomplete: "off", spellcheck: "false",
    "aria-expanded": "false", "aria-controls": "search-list", "aria-autocomplete": "list",
  });
  words.attribute(input, "aria-label", "search");
  words.attribute(input, "placeholder", "search_hint");
  const list = element("ul", { id: "search-list", class: "search-list", role: "listbox", hidden: true });
  words.attribute(list, "aria-label", "search_results");
  const box = element("div", { class: "search", role: "search" }, sign("search"), input, list);
  frame.bar.insertBefore(box, frame.tools);
  let hits: Hit[] = [];
  let active = -1;
  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (i: number) => {
    const hit = hits[i];
    close();
    hit?.go();
  };
  const mark = (to: number) => {
    active = hits.length ? (to + hits.length) % hits.length : -1;
    [...list.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === active)));
    if (active < 0) return;
    input.setAttribute("aria-activedescendant", `search-${active}`);
    list.children[active]!.scrollIntoView({ block: "nearest" });
  };
  const render = () => {
    const query = input.value.trim();
    hits = query ? [...coordinateHits(page, query, showHere), ...featureHits(page, query)].slice(0, MOST) : [];
    const items = hits.map((hit, i) => {
      const item = element("li", { role: "option", id: `search-${i}`, "aria-selected": "false" },
        element("span", {}, hit.title), element("span", { class: "muted" }, hit.detail));
      item.addEventListener("mousedown", (event) => event.preventDefault());
      item.addEventListener("click", () => choose(i));
      return item;
    });
    const nothing = element("li", { role: "option", "aria-disabled": "true", "aria-selected": "false", class: "muted" },
      words.of("search_nothing"));
    fill(list, ...(items.length ? items : [nothing]));
    list.hidden = !query;
    input.setAttribute("aria-expanded", String(Boolean(query)));
    mark(hits.length ? 0 : -1);
    if (query) frame.say(words.of("search_count", { count: hits.length }));
  };
  input.addEventListener("input", render);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") choose(Math.max(active, 0));
    else if (event.key === "Escape") close();
  });
  input.addEventListener("focus", () => input.value.trim() && render());
  input.addEventListener("blur", close);
}

function featureHits(page: Page, query: string): Hit[] {
  const wanted = folded(query);
  const found: Hit[] = [];
  for (const one of page.layers.all) {
    const { table } = one;
    if (!table) continue;
    for (let row = 0; row < table.id.length && found.length < MOST; row++) {
      const texts = [table.name[row], table.code[row]];
      if (!texts.some((text) => text && folded(text).includes(wanted))) continue;
      const bounds = page.layers.boundsOf(one, row);
      found.push({
        title: titleOf(table, row),
        detail: [one.layer.name, table.code[row], bounds ? "" : page.words.of("no_place_on_map")].filter(Boolean).join(" · "),
        go: () => {
          if (!one.visible) page.layers.show(one, true);
          if (bounds) goTo(page.map, bounds);
          page.layers.select({ key: one.layer.key, row });
        },
      });
    }
  }
  return found;
}

function coordinateHits(page: Page, query: string, showHere: (at: LonLat) => void): Hit[] {
  const hit = (at: LonLat, detail: string): Hit => ({
    title: decimalText(at),
    detail: `${detail} · ${dmsText(at)}`,
    go: () => {
      page.map.setView([at[1], at[0]], Math.max(page.map.getZoom(), 13), { animate: false });
      showHere(at);
    },
  });
  try {
    const written = parseAll(query);
    if (written.length !== 2) return [];
    const at = pairOf(written[0]!, written[1]!);
    const said = (grid: Grid) => page.words.of("told_grid", {
      width: grid.width, zone: grid.zone, meridian: grid.width === 3 ? 3 * grid.zone : 6 * grid.zone - 3,
    });
    if (at.kind === "degrees") return [hit([at.east, at.north], page.words.of("degrees"))];
    if (at.kind === "zone_prefix") {
      const grid = gridOfPrefix(at.zone!);
      return [hit(toLonLat(at.east, at.north, grid), said(grid))];
    }
    if (at.kind !== "no_prefix") return [];
    const grids: Grid[] = [
      ...Array.from({ length: 21 }, (_, i): Grid => ({ zone: 25 + i, width: 3, prefixed: false })),
      ...Array.from({ length: 11 }, (_, i): Grid => ({ zone: 13 + i, width: 6, prefixed: false })),
    ];
    return grids
      .map((grid) => ({ grid, place: toLonLat(at.east, at.north, grid) }))
      .filter(({ place }) => near(page, place))
      .map(({ grid, place }) => hit(place, said(grid)));
  } catch {
    return [];
  }
}

/** In the area of the map or a tenth beside it. */
function near(page: Page, [lon, lat]: LonLat): boolean {
  const [west, south, east, north] = page.document.bounds;
  const beside = 0.1 * Math.max(east - west, north - south);
  return lon >= west - beside && lon <= east + beside && lat >= south - beside && lat <= north + beside;
}

function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
}
