/** The panel in which a site is drawn, typed or read from a file, and its answer read. */
import { button, element, fill } from "../elements";
import type { Grid } from "../grid";
import { goTo, type Page } from "../page";
import { saidOf } from "../refusal";
import { drawnAccuracy, hasPoints, requireSound, type Shape, type Site } from "../site/site";
import { areaOf, closedRing } from "../site/rings";
import { typedSite } from "../site/typed";
import { uploadedSite } from "../site/upload";
import type { LonLat } from "../coordinates";
import { answerOf, summaryOf } from "./answer";
import { sketchBar } from "./sketch_bar";

const SHAPES: Shape[] = ["polygon", "line", "point"];
const SEEN_PX = 32;

export function sitePanel(page: Page): void {
  const { words, frame, desk, document: map } = page;
  const trouble = element("p", { class: "trouble", role: "alert", hidden: true });
  const complain = (error: unknown) => {
    trouble.textContent = error === null ? "" : saidOf(error, words);
    trouble.hidden = error === null;
  };
  const ask = (make: () => Site | Promise<Site>) => {
    complain(null);
    Promise.resolve()
      .then(make)
      .then((site) => {
        const asked = desk.ask(site);
        const box = desk.bounds();
        if (box && !(holds(page, box) && isSeen(page, site, box))) goTo(page.map, box);
        return asked;
      })
      .catch((error: unknown) => {
        desk.clear(); // no old answer beside a new site that was refused
        complain(error);
      });
  };
  const ways = element("div", { class: "ways" });
  if (map.allow.annotate) ways.append(drawing(page, ask));
  ways.append(typing(page, ask));
  if (map.allow.upload) ways.append(uploading(page, ask));
  const card = element("div", { class: "site-card" });
  const answer = element("div", { class: "answer", id: "answer" });
  frame.panel("site").append(
    words.text(element("h2"), "tab_site"), words.text(element("p", { class: "hint" }), map.allow.annotate || map.allow.upload ? "site_hint" : "site_hint_typed"), ways, trouble, card, answer,
  );
  let told: unknown = null;
  const render = () => {
    fill(card, desk.site && siteCard(page, desk.site, ask));
    fill(answer, ...answerOf(page));
  };
  desk.changed.on(() => {
    render();
    if (desk.verdict && desk.verdict !== told) {
      told = desk.verdict;
      frame.say(summaryOf(words, desk.verdict));
      answer.scrollIntoView({ block: "nearest" });
    } else if (desk.trouble) frame.say(saidOf(desk.trouble, words));
  });
  words.bind(render);
}

function holds(page: Page, [west, south, east, north]: [number, number, number, number]): boolean {
  const view = page.map.getBounds();
  return view.getWest() <= west && view.getEast() >= east && view.getSouth() <= south && view.getNorth() >= north;
}

/** A parcel or a route of a few pixels is there, and nobody finds it; a point has a mark of its own. */
function isSeen(page: Page, site: Site, [west, south, east, north]: [number, number, number, number]): boolean {
  if (site.geometry.type === "Point") return true;
  const [one, other] = [page.map.latLngToContainerPoint([south, west]), page.map.latLngToContainerPoint([north, east])];
  return Math.max(Math.abs(other.x - one.x), Math.abs(other.y - one.y)) >= SEEN_PX;
}

type Ask = (make: () => Site | Promise<Site>) => void;

function drawing(page: Page, ask: Ask): HTMLElement {
  const { words, sketching, map } = page;
  const row = element("div", { class: "row" });
  for (const shape of SHAPES) {
    const start = button("plain", () => {
      sketching.start(shape, (points) => ask(() => drawnSite(page, shape, points)));
      map.getContainer().focus({ preventScroll: true });
    });
    start.dataset["draw"] = shape;
    row.append(words.text(start, `draw_${shape}`));
  }
  return element("section", {}, words.text(element("h3"), "draw_title"), row, sketchBar(page, "site"));
}

function drawnSite(page: Page, shape: Shape, points: LonLat[]): Site {
  const geometry: GeoJSON.Geometry =
    shape === "point" ? { type: "Point", coordinates: points[0]! }
    : shape === "line" ? { type: "LineString", coordinates: points }
    : areaOf([closedRing(points)]);
  requireSound(geometry);
  const accuracy_m = drawnAccuracy(page.map.getCenter().lat, page.map.getZoom());
  return { name: null, geometry, accuracy_m, radius_m: 0, part_rejected: false, told: [{ key: "told_drawn", facts: {} }] };
}

function typing(page: Page, ask: Ask): HTMLElement {
  const { words } = page;
  const text = element("textarea", { id: "typed", rows: 4, spellcheck: "false", "aria-describedby": "typed-hint" });
  const shape = element("select", { id: "typed-shape" },
    ...SHAPES.map((one) => words.text(element("option", { value: one }), `shape_${one}`)));
  const zone = element("select", { id: "typed-zone" }, words.text(element("option", { value: "" }), "zone_by_number"));
  for (const { width, first, last } of [{ width: 3, first: 25, last: 45 }, { width: 6, first: 13, last: 23 }]) {
    for (let number = first; number <= last; number++) {
      const meridian = width === 3 ? 3 * number : 6 * number - 3;
      zone.append(words.text(element("option", { value: `${width}/${number}` }), "told_grid", { width, zone: number, meridian }));
    }
  }
  const go = button("strong", () => ask(() => typedSite(text.value, shape.value as Shape, zoneOf(zone.value))));
  return element("details", { class: "way" }, words.text(element("summary"), "type_title"),
    words.text(element("label", { for: "typed" }), "typed_label"), text,
    words.text(element("p", { class: "hint", id: "typed-hint" }), "typed_hint"),
    element("div", { class: "row fields" },
      element("span", {}, words.text(element("label", { for: "typed-shape" }), "shape"), shape),
      element("span", {}, words.text(element("label", { for: "typed-zone" }), "zone"), zone)),
    words.text(go, "ask_site"));
}

function zoneOf(value: string): Grid | null {
  const [width, zone] = value.split("/").map(Number);
  return value ? { width: width === 3 ? 3 : 6, zone: zone!, prefixed: false } : null;
}

function uploading(page: Page, ask: Ask): HTMLElement {
  const { words } = page;
  const input = element("input", {
    type: "file", id: "upload", accept: ".geojson,.json,.kml,.kmz,.gpx,.csv,.txt,.zip", "aria-describedby": "upload-hint",
  });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) ask(() => uploadedSite(file));
    input.value = ""; // the same file may be chosen again
  });
  return element("details", { class: "way" }, words.text(element("summary"), "upload_title"),
    words.text(element("label", { for: "upload" }), "upload_label"), input,
    words.text(element("p", { class: "hint", id: "upload-hint" }), "upload_hint"));
}

function siteCard(page: Page, site: Site, ask: Ask): HTMLElement {
  const { words, desk } = page;
  const number = (id: string, key: string, value: number, change: (metres: number) => Site) => {
    const input = element("input", { type: "number", id, min: 0, max: 100000, step: "any", inputmode: "decimal" });
    input.value = String(Math.round(1000 * value) / 1000);
    input.addEventListener("change", () => {
      const metres = Number(input.value);
      if (input.value && Number.isFinite(metres) && metres >= 0 && metres <= 100_000) ask(() => change(metres));
      else input.value = String(value);
    });
    return element("span", {}, element("label", { for: id }, words.of(key)), input);
  };
  const zoom = button("plain", () => {
    const box = desk.bounds();
    if (box) goTo(page.map, box, 17);
  });
  zoom.textContent = words.of("zoom_to_site");
  const remove = button("plain", () => desk.clear());
  remove.textContent = words.of("remove_site");
  return element("section", { class: "card" },
    element("h3", {}, site.name ?? words.of("unnamed_site")),
    ...site.told.map(({ key, facts }) => element("p", { class: "muted" }, words.of(key, facts))),
    element("div", { class: "row fields" },
      number("site-accuracy", "site_accuracy_m", site.accuracy_m, (accuracy_m) => ({ ...site, accuracy_m })),
      hasPoints(site.geometry) && number("site-radius", "radius_m", site.radius_m, (radius_m) => ({ ...site, radius_m }))),
    element("div", { class: "row" }, zoom, remove));
}
