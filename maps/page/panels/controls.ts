/** Controls on the map: zoom, whole map, locate, scale, coordinates, the cross for those who use the keyboard. */
import type * as Leaflet from "leaflet";
import { decimalText, dmsText, type LonLat } from "../coordinates";
import { markOf, pathOf } from "../drawing/ink";
import { button, drawing, element, sign } from "../elements";
import { toGrid, zone3 } from "../grid";
import { goTo, type Page } from "../page";

declare const L: typeof Leaflet;

export function controls(page: Page): void {
  const { map, words, document } = page;
  const zoom = L.control.zoom({ position: "topright" }).addTo(map);
  for (const [end, key] of [["in", "zoom_in"], ["out", "zoom_out"]] as const) {
    const link = zoom.getContainer()!.querySelector(`.leaflet-control-zoom-${end}`)!;
    words.attribute(link, "aria-label", key);
    words.attribute(link, "title", key);
  }
  const extra = element("div", { class: "leaflet-bar map-buttons" });
  const whole = button("map-button", () => goTo(map, document.bounds));
  whole.append(sign("full"));
  words.attribute(whole, "aria-label", "whole_map");
  words.attribute(whole, "title", "whole_map");
  extra.append(whole);
  if (document.allow.locate) extra.append(locate(page));
  place(map, "topright", extra);
  L.control.scale({ imperial: false, maxWidth: 130, position: "bottomleft" }).addTo(map);
  place(map, "bottomleft", readout(page));
  place(map, "topleft", north(page));
  map.attributionControl?.setPrefix(false);
  const cross = drawing("svg", { viewBox: "0 0 40 40", class: "cross", "aria-hidden": "true" },
    drawing("path", { d: "M20 2V16M20 24V38M2 20H16M24 20H38", class: "cross-case" }),
    drawing("path", { d: "M20 2V16M20 24V38M2 20H16M24 20H38", class: "cross-line" }));
  map.getContainer().append(cross);
}

function place(map: Leaflet.Map, position: Leaflet.ControlPosition, node: HTMLElement): void {
  L.DomEvent.disableClickPropagation(node);
  L.DomEvent.disableScrollPropagation(node);
  const control = new L.Control({ position });
  control.onAdd = () => node;
  map.addControl(control);
}

function north(page: Page): HTMLElement {
  return element("div", { class: "north" }, page.words.text(element("span"), "north"),
    drawing("svg", { viewBox: "0 0 20 26", "aria-hidden": "true" },
      drawing("path", { d: "M10 0L18 25L10 19Z", class: "north-dark" }),
      drawing("path", { d: "M10 0L2 25L10 19Z", class: "north-light" })));
}

type Format = "decimal" | "dms" | "grid";
const FORMATS: Format[] = ["decimal", "dms", "grid"];

/** Coordinates under the mouse, or in the middle of the map; a press goes on to the next way of writing them. */
function readout(page: Page): HTMLElement {
  const { map, words } = page;
  let format: Format = "decimal";
  let at: LonLat = [map.getCenter().lng, map.getCenter().lat];
  const text = element("span");
  const node = button("readout", () => {
    format = FORMATS[(FORMATS.indexOf(format) + 1) % FORMATS.length]!;
    say();
  });
  node.append(element("span", { class: "readout-name" }, "CGCS2000"), text);
  const say = () => (text.textContent = coordinateText(at, format));
  const move = (place: Leaflet.LatLng) => {
    at = [place.lng, place.lat];
    say();
  };
  map.on("mousemove", (event) => move(event.latlng));
  map.on("move", () => move(map.getCenter()));
  words.attribute(node, "title", "readout");
  words.bind(say);
  return node;
}

function coordinateText(at: LonLat, format: Format): string {
  if (format === "decimal") return `${decimalText(at, 5)}°`;
  if (format === "dms") return dmsText(at);
  const [lon] = at;
  if (lon < 73.5 || lon > 136.5) return "–";
  const [east, north] = toGrid(at, zone3(lon));
  return `X ${north.toFixed(1)}  Y ${east.toFixed(1)}`;
}

function locate(page: Page): HTMLElement {
  const { map, words, frame } = page;
  let mark: Leaflet.LayerGroup | null = null;
  const node = button("map-button", () => {
    frame.say(words.of("locating"));
    map.locate({ enableHighAccuracy: true, timeout: 15_000 });
  });
  node.append(sign("locate"));
  words.attribute(node, "aria-label", "locate");
  words.attribute(node, "title", "locate");
  map.on("locationfound", (event) => {
    mark?.remove();
    const reader = markOf(page.document.styles, "reader");
    const style = { ...pathOf(reader), fillColor: reader.fill };
    mark = L.layerGroup([
      L.circle(event.latlng, { ...style, radius: event.accuracy, fillOpacity: reader.fill_opacity }),
      L.circleMarker(event.latlng, { ...style, radius: reader.radius, fillOpacity: 1 }),
    ]).addTo(map);
    map.setView(event.latlng, Math.max(map.getZoom(), 13), { animate: false });
    frame.say(words.of("located", { metres: words.number(event.accuracy) }));
  });
  map.on("locationerror", () => frame.say(words.of("not_located")));
  return node;
}
