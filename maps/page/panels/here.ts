/** What applies at a place: every feature of every layer that holds it, with its words, source and date. */
import type * as Leaflet from "leaflet";
import { decimalText, dmsText, type LonLat } from "../coordinates";
import { button, element, fill } from "../elements";
import { goTo, type Page } from "../page";
import { titleOf, type ShownLayer } from "../shown";
import { drawnAccuracy } from "../site/site";
import { marksOf } from "./marks";
import { swatch } from "./swatch";

declare const L: typeof Leaflet;

const REACH_PX = 8;

export function herePanel(page: Page): (at: LonLat) => void {
  const { words, frame, map, layers, sketching } = page;
  let place: LonLat | null = null;
  let pin: Leaflet.Marker | null = null;
  const title = element("h2", { tabindex: -1 });
  const centre = button("strong", () => show(centreOf(map)));
  const found = element("div", { class: "found", "aria-live": "polite" });
  frame.panel("here").append(
    words.text(title, "tab_here"),
    words.text(element("p", { class: "hint" }), "here_hint"),
    words.text(centre, "here_at_centre"),
    found,
  );
  const render = () => fill(found, ...(place ? contents(page, place) : []));
  const show = (at: LonLat) => {
    place = at;
    pin?.remove();
    pin = L.marker([at[1], at[0]], {
      icon: L.divIcon({ className: "pin", html: element("span"), iconSize: [18, 18] }), keyboard: false, interactive: false,
    }).addTo(map);
    frame.open("here");
    render();
  };
  map.on("click", (event) => {
    // A click that ended a sketch a moment ago is not a question.
    if (!sketching.active && performance.now() - ended > 400) show([event.latlng.lng, event.latlng.lat]);
  });
  let ended = -Infinity;
  sketching.changed.on(() => {
    if (!sketching.active) ended = performance.now();
  });
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== map.getContainer() || sketching.active) return;
    event.preventDefault();
    show(centreOf(map));
    title.focus();
  });
  words.bind(render);
  layers.selectionChanged.on((selected) => {
    const one = selected && layers.of(selected.key);
    if (!selected || !one?.table) return;
    const box = layers.boundsOf(one, selected.row);
    frame.open("here");
    pin?.remove();
    place = null;
    fill(found, box ? null : element("p", { class: "hint" }, words.of("no_place_on_map")), cardOf(page, one, selected.row));
  });
  return show;
}

function centreOf(map: Leaflet.Map): LonLat {
  const { lat, lng } = map.getCenter();
  return [lng, lat];
}

function contents(page: Page, at: LonLat): (HTMLElement | null)[] {
  const { words, layers, map, desk } = page;
  const latlng = L.latLng(at[1], at[0]);
  const ask = button("strong", () => {
    page.frame.open("site");
    const accuracy_m = drawnAccuracy(at[1], map.getZoom());
    const geometry: GeoJSON.Point = { type: "Point", coordinates: at.map((one) => Math.round(one * 1e8) / 1e8) };
    void desk.ask({ name: null, geometry, accuracy_m, radius_m: 0, part_rejected: false, told: [{ key: "told_clicked", facts: {} }] });
  });
  const met = layers.all.map((one) => ({ one, rows: one.drawing ? one.drawing.featuresAt(latlng, REACH_PX) : [] }));
  const cards = met.flatMap(({ one, rows }) => rows.map((row) => cardOf(page, one, row)));
  const empty = met.filter(({ rows }) => !rows.length).map(({ one }) => one.layer.name);
  const lost = layers.all.filter((one) => !one.drawing).map((one) => one.layer.name);
  return [
    element("p", { class: "place" }, element("strong", {}, decimalText(at)), element("span", { class: "muted" }, dmsText(at))),
    words.text(ask, "ask_here"),
    element("p", { class: "count" }, words.of("here_count", { count: cards.length })),
    ...cards,
    empty.length ? element("p", { class: "hint" }, words.of("here_nothing_in", { layers: empty.join(words.of("comma")) })) : null,
    lost.length ? element("p", { class: "trouble" }, words.of("here_lost", { layers: lost.join(words.of("comma")) })) : null,
    element("p", { class: "hint" }, words.of("here_caveat")),
  ];
}

/** One feature: its class, what is required there, where it comes from. */
export function cardOf(page: Page, one: ShownLayer, row: number): HTMLElement {
  const { words, layers, document: map } = page;
  const { layer, table, columns } = one;
  const kind = columns ? layer.classes[columns.class_index[row]!] : undefined;
  const go = button("title-button", () => {
    const box = layers.boundsOf(one, row);
    if (box) goTo(page.map, box);
    page.layers.all.forEach((other) => other.drawing?.select(other === one ? [row] : []));
  });
  go.textContent = titleOf(table!, row);
  const list = element("dl", { class: "facts" });
  const add = (label: string, value: string | null | undefined) => {
    if (value) list.append(element("dt", {}, label), element("dd", {}, value));
  };
  add(words.of("class"), kind ? words.both(kind.label) : words.code("class", table!.class[row]!));
  add(words.of("code"), table!.code[row]);
  add(words.of("class_in_file"), table!.class_label[row]);
  for (const fact of table!.facts[row] ?? []) add(words.both(fact.label), fact.text);
  const flags = (table!.flags[row] ?? []).map((flag) => words.code("flag", flag));
  add(words.of("remarks"), flags.join(words.of("comma")));
  if (columns && columns.in_force[row] === 0) add(words.of("validity"), words.of("not_in_force"));
  add(words.of("source"), layer.source ?? words.of("not_stated"));
  add(words.of("data_date"), layer.data_date ?? words.of("not_stated"));
  add(words.of("version"), layer.version);
  return element(
    "article",
    { class: "card" },
    element("header", {}, kind && swatch(map.styles[kind.style], kind.shape), element("h3", {}, go)),
    element("p", { class: "muted" }, layer.name, !one.visible && ` · ${words.of("switched_off")}`),
    element("div", { class: "marks" }, ...marksOf(words, layer)),
    list,
  );
}
