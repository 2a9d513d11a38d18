/** A site that is asked about, wherever it comes from. */
import type { SiteQuestion } from "../contract";
import { Refusal } from "../refusal";

export type Shape = "point" | "line" | "polygon";

export interface Site {
  name: string | null;
  /** Longitude and latitude of CGCS2000, edges straight between them. */
  geometry: GeoJSON.Geometry;
  accuracy_m: number;
  radius_m: number;
  part_rejected: boolean;
  /** What the reader is told of where it comes from: keys of words with their facts. */
  told: { key: string; facts: { [name: string]: string | number } }[];
}

/** Vertices that a site may have: more is work for the program, not for a page. */
export const MOST_VERTICES = 20_000;
export const MOST_PARTS = 1000;
/** Accuracy of what is drawn on the map, 95 %, metres. */
export const DRAWN_M = 10;
/** The area in which the toolkit works, degrees. */
const AREA = { west: 60, south: 0, east: 150, north: 60 };
const EQUATOR_M = 2 * Math.PI * 6_378_137;

export function questionOf(site: Site): SiteQuestion {
  const { name, geometry, accuracy_m, radius_m, part_rejected } = site;
  const unite = geometry.type === "GeometryCollection";
  return { name, geometry, accuracy_m, radius_m, transformation_m: 0, part_rejected, unite };
}

/** Metres on the ground in one pixel. */
export function metresAPixel(lat: number, zoom: number): number {
  return (Math.cos((lat * Math.PI) / 180) * EQUATOR_M) / 256 / 2 ** zoom;
}

/** What is drawn is as good as the hand: ten metres, or two pixels where they are more. */
export function drawnAccuracy(lat: number, zoom: number): number {
  return Math.max(DRAWN_M, Math.ceil(20 * metresAPixel(lat, zoom)) / 10);
}

/** Several parts as one geometry. */
export function joined(parts: GeoJSON.Geometry[]): GeoJSON.Geometry {
  const flat = parts.flatMap((part) => (part.type === "GeometryCollection" ? part.geometries : [part]));
  if (!flat.length) throw new Refusal("no_geometry", {});
  return flat.length === 1 ? flat[0]! : { type: "GeometryCollection", geometries: flat };
}

export function positionsOf(geometry: GeoJSON.Geometry): GeoJSON.Position[] {
  switch (geometry.type) {
    case "Point":
      return [geometry.coordinates];
    case "MultiPoint":
    case "LineString":
      return geometry.coordinates;
    case "MultiLineString":
    case "Polygon":
      return geometry.coordinates.flat();
    case "MultiPolygon":
      return geometry.coordinates.flat(2);
    case "GeometryCollection":
      return geometry.geometries.flatMap(positionsOf);
  }
}

export function hasPoints(geometry: GeoJSON.Geometry): boolean {
  if (geometry.type === "GeometryCollection") return geometry.geometries.some(hasPoints);
  return geometry.type === "Point" || geometry.type === "MultiPoint";
}

/** Refuses what is nowhere, outside the area or too large. */
export function requireSound(geometry: GeoJSON.Geometry): void {
  const positions = positionsOf(geometry);
  if (!positions.length) throw new Refusal("no_geometry", {});
  if (positions.length > MOST_VERTICES) {
    throw new Refusal("too_many_vertices", { count: positions.length, limit: MOST_VERTICES });
  }
  for (const [lon, lat] of positions) {
    const inside = lon! >= AREA.west && lon! <= AREA.east && lat! >= AREA.south && lat! <= AREA.north;
    if (!inside) throw new Refusal("outside_area", { lon: String(lon).slice(0, 20), lat: String(lat).slice(0, 20) });
  }
}
