/** Coordinates typed or pasted become a site; the rules are those of `spatial/reading/typed.py`. */
import { pairOf, parseAll, type Coordinate, type LonLat, type Place } from "../coordinates";
import { gridOfPrefix, toLonLat, type Grid } from "../grid";
import { Refusal } from "../refusal";
import { carried } from "./edges";
import { areaOf, closedRing } from "./rings";
import { requireSound, type Shape, type Site } from "./site";

const DEGREE_M = 111_300;
const MINUTE_M = 1855;
const SECOND_M = 30.92;
const DEGREES_LEAST_M = 5;
/** What a datum adds that nothing states: WGS 84 is assumed of degrees. */
const DATUM_ASSUMED_M = 1;
const METRES_M = 1;
/** Metres of a zone whose datum nothing states: Xi'an 80 and Beijing 54 are not excluded. */
export const DATUM_OPEN_M = Math.hypot(METRES_M, 100);

/** The site of a text; `zone` for eastings that do not carry their zone's number. */
export function typedSite(text: string, shape: Shape, zone: Grid | null): Site {
  const written = parseAll(text);
  if (!written.length || written.length % 2) throw new Refusal("not_pairs", { count: written.length });
  const places: Place[] = [];
  for (let i = 0; i < written.length; i += 2) places.push(pairOf(written[i]!, written[i + 1]!));
  const geometry = shaped(places, shape, zone);
  const degrees = places[0]!.kind === "degrees";
  const told: Site["told"] = degrees
    ? [{ key: "told_degrees", facts: {} }]
    : [{ key: "told_grid", facts: gridFacts(gridFor(places[0]!, zone)) }];
  if (!degrees && !zone) told.push({ key: "told_datum_open", facts: {} });
  return {
    name: null,
    geometry,
    accuracy_m: degrees ? Math.hypot(writtenAccuracy(written), DATUM_ASSUMED_M) : zone ? METRES_M : DATUM_OPEN_M,
    radius_m: 0,
    part_rejected: false,
    told,
  };
}

/** Half a unit of the last digit written, at least five metres; whole seconds count as fifteen. */
export function writtenAccuracy(written: Coordinate[]): number {
  const unit = written.some((one) => one.unit === "minute") ? "minute"
    : written.some((one) => one.unit === "second") ? "second" : "number";
  const decimals = Math.max(0, ...written.filter((one) => one.unit === unit).map((one) => one.decimals));
  if (unit === "second" && decimals === 0) return 15;
  const metres = unit === "minute" ? MINUTE_M : unit === "second" ? SECOND_M : DEGREE_M;
  return Math.max(metres / (2 * 10 ** decimals), DEGREES_LEAST_M);
}

/** Places of one kind as a shape in degrees. */
export function shaped(places: Place[], shape: Shape, zone: Grid | null): GeoJSON.Geometry {
  const kinds = new Set(places.map((at) => at.kind));
  if (kinds.size > 1) throw new Refusal("kinds_differ", {});
  const kind = places[0]!.kind;
  if (kind === "web_mercator") throw new Refusal("web_mercator", {});
  if (kind === "local") throw new Refusal("no_place", {});
  const project = kind === "degrees" ? null : projectionOf(places, zone);
  const chain = places.map((at): LonLat => [at.east, at.north]);
  const geometry = built(chain, shape, project);
  requireSound(geometry);
  return geometry;
}

function built(chain: LonLat[], shape: Shape, project: ((x: number, y: number) => LonLat) | null): GeoJSON.Geometry {
  const moved = (points: LonLat[]) => (project ? carried(points, project) : points);
  if (shape === "polygon") {
    const area = areaOf([closedRing(chain)]);
    return { ...area, coordinates: (area.coordinates as LonLat[][]).map(moved) } as GeoJSON.Polygon;
  }
  if (shape === "line") {
    if (new Set(chain.map(String)).size < 2) throw new Refusal("too_few_points", { count: chain.length, least: 2 });
    return { type: "LineString", coordinates: moved(chain) };
  }
  const points = project ? chain.map(([x, y]) => project(x, y)) : chain;
  return points.length === 1
    ? { type: "Point", coordinates: points[0]! }
    : { type: "MultiPoint", coordinates: points };
}

function projectionOf(places: Place[], zone: Grid | null): (x: number, y: number) => LonLat {
  const grids = places.map((at) => gridFor(at, zone));
  if (new Set(grids.map((grid) => `${grid.width}/${grid.zone}`)).size > 1) throw new Refusal("zones_differ", {});
  const grid = grids[0]!;
  return (x, y) => toLonLat(x, y, grid);
}

/** The grid of a place: by its prefix, else the one that the reader chose; none is ever guessed. */
export function gridFor(at: Place, zone: Grid | null): Grid {
  if (at.kind === "zone_prefix") {
    const own = gridOfPrefix(at.zone!);
    if (zone && (zone.zone !== own.zone || zone.width !== own.width)) throw new Refusal("zone_conflict", { zone: own.zone });
    return own;
  }
  if (!zone) throw new Refusal("zone_missing", {});
  return { ...zone, prefixed: false };
}

export function gridFacts(grid: Grid): { [name: string]: number } {
  return { zone: grid.zone, width: grid.width, meridian: grid.width === 3 ? 3 * grid.zone : 6 * grid.zone - 3 };
}
