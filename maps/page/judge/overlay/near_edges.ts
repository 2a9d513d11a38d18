/**
 * The nearest pair of points searched on pairs of edges, each at its own latitude (of `spatial/overlay/distance.py` and
 * `edge_pairs.py`).
 */
import { metresPerDegree } from "../ellipsoid";
import type { Geometry } from "../geometry";
import { distortion, EARTH_RADIUS_M, measuredPair, type Nearest, TOLERANCE_M } from "./distance";
import { edgeLines, segmentsOf, type Vantage } from "./vantage";

const RAD = Math.PI / 180;
const EDGE_CHUNK = 256;
const EDGES_FIRST = 8;
const ZOOMS = 10;
const ASTRAY = 1e-3;

type Edge = readonly [number, number, number, number];

/** The nearest pair where a plane may have missed it; no farther than `found`. */
export function nearestAmongEdges(
  place: Vantage,
  targets: readonly Geometry[],
  rows: readonly number[],
  found: Nearest,
): Nearest {
  const theirs = segmentsOf(rows.map((row) => targets[row]!));
  const ours = place.edges;
  const { frame, bounds } = place;
  const reach = found.metres * (1 + distortion(bounds, found.metres));
  const others = edgeLines(theirs, frame);
  const mine = place.lines;
  const pairs = pairsWithin(mine, ours.count, others, theirs.count, reach);
  if (!pairs.length) return found;
  const topLat = Math.max(Math.abs(bounds[1]), Math.abs(bounds[3]));
  const top = Math.min(80, topLat + found.metres / EARTH_RADIUS_M / RAD) * RAD;
  const lat = (edges: Float64Array, i: number, end: number) => edges[4 * i + 1 + 2 * end]!;
  for (const pair of pairs) {
    let off = 0;
    for (const [a, b] of [[0, 0], [1, 1], [0, 1], [1, 0]] as const) {
      off = Math.max(off, Math.abs((lat(ours.xy, pair.mine, a) + lat(theirs.xy, pair.other, b)) / 2 - frame.lat0));
    }
    // a pair is off by tan(lat) for every radian of its middle's latitude; half as much again for the second order
    pair.least *= 1 - Math.min(0.9, 1.5 * Math.tan(top) * (off * RAD) + 1e-5);
  }
  pairs.sort((a, b) => a.least - b.least || a.mine - b.mine || a.other - b.other);
  const tolerance = found.metres <= 10_000 ? TOLERANCE_M : 1e-4 * found.metres;
  let best = found;
  let start = 0;
  let count = EDGES_FIRST;
  while (start < pairs.length) {
    const limit = best.metres - tolerance;
    const take = pairs.slice(start, start + count).filter((pair) => pair.least < limit);
    if (!take.length) break;
    const near = nearestOn(
      take.map((pair) => edgeAt(ours.xy, pair.mine)),
      take.map((pair) => edgeAt(theirs.xy, pair.other)),
    );
    const row = rows[theirs.owner[take[near.pair]!.other]!]!;
    const better = measuredPair(...near.points, row);
    best = better.metres < best.metres ? better : best;
    start += count;
    count = EDGE_CHUNK;
  }
  return best;
}

const edgeAt = (xy: Float64Array, i: number): Edge => [xy[4 * i]!, xy[4 * i + 1]!, xy[4 * i + 2]!, xy[4 * i + 3]!];

interface Pair {
  mine: number;
  other: number;
  least: number;
}

/**
 * Pairs of edges of a plane within a distance.
 *
 * A point, as an edge of no length, is in no pair: so it is with the engine's tree, whose answer is to be the same.
 */
function pairsWithin(mine: Float64Array, n: number, others: Float64Array, m: number, reach: number): Pair[] {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let j = 0; j < 2 * m; j++) {
    west = Math.min(west, others[2 * j]!);
    east = Math.max(east, others[2 * j]!);
    south = Math.min(south, others[2 * j + 1]!);
    north = Math.max(north, others[2 * j + 1]!);
  }
  const found: Pair[] = [];
  const isPoint = (xy: Float64Array, at: number) => xy[at] === xy[at + 2] && xy[at + 1] === xy[at + 3];
  for (let i = 0; i < n; i++) {
    const a = 4 * i;
    if (isPoint(mine, a)) continue;
    const low = Math.min(mine[a]!, mine[a + 2]!) - reach;
    const high = Math.max(mine[a]!, mine[a + 2]!) + reach;
    const under = Math.min(mine[a + 1]!, mine[a + 3]!) - reach;
    const over = Math.max(mine[a + 1]!, mine[a + 3]!) + reach;
    if (high < west || low > east || over < south || under > north) continue;
    for (let j = 0; j < m; j++) {
      const b = 4 * j;
      if (others[b]! < low && others[b + 2]! < low) continue;
      if (others[b]! > high && others[b + 2]! > high) continue;
      if (others[b + 1]! < under && others[b + 3]! < under) continue;
      if (others[b + 1]! > over && others[b + 3]! > over) continue;
      if (isPoint(others, b)) continue;
      const least = segmentDistance(mine, a, others, b);
      if (least <= reach) found.push({ mine: i, other: j, least });
    }
  }
  return found;
}

/** Between two segments of a plane, step by step as GEOS computes it. */
function segmentDistance(p: Float64Array, a: number, q: Float64Array, b: number): number {
  const [ax, ay, bx, by] = [p[a]!, p[a + 1]!, p[a + 2]!, p[a + 3]!];
  const [cx, cy, dx, dy] = [q[b]!, q[b + 1]!, q[b + 2]!, q[b + 3]!];
  if (ax === bx && ay === by) return pointDistance(ax, ay, cx, cy, dx, dy);
  if (cx === dx && cy === dy) return pointDistance(dx, dy, ax, ay, bx, by);
  const boxesMeet =
    Math.max(ax, bx) >= Math.min(cx, dx) &&
    Math.min(ax, bx) <= Math.max(cx, dx) &&
    Math.max(ay, by) >= Math.min(cy, dy) &&
    Math.min(ay, by) <= Math.max(cy, dy);
  const across = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
  if (boxesMeet && across !== 0) {
    const r = ((ay - cy) * (dx - cx) - (ax - cx) * (dy - cy)) / across;
    const s = ((ay - cy) * (bx - ax) - (ax - cx) * (by - ay)) / across;
    if (r >= 0 && r <= 1 && s >= 0 && s <= 1) return 0;
  }
  return Math.min(
    pointDistance(ax, ay, cx, cy, dx, dy),
    pointDistance(bx, by, cx, cy, dx, dy),
    pointDistance(cx, cy, ax, ay, bx, by),
    pointDistance(dx, dy, ax, ay, bx, by),
  );
}

function pointDistance(px: number, py: number, ax: number, ay: number, bx: number, by: number): number {
  const length2 = (bx - ax) * (bx - ax) + (by - ay) * (by - ay);
  const apart = (x: number, y: number) => Math.sqrt((px - x) * (px - x) + (py - y) * (py - y));
  if (length2 === 0) return apart(ax, ay);
  const r = ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length2;
  if (r <= 0) return apart(ax, ay);
  if (r >= 1) return apart(bx, by);
  const s = ((ay - py) * (bx - ax) - (ax - px) * (by - ay)) / length2;
  return Math.abs(s) * Math.sqrt(length2);
}

interface Place {
  points: [number, number, number, number];
  pair: number;
}

/** The nearest points of the nearest of some pairs of edges, and which pair it is. */
function nearestOn(ours: readonly Edge[], theirs: readonly Edge[]): Place {
  let left = Array.from(ours.keys());
  let low = left.map(() => 0);
  let high = left.map(() => 1);
  const length = ours.map((e) => metres(e[0], e[1], e[2], e[3]));
  let nearest: number[] = [];
  let at: [number, number][] = [];
  for (let zoom = 0; zoom < ZOOMS; zoom++) {
    nearest = [];
    at = [];
    left.forEach((pair, k) => {
      const [one, other] = [ours[pair]!, theirs[pair]!];
      const [spanX, spanY] = [other[2] - other[0], other[3] - other[1]];
      let [least, bestS, bestT] = [Infinity, 0, 0];
      for (let i = 0; i < 9; i++) {
        const s = low[k]! + (high[k]! - low[k]!) * (i === 8 ? 1 : i * 0.125);
        const px = one[0] + (one[2] - one[0]) * s;
        const py = one[1] + (one[3] - one[1]) * s;
        const t = foot(px, py, other[0], other[1], spanX, spanY);
        const d = metres(px, py, other[0] + spanX * t, other[1] + spanY * t);
        if (d < least) [least, bestS, bestT] = [d, s, t];
      }
      nearest.push(least);
      at.push([bestS, bestT]);
      const reach = (high[k]! - low[k]!) / 8;
      low[k] = Math.max(0, bestS - reach);
      high[k] = Math.min(1, bestS + reach);
    });
    // along an edge a distance changes by no more than the way: pairs that cannot win any more are left
    const least = Math.min(...nearest);
    const stays = left.map(
      (pair, k) => nearest[k]! * (1 - ASTRAY) - 1.5 * (high[k]! - low[k]!) * length[pair]! <= least,
    );
    const kept = <T>(values: readonly T[]) => values.filter((_, k) => stays[k]);
    [left, low, high, nearest, at] = [kept(left), kept(low), kept(high), kept(nearest), kept(at)];
  }
  const winner = nearest.indexOf(Math.min(...nearest));
  const best = left[winner]!;
  const [one, other] = [ours[best]!, theirs[best]!];
  let [s, t] = at[winner]!;
  const reach = [one, other].map((e) =>
    Math.min(1, (0.01 * nearest[winner]!) / Math.max(metres(e[0], e[1], e[2], e[3]), 1e-9)),
  ) as [number, number];
  let points: [number, number, number, number] = [0, 0, 0, 0];
  for (let zoom = 0; zoom < 2 * ZOOMS; zoom++) {
    let least = Infinity;
    let next: [number, number] = [s, t];
    for (let row = 0; row < 5; row++) {
      for (let column = 0; column < 5; column++) {
        const trialS = Math.min(1, Math.max(0, s + (column / 2 - 1) * reach[0]));
        const trialT = Math.min(1, Math.max(0, t + (row / 2 - 1) * reach[1]));
        const px = one[0] + (one[2] - one[0]) * trialS;
        const py = one[1] + (one[3] - one[1]) * trialS;
        const qx = other[0] + (other[2] - other[0]) * trialT;
        const qy = other[1] + (other[3] - other[1]) * trialT;
        const d = metres(px, py, qx, qy);
        if (d < least) {
          least = d;
          next = [trialS, trialT];
          points = [px, py, qx, qy];
        }
      }
    }
    [s, t] = next;
    reach[0] /= 2;
    reach[1] /= 2;
  }
  return { points, pair: best };
}

function metres(px: number, py: number, qx: number, qy: number): number {
  const [kx, ky] = metresPerDegree((py + qy) / 2);
  return Math.hypot((qx - px) * kx, (qy - py) * ky);
}

/** Where along an edge the foot of a point lies, 0 … 1, in the plane of its own middle latitude. */
function foot(px: number, py: number, startX: number, startY: number, spanX: number, spanY: number): number {
  let t = 0.5;
  for (let turn = 0; turn < 3; turn++) {
    const [kx, ky] = metresPerDegree((py + startY + spanY * t) / 2);
    const length2 = (spanX * kx) ** 2 + (spanY * ky) ** 2;
    const along = (px - startX) * spanX * kx ** 2 + (py - startY) * spanY * ky ** 2;
    t = Math.min(1, Math.max(0, along / Math.max(length2, 1e-30)));
  }
  return t;
}
