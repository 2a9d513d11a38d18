/** GeoJSON: longitude and latitude of WGS 84 by its standard, or of the CRS that an older file names. */
import { Refusal } from "../../refusal";
import type { LonLat } from "../../coordinates";
import { areaOf, closedRing } from "../rings";
import type { FileParts } from "../upload";
import { codeOf, type Reference } from "./reference";

const VECTOR_DEGREES_M = 5;
const DEEPEST = 8;

interface Raw {
  type?: unknown;
  coordinates?: unknown;
  geometries?: unknown;
  geometry?: unknown;
  features?: unknown;
  properties?: unknown;
  name?: unknown;
  crs?: unknown;
}

export function readGeojson(text: string): FileParts {
  let raw: Raw;
  try {
    raw = JSON.parse(text) as Raw;
  } catch {
    throw new Refusal("cut_off", { format: "GeoJSON" });
  }
  const reference = referenceOf(raw.crs);
  const found: FileParts = {
    parts: [],
    accuracy_m: reference.projected ? 1 : Math.hypot(VECTOR_DEGREES_M, reference.datum === "wgs84" ? 1 : 0),
    lost: 0,
    told: [{ key: "told_reference", facts: { format: "GeoJSON", reference: reference.name } }],
    words: [typeof raw.name === "string" ? raw.name : null],
  };
  take(raw, reference, found, 0);
  return found;
}

function referenceOf(crs: unknown): Reference {
  if (crs === undefined) return { name: "WGS 84 (RFC 7946)", datum: "wgs84", projected: false, toDegrees: null };
  const name = (crs as { properties?: { name?: unknown } } | null)?.properties?.name;
  if (typeof name !== "string") throw new Refusal("no_crs", {});
  return codeOf(name);
}

function take(raw: Raw, reference: Reference, found: FileParts, depth: number): void {
  if (depth > DEEPEST) throw new Refusal("cut_off", { format: "GeoJSON" });
  if (raw === null || typeof raw !== "object") {
    found.lost += 1;
    return;
  }
  if (Array.isArray(raw.features)) {
    for (const one of raw.features as Raw[]) take(one, reference, found, depth + 1);
  } else if (raw.type === "Feature") {
    if (raw.properties && typeof raw.properties === "object") found.words.push(Object.keys(raw.properties).join("\n"));
    if (raw.geometry) take(raw.geometry as Raw, reference, found, depth + 1);
    else found.lost += 1;
  } else if (raw.type === "GeometryCollection" && Array.isArray(raw.geometries)) {
    if (!raw.geometries.length) found.lost += 1;
    for (const one of raw.geometries as Raw[]) take(one, reference, found, depth + 1);
  } else if (list(raw.coordinates).length === 0) found.lost += 1;
  else found.parts.push(...geometriesOf(raw, reference));
}

/** Geometries with sound coordinates: rings closed and told apart anew, heights dropped. */
export function geometriesOf(raw: Raw, reference: Reference): GeoJSON.Geometry[] {
  const moved = (chain: LonLat[]) => (reference.toDegrees ? reference.toDegrees(chain) : chain);
  const chains = (value: unknown): LonLat[][] => list(value).map(chainOf);
  switch (raw.type) {
    case "Point":
      return [{ type: "Point", coordinates: moved([positionOf(raw.coordinates)])[0]! }];
    case "MultiPoint":
      return chainOf(raw.coordinates).map((at) => ({ type: "Point", coordinates: moved([at])[0]! }));
    case "LineString":
      return [lineOf(chainOf(raw.coordinates), moved)];
    case "MultiLineString":
      return chains(raw.coordinates).map((chain) => lineOf(chain, moved));
    case "Polygon":
      return nested([chains(raw.coordinates)], moved);
    case "MultiPolygon":
      return nested(list(raw.coordinates).map(chains), moved);
    default:
      throw new Refusal("unknown_geometry", { type: String(raw.type).slice(0, 30) });
  }
}

/** Polygons that say which of their rings are holes: refused where the rings lie otherwise, or lie over one another. */
function nested(polygons: LonLat[][][], moved: (chain: LonLat[]) => LonLat[]): GeoJSON.Geometry[] {
  if (polygons.some((rings) => !rings.length)) throw new Refusal("cut_off", { format: "GeoJSON" });
  for (const ring of polygons.flat()) {
    if (String(ring[0]) !== String(ring[ring.length - 1])) throw new Refusal("ring_open", {});
  }
  const area = areaOf(polygons.flat().map(closedRing));
  const found = area.type === "Polygon" ? [area.coordinates] : area.coordinates;
  const sizes = (given: { length: number }[]) => given.map((rings) => rings.length).sort().join(" ");
  const shells = new Set(found.map(([shell]) => String(shell)));
  if (sizes(found) !== sizes(polygons) || !polygons.every(([shell]) => shells.has(String(closedRing(shell!))))) {
    throw new Refusal("rings_nested", {});
  }
  return (found as LonLat[][][]).map((rings) => ({ type: "Polygon", coordinates: rings.map(moved) }));
}

function lineOf(chain: LonLat[], moved: (chain: LonLat[]) => LonLat[]): GeoJSON.LineString {
  if (new Set(chain.map(String)).size < 2) throw new Refusal("too_few_points", { count: chain.length, least: 2 });
  return { type: "LineString", coordinates: moved(chain) };
}

export function polygonOf(
  rings: LonLat[][],
  moved: (chain: LonLat[]) => LonLat[],
): GeoJSON.Polygon | GeoJSON.MultiPolygon {
  const area = areaOf(rings.map(closedRing));
  if (area.type === "Polygon") return { type: "Polygon", coordinates: (area.coordinates as LonLat[][]).map(moved) };
  return { type: "MultiPolygon", coordinates: (area.coordinates as LonLat[][][]).map((one) => one.map(moved)) };
}

function chainOf(value: unknown): LonLat[] {
  return list(value).map(positionOf);
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Refusal("cut_off", { format: "GeoJSON" });
  return value;
}

function positionOf(value: unknown): LonLat {
  const [x, y] = list(value);
  if (typeof x !== "number" || typeof y !== "number" || !Number.isFinite(x) || !Number.isFinite(y)) {
    throw new Refusal("not_a_coordinate", { text: JSON.stringify(value)?.slice(0, 40) ?? "" });
  }
  return [x, y];
}
