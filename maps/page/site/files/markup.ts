/** KML and GPX: WGS 84 by their standards, drawn by hand or by a phone. */
import { gpx, kml } from "@tmcw/togeojson";
import { Refusal } from "../../refusal";
import type { FileParts } from "../upload";
import { geometriesOf } from "./geojson";

const DRAWN_M = 10;
const WGS84 = { name: "WGS 84", datum: "wgs84" as const, projected: false, toDegrees: null };

export function readMarkup(text: string): FileParts {
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new Refusal("entities", {});
  const tree = new DOMParser().parseFromString(text, "application/xml");
  if (tree.querySelector("parsererror")) throw new Refusal("cut_off", { format: "XML" });
  const root = tree.documentElement.localName.toLowerCase();
  if (root !== "kml" && root !== "gpx") throw new Refusal("not_read", { name: `<${root.slice(0, 30)}>` });
  if (tree.getElementsByTagName("NetworkLink").length) throw new Refusal("network_link", {});
  const found: FileParts = {
    parts: [],
    accuracy_m: Math.hypot(DRAWN_M, 1),
    lost: 0,
    told: [{ key: "told_reference", facts: { format: root.toUpperCase(), reference: "WGS 84" } }],
    words: wordsOf(tree),
  };
  const listed = root === "kml" ? kml(tree, { skipNullGeometry: false }) : gpx(tree);
  for (const feature of listed.features) {
    if (feature.geometry) take(feature.geometry, found);
    else found.lost += 1;
  }
  return found;
}

function take(geometry: GeoJSON.Geometry, found: FileParts): void {
  if (geometry.type === "GeometryCollection") for (const one of geometry.geometries) take(one, found);
  else found.parts.push(...geometriesOf(geometry, WGS84));
}

/** What the file says of itself and of its features. */
function wordsOf(tree: Document): string[] {
  const words = [...tree.querySelectorAll("name, description, desc, metadata, Data, SimpleData")];
  const creators = [...tree.documentElement.attributes].map((one) => one.value);
  return [...words.map((one) => (one.textContent ?? "").slice(0, 2000)), ...creators];
}
