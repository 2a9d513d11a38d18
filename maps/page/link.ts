/**
 * The part of a link behind `#`: `view=LAT,LON,ZOOM&layers=KEY,KEY:0.5&select=KEY:ROW&lang=zh&theme=dark&site=…`.
 *
 * Python's side is `maps/view.py`, which refuses a link for a part that is left out here. A link is data from anywhere:
 * a part that is not exactly what it should be is left out, and the others hold.
 */
import type { Language } from "./contract";
import type { Site } from "./site/site";
import type { ThemeName } from "./theme";

export interface View {
  centre?: { lat: number; lon: number; zoom: number };
  layers?: { key: string; opacity: number }[];
  select?: { key: string; row: number };
  language?: Language;
  theme?: ThemeName;
  site?: SharedSite;
}

export interface SharedSite {
  geometry: GeoJSON.Geometry;
  accuracy_m: number;
  radius_m: number;
}

/** Vertices of a site that still stands in a link. */
export const MOST_SHARED = 150;
const LONGEST = 20_000;
const NUMBER = /^-?\d{1,3}(?:\.\d{1,15})?$/;
const METRES = /^\d{1,6}(?:\.\d{1,3})?$/;
const KEY = /^n[0-9a-f]{8}$/;
const TYPES = { point: "Point", line: "LineString", polygon: "Polygon" } as const;

export function parseView(hash: string): View {
  const view: View = {};
  if (hash.length > LONGEST) return view;
  for (const part of hash.replace(/^#/, "").split("&")) {
    const plain = decoded(part);
    const at = plain.indexOf("=");
    const value = plain.slice(at + 1);
    switch (at < 0 ? "" : plain.slice(0, at)) {
      case "view":
        view.centre ??= centreOf(value);
        break;
      case "layers":
        view.layers ??= layersOf(value);
        break;
      case "select":
        view.select ??= selectionOf(value);
        break;
      case "lang":
        if (value === "zh" || value === "en") view.language ??= value;
        break;
      case "theme":
        if (value === "light" || value === "dark") view.theme ??= value;
        break;
      case "site":
        view.site ??= siteOf(value);
    }
  }
  return view;
}

export function formatView(view: View): string {
  const parts: string[] = [];
  const { centre } = view;
  if (centre) parts.push(`view=${short(centre.lat, 6)},${short(centre.lon, 6)},${short(centre.zoom, 2)}`);
  if (view.layers) {
    const named = view.layers.map((one) => one.key + (short(one.opacity, 2) === "1" ? "" : `:${short(one.opacity, 2)}`));
    parts.push(`layers=${named.join(",")}`);
  }
  if (view.select) parts.push(`select=${view.select.key}:${view.select.row}`);
  if (view.language) parts.push(`lang=${view.language}`);
  if (view.theme) parts.push(`theme=${view.theme}`);
  const site = view.site && formatSite(view.site);
  if (site) parts.push(`site=${site}`);
  return `#${parts.join("&")}`;
}

/** What of a site a link can hold; null where it is not one simple shape, or too large. */
export function shareable(site: Site): SharedSite | null {
  const { geometry, accuracy_m, radius_m, part_rejected } = site;
  const shared = { geometry, accuracy_m, radius_m };
  return !part_rejected && formatSite(shared) !== null ? shared : null;
}

/** `polygon~ACCURACY~RADIUS~LON,LAT~LON,LAT~*~LON,LAT…`, rings parted by a star. */
function formatSite(site: SharedSite): string | null {
  const { geometry } = site;
  const name = (Object.keys(TYPES) as (keyof typeof TYPES)[]).find((one) => TYPES[one] === geometry.type);
  if (!name) return null;
  const rings =
    geometry.type === "Polygon" ? geometry.coordinates
    : geometry.type === "LineString" ? [geometry.coordinates]
    : [[(geometry as GeoJSON.Point).coordinates]];
  if (rings.reduce((sum, ring) => sum + ring.length, 0) > MOST_SHARED) return null;
  const said = rings.map((ring) => ring.map(([lon, lat]) => `${short(lon!, 9)},${short(lat!, 9)}`).join("~"));
  return [name, short(site.accuracy_m, 3), short(site.radius_m, 3), said.join("~*~")].join("~");
}

function siteOf(value: string): SharedSite | undefined {
  const [name, accuracy, radius, ...said] = value.split("~");
  if (!name || !Object.prototype.hasOwnProperty.call(TYPES, name)) return undefined;
  if (!METRES.test(accuracy ?? "") || !METRES.test(radius ?? "") || said.length > 2 * MOST_SHARED) return undefined;
  const rings: GeoJSON.Position[][] = [[]];
  for (const one of said) {
    if (one === "*") {
      rings.push([]);
      continue;
    }
    const numbers = one.split(",");
    if (numbers.length !== 2 || !numbers.every((number) => NUMBER.test(number))) return undefined;
    const [lon, lat] = numbers.map(Number) as [number, number];
    if (Math.abs(lon) > 180 || Math.abs(lat) > 90) return undefined;
    rings[rings.length - 1]!.push([lon, lat]);
  }
  const sound = (ring: GeoJSON.Position[]) => {
    const first = ring[0];
    const last = ring[ring.length - 1];
    return ring.length >= 4 && first![0] === last![0] && first![1] === last![1];
  };
  const type = TYPES[name as keyof typeof TYPES];
  const first = rings[0]!;
  const numbers = { accuracy_m: Number(accuracy), radius_m: Number(radius) };
  if (type === "Polygon") return rings.every(sound) ? { geometry: { type, coordinates: rings }, ...numbers } : undefined;
  if (rings.length > 1) return undefined;
  if (type === "LineString") return first.length > 1 ? { geometry: { type, coordinates: first }, ...numbers } : undefined;
  return first.length === 1 ? { geometry: { type, coordinates: first[0]! }, ...numbers } : undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

function centreOf(value: string): View["centre"] {
  const numbers = value.split(",");
  if (numbers.length !== 3 || !numbers.every((one) => NUMBER.test(one))) return undefined;
  const [lat, lon, zoom] = numbers.map(Number) as [number, number, number];
  return Math.abs(lat) <= 85.06 && Math.abs(lon) <= 180 && zoom >= 0 && zoom <= 24 ? { lat, lon, zoom } : undefined;
}

function layersOf(value: string): View["layers"] {
  const found: { key: string; opacity: number }[] = [];
  for (const one of value ? value.split(",") : []) {
    const [key, opacity = "1", ...more] = one.split(":");
    if (more.length || !KEY.test(key!) || !NUMBER.test(opacity)) return undefined;
    if (Number(opacity) < 0 || Number(opacity) > 1 || found.some((other) => other.key === key)) return undefined;
    found.push({ key: key!, opacity: Number(opacity) });
  }
  return found;
}

function selectionOf(value: string): View["select"] {
  const [key, row, ...more] = value.split(":");
  if (more.length || !KEY.test(key!) || !/^\d{1,9}$/.test(row ?? "")) return undefined;
  return { key: key!, row: Number(row) };
}

function short(number: number, decimals: number): string {
  const text = number.toFixed(decimals).replace(/\.?0+$/, "");
  return decimals && number.toFixed(decimals).includes(".") ? (text === "-0" || text === "" ? "0" : text) : number.toFixed(0);
}
