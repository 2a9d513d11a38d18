/**
 * Geodesic distance between geometries whose edges are straight in longitude and latitude (twin of
 * `spatial/overlay/distance.py`). The plane only proposes; what is returned is a geodesic between two points.
 */
import { inverse } from "../ellipsoid";
import {
  type Box,
  type Geometry,
  bounds,
  nearestPoints,
  preparedDistance,
  preparedIntersects,
  scoped,
} from "../geometry";
import { FAR_M, nearestFar } from "./far_edges";
import { Frame } from "./frame";
import { nearestAmongEdges } from "./near_edges";
import { type Vantage, vantageOf } from "./vantage";

export const EARTH_RADIUS_M = 6_371_000;
export const TOLERANCE_M = 2e-3;
const RAD = Math.PI / 180;
const CHUNK = 64;
const SORTED_FIRST = 4 * CHUNK;
const WIDE_DEG = 45;

/** The nearest pair of points: metres, bearing from the site, row of the target. */
export interface Nearest {
  metres: number;
  bearing: number | null;
  row: number;
}

export type Load = (row: number) => Geometry;

/** Metres between two geometries; 0 where they meet. */
export function distanceTo(site: Geometry, target: Geometry): number {
  return nearestOf(site, [target]).metres;
}

/** The target nearest to the site. */
export function nearestOf(site: Geometry, targets: readonly Geometry[]): Nearest {
  if (!targets.length) throw new RangeError("no targets to measure to");
  const place = vantageOf(site);
  const met = targets.findIndex((target) => preparedIntersects(place.prepared, target));
  if (met >= 0) return { metres: 0, bearing: null, row: met };
  return nearestApart(place, targets);
}

/** A lower bound of the distance to a target from one plane. */
export function distanceAtLeast(site: Geometry, target: Geometry): number {
  const place = vantageOf(site);
  const plane = planeDistance(place, target);
  return plane / (1 + distortion(place.bounds, plane));
}

/**
 * The nearest of many targets known by their boxes; only those that can still win are loaded.
 *
 * `boxes` is flat, four numbers a row; null where no target is asked for or none is within `withinM`.
 */
export function nearestOfBoxes(
  site: Geometry,
  boxes: ArrayLike<number>,
  rows: ArrayLike<number>,
  load: Load,
  withinM = Infinity,
): Nearest | null {
  if (!rows.length) return null;
  const place = vantageOf(site);
  const bound = leastDistances(place.bounds, boxes, rows);
  if (withinM < Infinity) {
    let close = false;
    for (let i = 0; i < rows.length && !close; i++) {
      close = bound[i]! <= withinM && distanceAtLeast(site, load(rows[i]!)) <= withinM;
    }
    if (!close) return null;
  }
  for (let i = 0; i < rows.length; i++) {
    if (bound[i] === 0 && preparedIntersects(place.prepared, load(rows[i]!))) {
      return { metres: 0, bearing: null, row: rows[i]! };
    }
  }
  const first = firstBy(bound);
  let best = nearestInOrder(place, bound, rows, first, load);
  if (first.length < bound.length && (!best || !(best.metres < bound[first[first.length - 1]!]!))) {
    best = nearestInOrder(place, bound, rows, ordered(bound), load);
  }
  return best && !(best.metres > withinM) ? best : null;
}

function ordered(bound: Float64Array): number[] {
  return Array.from(bound.keys()).sort((a, b) => bound[a]! - bound[b]! || a - b);
}

/** The beginning of the order of all by their bounds, in whole chunks. */
function firstBy(bound: Float64Array): number[] {
  if (bound.length <= 4 * SORTED_FIRST) return ordered(bound);
  const limit = bound.slice().sort()[SORTED_FIRST]!;
  const found: number[] = [];
  bound.forEach((value, i) => value <= limit && found.push(i));
  found.sort((a, b) => bound[a]! - bound[b]! || a - b);
  return found.slice(0, Math.floor(found.length / CHUNK) * CHUNK);
}

function nearestInOrder(
  place: Vantage,
  bound: Float64Array,
  rows: ArrayLike<number>,
  order: readonly number[],
  load: Load,
): Nearest | null {
  let best: Nearest | null = null;
  for (let start = 0; start < order.length; start += CHUNK) {
    let take = order.slice(start, start + CHUNK);
    if (best) {
      const limit: number = best.metres;
      take = take.filter((i) => bound[i]! <= limit);
      if (!take.length) break;
    }
    const targets = take.map((i) => load(rows[i]!));
    const limit = best?.metres;
    if (limit !== undefined && targets.every((target) => distanceAtLeast(place.site, target) > limit)) continue;
    const found = nearestApart(place, targets);
    if (!best || found.metres < best.metres) best = { ...found, row: rows[take[found.row]!]! };
    if (best.metres === 0) break;
  }
  return best;
}

function planeDistance(place: Vantage, target: Geometry): number {
  return scoped(() => {
    const there = place.frame.toPlane(target);
    return preparedDistance(place.preparedPlane, there);
  });
}

/** The nearest of targets none of which meets the site. */
function nearestApart(place: Vantage, targets: readonly Geometry[]): Nearest {
  const rows = targets.length === 1 ? [0] : candidates(place, targets);
  let best = settled(place, targets[rows[0]!]!, rows[0]!);
  if (bias(place.bounds, rows.map((row) => bounds(targets[row]!)), best) > TOLERANCE_M) {
    best = nearestAmongEdges(place, targets, rows, best);
  } else {
    for (const row of rows.slice(1)) {
      const found = settled(place, targets[row]!, row);
      best = found.metres < best.metres ? found : best;
    }
  }
  return best.metres <= FAR_M ? best : nearestFar(place, targets, rows, best);
}

/** Targets that can be the nearest for all that the plane may be off, the nearest in the plane first. */
function candidates(place: Vantage, targets: readonly Geometry[]): number[] {
  const plane = targets.map((target) => planeDistance(place, target));
  const slack = plane.map((metres) => distortion(place.bounds, metres));
  const upper = Math.min(...plane.map((metres, i) => metres * (1 + slack[i]!)));
  const order = Array.from(plane.keys()).sort((a, b) => plane[a]! - plane[b]! || a - b);
  return order.filter((i) => plane[i]! / (1 + slack[i]!) <= upper);
}

/** The frame moves to the middle of the nearest pair until the pair stays. */
function settled(place: Vantage, target: Geometry, row: number): Nearest {
  return scoped(() => {
    let { frame, plane: site } = place;
    let best: Nearest = { metres: Infinity, bearing: null, row };
    for (let turn = 0; turn < 4; turn++) {
      const [x1, y1, x2, y2] = nearestPoints(site, frame.toPlane(target));
      const [lon1, lat1] = frame.degreesOf(x1, y1);
      const [lon2, lat2] = frame.degreesOf(x2, y2);
      const found = measuredPair(lon1, lat1, lon2, lat2, row);
      const stays = Math.abs(best.metres - found.metres) < 1e-5;
      best = found.metres < best.metres ? found : best;
      if (stays) break;
      frame = Frame.at((lon1 + lon2) / 2, (lat1 + lat2) / 2);
      site = frame.toPlane(place.site);
    }
    return best;
  });
}

/** The geodesic of one pair of points. */
export function measuredPair(lon1: number, lat1: number, lon2: number, lat2: number, row: number): Nearest {
  const { metres, azimuth } = inverse(lon1, lat1, lon2, lat2);
  const bearing = ((azimuth % 360) + 360) % 360;
  return { metres, bearing: metres > 0 ? bearing : null, row };
}

/** By how much the frame of the pair found may have missed a nearer one, metres. */
function bias([, south, , north]: Box, boxes: readonly Box[], found: Nearest): number {
  const low = Math.min(...boxes.map((box) => box[1]));
  const high = Math.max(...boxes.map((box) => box[3]));
  const d = found.metres;
  const tall = Math.max(0, Math.min(north, high) - Math.max(south, low)) * RAD * EARTH_RADIUS_M + 2 * d;
  const top = Math.min(80, Math.max(Math.abs(south), Math.abs(north), Math.abs(low), Math.abs(high))) * RAD;
  return ((2 * Math.tan(top)) / EARTH_RADIUS_M) * tall * d;
}

/** How far plane and ellipsoid can differ, as a share of the distance. */
export function distortion([, south, , north]: Box, planeM: number): number {
  const reach = planeM + (((north - south) * RAD) / 2) * EARTH_RADIUS_M;
  const top = Math.min(Math.max(Math.abs(south), Math.abs(north)) * RAD + reach / EARTH_RADIUS_M, 80 * RAD);
  return 1e-3 + (2 * Math.tan(top) * reach) / EARTH_RADIUS_M;
}

/** A lower bound in metres between one box and many, on the smallest scale that either meets. */
function leastDistances(box: Box, boxes: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
  const [west, south, east, north] = box;
  const own = Math.max(Math.abs(south), Math.abs(north));
  return Float64Array.from({ length: rows.length }, (_, i) => {
    const at = 4 * rows[i]!;
    const dlon = Math.max(0, boxes[at]! - east, west - boxes[at + 2]!);
    const dlat = Math.max(0, boxes[at + 1]! - north, south - boxes[at + 3]!);
    const top = Math.max(Math.abs(boxes[at + 1]!), Math.abs(boxes[at + 3]!), own) * RAD;
    const across = dlon * RAD * 6_378_137.0 * Math.cos(top) * 0.97 * (dlon > WIDE_DEG ? 0.95 : 1);
    const along = dlat * RAD * 6_335_439.0 * 0.97;
    return Math.hypot(across, along);
  });
}
