/**
 * The nearest pair of points far away (twin of `spatial/overlay/far_edges.py`): pairs are compared in space, where
 * nothing is distorted, and the pair that wins is settled by geodesics.
 */
import { A_M, E2, inverse } from "../ellipsoid";
import type { Geometry } from "../geometry";
import { measuredPair, type Nearest } from "./distance";
import { type Segments, segmentsOf, type Vantage } from "./vantage";

export const FAR_M = 100_000;
const LONGEST_DEG = 0.25;
const ROUNDS = 4;
const ZOOMS = 24;
const RAD = Math.PI / 180;

type Edge = readonly [number, number, number, number];
type Place = readonly [number, number, number];

/** A part of an edge, from one share of it to another, and the sphere that it lies in. */
interface Piece {
  edge: Edge;
  row: number;
  low: number;
  high: number;
  middle: Place;
  reach: number;
}

/** The nearest pair of points of a site and of targets that it does not meet; no farther than `found`. */
export function nearestFar(
  place: Vantage,
  targets: readonly Geometry[],
  rows: readonly number[],
  found: Nearest,
): Nearest {
  const ours = inPieces(place.edges);
  const theirs = inPieces(segmentsOf(rows.map((row) => targets[row]!)));
  let upper = found.metres; // through space it is less far
  let best: { one: Piece; two: Piece; s: number; t: number } | null = null;
  for (const one of ours) {
    for (const two of theirs) {
      if (apart(one.middle, two.middle) - one.reach - two.reach > upper) continue;
      const { s, t, chord } = feet(one, two);
      if (best && !(chord < upper)) continue;
      upper = Math.min(upper, chord);
      best = { one, two, s, t };
    }
  }
  if (!best) return found;
  const better = measuredPair(...settled(best.one.edge, best.two.edge, best.s, best.t), rows[best.two.row]!);
  return better.metres < found.metres ? better : found;
}

function inPieces({ xy, owner, count }: Segments): Piece[] {
  const found: Piece[] = [];
  for (let i = 0; i < count; i++) {
    const edge: Edge = [xy[4 * i]!, xy[4 * i + 1]!, xy[4 * i + 2]!, xy[4 * i + 3]!];
    const pieces = Math.max(1, Math.ceil(span(edge) / LONGEST_DEG));
    for (let k = 0; k < pieces; k++) {
      const [low, high] = [k / pieces, (k + 1) / pieces];
      const middle = on(edge, (low + high) / 2).place;
      const reach = 1.001 * Math.max(apart(on(edge, low).place, middle), apart(on(edge, high).place, middle)) + 1;
      found.push({ edge, row: owner[i]!, low, high, middle, reach });
    }
  }
  return found;
}

const span = (edge: Edge): number => Math.max(Math.abs(edge[2] - edge[0]), Math.abs(edge[3] - edge[1]));

const apart = (p: Place, q: Place): number => Math.sqrt((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 + (p[2] - q[2]) ** 2);

/** Where on two pieces the nearest points lie, as shares of their edges, and how far through space. */
function feet(one: Piece, two: Piece): { s: number; t: number; chord: number } {
  let s = (one.low + one.high) / 2;
  let t = (two.low + two.high) / 2;
  let here = on(one.edge, s);
  let there = on(two.edge, t);
  for (let round = 0; round < ROUNDS; round++) {
    there = on(two.edge, t);
    t = Math.min(two.high, Math.max(two.low, t - climb(there.way, there.place, here.place)));
    there = on(two.edge, t);
    s = Math.min(one.high, Math.max(one.low, s - climb(here.way, here.place, there.place)));
    here = on(one.edge, s);
  }
  return { s, t, chord: apart(here.place, there.place) };
}

/** How far along an edge, as a share of it, a place lies behind the foot of another; `way` is all of the edge. */
function climb(way: Place, place: Place, other: Place): number {
  const along = way[0] * (place[0] - other[0]) + way[1] * (place[1] - other[1]) + way[2] * (place[2] - other[2]);
  return along / Math.max(way[0] * way[0] + way[1] * way[1] + way[2] * way[2], 1e-12);
}

/** A place on an edge in space, metres, and the way that its edge would go from there, straight on. */
function on([x1, y1, x2, y2]: Edge, at: number): { place: Place; way: Place } {
  const [dlon, dlat] = [(x2 - x1) * RAD, (y2 - y1) * RAD];
  const [lon, lat] = [x1 * RAD + dlon * at, y1 * RAD + dlat * at];
  const [sine, cosine, sa, ca] = [Math.sin(lat), Math.cos(lat), Math.sin(lon), Math.cos(lon)];
  const w2 = 1 - E2 * sine * sine;
  const normal = A_M / Math.sqrt(w2);
  const [east, north] = [normal * cosine * dlon, normal * ((1 - E2) / w2) * dlat];
  return {
    place: [normal * cosine * ca, normal * cosine * sa, normal * ((1 - E2) * sine)],
    way: [-east * sa - north * sine * ca, east * ca - north * sine * sa, north * cosine],
  };
}

/** Places on two edges moved to the least geodesic of those around them, each time half as far. */
function settled(edge: Edge, other: Edge, s: number, t: number): [number, number, number, number] {
  let [reach, across] = [LONGEST_DEG / Math.max(span(edge), LONGEST_DEG), LONGEST_DEG / Math.max(span(other), LONGEST_DEG)];
  let points: [number, number, number, number] = [0, 0, 0, 0];
  for (let zoom = 0; zoom < ZOOMS; zoom++) {
    let [least, nextS, nextT] = [Infinity, s, t];
    for (let row = 0; row < 5; row++) {
      for (let column = 0; column < 5; column++) {
        const si = Math.min(1, Math.max(0, s + (column / 2 - 1) * reach));
        const ti = Math.min(1, Math.max(0, t + (row / 2 - 1) * across));
        const p: [number, number] = [edge[0] + (edge[2] - edge[0]) * si, edge[1] + (edge[3] - edge[1]) * si];
        const q: [number, number] = [other[0] + (other[2] - other[0]) * ti, other[1] + (other[3] - other[1]) * ti];
        const { metres } = inverse(...p, ...q);
        if (metres < least) {
          [least, nextS, nextT] = [metres, si, ti];
          points = [...p, ...q];
        }
      }
    }
    [s, t] = [nextS, nextT];
    reach /= 2;
    across /= 2;
  }
  return points;
}
