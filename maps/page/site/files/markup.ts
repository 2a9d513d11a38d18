/** KML and GPX: WGS 84 by their standards, drawn by hand or by a phone. */
import { gpx, kml } from "@tmcw/togeojson";
import { Refusal } from "../../refusal";
import { isShifted } from "../marks";
import type { FileParts } from "../upload";
import { geometriesOf } from "./geojson";
import type { Reference } from "./reference";

const DRAWN_M = 10;
const WGS84: Reference = { name: "WGS 84", datum: "wgs84", projected: false, toDegrees: null };
const UNSHIFTED = ["CGCS2000", "WGS84"];
const CGCS2000: Reference = { name: "CGCS2000", datum: "cgcs2000", projected: false, toDegrees: null };

export function readMarkup(text: string): FileParts {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new Refusal("entities", {});
  const tree = new DOMParser().parseFromString(text, "application/xml");
  if (tree.querySelector("parsererror")) throw new Refusal("cut_off", { format: "XML" });
  const root = tree.documentElement.localName.toLowerCase();
  if (root !== "kml" && root !== "gpx") throw new Refusal("not_read", { name: `<${root.slice(0, 30)}>` });
  if (tree.getElementsByTagName("NetworkLink").length) throw new Refusal("network_link", {});
  const own = ovitalOf(tree);
  const reference = own.types.size === 1 && own.types.has("CGCS2000") ? CGCS2000 : WGS84;
  const found: FileParts = {
    parts: [],
    accuracy_m: Math.hypot(DRAWN_M, reference.datum === "wgs84" ? 1 : 0),
    lost: 0,
    told: [{ key: "told_reference", facts: { format: root.toUpperCase(), reference: reference.name } }],
    words: [...own.words, ...wordsOf(tree)],
    headings: fieldsOf(tree),
  };
  if (root === "kml") requireNumbers(tree);
  else found.lost += lostPlaces(tree);
  for (const picture of tree.querySelectorAll("GroundOverlay, PhotoOverlay, ScreenOverlay")) picture.remove();
  const listed = root === "kml" ? kml(tree, { skipNullGeometry: false }) : gpx(tree);
  for (const feature of listed.features) {
    if (feature.geometry) take(feature.geometry, reference, found);
    else found.lost += 1;
  }
  return found;
}

function take(geometry: GeoJSON.Geometry, reference: Reference, found: FileParts): void {
  if (geometry.type === "GeometryCollection") for (const one of geometry.geometries) take(one, reference, found);
  else found.parts.push(...geometriesOf(geometry, reference));
}

/** What 奥维 says in elements of its own: an export of it that does not say everywhere how it is shifted is refused. */
function ovitalOf(tree: Document): { types: Set<string>; words: string[] } {
  const own = [...tree.getElementsByTagName("*")].filter((one) => one.localName.startsWith("Ov"));
  if (!own.length) return { types: new Set(), words: [] };
  const said = own.filter((one) => one.localName === "OvCoordType").map((one) => (one.textContent ?? "").trim());
  const types = new Set(said.map((one) => one.toUpperCase().replace(/[-_ ]/g, "")));
  const sound = types.size > 0 && [...types].every((one) => UNSHIFTED.includes(one));
  if (!sound && !said.some(isShifted)) throw new Refusal("offset_open", {});
  return { types, words: said.map((one) => `OvCoordType ${one}`) };
}

/** A place that is no number would be left out of its line without a word: refused. */
function requireNumbers(tree: Document): void {
  const number = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
  const place = new RegExp(`^${number},${number}(?:,(?:${number})?)?$`);
  const moved = new RegExp(`^${number}[ ]${number}(?:[ ]${number})?$`);
  for (const one of tree.querySelectorAll("coordinates")) {
    const places = (one.textContent ?? "").split(/\s+/).filter(Boolean);
    const wrong = places.find((text) => !place.test(text));
    if (wrong !== undefined) throw new Refusal("not_a_coordinate", { text: wrong.slice(0, 40) });
    // one part of several without a place would go missing unseen
    if (!places.length && one.closest("MultiGeometry")) throw new Refusal("cut_off", { format: "KML" });
  }
  for (const one of tree.getElementsByTagName("*")) {
    const text = (one.textContent ?? "").trim();
    if (one.localName === "coord" && !moved.test(text)) throw new Refusal("not_a_coordinate", { text: text.slice(0, 40) });
    const shape = one.parentElement?.localName === "MultiGeometry";
    if (shape && ![...one.getElementsByTagName("*")].some((inner) => /^coord(?:inates)?$/.test(inner.localName))) {
      throw new Refusal("cut_off", { format: "KML" });
    }
  }
}

/** Tracks and routes of a GPX of fewer than two places are no lines; a place without its numbers is refused. */
function lostPlaces(tree: Document): number {
  for (const one of tree.querySelectorAll("wpt, trkpt, rtept")) {
    for (const name of ["lat", "lon"]) {
      const text = (one.getAttribute(name) ?? "").trim();
      if (!text || !Number.isFinite(Number(text))) throw new Refusal("not_a_coordinate", { text: text.slice(0, 40) });
    }
  }
  const lines: [string, string][] = [["trkseg", "trkpt"], ["rte", "rtept"]];
  return lines.flatMap(([line, place]) =>
    [...tree.querySelectorAll(line)].filter((one) => one.querySelectorAll(place).length < 2),
  ).length;
}

/** What the file says of itself and of its features. */
function wordsOf(tree: Document): string[] {
  const words = [...tree.querySelectorAll("name, description, desc, metadata, Data, SimpleData")];
  const creators = [...tree.documentElement.attributes].map((one) => one.value);
  return [...words.map((one) => (one.textContent ?? "").slice(0, 2000)), ...fieldsOf(tree), ...creators];
}

function fieldsOf(tree: Document): string[] {
  return [...tree.querySelectorAll("Data, SimpleData, SimpleField")].map((one) => one.getAttribute("name") ?? "");
}
