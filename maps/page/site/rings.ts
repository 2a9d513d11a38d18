/** Rings of points to polygons, where the order of the rings and their winding prove nothing. */
import Flatbush from "flatbush";
import type { LonLat } from "../coordinates";
import { Refusal } from "../refusal";

/** Mean width of a ring below which it is a line. */
const LEAST_DEGREES = 1e-10;
const LEAST_M = 1e-5;

/** The ring closed and without repeats in a row; refused with fewer than three distinct points. */
export function closedRing(points: LonLat[]): LonLat[] {
  const ring = points.filter((at, i) => i === 0 || at[0] !== points[i - 1]![0] || at[1] !== points[i - 1]![1]);
  if (new Set(ring.map(String)).size < 3) throw new Refusal("too_few_points", { count: ring.length, least: 3 });
  const first = ring[0]!;
  const last = ring[ring.length - 1]!;
  return first[0] === last[0] && first[1] === last[1] ? ring : [...ring, first];
}

/** The area that an odd number of rings encloses; refused where rings cross or enclose nothing. */
export function areaOf(rings: LonLat[][]): GeoJSON.Polygon | GeoJSON.MultiPolygon {
  refuseCrossing(rings);
  refuseFlat(rings);
  const depth = rings.map((ring, i) => rings.filter((other, j) => j !== i && holds(other, ring)).length);
  const shells = rings.map((ring, i) => ({ ring, i })).filter(({ i }) => depth[i]! % 2 === 0);
  const polygons = shells.map(({ ring, i }) => [
    ring,
    ...rings.filter((other, j) => depth[j] === depth[i]! + 1 && holds(ring, other)),
  ]);
  return polygons.length === 1
    ? { type: "Polygon", coordinates: polygons[0]! }
    : { type: "MultiPolygon", coordinates: polygons };
}

/** Refuses rings that are but lines, as the engine does (`spatial/reading/draft.py`, `_flat`). */
function refuseFlat(rings: LonLat[][]): void {
  for (const ring of rings) {
    let [doubled, length] = [0, 0];
    const [x0, y0] = ring[0]!; // near its own corner a small ring loses no digits
    for (let i = 0; i < ring.length - 1; i++) {
      const [a, b] = [ring[i]!, ring[i + 1]!];
      doubled += (a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0);
      length += Math.hypot(b[0] - a[0], b[1] - a[1]);
    }
    const degrees = ring.every(([x, y]) => Math.abs(x) <= 180 && Math.abs(y) <= 90);
    if (Math.abs(doubled) <= (degrees ? LEAST_DEGREES : LEAST_M) * length) throw new Refusal("flat", {});
  }
}

/** Whether a ring holds another that does not cross it: by a point of the other that is not on the ring. */
function holds(ring: LonLat[], other: LonLat[]): boolean {
  for (let k = 0; k < other.length - 1; k++) {
    const a = other[k]!;
    const b = other[k + 1]!;
    for (const at of [a, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] as LonLat]) {
      const where = sideOf(ring, at);
      if (where !== 0) return where > 0;
    }
  }
  return false;
}

/** 1 inside, −1 outside, 0 on the ring. */
function sideOf(ring: LonLat[], at: LonLat): number {
  let inside = -1;
  for (let i = 0; i < ring.length - 1; i++) {
    const a = ring[i]!;
    const b = ring[i + 1]!;
    const turn = (b[0] - a[0]) * (at[1] - a[1]) - (b[1] - a[1]) * (at[0] - a[0]);
    const within =
      Math.min(a[0], b[0]) <= at[0] && at[0] <= Math.max(a[0], b[0]) &&
      Math.min(a[1], b[1]) <= at[1] && at[1] <= Math.max(a[1], b[1]);
    if (turn === 0 && within) return 0;
    if (a[1] > at[1] !== b[1] > at[1] && turn > 0 === b[1] > a[1]) inside = -inside;
  }
  return inside;
}

/** Refuses edges that meet elsewhere than at the common vertex of neighbours, naming the place. */
function refuseCrossing(rings: LonLat[][]): void {
  const edges: { a: LonLat; b: LonLat; ring: number; at: number; last: number }[] = [];
  rings.forEach((ring, number) => {
    for (let i = 0; i < ring.length - 1; i++) {
      edges.push({ a: ring[i]!, b: ring[i + 1]!, ring: number, at: i, last: ring.length - 2 });
    }
  });
  if (!edges.length) return;
  const index = new Flatbush(edges.length);
  for (const { a, b } of edges) {
    index.add(Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1]));
  }
  index.finish();
  edges.forEach((one, i) => {
    const { a, b } = one;
    const near = index.search(
      Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1]),
    );
    for (const j of near) {
      if (j <= i) continue;
      const other = edges[j]!;
      const beside = one.ring === other.ring && (other.at - one.at === 1 || (one.at === 0 && other.at === one.last));
      // Rings may touch in a vertex; they may not share an edge or cross.
      if (beside ? foldsBack(one, other) : crosses(one, other, one.ring !== other.ring)) {
        throw new Refusal("ring_crosses", { lon: a[0].toFixed(6), lat: a[1].toFixed(6) });
      }
    }
  });
}

type Edge = { a: LonLat; b: LonLat };

/** Neighbouring edges lie on one another. */
function foldsBack(one: Edge, other: Edge): boolean {
  const common = same(one.b, other.a) ? one.b : one.a;
  const p = same(common, one.a) ? one.b : one.a;
  const q = same(common, other.a) ? other.b : other.a;
  const turn = (p[0] - common[0]) * (q[1] - common[1]) - (p[1] - common[1]) * (q[0] - common[0]);
  const along = (p[0] - common[0]) * (q[0] - common[0]) + (p[1] - common[1]) * (q[1] - common[1]);
  return turn === 0 && along > 0;
}

function crosses(one: Edge, other: Edge, mayTouch: boolean): boolean {
  const sides = [
    turn(one.a, one.b, other.a), turn(one.a, one.b, other.b),
    turn(other.a, other.b, one.a), turn(other.a, other.b, one.b),
  ] as const;
  if (sides[0] * sides[1] > 0 || sides[2] * sides[3] > 0) return false;
  const touchesOnly = !(sides[0] * sides[1] < 0 && sides[2] * sides[3] < 0);
  if (!touchesOnly) return true;
  const shared = [one.a, one.b].filter((p) => same(p, other.a) || same(p, other.b)).length;
  if (sides.every((side) => side === 0)) return shared === 0 || shared === 2; // on one line
  return !mayTouch;
}

function turn(a: LonLat, b: LonLat, c: LonLat): number {
  return Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
}

function same(a: LonLat, b: LonLat): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** Points to rings: a new one where the ring's number changes, where it came back to its start, or counts from 1. */
export function splitRings(points: { ring: string | null; number: string | null; at: LonLat }[]): LonLat[][] {
  const rings: LonLat[][] = [];
  let ring: LonLat[] = [];
  let last: string | null = null;
  for (const { ring: name, number, at } of points) {
    const closed = ring.length > 3 && same(ring[0]!, ring[ring.length - 1]!);
    if (closed && name === last && same(at, ring[ring.length - 1]!)) continue;
    const restarts = number !== null && /^0*1$/.test(number) && ring.length > 2 && !same(at, ring[0]!);
    if (ring.length && (name !== last || closed || restarts)) {
      rings.push(ring);
      ring = [];
    }
    if (!ring.length || !same(ring[ring.length - 1]!, at)) ring.push(at);
    last = name;
  }
  if (ring.length) rings.push(ring);
  return rings;
}
